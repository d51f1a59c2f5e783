package diagnose

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"corax"
	read "corax/diagnose/reading"
)

// scene is who is part of a problem, and when. It is small, however many signals there are: what an entity says is read when it is told.
type scene struct {
	actors []*actor // the root first, the others in the order in which they appear; those that no message names last, as one
	by     map[string]*actor
	timed  bool // every signal of trouble carries its time
	from   time.Time
	to     time.Time // of the last signal of trouble
}

// actor is an entity in a problem.
type actor struct {
	entity    string
	incidents []int
	count     int // of its signals that are trouble
	said      []line
	heard     bool // said is filled
}

// line is what one signal says.
type line struct {
	signal int
	at     time.Time
	words  string // a part of the message, as it is written
	shape  string // the words without their numbers, by which repeats are told
	change bool
	counts bool // is among the actor's count
}

const (
	mostLines   = 6  // different messages of one entity that are told
	mostUnnamed = 12 // the same, of those that no message names
	mostHeard   = 40 // signals of one entity that are looked at for them
	mostActors  = 48 // entities whose words are read
)

// scene finds who is part of a problem.
func (w *work) scene(g group, root string) *scene {
	s := &scene{by: map[string]*actor{}, timed: true}
	for _, i := range g.incidents {
		inc := &w.incidents[i]
		a := s.by[inc.entity]
		if a == nil {
			a = &actor{entity: inc.entity}
			s.by[inc.entity] = a
			s.actors = append(s.actors, a)
		}
		a.incidents = append(a.incidents, i)
		if inc.change {
			continue
		}
		for _, n := range inc.signals {
			at := w.c.Signals[n].At
			if w.c.Signals[n].Kind == corax.ChangeOf {
				continue
			}
			a.count++
			if at.IsZero() {
				s.timed = false
				continue
			}
			if s.from.IsZero() || at.Before(s.from) {
				s.from = at
			}
			if at.After(s.to) {
				s.to = at
			}
		}
	}
	rank := func(a *actor) int {
		switch a.entity {
		case root:
			return 0
		case "":
			return 2
		}
		return 1
	}
	slices.SortStableFunc(s.actors, func(a, b *actor) int { return cmp.Compare(rank(a), rank(b)) })
	return s
}

// lines are the different messages of an actor: in the order of time where all carry one, else in the order given.
func (w *work) lines(a *actor) []line {
	if a == nil || a.heard {
		return a.lines()
	}
	a.heard = true
	most := mostLines
	if a.entity == "" {
		most = mostUnnamed
	}
	looked, timed := 0, true
	for _, i := range a.incidents {
		for _, n := range w.incidents[i].signals {
			if looked++; looked > mostHeard || len(a.said) == most {
				break
			}
			r := &w.readings[n]
			words := r.words()
			like := shape(words)
			if words == "" || slices.ContainsFunc(a.said, func(l line) bool { return l.shape == like }) {
				continue
			}
			timed = timed && !r.signal.At.IsZero()
			a.said = append(a.said, line{n, r.signal.At, words, like, r.tellsChange(), !w.incidents[i].change && r.signal.Kind != corax.ChangeOf})
		}
	}
	slices.SortStableFunc(a.said, func(x, y line) int {
		if c := x.at.Compare(y.at); timed && c != 0 {
			return c
		}
		return cmp.Compare(x.signal, y.signal)
	})
	return a.said
}

func (a *actor) lines() []line {
	if a == nil {
		return nil
	}
	return a.said
}

// shape is a text without its numbers: what repeats with another process id or size is the same.
func shape(text string) string {
	if !strings.ContainsAny(text, "0123456789") {
		return text
	}
	b := make([]byte, 0, len(text))
	for i := range len(text) {
		switch c := text[i]; {
		case c < '0' || c > '9':
			b = append(b, c)
		case len(b) == 0 || b[len(b)-1] != '#':
			b = append(b, '#')
		}
	}
	return string(b)
}

// altered are stems of words by which a message tells that something was changed.
var altered = stemsOf("deployed deploy rollout rolled released release upgraded upgrade updated update migrated migration rotated " +
	"reconfigured changed change merged patched switched cutover replaced installed applied enabled disabled removed promoted renamed withdrawn revoked relocated")

func stemsOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, s := range read.Stems(words) {
		set[s] = true
	}
	return set
}

// tellsChange says that a message is about something that was altered, not about trouble.
func (r *reading) tellsChange() bool {
	switch {
	case r.signal.Kind == corax.ChangeOf:
		return true
	case r.signal.Kind != "", r.polarity == read.Failing && !r.headed("change"):
		return false
	}
	for _, t := range r.Tokens[:min(len(r.Tokens), 14)] {
		if altered[t.Stem] {
			return true
		}
	}
	return callsChange(r.signal.Message[:min(len(r.signal.Message), 400)])
}

// callsChange says that a text names a call of an interface that alters something: PutBucketPolicy, DeleteServiceAccountKey.
func callsChange(text string) bool {
	for _, verb := range [...]string{"Put", "Delete", "Update", "Create", "Modify", "Set", "Attach", "Detach", "Revoke", "Authorize", "Replace"} {
		at := strings.Index(text, verb)
		if end := at + len(verb); at >= 0 && end < len(text) && text[end] >= 'A' && text[end] <= 'Z' &&
			(at == 0 || strings.IndexByte(" .:/\"", text[at-1]) >= 0) {
			return true
		}
	}
	return false
}

// headed says that a message begins with a word, as a heading: "Change: ...".
func (r *reading) headed(word string) bool {
	return len(r.Tokens) > 1 && r.Tokens[0].Text == word && r.Tokens[0].Start < 2
}

const (
	mostQuoted = 150 // bytes of a message that are quoted in a sentence
	leastWords = 16
)

// words is what a message says, without the name of its entity before it; a part of the message as it is written, and without quotation
// marks, so that it can stand between some.
func (r *reading) words() string {
	if r.saying == "" {
		r.saying = r.say()
	}
	return r.saying
}

func (r *reading) say() string {
	text := r.signal.Message[:min(len(r.signal.Message), 4*mostQuoted)]
	text = strings.TrimSpace(text)
	text = text[logHead(text):]
	if at := strings.IndexAny(text, "\r\n"); at >= leastWords {
		text = text[:at]
	}
	if head, rest, ok := strings.Cut(text, ": "); ok && len(head) < 60 && len(rest) >= 3 && r.Entity != "" && sameName(head, r.Entity) {
		text = strings.TrimSpace(rest)
	}
	return excerpt(text, mostQuoted)
}

// aLogHead is what a log puts before a message: priority, time, and with a host the program and its pid. It differs from line to line.
var aLogHead = regexp.MustCompile(`^(?:<\d{1,3}>(?:1 )?)?(?:[A-Z][a-z][a-z] [ 0-3]?\d \d\d:\d\d:\d\d|` +
	`\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d[0-9.,:+-]*Z?\]?)\s+(?:[A-Za-z0-9_.-]+\s+[A-Za-z0-9_./-]+(?:\[\d+\])?:\s+)?`)

// logHead is the length of the head of a log line, 0 where a text is none or holds nothing else.
func logHead(text string) int {
	if text == "" || !(text[0] >= '0' && text[0] <= '9' || text[0] == '<' || text[0] == '[' || len(text) > 15 && text[3] == ' ' && text[9] == ':') {
		return 0
	}
	if at := aLogHead.FindStringIndex(text); at != nil && at[1] < len(text) {
		return at[1]
	}
	return 0
}

// excerpt is a part of a text that is at most so long, ends with a word, and holds no quotation mark and no line break.
func excerpt(text string, most int) string {
	best, broken := "", false
	for at := 0; at < len(text) && len(best) < leastWords+8; {
		end := strings.IndexAny(text[at:], "\"\n\r")
		if end < 0 {
			end = len(text) - at
		}
		if part := strings.TrimSpace(text[at : at+end]); len(part) > len(best) {
			best, broken = part, at+end < len(text) && text[at+end] == '"'
		}
		at += end + 1
	}
	if stop := strings.LastIndexAny(best, ",;."); broken && stop >= leastWords {
		best = best[:stop]
	}
	if len(best) > most {
		cut := strings.LastIndexAny(best[:most], " ,;")
		if stop := strings.LastIndexAny(best[:most], ".;,"); stop > most/2 && stop+1 < len(best) && best[stop+1] == ' ' {
			cut = stop
		}
		if cut < most/2 {
			for cut = most; cut > 0 && !isStart(best[cut]); cut-- {
			}
		}
		best = best[:cut]
		for {
			at := strings.LastIndexByte(best, ' ')
			if at < most/2 || !loose[strings.ToLower(best[at+1:])] {
				break
			}
			best = strings.TrimRight(best[:at], " ")
		}
	}
	if open := strings.LastIndexByte(best, '('); open > leastWords && !strings.Contains(best[open:], ")") {
		best = best[:open]
	}
	return strings.TrimSpace(strings.TrimRight(best, " ,;:.({[-"))
}

// loose words don't end a quotation that was cut.
var loose = map[string]bool{
	"a": true, "an": true, "the": true, "in": true, "of": true, "with": true, "for": true, "be": true, "to": true, "on": true, "at": true, "by": true,
	"is": true, "are": true, "was": true, "and": true, "or": true, "from": true, "that": true, "will": true, "has": true, "not": true, "no": true,
}

// sameName says that the head of a message is the name of its entity, however it is written.
func sameName(head, entity string) bool {
	i := 0
	head = read.Lower(head)
	letters := func(s string, i int) int {
		for i < len(s) && !(s[i] >= 'a' && s[i] <= 'z' || s[i] >= '0' && s[i] <= '9' || s[i] >= 0x80) {
			i++
		}
		return i
	}
	name := strings.TrimSuffix(read.Lower(entity), "-svc")
	at := 0
	for {
		i, at = letters(head, i), letters(name, at)
		if at == len(name) {
			break
		}
		if i == len(head) || head[i] != name[at] {
			return false
		}
		i, at = i+1, at+1
	}
	switch strings.Trim(head[i:], " -_") {
	case "", "service", "svc", "microservice", "check", "monitor", "probe":
		return true
	}
	return false
}

// spanned is the words of a place in the message, or empty where they can't be quoted.
func (r *reading) spanned(at span) string {
	text := r.signal.Message
	if at.start >= at.end || at.end > len(text) || at.end-at.start > mostQuoted/2 || strings.ContainsAny(text[at.start:at.end], "\"\n\r") {
		return ""
	}
	return text[at.start:at.end]
}

// alternative is the alternative of a phrase that stands in the message, or empty. It looks for letters before it makes words of them.
func (r *reading) alternative(phrase string) string {
	for alt := range strings.SplitSeq(phrase, "|") {
		if mayHold(r.Text, alt) && stands(words(alt), r.Tokens) {
			return alt
		}
	}
	return ""
}

// stands says that words follow one another in the tokens.
func stands(want []string, tokens []read.Token) bool {
	for i := range tokens {
		if len(want) == 0 || i+len(want) > len(tokens) {
			return false
		}
		match := true
		for k, word := range want {
			if t := &tokens[i+k]; t.Stem != word && !(word == number && t.Number()) {
				match = false
				break
			}
		}
		if match {
			return true
		}
	}
	return false
}
