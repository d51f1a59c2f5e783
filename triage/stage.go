package triage

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"corax"
	"corax/store"
)

// stage holds what a batch changes until it is committed; memory stays as it was where the commit fails.
type stage struct {
	t        *Triage
	now      time.Time
	touched  map[string]*corax.Incident // by fingerprint
	before   []corax.Incident           // ended ones whose fingerprint another incident has taken within this batch
	flaps    map[string]*flap
	muted    map[string]*corax.Signal // by fingerprint; nil where it is muted no longer
	silences []corax.Silence          // in force now, once they were asked for
	asked    bool
	batch    store.TriageBatch
	ids      []string
}

// newStage makes a stage for about so many signals.
func (t *Triage) newStage(signals int) *stage {
	return &stage{
		t: t, now: t.o.Clock.Now(), touched: make(map[string]*corax.Incident, signals), flaps: map[string]*flap{}, muted: map[string]*corax.Signal{},
		batch: store.TriageBatch{IncidentOf: make(map[string]string, signals), Signals: make([]corax.Signal, 0, signals)},
	}
}

// incident is the stage's own copy of the incident with this fingerprint, nil where there is none.
func (s *stage) incident(fp string) *corax.Incident {
	if i, ok := s.touched[fp]; ok {
		return i
	}
	i, ok := s.t.incidents[fp]
	if !ok {
		return nil
	}
	s.touched[fp] = &i
	return &i
}

// flap is the stage's own copy of a fingerprint's changes of state.
func (s *stage) flap(fp string) *flap {
	if f, ok := s.flaps[fp]; ok {
		return f
	}
	f := &flap{}
	if was := s.t.flaps[fp]; was != nil {
		*f = flap{changes: slices.Clone(was.changes), failing: was.failing}
	}
	s.flaps[fp] = f
	return f
}

// commitAndUnlock stores the stage, takes it into memory, and tells. It is called with t.mu held.
func (t *Triage) commitAndUnlock(ctx context.Context, s *stage) error {
	changed := make([]corax.Incident, 0, len(s.touched)+len(s.before))
	for fp, f := range s.flaps {
		if i := s.touched[fp]; i != nil {
			i.Changes, i.Failing = f.changes, f.failing
		}
	}
	for fp, i := range s.touched {
		if was, ok := t.incidents[fp]; !ok || !same(was, *i) {
			changed = append(changed, *i)
		}
	}
	changed = append(changed, s.before...)
	slices.SortFunc(changed, func(a, b corax.Incident) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), strings.Compare(a.ID, b.ID))
	})
	s.batch.Incidents = changed
	if len(s.batch.Signals) > 0 || len(changed) > 0 {
		if err := t.o.Store.CommitTriage(ctx, s.batch); err != nil {
			t.mu.Unlock()
			return err
		}
	}
	for fp, f := range s.flaps {
		t.flaps[fp] = f
	}
	for fp, i := range s.touched {
		t.incidents[fp] = *i
		t.schedule(fp)
	}
	t.keepMuted(s.muted)
	for _, id := range s.ids {
		t.known.add(id)
	}
	t.forget(s.now)
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
	if len(changed) > 0 {
		t.onChange(changed)
	}
	return nil
}

// same says that nothing worth storing changed.
func same(a, b corax.Incident) bool {
	return a.State == b.State && a.Signals == b.Signals && a.Severity == b.Severity && a.Flapping == b.Flapping && a.ID == b.ID &&
		a.By == b.By && equal(a.ExpiresAt, b.ExpiresAt) && a.Resolution == b.Resolution && a.Title == b.Title
}

func equal(a, b *time.Time) bool { return a == b || a != nil && b != nil && a.Equal(*b) }

// forget drops ended incidents that can't reopen any more, once there are many.
func (t *Triage) forget(now time.Time) {
	const many = 50_000
	if len(t.incidents) < many {
		return
	}
	for fp, i := range t.incidents {
		if !i.Live() && i.ResolvedAt != nil && now.Sub(*i.ResolvedAt) > t.o.ReopenWithin {
			delete(t.incidents, fp)
			delete(t.flaps, fp)
			delete(t.pending, fp)
		}
	}
}

func (s *stage) event(kind corax.EventKind, i *corax.Incident, at time.Time, text string) {
	s.batch.Events = append(s.batch.Events, corax.Event{
		At: at, Kind: kind, Incident: i.ID, Entity: i.Entity, Problem: i.Problem, State: string(i.State), Text: text,
	})
}

// open begins a new incident with its first symptom.
func (s *stage) open(sig corax.Signal) *corax.Incident {
	i := &corax.Incident{
		ID: corax.HashID("inc", sig.Fingerprint, sig.ID), Fingerprint: sig.Fingerprint, Entity: sig.Entity, State: corax.IncidentOpen,
		Source: sig.Source, Labels: sig.Labels, OpenedAt: sig.At,
	}
	if ended := s.touched[sig.Fingerprint]; ended != nil {
		s.before = append(s.before, *ended)
	}
	s.touched[sig.Fingerprint] = i
	return i
}

// fold adds a symptom to its incident.
func fold(i *corax.Incident, sig corax.Signal) {
	i.Signals++
	i.Severity = max(i.Severity, sig.Severity)
	if !sig.At.Before(i.UpdatedAt) {
		i.UpdatedAt, i.Title = sig.At, title(sig.Message)
	}
	if sig.At.Before(i.OpenedAt) {
		i.OpenedAt = sig.At
	}
	if i.Entity == "" {
		i.Entity = sig.Entity
	}
	renew(i, sig.EndsAt)
}

// renew moves the time at which the incident expires; a symptom without an end never does.
func renew(i *corax.Incident, endsAt *time.Time) {
	if endsAt == nil {
		i.ExpiresAt = nil
	} else if i.ExpiresAt == nil || endsAt.After(*i.ExpiresAt) {
		at := *endsAt
		i.ExpiresAt = &at
	}
}

func (s *stage) reopen(i *corax.Incident) {
	i.State, i.Resolution, i.ResolvedAt, i.ExpiresAt, i.By = corax.IncidentOpen, "", nil, nil, ""
	i.Reopened++
}

func (s *stage) end(i *corax.Incident, how corax.Resolution, at time.Time) {
	i.State, i.Resolution, i.ResolvedAt, i.ExpiresAt, i.Flapping = corax.IncidentResolved, how, &at, nil, false
	if at.After(i.UpdatedAt) {
		i.UpdatedAt = at
	}
	s.event(corax.EventIncidentResolved, i, at, resolvedText[how]+i.Title)
}

var resolvedText = map[corax.Resolution]string{
	corax.Recovered: "Recovered: ", corax.Expired: "Expired, its source fell silent: ", corax.ByHand: "Resolved by hand: ",
}

func (s *stage) acknowledge(i *corax.Incident, by string) {
	i.State, i.By = corax.IncidentAcknowledged, by
	s.event(corax.EventIncidentAcked, i, s.now, "Acknowledged by "+by+": "+i.Title)
}

// title is a message's first line, cut to what fits one.
func title(message string) string {
	const most = 300
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	line = strings.ToValidUTF8(line, "\uFFFD")
	if len(line) <= most {
		return line
	}
	cut := most
	for !utf8.RuneStart(line[cut]) {
		cut--
	}
	return line[:cut] + "…"
}
