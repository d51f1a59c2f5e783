package app

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"corax"
	"corax/access"
	"corax/access/scoped"
	"corax/config"
	"corax/scenario/casefile"
	"corax/store"
)

// records are those of the store, as far as who asks may see them.
func (a *App) records() scoped.Records {
	return scoped.Records{Store: a.store, Topology: a.topology}
}

// limited is controls, as far as who asks may act. Whoever has a scope is let through to the calls alone that are here, see server and web;
// all others are for those who see everything.
type limited struct {
	controls
	in scoped.Records
}

func (a *App) limited() limited { return limited{controls{a}, a.records()} }

func (l limited) Monitors(ctx context.Context) []corax.ProbeResult {
	seen := l.in.Seen(ctx)
	return slices.DeleteFunc(l.controls.Monitors(ctx), func(m corax.ProbeResult) bool { return !seen(m.Entity) })
}

func (l limited) RunMonitor(ctx context.Context, name string) (corax.ProbeResult, error) {
	if !slices.ContainsFunc(l.Monitors(ctx), func(m corax.ProbeResult) bool { return m.Monitor == name }) {
		return corax.ProbeResult{}, corax.Errorf(corax.NotFound, "run monitor "+name, "there is no such monitor")
	}
	return l.controls.RunMonitor(ctx, name)
}

func (l limited) Acknowledge(ctx context.Context, incident, by string) error {
	if _, err := l.in.Incident(ctx, incident); err != nil {
		return err
	}
	return l.controls.Acknowledge(ctx, incident, by)
}

func (l limited) Resolve(ctx context.Context, incident, by string) error {
	if _, err := l.in.Incident(ctx, incident); err != nil {
		return err
	}
	return l.controls.Resolve(ctx, incident, by)
}

func (l limited) Escalate(ctx context.Context, problem, by, reason string) error {
	if _, err := l.in.Problem(ctx, problem); err != nil {
		return err
	}
	return l.controls.Escalate(ctx, problem, by, reason)
}

func (l limited) Comment(ctx context.Context, problem, by, text string) (corax.Event, error) {
	if _, err := l.in.Problem(ctx, problem); err != nil {
		return corax.Event{}, err
	}
	return l.controls.Comment(ctx, problem, by, text)
}

func (l limited) TakeOver(ctx context.Context, problem, by, reason string) error {
	p, err := l.in.Problem(ctx, problem)
	if err == nil && p.Plan != "" {
		err = l.in.Plan(ctx, "take over the plan", p.Plan)
	}
	if err != nil {
		return err
	}
	return l.controls.TakeOver(ctx, problem, by, reason)
}

func (l limited) WhyNot(ctx context.Context, problem, name string) ([]corax.WhyNot, error) {
	if _, err := l.in.Problem(ctx, problem); err != nil {
		return nil, err
	}
	all, err := l.controls.WhyNot(ctx, problem, name)
	if err != nil || l.in.Everything(ctx, "explain") == nil {
		return all, err
	}
	// The case has others' problems too: only what is made of this one's signals is told.
	p, err := l.a.store.Problem(ctx, problem)
	if err != nil || p.Case == nil {
		return nil, err
	}
	made := l.a.o.Engine.Diagnose(*p.Case).Problems
	return slices.DeleteFunc(all, func(x corax.WhyNot) bool {
		return x.Problem >= len(made) || !slices.ContainsFunc(made[x.Problem].Signals, func(n int) bool { return slices.Contains(p.Diagnosis.Signals, n) })
	}), nil
}

func (l limited) Answer(ctx context.Context, approval string, v corax.Verdict, by corax.Actor) (corax.ApprovalRequest, error) {
	if err := l.in.Request(ctx, "answer", approval); err != nil {
		return corax.ApprovalRequest{}, err
	}
	return l.controls.Answer(ctx, approval, v, by)
}

func (l limited) Pause(ctx context.Context, plan, by, reason string) error {
	if err := l.in.Plan(ctx, "pause plan", plan); err != nil {
		return err
	}
	return l.controls.Pause(ctx, plan, by, reason)
}

func (l limited) Resume(ctx context.Context, plan, by, reason string) error {
	if err := l.in.Plan(ctx, "resume plan", plan); err != nil {
		return err
	}
	return l.controls.Resume(ctx, plan, by, reason)
}

func (l limited) Cancel(ctx context.Context, plan, by, reason string) error {
	if err := l.in.Plan(ctx, "cancel plan", plan); err != nil {
		return err
	}
	return l.controls.Cancel(ctx, plan, by, reason)
}

func (l limited) Undo(ctx context.Context, plan, by, reason string) error {
	if err := l.in.Plan(ctx, "undo plan", plan); err != nil {
		return err
	}
	return l.controls.Undo(ctx, plan, by, reason)
}

func (l limited) Rehearse(ctx context.Context, plan string) ([]corax.Rehearsal, error) {
	if err := l.in.Plan(ctx, "rehearse plan", plan); err != nil {
		return nil, err
	}
	return l.controls.Rehearse(ctx, plan)
}

func (l limited) Replay(ctx context.Context, plan string) ([]corax.Replayed, error) {
	if err := l.in.Plan(ctx, "replay plan", plan); err != nil {
		return nil, err
	}
	return l.controls.Replay(ctx, plan)
}

func (l limited) SetStop(ctx context.Context, scope, reason, by string) error {
	if err := l.in.Entity(ctx, "stop", scope); err != nil {
		return err
	}
	return l.controls.SetStop(ctx, scope, reason, by)
}

func (l limited) ClearStop(ctx context.Context, scope, by string) error {
	if err := l.in.Entity(ctx, "clear the stop of", scope); err != nil {
		return err
	}
	return l.controls.ClearStop(ctx, scope, by)
}

func (l limited) BreakGlass(ctx context.Context, by corax.Actor, scope, reason string, length time.Duration) (corax.BreakGlass, error) {
	if err := l.in.Entity(ctx, "declare an emergency for", scope); err != nil {
		return corax.BreakGlass{}, err
	}
	return l.controls.BreakGlass(ctx, by, scope, reason, length)
}

func (l limited) EndBreakGlass(ctx context.Context, id, by string) error {
	if err := l.in.Everything(ctx, "end emergency "+id); err != nil {
		return err
	}
	return l.controls.EndBreakGlass(ctx, id, by)
}

// Page is NotFound where its problem is not seen.
func (l limited) Page(ctx context.Context, id string) (corax.Page, error) {
	p, err := l.a.store.Page(ctx, id)
	if err == nil && l.in.Everything(ctx, "read page") != nil {
		if _, err := l.in.Problem(ctx, p.Problem); err != nil {
			return corax.Page{}, corax.Errorf(corax.NotFound, "read page "+id, "there is none with this id")
		}
	}
	return p, err
}

// AckPage takes the id of a page, or of its problem.
func (l limited) AckPage(ctx context.Context, page, by string) (corax.Page, error) {
	problem := page
	if p, err := l.a.store.Page(ctx, page); err == nil {
		problem = p.Problem
	}
	if l.in.Everything(ctx, "acknowledge") != nil {
		if _, err := l.in.Problem(ctx, problem); err != nil {
			return corax.Page{}, err
		}
	}
	return l.controls.AckPage(ctx, page, by)
}

// Pages lists those that are about problems that are seen.
func (l limited) Pages(ctx context.Context, f store.PageFilter) ([]corax.Page, error) {
	return l.in.Pages(ctx, f)
}

// hands is the directory of sites: those where something stands that is seen, with that.
func (a *App) hands(ctx context.Context) config.Hands {
	h, in := a.config().Hands, a.records()
	if in.Everything(ctx, "list sites") == nil {
		return h
	}
	return h.Only(in.Seen(ctx))
}

// WorkOrders lists those that are seen; a page is as long as it would be without the others.
func (l limited) WorkOrders(ctx context.Context, f store.WorkOrderFilter) ([]corax.WorkOrder, error) {
	if l.in.Everything(ctx, "list work orders") == nil {
		return l.controls.WorkOrders(ctx, f)
	}
	return scoped.Fill(f.Limit, &f.After, func() ([]corax.WorkOrder, error) { return l.controls.WorkOrders(ctx, f) },
		func(o corax.WorkOrder) store.Cursor { return store.CursorOf(o.MadeAt, o.ID) }, func(o corax.WorkOrder) bool { return l.seesOrder(ctx, o) })
}

// seesOrder says whether who asks sees the problem of an order, and what it is to be done to.
func (l limited) seesOrder(ctx context.Context, o corax.WorkOrder) bool {
	if l.in.Entity(ctx, "read work order", o.Place.Entity) != nil {
		return false
	}
	_, err := l.in.Problem(ctx, o.Problem)
	return err == nil
}

func (l limited) WorkOrder(ctx context.Context, id string) (corax.WorkOrder, error) {
	o, err := l.controls.WorkOrder(ctx, id)
	if err == nil && l.in.Everything(ctx, "read work order") != nil && !l.seesOrder(ctx, o) {
		return corax.WorkOrder{}, corax.Errorf(corax.NotFound, "read work order "+id, "there is none with this id")
	}
	return o, err
}

func (l limited) AnswerWork(ctx context.Context, id, answer, by, note string) (corax.WorkOrder, error) {
	if _, err := l.WorkOrder(ctx, id); err != nil {
		return corax.WorkOrder{}, err
	}
	return l.controls.AnswerWork(ctx, id, answer, by, note)
}

// limitedLedger shows of the audit what who asks may see.
type limitedLedger struct {
	ledger
	in scoped.Records
}

// ExportProblem is Forbidden for who does not see everything: the file holds the whole case, since it is to be diagnosed again elsewhere.
func (l limitedLedger) ExportProblem(ctx context.Context, id string) (casefile.File, error) {
	_, err := l.in.Problem(ctx, id)
	if err == nil {
		err = l.in.Everything(ctx, "export problem "+id)
	}
	if err != nil {
		return casefile.File{}, err
	}
	f, err := l.ledger.ExportProblem(ctx, id)
	if err != nil || access.From(ctx).May(access.RoleOperator) {
		return f, err
	}
	var c casefile.Content
	if err := json.Unmarshal(f.Content, &c); err != nil {
		return casefile.File{}, corax.Errorf(corax.Internal, "export problem "+id, "%w", err)
	}
	l.in.Plain(ctx, c.Problem.Case, c.Decisions) // no diagnosis asks for attributes, so it is the same without them
	return casefile.Sign(c, l.a.auditKey)
}
