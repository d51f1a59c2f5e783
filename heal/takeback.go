package heal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"corax"
)

// takeBack is the body of an undo's workflow.
func (h *Healer) takeBack(f *flow, input string) error {
	var in takingBack
	if err := json.Unmarshal([]byte(input), &in); err != nil {
		return fmt.Errorf("read what is to be taken back: %w", err)
	}
	defer h.undos.begin(in.Plan)()
	err := h.takeBackOf(f, in)
	switch {
	case err == nil:
		return nil
	case f.interrupted():
		return err
	}
	h.o.Log.Error("a plan could not be taken back", "plan", in.Plan, "error", err)
	return h.undoEnds(f, in, corax.UndoStopped, "The plan could not be taken back: "+err.Error()+".")
}

// takeBackOf waits for the plan to end, and carries out the inverses of what took effect, the latest first. Where one
// can't be carried out, those before it stay: what they rest on is not known any more.
func (h *Healer) takeBackOf(f *flow, in takingBack) error {
	list, err := step(f, "begin undo", func(ctx context.Context) ([]corax.Step, error) { return h.beginUndo(ctx, in) })
	if err != nil {
		return err
	}
	text := fmt.Sprintf("Taken back %s.", said(in.Asked))
	for _, s := range list {
		u, err := h.takeBackStep(f, in, s)
		switch {
		case err != nil:
			return err
		case !u.OK:
			return h.undoEnds(f, in, corax.UndoStopped, fmt.Sprintf("%s %s could not be undone: %s.", text, title(s), u.Text))
		}
	}
	return h.undoEnds(f, in, corax.UndoDone, text)
}

// beginUndo is over when the plan has ended, and lists what there is to undo.
func (h *Healer) beginUndo(ctx context.Context, in takingBack) ([]corax.Step, error) {
	run, err := h.o.Store.PlanRun(ctx, in.Plan)
	if err != nil {
		return nil, err
	}
	if err := h.markUndo(ctx, run.Plan, in); err != nil {
		return nil, err
	}
	for {
		rung := h.bell.rung()
		if run, err = h.o.Store.PlanRun(ctx, in.Plan); err != nil {
			return nil, err
		}
		if run.State.Ended() {
			break
		}
		_ = pause(ctx, approvalsEvery, rung)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	run, err = h.o.Store.UpdatePlanRun(ctx, in.Plan, func(r *corax.PlanRun) error {
		r.Undo.State = corax.UndoRunning
		return nil
	})
	return toUndo(run), err
}

// takeBackStep carries out and verifies the inverse of one step.
func (h *Healer) takeBackStep(f *flow, in takingBack, s corax.Step) (undone, error) {
	a, err := step(f, "undo", func(ctx context.Context) (acted, error) {
		plan, before, err := h.ofUndo(ctx, in, s)
		if err != nil {
			return acted{}, err
		}
		return h.undoAct(ctx, plan, s, before, in.Attempt)
	})
	if err != nil {
		return undone{}, err
	}
	return step(f, "verify undo", func(ctx context.Context) (undone, error) {
		plan, before, err := h.ofUndo(ctx, in, s)
		if err != nil {
			return undone{}, err
		}
		return h.undoVerify(ctx, plan, s, before, a, true)
	})
}

// ofUndo is the plan, and what was read before the step's first attempt.
func (h *Healer) ofUndo(ctx context.Context, in takingBack, s corax.Step) (corax.Plan, facts, error) {
	run, err := h.o.Store.PlanRun(ctx, in.Plan)
	return run.Plan, recall(stepRun(&run, s).Before), err
}

// undoEnds records how the taking back ended, and tells people what state the system is in.
func (h *Healer) undoEnds(f *flow, in takingBack, state corax.UndoState, text string) error {
	run, err := step(f, "end undo", func(ctx context.Context) (corax.PlanRun, error) {
		return h.endUndo(ctx, in, state, text)
	})
	if err != nil || run.Undo == nil {
		return err
	}
	_, err = step(f, "escalate", func(ctx context.Context) (bool, error) {
		return true, h.escalate(ctx, run.Plan, run.Undo.Why)
	})
	return err
}

// endUndo records the end once, and gives the record.
func (h *Healer) endUndo(ctx context.Context, in takingBack, state corax.UndoState, text string) (corax.PlanRun, error) {
	run, err := h.o.Store.PlanRun(ctx, in.Plan)
	if err != nil {
		return run, err
	}
	text = h.o.Redactor.Redact(text + " " + standing(run))
	now := h.o.Clock.Now()
	ended, err := h.o.Store.UpdatePlanRun(ctx, in.Plan, func(r *corax.PlanRun) error {
		if r.Undo == nil || r.Undo.Attempt != in.Attempt || r.Undo.EndedAt != nil {
			return errUnchanged // recorded before a crash
		}
		r.Undo.State, r.Undo.Why, r.Undo.EndedAt = state, text, &now
		return nil
	}, h.event(run.Plan, corax.Step{}, corax.EventPlanState, "undo_"+string(state), "Undo "+string(state)+": "+text))
	if errors.Is(err, errUnchanged) {
		return run, nil
	}
	return ended, err
}
