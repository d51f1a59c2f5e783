package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"corax"
	"corax/store"
)

// testLists goes through every list page by page. What is added meanwhile comes before the first page and disturbs nothing; the item at
// which a page ended may be gone.
func testLists(t *testing.T, s Store) {
	at := func(i int) time.Time { return Now().Add(time.Duration(i/2) * time.Minute) } // two of each time
	for _, l := range []struct {
		name string
		save func(ctx context.Context, id string, i int) error
		page func(ctx context.Context, n int, after store.Cursor) ([]store.Cursor, error)
	}{
		{"incidents", func(ctx context.Context, id string, i int) error {
			return s.CommitTriage(ctx, store.TriageBatch{Incidents: []corax.Incident{{ID: id, State: corax.IncidentOpen, OpenedAt: at(i)}}})
		}, func(ctx context.Context, n int, after store.Cursor) ([]store.Cursor, error) {
			return places(func(i corax.Incident) store.Cursor { return store.CursorOf(i.OpenedAt, i.ID) })(
				s.Incidents(ctx, store.IncidentFilter{Limit: n, After: after}))
		}},
		{"problems", func(ctx context.Context, id string, i int) error {
			return s.SaveProblem(ctx, corax.Problem{ID: id, OpenedAt: at(i)}, nil, nil)
		}, func(ctx context.Context, n int, after store.Cursor) ([]store.Cursor, error) {
			return places(func(p corax.Problem) store.Cursor { return store.CursorOf(p.OpenedAt, p.ID) })(
				s.Problems(ctx, store.ProblemFilter{Limit: n, After: after}))
		}},
		{"plans", func(ctx context.Context, id string, i int) error {
			run := &corax.PlanRun{Plan: corax.Plan{ID: id, Problem: "p"}, State: corax.PlanDone, StartedAt: at(i)}
			return s.SaveProblem(ctx, corax.Problem{ID: "p"}, run, nil)
		}, func(ctx context.Context, n int, after store.Cursor) ([]store.Cursor, error) {
			return places(func(r corax.PlanRun) store.Cursor { return store.CursorOf(r.StartedAt, r.Plan.ID) })(
				s.FindPlanRuns(ctx, store.PlanFilter{States: []corax.PlanState{corax.PlanDone}, Limit: n, After: after}))
		}},
		{"decisions", func(ctx context.Context, id string, i int) error {
			return s.SaveDecision(ctx, corax.Decision{ID: id, Plan: "p", At: at(i)})
		}, func(ctx context.Context, n int, after store.Cursor) ([]store.Cursor, error) {
			return places(func(d corax.Decision) store.Cursor { return store.CursorOf(d.At, d.ID) })(
				s.FindDecisions(ctx, store.DecisionFilter{Limit: n, After: after}))
		}},
		{"decisions of a plan", func(ctx context.Context, id string, i int) error {
			return s.SaveDecision(ctx, corax.Decision{ID: "q-" + id, Plan: "q", At: at(i)})
		}, func(ctx context.Context, n int, after store.Cursor) ([]store.Cursor, error) {
			return places(func(d corax.Decision) store.Cursor { return store.CursorOf(d.At, d.ID) })(
				s.FindDecisions(ctx, store.DecisionFilter{Plan: "q", Limit: n, After: after}))
		}},
		{"outcomes", func(ctx context.Context, id string, i int) error {
			return s.SaveOutcome(ctx, corax.Outcome{ID: id, Action: []string{"a", "b"}[i%2], Class: "c", At: at(i)})
		}, func(ctx context.Context, n int, after store.Cursor) ([]store.Cursor, error) {
			return places(func(o corax.Outcome) store.Cursor { return store.CursorOf(o.At, o.ID) })(
				s.FindOutcomes(ctx, store.OutcomeFilter{Limit: n, After: after}))
		}},
		{"outcomes of an action", func(ctx context.Context, id string, i int) error {
			return s.SaveOutcome(ctx, corax.Outcome{ID: "q-" + id, Action: "q", Class: "c", At: at(i)})
		}, func(ctx context.Context, n int, after store.Cursor) ([]store.Cursor, error) {
			return places(func(o corax.Outcome) store.Cursor { return store.CursorOf(o.At, o.ID) })(
				s.FindOutcomes(ctx, store.OutcomeFilter{Action: "q", Limit: n, After: after}))
		}},
		{"approvals", func(ctx context.Context, id string, i int) error {
			return s.SaveApproval(ctx, corax.ApprovalRequest{ID: id, AskedAt: at(i), Answer: corax.Deny})
		}, func(ctx context.Context, n int, after store.Cursor) ([]store.Cursor, error) {
			return places(func(a corax.ApprovalRequest) store.Cursor { return store.CursorOf(a.AskedAt, a.ID) })(
				s.FindApprovals(ctx, store.ApprovalFilter{Limit: n, After: after}))
		}},
		{"open approvals", func(ctx context.Context, id string, i int) error {
			return s.SaveApproval(ctx, corax.ApprovalRequest{ID: "open-" + id, AskedAt: at(i)})
		}, func(ctx context.Context, n int, after store.Cursor) ([]store.Cursor, error) {
			return places(func(a corax.ApprovalRequest) store.Cursor { return store.CursorOf(a.AskedAt, a.ID) })(
				s.FindApprovals(ctx, store.ApprovalFilter{Open: true, Limit: n, After: after}))
		}},
		{"pages", func(ctx context.Context, id string, i int) error {
			_, err := s.ChangePage(ctx, id, func(p *corax.Page) error { p.OpenedAt = at(i); return nil })
			return err
		}, func(ctx context.Context, n int, after store.Cursor) ([]store.Cursor, error) {
			return places(func(p corax.Page) store.Cursor { return store.CursorOf(p.OpenedAt, p.ID) })(
				s.Pages(ctx, store.PageFilter{Live: true, Limit: n, After: after}))
		}},
		{"work orders", func(ctx context.Context, id string, i int) error {
			_, err := s.ChangeWorkOrder(ctx, id, func(o *corax.WorkOrder) error { o.MadeAt = at(i); return nil })
			return err
		}, func(ctx context.Context, n int, after store.Cursor) ([]store.Cursor, error) {
			return places(func(o corax.WorkOrder) store.Cursor { return store.CursorOf(o.MadeAt, o.ID) })(
				s.WorkOrders(ctx, store.WorkOrderFilter{Limit: n, After: after}))
		}},
	} {
		t.Run(l.name, func(t *testing.T) {
			ctx := t.Context()
			for i := range 6 {
				ok(t, l.save(ctx, fmt.Sprintf("x%d", i), i))
			}
			all := must(l.page(ctx, 0, store.Cursor{}))(t)
			equal(t, "how many", len(all), 6)
			var seen []store.Cursor
			for after := (store.Cursor{}); ; {
				page := must(l.page(ctx, 2, after))(t)
				if len(page) == 0 {
					break
				}
				seen = append(seen, page...)
				after = page[len(page)-1]
				ok(t, l.save(ctx, fmt.Sprintf("y%d", len(seen)), 10+len(seen)))
			}
			same(t, "page by page", seen, all)
			gone := store.Cursor{Micros: all[1].Micros, ID: all[1].ID + "~"} // would stand before it, and is not there
			same(t, "after what is gone", must(l.page(ctx, 0, gone))(t), all[1:])
			equal(t, "newest first", slices.IsSortedFunc(all, func(a, b store.Cursor) int { return int(b.Micros - a.Micros) }), true)
		})
	}
}

// places are those of the items of a list.
func places[T any](of func(T) store.Cursor) func([]T, error) ([]store.Cursor, error) {
	return func(items []T, err error) ([]store.Cursor, error) {
		out := make([]store.Cursor, len(items))
		for n, i := range items {
			out[n] = of(i)
		}
		return out, err
	}
}

// testNewestEvents reads the timeline from its end, page by page.
func testNewestEvents(t *testing.T, s Store) {
	ctx := t.Context()
	for i := range 5 {
		ok(t, s.AppendEvents(ctx, corax.Event{At: Now(), Plan: []string{"pl1", "pl2"}[i%2], Problem: "p1", Text: fmt.Sprint(i)}))
	}
	first := must(s.Events(ctx, store.EventFilter{Newest: true, Limit: 2}))(t)
	same(t, "the newest", ids(first, eventText), []string{"4", "3"})
	ok(t, s.AppendEvents(ctx, corax.Event{At: Now(), Text: "5"}))
	same(t, "those before", ids(must(s.Events(ctx, store.EventFilter{Newest: true, After: first[1].ID}))(t), eventText), []string{"2", "1", "0"})
	same(t, "of a plan", ids(must(s.Events(ctx, store.EventFilter{Newest: true, Plan: "pl1", After: first[0].ID}))(t), eventText), []string{"2", "0"})
	same(t, "of a problem", ids(must(s.Events(ctx, store.EventFilter{Newest: true, Problem: "p1", Limit: 1}))(t), eventText), []string{"4"})
}
