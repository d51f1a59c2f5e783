package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"

	"corax"
	"corax/app"
	"corax/config"
	"corax/investigate"
	"corax/lab"
	"corax/scenario"
	"corax/server/client"
	"corax/store"
	"corax/store/sqlite"
)

// This file joins what scenario tests need: a Corax that runs in this process, and the labs.

// starter starts Corax in this process for a scenario or a demo.
type starter struct {
	engine investigate.Engine
	log    *slog.Logger
	binary string // for a Corax that will be killed; see newRunner
}

// Start implements scenario.SystemStarter.
func (s starter) Start(ctx context.Context, setup scenario.SystemSetup) (scenario.System, error) {
	cfg, err := config.Load(setup.ConfigPath)
	if err != nil {
		return nil, err
	}
	cfg.DataDir, cfg.Listen = setup.Dir, "127.0.0.1:0"
	if setup.Killable {
		return startProcess(ctx, s.binary, setup, cfg)
	}
	a, err := app.Start(ctx, app.Options{Config: cfg, File: setup.ConfigPath, Engine: s.engine, Version: version, Ground: corax.InScenario, Log: s.log})
	if err != nil {
		return nil, err
	}
	return system{records{a.Store()}, people{cfg}, a}, nil
}

// system is a running App as scenario tests see it.
type system struct {
	records
	people
	app *app.App
}

// everything is more than a scenario or a demo ever makes.
const everything = 100_000

func (s system) AwaitUp(ctx context.Context) error { return s.app.AwaitMonitors(ctx) }

func (s system) Monitors(context.Context) (int, error) { return len(s.app.Monitors()), nil }

func (s system) Subscribe(ctx context.Context) (<-chan corax.Event, error) {
	events, cancel := s.store.Subscribe()
	context.AfterFunc(ctx, cancel)
	return events, nil
}

// Kill is for a Corax in a process of its own.
func (s system) Kill(context.Context) error {
	return corax.Errorf(corax.Internal, "kill Corax", "it runs in this process")
}

func (s system) Stop(context.Context) error {
	s.app.Stop()
	return nil
}

// records are what Corax has stored.
type records struct{ store *sqlite.Store }

func (s records) Signals(ctx context.Context) (int, error) {
	n, err := s.store.CountSignals(ctx)
	return int(n), err
}

func (s records) Problems(ctx context.Context) ([]corax.Problem, error) {
	return oldestFirst(s.store.Problems(ctx, store.ProblemFilter{Limit: everything}))
}

func (s records) Incidents(ctx context.Context) ([]corax.Incident, error) {
	return oldestFirst(s.store.Incidents(ctx, store.IncidentFilter{Limit: everything}))
}

func (s records) Events(ctx context.Context) ([]corax.Event, error) {
	return s.store.Events(ctx, store.EventFilter{Limit: everything})
}

func (s records) PlanRuns(ctx context.Context) ([]corax.PlanRun, error) {
	return s.store.PlanRuns(ctx)
}

func (s records) Decisions(ctx context.Context) ([]corax.Decision, error) {
	runs, err := s.store.PlanRuns(ctx)
	if err != nil {
		return nil, err
	}
	var all []corax.Decision
	for _, r := range runs {
		ds, err := s.store.Decisions(ctx, r.Plan.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, ds...)
	}
	return all, nil
}

func (s records) Outcomes(ctx context.Context) ([]corax.Outcome, error) {
	return s.store.Outcomes(ctx, "", "")
}

func (s records) Approvals(ctx context.Context) ([]corax.ApprovalRequest, error) {
	return s.store.Approvals(ctx, false)
}

func (s records) WorkOrders(ctx context.Context) ([]corax.WorkOrder, error) {
	return oldestFirst(s.store.WorkOrders(ctx, store.WorkOrderFilter{}))
}

func (s records) Pages(ctx context.Context) ([]corax.Page, error) {
	return oldestFirst(s.store.Pages(ctx, store.PageFilter{}))
}

// people are those who act on a running Corax by its API, as `corax` does for them. The configuration says who of them
// is an operator, and where the token is that proves it.
type people struct{ cfg config.Config }

// as is a client that acts in somebody's name.
func (p people) as(name string) (*client.Client, error) {
	c, err := (&settings{dataDir: p.cfg.DataDir}).connect()
	if err != nil {
		return nil, err
	}
	for _, o := range p.cfg.Operators {
		file, ok := strings.CutPrefix(o.Token, "file:")
		if o.Name != name || !ok {
			continue
		}
		token, err := os.ReadFile(file)
		if err != nil {
			return nil, corax.Errorf(corax.Unavailable, "act as "+name, "%w", err)
		}
		c.Token = strings.TrimSpace(string(token))
	}
	return c, nil
}

func (p people) Answer(ctx context.Context, id string, verdict corax.Verdict, by string) error {
	c, err := p.as(by)
	if err != nil {
		return err
	}
	_, err = c.AnswerApproval(ctx, id, client.AnswerApprovalParams{Verdict: string(verdict), By: by})
	return err
}

func (p people) AnswerWork(ctx context.Context, id, answer, by string) error {
	c, err := p.as(by)
	if err != nil {
		return err
	}
	_, err = answerWork(ctx, c, id, answer, client.AcceptWorkOrderParams{By: by})
	return err
}

func (p people) SetStop(ctx context.Context, entity string, on bool) error {
	const by = "scenario"
	c, err := p.as(by)
	switch {
	case err != nil:
		return err
	case !on:
		return c.ClearStop(ctx, client.ClearStopParams{Scope: entity, By: by})
	}
	return c.Stop(ctx, client.StopParams{Scope: entity, Reason: "the scenario says so", By: by})
}

func oldestFirst[T any](newest []T, err error) ([]T, error) {
	for i, j := 0, len(newest)-1; i < j; i, j = i+1, j-1 {
		newest[i], newest[j] = newest[j], newest[i]
	}
	return newest, err
}

// labDrivers are the labs by name.
func labDrivers(binary string) map[string]scenario.LabDriver {
	drivers := map[string]scenario.LabDriver{}
	for _, name := range lab.Names() {
		drivers[name] = labDriver{name, binary}
	}
	return drivers
}

// labDriver starts labs whose parts end with this process.
type labDriver struct{ name, binary string }

// Up implements scenario.LabDriver.
func (d labDriver) Up(ctx context.Context, setup scenario.LabSetup) (scenario.Lab, error) {
	l, err := lab.Up(ctx, lab.Options{Name: d.name, Seed: setup.Seed, Dir: setup.Dir, Params: setup.With, Binary: d.binary})
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

func (l runningLab) Secrets() (map[string]string, error) { return l.Lab.Secrets() }

func (l runningLab) Records(ctx context.Context) ([]scenario.LabRecord, error) {
	found, err := l.Lab.Records(ctx)
	all := make([]scenario.LabRecord, len(found))
	for n, r := range found {
		all[n] = scenario.LabRecord{At: r.At, Part: r.Part, By: r.Actor, Event: r.Event, Detail: r.Detail}
	}
	return all, err
}

func (l runningLab) Judge(ctx context.Context, deeds scenario.Deeds) (scenario.Judgement, error) {
	var d lab.Deeds
	for _, s := range deeds.Stops {
		d.Stops = append(d.Stops, lab.Stop{Part: s.Entity, From: s.From, To: s.To})
	}
	for _, u := range deeds.Undone {
		d.Undone = append(d.Undone, lab.Undone{Part: u.Entity, From: u.From, To: u.To})
	}
	found, err := l.Check(ctx, d)
	j := scenario.Judgement{Invariants: len(lab.Invariants("jwt"))}
	for _, v := range found {
		j.Violations = append(j.Violations, violationText(v))
	}
	return j, err
}

// violationText says which invariant broke, when, and by which record.
func violationText(v lab.Violation) string {
	return fmt.Sprintf("%s at %s, by %s (%s): %s", v.Invariant, v.At.Local().Format("15:04:05.000"), v.By, v.Record, v.Text)
}

// newRunner runs scenarios against labs and Corax in this process; dir is for their files. binary is the program that runs the parts of labs,
// and Corax where it is to be killed; this one where empty.
func newRunner(engine investigate.Engine, binary, dir string, progress func(string)) *scenario.Runner {
	return &scenario.Runner{
		Labs:     labDrivers(binary),
		Systems:  starter{engine: engine, log: slog.New(slog.DiscardHandler), binary: binary},
		Engine:   engine,
		Dir:      dir,
		Versions: map[string]string{"corax": version, "go": runtime.Version()},
		Machine:  &scenario.Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU()},
		Listen:   func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") },
		Progress: progress,
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == ""
}
