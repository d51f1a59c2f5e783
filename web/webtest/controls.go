package webtest

import (
	"context"
	"encoding/json"
	"fmt"

	"corax"
	"corax/access/scoped"
	"corax/scenario/casefile"
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

// records are those of the store, as far as who asks may see them. What is silenced is noted.
type records struct {
	scoped.Records
	note func(string) error
}

func (s *Site) records() records {
	return records{scoped.Records{Store: s.Store, Topology: s.Estate.Topology}, s.Controls.note}
}

// SaveSilence does it, and notes the call.
func (r records) SaveSilence(ctx context.Context, q corax.Silence) error {
	if err := r.Records.SaveSilence(ctx, q); err != nil {
		return err
	}
	return r.note(fmt.Sprintf("silence %v by %s from %s to %s: %s", q.Match, q.Owner, q.StartsAt.Format("15:04"), q.EndsAt.Format("15:04"), q.Reason))
}

// WorkOrders has none.
func (c *Controls) WorkOrders(context.Context, store.WorkOrderFilter) ([]corax.WorkOrder, error) {
	return nil, nil
}

// Monitors are two, of which one is down.
func (c *Controls) Monitors(context.Context) []corax.ProbeResult {
	return []corax.ProbeResult{
		{Monitor: "login", Entity: "auth", At: Now, State: corax.MonitorUp, Message: "200 in 12 ms"},
		{Monitor: "orders", Entity: "order", At: Now, State: corax.MonitorDown, Message: "GET /api/orders answered 401, expected 200 " + Hostile},
	}
}

// Comment puts a comment into the timeline.
func (c *Controls) Comment(ctx context.Context, problem, by, text string) (corax.Event, error) {
	_ = c.note(fmt.Sprintf("comment %s by %s: %s", problem, by, text))
	if text == "" {
		return corax.Event{}, corax.Errorf(corax.Invalid, "comment", "nothing is said")
	}
	e := corax.Event{At: c.clock.Now(), Kind: corax.EventComment, Problem: problem, Text: text, Data: map[string]string{"by": by}}
	return e, c.store.AppendEvents(ctx, e)
}

// TakeOver notes the call.
func (c *Controls) TakeOver(_ context.Context, problem, by, reason string) error {
	return c.note(fmt.Sprintf("take over %s by %s: %s", problem, by, reason))
}

// WhyNot knows one pattern.
func (c *Controls) WhyNot(_ context.Context, _, name string) ([]corax.WhyNot, error) {
	if name != "DNS_FAILURE" {
		return nil, corax.Errorf(corax.NotFound, "explain why not "+name, "neither a pattern nor a mechanism of the catalogue")
	}
	return []corax.WhyNot{{Pattern: corax.Unknown, Chosen: "key_used_before_distributed", Asked: "resolver_down", For: []string{Hostile}, Lacks: []string{"an answer SERVFAIL"}}}, nil
}

// ExportProblem gives a file that holds the problem.
func (c *Controls) ExportProblem(ctx context.Context, id string) (f casefile.File, err error) {
	p, err := c.store.Problem(ctx, id)
	if err == nil {
		f.Content, err = json.Marshal(p)
	}
	return f, err
}
