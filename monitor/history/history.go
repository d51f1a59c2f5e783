// Package history remembers what the runs of monitors came to: how many there were, how many failed, and how long they took, minute by
// minute. Without it a run that finds nothing new leaves no trace.
//
// In come results, out goes one record every few seconds. It is no acknowledged record: when the process dies, the runs since the last
// flush are lost to it. State changes become signals on their own way, which loses nothing.
package history

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"corax"
	"corax/store"
)

// Store is what takes the records.
type Store interface {
	RecordHistory(ctx context.Context, r store.MonitorRecord) error
}

// Options are the recorder's surroundings; what is zero has a default.
type Options struct {
	Store Store
	Every time.Duration // how often it writes; 10 s
	Log   *slog.Logger
}

// mostChanges bounds the changes of state that are kept while the store can't take them; the oldest go.
const mostChanges = 10_000

// mostMinutes likewise bounds the minutes of each monitor.
const mostMinutes = 120

// Recorder gathers results and writes them. Its methods may be called from any goroutine.
type Recorder struct {
	o Options

	mu      sync.Mutex
	minutes map[string]map[int64]*store.History // by monitor, then by the minute since 1970
	states  map[string]corax.MonitorState
	changes []store.MonitorChange

	run    sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
}

// New makes a recorder that gathers, and writes once it was started.
func New(o Options) *Recorder {
	if o.Every <= 0 {
		o.Every = 10 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Recorder{o: o, minutes: map[string]map[int64]*store.History{}, states: map[string]corax.MonitorState{}}
}

// Record takes the result of one run, and the state that the monitor is held to be in since.
func (r *Recorder) Record(p corax.ProbeResult, state corax.MonitorState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.State != corax.MonitorUnknown {
		minute := p.At.Unix() / 60
		of := r.minutes[p.Monitor]
		if of == nil {
			of = map[int64]*store.History{}
			r.minutes[p.Monitor] = of
		}
		h := of[minute]
		if h == nil && len(of) < mostMinutes {
			h = &store.History{At: time.Unix(minute*60, 0).UTC(), Step: time.Minute}
			of[minute] = h
		}
		if h != nil {
			h.Add(p.State == corax.MonitorDown, p.Latency)
		}
	}
	was := r.states[p.Monitor]
	if was == "" {
		was = corax.MonitorUnknown
	}
	if state != was && state != "" {
		r.states[p.Monitor] = state
		r.changes = append(r.changes, store.MonitorChange{Monitor: p.Monitor, At: p.At, From: was, To: state, Message: p.Message})
		if n := len(r.changes) - mostChanges; n > 0 {
			r.changes = slices.Delete(r.changes, 0, n)
		}
	}
}

// Start begins to write.
func (r *Recorder) Start(ctx context.Context) {
	r.run.Lock()
	defer r.run.Unlock()
	if r.cancel != nil {
		return
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.cancel, r.done = cancel, make(chan struct{})
	go r.loop(life, r.done)
}

// Stop ends it, and writes what was gathered. Twice is fine.
func (r *Recorder) Stop() {
	r.run.Lock()
	defer r.run.Unlock()
	if r.cancel == nil {
		return
	}
	r.cancel()
	<-r.done
	r.cancel = nil
	r.report(r.Flush(context.Background()))
}

func (r *Recorder) loop(ctx context.Context, done chan<- struct{}) {
	defer close(done)
	tick := time.NewTicker(r.o.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.report(r.Flush(ctx))
		}
	}
}

func (r *Recorder) report(err error) {
	if err != nil {
		r.o.Log.Warn("the history of monitors could not be written; it is tried again", "error", err)
	}
}

// Flush writes what was gathered. After an error it is kept for the next time.
func (r *Recorder) Flush(ctx context.Context) error {
	r.mu.Lock()
	minutes, changes := r.minutes, r.changes
	r.minutes, r.changes = map[string]map[int64]*store.History{}, nil
	r.mu.Unlock()
	if len(minutes) == 0 && len(changes) == 0 {
		return nil
	}
	record := store.MonitorRecord{Minutes: map[string][]store.History{}, Changes: changes}
	for name, of := range minutes {
		for _, minute := range slices.Sorted(maps.Keys(of)) {
			record.Minutes[name] = append(record.Minutes[name], *of[minute])
		}
	}
	err := r.o.Store.RecordHistory(ctx, record)
	if err != nil {
		r.restore(record)
	}
	return err
}

// restore takes back what could not be written.
func (r *Recorder) restore(record store.MonitorRecord) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, list := range record.Minutes {
		of := r.minutes[name]
		if of == nil {
			of = map[int64]*store.History{}
			r.minutes[name] = of
		}
		for _, h := range list {
			minute := h.At.Unix() / 60
			if now := of[minute]; now != nil {
				now.Merge(h)
			} else if len(of) < mostMinutes {
				of[minute] = &h
			}
		}
	}
	r.changes = append(record.Changes, r.changes...)
	if n := len(r.changes) - mostChanges; n > 0 {
		r.changes = slices.Delete(r.changes, 0, n)
	}
}
