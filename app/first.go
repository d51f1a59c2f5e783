package app

import (
	"context"
	"os"
	"path/filepath"

	"corax"
	"corax/scenario/history"
	"corax/scenario/sample"
	"corax/server"
	"corax/web"
)

// monitorFiles is what the pages do with the monitors as they are written.
type monitorFiles struct{ a *App }

// MonitorText implements web.MonitorFiles.
func (f monitorFiles) MonitorText(ctx context.Context, name string) (web.MonitorText, error) {
	m, err := controls(f).MonitorConfig(ctx, name)
	return web.MonitorText{Name: m.Name, Text: m.Text, File: m.File, Revision: m.Revision}, err
}

// TryMonitor implements web.MonitorFiles. What it sees becomes no signal.
func (f monitorFiles) TryMonitor(ctx context.Context, text string) (corax.ProbeResult, error) {
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

// Writable implements web.MonitorFiles: there is a file, and Corax may write it.
func (f monitorFiles) Writable() bool {
	if f.a.o.File == "" {
		return false
	}
	file, err := os.OpenFile(f.a.o.File, os.O_WRONLY, 0)
	if err != nil {
		return false
	}
	return file.Close() == nil
}

// WriteMonitor implements web.MonitorFiles.
func (f monitorFiles) WriteMonitor(ctx context.Context, m web.MonitorText, text string, by corax.Actor) (string, error) {
	done, err := controls(f).ChangeMonitor(ctx, server.MonitorChange{Name: m.Name, Text: text, Revision: m.Revision, By: by})
	return done.Name, err
}

// firstSteps is what the page for a new Corax sets in motion.
type firstSteps struct{ a *App }

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
