package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"corax"
	"corax/config"
	"corax/monitor"
	"corax/scenario/history"
	"corax/scenario/sample"
)

// firstSteps is what the page for a new Corax sets in motion.
type firstSteps struct{ a *App }

// item is a monitor as an item of the list monitors.
func item(text string) string {
	return "monitors:\n  - " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ") + "\n"
}

// TryMonitor implements web.FirstSteps. The monitor lives for one run, and what it sees becomes no signal.
func (f firstSteps) TryMonitor(ctx context.Context, text string) (corax.ProbeResult, error) {
	cfg, err := config.Parse("the monitor", []byte(item(text)))
	if err != nil {
		return corax.ProbeResult{}, corax.Errorf(corax.Invalid, "read the monitor", "%w", err)
	}
	if len(cfg.Monitors) != 1 || cfg.Monitors[0].Log != nil || cfg.Monitors[0].Heartbeat != nil {
		return corax.ProbeResult{}, corax.Errorf(corax.Invalid, "try the monitor", "it is none that can be tried")
	}
	m, err := monitor.New(monitor.Options{Monitors: cfg.Monitors, Clock: f.a.o.Clock, Log: f.a.log,
		Secrets: func(string) (string, error) { return "", errors.New("a monitor that is tried gets no credential") }})
	if err != nil {
		return corax.ProbeResult{}, err
	}
	if err := m.Start(context.WithoutCancel(ctx)); err != nil {
		return corax.ProbeResult{}, err
	}
	defer m.Stop()
	seen, err := m.RunNow(ctx, cfg.Monitors[0].Name)
	seen.Message = f.a.redactor.Redact(seen.Message)
	return seen, err
}

// Writable implements web.FirstSteps.
func (f firstSteps) Writable() bool { return false }

// AddMonitor implements web.FirstSteps.
func (f firstSteps) AddMonitor(_ context.Context, _ string, _ corax.Actor) error {
	file := f.a.o.File
	if file == "" {
		return &corax.Error{Code: corax.Conflict, Op: "add the monitor", Err: errors.New("this Corax was started without a configuration file"),
			Hint: "put the text into a file and start it with --config FILE"}
	}
	return &corax.Error{Code: corax.Conflict, Op: "add the monitor", Err: fmt.Errorf("%s is not changed from here", file), Hint: "put the text there and reload"}
}

// Sample implements web.FirstSteps.
func (f firstSteps) Sample() bool {
	runs, _ := f.a.scenarios.Runs()
	return len(runs) > len(runs.Real())
}

// SetSample implements web.FirstSteps.
func (f firstSteps) SetSample(there bool) error {
	dir := filepath.Join(f.a.config().DataDir, history.Dir)
	if there {
		return sample.Load(dir)
	}
	return sample.Remove(dir)
}
