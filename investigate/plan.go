package investigate

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"corax"
)

// runnable says that a plan of this mode is Corax's to carry out.
func runnable(m corax.Mode) bool { return m == corax.AutoHeal || m == corax.Approval }

// runs says that the healer takes the plan: its own, and those for which it knows people on site.
func (v *Investigator) runs(p corax.Problem, m corax.Mode) bool {
	return runnable(m) || m == corax.RemoteHands && v.o.OnSite != nil && v.o.OnSite(p.Diagnosis.RootCause.Entity)
}

// plan makes the run of the diagnosis' plan and enters it in the problem, or returns nil where it is too early, or was tried too often.
// The id follows from the problem and the count, so that the same plan is never made twice.
func (v *Investigator) plan(p *corax.Problem) *corax.PlanRun {
	d := p.Diagnosis
	if d.Confidence < planConfidence || len(d.Plan.Steps) == 0 || p.Plans >= mostPlans {
		return nil
	}
	p.Plans++
	plan := d.Plan
	plan.Steps = slices.Clone(d.Plan.Steps)
	plan.ID, plan.Problem = corax.HashID("pln", p.ID, strconv.Itoa(p.Plans)), p.ID
	v.bind(&plan)
	p.Plan, p.Diagnosis.Plan = plan.ID, plan
	cause := causeOf(d)
	p.PlannedFor = &cause
	run := &corax.PlanRun{Plan: plan, State: corax.PlanRunning, StartedAt: v.o.Clock.Now()}
	for _, s := range plan.Steps {
		run.Steps = append(run.Steps, corax.StepRun{Step: s.ID, Action: s.Action, Target: s.Target, State: corax.StepPending})
	}
	if !v.runs(*p, plan.Mode) {
		now := v.o.Clock.Now()
		run.State, run.Why, run.EndedAt = corax.PlanStopped, "people carry it out: "+plan.Why, &now
	}
	return run
}

// mayPlan says that a plan is called for: the first, one for another cause than the last plan was for, or one in the place of a plan that was
// withdrawn, where something has failed since then. That the same trouble is rated otherwise calls for none: it would end as the one before. A
// plan that was stopped is people's, and isn't made again for the same cause.
func (v *Investigator) mayPlan(ctx context.Context, p corax.Problem, incidents []corax.Incident) (bool, error) {
	if p.Plan == "" {
		return true, nil
	}
	run, err := v.o.Store.PlanRun(ctx, p.Plan)
	if err != nil {
		return false, err
	}
	if p.PlannedFor == nil || *p.PlannedFor != causeOf(p.Diagnosis) {
		return true, nil
	}
	return run.State == corax.PlanWithdrawn && run.EndedAt != nil && slices.ContainsFunc(incidents, func(i corax.Incident) bool {
		return began(i).After(*run.EndedAt)
	}), nil
}

func causeOf(d corax.Diagnosis) corax.Cause {
	return corax.Cause{Entity: d.RootCause.Entity, Mechanism: d.RootCause.Mechanism}
}

// bind holds the plan against the actions that are declared here: what restores and fixes must be among them, or people do it; what only
// prevents, tidies, or reads to find the cause, is left to people in a plan that otherwise runs by itself.
func (v *Investigator) bind(plan *corax.Plan) {
	if !runnable(plan.Mode) {
		return
	}
	topology, actions := v.o.Topology(), v.o.Actions()
	declared := func(s corax.Step) bool {
		for _, a := range actions {
			if a.Name != s.Action {
				continue
			}
			for _, e := range topology.Entities {
				if e.ID == s.Target && a.AppliesTo.Matches(e) {
					return true
				}
			}
		}
		return false
	}
	kept := plan.Steps[:0]
	var left []string
	for _, s := range plan.Steps {
		switch {
		case declared(s):
			kept = append(kept, s)
		case s.Purpose == corax.Fix && s.Risk == corax.Read, s.Purpose == corax.Prevent, s.Purpose == corax.Tidy:
			left = append(left, s.Action)
		default:
			plan.Mode = corax.Manual
			plan.Why = fmt.Sprintf("no action %s is declared for %s", s.Action, s.Target)
			return
		}
	}
	if plan.Steps = kept; len(left) > 0 {
		plan.Why += "; left to people, since no such action is declared: " + strings.Join(left, ", ")
	}
}

// handOver tells people that a problem is theirs, once.
func (v *Investigator) handOver(ctx context.Context, p corax.Problem, plan corax.Plan) error {
	if p.Escalated {
		return nil
	}
	text := fmt.Sprintf("%s Plan for people (%s): %s", p.Diagnosis.RootCause.Summary, plan.Mode, plan.Why)
	p, err := v.o.Store.UpdateProblem(ctx, p.ID, func(p *corax.Problem) error {
		p.Escalated, p.Escalation = true, text
		return nil
	}, corax.Event{At: v.o.Clock.Now(), Kind: corax.EventEscalated, Problem: p.ID, Plan: plan.ID, Entity: p.Diagnosis.RootCause.Entity, Text: text})
	if err != nil || v.o.Escalate == nil {
		return err
	}
	if err := v.o.Escalate(ctx, p, text); err != nil {
		v.o.Log.Error("nobody could be told of the problem", "problem", p.ID, "error", err)
	}
	return nil
}

// settleEnded resolves the problems whose incidents are all over and that no plan is at work on; a plan that only waits for people is
// withdrawn first.
func (v *Investigator) settleEnded(ctx context.Context, open []corax.Problem, live []corax.Incident) error {
	for _, p := range open {
		if slices.ContainsFunc(live, func(i corax.Incident) bool { return holds(p, i) }) {
			continue
		}
		if p.Plan != "" {
			run, err := v.o.Store.PlanRun(ctx, p.Plan)
			if err != nil {
				return err
			}
			if run.EndedAt == nil {
				waits := run.State == corax.PlanAsking || run.State == corax.PlanPaused || run.State == corax.PlanBlocked && run.Plan.Mode == corax.RemoteHands
				if waits && v.o.Healer != nil {
					// A plan that has acted is not withdrawn: it goes on.
					err := v.o.Healer.Withdraw(ctx, p.Plan, "the fault went away by itself")
					if err != nil && corax.CodeOf(err) != corax.Conflict {
						return err
					}
					if err == nil {
						v.Notify()
					}
				}
				continue
			}
		}
		now := v.o.Clock.Now()
		_, err := v.o.Store.UpdateProblem(ctx, p.ID, func(p *corax.Problem) error {
			if p.State.Ended() {
				return nil
			}
			p.State, p.ClosedAt, p.UpdatedAt = corax.ProblemResolved, &now, now
			return nil
		}, corax.Event{At: now, Kind: corax.EventClosed, Problem: p.ID, State: string(corax.ProblemResolved), Text: "All of its incidents have ended"})
		if err != nil {
			return err
		}
	}
	return nil
}
