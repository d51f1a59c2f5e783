package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/access"
	"corax/audit"
	"corax/config"
	"corax/config/decode"
	"corax/health"
	"corax/knowledge"
	"corax/lookup"
	"corax/scenario"
	"corax/scenario/casefile"
	"corax/scenario/history"
	"corax/store"
	"corax/store/sqlite"
	"corax/vault"
)

var update = flag.Bool("update", false, "write the answers into the examples")

// Every operation has an example, and each says what really comes back: from a store with a few records, and rooms that do as little as they can.
func TestExamplesAreTrue(t *testing.T) {
	all, err := Examples()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Calls() {
		if _, ok := all[c.ID]; !ok {
			t.Errorf("%s has no example: write server/examples/%s.json with its call, and run the test with -update", c.ID, c.ID)
		}
	}
	for id, e := range all {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			method, path, _ := strings.Cut(e.Call, " ")
			r := httptest.NewRequestWithContext(t.Context(), method, base+path, bytes.NewReader(e.Body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer t-bob")
			if strings.HasPrefix(id, "backup") || strings.HasSuffix(id, "-monitor") || strings.HasSuffix(id, "-config") || id == "reload" || id == "cap-autonomy" || slices.Contains(forAdmins, id) {
				r.Header.Set("Authorization", "Bearer "+token) // for admins alone
			}
			for k, v := range e.Header {
				r.Header.Set(k, v)
			}
			w := httptest.NewRecorder()
			sample(t).ServeHTTP(w, r)
			got := Example{Call: e.Call, Header: e.Header, Body: e.Body, Status: w.Code}
			if json.Valid(w.Body.Bytes()) {
				got.Answer = w.Body.Bytes()
			} else {
				got.Text = w.Body.String()
			}
			text := pretty(t, got)
			if *update {
				if err := os.WriteFile(filepath.Join(examplesDir, id+".json"), text, 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := pretty(t, e); !bytes.Equal(text, want) {
				t.Errorf("%s gives\n%s\nthe example says\n%s", e.Call, text, want)
			}
			if w.Code != http.StatusOK {
				t.Errorf("%s: an example should show how it goes well, not %d", e.Call, w.Code)
			}
		})
	}
}

// forAdmins are the operations on users, and on what is not one's own.
var forAdmins = []string{"list-users", "list-invites", "alter-user", "invite-user", "make-token", "reset-user", "revoke-session", "revoke-token",
	"withdraw-invite", "list-sessions", "list-tokens"}

// finds is a finder that finds something.
type finds struct{ finder }

func (finds) Template(context.Context, int64) (store.Template, error) { return store.Template{}, nil }

func pretty(t *testing.T, e Example) []byte {
	t.Helper()
	var text, out bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		t.Fatal(err)
	}
	if err := json.Indent(&out, text.Bytes(), "", "  "); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// sample is an API over a few records.
func sample(t *testing.T) http.Handler {
	t.Helper()
	s := openStore(t)
	fill(t, s)
	r := rooms{Store: s}
	book := access.New(access.Options{Store: s, Random: rand.NewChaCha8([32]byte{}), Clock: func() time.Time { return now }, Cost: access.Cost{Memory: 8, Passes: 1, Threads: 1},
		Lifetimes: access.Lifetimes{Idle: time.Hour, Session: time.Hour, Invite: time.Hour, Token: 24 * time.Hour}})
	people(t, book)
	d := &desk{Memory: history.Memory{kept("rotation", "run-1", scenario.Passed, 1), kept("rotation", "run-2", scenario.Failed, 2)}}
	return New(Options{Version: "1", Access: book, Scenarios: d, Find: finds{finder{new(string)}}, Backups: t.TempDir(), Token: token, Records: r, Controls: r, People: r, System: r, Policies: r, Audit: r, MonitorFiles: r, Replies: s, Run: "run",
		Clock: func() time.Time { return now }, Operator: func(token string) string { return map[string]string{"t-bob": "bob"}[token] }})
}

func at(seconds int) time.Time { return now.Add(time.Duration(seconds) * time.Second) }

func fill(t *testing.T, s *sqlite.Store) {
	t.Helper()
	ctx := t.Context()
	signal := corax.Signal{ID: "sig-1", At: at(-60), Source: "monitor/shop", Entity: "shop", Severity: corax.High, Message: "connect to 10.0.0.7:443: connection refused"}
	incident := corax.Incident{ID: "inc-1", Fingerprint: "fp-1", Entity: "shop", State: corax.IncidentOpen, Severity: corax.High, Title: signal.Message,
		Source: signal.Source, OpenedAt: at(-60), UpdatedAt: at(-60), Signals: 1}
	step := corax.Step{ID: "1", Action: "process.restart", Target: "shop", Risk: corax.Reversible, Verify: "it answers", Undo: "stop it"}
	plan := corax.Plan{ID: "pln-1", Problem: "prb-1", Mode: corax.AutoHeal, Why: "every step has an action that is declared", Steps: []corax.Step{step}}
	problem := corax.Problem{ID: "prb-1", State: corax.ProblemHealing, Incidents: []string{"inc-1"}, Plan: "pln-1", Plans: 1, OpenedAt: at(-60), UpdatedAt: at(-50),
		Diagnosis: corax.Diagnosis{Incidents: []string{"i1"}, Signals: []int{0}, Pattern: "CONNECTION_REFUSED", PatternConfidence: 0.97, Severity: corax.High, Confidence: 0.9,
			Links: []corax.Link{}, RootCause: corax.RootCause{Entity: "shop", Mechanism: "process_down", Summary: "its process does not run",
				Evidence: []corax.Evidence{}, Against: []corax.Evidence{}, Missing: []string{}}, Plan: plan}}
	older := corax.Problem{ID: "prb-0", State: corax.ProblemClosed, Incidents: []string{}, OpenedAt: at(-3600), UpdatedAt: at(-3000), Diagnosis: problem.Diagnosis}
	older.Diagnosis.Incidents = []string{}
	run := &corax.PlanRun{Plan: plan, State: corax.PlanAsking, StartedAt: at(-50), Steps: []corax.StepRun{{Step: "1", State: corax.StepWaiting}}}
	steps := []error{
		s.CommitTriage(ctx, store.TriageBatch{Signals: []corax.Signal{signal}, IncidentOf: map[string]string{"sig-1": "inc-1"}, Incidents: []corax.Incident{incident},
			Events: []corax.Event{{At: at(-60), Kind: corax.EventIncidentOpened, Entity: "shop", Incident: "inc-1", Text: "Opened: " + signal.Message}}}),
		s.SaveProblem(ctx, older, nil, nil),
		s.SaveProblem(ctx, problem, run, []corax.Event{{At: at(-55), Kind: corax.EventDiagnosed, Entity: "shop", Problem: "prb-1", Text: "shop: its process does not run"}}),
		s.SaveDecision(ctx, corax.Decision{ID: "dec-1", At: at(-45), Plan: "pln-1", Step: "1", Verdict: corax.Ask, Rule: "ask first", Why: "at night"}),
		s.SaveApproval(ctx, corax.ApprovalRequest{ID: "apr-1", Plan: "pln-1", Problem: "prb-1", Step: "1", Action: "process.restart", Target: "shop", Risk: corax.Reversible,
			Why: "at night", AskedAt: at(-45), ExpiresAt: at(60)}),
		s.SaveSilence(ctx, corax.Silence{ID: "sil-1", Match: map[string]string{"entity": "mail"}, Owner: "ann", Reason: "it moves", StartsAt: at(-10), EndsAt: at(3600)}),
		s.SetStop(ctx, "db", "storage is being replaced", "ann", at(-30)),
		s.SaveBreakGlass(ctx, corax.BreakGlass{ID: "brk-1", Scope: "db", By: "bob", Reason: "storage lost", At: at(-20), ExpiresAt: at(600)}),
	}
	_, err := s.ChangePage(ctx, "pag-1", func(p *corax.Page) error {
		*p = corax.Page{ID: "pag-1", Kind: corax.PageProblem, Problem: "prb-1", Title: "shop is down", State: corax.PageOpen, OpenedAt: at(-40)}
		return nil
	})
	steps = append(steps, err)
	_, err = s.ChangeWorkOrder(ctx, "wo-1", func(o *corax.WorkOrder) error {
		*o = corax.WorkOrder{ID: "wo-1", Problem: "prb-1", Plan: "pln-1", State: corax.WorkDrafted, Why: "the port is dark", What: "Reseat the optic", Site: "north",
			Place: corax.Place{Entity: "switch-1", Site: "North, 1 Quay Street", Rack: "B7"}, Steps: []corax.WorkStep{{Do: "Take the optic out and put it back"}},
			MadeAt: at(-30), AcceptBy: at(900)}
		return nil
	})
	for _, err := range append(steps, err) {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// people are ann with a session and a token, and kim who has not followed the link yet.
func people(t *testing.T, book *access.Book) {
	t.Helper()
	ctx, from := t.Context(), access.Client{Address: "192.0.2.7", Device: "a browser"}
	link, _, err := book.Invite(ctx, "corax", "ann", access.RoleOperator, nil)
	if err != nil {
		t.Fatal(err)
	}
	const password = "an example of a password"
	_, followed := book.Redeem(ctx, link, "", password, from)
	_, _, login := book.Login(ctx, "ann", password, "", from)
	_, _, made := book.MakeToken(ctx, access.Principal{Name: "ann", Via: corax.ViaLocal, Role: access.RoleAdmin}, "ann", access.NewToken{User: "ann", Name: "pipeline", Role: access.RoleResponder})
	_, _, invited := book.Invite(ctx, "ann", "kim", access.RoleViewer, access.Scope{{Labels: map[string]string{"team": "shop"}}})
	if err := errors.Join(followed, login, made, invited); err != nil {
		t.Fatal(err)
	}
}

// rooms do what is asked of them as far as an example shows it.
type rooms struct{ *sqlite.Store }

func (rooms) Pause(context.Context, string, string, string) error    { return nil }
func (rooms) Resume(context.Context, string, string, string) error   { return nil }
func (rooms) Cancel(context.Context, string, string, string) error   { return nil }
func (rooms) Undo(context.Context, string, string, string) error     { return nil }
func (rooms) Acknowledge(context.Context, string, string) error      { return nil }
func (rooms) Resolve(context.Context, string, string) error          { return nil }
func (rooms) Escalate(context.Context, string, string, string) error { return nil }
func (rooms) SetStop(context.Context, string, string, string) error  { return nil }
func (rooms) ClearStop(context.Context, string, string) error        { return nil }
func (rooms) Reload(context.Context) error                           { return nil }
func (rooms) Backup(context.Context, string) error                   { return nil }
func (rooms) Ready() error                                           { return nil }
func (rooms) Cap(context.Context, corax.Cap) error                   { return nil }
func (rooms) EndBreakGlass(context.Context, string, string) error    { return nil }

func (r rooms) Comment(_ context.Context, problem, by, text string) (corax.Event, error) {
	return corax.Event{ID: "evt-0000000000000003", At: now, Kind: corax.EventComment, Problem: problem, Text: by + ": " + text}, nil
}

func (rooms) TakeOver(context.Context, string, string, string) error { return nil }

func (rooms) Learn(_ context.Context, o []corax.Outcome, _ corax.Actor) (int, error) {
	return len(o), nil
}

func (rooms) Rehearse(context.Context, string) ([]corax.Rehearsal, error) {
	return []corax.Rehearsal{{Step: "1", Action: "process.restart", Target: "shop", Finding: "go", Text: "it does not run", Verdict: corax.Ask, Rule: "ask first",
		Effect: `POST http://10.0.0.7:9000/processes/shop/start {"wait":"10s"}`, Verify: []string{"facts.process.running"}, Undo: "process.stop on shop"}}, nil
}

func (rooms) Replay(context.Context, string) ([]corax.Replayed, error) {
	return []corax.Replayed{{Decision: "dec-1", Step: "1", Was: corax.Ask, WasRule: "ask first", Now: corax.Allow, NowRule: "by day", Why: "it is day"}}, nil
}

func (r rooms) Answer(ctx context.Context, id string, v corax.Verdict, by corax.Actor) (corax.ApprovalRequest, error) {
	return r.AnswerApproval(ctx, id, corax.Answer{Actor: by, Verdict: v, At: now})
}

func (rooms) BreakGlass(_ context.Context, by corax.Actor, scope, reason string, length time.Duration) (corax.BreakGlass, error) {
	return corax.BreakGlass{ID: "brk-2", Scope: scope, By: by.Name, Reason: reason, At: now, ExpiresAt: now.Add(length)}, nil
}

func (rooms) Standings(context.Context) ([]corax.Standing, error) {
	return []corax.Standing{{Action: "process.restart", Class: "service", Level: corax.Approve, Earned: corax.Approve, Why: "12 verified, 30 are needed for auto",
		Production: corax.Record{Verified: 12, Since: 12, Bound: 0.76}}}, nil
}

func (rooms) Monitors(context.Context) []corax.ProbeResult { return []corax.ProbeResult{probed} }

var probed = corax.ProbeResult{Monitor: "shop", Entity: "shop", At: now, State: corax.MonitorDown, Latency: 2 * time.Millisecond, Message: "connection refused by 10.0.0.7:443"}

func (rooms) RunMonitor(context.Context, string) (corax.ProbeResult, error) { return probed, nil }

func (r rooms) AckPage(ctx context.Context, id, by string) (corax.Page, error) {
	return r.ChangePage(ctx, id, func(p *corax.Page) error { p.State, p.AckedBy = corax.PageAcked, by; return nil })
}

func (rooms) TestPage(_ context.Context, _ []string, _ string) (corax.Page, error) {
	return corax.Page{ID: "pag-2", Kind: corax.PageTest, Title: "A test", State: corax.PageOpen, OpenedAt: now}, nil
}

func (rooms) Reach(context.Context) ([]corax.Reach, error) {
	sent := at(-40)
	return []corax.Reach{{Contact: "ann", Channel: "mail", To: "ann@example.org", SentAt: &sent}}, nil
}

func (r rooms) AnswerWork(ctx context.Context, id, answer, by, _ string) (corax.WorkOrder, error) {
	return r.ChangeWorkOrder(ctx, id, func(o *corax.WorkOrder) error {
		o.By = by
		o.State = map[string]corax.WorkState{"accept": corax.WorkAccepted, "start": corax.WorkInProgress, "done": corax.WorkClaimed, "cannot": corax.WorkContacting,
			"cancel": corax.WorkCancelled}[answer]
		return nil
	})
}

func (rooms) Topology() corax.Topology {
	return corax.Topology{Entities: []corax.Entity{{ID: "shop", Kind: "service"}, {ID: "db", Kind: "database"}}, Edges: []corax.Edge{{From: "shop", To: "db", Kind: corax.DependsOn}}}
}

func (rooms) Policy() corax.Policy {
	return corax.Policy{Rules: []corax.Rule{{Name: "ask first", When: "true", Then: corax.Ask, Because: "at night", Expires: time.Minute}}}
}

func (rooms) Actions() []corax.Action {
	return []corax.Action{{Name: "process.restart", Title: "Restart a process", AppliesTo: corax.Selector{Kinds: []string{"service"}}, Risk: corax.Reversible,
		Effect: corax.Call{Process: &corax.ProcessControl{Name: "${target.id}", Do: "restart"}}, Verify: []corax.Condition{{That: "facts.process.running", Else: "it does not run"}}}}
}

func (rooms) Sites(context.Context) []Site {
	return []Site{{Name: "north", Address: "1 Quay Street", Ladder: []Rung{{Contact: "ann", Wait: 300}}, Places: []corax.Place{{Entity: "switch-1", Site: "north", Rack: "B7"}}}}
}

func (rooms) Configuration() (string, []config.Setting, []decode.Problem) {
	return "/etc/corax/corax.yaml", []config.Setting{{Path: "listen", Text: "127.0.0.1:9094"}, {Path: "operators[0].token", Text: "vault:ann/token", From: "/etc/corax/corax.yaml:7"}},
		[]decode.Problem{{File: "/etc/corax/corax.yaml", Line: 12, Column: 5, Field: "actions[0].applies_to", Message: "picks nothing"}}
}

func (r rooms) Credentials(context.Context) ([]lookup.Reference, bool, error) {
	_, all, _ := r.Configuration()
	list, err := lookup.Credentials([]vault.Entry{{Name: "ann/token", Version: 2, CreatedAt: at(-86400), UpdatedAt: at(-3600)}}, all,
		func(string) (*corax.AuditEntry, error) { return nil, nil })
	return list, true, err
}

func (rooms) Contacts() []config.Contact {
	return []config.Contact{{Name: "ann", Title: "Ann", Hours: []string{"Mon-Fri 08:00-18:00"}, TimeZone: "Europe/Berlin"}}
}

func (rooms) Routes() []config.Route {
	return []config.Route{{Name: "by day", AtLeast: corax.High, Hours: []string{"Mon-Fri 08:00-18:00"}, On: config.OnOpened, Rounds: 2,
		Steps: []config.RouteStep{{Contacts: []string{"ann"}, Channels: []string{"mail"}, Wait: 5 * time.Minute}}}}
}

func (rooms) Operators() []corax.Operator {
	return []corax.Operator{{Name: "bob", Token: "vault:bob/token", Contact: "ann"}}
}

func (rooms) ActionSource(string) config.Source {
	return config.Source{File: "/etc/corax/corax.yaml", Line: 20, YAML: "name: process.restart\n"}
}

func (rooms) RuleSource(int) config.Source {
	return config.Source{File: "/etc/corax/corax.yaml", Line: 40, YAML: "name: ask first\n"}
}

func (rooms) TryPolicy(_ context.Context, _ string, trials []corax.Trial) ([]corax.Tried, error) {
	out := []corax.Tried{}
	for _, t := range trials {
		out = append(out, corax.Tried{Name: t.Name, Verdict: corax.Allow, Rule: "by day", Why: "it is day", OK: true, Other: corax.Ask, OtherRule: "ask first", Differs: true})
	}
	return out, nil
}

func (rooms) WhyNot(_ context.Context, _, name string) ([]corax.WhyNot, error) {
	return []corax.WhyNot{{Pattern: "CONNECTION_REFUSED", Chosen: "process_down", Asked: name, For: []string{}, Lacks: []string{"a timeout"}}}, nil
}

func (rooms) Anchored() (time.Time, int64, string) {
	return at(-600), 7, "/var/lib/corax/anchors/anchors.jsonl"
}

func (rooms) Export(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, `{"format":"corax audit 1","key":"ed25519:0000"}`+"\n"+`{"seq":1,"what":"started"}`+"\n")
	return err
}

func (r rooms) RuleCounts(ctx context.Context) (map[string]map[corax.Verdict]int, error) {
	return r.Store.RuleCounts(ctx)
}

func (rooms) Catalogue() *knowledge.Catalogue {
	return &knowledge.Catalogue{Patterns: []knowledge.Pattern{{Name: "CONNECTION_REFUSED", What: "nothing listens"}},
		Mechanisms: []knowledge.Mechanism{{ID: "process_down", Domain: "process", Title: "its process does not run", Pattern: "CONNECTION_REFUSED", What: "The process ended, or never started.",
			Evidence: []string{"the supervisor's record of its end"}, Remedies: []knowledge.Remedy{{Action: "process.restart", On: knowledge.OnRoot, Do: "Restart {root}", Run: "systemctl restart {root}"}}}}}
}

func (rooms) Health(context.Context) health.Report {
	return health.Judge(health.Vitals{Version: "1", Go: "go1.26", Started: at(-86400), Now: now, Ready: true, Goroutines: 61, Memory: 74 << 20,
		Monitors: health.Monitors{Total: 3, Down: 1}, Stream: health.Stream{Messages: 1, Bytes: 289, Limit: 1 << 30, Lag: map[string]int64{"triage": 0}},
		Store: health.Store{Bytes: 3 << 20, Free: 100 << 30, Signals: 1}, Reachable: 1, TestEvery: 24 * time.Hour, LastTest: at(-3600), AnchorEvery: time.Hour,
		Anchored: at(-600), Backup: at(-86400)})
}

func (rooms) Key() audit.Public { return "ed25519:0000" }

func (r rooms) Rows(ctx context.Context, f store.AuditFilter) ([]audit.Row, error) {
	return r.Audit(ctx, f)
}

func (rooms) Verify(context.Context) (audit.Report, error) {
	return audit.Report{OK: true, Key: "ed25519:0000", Entries: 9, Anchors: 1, Vouched: []audit.Range{}, Problems: []string{}}, nil
}

func (rooms) ExportProblem(context.Context, string) (casefile.File, error) {
	return casefile.File{Content: json.RawMessage(`{"format":"corax problem 1"}`), Key: "ed25519:0000", Signature: "c2lnbmVk"}, nil
}

func (rooms) MonitorConfig(context.Context, string) (MonitorConfig, error) {
	return MonitorConfig{Name: "shop", Text: "name: shop\ntcp: {address: \"10.0.0.7:443\"}\n", File: "/etc/corax/corax.yaml", Revision: "0c17ab3e55d2f9b1"}, nil
}

func (rooms) ChangeMonitor(_ context.Context, c MonitorChange) (MonitorChanged, error) {
	out := MonitorChanged{Name: "shop", File: "/etc/corax/corax.yaml", Revision: "9d2e11b7a04c63f8", DryRun: c.DryRun}
	if c.DryRun {
		out.Revision, out.Tried = "0c17ab3e55d2f9b1", &probed
	}
	return out, nil
}
