package draw

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"corax"
)

// LearnedEdge is a relation that Corax has seen and that nobody has declared.
type LearnedEdge struct {
	corax.Edge
	Support int  // how many observations speak for it; 0 where that is not known
	Mutual  bool // it has no direction
}

// TopologyOptions say what to show of a topology and how. The zero value shows all of it, grouped by kind where it is large.
type TopologyOptions struct {
	Learned   []LearnedEdge // those that are declared too are drawn as declared
	State     map[string]Condition
	Href      func(entity string) string // the page of an entity; nil for no links
	GroupHref func(group string) string  // the page that shows a group's members; nil for no links
	GroupBy   string                     // the label by whose value large graphs are grouped; by kind where empty, or where an entity has no such label
	Fold      int                        // above so many nodes all groups are folded; 0 is 60, below 0 never
	Open      []string                   // groups that are never folded
	Chosen    string                     // the entity that the page is about
	Hops      int                        // with Chosen: only what is at most so many edges away; 1 for its own edges alone, 0 for all
}

// Topology draws who needs whom: dependents at the left, what they need at the right, each edge with its kind at its head, learned edges
// dashed with their support.
func Topology(t corax.Topology, o TopologyOptions) template.HTML {
	entities, edges := everything(t, o)
	if o.Chosen != "" && o.Hops > 0 {
		entities, edges = around(entities, edges, o.Chosen, o.Hops)
	}
	v := folded(entities, edges, o)
	return Graph{Name: "topology", Title: v.title(), Desc: v.desc(), Nodes: v.nodes, Edges: v.edges, Legend: v.legend()}.SVG()
}

// everything is the declared and the learned in one, without doubles, in the order of ids.
func everything(t corax.Topology, o TopologyOptions) ([]corax.Entity, []Edge) {
	known := map[string]corax.Entity{}
	for _, e := range t.Entities {
		if _, taken := known[e.ID]; e.ID != "" && !taken {
			known[e.ID] = e
		}
	}
	var edges []Edge
	pairs := map[[2]string]bool{}
	add := func(e LearnedEdge, learned bool) {
		if e.From == "" || e.To == "" || e.From == e.To || learned && pairs[[2]string{e.From, e.To}] {
			return
		}
		for _, id := range []string{e.From, e.To} {
			if _, ok := known[id]; !ok {
				known[id] = corax.Entity{ID: id}
			}
		}
		if !learned {
			pairs[[2]string{e.From, e.To}] = true
		}
		edges = append(edges, Edge{From: e.From, To: e.To, Kind: e.Kind, Learned: learned, Support: e.Support, Mutual: e.Mutual})
	}
	for _, e := range t.Edges {
		add(LearnedEdge{Edge: e}, false)
	}
	for _, e := range o.Learned {
		add(e, true)
	}
	slices.SortStableFunc(edges, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Kind, b.Kind))
	})
	entities := slices.SortedFunc(maps.Values(known), func(a, b corax.Entity) int { return cmp.Compare(a.ID, b.ID) })
	return entities, edges
}

// around keeps what is within so many edges of an entity, in either direction.
func around(entities []corax.Entity, edges []Edge, id string, hops int) ([]corax.Entity, []Edge) {
	near := map[string][]string{}
	for _, e := range edges {
		near[e.From] = append(near[e.From], e.To)
		near[e.To] = append(near[e.To], e.From)
	}
	distance := map[string]int{id: 0}
	for queue := []string{id}; len(queue) > 0; queue = queue[1:] {
		if distance[queue[0]] == hops {
			continue
		}
		for _, n := range near[queue[0]] {
			if _, seen := distance[n]; !seen {
				distance[n] = distance[queue[0]] + 1
				queue = append(queue, n)
			}
		}
	}
	var kept []corax.Entity
	for _, e := range entities {
		if _, ok := distance[e.ID]; ok {
			kept = append(kept, e)
		}
	}
	return kept, slices.DeleteFunc(edges, func(e Edge) bool {
		_, from := distance[e.From]
		_, to := distance[e.To]
		return !from || !to || hops == 1 && e.From != id && e.To != id
	})
}

// Group is the name of the group that an entity belongs to when a topology is grouped by a label (by kind where the label is empty, or the
// entity has none).
func Group(e corax.Entity, label string) string {
	if v := e.Labels[label]; label != "" && v != "" {
		return v
	}
	return cmp.Or(e.Kind, "other")
}

// view is a topology as it is drawn.
type view struct {
	nodes    []Node
	edges    []Edge
	entities int
	foldings int
	troubled []string
}

func folded(entities []corax.Entity, edges []Edge, o TopologyOptions) view {
	most := cmp.Or(o.Fold, 60)
	groups := map[string][]corax.Entity{}
	for _, e := range entities {
		g := Group(e, o.GroupBy)
		groups[g] = append(groups[g], e)
	}
	v := view{entities: len(entities)}
	into := map[string]string{} // entity -> node of its folded group
	for _, g := range slices.Sorted(maps.Keys(groups)) {
		if most < 0 || len(entities) <= most {
			break
		}
		if len(groups[g]) < 2 || slices.Contains(o.Open, g) {
			continue
		}
		n := Node{ID: "\x00group " + g, Label: g, Kind: Group(groups[g][0], "")}
		if groups[g][0].Labels[o.GroupBy] == g {
			n.Kind = o.GroupBy
		}
		ailing := 0
		for _, e := range groups[g] {
			if e.ID == o.Chosen {
				continue
			}
			n.Count++
			into[e.ID] = n.ID
			c := o.State[e.ID]
			if c.worse(n.State) {
				n.State = c
			}
			if c.Severity > corax.SeverityNone {
				ailing++
			}
		}
		n.Note = count(n.Count, "entity", "entities")
		if ailing > 0 {
			n.Note = fmt.Sprintf("%d of %d in trouble", ailing, n.Count)
		}
		if o.GroupHref != nil {
			n.Href = o.GroupHref(g)
		}
		n.Hint = fmt.Sprintf("Group %s: %s, %s", g, count(n.Count, "entity", "entities"), n.State.Word())
		v.nodes = append(v.nodes, n)
		v.foldings++
	}
	for _, e := range entities {
		c := o.State[e.ID]
		if c.Severity > corax.SeverityNone {
			v.troubled = append(v.troubled, cmp.Or(e.Name, e.ID)+" ("+c.Word()+")")
		}
		if into[e.ID] != "" {
			continue
		}
		n := Node{ID: e.ID, Label: e.Name, Kind: e.Kind, Note: e.Kind, State: c}
		n.Hint = strings.TrimPrefix(e.Kind+" ", " ") + n.label() + ", " + c.Word()
		if e.ID == o.Chosen {
			n.Look = Chosen
		}
		if o.Href != nil {
			n.Href = o.Href(e.ID)
		}
		v.nodes = append(v.nodes, n)
	}
	at := map[Edge]int{}
	for _, e := range edges {
		e.From, e.To = cmp.Or(into[e.From], e.From), cmp.Or(into[e.To], e.To)
		same := e
		same.Support = 0
		if i, ok := at[same]; ok {
			v.edges[i].Support += e.Support
			continue
		}
		at[same] = len(v.edges)
		v.edges = append(v.edges, e)
	}
	return v
}

func (v view) title() string {
	return fmt.Sprintf("Topology of %s", count(v.entities, "entity", "entities"))
}

func (v view) desc() string {
	declared, learned := 0, 0
	for _, e := range v.edges {
		if e.Learned {
			learned++
		} else {
			declared++
		}
	}
	s := fmt.Sprintf("%s, %s.", count(declared, "declared edge", "declared edges"), count(learned, "learned edge", "learned edges"))
	if v.foldings > 0 {
		s += fmt.Sprintf(" %s folded, so that the drawing stays readable.", count(v.foldings, "group is", "groups are"))
	}
	if len(v.troubled) > 0 {
		s += " In trouble: " + list(v.troubled, 12) + "."
	} else {
		s += " None of them is in trouble."
	}
	return s
}

func (v view) legend() []Key {
	kinds := map[corax.EdgeKind]bool{}
	learned := false
	for _, e := range v.edges {
		kinds[e.Kind] = true
		learned = learned || e.Learned
	}
	var keys []Key
	for _, k := range []corax.EdgeKind{corax.DependsOn, corax.RunsOn, corax.ConnectsTo, corax.TrustsIn} {
		if kinds[k] {
			keys = append(keys, Key{Words: kindWord(k, 1), Edge: k})
		}
	}
	if learned {
		keys = append(keys, Key{Words: "learned, with its support", Edge: corax.DependsOn, Learned: true})
	}
	states := map[Condition]bool{}
	for _, n := range v.nodes {
		states[n.State] = true
	}
	for _, c := range []Condition{{Severity: corax.Critical}, {Severity: corax.High}, {Severity: corax.Medium}, {Severity: corax.Low}, {Healthy: true}} {
		if states[c] {
			keys = append(keys, Key{Words: c.Word(), State: c})
		}
	}
	return keys
}
