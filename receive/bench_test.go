package receive

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

func batchOf(n int) []byte {
	type alert struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		StartsAt    time.Time         `json:"startsAt"`
	}
	batch := make([]alert, n)
	for i := range batch {
		batch[i] = alert{
			Labels: map[string]string{
				"alertname": fmt.Sprintf("HighErrorRate%d", i%50), "service": fmt.Sprintf("svc-%d", i), "job": "api",
				"instance": fmt.Sprintf("10.0.0.%d:9100", i), "severity": "critical", "n": fmt.Sprint(i),
			},
			Annotations: map[string]string{"summary": "5xx ratio is 0.12", "description": "connection refused from upstream db-1:5432"},
			StartsAt:    noon.Add(-time.Minute),
		}
	}
	body, err := json.Marshal(batch)
	if err != nil {
		panic(err)
	}
	return body
}

// BenchmarkAlertmanager turns batches into signals; encoding/json, which only reads them, is there to compare.
func BenchmarkAlertmanager(b *testing.B) {
	r, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, 64} {
		body := batchOf(n)
		run := func(name string, read func() int) {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(body)))
				for b.Loop() {
					if read() != n {
						b.Fatal("not all were read")
					}
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "alerts/s")
			})
		}
		run("signals", func() int { return len(r.alertmanager(body, noon).signals) })
		run("encoding-json", func() int {
			var list []struct {
				Labels, Annotations map[string]string
				StartsAt, EndsAt    time.Time
			}
			if err := json.Unmarshal(body, &list); err != nil {
				b.Fatal(err)
			}
			return len(list)
		})
	}
}
