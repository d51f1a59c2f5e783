package diagnose

import (
	"cmp"
	"slices"
	"strings"

	"corax"
	"corax/knowledge"
)

// cascade tells whose fault is felt by whom. Many messages are no cascade: another entity than the root must be in trouble because of it,
// by the topology or by its own words.
func (w *work) cascade(g group, root cause) corax.Cascade {
	if root.entity == "" {
		return corax.Cascade{}
	}
	depth := map[string]int{}
	for _, i := range g.incidents {
		inc := &w.incidents[i]
		if inc.entity == "" || inc.entity == root.entity || inc.change && (w.graph.Len() > 0 || !w.showsEffect(inc, root)) {
			continue
		}
		if d, ok := w.graph.Distance(inc.entity, root.entity); ok {
			depth[inc.entity] = d
			continue
		}
		if w.graph.Len() == 0 && !sameThing(inc.entity, root.entity) && w.feels(inc, root) {
			depth[inc.entity] = 1
		}
	}
	if len(depth) == 0 {
		return corax.Cascade{Root: root.entity}
	}
	c := corax.Cascade{Cascading: true, Root: root.entity}
	for e, d := range depth {
		c.Affected = append(c.Affected, e)
		c.Depth = max(c.Depth, d)
	}
	slices.SortFunc(c.Affected, func(a, b string) int { return cmp.Or(cmp.Compare(depth[a], depth[b]), cmp.Compare(a, b)) })
	return c
}

// feels says that an incident shows, by its words alone, the trouble of one who needs the root: it names the root, shows the mechanism's
// effects, or is in the same problem with other trouble. A twin that fails by the same mechanism feels nothing.
func (w *work) feels(inc *incident, root cause) bool {
	if w.names(inc, root.entity) {
		return true
	}
	if w.showsEffect(inc, root) {
		return true
	}
	beliefs := w.beliefs(inc)
	return len(beliefs) == 0 || beliefs[0].mech != root.mech || beliefs[0].p < sureCause || !twins(inc.entity, root.entity)
}

// showsEffect says that an incident has the words that the catalogue expects of those who need the root.
func (w *work) showsEffect(inc *incident, root cause) bool {
	for _, s := range inc.signals {
		for _, h := range w.readings[s].hits {
			if sig := &w.matcher.sigs[h.sig]; sig.mech == root.mech && (sig.use == useEffect || sig.use == useDirect && sig.Role != knowledge.CauseRole) {
				return true
			}
		}
	}
	return false
}

// sameThing says that one of two names is the other with its maker, or where it is, said before it: palo-alto-pa-5250. What has no number is
// rather another thing that serves it: gateway-portal.
func sameThing(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return strings.ContainsAny(a, "0123456789") && strings.HasSuffix(b, "-"+a)
}

// twins says that two names differ in nothing but their numbers: members of one group, none of which needs the other.
func twins(a, b string) bool {
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return -1
			}
			return r
		}, s)
	}
	return letters(a) == letters(b)
}
