package lookup_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"corax"
	"corax/access"
	"corax/lookup"
	"corax/store"
	"corax/store/sample"
	"corax/store/sqlite"
	"corax/topology/learn"
	"corax/triage/indexer"
)

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

func newLookup(t *testing.T) *lookup.Lookup {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "corax.db"), Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := sample.Fill(t.Context(), s, sample.Options{Seed: 1, Signals: 1500, Problems: 40, Until: now}); err != nil {
		t.Fatal(err)
	}
	if err := indexer.New(indexer.Options{Store: s}).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	var h store.History
	h.At = now.Add(-time.Hour)
	h.Add(false, time.Millisecond)
	record := store.MonitorRecord{Minutes: map[string][]store.History{"net": {h}, "shop": {h}}}
	if err := s.RecordHistory(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	monitors := []corax.ProbeResult{{Monitor: "net", Entity: "north-switch"}, {Monitor: "shop", Entity: "web-shop"}}
	return &lookup.Lookup{Records: s, Topology: sample.Topology, Clock: clock, Monitors: func() []corax.ProbeResult { return append([]corax.ProbeResult{}, monitors...) }}
}

// as is the context of somebody who sees the entities of a team alone.
func as(t *testing.T, team string) context.Context {
	t.Helper()
	return access.With(t.Context(), access.Principal{Name: "ann", Role: access.RoleViewer, Scopes: []access.Scope{{{Labels: map[string]string{"team": team}}}}})
}

// Whatever is asked for, nobody is told of entities that they may not see.
func TestScopes(t *testing.T) {
	l := newLookup(t)
	teams := map[string]string{}
	for _, e := range sample.Topology().Entities {
		teams[e.ID] = e.Labels["team"]
	}
	ctx := as(t, "front")
	everybody := access.With(t.Context(), access.Principal{Name: "bob", Role: access.RoleViewer})

	signals, err := l.Signals(ctx, store.SignalSearch{Limit: 500})
	if err != nil || len(signals.Signals) == 0 {
		t.Fatal(len(signals.Signals), err)
	}
	for _, g := range signals.Signals {
		if teams[g.Entity] != "front" {
			t.Errorf("signal of %s", g.Entity)
		}
	}
	if p, err := l.Signals(ctx, store.SignalSearch{Entity: "auth"}); err != nil || len(p.Signals) != 0 {
		t.Errorf("%d signals of auth, %v", len(p.Signals), err)
	}
	if p, err := l.Signals(ctx, store.SignalSearch{Among: []string{"auth", "web-shop"}, Limit: 1}); err != nil || p.Signals[0].Entity != "web-shop" {
		t.Errorf("%+v, %v", p, err)
	}
	incidents, err := l.Incidents(ctx, store.IncidentSearch{Limit: 500})
	if err != nil || len(incidents.Incidents) == 0 {
		t.Fatal(len(incidents.Incidents), err)
	}
	for _, i := range incidents.Incidents {
		if teams[i.Entity] != "front" {
			t.Errorf("incident of %s", i.Entity)
		}
	}
	all, err := l.Incidents(everybody, store.IncidentSearch{Limit: 500, Entity: "orders-db"})
	if err != nil || len(all.Incidents) == 0 {
		t.Fatal(len(all.Incidents), err)
	}
	if _, _, err := l.Incident(ctx, all.Incidents[0].ID, 5); corax.CodeOf(err) != corax.NotFound {
		t.Errorf("an incident of orders-db: %v", err)
	}
	if _, s, err := l.Incident(everybody, all.Incidents[0].ID, 5); err != nil || len(s) == 0 {
		t.Errorf("%d signals, %v", len(s), err)
	}
	facets, err := l.Facets(ctx, store.SignalSearch{}, 30)
	if err != nil || len(facets.Entities) == 0 || len(facets.Kinds) == 0 || len(facets.Sources) == 0 {
		t.Errorf("%+v, %v", facets, err)
	}
	for _, v := range facets.Entities {
		if teams[v.Value] != "front" {
			t.Errorf("%d signals of %s are counted", v.Count, v.Value)
		}
	}
	if s := l.States(ctx); len(s) != 1 || s[0].Monitor != "shop" {
		t.Errorf("%+v", s)
	}
	if h, err := l.Histories(ctx, now.Add(-24*time.Hour), now, time.Hour); err != nil || len(h) != 1 || h["shop"].Total().Checks != 1 {
		t.Errorf("%+v, %v", h, err)
	}
	if _, err := l.History(ctx, "net", now.Add(-time.Hour), now, time.Hour); corax.CodeOf(err) != corax.NotFound {
		t.Errorf("history of net: %v", err)
	}
	if _, err := l.MonitorChanges(ctx, "net", 1); corax.CodeOf(err) != corax.NotFound {
		t.Errorf("changes of net: %v", err)
	}
	changes, err := l.Changes(ctx, store.SignalSearch{Limit: 500}, 0)
	if err != nil || len(changes.Changes) == 0 {
		t.Fatal(len(changes.Changes), err)
	}
	for _, c := range changes.Changes {
		if teams[c.Signal.Entity] != "front" {
			t.Errorf("change of %s", c.Signal.Entity)
		}
	}
	ties, err := l.Learned(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range ties {
		if teams[e.From] != "front" || teams[e.To] != "front" {
			t.Errorf("%+v", e)
		}
	}
}

func TestSimilarAndLearned(t *testing.T) {
	l := newLookup(t)
	ctx := access.With(t.Context(), access.Principal{Name: "bob", Role: access.RoleViewer})
	problems, err := l.Problems(ctx, store.ProblemSearch{Open: true})
	if err != nil || len(problems.Problems) != 8 {
		t.Fatal(len(problems.Problems), err)
	}
	of := problems.Problems[0]
	similar, err := l.Similar(ctx, of.ID, 3)
	if err != nil || len(similar) == 0 || similar[0].ID == of.ID || similar[0].Text == "" {
		t.Errorf("%+v, %v", similar, err)
	}
	if _, err := l.Similar(ctx, "nope", 3); corax.CodeOf(err) != corax.NotFound {
		t.Error(err)
	}
	if _, err := l.Similar(as(t, "nobody's"), of.ID, 3); corax.CodeOf(err) != corax.NotFound {
		t.Error(err)
	}
	ties, err := l.Learned(ctx)
	if err != nil || len(ties) == 0 {
		t.Fatalf("%+v, %v", ties, err)
	}
	for _, e := range ties {
		if e.Kind == learn.Spread && e.Support < 3 {
			t.Errorf("%+v", e)
		}
	}
	// Each outage of the sample begins with a change of its root, and its incidents follow within minutes.
	changes, err := l.Changes(ctx, store.SignalSearch{Limit: 500, Entity: ties[0].To}, 0)
	followed := 0
	for _, c := range changes.Changes {
		followed += len(c.Followed)
	}
	if err != nil || followed == 0 {
		t.Errorf("%d incidents followed %d changes, %v", followed, len(changes.Changes), err)
	}
}
