package draw

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"corax"
)

// anyGraph has cycles, parallel edges, loops, strangers, islands and twins.
func anyGraph(t *rapid.T) Graph {
	g := Graph{Spread: rapid.Bool().Draw(t, "spread")}
	n := rapid.IntRange(0, 40).Draw(t, "nodes")
	for i := range n {
		g.Nodes = append(g.Nodes, Node{ID: fmt.Sprint(i), Label: rapid.SampledFrom([]string{"", "a", "a name that is very long indeed, too long"}).Draw(t, "label"),
			Look: rapid.SampledFrom([]Look{Plain, Plain, Root, Affected, Aside}).Draw(t, "look"), Count: rapid.SampledFrom([]int{0, 0, 0, 7}).Draw(t, "count")})
	}
	for range rapid.IntRange(0, 90).Draw(t, "edges") {
		g.Edges = append(g.Edges, Edge{From: fmt.Sprint(rapid.IntRange(0, n).Draw(t, "from")), To: fmt.Sprint(rapid.IntRange(0, n).Draw(t, "to")),
			Kind: rapid.SampledFrom([]corax.EdgeKind{corax.DependsOn, corax.RunsOn}).Draw(t, "kind"), Hidden: rapid.IntRange(0, 9).Draw(t, "hidden") == 0})
	}
	return g
}

type area struct{ left, top, right, bottom float64 }

func (a area) meets(b area) bool {
	const hair = 0.01
	return a.left < b.right-hair && b.left < a.right-hair && a.top < b.bottom-hair && b.top < a.bottom-hair
}

func (a area) holds(b area) bool {
	const hair = 0.01
	return b.left >= a.left-hair && b.top >= a.top-hair && b.right <= a.right+hair && b.bottom <= a.bottom+hair
}

// TestLayout holds what any drawing of any graph must: nodes apart, everything inside, edges from border to border, none through a node.
func TestLayout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyGraph(t)
		s := g.arrange()
		whole := area{0, 0, s.w, s.h}
		var boxes, nodes []area
		shown := 0
		for i, b := range s.bundles {
			box := area{s.at[i].x - b.size.w/2, s.at[i].y - b.size.h/2, s.at[i].x + b.size.w/2, s.at[i].y + b.size.h/2}
			boxes = append(boxes, box)
			for k := range b.nodes {
				c := s.corner(i, k)
				node := area{c.x, c.y, c.x + s.wide, c.y + nodeHeight}
				if !box.holds(node) {
					t.Fatalf("node %v is outside of its box %v", node, box)
				}
				nodes = append(nodes, node)
				shown++
			}
		}
		if shown != len(g.Nodes) {
			t.Fatalf("%d of %d nodes are drawn", shown, len(g.Nodes))
		}
		apart(t, boxes, whole)
		apart(t, nodes, whole)
		for i, w := range s.wires {
			if w.hidden {
				if s.ways[i] != nil {
					t.Fatal("a hidden edge is drawn")
				}
				continue
			}
			way := s.ways[i]
			first, last := way[0], way[len(way)-1]
			if !onSide(first, boxes[w.from]) || !onSide(last, boxes[w.to]) {
				t.Fatalf("edge from %v to %v hangs in the air at %v or %v", boxes[w.from], boxes[w.to], first, last)
			}
			for k, p := range way {
				if !whole.holds(area{p.x, p.y, p.x, p.y}) {
					t.Fatalf("an edge leaves the drawing at %v of %v", p, whole)
				}
				if k%2 == 0 {
					continue
				}
				for b, box := range boxes { // the straight parts run within layers, where nodes are
					straight := area{min(p.x, way[k-1].x), p.y - 0.5, max(p.x, way[k-1].x), p.y + 0.5}
					if b != w.from && b != w.to && straight.right-straight.left > 1 && box.meets(straight) {
						t.Fatalf("an edge runs through a node: %v, %v", straight, box)
					}
				}
			}
		}
	})
}

func onSide(p point, box area) bool {
	return (math.Abs(p.x-box.left) < 0.01 || math.Abs(p.x-box.right) < 0.01) && p.y >= box.top && p.y <= box.bottom
}

func apart(t *rapid.T, areas []area, whole area) {
	for i, a := range areas {
		if !whole.holds(a) {
			t.Fatalf("%v is outside of %v", a, whole)
		}
		for _, b := range areas[:i] {
			if a.meets(b) {
				t.Fatalf("%v and %v overlap", a, b)
			}
		}
	}
}

// TestEdgesKept holds that every edge between two drawn nodes is in some wire between their boxes.
func TestEdgesKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyGraph(t)
		s := g.arrange()
		in := map[string]int{}
		for i, b := range s.bundles {
			for _, n := range b.nodes {
				in[s.nodes[n].ID] = i
			}
		}
		for _, e := range g.Edges {
			from, a := in[e.From]
			to, b := in[e.To]
			if !a || !b || e.From == e.To || e.Hidden {
				continue
			}
			if g.Spread {
				from, to = to, from
			}
			found := false
			for _, w := range s.wires {
				ends := w.from == from && w.to == to || w.both && w.from == to && w.to == from
				found = found || ends && w.edge.Kind == e.Kind && !w.hidden
			}
			if !found {
				t.Fatalf("edge %v is not drawn", e)
			}
		}
	})
}

// TestLayers holds that without cycles every edge points to the right, and that a spread does from the root on.
func TestLayers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 30).Draw(t, "nodes")
		var arcs []arc
		for i := 1; i < n; i++ {
			arcs = append(arcs, arc{from: rapid.IntRange(0, i-1).Draw(t, "from"), to: i})
			if from := rapid.IntRange(0, i-1).Draw(t, "more"); from != arcs[len(arcs)-1].from {
				arcs = append(arcs, arc{from: from, to: i})
			}
		}
		sizes := make([]size, n)
		for i := range sizes {
			sizes[i] = size{100, 40}
		}
		p := layOut(sizes, arcs)
		for _, a := range arcs {
			if p.at[a.from].x+100 >= p.at[a.to].x {
				t.Fatalf("edge from %v to %v doesn't point to the right", p.at[a.from], p.at[a.to])
			}
		}
	})
}

// TestCrossings holds the fast count against the plain one, and that ordering never makes it worse.
func TestCrossings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 24).Draw(t, "nodes")
		var arcs []arc
		for range rapid.IntRange(1, 50).Draw(t, "edges") {
			a := arc{from: rapid.IntRange(0, n-1).Draw(t, "from"), to: rapid.IntRange(0, n-1).Draw(t, "to")}
			if a.from != a.to {
				arcs = append(arcs, a)
			}
		}
		g := &layered{sizes: make([]size, n), real: n, turned: breakCycles(n, arcs)}
		g.rank = ranks(n, arcs, g.turned)
		g.bend(arcs)
		before := g.crossings()
		if plain := plainCrossings(g); plain != before {
			t.Fatalf("counted %d crossings, there are %d", before, plain)
		}
		g.order()
		if after := g.crossings(); after > before || after != plainCrossings(g) {
			t.Fatalf("%d crossings became %d (%d)", before, after, plainCrossings(g))
		}
	})
}

func plainCrossings(g *layered) int {
	n := 0
	for _, layer := range g.layers {
		for i, v := range layer {
			for _, w := range layer[:i] {
				for _, a := range g.down[w] {
					for _, b := range g.down[v] {
						if g.pos[a] > g.pos[b] {
							n++
						}
					}
				}
			}
		}
	}
	return n
}

// TestUncrossed holds the ordering against graphs that can be drawn without a crossing: trees.
func TestUncrossed(t *testing.T) {
	var arcs []arc
	for i := 1; i < 40; i++ {
		arcs = append(arcs, arc{from: (i - 1) * 7 % i, to: i})
	}
	g := &layered{sizes: make([]size, 40), real: 40, turned: breakCycles(40, arcs)}
	g.rank = ranks(40, arcs, g.turned)
	g.bend(arcs)
	g.order()
	if n := g.crossings(); n != 0 {
		t.Errorf("a tree is drawn with %d crossings", n)
	}
}

func TestFolding(t *testing.T) {
	topology, o := estate(300)
	entities, edges := everything(topology, o)
	v := folded(entities, edges, o)
	if len(v.nodes) > 60 || v.foldings == 0 {
		t.Errorf("%d nodes in %d groups, expected at most 60", len(v.nodes), v.foldings)
	}
	stands := 0
	for _, n := range v.nodes {
		stands += max(n.Count, 1)
	}
	if stands != 300 {
		t.Errorf("the nodes stand for %d entities, expected 300", stands)
	}
	o.Fold = -1
	if v := folded(entities, edges, o); len(v.nodes) != 300 {
		t.Errorf("%d nodes, expected all of them", len(v.nodes))
	}
}

func BenchmarkTopology(b *testing.B) {
	for _, fold := range []int{0, -1} {
		t, o := estate(500)
		o.Fold = fold
		b.Run(map[int]string{0: "500 folded", -1: "500 whole"}[fold], func(b *testing.B) {
			for b.Loop() {
				Topology(t, o)
			}
		})
	}
}

func BenchmarkCascade(b *testing.B) {
	t, d, seen := wideOutage(30)
	for b.Loop() {
		Cascade(t, d, CascadeOptions{Seen: seen})
	}
}
