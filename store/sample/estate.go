package sample

import (
	"fmt"

	"corax"
)

// Estate is the sample's Topology and, around it, as much as it takes to have so many entities: services of teams that need each other and
// what is there already, each on a host, hosts on switches.
func Estate(entities int) corax.Topology {
	t := Topology()
	core := len(t.Entities)
	for i := 0; len(t.Entities) < entities; i++ {
		n := len(t.Entities)
		id, zone := fmt.Sprintf("app-%03d", i), []string{"north", "south"}[i%2]
		kind := "service"
		switch {
		case i%5 == 4:
			id, kind = fmt.Sprintf("host-%03d", i), "host"
			t.Edges = append(t.Edges, corax.Edge{From: id, To: zone + "-switch", Kind: corax.ConnectsTo})
		default:
			t.Edges = append(t.Edges, corax.Edge{From: id, To: fmt.Sprintf("%s-%d", zone, 1+i%6), Kind: corax.RunsOn},
				corax.Edge{From: id, To: t.Entities[(i*7)%12].ID, Kind: corax.DependsOn})
			if n > core+10 {
				t.Edges = append(t.Edges, corax.Edge{From: id, To: t.Entities[core+(i*i)%(n-core-5)].ID, Kind: corax.DependsOn})
			}
		}
		t.Entities = append(t.Entities, corax.Entity{ID: id, Kind: kind, Labels: map[string]string{"team": fmt.Sprintf("team-%d", i%17), "zone": zone}})
	}
	return t
}
