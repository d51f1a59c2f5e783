// Package model is the learned view of the engine: a linear classifier over hashed word and character n-grams that says which mechanisms
// of the catalogue a message sounds like. It is trained from the catalogue alone (Train), embedded, and never learns while it runs.
//
// The same catalogue gives the same model, byte for byte, on every machine: random numbers are seeded, sums have a fixed order, products
// are rounded before they are added, and exp is our own.
//
// Method: multinomial logistic regression over hashed features (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning",
// ICML 2009) with word dropout, one class a mechanism and one for texts that are of none.
package model

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	"corax"
)

//go:embed mechanisms.model
var builtin []byte

// Builtin is the model that is trained from the built-in catalogue.
var Builtin = sync.OnceValues(func() (*Model, error) { return Read(builtin) })

// Model scores messages. It never changes after Read and is safe for concurrent use; each user brings a Scratch.
type Model struct {
	// Classes are the mechanism ids, sorted. Two more follow: texts that are of none of them, and texts that say that all is well.
	Classes []string
	// Digest is of what the model was trained from.
	Digest [sha256.Size]byte

	scale float32
	bias  []float32
	start []uint32 // feature -> its first entry; one more than features
	entry []entry
	rows  rows
}

// entry is one weight of a feature.
type entry struct {
	class  uint16
	weight int8
}

// Candidate is a mechanism that a message sounds like.
type Candidate struct {
	Class int     // index into Classes
	Score float64 // log odds against "none of them"; at least 0
}

// Scratch is the memory of one user of a model.
type Scratch struct {
	features featureSet
	sum      []int64   // of weights, a class, and in the upper half their number; whole numbers, so that no order of adding matters
	entries  [][]entry // of each feature that has some, but not a row
	lanes    lanes     // of those that have a row
	met      int       // what the first of each adds up to; nobody reads it
	found    []Candidate
}

// NewScratch makes the memory that Top needs.
func (m *Model) NewScratch() *Scratch {
	n := len(m.Classes) + extraClasses
	return &Scratch{features: newFeatureSet(), sum: make([]int64, n), lanes: newLanes(n)}
}

// extraClasses are the classes that are no mechanism: none of them, and all is well.
const extraClasses = 2

// strangeness is how much a text of which nothing was ever seen speaks for none: a single known word among strange ones is no evidence.
const strangeness = 5.0

// oneWeight counts a weight in the upper half of a sum, whose lower half is their total: one addition does both.
const oneWeight = 1 << 32

// mostCandidates bounds what Top returns.
const mostCandidates = 8

// Top is the mechanisms that a message sounds more like than like none, the best first, valid until the next call with the same scratch; and
// how much it sounds as if all were well: log odds against trouble of any kind. The words are stems, as package reading makes them.
func (m *Model) Top(words []string, s *Scratch) (mechanisms []Candidate, well float64) {
	hashes := s.features.of(words)
	s.entries = s.entries[:0]
	strange := len(hashes)
	for _, f := range hashes {
		from, to := m.start[f], m.start[f+1]
		if from == to {
			continue
		}
		strange--
		if to-from > m.rows.least {
			s.lanes.add(m.rows.of(f), s.sum)
			continue
		}
		s.entries = append(s.entries, m.entry[from:to])
	}
	s.lanes.spill(s.sum)
	// The weights lie far apart in memory. Asked for one after the other, without a use in between, they come at the same time.
	s.met = 0
	for _, entries := range s.entries {
		s.met += int(entries[0].class)
	}
	sum := s.sum
	for _, entries := range s.entries {
		for _, e := range entries {
			sum[e.class] += oneWeight + int64(e.weight)
		}
	}
	norm := m.scale * damp(len(hashes))
	none := len(m.Classes)
	floor := float32(float32(int32(sum[none]))*norm) + m.bias[none]
	if len(hashes) > 0 {
		floor += strangeness * float32(strange) / float32(len(hashes))
	}
	well = float64(float32(float32(int32(sum[none+1]))*norm) + m.bias[none+1])
	s.found = s.found[:0]
	for c, both := range sum[:none] {
		if both == 0 {
			continue // no feature has a weight for it
		}
		if v := float32(float32(int32(both))*norm) + m.bias[c] - floor; v > 0 {
			s.keep(Candidate{c, float64(v)})
		}
	}
	clear(sum)
	return s.found, well
}

// keep puts a candidate into its place among the best; of two that are equal the first stays first.
func (s *Scratch) keep(c Candidate) {
	at := len(s.found)
	for at > 0 && s.found[at-1].Score < c.Score {
		at--
	}
	if at == mostCandidates {
		return
	}
	s.found = slices.Insert(s.found, at, c)
	s.found = s.found[:min(len(s.found), mostCandidates)]
}

// damp keeps a long message from being surer than its words are.
func damp(features int) float32 {
	return float32(4 / math.Sqrt(float64(max(features, 16))))
}

const (
	magic = "corax-model-2\n"
	// mostClasses bounds what Read accepts.
	mostClasses = math.MaxUint16 - extraClasses
)

// WriteTo writes the model in the form that Read reads.
func (m *Model) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	b.WriteString(magic)
	b.Write(m.Digest[:])
	le := binary.LittleEndian
	b.Write(le.AppendUint32(nil, uint32(len(m.Classes))))
	for _, c := range m.Classes {
		b.Write(le.AppendUint16(nil, uint16(len(c))))
		b.WriteString(c)
	}
	b.Write(le.AppendUint32(nil, math.Float32bits(m.scale)))
	for _, v := range m.bias {
		b.Write(le.AppendUint32(nil, math.Float32bits(v)))
	}
	for f := range Features {
		b.Write(binary.AppendUvarint(nil, uint64(m.start[f+1]-m.start[f])))
	}
	for _, e := range m.entry {
		b.Write(le.AppendUint16(nil, e.class))
		b.WriteByte(byte(e.weight))
	}
	return b.WriteTo(w)
}

// Read reads a model. Damaged input gives an error, never a panic.
func Read(data []byte) (*Model, error) {
	fail := func(what string) error {
		return &corax.Error{Code: corax.Invalid, Op: "read the learned model", Err: fmt.Errorf("%s", what), Hint: "make it anew: make model"}
	}
	rest, ok := bytes.CutPrefix(data, []byte(magic))
	if !ok {
		return nil, fail("it does not begin as a model")
	}
	m := &Model{}
	short := false
	take := func(n int) []byte {
		if short || n < 0 || n > len(rest) {
			short = true
			return make([]byte, min(max(n, 0), 8))
		}
		var part []byte
		part, rest = rest[:n], rest[n:]
		return part
	}
	le := binary.LittleEndian
	copy(m.Digest[:], take(sha256.Size))
	n := le.Uint32(take(4))
	if n > mostClasses {
		return nil, fail(fmt.Sprintf("%d classes", n))
	}
	for range n {
		m.Classes = append(m.Classes, string(take(int(le.Uint16(take(2))))))
		if short {
			return nil, fail("it ends among the classes")
		}
	}
	m.scale = math.Float32frombits(le.Uint32(take(4)))
	for range n + extraClasses {
		m.bias = append(m.bias, math.Float32frombits(le.Uint32(take(4))))
	}
	m.start = make([]uint32, Features+1)
	for f := range Features {
		v, used := binary.Uvarint(rest)
		if used <= 0 || v > uint64(n)+extraClasses {
			return nil, fail("it ends among the features")
		}
		rest = rest[used:]
		m.start[f+1] = m.start[f] + uint32(v)
	}
	if short || uint64(len(rest)) != 3*uint64(m.start[Features]) {
		return nil, fail("its weights are cut off")
	}
	m.entry = make([]entry, m.start[Features])
	for i := range m.entry {
		part := take(3)
		m.entry[i] = entry{le.Uint16(part), int8(part[2])}
		if int(m.entry[i].class) >= len(m.Classes)+extraClasses {
			return nil, fail("a weight is of no class")
		}
	}
	m.rows = newRows(m)
	return m, nil
}
