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
	sharedName      = 1.0  // of a word that is part of an entity's name somewhere in the case
	sharedWord      = 0.75 // of a word that no mechanism uses; a word of the trade says less
	mostWords       = 2.2
	sharedMechanism = 2.0
	sharedPattern   = 1.0
	sharedDomain    = 0.5
	causeAndEffect  = 1.6
	confusable      = 0.5  // of mechanisms that the catalogue calls alike
	enough          = 0.95 // average between two clusters, for them to be one
	enoughToFollow  = 0.2  // the same, for a cluster that only shows symptoms
	// fewIncidents is up to how many incidents a case without a topology may well be one outage: less is then enough, and what names no cause
	// follows the only one at hand.
	fewIncidents = 5
	// sureCause is the probability from which an incident's own words name a cause.
	sureCause = 0.5
	// allPairs is up to how many incidents every pair is looked at; beyond, those that share something.
	allPairs = 160
	// farApart is the time after which two signals no longer speak for each other by themselves.
	farApart = 3600.0
)

// feature is something that two incidents may share.
type feature struct {
	kind byte // e entity, i identifier, w word, k mechanism
	name string
}

// profile is what an incident is compared by.
type profile struct {
	features []feature
	beliefs  []belief // what its own words say it is, the likeliest first
	effects  []int    // mechanisms of which it shows the effects, ascending
	role     seedRole
	at       float64 // Unix seconds of its first signal; 0 where unknown
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

// profile makes an incident comparable.
func (w *work) profile(inc *incident) profile {
	var p profile
	add := func(kind byte, name string) {
		if f := (feature{kind, name}); name != "" && len(p.features) < mostFeatures && !slices.Contains(p.features, f) {
			p.features = append(p.features, f)
		}
	}
	add('e', inc.entity)
	for n, s := range inc.signals {
		if n > crowd {
			break
		}
		r := &w.readings[s]
		if t := r.signal.At; n == 0 && !t.IsZero() {
			p.at = float64(t.UnixMilli()) / 1000
		}
		for _, m := range r.Mentions {
			add('e', m.Entity)
		}
		for _, id := range r.IDs {
			add('i', id)
		}
		for _, t := range r.Tokens {
			if len(t.Text) >= 2 && !t.Number() && !read.Ordinary(t.Stem) {
				add('w', t.Stem)
			}
		}
		for _, h := range r.hits {
			if sig := &w.matcher.sigs[h.sig]; sig.use == useEffect && !slices.Contains(p.effects, sig.mech) {
				p.effects = append(p.effects, sig.mech)
			}
		}
	}
	slices.Sort(p.effects)
	p.beliefs = w.beliefs(inc)
	if len(p.beliefs) > 0 && p.beliefs[0].p >= sureCause && !inc.change {
		p.role = seed
		if pattern, _ := w.cat.Pattern(w.matcher.mechs[p.beliefs[0].mech].Pattern); pattern.Felt {
			p.role = felt
		}
	}
	return p
}

// beliefs turns what an incident's own words say into probabilities, "none of them" included but not listed.
func (w *work) beliefs(inc *incident) (list []belief) {
	sum := map[int]float64{}
	for _, s := range inc.signals {
		for _, h := range w.readings[s].hits {
			if sig := &w.matcher.sigs[h.sig]; sig.use == useDirect {
				sum[sig.mech] += ruleWeight * weigh(sig)
			}
		}
		for _, h := range w.readings[s].heard {
			sum[h.mech] += modelWeight * h.score
		}
	}
	total := math.Exp(nothing)
	for m, v := range sum {
		list = append(list, belief{m, math.Exp(min(v, 12))})
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

// alike says that the catalogue names two mechanisms as easily confused.
func (w *work) alike(p, q *knowledge.Mechanism) bool {
	names := func(a, b *knowledge.Mechanism) bool {
		return slices.ContainsFunc(a.Confused, func(c knowledge.Confusion) bool { return c.Mechanism == b.ID })
	}
	return p.ID != q.ID && (names(p, q) || names(q, p))
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

// crowdedness weighs features by how many of the case's incidents have them.
type crowdedness struct {
	incidents int
	count     map[feature]int
	names     map[string]bool // words that are part of an entity's name
}

// name notes the words of an entity's name.
func (c crowdedness) name(entity string) {
	parts := words(read.Lower(entity))
	for _, part := range parts {
		if len(part) >= 2 && (part[0] < '0' || part[0] > '9') && !read.Ordinary(part) {
			c.names[part] = true
		}
	}
}

func (c crowdedness) weight(f feature) float64 {
	n := c.count[f]
	if c.incidents < 8 || n < 3 {
		return 1
	}
	return 0.3 + 0.7*math.Log(float64(c.incidents)/float64(n))/math.Log(float64(c.incidents)/2)
}

// affinity is how much two incidents speak for one cause.
func (w *work) affinity(a, b *profile, c crowdedness) float64 {
	strongTie, wordTie := 0.0, 0.0
	for _, f := range a.features {
		if !slices.Contains(b.features, f) {
			continue
		}
		switch f.kind {
		case 'e':
			strongTie += sharedEntity * c.weight(f)
		case 'i':
			strongTie += sharedID * c.weight(f)
		case 'w':
			if c.names[f.name] {
				strongTie += sharedName * c.weight(f)
				continue
			}
			rare, ok := w.rare[f.name]
			if !ok {
				rare = 1
			}
			wordTie += sharedWord * rare * c.weight(f)
		}
	}
	sum := strongTie + min(wordTie, mostWords) + w.kinship(a, b)
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
			p, q := &w.matcher.mechs[x.mech], &w.matcher.mechs[y.mech]
			both := x.p * y.p
			switch {
			case x.mech == y.mech:
				sum += sharedMechanism * both
			case p.Pattern == q.Pattern && p.Pattern != corax.Unknown:
				sum += sharedPattern * both
			case p.Domain == q.Domain && p.Domain != "":
				sum += sharedDomain * both
			}
			if w.alike(p, q) {
				sum += confusable * both
			}
		}
	}
	effects := 0.0
	for _, x := range a.beliefs {
		if _, ok := slices.BinarySearch(b.effects, x.mech); ok {
			effects += x.p
		}
	}
	for _, y := range b.beliefs {
		if _, ok := slices.BinarySearch(a.effects, y.mech); ok {
			effects += y.p
		}
	}
	return sum + causeAndEffect*min(effects, 1)
}

// cluster groups what is left, where the texts share enough: average linkage from the closest pair on (Sokal and Michener, 1958), and then
// those that only show symptoms follow the cluster that they fit best.
func (w *work) cluster(groups []group, left []int) []group {
	if len(left) == 0 {
		return groups
	}
	profiles := make([]profile, len(left))
	c := crowdedness{len(left), map[feature]int{}, map[string]bool{}}
	for n, i := range left {
		profiles[n] = w.profile(&w.incidents[i])
		for _, f := range profiles[n].features {
			c.count[f]++
			if f.kind == 'e' {
				c.name(f.name)
			}
		}
	}
	l := newLinkage(len(left))
	for n := range profiles {
		l.role[n] = profiles[n].role
	}
	for _, p := range pairs(profiles) {
		if v := w.affinity(&profiles[p.a], &profiles[p.b], c); v > 0 {
			l.tie(p.a, p.b, v)
		}
	}
	l.merge(enough * min(1, float64(len(left))/fewIncidents))
	l.follow(enoughToFollow)
	return append(groups, w.gather(left, l.labels())...)
}

type pair struct{ a, b int }

// pairs lists who may belong together: everyone with everyone in a small case, and those who share something rare in a large one.
func pairs(profiles []profile) []pair {
	var list []pair
	if len(profiles) <= allPairs {
		for b := range profiles {
			for a := range b {
				list = append(list, pair{a, b})
			}
		}
		return list
	}
	by := map[feature][]int{}
	seen := map[pair]bool{}
	for n := range profiles {
		keys := profiles[n].features
		if b := profiles[n].beliefs; len(b) > 0 {
			keys = append(slices.Clip(keys), feature{'k', string(rune(b[0].mech))})
		}
		for _, f := range keys {
			who := by[f]
			if len(who) >= crowd {
				continue
			}
			by[f] = append(who, n)
			for _, a := range who {
				if p := (pair{a, n}); !seen[p] {
					seen[p] = true
					list = append(list, p)
				}
			}
		}
	}
	return list
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
