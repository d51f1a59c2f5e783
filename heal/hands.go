package heal

import (
	"context"

	"corax"
)

// Hands has people on site carry out what Corax can't.
type Hands interface {
	// Order asks people to carry out a plan, or gives the order that was made for it before. It is NotFound where it
	// isn't known whom to ask.
	Order(ctx context.Context, plan corax.Plan, p corax.Problem) (corax.WorkOrder, error)
	// OrderOf is the order that was made for a plan, or NotFound.
	OrderOf(ctx context.Context, plan string) (corax.WorkOrder, error)
	// Withdraw ends the order of a plan, which is not needed any more. One that has ended stays as it is.
	Withdraw(ctx context.Context, plan, why string) error
}

// ordered is the work order of a plan, or why there is none.
type ordered struct {
	ID    string `json:"id,omitempty"`
	Text  string `json:"text,omitempty"`
	Ended ended  `json:"ended"`
}

// worked is how the work ended.
type worked struct {
	State corax.WorkState `json:"state"`
	Why   string          `json:"why"`
	Ended ended           `json:"ended"`
}

// onSite has people carry out the plan, and waits for the end of their work. Corax does nothing meanwhile but look:
// the work counts as done when the monitors have said so, and is watched like any other repair.
func (p *planFlow) onSite() error {
	o, err := step(p.flow, "order work", func(ctx context.Context) (ordered, error) { return p.order(ctx) })
	switch {
	case err != nil:
		return err
	case o.Ended.any():
		return p.over(o.Ended)
	case o.ID == "":
		return p.stop("People carry out this plan" + colon(p.plan.Why) + ". No work order was made: " + o.Text + ".")
	}
	if err := p.tell("People on site are asked to carry out the plan, with work order " + o.ID + "."); err != nil {
		return err
	}
	done, err := step(p.flow, "await work", func(ctx context.Context) (worked, error) { return p.await(ctx) })
	switch {
	case err != nil:
		return err
	case done.Ended.any():
		if _, err := step(p.flow, "withdraw work", func(ctx context.Context) (bool, error) {
			return true, p.o.Hands.Withdraw(ctx, p.plan.ID, "the plan does not go on")
		}); err != nil {
			return err
		}
		return p.over(done.Ended)
	case done.State != corax.WorkVerified:
		return p.stop("Work order " + o.ID + " is " + string(done.State) + colon(done.Why) + ".")
	}
	for _, s := range p.plan.Steps {
		if err := p.mark(s, corax.StepDone, "by people on site", func(r *corax.StepRun) {
			r.Result, r.Verified = "work order "+o.ID, done.Why
		}); err != nil {
			return err
		}
	}
	if err := p.healed(); err != nil {
		return err
	}
	return p.finish()
}

// order makes the work order, unless the plan is held or must not go on.
func (p *planFlow) order(ctx context.Context) (ordered, error) {
	tied, untie := p.stops.tie(ctx, p.diagnosis.RootCause.Entity)
	defer untie()
	if end, err := p.leave(ctx, tied, p.plan, p.diagnosis.RootCause.Entity, false); err != nil || end.any() {
		return ordered{Ended: end}, err
	}
	problem, err := p.o.Store.Problem(ctx, p.plan.Problem)
	if err != nil {
		return ordered{}, err
	}
	problem.Diagnosis = p.diagnosis // what the plan was made for
	o, err := p.o.Hands.Order(ctx, p.plan, problem)
	if corax.CodeOf(err) == corax.NotFound {
		return ordered{Text: err.Error()}, nil
	}
	if err != nil {
		return ordered{}, err
	}
	return ordered{ID: o.ID}, p.setPlan(ctx, p.plan, corax.PlanBlocked, "people on site: work order "+o.ID)
}

// await looks at the order until it or the plan has ended.
func (p *planFlow) await(ctx context.Context) (worked, error) {
	tied, untie := p.stops.tie(ctx, p.diagnosis.RootCause.Entity)
	defer untie()
	for {
		rung := p.bell.rung()
		end, err := p.planOver(tied, ctx, p.plan.ID)
		if err != nil || end.any() {
			return worked{Ended: end}, err
		}
		o, err := p.o.Hands.OrderOf(ctx, p.plan.ID)
		if err != nil || o.State.Ended() {
			return worked{State: o.State, Why: o.Why}, err
		}
		_ = pause(tied, p.o.RetryEvery, rung)
		if ctx.Err() != nil {
			return worked{}, ctx.Err()
		}
	}
}

// taken says that somebody on site has accepted the plan's work, which is then not taken from them because monitors
// turn green: that is what they are there for.
func (h *Healer) taken(ctx context.Context, plan corax.Plan) (bool, error) {
	if plan.Mode != corax.RemoteHands || h.o.Hands == nil {
		return false, nil
	}
	o, err := h.o.Hands.OrderOf(ctx, plan.ID)
	if corax.CodeOf(err) == corax.NotFound {
		return false, nil
	}
	return o.By != "" && o.State != corax.WorkCancelled, err
}
