package diagnose

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"corax"
	"corax/knowledge"
	read "corax/reading"
)

// unexplained is the mechanism of a problem that nothing in the catalogue explains.
const unexplained = "unexplained"

// cause is the best hypothesis about a problem.
type cause struct {
	entity     string
	mech       int // -1: unexplained
	id         string
	title      string
	confidence float64
	share      float64 // probability of the mechanism; 0 where none is known
	facts      map[string]string
	evidence   []corax.Evidence
	against    []corax.Evidence
	missing    []string
	rivals     []string // other entities that may be at fault, the likeliest first
}

const (
	mostEvidence = 8
	mostQuote    = 180
)

// cause names who failed and how, and ties it to the signals.
func (w *work) cause(g group, v verdict) cause {
	c := cause{mech: v.mech, id: unexplained, title: "a fault that no known mechanism explains", facts: map[string]string{}}
	if v.mech >= 0 {
		c.id, c.title = w.matcher.mechs[v.mech].ID, w.matcher.mechs[v.mech].Title
	}
	if c.mech >= 0 {
		c.share = v.mechShare
	}
	var sure float64
	if c.entity, sure = g.entity, 0.95; c.entity == "" {
		c.entity, c.rivals, sure = w.root(g, v)
	}
	share := v.mechShare
	if v.mech < 0 {
		share = 0.3
	}
	c.confidence = probability(math.Sqrt(share*sure) * math.Max(share, sure))
	w.facts(g, &c)
	w.argue(g, &c)
	return c
}

// root picks the entity at fault from the texts: who states the cause, and about whom others complain. Those who complain are not it.
func (w *work) root(g group, v verdict) (entity string, rivals []string, sure float64) {
	points := map[string]float64{}
	first := map[string]int{}
	note := func(e string, p float64, at int) {
		if e == "" {
			return
		}
		if _, ok := first[e]; !ok {
			first[e] = at
		}
		points[e] += p
	}
	for _, i := range g.incidents {
		for _, s := range w.incidents[i].signals {
			r := &w.readings[s]
			best := 0.2
			for _, h := range r.hits {
				sig := &w.matcher.sigs[h.sig]
				if sig.use != useDirect || sig.mech != v.mech {
					continue
				}
				switch sig.Role {
				case knowledge.CauseRole:
					best = max(best, sig.Weight)
				default:
					best = max(best, 0.3*sig.Weight)
				}
			}
			if r.Complains() {
				best *= 0.5
			}
			note(r.Entity, best, s)
			for _, m := range r.Mentions {
				if m.Role == read.AtFault {
					note(m.Entity, 1.2, s)
				} else {
					note(m.Entity, 0.3, s)
				}
			}
		}
	}
	if len(points) == 0 {
		return "", nil, 0.4
	}
	names := make([]string, 0, len(points))
	total := 0.0
	for e := range points {
		names = append(names, e)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(points[b], points[a]), cmp.Compare(first[a], first[b]), cmp.Compare(a, b))
	})
	for _, e := range names {
		total += points[e]
	}
	return names[0], names[1:], 0.3 + 0.65*points[names[0]]/total
}

// argue collects evidence for and against, and what is missing.
func (w *work) argue(g group, c *cause) {
	type found struct {
		corax.Evidence
		weight float64
	}
	var pro, con []found
	for _, i := range g.incidents {
		for _, s := range w.incidents[i].signals {
			r := &w.readings[s]
			var best, other found
			for _, h := range r.hits {
				sig := &w.matcher.sigs[h.sig]
				f := found{corax.Evidence{Signal: s, Quote: quote(r.signal.Message, h.span)}, weigh(sig)}
				switch {
				case sig.use == useDirect && sig.mech == c.mech && f.weight > best.weight:
					f.Supports = w.supports(r, sig, c)
					best = f
				case sig.use == useEffect && sig.mech == c.mech && 0.5*f.weight > best.weight:
					f.weight *= 0.5
					f.Supports = or(r.Entity, "this") + " feels it: what those who need " + or(c.entity, "the failed part") + " would see"
					best = f
				case sig.use == useDirect && sig.mech != c.mech && sig.Role == knowledge.CauseRole && f.weight > other.weight:
					f.Supports = "would also fit: " + w.matcher.mechs[sig.mech].Title
					other = f
				}
			}
			if best.weight == 0 {
				best.Evidence = corax.Evidence{Signal: s, Quote: quote(r.signal.Message, span{}),
					Supports: "trouble at " + or(r.Entity, "an entity that is not named")}
				best.weight = 0.1
			}
			pro = append(pro, best)
			if other.weight >= 3 && other.weight > best.weight {
				con = append(con, other)
			}
		}
	}
	heaviest := func(list []found, most int) []corax.Evidence {
		slices.SortStableFunc(list, func(a, b found) int { return cmp.Compare(b.weight, a.weight) })
		out := []corax.Evidence{}
		for _, f := range list[:min(len(list), most)] {
			out = append(out, f.Evidence)
		}
		return out
	}
	c.evidence, c.against = heaviest(pro, mostEvidence), heaviest(con, mostEvidence/2)
	c.missing = w.missing(g, c)
}

func (w *work) supports(r *reading, sig *signature, c *cause) string {
	who := or(r.Entity, "the message")
	switch {
	case r.signal.Kind == corax.ChangeOf:
		return "a change at " + who + ", of the kind that causes this"
	case sig.Role == knowledge.FeltRole:
		return who + " shows what those see who rely on " + or(c.entity, "the one at fault")
	case sig.Role == knowledge.SymptomRole:
		return "fits: " + c.title
	case r.Entity == c.entity:
		return "says of " + who + ": " + c.title
	}
	return who + " says: " + c.title
}

// missing names what would make the diagnosis surer.
func (w *work) missing(g group, c *cause) []string {
	missing := []string{}
	if c.entity == "" {
		missing = append(missing, "which entity is at fault: no message names one")
	}
	if c.mech >= 0 {
		m := &w.matcher.mechs[c.mech]
		for _, f := range m.Facts {
			if c.facts[f.Name] == "" {
				missing = append(missing, strings.ReplaceAll(f.Name, "_", " ")+": no signal states it")
			}
		}
		missing = append(missing, m.Evidence...)
	} else {
		missing = append(missing, "what changed shortly before", "the first error in the logs of "+or(c.entity, "those concerned"))
	}
	own := slices.ContainsFunc(g.incidents, func(i int) bool { return w.incidents[i].entity == c.entity })
	if c.entity != "" && !own {
		missing = append(missing, "a signal from "+c.entity+" itself: only others speak of it")
	}
	return missing
}

// quote is the words of a message around a place, cut at a rune.
func quote(message string, at span) string {
	if len(message) <= mostQuote {
		return message
	}
	from := 0
	if at.end > mostQuote {
		from = max(0, min(at.start-20, len(message)-mostQuote))
		for from > 0 && !isStart(message[from]) {
			from--
		}
	}
	to := min(len(message), from+mostQuote)
	for to < len(message) && to > from && !isStart(message[to]) {
		to--
	}
	return message[from:to]
}

func isStart(b byte) bool { return b&0xC0 != 0x80 }
