package sample_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"corax"
	"corax/store"
	"corax/store/sample"
	"corax/store/sqlite"
	"corax/triage/indexer"
)

var until = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// big opens a store with a million signals and 500 problems, which is built once: it is kept in CORAX_BENCH_DIR where that is set.
func big(b *testing.B) *sqlite.Store {
	b.Helper()
	dir := os.Getenv("CORAX_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	s, err := sample.Open(context.Background(), filepath.Join(dir, "big.db"), sample.Options{Seed: 1, Signals: 1_000_000, Problems: 500, Until: until})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

func BenchmarkBigStore(b *testing.B) {
	s := big(b)
	for _, q := range sample.Queries(s, until) {
		b.Run(q.Name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				if err := q.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		})
	}
}

// The same options fill the same store, and everything in it is found.
func TestFill(t *testing.T) {
	var all [2][]corax.Signal
	for i := range all {
		s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "corax.db")})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := sample.Fill(t.Context(), s, sample.Options{Seed: 7, Signals: 3000, Problems: 20, Until: until}); err != nil {
			t.Fatal(err)
		}
		if err := indexer.New(indexer.Options{Store: s}).CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if all[i], err = s.Signals(t.Context(), store.SignalFilter{}); err != nil {
			t.Fatal(err)
		}
		problems, err := s.Problems(t.Context(), store.ProblemFilter{})
		if err != nil || len(problems) != 20 {
			t.Errorf("%d problems, %v", len(problems), err)
		}
		for _, p := range problems {
			if found, err := s.Incidents(t.Context(), store.IncidentFilter{Problem: p.ID}); err != nil || len(found) != len(p.Incidents) {
				t.Errorf("%s: %d incidents of %d, %v", p.ID, len(found), len(p.Incidents), err)
			}
		}
	}
	if len(all[0]) < 3000 || !slices.EqualFunc(all[0], all[1], func(a, b corax.Signal) bool { return a.ID == b.ID && a.Message == b.Message }) {
		t.Errorf("%d and %d signals, or they differ", len(all[0]), len(all[1]))
	}
}

// Decisions and entries of the audit are there in their numbers, found by what they are about, and the chain of the audit holds.
func TestFillWithDecisions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "corax.db")
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := sample.Fill(t.Context(), s, sample.Options{Seed: 7, Signals: 100, Problems: 4, Until: until, Decisions: 60, Entries: 50}); err != nil {
		t.Fatal(err)
	}
	decisions, err := s.FindDecisions(t.Context(), store.DecisionFilter{Rule: "read-only"})
	if all, failed := s.FindDecisions(t.Context(), store.DecisionFilter{}); err != nil || failed != nil || len(all) != 60 || len(decisions) == 0 || len(decisions) == 60 {
		t.Errorf("%d of %d decisions are by the first rule, %v, %v", len(decisions), len(all), err, failed)
	}
	used, err := s.Audit(t.Context(), store.AuditFilter{What: corax.AuditSecret})
	if err != nil || len(used) == 0 {
		t.Errorf("%d uses of credentials, %v", len(used), err)
	}
	rows, err := s.Audit(t.Context(), store.AuditFilter{})
	if err != nil || len(rows) < 110 {
		t.Errorf("%d entries, %v", len(rows), err)
	}
	if err := sample.Fill(t.Context(), signalsOnly{s}, sample.Options{Signals: 1, Until: until, Decisions: 1}); err == nil {
		t.Error("a store that keeps no decisions was filled with one")
	}
}

// signalsOnly is a store that keeps no decisions.
type signalsOnly struct{ sample.Store }
