package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/store"
)

const token = "t0ken"

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// fake is a store and controls that write down what they were asked, and answer with err. What a test doesn't expect
// to be called is not there.
type fake struct {
	Records
	Controls
	err   error
	calls []string
}

func (f *fake) note(format string, args ...any) error {
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
	return f.err
}

func (f *fake) Incidents(_ context.Context, q store.IncidentFilter) ([]corax.Incident, error) {
	return []corax.Incident{{ID: "inc-1"}}, f.note("incidents live=%t entity=%s problem=%s limit=%d after=%s",
		q.Live, q.Entity, q.Problem, q.Limit, q.After.ID)
}

func (f *fake) Incident(_ context.Context, id string) (corax.Incident, error) {
	return corax.Incident{ID: id}, f.note("incident %s", id)
}

func (f *fake) SignalsOf(_ context.Context, incident string, limit int) ([]corax.Signal, error) {
	return nil, f.note("signals of %s limit=%d", incident, limit)
}

func (f *fake) Problems(_ context.Context, q store.ProblemFilter) ([]corax.Problem, error) {
	return nil, f.note("problems open=%t limit=%d", q.Open, q.Limit)
}

func (f *fake) Problem(_ context.Context, id string) (corax.Problem, error) {
	return corax.Problem{ID: id, Plan: "plan-of-" + id}, f.note("problem %s", id)
}

func (f *fake) PlanRun(_ context.Context, id string) (corax.PlanRun, error) {
	return corax.PlanRun{}, f.note("run %s", id)
}

func (f *fake) FindPlanRuns(_ context.Context, q store.PlanFilter) ([]corax.PlanRun, error) {
	return nil, f.note("runs %v limit=%d", q.States, q.Limit)
}

func (f *fake) Pause(_ context.Context, plan, by, reason string) error {
	return f.note("pause %s by %s: %s", plan, by, reason)
}

func (f *fake) Resume(_ context.Context, plan, by, reason string) error {
	return f.note("resume %s by %s: %s", plan, by, reason)
}

func (f *fake) Cancel(_ context.Context, plan, by, reason string) error {
	return f.note("cancel %s by %s: %s", plan, by, reason)
}

func (f *fake) Undo(_ context.Context, plan, by, reason string) error {
	return f.note("undo %s by %s: %s", plan, by, reason)
}

func (f *fake) Rehearse(_ context.Context, plan string) ([]corax.Rehearsal, error) {
	return nil, f.note("rehearse %s", plan)
}

func (f *fake) Replay(_ context.Context, plan string) ([]corax.Replayed, error) {
	return nil, f.note("replay %s", plan)
}

func (f *fake) Decisions(_ context.Context, plan string) ([]corax.Decision, error) {
	return nil, f.note("decisions %s", plan)
}

func (f *fake) FindApprovals(_ context.Context, q store.ApprovalFilter) ([]corax.ApprovalRequest, error) {
	return nil, f.note("approvals open=%t", q.Open)
}

func (f *fake) Events(_ context.Context, q store.EventFilter) ([]corax.Event, error) {
	return nil, f.note("events problem=%s after=%s limit=%d", q.Problem, q.After, q.Limit)
}

func (f *fake) Silences(context.Context, time.Time) ([]corax.Silence, error) {
	return []corax.Silence{{ID: "over", EndsAt: now}, {ID: "lasting", EndsAt: now.Add(1)}}, f.note("silences")
}

func (f *fake) SaveSilence(_ context.Context, s corax.Silence) error {
	return f.note("silence %v by %s from %s to %s", s.Match, s.Owner, s.StartsAt.Format(time.TimeOnly),
		s.EndsAt.Format(time.TimeOnly))
}

func (f *fake) EndSilence(_ context.Context, id, by string) error {
	return f.note("end silence %s by %s", id, by)
}
func (f *fake) Backup(_ context.Context, path string) error { return f.note("backup %s", path) }
func (f *fake) Reload(context.Context) error                { return f.note("reload") }
func (f *fake) Ready() error                                { return f.err }

func (f *fake) Acknowledge(_ context.Context, incident, by string) error {
	return f.note("ack %s by %s", incident, by)
}

func (f *fake) Resolve(_ context.Context, incident, by string) error {
	return f.note("resolve %s by %s", incident, by)
}

func (f *fake) Escalate(_ context.Context, problem, by, reason string) error {
	return f.note("escalate %s by %s: %s", problem, by, reason)
}

func (f *fake) Answer(_ context.Context, approval string, v corax.Verdict, by corax.Actor) (corax.ApprovalRequest, error) {
	return corax.ApprovalRequest{}, f.note("answer %s %s by %s via %s", approval, v, by.Name, by.Via)
}

func (f *fake) Approval(_ context.Context, id string) (corax.ApprovalRequest, error) {
	return corax.ApprovalRequest{ID: id}, f.note("approval %s", id)
}

func (f *fake) BreakGlasses(_ context.Context, after time.Time) ([]corax.BreakGlass, error) {
	return nil, f.note("emergencies all=%t", after.IsZero())
}

func (f *fake) BreakGlass(_ context.Context, by corax.Actor, scope, reason string, length time.Duration) (corax.BreakGlass, error) {
	return corax.BreakGlass{}, f.note("break glass %q via %s for %q %s: %s", by.Name, by.Via, scope, length, reason)
}

func (f *fake) Standings(context.Context) ([]corax.Standing, error) { return nil, f.note("standings") }

func (f *fake) Cap(_ context.Context, c corax.Cap) error {
	return f.note("cap %s on %s at %q by %s: %s", c.Action, c.Class, c.Level, c.By, c.Reason)
}

func (f *fake) Learn(_ context.Context, o []corax.Outcome, by corax.Actor) (int, error) {
	return len(o), f.note("learn %d by %q via %s", len(o), by.Name, by.Via)
}

func (f *fake) FindDecisions(_ context.Context, q store.DecisionFilter) ([]corax.Decision, error) {
	return nil, f.note("decisions of %q limit=%d", q.Plan, q.Limit)
}

func (f *fake) Decision(_ context.Context, id string) (corax.Decision, error) {
	return corax.Decision{ID: id}, f.note("decision %s", id)
}

func (f *fake) FindOutcomes(_ context.Context, q store.OutcomeFilter) ([]corax.Outcome, error) {
	return nil, f.note("outcomes %s %s %s %s %v", q.Action, q.Class, q.Entity, q.Ground, q.Failed)
}

func (f *fake) WhyNot(_ context.Context, problem, name string) ([]corax.WhyNot, error) {
	return nil, f.note("why-not %s %s", problem, name)
}

func (f *fake) EndBreakGlass(_ context.Context, id, by string) error {
	return f.note("end %s by %s", id, by)
}

func (f *fake) SetStop(_ context.Context, scope, reason, by string) error {
	return f.note("stop %q by %s: %s", scope, by, reason)
}

func (f *fake) ClearStop(_ context.Context, scope, by string) error {
	return f.note("clear %q by %s", scope, by)
}

func (f *fake) RunMonitor(_ context.Context, name string) (corax.ProbeResult, error) {
	return corax.ProbeResult{Monitor: name}, f.note("run monitor %s", name)
}

func handler(f *fake) http.Handler {
	return New(Options{Version: "1", Token: token, Records: f, Controls: f, Clock: func() time.Time { return now },
		Operator: func(token string) string { return map[string]string{"t-bob": "bob"}[token] }})
}

// ask sends "METHOD path" with a JSON body to h.
func ask(t *testing.T, h http.Handler, call, body, bearer string) *httptest.ResponseRecorder {
	t.Helper()
	method, path, _ := strings.Cut(call, " ")
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		r.Header.Set("Authorization", bearer)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// decodeInto reads the JSON of an answer.
func decodeInto(t *testing.T, w *httptest.ResponseRecorder, v any) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), v); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d, %v: %s", w.Code, err, w.Body)
	}
}

func TestCallsReachTheirRooms(t *testing.T) {
	for _, c := range []struct {
		call, body string
		want       []string
	}{
		{"POST /api/v1/incidents/inc-7/ack", `{"by":"ann"}`, []string{"ack inc-7 by ann"}},
		{"POST /api/v1/incidents/inc-7/resolve", `{"by":"ann"}`, []string{"resolve inc-7 by ann"}},
		{"POST /api/v1/problems/prb-7/escalate", `{"by":"ann","reason":"odd"}`, []string{"escalate prb-7 by ann: odd"}},
		{"POST /api/v1/approvals/apr-7", `{"by":"ann","verdict":"deny"}`, []string{"answer apr-7 deny by ann via local"}},
		{"GET /api/v1/plans?state=paused", "", []string{"runs [paused] limit=101"}},
		{"GET /api/v1/plans?live=true", "", []string{"runs [running asking blocked watching paused] limit=101"}},
		{"GET /api/v1/plans/pln-7", "", []string{"run pln-7"}},
		{"POST /api/v1/plans/pln-7/pause", `{"by":"ann","reason":"lunch"}`, []string{"pause pln-7 by ann: lunch"}},
		{"POST /api/v1/plans/pln-7/resume", `{"by":"ann"}`, []string{"resume pln-7 by ann: "}},
		{"POST /api/v1/plans/pln-7/cancel", `{"by":"ann"}`, []string{"cancel pln-7 by ann: "}},
		{"POST /api/v1/plans/pln-7/undo", `{"by":"ann"}`, []string{"undo pln-7 by ann: "}},
		{"POST /api/v1/plans/pln-7/dry-run", "", []string{"rehearse pln-7"}},
		{"POST /api/v1/plans/pln-7/replay", "", []string{"replay pln-7"}},
		{"GET /api/v1/approvals", "", []string{"approvals open=true"}},
		{"GET /api/v1/approvals?all=true", "", []string{"approvals open=false"}},
		{"GET /api/v1/approvals/apr-7", "", []string{"approval apr-7"}},
		{"GET /api/v1/autonomy", "", []string{"standings"}},
		{"POST /api/v1/autonomy/cap", `{"action":"a","class":"c","level":"approve","by":"ann","reason":"x"}`, []string{`cap a on c at "approve" by ann: x`}},
		{"POST /api/v1/autonomy/cap", `{"action":"a","class":"c","by":"ann"}`, []string{`cap a on c at "" by ann: `}},
		{"POST /api/v1/autonomy/outcomes", `{"outcomes":[]}`, []string{`learn 0 by "" via local`}},
		{"GET /api/v1/decisions?limit=5", "", []string{`decisions of "" limit=6`}},
		{"GET /api/v1/decisions/dec-7", "", []string{"decision dec-7"}},
		{"GET /api/v1/autonomy/outcomes?action=a&class=c&entity=e&ground=production&failed=true", "", []string{"outcomes a c e production true"}},
		{"GET /api/v1/problems/prb-7/why-not?what=DNS_FAILURE", "", []string{"why-not prb-7 DNS_FAILURE"}},
		{"GET /api/v1/problems/prb-7/report", "", []string{"problem prb-7", "run plan-of-prb-7", "decisions plan-of-prb-7",
			"events problem=prb-7 after= limit=2000"}},
		{"GET /api/v1/break-glass", "", []string{"emergencies all=false"}},
		{"POST /api/v1/break-glass", `{"scope":"db","reason":"x","seconds":90}`, []string{`break glass "" via local for "db" 1m30s: x`}},
		{"DELETE /api/v1/break-glass/brk-7?by=ann", "", []string{"end brk-7 by ann"}},
		{"GET /api/v1/incidents", "", []string{"incidents live=false entity= problem= limit=101 after="}},
		{"GET /api/v1/incidents?live=true&entity=shop&problem=prb-7&limit=5&cursor=" + store.CursorOf(now, "inc-9").String(), "",
			[]string{"incidents live=true entity=shop problem=prb-7 limit=6 after=inc-9"}},
		{"GET /api/v1/incidents/inc-7", "", []string{"incident inc-7", "signals of inc-7 limit=50"}},
		{"GET /api/v1/problems?open=true&limit=5", "", []string{"problems open=true limit=6"}},
		{"GET /api/v1/problems/prb-7", "", []string{"problem prb-7", "run plan-of-prb-7", "decisions plan-of-prb-7",
			"events problem=prb-7 after= limit=2000"}},
		{"GET /api/v1/events?after=evt-3&limit=5", "", []string{"events problem= after=evt-3 limit=6"}},
		{"POST /api/v1/monitors/shop-order/run", "", []string{"run monitor shop-order"}},
		{"POST /api/v1/silences", `{"match":{"a":"b"},"owner":"ann","reason":"x","ends_at":"2026-01-02T06:00:00+02:00"}`,
			[]string{"silence map[a:b] by ann from 03:04:05 to 04:00:00"}},
		{"DELETE /api/v1/silences/sil-7?by=ann", "", []string{"end silence sil-7 by ann"}},
		{"POST /api/v1/stop", `{"scope":"shop","by":"ann","reason":"odd"}`, []string{`stop "shop" by ann: odd`}},
		{"DELETE /api/v1/stop?by=ann", "", []string{`clear "" by ann`}},
		{"POST /api/v1/backup", `{"path":"/b"}`, []string{"backup /b"}},
		{"POST /api/v1/reload", "", []string{"reload"}},
	} {
		f := &fake{}
		w := ask(t, handler(f), c.call, c.body, "Bearer "+token)
		if w.Code != http.StatusOK || !slices.Equal(f.calls, c.want) {
			t.Errorf("%s: %d, %q, expected %q\n%s", c.call, w.Code, f.calls, c.want, w.Body)
		}
		f = &fake{}
		for _, bearer := range []string{"", token, "Bearer ", "Bearer t0kem", "Basic " + token, "Bearer " + token + "x"} {
			if w := ask(t, handler(f), c.call, c.body, bearer); w.Code != http.StatusUnauthorized || len(f.calls) > 0 {
				t.Errorf("%s with %q: %d, %q", c.call, bearer, w.Code, f.calls)
			}
		}
	}
}

// What can't be meant is refused before any room hears of it.
func TestBadCallsAreRefused(t *testing.T) {
	for _, c := range []struct{ call, body string }{
		{"GET /api/v1/incidents?limit=0", ""},
		{"GET /api/v1/problems?limit=1001", ""},
		{"GET /api/v1/events?limit=x", ""},
		{"GET /api/v1/problems?cursor=prb-7", ""},
		{"GET /api/v1/decisions?verdict=maybe", ""},
		{"GET /api/v1/autonomy/outcomes?ground=moon", ""},
		{"GET /api/v1/problems/prb-7/why-not", ""},
		{"GET /api/v1/incidents?cursor=MTIgYQ%3D%3D", ""},
		{"POST /api/v1/incidents/inc-7/ack", `{"by":""}`},
		{"POST /api/v1/incidents/inc-7/ack", `{}`},
		{"POST /api/v1/incidents/" + strings.Repeat("x", 201) + "/ack", `{"by":"ann"}`},
		{"POST /api/v1/approvals/apr-7", `{"by":"ann","verdict":"ask"}`},
		{"POST /api/v1/silences", `{"match":{},"owner":"ann","reason":"x","ends_at":"2026-01-02T06:00:00Z"}`},
		{"POST /api/v1/silences", `{"match":{"a":"b"},"owner":"ann","reason":"x","ends_at":"2026-01-02T03:04:05Z"}`},
		{"DELETE /api/v1/stop", ""},
	} {
		f := &fake{}
		if w := ask(t, handler(f), c.call, c.body, "Bearer "+token); w.Code != http.StatusUnprocessableEntity ||
			len(f.calls) > 0 {
			t.Errorf("%s %s: %d, %q\n%s", c.call, c.body, w.Code, f.calls, w.Body)
		}
	}
}

func TestErrorsSayWhatKindTheyAre(t *testing.T) {
	coded := func(code corax.Code) error {
		return fmt.Errorf("outer: %w", &corax.Error{Code: code, Op: "op", Hint: "do that", Err: errors.New("s3cret")})
	}
	for _, c := range []struct {
		err    error
		status int
		told   bool
	}{
		{coded(corax.Invalid), http.StatusUnprocessableEntity, true},
		{coded(corax.NotFound), http.StatusNotFound, true},
		{coded(corax.Conflict), http.StatusConflict, true},
		{coded(corax.Forbidden), http.StatusForbidden, true},
		{coded(corax.Unavailable), http.StatusServiceUnavailable, true},
		{coded(corax.Internal), http.StatusInternalServerError, false},
		{errors.New("s3cret"), http.StatusInternalServerError, false},
		{fmt.Errorf("s3cret: %w", context.Canceled), http.StatusServiceUnavailable, false},
	} {
		for _, call := range []string{"GET /api/v1/incidents/inc-7", "GET /api/v1/incidents", "POST /api/v1/reload"} {
			w := ask(t, handler(&fake{err: c.err}), call, "", "Bearer "+token)
			var p Fault
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != c.status || p.Status != c.status ||
				p.Type != "/api/v1/errors/"+string(p.Code) || p.Title == "" || p.Detail == "" {
				t.Errorf("%s with %v: %d, expected %d\n%s (%v)", call, c.err, w.Code, c.status, w.Body, err)
			}
			if kind := w.Header().Get("Content-Type"); kind != "application/problem+json" {
				t.Errorf("%s with %v: the answer is of type %s", call, c.err, kind)
			}
			told := strings.Contains(w.Body.String(), "s3cret")
			if told != c.told || c.told && p.Hint != "do that" {
				t.Errorf("%s with %v: it says %s", call, c.err, w.Body)
			}
		}
	}
}

func TestSilencesThatEndedAreLeftOut(t *testing.T) {
	w := ask(t, handler(&fake{}), "GET /api/v1/silences", "", "Bearer "+token)
	if s := w.Body.String(); !strings.Contains(s, "lasting") || strings.Contains(s, "over") {
		t.Error(s)
	}
}

// Two silences that differ in nothing but what they match are two, and each is its maker's, whoever the body names.
func TestSilencesAreKeptApartAndAreTheirMakers(t *testing.T) {
	b, session, _ := users(t)
	h := New(Options{Access: b, Token: token, Records: &fake{}, Controls: &fake{}, Clock: func() time.Time { return now }})
	create := func(match, header, value string) (s corax.Silence) {
		t.Helper()
		body := `{"match":` + match + `,"owner":"eve","reason":"x","starts_at":"2026-01-02T05:00:00Z","ends_at":"2026-01-02T06:00:00Z"}`
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/silences", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(header, value)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		decodeInto(t, w, &s)
		return s
	}
	one := create(`{"entity":"shop","tier":"1"}`, "Cookie", "corax="+session)
	again := create(`{"tier":"1","entity":"shop"}`, "Cookie", "corax="+session)
	other := create(`{"entity":"bank","tier":"1"}`, "Cookie", "corax="+session)
	if one.ID != again.ID || one.ID == other.ID {
		t.Errorf("the ids are %s, %s for the same, and %s for another", one.ID, again.ID, other.ID)
	}
	if one.Owner != "ann" {
		t.Errorf("who has logged in as ann makes a silence of %s", one.Owner)
	}
	if local := create(`{"entity":"shop"}`, "Authorization", "Bearer "+token); local.Owner != "eve" {
		t.Errorf("the local command line, acting as eve, makes a silence of %s", local.Owner)
	}
}

// The description of the API is behind the token like the API; what a load balancer asks is not.
func TestWhatNeedsTheToken(t *testing.T) {
	const spec = "GET /api/v1/openapi.json"
	h := handler(&fake{})
	if w := ask(t, h, spec, "", ""); w.Code != http.StatusUnauthorized {
		t.Errorf("%s without the token: %d", spec, w.Code)
	}
	w := ask(t, h, spec, "", "Bearer "+token)
	var doc struct {
		Paths map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || doc.Paths["/api/v1/incidents/{id}/ack"] == nil {
		t.Errorf("%s: %d, %v, %d paths", spec, w.Code, err, len(doc.Paths))
	}
	none := New(Options{Controls: &fake{}, Records: &fake{}})
	if w := ask(t, none, "GET /api/v1/incidents", "", "Bearer "); w.Code != http.StatusUnauthorized {
		t.Errorf("a server without a token lets everybody in: %d", w.Code)
	}
	for call, status := range map[string]int{"GET /healthz": http.StatusOK, "GET /readyz": http.StatusServiceUnavailable} {
		f := &fake{err: corax.Errorf(corax.Unavailable, "", "starting or stopping")}
		if w := ask(t, handler(f), call, "", ""); w.Code != status {
			t.Errorf("%s: %d, expected %d", call, w.Code, status)
		}
	}
}

// An operator is who the token says, whatever the call claims.
func TestOperatorsAreKnownByTheirToken(t *testing.T) {
	for call, c := range map[string]struct{ body, want string }{
		"POST /api/v1/approvals/apr-7":     {`{"by":"ann","verdict":"allow"}`, "answer apr-7 allow by bob via token"},
		"POST /api/v1/incidents/inc-7/ack": {`{"by":"ann"}`, "ack inc-7 by bob"},
		"POST /api/v1/plans/pln-7/pause":   {`{"by":"ann"}`, "pause pln-7 by bob: "},
		"POST /api/v1/break-glass":         {`{"reason":"x","seconds":1}`, `break glass "bob" via token for "" 1s: x`},
		"DELETE /api/v1/stop?by=ann":       {"", `clear "" by bob`},
		"POST /api/v1/problems/p/escalate": {`{"by":"ann","reason":"odd"}`, "escalate p by bob: odd"},
	} {
		f := &fake{}
		if w := ask(t, handler(f), call, c.body, "Bearer t-bob"); w.Code != http.StatusOK || !slices.Equal(f.calls, []string{c.want}) {
			t.Errorf("%s: %d, %q, expected %q", call, w.Code, f.calls, c.want)
		}
	}
	if w := ask(t, handler(&fake{}), "GET /api/v1/approvals", "", "Bearer t-eve"); w.Code != http.StatusUnauthorized {
		t.Errorf("a stranger's token: %d", w.Code)
	}
}
