package diagnose

import (
	"cmp"
	"maps"
	"slices"

	"corax"
	"corax/knowledge"
	read "corax/reading"
)

// group is a set of incidents with one cause.
type group struct {
	incidents []int // ascending
	// entity and mech are the hypothesis that brought them together; mech is -1 where only the texts did.
	entity string
	mech   int
}

// hypothesis says that an entity failed by a mechanism.
type hypothesis struct {
	entity  string
	mech    int
	support map[int32]float64 // signature -> weight of the best signal
	own     float64
}

type hypKey struct {
	entity string
	mech   int
}

// weight of a signature by its role.
func weigh(s *signature) float64 {
	switch s.Role {
	case knowledge.SymptomRole:
		return 0.4 * s.Weight
	case knowledge.FeltRole:
		return 0.9 * s.Weight
	}
	return s.Weight
}

const (
	leastOwn    = 2.0 // evidence that a hypothesis needs of its own
	strongClaim = 4.0 // a signature of this weight tells the fault of its own entity, whatever else is going on
)

// explain makes groups within each connected part of the topology, as no fault flows between two. What nothing explains is returned as the
// second value.
func (w *work) explain(left []int) (groups []group, rest []int) {
	parts := map[int][]int{}
	var order []int
	for _, i := range left {
		p := w.graph.Part(w.incidents[i].entity)
		if p == 0 {
			rest = append(rest, i)
			continue
		}
		if parts[p] == nil {
			order = append(order, p)
		}
		parts[p] = append(parts[p], i)
	}
	for _, p := range order {
		g, r := w.explainPart(parts[p])
		groups, rest = append(groups, g...), append(rest, r...)
	}
	slices.Sort(rest)
	return groups, rest
}

// explainPart finds, one after the other, the hypothesis that explains most of what is left, and takes what it explains out.
func (w *work) explainPart(left []int) (groups []group, rest []int) {
	for len(left) > 0 {
		at := map[string][]int{}
		for _, i := range left {
			at[w.incidents[i].entity] = append(at[w.incidents[i].entity], i)
		}
		hyps := w.hypotheses(left)
		byEntity := map[string][]*hypothesis{}
		for _, h := range hyps {
			byEntity[h.entity] = append(byEntity[h.entity], h)
		}
		var best *hypothesis
		var bestScore float64
		var explained []int
		for _, h := range hyps {
			score, set := h.own, []int(nil)
			trouble := false
			for _, i := range w.near(h.entity, at) {
				if v := w.explains(h, i, byEntity); v > 0 {
					set = append(set, i)
					trouble = trouble || v > 0.5 && !w.incidents[i].change
					if w.incidents[i].entity != h.entity {
						score += v
					}
				}
			}
			if trouble && h.own >= leastOwn && score > bestScore {
				best, bestScore, explained = h, score, set
			}
		}
		if best == nil {
			return groups, left
		}
		slices.Sort(explained)
		groups = append(groups, group{incidents: explained, entity: best.entity, mech: best.mech})
		left = slices.DeleteFunc(slices.Clone(left), func(i int) bool {
			_, found := slices.BinarySearch(explained, i)
			return found
		})
	}
	return groups, nil
}

// near lists the incidents of an entity and of all who need it.
func (w *work) near(entity string, at map[string][]int) []int {
	list := slices.Clone(at[entity])
	for _, d := range w.graph.Dependents(entity) {
		list = append(list, at[d.ID]...)
	}
	return list
}

// hypotheses lists who may have failed how, by what the incidents say; sorted, so that equal scores give equal answers.
func (w *work) hypotheses(incidents []int) []*hypothesis {
	byKey := map[hypKey]*hypothesis{}
	add := func(entity string, mech int, sig int32, weight float64) {
		key := hypKey{entity, mech}
		h := byKey[key]
		if h == nil {
			h = &hypothesis{entity: entity, mech: mech, support: map[int32]float64{}}
			byKey[key] = h
		}
		h.support[sig] = max(h.support[sig], weight)
	}
	reporters := map[int]map[string]float64{}
	for _, i := range incidents {
		for _, s := range w.incidents[i].signals {
			r := &w.readings[s]
			if !r.Known {
				continue
			}
			for _, h := range r.hits {
				sig := &w.matcher.sigs[h.sig]
				if sig.use != useDirect {
					continue
				}
				w.blame(r, h.sig, add)
				if w.matcher.mechs[sig.mech].Shared && sig.Locus == knowledge.Self {
					if reporters[sig.mech] == nil {
						reporters[sig.mech] = map[string]float64{}
					}
					reporters[sig.mech][r.Entity] = max(reporters[sig.mech][r.Entity], weigh(sig))
				}
			}
		}
	}
	for mech, who := range reporters {
		w.shared(mech, who, add)
	}
	hyps := make([]*hypothesis, 0, len(byKey))
	for _, h := range byKey {
		h.own = diminish(slices.Collect(maps.Values(h.support)))
		hyps = append(hyps, h)
	}
	slices.SortFunc(hyps, func(a, b *hypothesis) int {
		return cmp.Or(cmp.Compare(a.entity, b.entity), cmp.Compare(a.mech, b.mech))
	})
	return hyps
}

// diminish sums weights, the heaviest first, each further one counting for less: signatures of one mechanism overlap.
func diminish(weights []float64) (sum float64) {
	slices.SortFunc(weights, func(a, b float64) int { return cmp.Compare(b, a) })
	for n, v := range weights {
		sum += v / float64(n+1)
	}
	return sum
}

// blame tells whose fault a signature in a reading is.
func (w *work) blame(r *reading, id int32, add func(string, int, int32, float64)) {
	sig := &w.matcher.sigs[id]
	weight := weigh(sig)
	if sig.Locus == knowledge.Provider {
		for _, p := range w.graph.DirectDependencies(r.Entity, corax.TrustsIn) {
			add(p, sig.mech, id, 0.8*weight)
		}
		return
	}
	blamed := false
	for _, m := range r.Mentions {
		// One who says what it gave to another speaks of itself; one who says what it got from another, of that one.
		if m.Role == read.AtFault && !w.needs(m.Entity, r.Entity) {
			add(m.Entity, sig.mech, id, 0.8*weight)
			blamed = true
		}
	}
	if blamed {
		weight *= 0.3
	}
	add(r.Entity, sig.mech, id, weight)
}

func (w *work) needs(from, to string) bool {
	d, ok := w.graph.Distance(from, to)
	return ok && d > 0
}

// shared blames what all reporters of a mechanism need.
func (w *work) shared(mech int, who map[string]float64, add func(string, int, int32, float64)) {
	if len(who) < 2 {
		return
	}
	needed, total := map[string]int{}, 0.0
	for _, entity := range slices.Sorted(maps.Keys(who)) { // floating point sums depend on the order
		total += who[entity]
		for _, d := range w.graph.Dependencies(entity) {
			needed[d.ID]++
		}
		needed[entity]++
	}
	for entity, n := range needed {
		if n == len(who) {
			add(entity, mech, -1, 0.6*total)
		}
	}
}

// explains says how well a hypothesis accounts for an incident; 0 is not at all.
func (w *work) explains(h *hypothesis, i int, hyps map[string][]*hypothesis) float64 {
	inc := &w.incidents[i]
	e := w.evidence(inc, h.mech)
	switch {
	case inc.change:
		switch {
		case inc.entity == h.entity && max(e.own, e.felt) > 0:
			return 3
		case e.felt > 0 && w.needs(inc.entity, h.entity):
			return 1
		}
		return 0
	case inc.entity == h.entity:
		if max(e.own, e.felt) == 0 && e.other >= strongClaim {
			return 0
		}
		return 1 + max(e.own, e.felt)
	}
	if !w.needs(inc.entity, h.entity) || w.rival(h, inc, hyps) {
		return 0
	}
	// One who fails by the same mechanism itself is explained only where the mechanism spreads as what it is.
	best, itself := max(e.felt, e.effect), max(e.own, e.other)
	switch {
	case best > 0 && best+2 > itself:
		return min(best, 3)
	case best == 0 && itself < 3:
		return 0.5 // trouble of one who needs it, and no word of another cause
	}
	return 0
}

// testimony is the strongest words of an incident: that its entity fails by the mechanism itself, that it feels it in another, that it
// shows the effects, and that another cause is at work.
type testimony struct{ own, felt, effect, other float64 }

func (w *work) evidence(inc *incident, mech int) (e testimony) {
	for _, s := range inc.signals {
		r := &w.readings[s]
		for _, h := range r.hits {
			sig := &w.matcher.sigs[h.sig]
			switch {
			case sig.use == useEffect && sig.mech == mech:
				e.effect = max(e.effect, sig.Weight)
			case sig.use != useDirect:
			case sig.mech == mech && (sig.Locus == knowledge.Provider || r.Complains()):
				e.felt = max(e.felt, sig.Weight)
			case sig.mech == mech:
				e.own = max(e.own, sig.Weight)
			case sig.Role == knowledge.CauseRole && sig.Locus == knowledge.Self && !r.Complains():
				e.other = max(e.other, sig.Weight)
			}
		}
	}
	return e
}

// rival says that an incident complains about an entity which has a fault of its own, other than the one in question.
func (w *work) rival(h *hypothesis, inc *incident, hyps map[string][]*hypothesis) bool {
	for _, s := range inc.signals {
		for _, m := range w.readings[s].Mentions {
			if m.Role != read.AtFault || m.Entity == h.entity {
				continue
			}
			if slices.ContainsFunc(hyps[m.Entity], func(o *hypothesis) bool {
				return o.mech != h.mech && o.own >= strongClaim && !w.needs(o.entity, h.entity)
			}) {
				return true
			}
		}
	}
	return false
}
