package webtest

import (
	"context"
	"fmt"

	"corax"
	"corax/store"
)

// Answer answers a request as the healer would.
func (c *Controls) Answer(ctx context.Context, approval string, v corax.Verdict, by corax.Actor) (corax.ApprovalRequest, error) {
	_ = c.note(fmt.Sprintf("answer %s %s by %s", approval, v, by.Name))
	return c.store.AnswerApproval(ctx, approval, corax.Answer{Actor: by, Verdict: v, At: c.clock.Now()})
}

// Pause notes the call.
func (c *Controls) Pause(_ context.Context, plan, by, reason string) error {
	return c.note(fmt.Sprintf("pause %s by %s: %s", plan, by, reason))
}

// Resume notes the call.
func (c *Controls) Resume(_ context.Context, plan, by, reason string) error {
	return c.note(fmt.Sprintf("resume %s by %s: %s", plan, by, reason))
}

// Cancel notes the call.
func (c *Controls) Cancel(_ context.Context, plan, by, reason string) error {
	return c.note(fmt.Sprintf("cancel %s by %s: %s", plan, by, reason))
}

// Undo notes the call.
func (c *Controls) Undo(_ context.Context, plan, by, reason string) error {
	return c.note(fmt.Sprintf("undo %s by %s: %s", plan, by, reason))
}

// Escalate notes the call.
func (c *Controls) Escalate(_ context.Context, problem, by, reason string) error {
	return c.note(fmt.Sprintf("escalate %s by %s: %s", problem, by, reason))
}

// AckPage notes the call.
func (c *Controls) AckPage(_ context.Context, page, by string) (corax.Page, error) {
	return corax.Page{}, c.note(fmt.Sprintf("acknowledge page %s by %s", page, by))
}

// WorkOrders has none.
func (c *Controls) WorkOrders(context.Context, store.WorkOrderFilter) ([]corax.WorkOrder, error) {
	return nil, nil
}

// Monitors are two, of which one is down.
func (c *Controls) Monitors() []corax.ProbeResult {
	return []corax.ProbeResult{
		{Monitor: "login", Entity: "auth", At: Now, State: corax.MonitorUp, Message: "200 in 12 ms"},
		{Monitor: "orders", Entity: "order", At: Now, State: corax.MonitorDown, Message: "GET /api/orders answered 401, expected 200 " + Hostile},
	}
}
