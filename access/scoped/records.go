// Package scoped shows the records to whoever asks, as far as they may see them: who is limited to a scope sees what is about an entity in
// it. What is outside is not listed, and not found by its id. Who is not known sees nothing.
//
// A problem is seen whole by those who see one of its entities: what broke theirs may lie outside. Its case is not: it is of everything that
// was live then, and shows what is not theirs as far as the problem's own diagnosis speaks of it.
package scoped

import (
	"context"
	"errors"
	"slices"
	"time"

	"corax"
	"corax/access"
	"corax/store"
)

// Store is what is shown.
type Store interface {
	Incidents(ctx context.Context, f store.IncidentFilter) ([]corax.Incident, error)
	Incident(ctx context.Context, id string) (corax.Incident, error)
	SignalsOf(ctx context.Context, incident string, limit int) ([]corax.Signal, error)
	Signals(ctx context.Context, f store.SignalFilter) ([]corax.Signal, error)
	Problems(ctx context.Context, f store.ProblemFilter) ([]corax.Problem, error)
	Problem(ctx context.Context, id string) (corax.Problem, error)
	SearchProblems(ctx context.Context, f store.ProblemSearch) (store.ProblemList, error)
	OpenCounts(ctx context.Context, among []string) ([]store.ProblemCount, error)
	ProblemsLike(ctx context.Context, b store.ProblemBrief, most int) ([]store.ProblemBrief, error)
	PlanRun(ctx context.Context, id string) (corax.PlanRun, error)
	FindPlanRuns(ctx context.Context, f store.PlanFilter) ([]corax.PlanRun, error)
	Decisions(ctx context.Context, plan string) ([]corax.Decision, error)
	FindDecisions(ctx context.Context, f store.DecisionFilter) ([]corax.Decision, error)
	Decision(ctx context.Context, id string) (corax.Decision, error)
	FindOutcomes(ctx context.Context, f store.OutcomeFilter) ([]corax.Outcome, error)
	Approvals(ctx context.Context, openOnly bool) ([]corax.ApprovalRequest, error)
	FindApprovals(ctx context.Context, f store.ApprovalFilter) ([]corax.ApprovalRequest, error)
	Approval(ctx context.Context, id string) (corax.ApprovalRequest, error)
	BreakGlasses(ctx context.Context, after time.Time) ([]corax.BreakGlass, error)
	Events(ctx context.Context, f store.EventFilter) ([]corax.Event, error)
	Silences(ctx context.Context, at time.Time) ([]corax.Silence, error)
	SaveSilence(ctx context.Context, s corax.Silence) error
	EndSilence(ctx context.Context, id, by string) error
	Stops(ctx context.Context) ([]store.Stop, error)
	Pages(ctx context.Context, f store.PageFilter) ([]corax.Page, error)
	Backup(ctx context.Context, path string) error
}

// Records shows a store. Its fields are set once.
type Records struct {
	Store    Store
	Topology func() corax.Topology
}

// Incidents lists those that are seen; a page is as long as it would be without the others.
func (r Records) Incidents(ctx context.Context, f store.IncidentFilter) ([]corax.Incident, error) {
	s := r.sight(ctx)
	return fill(s, f.Limit, &f.After, func() ([]corax.Incident, error) { return r.Store.Incidents(ctx, f) },
		func(i corax.Incident) store.Cursor { return store.CursorOf(i.OpenedAt, i.ID) }, func(i corax.Incident) bool { return s.sees(i.Entity) })
}

// Incident is NotFound where it is not seen.
func (r Records) Incident(ctx context.Context, id string) (corax.Incident, error) {
	i, err := r.Store.Incident(ctx, id)
	if err == nil && !r.sight(ctx).sees(i.Entity) {
		return corax.Incident{}, hidden("read incident", id)
	}
	return i, err
}

// SignalsOf is NotFound where the incident is not seen.
func (r Records) SignalsOf(ctx context.Context, incident string, limit int) ([]corax.Signal, error) {
	if _, err := r.Incident(ctx, incident); err != nil {
		return nil, err
	}
	return r.Store.SignalsOf(ctx, incident, limit)
}

// Signals leaves out those that are not seen.
func (r Records) Signals(ctx context.Context, f store.SignalFilter) ([]corax.Signal, error) {
	all, err := r.Store.Signals(ctx, f)
	s := r.sight(ctx)
	return keep(s, all, func(x corax.Signal) bool { return s.sees(x.Entity) }), err
}

// Problems lists those that are seen.
func (r Records) Problems(ctx context.Context, f store.ProblemFilter) ([]corax.Problem, error) {
	s := r.sight(ctx)
	all, err := fill(s, f.Limit, &f.After, func() ([]corax.Problem, error) { return r.Store.Problems(ctx, f) },
		func(p corax.Problem) store.Cursor { return store.CursorOf(p.OpenedAt, p.ID) }, s.seesProblem)
	for n := range all {
		all[n].Case = s.cut(all[n])
	}
	return all, err
}

// Problem is NotFound where it is not seen.
func (r Records) Problem(ctx context.Context, id string) (corax.Problem, error) {
	p, err := r.Store.Problem(ctx, id)
	s := r.sight(ctx)
	if err == nil && !s.seesProblem(p) {
		return corax.Problem{}, hidden("read problem", id)
	}
	p.Case = s.cut(p)
	return p, err
}

// SearchProblems finds among those that are seen.
func (r Records) SearchProblems(ctx context.Context, f store.ProblemSearch) (store.ProblemList, error) {
	if s := r.sight(ctx); !s.everything {
		f.Among = s.among(f.Among)
	}
	return r.Store.SearchProblems(ctx, f)
}

// OpenCounts counts those that are seen and have not ended.
func (r Records) OpenCounts(ctx context.Context, among []string) ([]store.ProblemCount, error) {
	if s := r.sight(ctx); !s.everything {
		among = s.among(among)
	}
	return r.Store.OpenCounts(ctx, among)
}

// ProblemsLike leaves out those that are not seen.
func (r Records) ProblemsLike(ctx context.Context, b store.ProblemBrief, most int) ([]store.ProblemBrief, error) {
	all, err := r.Store.ProblemsLike(ctx, b, most)
	s := r.sight(ctx)
	return keep(s, all, func(b store.ProblemBrief) bool {
		return s.sees(b.Root) || slices.ContainsFunc(b.Affected, s.sees) || slices.ContainsFunc(b.Entities, s.sees)
	}), err
}

// PlanRun is NotFound where its problem is not seen.
func (r Records) PlanRun(ctx context.Context, id string) (corax.PlanRun, error) {
	run, err := r.Store.PlanRun(ctx, id)
	if err == nil && !r.sight(ctx).everything {
		if _, err := r.Problem(ctx, run.Plan.Problem); err != nil {
			return corax.PlanRun{}, hidden("read plan", id)
		}
	}
	return run, err
}

// FindPlanRuns lists those whose problem is seen.
func (r Records) FindPlanRuns(ctx context.Context, f store.PlanFilter) ([]corax.PlanRun, error) {
	s := r.sight(ctx)
	return fill(s, f.Limit, &f.After, func() ([]corax.PlanRun, error) { return r.Store.FindPlanRuns(ctx, f) },
		func(run corax.PlanRun) store.Cursor { return store.CursorOf(run.StartedAt, run.Plan.ID) },
		func(run corax.PlanRun) bool { return r.problem(ctx, s, run.Plan.Problem) })
}

// Decisions is NotFound where the plan is not seen.
func (r Records) Decisions(ctx context.Context, plan string) ([]corax.Decision, error) {
	s := r.sight(ctx)
	if !s.everything {
		if _, err := r.PlanRun(ctx, plan); err != nil {
			return nil, err
		}
	}
	all, err := r.Store.Decisions(ctx, plan)
	for n, d := range all {
		all[n] = s.plainly(d)
	}
	return all, err
}

// FindDecisions leaves out those of plans that are not seen.
func (r Records) FindDecisions(ctx context.Context, f store.DecisionFilter) ([]corax.Decision, error) {
	s, plans := r.sight(ctx), map[string]bool{}
	all, err := fill(s, f.Limit, &f.After, func() ([]corax.Decision, error) { return r.Store.FindDecisions(ctx, f) },
		func(d corax.Decision) store.Cursor { return store.CursorOf(d.At, d.ID) }, func(d corax.Decision) bool {
			if _, asked := plans[d.Plan]; !asked {
				_, err := r.PlanRun(ctx, d.Plan)
				plans[d.Plan] = err == nil
			}
			return plans[d.Plan]
		})
	for n, d := range all {
		all[n] = s.plainly(d)
	}
	return all, err
}

// Decision is NotFound where its plan is not seen.
func (r Records) Decision(ctx context.Context, id string) (corax.Decision, error) {
	d, err := r.Store.Decision(ctx, id)
	s := r.sight(ctx)
	if err == nil && !s.everything {
		if _, err := r.PlanRun(ctx, d.Plan); err != nil {
			return corax.Decision{}, hidden("read decision", id)
		}
	}
	return s.plainly(d), err
}

// FindOutcomes leaves out those on entities that are not seen.
func (r Records) FindOutcomes(ctx context.Context, f store.OutcomeFilter) ([]corax.Outcome, error) {
	s := r.sight(ctx)
	return fill(s, f.Limit, &f.After, func() ([]corax.Outcome, error) { return r.Store.FindOutcomes(ctx, f) },
		func(o corax.Outcome) store.Cursor { return store.CursorOf(o.At, o.ID) }, func(o corax.Outcome) bool { return s.sees(o.Entity) })
}

// Approvals lists requests about an entity, or a problem, that is seen.
func (r Records) Approvals(ctx context.Context, openOnly bool) ([]corax.ApprovalRequest, error) {
	all, err := r.Store.Approvals(ctx, openOnly)
	s := r.sight(ctx)
	return keep(s, all, func(a corax.ApprovalRequest) bool { return s.sees(a.Target) || r.problem(ctx, s, a.Problem) }), err
}

// FindApprovals lists a part of what Approvals does.
func (r Records) FindApprovals(ctx context.Context, f store.ApprovalFilter) ([]corax.ApprovalRequest, error) {
	s := r.sight(ctx)
	return fill(s, f.Limit, &f.After, func() ([]corax.ApprovalRequest, error) { return r.Store.FindApprovals(ctx, f) },
		func(a corax.ApprovalRequest) store.Cursor { return store.CursorOf(a.AskedAt, a.ID) },
		func(a corax.ApprovalRequest) bool { return s.sees(a.Target) || r.problem(ctx, s, a.Problem) })
}

// Approval is NotFound under the terms of Approvals.
func (r Records) Approval(ctx context.Context, id string) (corax.ApprovalRequest, error) {
	a, err := r.Store.Approval(ctx, id)
	if s := r.sight(ctx); err == nil && !s.sees(a.Target) && !r.problem(ctx, s, a.Problem) {
		return corax.ApprovalRequest{}, hidden("read approval", id)
	}
	return a, err
}

// BreakGlasses lists the emergencies of everything, and those of what is seen.
func (r Records) BreakGlasses(ctx context.Context, after time.Time) ([]corax.BreakGlass, error) {
	all, err := r.Store.BreakGlasses(ctx, after)
	s := r.sight(ctx)
	return keep(s, all, func(b corax.BreakGlass) bool { return s.wide(b.Scope) }), err
}

// Stops lists the switch of everything, and those of what is seen.
func (r Records) Stops(ctx context.Context) ([]store.Stop, error) {
	all, err := r.Store.Stops(ctx)
	s := r.sight(ctx)
	return keep(s, all, func(x store.Stop) bool { return s.wide(x.Scope) }), err
}

// Pages lists what people were told about problems that are seen. Tests are about none.
func (r Records) Pages(ctx context.Context, f store.PageFilter) ([]corax.Page, error) {
	s, problems := r.sight(ctx), map[string]bool{}
	return fill(s, f.Limit, &f.After, func() ([]corax.Page, error) { return r.Store.Pages(ctx, f) },
		func(p corax.Page) store.Cursor { return store.CursorOf(p.OpenedAt, p.ID) }, func(p corax.Page) bool {
			if _, asked := problems[p.Problem]; !asked {
				problems[p.Problem] = r.problem(ctx, s, p.Problem)
			}
			return problems[p.Problem]
		})
}

// eventsAtOnce is how many events are looked through at a time.
const eventsAtOnce = 1000

// Events lists those about an entity, an incident or a problem that is seen; a page is as long as it would be without the others.
func (r Records) Events(ctx context.Context, f store.EventFilter) ([]corax.Event, error) {
	s := r.sight(ctx)
	if s.everything {
		return r.Store.Events(ctx, f)
	}
	out, most, problems := []corax.Event{}, f.Limit, map[string]bool{}
	f.Limit = eventsAtOnce
	for {
		part, err := r.Store.Events(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, e := range part {
			if _, asked := problems[e.Problem]; !asked {
				problems[e.Problem] = r.problem(ctx, s, e.Problem)
			}
			if s.sees(e.Entity) || problems[e.Problem] {
				if out = append(out, e); len(out) == most {
					return out, nil
				}
			}
		}
		if len(part) < eventsAtOnce {
			return out, nil
		}
		f.After = part[len(part)-1].ID
	}
}

// Silences leaves out those of entities that are not seen.
func (r Records) Silences(ctx context.Context, at time.Time) ([]corax.Silence, error) {
	all, err := r.Store.Silences(ctx, at)
	s := r.sight(ctx)
	return keep(s, all, func(q corax.Silence) bool { return s.wide(q.Match["entity"]) }), err
}

// SaveSilence is Forbidden for a silence that may reach beyond what is seen: who has a scope names an entity in it.
func (r Records) SaveSilence(ctx context.Context, q corax.Silence) error {
	if err := r.Entity(ctx, "silence", q.Match["entity"]); err != nil {
		return err
	}
	return r.Store.SaveSilence(ctx, q)
}

// EndSilence is NotFound for one that is not seen, and Forbidden for one that reaches beyond that.
func (r Records) EndSilence(ctx context.Context, id, by string) error {
	if s := r.sight(ctx); !s.everything {
		all, err := r.Silences(ctx, time.Time{})
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(q corax.Silence) bool { return q.ID == id })
		if i < 0 {
			return hidden("end silence", id)
		}
		if err := r.Entity(ctx, "end a silence of", all[i].Match["entity"]); err != nil {
			return err
		}
	}
	return r.Store.EndSilence(ctx, id, by)
}

// Backup is Forbidden for who does not see everything.
func (r Records) Backup(ctx context.Context, path string) error {
	if err := r.Everything(ctx, "back up"); err != nil {
		return err
	}
	return r.Store.Backup(ctx, path)
}

// problem says whether a problem is seen.
func (r Records) problem(ctx context.Context, s sight, id string) bool {
	if s.everything {
		return true
	}
	if id == "" || !s.who.Known() {
		return false
	}
	p, err := r.Store.Problem(ctx, id)
	return err == nil && s.seesProblem(p)
}

func hidden(op, id string) error {
	return &corax.Error{Code: corax.NotFound, Op: op + " " + id, Err: errors.New("there is none with this id")}
}

// fill is Fill for who may not see everything; who may reads the list as it is.
func fill[T any](s sight, most int, after *store.Cursor, read func() ([]T, error), at func(T) store.Cursor, sees func(T) bool) ([]T, error) {
	if s.everything {
		return read()
	}
	return Fill(most, after, read, at, sees)
}

// Fill reads a list on until most of it are seen, or all of it was read: a page is as long as it would be without the others, since a short
// one would say that the list ends. 0 is all. Each reading begins after the cursor, which Fill moves on.
func Fill[T any](most int, after *store.Cursor, read func() ([]T, error), at func(T) store.Cursor, sees func(T) bool) ([]T, error) {
	out := []T{}
	for {
		part, err := read()
		if err != nil {
			return nil, err
		}
		for _, x := range part {
			if sees(x) {
				if out = append(out, x); len(out) == most {
					return out, nil
				}
			}
		}
		if most == 0 || len(part) < most {
			return out, nil
		}
		*after = at(part[len(part)-1])
	}
}

// keep leaves out what does not pass, unless everything is seen.
func keep[T any](s sight, all []T, sees func(T) bool) []T {
	if s.everything || all == nil {
		return all
	}
	out := []T{}
	for _, x := range all {
		if sees(x) {
			out = append(out, x)
		}
	}
	return out
}

// sight is what who asks may see.
type sight struct {
	who        access.Principal
	everything bool
	entities   map[string]corax.Entity
}

func (r Records) sight(ctx context.Context) sight {
	s := sight{who: access.From(ctx)}
	if s.everything = s.who.Known() && !s.who.Limited(); !s.everything {
		s.entities = map[string]corax.Entity{}
		for _, e := range r.Topology().Entities {
			s.entities[e.ID] = e
		}
	}
	return s
}

// sees says whether an entity is seen. One that the topology doesn't know still has its id.
func (s sight) sees(id string) bool {
	if s.everything {
		return true
	}
	e, known := s.entities[id]
	if !known {
		e = corax.Entity{ID: id}
	}
	return s.who.Known() && id != "" && s.who.Sees(e)
}

// wide is sees, where no entity stands for all of them.
func (s sight) wide(id string) bool { return s.who.Known() && (id == "" || s.sees(id)) }

// seesProblem goes by what the problem is about. Its case says nothing of that: it holds the signals of all that was live then.
func (s sight) seesProblem(p corax.Problem) bool {
	return s.everything || s.sees(p.Diagnosis.Cascade.Root) || slices.ContainsFunc(store.BriefOf(&p).Entities, s.sees) ||
		p.Case != nil && slices.ContainsFunc(p.Case.Signals, func(x corax.Signal) bool { return ofProblem(p, x) && s.sees(x.Entity) })
}

// among is those of the entities that are seen; of all where asked is nil.
func (s sight) among(asked []string) []string {
	out := []string{}
	for id := range s.entities {
		if s.sees(id) && (asked == nil || slices.Contains(asked, id)) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}
