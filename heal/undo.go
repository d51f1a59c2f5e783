package heal

import (
	"context"
	"fmt"
	"slices"

	"corax"
)

// undone is how the undoing of one step ended.
type undone struct {
	OK    bool   `json:"ok"`
	Text  string `json:"text"`
	Ended ended  `json:"ended"`
}

// inverse binds the inverse of a step that was carried out. Its error is for people: why there is no way back.
func (h *Healer) inverse(ctx context.Context, problem corax.Problem, plan corax.Plan, s corax.Step,
	before facts) (job, error) {
	j, err := h.newJob(problem, plan, s, s.Action, s.Params)
	if err != nil {
		return j, err
	}
	if j.action.Inverse == nil {
		return j, fmt.Errorf("%s has no inverse", s.Action)
	}
	j.before = before
	params := map[string]string{}
	v := j.vars(h.o.Clock.Now(), before)
	for name, template := range j.action.Inverse.Params {
		if params[name], err = h.exprs.text(ctx, template, v); err != nil {
			return j, fmt.Errorf("input %s of the inverse: %w", name, err)
		}
	}
	back, err := h.newJob(problem, plan, s, j.action.Inverse.Action, params)
	back.before, back.undo = before, true
	back.key = corax.HashID("key", plan.ID, s.ID, "undo")
	return back, err
}

// undoAct decides on the inverse, on the record, and carries out its effect. attempt counts what people have asked for, each with a decision
// of its own; 0 is a plan that falls back.
func (h *Healer) undoAct(ctx context.Context, plan corax.Plan, s corax.Step, before facts, attempt int) (acted, error) {
	problem, err := h.o.Store.Problem(ctx, plan.Problem)
	if err != nil {
		return acted{}, err
	}
	j, err := h.inverse(ctx, problem, plan, s, before)
	if err != nil {
		return acted{Outcome: denied, Text: h.o.Redactor.Redact(err.Error())}, nil
	}
	r, err := h.decide(ctx, j, attempt)
	if err != nil {
		return acted{}, err
	}
	if r.Verdict != corax.Allow {
		return acted{Outcome: denied, Text: "the policy forbids it, " + r.Why}, nil
	}
	j.ruling = r
	return h.act(ctx, j, h.o.Clock.Now())
}

// undoVerify checks the inverse and records how the undoing ended. held says that the step was verified before: while
// nothing is done to it, it stays so.
func (h *Healer) undoVerify(ctx context.Context, plan corax.Plan, s corax.Step, before facts, a acted,
	held bool) (undone, error) {
	out := undone{Text: a.Text, Ended: a.Ended}
	switch a.Outcome {
	case effected, unclear:
		problem, err := h.o.Store.Problem(ctx, plan.Problem)
		if err != nil {
			return out, err
		}
		j, err := h.inverse(ctx, problem, plan, s, before)
		if err != nil {
			out.Text = err.Error()
			break
		}
		v, err := h.verify(ctx, j)
		if err != nil {
			return out, err
		}
		out = undone{OK: v.OK, Text: v.Text, Ended: v.Ended}
	case needless:
		out.OK, out.Text = true, "there is nothing to undo, "+a.Text
	}
	state, detail := corax.StepUndone, out.Text
	if !out.OK {
		detail = "could not be undone" + colon(out.Text)
		switch {
		case a.Outcome == effected || a.Outcome == unclear || a.Outcome == unknownable:
			state = corax.StepUnknown
		case held:
			state = corax.StepDone
		default:
			state = corax.StepFailed
		}
	}
	return out, h.setStep(ctx, plan, s, state, detail, func(r *corax.StepRun) { r.Result = detail })
}

// fallBack undoes a step that could not be verified, and those before it as far as the last state that is known to be
// safe, newest first. Where one can't be undone, those before it stay: what they rest on is not known any more. It
// then ends the plan.
func (p *planFlow) fallBack(s corax.Step, why string) error {
	before, safe := p.sinceSafe()
	return p.unwind(append([]corax.Step{s}, before...), s.ID, safe, fmt.Sprintf("%s: %s.", title(s), why))
}

// sinceSafe are the steps that were done since the last state that is known to be safe, newest first, and that state; empty where none is.
func (p *planFlow) sinceSafe() (chain []corax.Step, safe string) {
	for _, d := range slices.Backward(p.done) {
		if safe = p.safe[d.ID]; safe != "" {
			break
		}
		chain = append(chain, d)
	}
	return chain, safe
}

// unwind undoes steps in their order, each of which but one was verified, and ends the plan with text and what came of it. safe is the state that
// this leads back to; empty for that before the plan.
func (p *planFlow) unwind(chain []corax.Step, unverified, safe, text string) error {
	for _, c := range chain {
		a, err := step(p.flow, "undo", func(ctx context.Context) (acted, error) {
			before, err := p.beforeOf(ctx, c)
			if err != nil {
				return acted{}, err
			}
			return p.undoAct(ctx, p.plan, c, before, 0)
		})
		if err != nil {
			return err
		}
		u, err := step(p.flow, "verify undo", func(ctx context.Context) (undone, error) {
			before, err := p.beforeOf(ctx, c)
			if err != nil {
				return undone{}, err
			}
			return p.undoVerify(ctx, p.plan, c, before, a, c.ID != unverified)
		})
		if err != nil {
			return err
		}
		if u.Ended.Over {
			return errPlanOver
		}
		if !u.OK {
			return p.stop(fmt.Sprintf("%s It could not be undone (%s): %s.", text, title(c), u.Text))
		}
		text += fmt.Sprintf(" Undone: %s, %s.", title(c), u.Text)
	}
	if safe == "" {
		text += " The system is as it was before the plan."
	}
	return p.stop(text)
}
