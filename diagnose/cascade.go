package diagnose

import (
	"cmp"
	"slices"

	"corax"
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
		if inc.change || inc.entity == "" || inc.entity == root.entity {
			continue
		}
		if d, ok := w.graph.Distance(inc.entity, root.entity); ok {
			depth[inc.entity] = d
			continue
		}
		if w.graph.Len() == 0 && w.feels(inc, root) {
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
// effects, or shows the mechanism from outside.
func (w *work) feels(inc *incident, root cause) bool {
	if w.names(inc, root.entity) {
		return true
	}
	for _, s := range inc.signals {
		for _, h := range w.readings[s].hits {
			if sig := &w.matcher.sigs[h.sig]; sig.mech == root.mech && sig.use != useModifier {
				return true
			}
		}
	}
	return false
}
