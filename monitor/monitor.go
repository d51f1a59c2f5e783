// Package monitor looks at targets on a schedule and says what changed.
//
// In come the monitors of the configuration; out go signals, to whatever Options.Publish is. A run that differs from
// the one before, in its state or in the evidence for it, becomes a signal; the same thing seen again does not. What
// could not be published is kept in order and tried again, so a state change is never lost while the process lives.
//
// Each kind of probe is one file and one line in the table of registry.go. A probe never costs more than its time-out
// and a bounded amount of memory, whatever its target answers; it never repeats a credential in a message, and never
// decides what its findings mean.
package monitor

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"sync"

	"corax"
	"corax/config"
)

// Options say what to watch and where to tell.
type Options struct {
	Monitors []config.Monitor
	// Publish stores signals durably; nil only when all of them are. It is called from one goroutine at a time.
	Publish func(ctx context.Context, signals []corax.Signal) error
	Clock   corax.Clock
	// Secrets resolves a credential's reference at the moment of use.
	Secrets func(ref string) (string, error)
	// Checkpoint keeps how far log files were read, so that a restart loses nothing; in memory only where nil.
	Checkpoint Checkpoint
	// History takes the result of every run, and the state that the monitor is held to be in since; nil where nobody wants to know. It
	// must be quick.
	History func(result corax.ProbeResult, state corax.MonitorState)
	Seed    uint64 // of the schedule's jitter
	Workers int    // probes under way at the same time; 512 where zero
	Log     *slog.Logger
}

// Probe looks once. It ends when ctx does.
type Probe interface {
	Probe(ctx context.Context) corax.ProbeResult
}

// Monitors are the running checks. All methods may be called from any goroutine.
type Monitors struct {
	o      Options
	outbox *outbox
	wake   chan struct{} // the schedule changed, or a worker became free

	ctx    context.Context // ends with Stop; set by Start
	cancel context.CancelFunc
	jobs   sync.WaitGroup

	mu      sync.Mutex
	started bool
	stopped bool
	entries map[string]*entry
	due     schedule
	busy    int
}

// New makes monitors that don't run yet. It fails where a monitor can't be built: a bad expression, a bad pattern.
func New(o Options) (*Monitors, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Workers <= 0 {
		o.Workers = 512
	}
	if o.Publish == nil {
		o.Publish = func(context.Context, []corax.Signal) error { return nil }
	}
	if o.Secrets == nil {
		o.Secrets = func(string) (string, error) { return "", errors.New("there is nothing that resolves credentials") }
	}
	m := &Monitors{o: o, wake: make(chan struct{}, 1), outbox: newOutbox(o.Publish, o.Log), entries: map[string]*entry{}}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	if err := m.Reload(o.Monitors); err != nil {
		m.cancel()
		return nil, err
	}
	return m, nil
}

// Start begins to run them, and returns. They run until Stop, or until ctx ends.
func (m *Monitors) Start(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stopped {
		return corax.Errorf(corax.Unavailable, "start the monitors", "they were stopped")
	}
	if m.started {
		return nil
	}
	m.started = true
	release := context.AfterFunc(ctx, m.cancel)
	m.jobs.Go(func() {
		defer release()
		m.loop()
	})
	m.jobs.Go(func() { m.outbox.run(m.ctx) })
	return nil
}

// Stop ends all runs and returns when they have ended and what they found was published, as far as that is possible
// at once. Twice is fine.
func (m *Monitors) Stop() {
	m.mu.Lock()
	m.stopped = true
	m.mu.Unlock()
	m.cancel()
	m.jobs.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.entries {
		e.close()
	}
	clear(m.entries)
}

// Reload puts other monitors in force. Those that stay as they are keep their state and their place in the schedule;
// one that is altered keeps its state; one that is gone while down says so by an Expiry. Where one can't be built,
// nothing changes.
func (m *Monitors) Reload(monitors []config.Monitor) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stopped {
		return corax.Errorf(corax.Unavailable, "load the monitors", "they were stopped")
	}
	next := make(map[string]*entry, len(monitors))
	fresh := make([]*entry, 0, len(monitors))
	for _, spec := range monitors {
		spec = spec.WithDefaults()
		if _, twice := next[spec.Name]; twice {
			return corax.Errorf(corax.Invalid, "load the monitors", "monitor %q is declared twice", spec.Name)
		}
		old := m.entries[spec.Name]
		if old != nil && reflect.DeepEqual(old.spec, spec) {
			next[spec.Name] = old
			continue
		}
		e, err := m.newEntry(spec)
		if err != nil {
			for _, f := range fresh {
				f.close()
			}
			return corax.Errorf(corax.Invalid, "build monitor "+spec.Name, "%w", err)
		}
		next[spec.Name] = e
		fresh = append(fresh, e)
	}
	for _, name := range slices.Sorted(maps.Keys(m.entries)) {
		switch old, now := m.entries[name], next[name]; {
		case now == old:
		case now == nil:
			old.retire()
		default:
			now.inherit(old)
			old.replace()
		}
	}
	m.entries = next
	m.plan(fresh)
	m.poke()
	return nil
}

// RunNow runs a monitor at once, beside its schedule, and gives what that run saw.
func (m *Monitors) RunNow(ctx context.Context, name string) (corax.ProbeResult, error) {
	m.mu.Lock()
	e, stopped := m.entries[name], m.stopped
	if e != nil && !stopped {
		m.jobs.Add(1)
		defer m.jobs.Done()
	}
	m.mu.Unlock()
	switch {
	case stopped:
		return corax.ProbeResult{}, corax.Errorf(corax.Unavailable, "run monitor "+name, "the monitors are stopped")
	case e == nil:
		return corax.ProbeResult{}, corax.Errorf(corax.NotFound, "run monitor "+name, "there is no such monitor")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(m.ctx, cancel)()
	return e.run(ctx)
}

// States is what each monitor last saw, by name.
func (m *Monitors) States() []corax.ProbeResult {
	m.mu.Lock()
	entries := slices.Collect(maps.Values(m.entries))
	m.mu.Unlock()
	states := make([]corax.ProbeResult, len(entries))
	for i, e := range entries {
		states[i] = e.last()
	}
	slices.SortFunc(states, func(a, b corax.ProbeResult) int { return compare(a.Monitor, b.Monitor) })
	return states
}

// HeartbeatHandler takes the reports that heartbeat monitors wait for: POST .../NAME.
func (m *Monitors) HeartbeatHandler() http.Handler { return http.HandlerFunc(m.beat) }

func (m *Monitors) entry(name string) *entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.entries[name]
}

func (m *Monitors) newEntry(spec config.Monitor) (*entry, error) {
	e := &entry{m: m, spec: spec, turn: make(chan struct{}, 1)}
	e.state = corax.ProbeResult{
		Monitor: spec.Name, Entity: spec.Entity, State: corax.MonitorUnknown, Message: "has not run yet",
	}
	probe, err := build(spec, environment{
		clock: m.o.Clock, secrets: m.o.Secrets, checkpoint: m.o.Checkpoint, log: m.o.Log,
		emit: m.outbox.add, full: m.outbox.full,
	})
	e.probe = probe
	return e, err
}

func closeProbe(p Probe) {
	if c, ok := p.(io.Closer); ok {
		_ = c.Close()
	}
}
