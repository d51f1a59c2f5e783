package diagnose

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"corax"
)

// connected is storm with a topology of one part: the services that crash, hundreds in a large storm, all need one database, which is well.
func connected(signals int) corax.Case {
	c := storm(signals, true)
	services := len(c.Topology.Entities)
	c.Topology.Entities = append(c.Topology.Entities, corax.Entity{ID: "ledger-db", Kind: "database"})
	for i := 0; i < services; i += 10 {
		c.Topology.Edges = append(c.Topology.Edges, corax.Edge{From: c.Topology.Entities[i].ID, To: "ledger-db", Kind: corax.DependsOn})
	}
	return c
}

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
	for _, site := range []struct {
		name string
		of   func(signals int) corax.Case
	}{
		{"topology=chains", func(n int) corax.Case { return storm(n, true) }},
		{"topology=connected", connected},
		{"topology=none", func(n int) corax.Case { return storm(n, false) }},
	} {
		for _, n := range []int{100, 1000, 10_000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", site.name, n), func(b *testing.B) {
				c := site.of(n)
				for b.Loop() {
					e.Diagnose(c)
				}
				b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "signals/s")
			})
		}
	}
}
