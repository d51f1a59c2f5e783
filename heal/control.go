package heal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"corax"
)

// The workflows, by name.
const (
	planWorkflow = "plan"
	undoWorkflow = "undo"
)

// Pause keeps a plan from beginning another effect. What is under way is finished and verified; waits, readings and
// approvals go on. It is a Conflict where the plan has ended.
func (h *Healer) Pause(ctx context.Context, planID, by, reason string) error {
	return h.intervene(ctx, "pause", planID, by, reason, func(r *corax.PlanRun, i corax.Intervention) error {
		if r.Hold != nil {
			return errUnchanged
		}
		r.Hold = &i
		return nil
	})
}

// Resume lets a paused plan go on. Resuming one that is not paused does nothing.
func (h *Healer) Resume(ctx context.Context, planID, by, reason string) error {
	return h.intervene(ctx, "resume", planID, by, reason, func(r *corax.PlanRun, i corax.Intervention) error {
		if r.Hold == nil {
			return errUnchanged
		}
		r.Hold, r.Resumed = nil, &i
		return nil
	})
}

// Cancel ends a plan: an effect that is under way is finished and verified, none begins, and what was done stays. Undo
// takes it back. It is a Conflict where the plan has ended.
func (h *Healer) Cancel(ctx context.Context, planID, by, reason string) error {
	return h.intervene(ctx, "cancel", planID, by, reason, func(r *corax.PlanRun, i corax.Intervention) error {
		if r.Cancel != nil {
			return errUnchanged
		}
		r.Cancel, r.Hold = &i, nil
		return nil
	})
}

// intervene puts on record what a person asks of a plan that has not ended, and wakes the plan.
func (h *Healer) intervene(ctx context.Context, verb, planID, by, reason string,
	change func(*corax.PlanRun, corax.Intervention) error) error {
	op := verb + " plan " + planID
	if by == "" {
		return &corax.Error{Code: corax.Invalid, Op: op, Err: errors.New("nobody is named as asking"), Hint: "say who you are"}
	}
	run, err := h.o.Store.PlanRun(ctx, planID)
	if err != nil {
		return err
	}
	i := corax.Intervention{By: by, Reason: h.o.Redactor.Redact(reason), At: h.o.Clock.Now()}
	_, err = h.o.Store.UpdatePlanRun(ctx, planID, func(r *corax.PlanRun) error {
		if r.State.Ended() {
			return &corax.Error{Code: corax.Conflict, Op: op, Err: fmt.Errorf("it has ended: %s", r.State)}
		}
		return change(r, i)
	}, h.event(run.Plan, corax.Step{}, corax.EventPlanState, verb, "Plan: "+verb+" "+said(i)))
	if errors.Is(err, errUnchanged) {
		return nil
	}
	if err == nil {
		h.bell.ring()
	}
	return err
}

// leave waits while a person has the plan on hold, or another plan is at work on the target and goes first. tied is ctx, tied to the
// stops; begun says that the effect was attempted, so that it is this plan's turn.
func (h *Healer) leave(ctx, tied context.Context, plan corax.Plan, target string, begun bool) (ended, error) {
	waited, held := false, false
	for {
		rung := h.bell.rung()
		if s := stopOf(tied); s != nil {
			return ended{Stop: s.Error()}, nil
		}
		run, err := h.o.Store.PlanRun(ctx, plan.ID)
		if err != nil {
			return ended{}, err
		}
		if end := endOf(run); end.any() {
			return end, nil
		}
		state, why := corax.PlanPaused, ""
		if run.Hold != nil {
			held, why = true, "paused "+said(*run.Hold)
		} else {
			other := ""
			switch {
			case !begun:
				other, err = h.ahead(ctx, run, target)
			case held: // an undo has not waited for it meanwhile
				other, err = h.underWay(ctx, plan.ID, target)
			}
			if err != nil {
				return ended{}, err
			}
			if other == "" {
				if waited || run.State == corax.PlanPaused {
					return ended{}, h.setPlan(ctx, plan, corax.PlanRunning, "goes on")
				}
				return ended{}, nil
			}
			if !held || !begun {
				state = corax.PlanRunning
			}
			why = fmt.Sprintf("waits for plan %s, which is at work on %s", other, target)
		}
		waited = true
		if err := h.setPlan(ctx, plan, state, why); err != nil {
			return ended{}, err
		}
		_ = pause(tied, approvalsEvery, rung)
		if ctx.Err() != nil {
			return ended{}, ctx.Err()
		}
	}
}

// ahead is another plan that goes first on the target, or empty.
func (h *Healer) ahead(ctx context.Context, run corax.PlanRun, target string) (string, error) {
	runs, err := h.atWork(ctx)
	if err != nil {
		return "", err
	}
	for _, r := range runs {
		if r.Plan.ID != run.Plan.ID && goesFirst(r, run, target) {
			return r.Plan.ID, nil
		}
	}
	return "", nil
}

// atWork are the plans that have not ended, and those that are being taken back.
func (h *Healer) atWork(ctx context.Context) ([]corax.PlanRun, error) {
	runs, err := h.o.Store.PlanRunsSince(ctx, h.o.Clock.Now())
	if err != nil {
		return nil, err
	}
	for _, id := range h.undos.list() {
		r, err := h.o.Store.PlanRun(ctx, id)
		if corax.CodeOf(err) == corax.NotFound {
			continue // its undo finds out for itself
		}
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	return runs, nil
}

// letFinish waits while the effect of another plan is under way at the target of an inverse, or is being undone: that waits for nobody.
func (h *Healer) letFinish(ctx, tied context.Context, j job, begun bool) error {
	for !begun { // one that has begun asks no more
		rung := h.bell.rung()
		other, err := h.underWay(ctx, j.plan.ID, j.target.ID)
		if err != nil || other == "" || stopOf(tied) != nil {
			return err
		}
		_ = pause(tied, approvalsEvery, rung)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// underWay is another plan whose effect is under way at a target, or is being undone; empty where none is. One that a person holds between two
// tries is not: nobody knows for how long.
func (h *Healer) underWay(ctx context.Context, plan, target string) (string, error) {
	runs, err := h.atWork(ctx)
	if err != nil {
		return "", err
	}
	for _, r := range runs {
		if r.Plan.ID != plan && r.State != corax.PlanPaused && atIt(r, target) {
			return r.Plan.ID, nil
		}
	}
	return "", nil
}

// goesFirst says that a plan has acted on the target, and the other must wait for it: an older plan until it has ended, but for the times in
// which it only waits itself, since what it waits for may be what the other mends; a younger one only while its effect is under way or is
// being watched, in which it waits for nobody. So no two plans wait for each other. One that is being taken back goes first, and waits only
// for what is under way.
func goesFirst(r, other corax.PlanRun, target string) bool {
	acted := slices.ContainsFunc(r.Steps, func(s corax.StepRun) bool { return s.Target == target && s.Attempts > 0 })
	switch {
	case acted && undoing(r):
		return true
	case !acted || r.State.Ended():
		return false
	}
	if r.StartedAt.Before(other.StartedAt) || r.StartedAt.Equal(other.StartedAt) && r.Plan.ID < other.Plan.ID {
		return !idle(r)
	}
	return r.State == corax.PlanWatching || atIt(r, target)
}

// undoing says that a plan is being taken back.
func undoing(r corax.PlanRun) bool { return r.Undo != nil && r.Undo.State == corax.UndoRunning }

// atIt says that an effect of a plan on the target is under way, or is being undone.
func atIt(r corax.PlanRun, target string) bool {
	return slices.ContainsFunc(r.Steps, func(s corax.StepRun) bool { return s.Target == target && beingDone(r, s) })
}

// beingDone says that the effect of a step is under way, or is being undone.
func beingDone(r corax.PlanRun, s corax.StepRun) bool {
	return s.Attempts > 0 && s.State == corax.StepRunning && (!r.State.Ended() || undoing(r) && s.Result == beingUndone)
}

// undos are the plans whose undo is at work in this process. Their plans have ended, so the store doesn't list them as being at work.
type undos struct {
	mu    sync.Mutex
	plans map[string]int // how many: one may be asked for again while the last tells people how it ended
}

// begin adds a plan; the function removes it.
func (u *undos) begin(plan string) func() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.plans == nil {
		u.plans = map[string]int{}
	}
	u.plans[plan]++
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		if u.plans[plan]--; u.plans[plan] == 0 {
			delete(u.plans, plan)
		}
	}
}

func (u *undos) list() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Sorted(maps.Keys(u.plans))
}

// idle says that a plan waits, for a target or for a time, and does nothing else.
func idle(r corax.PlanRun) bool {
	waits := r.State == corax.PlanBlocked
	for _, s := range r.Steps {
		switch s.State {
		case corax.StepRunning, corax.StepAsking:
			return false
		case corax.StepWaiting:
			waits = true
		}
	}
	return waits
}

// takingBack is the input of an undo's workflow.
type takingBack struct {
	Plan    string             `json:"plan"`
	Attempt int                `json:"attempt"`
	Asked   corax.Intervention `json:"asked"`
	Cancel  bool               `json:"cancel"` // the plan has not ended yet
}

// Undo takes back what a plan has done, in a workflow of its own; a plan that still runs is cancelled first. It
// returns when that is on record and durable. It is a Conflict where nothing was done, or it is being undone already.
func (h *Healer) Undo(ctx context.Context, planID, by, reason string) error {
	op := "undo plan " + planID
	if by == "" {
		return &corax.Error{Code: corax.Invalid, Op: op, Err: errors.New("nobody is named as asking"), Hint: "say who you are"}
	}
	run, err := h.o.Store.PlanRun(ctx, planID)
	if err != nil {
		return err
	}
	in := takingBack{Plan: planID, Attempt: 1, Cancel: !run.State.Ended(),
		Asked: corax.Intervention{By: by, Reason: h.o.Redactor.Redact(reason), At: h.o.Clock.Now()}}
	switch u := run.Undo; {
	case u != nil && u.State != corax.UndoStopped:
		return &corax.Error{Code: corax.Conflict, Op: op, Err: fmt.Errorf("it was asked for by %s: %s", u.By, u.State)}
	case u != nil:
		in.Attempt = u.Attempt + 1
	}
	if !in.Cancel && len(toUndo(run)) == 0 {
		return &corax.Error{Code: corax.Conflict, Op: op, Err: errors.New("none of its steps has taken effect")}
	}
	text, err := json.Marshal(in)
	if err != nil {
		return corax.Errorf(corax.Internal, op, "%w", err)
	}
	h.mu.Lock()
	engine := h.engine
	h.mu.Unlock()
	if engine == nil {
		return &corax.Error{Code: corax.Unavailable, Op: op, Err: errors.New("the healer is not running")}
	}
	// The workflow comes first: from here on it is durable, and marks the record itself should this process die.
	id := corax.HashID("undo", planID, strconv.Itoa(in.Attempt))
	if err := engine.run(undoWorkflow, id, string(text)); err != nil {
		return err
	}
	return h.markUndo(ctx, run.Plan, in)
}

// markUndo puts on record that a plan is to be taken back. Doing it again changes nothing.
func (h *Healer) markUndo(ctx context.Context, plan corax.Plan, in takingBack) error {
	_, err := h.o.Store.UpdatePlanRun(ctx, in.Plan, func(r *corax.PlanRun) error {
		if r.Undo != nil && r.Undo.Attempt >= in.Attempt {
			return errUnchanged
		}
		r.Undo = &corax.Undo{Intervention: in.Asked, Attempt: in.Attempt, State: corax.UndoAsked}
		if !r.State.Ended() && r.Cancel == nil {
			r.Cancel = &in.Asked
		}
		r.Hold = nil
		return nil
	}, h.event(plan, corax.Step{}, corax.EventPlanState, "undo", "Plan: undo "+said(in.Asked)))
	if errors.Is(err, errUnchanged) {
		return nil
	}
	if err == nil {
		h.bell.ring()
	}
	return err
}

// toUndo lists the steps that have, or may have, taken effect, the latest first.
func toUndo(run corax.PlanRun) []corax.Step {
	var steps []corax.Step
	ended := map[string]int64{}
	for _, s := range run.Plan.Steps {
		r := stepRun(&run, s)
		if r.State == corax.StepDone && r.Attempts > 0 || r.State == corax.StepUnknown {
			steps = append(steps, s)
			if r.EndedAt != nil {
				ended[s.ID] = r.EndedAt.UnixNano()
			}
		}
	}
	slices.Reverse(steps)
	slices.SortStableFunc(steps, func(a, b corax.Step) int {
		switch {
		case ended[a.ID] > ended[b.ID]:
			return -1
		case ended[a.ID] < ended[b.ID]:
			return 1
		}
		return 0
	})
	return steps
}
