package vault

import (
	"cmp"
	"hash/maphash"
	"slices"
)

// finder finds known texts in others, in one pass, whatever their number. It holds no text: of each it knows the
// length, a hash under a key of this process, and 32 bits of the hash of its head. So a Redactor that lives as long
// as the process doesn't undo the wiping of the secrets that it knows.
//
// The head of a text (its first 8 bytes; 4 where it is shorter) is looked up at every position, first in a bitmap that
// fits the processor's cache; only where that says yes, whole texts are compared. A finder is never altered: with adds.
type finder struct {
	seed    maphash.Seed
	long    heads // of texts of 8 bytes and more
	short   heads // of texts of 4 to 7 bytes
	longest int
}

const (
	longHead  = 8
	shortHead = 4
	// golden spreads the bits of a head over the upper half of the product. It need not be secret: only those 32 bits
	// are kept, and the head has up to 64.
	golden = 0x9E3779B97F4A7C15
)

// heads are the texts that begin with the same head, by its hash.
type heads struct {
	filter []uint64 // bit n is set where some hash begins with n
	shift  uint     // of a hash, to get its bit
	texts  map[uint32][]known
}

// known is all that is remembered of a text.
type known struct {
	size int
	sum  uint64
}

func newFinder() *finder { return &finder{seed: maphash.MakeSeed()} }

// with gives a finder that knows these texts too. Those that are shorter than shortHead are left out.
func (f *finder) with(texts [][]byte) *finder {
	next := &finder{seed: f.seed, long: f.long.clone(), short: f.short.clone(), longest: f.longest}
	for _, t := range texts {
		h, head := &next.long, uint32(0)
		switch {
		case len(t) >= longHead:
			head = hashLong(string(t[:longHead]), 0)
		case len(t) >= shortHead:
			h, head = &next.short, hashShort(string(t[:shortHead]), 0)
		default:
			continue
		}
		k := known{size: len(t), sum: maphash.Bytes(f.seed, t)}
		if slices.Contains(h.texts[head], k) {
			continue
		}
		h.texts[head] = append(slices.Clone(h.texts[head]), k)
		slices.SortFunc(h.texts[head], func(a, b known) int { return cmp.Compare(b.size, a.size) })
		next.longest = max(next.longest, len(t))
	}
	next.long.index()
	next.short.index()
	return next
}

func (h heads) clone() heads {
	texts := make(map[uint32][]known, len(h.texts)+1)
	for k, v := range h.texts {
		texts[k] = v
	}
	return heads{texts: texts}
}

// index makes the filter: 32 bits a head or more, so that one position in 32 goes further by chance at most.
func (h *heads) index() {
	bits := uint(12)
	for 1<<bits < 32*len(h.texts) {
		bits++
	}
	h.shift, h.filter = 32-min(bits, 32), make([]uint64, 1<<(min(bits, 32)-6))
	for head := range h.texts {
		n := head >> h.shift
		h.filter[n>>6] |= 1 << (n & 63)
	}
}

func (h *heads) maybe(head uint32) bool {
	n := head >> h.shift
	return h.filter[n>>6]&(1<<(n&63)) != 0
}

func hashLong(s string, i int) uint32 {
	s = s[i : i+longHead]
	v := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	v ^= v >> 29
	return uint32((v * golden) >> 32)
}

func hashShort(s string, i int) uint32 {
	s = s[i : i+shortHead]
	v := uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
	return uint32((uint64(v) * golden) >> 32)
}

// span is a part of a text that must not be shown.
type span struct{ from, to int }

// find appends where known texts stand. Spans may overlap.
func (f *finder) find(spans []span, text string) []span {
	if len(f.long.texts) > 0 {
		for i := 0; i+longHead <= len(text); i++ {
			if head := hashLong(text, i); f.long.maybe(head) {
				spans = f.compare(spans, text, i, f.long.texts[head])
			}
		}
	}
	if len(f.short.texts) > 0 {
		for i := 0; i+shortHead <= len(text); i++ {
			if head := hashShort(text, i); f.short.maybe(head) {
				spans = f.compare(spans, text, i, f.short.texts[head])
			}
		}
	}
	return spans
}

// compare adds the longest of the texts that stands at i.
func (f *finder) compare(spans []span, text string, i int, texts []known) []span {
	for _, k := range texts {
		if i+k.size <= len(text) && maphash.String(f.seed, text[i:i+k.size]) == k.sum {
			return append(spans, span{i, i + k.size})
		}
	}
	return spans
}

// merge sorts spans and joins those that touch.
func merge(spans []span) []span {
	if len(spans) < 2 {
		return spans
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	out := spans[:1]
	for _, s := range spans[1:] {
		if last := &out[len(out)-1]; s.from <= last.to {
			last.to = max(last.to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}
