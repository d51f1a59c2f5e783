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
	modelWeight = 0.5
	nothing     = 1.95 // what "none of them" always has
)

// verdict is what a problem's signals say about how it failed.
type verdict struct {
	mech         int // -1: none fits
	pattern      string
	confidence   float64
	mechShare    float64 // probability of the mechanism among all
	alternatives []corax.Alternative
}

// recognise weighs the mechanisms against each other and against none.
func (w *work) recognise(g group) verdict {
	scores := w.scores(g)
	w.narrow(scores)
	mass := map[string]float64{}
	total := math.Exp(nothing)
	mass[corax.Unknown] = total
	best, bestIn := -1, map[string]int{}
	for m, s := range scores {
		if s <= 0 {
			continue
		}
		p := w.matcher.mechs[m].Pattern
		v := math.Exp(s)
		mass[p] += v
		total += v
		if at, ok := bestIn[p]; !ok || s > scores[at] {
			bestIn[p] = m
		}
		if best < 0 || s > scores[best] {
			best = m
		}
	}
	names := make([]string, 0, len(mass))
	for p := range mass {
		names = append(names, p)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(mass[b], mass[a]), cmp.Compare(a, b)) })
	v := verdict{pattern: names[0], mech: -1}
	if at, ok := bestIn[v.pattern]; ok && scores[at] >= nothing-0.45 {
		v.mech = at
	}
	if g.mech >= 0 {
		v.mech, v.pattern = g.mech, w.matcher.mechs[g.mech].Pattern
	}
	if v.mech >= 0 {
		v.mechShare = math.Exp(scores[v.mech]) / total
	}
	v.confidence = probability(mass[v.pattern] / total)
	for _, p := range names {
		if c := probability(mass[p] / total); p != v.pattern && c >= 0.02 && len(v.alternatives) < 3 {
			v.alternatives = append(v.alternatives, corax.Alternative{Pattern: p, Confidence: c})
		}
	}
	return v
}

// scores sums, for each mechanism, the best of each of its signatures, and a little for signals that agree. Where the root is known, what
// dependents say about other causes weighs less.
func (w *work) scores(g group) []float64 {
	scores := make([]float64, len(w.matcher.mechs))
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
	ids := make([]int32, 0, len(best))
	for id := range best {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	parts := map[int][]float64{}
	for _, id := range ids {
		parts[w.matcher.sigs[id].mech] = append(parts[w.matcher.sigs[id].mech], best[id])
	}
	for m, list := range parts {
		scores[m] = ruleWeight * min(12, diminish(list)+0.5*math.Log2(float64(max(seen[m], 1))))
	}
	for m, v := range w.sounds(g) {
		scores[m] += modelWeight * v
	}
	return scores
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
		sums[m] = min(12, diminish(list))
	}
	return sums
}

// narrow takes from a broad family what a narrower one below it explains.
func (w *work) narrow(scores []float64) {
	under := map[string]float64{}
	for m, s := range scores {
		if p, _ := w.cat.Pattern(w.matcher.mechs[m].Pattern); p.Under != "" && s >= 2.2 {
			under[p.Under] = max(under[p.Under], s)
		}
	}
	for m, s := range scores {
		if top := under[w.matcher.mechs[m].Pattern]; top > 0 {
			scores[m] = min(s, top-1.1)
		}
	}
}

// topMechanism is the mechanism that an incident's own words speak for most.
func (w *work) topMechanism(inc *incident) (mech int, score float64) {
	sum := map[int]float64{}
	for _, s := range inc.signals {
		for _, h := range w.readings[s].hits {
			if sig := &w.matcher.sigs[h.sig]; sig.use == useDirect {
				sum[sig.mech] += weigh(sig)
			}
		}
		for _, h := range w.readings[s].heard {
			sum[h.mech] += modelWeight / ruleWeight * h.score
		}
	}
	mech = -1
	for m, v := range sum {
		if v > score || v == score && m < mech {
			mech, score = m, v
		}
	}
	return mech, score
}

// probability rounds to two decimals and keeps off the certainties that nobody has.
func probability(p float64) float64 {
	return math.Round(100*min(max(p, 0.01), 0.99)) / 100
}
