package aftermath

import (
	"slices"
	"testing"
	"time"

	"corax"
	"corax/topology"
)

func TestOf(t *testing.T) {
	at := time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC)
	g := topology.New(corax.Topology{Edges: []corax.Edge{{From: "shop", To: "auth"}, {From: "web", To: "shop"}, {From: "auth", To: "db"}}})
	change := func(entity string, minutes int) corax.Signal {
		return corax.Signal{ID: entity, Entity: entity, Kind: corax.ChangeOf, At: at.Add(time.Duration(minutes) * time.Minute)}
	}
	incident := func(entity string, minutes int) corax.Incident {
		return corax.Incident{ID: entity, Entity: entity, OpenedAt: at.Add(time.Duration(minutes) * time.Minute)}
	}
	incidents := []corax.Incident{incident("web", 2), incident("shop", 20), incident("auth", 30), incident("db", 3), incident("auth", 61), incident("auth", -1), incident("", 1)}
	got := Of([]corax.Signal{change("auth", 0), change("db", 25), change("", 0), change("nobody", 0)}, incidents, g, 0)
	for i, want := range [][]string{{"auth", "shop", "web"}, {"auth", "auth"}, {}, {}} {
		found := []string{}
		for _, f := range got[i].Followed {
			found = append(found, f.Entity)
		}
		if !slices.Equal(found, want) {
			t.Errorf("after %q: %v, expected %v", got[i].Signal.Entity, found, want)
		}
	}
	if f := got[0].Followed[2]; f.Distance != 2 || f.After != 2*time.Minute {
		t.Errorf("%+v", f)
	}
}
