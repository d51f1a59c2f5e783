package draw

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"strings"

	"corax"
)

// Graph is a drawing of nodes and directed edges, in layers from left to right. Nodes with the very same neighbours (seven services that
// verify one issuer's tokens) share one box with one edge, which keeps wide systems readable.
type Graph struct {
	Name        string // the class draw-NAME; a word of ours, never text from outside
	Title, Desc string // in words, for those who don't see it
	Nodes       []Node // of two with one id the first stands
	Edges       []Edge // those with an unknown end, and those from a node to itself, are left out
	Legend      []Key
	// Spread says that arrows show the way a fault takes, from the one that has it to those who feel it, and that there the edges run from left to right.
	Spread bool
}

// Node is an entity as it is drawn.
type Node struct {
	ID    string
	Label string // the id where empty
	Kind  string // picks the glyph; free text
	Note  string // the second line
	Hint  string // all of it in words; label and note where empty
	Href  string // a path of this site, or empty
	State Condition
	Look  Look
	Count int // how many entities it stands for, where it is a group
}

// Condition is how a node fares. The zero value says that nothing measures it.
type Condition struct {
	Severity corax.Severity // of its live trouble
	Healthy  bool           // measured, and no trouble
}

// Word is the condition for people.
func (c Condition) Word() string {
	switch {
	case c.Severity > corax.SeverityNone:
		return c.Severity.String()
	case c.Healthy:
		return "healthy"
	}
	return "not measured"
}

func (c Condition) worse(d Condition) bool {
	rank := func(c Condition) int {
		switch {
		case c.Severity > corax.SeverityNone:
			return 1 + int(c.Severity)
		case c.Healthy:
			return 1
		}
		return 0
	}
	return rank(c) > rank(d)
}

// Look is the part that a node plays in a drawing.
type Look string

// The parts that nodes play.
const (
	Plain    Look = ""
	Root     Look = "root"     // the cause
	Affected Look = "affected" // feels it
	Aside    Look = "aside"    // stands by, faded
	Chosen   Look = "chosen"   // the one that the page is about
)

// Edge is a relation: From needs To.
type Edge struct {
	From, To string
	Kind     corax.EdgeKind
	Spread   bool // a fault went along it
	Learned  bool // seen by Corax, declared by nobody
	Support  int  // how many observations speak for a learned one; 0 where that is not known
	Mutual   bool // it has no direction, and no head
	Hidden   bool // keeps the layers apart and is not drawn
}

const (
	nodeHeight = 42.0
	labelSize  = 14.2 // 13, and bold
	margin     = 8.0
	boxPad     = 10.0
	boxGap     = 8.0
	twinsFrom  = 4 // so many nodes with the same neighbours share a box
)

// bundle is what the layout sees as one node: a node, or several with the same neighbours.
type bundle struct {
	nodes []int
	cols  int
	size  size
}

// wire is what the layout sees as one edge.
type wire struct {
	arc
	edge        Edge
	least, most int  // support of the edges in it
	both        bool // there is the same the other way round
	hint        string
}

// SVG draws the graph.
func (g Graph) SVG() template.HTML {
	s := g.arrange()
	linked := slices.ContainsFunc(g.Nodes, func(n Node) bool { return local(n.Href) != "" })
	key := newLegend(g.Legend, s.w)
	f := frame{name: cmp.Or(g.Name, "graph"), w: max(s.w, key.w), h: s.h + key.h, title: g.Title, desc: g.Desc, linked: linked}
	return f.draw(func(p *pen) {
		for i, w := range s.wires {
			if s.ways[i] != nil {
				w.draw(p, s.ways[i], g.Spread)
			}
		}
		for i, b := range s.bundles {
			if len(b.nodes) > 1 {
				c := s.at[i]
				p.leaf("rect", "class", "d-twins", "x", c.x-b.size.w/2, "y", c.y-b.size.h/2, "width", b.size.w, "height", b.size.h, "rx", 12)
			}
			for k, n := range b.nodes {
				s.nodes[n].draw(p, s.corner(i, k), s.wide)
			}
		}
		key.draw(p, s.h)
	})
}

// scene is a graph with places.
type scene struct {
	nodes   []Node
	wide    float64 // of each node
	bundles []bundle
	wires   []wire
	placed
}

// corner is the upper left one of the k-th node of a bundle.
func (s *scene) corner(b, k int) point {
	c, it := s.at[b], s.bundles[b]
	if len(it.nodes) == 1 {
		return point{c.x - s.wide/2, c.y - nodeHeight/2}
	}
	rows := (len(it.nodes) + it.cols - 1) / it.cols
	return point{c.x - it.size.w/2 + boxPad + float64(k/rows)*(s.wide+boxGap), c.y - it.size.h/2 + boxPad + float64(k%rows)*(nodeHeight+boxGap)}
}

func (g Graph) arrange() *scene {
	s := &scene{}
	index := map[string]int{}
	for _, n := range g.Nodes {
		if _, taken := index[n.ID]; !taken {
			index[n.ID] = len(s.nodes)
			s.nodes = append(s.nodes, n)
		}
	}
	s.wide = 132
	for _, n := range s.nodes {
		note := 11.0
		if n.Look == Root {
			note = 12 // bold
		}
		s.wide = max(s.wide, math.Ceil(width(n.label(), labelSize))+62, math.Ceil(width(n.Note, note))+62)
	}
	s.wide = min(s.wide, 216)
	var edges []Edge
	seen := map[Edge]bool{}
	for _, e := range g.Edges {
		_, from := index[e.From]
		_, to := index[e.To]
		same := e
		same.Support = 0
		if from && to && e.From != e.To && !seen[same] {
			seen[same] = true
			edges = append(edges, e)
		}
	}
	in := s.bundle(index, edges)
	s.wire(index, in, edges, g.Spread)
	s.place()
	return s
}

func (n Node) label() string { return cmp.Or(n.Label, n.ID) }

// bundle puts nodes of the same look with the same neighbours together, and says in which bundle each node is.
func (s *scene) bundle(index map[string]int, edges []Edge) []int {
	near := make([][]string, len(s.nodes))
	for _, e := range edges {
		how := fmt.Sprint(e.Kind, e.Spread, e.Learned, e.Mutual, e.Hidden)
		near[index[e.From]] = append(near[index[e.From]], "\x00>"+e.To+"\x00"+how)
		near[index[e.To]] = append(near[index[e.To]], "\x00<"+e.From+"\x00"+how)
	}
	groups := map[string][]int{}
	keys := make([]string, len(s.nodes))
	for i, n := range s.nodes {
		slices.Sort(near[i])
		keys[i] = string(n.Look) + strings.Join(near[i], "")
		if n.Look == Root || n.Look == Chosen || n.Count > 0 {
			keys[i] = fmt.Sprint("alone", i)
		}
		groups[keys[i]] = append(groups[keys[i]], i)
	}
	in := make([]int, len(s.nodes))
	done := map[string]bool{}
	for i := range s.nodes {
		members := groups[keys[i]]
		if len(members) < twinsFrom {
			members = []int{i}
		} else if done[keys[i]] {
			continue
		}
		done[keys[i]] = true
		b := bundle{nodes: members, cols: 1, size: size{s.wide, nodeHeight}}
		if n := len(members); n > 1 {
			rows := 5
			for rows*rows < 2*n {
				rows++
			}
			b.cols = (n + rows - 1) / rows
			rows = (n + b.cols - 1) / b.cols
			b.size = size{2*boxPad + float64(b.cols)*(s.wide+boxGap) - boxGap, 2*boxPad + float64(rows)*(nodeHeight+boxGap) - boxGap}
		}
		for _, m := range members {
			in[m] = len(s.bundles)
		}
		s.bundles = append(s.bundles, b)
	}
	return in
}

// wire makes one wire of all edges of one kind between two bundles.
func (s *scene) wire(index map[string]int, in []int, edges []Edge, spread bool) {
	type key struct {
		from, to int
		kind     corax.EdgeKind
		flags    [4]bool
	}
	known := map[key]int{}
	names := map[key][2][]string{}
	for _, e := range edges {
		k := key{in[index[e.From]], in[index[e.To]], e.Kind, [4]bool{e.Spread, e.Learned, e.Mutual, e.Hidden}}
		if k.from == k.to {
			continue
		}
		i, ok := known[k]
		back := k
		back.from, back.to = k.to, k.from
		if j, turned := known[back]; !ok && turned && !e.Hidden && !e.Spread {
			i, ok = j, true
			known[k] = j
			s.wires[j].both = true
		}
		if !ok {
			i = len(s.wires)
			known[k] = i
			a := arc{from: k.from, to: k.to, hidden: e.Hidden}
			if spread {
				a.from, a.to = a.to, a.from
			}
			s.wires = append(s.wires, wire{arc: a, edge: e, least: e.Support, most: e.Support})
		}
		w := &s.wires[i]
		w.least, w.most = min(w.least, e.Support), max(w.most, e.Support)
		n := names[k]
		for side, id := range [2]string{e.From, e.To} {
			if label := s.nodes[index[id]].label(); !slices.Contains(n[side], label) {
				n[side] = append(n[side], label)
			}
		}
		names[k] = n
	}
	for _, k := range slices.SortedFunc(maps.Keys(known), func(a, b key) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) }) {
		w := &s.wires[known[k]]
		if w.hint != "" {
			w.hint += "; "
		}
		w.hint += fmt.Sprintf("%s %s %s", list(names[k][0], 3), kindWord(k.kind, len(names[k][0])), list(names[k][1], 3))
		if w.edge.Learned {
			w.hint += ", learned"
			if w.most > 0 {
				w.hint += " from " + w.support() + " observations"
			}
		}
	}
}

func (w wire) support() string {
	if w.least == w.most {
		return fmt.Sprint(w.most)
	}
	return fmt.Sprintf("%d to %d", w.least, w.most)
}

func kindWord(k corax.EdgeKind, subjects int) string {
	words := map[corax.EdgeKind][2]string{
		corax.DependsOn: {"depends on", "depend on"}, corax.RunsOn: {"runs on", "run on"},
		corax.ConnectsTo: {"connects to", "connect to"}, corax.TrustsIn: {"trusts", "trust"},
	}
	w, ok := words[k]
	switch {
	case !ok && k == "" && subjects == 1:
		return "needs"
	case !ok && k == "":
		return "need"
	case !ok:
		return strings.ReplaceAll(string(k), "_", " ")
	case subjects == 1:
		return w[0]
	}
	return w[1]
}

// place lays out each connected part by itself and puts the parts on shelves, tallest first.
func (s *scene) place() {
	n := len(s.bundles)
	part := make([]int, n)
	for v := range part {
		part[v] = -1
	}
	near := make([][]int, n)
	for _, w := range s.wires {
		near[w.from], near[w.to] = append(near[w.from], w.to), append(near[w.to], w.from)
	}
	var parts [][]int
	for v := range n {
		if part[v] >= 0 {
			continue
		}
		members := []int{v}
		part[v] = len(parts)
		for i := 0; i < len(members); i++ {
			for _, u := range near[members[i]] {
				if part[u] < 0 {
					part[u] = len(parts)
					members = append(members, u)
				}
			}
		}
		slices.Sort(members)
		parts = append(parts, members)
	}
	s.placed = placed{at: make([]point, n), ways: make([][]point, len(s.wires))}
	type laid struct {
		placed
		members, wires []int
	}
	var all []laid
	local := make([]int, n)
	area, widest := 0.0, 0.0
	for k, members := range parts {
		it := laid{members: members}
		sizes := make([]size, len(members))
		for i, v := range members {
			local[v], sizes[i] = i, s.bundles[v].size
		}
		var arcs []arc
		for i, w := range s.wires {
			if part[w.from] == k {
				arcs = append(arcs, arc{local[w.from], local[w.to], w.hidden})
				it.wires = append(it.wires, i)
			}
		}
		it.placed = layOut(sizes, arcs)
		area += (it.w + 3*nodeGap) * (it.h + 2*nodeGap)
		widest = max(widest, it.w)
		all = append(all, it)
	}
	slices.SortStableFunc(all, func(a, b laid) int { return cmp.Compare(b.h, a.h) })
	shelf := max(widest, 760)
	for shelf*shelf < area*1.6 {
		shelf += 100
	}
	x, y, tall := margin, margin, 0.0
	for _, it := range all {
		if x > margin && x+it.w > shelf+margin {
			x, y, tall = margin, y+tall+2*nodeGap, 0
		}
		for i, v := range it.members {
			s.at[v] = point{x + it.at[i].x, y + it.at[i].y}
		}
		for i, w := range it.wires {
			for _, p := range it.ways[i] {
				s.ways[w] = append(s.ways[w], point{x + p.x, y + p.y})
			}
		}
		s.w = max(s.w, x+it.w+margin)
		x, tall = x+it.w+3*nodeGap, max(tall, it.h)
	}
	s.w, s.h = max(s.w, 2*margin), y+tall+margin
}
