package draw

import (
	"math"
	"slices"
)

// straighten gives each node its place within its layer, so that edges are straight where they can be: U. Brandes and B. Köpf, "Fast and
// simple horizontal coordinate assignment" (2001). Four layouts, one for each corner to begin at, are averaged. Each is compacted as a longest
// path through its blocks, which keeps every two neighbours apart by construction (the paper's own compaction may not; see the erratum of
// U. Brandes, J. Walter and J. Zink, 2020).
func (g *layered) straighten() []float64 {
	conflicts := g.conflicts()
	var four [4][]float64
	narrow, least := 0, math.Inf(1)
	for k := range four {
		four[k] = g.alignment(k&1 == 1, k&2 == 2, conflicts)
		low, high := g.extent(four[k])
		if high-low < least {
			narrow, least = k, high-low
		}
	}
	low, high := g.extent(four[narrow])
	for k := range four {
		l, h := g.extent(four[k])
		shift := low - l
		if k&2 == 2 {
			shift = high - h
		}
		for v := range four[k] {
			four[k][v] += shift
		}
	}
	across := make([]float64, len(g.sizes))
	for v := range across {
		c := []float64{four[0][v], four[1][v], four[2][v], four[3][v]}
		slices.Sort(c)
		across[v] = (c[1] + c[2]) / 2
	}
	low, _ = g.extent(across)
	for v := range across {
		across[v] -= low
	}
	return across
}

// extent is from the topmost edge of a node to the lowest.
func (g *layered) extent(across []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for v, y := range across {
		low, high = min(low, y-g.sizes[v].h/2), max(high, y+g.sizes[v].h/2)
	}
	return low, high
}

func (g *layered) isBend(v int) bool { return v >= g.real }

// apart is the distance that the centres of two neighbours keep.
func (g *layered) apart(u, v int) float64 {
	gap := nodeGap
	if g.isBend(u) || g.isBend(v) {
		gap = lineGap
	}
	return (g.sizes[u].h+g.sizes[v].h)/2 + gap
}

// conflicts finds the edges that cross the inner part of a long edge; the long one stays straight.
func (g *layered) conflicts() map[[2]int]bool {
	found := map[[2]int]bool{}
	for r := 1; r+1 < len(g.layers); r++ {
		above, below := g.layers[r], g.layers[r+1]
		from, next := 0, 0
		for i, v := range below {
			inner := -1
			if g.isBend(v) {
				for _, u := range g.up[v] {
					if g.isBend(u) {
						inner = g.pos[u]
					}
				}
			}
			if inner < 0 && i < len(below)-1 {
				continue
			}
			to := inner
			if to < 0 {
				to = len(above) - 1
			}
			for ; next <= i; next++ {
				for _, u := range g.up[below[next]] {
					if p := g.pos[u]; (p < from || p > to) && !(g.isBend(u) && g.isBend(below[next])) {
						found[[2]int{u, below[next]}] = true
					}
				}
			}
			from = to
		}
	}
	return found
}

// alignment is one of the four layouts: from the last layer to the first, or from the last node of each layer to its first.
func (g *layered) alignment(upwards, backwards bool, conflicts map[[2]int]bool) []float64 {
	n := len(g.sizes)
	layers, pos, neighbours := g.snapshot(), slices.Clone(g.pos), g.up
	if upwards {
		slices.Reverse(layers)
		neighbours = g.down
	}
	if backwards {
		for _, layer := range layers {
			slices.Reverse(layer)
			for i, v := range layer {
				pos[v] = i
			}
		}
	}
	root, align := make([]int, n), make([]int, n)
	for v := range n {
		root[v], align[v] = v, v
	}
	var near []int
	for _, layer := range layers {
		reached := -1
		for _, v := range layer {
			if len(neighbours[v]) == 0 {
				continue
			}
			near = append(near[:0], neighbours[v]...)
			slices.SortFunc(near, func(a, b int) int { return pos[a] - pos[b] })
			for _, m := range near[(len(near)-1)/2 : len(near)/2+1] {
				if align[v] == v && reached < pos[m] && !conflicts[[2]int{m, v}] && !conflicts[[2]int{v, m}] {
					align[m], root[v] = v, root[m]
					align[v] = root[v]
					reached = pos[m]
				}
			}
		}
	}
	across := g.compact(layers, root)
	if backwards {
		for v := range across {
			across[v] = -across[v]
		}
	}
	return across
}

// compact puts each block as near to the start as those before it allow, then draws blocks up to those after them.
func (g *layered) compact(layers [][]int, root []int) []float64 {
	n := len(g.sizes)
	type gap struct {
		to   int
		wide float64
	}
	out, waits := make([][]gap, n), make([]int, n)
	for _, layer := range layers {
		for i := 1; i < len(layer); i++ {
			u, v := root[layer[i-1]], root[layer[i]]
			out[u] = append(out[u], gap{v, g.apart(layer[i-1], layer[i])})
			waits[v]++
		}
	}
	var sorted []int
	for v := range n {
		if root[v] == v && waits[v] == 0 {
			sorted = append(sorted, v)
		}
	}
	place := make([]float64, n)
	for i := 0; i < len(sorted); i++ {
		for _, e := range out[sorted[i]] {
			place[e.to] = max(place[e.to], place[sorted[i]]+e.wide)
			if waits[e.to]--; waits[e.to] == 0 {
				sorted = append(sorted, e.to)
			}
		}
	}
	for _, v := range slices.Backward(sorted) {
		room := math.Inf(1)
		for _, e := range out[v] {
			room = min(room, place[e.to]-e.wide)
		}
		if !math.IsInf(room, 1) {
			place[v] = max(place[v], room)
		}
	}
	for v := range place {
		place[v] = place[root[v]]
	}
	return place
}
