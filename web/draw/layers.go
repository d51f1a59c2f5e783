package draw

import (
	"math"
	"slices"
)

// The layout of graphs follows K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual understanding of hierarchical system structures"
// (1981): break cycles, put nodes into layers, order each layer so that few edges cross, then give coordinates. Layers stand from left to
// right. Each stage names its own source.

// size is that of a node.
type size struct{ w, h float64 }

// arc is an edge between nodes by number. A hidden one shapes the layout and is not drawn.
type arc struct {
	from, to int
	hidden   bool
}

type point struct{ x, y float64 }

// placed is a layout: the centres of the nodes, the way of each arc from its from to its to, and the size of it all.
type placed struct {
	at   []point
	ways [][]point // nil where the arc is hidden; pairs of points: straight within a layer, curved between two
	w, h float64
}

const (
	nodeGap  = 16.0 // between two nodes of a layer
	lineGap  = 8.0  // between a node and an edge that passes it
	lineRoom = 4.0  // what an edge takes up within a layer
)

// layered is a graph on its way to a layout. Nodes from len(sizes) on are bends: the places where a long edge passes a layer.
type layered struct {
	sizes  []size
	real   int     // how many nodes are no bends
	rank   []int   // layer of each node
	layers [][]int // the nodes of each layer, in order
	pos    []int   // place of each node in its layer
	up     [][]int // neighbours in the layer before
	down   [][]int // and in the one after
	chains [][]int // for each arc, its nodes from the lower to the higher layer; nil where it is dropped
	turned []bool  // arcs that run against the layers
}

// layOut places a connected graph. Arcs from a node to itself are not allowed.
func layOut(sizes []size, arcs []arc) placed {
	g := &layered{sizes: slices.Clone(sizes), real: len(sizes)}
	g.turned = breakCycles(len(sizes), arcs)
	g.rank = ranks(len(sizes), arcs, g.turned)
	g.bend(arcs)
	g.order()
	return g.place(arcs, g.straighten())
}

// breakCycles says which arcs to turn so that no cycle remains: the greedy order of P. Eades, X. Lin and W. F. Smyth, "A fast and effective
// heuristic for the feedback arc set problem" (1993). Sinks go to the end, sources to the start, else the node with most to give.
func breakCycles(n int, arcs []arc) []bool {
	out, in := make([][]int, n), make([][]int, n)
	for _, a := range arcs {
		out[a.from] = append(out[a.from], a.to)
		in[a.to] = append(in[a.to], a.from)
	}
	outs, ins, gone := make([]int, n), make([]int, n), make([]bool, n)
	for v := range n {
		outs[v], ins[v] = len(out[v]), len(in[v])
	}
	place := make([]int, n)
	first, last := 0, n-1
	remove := func(v int) {
		gone[v] = true
		for _, u := range out[v] {
			ins[u]--
		}
		for _, u := range in[v] {
			outs[u]--
		}
	}
	for first <= last {
		moved := false
		for v := range n {
			switch {
			case gone[v]:
			case ins[v] == 0:
				place[v] = first
				first++
				remove(v)
				moved = true
			case outs[v] == 0:
				place[v] = last
				last--
				remove(v)
				moved = true
			}
		}
		if moved {
			continue
		}
		best := -1
		for v := range n {
			if !gone[v] && (best < 0 || outs[v]-ins[v] > outs[best]-ins[best]) {
				best = v
			}
		}
		place[best] = first
		first++
		remove(best)
	}
	turned := make([]bool, len(arcs))
	for i, a := range arcs {
		turned[i] = place[a.from] > place[a.to]
	}
	return turned
}

// ranks puts each node as far left as its predecessors allow (longest path), then moves nodes within the room that they have towards the
// side on which they have more neighbours, so that edges become short (after N. S. Nikolov and A. Tarassov, "Graph layering by promotion of nodes", 2006).
func ranks(n int, arcs []arc, turned []bool) []int {
	out, in := make([][]int, n), make([][]int, n)
	for i, a := range arcs {
		from, to := a.from, a.to
		if turned[i] {
			from, to = to, from
		}
		out[from] = append(out[from], to)
		in[to] = append(in[to], from)
	}
	rank, waits := make([]int, n), make([]int, n)
	var sorted []int
	for v := range n {
		if waits[v] = len(in[v]); waits[v] == 0 {
			sorted = append(sorted, v)
		}
	}
	for i := 0; i < len(sorted); i++ {
		for _, u := range out[sorted[i]] {
			rank[u] = max(rank[u], rank[sorted[i]]+1)
			if waits[u]--; waits[u] == 0 {
				sorted = append(sorted, u)
			}
		}
	}
	for range 8 {
		moved := false
		for _, v := range slices.Backward(sorted) {
			if len(out[v]) <= len(in[v]) {
				continue
			}
			high := math.MaxInt
			for _, u := range out[v] {
				high = min(high, rank[u]-1)
			}
			if high > rank[v] {
				rank[v], moved = high, true
			}
		}
		if !moved {
			break
		}
	}
	low := slices.Min(rank)
	for v := range rank {
		rank[v] -= low
	}
	return rank
}

// bend gives each arc that spans several layers a bend in each layer on its way.
func (g *layered) bend(arcs []arc) {
	g.layers = make([][]int, slices.Max(g.rank)+1)
	g.chains = make([][]int, len(arcs))
	g.up, g.down = make([][]int, g.real), make([][]int, g.real)
	for i, a := range arcs {
		from, to := a.from, a.to
		if g.turned[i] {
			from, to = to, from
		}
		chain := []int{from}
		for r := g.rank[from] + 1; r < g.rank[to]; r++ {
			v := len(g.sizes)
			g.sizes, g.rank = append(g.sizes, size{0, lineRoom}), append(g.rank, r)
			g.up, g.down = append(g.up, nil), append(g.down, nil)
			chain = append(chain, v)
		}
		chain = append(chain, to)
		for k := 1; k < len(chain); k++ {
			g.down[chain[k-1]] = append(g.down[chain[k-1]], chain[k])
			g.up[chain[k]] = append(g.up[chain[k]], chain[k-1])
		}
		g.chains[i] = chain
	}
	g.pos = make([]int, len(g.sizes))
	// The first order is that of a walk from the left, so that what hangs together stands together.
	seen := make([]bool, len(g.sizes))
	var walk func(v int)
	walk = func(v int) {
		if seen[v] {
			return
		}
		seen[v] = true
		g.pos[v] = len(g.layers[g.rank[v]])
		g.layers[g.rank[v]] = append(g.layers[g.rank[v]], v)
		for _, u := range g.down[v] {
			walk(u)
		}
	}
	for r := range g.layers {
		for v := range g.sizes {
			if g.rank[v] == r {
				walk(v)
			}
		}
	}
}

// place gives layers their left edge and arcs their way; across holds the height of each node's centre.
func (g *layered) place(arcs []arc, across []float64) placed {
	p := placed{at: make([]point, g.real), ways: make([][]point, len(arcs))}
	left, right := make([]float64, len(g.layers)), make([]float64, len(g.layers))
	x := 0.0
	for r, layer := range g.layers {
		wide, steep := 0.0, 0.0
		for _, v := range layer {
			wide = max(wide, g.sizes[v].w)
			for _, u := range g.down[v] {
				steep = max(steep, math.Abs(across[v]-across[u]))
			}
		}
		left[r], right[r] = x, x+wide
		x += wide + clamp(steep*0.25, 54, 150) // steep edges need room to be told apart
	}
	p.w = right[len(right)-1]
	for v := range g.real {
		p.at[v] = point{left[g.rank[v]] + g.sizes[v].w/2, across[v]}
		p.h = max(p.h, across[v]+g.sizes[v].h/2)
	}
	for _, v := range across[g.real:] {
		p.h = max(p.h, v+lineRoom/2)
	}
	twins := map[[2]int]int{} // edges between the same two nodes stand beside each other
	for i, chain := range g.chains {
		if arcs[i].hidden {
			continue
		}
		first, last := chain[0], chain[len(chain)-1]
		shift := float64(twins[[2]int{first, last}]) * 7
		twins[[2]int{first, last}]++
		var way []point
		for k, v := range chain {
			y := across[v]
			switch k {
			case 0:
				y = g.port(v, across, across[chain[1]], shift)
				way = append(way, point{p.at[v].x + g.sizes[v].w/2, y}, point{right[g.rank[v]], y})
			case len(chain) - 1:
				y = g.port(v, across, across[chain[k-1]], shift)
				way = append(way, point{left[g.rank[v]], y}, point{p.at[v].x - g.sizes[v].w/2, y})
			default:
				way = append(way, point{left[g.rank[v]], y}, point{right[g.rank[v]], y})
			}
		}
		if g.turned[i] {
			slices.Reverse(way)
		}
		p.ways[i] = way
	}
	return p
}

// port is the height at which an edge leaves a node: as near to where it goes as the node's side allows.
func (g *layered) port(v int, across []float64, other, shift float64) float64 {
	half := g.sizes[v].h / 2
	room := max(half-12, 0)
	if g.sizes[v].h > nodeHeight {
		room = half / 2
	}
	return clamp(clamp(other, across[v]-room, across[v]+room)+shift, across[v]-half, across[v]+half)
}
