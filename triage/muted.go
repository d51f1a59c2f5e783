package triage

import (
	"context"
	"maps"
	"slices"
	"time"

	"corax"
)

// A symptom that a silence keeps from opening an incident is remembered: when the silence is over and the source has not said that it is
// well again, the incident opens after all. A monitor that reports only changes would otherwise never be heard.

const (
	muteCheck     = 5 * time.Second // how often it is looked whether a silence was taken away
	mostMuted     = 10_000
	muteLookback  = time.Hour // how long ago a silence may have ended while Corax was down
	mostMuteReads = 10_000
)

// askSilences reads the silences in force, once a stage.
func (s *stage) askSilences(ctx context.Context) error {
	if s.asked {
		return nil
	}
	var err error
	s.silences, err = s.t.o.Store.Silences(ctx, s.now)
	s.asked = err == nil
	return err
}

// lasts says that a symptom's source still stands by it.
func (s *stage) lasts(sig corax.Signal) bool { return sig.EndsAt == nil || sig.EndsAt.After(s.now) }

// repeated takes a symptom that is known already and was sent again. It lengthens the life of its incident; where that had ended for want
// of such a word it goes on, and where a silence had kept it from opening and is over, it opens.
func (s *stage) repeated(ctx context.Context, sig corax.Signal) error {
	if sig.KindOr() != corax.Symptom || sig.EndsAt == nil {
		return nil
	}
	i := s.incident(sig.Fingerprint)
	switch {
	case i != nil && i.Live():
		if i.ExpiresAt != nil {
			renew(i, sig.EndsAt)
		}
	case !s.lasts(sig):
	case i == nil && s.isMuted(sig.Fingerprint):
		s.muted[sig.Fingerprint] = &sig // its end has moved
	case i != nil && i.Resolution == corax.Expired && sig.EndsAt.After(*i.ResolvedAt):
		if err := s.askSilences(ctx); err != nil || silenced(sig, s.silences, s.now) {
			return err
		}
		s.reopen(i)
		renew(i, sig.EndsAt)
		s.event(corax.EventIncidentReopened, i, s.now, "Its source was heard again: "+i.Title)
	}
	return nil
}

func (s *stage) isMuted(fp string) bool {
	if sig, ok := s.muted[fp]; ok {
		return sig != nil
	}
	_, ok := s.t.muted[fp]
	return ok
}

// keepMuted takes what a stage changed into memory.
func (t *Triage) keepMuted(changes map[string]*corax.Signal) {
	for _, fp := range slices.Sorted(maps.Keys(changes)) {
		switch sig := changes[fp]; {
		case sig == nil:
			delete(t.muted, fp)
		case len(t.muted) < mostMuted:
			t.muted[fp] = *sig
		}
	}
}

// unmute opens what no silence mutes any more, and says when to look again; zero where nothing is muted.
func (s *stage) unmute(ctx context.Context) (time.Time, error) {
	if len(s.t.muted) == 0 {
		return time.Time{}, nil
	}
	next := s.now.Add(muteCheck)
	if err := s.askSilences(ctx); err != nil {
		return next, err
	}
	for _, x := range s.silences {
		if x.EndsAt.After(s.now) && x.EndsAt.Before(next) {
			next = x.EndsAt
		}
	}
	for _, fp := range slices.Sorted(maps.Keys(s.t.muted)) {
		sig := s.t.muted[fp]
		if s.lasts(sig) && silenced(sig, s.silences, s.now) {
			continue
		}
		s.muted[fp] = nil
		if s.lasts(sig) {
			s.speakUp(sig)
		}
	}
	return next, nil
}

// speakUp opens the incident of a symptom that was muted, with a signal that says that it still holds.
func (s *stage) speakUp(sig corax.Signal) {
	sig.ID = corax.HashID("sig", "after silence", sig.ID, s.now.Format(time.RFC3339Nano))
	sig.At = s.now
	s.ids = append(s.ids, sig.ID)
	s.batch.Signals = append(s.batch.Signals, sig)
	if i := s.symptom(s.incident(sig.Fingerprint), sig); i != nil {
		s.batch.IncidentOf[sig.ID] = i.ID
	}
}

// loadMuted finds out what was muted when Corax stopped: the symptoms since the silences began that nothing came of.
func (t *Triage) loadMuted(ctx context.Context) error {
	all, err := t.o.Store.Silences(ctx, time.Time{})
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(x corax.Silence) bool {
		return x.StartsAt.After(t.started) || x.EndsAt.Before(t.started.Add(-muteLookback))
	})
	if len(all) == 0 {
		return nil
	}
	since := slices.MinFunc(all, func(a, b corax.Silence) int { return a.StartsAt.Compare(b.StartsAt) }).StartsAt
	kinds := []corax.SignalKind{corax.Symptom, corax.Recovery, corax.Expiry}
	latest, err := t.o.Store.RecentSignals(ctx, kinds, since, mostMuteReads)
	if err != nil {
		return err
	}
	said := map[string]bool{}
	for _, sig := range latest {
		if said[sig.Fingerprint] {
			continue
		}
		said[sig.Fingerprint] = true
		i, known := t.incidents[sig.Fingerprint]
		if sig.KindOr() != corax.Symptom || known && (i.Live() || !sig.At.After(i.UpdatedAt)) || len(t.muted) >= mostMuted {
			continue
		}
		if slices.ContainsFunc(all, func(x corax.Silence) bool {
			return !sig.At.Before(x.StartsAt) && sig.At.Before(x.EndsAt) && silenced(sig, []corax.Silence{x}, sig.At)
		}) {
			t.muted[sig.Fingerprint] = sig
		}
	}
	return nil
}
