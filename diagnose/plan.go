package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"corax"
	"corax/knowledge"
)

// leastSure is how probable a diagnosis must be before a plan may run without a person.
const leastSure = 0.5

var purposeOrder = map[corax.StepPurpose]int{corax.Restore: 0, corax.Fix: 1, corax.Prevent: 2, corax.Tidy: 3}

// remedy is a remedy with what its action is.
type remedy struct {
	knowledge.Remedy
	does knowledge.Action
}

// newRemedies puts the remedies of each mechanism into the order of a plan.
func newRemedies(cat *knowledge.Catalogue) [][]remedy {
	all := make([][]remedy, len(cat.Mechanisms))
	for i, m := range cat.Mechanisms {
		for _, r := range m.Remedies {
			a, _ := cat.Action(r.Action)
			all[i] = append(all[i], remedy{r, a})
		}
		slices.SortStableFunc(all[i], func(a, b remedy) int { return cmp.Compare(purposeOrder[a.Purpose], purposeOrder[b.Purpose]) })
	}
	return all
}

// plan binds the remedies of the mechanism to the entities at hand: service comes back first, then the cause goes, then the recurrence,
// then the leftovers.
func (w *work) plan(root cause, confidence float64) corax.Plan {
	if root.mech < 0 {
		return w.inquiry(root)
	}
	remedies := w.remedies[root.mech]
	p := corax.Plan{Steps: make([]corax.Step, 0, len(remedies))}
	phase, position, last := 0, 0, ""
	b := w.binding(&root, root.entity)
	if confidence < leastSure {
		p.Steps = w.confirm(root)
		phase = len(p.Steps)
	}
	var left []string
	own := []string{root.entity}
	for i := range remedies {
		r := &remedies[i]
		if held := excluded(r, root.facts); held != "" {
			left = append(left, fmt.Sprintf("%s is left out because %s", r.Action, held))
			continue
		}
		for _, target := range w.targets(r, own) {
			if r.Phase != last {
				phase, position, last = phase+1, 0, r.Phase
			}
			position++
			p.Steps = append(p.Steps, w.step(r, b.on(target), root, strconv.Itoa(phase)+"."+strconv.Itoa(position)))
		}
	}
	prove(p.Steps, b)
	var why string
	p.Mode, why = w.mode(p.Steps, root, confidence)
	p.Why = strings.Join(append(left, why), "; ")
	return p
}

func (w *work) step(r *remedy, b binding, root cause, id string) corax.Step {
	a := &r.does
	s := corax.Step{ID: id, Phase: r.Phase, Action: r.Action, Target: b.entity, Params: map[string]string{}, Risk: a.Risk,
		Purpose: r.Purpose, Waits: r.Waits, Ask: r.Ask, Do: b.words(r.Do),
		Check:  or(b.words(or(r.Check, a.Check)), "the step is still needed"),
		Verify: or(b.words(or(r.Verify, a.Verify)), "what was wrong is gone"),
		Undo:   or(b.words(or(r.Undo, a.Undo)), "none is known; think before you act")}
	s.Run, s.Fill = b.command(w.command(r, root))
	exact := binding{target: b.entity, root: root.entity, facts: root.facts}
	for name, t := range r.Params {
		if v, _, ok := exact.fill(t); ok && v != "" {
			s.Params[name] = v
		}
	}
	return s
}

// command is the one of the product that the signals name, or the usual one.
func (w *work) command(r *remedy, root cause) string {
	for _, p := range r.Products {
		for _, a := range root.scene.actors[:min(len(root.scene.actors), mostTold)] {
			if slices.ContainsFunc(w.lines(a), func(l line) bool { return w.readings[l.signal].alternative(p.Say) != "" }) {
				return p.Run
			}
		}
	}
	return r.Run
}

// confirm is the step before all others where the diagnosis is not sure: what to look at, and what it may be instead.
func (w *work) confirm(root cause) []corax.Step {
	m := &w.matcher.mechs[root.mech]
	if len(m.Evidence) == 0 {
		return nil
	}
	a, _ := w.cat.Action("evidence.gather")
	b := w.binding(&root, root.entity)
	s := corax.Step{ID: "1.1", Phase: "confirm", Action: "evidence.gather", Target: root.entity, Params: map[string]string{}, Risk: a.Risk,
		Purpose: corax.Restore, Check: b.words(a.Check), Verify: "the answer says whether this fits: " + m.Title, Undo: b.words(a.Undo),
		Do: fmt.Sprintf("Make sure first, at %s: %s", b.target, b.words(m.Evidence[0]))}
	if next, ok := w.runnerUp(root.verdict, root.verdict.pattern); ok {
		s.Verify += "; or rather this: " + w.matcher.mechs[next.mech].Title
	}
	return []corax.Step{s}
}

// prove makes the last step that restores service prove it: what was reported must no longer come.
func prove(steps []corax.Step, b binding) {
	last := -1
	for i, s := range steps {
		if s.Purpose == corax.Restore {
			last = i
		}
	}
	if last >= 0 && !strings.Contains(steps[last].Verify, b.gone) {
		steps[last].Verify += "; " + b.gone
	}
}

// excluded is the fact for which a remedy is left out, or empty.
func excluded(r *remedy, facts map[string]string) string {
	for _, u := range r.Unless {
		name, value, _ := strings.Cut(u, "=")
		if facts[name] == value {
			return fmt.Sprintf("the %s is %s", name, value)
		}
	}
	return ""
}

// targets are those that a remedy is for: the root, which is all of own, or those that need it.
func (w *work) targets(r *remedy, own []string) []string {
	switch r.On {
	case knowledge.OnVerifiers:
		return w.graph.DirectDependents(own[0], corax.TrustsIn)
	case knowledge.OnDependents:
		return w.graph.DirectDependents(own[0], corax.DependsOn)
	}
	return own
}

// mode follows from what can be done by an interface, the risk, and how sure the diagnosis is. Steps that always ask don't count: they ask
// for themselves. The reason names the step that decides.
func (w *work) mode(steps []corax.Step, root cause, confidence float64) (corax.Mode, string) {
	needs := func(where knowledge.Where) int {
		return slices.IndexFunc(steps, func(s corax.Step) bool {
			a, _ := w.cat.Action(s.Action)
			return a.Where == where && (s.Purpose == corax.Restore || s.Purpose == corax.Fix)
		})
	}
	if i := needs(knowledge.Site); i >= 0 {
		return corax.RemoteHands, fmt.Sprintf("hands are needed on site in step %s: %s", steps[i].ID, steps[i].Do)
	}
	if i := needs(knowledge.Person); i >= 0 {
		return corax.Manual, fmt.Sprintf("a person must judge and act in step %s: %s", steps[i].ID, steps[i].Do)
	}
	if root.entity == "" {
		return corax.Manual, "no message names the entity at fault, so no step has a target"
	}
	if confidence < leastSure {
		why := fmt.Sprintf("that %s is at fault by %s is only %.0f %% sure", root.entity, root.id, 100*confidence)
		if a := root.verdict.alternatives; len(a) > 0 && a[0].Confidence >= possible {
			why += fmt.Sprintf(", and %s is possible as well (%.0f %%)", a[0].Pattern, 100*a[0].Confidence)
		}
		return corax.Approval, why
	}
	for _, s := range steps {
		if !s.Ask && s.Risk.Level() >= corax.Disruptive.Level() {
			return corax.Approval, fmt.Sprintf("step %s, %s on %s, is %s", s.ID, s.Action, s.Target, s.Risk)
		}
	}
	return corax.AutoHeal, fmt.Sprintf("%s at %s is %.0f %% sure, and what runs unattended is reversible or only reads, and is verified: %s",
		root.id, root.entity, 100*confidence, unattended(steps))
}

// unattended names the steps that nobody is asked for.
func unattended(steps []corax.Step) string {
	names := make([]string, 0, len(steps))
	for _, s := range steps {
		if !s.Ask {
			names = append(names, s.ID+" "+s.Action)
		}
	}
	return list(names)
}
