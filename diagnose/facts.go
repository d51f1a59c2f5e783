package diagnose

import (
	"slices"
	"strings"

	"corax"
	"corax/knowledge"
	read "corax/reading"
)

const (
	mostFact = 120
	// mostRead is how many signals of a problem are searched for identifiers; those of the root come first.
	mostRead = 32
)

// facts reads the identifiers that plan and narrative may insert: from attributes and labels first, then from the texts; what the root says
// counts before what others say, and what the mechanism asks for by name before what any text may hold.
func (w *work) facts(g group, c *cause) {
	var readings []*reading
	for _, i := range g.incidents {
		for _, s := range w.incidents[i].signals {
			readings = append(readings, &w.readings[s])
		}
	}
	slices.SortStableFunc(readings, func(a, b *reading) int { return ahead(b, c.entity) - ahead(a, c.entity) })
	if c.mech >= 0 {
		for _, f := range w.matcher.mechs[c.mech].Facts {
			if v := fact(f, readings); v != "" {
				c.facts[f.Name] = v
			}
		}
	}
	for a, v := range c.facts { // "new kid X, previous kid X" is a misreading of one of them
		if a != "kid" && v == c.facts["kid"] {
			delete(c.facts, a)
		}
	}
	for _, r := range readings[:min(len(readings), mostRead)] {
		r.identify(c.facts)
	}
}

// identify adds the identifiers of every kind that a signal holds and that are not known yet.
func (r *reading) identify(facts map[string]string) {
	for _, kind := range read.Kinds {
		name := string(kind)
		v := or(r.signal.Attributes[name], r.signal.Labels[name])
		if facts[name] == "" && read.Safe(v) && (kind.Spaced() || !strings.Contains(v, " ")) {
			facts[name] = v
		}
	}
	for _, id := range r.Identifiers() {
		if name := string(id.Kind); facts[name] == "" {
			facts[name] = id.Value
		}
	}
}

func ahead(r *reading, root string) int {
	if r.Entity == root {
		return 1
	}
	return 0
}

func fact(f knowledge.Fact, readings []*reading) string {
	for _, r := range readings {
		for _, name := range f.Attributes {
			v := or(r.signal.Attributes[name], r.signal.Labels[name])
			if v == "" || len(v) > mostFact {
				continue
			}
			if f.Words == nil {
				if read.Safe(v) {
					return v
				}
				continue
			}
			if word := oneOf(f.Words, read.Tokenise(read.Lower(v), nil)); word != "" {
				return word
			}
		}
	}
	for _, r := range readings {
		if f.Words != nil {
			if word := oneOf(f.Words, r.Tokens); word != "" {
				return word
			}
		}
	}
	for _, phrase := range f.After {
		for _, r := range readings {
			if v := r.after(words(phrase)); v != "" {
				return v
			}
		}
	}
	for _, phrase := range f.Before {
		for _, r := range readings {
			if v := r.before(words(phrase)); v != "" {
				return v
			}
		}
	}
	for _, r := range readings {
		if v := r.arrow(f.Arrow); v != "" {
			return v
		}
	}
	return ""
}

// before is the identifier right before the words.
func (r *reading) before(phrase []string) string {
	for i := range r.Tokens {
		if i+len(phrase) > len(r.Tokens) || r.Tokens[i].Start >= len(r.Text) {
			return ""
		}
		if slices.EqualFunc(phrase, r.Tokens[i:i+len(phrase)], func(p string, t read.Token) bool { return p == t.Stem }) {
			return lastField(r.signal.Message[:r.Tokens[i].Start])
		}
	}
	return ""
}

// arrow is one end of "A -> B" in a change.
func (r *reading) arrow(end string) string {
	if end == "" || r.signal.Kind != corax.ChangeOf {
		return ""
	}
	from, to, ok := strings.Cut(r.signal.Message[:len(r.Text)], "->")
	if !ok {
		return ""
	}
	if end == "from" {
		return lastField(from)
	}
	return value(to, 0)
}

func lastField(text string) string {
	fields := strings.FieldsFunc(text[max(0, len(text)-2*mostFact):], func(c rune) bool { return strings.ContainsRune(" \t,;()='\"`[]", c) })
	if len(fields) == 0 {
		return ""
	}
	return value(fields[len(fields)-1], 0)
}

// oneOf is the first value (by name) of which a word stands in the tokens.
func oneOf(values map[string][]string, tokens []read.Token) string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, word := range values[name] {
			s := read.Stem(read.Lower(word))
			for i, t := range tokens {
				if t.Stem == s && (i == 0 || !read.Turns(tokens[i-1])) {
					return name
				}
			}
		}
	}
	return ""
}

// after is the value that follows the words: the next run of characters that can be an identifier and has a digit or is quoted.
func (r *reading) after(phrase []string) string {
	for i := range r.Tokens {
		if i+len(phrase) >= len(r.Tokens) {
			return ""
		}
		if !slices.EqualFunc(phrase, r.Tokens[i:i+len(phrase)], func(p string, t read.Token) bool { return p == t.Stem }) {
			continue
		}
		from := r.Tokens[i+len(phrase)-1].End
		if from >= len(r.Text) {
			continue
		}
		if v := value(r.signal.Message[:len(r.Text)], from); v != "" {
			return v
		}
	}
	return ""
}

// value reads an identifier from a text: it may be introduced by signs and by "is", "=", "now", and ends at the next break.
func value(text string, from int) string {
	rest := text[from:]
	for range 3 {
		rest = strings.TrimLeft(rest, " \t:=#('\"`[<\\")
		cut := false
		for _, w := range [...]string{"is ", "was ", "id ", "id=", "kid=", "kid ", "key "} {
			if strings.HasPrefix(rest, w) {
				rest, cut = rest[len(w):], true
				break
			}
		}
		if !cut {
			break
		}
	}
	end := strings.IndexFunc(rest, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_.:/+@", c))
	})
	if end < 0 {
		end = len(rest)
	}
	v := strings.TrimRight(rest[:end], ".:,-/")
	quoted := from > 0 && end < len(rest) && strings.ContainsRune("'\"`", rune(rest[end]))
	if v == "" || len(v) > mostFact || !quoted && !strings.ContainsAny(v, "0123456789") {
		return ""
	}
	return v
}
