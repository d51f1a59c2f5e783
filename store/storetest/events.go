package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"corax"
	"corax/store"
)

func testEvents(t *testing.T, s Store) {
	ctx := t.Context()
	// Stored out of the order of their times: the order of storing counts.
	for i := range 12 {
		ok(t, s.AppendEvents(ctx, corax.Event{At: Now().Add(-time.Duration(i) * time.Hour), Text: fmt.Sprint(i)}))
	}
	ok(t, s.AppendEvents(ctx, corax.Event{ID: "mine", Text: "12"}, corax.Event{Text: "13"}))
	ok(t, s.AppendEvents(ctx, corax.Event{ID: "mine", Text: "again"}))
	ok(t, s.AppendEvents(ctx))
	all := must(s.Events(ctx, store.EventFilter{}))(t)
	var given []string
	for i, e := range all {
		equal(t, "text", e.Text, fmt.Sprint(i))
		if e.ID != "mine" {
			given = append(given, e.ID)
		}
	}
	equal(t, "events", len(all), 14)
	if !slices.IsSorted(given) || len(slices.Compact(slices.Clone(given))) != 13 || given[0] == "" {
		t.Errorf("ids don't rise: %q", given)
	}
	same(t, "after the fifth", must(s.Events(ctx, store.EventFilter{After: all[4].ID, Limit: 3}))(t), all[5:8])
	same(t, "after mine", must(s.Events(ctx, store.EventFilter{After: "mine"}))(t), all[13:])
	same(t, "after the last", must(s.Events(ctx, store.EventFilter{After: all[13].ID}))(t), []corax.Event{})
	_, err := s.Events(ctx, store.EventFilter{After: "nope"})
	hasCode(t, "after what was never there", err, corax.Invalid)

	ok(t, s.AppendEvents(ctx, all...)) // read back and stored again
	equal(t, "events", len(must(s.Events(ctx, store.EventFilter{}))(t)), 14)
}

func testEventFilters(t *testing.T, s Store) {
	ctx := t.Context()
	ok(t, s.CommitTriage(ctx, store.TriageBatch{
		Incidents: []corax.Incident{incident("i1", 0), incident("i2", 0)},
		Events:    []corax.Event{{Incident: "i1", Text: "i1 opened"}, {Incident: "i2", Text: "i2 opened"}},
	}))
	p := problem("p1", 0)
	p.Incidents = []string{"i1"}
	ok(t, s.SaveProblem(ctx, p, nil, []corax.Event{{Problem: "p1", Text: "p1 opened"}, {Problem: "p1", Plan: "pl1", Text: "planned"},
		{Problem: "p1", Incident: "i1", Text: "both"}}))
	for _, c := range []struct {
		name string
		f    store.EventFilter
		want []string
	}{
		{"problem, with its incidents'", store.EventFilter{Problem: "p1"}, []string{"i1 opened", "p1 opened", "planned", "both"}},
		{"problem, the first", store.EventFilter{Problem: "p1", Limit: 1}, []string{"i1 opened"}},
		{"incident", store.EventFilter{Incident: "i1"}, []string{"i1 opened", "both"}},
		{"plan", store.EventFilter{Plan: "pl1"}, []string{"planned"}},
		{"incident and problem", store.EventFilter{Problem: "p1", Incident: "i1"}, []string{"i1 opened", "both"}},
		{"problem and plan", store.EventFilter{Problem: "p1", Plan: "pl1"}, []string{"planned"}},
		{"incident and plan", store.EventFilter{Incident: "i1", Plan: "pl1"}, []string{}},
	} {
		same(t, c.name, ids(must(s.Events(ctx, c.f))(t), eventText), c.want)
	}
}

func testListeners(t *testing.T, s Store) {
	ctx := t.Context()
	a, cancelA := s.Subscribe()
	b, cancelB := s.Subscribe()
	ok(t, s.AppendEvents(ctx, corax.Event{Text: "1"}, corax.Event{Text: "2"}))
	cancelB()
	cancelB() // twice is fine
	ok(t, s.SaveProblem(ctx, problem("p1", 0), nil, []corax.Event{{Text: "3"}}))
	_, err := s.UpdateProblem(ctx, "p1", func(*corax.Problem) error { return corax.Errorf(corax.Conflict, "", "no") }, corax.Event{Text: "never"})
	hasCode(t, "refused", err, corax.Conflict)
	cancelA()
	stored := must(s.Events(ctx, store.EventFilter{}))(t)
	same(t, "a heard", drain(a), stored)
	same(t, "b heard", drain(b), stored[:2])
}

func drain(ch <-chan corax.Event) (out []corax.Event) {
	for e := range ch {
		out = append(out, e)
	}
	return out
}

func testSlowListener(t *testing.T, s Store) {
	ctx := t.Context()
	slow, cancel := s.Subscribe()
	defer cancel()
	const n = 20_000
	for range 10 {
		ok(t, s.AppendEvents(ctx, make([]corax.Event, n/10)...))
	}
	heard := drain(slow) // ends: it was closed
	if len(heard) == 0 || len(heard) >= n {
		t.Fatalf("heard %d of %d events before it was let go", len(heard), n)
	}
	rest := must(s.Events(ctx, store.EventFilter{After: heard[len(heard)-1].ID}))(t)
	equal(t, "heard and read", len(heard)+len(rest), n)
}

func testSilences(t *testing.T, s Store) {
	ctx := t.Context()
	silence := func(id string, from, to time.Duration) corax.Silence {
		return corax.Silence{ID: id, Match: map[string]string{"entity": "auth"}, Owner: "ada", Reason: "upgrade",
			StartsAt: Now().Add(from), EndsAt: Now().Add(to)}
	}
	over, on, planned := silence("q1", -2*time.Hour, -time.Hour), silence("q2", -time.Hour, time.Hour), silence("q3", time.Hour, 2*time.Hour)
	for _, q := range []corax.Silence{planned, on, over} {
		ok(t, s.SaveSilence(ctx, q))
	}
	at := func(when time.Time) []string {
		t.Helper()
		return ids(must(s.Silences(ctx, when))(t), func(q corax.Silence) string { return q.ID })
	}
	same(t, "now", must(s.Silences(ctx, Now()))(t), []corax.Silence{on})
	same(t, "at its end", at(on.EndsAt), []string{"q3"})
	same(t, "all", at(time.Time{}), []string{"q1", "q2", "q3"})
	ok(t, s.EndSilence(ctx, "q2", "ann"))
	ok(t, s.EndSilence(ctx, "q1", "ann"))
	ok(t, s.EndSilence(ctx, "q3", "ann"))
	same(t, "now that it has ended", at(Now()), []string{})
	same(t, "just before", at(Now().Add(-time.Microsecond)), []string{"q2"})
	same(t, "when it was planned", at(planned.StartsAt), []string{})
	kept := must(s.Silences(ctx, time.Time{}))(t)
	same(t, "what had ended", kept[0], over)
	on.Reason = "longer"
	ok(t, s.SaveSilence(ctx, on))
	same(t, "replaced", must(s.Silences(ctx, Now()))(t), []corax.Silence{on})
}

func testStops(t *testing.T, s Store) {
	ctx := t.Context()
	same(t, "none", must(s.Stops(ctx))(t), []store.Stop{})
	ok(t, s.SetStop(ctx, "auth", "wait", "ada", Now()))
	ok(t, s.SetStop(ctx, "", "all hands off", "bob", Now()))
	ok(t, s.SetStop(ctx, "auth", "still wait", "ada", Now().Add(time.Second)))
	same(t, "two", must(s.Stops(ctx))(t), []store.Stop{
		{Scope: "", Reason: "all hands off", By: "bob", At: Now()},
		{Scope: "auth", Reason: "still wait", By: "ada", At: Now().Add(time.Second)},
	})
	if a, b := must(s.Stops(ctx))(t), must(s.Stops(ctx))(t); !slices.Equal(a, b) {
		t.Errorf("two readings differ: %v, %v", a, b)
	}
	ok(t, s.ClearStop(ctx, "", "bob"))
	ok(t, s.ClearStop(ctx, "user", "bob")) // was not thrown
	equal(t, "left", len(must(s.Stops(ctx))(t)), 1)
}

func testPruneAge(t *testing.T, s Store) {
	ctx := t.Context()
	old, young := -48*time.Hour, -time.Hour
	ended := incident("old", old)
	ended.State = corax.IncidentResolved
	b := store.TriageBatch{
		Signals:    []corax.Signal{signal("old", old), signal("loose", old), signal("live", old), signal("young", young)},
		IncidentOf: map[string]string{"old": "old", "live": "live"},
		Incidents:  []corax.Incident{ended, incident("live", old)},
		Events: []corax.Event{{At: Now().Add(old), Incident: "old", Text: "old"}, {At: Now().Add(old), Incident: "live", Text: "live"},
			{At: Now().Add(old), Problem: "open", Text: "open"}, {At: Now().Add(young), Text: "young"}},
	}
	ok(t, s.CommitTriage(ctx, b))
	closed := problem("closed", old)
	closed.State = corax.ProblemClosed
	ok(t, s.SaveProblem(ctx, closed, planRun("closed", "closed", corax.PlanDone, old), nil))
	ok(t, s.SaveProblem(ctx, problem("open", old), planRun("open", "open", corax.PlanRunning, old), nil))
	for _, id := range []string{"open", "closed"} {
		ok(t, s.SaveDecision(ctx, corax.Decision{ID: id, Plan: id, At: Now().Add(old)}))
		ok(t, s.SaveApproval(ctx, corax.ApprovalRequest{ID: id, Plan: id, AskedAt: Now().Add(old)}))
	}

	ok(t, s.Prune(ctx, store.Retention{}, Now()))
	equal(t, "signals without a limit", must(s.CountSignals(ctx))(t), 4)
	ok(t, s.Prune(ctx, store.Retention{Age: 24 * time.Hour}, Now()))

	known := must(s.KnownSignals(ctx, []string{"old", "loose", "live", "young"}))(t)
	same(t, "signals", known, map[string]bool{"live": true, "young": true})
	same(t, "incidents", ids(must(s.Incidents(ctx, store.IncidentFilter{}))(t), incidentID), []string{"live"})
	same(t, "problems", ids(must(s.Problems(ctx, store.ProblemFilter{}))(t), problemID), []string{"open"})
	same(t, "plans", ids(must(s.PlanRuns(ctx))(t), planID), []string{"open"})
	equal(t, "decisions", len(must(s.Decisions(ctx, "closed"))(t)), 0)
	equal(t, "decisions of the open one", len(must(s.Decisions(ctx, "open"))(t)), 1)
	equal(t, "approvals", len(must(s.Approvals(ctx, false))(t)), 1)
	same(t, "events", ids(must(s.Events(ctx, store.EventFilter{}))(t), eventText), []string{"live", "open", "young"})
	last := must(s.Events(ctx, store.EventFilter{}))(t)[2].ID
	ok(t, s.AppendEvents(ctx, corax.Event{Text: "next"}))
	same(t, "next", ids(must(s.Events(ctx, store.EventFilter{After: last}))(t), eventText), []string{"next"})
}

func testClosed(t *testing.T, s Store) {
	events, cancel := s.Subscribe()
	defer cancel()
	ok(t, s.Close())
	ok(t, s.Close()) // twice is fine
	equal(t, "heard", len(drain(events)), 0)
	late, cancelLate := s.Subscribe()
	cancelLate()
	equal(t, "heard", len(drain(late)), 0)
	hasCode(t, "write", s.AppendEvents(t.Context(), corax.Event{}), corax.Unavailable)
	_, err := s.LiveIncidents(t.Context())
	hasCode(t, "read", err, corax.Unavailable)
}
