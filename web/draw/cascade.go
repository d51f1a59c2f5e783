package draw

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"corax"
)

// CascadeOptions say what is known beyond the diagnosis. The zero value is fine.
type CascadeOptions struct {
	Seen       map[string]time.Time       // when each entity first showed a symptom; see FirstSeen
	State      map[string]Condition       // how entities fare now; the diagnosis' severity for the root and an unrated mark for others where nil
	Href       func(entity string) string // the page of an entity; nil for no links
	Bystanders int                        // how many unaffected neighbours are shown at most; 0 is 8, below 0 none
}

// FirstSeen is when each entity of a problem first showed a symptom, as its signals say.
func FirstSeen(c corax.Case, d corax.Diagnosis) map[string]time.Time {
	seen := map[string]time.Time{}
	for _, i := range d.Signals {
		if i < 0 || i >= len(c.Signals) {
			continue
		}
		s := c.Signals[i]
		if at, ok := seen[s.Entity]; s.Entity != "" && s.KindOr() == corax.Symptom && !s.At.IsZero() && (!ok || s.At.Before(at)) {
			seen[s.Entity] = s.At
		}
	}
	return seen
}

// Cascade draws one fault on the topology: the root at the left, who feels it to the right in the order in which they showed it, and,
// faded, the neighbours that were spared. An affected entity that no known edge ties to the root stands there without an edge, and says so.
// A diagnosis without a root draws its affected entities alone.
func Cascade(t corax.Topology, d corax.Diagnosis, o CascadeOptions) template.HTML {
	c := newCascade(t, d, o)
	return Graph{Name: "cascade", Title: c.title(), Desc: c.desc(), Nodes: c.nodes, Edges: c.edges, Legend: c.legend(), Spread: true}.SVG()
}

type cascade struct {
	root     string
	affected []string // in the order in which they showed it
	spared   []string
	distance map[string]int // from the root along the edges, through who is affected; none where no way is known
	first    time.Time
	entities map[string]corax.Entity
	o        CascadeOptions
	nodes    []Node
	edges    []Edge
}

func newCascade(t corax.Topology, d corax.Diagnosis, o CascadeOptions) *cascade {
	c := &cascade{root: cmp.Or(d.Cascade.Root, d.RootCause.Entity), entities: map[string]corax.Entity{}, distance: map[string]int{}, o: o}
	for _, e := range t.Entities {
		c.entities[e.ID] = e
	}
	member := map[string]bool{c.root: true}
	for _, id := range d.Cascade.Affected {
		if id != "" && !member[id] {
			member[id] = true
			c.affected = append(c.affected, id)
		}
	}
	for id := range member {
		if at, ok := o.Seen[id]; ok && (c.first.IsZero() || at.Before(c.first)) {
			c.first = at
		}
	}
	slices.SortStableFunc(c.affected, func(a, b string) int {
		at, aok := o.Seen[a]
		bt, bok := o.Seen[b]
		switch {
		case aok && bok:
			return at.Compare(bt)
		case aok != bok:
			return cmp.Compare(map[bool]int{true: 0, false: 1}[aok], map[bool]int{true: 0, false: 1}[bok])
		}
		return 0 // the diagnosis' order: nearest first
	})
	c.walk(t, member)
	c.bystand(t, member)
	c.join(t, d)
	return c
}

// walk measures how far each affected entity is from the root.
func (c *cascade) walk(t corax.Topology, member map[string]bool) {
	if c.root == "" {
		return
	}
	feels := map[string][]string{}
	for _, e := range t.Edges {
		if member[e.From] && member[e.To] {
			feels[e.To] = append(feels[e.To], e.From)
		}
	}
	c.distance[c.root] = 0
	for queue := []string{c.root}; len(queue) > 0; queue = queue[1:] {
		for _, id := range feels[queue[0]] {
			if _, seen := c.distance[id]; !seen {
				c.distance[id] = c.distance[queue[0]] + 1
				queue = append(queue, id)
			}
		}
	}
}

// bystand picks the neighbours that were spared: those who need the root first, since they tell most, then those who need the affected, then
// what the root needs.
func (c *cascade) bystand(t corax.Topology, member map[string]bool) {
	most := c.o.Bystanders
	if most == 0 {
		most = 8
	}
	for pass := range 3 {
		for _, e := range t.Edges {
			id, near := e.From, e.To == c.root
			switch pass {
			case 1:
				near = member[e.To]
			case 2:
				id, near = e.To, e.From == c.root
			}
			if near && id != "" && !member[id] && !slices.Contains(c.spared, id) && len(c.spared) < most {
				c.spared = append(c.spared, id)
			}
		}
	}
}

// join makes the nodes and the edges.
func (c *cascade) join(t corax.Topology, d corax.Diagnosis) {
	if c.root != "" {
		note := "root cause"
		if at, ok := c.o.Seen[c.root]; ok {
			note += ", " + c.after(at)
		}
		n := c.node(c.root, Root, note)
		if c.o.State == nil {
			n.State = Condition{Severity: d.Severity}
		}
		c.nodes = append(c.nodes, n)
	}
	for i, id := range c.affected {
		note := fmt.Sprintf("%d.", i+1)
		if at, ok := c.o.Seen[id]; ok {
			note += " " + c.after(at)
		} else if len(c.o.Seen) > 0 {
			note += " time not known"
		}
		if _, reached := c.distance[id]; !reached && c.root != "" {
			note += " no known way"
			c.edges = append(c.edges, Edge{From: id, To: c.root, Hidden: true})
		}
		c.nodes = append(c.nodes, c.node(id, Affected, note))
	}
	for _, id := range c.spared {
		c.nodes = append(c.nodes, c.node(id, Aside, "not affected"))
	}
	for _, e := range t.Edges {
		from, felt := c.distance[e.From]
		to, had := c.distance[e.To]
		c.edges = append(c.edges, Edge{From: e.From, To: e.To, Kind: e.Kind, Spread: felt && had && from > to})
	}
}

func (c *cascade) node(id string, look Look, note string) Node {
	e := c.entities[id]
	n := Node{ID: id, Label: e.Name, Kind: e.Kind, Note: note, Look: look, State: c.o.State[id]}
	n.Hint = n.label()
	for _, part := range []string{e.Kind, note} {
		if part != "" {
			n.Hint += ", " + part
		}
	}
	if c.o.State != nil {
		n.Hint += ", now " + n.State.Word()
	}
	if c.o.Href != nil {
		n.Href = c.o.Href(id)
	}
	return n
}

// after is how long after the first symptom of all an entity showed its own.
func (c *cascade) after(at time.Time) string {
	if d := at.Sub(c.first); d > 0 {
		return "+" + span(d)
	}
	return "first symptom"
}

func (c *cascade) name(id string) string { return cmp.Or(c.entities[id].Name, id) }

func (c *cascade) title() string {
	switch {
	case c.root == "":
		return fmt.Sprintf("%s affected, root not known", count(len(c.affected), "entity", "entities"))
	case len(c.affected) == 0:
		return c.name(c.root) + " failed, and nobody else shows it"
	}
	return fmt.Sprintf("Cascade from %s to %s", c.name(c.root), count(len(c.affected), "entity", "entities"))
}

func (c *cascade) desc() string {
	var parts []string
	if c.root != "" {
		parts = append(parts, "Root: "+c.name(c.root)+".")
	}
	depth := 0
	var said []string
	for _, id := range c.affected {
		depth = max(depth, c.distance[id])
		s := c.name(id)
		if at, ok := c.o.Seen[id]; ok {
			s += " (" + c.after(at) + ")"
		}
		said = append(said, s)
	}
	if len(said) > 0 {
		parts = append(parts, "Affected, in the order in which they showed it: "+list(said, 12)+".")
	}
	if depth > 0 {
		parts = append(parts, "Farthest: "+count(depth, "edge", "edges")+" from the root.")
	}
	if len(c.spared) > 0 {
		names := make([]string, len(c.spared))
		for i, id := range c.spared {
			names[i] = c.name(id)
		}
		parts = append(parts, "Not affected, though neighbours: "+list(names, 8)+".")
	}
	return strings.Join(parts, " ")
}

func (c *cascade) legend() []Key {
	var keys []Key
	if slices.ContainsFunc(c.edges, func(e Edge) bool { return e.Spread }) {
		keys = append(keys, Key{Words: "the way the fault took", Spread: true})
	}
	if len(c.spared) > 0 {
		keys = append(keys, Key{Words: "a neighbour, not affected", Look: Aside})
	}
	return keys
}
