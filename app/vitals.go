package app

import (
	"context"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"time"

	"corax"
	"corax/health"
	"corax/store"
)

// growth remembers how large the store was, for a day.
type growth struct {
	mu    sync.Mutex
	sizes []sized // oldest first
}

type sized struct {
	at    time.Time
	bytes int64
}

// remembered is for how long sizes are.
const remembered = 24 * time.Hour

// note remembers a size.
func (g *growth) note(at time.Time, bytes int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sizes = append(slices.DeleteFunc(g.sizes, func(s sized) bool { return at.Sub(s.at) > remembered }), sized{at, bytes})
}

// since is by how much it has grown since the first size that is remembered; over is 0 where that is none, or too recent to tell.
func (g *growth) since(at time.Time, bytes int64) (grown int64, over time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.sizes) == 0 || at.Sub(g.sizes[0].at) < pruneEvery {
		return 0, 0
	}
	return bytes - g.sizes[0].bytes, at.Sub(g.sizes[0].at)
}

// measureStore remembers the store's size.
func (a *App) measureStore(ctx context.Context) {
	size, err := a.store.Size(ctx)
	if err != nil {
		a.report("measure the store", err)
		return
	}
	a.growth.note(a.o.Clock.Now(), size)
}

// vitals asks the parts. What a part doesn't answer is marked as not measured.
func (a *App) vitals(ctx context.Context) health.Vitals {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	cfg, now := a.config(), a.o.Clock.Now()
	v := health.Vitals{
		Now: now, Started: a.started, Ready: a.ready.Load(), Version: a.o.Version, Go: runtime.Version(), Digest: a.o.Catalogue,
		Listeners: a.live.Listeners(), TestEvery: cfg.Notify.Test.Every, AnchorEvery: cfg.Audit.Every, Unanchored: -1,
		Goroutines: runtime.NumGoroutine(), Memory: memory(),
	}
	if a.front != nil {
		v.Reports, v.Unlogged = a.front.Refused()
	}
	v.Monitors = a.watching(now)
	v.Stream, v.Store = a.streamVitals(ctx), a.storeVitals(ctx, now)
	a.peopleVitals(ctx, &v)
	if at, seq := a.anchorer.Last(); !at.IsZero() || seq == 0 {
		v.Anchored, v.Unanchored = at, a.store.AuditHead().Seq-seq
	}
	if rows, err := a.store.Audit(ctx, store.AuditFilter{What: corax.AuditBackup, Newest: true, Limit: 1}); err == nil && len(rows) == 1 {
		if e, err := rows[0].Entry(); err == nil {
			v.Backup = e.At
		}
	}
	if stops, err := a.store.Stops(ctx); err == nil {
		v.Stops = len(stops)
	}
	return v
}

// watching is how the monitors are. Those that wait for others to report are late by their own rules.
func (a *App) watching(now time.Time) (m health.Monitors) {
	every := map[string]time.Duration{}
	for _, c := range a.config().Monitors {
		if c.Heartbeat == nil && c.Log == nil {
			every[c.Name] = c.Every + c.Timeout
		}
	}
	for _, r := range a.monitors.States() {
		m.Total++
		switch r.State {
		case corax.MonitorDown:
			m.Down++
		case corax.MonitorUnknown:
			m.Unknown = append(m.Unknown, r.Monitor)
		}
		if most := every[r.Monitor]; most > 0 && !r.At.IsZero() && now.Sub(r.At) > 2*most+5*time.Second {
			m.Late = append(m.Late, r.Monitor)
		}
	}
	return m
}

func (a *App) streamVitals(ctx context.Context) health.Stream {
	s, err := a.bus.Stats(ctx)
	if err != nil {
		return health.Stream{Messages: -1}
	}
	v := health.Stream{Messages: int64(s.Messages), Bytes: int64(s.Bytes), Limit: a.config().Bus.MaxBytes, Lag: map[string]int64{}} //nolint:gosec // far below
	for _, c := range s.Consumers {
		v.Lag[c.Name] = int64(c.Lag) //nolint:gosec // far below
	}
	return v
}

func (a *App) storeVitals(ctx context.Context, now time.Time) health.Store {
	v := health.Store{Bytes: -1, Limit: a.config().Retention.Bytes, Free: free(a.config().DataDir)}
	if size, err := a.store.Size(ctx); err == nil {
		v.Bytes, v.Log = size, a.store.LogSize()
		v.Growth, v.Over = a.growth.since(now, size)
	}
	if n, err := a.store.CountSignals(ctx); err == nil {
		v.Signals = n
	}
	return v
}

// peopleVitals is which ways to people served last, and when that was last proven.
func (a *App) peopleVitals(ctx context.Context, v *health.Vitals) {
	ways, err := a.notifier.Status(ctx)
	if err != nil {
		return
	}
	for _, w := range ways {
		switch {
		case w.FailedAt != nil && (w.SentAt == nil || w.FailedAt.After(*w.SentAt)):
			v.Unreachable = append(v.Unreachable, w.Contact+" by "+w.Channel)
		case w.SentAt != nil:
			v.Reachable++
		}
		if w.TestedAt != nil && w.TestedAt.After(v.LastTest) {
			v.LastTest = *w.TestedAt
		}
	}
}

// memory is how much the process holds of the system's, in bytes.
func memory() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() - s[1].Value.Uint64()) //nolint:gosec // far below
}
