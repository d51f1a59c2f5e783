package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"corax"
)

const (
	mostNames = 8 // names or signals in one list
	mostTold  = 4 // entities that get a sentence of their own
	// mostSentences is how many sentences may have been told when another affected entity still gets one of its own.
	mostSentences = 10
	// settled is the confidence above which a diagnosis needs no list of what to look at first.
	settled = 0.8
	// possible is the probability from which another pattern is worth a sentence.
	possible = 0.1
	// recent is how long before the first symptom a change still counts as one that may have caused it.
	recent = 24 * time.Hour
	// just is how long before the first symptom a change is near enough to be named, or taken back, for its time alone.
	just = 2 * time.Hour
)

// teller tells the root cause of one problem. Each sentence rests on signals; what no signal supports is not said.
type teller struct {
	*work
	group     group
	root      cause
	cascade   corax.Cascade
	who       string // the root, or what stands for it
	sentences []corax.Sentence
	told      map[int]bool    // signals whose words were quoted
	shapes    map[string]bool // the shapes of those words
	dated     bool            // the date was told
}

// narrate writes the root cause for people.
func (w *work) narrate(g group, root cause, c corax.Cascade) corax.RootCause {
	t := &teller{work: w, group: g, root: root, cascade: c,
		who: or(standIn(&root), "an entity that no message names"), told: map[int]bool{}, shapes: map[string]bool{},
		sentences: make([]corax.Sentence, 0, mostNames)}
	if root.mech >= 0 {
		t.own()
		t.story()
		t.first()
		t.why()
		t.changes()
		t.spread()
	} else {
		t.own()
		t.first()
		t.spread()
		t.codes()
		t.changes()
		t.common()
	}
	t.affected()
	t.unclear()
	slices.SortStableFunc(t.sentences, func(a, b corax.Sentence) int { return cmp.Compare(kindOrder[a.Kind], kindOrder[b.Kind]) })
	rc := corax.RootCause{Entity: root.entity, Mechanism: root.id, Summary: t.summary(), Sentences: t.sentences,
		Evidence: root.evidence, Against: root.against, Missing: root.missing, Facts: root.facts}
	rc.Chain = slices.Grow(rc.Chain, len(t.sentences))
	for _, s := range t.sentences {
		rc.Chain = append(rc.Chain, cited(s))
	}
	if len(rc.Facts) == 0 {
		rc.Facts = nil
	}
	return rc
}

var kindOrder = map[corax.SentenceKind]int{
	corax.TellsWhat: 0, corax.TellsWhy: 1, corax.TellsSpread: 2, corax.TellsAffected: 3, corax.TellsUnclear: 4,
}

// say adds a sentence, once; one without signals only where it says what is not known.
func (t *teller) say(kind corax.SentenceKind, signals []int, text string) {
	text = sentence(text)
	if text == "" || len(signals) == 0 && kind != corax.TellsUnclear ||
		slices.ContainsFunc(t.sentences, func(s corax.Sentence) bool { return s.Text == text }) {
		return
	}
	rests := make([]int, 0, min(len(signals), mostNames))
	for _, s := range signals {
		if !slices.Contains(rests, s) && len(rests) < mostNames {
			rests = append(rests, s)
		}
	}
	slices.Sort(rests)
	t.sentences = append(t.sentences, corax.Sentence{Text: text, Signals: rests, Kind: kind})
}

// sentence ends a text with a full stop.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// capital begins a text of the catalogue with a capital letter, unless its first word is a name that was put in.
func capital(text, template string) string {
	if text == "" || text[0] < 'a' || text[0] > 'z' {
		return text
	}
	if hole, _, ok := strings.Cut(strings.TrimPrefix(template, "{"), "}"); ok && strings.HasPrefix(template, "{") {
		if _, words, _ := strings.Cut(hole, "|"); !strings.HasPrefix(text, "the ") && (words == "" || !strings.HasPrefix(text, words)) {
			return text
		}
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// cited is a sentence with the signals that it rests on.
func cited(s corax.Sentence) string {
	if len(s.Signals) == 0 {
		return s.Text
	}
	b := make([]byte, 0, len(s.Text)+6*len(s.Signals)+2)
	b = append(append(b, s.Text...), " ["...)
	for i, n := range s.Signals {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return string(append(b, ']'))
}

func quoted(words string) string { return `"` + words + `"` }

// summary is the one sentence that stands for the problem: who, how, in which words, and who feels it.
func (t *teller) summary() string {
	words, line := "", t.headline()
	if line.words != "" {
		words = quoted(excerpt(line.words, 100))
	}
	var s string
	title := t.root.title
	if t.root.confidence < leastSure {
		title = "perhaps " + title
	}
	switch name := t.who; {
	case t.root.mech >= 0 && words != "":
		s = fmt.Sprintf("%s: %s (%s)", name, title, words)
	case t.root.mech >= 0:
		s = fmt.Sprintf("%s: %s", name, title)
	case t.root.entity == "" && words != "":
		s = words + ": no known mechanism explains it, and no message names who is at fault"
	default:
		s = fmt.Sprintf("%s is in trouble, and no known mechanism explains it: %s", name, words)
	}
	if n := len(t.cascade.Affected); n > 0 {
		s += "; felt by " + list(t.cascade.Affected)
	} else if t.root.mech < 0 {
		var others []string
		for _, a := range t.root.scene.actors {
			if a.entity != "" && a.entity != t.root.entity && a.count > 0 {
				others = append(others, a.entity)
			}
		}
		if len(others) > 0 {
			s += "; with it " + list(others)
		}
	}
	return s
}

// headline is the line that says most plainly what is wrong: the strongest evidence, or what the root said first.
func (t *teller) headline() line {
	if r := t.plainest(&t.root); r != nil && r.Entity == t.root.entity {
		return line{signal: r.index, words: r.words()}
	} else if len(t.root.evidence) > 0 && t.root.mech >= 0 {
		return line{words: t.readings[t.root.evidence[0].Signal].words()}
	}
	for _, a := range t.root.scene.actors {
		for _, l := range t.lines(a) {
			if !l.change {
				return l
			}
		}
	}
	return line{}
}

// own tells what the root itself reported, in the order of time.
func (t *teller) own() {
	a := t.root.scene.by[t.root.entity]
	var said []line
	for _, l := range t.lines(a) {
		if !l.change && len(said) < 3 {
			said = append(said, l)
		}
	}
	if len(said) == 0 {
		return
	}
	var b strings.Builder
	b.WriteString(t.at(said[0].at))
	switch {
	case t.root.entity != "":
		b.WriteString(t.root.entity + " reported ")
	case b.Len() > 0:
		b.WriteString("a message that names no entity said ")
	default:
		b.WriteString("A message that names no entity said ")
	}
	t.tell(&b, said)
	if t.root.entity != "" {
		b.WriteString(t.rest(a, said))
	}
	t.say(corax.TellsWhat, places(said), b.String())
	if sc := t.root.scene; sc.timed && sc.to.Sub(sc.from) >= time.Minute {
		last, first := t.edge(sc.to), t.edge(sc.from)
		t.say(corax.TellsWhat, []int{first, last}, fmt.Sprintf("The last signal of it came %s, %s after the first", t.clock(sc.to),
			lasting(sc.to.Sub(sc.from))))
	}
}

// rest tells how many signals an actor sent besides those that were quoted, and whether they say the same.
func (t *teller) rest(a *actor, said []line) string {
	more, others := a.count, 0
	for _, l := range t.lines(a) {
		switch {
		case !l.counts:
		case slices.ContainsFunc(said, func(s line) bool { return s.signal == l.signal }):
			more--
		case !t.told[l.signal]:
			others++
		}
	}
	switch {
	case more <= others || more <= 0:
		return ""
	case others == 0:
		return "; " + count(more, "signal") + " more like it"
	}
	return "; " + count(more, "signal") + " more"
}

// tell quotes lines: "a", then "b" and "c".
func (t *teller) tell(b *strings.Builder, said []line) {
	for i, l := range said {
		if i > 0 {
			b.WriteString(", then ")
			if d := l.at.Sub(said[i-1].at); !l.at.IsZero() && !said[i-1].at.IsZero() && d >= time.Second {
				b.WriteString(lasting(d) + " later ")
			}
		}
		b.WriteString(quoted(l.words))
		t.told[l.signal], t.shapes[l.shape] = true, true
	}
}

func places(said []line) []int {
	list := make([]int, 0, len(said))
	for _, l := range said {
		list = append(list, l.signal)
	}
	return list
}

// story tells what the catalogue says happened, as far as signals say it too.
func (t *teller) story() {
	b := t.binding(&t.root, t.root.entity)
	if standIn(&t.root) == "" {
		b.root, b.target = "the affected system", "the affected system"
	}
	for _, s := range t.matcher.mechs[t.root.mech].Story {
		text, used, ok := b.fill(s.Text)
		if !ok {
			continue
		}
		var signals []int
		switch {
		case len(s.Say) > 0:
			signals = t.stand(s.Say)
		case t.root.confidence < leastSure:
		case len(t.root.shows) > 0:
			signals = []int{t.root.shows[0].signal}
		}
		if len(signals) == 0 {
			continue
		}
		text = t.attributed(capital(text, s.Text), text, signals)
		for _, name := range used {
			if at, ok := t.root.from[name]; ok {
				signals = append(signals, at)
			}
		}
		t.say(corax.TellsWhat, signals, text)
	}
}

// attributed says on whose word a sentence about the root rests, where the root itself said nothing of it.
func (t *teller) attributed(text, inner string, signals []int) string {
	by := ""
	for _, n := range signals {
		switch e := t.readings[n].Entity; e {
		case t.root.entity:
			return text
		default:
			by = or(by, e)
		}
	}
	return "By what " + or(by, "a message that names no entity") + " reports, " + inner
}

// first tells at least what the strongest evidence says, where nothing else was told.
func (t *teller) first() {
	if len(t.sentences) > 0 || len(t.root.evidence) == 0 {
		return
	}
	r := &t.readings[t.root.evidence[0].Signal]
	t.told[r.index] = true
	t.say(corax.TellsWhat, []int{r.index}, t.at(r.signal.At)+or(r.Entity, lead(r.signal.At, "A message", "a message"))+" reported "+quoted(r.words()))
}

// stand lists signals in which all the phrases stand, those of the root first.
func (t *teller) stand(phrases []string) (signals []int) {
	for n, a := range t.root.scene.actors {
		if n == mostActors || len(signals) > 0 && n > 0 {
			break
		}
		for _, l := range t.lines(a) {
			r := &t.readings[l.signal]
			if len(signals) < 3 && !slices.ContainsFunc(phrases, func(p string) bool { return r.alternative(p) == "" }) {
				signals = append(signals, l.signal)
			}
		}
	}
	return signals
}

// why tells how such a thing fails, tied to the words that show it.
func (t *teller) why() {
	m := &t.matcher.mechs[t.root.mech]
	what := strings.Join(strings.Fields(m.What), " ")
	var signals []int
	for _, s := range t.root.shows {
		signals = append(signals, s.signal)
	}
	if len(signals) == 0 {
		if len(t.root.evidence) > 0 {
			t.say(corax.TellsWhy, []int{t.root.evidence[0].Signal}, "No signal says so in plain words; the wording fits this: "+what)
		}
		return
	}
	first := t.root.shows[0]
	if r := &t.readings[first.signal]; !t.told[first.signal] && strings.Contains(first.words, " ") && r.signal.Kind != corax.ChangeOf {
		what = fmt.Sprintf("%s says it: %s. %s", or(r.Entity, "A message"), quoted(first.words), what)
	}
	if t.root.confidence < leastSure {
		what = fmt.Sprintf("The likeliest explanation, less than half sure, is that %s: %s", t.root.title, what)
	}
	t.say(corax.TellsWhy, signals, what)
}

// affected tells how much is hit, in the numbers that the signals give, and who needs the root and has said nothing.
func (t *teller) affected() {
	var parts []string
	var signals []int
	for n, a := range t.root.scene.actors {
		if n == mostTold*3 {
			break
		}
		for _, l := range t.lines(a) {
			r := &t.readings[l.signal]
			if words := r.amount(); words != "" && len(parts) < mostTold && !slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(p, quoted(words)) }) {
				parts = append(parts, quoted(words)+by(a.entity))
				signals = append(signals, l.signal)
			}
		}
	}
	if len(parts) > 1 || len(parts) == 1 && parts[0] != quoted(t.readings[signals[0]].words())+by(t.readings[signals[0]].Entity) {
		t.say(corax.TellsAffected, signals, "In numbers: "+strings.Join(parts, ", "))
	}
	if t.root.entity == "" || t.graph.Len() == 0 || len(t.root.evidence) == 0 {
		return
	}
	var silent []string
	for _, d := range t.graph.DirectDependents(t.root.entity) {
		if a := t.root.scene.by[d]; a == nil || a.count == 0 {
			silent = append(silent, d)
		}
	}
	if n := len(silent); n == 1 {
		t.say(corax.TellsAffected, t.evident(), fmt.Sprintf("%s needs %s too, and has not reported anything", silent[0], t.root.entity))
	} else if n > 1 {
		t.say(corax.TellsAffected, t.evident(), fmt.Sprintf("%s need %s too, and have not reported anything", list(silent), t.root.entity))
	}
}

func by(entity string) string {
	if entity == "" {
		return ""
	}
	return " (" + entity + ")"
}

// evident is the signal of the strongest evidence.
func (t *teller) evident() []int {
	if len(t.root.evidence) == 0 {
		return nil
	}
	return []int{t.root.evidence[0].Signal}
}

// unclear tells what is not settled, where it matters.
func (t *teller) unclear() {
	if t.root.entity == "" {
		t.say(corax.TellsUnclear, nil, "No signal names the entity at fault")
	} else if t.root.scene.by[t.root.entity] == nil {
		t.say(corax.TellsUnclear, t.evident(), fmt.Sprintf("%s itself has sent no signal; only others speak of it", t.root.entity))
	}
	if t.root.mech < 0 {
		t.weighed()
		t.open()
		return
	}
	rival := ""
	if next, ok := t.runnerUp(t.root.verdict, t.root.verdict.pattern); ok {
		m := &t.matcher.mechs[next.mech]
		if p := share(t.root.verdict, m.Pattern); p >= possible {
			rival = m.Title
			t.say(corax.TellsUnclear, nil, fmt.Sprintf("%s (%.0f %%) is possible as well: %s; %s", m.Pattern, 100*p, m.Title, t.apart(next.mech)))
		}
	}
	for _, e := range t.root.against[:min(len(t.root.against), 2)] {
		r := &t.readings[e.Signal]
		if told := rival != "" && strings.HasSuffix(e.Supports, rival); !told && (t.root.confidence < settled || r.Entity == t.root.entity) {
			t.say(corax.TellsUnclear, []int{e.Signal}, fmt.Sprintf("The words %s%s %s", quoted(r.words()), by(r.Entity), e.Supports))
		}
	}
	if t.root.confidence < 0.6 && len(t.root.rivals) > 0 && t.root.entity != "" {
		t.say(corax.TellsUnclear, nil, fmt.Sprintf("Whether the fault is at %s or at %s is not settled", t.root.entity, t.root.rivals[0]))
	}
	if t.root.confidence < settled {
		b := t.binding(&t.root, t.root.entity)
		var look []string
		for _, e := range t.matcher.mechs[t.root.mech].Evidence[:min(len(t.matcher.mechs[t.root.mech].Evidence), 2)] {
			look = append(look, b.words(e))
		}
		if len(look) > 0 {
			t.say(corax.TellsUnclear, nil, "What would settle it: "+strings.Join(look, "; "))
		}
	}
}

// apart says what tells the mechanism from another.
func (t *teller) apart(other int) string {
	m := &t.matcher.mechs[other]
	for _, pair := range [...][2]int{{t.root.mech, other}, {other, t.root.mech}} {
		for _, c := range t.matcher.mechs[pair[0]].Confused {
			if c.Mechanism == t.matcher.mechs[pair[1]].ID {
				return "what tells them apart: " + c.Tell
			}
		}
	}
	if len(m.Evidence) > 0 {
		b := t.binding(&t.root, t.root.entity)
		return "to know, look at: " + b.words(m.Evidence[0])
	}
	return "nothing in the signals tells them apart"
}

// share is the probability of a pattern.
func share(v verdict, pattern string) float64 {
	for _, a := range v.alternatives {
		if a.Pattern == pattern {
			return a.Confidence
		}
	}
	return 0
}

func list(names []string) string {
	if n := len(names); n > mostNames {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostNames], ", "), n-mostNames)
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

func firstWords(s string) string {
	const most = 90
	if line, _, ok := strings.Cut(s, "\n"); ok {
		s = line
	}
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !isStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}
