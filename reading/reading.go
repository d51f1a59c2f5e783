// Package reading turns the text of a signal into facts: tokens, entities and their roles, identifiers, ratios, and what it says about
// health. It knows language and software, never a particular system, and no mechanism of failure. No text of any size or content breaks
// it, its cost is linear, and the same text gives the same facts.
package reading

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"corax"
	"corax/topology"
)

// Polarity is what a message says about health.
type Polarity int8

// The polarities.
const (
	Healthy Polarity = iota - 1
	Neutral
	Failing
)

// Span is a place in a message, in bytes.
type Span struct{ Start, End int }

// Mention is an entity that a message names besides its subject.
type Mention struct {
	Entity string
	Span
	Fault bool // in a way that lays the fault there: "connection refused by X"
}

// Ratio is "4 of 7", "0/4" or "98 %".
type Ratio struct {
	Part, Whole float64
	Span
}

// Share is the part of the whole.
func (r Ratio) Share() float64 {
	if r.Whole <= 0 {
		return 0
	}
	return r.Part / r.Whole
}

// Reading is what one signal says.
type Reading struct {
	Signal   *corax.Signal
	Text     string // lower case, cut
	Tokens   []Token
	Entity   string // id of the topology, or the normalised name in the text; empty where neither is known
	Known    bool   // Entity is of the topology
	Mentions []Mention
	IDs      []string // identifiers that tie messages together: addresses, hosts, key ids, VLANs
	Ratios   []Ratio
}

// Read reads a signal; the entities that it may name are those of the graph, or, where the graph is empty, what looks like one.
func Read(s *corax.Signal, graph *topology.Graph) Reading {
	r := Reading{Signal: s, Text: Lower(s.Message[:min(len(s.Message), MaxText)])}
	r.Tokens = Tokenise(r.Text, make([]Token, 0, len(r.Text)/5+4))
	r.describe()
	r.name(graph)
	r.Ratios = ratios(r.Text, r.Tokens)
	r.IDs = identifiers(r.Text)
	return r
}

// describe adds what a probe saw to the tokens, at the end of the text.
func (r *Reading) describe() {
	for _, name := range [...]string{"status", "error"} {
		v := Lower(r.Signal.Attributes[name])
		if v == "" || len(v) > 200 {
			continue
		}
		from := len(r.Tokens)
		r.Tokens = Tokenise(v, r.Tokens)
		for i := from; i < len(r.Tokens); i++ {
			r.Tokens[i].Start, r.Tokens[i].End = len(r.Text), len(r.Text)
		}
	}
}

// name finds the subject of a message and who else it names.
func (r *Reading) name(graph *topology.Graph) {
	if e := r.Signal.Entity; e != "" {
		r.Entity = e
		if id, ok := graph.Resolve(e); ok {
			r.Entity, r.Known = id, true
		}
	}
	found := graph.Find(r.Text)
	if graph.Len() == 0 {
		found = guess(r.Text, r.Tokens)
	}
	for _, f := range found {
		at := Span{f.Start, f.End}
		fault := r.lays(at)
		if !f.Sure && !fault && at.Start > 0 {
			continue // a common word that happens to be a name too
		}
		switch {
		case r.Entity == "" && (!fault || len(found) == 1):
			r.Entity, r.Known = f.ID, graph.Len() > 0
		case f.ID != r.Entity:
			r.Mentions = append(r.Mentions, Mention{f.ID, at, fault && r.troubled(at)})
		}
	}
	if r.Entity == "" && len(r.Mentions) > 0 {
		r.Entity, r.Known = r.Mentions[0].Entity, graph.Len() > 0
		r.Mentions = r.Mentions[1:]
	}
}

// lays says that the words around a mention point at it: "from X", "upstream X", "X responded".
func (r *Reading) lays(at Span) bool {
	i, _ := slices.BinarySearchFunc(r.Tokens, at.Start, func(t Token, p int) int { return t.Start - p })
	for k := i - 1; k >= 0 && k >= i-2; k-- {
		if about[r.Tokens[k].Stem] {
			return true
		}
	}
	for i < len(r.Tokens) && r.Tokens[i].Start < at.End {
		i++
	}
	return i < len(r.Tokens) && reacts[r.Tokens[i].Stem]
}

// troubled says that words of trouble stand near a mention.
func (r *Reading) troubled(at Span) bool {
	i, _ := slices.BinarySearchFunc(r.Tokens, at.Start, func(t Token, p int) int { return t.Start - p })
	words := 0
	for k := max(0, i-7); k < len(r.Tokens) && words < 16; k++ {
		t := r.Tokens[k]
		if bad[t.Stem] || waits[t.Stem] || errorStatus(t.Text) {
			return true
		}
		if k >= i && !isDigit(t.Text[0]) { // an address is long and says nothing
			words++
		}
	}
	return false
}

// errorStatus says that a token is an HTTP status of 400 and above.
func errorStatus(t string) bool {
	return len(t) == 3 && (t[0] == '4' && t[1] <= '3' || t[0] == '5' && t[1] <= '1') && isDigit(t[1]) && isDigit(t[2])
}

// Polarity weighs words of trouble against words of health. Evidence is the weight of the strongest sign of a mechanism in the message.
func (r *Reading) Polarity(evidence float64) Polarity {
	switch r.Signal.KindOr() {
	case corax.Recovery, corax.Expiry:
		return Healthy
	}
	score, sure := 0, false
	for i, t := range r.Tokens {
		value := 0
		switch {
		case strong[t.Stem]:
			value = 3
		case bad[t.Stem]:
			value = 1
		case good[t.Stem]:
			value = -1
		case errorStatus(t.Text) && i > 0 && answers[r.Tokens[i-1].Stem]:
			value = 2
		default:
			continue
		}
		for k := i - 1; k >= 0 && k >= i-2; k-- {
			if turned[r.Tokens[k].Text] && !beyondClause(r.Text[r.Tokens[k].End:t.Start]) {
				value = -value
				break
			}
		}
		if i+1 < len(r.Tokens) && r.Tokens[i+1].Text == "0" && value > 0 {
			value = -value // "errors=0"
		}
		score += value
		sure = sure || value >= 3
	}
	switch {
	case r.Signal.Attributes["class"] != "", r.Signal.Kind == corax.Symptom: // the source knows
		return Failing
	case score <= -1 && !sure && evidence < 4:
		return Healthy
	case r.calm() && !sure && evidence < 4:
		return Neutral
	case score > 0, evidence >= 3 && r.Signal.Kind != corax.ChangeOf:
		return Failing
	}
	return Neutral
}

// calm says that the message is of a log level at which nothing is wrong.
func (r *Reading) calm() bool {
	for i, t := range r.Tokens {
		if i > 6 {
			return false
		}
		if levels[t.Stem] {
			return true
		}
	}
	return r.Signal.Severity == corax.Low
}

// beyondClause says that the text between two words ends a clause.
func beyondClause(between string) bool { return strings.ContainsAny(between, ".,;:!?\n") }

// ratios finds "a of b", "a/b" and percentages.
func ratios(text string, tokens []Token) []Ratio {
	var found []Ratio
	for i, t := range tokens {
		if !isDigit(t.Text[0]) {
			continue
		}
		a, err := strconv.ParseFloat(t.Text, 64)
		if err != nil || t.Start > 0 && strings.IndexByte("./-:", text[t.Start-1]) >= 0 || t.End > len(text) {
			continue // part of an address, a date or a version
		}
		rest := text[t.End:]
		switch {
		case strings.HasPrefix(strings.TrimLeft(rest, " "), "%"), i+1 < len(tokens) && tokens[i+1].Stem == "percent":
			if a <= 100 {
				found = append(found, Ratio{a, 100, Span{t.Start, min(len(text), t.End+1)}})
			}
			continue
		}
		k := i + 1
		between := "/"
		if k < len(tokens) && tokens[k].Text == "out" {
			k++
		}
		if k < len(tokens) && tokens[k].Text == "of" {
			k, between = k+1, " "
		}
		if k < len(tokens) && tokens[k].Text == "the" {
			k++
		}
		if k >= len(tokens) || !isDigit(tokens[k].Text[0]) || between == "/" && text[t.End:tokens[k].Start] != "/" {
			continue
		}
		if after := text[tokens[k].End:]; len(after) > 1 && strings.IndexByte("./-", after[0]) >= 0 && isWord(after[1]) {
			continue
		}
		if b, err := strconv.ParseFloat(tokens[k].Text, 64); err == nil && b >= a && b > 0 && b < 1e7 {
			found = append(found, Ratio{a, b, Span{t.Start, tokens[k].End}})
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
func guess(text string, tokens []Token) []topology.Mention {
	var found []topology.Mention
	add := func(from, to int, sure bool) {
		id := tidy(text[from:to])
		if id != "" && (len(found) == 0 || from >= found[len(found)-1].End) {
			found = append(found, topology.Mention{ID: id, Start: from, End: to, Sure: sure})
		}
	}
	if colon := strings.Index(text[:min(len(text), 48)], ":"); colon > 1 && colon+1 < len(text) && text[colon+1] == ' ' {
		head := text[:colon]
		if strings.Count(head, " ") <= 2 && !strings.ContainsAny(head, "=,;%<>{}") && !Ordinary(Stem(head)) {
			add(0, colon, true)
		}
	}
	for i, t := range tokens[:max(0, len(tokens)-1)] {
		next := tokens[i+1]
		if next.Start-t.End != 1 || isDigit(t.Text[0]) || plain[t.Text] {
			continue
		}
		switch joint := text[t.End]; {
		case kinds[next.Stem] && len(t.Text) > 2 && !bad[t.Stem] && !good[t.Stem] &&
			(joint == '-' || joint == '_' || joint == ' ' && !about[t.Stem]):
			add(t.Start, next.End, true)
		case joint == '-' && len(t.Text) >= 2 && len(next.Text) <= 5 && strings.ContainsAny(next.Text, "0123456789"):
			add(t.Start, next.End, true)
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
