package diagnose

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"corax"
	read "corax/diagnose/reading"
	"corax/knowledge"
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

	from    map[string]int // the signal that gave a fact
	shows   []shown        // what says that it is this mechanism, the clearest first
	verdict verdict
	scene   *scene
}

// shown is a signal that speaks for a mechanism in words of the catalogue.
type shown struct {
	signal int
	words  string // as they stand in the message
}

const (
	mostEvidence = 8
	mostQuote    = 180
	watcher      = 0.3 // of its points remain to what watches others
	// leastShare is the probability that a mechanism outside of all families needs where only the learned view speaks for it.
	leastShare = 0.5
)

// cause names who failed and how, and ties it to the signals.
func (w *work) cause(g group, v verdict) cause {
	c := cause{mech: v.mech, id: unexplained, title: "a fault that no known mechanism explains", facts: map[string]string{},
		from: map[string]int{}, verdict: v}
	if v.mech >= 0 && v.pattern == corax.Unknown && g.mech < 0 && v.mechShare < leastShare && !w.stated(g, v.mech) {
		c.mech = -1 // a guess by the sound of the words, which no family takes: better none
	}
	if c.mech >= 0 {
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
	if c.mech < 0 {
		share = 0.3
	}
	c.confidence = probability(math.Sqrt(share*sure) * math.Max(share, sure))
	c.scene = w.scene(g, c.entity)
	w.facts(g, &c)
	w.argue(g, &c)
	return c
}

// stated says that a signal holds a signature of the mechanism.
func (w *work) stated(g group, mech int) bool {
	for _, i := range g.incidents {
		for _, s := range w.incidents[i].signals {
			for _, h := range w.readings[s].hits {
				if sig := &w.matcher.sigs[h.sig]; sig.mech == mech && sig.use == useDirect {
					return true
				}
			}
		}
	}
	return false
}

// root picks the entity at fault from the texts: who states the cause, and about whom others complain. Those who complain are not it.
func (w *work) root(g group, v verdict) (entity string, rivals []string, sure float64) {
	points := map[string]float64{}
	first := map[string]int{}
	note := func(e string, p float64, at int) {
		switch {
		case e == "" || read.Desk(e) && w.graph.Len() == 0:
			return
		case read.Watches(e) && w.graph.Len() == 0:
			p *= watcher
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

// argument is a signal that speaks for a cause, or against it; sig is -1 where no signature does.
type argument struct {
	signal int
	sig    int32
	span   span
	weight float64
}

// leastAgainst is the weight from which words for another mechanism count against one.
const leastAgainst = 3

// argue collects evidence for and against, and what is missing.
func (w *work) argue(g group, c *cause) {
	var pro, con []argument
	for _, i := range g.incidents {
		for _, s := range w.incidents[i].signals {
			best, other := w.arguments(s, c)
			pro = append(pro, best)
			if other.weight >= leastAgainst && other.weight > best.weight {
				con = append(con, other)
			}
		}
	}
	c.evidence, c.against = []corax.Evidence{}, []corax.Evidence{}
	for _, a := range w.heaviest(pro, mostEvidence) {
		e := w.evidenceOf(a, c)
		c.evidence = append(c.evidence, e)
		if a.sig >= 0 && w.matcher.sigs[a.sig].use == useDirect {
			c.shows = append(c.shows, shown{a.signal, w.readings[a.signal].spanned(a.span)})
		}
	}
	for _, a := range w.heaviest(con, mostEvidence/2) {
		e := w.evidenceOf(a, c)
		e.Supports = "would also fit: " + w.matcher.mechs[w.matcher.sigs[a.sig].mech].Title
		c.against = append(c.against, e)
	}
	c.missing = w.missing(c)
}

// arguments finds what speaks most for the cause in a signal, and what speaks most for another.
func (w *work) arguments(signal int, c *cause) (best, other argument) {
	best = argument{signal, -1, span{}, 0}
	other = best
	for _, h := range w.readings[signal].hits {
		sig := &w.matcher.sigs[h.sig]
		a := argument{signal, h.sig, h.span, weigh(sig)}
		switch {
		case sig.use == useDirect && sig.mech == c.mech && a.weight > best.weight:
			best = a
		case sig.use == useEffect && sig.mech == c.mech && 0.5*a.weight > best.weight:
			best = a
			best.weight *= 0.5
		case sig.use == useDirect && sig.mech != c.mech && sig.Role == knowledge.CauseRole && a.weight > other.weight:
			other = a
		}
	}
	return best, other
}

// heaviest picks the arguments of most weight, each wording of an entity once.
func (w *work) heaviest(list []argument, most int) []argument {
	slices.SortStableFunc(list, func(a, b argument) int { return cmp.Compare(b.weight, a.weight) })
	var out []argument
	var shapes []string
	for n, a := range list {
		if len(out) == most || n > 20*most {
			break
		}
		r := &w.readings[a.signal]
		like := r.Entity + "\n" + shape(r.signal.Message[:min(len(r.signal.Message), mostQuote)])
		if !slices.Contains(shapes, like) {
			out, shapes = append(out, a), append(shapes, like)
		}
	}
	return out
}

// plainest is the strongest evidence that is trouble and not a change: that of the root first. It is nil where there is none.
func (w *work) plainest(c *cause) *reading {
	var best *reading
	for _, e := range c.evidence {
		r := &w.readings[e.Signal]
		switch {
		case r.signal.Kind == corax.ChangeOf || r.tellsChange():
		case r.Entity == c.entity:
			return r
		case best == nil:
			best = r
		}
	}
	return best
}

func (w *work) evidenceOf(a argument, c *cause) corax.Evidence {
	r := &w.readings[a.signal]
	e := corax.Evidence{Signal: a.signal, Quote: quote(r.signal.Message, a.span)}
	switch {
	case a.sig < 0:
		e.Supports = "trouble at " + or(r.Entity, "an entity that is not named")
		if r.signal.Kind == corax.ChangeOf {
			e.Supports = "a change at " + or(r.Entity, "an entity that is not named")
		}
	case w.matcher.sigs[a.sig].use == useEffect:
		e.Supports = or(r.Entity, "this") + " feels it: what those who need " + or(c.entity, "the failed part") + " would see"
	default:
		e.Supports = w.supports(r, &w.matcher.sigs[a.sig], c)
	}
	return e
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
	case r.Entity == "":
		return "says: " + c.title
	case r.Entity == c.entity:
		return "says of " + who + ": " + c.title
	}
	return who + " says: " + c.title
}

// missing names what would make the diagnosis surer.
func (w *work) missing(c *cause) []string {
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
		b := w.binding(c, c.entity)
		for _, e := range m.Evidence {
			missing = append(missing, b.words(e))
		}
	} else {
		missing = append(missing, "what changed shortly before", "the first error in the logs of "+or(c.entity, "those concerned"))
	}
	if c.entity != "" && c.scene.by[c.entity] == nil {
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
