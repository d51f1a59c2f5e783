package diagnose

import (
	"corax/diagnose/model"
)

// learned is the learned view: which mechanisms a message sounds like.
type learned struct {
	model *model.Model // nil: there is none
	mech  []int        // class of the model -> mechanism; -1 where the catalogue no longer has it
}

// heard is a mechanism that a message sounds like.
type heard struct {
	mech  int
	score float64 // log odds against "none of them"
}

func newLearned(mechs map[string]int) learned {
	m, err := model.Builtin()
	if err != nil {
		return learned{} // a model that can't be read is worth less than the rules alone; a test reads it
	}
	l := learned{model: m, mech: make([]int, len(m.Classes))}
	for c, id := range m.Classes {
		at, ok := mechs[id]
		if !ok {
			at = -1
		}
		l.mech[c] = at
	}
	return l
}

func (l learned) scratch() *model.Scratch {
	if l.model == nil {
		return nil
	}
	return l.model.NewScratch()
}

// recall asks both views about a message.
func (w *work) recall(r *reading, d *desk) {
	r.numbers = d.numbers.room(len(r.Tokens))
	for i := range r.Tokens {
		word := int32(0)
		if !r.Chance(i) {
			word = w.matcher.vocab[r.Tokens[i].Stem]
		}
		r.numbers = append(r.numbers, word)
	}
	found := w.matcher.match(r.Tokens, r.numbers, r.signal, d.match)
	if len(found) > 0 {
		r.hits = d.hits.room(len(found))
	}
	for _, h := range found {
		switch use := w.matcher.sigs[h.sig].use; {
		case use == useImpact:
			r.impacts = append(r.impacts, h)
		case !w.views.NoRules || use == useModifier:
			r.hits = append(r.hits, h)
		}
	}
	if w.views.NoModel || w.learned.model == nil {
		return
	}
	d.words = d.words[:0]
	for i, t := range r.Tokens {
		if !r.Chance(i) {
			d.words = append(d.words, t.Stem)
		}
	}
	top, well := w.learned.model.Top(d.words, d.model)
	r.well = well
	if len(top) > 0 {
		r.heard = d.heard.room(len(top))
	}
	for _, c := range top {
		if at := w.learned.mech[c.Class]; at >= 0 {
			r.heard = append(r.heard, heard{at, c.Score})
		}
	}
}
