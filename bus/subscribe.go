package bus

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"corax"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	fetchMessages = 512
	batchSignals  = 1000            // a batch is closed when it has this many
	handlerTime   = 5 * time.Minute // a handler that takes longer sees its signals again
	firstBackoff  = 50 * time.Millisecond
	lastBackoff   = 5 * time.Second
	pressure      = 4 // calls of Publish while a batch was handled
	shortestYield = 50 * time.Millisecond
	longestYield  = 250 * time.Millisecond
)

var validName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Handler takes signals. When it returns nil they are its own: the bus will not bring them again. When it returns an error it gets the
// same signals again, after a pause that grows. It may see a signal more than once, also across a restart, and must not mind.
type Handler func(ctx context.Context, signals []corax.Signal) error

// Subscribe hands the stream's signals to handler, batch by batch and never two batches at once, from where the subscriber of this name
// stood when it last ran, or from the beginning. One entity's signals come in the order in which they were published. It goes on until
// ctx ends, the bus is closed, or stop is called, which returns when the handler has returned. A name that is in use is a Conflict.
func (b *Bus) Subscribe(ctx context.Context, name string, handler Handler) (stop func(), err error) {
	op := "subscribe " + name + " to the bus"
	if !validName.MatchString(name) {
		return nil, corax.Errorf(corax.Invalid, op, "a name has letters, digits, - and _, and at most 64 of them")
	}
	b.mu.Lock()
	_, taken := b.subs[name]
	if taken || b.closed {
		b.mu.Unlock()
		if taken {
			return nil, corax.Errorf(corax.Conflict, op, "the name is in use")
		}
		return nil, corax.Errorf(corax.Unavailable, op, "the bus is closed")
	}
	b.subs[name] = struct{}{}
	b.mu.Unlock()
	free := func() {
		b.mu.Lock()
		delete(b.subs, name)
		b.mu.Unlock()
	}

	setup, cancelSetup := context.WithTimeout(ctx, startTimeout)
	defer cancelSetup()
	consumer, err := b.stream.Consumer(setup, name)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		consumer, err = b.stream.CreateConsumer(setup, consumerConfig(name, 0))
	}
	if err != nil {
		free()
		return nil, corax.Errorf(corax.Unavailable, op, "%w", err)
	}

	s := &subscription{bus: b, name: name, consumer: consumer, handler: handler}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		cancel()
		return nil, corax.Errorf(corax.Unavailable, op, "the bus is closed")
	}
	b.work.Go(func() {
		defer close(ended)
		defer free()
		defer context.AfterFunc(b.life, cancel)()
		s.run(ctx)
		cancel()
	})
	b.mu.Unlock()
	return func() { cancel(); <-ended }, nil
}

type subscription struct {
	bus      *Bus
	name     string
	consumer jetstream.Consumer
	handler  Handler
}

// run starts session after session until ctx ends. A session ends with the first error; whatever it had fetched is dropped and fetched
// again by the next, which keeps the order without the server's redelivery timers.
func (s *subscription) run(ctx context.Context) {
	backoff := firstBackoff
	for ctx.Err() == nil {
		handled, err := s.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if handled {
			backoff = firstBackoff
		}
		s.bus.log.Warn("signals were not handled and will be brought again",
			"subscriber", s.name, "error", err.Error(), "after", backoff.String())
		wait := time.NewTimer(backoff)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return
		}
		backoff = min(2*backoff, lastBackoff)
	}
}

// session delivers from the first signal that is not acknowledged. It says whether it handled anything, and why it ended.
func (s *subscription) session(ctx context.Context) (handled bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := s.rewind(ctx); err != nil {
		return false, fmt.Errorf("rewind: %w", err)
	}
	messages := make(chan jetstream.Msg, fetchMessages)
	broken := make(chan error, 1)
	consuming, err := s.consumer.Consume(func(m jetstream.Msg) {
		select {
		case messages <- m:
		case <-ctx.Done():
		}
	}, jetstream.PullMaxMessages(fetchMessages), jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		if errors.Is(err, jetstream.ErrConsumerDeleted) || errors.Is(err, jetstream.ErrConsumerNotFound) ||
			errors.Is(err, jetstream.ErrNoHeartbeat) {
			select {
			case broken <- err:
			default:
			}
		}
	}))
	if err != nil {
		return false, fmt.Errorf("consume: %w", err)
	}
	defer func() {
		cancel() // lets a callback go that waits for room
		consuming.Stop()
		<-consuming.Closed()
	}()
	for {
		var first jetstream.Msg
		select {
		case first = <-messages:
		case err := <-broken:
			return handled, err
		case <-ctx.Done():
			return handled, ctx.Err()
		}
		began, published := time.Now(), s.bus.published.Load()
		batch, last := s.collect(first, messages)
		if len(batch) > 0 {
			if err := s.handler(ctx, batch); err != nil {
				return handled, err
			}
		}
		// Without cancellation: what was handled is said to be so, also when we are stopping just now.
		ack, done := context.WithTimeout(context.WithoutCancel(ctx), ackTimeout)
		err := last.DoubleAck(ack)
		done()
		if err != nil {
			return handled, fmt.Errorf("acknowledge: %w", err)
		}
		handled = true
		if s.bus.published.Load()-published >= pressure {
			s.yield(ctx, time.Since(began))
		}
	}
}

// yield lets the intake go first while much is being published: a subscriber rests for twice the time that its batch took, so that a
// storm is acknowledged at once and understood a little later, in larger batches. Otherwise it goes on without a pause.
func (s *subscription) yield(ctx context.Context, took time.Duration) {
	rest := time.NewTimer(min(max(2*took, shortestYield), longestYield))
	defer rest.Stop()
	select {
	case <-rest.C:
	case <-ctx.Done():
	}
}

// collect decodes first and what else is there already, up to a full batch.
func (s *subscription) collect(first jetstream.Msg, more <-chan jetstream.Msg) (batch []corax.Signal, last jetstream.Msg) {
	last = first
	for {
		var err error
		if batch, err = decodeEnvelope(batch, last.Data()); err != nil {
			// Nothing would ever make it readable, and holding on to it would hold up all that follows.
			s.bus.log.Error("a message on the stream can't be read and is skipped",
				"subscriber", s.name, "subject", last.Subject(), "error", err.Error())
		}
		if len(batch) >= batchSignals {
			return batch, last
		}
		select {
		case last = <-more:
		default:
			return batch, last
		}
	}
}

// rewind sets the consumer back to the first message that is not acknowledged, so that what was delivered to a process that died, or
// to a session that failed, comes again at once and in order.
func (s *subscription) rewind(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	info, err := s.consumer.Info(ctx)
	if err == nil && info.NumAckPending == 0 {
		return nil
	}
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return err
	}
	if err == nil && s.bus.server != nil {
		_, err = s.bus.stream.ResetConsumer(ctx, s.name)
		return err
	}
	// Older servers can't reset a consumer. A crash between the two steps makes it start from the beginning, which does no harm.
	var start uint64
	if err == nil {
		start = info.AckFloor.Stream + 1
		if err := s.bus.stream.DeleteConsumer(ctx, s.name); err != nil {
			return err
		}
	}
	s.consumer, err = s.bus.stream.CreateConsumer(ctx, consumerConfig(s.name, start))
	return err
}

// consumerConfig describes a durable consumer; start is the first sequence that it wants, 0 for all.
func consumerConfig(name string, start uint64) jetstream.ConsumerConfig {
	c := jetstream.ConsumerConfig{
		Durable:       name,
		AckPolicy:     jetstream.AckAllPolicy, // batches are handled in order: acknowledging the last covers all before it
		AckWait:       handlerTime,
		MaxAckPending: 4 * fetchMessages,
	}
	if start > 0 {
		c.DeliverPolicy, c.OptStartSeq = jetstream.DeliverByStartSequencePolicy, start
	}
	return c
}

// Forget makes a subscriber's place on the stream unknown: the next time that it subscribes it gets everything that is kept, from the
// oldest on. One that was never seen is forgotten already. It must not be subscribed meanwhile.
func (b *Bus) Forget(ctx context.Context, name string) error {
	err := b.stream.DeleteConsumer(ctx, name)
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return corax.Errorf(corax.Unavailable, "forget the place of "+name+" on the stream", "%w", err)
	}
	return nil
}
