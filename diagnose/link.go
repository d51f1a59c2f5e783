package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"corax"
	read "corax/diagnose/reading"
)

// crowd is how many incidents may share a feature before it says nothing: by then it is the vocabulary of the site.
const crowd = 60

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

// gather turns clusters into groups; one that holds only changes is none.
func (w *work) gather(nodes []int, label []int) []group {
	byLabel := map[int]int{}
	var groups []group
	for n, i := range nodes {
		at, ok := byLabel[label[n]]
		if !ok {
			at = len(groups)
			byLabel[label[n]] = at
			groups = append(groups, group{mech: -1})
		}
		groups[at].incidents = append(groups[at].incidents, i)
	}
	return slices.DeleteFunc(groups, func(g group) bool {
		return !slices.ContainsFunc(g.incidents, func(i int) bool { return !w.incidents[i].change })
	})
}

// links explains why the incidents of a problem belong together: a tree that grows from the root's incident.
func (w *work) links(g group, root *cause) []corax.Link {
	links := make([]corax.Link, 0, len(g.incidents)-1)
	if len(g.incidents) == 1 {
		return links
	}
	order := slices.Clone(g.incidents)
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(w.rank(a, root), w.rank(b, root))
	})
	l := &linker{work: w, root: root, table: w.desk.table, known: map[int]shares{}}
	l.table.clear()
	for n := 1; n < len(order); n++ {
		best, tries := corax.Link{}, order[:n]
		if n > crowd {
			tries = order[:1]
		}
		for _, from := range tries {
			if link := l.link(from, order[n], best.Score); link.Score > best.Score {
				best = link
			}
		}
		links = append(links, best)
	}
	return links
}

// linker ties the incidents of one problem.
type linker struct {
	*work
	root  *cause
	table *features
	known map[int]shares // incident -> what others may share with it
}

// shares are features of an incident.
type shares struct{ told, sorted []int32 }

func (l *linker) shares(i int) shares {
	s, ok := l.known[i]
	if !ok {
		inc := &l.incidents[i]
		told := l.describe(inc, inc.signals[:min(len(inc.signals), crowd+1)], l.table)
		sorted := l.desk.numbers.keep(told)
		slices.Sort(sorted)
		s = shares{told, sorted}
		l.known[i] = s
	}
	return s
}

// rank puts the incidents of the root first.
func (w *work) rank(i int, root *cause) int {
	switch {
	case w.incidents[i].entity == root.entity:
		return 0
	case w.incidents[i].change:
		return 1
	}
	return 2
}

// link explains what ties two incidents of one problem; it is empty where the tie is no better than one that is known.
func (w *linker) link(from, to int, known float64) corax.Link {
	a, b := &w.incidents[from], &w.incidents[to]
	set := func(kind corax.LinkKind, score float64, format string, args ...any) corax.Link {
		if score <= known {
			return corax.Link{}
		}
		return corax.Link{From: a.id, To: b.id, Kind: kind, Score: score, Why: fmt.Sprintf(format, args...)}
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
	shared, words := "", 0
	mine, theirs := w.shares(from).told, w.shares(to).sorted
	for _, n := range mine {
		if _, both := slices.BinarySearch(theirs, n); !both {
			continue
		}
		switch f := w.table.list[n]; f.kind {
		case 'i':
			shared = or(shared, f.name)
		case 'e':
			return set(corax.LinkDependsOn, 0.75, "both name %s", f.name)
		case 'w':
			words++
		}
	}
	switch {
	case shared != "":
		return set(corax.LinkSameIdentifier, 0.8, "both carry %s", shared)
	case words > 1:
		return set(corax.LinkCausal, min(0.5+0.05*float64(words), 0.75), "both are signs of %s", w.root.title)
	}
	return set(corax.LinkCausal, 0.5, "both fit %s", w.root.title)
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
