// Package topology answers questions about the graph of entities: who needs whom, how far apart they are, how many would feel a fault,
// and which entity a piece of text names.
//
// In comes a corax.Topology, declared or imported; out come ids. Edges run from the one who feels a fault to the one who has it, so
// Dependents walks against the edges and Dependencies along them. A Graph never changes once built, is safe for concurrent use, and gives
// the same answers in the same order for the same input. It does no I/O and never guesses: what it can't resolve, it says so.
package topology

import (
	"cmp"
	"fmt"
	"slices"

	"corax"
)

// Graph is an immutable view of a topology.
type Graph struct {
	entities []corax.Entity
	index    map[string]int
	out      [][]half // what each entity needs
	in       [][]half // who needs it
	part     []int    // a number that all who are connected, in whatever direction, share
	names    *names
}

type half struct {
	to   int
	kind corax.EdgeKind
}

// Reach is an entity and its distance from the one that was asked about.
type Reach struct {
	ID       string
	Distance int
}

// New builds a graph from whatever it is given: an edge that names an undeclared entity declares it, the first of two entities with one
// id stands, and loops to itself are dropped. Use Validate where such input is a mistake to report.
func New(t corax.Topology) *Graph {
	g := &Graph{index: make(map[string]int, len(t.Entities))}
	for _, e := range t.Entities {
		if _, taken := g.index[e.ID]; e.ID != "" && !taken {
			g.add(e)
		}
	}
	for _, e := range t.Edges {
		if e.From == "" || e.To == "" || e.From == e.To {
			continue
		}
		from, to := g.ensure(e.From), g.ensure(e.To)
		if slices.Contains(g.out[from], half{to, e.Kind}) {
			continue
		}
		g.out[from] = append(g.out[from], half{to, e.Kind})
		g.in[to] = append(g.in[to], half{from, e.Kind})
	}
	byID := func(a, b half) int {
		return cmp.Or(cmp.Compare(g.entities[a.to].ID, g.entities[b.to].ID), cmp.Compare(a.kind, b.kind))
	}
	for i := range g.entities {
		slices.SortFunc(g.out[i], byID)
		slices.SortFunc(g.in[i], byID)
	}
	g.split()
	g.names = newNames(g.entities)
	return g
}

// split numbers the connected parts of the graph.
func (g *Graph) split() {
	g.part = make([]int, len(g.entities))
	var stack []int
	for start, number := range g.part {
		if number != 0 {
			continue
		}
		g.part[start] = start + 1
		for stack = append(stack, start); len(stack) > 0; {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			for _, edges := range [...][]half{g.out[at], g.in[at]} {
				for _, h := range edges {
					if g.part[h.to] == 0 {
						g.part[h.to] = start + 1
						stack = append(stack, h.to)
					}
				}
			}
		}
	}
}

// Part is a number that id shares with all who are connected to it, in whatever direction: no fault flows between two parts. It is 0 for
// an entity that isn't there.
func (g *Graph) Part(id string) int {
	i, ok := g.index[id]
	if !ok {
		return 0
	}
	return g.part[i]
}

func (g *Graph) add(e corax.Entity) int {
	g.index[e.ID] = len(g.entities)
	g.entities = append(g.entities, e)
	g.out = append(g.out, nil)
	g.in = append(g.in, nil)
	return len(g.entities) - 1
}

func (g *Graph) ensure(id string) int {
	if i, ok := g.index[id]; ok {
		return i
	}
	return g.add(corax.Entity{ID: id})
}

// Validate reports the first thing that makes a declared topology wrong: an entity without an id, an id or a name that two entities
// claim, an edge to nobody or to itself.
func Validate(t corax.Topology) error {
	const op = "check topology"
	ids := make(map[string]bool, len(t.Entities))
	for i, e := range t.Entities {
		switch {
		case e.ID == "":
			return corax.Errorf(corax.Invalid, op, "entity %d has no id", i+1)
		case ids[e.ID]:
			return corax.Errorf(corax.Invalid, op, "entity %q is declared twice", e.ID)
		}
		ids[e.ID] = true
	}
	claimed := map[string]string{}
	for _, e := range t.Entities {
		for _, alias := range e.Aliases {
			key := Key(alias)
			if other, taken := claimed[key]; taken && other != e.ID {
				return corax.Errorf(corax.Invalid, op, "alias %q is claimed by both %q and %q", alias, other, e.ID)
			}
			claimed[key] = e.ID
		}
	}
	for i, e := range t.Edges {
		for _, end := range [...]string{e.From, e.To} {
			if !ids[end] {
				return &corax.Error{Code: corax.Invalid, Op: op,
					Hint: "declare the entity, or correct the edge's name",
					Err:  fmt.Errorf("edge %d (%s -> %s) names the undeclared entity %q", i+1, e.From, e.To, end)}
			}
		}
		if e.From == e.To {
			return corax.Errorf(corax.Invalid, op, "edge %d leads from %q to itself", i+1, e.From)
		}
	}
	return nil
}

// Len is the number of entities.
func (g *Graph) Len() int { return len(g.entities) }

// Entity is the entity with that id.
func (g *Graph) Entity(id string) (corax.Entity, bool) {
	i, ok := g.index[id]
	if !ok {
		return corax.Entity{}, false
	}
	return g.entities[i], true
}

// Name is what people call the entity: its name, or its id.
func (g *Graph) Name(id string) string {
	if e, ok := g.Entity(id); ok && e.Name != "" {
		return e.Name
	}
	return id
}

// Dependents are all who would feel a fault of id, directly or through others, nearest first, then by id. Given kinds restrict the edges
// that are followed.
func (g *Graph) Dependents(id string, kinds ...corax.EdgeKind) []Reach {
	return g.walk(id, g.in, kinds)
}

// Dependencies are all that id needs, directly or through others, nearest first, then by id.
func (g *Graph) Dependencies(id string, kinds ...corax.EdgeKind) []Reach {
	return g.walk(id, g.out, kinds)
}

// DirectDependents are the ids with an edge to id, sorted.
func (g *Graph) DirectDependents(id string, kinds ...corax.EdgeKind) []string {
	return g.near(id, g.in, kinds)
}

// DirectDependencies are the ids to which id has an edge, sorted.
func (g *Graph) DirectDependencies(id string, kinds ...corax.EdgeKind) []string {
	return g.near(id, g.out, kinds)
}

// BlastRadius is how many entities would feel a fault of id.
func (g *Graph) BlastRadius(id string) int { return len(g.Dependents(id)) }

// Distance is the number of edges by which from needs to: 0 for itself, and false where it doesn't.
func (g *Graph) Distance(from, to string) (int, bool) {
	start, known := g.index[from]
	end, there := g.index[to]
	switch {
	case !known || !there || g.part[start] != g.part[end]:
		return 0, false
	case start == end:
		return 0, true
	}
	// Most need few: their numbers are looked through, so that a question costs what it walks and not the size of the site.
	const few = 64
	found := append(make([]int, 0, few), start)
	var many map[int]bool
	for level, depth := 0, 1; level < len(found); depth++ {
		last := len(found)
		for ; level < last; level++ {
			for _, h := range g.out[found[level]] {
				switch {
				case h.to == end:
					return depth, true
				case many[h.to] || many == nil && slices.Contains(found, h.to):
					continue
				}
				found = append(found, h.to)
				if many != nil {
					many[h.to] = true
				} else if len(found) > few {
					many = make(map[int]bool, 2*few)
					for _, i := range found {
						many[i] = true
					}
				}
			}
		}
	}
	return 0, false
}

func (g *Graph) walk(id string, edges [][]half, kinds []corax.EdgeKind) []Reach {
	start, ok := g.index[id]
	if !ok {
		return nil
	}
	seen := make([]bool, len(g.entities))
	seen[start] = true
	var found []Reach
	for level, depth := []int{start}, 1; len(level) > 0; depth++ {
		var next []int
		for _, at := range level {
			for _, h := range edges[at] {
				if seen[h.to] || !follows(h.kind, kinds) {
					continue
				}
				seen[h.to] = true
				next = append(next, h.to)
			}
		}
		slices.SortFunc(next, func(a, b int) int { return cmp.Compare(g.entities[a].ID, g.entities[b].ID) })
		for _, i := range next {
			found = append(found, Reach{g.entities[i].ID, depth})
		}
		level = next
	}
	return found
}

func (g *Graph) near(id string, edges [][]half, kinds []corax.EdgeKind) []string {
	at, ok := g.index[id]
	if !ok {
		return nil
	}
	var ids []string
	for _, h := range edges[at] {
		if follows(h.kind, kinds) {
			ids = append(ids, g.entities[h.to].ID)
		}
	}
	return slices.Compact(ids)
}

func follows(kind corax.EdgeKind, kinds []corax.EdgeKind) bool {
	return len(kinds) == 0 || slices.Contains(kinds, kind)
}
