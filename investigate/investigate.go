// Package investigate keeps the problems current. Incidents come in; when they have settled, it puts them with their signals and the recent
// changes into a case, has the engine diagnose it, matches what comes out with the problems that are known already, records the
// difference, and hands each plan to the healer once.
//
// It decides when to look and what is the same problem as before. It never reads a message itself and never acts on a target.
package investigate

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"corax"
	"corax/store"
)

// Store is what the investigator reads and writes. Each write is one transaction.
type Store interface {
	LiveIncidents(ctx context.Context) ([]corax.Incident, error)
	Problem(ctx context.Context, id string) (corax.Problem, error)
	SignalsOf(ctx context.Context, incident string, limit int) ([]corax.Signal, error)
	RecentSignals(ctx context.Context, kinds []corax.SignalKind, since time.Time, limit int) ([]corax.Signal, error)
	Problems(ctx context.Context, f store.ProblemFilter) ([]corax.Problem, error)
	SaveProblem(ctx context.Context, p corax.Problem, plan *corax.PlanRun, events []corax.Event) error
	UpdateProblem(ctx context.Context, id string, change func(*corax.Problem) error, events ...corax.Event) (corax.Problem, error)
	PlanRun(ctx context.Context, id string) (corax.PlanRun, error)
	PlanRuns(ctx context.Context, states ...corax.PlanState) ([]corax.PlanRun, error)
}

// Engine diagnoses a case.
type Engine interface {
	Diagnose(corax.Case) corax.Report
}

// Healer carries out plans. Both calls may be repeated without harm.
type Healer interface {
	// Run starts the plan with this id, or goes on with it.
	Run(ctx context.Context, plan string) error
	// Withdraw ends a plan that is no longer needed.
	Withdraw(ctx context.Context, plan, why string) error
}

// Options are the investigator's surroundings. Escalate tells people that a problem is theirs.
type Options struct {
	Store    Store
	Engine   Engine
	Healer   Healer // nil: plans are made and shown, never run
	Topology func() corax.Topology
	Actions  func() []corax.Action
	Escalate func(context.Context, corax.Problem, string) error
	// OnSite says that people can be asked to work on an entity, so that a plan of mode remote_hands is run. Nil: they
	// can't.
	OnSite func(entity string) bool

	Clock  corax.Clock
	Settle time.Duration // quiet time after the latest change before it looks; 1 s where zero
	Most   time.Duration // it looks at the latest this long after the first change; 3 s where zero
	Log    *slog.Logger
}

// Limits of one look, so that a storm costs a bounded amount of work.
const (
	mostIncidents   = 500
	signalsEach     = 8
	changesLookback = 10 * time.Minute
	mostChanges     = 200
	mostSpent       = 50
	// A plan is made only when the engine would bet on its diagnosis.
	planConfidence = 0.5
	// A remedy that was withdrawn or did not hold is planned again at most this often.
	mostPlans = 3
)

// Investigator is the room's one service.
type Investigator struct {
	o       Options
	changed chan struct{}
	again   time.Duration // a look asks for another one so much later, whatever changes; 0 where it doesn't

	mu     sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
}

// New makes an investigator; Start begins its work.
func New(o Options) *Investigator {
	if o.Settle <= 0 {
		o.Settle = time.Second
	}
	if o.Most <= 0 {
		o.Most = 3 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Investigator{o: o, changed: make(chan struct{}, 1)}
}

// Notify says that incidents changed. It never blocks.
func (v *Investigator) Notify() {
	select {
	case v.changed <- struct{}{}:
	default:
	}
}

// Start resumes the plans that a crash interrupted, takes a first look, and returns; the looking goes on until Stop.
func (v *Investigator) Start(ctx context.Context) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.cancel != nil {
		return nil
	}
	if err := v.resume(ctx); err != nil {
		return err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	v.cancel, v.done = cancel, make(chan struct{})
	v.Notify()
	go v.run(run, v.done)
	return nil
}

// Stop ends the looking and waits for it. Twice is fine.
func (v *Investigator) Stop() {
	v.mu.Lock()
	cancel, done := v.cancel, v.done
	v.cancel = nil
	v.mu.Unlock()
	if cancel != nil {
		cancel()
		<-done
	}
}

// resume hands over every plan that was recorded and has not ended: a crash may have come between the record and the start.
func (v *Investigator) resume(ctx context.Context) error {
	if v.o.Healer == nil {
		return nil
	}
	runs, err := v.o.Store.PlanRuns(ctx, corax.PlanRunning, corax.PlanAsking, corax.PlanBlocked, corax.PlanWatching, corax.PlanPaused)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if err := v.o.Healer.Run(ctx, r.Plan.ID); err != nil {
			return err
		}
	}
	return nil
}

// run waits for changes to settle and looks. A look that took long is followed by a longer pause, so that a storm can't starve the intake.
func (v *Investigator) run(ctx context.Context, done chan<- struct{}) {
	defer close(done)
	var rest time.Duration
	for {
		var again <-chan time.Time
		if v.again > 0 {
			again = time.After(v.again)
		}
		select {
		case <-ctx.Done():
			return
		case <-v.changed:
		case <-again:
		}
		if !v.settle(ctx, rest) {
			return
		}
		began := time.Now()
		v.again = 0
		if err := v.Look(ctx); err != nil && ctx.Err() == nil {
			v.o.Log.Error("investigation failed; it is tried again", "error", err)
			v.Notify()
		}
		rest = 4 * time.Since(began)
	}
}

// settle returns true once nothing has changed for Settle, or Most has passed; false when ctx ended.
func (v *Investigator) settle(ctx context.Context, rest time.Duration) bool {
	quiet, most := time.NewTimer(max(v.o.Settle, rest)), time.NewTimer(max(v.o.Most, rest))
	defer quiet.Stop()
	defer most.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-v.changed:
			quiet.Reset(v.o.Settle)
		case <-quiet.C:
			return true
		case <-most.C:
			return true
		}
	}
}
