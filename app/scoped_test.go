package app

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/access"
	"corax/audit"
	"corax/config"
	"corax/hands"
	"corax/scenario/casefile"
	"corax/store"
	"corax/store/sqlite"
)

// theEngine finds two problems in every case, and asks no more of it.
type theEngine struct{}

func (theEngine) Diagnose(corax.Case) corax.Report {
	return corax.Report{Problems: []corax.Diagnosis{{Signals: []int{0}}, {Signals: []int{1}}}}
}

func (theEngine) WhyNot(corax.Case, string) ([]corax.WhyNot, error) {
	return []corax.WhyNot{{Problem: 0, Chosen: "of the bank"}, {Problem: 1, Chosen: "of the shop"}}, nil
}

// scopedApp is an App with a problem of the shop, in a case that has one of the bank too; it runs nothing.
func scopedApp(t *testing.T) *App {
	t.Helper()
	now := time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(dir, "corax.db"), Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	a := &App{o: Options{Engine: theEngine{}}, store: s}
	if a.auditKey, err = audit.OpenKey(filepath.Join(dir, "audit.key"), strings.NewReader(strings.Repeat("k", 64))); err != nil {
		t.Fatal(err)
	}
	topology := corax.Topology{Entities: []corax.Entity{{ID: "bank", Attributes: map[string]string{"admin_url": "http://bank"}}, {ID: "shop"}}}
	a.cfg.Store(&config.Config{Topology: topology})
	c := corax.Case{ID: "live", Topology: topology, Signals: []corax.Signal{{At: now, Entity: "bank", Message: "down"}, {At: now, Entity: "shop", Message: "down"}}}
	if err := s.SaveProblem(t.Context(), corax.Problem{ID: "prb-shop", State: corax.ProblemOpen, OpenedAt: now, Case: &c,
		Diagnosis: corax.Diagnosis{Signals: []int{1}, RootCause: corax.RootCause{Entity: "shop"}}}, nil, nil); err != nil {
		t.Fatal(err)
	}
	a.desk = hands.New(hands.Options{Store: s, Redactor: &a.redactor, Settings: func() hands.Settings { return hands.Settings{} }, Clock: func() time.Time { return now }})
	for _, e := range []string{"bank", "shop"} { // a plan may have people see to what is another's
		if _, err := s.ChangeWorkOrder(t.Context(), "wo-"+e, func(o *corax.WorkOrder) error {
			*o = corax.WorkOrder{ID: "wo-" + e, Problem: "prb-shop", Plan: "pln-" + e, State: corax.WorkAccepted, MadeAt: now, Place: corax.Place{Entity: e}, By: "uwe"}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// An order is for those who see both its problem and what it is to be done to, as on the pages.
func TestScopeOfWorkOrders(t *testing.T) {
	l := scopedApp(t).limited()
	for _, c := range []struct {
		scope []access.Scope
		sees  []string
	}{
		{nil, []string{"wo-bank", "wo-shop"}},
		{[]access.Scope{{{IDs: []string{"shop"}}}}, []string{"wo-shop"}},
		{[]access.Scope{{{IDs: []string{"bank"}}}}, nil},
	} {
		ctx := access.With(t.Context(), access.Principal{Name: "sam", Role: access.RoleOperator, Scopes: c.scope})
		all, err := l.WorkOrders(ctx, store.WorkOrderFilter{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range all {
			got = append(got, o.ID)
		}
		slices.Sort(got)
		if !slices.Equal(got, c.sees) {
			t.Errorf("within %v: %q, expected %q", c.scope, got, c.sees)
		}
		for _, id := range []string{"wo-bank", "wo-shop"} {
			code := corax.NotFound
			if slices.Contains(c.sees, id) {
				code = ""
			}
			_, read := l.WorkOrder(ctx, id)
			_, said := l.AnswerWork(ctx, id, "start", "uwe", "")
			if corax.CodeOf(read) != code || (corax.CodeOf(said) == corax.NotFound) != (code != "") { // what was said once already is a Conflict
				t.Errorf("within %v: %s is read with %v and answered with %v, expected %q", c.scope, id, read, said, code)
			}
		}
	}
}

func TestScopeOfWhyNotAndOfTheExport(t *testing.T) {
	a := scopedApp(t)
	shop := []access.Scope{{{IDs: []string{"shop"}}}}
	for _, c := range []struct {
		who     access.Principal
		answers []string
		code    corax.Code
		knows   bool // the attributes of entities
	}{
		{access.Principal{Name: "ada", Role: access.RoleOperator}, []string{"of the bank", "of the shop"}, "", true},
		{access.Principal{Name: "vic", Role: access.RoleViewer}, []string{"of the bank", "of the shop"}, "", false},
		{access.Principal{Name: "sam", Role: access.RoleOperator, Scopes: shop}, []string{"of the shop"}, corax.Forbidden, false},
		{access.Principal{Name: "kim", Role: access.RoleOperator, Scopes: []access.Scope{{{IDs: []string{"bank"}}}}}, nil, corax.NotFound, false},
	} {
		ctx := access.With(t.Context(), c.who)
		var got []string
		answers, _ := a.limited().WhyNot(ctx, "prb-shop", "x")
		for _, x := range answers {
			got = append(got, x.Chosen)
		}
		if !slices.Equal(got, c.answers) {
			t.Errorf("%s is told why not %q, expected %q", c.who.Name, got, c.answers)
		}
		f, err := limitedLedger{ledger{a}, a.records()}.ExportProblem(ctx, "prb-shop")
		if corax.CodeOf(err) != c.code {
			t.Errorf("%s exports: %v, expected %q", c.who.Name, err, c.code)
		}
		if err != nil {
			continue
		}
		text, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := casefile.Open(text, a.auditKey.Public()); err != nil || strings.Contains(string(f.Content), "admin_url") != c.knows {
			t.Errorf("%s: %v, %s", c.who.Name, err, f.Content)
		}
	}
}
