package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"corax"
	"corax/app"
	"corax/config"
	"corax/investigate"
	"corax/lab"
	"corax/scenario"
	"corax/store"
)

// This file joins what scenario tests need: a Corax that runs in this process, and the labs.

// starter starts Corax in this process for a scenario or a demo.
type starter struct {
	engine investigate.Engine
	log    *slog.Logger
}

// Start implements scenario.SystemStarter.
func (s starter) Start(ctx context.Context, setup scenario.SystemSetup) (scenario.System, error) {
	cfg, err := config.Load(setup.ConfigPath)
	if err != nil {
		return nil, err
	}
	cfg.DataDir, cfg.Listen = setup.Dir, "127.0.0.1:0"
	a, err := app.Start(ctx, app.Options{Config: cfg, File: setup.ConfigPath, Engine: s.engine, Version: version, Ground: corax.InScenario, Log: s.log})
	if err != nil {
		return nil, err
	}
	return system{a}, nil
}

// system is a running App as scenario tests see it.
type system struct{ *app.App }

// everything is more than a scenario or a demo ever makes.
const everything = 100_000

func (s system) AwaitUp(ctx context.Context) error { return s.AwaitMonitors(ctx) }

func (s system) Monitors(context.Context) (int, error) { return len(s.App.Monitors()), nil }

func (s system) Signals(ctx context.Context) (int, error) {
	n, err := s.Store().CountSignals(ctx)
	return int(n), err
}

func (s system) Problems(ctx context.Context) ([]corax.Problem, error) {
	return oldestFirst(s.Store().Problems(ctx, store.ProblemFilter{Limit: everything}))
}

func (s system) Incidents(ctx context.Context) ([]corax.Incident, error) {
	return oldestFirst(s.Store().Incidents(ctx, store.IncidentFilter{Limit: everything}))
}

func (s system) Events(ctx context.Context) ([]corax.Event, error) {
	return s.Store().Events(ctx, store.EventFilter{Limit: everything})
}

func (s system) PlanRuns(ctx context.Context) ([]corax.PlanRun, error) {
	return s.Store().PlanRuns(ctx)
}

func (s system) Decisions(ctx context.Context) ([]corax.Decision, error) {
	runs, err := s.Store().PlanRuns(ctx)
	if err != nil {
		return nil, err
	}
	var all []corax.Decision
	for _, r := range runs {
		ds, err := s.Store().Decisions(ctx, r.Plan.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, ds...)
	}
	return all, nil
}

func (s system) Outcomes(ctx context.Context) ([]corax.Outcome, error) {
	return s.Store().Outcomes(ctx, "", "")
}

func (s system) Approvals(ctx context.Context) ([]corax.ApprovalRequest, error) {
	return s.Store().Approvals(ctx, false)
}

func (s system) Approve(ctx context.Context, id, by string) error {
	return s.Answer(ctx, id, corax.Allow, corax.Actor{Name: by, Via: corax.ViaLocal})
}

func (s system) Subscribe(ctx context.Context) (<-chan corax.Event, error) {
	events, cancel := s.Store().Subscribe()
	context.AfterFunc(ctx, cancel)
	return events, nil
}

func (s system) Stop(context.Context) error {
	s.App.Stop()
	return nil
}

func oldestFirst[T any](newest []T, err error) ([]T, error) {
	for i, j := 0, len(newest)-1; i < j; i, j = i+1, j-1 {
		newest[i], newest[j] = newest[j], newest[i]
	}
	return newest, err
}

// labDrivers are the labs by name.
func labDrivers() map[string]scenario.LabDriver {
	drivers := map[string]scenario.LabDriver{}
	for _, name := range lab.Names() {
		drivers[name] = labDriver{name}
	}
	return drivers
}

// labDriver starts labs whose parts end with this process.
type labDriver struct{ name string }

// Up implements scenario.LabDriver.
func (d labDriver) Up(ctx context.Context, setup scenario.LabSetup) (scenario.Lab, error) {
	l, err := lab.Up(ctx, lab.Options{Name: d.name, Seed: setup.Seed, Dir: setup.Dir, Params: setup.With})
	if err != nil {
		return nil, err
	}
	return runningLab{l}, nil
}

// runningLab is a lab as scenario tests see it.
type runningLab struct{ *lab.Lab }

func (l runningLab) ConfigPath() string { return l.ConfigFile() }

func (l runningLab) EntityOf(role string) (string, bool) { return l.Name(role) }

func (l runningLab) RoleOf(entity string) (string, bool) { return l.Role(entity) }

func (l runningLab) Break(ctx context.Context, fault string, with map[string]any) (scenario.Injected, error) {
	in, err := l.Lab.Break(ctx, fault, with)
	return scenario.Injected{At: in.At, Fault: in.Fault, With: in.With, Targets: in.Targets, Proof: strings.Join(in.Proof, "; ")}, err
}

func (l runningLab) Truth(ctx context.Context) (scenario.Truth, error) {
	t, err := l.Lab.Truth(ctx)
	if err != nil {
		return scenario.Truth{}, err
	}
	return scenario.Truth{
		Served: t.Accepted > 0 && t.Rejected == 0 && t.Failed == 0 && t.FailedLogins == 0,
		Text: fmt.Sprintf("in the last %s users made %d requests: %d accepted, %d refused with a valid token, %d failed, %d logins failed",
			t.Window, t.Requests, t.Accepted, t.Rejected, t.Failed, t.FailedLogins),
	}, nil
}

func (l runningLab) Violations(ctx context.Context) ([]string, error) {
	found, err := l.Check(ctx)
	texts := make([]string, len(found))
	for n, v := range found {
		texts[n] = fmt.Sprintf("%s by %s: %s", v.At.Format(time.TimeOnly), v.By, v.Text)
	}
	return texts, err
}

// newRunner runs scenarios against labs and Corax in this process; dir is for their files.
func newRunner(engine investigate.Engine, dir string, progress func(string)) *scenario.Runner {
	return &scenario.Runner{
		Labs:     labDrivers(),
		Systems:  starter{engine, slog.New(slog.DiscardHandler)},
		Engine:   engine,
		Dir:      dir,
		Versions: map[string]string{"corax": version},
		Progress: progress,
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == ""
}
