package investigate

import "corax"

// Replay diagnoses the case of a recorded problem again, and gives what would be recorded of it now: with the incidents by
// their ids, and the plan bound to the declared actions where it had been. ok is false where the case has no such problem
// any more.
func Replay(e Engine, p corax.Problem, incidents []corax.Incident, actions []corax.Action) (d corax.Diagnosis, ok bool) {
	if p.Case == nil {
		return d, false
	}
	found := findings(*p.Case, e.Diagnose(*p.Case), incidents)
	n, ok := same(p, found)
	if !ok {
		return d, false
	}
	d = found[n].diagnosis
	if was := p.Diagnosis.Plan; was.ID != "" {
		v := &Investigator{o: Options{
			Topology: func() corax.Topology { return p.Case.Topology }, Actions: func() []corax.Action { return actions },
		}}
		d.Plan.Steps = append([]corax.Step(nil), d.Plan.Steps...)
		d.Plan.ID, d.Plan.Problem = was.ID, was.Problem
		v.bind(&d.Plan)
	}
	return d, true
}

// same finds what is about a problem, as match finds the problem that a finding is about.
func same(p corax.Problem, found []finding) (int, bool) {
	p.HealedAt = nil // when it was diagnosed it wasn't healed
	for n, f := range found {
		if _, ok := match(f, []corax.Problem{p}); ok {
			return n, true
		}
	}
	return 0, false
}
