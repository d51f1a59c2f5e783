package topology

import (
	"slices"
	"strings"

	"corax"
)

// Mention is a place in a text that names an entity.
type Mention struct {
	ID    string
	Start int // byte offsets
	End   int
	// Sure says that the words can hardly mean anything else: a full id or alias of several parts, a name with a digit, or a name with its
	// kind ("payment service"). A bare common word ("order") is a mention too, but not a sure one.
	Sure bool
}

// kindWords say what something is; a name may carry one or leave it out.
var kindWords = map[string]bool{
	"service": true, "svc": true, "services": true, "server": true, "srv": true, "host": true, "node": true, "api": true,
	"database": true, "db": true, "app": true, "application": true, "switch": true, "router": true, "cluster": true, "svr": true,
	"microservice": true, "backend": true, "instance": true,
}

// Key is the form in which names are compared: lower case, parts joined by dashes, kind words left out where something else remains.
func Key(name string) string {
	return strings.Join(core(split(name)), "-")
}

func core(parts []word) []string {
	var all, kept []string
	for _, p := range parts {
		all = append(all, p.text)
		if !kindWords[p.text] {
			kept = append(kept, p.text)
		}
	}
	if len(kept) == 0 {
		return all
	}
	return kept
}

type word struct {
	text       string
	start, end int
}

// split cuts text into lower-case runs of letters and digits.
func split(text string) []word {
	var words []word
	start := -1
	for i := 0; i <= len(text); i++ {
		if i < len(text) && isWord(text[i]) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			words = append(words, word{strings.ToLower(text[start:i]), start, i})
			start = -1
		}
	}
	return words
}

func isWord(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b >= 0x80
}

type spelling struct {
	parts []string
	id    string
	full  bool // as declared, with its kind word
}

// names finds entities by any of their spellings; by first part, longest first.
type names struct {
	byFirst map[string][]spelling
	byKey   map[string]string
}

func newNames(entities []corax.Entity) *names {
	n := &names{byFirst: map[string][]spelling{}, byKey: map[string]string{}}
	taken := map[string]bool{}
	add := func(parts []string, id string, full bool) {
		key := strings.Join(parts, " ")
		if len(parts) == 0 || taken[key] {
			return
		}
		taken[key] = true
		n.byFirst[parts[0]] = append(n.byFirst[parts[0]], spelling{parts, id, full})
	}
	each := func(do func(id, name string)) {
		for _, e := range entities {
			do(e.ID, e.ID)
			if e.Name != "" {
				do(e.ID, e.Name)
			}
			for _, a := range e.Aliases {
				do(e.ID, a)
			}
		}
	}
	// Full spellings first, so that no shortened one takes the place of another entity's full one.
	each(func(id, name string) { add(texts(split(name)), id, true) })
	each(func(id, name string) {
		parts := split(name)
		if short := core(parts); len(short) < len(parts) {
			add(short, id, false)
		}
		if key := Key(name); key != "" {
			if _, ok := n.byKey[key]; !ok {
				n.byKey[key] = id
			}
		}
	})
	for _, list := range n.byFirst {
		slices.SortStableFunc(list, func(a, b spelling) int { return len(b.parts) - len(a.parts) })
	}
	return n
}

func texts(words []word) []string {
	parts := make([]string, len(words))
	for i, w := range words {
		parts[i] = w.text
	}
	return parts
}

// Resolve is the id of the entity that a name means as a whole: an id, a name, an alias, with or without its kind word.
func (g *Graph) Resolve(name string) (string, bool) {
	if _, ok := g.index[name]; ok {
		return name, true
	}
	id, ok := g.names.byKey[Key(name)]
	return id, ok && name != ""
}

// Find gives the entities that a text names, in the order of the text, without overlaps; of two spellings the longer wins.
func (g *Graph) Find(text string) []Mention {
	if len(g.names.byFirst) == 0 {
		return nil
	}
	words := split(text)
	var found []Mention
	for i := 0; i < len(words); {
		s, ok := g.names.at(words[i:])
		if !ok {
			i++
			continue
		}
		last := i + len(s.parts) - 1
		m := Mention{ID: s.id, Start: words[i].start, End: words[last].end, Sure: len(s.parts) > 1 || hasDigit(s.parts[0])}
		if last+1 < len(words) && kindWords[words[last+1].text] && words[last+1].start-m.End <= 1 {
			last++
			m.End, m.Sure = words[last].end, true
		}
		found = append(found, m)
		i = last + 1
	}
	return found
}

func (n *names) at(words []word) (spelling, bool) {
	for _, s := range n.byFirst[words[0].text] {
		if len(s.parts) > len(words) {
			continue
		}
		same := true
		for i, p := range s.parts {
			if words[i].text != p {
				same = false
				break
			}
		}
		if same {
			return s, true
		}
	}
	return spelling{}, false
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }
