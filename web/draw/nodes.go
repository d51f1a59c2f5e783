package draw

import (
	"fmt"
	"math"
	"strings"

	"corax"
)

// draw writes a node of the given width with its upper left corner at c.
func (n Node) draw(p *pen, c point, wide float64) {
	hint := n.Hint
	if hint == "" {
		hint = strings.TrimSuffix(n.label()+", "+n.Note, ", ")
	}
	class := "d-node"
	if n.Look != Plain {
		class += " d-" + string(n.Look)
	}
	if marks[n.State.Severity] != "" {
		class += " d-" + n.State.Severity.String()
	}
	end := p.link(n.Href, "class", class, "transform", "translate("+num(c.x)+" "+num(c.y)+")")
	p.hint(hint)
	if n.Count > 1 { // a stack of cards
		p.leaf("path", "class", "d-back", "d", fmt.Sprintf("M6 0v-4h%sv%sh-4", num(wide-2), num(nodeHeight-4)))
	}
	if n.Look == Root || n.Look == Chosen {
		p.leaf("rect", "class", "d-ring", "x", -4, "y", -4, "width", wide+8, "height", nodeHeight+8, "rx", 11)
	}
	p.leaf("rect", "class", "d-box", "width", wide, "height", nodeHeight, "rx", 7)
	p.leaf("path", "class", "d-glyph", "d", glyph(n.Kind), "transform", "translate(9 12)")
	room := wide - 62
	if n.State == (Condition{}) {
		room += 20
	}
	base := 26.0
	if n.Note != "" {
		base = 18
	}
	p.text(35, base, "d-label", "", fit(n.label(), labelSize, room))
	p.text(35, 33, "d-note", "", fit(n.Note, 11, room+1))
	mark(p, n.State, wide-16, nodeHeight/2)
	p.close(end)
}

// marks are shapes around 0,0, so that severities are told apart without colour.
var marks = map[corax.Severity]string{
	corax.Critical: "M-2.8-6.8H2.8L6.8-2.8V2.8L2.8 6.8H-2.8L-6.8 2.8V-2.8Z",
	corax.High:     "M0-6.8 7.2 6H-7.2Z",
	corax.Medium:   "M0-6.6 6.6 0 0 6.6-6.6 0Z",
	corax.Low:      "M-4.6 0a4.6 4.6 0 1 0 9.2 0a4.6 4.6 0 1 0-9.2 0",
}

// mark writes the sign of a condition with its centre at x, y; nothing where nothing is measured.
func mark(p *pen, c Condition, x, y float64) {
	at := "translate(" + num(x) + " " + num(y) + ")"
	switch {
	case c.Severity == corax.High || c.Severity == corax.Critical:
		p.leaf("path", "class", "d-mark d-"+c.Severity.String(), "d", marks[c.Severity], "transform", at)
		p.leaf("path", "class", "d-bang", "d", "M0-3.2V1M0 3.6V3.9", "transform", at)
	case marks[c.Severity] != "":
		p.leaf("path", "class", "d-mark d-"+c.Severity.String(), "d", marks[c.Severity], "transform", at)
	case c.Healthy:
		p.leaf("path", "class", "d-check", "d", "M-5 0.4l3.4 3.6L5-4.2", "transform", at)
	}
}

// glyphs are drawn in 18 by 18; the first whose word is part of the kind is taken.
var glyphs = []struct{ words, d string }{
	{"database db sql store", "M3 4.2c0-3 12-3 12 0v9.6c0 3-12 3-12 0zM3 4.2c0 3 12 3 12 0M3 9c0 3 12 3 12 0"},
	{"cert key secret token ca hsm", "M9.3 9a3.6 3.6 0 1 1-7.2 0a3.6 3.6 0 1 1 7.2 0zM9.3 9H16v3M13 9v2.2"},
	{"queue broker topic stream kafka", "M2 5h14v8H2zM6.5 5v8M11 5v8"},
	{"cache redis", "M10 1.5L4 10h4.5L8 16.5 14 8H9.5z"},
	{"dns zone resolver", "M9 2a7 7 0 1 0 .01 0zM2 9h14M9 2c-5 4-5 10 0 14M9 2c5 4 5 10 0 14"},
	{"balancer gateway proxy ingress lb", "M2 9h5M7 9l4-5h5M7 9h9M7 9l4 5h5"},
	{"switch router firewall network link device ap port modem", "M2 6h14v6.5H2zM5 9.2h.8M8.6 9.2h.8M12.2 9.2h.8M5 6V3.5M13 6V3.5"},
	{"site building rack room location office", "M3 16V3h8v13M11 7h4v9M1.5 16h15M5.5 6h3M5.5 9h3M5.5 12h3"},
	{"disk volume storage bucket nas", "M3 3h12v12H3zM9 12a3 3 0 1 0 0-6a3 3 0 0 0 0 6z"},
	{"cluster pool", "M9 1.5l3.2 1.8v3.6L9 8.7 5.8 6.9V3.3zM5 9l3.2 1.8v3.6L5 16.2 1.8 14.4v-3.6zM13 9l3.2 1.8v3.6L13 16.2 9.8 14.4v-3.6z"},
	{"host server node vm machine computer", "M2.5 3h13v5h-13zM2.5 10h13v5h-13zM5 5.5h2M5 12.5h2"},
	{"user client browser people customer", "M9 9a3.2 3.2 0 1 0 0-6.4a3.2 3.2 0 0 0 0 6.4zM2.8 16c.6-7 11.8-7 12.4 0z"},
	{"service svc api app function", "M9 1.5l6.5 3.75v7.5L9 16.5 2.5 12.75v-7.5z"},
}

// glyph is the path for a kind; a plain square for what has none.
func glyph(kind string) string {
	kind = strings.ToLower(kind)
	for _, g := range glyphs {
		for _, w := range strings.Fields(g.words) {
			if kind == w || len(w) > 3 && strings.Contains(kind, w) {
				return g.d
			}
		}
	}
	return "M3.5 3.5h11v11h-11z"
}

const headLong = 8.0

// draw writes an edge along its way: straight within a layer, curved between two, with a head that says its kind.
func (w wire) draw(p *pen, way []point, spread bool) {
	way = append([]point(nil), way...)
	n := len(way)
	dir := 1.0
	if way[0].x > way[n-1].x {
		dir = -1
	}
	tip := way[n-1]
	if !w.edge.Mutual { // room for the head
		if math.Abs(way[n-1].x-way[n-2].x) < headLong {
			way[n-2].x = tip.x - dir*headLong
		}
		way[n-1].x = tip.x - dir*headLong
	}
	tail := way[0]
	if w.both && !w.edge.Mutual {
		if math.Abs(way[1].x-way[0].x) < headLong {
			way[1].x = tail.x + dir*headLong
		}
		way[0].x = tail.x + dir*headLong
	}
	t := &trace{}
	t.to("M", way[0].x, way[0].y)
	for i := 1; i < n; i++ {
		a, b := way[i-1], way[i]
		switch {
		case a == b:
		case i%2 == 1 || a.y == b.y:
			t.to("H", b.x)
		default:
			half := (b.x - a.x) / 2
			t.to("C", a.x+half, a.y, b.x-half, b.y, b.x, b.y)
		}
	}
	class := "d-edge"
	if w.edge.Spread {
		class += " d-spread"
	}
	if w.edge.Learned {
		class += " d-learned"
	}
	p.open("g", "class", class)
	p.hint(w.hint)
	p.leaf("path", "class", "d-line", "d", t.String())
	kind := w.edge.Kind
	if spread {
		kind = corax.DependsOn // arrows there say which way the fault went
	}
	if !w.edge.Mutual {
		head(p, kind, tip, dir)
	}
	if w.both && !w.edge.Mutual {
		head(p, kind, tail, -dir)
	}
	if w.edge.Learned && w.most > 0 {
		mid := way[1]
		if n > 2 {
			mid = point{(way[1].x + way[2].x) / 2, (way[1].y + way[2].y) / 2}
		}
		label := fmt.Sprintf("%d×", w.least)
		if w.most > w.least {
			label = fmt.Sprintf("%d-%d×", w.least, w.most)
		}
		p.text(mid.x, mid.y-4, "d-support", "middle", label)
	}
	p.close("g")
}

// head writes the end of an edge with its tip at c; the kind of the edge is its shape.
func head(p *pen, kind corax.EdgeKind, c point, dir float64) {
	t, class := &trace{}, "d-head"
	t.to("M", c.x, c.y)
	switch kind {
	case corax.RunsOn:
		t.to("m", 0, -4).to("h", -dir*headLong).to("v", 8).to("h", dir*headLong)
	case corax.ConnectsTo:
		class += " d-open"
		t.to("a", headLong/2, headLong/2, 0, 1, 1, -dir*headLong, 0).to("a", headLong/2, headLong/2, 0, 1, 1, dir*headLong, 0)
	case corax.TrustsIn:
		class += " d-open"
		t.to("l", -dir*headLong/2, -4).to("l", -dir*headLong/2, 4).to("l", dir*headLong/2, 4)
	default:
		t.to("l", -dir*headLong, -4.5).to("v", 9)
	}
	p.leaf("path", "class", class, "d", t.String()+"z")
}

// Key is an entry of a legend. One of Edge, State and Look is shown beside the words.
type Key struct {
	Words   string
	Edge    corax.EdgeKind
	State   Condition
	Look    Look
	Learned bool
	Spread  bool
}

type legend struct {
	keys []Key
	at   []point
	w, h float64
}

// newLegend puts the entries into lines that are at most as wide as the drawing, or 320.
func newLegend(keys []Key, room float64) legend {
	l := legend{keys: keys}
	if len(keys) == 0 {
		return l
	}
	room = max(room, 320)
	x, y := margin, 20.0
	for _, k := range keys {
		wide := 40 + width(k.Words, 11)
		if x > margin && x+wide > room-margin {
			x, y = margin, y+20
		}
		l.at = append(l.at, point{x, y})
		l.w = max(l.w, x+wide)
		x += wide + 6
	}
	l.h = y + margin
	return l
}

func (l legend) draw(p *pen, top float64) {
	for i, k := range l.keys {
		x, y := l.at[i].x, l.at[i].y+top
		switch {
		case k.Edge != "" || k.Learned || k.Spread:
			class := "d-edge"
			if k.Learned {
				class += " d-learned"
			}
			if k.Spread {
				class += " d-spread"
			}
			p.open("g", "class", class)
			p.leaf("path", "class", "d-line", "d", new(trace).to("M", x, y-4).to("H", x+20).String())
			head(p, k.Edge, point{x + 28, y - 4}, 1)
			p.close("g")
		case k.Look != Plain:
			p.open("g", "class", "d-node d-"+string(k.Look)+" d-key")
			p.leaf("rect", "class", "d-box", "x", x+8, "y", y-10, "width", 18, "height", 12, "rx", 3)
			p.close("g")
		default:
			mark(p, k.State, x+18, y-4)
		}
		p.text(x+34, y, "d-note", "", k.Words)
	}
}
