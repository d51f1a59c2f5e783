package model

// Features is the number of buckets that n-grams are hashed into.
const Features = 1 << 17

const (
	gram     = 4  // characters of an n-gram within a word
	longText = 96 // words that are looked at; what follows adds little
	offset64 = 1469598103934665603
	prime64  = 1099511628211
)

// featureSet collects the features of one message, each once. A feature is a word, a pair of neighbours, or characters within a word.
// Numbers count as "some number", and the short ones, which may be codes (503, 4625), as themselves too.
type featureSet struct {
	met  []uint64 // a bit a feature, set while it is in the list; small enough for the cache
	list []uint32
}

func newFeatureSet() featureSet { return featureSet{met: make([]uint64, Features/64)} }

// of lists the features of the words, valid until the next call.
func (s *featureSet) of(words []string) []uint32 {
	for _, f := range s.list {
		s.met[f/64] = 0
	}
	s.list = s.list[:0]
	last := uint64(0)
	for _, w := range words[:min(len(words), longText)] {
		h := hash(offset64, w)
		if c := w[0]; c >= '0' && c <= '9' {
			if len(w) <= 5 {
				s.add(h)
			}
			h = offset64 ^ '#'
		}
		s.add(h)
		if last != 0 {
			s.add(mix(last, h))
		}
		last = h
		if len(w) > gram && len(w) <= 40 {
			for i := 0; i+gram <= len(w); i++ {
				s.add(hash(offset64^0x9e37, w[i:i+gram]))
			}
		}
	}
	return s.list
}

func (s *featureSet) add(h uint64) {
	f := uint32((h ^ h>>29 ^ h>>47) & (Features - 1))
	if bit := uint64(1) << (f % 64); s.met[f/64]&bit == 0 {
		s.met[f/64] |= bit
		s.list = append(s.list, f)
	}
}

// hash is FNV-1a.
func hash(h uint64, text string) uint64 {
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * prime64
	}
	return h
}

func mix(a, b uint64) uint64 { return (a*31 ^ b) * prime64 }
