package topology

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"corax"
)

func shop() corax.Topology {
	return corax.Topology{
		Entities: []corax.Entity{
			{ID: "front", Kind: "service"}, {ID: "basket-svc", Kind: "service", Name: "Basket"}, {ID: "stock", Kind: "service"},
			{ID: "issuer-svc", Kind: "service", Aliases: []string{"identity", "login service"}}, {ID: "db-01", Kind: "database"},
		},
		Edges: []corax.Edge{
			{From: "front", To: "basket-svc", Kind: corax.DependsOn}, {From: "basket-svc", To: "stock", Kind: corax.DependsOn},
			{From: "stock", To: "db-01", Kind: corax.RunsOn}, {From: "front", To: "issuer-svc", Kind: corax.TrustsIn},
			{From: "stock", To: "issuer-svc", Kind: corax.TrustsIn},
		},
	}
}

func TestWalks(t *testing.T) {
	g := New(shop())
	want := []Reach{{"stock", 1}, {"basket-svc", 2}, {"front", 3}}
	if diff := cmp.Diff(want, g.Dependents("db-01")); diff != "" {
		t.Errorf("dependents (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"front", "stock"}, g.DirectDependents("issuer-svc", corax.TrustsIn)); diff != "" {
		t.Errorf("verifiers (-want +got):\n%s", diff)
	}
	if got := g.Dependents("issuer-svc", corax.DependsOn); got != nil {
		t.Errorf("dependents over another kind of edge: %v", got)
	}
	if d, ok := g.Distance("front", "db-01"); d != 3 || !ok {
		t.Errorf("distance %d %v", d, ok)
	}
	if _, ok := g.Distance("db-01", "front"); ok {
		t.Error("a fault does not flow towards what is needed")
	}
	if g.Dependents("nobody") != nil || g.BlastRadius("stock") != 2 {
		t.Error("unknown entity or wrong blast radius")
	}
}

func TestFind(t *testing.T) {
	g := New(shop())
	tests := []struct {
		text string
		want []string
		sure bool
	}{
		{"basket service rejects tokens", []string{"basket-svc"}, true},
		{"basket-svc: down", []string{"basket-svc"}, true},
		{"Basket answered 500", []string{"basket-svc"}, false},
		{"calls from basket_service to Identity fail", []string{"basket-svc", "issuer-svc"}, true},
		{"login service unreachable", []string{"issuer-svc"}, true},
		{"DB-01 slow", []string{"db-01"}, true},
		{"overstocked basketball", nil, false},
		{"", nil, false},
	}
	for _, tt := range tests {
		found := g.Find(tt.text)
		var ids []string
		for _, m := range found {
			ids = append(ids, m.ID)
		}
		if diff := cmp.Diff(tt.want, ids); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		} else if len(found) > 0 && found[0].Sure != tt.sure {
			t.Errorf("%q: sure is %v", tt.text, found[0].Sure)
		}
	}
	for _, name := range []string{"stock", "stock service", "Stock-SVC", "identity"} {
		if _, ok := g.Resolve(name); !ok {
			t.Errorf("%q does not resolve", name)
		}
	}
	if _, ok := g.Resolve("stocks"); ok {
		t.Error("a name that only looks alike resolves")
	}
}

func TestValidate(t *testing.T) {
	if err := Validate(shop()); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		t    corax.Topology
		says string
	}{
		"no id":      {corax.Topology{Entities: []corax.Entity{{}}}, "no id"},
		"twice":      {corax.Topology{Entities: []corax.Entity{{ID: "a"}, {ID: "a"}}}, "twice"},
		"dangling":   {corax.Topology{Entities: []corax.Entity{{ID: "a"}}, Edges: []corax.Edge{{From: "a", To: "b"}}}, `"b"`},
		"loop":       {corax.Topology{Entities: []corax.Entity{{ID: "a"}}, Edges: []corax.Edge{{From: "a", To: "a"}}}, "itself"},
		"same alias": {corax.Topology{Entities: []corax.Entity{{ID: "a", Aliases: []string{"x"}}, {ID: "b", Aliases: []string{"X"}}}}, "both"},
	}
	for name, tt := range tests {
		err := Validate(tt.t)
		if err == nil || !strings.Contains(err.Error(), tt.says) || corax.CodeOf(err) != corax.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPart(t *testing.T) {
	s := shop()
	s.Entities = append(s.Entities, corax.Entity{ID: "alone"})
	g := New(s)
	if g.Part("front") == 0 || g.Part("front") != g.Part("db-01") || g.Part("alone") == g.Part("front") || g.Part("nobody") != 0 {
		t.Errorf("%d %d %d %d", g.Part("front"), g.Part("db-01"), g.Part("alone"), g.Part("nobody"))
	}
}

func TestCyclesEnd(t *testing.T) {
	g := New(corax.Topology{Edges: []corax.Edge{{From: "a", To: "b"}, {From: "b", To: "a"}, {From: "a", To: "a"}}})
	if diff := cmp.Diff([]Reach{{"b", 1}}, g.Dependents("a")); diff != "" {
		t.Error(diff)
	}
}

// The order in which a topology is written down must not show in any answer.
func TestOrderIndependent(t *testing.T) {
	want := New(shop()).Dependents("db-01")
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		s := shop()
		rng.Shuffle(len(s.Entities), func(i, j int) { s.Entities[i], s.Entities[j] = s.Entities[j], s.Entities[i] })
		rng.Shuffle(len(s.Edges), func(i, j int) { s.Edges[i], s.Edges[j] = s.Edges[j], s.Edges[i] })
		if diff := cmp.Diff(want, New(s).Dependents("db-01")); diff != "" {
			t.Fatal(diff)
		}
	}
}

func FuzzFind(f *testing.F) {
	g := New(shop())
	f.Add("basket service \xff db-01")
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, m := range g.Find(text) {
			if m.Start < end || m.End > len(text) || m.Start >= m.End {
				t.Fatalf("mention %+v in %q", m, text)
			}
			end = m.End
		}
	})
}
