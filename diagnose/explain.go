package diagnose

import (
	"cmp"
	"container/heap"
	"maps"
	"slices"

	"corax"
	read "corax/diagnose/reading"
	"corax/knowledge"
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
	entity string
	mech   int
	claims []claim
	own    float64 // evidence before anything is explained
}

// claim is an incident's word for a hypothesis: a signature, what the learned view heard, or that it is one of several who need the entity
// and report the same.
type claim struct {
	sig      int32
	incident int
	weight   float64
}

// The claims that are no signature.
const (
	bySharing int32 = -1
	byEar     int32 = -2
)

// evidence sums the claims of incidents that are not taken: the best of each signature, each further one counting for less, and all that
// share.
func (h *hypothesis) evidence(taken map[int]bool) float64 {
	best, together, sharers := map[int32]float64{}, 0.0, 0
	for _, c := range h.claims {
		switch {
		case taken[c.incident]:
		case c.sig == bySharing:
			together += c.weight
			sharers++
		default:
			best[c.sig] = max(best[c.sig], c.weight)
		}
	}
	if sharers > 1 {
		best[bySharing] = together
	}
	return diminish(slices.Collect(maps.Values(best)))
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

// explainPart finds, one after the other, the hypothesis that explains most of what is left, and takes what it explains out. The worth of a
// hypothesis only falls as others take incidents away, so it is worked out anew only when it comes to the front (lazy greedy: Minoux,
// "Accelerated greedy algorithms for maximizing submodular set functions", 1978).
func (w *work) explainPart(all []int) (groups []group, rest []int) {
	p := &part{at: map[string][]int{}, taken: map[int]bool{}, rivals: map[string][]*hypothesis{}}
	for _, i := range all {
		p.at[w.incidents[i].entity] = append(p.at[w.incidents[i].entity], i)
	}
	hyps := w.hypotheses(all)
	for _, h := range hyps {
		p.rivals[h.entity] = append(p.rivals[h.entity], h)
		h.own = h.evidence(p.taken)
	}
	var queue worthQueue
	for n, h := range hyps {
		if score, explained := w.worth(h, p); explained != nil {
			queue = append(queue, worth{score, n})
		}
	}
	heap.Init(&queue)
	for queue.Len() > 0 {
		top := queue[0]
		h := hyps[top.hyp]
		score, explained := w.worth(h, p)
		switch {
		case explained == nil:
			heap.Pop(&queue)
		case score < top.score:
			queue[0].score = score
			heap.Fix(&queue, 0)
		default:
			heap.Pop(&queue)
			slices.Sort(explained)
			groups = append(groups, group{incidents: explained, entity: h.entity, mech: h.mech})
			for _, i := range explained {
				p.taken[i] = true
			}
		}
	}
	return groups, slices.DeleteFunc(slices.Clone(all), func(i int) bool { return p.taken[i] })
}

// part is a connected part of the topology while its incidents are being explained.
type part struct {
	at     map[string][]int // entity -> its incidents
	taken  map[int]bool     // incidents that a hypothesis has explained
	rivals map[string][]*hypothesis
}

// worth is what a hypothesis explains of what is left, and how well; nil where it can't stand.
func (w *work) worth(h *hypothesis, p *part) (score float64, explained []int) {
	score = h.evidence(p.taken)
	if score < leastOwn {
		return 0, nil
	}
	trouble := false
	for _, i := range w.near(h.entity, p.at) {
		if p.taken[i] {
			continue
		}
		if v := w.explains(h, i, p.rivals); v > 0 {
			explained = append(explained, i)
			trouble = trouble || v > 0.5 && !w.incidents[i].change
			if w.incidents[i].entity != h.entity {
				score += v
			}
		}
	}
	if !trouble {
		return 0, nil
	}
	return score, explained
}

// worth of a hypothesis when it was last worked out.
type worth struct {
	score float64
	hyp   int
}

// worthQueue hands out the best first, and among equals the first.
type worthQueue []worth

func (q worthQueue) Len() int { return len(q) }
func (q worthQueue) Less(i, j int) bool {
	if q[i].score != q[j].score {
		return q[i].score > q[j].score
	}
	return q[i].hyp < q[j].hyp
}
func (q worthQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *worthQueue) Push(x any)   { *q = append(*q, x.(worth)) }
func (q *worthQueue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
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
	add := func(entity string, mech int, c claim) {
		key := hypKey{entity, mech}
		h := byKey[key]
		if h == nil {
			h = &hypothesis{entity: entity, mech: mech}
			byKey[key] = h
		}
		h.claims = append(h.claims, c)
	}
	reporters := map[int]map[string]claim{} // mechanism -> entity -> its strongest word
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
				w.blame(r, h.sig, i, add)
				if w.matcher.mechs[sig.mech].Shared && sig.Locus == knowledge.Self {
					if reporters[sig.mech] == nil {
						reporters[sig.mech] = map[string]claim{}
					}
					if v := weigh(sig); v > reporters[sig.mech][r.Entity].weight {
						reporters[sig.mech][r.Entity] = claim{bySharing, i, v}
					}
				}
			}
			if len(r.hits) == 0 && len(r.heard) > 0 && !r.Complains() && r.signal.KindOr() == corax.Symptom {
				add(r.Entity, r.heard[0].mech, claim{byEar, i, modelWeight / ruleWeight * r.heard[0].score})
			}
		}
	}
	for _, mech := range slices.Sorted(maps.Keys(reporters)) {
		w.shared(mech, reporters[mech], add)
	}
	hyps := slices.Collect(maps.Values(byKey))
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
func (w *work) blame(r *reading, id int32, incident int, add func(string, int, claim)) {
	sig := &w.matcher.sigs[id]
	weight := weigh(sig)
	if sig.Locus == knowledge.Provider {
		for _, p := range w.graph.DirectDependencies(r.Entity, corax.TrustsIn) {
			add(p, sig.mech, claim{id, incident, 0.8 * weight})
		}
		return
	}
	blamed := false
	for _, m := range r.Mentions {
		// One who says what it gave to another speaks of itself; one who says what it got from another, of that one.
		if m.Role == read.AtFault && !w.needs(m.Entity, r.Entity) {
			add(m.Entity, sig.mech, claim{id, incident, 0.8 * weight})
			blamed = true
		}
	}
	if blamed {
		weight *= 0.3
	}
	add(r.Entity, sig.mech, claim{id, incident, weight})
}

func (w *work) needs(from, to string) bool {
	d, ok := w.graph.Distance(from, to)
	return ok && d > 0
}

// shared blames what the reporters of a mechanism need: all of them, or most of those who need it.
func (w *work) shared(mech int, who map[string]claim, add func(string, int, claim)) {
	if len(who) < 2 {
		return
	}
	needed := map[string][]string{}
	for _, entity := range slices.Sorted(maps.Keys(who)) {
		for _, d := range w.graph.Dependencies(entity) {
			needed[d.ID] = append(needed[d.ID], entity)
		}
		needed[entity] = append(needed[entity], entity)
	}
	for entity, reporters := range needed {
		if len(reporters) < len(who) && (len(reporters) < 3 || 2*len(reporters) < w.graph.BlastRadius(entity)) {
			continue
		}
		for _, r := range reporters {
			c := who[r]
			c.weight *= 0.6
			add(entity, mech, c)
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
			case sig.Role == knowledge.CauseRole && sig.Locus == knowledge.Self && !r.Complains() && !w.handsOver(r):
				e.other = max(e.other, sig.Weight)
			}
		}
	}
	return e
}

// handsOver says that an entity tells of something that it gives to one who needs it: what goes wrong there is told of both, and is no word for
// a second fault of the giver.
func (w *work) handsOver(r *reading) bool {
	return slices.ContainsFunc(r.Mentions, func(m read.Mention) bool { return m.Entity != r.Entity && w.needs(m.Entity, r.Entity) })
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
