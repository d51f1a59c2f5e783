package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/store"
)

// troubles stores n problems, an hour apart, of which each second shares its time with the one before.
func troubles(t *testing.T, s Store, n int) {
	t.Helper()
	for i := range n {
		p := problem(fmt.Sprintf("p%02d", i), time.Duration(i/2)*time.Hour)
		p.State = []corax.ProblemState{corax.ProblemClosed, corax.ProblemResolved, corax.ProblemHealing}[i%3]
		p.Case = &corax.Case{Signals: []corax.Signal{signal("a", 0), {ID: "b", Entity: "web 1"}}}
		p.Diagnosis = corax.Diagnosis{
			Pattern: []string{"DISK_FULL", corax.Unknown}[i%2], Severity: []corax.Severity{corax.High, corax.Low}[i%2], Signals: []int{0, 1, 7},
			RootCause: corax.RootCause{Entity: []string{"db", "db2"}[i%2], Mechanism: "log_growth", Summary: fmt.Sprintf("The disk <%d> is full", i)},
			Cascade:   corax.Cascade{Affected: []string{"shop"}},
			Plan:      corax.Plan{Mode: corax.AutoHeal, Steps: []corax.Step{{Action: "rotate"}, {Action: "rotate"}, {Action: "restart"}}},
		}
		ok(t, s.SaveProblem(t.Context(), p, nil, nil))
	}
}

func testProblemSearch(t *testing.T, s Store) {
	ctx := t.Context()
	troubles(t, s, 12)
	for _, c := range []struct {
		name string
		f    store.ProblemSearch
		want int // of 12
	}{
		{"all", store.ProblemSearch{}, 12},
		{"open", store.ProblemSearch{Open: true}, 4},
		{"states", store.ProblemSearch{States: []corax.ProblemState{corax.ProblemClosed, corax.ProblemResolved}}, 8},
		{"severity", store.ProblemSearch{Severities: []corax.Severity{corax.High}}, 6},
		{"pattern", store.ProblemSearch{Pattern: "DISK_FULL"}, 6},
		{"mechanism", store.ProblemSearch{Mechanism: "log_growth"}, 12},
		{"root", store.ProblemSearch{Root: "db"}, 6},
		{"entity", store.ProblemSearch{Entity: "web 1"}, 12},
		{"a part of an entity", store.ProblemSearch{Entity: "web"}, 0},
		{"text", store.ProblemSearch{Text: "disk fu"}, 12},
		{"a whole word", store.ProblemSearch{Text: "dis full"}, 0},
		{"one of them", store.ProblemSearch{Text: "<7>"}, 1},
		{"since", store.ProblemSearch{Since: Now().Add(4 * time.Hour)}, 4},
		{"until", store.ProblemSearch{Until: Now().Add(4 * time.Hour)}, 8},
		{"among", store.ProblemSearch{Among: []string{"nobody", "db2"}}, 6},
		{"among none", store.ProblemSearch{Among: []string{}}, 0},
	} {
		for _, limit := range []int{0, 1, 5} {
			f, all := c.f, []string{}
			f.Limit = limit
			for {
				l := must(s.SearchProblems(ctx, f))(t)
				for _, b := range l.Problems {
					all = append(all, b.ID)
				}
				if f.Before = l.Older; f.Before == "" {
					break
				}
			}
			if len(all) != c.want || !slices.IsSortedFunc(all, func(a, b string) int { return strings.Compare(b, a) }) {
				t.Errorf("%s, %d a page: %v, expected %d, the newest first", c.name, limit, all, c.want)
			}
		}
	}
	l := must(s.SearchProblems(ctx, store.ProblemSearch{Open: true, Pattern: "DISK_FULL"}))(t)
	same(t, "by state", l.States, map[corax.ProblemState]int{corax.ProblemClosed: 2, corax.ProblemResolved: 2, corax.ProblemHealing: 2})
	same(t, "entities", l.Problems[0].Entities, []string{"db", "shop", "auth", "web 1"})
	same(t, "actions", l.Problems[0].Actions, []string{"rotate", "restart"})
	hasCode(t, "a cursor of nobody", must2(s.SearchProblems(ctx, store.ProblemSearch{Before: "x"})), corax.Invalid)

	for _, c := range []struct {
		among []string
		want  []string
	}{{nil, openOf(s, t, store.ProblemSearch{})}, {[]string{"shop"}, openOf(s, t, store.ProblemSearch{Among: []string{"shop"}})}, {[]string{}, nil}} {
		var got []string
		for _, n := range must(s.OpenCounts(ctx, c.among))(t) {
			for range n.Problems {
				got = append(got, string(n.State)+" "+n.Severity.String())
			}
		}
		slices.Sort(got)
		same(t, fmt.Sprintf("open among %v", c.among), got, c.want)
	}

	first := must(s.SearchProblems(ctx, store.ProblemSearch{Limit: 5}))(t)
	second := must(s.SearchProblems(ctx, store.ProblemSearch{Limit: 5, Before: first.Older}))(t)
	back := must(s.SearchProblems(ctx, store.ProblemSearch{Limit: 5, After: second.Newer}))(t)
	same(t, "back", back, first)

	like := must(s.ProblemsLike(ctx, first.Problems[0], 100))(t)
	equal(t, "like it", len(like), 11)
	equal(t, "since", len(must(s.ProblemBriefs(ctx, Now().Add(5*time.Hour), 10))(t)), 2)

	// A brief follows its problem, and goes with it.
	_, err := s.UpdateProblem(ctx, "p02", func(p *corax.Problem) error { p.State = corax.ProblemClosed; return nil })
	ok(t, err)
	equal(t, "open", len(must(s.SearchProblems(ctx, store.ProblemSearch{Open: true}))(t).Problems), 3)
	ok(t, s.Prune(ctx, store.Retention{Age: time.Hour}, Now().Add(100*time.Hour)))
	equal(t, "left", len(must(s.SearchProblems(ctx, store.ProblemSearch{}))(t).Problems), 3)
}

// openOf is the states and severities of the open problems that a search finds, sorted.
func openOf(s Store, t *testing.T, f store.ProblemSearch) (all []string) {
	t.Helper()
	f.Open = true
	for _, p := range must(s.SearchProblems(t.Context(), f))(t).Problems {
		all = append(all, string(p.State)+" "+p.Severity.String())
	}
	slices.Sort(all)
	return all
}

func testIncidentSearch(t *testing.T, s Store) {
	ctx := t.Context()
	var b store.TriageBatch
	for i := range 12 {
		n := incident(fmt.Sprintf("i%02d", i), time.Duration(i/2)*time.Hour)
		n.Entity, n.Source = []string{"auth", "user", ""}[i%3], []string{"monitor/a", "log/b"}[i%2]
		n.Severity = []corax.Severity{corax.High, corax.SeverityNone}[i%2]
		n.Title = fmt.Sprintf("login <%d> fails", i)
		if i < 6 {
			n.State = corax.IncidentResolved
		}
		b.Incidents = append(b.Incidents, n)
	}
	ok(t, s.CommitTriage(ctx, b))
	for _, c := range []struct {
		name string
		f    store.IncidentSearch
		want int // of 12
	}{
		{"all", store.IncidentSearch{}, 12},
		{"live", store.IncidentSearch{Live: true}, 6},
		{"states", store.IncidentSearch{States: []corax.IncidentState{corax.IncidentResolved}}, 6},
		{"severities", store.IncidentSearch{Severities: []corax.Severity{corax.High, corax.Low}}, 6},
		{"no hint", store.IncidentSearch{Severities: []corax.Severity{corax.SeverityNone}}, 6},
		{"entity", store.IncidentSearch{Entity: "user"}, 4},
		{"source", store.IncidentSearch{Source: "log/b"}, 6},
		{"text", store.IncidentSearch{Text: "login fai"}, 12},
		{"one of them", store.IncidentSearch{Text: "<7> "}, 1},
		{"since", store.IncidentSearch{Since: Now().Add(4 * time.Hour)}, 4},
		{"until", store.IncidentSearch{Until: Now().Add(4 * time.Hour)}, 8},
		{"of a problem", store.IncidentSearch{Problem: "p"}, 0},
		{"among", store.IncidentSearch{Among: []string{"auth"}}, 4},
		{"live, among", store.IncidentSearch{Live: true, Among: []string{"auth"}, Text: "log"}, 2},
		{"among none", store.IncidentSearch{Among: []string{}}, 0},
	} {
		for _, limit := range []int{0, 1, 5} {
			f, all := c.f, []string{}
			f.Limit = limit
			for {
				l := must(s.SearchIncidents(ctx, f))(t)
				all = append(all, ids(l.Incidents, incidentID)...)
				if f.Before = l.Older; f.Before == "" {
					break
				}
			}
			if len(all) != c.want || !slices.IsSortedFunc(all, func(a, b string) int { return strings.Compare(b, a) }) {
				t.Errorf("%s, %d a page: %v, expected %d, the newest first", c.name, limit, all, c.want)
			}
		}
	}
	first := must(s.SearchIncidents(ctx, store.IncidentSearch{Limit: 5}))(t)
	second := must(s.SearchIncidents(ctx, store.IncidentSearch{Limit: 5, Before: first.Older}))(t)
	same(t, "back", must(s.SearchIncidents(ctx, store.IncidentSearch{Limit: 5, After: second.Newer}))(t), first)
	opened := must(s.IncidentsOpened(ctx, Now().Add(time.Hour), Now().Add(2*time.Hour), 10))(t)
	same(t, "opened between", ids(opened, incidentID), []string{"i02", "i03", "i04", "i05"})
}
