package heal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"corax"
)

// errUnchanged leaves a record, and its timeline, as they are: what was to be written stands there already.
var errUnchanged = errors.New("unchanged")

// errPlanOver says that the plan was ended by somebody else, a withdrawal.
var errPlanOver = &corax.Error{Code: corax.Conflict, Op: "go on with the plan", Err: errors.New("it has ended")}

// errOvertaken says that another plan has begun on the target, and goes first, or that a person holds or ends this one.
var errOvertaken = errors.New("another plan has begun on the target, or a person has intervened")

// errOverruled says that what was decided about a step doesn't hold any more.
var errOverruled = errors.New("it would be decided otherwise by now")

func (h *Healer) event(plan corax.Plan, s corax.Step, kind corax.EventKind, state, text string) corax.Event {
	return corax.Event{
		At: h.o.Clock.Now(), Kind: kind, Entity: s.Target, Problem: plan.Problem, Plan: plan.ID, Step: s.ID, State: state,
		Text: h.o.Redactor.Redact(text),
	}
}

// setStep records that a step has come to a state; detail is added to the timeline's line. Doing it again changes
// nothing. The steps of a plan that has ended change only while the plan is being taken back.
func (h *Healer) setStep(ctx context.Context, plan corax.Plan, s corax.Step, state corax.StepState, detail string,
	change func(*corax.StepRun)) error {
	return h.setStepWhere(ctx, plan, s, state, detail, nil, change)
}

// setStepWhere is setStep, to which allowed, where given, may object.
func (h *Healer) setStepWhere(ctx context.Context, plan corax.Plan, s corax.Step, state corax.StepState, detail string,
	allowed func(*corax.PlanRun) error, change func(*corax.StepRun)) error {
	text := title(s) + ": " + stepWord[state] + colon(detail)
	now := h.o.Clock.Now()
	r, err := h.o.Store.UpdatePlanRun(ctx, plan.ID, func(r *corax.PlanRun) error {
		if r.State.Ended() && (r.Undo == nil || r.Undo.State != corax.UndoRunning) {
			return errPlanOver
		}
		if allowed != nil {
			if err := allowed(r); err != nil {
				return err
			}
		}
		run := stepRun(r, s)
		was := *run
		if change != nil {
			change(run)
		}
		run.State = state
		if run.StartedAt == nil && state != corax.StepNotNeeded && state != corax.StepRefused {
			run.StartedAt = &now
		}
		switch state {
		case corax.StepPending, corax.StepAsking, corax.StepRunning, corax.StepWaiting:
			run.EndedAt = nil
		default:
			if run.EndedAt == nil || was.State != state {
				run.EndedAt = &now
			}
		}
		if same(was, *run) {
			return errUnchanged
		}
		return nil
	}, h.event(plan, s, corax.EventStep, string(state), text))
	switch {
	case errors.Is(err, errUnchanged):
		if r, err = h.o.Store.PlanRun(ctx, plan.ID); err != nil {
			return err
		}
	case err != nil:
		return err
	}
	return h.learn(ctx, plan, s, *stepRun(&r, s))
}

// same compares what a reader would see.
func same(a, b corax.StepRun) bool {
	return a.State == b.State && a.Precheck == b.Precheck && a.Result == b.Result && a.Verified == b.Verified &&
		a.SafeState == b.SafeState &&
		a.Attempts == b.Attempts && a.DecisionID == b.DecisionID
}

var stepWord = map[corax.StepState]string{
	corax.StepAsking: "waits for approval", corax.StepRunning: "begun", corax.StepWaiting: "waiting",
	corax.StepDone:      "done",
	corax.StepNotNeeded: "not needed", corax.StepRefused: "refused", corax.StepFailed: "failed",
	corax.StepUndone:  "undone",
	corax.StepUnknown: "outcome unknown",
}

// stepRun is the record of a step, made where there is none.
func stepRun(r *corax.PlanRun, s corax.Step) *corax.StepRun {
	for n := range r.Steps {
		if r.Steps[n].Step == s.ID {
			return &r.Steps[n]
		}
	}
	r.Steps = append(r.Steps, corax.StepRun{Step: s.ID, Action: s.Action, Target: s.Target, State: corax.StepPending})
	return &r.Steps[len(r.Steps)-1]
}

// setPlan records that the plan has come to a state from which it goes on.
func (h *Healer) setPlan(ctx context.Context, plan corax.Plan, state corax.PlanState, why string) error {
	_, err := h.o.Store.UpdatePlanRun(ctx, plan.ID, func(r *corax.PlanRun) error {
		if r.State.Ended() {
			return errPlanOver
		}
		if r.State == state && r.Why == why {
			return errUnchanged
		}
		r.State, r.Why = state, why
		return nil
	}, h.event(plan, corax.Step{}, corax.EventPlanState, string(state), "Plan "+string(state)+colon(why)))
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// endPlan records the plan's end, and closes what was asked for it. It is errUnchanged where it has ended; allowed, where given, may object.
func (h *Healer) endPlan(ctx context.Context, plan corax.Plan, state corax.PlanState, why string,
	allowed func(*corax.PlanRun) error) error {
	now := h.o.Clock.Now()
	_, err := h.o.Store.UpdatePlanRun(ctx, plan.ID, func(r *corax.PlanRun) error {
		if r.State.Ended() {
			return errUnchanged
		}
		if allowed != nil {
			if err := allowed(r); err != nil {
				return err
			}
		}
		r.State, r.Why, r.EndedAt = state, h.o.Redactor.Redact(why), &now
		return nil
	}, h.event(plan, corax.Step{}, corax.EventPlanState, string(state), "Plan "+string(state)+colon(why)))
	if err == nil || errors.Is(err, errUnchanged) {
		h.closeApprovals(ctx, plan, string(state))
	}
	return err
}

// setProblem moves the problem to a state, with the event where one is given. A problem that has ended, or was
// healed, isn't taken back.
func (h *Healer) setProblem(ctx context.Context, plan corax.Plan, state corax.ProblemState,
	events ...corax.Event) error {
	now := h.o.Clock.Now()
	_, err := h.o.Store.UpdateProblem(ctx, plan.Problem, func(p *corax.Problem) error {
		if p.State == state || p.State.Ended() || (p.State == corax.ProblemHealed && state != corax.ProblemClosed) {
			return errUnchanged
		}
		p.State, p.UpdatedAt = state, now
		switch state {
		case corax.ProblemHealed:
			p.HealedAt = &now
		case corax.ProblemClosed:
			p.ClosedAt = &now
		}
		return nil
	}, events...)
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// escalate tells people: first on the record, then whoever Escalate reaches. That nobody could be reached holds no
// plan up.
func (h *Healer) escalate(ctx context.Context, plan corax.Plan, text string) error {
	text = h.o.Redactor.Redact(text)
	e := h.event(plan, corax.Step{}, corax.EventEscalated, "", text)
	p, err := h.o.Store.UpdateProblem(ctx, plan.Problem, func(p *corax.Problem) error {
		if p.Escalated && p.Escalation == text {
			return errUnchanged
		}
		p.Escalated, p.Escalation, p.UpdatedAt = true, text, h.o.Clock.Now()
		return nil
	}, e)
	if errors.Is(err, errUnchanged) {
		p, err = h.o.Store.Problem(ctx, plan.Problem)
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, escalateWithin)
	defer cancel()
	if err := h.o.Escalate(ctx, p, text); err != nil {
		h.o.Log.Error("nobody could be told", "problem", p.ID, "error", h.o.Redactor.Redact(err.Error()))
	}
	return nil
}

// escalateWithin bounds the telling of people.
const escalateWithin = 15 * time.Second

// ended says that a plan must not go on, and why.
type ended struct {
	Stop   string `json:"stop,omitempty"`   // a stop switch
	Cancel string `json:"cancel,omitempty"` // a person
	Over   bool   `json:"over,omitempty"`   // withdrawn, or ended otherwise
}

func (e ended) any() bool { return e.Stop != "" || e.Cancel != "" || e.Over }

// planOver looks whether a plan may go on. tied is ctx, tied to the stops.
func (h *Healer) planOver(tied, ctx context.Context, planID string) (ended, error) {
	if s := stopOf(tied); s != nil {
		return ended{Stop: s.Error()}, nil
	}
	run, err := h.o.Store.PlanRun(ctx, planID)
	return endOf(run), err
}

// endOf says whether the record of a plan lets it go on.
func endOf(run corax.PlanRun) ended {
	switch {
	case run.State.Ended():
		return ended{Over: true}
	case run.Cancel != nil:
		return ended{Cancel: said(*run.Cancel)}
	}
	return ended{}
}

// said is an intervention for people.
func said(i corax.Intervention) string { return "by " + i.By + colon(i.Reason) }

// standing says, for people, what state the system is in: what was done and holds, what was undone, what was not
// done.
func standing(r corax.PlanRun) string {
	list := map[corax.StepState][]string{}
	safe := ""
	var last time.Time
	for _, s := range r.Plan.Steps {
		run := stepRun(&r, s)
		state := run.State
		switch state {
		case corax.StepPending, corax.StepAsking, corax.StepWaiting, corax.StepRefused, corax.StepRunning:
			state = corax.StepPending
		case corax.StepDone:
			if run.SafeState != "" && run.EndedAt != nil && !run.EndedAt.Before(last) {
				safe, last = run.SafeState, *run.EndedAt
			}
		}
		list[state] = append(list[state], title(s))
	}
	var parts []string
	if safe != "" {
		parts = append(parts, "The system is in the state: "+strings.TrimSuffix(safe, ".")+".")
	}
	for _, group := range []struct {
		state corax.StepState
		word  string
	}{
		{corax.StepDone, "Done"}, {corax.StepUndone, "Undone again"}, {corax.StepFailed, "Failed"},
		{corax.StepUnknown, "May or may not have taken effect"}, {corax.StepPending, "Not done"},
	} {
		if len(list[group.state]) > 0 {
			parts = append(parts, fmt.Sprintf("%s: %s.", group.word, strings.Join(list[group.state], "; ")))
		}
	}
	if len(list[corax.StepDone]) == 0 && len(list[corax.StepUnknown]) == 0 && len(list[corax.StepFailed]) == 0 {
		parts = append(parts, "Nothing is left changed.")
	}
	return strings.Join(parts, " ")
}
