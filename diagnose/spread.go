package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"corax"
	read "corax/diagnose/reading"
)

// spread tells who else is part of it, nearest first, each in its own words; of many, the first few and how many more.
func (t *teller) spread() {
	affected := map[string]bool{}
	var far, same []string
	for n, e := range t.cascade.Affected {
		affected[e] = true
		switch {
		case n < mostActors && t.repeats(e):
			same = append(same, e)
		case (n >= mostActors || len(t.sentences) >= mostSentences || !t.joins(e, t.relation(e))) && !t.quoted(e):
			far = append(far, e)
		}
	}
	t.crowd(same, "report the same", "reports the same")
	t.crowd(far, "feel it as well", "feels it as well")
	var others []string
	same = nil
	n := 0
	for k, a := range t.root.scene.actors {
		switch {
		case a.entity == "" || a.entity == t.root.entity || affected[a.entity]:
		case k < mostActors && t.repeats(a.entity):
			same = append(same, a.entity)
		case n < mostTold && t.joins(a.entity, ""):
			n++
		case a.count > 0 && !t.quoted(a.entity):
			others = append(others, a.entity)
		}
	}
	t.crowd(same, "report the same", "reports the same")
	t.crowd(others, "are part of it too", "is part of it too")
	for _, l := range t.lines(t.root.scene.by[""]) {
		if !t.told[l.signal] && !l.change {
			t.told[l.signal] = true
			kind := corax.TellsSpread
			if head, _, _ := strings.Cut(l.words, ":"); people(head) {
				kind = corax.TellsAffected
			}
			t.say(kind, []int{l.signal}, strings.TrimSpace(t.since(l.at)+lead(l.at, "Another message", "another message")+" says "+quoted(l.words)))
		}
	}
}

// quoted says that words of an entity were told already.
func (t *teller) quoted(entity string) bool {
	return slices.ContainsFunc(t.root.scene.by[entity].lines(), func(l line) bool { return t.told[l.signal] })
}

// repeats says that all of an entity's words were told, but for their numbers, as those of another one.
func (t *teller) repeats(entity string) bool {
	said := t.lines(t.root.scene.by[entity])
	return len(said) > 0 && !slices.ContainsFunc(said, func(l line) bool { return !t.shapes[l.shape] || t.told[l.signal] })
}

// lead is how a sentence goes on after its time, or begins without one.
func lead(at time.Time, alone, after string) string {
	if at.IsZero() {
		return alone
	}
	return after
}

// relation says how an entity hangs on the root.
func (t *teller) relation(entity string) string {
	switch d, ok := t.graph.Distance(entity, t.root.entity); {
	case ok && d == 1:
		return ", which needs " + t.root.entity + ","
	case ok && d > 1:
		return fmt.Sprintf(", which needs %s over %d steps,", t.root.entity, d)
	}
	if a := t.root.scene.by[entity]; a != nil {
		for _, i := range a.incidents[:min(len(a.incidents), mostTold)] {
			if t.names(&t.incidents[i], t.root.entity) {
				return ", which names " + t.root.entity + ","
			}
		}
		if slices.ContainsFunc(t.lines(a), func(l line) bool { return speaksOf(l.words, t.root.entity) }) {
			return ", which names " + t.root.entity + ","
		}
	}
	return ""
}

// speaksOf says that words name an entity, however it is written: "pump 3" is pump-3.
func speaksOf(words, entity string) bool {
	plain := func(s string) string {
		return " " + strings.Join(strings.FieldsFunc(read.Lower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ") + " "
	}
	name := plain(entity)
	return len(name) > 4 && strings.Contains(plain(words), name)
}

// joins tells what an entity reported that wasn't told yet.
func (t *teller) joins(entity, relation string) bool {
	a := t.root.scene.by[entity]
	var said []line
	for _, l := range t.lines(a) {
		if !l.change && !t.told[l.signal] && len(said) < 2 {
			said = append(said, l)
		}
	}
	if len(said) == 0 {
		return false
	}
	var b strings.Builder
	b.WriteString(t.since(said[0].at))
	b.WriteString(entity + relation + " reported ")
	t.tell(&b, said)
	b.WriteString(t.rest(a, said))
	kind := corax.TellsSpread
	if people(entity) {
		kind = corax.TellsAffected
	}
	t.say(kind, places(said), b.String())
	return true
}

// crowd tells of many by a few names.
func (t *teller) crowd(names []string, many, one string) {
	if len(names) == 0 {
		return
	}
	var signals []int
	for _, e := range names[:min(len(names), mostNames)] {
		if a := t.root.scene.by[e]; a != nil {
			signals = append(signals, t.incidents[a.incidents[0]].signals[0])
		}
	}
	switch n := len(names); {
	case n == 1:
		t.say(corax.TellsSpread, signals, names[0]+" "+one)
	case n <= mostNames:
		t.say(corax.TellsSpread, signals, list(names)+" "+many)
	default:
		t.say(corax.TellsSpread, signals, fmt.Sprintf("%d more %s, among them %s", n, many, list(names[:mostTold])))
	}
}
