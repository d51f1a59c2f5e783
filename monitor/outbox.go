package monitor

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"corax"
)

const (
	outboxLimit = 10_000 // signals that are kept while nothing can be published
	batchSize   = 256
	retryFirst  = 100 * time.Millisecond
	retryMost   = 5 * time.Second
	lastFlush   = 500 * time.Millisecond // for what is left at the end
)

// parcel is signals that belong together, and what is to be done once they are stored.
type parcel struct {
	signals []corax.Signal
	done    func()
}

// outbox keeps signals in order until they are published.
type outbox struct {
	publish func(context.Context, []corax.Signal) error
	log     *slog.Logger
	more    chan struct{}

	mu    sync.Mutex
	queue []parcel
	size  int
}

func newOutbox(publish func(context.Context, []corax.Signal) error, log *slog.Logger) *outbox {
	return &outbox{publish: publish, log: log, more: make(chan struct{}, 1)}
}

// add takes signals; done, which may be nil, is called after they and all before them were stored.
func (o *outbox) add(signals []corax.Signal, done func()) {
	if len(signals) == 0 && done == nil {
		return
	}
	o.mu.Lock()
	o.queue = append(o.queue, parcel{signals, done})
	o.size += len(signals)
	o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
}

// full says that whoever can wait with producing more should.
func (o *outbox) full() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.size >= outboxLimit
}

// run publishes until ctx ends, then tries once more what is left.
func (o *outbox) run(ctx context.Context) {
	delay := retryFirst
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
			defer cancel()
			if err := o.flush(last); err != nil {
				o.log.Error("publish the last signals of the monitors", "error", err)
			}
			return
		case <-o.more:
		}
		for o.flush(ctx) != nil {
			wait := time.NewTimer(delay)
			select {
			case <-ctx.Done():
			case <-wait.C:
			}
			wait.Stop()
			if ctx.Err() != nil {
				break
			}
			delay = min(2*delay, retryMost)
		}
		delay = retryFirst
	}
}

// flush publishes everything that waits, a batch at a time.
func (o *outbox) flush(ctx context.Context) error {
	for {
		parcels, signals := o.batch()
		if len(parcels) == 0 {
			return nil
		}
		if err := o.send(ctx, signals); err != nil {
			o.log.Warn("signals of the monitors wait to be published", "count", len(signals), "error", err)
			return err
		}
		o.mu.Lock()
		o.queue = o.queue[len(parcels):]
		o.size -= len(signals)
		if len(o.queue) == 0 {
			o.queue = nil // let go of the room that a storm took
		}
		o.mu.Unlock()
		for _, p := range parcels {
			if p.done != nil {
				p.done()
			}
		}
	}
}

// batch is the head of the queue, which stays there. Only flush takes from it.
func (o *outbox) batch() (parcels []parcel, signals []corax.Signal) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for n < len(o.queue) && (n == 0 || len(signals)+len(o.queue[n].signals) <= batchSize) {
		signals = append(signals, o.queue[n].signals...)
		n++
	}
	return o.queue[:n:n], signals
}

// send publishes a batch. A signal that will never be taken is dropped and logged, so that it doesn't hold up the
// others.
func (o *outbox) send(ctx context.Context, signals []corax.Signal) error {
	if len(signals) == 0 {
		return nil
	}
	err := o.publish(ctx, signals)
	if corax.CodeOf(err) != corax.Invalid {
		return err
	}
	for _, s := range signals {
		switch err := o.publish(ctx, []corax.Signal{s}); {
		case err == nil:
		case corax.CodeOf(err) == corax.Invalid:
			o.log.Error("a signal was refused for good", "source", s.Source, "id", s.ID, "error", err)
		default:
			return err
		}
	}
	return nil
}
