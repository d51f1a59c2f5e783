package diagnose

import (
	"math"
	"slices"
	"strings"

	"corax/knowledge"
	read "corax/reading"
)

// feature is something that two incidents may share.
type feature struct {
	kind byte // e entity, i identifier, w word
	name string
}

// profile is what an incident is compared by.
type profile struct {
	features []int32     // numbers of the table, ascending
	length   float64     // of the vector of its words
	beliefs  []belief    // what its own words say it is, the likeliest first
	mechs    []component // the same, by mechanism
	families []component // the same, by pattern
	effects  []int       // mechanisms of which it shows the effects, ascending
	topic    topic
	seed     bool    // states a cause
	at       float64 // Unix seconds of its first signal; 0 where unknown
}

// features is the table of what the incidents of a case may share.
type features struct {
	number map[feature]int32
	list   []feature
	count  []int     // incidents that have it
	weight []float64 // how telling it is, 0 to 1
	named  []bool    // is a word that is part of an entity's name
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

// weigh works out how telling each feature is: a rare word more than one of the trade, and what many of the incidents have less.
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
	t.weight, t.named = make([]float64, len(t.list)), make([]bool, len(t.list))
	for n, f := range t.list {
		w := 1.0
		if f.kind == 'w' {
			t.named[n] = names[f.name]
			if r, ok := rare[f.name]; ok {
				w = r
			}
		}
		if incidents >= 8 && t.count[n] >= 3 {
			w *= 0.3 + 0.7*math.Log(float64(incidents)/float64(t.count[n]))/math.Log(float64(incidents)/2)
		}
		t.weight[n] = w
	}
}

// belief is the probability of a mechanism by an incident's own words.
type belief struct {
	mech int
	p    float64
}

const (
	mostFeatures = 80
	// sureCause is the probability from which an incident's own words name a cause.
	sureCause = 0.5
	sureWords = 4.0 // weight of a signature that states a cause
)

// told is the signals by which an incident is compared, sorted by what they say, so that the order in which they came decides nothing.
func (w *work) told(inc *incident) []int {
	if len(inc.signals) == 1 {
		return inc.signals
	}
	list := slices.Clone(inc.signals)
	slices.SortStableFunc(list, func(a, b int) int { return strings.Compare(w.c.Signals[a].Message, w.c.Signals[b].Message) })
	return list[:min(len(list), crowd+1)]
}

// describe lists what others may share with an incident, in the order of its signals.
func (w *work) describe(inc *incident, signals []int, p *profile, t *features) {
	p.features = make([]int32, 0, 24)
	t.add(p, 'e', inc.entity)
	for _, s := range signals {
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

// profile makes an incident comparable. The sum is scratch for its topic.
func (w *work) profile(inc *incident, t *features, sum []float64) profile {
	var p profile
	told := w.told(inc)
	w.describe(inc, told, &p, t)
	if at := w.readings[inc.signals[0]].signal.At; !at.IsZero() {
		p.at = float64(at.UnixMilli()) / 1000
	}
	var stems []string
	met := map[string]bool{}
	for _, s := range told {
		r := &w.readings[s]
		for _, h := range r.hits {
			if sig := &w.matcher.sigs[h.sig]; sig.use == useEffect && !slices.Contains(p.effects, sig.mech) {
				p.effects = append(p.effects, sig.mech)
			}
		}
		for _, word := range r.Tokens {
			if !word.Number() && !met[word.Stem] {
				met[word.Stem] = true
				stems = append(stems, word.Stem)
			}
		}
	}
	slices.Sort(p.features)
	slices.Sort(p.effects)
	p.topic = w.topics.of(stems, sum)
	p.believe(w.beliefs(inc), w.family)
	if len(p.beliefs) > 0 && p.beliefs[0].p >= sureCause && !inc.change {
		top := p.beliefs[0].mech
		p.seed = w.states(inc, top) && !w.felt[top]
	}
	return p
}

// believe keeps beliefs in the forms in which they are compared.
func (p *profile) believe(list []belief, families []int32) {
	p.beliefs = list
	for _, b := range list {
		p.mechs = append(p.mechs, component{int32(b.mech), b.p})
		family := families[b.mech]
		if family < 0 {
			continue
		}
		at := slices.IndexFunc(p.families, func(c component) bool { return c.at == family })
		if at < 0 {
			at = len(p.families)
			p.families = append(p.families, component{at: family})
		}
		p.families[at].v += b.p
	}
	byPlace := func(a, b component) int { return int(a.at - b.at) }
	slices.SortFunc(p.mechs, byPlace)
	slices.SortFunc(p.families, byPlace)
}

// measure works out how much there is to share: long messages share words more easily.
func (p *profile) measure(t *features) {
	sum := 0.0
	for _, n := range p.features {
		if t.list[n].kind == 'w' {
			sum += t.weight[n] * t.weight[n]
		}
	}
	p.length = math.Sqrt(sum)
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
