package scoped_test

import (
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

// outages is a store with two problems of one case, as the investigator makes it: of all that is live. The shop's own is of shop alone; that of
// the bank is felt by cash, and has its cause in a change.
func outages(t *testing.T) (scoped.Records, corax.Case) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: t.TempDir() + "/corax.db", Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	topology := corax.Topology{Edges: []corax.Edge{{From: "cash", To: "bank"}, {From: "shop", To: "mail"}}}
	for _, id := range []string{"bank", "cash", "mail", "shop"} {
		topology.Entities = append(topology.Entities, corax.Entity{ID: id, Labels: map[string]string{"team": id}, Attributes: map[string]string{"admin_url": "http://" + id}})
	}
	c := corax.Case{ID: "live", Topology: topology, Signals: []corax.Signal{
		{ID: "1", At: now, Kind: corax.ChangeOf, Entity: "bank", Message: "deployed the bank"},
		{ID: "2", At: now, Entity: "bank", Fingerprint: "inc-bank", Message: "the bank is down", Attributes: map[string]string{"status": "500"}},
		{ID: "3", At: now, Entity: "shop", Fingerprint: "inc-shop", Message: "the shop is down"},
		{ID: "4", At: now, Kind: corax.ChangeOf, Entity: "mail", Message: "deployed mail"},
		{ID: "5", At: now, Entity: "cash", Fingerprint: "inc-cash", Message: "no cash"},
	}}
	for _, p := range []corax.Problem{
		{ID: "prb-shop", Incidents: []string{"inc-shop"}, Diagnosis: corax.Diagnosis{Signals: []int{2}, RootCause: corax.RootCause{Entity: "shop"}}},
		{ID: "prb-bank", Incidents: []string{"inc-bank", "inc-cash"}, Plan: "pln-bank", Diagnosis: corax.Diagnosis{Signals: []int{1, 4}, Cascade: corax.Cascade{Root: "bank", Affected: []string{"cash"}},
			RootCause: corax.RootCause{Entity: "bank", Evidence: []corax.Evidence{{Signal: 0, Quote: "deployed"}}}}},
	} {
		p.State, p.OpenedAt, p.Case = corax.ProblemOpen, now, &c
		run := &corax.PlanRun{Plan: corax.Plan{ID: p.Plan, Problem: p.ID, Steps: []corax.Step{{Target: "bank"}}}, State: corax.PlanRunning}
		if p.Plan == "" {
			run = nil
		}
		if err := s.SaveProblem(t.Context(), p, run, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SaveDecision(t.Context(), corax.Decision{ID: "dec-bank", At: now, Plan: "pln-bank",
		Input: map[string]any{"entity": map[string]any{"id": "bank", "attributes": map[string]any{"admin_url": "http://bank"}}}}); err != nil {
		t.Fatal(err)
	}
	return scoped.Records{Store: s, Topology: func() corax.Topology { return topology }}, c
}

func someone(role access.Role, teams ...string) access.Principal {
	p := access.Principal{Name: "sam", Role: role}
	for _, team := range teams {
		if len(p.Scopes) == 0 {
			p.Scopes = []access.Scope{nil}
		}
		p.Scopes[0] = append(p.Scopes[0], corax.Selector{Labels: map[string]string{"team": team}})
	}
	return p
}

// That something of theirs was in trouble at the same time, or was changed, makes another's problem nobody's own.
func TestAProblemIsNotSeenByItsCase(t *testing.T) {
	r, _ := outages(t)
	for _, c := range []struct {
		teams []string
		sees  []string
	}{
		{nil, []string{"prb-bank", "prb-shop"}},
		{[]string{"shop"}, []string{"prb-shop"}},
		{[]string{"mail"}, []string{}},
		{[]string{"bank"}, []string{"prb-bank"}},
		{[]string{"cash"}, []string{"prb-bank"}},
	} {
		ctx := access.With(t.Context(), someone(access.RoleResponder, c.teams...))
		all, err := r.Problems(ctx, store.ProblemFilter{})
		if got := ids(t, func(p corax.Problem) string { return p.ID }, all, err); !slices.Equal(got, c.sees) {
			t.Errorf("%q see %q, expected %q", c.teams, got, c.sees)
		}
		for _, id := range []string{"prb-bank", "prb-shop"} {
			if _, err := r.Problem(ctx, id); (err == nil) != slices.Contains(c.sees, id) {
				t.Errorf("%q ask for %s: %v", c.teams, id, err)
			}
		}
		if _, err := r.PlanRun(ctx, "pln-bank"); (err == nil) != slices.Contains(c.sees, "prb-bank") {
			t.Errorf("%q ask for the plan: %v", c.teams, err)
		}
	}
}

// A case shows what is theirs and what the diagnosis speaks of, each at its place; and attributes to who acts on the entity.
func TestACaseIsCut(t *testing.T) {
	r, whole := outages(t)
	for _, c := range []struct {
		who                          access.Principal
		says, entities, edges, knows string
	}{
		{someone(access.RoleOperator), "1 2 3 4 5", "bank cash mail shop", "cash-bank shop-mail", "bank cash mail shop"},
		{someone(access.RoleResponder), "1 2 3 4 5", "bank cash mail shop", "cash-bank shop-mail", ""},
		{someone(access.RoleOperator, "cash"), "1 2 5", "bank cash", "cash-bank", "cash"},
		{someone(access.RoleViewer, "cash"), "1 2 5", "bank cash", "cash-bank", ""},
		{someone(access.RoleOperator, "cash", "mail"), "1 2 4 5", "bank cash mail", "cash-bank", "cash mail"},
	} {
		ctx := access.With(t.Context(), c.who)
		one, err := r.Problem(ctx, "prb-bank")
		if err != nil {
			t.Fatal(err)
		}
		all, err := r.Problems(ctx, store.ProblemFilter{})
		if err != nil {
			t.Fatal(err)
		}
		listed := all[slices.IndexFunc(all, func(p corax.Problem) bool { return p.ID == "prb-bank" })]
		for how, p := range map[string]corax.Problem{"asked for": one, "listed": listed} {
			var says, entities, edges, knows []string
			for n, x := range p.Case.Signals {
				if x.Message != "" {
					says = append(says, x.ID)
				} else if want := (corax.Signal{At: now, Kind: whole.Signals[n].Kind}); x.ID != "" || x.Entity != "" || x.Fingerprint != "" || x.Kind != want.Kind || !x.At.Equal(want.At) {
					t.Errorf("%v, %s: of a signal is left %+v", c.who, how, x)
				}
			}
			for _, e := range p.Case.Topology.Entities {
				if entities = append(entities, e.ID); e.Attributes != nil {
					knows = append(knows, e.ID)
				}
			}
			for _, e := range p.Case.Topology.Edges {
				edges = append(edges, e.From+"-"+e.To)
			}
			for what, x := range map[string]struct {
				got  []string
				want string
			}{"signals": {says, c.says}, "entities": {entities, c.entities}, "edges": {edges, c.edges}, "attributes": {knows, c.knows}} {
				if got := strings.Join(x.got, " "); got != x.want {
					t.Errorf("%v, %s: %s %q, expected %q", c.who, how, what, got, x.want)
				}
			}
			if len(p.Case.Signals) != len(whole.Signals) {
				t.Errorf("%v, %s: %d signals", c.who, how, len(p.Case.Signals))
			}
		}
		d, one1 := r.Decision(ctx, "dec-bank")
		of, one2 := r.Decisions(ctx, "pln-bank")
		found, one3 := r.FindDecisions(ctx, store.DecisionFilter{Limit: 9})
		if one1 != nil || one2 != nil || one3 != nil {
			t.Fatal(one1, one2, one3)
		}
		for _, d := range []corax.Decision{d, of[0], found[0]} {
			if e, _ := d.Input["entity"].(map[string]any); e["id"] != "bank" || (e["attributes"] != nil) != strings.Contains(c.knows, "bank") {
				t.Errorf("%v: the rule saw %v", c.who, d.Input)
			}
		}
	}
}
