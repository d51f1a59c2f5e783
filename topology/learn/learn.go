// Package learn finds edges of the topology that incidents speak for: entities that fail together more often than chance, and faults that
// the diagnosis saw run from one to the other.
//
// It learns from outages alone. Two entities that never failed have no edge here, however much one needs the other; and two that fail
// together may both need a third. So what it finds is a proposal beside what was declared, with its support and its doubt, and nothing in
// Corax acts on it. It is a pure function of the outages: the same ones give the same edges in the same order.
package learn

import (
	"cmp"
	"slices"

	"corax"
)

// Kind says what an edge was learned from.
type Kind string

// The kinds of learned edges.
const (
	Together Kind = "fails_together" // it has no direction: From sorts before To
	Spread   Kind = "fault_spread"   // the diagnosis saw faults of To felt by From
)

// Outage is what is learned from: a problem that is over.
type Outage struct {
	Root     string   // the entity that failed; empty where that isn't known
	Affected []string // those that felt it
	Entities []string // all that had incidents in it
}

// Tie is a relation that outages speak for.
type Tie struct {
	From     string  `json:"from"`
	To       string  `json:"to"`
	Kind     Kind    `json:"kind"`
	Support  int     `json:"support"`  // outages that speak for it
	Of       int     `json:"of"`       // outages in which To (Spread), or the rarer of the two (Together), failed
	Share    float64 `json:"share"`    // Support / Of
	Low      float64 `json:"low"`      // 95 % interval of the share
	High     float64 `json:"high"`     // likewise
	Lift     float64 `json:"lift"`     // how many times more often they fail together than if they had nothing to do with each other
	Declared bool    `json:"declared"` // the declared topology has an edge between the two, in either direction
}

// Options say what is worth telling; what is zero has a default.
type Options struct {
	Support int     // at least so many outages; 3
	Lift    float64 // at least so much; 1.5
	Most    int     // at most so many edges, the best supported; 500
}

// Ties learns from outages, the best supported edge first.
func Ties(outages []Outage, declared corax.Topology, o Options) []Tie {
	if o.Support <= 0 {
		o.Support = 3
	}
	if o.Lift <= 0 {
		o.Lift = 1.5
	}
	if o.Most <= 0 {
		o.Most = 500
	}
	c := count(outages)
	known := map[[2]string]bool{}
	for _, e := range declared.Edges {
		known[pair(e.From, e.To)] = true
	}
	edges := []Tie{}
	add := func(from, to string, kind Kind, support, of int) {
		p := pair(from, to)
		together := float64(c.together[p])
		lift := together * float64(len(outages)) / (float64(c.failed[from]) * float64(c.failed[to]))
		if support < o.Support || lift < o.Lift {
			return
		}
		low, high := corax.Interval(support, of, corax.TwoSided95)
		edges = append(edges, Tie{From: from, To: to, Kind: kind, Support: support, Of: of, Share: float64(support) / float64(of),
			Low: low, High: high, Lift: lift, Declared: known[p]})
	}
	for p, n := range c.spread {
		add(p[0], p[1], Spread, n, c.root[p[1]])
	}
	for p, n := range c.together {
		if c.spread[p] < o.Support && c.spread[[2]string{p[1], p[0]}] < o.Support {
			add(p[0], p[1], Together, n, min(c.failed[p[0]], c.failed[p[1]]))
		}
	}
	slices.SortFunc(edges, func(a, b Tie) int {
		return cmp.Or(cmp.Compare(b.Support, a.Support), cmp.Compare(b.Low, a.Low), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Kind, b.Kind))
	})
	return edges[:min(len(edges), o.Most)]
}

type counts struct {
	failed   map[string]int    // outages in which an entity failed
	root     map[string]int    // outages of which it was the root
	together map[[2]string]int // in which both failed
	spread   map[[2]string]int // from, to: in which from felt the fault of to
}

// most bounds how many entities of one outage are paired; a storm that hits all says nothing about two.
const most = 60

func count(outages []Outage) counts {
	c := counts{map[string]int{}, map[string]int{}, map[[2]string]int{}, map[[2]string]int{}}
	for _, o := range outages {
		all := slices.Concat(o.Entities, o.Affected)
		if o.Root != "" {
			all = append(all, o.Root)
			c.root[o.Root]++
		}
		slices.Sort(all)
		all = slices.DeleteFunc(slices.Compact(all), func(e string) bool { return e == "" })
		for i, a := range all {
			c.failed[a]++
			if len(all) > most {
				continue
			}
			for _, b := range all[i+1:] {
				c.together[[2]string{a, b}]++
			}
		}
		affected := slices.Clone(o.Affected)
		slices.Sort(affected)
		for _, a := range slices.Compact(affected) {
			if o.Root != "" && a != "" && a != o.Root && len(all) <= most {
				c.spread[[2]string{a, o.Root}]++
			}
		}
	}
	return c
}

func pair(a, b string) [2]string {
	if b < a {
		a, b = b, a
	}
	return [2]string{a, b}
}
