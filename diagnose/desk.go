package diagnose

import (
	"corax"
	"corax/diagnose/model"
	read "corax/diagnose/reading"
	"corax/topology"
)

// desk is the memory that a case is worked on with; cases take turns. What is read from a case lies on it until the next case comes, so that
// a case hardly allocates and works in memory that the processor still has at hand. Nothing of a report lies on it.
type desk struct {
	match    *scratch
	model    *model.Scratch
	words    []string
	reader   *read.Reader
	readings []reading
	hits     slab[hit]
	heard    slab[heard]

	// What incidents are compared by, and by whom.
	numbers  slab[int32]
	mechs    slab[int]
	parts    slab[component]
	beliefs  slab[belief]
	table    *features
	focus    *focus
	sum      []float64 // of each mechanism; zero in between
	met      []bool    // words; false in between
	about    []int32   // words of an incident
	effects  []int     // mechanisms of an incident
	believed []belief  // of an incident
}

// mostReadings bounds how many readings a desk keeps room for; a larger case brings its own.
const mostReadings = 1024

func (e *Engine) newDesk() *desk {
	mechanisms, words := len(e.cat.Mechanisms), len(e.matcher.vocab)
	return &desk{
		match: e.matcher.scratch(), model: e.learned.scratch(), reader: read.NewReader(topology.New(corax.Topology{})),
		table: newFeatures(words), focus: newFocus(mechanisms), sum: make([]float64, mechanisms), met: make([]bool, words+1),
	}
}

// clear makes room for the next case.
func (d *desk) clear(graph *topology.Graph) {
	d.reader.Next(graph)
	d.hits.clear()
	d.heard.clear()
	d.numbers.clear()
	d.mechs.clear()
	d.parts.clear()
	d.beliefs.clear()
}

// room is memory for so many readings; they hold what they last held.
func (d *desk) room(n int) []reading {
	if n > mostReadings {
		return make([]reading, n)
	}
	if n > cap(d.readings) {
		d.readings = make([]reading, n, min(2*n, mostReadings))
	}
	return d.readings[:n]
}

// slab hands out room for short lists.
type slab[T any] struct {
	list []T
	used int
}

const (
	leastSlab = 64
	mostSlab  = 16 << 10
)

// room is an empty list with room for n.
func (s *slab[T]) room(n int) []T {
	if s.used+n > len(s.list) {
		s.list, s.used = make([]T, max(n, min(max(2*len(s.list), leastSlab), mostSlab))), 0
	}
	s.used += n
	return s.list[s.used-n : s.used-n : s.used]
}

// keep is a copy of a list.
func (s *slab[T]) keep(list []T) []T { return append(s.room(len(list)), list...) }

func (s *slab[T]) clear() {
	s.used = 0
	if len(s.list) > mostSlab {
		s.list = nil
	}
}
