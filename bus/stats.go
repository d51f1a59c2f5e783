package bus

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"corax"

	"github.com/nats-io/nats.go/jetstream"
)

// Stats is how full the stream is and how far its subscribers have come. Messages are envelopes of up to a thousand signals.
type Stats struct {
	Messages  uint64
	Bytes     uint64
	FirstSeq  uint64
	LastSeq   uint64
	Consumers []ConsumerStats // by name
}

// ConsumerStats is how far one subscriber has come.
type ConsumerStats struct {
	Name  string
	Lag   uint64 // messages that it has not acknowledged
	floor uint64 // the last sequence up to which it has acknowledged all
}

// Stats asks the stream.
func (b *Bus) Stats(ctx context.Context) (Stats, error) {
	info, err := b.stream.Info(ctx)
	if err != nil {
		return Stats{}, corax.Errorf(corax.Unavailable, "read the bus's state", "%w", err)
	}
	st := Stats{Messages: info.State.Msgs, Bytes: info.State.Bytes, FirstSeq: info.State.FirstSeq, LastSeq: info.State.LastSeq}
	list := b.stream.ListConsumers(ctx)
	for c := range list.Info() {
		if c.Config.Durable == "" {
			continue // a replay
		}
		st.Consumers = append(st.Consumers, ConsumerStats{Name: c.Name,
			Lag: c.NumPending + uint64(c.NumAckPending), floor: c.AckFloor.Stream})
	}
	if err := list.Err(); err != nil {
		return Stats{}, corax.Errorf(corax.Unavailable, "read the bus's subscribers", "%w", err)
	}
	slices.SortFunc(st.Consumers, func(a, c ConsumerStats) int { return strings.Compare(a.Name, c.Name) })
	return st, nil
}

// Replay reads what is on the stream now, from the first message to the last, and moves no subscriber.
func (b *Bus) Replay(ctx context.Context, each func([]corax.Signal) error) error {
	st, err := b.Stats(ctx)
	if err != nil || st.Messages == 0 {
		return err
	}
	const op = "replay the bus"
	consumer, err := b.stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(fetchMessages))
	if err != nil {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return corax.Errorf(corax.Unavailable, op, "%w", err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return corax.Errorf(corax.Internal, op, "%w", err)
		}
		signals, err := decodeEnvelope(nil, m.Data())
		if err != nil {
			return corax.Errorf(corax.Invalid, fmt.Sprintf("%s: message %d", op, meta.Sequence.Stream), "%w", err)
		}
		if err := each(signals); err != nil {
			return err
		}
		if meta.Sequence.Stream >= st.LastSeq || meta.NumPending == 0 {
			return nil
		}
	}
}

// handledUpTo is the last sequence that every subscriber has acknowledged; ok is false where there is none, or no subscriber.
func (st Stats) handledUpTo() (seq uint64, ok bool) {
	if len(st.Consumers) == 0 || st.Messages == 0 {
		return 0, false
	}
	seq = st.LastSeq
	for _, c := range st.Consumers {
		seq = min(seq, c.floor)
	}
	return seq, seq >= st.FirstSeq
}

// makeRoom drops the older half of what every subscriber has handled. It says whether there was any.
func (b *Bus) makeRoom(ctx context.Context) bool {
	b.trimming.Lock()
	defer b.trimming.Unlock()
	st, err := b.Stats(ctx)
	if err != nil {
		return false
	}
	handled, ok := st.handledUpTo()
	if !ok {
		return false
	}
	keep := st.FirstSeq + (handled-st.FirstSeq)/2 + 1
	return b.stream.Purge(ctx, jetstream.WithPurgeSequence(keep)) == nil
}

// Prune drops the messages that were stored before the given time and that every subscriber has handled. It says how many.
func (b *Bus) Prune(ctx context.Context, before time.Time) (dropped uint64, err error) {
	b.trimming.Lock()
	defer b.trimming.Unlock()
	st, err := b.Stats(ctx)
	if err != nil {
		return 0, err
	}
	handled, ok := st.handledUpTo()
	if !ok {
		return 0, nil
	}
	// The first sequence to keep, by bisection: times rise with the sequence, and only whole beginnings are ever dropped.
	low, high := st.FirstSeq, handled+1
	for low < high {
		mid := low + (high-low)/2
		m, err := b.stream.GetMsg(ctx, mid)
		if err != nil {
			return 0, corax.Errorf(corax.Unavailable, "prune the bus", "message %d: %w", mid, err)
		}
		if m.Time.Before(before) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low == st.FirstSeq {
		return 0, nil
	}
	if err := b.stream.Purge(ctx, jetstream.WithPurgeSequence(low)); err != nil {
		return 0, corax.Errorf(corax.Unavailable, "prune the bus", "%w", err)
	}
	return low - st.FirstSeq, nil
}

// age prunes now and then. It reads the machine's clock because the messages' times come from there too.
func (b *Bus) age() {
	tick := time.NewTicker(min(max(b.opts.MaxAge/10, time.Second), time.Hour))
	defer tick.Stop()
	for {
		select {
		case <-b.life.Done():
			return
		case now := <-tick.C:
			if _, err := b.Prune(b.life, now.Add(-b.opts.MaxAge)); err != nil && b.life.Err() == nil {
				b.log.Warn("old signals were not dropped from the bus", "error", err.Error())
			}
		}
	}
}
