package diagnose

import (
	"slices"
	"strings"

	read "corax/diagnose/reading"
)

// detail is a name or value that a message holds, as it is written there; its kind is one of knowledge.Identifiers.
type detail struct{ kind, value string }

// details lists the names and values of a message.
func (r *reading) details() []detail {
	var list []detail
	for _, id := range r.Identifiers() {
		list = append(list, detail{string(id.Kind), id.Value})
	}
	return list
}

// identify adds the names and values that the readings hold to the facts of a cause, each kind once. What stands next to another entity than
// the root says nothing about the root, so only its own words count where it has some.
func (w *work) identify(c *cause, readings []*reading) {
	own := func(r *reading) bool { return c.entity == "" || r.Entity == c.entity || r.Entity == "" }
	for _, r := range readings[:min(len(readings), mostRead)] {
		if !own(r) {
			continue
		}
		for _, kind := range read.Kinds {
			name := string(kind)
			v := or(r.signal.Attributes[name], r.signal.Labels[name])
			if read.Safe(v) && (kind.Spaced() || !strings.Contains(v, " ")) {
				c.fact(name, v, r.index)
			}
		}
		for _, d := range r.details() {
			c.fact(d.kind, d.value, r.index)
		}
	}
	for _, r := range readings[:min(len(readings), mostRead)] {
		if !own(r) && w.holdsIt(r, c.mech) == 1 {
			w.lend(c, r)
		}
	}
}

// lend takes from another entity's words, which state the mechanism, what it can be only one of: the table, queue or database that it is
// about, and the port where it asks the root.
func (w *work) lend(c *cause, r *reading) {
	asks := slices.ContainsFunc(r.Mentions, func(m read.Mention) bool { return m.Entity == c.entity })
	for _, d := range r.details() {
		switch d.kind {
		case "table", "queue", "database", "resource":
			c.fact(d.kind, d.value, r.index)
		case "port":
			if asks {
				c.fact(d.kind, d.value, r.index)
			}
		}
	}
}

// fact keeps the first value of a name, with the signal that gave it.
func (c *cause) fact(name, value string, signal int) {
	if c.facts[name] == "" {
		c.facts[name] = value
		c.from[name] = signal
	}
}
