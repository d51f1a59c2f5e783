package diagnose

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"corax"
	"corax/knowledge"
)

// mostReasons bounds each list of an explanation.
const mostReasons = 4

// explanations says for each decision of a diagnosis how it came about.
func (w *work) explanations(g group, v verdict, root cause, d corax.Diagnosis) []corax.Explanation {
	list := append(make([]corax.Explanation, 0, 6), w.whyPattern(v, root, d), w.whyRoot(g, root, d), whySeverity(d), w.whyOne(d))
	if len(d.Incidents) > 1 || d.Cascade.Cascading {
		list = append(list, w.whyCascade(root, d))
	}
	return append(list, w.whyMode(root, d))
}

func (w *work) whyPattern(v verdict, root cause, d corax.Diagnosis) corax.Explanation {
	x := corax.Explanation{Decision: "pattern", Answer: d.Pattern + " (" + rounded(d.PatternConfidence) + "), by " + root.id, For: []string{}}
	if v.mech < 0 {
		x.For = append(x.For, "no mechanism of the catalogue has more for it than \"none of them\" always has")
	}
	for _, e := range root.evidence[:min(len(root.evidence), mostReasons-1)] {
		x.For = append(x.For, supporting(e))
	}
	if at := slices.IndexFunc(v.ranked, func(s standing) bool { return s.mech == v.mech }); at >= 0 {
		x.For = append(x.For, v.ranked[at].weighed())
	}
	for _, e := range root.against {
		x.Against = append(x.Against, supporting(e))
	}
	if next, ok := w.runnerUp(v, d.Pattern); ok {
		m := &w.matcher.mechs[next.mech]
		x.RunnerUp = m.Pattern + " (" + percent(share(v, m.Pattern)) + "), by " + m.ID + "; " + next.weighed()
		x.WouldChange = append(x.WouldChange, w.tells(v.mech, next.mech)...)
	}
	if v.mech < 0 {
		x.WouldChange = append(x.WouldChange, "a signal that names the error in the software's own words")
	}
	return x
}

// weighed says what each view gave, in words.
func (s standing) weighed() string {
	odds := func(v float64) string { return strconv.FormatFloat(math.Exp(min(v, 12)), 'g', 3, 64) + " : 1" }
	switch {
	case s.model <= 0:
		return "its signatures speak for it with odds of " + odds(s.rules)
	case s.rules <= 0:
		return "no signature fits; the wording sounds like it with odds of " + odds(s.model)
	}
	return "its signatures speak for it with odds of " + odds(s.rules) + ", the wording with " + odds(s.model)
}

// percent is a probability in words.
func percent(p float64) string {
	if p < 0.01 {
		return "under 1 %"
	}
	return rounded(p)
}

func rounded(p float64) string { return strconv.FormatFloat(100*p, 'f', 0, 64) + " %" }

// supporting is a piece of evidence in words.
func supporting(e corax.Evidence) string {
	return "signal " + strconv.Itoa(e.Signal) + ", " + strconv.Quote(firstWords(e.Quote)) + ": " + e.Supports
}

// runnerUp is the best mechanism of another pattern.
func (w *work) runnerUp(v verdict, pattern string) (standing, bool) {
	at := slices.IndexFunc(v.ranked, func(s standing) bool { return w.matcher.mechs[s.mech].Pattern != pattern && s.mech != v.mech })
	if at < 0 {
		return standing{}, false
	}
	return v.ranked[at], true
}

// tells says what would tell one mechanism from another: the catalogue's own words for it, or what the other's evidence would be.
func (w *work) tells(chosen, other int) []string {
	m := &w.matcher.mechs[other]
	for _, pair := range [...][2]int{{chosen, other}, {other, chosen}} {
		if pair[0] < 0 || pair[1] < 0 {
			continue
		}
		for _, c := range w.matcher.mechs[pair[0]].Confused {
			if c.Mechanism == w.matcher.mechs[pair[1]].ID {
				return []string{"what tells it from " + m.ID + ": " + c.Tell}
			}
		}
	}
	if len(m.Evidence) > 0 {
		return []string{m.Evidence[0] + ", if it showed that " + m.Title}
	}
	return nil
}

func (w *work) whyRoot(g group, root cause, d corax.Diagnosis) corax.Explanation {
	x := corax.Explanation{Decision: "root_cause", Answer: root.id + " at " + or(root.entity, "an entity that is not named") + " (" + rounded(d.Confidence) + ")",
		For: []string{}}
	own := 0
	for _, i := range g.incidents {
		switch inc := &w.incidents[i]; {
		case inc.entity == root.entity && inc.entity != "":
			own += len(inc.signals)
		case w.names(inc, root.entity):
			x.For = append(x.For, inc.entity+" names it")
		}
	}
	x.For = x.For[:min(len(x.For), mostReasons)]
	if own > 0 {
		x.For = slices.Insert(x.For, 0, count(own, "signal")+" of its own")
	}
	if n := len(d.Cascade.Affected); n > 0 {
		x.For = append(x.For, "it accounts for the trouble of "+list(d.Cascade.Affected))
	}
	if len(x.For) == 0 {
		x.For = append(x.For, "no signal names another")
	}
	if len(root.rivals) > 0 {
		x.RunnerUp = root.rivals[0]
		x.WouldChange = append(x.WouldChange, fmt.Sprintf("a signal that states a fault of %s itself", root.rivals[0]))
	}
	x.WouldChange = append(x.WouldChange, root.missing[:min(len(root.missing), 2)]...)
	return x
}

// whySeverity parts the reasons: what raises is for it, what lowers against it. The answer changes with the weightiest of either side.
func whySeverity(d corax.Diagnosis) corax.Explanation {
	x := corax.Explanation{Decision: "severity", Answer: d.Severity.String()}
	for _, reason := range d.SeverityReasons {
		if lowers(reason) {
			x.Against = append(x.Against, reason)
		} else {
			x.For = append(x.For, reason)
		}
	}
	x.For = orNone(x.For, "nothing says that more is affected")
	if s := d.Severity; s == corax.Low || s < corax.Critical && len(x.Against) > 0 {
		x.RunnerUp = (s + 1).String()
	} else {
		x.RunnerUp = (s - 1).String()
	}
	for _, side := range [][]string{x.For, x.Against} {
		if len(side) > 0 && strings.HasSuffix(side[0], ")") {
			x.WouldChange = append(x.WouldChange, "a signal that this does not hold: "+side[0])
		}
	}
	return x
}

// lowers says that a reason takes points away; a reason ends with its points.
func lowers(reason string) bool {
	return strings.HasPrefix(reason[strings.LastIndexByte(reason, '(')+1:], "-")
}

func (w *work) whyOne(d corax.Diagnosis) corax.Explanation {
	x := corax.Explanation{Decision: "grouping", Answer: count(len(d.Incidents), "incident") + " in one problem", For: []string{}}
	weakest := -1
	for i, l := range d.Links {
		if len(x.For) < mostReasons {
			x.For = append(x.For, l.From+" - "+l.To+": "+l.Why+" ("+strconv.FormatFloat(l.Score, 'f', 2, 64)+")")
		}
		if weakest < 0 || l.Score < d.Links[weakest].Score {
			weakest = i
		}
	}
	x.For = orNone(x.For, "it stands alone: nothing else in the case shares an entity, an identifier, a mechanism or rare words with it")
	if weakest >= 0 {
		l := d.Links[weakest]
		x.WouldChange = append(x.WouldChange, fmt.Sprintf("a cause of its own at %s: its link is the weakest (%.2f)", l.To, l.Score))
	}
	return x
}

func (w *work) whyCascade(root cause, d corax.Diagnosis) corax.Explanation {
	x := corax.Explanation{Decision: "cascade", For: []string{}}
	if !d.Cascade.Cascading {
		x.Answer = "none"
		x.For = append(x.For, "no other entity is known to need "+or(d.Cascade.Root, "the one at fault")+", or says that it feels the fault")
		x.WouldChange = append(x.WouldChange, "an edge of the topology from one of the others to it", "a signal of one of the others that names it")
		return x
	}
	x.Answer = fmt.Sprintf("from %s to %s", d.Cascade.Root, list(d.Cascade.Affected))
	if len(root.rivals) > 0 {
		x.WouldChange = append(x.WouldChange, fmt.Sprintf("a fault of %s itself: it would be the one that is felt", root.rivals[0]))
	}
	for _, e := range d.Cascade.Affected {
		if len(x.For) == mostReasons {
			break
		}
		why := "shows the effects"
		if a := root.scene.by[e]; a != nil && len(w.lines(a)) > 0 {
			why = fmt.Sprintf("says %s", quoted(excerpt(w.lines(a)[0].words, mostSaid)))
		}
		if n, ok := w.graph.Distance(e, d.Cascade.Root); ok {
			why = "needs it" + steps(n) + ", and " + why
		}
		x.For = append(x.For, e+" "+why)
	}
	return x
}

func (w *work) whyMode(root cause, d corax.Diagnosis) corax.Explanation {
	x := corax.Explanation{Decision: "mode", Answer: string(d.Plan.Mode), For: orNone(nil, d.Plan.Why)}
	if root.mech >= 0 && root.entity != "" && d.Confidence < leastSure {
		x.WouldChange = append(x.WouldChange, fmt.Sprintf("a diagnosis that is at least %.0f %% sure", 100*leastSure))
	}
	return x
}

func orNone(list []string, otherwise string) []string {
	if len(list) == 0 {
		return []string{otherwise}
	}
	return list
}

// WhyNot says of each problem of a case why it is not of a pattern, or by a mechanism.
type WhyNot = corax.WhyNot

// WhyNot explains for each problem of a case what speaks for a pattern or mechanism, and what it lacks. A name that the catalogue does not
// know is an error.
func (e *Engine) WhyNot(c corax.Case, name string) ([]WhyNot, error) {
	asked := map[int]bool{}
	for i, m := range e.matcher.mechs {
		if m.ID == name || strings.EqualFold(m.Pattern, name) {
			asked[i] = true
		}
	}
	if len(asked) == 0 {
		return nil, &corax.Error{Code: corax.NotFound, Op: "explain why not " + name, Err: fmt.Errorf("neither a pattern nor a mechanism of the catalogue"),
			Hint: "see: corax knowledge list"}
	}
	w, groups := e.work(c, e.newDesk())
	answers := []WhyNot{}
	for n, p := range w.report(groups) {
		answers = append(answers, w.whyNot(n, p, asked))
	}
	return answers, nil
}

func (w *work) whyNot(n int, p solved, asked map[int]bool) WhyNot {
	x := WhyNot{Problem: n, Pattern: p.Pattern, Chosen: p.RootCause.Mechanism, Is: asked[p.verdict.mech], For: []string{}, Lacks: []string{}}
	best := -1
	if at := slices.IndexFunc(p.verdict.ranked, func(s standing) bool { return asked[s.mech] }); at >= 0 {
		s := p.verdict.ranked[at]
		best = s.mech
		x.For = append(x.For, s.weighed())
	}
	if best < 0 {
		best = w.nearest(p.group, asked)
	}
	x.Asked = w.matcher.mechs[best].ID
	if x.Is {
		return x
	}
	for _, s := range w.matcher.mechs[best].Signatures {
		has, lacks := w.compare(p.group, s)
		switch {
		case lacks == "":
			x.For = append(x.For, "said: "+has)
		case len(x.Lacks) < mostReasons && s.Role != knowledge.SymptomRole:
			if has != "" {
				has = " (what is said: " + has + ")"
			}
			also := " "
			if has != "" {
				also = " also "
			}
			x.Lacks = append(x.Lacks, "no signal"+also+"says "+lacks+has)
		}
	}
	x.Tells = w.tells(p.verdict.mech, best)
	return x
}

// nearest is the mechanism of which a signal of the problem says the largest part of a signature; the first one where they say nothing.
func (w *work) nearest(g group, asked map[int]bool) int {
	best, most := -1, -1.0
	for m := range w.matcher.mechs {
		if !asked[m] {
			continue
		}
		part := 0.0
		for _, s := range w.matcher.mechs[m].Signatures {
			for _, n := range w.spoken(g) {
				held := 0
				for _, phrase := range s.Say {
					if w.readings[n].alternative(phrase) != "" {
						held++
					}
				}
				if len(s.Say) > 0 {
					part = max(part, float64(held)/float64(len(s.Say)))
				}
			}
		}
		if part > most {
			best, most = m, part
		}
	}
	return best
}

// spoken lists signals of a problem for a comparison: those that are enough to tell, however many there are.
func (w *work) spoken(g group) (signals []int) {
	for _, i := range g.incidents {
		if len(signals) >= mostHeard {
			break
		}
		signals = append(signals, w.incidents[i].signals...)
	}
	return signals[:min(len(signals), mostHeard)]
}

// compare says which phrases of a signature the best fitting signal of a problem holds, and which it lacks.
func (w *work) compare(g group, s knowledge.Signature) (has, lacks string) {
	most := -1
	for _, n := range w.spoken(g) {
		var yes, no []string
		for _, phrase := range s.Say {
			if alt := w.readings[n].alternative(phrase); alt != "" {
				yes = append(yes, quoted(alt))
			} else {
				no = append(no, either(phrase))
			}
		}
		if len(yes) > most {
			most, has, lacks = len(yes), strings.Join(yes, " and "), strings.Join(no, ", and ")
		}
	}
	return has, lacks
}

// either lists the first alternatives of a phrase: "timeout", "timed out" or "no answer".
func either(phrase string) string {
	var alts []string
	for alt := range strings.SplitSeq(phrase, "|") {
		switch {
		case alt == number:
			alt = "a number"
		default:
			alt = quoted(alt)
		}
		if len(alts) < mostReasons {
			alts = append(alts, alt)
		}
	}
	if n := len(alts); n > 1 {
		return strings.Join(alts[:n-1], ", ") + " or " + alts[n-1]
	}
	return strings.Join(alts, "")
}

func first(list []string, n int) []string { return list[:min(len(list), n)] }
