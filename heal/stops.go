package heal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"corax/store"
)

// stopsEvery is how often the store is asked for stops: another process may have written one, and it has to work
// within a second.
const stopsEvery = 250 * time.Millisecond

// stopped is the cause with which a context ends when a stop is thrown.
type stopped struct{ store.Stop }

func (s *stopped) Error() string {
	scope := "everything"
	if s.Scope != "" {
		scope = s.Scope
	}
	text := "stop switch for " + scope
	if s.By != "" {
		text += " by " + s.By
	}
	if s.Reason != "" {
		text += ": " + s.Reason
	}
	return text
}

// switchboard knows the stops that are thrown, and ends the contexts of the work that they forbid.
type switchboard struct {
	mu    sync.Mutex
	stops []store.Stop
	ties  map[*tie]struct{}
}

type tie struct {
	scopes []string
	cancel context.CancelCauseFunc
}

func newSwitchboard() *switchboard { return &switchboard{ties: map[*tie]struct{}{}} }

// set replaces the stops and says whether they differ from those before.
func (b *switchboard) set(stops []store.Stop) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if slices.EqualFunc(b.stops, stops, func(a, b store.Stop) bool {
		return a.Scope == b.Scope && a.Reason == b.Reason && a.By == b.By && a.At.Equal(b.At)
	}) {
		return false
	}
	b.stops = slices.Clone(stops)
	for t := range b.ties {
		if s := b.find(t.scopes); s != nil {
			t.cancel(s)
		}
	}
	return true
}

// find is the stop that forbids work on one of the entities, or nil. It is called with the lock held.
func (b *switchboard) find(entities []string) *stopped {
	for _, s := range b.stops {
		if s.Scope == "" || slices.Contains(entities, s.Scope) {
			return &stopped{s}
		}
	}
	return nil
}

// tie gives a context that ends, with the stop as its cause, as soon as one applies to one of the entities. The
// function releases it.
func (b *switchboard) tie(ctx context.Context, entities ...string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	t := &tie{scopes: entities, cancel: cancel}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ties[t] = struct{}{}
	if s := b.find(entities); s != nil {
		cancel(s)
	}
	return ctx, func() {
		b.mu.Lock()
		delete(b.ties, t)
		b.mu.Unlock()
		cancel(nil)
	}
}

// stopOf is the stop that ended ctx, or nil.
func stopOf(ctx context.Context) *stopped {
	var s *stopped
	if errors.As(context.Cause(ctx), &s) {
		return s
	}
	return nil
}

func (h *Healer) refreshStops(ctx context.Context) error {
	stops, err := h.o.Store.Stops(ctx)
	if err != nil {
		return fmt.Errorf("read the stop switches: %w", err)
	}
	if h.stops.set(stops) {
		h.bell.ring()
	}
	return nil
}

func (h *Healer) watchStops(ctx context.Context) {
	ticker := time.NewTicker(stopsEvery)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		// An unreadable switch keeps its last position; every effect asks again right before it, and doesn't happen without
		// an answer.
		err := h.refreshStops(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			h.o.Log.Error("the stop switches can't be read", "error", err)
		}
		failing = err != nil
	}
}

// bell wakes everything that waits. What woke looks for itself whether it was meant.
type bell struct {
	mu sync.Mutex
	ch chan struct{}
}

func newBell() *bell { return &bell{ch: make(chan struct{})} }

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.ch)
	b.ch = make(chan struct{})
}

// rung gives the channel that the next ring closes. Take it before looking at what the ring is about.
func (b *bell) rung() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ch
}

// pause waits for d, for the bell, or for the end of ctx, whatever comes first; its error is the cause of that end.
func pause(ctx context.Context, d time.Duration, rung <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-rung:
	case <-ctx.Done():
	}
	return context.Cause(ctx)
}
