package diagnose

import (
	"slices"
	"strings"

	"corax"
	read "corax/diagnose/reading"
	"corax/knowledge"
)

// matcher finds the catalogue's signatures in tokens. All phrases of all signatures share one trie over stems, and a signature is looked at
// only where its rarest phrase stands, so that the cost of a message grows with its length and hardly with the size of the catalogue.
type matcher struct {
	vocab    map[string]int32 // stem -> word, from 1
	number   int32            // the word for number
	trie     trie
	rarest   [][]asked // phrase -> signatures of which it is the rarest
	sigs     []signature
	byClass  map[string][]int32 // class -> signatures that ask for a class and nothing else
	mechs    []knowledge.Mechanism
	causes   [][]int32 // mechanism -> signatures that are its effects on dependents
	raises   [][]int32 // mechanism -> one signature a modifier, -1 where it says nothing
	lowers   [][]int32
	mechByID map[string]int
}

// number is the word that any token with a leading digit is, besides itself.
const number = "#"

type sigUse uint8

const (
	useDirect   sigUse = iota // the mechanism's own evidence
	useEffect                 // what its dependents show
	useModifier               // moves its severity
	useImpact                 // tells how bad it is, whatever broke; sig.mech is the number of the impact
)

type signature struct {
	knowledge.Signature
	mech    int
	use     sigUse
	phrases []int32 // distinct; all must stand in the message
	forbid  []int32 // none may
}

// asked is a signature under its rarest phrase, with another one that must stand too: most signatures that don't stand fail there, and the
// signature itself is not looked at.
type asked struct{ sig, other int32 }

// span is a place in a message.
type span struct{ start, end int }

// hit is a signature found in a message.
type hit struct {
	sig  int32
	span span
}

// newMatcher numbers the words of all phrases, and the others that the catalogue uses.
func newMatcher(cat *knowledge.Catalogue, others []string) *matcher {
	m := &matcher{vocab: map[string]int32{}, byClass: map[string][]int32{}, mechs: cat.Mechanisms, mechByID: map[string]int{}}
	b := builder{matcher: m, next: map[uint64]int32{}, phrases: map[string]int32{}, ends: make([][]int32, 1)}
	add := func(s knowledge.Signature, mech int, use sigUse) int32 {
		id := int32(len(m.sigs))
		sig := signature{Signature: s, mech: mech, use: use}
		for _, p := range s.Say {
			if ph := b.phrase(p); !slices.Contains(sig.phrases, ph) {
				sig.phrases = append(sig.phrases, ph)
			}
		}
		for _, p := range s.Not {
			sig.forbid = append(sig.forbid, b.phrase(p))
		}
		if len(s.Say) == 0 {
			m.byClass[s.Class] = append(m.byClass[s.Class], id)
		}
		m.sigs = append(m.sigs, sig)
		return id
	}
	modifiers := func(list []knowledge.Modifier, mech int) []int32 {
		ids := make([]int32, len(list))
		for i, mod := range list {
			ids[i] = -1
			if len(mod.When.Say) > 0 {
				ids[i] = add(knowledge.Signature{Say: mod.When.Say}, mech, useModifier)
			}
		}
		return ids
	}
	for i, impact := range cat.Impacts {
		if impact.Say != "" {
			add(knowledge.Signature{Say: []string{impact.Say}}, i, useImpact)
		}
	}
	for i, mech := range cat.Mechanisms {
		m.mechByID[mech.ID] = i
		for _, s := range mech.Signatures {
			add(s, i, useDirect)
		}
		var effects []int32
		for _, s := range mech.Causes {
			effects = append(effects, add(s, i, useEffect))
		}
		m.causes = append(m.causes, effects)
		m.raises = append(m.raises, modifiers(mech.Severity.Raise, i))
		m.lowers = append(m.lowers, modifiers(mech.Severity.Lower, i))
	}
	for _, word := range others {
		b.word(word)
	}
	m.number = m.vocab[number]
	m.trie = newTrie(b.next, b.ends, len(m.vocab))
	m.order(len(b.phrases))
	return m
}

// order files each signature under the phrase that the fewest signatures ask for.
func (m *matcher) order(phrases int) {
	uses := make([]int, phrases)
	for _, s := range m.sigs {
		for _, ph := range s.phrases {
			uses[ph]++
		}
	}
	m.rarest = make([][]asked, phrases)
	for id, s := range m.sigs {
		if len(s.phrases) == 0 {
			continue
		}
		rarest := slices.MinFunc(s.phrases, func(a, b int32) int { return uses[a] - uses[b] })
		other := rarest
		for _, ph := range s.phrases {
			if ph != rarest && (other == rarest || uses[ph] < uses[other]) {
				other = ph
			}
		}
		m.rarest[rarest] = append(m.rarest[rarest], asked{int32(id), other})
	}
}

// builder is what only newMatcher needs.
type builder struct {
	*matcher
	next    map[uint64]int32 // node<<32 | word -> node
	phrases map[string]int32
	ends    [][]int32 // node -> phrases that end there
}

func (b *builder) phrase(alternatives string) int32 {
	if id, ok := b.phrases[alternatives]; ok {
		return id
	}
	id := int32(len(b.phrases))
	b.phrases[alternatives] = id
	for alt := range strings.SplitSeq(alternatives, "|") {
		node := int32(0)
		for _, word := range words(alt) {
			w := b.word(word)
			key := uint64(node)<<32 | uint64(w)
			child, ok := b.next[key]
			if !ok {
				child = int32(len(b.ends))
				b.ends = append(b.ends, nil)
				b.next[key] = child
			}
			node = child
		}
		if node != 0 && !slices.Contains(b.ends[node], id) {
			b.ends[node] = append(b.ends[node], id)
		}
	}
	return id
}

func (b *builder) word(stem string) int32 {
	w, ok := b.vocab[stem]
	if !ok {
		w = int32(len(b.vocab) + 1)
		b.vocab[stem] = w
	}
	return w
}

func words(phrase string) []string {
	var room [4]read.Token
	out := make([]string, 0, strings.Count(phrase, " ")+1)
	for f := range strings.FieldsSeq(phrase) {
		if f == number {
			out = append(out, number)
			continue
		}
		for _, t := range read.Tokenise(read.Lower(f), room[:0]) {
			out = append(out, t.Stem)
		}
	}
	return out
}

// scratch is the matcher's memory; it saves clearing large arrays for each message.
type scratch struct {
	round   uint64
	words   []int32 // of the tokens, 0 where the catalogue has none
	phrases []sighting
	seen    []int32 // phrases of this round
	found   []int32
	hits    []hit
}

// sighting is the last round in which a phrase was seen, and where.
type sighting struct {
	round      uint64
	start, end int32
}

func (m *matcher) scratch() *scratch {
	return &scratch{phrases: make([]sighting, len(m.rarest))}
}

// match finds the signatures in a message, in the order of the catalogue; words are those of the tokens. What it gives is valid until the
// next call.
func (m *matcher) match(tokens []read.Token, words []int32, s *corax.Signal, mem *scratch) []hit {
	mem.round++
	mem.found, mem.words, mem.seen, mem.hits = mem.found[:0], words, mem.seen[:0], mem.hits[:0]
	for i := range tokens {
		m.follow(tokens, i, i, 0, mem)
	}
	for _, ph := range mem.seen {
		for _, a := range m.rarest[ph] {
			if mem.phrases[a.other].round == mem.round && m.stands(&m.sigs[a.sig], mem) {
				mem.found = append(mem.found, a.sig)
			}
		}
	}
	class := s.Attributes["class"]
	if class != "" {
		mem.found = append(mem.found, m.byClass[class]...)
	}
	slices.Sort(mem.found)
	for _, id := range mem.found {
		sig := &m.sigs[id]
		if m.vetoed(sig, mem) || sig.Class != "" && sig.Class != class || sig.Kind != "" && sig.Kind != string(s.Kind) {
			continue
		}
		mem.hits = append(mem.hits, hit{id, m.where(sig, mem)})
	}
	return mem.hits
}

// follow notes the phrases that begin with the token first and go on with token i, from a node on.
func (m *matcher) follow(tokens []read.Token, first, i int, node int32, mem *scratch) {
	if i >= len(tokens) {
		return
	}
	if w := mem.words[i]; w != 0 {
		m.step(tokens, first, i, node, w, mem)
	}
	if m.number != 0 && tokens[i].Number() {
		m.step(tokens, first, i, node, m.number, mem)
	}
}

func (m *matcher) step(tokens []read.Token, first, i int, node, word int32, mem *scratch) {
	child := m.trie.child(node, word)
	if child == 0 {
		return
	}
	for _, ph := range m.trie.phrases(child) {
		if p := &mem.phrases[ph]; p.round != mem.round {
			*p = sighting{mem.round, int32(tokens[first].Start), int32(tokens[i].End)}
			mem.seen = append(mem.seen, ph)
		}
	}
	m.follow(tokens, first, i+1, child, mem)
}

// stands says that all the phrases of a signature were seen in this round.
func (m *matcher) stands(sig *signature, mem *scratch) bool {
	for _, ph := range sig.phrases {
		if mem.phrases[ph].round != mem.round {
			return false
		}
	}
	return true
}

func (m *matcher) vetoed(sig *signature, mem *scratch) bool {
	for _, ph := range sig.forbid {
		if mem.phrases[ph].round == mem.round {
			return true
		}
	}
	return false
}

// where spans the phrases of a signature that was found in this round; they were seen last there.
func (m *matcher) where(sig *signature, mem *scratch) span {
	var all span
	for i, ph := range sig.phrases {
		at := span{int(mem.phrases[ph].start), int(mem.phrases[ph].end)}
		if i == 0 {
			all = at
			continue
		}
		all = span{min(all.start, at.start), max(all.end, at.end)}
	}
	return all
}
