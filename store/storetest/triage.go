package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"corax"
	"corax/store"

	"github.com/google/go-cmp/cmp"
)

func signal(id string, after time.Duration) corax.Signal {
	return corax.Signal{ID: id, At: Now().Add(after), Source: "probe", Entity: "auth", Message: "login fails"}
}

func incident(id string, after time.Duration) corax.Incident {
	return corax.Incident{ID: id, Fingerprint: "fp-" + id, Entity: "auth", State: corax.IncidentOpen, Severity: corax.High,
		Title: "login fails", OpenedAt: Now().Add(after), UpdatedAt: Now().Add(after), Signals: 1}
}

func ids[T any](list []T, id func(T) string) []string {
	out := []string{}
	for _, v := range list {
		out = append(out, id(v))
	}
	return out
}

func signalID(s corax.Signal) string     { return s.ID }
func incidentID(i corax.Incident) string { return i.ID }

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-expected +found):\n%s", what, d)
	}
}

func testTriage(t *testing.T, s Store) {
	ctx := t.Context()
	b := store.TriageBatch{
		Signals:    []corax.Signal{signal("s1", 0), signal("s2", time.Second), signal("s3", 2*time.Second)},
		IncidentOf: map[string]string{"s1": "i1", "s2": "i1"},
		Incidents:  []corax.Incident{incident("i1", 0)},
		Events:     []corax.Event{{ID: "opened-i1", At: Now(), Kind: corax.EventIncidentOpened, Incident: "i1", Text: "opened"}},
	}
	ok(t, s.CommitTriage(ctx, b))
	ok(t, s.CommitTriage(ctx, b)) // redelivered
	equal(t, "signals", must(s.CountSignals(ctx))(t), 3)
	equal(t, "events", len(must(s.Events(ctx, store.EventFilter{}))(t)), 1)
	same(t, "known", must(s.KnownSignals(ctx, []string{"s1", "s3", "s4"}))(t), map[string]bool{"s1": true, "s3": true})
	same(t, "known of none", must(s.KnownSignals(ctx, nil))(t), map[string]bool{})
	same(t, "signals of i1", ids(must(s.SignalsOf(ctx, "i1", 10))(t), signalID), []string{"s2", "s1"})

	// A known signal is never altered, nor moved.
	changed := signal("s1", time.Hour)
	changed.Message = "forged"
	ok(t, s.CommitTriage(ctx, store.TriageBatch{Signals: []corax.Signal{changed}, IncidentOf: map[string]string{"s1": "i2"}}))
	same(t, "signals of i1", must(s.SignalsOf(ctx, "i1", 10))(t)[1], signal("s1", 0))

	ended := incident("i1", 0)
	end := Now().Add(time.Minute)
	ended.State, ended.ResolvedAt, ended.Resolution, ended.UpdatedAt = corax.IncidentResolved, &end, corax.Recovered, end
	ok(t, s.CommitTriage(ctx, store.TriageBatch{Incidents: []corax.Incident{ended}}))
	same(t, "ended", must(s.Incident(ctx, "i1"))(t), ended)
	equal(t, "live incidents", len(must(s.LiveIncidents(ctx))(t)), 0)

	var all []string
	ok(t, s.SignalIDs(ctx, func(id string) error { all = append(all, id); return nil }))
	slices.Sort(all)
	same(t, "ids", all, []string{"s1", "s2", "s3"})
	ok(t, s.CommitTriage(ctx, store.TriageBatch{}))

	// One bad signal, and nothing of its batch is stored.
	hasCode(t, "a signal without id", s.CommitTriage(ctx, store.TriageBatch{Signals: []corax.Signal{signal("s9", 0), {}}}), corax.Invalid)
	equal(t, "signals", must(s.CountSignals(ctx))(t), 3)
}

func testSignalFields(t *testing.T, s Store) {
	ctx := t.Context()
	end := Now().Add(time.Hour)
	full := corax.Signal{ID: "s1", At: Now(), Source: "alertmanager", Kind: corax.Recovery, Entity: "auth", Severity: corax.Critical,
		Message: "né \x00 <b>&</b> \u2028 '; DROP TABLE signals; --", Fingerprint: "fp", EndsAt: &end,
		Labels: map[string]string{"a": "1", "b": ""}, Attributes: map[string]string{"status": "401"}}
	bare := corax.Signal{ID: "s2"}
	ok(t, s.CommitTriage(ctx, store.TriageBatch{Signals: []corax.Signal{full, bare}}))
	same(t, "signals", must(s.Signals(ctx, store.SignalFilter{}))(t), []corax.Signal{bare, full})
}

func testSignals(t *testing.T, s Store) {
	ctx := t.Context()
	kinds := []corax.SignalKind{"", corax.ChangeOf, corax.Note, corax.Recovery, corax.ChangeOf}
	var b store.TriageBatch
	b.IncidentOf = map[string]string{}
	for i, k := range kinds {
		g := signal(fmt.Sprintf("s%d", i), time.Duration(i)*time.Minute)
		g.Kind = k
		b.Signals = append(b.Signals, g)
		if i < 2 {
			b.IncidentOf[g.ID] = "i1"
		}
	}
	ok(t, s.CommitTriage(ctx, b))
	for _, c := range []struct {
		name string
		f    store.SignalFilter
		want []string
	}{
		{"all", store.SignalFilter{}, []string{"s4", "s3", "s2", "s1", "s0"}},
		{"the latest", store.SignalFilter{Limit: 2}, []string{"s4", "s3"}},
		{"since", store.SignalFilter{Since: Now().Add(3 * time.Minute)}, []string{"s4", "s3"}},
		{"changes", store.SignalFilter{Kinds: []corax.SignalKind{corax.ChangeOf}}, []string{"s4", "s1"}},
		{"symptoms", store.SignalFilter{Kinds: []corax.SignalKind{corax.Symptom}}, []string{"s0"}},
		{"changes and notes since", store.SignalFilter{Kinds: []corax.SignalKind{corax.ChangeOf, corax.Note},
			Since: Now().Add(2 * time.Minute)}, []string{"s4", "s2"}},
		{"of an incident", store.SignalFilter{Incident: "i1"}, []string{"s1", "s0"}},
		{"changes of an incident", store.SignalFilter{Incident: "i1", Kinds: []corax.SignalKind{corax.ChangeOf}}, []string{"s1"}},
		{"since, of an incident", store.SignalFilter{Incident: "i1", Since: Now().Add(time.Second)}, []string{"s1"}},
	} {
		same(t, c.name, ids(must(s.Signals(ctx, c.f))(t), signalID), c.want)
	}
	same(t, "recent", ids(must(s.RecentSignals(ctx, []corax.SignalKind{corax.ChangeOf}, Now(), 1))(t), signalID), []string{"s4"})
	equal(t, "signals of no incident", len(must(s.SignalsOf(ctx, "", 10))(t)), 0)
}

func testLargeBatch(t *testing.T, s Store) {
	ctx := t.Context()
	const n = 1234 // no multiple of anything that a store might insert at once
	b := store.TriageBatch{IncidentOf: map[string]string{}}
	var all []string
	for i := range n {
		id := fmt.Sprintf("s%05d", i)
		all = append(all, id)
		b.Signals = append(b.Signals, signal(id, time.Duration(i)))
		b.IncidentOf[id] = fmt.Sprintf("i%05d", i)
		b.Incidents = append(b.Incidents, incident(b.IncidentOf[id], time.Duration(i)*time.Second))
		b.Events = append(b.Events, corax.Event{At: Now(), Kind: corax.EventIncidentOpened, Incident: b.IncidentOf[id], Text: "opened"})
	}
	ok(t, s.CommitTriage(ctx, b))
	equal(t, "signals", must(s.CountSignals(ctx))(t), n)
	equal(t, "live incidents", len(must(s.LiveIncidents(ctx))(t)), n)
	equal(t, "events", len(must(s.Events(ctx, store.EventFilter{}))(t)), n)
	equal(t, "known", len(must(s.KnownSignals(ctx, all))(t)), n)
	same(t, "the last", ids(must(s.SignalsOf(ctx, "i01233", 1))(t), signalID), []string{"s01233"})
}

func testIncidentPages(t *testing.T, s Store) {
	ctx := t.Context()
	var b store.TriageBatch
	for i := range 7 {
		n := incident(fmt.Sprintf("i%d", i), time.Duration(i/2)*time.Minute) // some open at the same time
		if i%2 == 1 {
			n.State, n.Entity = corax.IncidentResolved, "user"
		}
		b.Incidents = append(b.Incidents, n)
	}
	ok(t, s.CommitTriage(ctx, b))
	list := func(f store.IncidentFilter) []string {
		t.Helper()
		return ids(must(s.Incidents(ctx, f))(t), incidentID)
	}
	place := func(id string, minutes int) store.Cursor {
		return store.CursorOf(Now().Add(time.Duration(minutes)*time.Minute), id)
	}
	same(t, "all", list(store.IncidentFilter{}), []string{"i6", "i5", "i4", "i3", "i2", "i1", "i0"})
	same(t, "live", list(store.IncidentFilter{Live: true}), []string{"i6", "i4", "i2", "i0"})
	same(t, "entity", list(store.IncidentFilter{Entity: "user"}), []string{"i5", "i3", "i1"})
	same(t, "first page", list(store.IncidentFilter{Limit: 3}), []string{"i6", "i5", "i4"})
	same(t, "second page", list(store.IncidentFilter{Limit: 3, After: place("i4", 2)}), []string{"i3", "i2", "i1"})
	same(t, "last page", list(store.IncidentFilter{Limit: 3, After: place("i1", 0)}), []string{"i0"})
	same(t, "live after", list(store.IncidentFilter{Live: true, After: place("i3", 1)}), []string{"i2", "i0"})
	same(t, "after one that is gone", list(store.IncidentFilter{After: place("i2+", 1)}), []string{"i2", "i1", "i0"})
}

func testIncidentsOfProblem(t *testing.T, s Store) {
	ctx := t.Context()
	batch := store.TriageBatch{Incidents: []corax.Incident{incident("i1", 0), incident("i2", time.Second), incident("i3", 2*time.Second)}}
	ok(t, s.CommitTriage(ctx, batch))
	of := func(problem string) []string {
		t.Helper()
		found := must(s.Incidents(ctx, store.IncidentFilter{Problem: problem}))(t)
		for _, i := range found {
			equal(t, "problem of "+i.ID, i.Problem, problem)
		}
		return ids(found, incidentID)
	}
	p := problem("p1", 0)
	p.Incidents = []string{"i1", "i2", "not stored"}
	ok(t, s.SaveProblem(ctx, p, nil, nil))
	same(t, "of p1", of("p1"), []string{"i2", "i1"})

	ok(t, s.CommitTriage(ctx, batch)) // triage doesn't know the problem, and doesn't unset it
	same(t, "of p1, after triage", of("p1"), []string{"i2", "i1"})

	p.Incidents = []string{"i2"}
	ok(t, s.SaveProblem(ctx, p, nil, nil))
	same(t, "of p1, with one less", of("p1"), []string{"i2"})
	equal(t, "problem of i1", must(s.Incident(ctx, "i1"))(t).Problem, "")

	must(s.UpdateProblem(ctx, "p1", func(p *corax.Problem) error { p.Incidents = []string{"i2", "i3"}; return nil }))(t)
	same(t, "of p1, with one more", of("p1"), []string{"i3", "i2"})

	other := problem("p2", time.Minute)
	other.Incidents = []string{"i3"}
	ok(t, s.SaveProblem(ctx, other, nil, nil))
	same(t, "of p1, with one taken", of("p1"), []string{"i2"})
	same(t, "of p2", of("p2"), []string{"i3"})
	same(t, "of nothing", of("p3"), []string{})
}

func testConcurrent(t *testing.T, s Store) {
	ctx := t.Context()
	const writers, each = 8, 20
	ok(t, s.SaveProblem(ctx, problem("p1", 0), nil, nil))
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprintf("s%d-%d", w, i)
				if err := s.CommitTriage(ctx, store.TriageBatch{Signals: []corax.Signal{signal(id, 0)}}); err != nil {
					t.Error(err)
				}
				_, err := s.UpdateProblem(ctx, "p1", func(p *corax.Problem) error {
					p.Diagnosis.Cascade.Depth++
					return nil
				}, corax.Event{Problem: "p1", Text: id})
				if err != nil {
					t.Error(err)
				}
				if _, err := s.LiveIncidents(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	equal(t, "signals", must(s.CountSignals(ctx))(t), writers*each)
	equal(t, "changes", must(s.Problem(ctx, "p1"))(t).Diagnosis.Cascade.Depth, writers*each)
	equal(t, "events", len(must(s.Events(ctx, store.EventFilter{Problem: "p1"}))(t)), writers*each)
}

func testEndedContext(t *testing.T, s Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	hasCode(t, "write", s.CommitTriage(ctx, store.TriageBatch{Signals: []corax.Signal{signal("s1", 0)}}), corax.Unavailable)
	_, err := s.LiveIncidents(ctx)
	hasCode(t, "read", err, corax.Unavailable)
	equal(t, "signals", must(s.CountSignals(t.Context()))(t), 0)
}
