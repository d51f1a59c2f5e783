package scenario

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"corax"
)

// fakeLab is a lab of names only: its faults wake the fake Corax.
type fakeLab struct {
	system   *fakeSystem
	upErr    error
	breakErr error
	truth    Truth
	broken   []string // violations
	records  []LabRecord
	deeds    Deeds // that it was last told of

	mu    sync.Mutex
	ups   int
	downs int
}

func (l *fakeLab) Up(ctx context.Context, _ LabSetup) (Lab, error) {
	if err := errors.Join(l.upErr, ctx.Err()); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ups++
	return l, nil
}

func (l *fakeLab) ConfigPath() string { return filepath.Join("testdata", "corax.yaml") }

func (l *fakeLab) Secrets() (map[string]string, error) {
	return map[string]string{"corax.token": "0f3a99c1b2d4"}, nil
}

func (l *fakeLab) EntityOf(role string) (string, bool) {
	known := slices.Contains([]string{"auth", "user", "order", "payment", "inventory", "shipping", "notification", "analytics"}, role)
	return role + "-7", known
}

func (l *fakeLab) RoleOf(entity string) (string, bool) { return strings.CutSuffix(entity, "-7") }

func (l *fakeLab) Break(_ context.Context, fault string, _ map[string]any) (Injected, error) {
	if l.breakErr != nil {
		return Injected{}, l.breakErr
	}
	l.system.play()
	return Injected{At: time.Now(), Targets: []string{"user-7"}, Proof: fault + " was seen to work"}, nil
}

func (l *fakeLab) Truth(context.Context) (Truth, error) { return l.truth, nil }

func (l *fakeLab) Judge(_ context.Context, deeds Deeds) (Judgement, error) {
	l.deeds = deeds
	return Judgement{Invariants: 3, Violations: l.broken}, nil
}

func (l *fakeLab) Records(context.Context) ([]LabRecord, error) { return l.records, nil }

func (l *fakeLab) Down(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.downs++
	return ctx.Err()
}

// scene is what the fake Corax does some time after the first fault.
type scene struct {
	after time.Duration
	do    func(*fakeSystem)
}

// fakeSystem plays scenes; it knows nothing of what is expected.
type fakeSystem struct {
	scenes   []scene
	startErr error
	awaitErr error
	deaf     bool // sends no events

	mu        sync.Mutex
	problems  []corax.Problem
	incidents []corax.Incident
	events    []corax.Event
	runs      []corax.PlanRun
	decisions []corax.Decision
	approvals []corax.ApprovalRequest
	approved  func(*fakeSystem)
	orders    []corax.WorkOrder
	pages     []corax.Page
	switches  []string
	kills     int
	listeners []chan corax.Event
	starts    int
	stops     int
	playing   sync.WaitGroup
	quit      chan struct{}
}

func (s *fakeSystem) Start(context.Context, SystemSetup) (System, error) {
	if s.startErr != nil {
		return nil, s.startErr
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.starts++
	s.quit = make(chan struct{})
	return s, nil
}

func (s *fakeSystem) AwaitUp(context.Context) error { return s.awaitErr }

// play starts the scenes, once.
func (s *fakeSystem) play() {
	s.mu.Lock()
	defer s.mu.Unlock()
	scenes := s.scenes
	s.scenes = nil
	if len(scenes) == 0 {
		return
	}
	begun := time.Now()
	s.playing.Go(func() {
		for _, sc := range scenes {
			select {
			case <-time.After(sc.after - time.Since(begun)):
			case <-s.quit:
				return
			}
			s.mu.Lock()
			sc.do(s)
			s.mu.Unlock()
		}
	})
}

// event records one and tells those who listen. s.mu is held.
func (s *fakeSystem) event(e corax.Event) {
	e.At = time.Now()
	s.events = append(s.events, e)
	if s.deaf {
		return
	}
	for _, l := range s.listeners {
		select {
		case l <- e:
		default:
		}
	}
}

func (s *fakeSystem) Subscribe(ctx context.Context) (<-chan corax.Event, error) {
	events := make(chan corax.Event, 16)
	s.mu.Lock()
	s.listeners = append(s.listeners, events)
	s.mu.Unlock()
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.listeners = nil
		close(events)
	})
	return events, nil
}

func (s *fakeSystem) Answer(_ context.Context, id string, verdict corax.Verdict, by string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.approvals {
		if s.approvals[i].ID == id {
			s.approvals[i].Answer, s.approvals[i].By = verdict, by
			s.approved(s)
			return nil
		}
	}
	return corax.Errorf(corax.NotFound, "approve "+id, "no such request")
}

func (s *fakeSystem) Stop(ctx context.Context) error {
	s.mu.Lock()
	if s.stops++; s.stops == 1 {
		close(s.quit)
	}
	s.mu.Unlock()
	s.playing.Wait()
	return ctx.Err()
}

func (s *fakeSystem) AnswerWork(_ context.Context, id, answer, by string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.orders {
		if s.orders[i].ID == id {
			s.orders[i].State, s.orders[i].By = corax.WorkState(answer), by
		}
	}
	return nil
}

func (s *fakeSystem) SetStop(_ context.Context, entity string, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.switches = append(s.switches, fmt.Sprintf("%s %t", entity, on))
	return nil
}

func (s *fakeSystem) Kill(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kills++
	return nil
}

func locked[T any](s *fakeSystem, list *[]T) ([]T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(*list), nil
}

func (s *fakeSystem) Monitors(context.Context) (int, error) { return 12, nil }
func (s *fakeSystem) Signals(context.Context) (int, error)  { return 40, nil }
func (s *fakeSystem) Problems(context.Context) ([]corax.Problem, error) {
	return locked(s, &s.problems)
}
func (s *fakeSystem) Incidents(context.Context) ([]corax.Incident, error) {
	return locked(s, &s.incidents)
}
func (s *fakeSystem) Events(context.Context) ([]corax.Event, error)     { return locked(s, &s.events) }
func (s *fakeSystem) PlanRuns(context.Context) ([]corax.PlanRun, error) { return locked(s, &s.runs) }
func (s *fakeSystem) Outcomes(context.Context) ([]corax.Outcome, error) {
	return []corax.Outcome{{ID: "out-1", Action: "a", Class: "service", Ground: corax.InScenario, Verified: true}}, nil
}
func (s *fakeSystem) Decisions(context.Context) ([]corax.Decision, error) {
	return locked(s, &s.decisions)
}
func (s *fakeSystem) Approvals(context.Context) ([]corax.ApprovalRequest, error) {
	return locked(s, &s.approvals)
}

func (s *fakeSystem) WorkOrders(context.Context) ([]corax.WorkOrder, error) {
	return locked(s, &s.orders)
}
func (s *fakeSystem) Pages(context.Context) ([]corax.Page, error) { return locked(s, &s.pages) }

// The scenes of a rotation that is detected, healed and closed.

func detected(d corax.Diagnosis) func(*fakeSystem) {
	return func(s *fakeSystem) {
		s.incidents = append(s.incidents, corax.Incident{ID: "inc-1"}, corax.Incident{ID: "inc-2"})
		s.problems = append(s.problems, corax.Problem{ID: "prb-1", State: corax.ProblemHealing, Plan: "pln-1", OpenedAt: time.Now(), Diagnosis: d})
		s.runs = append(s.runs, corax.PlanRun{State: corax.PlanRunning,
			Plan: corax.Plan{ID: "pln-1", Problem: "prb-1", Mode: d.Plan.Mode, Steps: d.Plan.Steps}})
		s.event(corax.Event{Kind: corax.EventIncidentOpened, Incident: "inc-1", Text: "user-7: 401"})
		s.event(corax.Event{Kind: corax.EventDiagnosed, Problem: "prb-1", Text: d.RootCause.Summary})
	}
}

func acted(s *fakeSystem) {
	now := time.Now()
	s.decisions = append(s.decisions, corax.Decision{Plan: "pln-1", Step: "1", Verdict: corax.Allow})
	step := s.runs[0].Plan.Steps[0]
	s.runs[0].Steps = []corax.StepRun{{Step: "1", Action: step.Action, Target: step.Target, State: corax.StepDone, StartedAt: &now, EndedAt: &now,
		Result: "204", Verified: "a new login is accepted"}}
	s.event(corax.Event{Kind: corax.EventStep, Problem: "prb-1", State: "done", Text: step.Action + " done"})
}

func healed(s *fakeSystem) {
	now := time.Now()
	s.problems[0].State, s.problems[0].HealedAt = corax.ProblemHealed, &now
	s.event(corax.Event{Kind: corax.EventHealed, Problem: "prb-1", Text: "healed"})
}

func closed(s *fakeSystem) {
	now := time.Now()
	s.problems[0].State, s.problems[0].ClosedAt = corax.ProblemClosed, &now
	s.runs[0].State = corax.PlanDone
	s.event(corax.Event{Kind: corax.EventClosed, Problem: "prb-1", Text: "closed"})
}

// fixedEngine always says the same.
type fixedEngine corax.Report

func (e fixedEngine) Diagnose(c corax.Case) corax.Report {
	r := corax.Report(e)
	r.ID = c.ID
	return r
}
