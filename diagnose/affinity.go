package diagnose

import (
	"math"
	"slices"

	"corax"
	"corax/knowledge"
)

// The evidence about a pair of incidents: whether one outage is behind both.
const (
	sharedNames    = iota // entities and identifiers that both name, two at most
	sharedParts           // words of both that are part of an entity's name somewhere in the case, three at most
	sharedWords           // of all words: cosine similarity, as in the vector space model (Salton, Wong and Yang, 1975)
	sameMechanism         // probability that both state one mechanism
	sameFamily            // the same for one pattern
	causeAndEffect        // one states a cause, the other what the catalogue says that it does to others
	twoCauses             // both state a cause, and not the same
	sameTopic             // cosine of what they are about, by the catalogue's words
	sameField             // the same in fields
	kindsOfEvidence
)

// evidence is how much there is of each kind.
type evidence [kindsOfEvidence]float64

// speaks is what each kind adds to the log odds of one outage. Logistic regression over all pairs of messages of the dev half of
// bench/scenarios; TestAffinity fits it anew and compares (docs/engine.md).
var speaks = evidence{
	sharedNames: 0.8, sharedParts: 1.2, sharedWords: 3.1,
	sameMechanism: 1.7, sameFamily: 2.4, causeAndEffect: 1.3, twoCauses: -1.0,
	sameTopic: 5.2, sameField: 1.5,
}

// farApart is the time after which two signals no longer speak for each other by themselves.
const farApart = 3600.0

// focus is one profile, spread out so that many others are compared with it without a search.
type focus struct {
	on                             *profile
	table                          *features
	has                            []bool // of each feature of the table
	mechs, families, topic, fields dense
	effects                        []bool // of each mechanism
}

// dense is a vector with a place for everything.
type dense []float64

func (d dense) spread(v []component) {
	for _, c := range v {
		d[c.at] = c.v
	}
}

func (d dense) wipe(v []component) {
	for _, c := range v {
		d[c.at] = 0
	}
}

// dot is the inner product with a sparse vector.
func (d dense) dot(v []component) (sum float64) {
	for _, c := range v {
		sum += c.v * d[c.at]
	}
	return sum
}

// newFocus makes room for what profiles are made of: mechanisms, and at most as many fields and families, which are numbered from 1.
func newFocus(mechanisms int) *focus {
	room := func() dense { return make(dense, mechanisms+1) }
	return &focus{mechs: room(), families: room(), topic: room(), fields: room(), effects: make([]bool, mechanisms)}
}

// use forgets what it was on, and makes room for the features of a table.
func (f *focus) use(t *features) {
	f.put(nil)
	f.table = t
	if len(t.list) > len(f.has) {
		f.has = make([]bool, 2*len(t.list))
	}
}

// put turns to a profile; nil: to none.
func (f *focus) put(p *profile) {
	if p == f.on {
		return
	}
	if old := f.on; old != nil {
		for _, n := range old.features {
			f.has[n] = false
		}
		for _, m := range old.effects {
			f.effects[m] = false
		}
		f.mechs.wipe(old.mechs)
		f.families.wipe(old.families)
		f.topic.wipe(old.topic.mechs)
		f.fields.wipe(old.topic.fields)
	}
	if f.on = p; p == nil {
		return
	}
	for _, n := range p.features {
		f.has[n] = true
	}
	for _, m := range p.effects {
		f.effects[m] = true
	}
	f.mechs.spread(p.mechs)
	f.families.spread(p.families)
	f.topic.spread(p.topic.mechs)
	f.fields.spread(p.topic.fields)
}

// affinity is how much another incident and this one speak for one outage, in log odds above those of two of which nothing is known.
func (f *focus) affinity(a *profile) (sum float64) {
	for kind, v := range f.compare(a) {
		sum += speaks[kind] * v
	}
	if b := f.on; a.at != 0 && b.at != 0 {
		if gap := math.Abs(a.at - b.at); gap > farApart {
			sum -= math.Log(gap / farApart)
		}
	}
	return sum
}

// compare collects the evidence about a pair.
func (f *focus) compare(a *profile) (e evidence) {
	b, t, words := f.on, f.table, 0.0
	for _, x := range a.features {
		if !f.has[x] {
			continue
		}
		switch {
		case t.list[x].kind != 'w':
			e[sharedNames] += t.weight[x]
		case t.named[x]:
			e[sharedParts] += t.weight[x]
			fallthrough
		default:
			words += t.weight[x] * t.weight[x]
		}
	}
	if words > 0 {
		e[sharedWords] = words / (a.length * b.length)
	}
	e[sharedNames], e[sharedParts] = min(e[sharedNames], 2), min(e[sharedParts], 3)
	e[sameMechanism], e[sameFamily] = f.mechs.dot(a.mechs), f.families.dot(a.families)
	e[causeAndEffect] = min(f.shown(a)+a.shownBy(b), 1)
	if a.contradicts(b) {
		e[twoCauses] = a.beliefs[0].p * b.beliefs[0].p
	}
	e[sameTopic], e[sameField] = f.topic.dot(a.topic.mechs), f.fields.dot(a.topic.fields)
	return e
}

// contradicts says that both state a cause, and not the same.
func (p *profile) contradicts(other *profile) bool {
	return p.seed && other.seed && p.beliefs[0].mech != other.beliefs[0].mech
}

// shown is how surely another incident states a mechanism of which this one shows the effects.
func (f *focus) shown(by *profile) (sum float64) {
	if len(f.on.effects) == 0 {
		return 0
	}
	for _, b := range by.beliefs {
		if f.effects[b.mech] {
			sum += b.p
		}
	}
	return sum
}

// shownBy is the same the other way around.
func (p *profile) shownBy(by *profile) (sum float64) {
	if len(p.effects) == 0 {
		return 0
	}
	for _, b := range by.beliefs {
		if _, ok := slices.BinarySearch(p.effects, b.mech); ok {
			sum += b.p
		}
	}
	return sum
}

// families numbers the pattern of each mechanism; -1 where it is of none.
func families(mechs []knowledge.Mechanism) (of []int32) {
	patterns := map[string]int32{corax.Unknown: -1}
	for _, m := range mechs {
		if _, ok := patterns[m.Pattern]; !ok {
			patterns[m.Pattern] = int32(len(patterns))
		}
		of = append(of, patterns[m.Pattern])
	}
	return of
}
