package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"corax"
)

// narrate writes the root cause for people. Each sentence rests on signals, and names them: [0], [2].
func (w *work) narrate(g group, root cause, c corax.Cascade) corax.RootCause {
	rc := corax.RootCause{
		Entity: root.entity, Mechanism: root.id, Evidence: root.evidence, Against: root.against, Missing: root.missing, Facts: root.facts,
	}
	if len(rc.Facts) == 0 {
		rc.Facts = nil
	}
	who := or(root.entity, "an entity that no message names")
	if root.mech >= 0 {
		rc.Summary = fmt.Sprintf("%s: %s", who, root.title)
		for _, s := range w.matcher.mechs[root.mech].Story {
			if text, ok := fill(s.Text, root.entity, root.entity, root.facts); ok {
				rc.Chain = append(rc.Chain, text+w.cite(g, root.entity, root))
			}
		}
	} else {
		rc.Summary = fmt.Sprintf("%s is in trouble, and no known mechanism explains it: %q", who, firstWords(w.headline(g)))
	}
	if len(rc.Chain) == 0 {
		rc.Chain = append(rc.Chain, rc.Summary+w.cite(g, root.entity, root))
	}
	for _, e := range c.Affected {
		why := "shows the effects of it"
		if d, ok := w.graph.Distance(e, root.entity); ok && d == 1 {
			why = "needs " + root.entity + " and " + why
		} else if ok {
			why = fmt.Sprintf("needs %s through others and %s", root.entity, why)
		}
		rc.Chain = append(rc.Chain, fmt.Sprintf("%s %s: %q%s", e, why, firstWords(w.says(g, e)), w.cite(g, e, root)))
	}
	if n := len(c.Affected); n > 0 {
		rc.Summary += fmt.Sprintf("; felt by %s", list(c.Affected))
	}
	return rc
}

const mostNames = 8

func list(names []string) string {
	if n := len(names); n > mostNames {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostNames], ", "), n-mostNames)
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

// cite names the signals of an entity, or all of the problem where it has none.
func (w *work) cite(g group, entity string, root cause) string {
	var own []string
	for _, i := range g.incidents {
		if inc := &w.incidents[i]; inc.entity == entity {
			for _, s := range inc.signals {
				own = append(own, fmt.Sprint(s))
			}
		}
	}
	if own == nil {
		for _, e := range root.evidence {
			own = append(own, fmt.Sprint(e.Signal))
		}
	}
	if len(own) > mostNames {
		own = append(own[:mostNames], "...")
	}
	return " [" + strings.Join(own, ", ") + "]"
}

// headline is the message of the problem's first signal.
func (w *work) headline(g group) string {
	return w.c.Signals[w.incidents[g.incidents[0]].signals[0]].Message
}

// says is the first message of an entity in a problem.
func (w *work) says(g group, entity string) string {
	i := slices.IndexFunc(g.incidents, func(i int) bool { return w.incidents[i].entity == entity && !w.incidents[i].change })
	if i < 0 {
		return ""
	}
	return w.c.Signals[w.incidents[g.incidents[i]].signals[0]].Message
}

func firstWords(s string) string {
	const most = 90
	if line, _, ok := strings.Cut(s, "\n"); ok {
		s = line
	}
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !isStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}

// fill puts facts into a text: {name}, or {name|words} for where the fact isn't known. It is false where a fact without words is missing.
// What it puts in is never read again, so a fact that holds braces stays what it is.
func fill(text, target, root string, facts map[string]string) (string, bool) {
	var b strings.Builder
	complete := true
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String(), complete
		}
		hole, after, closed := strings.Cut(rest, "}")
		if !closed {
			b.WriteString("{" + rest)
			return b.String(), complete
		}
		name, words, hasWords := strings.Cut(hole, "|")
		v := facts[name]
		switch name {
		case "target":
			v = target
		case "root":
			v = root
		}
		switch {
		case v != "":
			b.WriteString(v)
		case hasWords:
			b.WriteString(words)
		default:
			complete = false
		}
		text = after
	}
}
