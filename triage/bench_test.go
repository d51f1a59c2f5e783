package triage_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"corax"
	"corax/store"
	"corax/triage"
)

// nothing is a store that keeps nothing, so that triage alone is measured.
type nothing struct{ triage.Store }

func (nothing) CommitTriage(context.Context, store.TriageBatch) error { return nil }
func (nothing) KnownSignals(context.Context, []string) (map[string]bool, error) {
	return nil, nil
}
func (nothing) Silences(context.Context, time.Time) ([]corax.Silence, error) { return nil, nil }

// New signals of 10,000 conditions, in the batches that the bus brings.
func BenchmarkHandle(b *testing.B) { benchmark(b, 400_000) }

// The same signals again, longer.
func BenchmarkRenew(b *testing.B) { benchmark(b, 10_000) }

func benchmark(b *testing.B, distinct int) {
	const batch = 1000
	signals := make([]corax.Signal, distinct)
	for n := range signals {
		ends := noon.Add(time.Hour)
		signals[n] = signal(n, corax.Symptom, time.Duration(n))
		signals[n].EndsAt, signals[n].Fingerprint = &ends, fmt.Sprintf("fp-%d", n%10_000)
	}
	tr := triage.New(triage.Options{Store: nothing{}, Clock: func() time.Time { return noon }})
	b.ReportAllocs()
	for n := 0; b.Loop(); n += batch {
		at := n % distinct
		if n >= distinct && at == 0 {
			for k := range signals {
				ends := signals[k].EndsAt.Add(time.Second)
				signals[k].EndsAt = &ends
			}
		}
		if err := tr.Handle(b.Context(), signals[at:at+batch]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "signals/s")
}
