package diagnose

import (
	"slices"
	"strings"

	"corax"
	"corax/knowledge"
	read "corax/reading"
)

// matcher finds the catalogue's signatures in tokens. All phrases of all signatures share one trie over stems, so that the cost of a
// message grows with its length and hardly with the size of the catalogue.
type matcher struct {
	vocab    map[string]int32 // stem -> word
	next     map[uint64]int32 // trie: node<<32 | word -> node
	ends     [][]int32        // node -> phrases that end there
	needs    [][]int32        // phrase -> signatures that ask for it
	vetoes   [][]int32        // phrase -> signatures that forbid it
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
	phrases []int32 // distinct
}

// span is a place in a message.
type span struct{ start, end int }

// hit is a signature found in a message.
type hit struct {
	sig  int32
	span span
}

func newMatcher(cat *knowledge.Catalogue) *matcher {
	m := &matcher{
		vocab: map[string]int32{}, next: map[uint64]int32{}, ends: make([][]int32, 1), byClass: map[string][]int32{},
		mechs: cat.Mechanisms, mechByID: map[string]int{},
	}
	phrases := map[string]int32{}
	add := func(s knowledge.Signature, mech int, use sigUse) int32 {
		id := int32(len(m.sigs))
		var need []int32
		for _, p := range s.Say {
			if ph := m.phrase(p, phrases); !slices.Contains(need, ph) {
				need = append(need, ph)
				m.needs[ph] = append(m.needs[ph], id)
			}
		}
		for _, p := range s.Not {
			ph := m.phrase(p, phrases)
			m.vetoes[ph] = append(m.vetoes[ph], id)
		}
		if len(s.Say) == 0 {
			m.byClass[s.Class] = append(m.byClass[s.Class], id)
		}
		m.sigs = append(m.sigs, signature{Signature: s, mech: mech, use: use, phrases: need})
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
		add(knowledge.Signature{Say: []string{impact.Say}}, i, useImpact)
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
	return m
}

func (m *matcher) phrase(alternatives string, known map[string]int32) int32 {
	if id, ok := known[alternatives]; ok {
		return id
	}
	id := int32(len(m.needs))
	known[alternatives] = id
	m.needs, m.vetoes = append(m.needs, nil), append(m.vetoes, nil)
	for alt := range strings.SplitSeq(alternatives, "|") {
		node := int32(0)
		for _, word := range words(alt) {
			w, ok := m.vocab[word]
			if !ok {
				w = int32(len(m.vocab) + 1)
				m.vocab[word] = w
			}
			key := uint64(node)<<32 | uint64(w)
			child, ok := m.next[key]
			if !ok {
				child = int32(len(m.ends))
				m.ends = append(m.ends, nil)
				m.next[key] = child
			}
			node = child
		}
		if node != 0 && !slices.Contains(m.ends[node], id) {
			m.ends[node] = append(m.ends[node], id)
		}
	}
	return id
}

func words(phrase string) []string {
	var out []string
	for f := range strings.FieldsSeq(phrase) {
		if f == number {
			out = append(out, number)
			continue
		}
		for _, t := range read.Tokenise(read.Lower(f), nil) {
			out = append(out, t.Stem)
		}
	}
	return out
}

// scratch is the matcher's memory; it saves clearing large arrays for each message.
type scratch struct {
	round   uint64
	words   []int32  // of the tokens
	phrase  []uint64 // round in which the phrase was seen
	at      []span
	count   []int32
	counted []uint64
	vetoed  []uint64
	found   []int32
}

func (m *matcher) scratch() *scratch {
	return &scratch{phrase: make([]uint64, len(m.needs)), at: make([]span, len(m.needs)),
		count: make([]int32, len(m.sigs)), counted: make([]uint64, len(m.sigs)), vetoed: make([]uint64, len(m.sigs))}
}

// match finds the signatures in a message, in the order of the catalogue.
func (m *matcher) match(tokens []read.Token, s corax.Signal, mem *scratch) []hit {
	mem.round++
	mem.found = mem.found[:0]
	mem.words = mem.words[:0]
	for i := range tokens {
		mem.words = append(mem.words, m.vocab[tokens[i].Stem])
	}
	numberWord := m.vocab[number]
	for i := range tokens {
		m.follow(tokens, i, 0, numberWord, i, mem)
	}
	class := s.Attributes["class"]
	if class != "" {
		mem.found = append(mem.found, m.byClass[class]...)
	}
	slices.Sort(mem.found)
	var hits []hit
	for _, id := range mem.found {
		sig := &m.sigs[id]
		if mem.vetoed[id] == mem.round || sig.Class != "" && sig.Class != class || sig.Kind != "" && sig.Kind != string(s.Kind) {
			continue
		}
		hits = append(hits, hit{id, m.where(sig, mem)})
	}
	return hits
}

func (m *matcher) follow(tokens []read.Token, i int, node, numberWord int32, first int, mem *scratch) {
	if i >= len(tokens) {
		return
	}
	t := &tokens[i]
	step := func(w int32) {
		if w == 0 {
			return
		}
		child, ok := m.next[uint64(node)<<32|uint64(w)]
		if !ok {
			return
		}
		for _, ph := range m.ends[child] {
			m.saw(ph, span{tokens[first].Start, t.End}, mem)
		}
		m.follow(tokens, i+1, child, numberWord, first, mem)
	}
	step(mem.words[i])
	if t.Number() {
		step(numberWord)
	}
}

func (m *matcher) saw(ph int32, at span, mem *scratch) {
	if mem.phrase[ph] == mem.round {
		return
	}
	mem.phrase[ph], mem.at[ph] = mem.round, at
	for _, id := range m.needs[ph] {
		if mem.counted[id] != mem.round {
			mem.counted[id], mem.count[id] = mem.round, 0
		}
		if mem.count[id]++; int(mem.count[id]) == len(m.sigs[id].phrases) {
			mem.found = append(mem.found, id)
		}
	}
	for _, id := range m.vetoes[ph] {
		mem.vetoed[id] = mem.round
	}
}

// where spans the phrases of a signature that was found in this round; they were seen last at mem.at.
func (m *matcher) where(sig *signature, mem *scratch) span {
	var all span
	for i, ph := range sig.phrases {
		at := mem.at[ph]
		if i == 0 {
			all = at
			continue
		}
		all = span{min(all.start, at.start), max(all.end, at.end)}
	}
	return all
}
