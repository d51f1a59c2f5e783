package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"corax"
	"corax/knowledge"
)

// leastSure is how probable a diagnosis must be before a plan may run without a person.
const leastSure = 0.5

// plan binds the remedies of the mechanism to the entities at hand.
func (w *work) plan(root cause, confidence float64) corax.Plan {
	p := corax.Plan{Steps: []corax.Step{}}
	if root.mech < 0 {
		p.Steps = append(p.Steps, w.inquire(root))
		p.Mode, p.Why = corax.Manual, "no known mechanism explains the signals, so nothing may act on them by itself"
		return p
	}
	m := &w.matcher.mechs[root.mech]
	phase, position, last := 0, 0, ""
	for _, r := range m.Remedies {
		if held := excluded(r, root.facts); held != "" {
			p.Why = fmt.Sprintf("%s is left out because %s", r.Action, held)
			continue
		}
		for _, target := range w.targets(r, root.entity) {
			if r.Phase != last {
				phase, position, last = phase+1, 0, r.Phase
			}
			position++
			p.Steps = append(p.Steps, w.step(r, target, root, fmt.Sprintf("%d.%d", phase, position)))
		}
	}
	var why string
	p.Mode, why = w.mode(p.Steps, root, confidence)
	p.Why = strings.TrimPrefix(p.Why+"; "+why, "; ")
	return p
}

func (w *work) step(r knowledge.Remedy, target string, root cause, id string) corax.Step {
	a, _ := w.cat.Action(r.Action)
	s := corax.Step{ID: id, Phase: r.Phase, Action: r.Action, Target: target, Params: map[string]string{}, Risk: a.Risk,
		Purpose: r.Purpose, Waits: r.Waits, Ask: r.Ask}
	text := func(t string) string {
		out, _ := fill(t, or(target, "the failed part"), or(root.entity, "the failed part"), root.facts)
		return out
	}
	s.Do, s.Run, s.Check = text(r.Do), text(r.Run), text(or(r.Check, a.Check))
	s.Verify, s.Undo = text(or(r.Verify, a.Verify)), text(or(r.Undo, a.Undo))
	for name, t := range r.Params {
		if v, ok := fill(t, target, root.entity, root.facts); ok && v != "" {
			s.Params[name] = v
		}
	}
	return s
}

// excluded is the fact for which a remedy is left out, or empty.
func excluded(r knowledge.Remedy, facts map[string]string) string {
	for _, u := range r.Unless {
		name, value, _ := strings.Cut(u, "=")
		if facts[name] == value {
			return fmt.Sprintf("the %s is %s", name, value)
		}
	}
	return ""
}

func (w *work) targets(r knowledge.Remedy, root string) []string {
	switch r.On {
	case knowledge.OnVerifiers:
		return w.graph.DirectDependents(root, corax.TrustsIn)
	case knowledge.OnDependents:
		return w.graph.DirectDependents(root, corax.DependsOn)
	}
	return []string{root}
}

// mode follows from what can be done by an interface, the risk, and how sure the diagnosis is. Steps that always ask don't count: they ask
// for themselves.
func (w *work) mode(steps []corax.Step, root cause, confidence float64) (corax.Mode, string) {
	needs := func(where knowledge.Where) (string, bool) {
		i := slices.IndexFunc(steps, func(s corax.Step) bool {
			a, _ := w.cat.Action(s.Action)
			return a.Where == where && (s.Purpose == corax.Restore || s.Purpose == corax.Fix)
		})
		if i < 0 {
			return "", false
		}
		return steps[i].Do, true
	}
	if do, ok := needs(knowledge.Site); ok {
		return corax.RemoteHands, "hands are needed on site: " + do
	}
	if do, ok := needs(knowledge.Person); ok {
		return corax.Manual, "a person must judge and act: " + do
	}
	if root.entity == "" {
		return corax.Manual, "no message names the entity at fault, so no step has a target"
	}
	if confidence < leastSure {
		return corax.Approval, fmt.Sprintf("the diagnosis is only %.0f %% sure", 100*confidence)
	}
	for _, s := range steps {
		if !s.Ask && s.Risk.Level() >= corax.Disruptive.Level() {
			return corax.Approval, fmt.Sprintf("%s on %s is %s", s.Action, s.Target, s.Risk)
		}
	}
	return corax.AutoHeal, "every step that runs unattended can be undone or only reads, and each is verified"
}

// inquire is the one step of a plan for what nothing explains.
func (w *work) inquire(root cause) corax.Step {
	a, _ := w.cat.Action("evidence.gather")
	return corax.Step{ID: "1.1", Phase: "gather", Action: "evidence.gather", Target: root.entity, Params: map[string]string{}, Risk: a.Risk,
		Purpose: corax.Fix, Do: "Find out: " + strings.Join(root.missing, "; "), Verify: a.Verify, Undo: a.Undo}
}
