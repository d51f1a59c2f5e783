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

// affinity is how much two incidents speak for one outage, in log odds above those of two of which nothing is known.
func affinity(a, b *profile, t *features) (sum float64) {
	for kind, v := range compare(a, b, t) {
		sum += speaks[kind] * v
	}
	if a.at != 0 && b.at != 0 {
		if gap := math.Abs(a.at - b.at); gap > farApart {
			sum -= math.Log(gap / farApart)
		}
	}
	return sum
}

// compare collects the evidence about a pair.
func compare(a, b *profile, t *features) (e evidence) {
	words := 0.0
	for i, j := 0, 0; i < len(a.features) && j < len(b.features); {
		switch x, y := a.features[i], b.features[j]; {
		case x < y:
			i++
		case x > y:
			j++
		default:
			switch {
			case t.list[x].kind != 'w':
				e[sharedNames] += t.weight[x]
			case t.named[x]:
				e[sharedParts] += t.weight[x]
				fallthrough
			default:
				words += t.weight[x] * t.weight[x]
			}
			i, j = i+1, j+1
		}
	}
	if words > 0 {
		e[sharedWords] = words / (a.length * b.length)
	}
	e[sharedNames], e[sharedParts] = min(e[sharedNames], 2), min(e[sharedParts], 3)
	e[sameMechanism], e[sameFamily] = dot(a.mechs, b.mechs), dot(a.families, b.families)
	e[causeAndEffect] = min(a.shownBy(b)+b.shownBy(a), 1)
	if a.contradicts(b) {
		e[twoCauses] = a.beliefs[0].p * b.beliefs[0].p
	}
	e[sameTopic], e[sameField] = dot(a.topic.mechs, b.topic.mechs), dot(a.topic.fields, b.topic.fields)
	return e
}

// contradicts says that both state a cause, and not the same.
func (p *profile) contradicts(other *profile) bool {
	return p.seed && other.seed && p.beliefs[0].mech != other.beliefs[0].mech
}

// shownBy is how surely an incident states a mechanism of which the other shows the effects.
func (p *profile) shownBy(other *profile) (sum float64) {
	for _, b := range p.beliefs {
		if _, ok := slices.BinarySearch(other.effects, b.mech); ok {
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
