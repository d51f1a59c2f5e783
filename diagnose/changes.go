package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"corax"
)

// changes tells what was altered before the trouble, the latest first; what was altered long before, or after, has not caused it.
func (t *teller) changes() {
	for _, l := range t.altered() {
		r := &t.readings[l.signal]
		from := t.root.scene.from
		when := "A change is among the signals"
		switch d := from.Sub(l.at); {
		case l.at.IsZero() || from.IsZero():
		case d <= -time.Second:
			when = fmt.Sprintf("A change came %s after the first symptom, %s", lasting(d), t.clock(l.at))
		case d < time.Second:
			when = "A change came with the first symptom, " + t.clock(l.at)
		default:
			when = fmt.Sprintf("A change came %s before the first symptom, %s", lasting(d), t.clock(l.at))
		}
		t.told[l.signal] = true
		signals := []int{l.signal}
		if t.root.scene.timed {
			signals = append(signals, t.edge(from))
		}
		t.say(corax.TellsWhy, signals, fmt.Sprintf("%s: %s reported %s", when, or(r.Entity, "a message that names no entity"), quoted(l.words)))
	}
}

// altered lists the changes that may have to do with a problem, the nearest before the first symptom first: those that are part of it, and
// those shortly before it at the root, or, where nothing explains it, at all who are part of it.
func (w *work) altered(c *cause) (found []line) {
	s := c.scene
	for n, a := range s.actors {
		if n == mostActors {
			break
		}
		said := w.lines(a)
		for _, l := range said {
			if d := s.from.Sub(l.at); l.change && (l.at.IsZero() || s.from.IsZero() || d < recent && d > -recent) {
				found = append(found, l)
			}
		}
		if a.entity == "" || a.entity != c.entity && c.mech >= 0 {
			continue
		}
		for _, i := range w.changes(a.entity) {
			r := &w.readings[i]
			if d := s.from.Sub(r.signal.At); r.signal.At.IsZero() || s.from.IsZero() || d < 0 || d > just ||
				slices.ContainsFunc(said, func(l line) bool { return l.signal == i }) {
				continue
			}
			if words := r.words(); words != "" {
				found = append(found, line{signal: i, at: r.signal.At, words: words, change: true})
			}
		}
	}
	distance := func(l line) time.Duration {
		d := s.from.Sub(l.at)
		if d < 0 {
			d = 2*recent - d
		}
		return d
	}
	slices.SortStableFunc(found, func(a, b line) int { return cmp.Compare(distance(a), distance(b)) })
	return found[:min(len(found), 3)]
}

// changes lists the signals of a case that tell of a change of an entity, the last ones where there are many.
func (w *work) changes(entity string) []int {
	if w.changed == nil {
		w.changed = map[string][]int{}
		for i := range w.readings {
			if r := &w.readings[i]; r.signal.Kind == corax.ChangeOf && r.Entity != "" {
				w.changed[r.Entity] = append(w.changed[r.Entity], i)
			}
		}
	}
	list := w.changed[entity]
	return list[max(0, len(list)-mostLines):]
}

func (t *teller) altered() []line { return t.work.altered(&t.root) }
