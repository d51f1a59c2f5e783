package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"corax"
	read "corax/reading"
)

// How much a shared feature speaks for one cause, and how much is needed.
const (
	sameEntity    = 3.0
	sameMention   = 2.5
	sameID        = 2.0
	sameMechanism = 1.7
	samePattern   = 0.9
	sameWord      = 0.55
	mostWords     = 2.2
	enough        = 1.6
	// crowd is how many incidents may share a feature before it says nothing: by then it is the vocabulary of the site.
	crowd = 60
)

// problems makes groups of incidents: with a topology by who explains whom, and the rest by what the texts share.
func (w *work) problems() []group {
	left := make([]int, len(w.incidents))
	for i := range left {
		left[i] = i
	}
	var groups []group
	if w.graph.Len() > 0 {
		groups, left = w.explain(left)
	}
	groups = w.cluster(groups, left)
	for g := range groups {
		for _, i := range groups[g].incidents {
			w.incidents[i].problem = true
		}
	}
	return w.drop(groups)
}

// feature is something that two incidents may share.
type feature struct {
	kind byte // e entity, m read.Mentioned entity, i identifier, w word, k mechanism, p pattern
	name string
}

func (f feature) weight() float64 {
	switch f.kind {
	case 'e':
		return sameMention
	case 'i':
		return sameID
	case 'k':
		return sameMechanism
	case 'p':
		return samePattern
	}
	return sameWord
}

// features lists what an incident may share, without repeats, in a fixed order.
func (w *work) features(inc *incident) []feature {
	var all []feature
	add := func(kind byte, name string) {
		if f := (feature{kind, name}); name != "" && len(all) < 80 && !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	add('e', inc.entity)
	for _, s := range inc.signals {
		r := &w.readings[s]
		for _, m := range r.Mentions {
			add('e', m.Entity)
		}
		for _, id := range r.Ties() {
			add('i', id)
		}
		for _, t := range r.Tokens {
			if len(t.Text) >= 3 && !t.Number() && !read.Ordinary(t.Stem) {
				add('w', t.Stem)
			}
		}
	}
	if mech, score := w.topMechanism(inc); score >= 2.5 {
		m := w.matcher.mechs[mech]
		add('k', m.ID)
		if m.Pattern != corax.Unknown {
			add('p', m.Pattern)
		}
	}
	return all
}

// cluster joins what is left to the groups and to each other, where the texts share enough.
func (w *work) cluster(groups []group, left []int) []group {
	if len(left) == 0 {
		return groups
	}
	nodes := slices.Clone(left)
	byFeature := map[feature][]int{}
	var order []feature
	for n, i := range nodes {
		for _, f := range w.features(&w.incidents[i]) {
			if byFeature[f] == nil {
				order = append(order, f)
			}
			byFeature[f] = append(byFeature[f], n)
		}
	}
	type pair struct{ a, b int }
	scores, wordly := map[pair]float64{}, map[pair]float64{}
	for _, f := range order {
		who := byFeature[f]
		if len(who) > crowd {
			who = who[:crowd]
		}
		for x, a := range who {
			for _, b := range who[x+1:] {
				if f.kind == 'w' {
					wordly[pair{a, b}] += f.weight()
				} else {
					scores[pair{a, b}] += f.weight()
				}
			}
		}
	}
	for p, v := range wordly {
		scores[p] += min(v, mostWords)
	}
	sets := newSets(len(nodes))
	for p, v := range scores {
		if v >= enough {
			sets.join(p.a, p.b)
		}
	}
	return append(groups, w.gather(nodes, sets)...)
}

// gather turns sets into groups; one that holds only changes is none.
func (w *work) gather(nodes []int, sets sets) []group {
	byRoot := map[int]int{}
	var groups []group
	for n, i := range nodes {
		root := sets.find(n)
		at, ok := byRoot[root]
		if !ok {
			at = len(groups)
			byRoot[root] = at
			groups = append(groups, group{mech: -1})
		}
		groups[at].incidents = append(groups[at].incidents, i)
	}
	return slices.DeleteFunc(groups, func(g group) bool {
		return !slices.ContainsFunc(g.incidents, func(i int) bool { return !w.incidents[i].change })
	})
}

// sets are disjoint sets with path halving; the smaller index is the root, so the result does not depend on the order of joins.
type sets []int

func newSets(n int) sets {
	s := make(sets, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func (s sets) find(i int) int {
	for s[i] != i {
		s[i] = s[s[i]]
		i = s[i]
	}
	return i
}

func (s sets) join(a, b int) {
	a, b = s.find(a), s.find(b)
	s[max(a, b)] = min(a, b)
}

// links explains why the incidents of a problem belong together: a tree that grows from the root's incident.
func (w *work) links(g group, root cause) []corax.Link {
	links := []corax.Link{}
	order := slices.Clone(g.incidents)
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(w.rank(a, root), w.rank(b, root))
	})
	for n := 1; n < len(order); n++ {
		best, tries := corax.Link{}, order[:n]
		if n > crowd {
			tries = order[:1]
		}
		for _, from := range tries {
			if l := w.link(from, order[n], root); l.Score > best.Score {
				best = l
			}
		}
		links = append(links, best)
	}
	return links
}

// rank puts the incidents of the root first.
func (w *work) rank(i int, root cause) int {
	switch {
	case w.incidents[i].entity == root.entity:
		return 0
	case w.incidents[i].change:
		return 1
	}
	return 2
}

// link explains what ties two incidents of one problem.
func (w *work) link(from, to int, root cause) corax.Link {
	a, b := &w.incidents[from], &w.incidents[to]
	l := corax.Link{From: a.id, To: b.id}
	set := func(kind corax.LinkKind, score float64, format string, args ...any) corax.Link {
		l.Kind, l.Score, l.Why = kind, score, fmt.Sprintf(format, args...)
		return l
	}
	switch {
	case a.entity != "" && a.entity == b.entity && a.change != b.change:
		return set(corax.LinkSharedChange, 0.95, "%s was changed and is in trouble", a.entity)
	case a.entity != "" && a.entity == b.entity:
		return set(corax.LinkSameEntity, 0.95, "both are about %s", a.entity)
	}
	if d, ok := w.graph.Distance(b.entity, a.entity); ok {
		if a.change {
			return set(corax.LinkSharedChange, 0.92, "%s needs %s, which was changed", b.entity, a.entity)
		}
		return set(corax.LinkDependsOn, max(0.5, 1-0.08*float64(d)), "%s needs %s%s", b.entity, a.entity, steps(d))
	}
	if d, ok := w.graph.Distance(a.entity, b.entity); ok {
		return set(corax.LinkDependsOn, max(0.45, 0.95-0.08*float64(d)), "%s needs %s%s", a.entity, b.entity, steps(d))
	}
	if w.names(b, a.entity) {
		return set(corax.LinkDependsOn, 0.85, "%s names %s", or(b.entity, "the message"), a.entity)
	}
	if w.names(a, b.entity) {
		return set(corax.LinkDependsOn, 0.8, "%s names %s", or(a.entity, "the message"), b.entity)
	}
	shared, words := "", []string(nil)
	theirs := w.features(b)
	for _, f := range w.features(a) {
		if !slices.Contains(theirs, f) {
			continue
		}
		switch f.kind {
		case 'i':
			shared = or(shared, f.name)
		case 'e':
			return set(corax.LinkDependsOn, 0.75, "both name %s", f.name)
		case 'w':
			words = append(words, f.name)
		}
	}
	switch {
	case shared != "":
		return set(corax.LinkSameIdentifier, 0.8, "both carry %s", shared)
	case len(words) > 1:
		return set(corax.LinkCausal, min(0.5+0.05*float64(len(words)), 0.75), "both are signs of %s", root.title)
	}
	return set(corax.LinkCausal, 0.5, "both fit %s", root.title)
}

func steps(d int) string {
	if d == 1 {
		return ""
	}
	return fmt.Sprintf(", %d steps away", d)
}

func (w *work) names(inc *incident, entity string) bool {
	if entity == "" {
		return false
	}
	for _, s := range inc.signals {
		if slices.ContainsFunc(w.readings[s].Mentions, func(m read.Mention) bool { return m.Entity == entity }) {
			return true
		}
	}
	return false
}

func or(a, b string) string { return cmp.Or(a, b) }
