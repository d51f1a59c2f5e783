// Package reading turns the text of a signal into facts: tokens, entities and their roles, identifiers, quantities, states and changes,
// error codes, and what it says about health. It knows language and software, never a particular system, and no mechanism of failure. No
// text of any size or content breaks it, its cost is linear, and the same text gives the same facts.
//
// Read does what every message needs. The rest is read when it is asked for, and kept.
package reading

import (
	"slices"

	"corax"
	"corax/topology"
)

// Span is a place in a message, in bytes.
type Span struct{ Start, End int }

// Reading is what one signal says. It is not safe for concurrent use.
type Reading struct {
	Signal   *corax.Signal
	Message  string // as written, cut
	Text     string // in lower case; offsets are those of Message
	Tokens   []Token
	Entity   string // id of the topology, or the normalised name in the text; empty where neither is known
	Known    bool   // Entity is of the topology
	Mentions []Mention

	subject     Span // where the text names Entity; empty where it does not
	wide        bool // the text holds scripts that are written without spaces
	done        done
	codes       []Code
	identifiers []Identifier
	quantities  []Quantity

	ratios []Ratio
	ties   []string
}

// done says what of a reading was read already.
type done uint8

const (
	doneCodes done = 1 << iota
	doneIdentifiers
	doneQuantities
	doneRatios
	doneTies
)

// Read reads a signal; the entities that it may name are those of the graph, or, where the graph is empty, what looks like one.
func Read(s *corax.Signal, graph *topology.Graph) Reading {
	r := Reading{Signal: s, Message: s.Message[:min(len(s.Message), MaxText)]}
	r.Text = Lower(r.Message)
	r.Tokens = Tokenise(r.Text, make([]Token, 0, len(r.Text)/5+4))
	for i := range len(r.Text) {
		if r.Text[i] >= 0xE3 {
			r.wide = true
			break
		}
	}
	r.describe()
	r.name(graph)
	return r
}

// raw is what stands at a place, as written.
func (r *Reading) raw(at Span) string {
	return r.Message[min(at.Start, len(r.Message)):min(at.End, len(r.Message))]
}

// tokenAt is the first token that starts at an offset or after it.
func (r *Reading) tokenAt(start int) int {
	i, _ := slices.BinarySearchFunc(r.Tokens, start, func(t Token, p int) int { return t.Start - p })
	return i
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
