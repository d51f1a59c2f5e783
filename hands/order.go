package hands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"corax"
	"corax/config"
	"corax/store"
)

// Can says whether anybody can be asked to work on an entity.
func (d *Desk) Can(entity string) bool {
	_, site, ok := d.o.Settings().Place(entity)
	return ok && len(site.Ladder) > 0
}

// Order makes the work order of a plan and begins to ask, or gives the order that was made for the plan before. It is
// NotFound where it isn't configured where the entity stands, or nobody can be asked there.
func (d *Desk) Order(ctx context.Context, plan corax.Plan, p corax.Problem) (corax.WorkOrder, error) {
	id := orderID(plan.ID)
	if o, err := d.o.Store.WorkOrder(ctx, id); corax.CodeOf(err) != corax.NotFound {
		return o, err
	}
	m := d.moment()
	place, site, ok := m.settings.Place(p.Diagnosis.RootCause.Entity)
	if !ok || len(site.Ladder) == 0 {
		return corax.WorkOrder{}, &corax.Error{Code: corax.NotFound, Op: "order work on " + p.Diagnosis.RootCause.Entity,
			Err: errors.New("it is not known where it stands, or whom to ask there"), Hint: "add it to hands.places, and its site to hands.sites"}
	}
	fresh := m.draft(id, plan, p, place, site)
	clean(&fresh, d.o.Redactor.Redact)
	o, err := d.change(ctx, id, func(o *corax.WorkOrder) error {
		if o.ID != "" {
			return errUnchanged
		}
		*o = fresh
		return nil
	})
	if errors.Is(err, errUnchanged) {
		return d.o.Store.WorkOrder(ctx, id)
	}
	d.ring()
	return o, err
}

// draft writes the order from diagnosis, plan and site.
func (m moment) draft(id string, plan corax.Plan, p corax.Problem, place config.Place, site config.Site) corax.WorkOrder {
	d := p.Diagnosis
	name := site.Title
	if name == "" {
		name = site.Name
	}
	if site.Address != "" {
		name += ", " + site.Address
	}
	o := corax.WorkOrder{
		ID: id, Plan: plan.ID, Problem: p.ID, Severity: d.Severity, State: corax.WorkDrafted, Site: site.Name, What: d.RootCause.Summary,
		Place: corax.Place{Entity: place.Entity, Site: name, Room: place.Room, Rack: place.Rack, Unit: place.Unit, Marking: place.Marking,
			Note: place.Note},
		Leave: append(slices.Clone(place.Leave), site.Leave...), Watches: append([]string{d.RootCause.Entity}, d.Cascade.Affected...),
		Safety: site.Safety, Access: site.Access, Contact: site.Contact, MadeAt: m.now, AcceptBy: m.now.Add(site.AcceptWithin),
		Steps: []corax.WorkStep{}, Checks: []string{},
	}
	for _, other := range m.settings.Places { // what stands beside it is what is pulled by mistake
		if other.Site == place.Site && other.Room == place.Room && other.Rack == place.Rack && place.Rack != "" && other.Entity != place.Entity {
			o.Leave = append(o.Leave, strings.TrimSpace(other.Entity+" "+other.Unit))
		}
	}
	for _, s := range plan.Steps {
		do := s.Do
		if do == "" {
			do = s.Action + " on " + s.Target
		}
		o.Steps = append(o.Steps, corax.WorkStep{Do: do, Check: s.Check, Verify: s.Verify, Undo: s.Undo})
	}
	o.Checks = append(o.Checks, o.Watches[:min(len(o.Watches), 5)]...)
	o.Log = []corax.WorkEntry{{At: m.now, State: corax.WorkDrafted, Text: fmt.Sprintf("written for plan %s, with %d steps", plan.ID, len(o.Steps))}}
	return o
}

// clean takes secrets out of what came from outside.
func clean(o *corax.WorkOrder, redact func(string) string) {
	o.What = redact(o.What)
	for i := range o.Steps {
		s := &o.Steps[i]
		s.Do, s.Check, s.Verify, s.Undo = redact(s.Do), redact(s.Check), redact(s.Verify), redact(s.Undo)
	}
}

// Answer takes what somebody says about an order. It is a Conflict where the order's state doesn't allow it, and
// returns when the answer is stored.
func (d *Desk) Answer(ctx context.Context, id string, a Answer, by, note string) (corax.WorkOrder, error) {
	return d.answer(ctx, id, a, by, note, "")
}

func (d *Desk) answer(ctx context.Context, id string, a Answer, by, note, link string) (corax.WorkOrder, error) {
	if by == "" {
		return corax.WorkOrder{}, corax.Errorf(corax.Invalid, string(a)+" work order "+id, "nobody is named as answering")
	}
	if _, err := d.o.Store.WorkOrder(ctx, id); err != nil {
		return corax.WorkOrder{}, err
	}
	m := d.moment()
	note = d.o.Redactor.Redact(note)
	o, err := d.change(ctx, id, func(o *corax.WorkOrder) error { return m.answer(o, a, by, note, link) })
	if err == nil {
		d.ring()
	}
	return o, err
}

// OrderOf is the order that was made for a plan, or NotFound.
func (d *Desk) OrderOf(ctx context.Context, plan string) (corax.WorkOrder, error) {
	return d.o.Store.WorkOrder(ctx, orderID(plan))
}

// Get is NotFound where there is no order with this id.
func (d *Desk) Get(ctx context.Context, id string) (corax.WorkOrder, error) {
	return d.o.Store.WorkOrder(ctx, id)
}

func orderID(plan string) string { return corax.HashID("wo", plan) }

// Withdraw ends the order of a plan, which is not needed any more. One that has ended stays as it is.
func (d *Desk) Withdraw(ctx context.Context, plan, why string) error {
	m := d.moment()
	_, err := d.change(ctx, orderID(plan), func(o *corax.WorkOrder) error {
		if o.ID == "" || o.State.Ended() {
			return errUnchanged
		}
		m.end(o, corax.WorkCancelled, "", why)
		return nil
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	d.ring()
	return err
}

// Orders lists work orders, newest first.
func (d *Desk) Orders(ctx context.Context, f store.WorkOrderFilter) ([]corax.WorkOrder, error) {
	return d.o.Store.WorkOrders(ctx, f)
}
