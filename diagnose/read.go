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
}

// read fills w.readings.
func (w *work) read() {
	mem, ok := w.memory.Get().(*scratch)
	if !ok {
		mem = w.matcher.scratch()
	}
	defer w.memory.Put(mem)
	reader := read.NewReader(w.graph)
	w.readings = make([]reading, len(w.c.Signals))
	for i := range w.c.Signals {
		s := &w.c.Signals[i]
		r := &w.readings[i]
		*r = reading{Reading: reader.Read(s), index: i, signal: s}
		r.hits = w.matcher.match(r.Tokens, *s, mem)
		evidence := 0.0
		for _, h := range r.hits {
			if sig := &w.matcher.sigs[h.sig]; sig.use == useDirect {
				evidence = max(evidence, sig.Weight)
			}
		}
		r.polarity = r.Polarity(evidence)
	}
}
