package diagnose

import (
	"cmp"
	"math"
	"slices"

	"corax"
	"corax/knowledge"
)

// How the views are put together: log odds of a mechanism against none are a weighted sum of what each view gives it. The weights are
// fitted on cases that neither view was made from (docs/engine.md).
const (
	ruleWeight  = 0.75
	modelWeight = 0.3
	nothing     = 1.95 // what "none of them" always has
	leeway      = 0.45 // how much less than "none of them" a mechanism may have whose family won
	clearly     = 0.5  // how much more than "none of them" a stated cause needs, for what is felt to yield
	yielding    = 0.7  // how much less than that cause it then has
	outweighed  = 3.0  // how much more than that cause it may have before
	// mostEvidenceSum bounds what one view says, so that a long case is not surer than its best words are.
	mostEvidenceSum = 12.0
)

// verdict is what a problem's signals say about how it failed.
type verdict struct {
	mech         int // -1: none fits
	pattern      string
	confidence   float64
	mechShare    float64 // probability of the mechanism among all
	alternatives []corax.Alternative
	ranked       []standing // mechanisms that were weighed, the best first
}

// standing is how a mechanism did.
type standing struct {
	mech         int
	rules, model float64 // what each view gives it, in log odds
	total        float64 // their sum, less what a narrower family takes
}

// recognise weighs the mechanisms against each other and against none.
func (w *work) recognise(g group) verdict {
	ranked := w.standings(g)
	mass := map[string]float64{corax.Unknown: math.Exp(nothing)}
	total := math.Exp(nothing)
	for _, s := range ranked {
		v := math.Exp(s.total)
		mass[w.matcher.mechs[s.mech].Pattern] += v
		total += v
	}
	names := make([]string, 0, len(mass))
	for p := range mass {
		names = append(names, p)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(mass[b], mass[a]), cmp.Compare(a, b)) })
	v := verdict{pattern: names[0], mech: -1, ranked: ranked}
	for _, s := range ranked {
		if w.matcher.mechs[s.mech].Pattern == v.pattern {
			if s.total >= nothing-leeway {
				v.mech, v.mechShare = s.mech, math.Exp(s.total)/total
			}
			break
		}
	}
	if g.mech >= 0 {
		v.mech, v.pattern, v.mechShare = g.mech, w.matcher.mechs[g.mech].Pattern, 1/total
		if at := slices.IndexFunc(ranked, func(s standing) bool { return s.mech == g.mech }); at >= 0 {
			v.mechShare = math.Exp(ranked[at].total) / total
		}
	}
	v.confidence = probability(mass[v.pattern] / total)
	for _, p := range names {
		if c := probability(mass[p] / total); p != v.pattern && c >= 0.02 && len(v.alternatives) < 3 {
			v.alternatives = append(v.alternatives, corax.Alternative{Pattern: p, Confidence: c})
		}
	}
	return v
}

// standings lists the mechanisms that anything speaks for, the best first.
func (w *work) standings(g group) []standing {
	rules, model := w.matches(g), w.sounds(g)
	list := make([]standing, 0, len(rules)+len(model))
	for m, v := range rules {
		list = append(list, standing{m, v, model[m], v + model[m]})
	}
	for m, v := range model {
		if _, ok := rules[m]; !ok {
			list = append(list, standing{m, 0, v, v})
		}
	}
	w.narrow(list)
	best := func(a, b standing) int { return cmp.Or(cmp.Compare(b.total, a.total), cmp.Compare(a.mech, b.mech)) }
	slices.SortFunc(list, best)
	if g.mech < 0 { // else the topology has said who makes whose trouble
		w.yield(g, list)
		slices.SortFunc(list, best)
	}
	return list
}

// matches sums, for each mechanism, the best of each of its signatures, and a little for signals that agree. Where the root is known, what
// dependents say about other causes weighs less.
func (w *work) matches(g group) map[int]float64 {
	best := map[int32]float64{}
	seen := map[int]int{}
	for _, i := range g.incidents {
		inc := &w.incidents[i]
		for _, s := range inc.signals {
			counted := map[int]bool{}
			for _, h := range w.readings[s].hits {
				sig := &w.matcher.sigs[h.sig]
				if sig.use != useDirect {
					continue
				}
				v := weigh(sig)
				if g.mech >= 0 && inc.entity != g.entity && sig.mech != g.mech {
					v *= 0.3
				}
				best[h.sig] = max(best[h.sig], v)
				if !counted[sig.mech] && sig.Role != knowledge.SymptomRole {
					counted[sig.mech] = true
					seen[sig.mech]++
				}
			}
		}
	}
	parts := map[int][]float64{}
	for id, v := range best {
		parts[w.matcher.sigs[id].mech] = append(parts[w.matcher.sigs[id].mech], v)
	}
	sums := make(map[int]float64, len(parts))
	for m, list := range parts {
		sums[m] = ruleWeight * min(mostEvidenceSum, diminish(list)+0.5*math.Log2(float64(max(seen[m], 1))))
	}
	return sums
}

// sounds sums what the learned view hears, the clearest signal first, each further one counting for less.
func (w *work) sounds(g group) map[int]float64 {
	all := map[int][]float64{}
	for _, i := range g.incidents {
		inc := &w.incidents[i]
		for _, s := range inc.signals {
			for _, h := range w.readings[s].heard {
				v := h.score
				if g.mech >= 0 && inc.entity != g.entity && h.mech != g.mech {
					v *= 0.3
				}
				all[h.mech] = append(all[h.mech], v)
			}
		}
	}
	sums := make(map[int]float64, len(all))
	for m, list := range all {
		sums[m] = modelWeight * min(mostEvidenceSum, diminish(list))
	}
	return sums
}

// narrow takes from a broad family what a narrower one below it explains.
func (w *work) narrow(list []standing) {
	under := map[string]float64{}
	for _, s := range list {
		if p, _ := w.cat.Pattern(w.matcher.mechs[s.mech].Pattern); p.Under != "" && s.total >= nothing+0.25 {
			under[p.Under] = max(under[p.Under], s.total)
		}
	}
	for i, s := range list {
		if top := under[w.matcher.mechs[s.mech].Pattern]; top > 0 {
			list[i].total = min(s.total, top-1.1)
		}
	}
}

// yield takes from what is also felt by others where another signal states a cause: a session that is lost, a phone that registers anew, are
// then what that cause did. The strongest cause takes first, so the list is in that order.
func (w *work) yield(g group, list []standing) {
	var causes []standing
	for _, s := range list {
		if !w.felt[s.mech] && w.matcher.mechs[s.mech].Pattern != corax.Unknown && s.total > nothing+clearly {
			causes = append(causes, s)
		}
	}
	for i := range list {
		s := &list[i]
		for _, cause := range causes {
			if w.felt[s.mech] && s.total > cause.total-yielding && s.total < cause.total+outweighed && w.apart(g, cause.mech, s.mech) {
				s.total = cause.total - yielding
			}
		}
	}
}

// apart says that a signal states the cause and has no words of the other mechanism.
func (w *work) apart(g group, cause, other int) bool {
	for _, i := range g.incidents {
		for _, s := range w.incidents[i].signals {
			states := false
			for _, h := range w.readings[s].hits {
				sig := &w.matcher.sigs[h.sig]
				if sig.use != useDirect {
					continue
				}
				if sig.mech == other {
					states = false
					break
				}
				states = states || sig.mech == cause && sig.Role == knowledge.CauseRole && sig.Weight >= sureWords
			}
			if states {
				return true
			}
		}
	}
	return false
}

// groupStates says that the words of a cause stand in one of the group's incidents.
func (w *work) groupStates(g group, mech int) bool {
	return slices.ContainsFunc(g.incidents, func(i int) bool { return w.states(&w.incidents[i], mech) })
}

// probability rounds to two decimals and keeps off the certainties that nobody has.
func probability(p float64) float64 {
	return math.Round(100*min(max(p, 0.01), 0.99)) / 100
}
