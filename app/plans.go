package app

import (
	"context"

	"corax"
)

func (c controls) Pause(ctx context.Context, plan, by, reason string) error {
	return c.a.healer.Pause(ctx, plan, by, reason)
}

func (c controls) Resume(ctx context.Context, plan, by, reason string) error {
	return c.a.healer.Resume(ctx, plan, by, reason)
}

func (c controls) Cancel(ctx context.Context, plan, by, reason string) error {
	return c.a.healer.Cancel(ctx, plan, by, reason)
}

func (c controls) Undo(ctx context.Context, plan, by, reason string) error {
	return c.a.healer.Undo(ctx, plan, by, reason)
}

func (c controls) Rehearse(ctx context.Context, plan string) ([]corax.Rehearsal, error) {
	return c.a.healer.Rehearse(ctx, plan)
}

// Replay asks the policy that is in force about the decisions on record.
func (c controls) Replay(ctx context.Context, plan string) ([]corax.Replayed, error) {
	if _, err := c.a.store.PlanRun(ctx, plan); err != nil {
		return nil, err
	}
	decisions, err := c.a.store.Decisions(ctx, plan)
	if err != nil {
		return nil, err
	}
	return c.a.healer.Replay(ctx, decisions, c.a.config().Policy), nil
}
