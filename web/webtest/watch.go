package webtest

import (
	"context"
	"fmt"
	"time"

	"corax"
	"corax/lookup"
	"corax/store"
	"corax/triage/indexer"
)

// topology is that of the outage which is being healed.
func (s *Site) topology() corax.Topology {
	if c := s.Healing.Problem.Case; c != nil {
		return c.Topology
	}
	return corax.Topology{}
}

// lookup is what the pages of signals, incidents, monitors and changes look things up with.
func (s *Site) lookup(clock corax.Clock) *lookup.Lookup {
	return &lookup.Lookup{Records: s.Store, Topology: s.topology, Monitors: s.Controls.Watched, Clock: clock}
}

// Watched are the monitors, none where nothing has happened, and one that has not run yet.
func (c *Controls) Watched() []corax.ProbeResult {
	if c.empty {
		return nil
	}
	strange := hostile[corax.ProbeResult]()
	strange.State = corax.MonitorDown
	return append(c.Monitors(context.Background()), strange, corax.ProbeResult{Monitor: "never run", Entity: "auth", State: corax.MonitorUnknown, Message: "has not run yet"})
}

// Acknowledge notes the call.
func (c *Controls) Acknowledge(_ context.Context, incident, by string) error {
	return c.note(fmt.Sprintf("acknowledge %s by %s", incident, by))
}

// Resolve notes the call.
func (c *Controls) Resolve(_ context.Context, incident, by string) error {
	return c.note(fmt.Sprintf("resolve %s by %s", incident, by))
}

// RunMonitor notes the call.
func (c *Controls) RunMonitor(_ context.Context, name string) (corax.ProbeResult, error) {
	return corax.ProbeResult{Monitor: name, State: corax.MonitorUp, Latency: 12 * time.Millisecond, Message: "200 " + Hostile},
		c.note("run monitor " + name)
}

// watch tells what monitors saw for some days, what was changed before the outage, and what the logs said.
func (s *Site) watch(ctx context.Context, now time.Time) error {
	record := store.MonitorRecord{Minutes: map[string][]store.History{}, Changes: []store.MonitorChange{
		{Monitor: "orders", At: now.Add(-50 * time.Hour), From: corax.MonitorUnknown, To: corax.MonitorUp, Message: "200 in 20 ms"},
		{Monitor: "orders", At: now.Add(-2 * time.Minute), From: corax.MonitorUp, To: corax.MonitorDown, Message: "GET /api/orders answered 401 " + Hostile},
	}}
	for i := 0; i < 60*24*3; i += 5 {
		at := now.Add(-time.Duration(i) * time.Minute)
		for n, name := range []string{"login", "orders"} {
			h := store.History{At: at.Truncate(time.Minute), Step: time.Minute}
			failed := n == 1 && (i < 5 || i > 700 && i < 730)
			h.Add(failed, time.Duration(8+i%7+n*5)*time.Millisecond)
			h.Add(failed, time.Duration(10+i%23+i/600)*time.Millisecond)
			if i < 1500 || i > 1700 { // and for a while nobody looked
				record.Minutes[name] = append(record.Minutes[name], h)
			}
		}
	}
	if err := s.Store.RecordHistory(ctx, record); err != nil {
		return err
	}
	var b store.TriageBatch
	for i := range 60 {
		g := corax.Signal{ID: fmt.Sprintf("sig-talk-%02d", i), At: now.Add(-time.Duration(60-i) * time.Minute), Source: "log/order", Kind: corax.Note,
			Entity: "order", Message: fmt.Sprintf("request %d of user jane served in %d ms", 1000+i, i), Labels: map[string]string{"zone": "north", Hostile: Hostile},
			Attributes: map[string]string{"thread": fmt.Sprint(i % 4), Hostile: Hostile}}
		if i%20 == 19 {
			g.Kind, g.Source, g.Entity, g.Message = corax.ChangeOf, "deploy", "auth", fmt.Sprintf("auth was deployed in version 1.%d %s", i, Hostile)
		}
		b.Signals = append(b.Signals, g)
	}
	if err := s.Store.CommitTriage(ctx, b); err != nil {
		return err
	}
	return indexer.New(indexer.Options{Store: s.Store}).CatchUp(ctx)
}
