package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"corax/access"
	"corax/web/webtest"
)

// BenchmarkPages measures the server's time for a page over a store with many problems; p95 is that of single requests.
func BenchmarkPages(b *testing.B) {
	s, err := webtest.New(b.Context(), webtest.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	asking := 29 * time.Second
	for n := range 200 {
		o, err := webtest.Tell(fmt.Sprint("bench", n), webtest.Now.Add(-time.Duration(n)*time.Hour), "")
		if err != nil {
			b.Fatal(err)
		}
		if n%4 == 0 { // a quarter is open
			o = o.At(o.Problem.OpenedAt.Add(asking))
		}
		if err := o.Save(b.Context(), s.Store); err != nil {
			b.Fatal(err)
		}
	}
	for name, path := range map[string]string{"overview": "/", "problems": "/problems?show=all", "problem": "/problems/" + s.Healing.Problem.ID,
		"report": "/problems/" + s.Closed.Problem.ID + "/report", "region": "/problems/" + s.Healing.Problem.ID + "?region=plan&region=timeline"} {
		b.Run(name, func(b *testing.B) {
			var times []time.Duration
			size := 0
			for b.Loop() {
				began := time.Now()
				w := get(s, path, access.RoleOperator)
				times = append(times, time.Since(began))
				if w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
				size = w.Body.Len()
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)*95/100].Microseconds())/1000, "p95-ms")
			b.ReportMetric(float64(size)/1024, "KiB")
		})
	}
}
