package diagnose

import (
	"slices"

	"corax"
	read "corax/diagnose/reading"
)

// reading is what one signal says, with the signatures that were found in it.
type reading struct {
	read.Reading
	index    int
	signal   *corax.Signal
	polarity read.Polarity
	numbers  []int32 // words of the tokens, by the number that the matcher has for them; 0: the catalogue does not use it
	hits     []hit
	impacts  []hit   // words that tell how bad it is
	well     float64 // how much it sounds as if all were well, in log odds
	heard    []heard // mechanisms that it sounds like, the best first
	saying   string  // see words; empty until it is asked for
}

// soundsWell is how much a message must sound, to the learned view, as if all were well, for the words of a fault to be no trouble by
// themselves; in log odds.
const soundsWell = 2.0

// soundsVeryWell is the same for words of trouble.
const soundsVeryWell = 6.0

// read fills w.readings.
func (w *work) read() {
	d := w.desk
	d.clear(w.graph)
	w.readings = d.room(len(w.c.Signals))
	for i := range w.c.Signals {
		s := &w.c.Signals[i]
		r := &w.readings[i]
		*r = reading{Reading: d.reader.Read(s), index: i, signal: s}
		w.recall(r, d)
		r.hits = slices.DeleteFunc(r.hits, func(h hit) bool { return r.InCode(read.Span{Start: h.span.start, End: h.span.end}) })
		evidence := 0.0
		for _, h := range r.hits {
			if sig := &w.matcher.sigs[h.sig]; sig.use == useDirect && sig.Weight > evidence && !r.Assures(read.Span{Start: h.span.start, End: h.span.end}) {
				evidence = max(evidence, sig.Weight)
			}
		}
		if r.well > soundsWell {
			evidence = 0
		}
		r.polarity = r.Polarity(evidence)
		if r.polarity == read.Failing && r.well > soundsVeryWell && !r.Measured() && s.Kind == "" && s.Attributes["class"] == "" {
			r.polarity = read.Neutral
		}
	}
}
