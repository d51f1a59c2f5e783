package webtest

import (
	"context"
	"strings"
	"time"

	"corax"
)

// FirstSteps note what was asked for. What is tried is up where its text says so.
type FirstSteps struct {
	controls *Controls
	sample   bool
}

// TryMonitor is up where the text holds "up".
func (f *FirstSteps) TryMonitor(_ context.Context, text string) (corax.ProbeResult, error) {
	r := corax.ProbeResult{State: corax.MonitorDown, Message: Hostile, Latency: 12 * time.Millisecond}
	if strings.Contains(text, "up.example") {
		r.State, r.Message = corax.MonitorUp, "200 in 12 ms"
	}
	return r, nil
}

// Writable is true.
func (f *FirstSteps) Writable() bool { return true }

// AddMonitor notes the call.
func (f *FirstSteps) AddMonitor(_ context.Context, text string, by corax.Actor) error {
	return f.controls.note("add monitor by " + by.Name + ": " + text)
}

// Sample is as it was set.
func (f *FirstSteps) Sample() bool { return f.sample }

// SetSample remembers.
func (f *FirstSteps) SetSample(there bool) error { f.sample = there; return nil }
