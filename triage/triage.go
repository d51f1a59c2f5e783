// Package triage folds signals into incidents: one live incident a fingerprint, opened by a symptom, ended by a recovery, by silence of its
// source, or by hand. It drops nothing: every signal that comes in is stored, whatever becomes of it.
//
// In: batches from the bus, at least once; a signal that is known by its id changes nothing but how long it lasts. Out: one transaction a
// batch, then a call that says which incidents changed. What it holds in memory is a copy of the store, made anew at every start.
package triage

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"corax"
	"corax/store"
)

// Store is what triage reads and writes.
type Store interface {
	CommitTriage(ctx context.Context, b store.TriageBatch) error
	KnownSignals(ctx context.Context, ids []string) (map[string]bool, error)
	LiveIncidents(ctx context.Context) ([]corax.Incident, error)
	Incidents(ctx context.Context, f store.IncidentFilter) ([]corax.Incident, error)
	Silences(ctx context.Context, at time.Time) ([]corax.Silence, error)
	RecentSignals(ctx context.Context, kinds []corax.SignalKind, since time.Time, most int) ([]corax.Signal, error)
}

// Options are triage's surroundings; what is zero has a default.
type Options struct {
	Store        Store
	Clock        corax.Clock
	FlapWindow   time.Duration // 10 min
	FlapCount    int           // this many changes of state within the window are flapping; 6
	ReopenWithin time.Duration // a symptom this soon after the end opens the same incident again; 10 min
	Log          *slog.Logger
}

// mostRecent bounds how many ended incidents a start looks through for those that may reopen.
const mostRecent = 2000

// Triage is the room's one service. Its methods may be called from any goroutine.
type Triage struct {
	o        Options
	onChange func([]corax.Incident)
	wake     chan struct{} // the earliest deadline changed

	mu        sync.Mutex
	incidents map[string]corax.Incident // by fingerprint: live ones, and ended ones that may reopen
	flaps     map[string]*flap          // by fingerprint
	deadlines deadlines
	pending   map[string]time.Time // fingerprint -> its place in deadlines
	muted     map[string]corax.Signal
	known     *recentIDs
	started   time.Time

	run    sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
}

// New makes a triage; Start fills it from the store.
func New(o Options) *Triage {
	if o.FlapWindow <= 0 {
		o.FlapWindow = 10 * time.Minute
	}
	if o.FlapCount <= 0 {
		o.FlapCount = 6
	}
	if o.ReopenWithin <= 0 {
		o.ReopenWithin = 10 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Triage{
		o: o, onChange: func([]corax.Incident) {}, wake: make(chan struct{}, 1),
		incidents: map[string]corax.Incident{}, flaps: map[string]*flap{}, pending: map[string]time.Time{},
		muted: map[string]corax.Signal{}, known: newRecentIDs(200_000),
	}
}

// OnChange sets what is called, after the commit, with the incidents that changed. It is to be set before Start and must not block.
func (t *Triage) OnChange(f func([]corax.Incident)) { t.onChange = f }

// Start reads the incidents from the store and begins to watch for those that expire.
func (t *Triage) Start(ctx context.Context) error {
	t.run.Lock()
	defer t.run.Unlock()
	if t.cancel != nil {
		return nil
	}
	if err := t.load(ctx); err != nil {
		return err
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	t.cancel, t.done = cancel, make(chan struct{})
	go t.expire(life, t.done)
	return nil
}

// Stop ends the watching and waits for it. Twice is fine.
func (t *Triage) Stop() {
	t.run.Lock()
	defer t.run.Unlock()
	if t.cancel == nil {
		return
	}
	t.cancel()
	<-t.done
	t.cancel = nil
}

func (t *Triage) load(ctx context.Context) error {
	live, err := t.o.Store.LiveIncidents(ctx)
	if err != nil {
		return err
	}
	ended, err := t.o.Store.Incidents(ctx, store.IncidentFilter{Limit: mostRecent})
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.incidents)
	clear(t.flaps)
	clear(t.pending)
	clear(t.muted)
	t.deadlines, t.started = nil, t.o.Clock.Now()
	for n := len(ended) - 1; n >= 0; n-- { // newest last: it is the one that may reopen
		if !ended[n].Live() {
			t.keep(ended[n])
		}
	}
	for _, i := range live {
		t.keep(i)
		t.schedule(i.Fingerprint)
	}
	return t.loadMuted(ctx)
}

// keep takes an incident of the store into memory.
func (t *Triage) keep(i corax.Incident) {
	t.incidents[i.Fingerprint] = i
	t.flaps[i.Fingerprint] = &flap{changes: i.Changes, failing: i.Failing}
}

// Acknowledge says that somebody is on it.
func (t *Triage) Acknowledge(ctx context.Context, incident, by string) error {
	return t.byHand(ctx, incident, "acknowledge", func(s *stage, i *corax.Incident) error {
		if i.State == corax.IncidentOpen {
			s.acknowledge(i, by)
		}
		return nil
	})
}

// Resolve says that it is over. A symptom that comes later opens it again.
func (t *Triage) Resolve(ctx context.Context, incident, by string) error {
	return t.byHand(ctx, incident, "resolve", func(s *stage, i *corax.Incident) error {
		i.By = by
		s.end(i, corax.ByHand, s.now)
		return nil
	})
}

// SetHealing says that a plan works on these incidents, or no longer does. Those that have ended, or are not known, stay as they are.
func (t *Triage) SetHealing(ctx context.Context, incidents []string, healing bool) error {
	t.mu.Lock()
	s := t.newStage(0)
	for fp, was := range t.incidents {
		if !was.Live() || (was.State == corax.IncidentHealing) == healing || !slices.Contains(incidents, was.ID) {
			continue
		}
		switch i := s.incident(fp); {
		case healing:
			i.State = corax.IncidentHealing
		case i.By != "":
			i.State = corax.IncidentAcknowledged
		default:
			i.State = corax.IncidentOpen
		}
	}
	return t.commitAndUnlock(ctx, s)
}

func (t *Triage) byHand(ctx context.Context, id, what string, change func(*stage, *corax.Incident) error) error {
	t.mu.Lock()
	s := t.newStage(0)
	found := false
	for fp, i := range t.incidents {
		if i.ID != id {
			continue
		}
		found = true
		if !i.Live() {
			t.mu.Unlock()
			return corax.Errorf(corax.Conflict, what+" incident "+id, "it has ended")
		}
		if err := change(s, s.incident(fp)); err != nil {
			t.mu.Unlock()
			return err
		}
		break
	}
	if !found {
		t.mu.Unlock()
		return corax.Errorf(corax.NotFound, what+" incident "+id, "there is no such live incident")
	}
	return t.commitAndUnlock(ctx, s)
}
