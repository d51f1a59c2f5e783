package diagnose

import (
	"cmp"
	"slices"
	"strings"

	"corax"
	read "corax/diagnose/reading"
	"corax/knowledge"
)

const mostFact = 120

const (
	mostRead  = 32  // signals that are read for names and values of any kind
	mostAsked = 200 // signals of the root, and as many of others, that are read for the facts of a mechanism
)

// facts reads the identifiers that the mechanism's plan needs: from attributes and labels first, then from the texts; what the root says
// counts before what others say. The names and values that any text may hold come after them.
func (w *work) facts(g group, c *cause) {
	readings := w.asked(g, c.entity)
	if c.mech >= 0 {
		for _, f := range w.matcher.mechs[c.mech].Facts {
			if v, r := fact(f, readings); v != "" {
				c.fact(f.Name, v, r.index)
			}
		}
	}
	for a, v := range c.facts { // "new kid X, previous kid X" is a misreading of one of them
		if a != "kid" && v == c.facts["kid"] {
			delete(c.facts, a)
		}
	}
	// What stands where the mechanism is stated is about it, more than what stands elsewhere.
	slices.SortStableFunc(readings, func(a, b *reading) int { return cmp.Compare(w.holdsIt(b, c.mech), w.holdsIt(a, c.mech)) })
	w.identify(c, readings)
}

// holdsIt is 1 where a reading holds a signature of the mechanism, else 0.
func (w *work) holdsIt(r *reading, mech int) int {
	for _, h := range r.hits {
		if sig := &w.matcher.sigs[h.sig]; mech >= 0 && sig.mech == mech && sig.use == useDirect {
			return 1
		}
	}
	return 0
}

// asked lists the readings of a problem that are read for facts: those of the root first, and of a storm not all.
func (w *work) asked(g group, root string) []*reading {
	var own, others []*reading
	for _, i := range g.incidents {
		for _, s := range w.incidents[i].signals {
			switch r := &w.readings[s]; {
			case r.Entity == root && len(own) < mostAsked:
				own = append(own, r)
			case r.Entity != root && len(others) < mostAsked:
				others = append(others, r)
			}
		}
	}
	return append(own, others...)
}

func fact(f knowledge.Fact, readings []*reading) (string, *reading) {
	for _, r := range readings {
		for _, name := range f.Attributes {
			v := or(r.signal.Attributes[name], r.signal.Labels[name])
			if v == "" || len(v) > mostFact {
				continue
			}
			if f.Words == nil {
				if read.Safe(v) {
					return v, r
				}
				continue
			}
			if word := oneOf(f.Words, read.Tokenise(read.Lower(v), nil)); word != "" {
				return word, r
			}
		}
	}
	for _, r := range readings {
		if f.Words != nil {
			if word := oneOf(f.Words, r.Tokens); word != "" {
				return word, r
			}
		}
	}
	if v, r := beside(f.After, readings, (*reading).after); v != "" {
		return v, r
	}
	if v, r := beside(f.Before, readings, (*reading).before); v != "" {
		return v, r
	}
	for _, r := range readings {
		if v := r.arrow(f.Arrow); v != "" {
			return v, r
		}
	}
	return "", nil
}

// beside looks for a value next to the first of the phrases that has one.
func beside(phrases []string, readings []*reading, find func(*reading, []string) string) (string, *reading) {
	for _, phrase := range phrases {
		var want []string // made once, and only where it may stand
		for _, r := range readings {
			if !mayHold(r.Text, phrase) {
				continue
			}
			if want == nil {
				want = words(phrase)
			}
			if v := find(r, want); v != "" {
				return v, r
			}
		}
	}
	return "", nil
}

// mayHold says that a phrase may stand in a text: its first letters, which no ending changes, do.
func mayHold(text, phrase string) bool {
	phrase = strings.TrimLeft(read.Lower(phrase), " ")
	n := 0
	for n < min(3, len(phrase)) && phrase[n] >= 'a' && phrase[n] <= 'z' {
		n++
	}
	return strings.Contains(text, phrase[:n])
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
