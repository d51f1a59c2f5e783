package diagnose

import (
	"container/heap"
	"math"
	"slices"
	"strings"

	"corax"
	"corax/knowledge"
	read "corax/reading"
)

// How much a shared feature speaks for one cause, and how much is needed.
const (
	sharedEntity    = 2.5
	sharedID        = 2.0
	sharedName      = 1.5 // of a word that is part of an entity's name somewhere in the case
	sharedWord      = 1.0 // weight of a word that no mechanism uses; a word of the trade says less
	sharedWords     = 3.0 // of all words: cosine similarity, as in the vector space model (Salton, Wong and Yang, 1975)
	sharedMechanism = 2.0
	sharedPattern   = 0.6
	sharedDomain    = 0.3
	causeAndEffect  = 1.6
	twoCauses       = 0.5  // of two incidents that state different causes, against one
	confusable      = 0.5  // of mechanisms that the catalogue calls alike
	enough          = 0.95 // average between two clusters, for them to be one
	enoughToFollow  = 0.2  // the same, for a cluster that only shows symptoms
	// fewIncidents is up to how many incidents a case without a topology may well be one outage: less is then enough, and what names no cause
	// follows the only one at hand.
	fewIncidents = 5
	// pairOfCauses is up to how many incidents two stated causes may still be one outage.
	pairOfCauses = 3
	// sureCause is the probability from which an incident's own words name a cause.
	sureCause = 0.5
	sureWords = 4.0 // weight of a signature that states a cause
	// allPairs is up to how many incidents every pair is looked at; beyond, those that share something.
	allPairs = 160
	// farApart is the time after which two signals no longer speak for each other by themselves.
	farApart = 3600.0
)

// feature is something that two incidents may share.
type feature struct {
	kind byte // e entity, i identifier, w word
	name string
}

// profile is what an incident is compared by.
type profile struct {
	features []int32  // numbers of the table, ascending
	beliefs  []belief // what its own words say it is, the likeliest first
	effects  []int    // mechanisms of which it shows the effects, ascending
	length   float64  // of the vector of its words' weights
	role     seedRole
	at       float64 // Unix seconds of its first signal; 0 where unknown
}

// features is the table of what the incidents of a case may share.
type features struct {
	number map[feature]int32
	list   []feature
	count  []int     // incidents that have it
	weight []float64 // how much sharing it speaks for one cause
	word   []bool    // is a word like any other, and no part of an entity's name
}

// add notes a feature of an incident, once.
func (t *features) add(p *profile, kind byte, name string) {
	if name == "" || len(p.features) >= mostFeatures {
		return
	}
	f := feature{kind, name}
	n, ok := t.number[f]
	if !ok {
		n = int32(len(t.list))
		t.number[f] = n
		t.list, t.count = append(t.list, f), append(t.count, 0)
	}
	if !slices.Contains(p.features, n) {
		p.features = append(p.features, n)
		t.count[n]++
	}
}

// weigh works out what sharing each feature is worth: a word that is part of an entity's name more than another, a rare one more than one of
// the trade, and what many of the incidents have less.
func (t *features) weigh(incidents int, rare map[string]float64) {
	names := map[string]bool{}
	for _, f := range t.list {
		if f.kind == 'e' {
			for _, part := range words(read.Lower(f.name)) {
				if len(part) >= 2 && (part[0] < '0' || part[0] > '9') && !read.Ordinary(part) {
					names[part] = true
				}
			}
		}
	}
	t.weight, t.word = make([]float64, len(t.list)), make([]bool, len(t.list))
	for n, f := range t.list {
		w := 0.0
		switch f.kind {
		case 'e':
			w = sharedEntity
		case 'i':
			w = sharedID
		case 'w':
			t.word[n] = !names[f.name]
			if w = sharedWord; !t.word[n] {
				w = sharedName
			}
			if r, ok := rare[f.name]; ok {
				w *= r
			}
		}
		if incidents >= 8 && t.count[n] >= 3 {
			w *= 0.3 + 0.7*math.Log(float64(incidents)/float64(t.count[n]))/math.Log(float64(incidents)/2)
		}
		t.weight[n] = w
	}
}

// seedRole says what an incident can be in a cluster.
type seedRole int8

const (
	follower seedRole = iota // names no cause
	felt                     // names one of those that are also felt by others: slowness, errors, time-outs
	seed                     // names a cause
)

// belief is the probability of a mechanism by an incident's own words.
type belief struct {
	mech int
	p    float64
}

const mostFeatures = 80

// describe lists what others may share with an incident, in the order in which it is told.
func (w *work) describe(inc *incident, p *profile, t *features) {
	p.features = make([]int32, 0, 24)
	t.add(p, 'e', inc.entity)
	for _, s := range inc.signals[:min(len(inc.signals), crowd+1)] {
		if len(p.features) >= mostFeatures {
			return
		}
		r := &w.readings[s]
		for _, m := range r.Mentions {
			t.add(p, 'e', m.Entity)
		}
		for _, id := range r.Ties() {
			t.add(p, 'i', id)
		}
		for _, word := range r.Tokens {
			if len(word.Text) >= 2 && !word.Number() && !word.Ordinary() {
				t.add(p, 'w', word.Stem)
			}
		}
	}
}

// profile makes an incident comparable.
func (w *work) profile(inc *incident, t *features) profile {
	var p profile
	w.describe(inc, &p, t)
	if at := w.readings[inc.signals[0]].signal.At; !at.IsZero() {
		p.at = float64(at.UnixMilli()) / 1000
	}
	for _, s := range inc.signals[:min(len(inc.signals), crowd+1)] {
		for _, h := range w.readings[s].hits {
			if sig := &w.matcher.sigs[h.sig]; sig.use == useEffect && !slices.Contains(p.effects, sig.mech) {
				p.effects = append(p.effects, sig.mech)
			}
		}
	}
	slices.Sort(p.features)
	slices.Sort(p.effects)
	p.beliefs = w.beliefs(inc)
	if len(p.beliefs) > 0 && p.beliefs[0].p >= sureCause && !inc.change {
		p.role = felt
		if top := p.beliefs[0].mech; w.states(inc, top) && !w.felt[top] {
			p.role = seed
		}
	}
	return p
}

// states says that an incident has the words of a cause, not only words that fit it.
func (w *work) states(inc *incident, mech int) bool {
	for _, s := range inc.signals {
		for _, h := range w.readings[s].hits {
			if sig := &w.matcher.sigs[h.sig]; sig.use == useDirect && sig.mech == mech && sig.Role == knowledge.CauseRole && sig.Weight >= sureWords {
				return true
			}
		}
	}
	return false
}

// beliefs turns what an incident's own words say into probabilities, "none of them" included but not listed.
func (w *work) beliefs(inc *incident) (list []belief) {
	add := func(mech int, v float64) {
		at := slices.IndexFunc(list, func(b belief) bool { return b.mech == mech })
		if at < 0 {
			at = len(list)
			list = append(list, belief{mech: mech})
		}
		list[at].p += v
	}
	for _, s := range inc.signals {
		for _, h := range w.readings[s].hits {
			if sig := &w.matcher.sigs[h.sig]; sig.use == useDirect {
				add(sig.mech, ruleWeight*weigh(sig))
			}
		}
		for _, h := range w.readings[s].heard {
			add(h.mech, modelWeight*h.score)
		}
	}
	total := math.Exp(nothing)
	for i := range list {
		list[i].p = math.Exp(min(list[i].p, 12))
	}
	slices.SortFunc(list, func(a, b belief) int {
		if a.p != b.p {
			if a.p > b.p {
				return -1
			}
			return 1
		}
		return a.mech - b.mech
	})
	list = list[:min(len(list), 12)]
	for _, b := range list {
		total += b.p
	}
	for i := range list {
		list[i].p /= total
	}
	return list
}

// against is how much two stated causes speak against one outage; nothing in a case of so few incidents that it hardly holds two.
func (w *work) against() float64 {
	if len(w.incidents) <= pairOfCauses {
		return 0
	}
	return twoCauses
}

// kin is how close mechanisms are to each other.
type kin struct {
	pattern, domain []int32 // of each mechanism; -1 where none counts
	alike           [][]int // of each mechanism, those that the catalogue calls alike; few
}

func newKin(mechs []knowledge.Mechanism, byID map[string]int) kin {
	k := kin{alike: make([][]int, len(mechs))}
	patterns, domains := map[string]int32{}, map[string]int32{}
	number := func(in map[string]int32, name, none string) int32 {
		if name == none {
			return -1
		}
		if _, ok := in[name]; !ok {
			in[name] = int32(len(in))
		}
		return in[name]
	}
	for i, m := range mechs {
		k.pattern = append(k.pattern, number(patterns, m.Pattern, corax.Unknown))
		k.domain = append(k.domain, number(domains, m.Domain, ""))
		for _, c := range m.Confused {
			if j, ok := byID[c.Mechanism]; ok {
				k.alike[i], k.alike[j] = append(k.alike[i], j), append(k.alike[j], i)
			}
		}
	}
	return k
}

func (k *kin) of(a, b int) (sum float64) {
	switch {
	case a == b:
		return sharedMechanism
	case k.pattern[a] == k.pattern[b] && k.pattern[a] >= 0:
		sum = sharedPattern
	case k.domain[a] == k.domain[b] && k.domain[a] >= 0:
		sum = sharedDomain
	}
	if slices.Contains(k.alike[a], b) {
		sum += confusable
	}
	return sum
}

// rarity says how telling each word is: 1 for one that no mechanism uses, less the more mechanisms use it.
func rarity(cat *knowledge.Catalogue) map[string]float64 {
	seen := map[string]int{}
	for _, m := range cat.Mechanisms {
		mine := map[string]bool{}
		for _, list := range [...][]knowledge.Signature{m.Signatures, m.Causes} {
			for _, s := range list {
				for _, phrase := range s.Say {
					for _, word := range words(strings.ReplaceAll(phrase, "|", " ")) {
						mine[word] = true
					}
				}
			}
		}
		for _, e := range m.Examples {
			for _, word := range read.Stems(e) {
				mine[word] = true
			}
		}
		for word := range mine {
			seen[word]++
		}
	}
	most := math.Log(float64(len(cat.Mechanisms) + 1))
	rare := make(map[string]float64, len(seen))
	for word, n := range seen {
		rare[word] = max(0.1, 1-math.Log(float64(n+1))/most)
	}
	return rare
}

// measure works out how much there is to share: long messages share words more easily.
func (p *profile) measure(t *features) {
	sum := 0.0
	for _, n := range p.features {
		if t.word[n] {
			sum += t.weight[n] * t.weight[n]
		}
	}
	p.length = math.Sqrt(sum)
}

// affinity is how much two incidents speak for one cause.
func (w *work) affinity(a, b *profile, t *features) float64 {
	ties, wordTies := 0.0, 0.0
	for i, j := 0, 0; i < len(a.features) && j < len(b.features); {
		switch x, y := a.features[i], b.features[j]; {
		case x < y:
			i++
		case x > y:
			j++
		default:
			if t.word[x] {
				wordTies += t.weight[x] * t.weight[x]
			} else {
				ties += t.weight[x]
			}
			i, j = i+1, j+1
		}
	}
	sum := ties + w.kinship(a, b)
	if wordTies > 0 {
		sum += sharedWords * wordTies / (a.length * b.length)
	}
	if a.at != 0 && b.at != 0 {
		if gap := math.Abs(a.at - b.at); gap > farApart {
			sum *= max(0.25, farApart/gap)
		}
	}
	return sum
}

// kinship is how much two incidents sound like one mechanism, one family, one field, or like cause and effect.
func (w *work) kinship(a, b *profile) (sum float64) {
	for _, x := range a.beliefs {
		for _, y := range b.beliefs {
			if k := w.kin.of(x.mech, y.mech); k > 0 {
				sum += k * x.p * y.p
			}
		}
	}
	effects, surest := 0.0, 0.0
	for _, pair := range [...][2]*profile{{a, b}, {b, a}} {
		from, to := pair[0], pair[1]
		own := 0.0 // what has a cause of its own is no sign of another
		if len(to.beliefs) > 0 && to.role == seed {
			own = to.beliefs[0].p
		}
		for _, x := range from.beliefs {
			if _, ok := slices.BinarySearch(to.effects, x.mech); ok {
				effects += x.p * (1 - own)
			}
		}
	}
	if a.role == seed && b.role == seed && a.beliefs[0].mech != b.beliefs[0].mech && !slices.Contains(w.kin.alike[a.beliefs[0].mech], b.beliefs[0].mech) {
		surest = a.beliefs[0].p * b.beliefs[0].p
	}
	return sum + causeAndEffect*min(effects, 1) - w.against()*surest
}

// cluster groups what is left, where the texts share enough: average linkage from the closest pair on (Sokal and Michener, 1958), and then
// those that only show symptoms follow the cluster that they fit best.
func (w *work) cluster(groups []group, left []int) []group {
	if len(left) == 0 {
		return groups
	}
	profiles := make([]profile, len(left))
	t := &features{number: make(map[feature]int32, 8*len(left))}
	for n, i := range left {
		profiles[n] = w.profile(&w.incidents[i], t)
	}
	t.weigh(len(left), w.rare)
	for n := range profiles {
		profiles[n].measure(t)
	}
	l := newLinkage(len(left))
	for n := range profiles {
		l.role[n] = profiles[n].role
	}
	eachPair(profiles, func(a, b int) {
		if v := w.affinity(&profiles[a], &profiles[b], t); v != 0 {
			l.tie(a, b, v)
		}
	})
	l.merge(enough * min(1, float64(len(left))/fewIncidents))
	l.follow(enoughToFollow)
	return append(groups, w.gather(left, l.labels())...)
}

// eachPair calls with those who may belong together: everyone with everyone in a small case, and those who share something rare in a large one.
func eachPair(profiles []profile, do func(a, b int)) {
	if len(profiles) <= allPairs {
		for b := range profiles {
			for a := range b {
				do(a, b)
			}
		}
		return
	}
	by := map[int32][]int{}
	with := make([]int, len(profiles)) // the last one, from 1, that each was paired with
	for n := range profiles {
		keys := profiles[n].features
		if b := profiles[n].beliefs; len(b) > 0 {
			keys = append(slices.Clip(keys), -1-int32(b[0].mech))
		}
		for _, f := range keys {
			who := by[f]
			if len(who) >= crowd {
				continue
			}
			by[f] = append(who, n)
			for _, a := range who {
				if with[a] != n+1 {
					with[a] = n + 1
					do(a, n)
				}
			}
		}
	}
}

// linkage is agglomerative clustering over a sparse graph of affinities; absent ties are 0.
type linkage struct {
	into  []int             // cluster -> the cluster that it became part of; itself while it lives
	size  []int             // members
	role  []seedRole        // the strongest of its members
	ties  []map[int]float64 // cluster -> cluster -> sum of affinities between their members
	queue tieQueue
}

func newLinkage(n int) *linkage {
	l := &linkage{into: make([]int, n), size: make([]int, n), role: make([]seedRole, n), ties: make([]map[int]float64, n)}
	for i := range n {
		l.into[i], l.size[i], l.ties[i] = i, 1, map[int]float64{}
	}
	return l
}

func (l *linkage) tie(a, b int, v float64) { l.ties[a][b], l.ties[b][a] = v, v }

func (l *linkage) average(a, b int) float64 { return l.ties[a][b] / float64(l.size[a]*l.size[b]) }

// merge joins the closest clusters until none are as close as least.
func (l *linkage) merge(least float64) {
	for a := range l.ties {
		for b := range l.ties[a] {
			if v := l.average(a, b); a < b && v >= least {
				l.queue = append(l.queue, tie{v, a, b})
			}
		}
	}
	heap.Init(&l.queue)
	for l.queue.Len() > 0 {
		t := heap.Pop(&l.queue).(tie)
		if l.into[t.a] != t.a || l.into[t.b] != t.b || l.average(t.a, t.b) != t.v {
			continue // one of the two has become another since
		}
		l.join(t.a, t.b)
		for other := range l.ties[t.a] {
			if v := l.average(t.a, other); v >= least {
				heap.Push(&l.queue, tie{v, min(t.a, other), max(t.a, other)})
			}
		}
	}
}

// join makes b part of a.
func (l *linkage) join(a, b int) {
	l.into[b] = a
	l.role[a] = max(l.role[a], l.role[b])
	for other, v := range l.ties[b] {
		delete(l.ties[other], b)
		if other != a {
			l.ties[a][other] += v
			l.ties[other][a] += v
		}
	}
	l.size[a] += l.size[b]
	l.ties[b] = nil
}

// follow gives clusters that name no cause to the one that they fit best: first to those that name one, then to those that name what is also
// felt, and those to the ones that name a cause.
func (l *linkage) follow(least float64) {
	few := len(l.into) <= fewIncidents
	for _, to := range []seedRole{seed, felt} {
		var causes []int
		for a := range l.into {
			if l.into[a] == a && l.role[a] == to {
				causes = append(causes, a)
			}
		}
		for a := range l.into {
			if l.into[a] != a || l.role[a] >= to {
				continue
			}
			best, value := -1, 0.0
			for _, b := range causes {
				if v := l.average(b, a); v > value {
					best, value = b, v
				}
			}
			switch {
			case value >= least:
				l.join(best, a)
			case few && len(causes) == 1:
				l.join(causes[0], a) // the only cause at hand
			}
		}
	}
	if !few {
		return
	}
	first := -1 // nothing names a cause, in a case that is small enough to be one outage
	for a := range l.into {
		switch {
		case l.role[a] == seed:
			return
		case l.into[a] != a:
		case first < 0:
			first = a
		default:
			l.join(first, a)
		}
	}
}

func (l *linkage) labels() []int {
	labels := make([]int, len(l.into))
	for i := range labels {
		at := i
		for l.into[at] != at {
			at = l.into[at]
		}
		labels[i] = at
	}
	return labels
}

// tie is how close two clusters were when it was noted.
type tie struct {
	v    float64
	a, b int
}

// tieQueue hands out the closest first, and among equals the first.
type tieQueue []tie

func (q tieQueue) Len() int { return len(q) }
func (q tieQueue) Less(i, j int) bool {
	if q[i].v != q[j].v {
		return q[i].v > q[j].v
	}
	if q[i].a != q[j].a {
		return q[i].a < q[j].a
	}
	return q[i].b < q[j].b
}
func (q tieQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *tieQueue) Push(x any)   { *q = append(*q, x.(tie)) }
func (q *tieQueue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}
