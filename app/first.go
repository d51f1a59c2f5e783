package app

import (
	"context"
	"os"
	"path/filepath"

	"corax"
	"corax/scenario/history"
	"corax/scenario/sample"
	"corax/server"
)

// firstSteps is what the page for a new Corax sets in motion.
type firstSteps struct{ a *App }

// TryMonitor implements web.FirstSteps. What it sees becomes no signal.
func (f firstSteps) TryMonitor(ctx context.Context, text string) (corax.ProbeResult, error) {
	_, spec, err := monitorAlone(f.a.o.File, text)
	if err != nil {
		return corax.ProbeResult{}, err
	}
	if spec.Log != nil || spec.Heartbeat != nil {
		return corax.ProbeResult{}, corax.Errorf(corax.Invalid, "try the monitor", "it is none that can be tried")
	}
	seen, err := f.a.monitors.Try(ctx, spec)
	seen.Message = f.a.redactor.Redact(seen.Message)
	return seen, err
}

// Writable implements web.FirstSteps: there is a file, and Corax may write it.
func (f firstSteps) Writable() bool {
	if f.a.o.File == "" {
		return false
	}
	file, err := os.OpenFile(f.a.o.File, os.O_WRONLY, 0)
	if err != nil {
		return false
	}
	return file.Close() == nil
}

// AddMonitor implements web.FirstSteps.
func (f firstSteps) AddMonitor(ctx context.Context, text string, by corax.Actor) error {
	_, err := controls(f).ChangeMonitor(ctx, server.MonitorChange{Text: text, By: by})
	return err
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
