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
	if confidence < leastSure {
		p.Steps = w.confirm(root)
		phase = len(p.Steps)
	}
	var left []string
	for i := range remedies {
		r := &remedies[i]
		if held := excluded(r, root.facts); held != "" {
			left = append(left, fmt.Sprintf("%s is left out because %s", r.Action, held))
			continue
		}
		for _, target := range w.targets(r, root.entity) {
			if r.Phase != last {
				phase, position, last = phase+1, 0, r.Phase
			}
			position++
			p.Steps = append(p.Steps, w.step(r, target, root, strconv.Itoa(phase)+"."+strconv.Itoa(position)))
		}
	}
	w.prove(p.Steps, root)
	var why string
	p.Mode, why = w.mode(p.Steps, root, confidence)
	p.Why = strings.Join(append(left, why), "; ")
	return p
}

func (w *work) step(r *remedy, target string, root cause, id string) corax.Step {
	a := &r.does
	b := w.binding(&root, target)
	s := corax.Step{ID: id, Phase: r.Phase, Action: r.Action, Target: target, Params: map[string]string{}, Risk: a.Risk,
		Purpose: r.Purpose, Waits: r.Waits, Ask: r.Ask, Do: b.words(r.Do), Run: b.command(r.Run),
		Check:  or(b.words(or(r.Check, a.Check)), "the step is still needed"),
		Verify: or(b.words(or(r.Verify, a.Verify)), "what was wrong is gone"),
		Undo:   or(b.words(or(r.Undo, a.Undo)), "none is known; think before you act")}
	exact := binding{target: target, root: root.entity, facts: root.facts}
	for name, t := range r.Params {
		if v, _, ok := exact.fill(t); ok && v != "" {
			s.Params[name] = v
		}
	}
	return s
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
		Purpose: corax.Restore, Check: a.Check, Verify: "it is known whether " + m.Title, Undo: a.Undo,
		Do: fmt.Sprintf("Make sure first, at %s: %s", b.target, b.words(m.Evidence[0]))}
	if next, ok := w.runnerUp(root.verdict, root.verdict.pattern); ok {
		s.Verify += ", or rather " + w.matcher.mechs[next.mech].Title
	}
	return []corax.Step{s}
}

// prove makes the last step that restores service prove it: what was reported must no longer come, at the root and at those who feel it.
func (w *work) prove(steps []corax.Step, root cause) {
	last := -1
	for i, s := range steps {
		if s.Purpose == corax.Restore {
			last = i
		}
	}
	r := w.plainest(&root)
	if last < 0 || r == nil {
		return
	}
	words := excerpt(r.words(), 80)
	if words == "" {
		return
	}
	from := ""
	if r.Entity != "" {
		from = " from " + r.Entity
	}
	steps[last].Verify += "; no new " + quoted(words) + " comes" + from
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

func (w *work) targets(r *remedy, root string) []string {
	switch r.On {
	case knowledge.OnVerifiers:
		return w.graph.DirectDependents(root, corax.TrustsIn)
	case knowledge.OnDependents:
		return w.graph.DirectDependents(root, corax.DependsOn)
	}
	return []string{root}
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
	return corax.AutoHeal, fmt.Sprintf("every step that runs unattended on %s can be undone or only reads, and each is verified", unattended(steps))
}

// unattended names the targets of the steps that nobody is asked for.
func unattended(steps []corax.Step) string {
	var names []string
	for _, s := range steps {
		if !s.Ask && s.Target != "" && !slices.Contains(names, s.Target) {
			names = append(names, s.Target)
		}
	}
	return list(names)
}
