package heal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"corax"
)

// errEnd unwinds a flow whose end is on record.
var errEnd = errors.New("the plan has ended")

// planFlow is one execution of one plan. Whatever it knows comes from the results of recorded steps, so that an
// execution that resumes knows the same and goes the same way; it reads no clock, no store and no configuration
// outside a step.
type planFlow struct {
	*Healer
	flow      *flow
	plan      corax.Plan
	diagnosis corax.Diagnosis

	done      []corax.Step               // verified by us, in the order of doing
	safe      map[string]string          // of done, by step: the safe state that it reached
	before    map[string]json.RawMessage // what the look saw that let a step through, by step
	approved  map[string]ruling          // what people said yes to, by step
	turns     map[string]int             // decisions made, by step
	leftovers []string                   // steps for later that a pre-check refused
	eased     bool                       // a step that repairs was done, or not needed
	spared    []string                   // restoring steps that were refused; without any other repair the plan can't go on
}

// loaded is what a flow begins with.
type loaded struct {
	Plan      corax.Plan      `json:"plan"`
	Diagnosis corax.Diagnosis `json:"diagnosis"`
	Over      bool            `json:"over"`
}

// carryOut is the body of the workflow.
func (h *Healer) carryOut(f *flow, planID string) (err error) {
	p := &planFlow{Healer: h, flow: f, safe: map[string]string{}, before: map[string]json.RawMessage{},
		approved: map[string]ruling{}, turns: map[string]int{}, plan: corax.Plan{ID: planID}}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
		if err == nil || errors.Is(err, errEnd) {
			err = nil
			return
		}
		if !f.interrupted() {
			err = p.fail(err)
		}
	}()
	return p.run()
}

// fail ends a plan that could not be carried out, for a defect or a record that is gone, unless it was ended by
// somebody else.
func (p *planFlow) fail(cause error) error {
	_, err := step(p.flow, "fail", func(ctx context.Context) (bool, error) {
		run, err := p.o.Store.PlanRun(ctx, p.plan.ID)
		if corax.CodeOf(err) == corax.NotFound {
			p.o.Log.Error("a plan's record is gone", "plan", p.plan.ID)
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if run.State.Ended() {
			p.closeApprovals(ctx, run.Plan, string(run.State)) // one may have been asked for in the same moment
			return false, nil
		}
		p.o.Log.Error("a plan could not be carried out", "plan", p.plan.ID, "error", cause)
		text := "The plan could not be carried out: " + cause.Error() + ". " + standing(run)
		if err := p.endPlan(ctx, run.Plan, corax.PlanStopped, text, nil); err != nil && !errors.Is(err, errUnchanged) {
			return false, err
		}
		return true, p.escalate(ctx, run.Plan, text)
	})
	return err
}

func (p *planFlow) run() error {
	l, err := step(p.flow, "load", func(ctx context.Context) (loaded, error) { return p.load(ctx, p.plan.ID) })
	if err != nil {
		return err
	}
	p.plan, p.diagnosis = l.Plan, l.Diagnosis
	switch {
	case l.Over:
		return errEnd
	case p.plan.Mode == corax.RemoteHands && p.o.Hands != nil:
	case p.plan.Mode != corax.AutoHeal && p.plan.Mode != corax.Approval:
		return p.stop("people carry out this plan (" + string(p.plan.Mode) + ")" + colon(p.plan.Why))
	}
	if err := p.confirmed(); err != nil {
		return err
	}
	if p.plan.Mode == corax.RemoteHands {
		return p.onSite()
	}
	phases := phasesOf(p.plan.Steps)
	repaired := slices.IndexFunc(phases, afterRepair) // the first phase after all repairs
	if repaired < 0 {
		repaired = len(phases)
	}
	for n := len(phases) - 1; n >= repaired; n-- {
		if !afterRepair(phases[n]) {
			repaired = n + 1 // a repair after a precaution: the watch comes after it
			break
		}
	}
	for n, steps := range phases {
		if n == repaired {
			if err := p.repaired(); err != nil {
				return err
			}
		}
		if err := p.phase(steps); err != nil {
			return err
		}
	}
	if repaired == len(phases) {
		if err := p.repaired(); err != nil {
			return err
		}
	}
	return p.finish()
}

// repaired waits for health after the steps that repair. Where all of them were refused there is nothing to wait for.
func (p *planFlow) repaired() error {
	if !p.eased && len(p.spared) > 0 {
		return p.stop("Nothing of the repair could be done: " + strings.Join(p.spared, "; ") + ".")
	}
	return p.healed()
}

// afterRepair says that a phase neither restores nor fixes.
func afterRepair(steps []corax.Step) bool {
	return !slices.ContainsFunc(steps, repairs)
}

// repairs says that healing depends on the step; a step of no stated purpose counts.
func repairs(s corax.Step) bool { return s.Purpose != corax.Prevent && s.Purpose != corax.Tidy }

// phasesOf groups neighbours of one phase. A step that names none is a phase of its own.
func phasesOf(steps []corax.Step) [][]corax.Step {
	var phases [][]corax.Step
	for n, s := range steps {
		if n > 0 && s.Phase != "" && s.Phase == steps[n-1].Phase {
			phases[len(phases)-1] = append(phases[len(phases)-1], s)
			continue
		}
		phases = append(phases, []corax.Step{s})
	}
	return phases
}

func (h *Healer) load(ctx context.Context, planID string) (loaded, error) {
	run, err := h.o.Store.PlanRun(ctx, planID)
	if err != nil {
		return loaded{}, err
	}
	problem, err := h.o.Store.Problem(ctx, run.Plan.Problem)
	if err != nil {
		return loaded{}, err
	}
	return loaded{Plan: run.Plan, Diagnosis: problem.Diagnosis, Over: run.State.Ended()}, nil
}

// confirmed goes on only where our own monitors see the fault.
func (p *planFlow) confirmed() error {
	c, err := step(p.flow, "confirm", func(ctx context.Context) (confirmation, error) {
		return p.confirm(ctx, p.plan, p.diagnosis)
	})
	switch {
	case err != nil:
		return err
	case c.Ended.any():
		return p.over(c.Ended)
	}
	_, err = step(p.flow, "begin", func(ctx context.Context) (bool, error) {
		if c.Seen {
			if err := p.setPlan(ctx, p.plan, corax.PlanRunning, ""); err != nil {
				return false, err
			}
			return true, p.setProblem(ctx, p.plan, corax.ProblemHealing)
		}
		if err := p.endPlan(ctx, p.plan, corax.PlanWithdrawn, "not confirmed: "+c.Text, nil); err != nil &&
			!errors.Is(err, errUnchanged) {
			return false, err
		}
		if c.Blind {
			// Nobody of ours can see it, so nobody of ours will see it go on: that is for people.
			return false, p.escalate(ctx, p.plan, "The fault can't be confirmed: "+c.Text+". Nothing was done.")
		}
		return false, p.setProblem(ctx, p.plan, corax.ProblemOpen)
	})
	if err == nil && !c.Seen {
		return errEnd
	}
	return err
}

// survey is a look at all steps of a phase that are not done yet.
type survey struct {
	At    time.Time       `json:"at"`
	Looks map[string]look `json:"looks"` // by step
	Late  bool            `json:"late,omitempty"`
	Ended ended           `json:"ended"`
}

// someAway says that a target can't be acted on.
func (s survey) someAway() bool {
	for _, l := range s.Looks {
		if l.Finding == away {
			return true
		}
	}
	return false
}

// phase carries out the steps of one phase. Those whose target is away, or whose time has not come, wait while the
// others go on; the phase is done when all are.
func (p *planFlow) phase(steps []corax.Step) error {
	var since, gone time.Time // when the phase began, and since when a target has been away
	var refusals []string
	told := false // people know that the plan waits
	for pending := steps; len(pending) > 0; {
		s, err := step(p.flow, "survey", func(ctx context.Context) (survey, error) {
			return p.survey(ctx, pending, since)
		})
		switch {
		case err != nil:
			return err
		case s.Ended.any():
			return p.over(s.Ended)
		}
		if since.IsZero() {
			since = s.At
		}
		switch {
		case !s.someAway():
			if gone = (time.Time{}); told {
				told = false
				if err := p.unblocked(); err != nil {
					return err
				}
			}
		case gone.IsZero():
			gone = s.At
		}
		held, missing, err := p.pass(pending, s, since)
		if err != nil {
			return err
		}
		refusals = append(refusals, missing...)
		if pending = held; len(pending) == 0 {
			break
		}
		s, err = step(p.flow, "wait", func(ctx context.Context) (survey, error) {
			return p.wait(ctx, held, since, gone, told)
		})
		switch {
		case err != nil:
			return err
		case s.Ended.any():
			return p.over(s.Ended)
		case s.Late:
			told = true
			if pending, missing, err = p.late(held, s); err != nil {
				return err
			}
			refusals = append(refusals, missing...)
		}
	}
	if len(refusals) > 0 {
		return p.stop("A step that the repair needs was refused: " + strings.Join(refusals, "; ") + ".")
	}
	return nil
}

// pass carries out each step that can be, in order. held are those that must wait; refusals, for people, those
// without which the plan can't go on.
func (p *planFlow) pass(
	pending []corax.Step, s survey, since time.Time,
) (held []corax.Step, refusals []string, err error) {
	for _, c := range pending {
		l := s.Looks[c.ID]
		if l.Finding == goAhead {
			if l, err = p.one(c, l, since); err != nil {
				return nil, nil, err
			}
		}
		p.eased = p.eased || repairs(c) && (l.Finding == settled || l.Finding == notNeeded)
		switch l.Finding {
		case away, later:
			held = append(held, c)
			err = p.mark(c, corax.StepWaiting, l.Text, nil)
		case notNeeded:
			err = p.mark(c, corax.StepNotNeeded, l.Text, func(r *corax.StepRun) { r.Precheck = l.Text })
		case refused:
			err = p.mark(c, corax.StepRefused, l.Text, func(r *corax.StepRun) { r.Precheck = l.Text })
			refusals = append(refusals, p.refusal(c, l.Text, false)...)
		case decided:
			err = p.mark(c, corax.StepRefused, l.Text, nil)
			refusals = append(refusals, p.refusal(c, l.Text, true)...)
		case fruitless:
			err = p.mark(c, corax.StepFailed, l.Text, func(r *corax.StepRun) { r.Result = l.Text })
			refusals = append(refusals, p.refusal(c, l.Text, false)...)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return held, refusals, nil
}

// The findings that only carrying a step out can give.
const (
	settled   finding = "settled"   // done and on record
	decided   finding = "decided"   // policy or person said no
	fruitless finding = "fruitless" // failed, and nothing took effect
)

// refusal says what a refused step means: without a fix there is no repair; a restoring step only makes things better
// sooner, and the plan goes on; what comes after the repair is left over, unless somebody decided against it.
func (p *planFlow) refusal(s corax.Step, text string, byDecision bool) []string {
	switch s.Purpose {
	case corax.Restore:
		p.spared = append(p.spared, title(s)+": "+text)
		return nil
	case corax.Prevent, corax.Tidy:
		if !byDecision {
			p.leftovers = append(p.leftovers, title(s)+": "+text)
		}
		return nil
	}
	return []string{title(s) + ": " + text}
}
