package config

import (
	"slices"
	"strings"

	"corax"
)

func (l *loader) checkActions() {
	c := l.cfg
	names := make([]string, len(c.Actions))
	for i, a := range c.Actions {
		names[i] = a.Name
	}
	monitors := make([]string, len(c.Monitors))
	for i, m := range c.Monitors {
		monitors[i] = m.Name
	}
	first := map[string]item{}
	for i, a := range c.Actions {
		it := l.item(listActions, i)
		if a.Name == "" {
			it.fail("name", "", `"name" is missing`)
		} else {
			it.unique("name", "action", a.Name, first)
		}
		it.checkSafety(a, names)
		it.checkSelector(a, c.Topology.Entities)
		if a.Related != "" {
			it.known("related", "kind of edge", string(a.Related), edgeKinds())
		}
		it.positive("timeout", int64(a.Timeout))
		it.positive("within", int64(a.Within))
		for _, m := range a.Monitors {
			if !strings.Contains(m, "${") {
				it.known("monitors", "monitor", m, monitors)
			}
		}
		for name, in := range a.Inputs {
			it.known("inputs."+name+".type", "type", in.Type, []string{"string", "int", "bool", "duration"})
		}
		it.checkReadings(a)
		if w := a.Wait; w != nil && (w.Until == "" || w.Most <= 0) {
			it.fail("wait", "", "a wait needs until and most, so that it ends")
		}
	}
}

// checkSafety refuses what could never be known to have worked.
func (it item) checkSafety(a corax.Action, names []string) {
	risks := []string{string(corax.Read), string(corax.Reversible), string(corax.Disruptive), string(corax.Destructive)}
	it.known("risk", "risk", string(a.Risk), risks)
	if len(a.Verify) == 0 {
		it.fail("verify", "say what must be true afterwards", "action %q has no verification, and is refused", a.Name)
	}
	for field, conditions := range map[string][]corax.Condition{"verify": a.Verify, "precheck": a.Precheck} {
		for i, c := range conditions {
			if c.That == "" {
				it.fail(pathOf("%s[%d].that", field, i), "", `"that" is missing`)
			}
		}
	}
	if a.Effect == (corax.Call{}) && a.Risk != corax.Read {
		it.fail("effect", "give it http, command, ssh, sql, process or file, or set risk: read", "action %q has no effect", a.Name)
	}
	switch {
	case a.Inverse != nil:
		it.known("inverse.action", "action", a.Inverse.Action, names)
	case a.Risk == corax.Reversible:
		it.warn("risk", "add inverse",
			"action %q is called reversible and declares no inverse, so it will never run unattended", a.Name)
	}
}

func (it item) checkSelector(a corax.Action, entities []corax.Entity) {
	s := a.AppliesTo
	if len(s.IDs) == 0 && len(s.Kinds) == 0 && len(s.Labels) == 0 {
		it.fail("applies_to", "set ids, kinds or labels", "action %q applies to nothing", a.Name)
		return
	}
	if !slices.ContainsFunc(entities, s.Matches) {
		it.warn("applies_to", "", "no entity of the topology matches action %q", a.Name)
	}
}

func (it item) checkReadings(a corax.Action) {
	var names []string
	for i, r := range a.Read {
		at := pathOf("read[%d]", i)
		switch {
		case r.Name == "":
			it.fail(at+".name", "", `"name" is missing`)
		case slices.Contains(names, r.Name):
			it.fail(at+".name", "", "reading %q is declared twice", r.Name)
		}
		names = append(names, r.Name)
		if r.Call == (corax.Call{}) {
			it.fail(at, "give it http, command, ssh, sql, process or file", "it doesn't say how to read")
		}
	}
}
