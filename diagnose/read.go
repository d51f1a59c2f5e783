package diagnose

import (
	"corax"
	read "corax/reading"
)

// reading is what one signal says, with the signatures that were found in it.
type reading struct {
	read.Reading
	index    int
	signal   *corax.Signal
	polarity read.Polarity
	hits     []hit
	impacts  []hit   // words that tell how bad it is
	well     float64 // how much it sounds as if all were well, in log odds against the best of heard
	heard    []heard // mechanisms that it sounds like, the best first
}

// What the learned view hears of health, in log odds, counts beside the words: where a message sounds well, the words of a fault alone are no
// trouble, and where it sounds like a mechanism, it is, though no word says so.
const (
	soundsWell     = 0.5
	soundsVeryWell = 3.0
	soundsIll      = 2.5
	enoughEvidence = 3.0
)

// read fills w.readings.
func (w *work) read() {
	d := w.desks.Get().(*desk)
	defer w.desks.Put(d)
	reader := read.NewReader(w.graph)
	w.readings = make([]reading, len(w.c.Signals))
	for i := range w.c.Signals {
		s := &w.c.Signals[i]
		r := &w.readings[i]
		*r = reading{Reading: reader.Read(s), index: i, signal: s}
		w.recall(r, d)
		evidence := 0.0
		for _, h := range r.hits {
			if sig := &w.matcher.sigs[h.sig]; sig.use == useDirect {
				evidence = max(evidence, sig.Weight)
			}
		}
		switch {
		case r.well > soundsWell:
			evidence = 0
		case len(r.heard) > 0 && r.heard[0].score > soundsIll:
			evidence = max(evidence, enoughEvidence)
		}
		r.polarity = r.Polarity(evidence)
		if r.polarity == read.Failing && r.well > soundsVeryWell && s.Kind == "" && s.Attributes["class"] == "" {
			r.polarity = read.Neutral
		}
	}
}
