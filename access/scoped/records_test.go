package scoped_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/access"
	"corax/access/scoped"
	"corax/store"
	"corax/store/sqlite"
)

var now = time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC)

// records has an incident, a problem, a plan, a request, a decision, a silence, a stop and an emergency about each of two teams' entities;
// their ids end in the entity's.
func records(t *testing.T) scoped.Records {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "corax.db"), Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	for n := range 5 {
		for _, e := range []string{"shop", "bank"} {
			id, at := e+string(rune('0'+n)), now.Add(time.Duration(n)*time.Second)
			ok(s.CommitTriage(ctx, store.TriageBatch{
				Signals:    []corax.Signal{{ID: "sig-" + id, At: at, Entity: e, Message: "down"}},
				IncidentOf: map[string]string{"sig-" + id: "inc-" + id},
				Incidents:  []corax.Incident{{ID: "inc-" + id, Fingerprint: id, Entity: e, State: corax.IncidentOpen, OpenedAt: at, UpdatedAt: at}},
				Events:     []corax.Event{{ID: "evt-" + id, At: at, Kind: corax.EventIncidentOpened, Entity: e, Incident: "inc-" + id, Text: id}},
			}))
			run := corax.PlanRun{Plan: corax.Plan{ID: "pln-" + id, Problem: "prb-" + id, Steps: []corax.Step{{ID: "1", Action: "a", Target: e}}}, State: corax.PlanRunning, StartedAt: at}
			ok(s.SaveProblem(ctx, corax.Problem{ID: "prb-" + id, State: corax.ProblemOpen, Incidents: []string{"inc-" + id}, Plan: "pln-" + id, OpenedAt: at,
				Diagnosis: corax.Diagnosis{RootCause: corax.RootCause{Entity: e}}}, &run, []corax.Event{{At: at, Kind: corax.EventProblemOpened, Problem: "prb-" + id, Text: id}}))
			ok(s.SaveDecision(ctx, corax.Decision{ID: "dec-" + id, At: at, Plan: "pln-" + id}))
			ok(s.SaveApproval(ctx, corax.ApprovalRequest{ID: "apr-" + id, Plan: "pln-" + id, Problem: "prb-" + id, Target: e, AskedAt: at, ExpiresAt: at.Add(time.Hour)}))
			_, err := s.ChangePage(ctx, "pag-"+id, func(p *corax.Page) error {
				*p = corax.Page{ID: "pag-" + id, Kind: corax.PageProblem, Problem: "prb-" + id, State: corax.PageOpen, OpenedAt: at}
				return nil
			})
			ok(err)
			if n == 0 {
				ok(s.SaveSilence(ctx, corax.Silence{ID: "sil-" + id, Match: map[string]string{"entity": e}, Owner: "x", StartsAt: at, EndsAt: at.Add(time.Hour)}))
				ok(s.SetStop(ctx, e, "x", "x", at))
				ok(s.SaveBreakGlass(ctx, corax.BreakGlass{ID: "brk-" + id, Scope: e, By: "x", At: at, ExpiresAt: at.Add(time.Hour)}))
			}
		}
	}
	// A problem of the bank that the shop feels: the shop's team sees it whole.
	ok(s.SaveProblem(ctx, corax.Problem{ID: "prb-both", State: corax.ProblemOpen, OpenedAt: now.Add(-time.Hour), Diagnosis: corax.Diagnosis{RootCause: corax.RootCause{Entity: "bank"},
		Cascade: corax.Cascade{Root: "bank", Affected: []string{"shop"}}}, Plan: "pln-both"},
		&corax.PlanRun{Plan: corax.Plan{ID: "pln-both", Problem: "prb-both", Steps: []corax.Step{{Target: "bank"}, {Target: "shop"}}}, State: corax.PlanRunning}, nil))
	ok(s.SaveApproval(ctx, corax.ApprovalRequest{ID: "apr-both", Plan: "pln-both", Problem: "prb-both", Target: "bank", AskedAt: now, ExpiresAt: now.Add(time.Hour)}))
	return scoped.Records{Store: s, Topology: func() corax.Topology {
		return corax.Topology{Entities: []corax.Entity{{ID: "shop", Labels: map[string]string{"team": "shop"}}, {ID: "bank", Labels: map[string]string{"team": "bank"}}}}
	}}
}

func ids[T any](t *testing.T, id func(T) string, all []T, err error) []string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, x := range all {
		out = append(out, id(x))
	}
	slices.Sort(out)
	return out
}

// renamed are ids of one kind as those of another.
func renamed(all []string, from, to string) (out []string) {
	for _, id := range all {
		out = append(out, to+strings.TrimPrefix(id, from))
	}
	return out
}

func TestWhoSeesWhat(t *testing.T) {
	r := records(t)
	team := func(name string) access.Scope { return access.Scope{{Labels: map[string]string{"team": name}}} }
	each := func(kind string, teams ...string) (all []string) {
		for _, e := range teams {
			for n := range 5 {
				all = append(all, kind+"-"+e+string(rune('0'+n)))
			}
		}
		slices.Sort(all)
		return all
	}
	for _, c := range []struct {
		name  string
		who   access.Principal
		teams []string
		both  bool
		first []string // the two newest incidents
	}{
		{"an admin", access.Principal{Name: "ada", Role: access.RoleAdmin}, []string{"bank", "shop"}, true, []string{"inc-bank4", "inc-shop4"}},
		{"the shop's", access.Principal{Name: "sam", Role: access.RoleOperator, Scopes: []access.Scope{team("shop")}}, []string{"shop"}, true, []string{"inc-shop3", "inc-shop4"}},
		{"a token within", access.Principal{Name: "sam", Role: access.RoleViewer, Scopes: []access.Scope{team("shop"), team("bank")}}, nil, false, []string{}},
		{"another team's", access.Principal{Name: "kim", Role: access.RoleOperator, Scopes: []access.Scope{team("else")}}, nil, false, []string{}},
		{"nobody", access.Principal{}, nil, false, []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := access.With(t.Context(), c.who)
			is := func(what string, got, want []string) {
				t.Helper()
				if want == nil {
					want = []string{}
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: %q, expected %q", what, got, want)
				}
			}
			with := func(list []string, more string) []string {
				if c.both {
					list = append(list, more)
					slices.Sort(list)
				}
				return list
			}
			incidents, err := r.Incidents(ctx, store.IncidentFilter{})
			is("incidents", ids(t, func(x corax.Incident) string { return x.ID }, incidents, err), each("inc", c.teams...))
			incidents, err = r.Incidents(ctx, store.IncidentFilter{Limit: 2})
			is("two incidents", ids(t, func(x corax.Incident) string { return x.ID }, incidents, err), c.first)
			problems, err := r.Problems(ctx, store.ProblemFilter{})
			is("problems", ids(t, func(x corax.Problem) string { return x.ID }, problems, err), with(each("prb", c.teams...), "prb-both"))
			found, err := r.SearchProblems(ctx, store.ProblemSearch{Limit: 100})
			is("found problems", ids(t, func(x store.ProblemBrief) string { return x.ID }, found.Problems, err), with(each("prb", c.teams...), "prb-both"))
			signals, err := r.Signals(ctx, store.SignalFilter{})
			is("signals", ids(t, func(x corax.Signal) string { return x.ID }, signals, err), each("sig", c.teams...))
			runs, err := r.FindPlanRuns(ctx, store.PlanFilter{})
			is("plans", ids(t, func(x corax.PlanRun) string { return x.Plan.ID }, runs, err), with(each("pln", c.teams...), "pln-both"))
			asked, err := r.Approvals(ctx, true)
			is("approvals", ids(t, func(x corax.ApprovalRequest) string { return x.ID }, asked, err), with(each("apr", c.teams...), "apr-both"))
			decisions, err := r.FindDecisions(ctx, store.DecisionFilter{Limit: 100})
			is("decisions", ids(t, func(x corax.Decision) string { return x.ID }, decisions, err), each("dec", c.teams...))
			stops, err := r.Stops(ctx)
			is("stops", ids(t, func(x store.Stop) string { return x.Scope }, stops, err), c.teams)
			pages, err := r.Pages(ctx, store.PageFilter{Limit: 100})
			is("pages", ids(t, func(x corax.Page) string { return x.ID }, pages, err), each("pag", c.teams...))
			pages, err = r.Pages(ctx, store.PageFilter{Limit: 2})
			is("two pages", ids(t, func(x corax.Page) string { return x.ID }, pages, err), renamed(c.first, "inc", "pag"))
			silences, err := r.Silences(ctx, time.Time{})
			is("silences", ids(t, func(x corax.Silence) string { return x.Match["entity"] }, silences, err), c.teams)
			glasses, err := r.BreakGlasses(ctx, now)
			is("emergencies", ids(t, func(x corax.BreakGlass) string { return x.Scope }, glasses, err), c.teams)
			events, err := r.Events(ctx, store.EventFilter{})
			for _, e := range events {
				if !slices.ContainsFunc(c.teams, func(team string) bool { return len(e.Text) > 4 && e.Text[:4] == team }) && len(c.teams) < 2 && e.Problem != "prb-both" {
					t.Errorf("the event %+v is shown (%v)", e, err)
				}
			}
			if (len(events) > 0) != (len(c.teams) > 0) {
				t.Errorf("%d events, %v", len(events), err)
			}
			for _, e := range []string{"shop", "bank"} {
				code := corax.NotFound
				if slices.Contains(c.teams, e) {
					code = ""
				}
				_, inc := r.Incident(ctx, "inc-"+e+"0")
				_, sig := r.SignalsOf(ctx, "inc-"+e+"0", 5)
				_, prb := r.Problem(ctx, "prb-"+e+"0")
				_, run := r.PlanRun(ctx, "pln-"+e+"0")
				_, dec := r.Decisions(ctx, "pln-"+e+"0")
				_, apr := r.Approval(ctx, "apr-"+e+"0")
				for what, err := range map[string]error{"incident": inc, "signals": sig, "problem": prb, "plan": run, "decisions": dec, "approval": apr,
					"acting on the plan": r.Plan(ctx, "x", "pln-"+e+"0"), "answering": r.Request(ctx, "x", "apr-"+e+"0")} {
					if corax.CodeOf(err) != code {
						t.Errorf("%s of %s: %v, expected %q", what, e, err, code)
					}
				}
			}
		})
	}
}

func TestActingOutsideOfAScope(t *testing.T) {
	r := records(t)
	ctx := access.With(t.Context(), access.Principal{Name: "sam", Role: access.RoleOperator, Scopes: []access.Scope{{{Labels: map[string]string{"team": "shop"}}}}})
	silence := func(match map[string]string) error {
		return r.SaveSilence(ctx, corax.Silence{ID: "sil-new", Match: match, StartsAt: now, EndsAt: now.Add(time.Hour)})
	}
	for what, c := range map[string]struct {
		err  error
		code corax.Code
	}{
		"a plan that also touches another's": {r.Plan(ctx, "x", "pln-both"), corax.Forbidden},
		"a request about another's":          {r.Request(ctx, "x", "apr-both"), corax.Forbidden},
		"an entity":                          {r.Entity(ctx, "x", "shop"), ""},
		"another's entity":                   {r.Entity(ctx, "x", "bank"), corax.Forbidden},
		"everything":                         {r.Entity(ctx, "x", ""), corax.Forbidden},
		"a silence of everything":            {silence(map[string]string{"severity": "low"}), corax.Forbidden},
		"a silence of another's":             {silence(map[string]string{"entity": "bank"}), corax.Forbidden},
		"a silence":                          {silence(map[string]string{"entity": "shop"}), ""},
		"the end of another's silence":       {r.EndSilence(ctx, "sil-bank0", "ann"), corax.NotFound},
		"the end of a silence":               {r.EndSilence(ctx, "sil-shop0", "ann"), ""},
		"a backup":                           {r.Backup(ctx, filepath.Join(t.TempDir(), "x")), corax.Forbidden},
	} {
		if corax.CodeOf(c.err) != c.code {
			t.Errorf("%s: %v, expected %q", what, c.err, c.code)
		}
	}
}
