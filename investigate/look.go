package investigate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"corax"
	"corax/store"
)

// Look diagnoses what is live now and brings the problems up to date.
func (v *Investigator) Look(ctx context.Context) error {
	live, err := v.o.Store.LiveIncidents(ctx)
	if err != nil {
		return err
	}
	open, err := v.o.Store.Problems(ctx, store.ProblemFilter{Open: true})
	if err != nil {
		return err
	}
	fresh, err := v.sift(ctx, live, open)
	if err != nil {
		return err
	}
	if len(fresh) > 0 {
		c, err := v.gather(ctx, fresh)
		if err != nil {
			return err
		}
		report := v.o.Engine.Diagnose(c)
		for _, f := range findings(c, report, fresh) {
			if open, err = v.record(ctx, c, f, open); err != nil {
				return err
			}
		}
	}
	return v.settleEnded(ctx, open, live)
}

// afterglow is how long after an action of ours its target's troubles are still put down to it.
const afterglow = 5 * time.Second

// began is when an incident opened, or opened again.
func began(i corax.Incident) time.Time {
	if n := len(i.Changes); i.Reopened > 0 && i.Failing && n > 0 {
		return i.Changes[n-1]
	}
	return i.OpenedAt
}

// since is since when there is trouble for certain: since the incident began, or, where nothing but time ends it, since it was last heard of.
func since(i corax.Incident) time.Time {
	if i.ExpiresAt != nil {
		return i.UpdatedAt
	}
	return began(i)
}

// holds says that an incident is a problem's: one of its own, unless the problem was healed and the incident began anew after that. Then it
// is another outage, although a plan may still be tidying up after the first.
func holds(p corax.Problem, i corax.Incident) bool {
	return slices.Contains(p.Incidents, i.ID) && (p.HealedAt == nil || !since(i).After(*p.HealedAt))
}

// sift keeps the incidents that a case is made of. Left out are what only outlasts a problem that was healed or has ended (a log line's
// incident, which nothing but time resolves), and what our own action brings about while it is at work: that goes to the problem which the
// action is for.
func (v *Investigator) sift(ctx context.Context, live []corax.Incident, open []corax.Problem) ([]corax.Incident, error) {
	acting, err := v.acting(ctx, open)
	if err != nil {
		return nil, err
	}
	acting = slices.DeleteFunc(acting, func(a action) bool {
		return slices.ContainsFunc(live, func(i corax.Incident) bool { return a.follows(i, open[a.problem]) })
	})
	var fresh []corax.Incident
	for _, i := range live {
		if i.Problem != "" {
			p, err := v.o.Store.Problem(ctx, i.Problem)
			if err != nil {
				return nil, err
			}
			over, from := cmp.Or(p.HealedAt, p.ClosedAt), since(i)
			switch {
			case over == nil:
			case from.After(*over):
				i.OpenedAt = from // of the outage that it is a part of now; what came before says nothing about that
			case i.ExpiresAt != nil:
				continue
			}
		}
		if n := slices.IndexFunc(acting, func(a action) bool { return a.causes(i, open[a.problem]) }); n >= 0 {
			v.lookAgain(acting[n].to)
			if i.Problem == "" {
				if err := v.attach(ctx, &open[acting[n].problem], i); err != nil {
					return nil, err
				}
			}
			continue
		}
		fresh = append(fresh, i)
	}
	return fresh, nil
}

// lookAgain has the next look come when an action, and what it brings about, is over.
func (v *Investigator) lookAgain(at time.Time) {
	in := max(at.Sub(v.o.Clock.Now()), v.o.Settle)
	if v.again == 0 || in < v.again {
		v.again = in
	}
}

// action is a time in which a plan was changing something.
type action struct {
	problem  int // index into the open problems
	from, to time.Time
}

// causes says that an incident began during the action, at an entity of the problem that the action is for. One that the problem holds
// is its own anyway, and one that is another's was put there for a reason.
func (a action) causes(i corax.Incident, p corax.Problem) bool {
	from := since(i)
	anew := i.Problem == "" || i.Problem == p.ID && p.HealedAt != nil && from.After(*p.HealedAt)
	return anew && concerns(p, i.Entity) && !from.Before(a.from) && !from.After(a.to)
}

// follows says that the action began when, after its problem was healed, there was new trouble already: another outage is under way, and what
// fails next belongs to that. A line in a log is no sign of it: one may come late.
func (a action) follows(i corax.Incident, p corax.Problem) bool {
	return p.HealedAt != nil && i.ExpiresAt == nil && concerns(p, i.Entity) && since(i).After(*p.HealedAt) && since(i).Before(a.from)
}

// concerns says that an entity is the root of a problem, or feels it.
func concerns(p corax.Problem, entity string) bool {
	return entity == p.Diagnosis.RootCause.Entity || slices.Contains(p.Diagnosis.Cascade.Affected, entity)
}

// acting lists when plans of open problems are changing something, or were until now.
func (v *Investigator) acting(ctx context.Context, open []corax.Problem) ([]action, error) {
	var out []action
	for at, p := range open {
		if p.Plan == "" {
			continue
		}
		run, err := v.o.Store.PlanRun(ctx, p.Plan)
		if err != nil {
			return nil, err
		}
		now := v.o.Clock.Now()
		for n, s := range run.Steps {
			if s.StartedAt == nil || s.Attempts == 0 || n < len(run.Plan.Steps) && run.Plan.Steps[n].Risk == corax.Read {
				continue // it changes nothing, or waits
			}
			to := now
			if s.EndedAt != nil {
				to = s.EndedAt.Add(afterglow)
			}
			// What outlasts an action by so much was not brought about by it.
			if !to.Before(now) {
				out = append(out, action{at, *s.StartedAt, to})
			}
		}
	}
	return out, nil
}

// attach gives an incident to a problem without looking at its diagnosis again.
func (v *Investigator) attach(ctx context.Context, p *corax.Problem, i corax.Incident) (err error) {
	*p, err = v.o.Store.UpdateProblem(ctx, p.ID, func(p *corax.Problem) error {
		p.Incidents = append(p.Incidents, i.ID)
		return nil
	})
	return err
}

// gather makes the case: the incidents with their latest signals, and what was changed shortly before the oldest of them.
func (v *Investigator) gather(ctx context.Context, live []corax.Incident) (corax.Case, error) {
	if len(live) > mostIncidents {
		slices.SortFunc(live, func(a, b corax.Incident) int {
			return cmp.Or(cmp.Compare(b.Severity, a.Severity), b.UpdatedAt.Compare(a.UpdatedAt), cmp.Compare(a.ID, b.ID))
		})
		live = live[:mostIncidents]
	}
	slices.SortFunc(live, func(a, b corax.Incident) int { return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.ID, b.ID)) })
	c := corax.Case{ID: "live", Topology: v.o.Topology()}
	seen := map[string]bool{}
	oldest := live[0].OpenedAt
	for _, i := range live {
		signals, err := v.o.Store.SignalsOf(ctx, i.ID, signalsEach)
		if err != nil {
			return c, err
		}
		for _, s := range signals {
			seen[s.ID] = true
		}
		for _, s := range ofNow(signals, i.OpenedAt) {
			s.Fingerprint = i.ID
			c.Signals = append(c.Signals, s)
		}
	}
	kinds := []corax.SignalKind{corax.ChangeOf, corax.Note}
	changes, err := v.o.Store.RecentSignals(ctx, kinds, oldest.Add(-changesLookback), mostChanges)
	if err != nil {
		return c, err
	}
	spent, err := v.spent(ctx, oldest)
	if err != nil {
		return c, err
	}
	for _, s := range changes {
		if !seen[s.ID] && !spent[s.ID] {
			s.Fingerprint = ""
			c.Signals = append(c.Signals, s)
		}
	}
	slices.SortStableFunc(c.Signals, func(a, b corax.Signal) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return c, nil
}

// ofNow keeps the signals from a time on, or the latest where all are older.
func ofNow(signals []corax.Signal, from time.Time) []corax.Signal {
	if len(signals) == 0 {
		return nil
	}
	latest := slices.MaxFunc(signals, func(a, b corax.Signal) int { return a.At.Compare(b.At) })
	if latest.At.Before(from) {
		return []corax.Signal{latest}
	}
	return slices.DeleteFunc(slices.Clone(signals), func(s corax.Signal) bool { return s.At.Before(from) })
}

// spent tells which changes explain problems that were healed before a time: the trouble that came later has another cause.
func (v *Investigator) spent(ctx context.Context, before time.Time) (map[string]bool, error) {
	latest, err := v.o.Store.Problems(ctx, store.ProblemFilter{Limit: mostSpent})
	if err != nil {
		return nil, err
	}
	spent := map[string]bool{}
	for _, p := range latest {
		over := cmp.Or(p.HealedAt, p.ClosedAt)
		if over == nil || !over.Before(before) || p.Case == nil {
			continue
		}
		for _, e := range p.Diagnosis.RootCause.Evidence {
			if e.Signal >= 0 && e.Signal < len(p.Case.Signals) && p.Case.Signals[e.Signal].Kind == corax.ChangeOf {
				spent[p.Case.Signals[e.Signal].ID] = true
			}
		}
	}
	return spent, nil
}

// finding is one problem of a report, with its incidents by their real ids.
type finding struct {
	diagnosis corax.Diagnosis
	incidents []corax.Incident // in the order in which the case hears of them; never empty
}

// findings translates the report's own incident ids into the store's. A problem without a live incident (a change alone) is none.
func findings(c corax.Case, r corax.Report, live []corax.Incident) []finding {
	heard := map[string]int{} // of each incident its first signal, so that a replay, which has the case alone, comes to the same order
	for n := len(c.Signals) - 1; n >= 0; n-- {
		heard[c.Signals[n].Fingerprint] = n
	}
	byID := make(map[string]corax.Incident, len(live))
	for _, i := range live {
		byID[i.ID] = i
	}
	real := map[string]string{}
	for _, ci := range r.Incidents {
		for _, n := range ci.Signals {
			if id := c.Signals[n].Fingerprint; id != "" {
				real[ci.ID] = id
				break
			}
		}
	}
	var out []finding
	for _, d := range r.Problems {
		f := finding{diagnosis: d}
		for _, local := range d.Incidents {
			if i, ok := byID[real[local]]; ok {
				f.incidents = append(f.incidents, i)
			}
		}
		if len(f.incidents) == 0 {
			continue
		}
		slices.SortFunc(f.incidents, func(a, b corax.Incident) int { return cmp.Compare(heard[a.ID], heard[b.ID]) })
		f.diagnosis.Incidents = make([]string, len(f.incidents))
		for n, i := range f.incidents {
			f.diagnosis.Incidents[n] = i.ID
		}
		f.diagnosis.Links = slices.Clone(d.Links)
		for n, l := range f.diagnosis.Links {
			f.diagnosis.Links[n].From, f.diagnosis.Links[n].To = cmp.Or(real[l.From], l.From), cmp.Or(real[l.To], l.To)
		}
		out = append(out, f)
	}
	return out
}

// match finds the open problem that a finding is about: the one that shares most incidents, else one with the same cause that is not healed.
func match(f finding, open []corax.Problem) (int, bool) {
	best, most := -1, 0
	for n, p := range open {
		shared := 0
		for _, i := range f.incidents {
			if holds(p, i) {
				shared++
			}
		}
		if shared > most {
			best, most = n, shared
		}
	}
	if best >= 0 {
		return best, true
	}
	for n, p := range open {
		was, is := p.Diagnosis.RootCause, f.diagnosis.RootCause
		if p.HealedAt == nil && was.Entity != "" && was.Entity == is.Entity && was.Mechanism == is.Mechanism {
			return n, true
		}
	}
	return -1, false
}

// record saves what is new about a finding and returns the open problems as they are then.
func (v *Investigator) record(ctx context.Context, c corax.Case, f finding, open []corax.Problem) ([]corax.Problem, error) {
	n, known := match(f, open)
	var p corax.Problem
	if known {
		p = open[n]
	} else {
		// An incident that outlives its problem makes another one.
		first := f.incidents[0]
		p = corax.Problem{
			ID: corax.HashID("prb", first.ID, first.Problem), State: corax.ProblemOpen, OpenedAt: f.incidents[0].OpenedAt,
		}
	}
	now := v.o.Clock.Now()
	if age := now.Sub(f.incidents[0].OpenedAt); !known && age >= 0 && age < v.o.Settle {
		v.lookAgain(now.Add(v.o.Settle)) // the look was for something else: what belongs to this outage is still to come
		return open, nil
	}
	var events []corax.Event
	added := addIncidents(&p, f.incidents, open)
	if !known {
		events = append(events, corax.Event{
			At: now, Kind: corax.EventProblemOpened, Problem: p.ID, Entity: f.diagnosis.RootCause.Entity,
			Text: fmt.Sprintf("Problem opened: %s", count(len(p.Incidents), "incident")),
		})
	}
	busy, err := v.busy(ctx, p)
	if err != nil {
		return open, err
	}
	changed := differs(p.Diagnosis, f.diagnosis) && (!busy || grows(p.Diagnosis, f.diagnosis))
	if known && !added && !changed {
		return open, nil
	}
	var run *corax.PlanRun
	if changed {
		rc := f.diagnosis.RootCause
		p.Diagnosis, p.Case = f.diagnosis, &c
		events = append(events, corax.Event{
			At: now, Kind: corax.EventDiagnosed, Problem: p.ID, Entity: rc.Entity, Text: rc.Summary,
			Data: map[string]string{
				"pattern": p.Diagnosis.Pattern, "mechanism": rc.Mechanism, "severity": p.Diagnosis.Severity.String(),
				"confidence": strconv.FormatFloat(p.Diagnosis.Confidence, 'f', 2, 64),
			},
		})
		again := false
		if !busy {
			if again, err = v.mayPlan(ctx, p, f.incidents); err != nil {
				return open, err
			}
		}
		if again {
			run = v.plan(&p)
		}
		if run != nil {
			events = append(events, corax.Event{
				At: now, Kind: corax.EventPlanned, Problem: p.ID, Plan: run.Plan.ID, State: string(run.Plan.Mode),
				Text: fmt.Sprintf("Plan made: %s, %s. %s", run.Plan.Mode, count(len(run.Plan.Steps), "step"), run.Plan.Why),
			})
		}
	}
	p.UpdatedAt = now
	if p, err = v.save(ctx, p, known, run, events); err != nil {
		return open, err
	}
	if known {
		open[n] = p
	} else {
		open = append(open, p)
	}
	if run == nil {
		return open, nil
	}
	if v.o.Healer != nil && run.EndedAt == nil {
		return open, v.o.Healer.Run(ctx, run.Plan.ID)
	}
	return open, v.handOver(ctx, p, run.Plan)
}

// save stores a problem. Of one that is known and gets no new plan only what is ours to say is altered: the healer may have moved it on
// since it was read.
func (v *Investigator) save(
	ctx context.Context, p corax.Problem, known bool, run *corax.PlanRun, events []corax.Event,
) (corax.Problem, error) {
	if !known || run != nil {
		return p, v.o.Store.SaveProblem(ctx, p, run, events)
	}
	return v.o.Store.UpdateProblem(ctx, p.ID, func(now *corax.Problem) error {
		now.Incidents, now.Diagnosis, now.Case, now.UpdatedAt = p.Incidents, p.Diagnosis, p.Case, p.UpdatedAt
		return nil
	}, events...)
}

// addIncidents attaches the incidents that no other problem holds, and says whether there were any.
func addIncidents(p *corax.Problem, incidents []corax.Incident, open []corax.Problem) bool {
	added := false
	for _, i := range incidents {
		held := slices.ContainsFunc(open, func(o corax.Problem) bool { return holds(o, i) })
		if !held && !slices.Contains(p.Incidents, i.ID) {
			p.Incidents = append(p.Incidents, i.ID)
			added = true
		}
	}
	return added
}

// busy says that a plan for the problem is at work: its root cause then stands, since the plan was bound to it.
func (v *Investigator) busy(ctx context.Context, p corax.Problem) (bool, error) {
	if p.Plan == "" {
		return false, nil
	}
	run, err := v.o.Store.PlanRun(ctx, p.Plan)
	if err != nil {
		return false, err
	}
	return run.EndedAt == nil, nil
}

// grows says that a diagnosis finds the same root cause to do more harm: people must see an outage spread while its plan is at work. That it
// does less is the plan's doing, and told by its steps.
func grows(was, now corax.Diagnosis) bool {
	lost := slices.ContainsFunc(was.Cascade.Affected, func(e string) bool { return !slices.Contains(now.Cascade.Affected, e) })
	return causeOf(was) == causeOf(now) && now.Severity >= was.Severity && !lost
}

// differs says that a diagnosis tells people something new.
func differs(a, b corax.Diagnosis) bool {
	return a.Pattern != b.Pattern || a.Severity != b.Severity || a.RootCause.Entity != b.RootCause.Entity ||
		a.RootCause.Mechanism != b.RootCause.Mechanism || !slices.Equal(a.Cascade.Affected, b.Cascade.Affected) ||
		planConfidence > a.Confidence && b.Confidence >= planConfidence
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
