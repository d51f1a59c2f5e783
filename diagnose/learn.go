package diagnose

import (
	"cmp"
	"slices"
	"strings"

	"corax"
	read "corax/diagnose/reading"
	"corax/knowledge"
)

// How much of a problem is kept as a mechanism.
const (
	mostLearned  = 6 // messages
	learnedWords = 4 // words of a signature
	learnedTrust = 5 // its weight
)

// Learn makes a mechanism from a problem that no mechanism explained, so that the next one of its kind is recognised: the telling words of
// the root's own signals become signatures, those of the others what it causes. Names and identifiers are left out. Its remedies are the
// steps that helped; without any, its plan says that nobody recorded what did.
func (e *Engine) Learn(c corax.Case, d corax.Diagnosis, id, title string, helped []corax.Step) (knowledge.Mechanism, error) {
	m := knowledge.Mechanism{ID: id, Domain: "learned", Title: title, Pattern: corax.Unknown, Severity: knowledge.Rating{Base: d.Severity},
		What: "It was seen before and resolved; it is known by the words of that time."}
	w, _ := e.work(c, e.newDesk())
	names := map[string]bool{}
	for _, r := range w.readings {
		for _, word := range words(read.Lower(r.Entity)) {
			names[word] = true
		}
		for _, x := range r.Mentions {
			for _, word := range words(read.Lower(x.Entity)) {
				names[word] = true
			}
		}
	}
	root := d.RootCause.Entity
	for _, own := range []bool{true, false} {
		cause := own || len(m.Signatures) == 0 // where the root says nothing itself, the words of the others have to do
		for _, n := range d.Signals {
			if n >= len(w.readings) {
				return m, corax.Errorf(corax.Invalid, "learn "+id, "the diagnosis names signal %d, and the case has %d", n, len(w.readings))
			}
			r := &w.readings[n]
			if (r.Entity == root || root == "") != own || r.polarity == read.Healthy {
				continue
			}
			s := knowledge.Signature{Say: w.telling(r, names), Weight: learnedTrust}
			known := func(have knowledge.Signature) bool { return slices.Equal(have.Say, s.Say) }
			switch {
			case len(s.Say) == 0 || slices.ContainsFunc(m.Signatures, known) || slices.ContainsFunc(m.Causes, known):
			case cause && len(m.Signatures) < mostLearned:
				m.Signatures = append(m.Signatures, s)
				m.Examples = append(m.Examples, r.signal.Message)
			case !cause && len(m.Causes) < mostLearned:
				s.Weight = 2
				m.Causes = append(m.Causes, s)
			}
		}
	}
	if len(m.Signatures) == 0 {
		return m, corax.Errorf(corax.Invalid, "learn "+id, "no signal of the root says anything by which the next one could be recognised")
	}
	m.Vectors.Recognise = slices.Clone(m.Examples)
	for _, missing := range d.RootCause.Missing {
		m.Evidence = append(m.Evidence, nameless(missing, root))
	}
	m.Remedies = remediesOf(helped, root)
	if len(helped) > 0 {
		m.Evidence = append(m.Evidence, "whether the step that helped the last time was carried out since: "+m.Remedies[0].Do)
	}
	if len(m.Remedies) == 0 {
		m.Remedies = []knowledge.Remedy{{Phase: "decide", Action: "owner.decide", On: knowledge.OnRoot, Purpose: corax.Fix,
			Do: "Decide with the owner of {target} what to do: it was resolved before, and nobody recorded how"}}
	}
	return m, nil
}

// remediesOf makes remedies of the steps that helped: the root's name becomes a hole, so that the next one gets its own.
func remediesOf(helped []corax.Step, root string) (list []knowledge.Remedy) {
	hole := func(text string) string { return nameless(text, root) }
	for _, s := range helped {
		list = append(list, knowledge.Remedy{Phase: or(s.Phase, "restore"), Action: s.Action, On: knowledge.OnRoot, Purpose: s.Purpose, Ask: s.Ask,
			Do: hole(s.Do), Run: hole(s.Run), Check: hole(s.Check), Verify: hole(s.Verify), Undo: hole(s.Undo)})
	}
	slices.SortStableFunc(list, func(a, b knowledge.Remedy) int { return cmp.Compare(purposeOrder[a.Purpose], purposeOrder[b.Purpose]) })
	return list
}

// nameless is a text with a hole where it names the root.
func nameless(text, root string) string {
	if root == "" {
		return text
	}
	return strings.ReplaceAll(text, root, "{target}")
}

// telling is the rarest words of a message, in the order of the text.
func (w *work) telling(r *reading, names map[string]bool) []string {
	type word struct {
		stem, text string
		at         int
		rare       float64
	}
	var list []word
	for at, t := range r.Tokens {
		if len(t.Text) < 3 || strings.ContainsAny(t.Text, "0123456789") || read.Ordinary(t.Stem) || names[t.Stem] ||
			slices.ContainsFunc(list, func(x word) bool { return x.stem == t.Stem }) {
			continue
		}
		rare := w.rare[r.numbers[at]]
		if rare == 0 {
			rare = 1
		}
		list = append(list, word{t.Stem, t.Text, at, rare})
	}
	slices.SortStableFunc(list, func(a, b word) int { return cmp.Compare(b.rare, a.rare) })
	list = list[:min(len(list), learnedWords)]
	slices.SortFunc(list, func(a, b word) int { return cmp.Compare(a.at, b.at) })
	var say []string
	for _, x := range list {
		say = append(say, x.text)
	}
	return say
}
