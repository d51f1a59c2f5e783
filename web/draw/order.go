package draw

import (
	"cmp"
	"slices"
)

const sweeps = 10

// order arranges each layer so that few edges cross: barycentre sweeps down and up, a fixed number of them, then exchanges of neighbours (E. R. Gansner, E. Koutsofios, S. C. North
// and K.-P. Vo, "A technique for drawing directed graphs", 1993). The best order seen is kept.
func (g *layered) order() {
	best, crossings := g.snapshot(), g.crossings()
	for i := 0; i < sweeps && crossings > 0; i++ {
		for k := range g.layers {
			if r := k; i%2 == 0 {
				g.sort(r, g.up)
			} else {
				g.sort(len(g.layers)-1-r, g.down)
			}
		}
		if i >= 2 {
			g.exchange()
		}
		if c := g.crossings(); c < crossings {
			best, crossings = g.snapshot(), c
		}
	}
	g.layers = best
	for _, layer := range g.layers {
		g.number(layer)
	}
}

func (g *layered) snapshot() [][]int {
	all := make([][]int, len(g.layers))
	for i, layer := range g.layers {
		all[i] = slices.Clone(layer)
	}
	return all
}

func (g *layered) number(layer []int) {
	for i, v := range layer {
		g.pos[v] = i
	}
}

// sort orders a layer by the mean place of each node's neighbours on one side. Nodes without any keep their places.
func (g *layered) sort(r int, neighbours [][]int) {
	layer := g.layers[r]
	type weighed struct {
		v    int
		mean float64
	}
	moving := make([]weighed, 0, len(layer))
	for _, v := range layer {
		if near := neighbours[v]; len(near) > 0 {
			sum := 0
			for _, u := range near {
				sum += g.pos[u]
			}
			moving = append(moving, weighed{v, float64(sum) / float64(len(near))})
		}
	}
	slices.SortStableFunc(moving, func(a, b weighed) int { return cmp.Compare(a.mean, b.mean) })
	next := 0
	for i, v := range layer {
		if len(neighbours[v]) > 0 {
			layer[i] = moving[next].v
			next++
		}
	}
	g.number(layer)
}

// exchange swaps neighbours in a layer while that takes crossings away.
func (g *layered) exchange() {
	for _, layer := range g.layers {
		for i := 0; i+1 < len(layer); i++ {
			v, w := layer[i], layer[i+1]
			gain := g.between(g.up[v], g.up[w]) + g.between(g.down[v], g.down[w])
			if gain > 0 {
				layer[i], layer[i+1] = w, v
				g.pos[v], g.pos[w] = i+1, i
			}
		}
	}
}

// between is how many crossings fewer two nodes' edges have, on one side, when the nodes are swapped.
func (g *layered) between(v, w []int) int {
	gain := 0
	for _, a := range v {
		for _, b := range w {
			gain += cmp.Compare(g.pos[a], g.pos[b])
		}
	}
	return gain
}

// crossings counts with an accumulator tree, as W. Barth, P. Mutzel and M. Jünger, "Simple and efficient bilayer cross counting" (2002).
func (g *layered) crossings() int {
	total := 0
	var tree, ends []int
	for r := 0; r+1 < len(g.layers); r++ {
		tree = append(tree[:0], make([]int, len(g.layers[r+1])+1)...)
		seen := 0
		for _, v := range g.layers[r] {
			ends = ends[:0]
			for _, u := range g.down[v] {
				ends = append(ends, g.pos[u])
			}
			slices.Sort(ends)
			for _, e := range ends { // those before that end farther on are crossed
				upTo := 0
				for i := e + 1; i > 0; i -= i & -i {
					upTo += tree[i]
				}
				total += seen - upTo
			}
			for _, e := range ends {
				for i := e + 1; i < len(tree); i += i & -i {
					tree[i]++
				}
				seen++
			}
		}
	}
	return total
}
