package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"

	"corax"
	"corax/store"
)

// Pages and work orders. A page that has ended may still have something to send.
const (
	getPage    = `SELECT doc FROM pages WHERE id = ?`
	upsertPage = `INSERT INTO pages (id, ended, opened_at, due, doc) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, opened_at = excluded.opened_at, due = excluded.due, doc = excluded.doc`
	listPages = `SELECT doc FROM pages WHERE (NOT ?1 OR ended = 0) AND (opened_at, id) < (?3, ?4) ORDER BY opened_at DESC, id DESC LIMIT ?2`
	duePages  = `SELECT doc FROM pages WHERE due IS NOT NULL ORDER BY due, id LIMIT ?`

	getWorkOrder    = `SELECT doc FROM work_orders WHERE id = ?`
	upsertWorkOrder = `INSERT INTO work_orders (id, ended, made_at, doc) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, made_at = excluded.made_at, doc = excluded.doc`
	listWorkOrders = `SELECT doc FROM work_orders WHERE (made_at, id) < (?1, ?2) ORDER BY made_at DESC, id DESC LIMIT ?3`
	liveWorkOrders = `SELECT doc FROM work_orders WHERE ended = 0 AND (made_at, id) < (?1, ?2) ORDER BY made_at DESC, id DESC LIMIT ?3`

	dropPages      = `DELETE FROM pages WHERE id IN (SELECT id FROM pages WHERE ended = 1 AND due IS NULL AND opened_at < ?1 LIMIT ?2)`
	dropWorkOrders = `DELETE FROM work_orders WHERE id IN (SELECT id FROM work_orders WHERE ended = 1 AND made_at < ?1 LIMIT ?2)`
)

// changeOrMake is change, where a document that isn't there is an empty one; fn makes it.
func changeOrMake[T any](t *tx, op, query, id string, fn func(*T) error) (T, error) {
	v, err := change(t, op, query, id, fn)
	if corax.CodeOf(err) != corax.NotFound || !errors.Is(err, errMissing) {
		return v, err
	}
	var fresh, none T
	if err := fn(&fresh); err != nil {
		return none, err
	}
	return fresh, nil
}

// ChangePage stores what fn made of a page, with the events. Where there is none with this id, fn gets an empty one. Where fn fails
// nothing is stored, and its error is returned. Nobody else writes meanwhile: fn must be quick, and must not call the store.
func (s *Store) ChangePage(ctx context.Context, id string, fn func(*corax.Page) error, events ...corax.Event) (corax.Page, error) {
	const op = "change page"
	if id == "" {
		return corax.Page{}, corax.Errorf(corax.Invalid, op, "it has no id")
	}
	var p corax.Page
	err := s.transact(ctx, op+" "+id, func(t *tx) (err error) {
		if p, err = changeOrMake(t, op, getPage, id, fn); err != nil {
			return err
		}
		p.ID = id
		doc, err := encode(p)
		if err != nil {
			return err
		}
		due := sql.NullInt64{}
		if at, ok := p.Due(); ok {
			due = sql.NullInt64{Int64: at.UnixMicro(), Valid: true}
		}
		if _, err := t.exec(upsertPage, id, p.State == corax.PageEnded, p.OpenedAt.UnixMicro(), due, doc); err != nil {
			return err
		}
		return t.append(events)
	})
	if err != nil {
		return corax.Page{}, err
	}
	return p, nil
}

// Page is NotFound where there is none.
func (s *Store) Page(ctx context.Context, id string) (corax.Page, error) {
	return get[corax.Page](ctx, s, "read page", getPage, id)
}

// Pages lists pages, newest first.
func (s *Store) Pages(ctx context.Context, f store.PageFilter) ([]corax.Page, error) {
	at, id := f.After.Before()
	return list[corax.Page](ctx, s, "list pages", listPages, f.Live, limit(f.Limit), at, id)
}

// DuePages lists pages that have something to come, the earliest first, also where its time is not there yet.
func (s *Store) DuePages(ctx context.Context, most int) ([]corax.Page, error) {
	return list[corax.Page](ctx, s, "list due pages", duePages, limit(most))
}

// ChangeWorkOrder stores what fn made of a work order, under the same terms as ChangePage.
func (s *Store) ChangeWorkOrder(ctx context.Context, id string, fn func(*corax.WorkOrder) error, events ...corax.Event) (corax.WorkOrder, error) {
	const op = "change work order"
	if id == "" {
		return corax.WorkOrder{}, corax.Errorf(corax.Invalid, op, "it has no id")
	}
	var o corax.WorkOrder
	var was corax.WorkState
	watched := func(o *corax.WorkOrder) error {
		was = o.State
		return fn(o)
	}
	err := s.transact(ctx, op+" "+id, func(t *tx) (err error) {
		if o, err = changeOrMake(t, op, getWorkOrder, id, watched); err != nil {
			return err
		}
		o.ID = id
		doc, err := encode(o)
		if err != nil {
			return err
		}
		// An order that has ended is live until everybody who must know is told.
		if _, err := t.exec(upsertWorkOrder, id, o.State.Ended() && len(o.Unsent) == 0, o.MadeAt.UnixMicro(), doc); err != nil {
			return err
		}
		if o.State != was && len(o.Log) > 0 {
			last := o.Log[len(o.Log)-1]
			err := t.audit(corax.AuditEntry{At: last.At, Who: cmp.Or(last.By, "corax"), What: corax.AuditWork, On: onWork + id, Plan: o.Plan,
				Problem: o.Problem, Inputs: t.inputs(doc), Detail: map[string]string{"state": string(o.State), "was": string(was), "said": last.Text}})
			if err != nil {
				return err
			}
		}
		return t.append(events)
	})
	if err != nil {
		return corax.WorkOrder{}, err
	}
	return o, nil
}

// WorkOrder is NotFound where there is none.
func (s *Store) WorkOrder(ctx context.Context, id string) (corax.WorkOrder, error) {
	return get[corax.WorkOrder](ctx, s, "read work order", getWorkOrder, id)
}

// WorkOrders lists work orders, newest first. Live ones have not ended, or somebody is still to be told that they have.
func (s *Store) WorkOrders(ctx context.Context, f store.WorkOrderFilter) ([]corax.WorkOrder, error) {
	query := listWorkOrders
	if f.Live {
		query = liveWorkOrders
	}
	at, id := f.After.Before()
	return list[corax.WorkOrder](ctx, s, "list work orders", query, at, id, limit(f.Limit))
}
