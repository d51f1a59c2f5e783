package triage

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"corax"
)

// Handle takes a batch from the bus. After an error nothing of it was taken, and it may be given again.
func (t *Triage) Handle(ctx context.Context, batch []corax.Signal) error {
	signals := make([]corax.Signal, len(batch))
	for n, sig := range batch {
		signals[n] = identified(sig)
	}
	t.mu.Lock()
	s := t.newStage(len(signals))
	known, err := t.alreadyKnown(ctx, signals)
	if err == nil {
		err = s.take(ctx, signals, known)
	}
	if err != nil {
		t.mu.Unlock()
		return err
	}
	return t.commitAndUnlock(ctx, s)
}

// alreadyKnown tells which ids were stored before.
func (t *Triage) alreadyKnown(ctx context.Context, signals []corax.Signal) (map[string]bool, error) {
	known := make(map[string]bool, len(signals))
	ask := make([]string, 0, len(signals))
	for _, s := range signals {
		if t.known.has(s.ID) {
			known[s.ID] = true
		} else {
			ask = append(ask, s.ID)
		}
	}
	if len(ask) == 0 {
		return known, nil
	}
	stored, err := t.o.Store.KnownSignals(ctx, ask)
	maps.Copy(known, stored)
	return known, err
}

func (s *stage) take(ctx context.Context, signals []corax.Signal, known map[string]bool) error {
	for _, sig := range signals {
		if known[sig.ID] {
			if err := s.repeated(ctx, sig); err != nil {
				return err
			}
			continue
		}
		known[sig.ID] = true
		if sig.KindOr() == corax.Symptom {
			if err := s.askSilences(ctx); err != nil {
				return err
			}
		}
		s.ids = append(s.ids, sig.ID)
		s.batch.Signals = append(s.batch.Signals, sig)
		if i := s.one(sig); i != nil {
			s.batch.IncidentOf[sig.ID] = i.ID
		}
	}
	return nil
}

// one folds one new signal in and returns the incident that it belongs to, if any.
func (s *stage) one(sig corax.Signal) *corax.Incident {
	i := s.incident(sig.Fingerprint)
	switch sig.KindOr() {
	case corax.Symptom:
		return s.symptom(i, sig)
	case corax.Recovery, corax.Expiry:
		if s.isMuted(sig.Fingerprint) {
			s.muted[sig.Fingerprint] = nil
		}
		if i == nil || !i.Live() || sig.At.Before(i.OpenedAt) || s.flap(i.Fingerprint).failedAfter(sig.At) {
			return nil
		}
		i.Signals++
		how := corax.Recovered
		if sig.Kind == corax.Expiry {
			how = corax.Expired
		}
		f := s.flap(i.Fingerprint)
		f.change(sig.At, false)
		if i.Flapping || f.flapping(s.t.o.FlapWindow, s.t.o.FlapCount) {
			i.ExpiresAt = nil // it is well, for now
			s.setFlapping(i)
			return i
		}
		s.end(i, how, sig.At)
		return i
	case corax.Note:
		if i != nil && i.State == corax.IncidentOpen && sig.Attributes["action"] == "acknowledge" {
			s.acknowledge(i, sig.Source)
		}
		if i != nil && i.Live() {
			return i
		}
	}
	return nil
}

func (s *stage) symptom(i *corax.Incident, sig corax.Signal) *corax.Incident {
	if i != nil && i.Live() && i.ExpiresAt != nil && sig.At.After(*i.ExpiresAt) {
		s.end(i, corax.Expired, *i.ExpiresAt) // it had, whether or not the clock has come by
	}
	if i != nil && i.Live() {
		if i.Flapping {
			s.flap(i.Fingerprint).change(sig.At, true)
		}
		fold(i, sig)
		return i
	}
	reopens := i != nil && i.ResolvedAt != nil && sig.At.Sub(*i.ResolvedAt) <= s.t.o.ReopenWithin
	if reopens && sig.At.Before(*i.ResolvedAt) && (i.Resolution != corax.Expired || !s.lasts(sig)) {
		return i // a late symptom of what is over
	}
	if silenced(sig, s.silences, s.now) {
		s.muted[sig.Fingerprint] = &sig
		return nil
	}
	if s.isMuted(sig.Fingerprint) {
		s.muted[sig.Fingerprint] = nil
	}
	kind, text := corax.EventIncidentOpened, "Opened: "
	if reopens {
		s.reopen(i)
		kind, text = corax.EventIncidentReopened, "Opened again: "
	} else {
		i = s.open(sig)
	}
	fold(i, sig)
	f := s.flap(i.Fingerprint)
	f.change(sig.At, true)
	if f.flapping(s.t.o.FlapWindow, s.t.o.FlapCount) {
		s.setFlapping(i)
		return i
	}
	s.event(kind, i, sig.At, text+i.Title)
	return i
}

// setFlapping marks an incident that changes too often; it stays live, and quiet, until it has been calm for a while.
func (s *stage) setFlapping(i *corax.Incident) {
	if !i.Flapping {
		i.Flapping = true
		s.event(corax.EventIncidentReopened, i, s.now, "Flapping, it stays open until it is calm: "+i.Title)
	}
}

// silenced says that a silence or a maintenance window keeps the symptom from opening an incident.
func silenced(sig corax.Signal, silences []corax.Silence, now time.Time) bool {
	return slices.ContainsFunc(silences, func(x corax.Silence) bool {
		if x.StartsAt.After(now) {
			return false
		}
		for k, want := range x.Match {
			got := sig.Labels[k]
			switch k {
			case "entity":
				got = sig.Entity
			case "source":
				got = sig.Source
			case "severity":
				got = sig.Severity.String()
			}
			if got != want {
				return false
			}
		}
		return len(x.Match) > 0
	})
}

// identified gives a signal the fingerprint and the id that its source did not give it.
func identified(sig corax.Signal) corax.Signal {
	if sig.Fingerprint == "" {
		parts := []string{sig.Source, sig.Entity}
		for _, k := range slices.Sorted(maps.Keys(sig.Labels)) {
			parts = append(parts, k, sig.Labels[k])
		}
		sig.Fingerprint = corax.HashID("fp", append(parts, masked(sig.Message))...)
	}
	if sig.ID == "" {
		sig.ID = corax.HashID("sig", sig.Source, sig.Fingerprint, sig.At.UTC().Format("20060102T150405.999999999"), string(sig.KindOr()))
	}
	return sig
}

// masked is a message without its numbers, so that two readings of one condition are one.
func masked(message string) string {
	var b strings.Builder
	digits := false
	for _, r := range message {
		if r >= '0' && r <= '9' {
			if !digits {
				b.WriteByte('#')
			}
			digits = true
			continue
		}
		digits = false
		b.WriteRune(r)
	}
	return b.String()
}
