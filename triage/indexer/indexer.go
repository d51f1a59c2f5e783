// Package indexer makes what triage has stored easy to find: it follows the signals, gives each the template of its message, and has the
// store index and count them.
//
// It works behind triage, never before it: a signal is acknowledged, folded and diagnosed whether or not it is indexed, and a search looks
// through the latest ones by itself meanwhile. One goroutine does it, in batches, with a pause between them while few signals come.
package indexer

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"corax"
	"corax/store"
	"corax/triage/drain"
)

// Store is what is followed.
type Store interface {
	Fresh() <-chan struct{}
	IndexSignals(ctx context.Context, most int, learner store.Learner) (int, error)
	StoredTemplates(ctx context.Context, fn func(id int64, text string)) error
}

// Options are the indexer's surroundings; what is zero has a default.
type Options struct {
	Store Store
	Batch int           // signals in one transaction; 1000
	Pause time.Duration // how long it gathers before it looks again; 250 ms
	Drain drain.Options
	Log   *slog.Logger
}

// Indexer follows a store.
type Indexer struct {
	o     Options
	miner *drain.Miner // nil where the templates are to be read from the store

	mu     sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
}

// New makes an indexer that does not run yet.
func New(o Options) *Indexer {
	if o.Batch <= 0 {
		o.Batch = 1000
	}
	if o.Pause <= 0 {
		o.Pause = 250 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Indexer{o: o}
}

// Start begins to follow.
func (x *Indexer) Start(ctx context.Context) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.cancel != nil {
		return
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	x.cancel, x.done = cancel, make(chan struct{})
	go x.run(life, x.done)
}

// Stop ends it and waits. What is not indexed will be after the next start. Twice is fine.
func (x *Indexer) Stop() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.cancel == nil {
		return
	}
	x.cancel()
	<-x.done
	x.cancel = nil
}

func (x *Indexer) run(ctx context.Context, done chan<- struct{}) {
	defer close(done)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		if err := x.CatchUp(ctx); err != nil && ctx.Err() == nil {
			x.o.Log.Warn("signals could not be indexed; it is tried again", "error", err)
			pause.Reset(10 * x.o.Pause)
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-x.o.Store.Fresh():
			pause.Reset(x.o.Pause)
		}
	}
}

// CatchUp indexes all that is stored. It must not be called while the indexer runs.
func (x *Indexer) CatchUp(ctx context.Context) error {
	for {
		if x.miner == nil {
			if err := x.remember(ctx); err != nil {
				return err
			}
		}
		n, err := x.o.Store.IndexSignals(ctx, x.o.Batch, learner{x.miner})
		if err != nil {
			x.miner = nil // it learnt from what was not indexed
			if corax.CodeOf(err) == corax.Conflict {
				continue
			}
			return err
		}
		if n < x.o.Batch {
			return nil
		}
	}
}

// remember makes a miner from the templates of the store.
func (x *Indexer) remember(ctx context.Context) error {
	var known []drain.Template
	err := x.o.Store.StoredTemplates(ctx, func(id int64, text string) { known = append(known, drain.Template{ID: id, Text: text}) })
	if err == nil {
		x.miner = drain.New(x.o.Drain, known)
	}
	return err
}

// learner is a miner as the store knows it.
type learner struct{ *drain.Miner }

func (l learner) Text(id int64) string {
	t, _ := l.Template(id)
	return t.Text
}
