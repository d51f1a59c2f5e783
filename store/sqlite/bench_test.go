package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"

	"corax"
	"corax/store/storetest"
)

// BenchmarkCommitTriage commits batches of new signals, each with the incidents that they were folded into.
func BenchmarkCommitTriage(b *testing.B) {
	for _, always := range []bool{false, true} {
		for _, size := range []struct{ signals, incidents int }{{1, 1}, {64, 64}, {500, 0}, {1000, 50}, {1000, 1000}} {
			b.Run(fmt.Sprintf("sync_always=%t/signals=%d/incidents=%d", always, size.signals, size.incidents), func(b *testing.B) {
				s, err := Open(b.Context(), Options{Path: filepath.Join(b.TempDir(), "corax.db"), SyncAlways: always})
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				next := 0
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					t := batch(next, size.signals)
					for i := range size.incidents {
						t.Incidents = append(t.Incidents, corax.Incident{ID: fmt.Sprintf("inc-%d", (next+i)%10_000), Entity: "svc",
							State: corax.IncidentOpen, Title: t.Signals[0].Message, Labels: t.Signals[0].Labels,
							OpenedAt: storetest.Now(), UpdatedAt: t.Signals[i%len(t.Signals)].At})
					}
					next += size.signals
					b.StartTimer()
					commit(b, s, t)
				}
				b.ReportMetric(float64(b.N*size.signals)/b.Elapsed().Seconds(), "signals/s")
			})
		}
	}
}
