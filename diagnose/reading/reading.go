// Package reading turns the text of a signal into facts: tokens, entities and their roles, identifiers, quantities, states and changes,
// error codes, and what it says about health. It knows language and software, never a particular system, and no mechanism of failure. No
// text of any size or content breaks it, its cost is linear, and the same text gives the same facts.
//
// A Reader does what every message needs. The rest is read when it is asked for, and kept.
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
	done        done
	codes       []Code
	identifiers []Identifier
	quantities  []Quantity

	ratios []Ratio
	ties   []string

	balance balance
}

// done says what of a reading was read already.
type done uint8

const (
	doneCodes done = 1 << iota
	doneIdentifiers
	doneQuantities
	doneRatios
	doneTies
	doneBalance
)

// Reader reads the signals of one case. It is not safe for concurrent use.
type Reader struct {
	graph *topology.Graph
	slab  []Token // where the tokens of the next messages go, so that not each needs memory of its own
}

// NewReader prepares a reader. The entities that signals may name are those of the graph, or, where it is empty, what looks like one.
func NewReader(graph *topology.Graph) *Reader { return &Reader{graph: graph} }

// Next prepares the reader for another case. The tokens of what it has read are no longer good: their memory is used again.
func (d *Reader) Next(graph *topology.Graph) {
	d.graph = graph
	d.slab = d.slab[:0]
	if cap(d.slab) > mostSlab {
		d.slab = nil
	}
}

// Slabs grow with the case, from what a short message needs.
const (
	firstSlab = 32
	mostSlab  = 4096
)

// Read reads a signal. What it gives holds on to the signal.
func (d *Reader) Read(s *corax.Signal) Reading {
	r := Reading{Signal: s, Message: s.Message[:min(len(s.Message), MaxText)]}
	r.Text = Lower(r.Message)
	if need := len(r.Text)/4 + 8; cap(d.slab)-len(d.slab) < need {
		d.slab = make([]Token, 0, max(need, min(max(2*cap(d.slab), firstSlab), mostSlab)))
	}
	used := len(d.slab)
	r.Tokens = Tokenise(r.Text, d.slab[used:used])
	r.describe()
	if used+len(r.Tokens) <= cap(d.slab) {
		d.slab = d.slab[:used+len(r.Tokens)]
	}
	r.Tokens = r.Tokens[:len(r.Tokens):len(r.Tokens)]
	r.name(d.graph)
	return r
}

// raw is what stands at a place, as written.
func (r *Reading) raw(at Span) string {
	return r.Message[min(at.Start, len(r.Message)):min(at.End, len(r.Message))]
}

// char is the byte of the text at a place, 0 where the text does not reach: tokens of attributes stand at its end.
func (r *Reading) char(i int) byte {
	if i < 0 || i >= len(r.Text) {
		return 0
	}
	return r.Text[i]
}

// written is char for the text as written.
func (r *Reading) written(i int) byte {
	if i < 0 || i >= len(r.Message) {
		return 0
	}
	return r.Message[i]
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
