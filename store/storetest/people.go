package storetest

import (
	"errors"
	"testing"
	"time"

	"corax"
	"corax/store"
)

func testPages(t *testing.T, s Store) {
	ctx := t.Context()
	at := func(after time.Duration) *time.Time { v := Now().Add(after); return &v }
	set := func(p corax.Page) func(*corax.Page) error {
		return func(was *corax.Page) error { *was = p; return nil }
	}
	opened := corax.Page{ID: "pag-1", Kind: corax.PageProblem, Problem: "p1", State: corax.PageOpen, OpenedAt: Now(), Next: at(time.Hour),
		Notices:    []corax.Notice{{ID: "n1", At: Now(), Kind: corax.NoticeOpened, Text: "x", Data: []byte(`{"a":1}`)}},
		Deliveries: []corax.Delivery{{ID: "d1", Notice: "n1", State: corax.DeliveryPending, At: Now(), Due: Now().Add(time.Minute)}}}
	same(t, "made", must(s.ChangePage(ctx, "pag-1", set(opened), corax.Event{Problem: "p1", Text: "told"}))(t), opened)
	same(t, "stored", must(s.Page(ctx, "pag-1"))(t), opened)
	same(t, "its event", ids(must(s.Events(ctx, store.EventFilter{Problem: "p1"}))(t), eventText), []string{"told"})

	refusal := errors.New("not now")
	if _, err := s.ChangePage(ctx, "pag-0", func(*corax.Page) error { return refusal }); !errors.Is(err, refusal) {
		t.Errorf("a refused page: %v", err)
	}
	_, err := s.Page(ctx, "pag-0")
	hasCode(t, "a refused page", err, corax.NotFound)

	must(s.ChangePage(ctx, "pag-2", set(corax.Page{State: corax.PageOpen, OpenedAt: Now().Add(time.Second), Next: at(time.Second)})))(t)
	must(s.ChangePage(ctx, "pag-3", set(corax.Page{State: corax.PageEnded, OpenedAt: Now().Add(2 * time.Second), Next: at(0)})))(t)
	id := func(p corax.Page) string { return p.ID }
	same(t, "all", ids(must(s.Pages(ctx, store.PageFilter{}))(t), id), []string{"pag-3", "pag-2", "pag-1"})
	same(t, "live", ids(must(s.Pages(ctx, store.PageFilter{Live: true}))(t), id), []string{"pag-2", "pag-1"})
	same(t, "the newest", ids(must(s.Pages(ctx, store.PageFilter{Limit: 1}))(t), id), []string{"pag-3"})
	same(t, "due", ids(must(s.DuePages(ctx, 0))(t), id), []string{"pag-2", "pag-1"})
	must(s.ChangePage(ctx, "pag-1", func(p *corax.Page) error {
		p.State, p.Deliveries[0].State = corax.PageAcked, corax.DeliverySent
		return nil
	}))(t)
	same(t, "due later", ids(must(s.DuePages(ctx, 5))(t), id), []string{"pag-2"})

	ok(t, s.Prune(ctx, store.Retention{Age: time.Hour}, Now().Add(24*time.Hour)))
	same(t, "kept while they are not over", ids(must(s.Pages(ctx, store.PageFilter{}))(t), id), []string{"pag-2", "pag-1"})
	_, err = s.ChangePage(ctx, "", set(opened))
	hasCode(t, "a page without id", err, corax.Invalid)
}

func testWorkOrders(t *testing.T, s Store) {
	ctx := t.Context()
	set := func(o corax.WorkOrder) func(*corax.WorkOrder) error {
		return func(was *corax.WorkOrder) error { *was = o; return nil }
	}
	first := corax.WorkOrder{ID: "wo-1", Plan: "pl1", Problem: "p1", State: corax.WorkDrafted, MadeAt: Now(), AcceptBy: Now().Add(time.Hour),
		Steps: []corax.WorkStep{{Do: "reseat"}}, Leave: []string{"the other one"}, Checks: []string{}, Log: []corax.WorkEntry{}}
	same(t, "made", must(s.ChangeWorkOrder(ctx, "wo-1", set(first), corax.Event{Problem: "p1", Text: "made"}))(t), first)
	same(t, "stored", must(s.WorkOrder(ctx, "wo-1"))(t), first)
	same(t, "its event", ids(must(s.Events(ctx, store.EventFilter{Problem: "p1"}))(t), eventText), []string{"made"})
	refusal := errors.New("not now")
	_, err := s.ChangeWorkOrder(ctx, "wo-1", func(o *corax.WorkOrder) error { o.State = corax.WorkAccepted; return refusal })
	if !errors.Is(err, refusal) || must(s.WorkOrder(ctx, "wo-1"))(t).State != corax.WorkDrafted {
		t.Errorf("a refused change: %v", err)
	}
	ended := corax.WorkOrder{State: corax.WorkVerified, MadeAt: Now().Add(time.Second)}
	must(s.ChangeWorkOrder(ctx, "wo-2", set(ended)))(t)
	ended.Unsent = []corax.Utterance{{ID: "u1"}}
	must(s.ChangeWorkOrder(ctx, "wo-3", set(ended)))(t)
	id := func(o corax.WorkOrder) string { return o.ID }
	same(t, "all", ids(must(s.WorkOrders(ctx, store.WorkOrderFilter{}))(t), id), []string{"wo-3", "wo-2", "wo-1"})
	same(t, "live", ids(must(s.WorkOrders(ctx, store.WorkOrderFilter{Live: true}))(t), id), []string{"wo-3", "wo-1"})
	same(t, "the newest", ids(must(s.WorkOrders(ctx, store.WorkOrderFilter{Limit: 1}))(t), id), []string{"wo-3"})
	ok(t, s.Prune(ctx, store.Retention{Age: time.Hour}, Now().Add(24*time.Hour)))
	same(t, "kept", ids(must(s.WorkOrders(ctx, store.WorkOrderFilter{}))(t), id), []string{"wo-3", "wo-1"})
	_, err = s.WorkOrder(ctx, "wo-2")
	hasCode(t, "a pruned one", err, corax.NotFound)
}
