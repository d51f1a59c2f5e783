package bus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"corax"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	envelopeBytes = 256 << 10 // an envelope is closed when it reaches this
	// The server gives up on its files when a write fails for want of space, so new signals are refused a while before that.
	minFreeDisk = 64 << 20
)

const (
	hintRetry = "send the same signals again in a moment: those that were stored are recognised"
	hintFull  = "the stream is full of signals that nobody has handled yet; see that triage and the store are well, " +
		"or raise the bus's size limit"
	hintDisk = "free some disk space, or move the data directory; what is stored stays"
)

// envelope is one message on its way to the stream.
type envelope struct {
	partition int
	signals   int
	data      []byte
	ack       jetstream.PubAckFuture
}

// Publish stores signals and returns nil only when the stream has all of them. After any error some may be stored: publishing the same
// again is harmless. Under pressure (full, too much under way, stopping) the error's code is Unavailable; a signal that is larger than
// the server takes is Invalid, and then none is stored.
func (b *Bus) Publish(ctx context.Context, signals []corax.Signal) error {
	if len(signals) == 0 {
		return nil
	}
	b.published.Add(1)
	if err := b.refuse(); err != nil {
		return err
	}
	envelopes, err := b.pack(signals)
	if err != nil {
		return err
	}
	failed, err := b.store(ctx, envelopes)
	if isFull(err) && b.makeRoom(ctx) {
		_, err = b.store(ctx, failed)
	}
	if err != nil {
		return publishError(len(signals), err)
	}
	return nil
}

// refuse says why nothing can be taken now.
func (b *Bus) refuse() error {
	if b.life.Err() != nil {
		return &corax.Error{Code: corax.Unavailable, Op: "publish signals", Err: errors.New("the bus is closed"), Hint: hintRetry}
	}
	if b.freeDisk == nil {
		return nil
	}
	if free, known := b.freeDisk(); known && free < minFreeDisk {
		return &corax.Error{Code: corax.Unavailable, Op: "publish signals", Hint: hintDisk,
			Err: fmt.Errorf("%d MB of disk are left, and the last %d MB are kept", free>>20, minFreeDisk>>20)}
	}
	return nil
}

// pack spreads signals over envelopes by partition, in the order given.
func (b *Bus) pack(signals []corax.Signal) ([]envelope, error) {
	out := make([]envelope, 0, len(b.subjects))
	open := make([]int, len(b.subjects)) // partition -> 1 + index of its open envelope
	var one []byte
	for i := range signals {
		one = appendSignal(one[:0], &signals[i])
		if len(one)+1 > b.maxData {
			return nil, &corax.Error{Code: corax.Invalid, Op: "publish signals",
				Err:  fmt.Errorf("signal %d of %d has %d bytes, the most is %d", i+1, len(signals), len(one), b.maxData-1),
				Hint: "shorten its message, labels or attributes"}
		}
		p := partition(&signals[i], len(b.subjects))
		at := open[p] - 1
		if at < 0 || out[at].signals >= maxSignals || len(out[at].data)+len(one) > min(envelopeBytes, b.maxData) {
			room := min((len(signals)-i)*len(one)*5/4/len(b.subjects)+len(one)+1, envelopeBytes)
			out = append(out, envelope{partition: p, data: append(make([]byte, 0, max(room, len(one)+1)), envelopeVersion)})
			at = len(out) - 1
			open[p] = at + 1
		}
		out[at].data = append(out[at].data, one...)
		out[at].signals++
	}
	return out, nil
}

// partition is the lane of a signal: one entity's signals share one, so that they stay in order. FNV-1a.
func partition(s *corax.Signal, n int) int {
	key := s.Entity
	if key == "" {
		key = s.Fingerprint
	}
	if key == "" {
		key = s.ID
	}
	h := uint32(2166136261)
	for i := range len(key) {
		h = (h ^ uint32(key[i])) * 16777619
	}
	return int(h % uint32(n))
}

// store sends all envelopes, then awaits them all. It returns those that were not stored, with the first reason.
func (b *Bus) store(ctx context.Context, envelopes []envelope) (failed []envelope, first error) {
	fail := func(e envelope, err error) {
		failed = append(failed, e)
		if first == nil {
			first = err
		}
	}
	sent := envelopes
	for i := range envelopes {
		e := &envelopes[i]
		sum := sha256.Sum256(e.data)
		msg := &nats.Msg{Subject: b.subjects[e.partition], Data: e.data, Header: nats.Header{
			// The contents, not the signals' ids: a renewal has the same id, and must get through.
			jetstream.MsgIDHeader: []string{hex.EncodeToString(sum[:16])},
		}}
		var err error
		if e.ack, err = b.js.PublishMsgAsync(msg); err != nil {
			sent = envelopes[:i]
			for _, rest := range envelopes[i:] {
				fail(rest, err)
			}
			break
		}
	}
	for _, e := range sent {
		select {
		case <-e.ack.Ok():
		case err := <-e.ack.Err():
			fail(e, err)
		case <-ctx.Done():
			fail(e, ctx.Err())
		case <-b.life.Done():
			fail(e, errors.New("the bus is closing"))
		}
	}
	return failed, first
}

// isFull says that the stream has reached its size limit.
func isFull(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == codeStoreFailed
}

// Error codes of the JetStream API that mean a lack of space.
const (
	codeNoResources jetstream.ErrorCode = 10023
	codeStorageFull jetstream.ErrorCode = 10047
	codeStoreFailed jetstream.ErrorCode = 10077
)

func publishError(signals int, err error) error {
	hint := hintRetry
	var api *jetstream.APIError
	if errors.As(err, &api) {
		switch api.ErrorCode {
		case codeStoreFailed:
			hint = hintFull
		case codeNoResources, codeStorageFull:
			hint = hintDisk
		}
	}
	return &corax.Error{Code: corax.Unavailable, Op: fmt.Sprintf("publish %d signals", signals), Err: err, Hint: hint}
}
