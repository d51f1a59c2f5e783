package diagnose

import (
	"math"
	"slices"
	"strings"

	read "corax/diagnose/reading"
	"corax/knowledge"
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
	number map[feature]int32 // of names, and of words that the catalogue doesn't use
	byWord []int32           // of the words that it uses, from 1
	list   []feature
	word   []int32   // of each, as the matcher numbers words; 0: none
	count  []int     // incidents that have it
	last   []int     // the last profile that has it
	weight []float64 // how telling it is, 0 to 1
	named  []bool    // is a word that is part of an entity's name

	profiles int     // that were described
	mine     []int32 // features of the one that is being described
}

func newFeatures(words int) *features {
	return &features{number: map[feature]int32{}, byWord: make([]int32, words+1)}
}

// mostNamed bounds how many names a table keeps room for.
const mostNamed = 4096

// clear makes room for the features of other incidents.
func (t *features) clear() {
	for _, w := range t.word {
		t.byWord[w] = 0
	}
	if len(t.number) > mostNamed {
		*t = *newFeatures(len(t.byWord) - 1)
		return
	}
	clear(t.number)
	t.list, t.word, t.count, t.last, t.profiles = t.list[:0], t.word[:0], t.count[:0], t.last[:0], 0
}

// add notes a feature of the incident that is being described, once; word is its number where it is a word that has one.
func (t *features) add(kind byte, name string, word int32) {
	if name == "" || len(t.mine) >= mostFeatures {
		return
	}
	f, n := feature{kind, name}, t.byWord[word]-1
	if word == 0 {
		var ok bool
		if n, ok = t.number[f]; !ok {
			n = -1
			t.number[f] = int32(len(t.list))
		}
	}
	if n < 0 {
		n = int32(len(t.list))
		t.list, t.word, t.count, t.last = append(t.list, f), append(t.word, word), append(t.count, 0), append(t.last, 0)
		if word != 0 {
			t.byWord[word] = n + 1
		}
	}
	if t.last[n] != t.profiles {
		t.last[n] = t.profiles
		t.mine = append(t.mine, n)
		t.count[n]++
	}
}

// weigh works out how telling each feature is: a rare word more than one of the trade, and what many of the incidents have less.
func (t *features) weigh(incidents int, rare []float64) {
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
	t.weight, t.named = t.weight[:0], t.named[:0]
	for n, f := range t.list {
		w := 1.0
		if r := rare[t.word[n]]; r > 0 {
			w = r
		}
		if incidents >= 8 && t.count[n] >= 3 {
			w *= 0.3 + 0.7*math.Log(float64(incidents)/float64(t.count[n]))/math.Log(float64(incidents)/2)
		}
		t.weight, t.named = append(t.weight, w), append(t.named, f.kind == 'w' && names[f.name])
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
func (w *work) describe(inc *incident, signals []int, t *features) []int32 {
	t.mine = t.mine[:0]
	t.profiles++
	t.add('e', inc.entity, 0)
	for _, s := range signals {
		if len(t.mine) >= mostFeatures {
			break
		}
		r := &w.readings[s]
		for _, m := range r.Mentions {
			t.add('e', m.Entity, 0)
		}
		for _, id := range r.Ties() {
			t.add('i', id, 0)
		}
		for n, word := range r.Tokens {
			if len(word.Text) >= 2 && !word.Number() && !word.Ordinary() {
				t.add('w', word.Stem, r.numbers[n])
			}
		}
	}
	return w.desk.numbers.keep(t.mine)
}

// profile makes an incident comparable. It lies on the desk.
func (w *work) profile(inc *incident, t *features) profile {
	told := w.told(inc)
	p := profile{features: w.describe(inc, told, t)}
	if at := w.readings[inc.signals[0]].signal.At; !at.IsZero() {
		p.at = float64(at.UnixMilli()) / 1000
	}
	d := w.desk
	d.effects, d.about = d.effects[:0], d.about[:0]
	for _, s := range told {
		r := &w.readings[s]
		for _, h := range r.hits {
			if sig := &w.matcher.sigs[h.sig]; sig.use == useEffect && !slices.Contains(d.effects, sig.mech) {
				d.effects = append(d.effects, sig.mech)
			}
		}
		for n, word := range r.numbers {
			if word != 0 && !r.Tokens[n].Number() && !d.met[word] {
				d.met[word] = true
				d.about = append(d.about, word)
			}
		}
	}
	for _, word := range d.about {
		d.met[word] = false
	}
	p.effects = d.mechs.keep(d.effects)
	slices.Sort(p.features)
	slices.Sort(p.effects)
	p.topic = w.topics.of(d.about, d.sum, &d.parts)
	p.believe(w.beliefs(inc), w.family, &d.parts)
	if len(p.beliefs) > 0 && p.beliefs[0].p >= sureCause && !inc.change {
		top := p.beliefs[0].mech
		p.seed = w.states(inc, top) && !w.felt[top]
	}
	return p
}

// believe keeps beliefs in the forms in which they are compared.
func (p *profile) believe(list []belief, families []int32, room *slab[component]) {
	p.beliefs, p.mechs, p.families = list, room.room(len(list)), room.room(len(list))
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
	list = w.desk.believed[:0]
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
	w.desk.believed = list
	list = w.desk.beliefs.keep(list[:min(len(list), 12)])
	for _, b := range list {
		total += b.p
	}
	for i := range list {
		list[i].p /= total
	}
	return list
}
