package scoped

import (
	"context"
	"errors"

	"corax"
)

// This file says what somebody may act on: it is seen, and lies within the scope whole.

// Everything is Forbidden for who does not see everything.
func (r Records) Everything(ctx context.Context, op string) error {
	if r.sight(ctx).everything {
		return nil
	}
	return outside(op)
}

// Entity is Forbidden for an entity that is not seen; and for none, which stands for all.
func (r Records) Entity(ctx context.Context, op, id string) error {
	if r.sight(ctx).sees(id) {
		return nil
	}
	return outside(op + " " + id)
}

// Plan is NotFound for a plan that is not seen, and Forbidden for one that touches an entity that isn't.
func (r Records) Plan(ctx context.Context, op, id string) error {
	s := r.sight(ctx)
	if s.everything {
		return nil
	}
	run, err := r.PlanRun(ctx, id)
	if err != nil {
		return err
	}
	for _, step := range run.Plan.Steps {
		if !s.sees(step.Target) {
			return outside(op + " " + id)
		}
	}
	return nil
}

// Request is NotFound for a request for approval that is not seen, and Forbidden for one about an entity that isn't.
func (r Records) Request(ctx context.Context, op, id string) error {
	s := r.sight(ctx)
	if s.everything {
		return nil
	}
	a, err := r.Approval(ctx, id)
	if err == nil && !s.sees(a.Target) {
		err = outside(op + " " + id)
	}
	return err
}

func outside(op string) error {
	return &corax.Error{Code: corax.Forbidden, Op: op, Err: errors.New("it is not within your scope, or not all of it"), Hint: "ask somebody without a scope"}
}

// Seen says which entities are seen.
func (r Records) Seen(ctx context.Context) func(id string) bool { return r.sight(ctx).sees }
