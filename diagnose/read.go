package diagnose

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"corax"
	"corax/topology"
)

// polarity is what a message says about health.
type polarity int8

const (
	healthy polarity = iota - 1
	neutral
	failing
)

// mention is an entity that a message names besides its subject.
type mention struct {
	entity string
	span   span
	fault  bool // in a way that lays the fault there: "connection refused by X"
}

// ratio is "4 of 7", "0/4" or "98 %".
type ratio struct {
	part, whole float64
	span        span
}

func (r ratio) share() float64 {
	if r.whole <= 0 {
		return 0
	}
	return r.part / r.whole
}

// reading is what one signal says.
type reading struct {
	index    int
	signal   *corax.Signal
	text     string // lower case, cut
	tokens   []token
	entity   string // id of the topology, or the normalised name in the text; empty where neither is known
	known    bool   // entity is of the topology
	mentions []mention
	ids      []string // identifiers that tie messages together: addresses, hosts, key ids, VLANs
	ratios   []ratio
	polarity polarity
	hits     []hit
	impacts  []hit   // words that tell how bad it is
	heard    []heard // mechanisms that it sounds like, the best first
}

// read fills w.readings.
func (w *work) read() {
	d := w.desks.Get().(*desk)
	defer w.desks.Put(d)
	w.readings = make([]reading, len(w.c.Signals))
	for i := range w.c.Signals {
		r := &w.readings[i]
		*r = reading{index: i, signal: &w.c.Signals[i]}
		msg := w.c.Signals[i].Message
		r.text = lower(msg[:min(len(msg), maxText)])
		r.tokens = tokenise(r.text, make([]token, 0, len(r.text)/5+4))
		r.describe()
		w.recall(r, d)
		w.name(r)
		r.ratios = ratios(r.text, r.tokens)
		r.ids = identifiers(r.text)
		r.polarity = w.feel(r)
	}
}

// describe adds what a probe saw to the tokens, at the end of the text.
func (r *reading) describe() {
	for _, name := range [...]string{"status", "error"} {
		v := lower(r.signal.Attributes[name])
		if v == "" || len(v) > 200 {
			continue
		}
		from := len(r.tokens)
		r.tokens = tokenise(v, r.tokens)
		for i := from; i < len(r.tokens); i++ {
			r.tokens[i].start, r.tokens[i].end = len(r.text), len(r.text)
		}
	}
}

// name finds the subject of a message and who else it names.
func (w *work) name(r *reading) {
	if e := r.signal.Entity; e != "" {
		r.entity = e
		if id, ok := w.graph.Resolve(e); ok {
			r.entity, r.known = id, true
		}
	}
	found := w.graph.Find(r.text)
	if w.graph.Len() == 0 {
		found = guess(r.text, r.tokens)
	}
	for _, f := range found {
		at := span{f.Start, f.End}
		fault := r.lays(at)
		if !f.Sure && !fault && at.start > 0 {
			continue // a common word that happens to be a name too
		}
		switch {
		case r.entity == "" && (!fault || len(found) == 1):
			r.entity, r.known = f.ID, w.graph.Len() > 0
		case f.ID != r.entity:
			r.mentions = append(r.mentions, mention{f.ID, at, fault && r.troubled(at)})
		}
	}
	if r.entity == "" && len(r.mentions) > 0 {
		r.entity, r.known = r.mentions[0].entity, w.graph.Len() > 0
		r.mentions = r.mentions[1:]
	}
}

// lays says that the words around a mention point at it: "from X", "upstream X", "X responded".
func (r *reading) lays(at span) bool {
	i, _ := slices.BinarySearchFunc(r.tokens, at.start, func(t token, p int) int { return t.start - p })
	for k := i - 1; k >= 0 && k >= i-2; k-- {
		if about[r.tokens[k].stem] {
			return true
		}
	}
	for i < len(r.tokens) && r.tokens[i].start < at.end {
		i++
	}
	return i < len(r.tokens) && reacts[r.tokens[i].stem]
}

// troubled says that words of trouble stand near a mention.
func (r *reading) troubled(at span) bool {
	i, _ := slices.BinarySearchFunc(r.tokens, at.start, func(t token, p int) int { return t.start - p })
	words := 0
	for k := max(0, i-7); k < len(r.tokens) && words < 16; k++ {
		t := r.tokens[k]
		if bad[t.stem] || waits[t.stem] || errorStatus(t.text) {
			return true
		}
		if k >= i && !isDigit(t.text[0]) { // an address is long and says nothing
			words++
		}
	}
	return false
}

// errorStatus says that a token is an HTTP status of 400 and above.
func errorStatus(t string) bool {
	return len(t) == 3 && (t[0] == '4' && t[1] <= '3' || t[0] == '5' && t[1] <= '1') && isDigit(t[1]) && isDigit(t[2])
}

// feel weighs words of trouble against words of health.
func (w *work) feel(r *reading) polarity {
	switch r.signal.KindOr() {
	case corax.Recovery, corax.Expiry:
		return healthy
	}
	score, sure := 0, false
	for i, t := range r.tokens {
		value := 0
		switch {
		case strong[t.stem]:
			value = 3
		case bad[t.stem]:
			value = 1
		case good[t.stem]:
			value = -1
		case errorStatus(t.text) && i > 0 && answers[r.tokens[i-1].stem]:
			value = 2
		default:
			continue
		}
		for k := i - 1; k >= 0 && k >= i-2; k-- {
			if turned[r.tokens[k].text] && !beyondClause(r.text[r.tokens[k].end:t.start]) {
				value = -value
				break
			}
		}
		if i+1 < len(r.tokens) && r.tokens[i+1].text == "0" && value > 0 {
			value = -value // "errors=0"
		}
		score += value
		sure = sure || value >= 3
	}
	direct := 0.0
	for _, h := range r.hits {
		if s := &w.matcher.sigs[h.sig]; s.use == useDirect {
			direct = max(direct, s.Weight)
		}
	}
	switch {
	case r.signal.Attributes["class"] != "", r.signal.Kind == corax.Symptom: // the source knows
		return failing
	case score <= -1 && !sure && direct < 4:
		return healthy
	case r.calm() && !sure && direct < 4:
		return neutral
	case score > 0, direct >= 3 && r.signal.Kind != corax.ChangeOf:
		return failing
	}
	return neutral
}

// calm says that the message is of a log level at which nothing is wrong.
func (r *reading) calm() bool {
	for i, t := range r.tokens {
		if i > 6 {
			return false
		}
		if levels[t.stem] {
			return true
		}
	}
	return r.signal.Severity == corax.Low
}

// beyondClause says that the text between two words ends a clause.
func beyondClause(between string) bool { return strings.ContainsAny(between, ".,;:!?\n") }

// ratios finds "a of b", "a/b" and percentages.
func ratios(text string, tokens []token) []ratio {
	var found []ratio
	for i, t := range tokens {
		if !isDigit(t.text[0]) {
			continue
		}
		a, err := strconv.ParseFloat(t.text, 64)
		if err != nil || t.start > 0 && strings.IndexByte("./-:", text[t.start-1]) >= 0 || t.end > len(text) {
			continue // part of an address, a date or a version
		}
		rest := text[t.end:]
		switch {
		case strings.HasPrefix(strings.TrimLeft(rest, " "), "%"), i+1 < len(tokens) && tokens[i+1].stem == "percent":
			if a <= 100 {
				found = append(found, ratio{a, 100, span{t.start, min(len(text), t.end+1)}})
			}
			continue
		}
		k := i + 1
		between := "/"
		if k < len(tokens) && tokens[k].text == "out" {
			k++
		}
		if k < len(tokens) && tokens[k].text == "of" {
			k, between = k+1, " "
		}
		if k < len(tokens) && tokens[k].text == "the" {
			k++
		}
		if k >= len(tokens) || !isDigit(tokens[k].text[0]) || between == "/" && text[t.end:tokens[k].start] != "/" {
			continue
		}
		if after := text[tokens[k].end:]; len(after) > 1 && strings.IndexByte("./-", after[0]) >= 0 && isWord(after[1]) {
			continue
		}
		if b, err := strconv.ParseFloat(tokens[k].text, 64); err == nil && b >= a && b > 0 && b < 1e7 {
			found = append(found, ratio{a, b, span{t.start, tokens[k].end}})
		}
	}
	return found
}

// identifiers finds what is rare enough to tie two messages together: IP addresses, names with digits and dashes or dots, VLANs.
func identifiers(text string) []string {
	var ids []string
	add := func(id string) {
		if len(ids) < 32 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	prev := ""
	for f := range strings.FieldsFuncSeq(text, isBreak) {
		f = strings.Trim(f, ".-:_/")
		was := prev
		prev = f
		if len(f) < 2 || len(f) > 80 {
			continue
		}
		if was == "vlan" && isDigit(f[0]) {
			add("vlan " + f)
			continue
		}
		digits, letters, joints := 0, 0, 0
		for i := range len(f) {
			switch c := f[i]; {
			case isDigit(c):
				digits++
			case isWord(c):
				letters++
			default:
				joints++
			}
		}
		switch {
		case digits > 0 && letters == 0 && joints >= 3:
			host := f
			if i := strings.IndexAny(f, ":/"); i > 0 {
				host = f[:i]
			}
			if a, err := netip.ParseAddr(host); err == nil {
				add(a.String())
			}
		case letters >= 2 && digits > 0 && joints > 0,
			letters >= 6 && strings.Count(f, ".") >= 2,
			letters >= 3 && digits >= 2 && len(f) >= 6:
			if c := strings.IndexByte(f, ':'); c < 0 {
				add(f)
			} else if c >= 4 && strings.ContainsAny(f[:c], "0123456789") {
				add(f[:c])
			}
		}
	}
	return ids
}

func isBreak(r rune) bool {
	switch r {
	case '-', '.', ':', '_', '/':
		return false
	}
	return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 0x80)
}

// guess finds names of entities where no topology says which there are: "X:" at the beginning, "X service", names like host-01.
func guess(text string, tokens []token) []topology.Mention {
	var found []topology.Mention
	add := func(from, to int, sure bool) {
		id := tidy(text[from:to])
		if id != "" && (len(found) == 0 || from >= found[len(found)-1].End) {
			found = append(found, topology.Mention{ID: id, Start: from, End: to, Sure: sure})
		}
	}
	if colon := strings.Index(text[:min(len(text), 48)], ":"); colon > 1 && colon+1 < len(text) && text[colon+1] == ' ' {
		head := text[:colon]
		if strings.Count(head, " ") <= 2 && !strings.ContainsAny(head, "=,;%<>{}") && !ordinary(stem(head)) {
			add(0, colon, true)
		}
	}
	for i, t := range tokens[:max(0, len(tokens)-1)] {
		next := tokens[i+1]
		if next.start-t.end != 1 || isDigit(t.text[0]) || plain[t.text] {
			continue
		}
		switch joint := text[t.end]; {
		case kinds[next.stem] && len(t.text) > 2 && !bad[t.stem] && !good[t.stem] &&
			(joint == '-' || joint == '_' || joint == ' ' && !about[t.stem]):
			add(t.start, next.end, true)
		case joint == '-' && len(t.text) >= 2 && len(next.text) <= 5 && strings.ContainsAny(next.text, "0123456789"):
			add(t.start, next.end, true)
		}
	}
	return found
}

// tidy is the form in which a guessed name is shown and compared.
func tidy(name string) string {
	fields := strings.FieldsFunc(name, func(r rune) bool { return r != '.' && r < 0x80 && !isWord(byte(r)) })
	if n := len(fields); n > 1 {
		switch fields[n-1] {
		case "service", "microservice":
			fields[n-1] = "svc"
		case "check", "monitor", "probe":
			fields = fields[:n-1]
		}
	}
	return strings.Join(fields, "-")
}
