package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"corax"
	read "corax/diagnose/reading"
	"corax/knowledge"
)

// What is told and proposed where no mechanism explains a problem: what the signals hold, what they have in common, what was weighed and
// why it falls short, and what to look at, in the order in which it would tell the candidates apart.

const (
	mostWeighed   = 2   // candidates that are told of
	mostGathered  = 8   // steps of a plan that gathers
	worthWeighing = 0.0 // log odds from which a candidate is worth a sentence
	worthAsking   = 1.0 // log odds from which its evidence is gathered before anything else
)

// holder is an entity that holds a value, with the signal.
type holder struct {
	entity string
	signal int
}

// held is a name or value in a problem, with who holds it.
type held struct {
	detail
	by []holder
}

// holdings lists the names and values in a problem's words, in the order in which they appear.
func (w *work) holdings(s *scene) []*held {
	var all []*held
	at := map[detail]*held{}
	for n, a := range s.actors {
		if n == mostActors {
			break
		}
		for _, l := range w.lines(a) {
			for _, d := range w.readings[l.signal].details() {
				h := at[d]
				if h == nil {
					h = &held{detail: d}
					at[d] = h
					all = append(all, h)
				}
				if !slices.ContainsFunc(h.by, func(b holder) bool { return b.signal == l.signal }) {
					h.by = append(h.by, holder{a.entity, l.signal})
				}
			}
		}
	}
	return all
}

// codes tells the codes that the signals name, where they are more than the sentences above show.
func (t *teller) codes() {
	if !slices.ContainsFunc(t.root.scene.actors[:min(len(t.root.scene.actors), mostActors)], func(a *actor) bool {
		return slices.ContainsFunc(t.lines(a), func(l line) bool { return !t.told[l.signal] })
	}) {
		return
	}
	var parts []string
	var signals []int
	for _, h := range t.holdings(t.root.scene) {
		if h.kind != "code" || t.told[h.by[0].signal] || len(parts) == mostTold {
			continue
		}
		parts = append(parts, h.value+" ("+or(h.by[0].entity, "no entity named")+")")
		signals = append(signals, h.by[0].signal)
	}
	if len(parts) > 0 {
		t.say(corax.TellsWhat, signals, "Codes that the signals name: "+strings.Join(parts, ", "))
	}
}

// ties are the kinds of values that two signals don't share by accident.
var ties = map[string]string{
	"address": "the address", "host": "the host", "interface": "the interface", "vlan": "VLAN", "mac": "the MAC address", "url": "the URL",
	"path": "the path", "device": "the device", "user": "the account", "unit": "the unit", "pod": "the pod", "namespace": "the namespace",
	"database": "the database", "table": "the table", "queue": "the queue", "resource": "the resource", "code": "the code",
	"version": "the version", "domain": "the domain", "instance": "the instance",
}

// common tells what signals of different entities share: a value, an entity that they name, rare words.
func (t *teller) common() {
	if s := t.root.scene; len(s.actors) == 1 && len(s.actors[0].lines()) < 2 {
		return
	}
	said := 0
	for _, h := range t.holdings(t.root.scene) {
		what, ok := ties[h.kind]
		if !ok || said == 2 || t.root.scene.by[read.Lower(h.value)] != nil {
			continue // one of them names itself
		}
		if h.kind == "host" && codeLike(h.value) {
			what = "the code"
		}
		if names, signals := sharers(h.by); len(signals) > 1 && (len(names) > 1 || len(names) == 0) {
			t.say(corax.TellsWhy, signals, fmt.Sprintf("%s name %s %s", or(list(names), "Several messages"), what, h.value))
			said++
		}
	}
	type word struct {
		text string
		by   []holder
	}
	var rare []*word
	at := map[string]*word{}
	named := map[string]*word{}
	var mentioned []*word
	for n, a := range t.root.scene.actors {
		if n == mostActors {
			break
		}
		for _, l := range t.lines(a) {
			r := &t.readings[l.signal]
			for _, m := range r.Mentions {
				x := named[m.Entity]
				if x == nil {
					x = &word{text: m.Entity}
					named[m.Entity] = x
					mentioned = append(mentioned, x)
				}
				x.by = append(x.by, holder{a.entity, l.signal})
			}
			for n, tok := range r.Tokens {
				if len(tok.Text) < 5 || tok.Number() || tok.Ordinary() || strings.Contains(read.Lower(a.entity), tok.Text) {
					continue
				}
				if t.rare[r.numbers[n]] > 0 {
					continue // a word of the trade
				}
				x := at[tok.Stem]
				if x == nil {
					x = &word{text: tok.Text}
					at[tok.Stem] = x
					rare = append(rare, x)
				}
				x.by = append(x.by, holder{a.entity, l.signal})
			}
		}
	}
	for _, x := range mentioned {
		told := func(s corax.Sentence) bool { // as a code or a host
			i := strings.LastIndexByte(s.Text, ' ')
			return s.Kind == corax.TellsWhy && strings.HasSuffix(x.text, strings.TrimSuffix(read.Lower(s.Text[i+1:]), "."))
		}
		if names, signals := sharers(x.by); len(names) > 1 && said < 3 && !slices.ContainsFunc(t.sentences, told) {
			t.say(corax.TellsWhy, signals, fmt.Sprintf("%s name %s", list(names), x.text))
			said++
		}
	}
	var words []string
	var signals []int
	for _, x := range rare {
		if names, in := sharers(x.by); len(names) > 1 && len(words) < 3 {
			words = append(words, quoted(x.text))
			signals = append(signals, in...)
		}
	}
	if len(words) > 0 && said < 3 {
		t.say(corax.TellsWhy, signals, "Their messages share what is rare elsewhere: "+strings.Join(words, ", "))
	}
}

// sharers lists the entities that hold something, and a signal of each.
func sharers(by []holder) (names []string, signals []int) {
	for _, b := range by {
		switch {
		case b.entity == "" && len(signals) < mostNames:
			signals = append(signals, b.signal)
		case b.entity != "" && !slices.Contains(names, b.entity) && len(names) < mostNames:
			names = append(names, b.entity)
			signals = append(signals, b.signal)
		}
	}
	return names, signals
}

// weighed tells which explanations were considered, and what they lack.
func (t *teller) weighed() {
	n := 0
	for _, s := range t.root.verdict.ranked {
		if n == mostWeighed || s.total < worthWeighing {
			break
		}
		m := &t.matcher.mechs[s.mech]
		var signals []int
		has, lacks := t.lacks(m, &signals)
		if has == "" && s.rules <= 0 {
			continue // by its sound alone
		}
		n++
		text := fmt.Sprintf("Weighed and not sure enough: %s (%s)", m.Title, m.Pattern)
		switch {
		case has != "" && lacks != "":
			text += fmt.Sprintf("; the signals speak of %s, but of nothing like %s", has, lacks)
		case lacks != "":
			text += "; no signal speaks of " + lacks
		}
		t.say(corax.TellsUnclear, signals, text)
	}
	if n == 0 {
		t.say(corax.TellsUnclear, nil, "No mechanism of the catalogue has enough in common with these words to be weighed")
	}
}

// open tells what the signals of this problem leave open: what a code stands for, what joins those who have no tie, which change came before.
func (t *teller) open() {
	sc := t.root.scene
	for _, h := range t.holdings(sc) {
		if (h.kind == "code" || h.kind == "host" && codeLike(h.value) && sc.by[read.Lower(h.value)] == nil) && !t.readings[h.by[0].signal].known(h.value) && !strings.Contains(read.Lower(h.by[0].entity), read.Lower(h.value)) {
			t.say(corax.TellsUnclear, []int{h.by[0].signal}, fmt.Sprintf("What %s stands for%s, neither a signal nor the catalogue tells", h.value, whereAt(h.by[0].entity)))
			break
		}
	}
	var loose []string
	var signals []int
	for _, a := range sc.actors[:min(len(sc.actors), mostActors)] {
		if a.entity != "" && a.entity != t.root.entity && t.relation(a.entity) == "" && a.count > 0 && len(t.lines(a)) > 0 {
			loose = append(loose, a.entity)
			signals = append(signals, t.lines(a)[0].signal)
		}
	}
	if t.root.entity != "" && len(loose) > 0 {
		order := ""
		if !sc.timed {
			order = ", and not every signal carries its time"
		}
		suffer := "suffers"
		if len(loose) > 1 {
			suffer = "suffer"
		}
		t.say(corax.TellsUnclear, signals, fmt.Sprintf("Whether %s %s from %s or from something that all of them need is open: no signal and no topology joins them%s",
			list(loose), suffer, t.root.entity, order))
	}
	if t.root.entity == "" || people(t.root.entity) || len(t.altered()) > 0 {
		return
	}
	if from := sc.from; !from.IsZero() {
		t.say(corax.TellsUnclear, nil, fmt.Sprintf("Whether anything was changed on %s before %s, no signal tells", t.root.entity, from.UTC().Format(time.TimeOnly)))
	} else {
		t.say(corax.TellsUnclear, nil, fmt.Sprintf("Since when %s is in this state, and what was changed on it before, no signal tells", t.root.entity))
	}
}

// codeLike says that a name is more likely the code of a fault than a host: F-207, E771.
func codeLike(name string) bool {
	letters := strings.IndexAny(name, "0123456789-")
	digits := strings.TrimLeft(name[max(letters, 0):], "-")
	return letters > 0 && letters <= 3 && len(digits) >= 2 && strings.Trim(digits, "0123456789") == "" && name[0] <= 'Z'
}

// known says that a code in the message is one of a standard, so that its meaning is no question.
func (r *reading) known(code string) bool {
	return slices.ContainsFunc(r.Codes(), func(c read.Code) bool {
		return c.Start < c.End && c.End <= len(r.Text) && strings.Contains(r.Text[c.Start:c.End], read.Lower(code))
	})
}

func whereAt(entity string) string {
	if entity == "" {
		return ""
	}
	return " at " + entity
}

// lacks compares the signatures of a mechanism with what the signals say: of the one that fits best, what they say and what they don't.
func (t *teller) lacks(m *knowledge.Mechanism, signals *[]int) (has, lacks string) {
	most, say, at := 0.0, []string(nil), -1
	for _, sig := range m.Signatures {
		for _, a := range t.root.scene.actors[:min(len(t.root.scene.actors), mostTold)] {
			for _, l := range t.lines(a) {
				if l.change {
					continue
				}
				n := 0
				for _, phrase := range sig.Say {
					if t.readings[l.signal].alternative(phrase) != "" {
						n++
					}
				}
				if part := float64(n) / float64(len(sig.Say)); n < len(sig.Say) && part > most {
					most, say, at = part, sig.Say, l.signal
				}
			}
		}
	}
	if at < 0 {
		return "", ""
	}
	var yes, no []string
	for _, phrase := range say {
		switch alt := t.readings[at].alternative(phrase); alt {
		case "":
			no = append(no, strings.Join(first(strings.Split(phrase, "|"), 3), ", "))
		case number:
		default:
			yes = append(yes, alt)
		}
	}
	*signals = []int{at}
	return strings.Join(yes, " and "), strings.Join(no, ", nor of ")
}

// inquiry is the plan for what nothing explains: a change just before it may be taken back, by a person's yes; all else only reads.
func (w *work) inquiry(root cause) corax.Plan {
	p := corax.Plan{Steps: []corax.Step{}, Mode: corax.Manual}
	p.Why = "no known mechanism explains the trouble"
	if who := standIn(&root); who != "" {
		p.Why += " of " + who
	}
	p.Why += ", so nothing may act on it by itself"
	q := &inquirer{work: w, root: root}
	q.revert()
	if len(q.steps) > 0 {
		p.Why += fmt.Sprintf("; step %s takes a change at %s back, and waits for a yes", q.steps[0].ID, q.steps[0].Target)
	}
	q.phase++
	if root.entity == "" {
		q.origin()
	}
	if r := root.verdict.ranked; len(r) > 0 && r[0].total >= worthAsking && r[0].rules > 0 {
		q.tellApart()
		q.look()
	} else {
		q.look()
		q.tellApart()
	}
	if q.at == 0 {
		q.origin()
	}
	p.Steps = append(p.Steps, q.steps...)
	return p
}

// inquirer collects the steps of an inquiry.
type inquirer struct {
	*work
	root      cause
	steps     []corax.Step
	phase, at int
	shapes    []string // of the words that were looked into
}

// once adds a step that gathers, unless one with this outcome is there.
func (q *inquirer) once(outcome, target string, s corax.Step) {
	if !slices.ContainsFunc(q.steps, func(had corax.Step) bool { return strings.Contains(had.Verify, outcome) }) {
		q.add("evidence.gather", target, s)
	}
}

func (q *inquirer) add(action, target string, s corax.Step) {
	if slices.ContainsFunc(q.steps, func(had corax.Step) bool { return had.Do == s.Do }) || q.at >= mostGathered {
		return
	}
	a, _ := q.cat.Action(action)
	q.at++
	s.ID = fmt.Sprintf("%d.%d", q.phase, q.at)
	s.Action, s.Target, s.Params = action, target, map[string]string{}
	s.Risk, s.Purpose = cmp.Or(s.Risk, a.Risk), cmp.Or(s.Purpose, corax.Fix)
	s.Phase = or(s.Phase, "gather")
	b := q.binding(&q.root, target)
	s.Check, s.Verify, s.Undo = b.words(or(s.Check, a.Check)), or(s.Verify, b.words(a.Verify)), b.words(or(s.Undo, a.Undo))
	q.steps = append(q.steps, s)
}

// revert offers to take back a change that stands just before the first symptom.
func (q *inquirer) revert() {
	s := q.root.scene
	q.phase = 1
	for _, l := range q.altered(&q.root) {
		r := &q.readings[l.signal]
		d := s.from.Sub(l.at)
		known := !l.at.IsZero() && !s.from.IsZero()
		if known && (d < 0 || d > just) || r.Entity == "" || !known && r.signal.Kind != corax.ChangeOf {
			continue
		}
		when := ""
		if known {
			when = fmt.Sprintf(", made at %s, %s before the first symptom", l.at.UTC().Format(time.TimeOnly), lasting(d))
		}
		q.add("config.revert", r.Entity, corax.Step{
			Phase: "contain", Purpose: corax.Restore, Ask: true,
			Do:     fmt.Sprintf("Take this change at %s back%s: %s", r.Entity, when, quoted(l.words)),
			Verify: "the earlier version runs at " + r.Entity + ", and " + q.gone(),
			Undo:   "apply the change at " + r.Entity + " again",
		})
		break
	}
	if q.at == 0 {
		q.phase = 0
	}
	q.at = 0
}

// gone is what must no longer be said once it is over.
func (q *inquirer) gone() string {
	for _, a := range q.root.scene.actors {
		for _, l := range q.lines(a) {
			if !l.change {
				return fmt.Sprintf("%s no longer reports %s", or(a.entity, "nobody any"), quoted(excerpt(l.words, 80)))
			}
		}
	}
	return "no new signal of it comes"
}

// tellApart gathers the evidence of the candidates, that of the best first.
func (q *inquirer) tellApart() {
	b := q.binding(&q.root, q.root.entity)
	for k, s := range q.root.verdict.ranked {
		if k == mostWeighed || s.total < worthWeighing {
			break
		}
		m := &q.matcher.mechs[s.mech]
		if len(m.Evidence) == 0 || s.rules <= 0 && s.total < worthAsking {
			continue
		}
		var ask []string
		for _, e := range m.Evidence[:min(len(m.Evidence), 2)] {
			ask = append(ask, b.words(e))
		}
		q.add("evidence.gather", q.root.entity, corax.Step{
			Do:     fmt.Sprintf("Find out at %s: %s", or(standIn(&q.root), "the system that wrote it"), strings.Join(ask, "; then: ")),
			Verify: "the answers say whether this fits: " + m.Title,
		})
	}
}

// look reads, for each entity, what its own signals point at.
func (q *inquirer) look() {
	for n, a := range q.root.scene.actors {
		if n == mostTold || a.entity == "" && n > 0 {
			break
		}
		q.lookAt(a)
	}
	q.whatChanged()
}

// lookAt asks what the words of one entity call for: the log of the unit or code, the state of the interface, whether a peer is reached.
func (q *inquirer) lookAt(a *actor) {
	lines := slices.DeleteFunc(slices.Clone(q.lines(a)), func(l line) bool { return l.change })
	if len(lines) == 0 || a.entity == "" {
		return
	}
	if people(a.entity) {
		q.add("evidence.gather", a.entity, corax.Step{
			Do:     fmt.Sprintf("Ask %s, who reported %s: since when, who and where, what still works", a.entity, quoted(excerpt(lines[0].words, 80))),
			Verify: "the first time, the extent and what still works are known",
		})
		return
	}
	facts := map[string]string{}
	for _, l := range lines {
		for _, d := range q.readings[l.signal].details() {
			facts[d.kind] = or(facts[d.kind], d.value)
		}
	}
	around, since := "", ""
	if at := lines[0].at; !at.IsZero() {
		around = " from " + at.Add(-10*time.Minute).UTC().Format(time.TimeOnly) + " UTC on"
		since = fmt.Sprintf(" --since %q --until %q", at.Add(-10*time.Minute).UTC().Format(time.DateTime), at.Add(5*time.Minute).UTC().Format(time.DateTime))
	}
	search := facts["code"]
	if strings.Trim(search, "0123456789") == "" {
		search = excerpt(lines[0].words, 60)
	}
	log := corax.Step{
		Do:     fmt.Sprintf("Read the log of %s%s for %s and what comes before it", a.entity, around, quoted(search)),
		Verify: "the first error in the log of " + a.entity + ", and its time, are known",
	}
	switch {
	case facts["pod"] != "":
		log.Run = "kubectl logs " + facts["pod"] + " --previous --timestamps"
		if facts["namespace"] != "" {
			log.Run += " -n " + facts["namespace"]
		}
	case facts["unit"] != "":
		log.Run = fmt.Sprintf("journalctl -u %q", facts["unit"]) + since
	case facts["interface"] != "" && strings.ContainsAny(facts["interface"], "/"):
		log.Run = "show logging | include " + facts["interface"]
	case strings.HasPrefix(facts["code"], "%"):
		log.Run = "show logging | include " + facts["code"]
	}
	if slices.Contains(q.shapes, lines[0].shape) {
		return // as at another entity: its log tells the same
	}
	q.shapes = append(q.shapes, lines[0].shape)
	q.add("evidence.gather", a.entity, log)
	if v := facts["code"]; v != "" && !strings.HasPrefix(read.Lower(v), "http") {
		q.once("what "+v+" stands for", a.entity, corax.Step{Do: fmt.Sprintf("Look up what %s means in the manual or the source of %s", v, a.entity),
			Verify: "what " + v + " stands for, and what its maker says to do, are known"})
	}
	if v := facts["interface"]; v != "" {
		step := corax.Step{Do: fmt.Sprintf("Look at the state and the error counters of %s on %s, twice, a minute apart", v, a.entity),
			Verify: "it is known whether " + v + " is up and whether its counters rise", Run: "ip -s link show " + v}
		if strings.Contains(v, "/") {
			step.Run = "show interfaces " + v
		}
		q.add("evidence.gather", a.entity, step)
	}
	if v := facts["path"]; v != "" {
		q.add("evidence.gather", a.entity, corax.Step{Do: fmt.Sprintf("Look at %s on %s: room, owner, mount, last change", v, a.entity),
			Run: "df -h " + v + "; ls -la " + v, Verify: "it is known whether " + v + " is there, has room and can be written"})
	}
	q.reach(a, facts)
}

// crowds are words for those who report what they see and keep no log.
var crowds = stemsOf("team users user helpdesk desk hotline feedback customers customer callers product sales editors support staff people clerks " +
	"operators reception nurses drivers tenants twitter reporters finance marketing employees visitors guests students")

// people says that a name is of people.
func people(name string) bool {
	for word := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' || r == ' ' }) {
		if crowds[read.Stem(read.Lower(word))] {
			return true
		}
	}
	return false
}

// reach asks whether what an entity names as its peer can be reached from it.
func (q *inquirer) reach(a *actor, facts map[string]string) {
	peer := facts["address"]
	if h := facts["host"]; peer == "" && (strings.Contains(h, ".") || q.root.scene.by[read.Lower(h)] != nil || q.inGraph(h)) {
		peer = h
	}
	for _, l := range q.lines(a) {
		for _, m := range q.readings[l.signal].Mentions {
			if peer == "" && (q.root.scene.by[m.Entity] != nil || q.inGraph(m.Entity)) {
				peer = m.Entity
			}
		}
	}
	if code := facts["code"]; peer == "" || peer == a.entity || sameName(peer, a.entity) || code != "" && strings.HasSuffix(peer, read.Lower(code)) {
		return
	}
	to := inCommand(peer)
	step := corax.Step{Do: fmt.Sprintf("Test from %s whether %s can be reached", a.entity, peer), Run: "ping -c 5 " + to,
		Verify: fmt.Sprintf("it is known whether the path from %s to %s works", a.entity, peer)}
	if p := facts["port"]; p != "" {
		step.Do += " on port " + p
		step.Run = "nc -vz -w 5 " + to + " " + p
	}
	q.add("evidence.gather", a.entity, step)
}

func (q *inquirer) inGraph(name string) bool {
	_, ok := q.graph.Entity(name)
	return ok
}

// whatChanged asks for the changes that no signal tells of.
func (q *inquirer) whatChanged() {
	var names []string
	for _, a := range q.root.scene.actors {
		if a.entity != "" && !people(a.entity) && len(names) < mostTold {
			names = append(names, a.entity)
		}
	}
	if len(names) == 0 {
		return
	}
	when := "in the hours before the first signal"
	if from := q.root.scene.from; !from.IsZero() {
		when = fmt.Sprintf("between %s and %s UTC on %s", from.Add(-4*time.Hour).UTC().Format("15:04"), from.UTC().Format("15:04"), from.UTC().Format(time.DateOnly))
	}
	q.add("evidence.gather", cmp.Or(q.root.entity, names[0]), corax.Step{
		Do:     fmt.Sprintf("List what was changed on %s %s: releases, configuration, certificates, capacity, work on site", list(names), when),
		Verify: "the last change before the first signal is known, or that there was none",
	})
}

// origin asks where a message comes from that names nobody.
func (q *inquirer) origin() {
	asked := 0
	for _, a := range q.root.scene.actors {
		for _, l := range q.lines(a) {
			if asked++; l.change || asked > mostTold || a.entity != q.root.entity {
				continue
			}
			source := ""
			if s := q.c.Signals[l.signal].Source; s != "" {
				source = " in " + s
			}
			q.add("evidence.gather", a.entity, corax.Step{
				Do:     fmt.Sprintf("Find out which system wrote %s%s: no signal names it", quoted(excerpt(l.words, 100)), source),
				Verify: "the system that wrote it, and the time of the first such message, are known",
			})
		}
	}
}
