package diagnose

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"corax"
)

// storm is a site of services in chains of ten, some of which crash and are felt by their callers; seeded.
func storm(signals int, withTopology bool) corax.Case {
	rng := rand.New(rand.NewPCG(11, uint64(signals)))
	var c corax.Case
	services := max(20, signals/10)
	for i := range services {
		id := fmt.Sprintf("unit%04d-svc", i)
		if withTopology {
			c.Topology.Entities = append(c.Topology.Entities, corax.Entity{ID: id, Kind: "service"})
			if i%10 > 0 {
				c.Topology.Edges = append(c.Topology.Edges, corax.Edge{From: id, To: fmt.Sprintf("unit%04d-svc", i-1), Kind: corax.DependsOn})
			}
		}
	}
	for n := range signals {
		at := rng.IntN(services)
		id := fmt.Sprintf("unit%04d-svc", at)
		s := corax.Signal{Kind: corax.Symptom, Entity: id, Fingerprint: fmt.Sprintf("%s/%d", id, n%3), Source: "monitor/" + id}
		if at%10 == 0 {
			s.Message = fmt.Sprintf("dial tcp 10.0.%d.%d:80: connect: connection refused", at/250, at%250)
			s.Attributes = map[string]string{"class": "refused"}
		} else {
			s.Message = fmt.Sprintf("upstream unit%04d-svc answered %d after %d ms", at-1, 502+rng.IntN(2), rng.IntN(900))
		}
		c.Signals = append(c.Signals, s)
	}
	return c
}

// Each chain of a storm has one cause, and the cost grows hardly faster than the storm.
func TestStorm(t *testing.T) {
	c := storm(1000, true)
	r := engine(t).Diagnose(c)
	whole(t, c, r)
	for _, p := range r.Problems {
		if p.Pattern != "CONNECTION_REFUSED" {
			t.Errorf("%s is %s", p.RootCause.Entity, p.Pattern)
		}
	}
	if len(r.Problems) != 10 {
		t.Errorf("%d problems, want 10", len(r.Problems))
	}
}

func BenchmarkStorm(b *testing.B) {
	e := engine(b)
	for _, topo := range []bool{true, false} {
		for _, n := range []int{100, 1000, 10_000, 100_000} {
			b.Run(fmt.Sprintf("topology=%v/%d", topo, n), func(b *testing.B) {
				c := storm(n, topo)
				for b.Loop() {
					e.Diagnose(c)
				}
				b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "signals/s")
			})
		}
	}
}
