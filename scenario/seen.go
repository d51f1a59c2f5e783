package scenario

import (
	"time"

	"corax"
)

// seen is all that a run brought to light; the checks read nothing else.
type seen struct {
	problems  []problemSeen
	monitors  int
	signals   int
	incidents int
	events    []corax.Event
	injected  []Injected
	decisions []corax.Decision
	outcomes  []corax.Outcome
	answered  []approvalSeen // operations
	missed    []string       // operations whose time never came
	requests  []corax.ApprovalRequest
	orders    []corax.WorkOrder
	pages     []corax.Page
	letters   []letter
	searched  int      // how many secrets were searched for
	leaks     []string // where secrets of the lab stand
	kills     int
	truth     Truth
	judgement Judgement
	stops     []Span                   // of the kill switch
	records   []LabRecord              // of the lab's parts
	entityOf  func(role string) string // a role's entity; what is no role stays as it is
}

// problemSeen is a problem with the run of its plan.
type problemSeen struct {
	id         string
	diagnosis  corax.Diagnosis
	state      corax.ProblemState // empty in a text scenario
	escalated  bool
	escalation string
	openedAt   time.Time  // first symptom
	detectedAt *time.Time // diagnosed for the first time
	healedAt   *time.Time
	closedAt   *time.Time
	runs       []corax.PlanRun // of its plans, the latest last
}

// approvalSeen is what became of an operation that answers a request.
type approvalSeen struct {
	action  string
	verdict corax.Verdict
	asked   *time.Time
	early   bool // the action had been taken before anybody said yes
	err     error
}

// end is how far the problem came.
func (p problemSeen) end() End {
	switch {
	case p.state == corax.ProblemClosed:
		return EndClosed
	case p.state == corax.ProblemHealed || p.healedAt != nil:
		return EndHealed
	case p.state == corax.ProblemContained:
		return EndContained
	case p.state == corax.ProblemResolved:
		return EndNone
	case len(p.runs) > 0, len(p.diagnosis.Plan.Steps) > 0 && p.diagnosis.Plan.Mode != corax.NoMode:
		return EndPlanned
	}
	return EndNone
}

// settled says that the plan does nothing more by itself: it is done, or waits for a person or for a target.
func (p problemSeen) settled() bool {
	if len(p.runs) == 0 {
		return p.diagnosis.Plan.Mode != corax.AutoHeal
	}
	state := p.runs[len(p.runs)-1].State
	return state != corax.PlanRunning && state != corax.PlanWatching
}

// reached says that the problem has come to the expected end, so that waiting longer can't help.
func (p problemSeen) reached(want Outcome) bool {
	if want.Escalated != nil && *want.Escalated && !p.escalated {
		return false
	}
	if want.ClosedWithin > 0 {
		return p.end() == EndClosed
	}
	if want.HealedWithin > 0 && p.healedAt == nil {
		return false
	}
	switch want.End {
	case EndClosed:
		return p.end() == EndClosed
	case EndHealed:
		return p.end().rank() >= EndHealed.rank()
	case EndContained:
		return p.end() == EndContained && p.settled()
	case EndPlanned:
		return p.end() == EndPlanned && p.settled()
	}
	return p.detectedAt != nil
}

// plan is the plan as it was carried out, or the diagnosis's where none was.
func (p problemSeen) plan() corax.Plan {
	if len(p.runs) > 0 {
		return p.runs[len(p.runs)-1].Plan
	}
	return p.diagnosis.Plan
}

// injectedBefore is when the last injection was made that the problem can stem from.
func (s *seen) injectedBefore(p problemSeen) (time.Time, bool) {
	if len(s.injected) == 0 {
		return time.Time{}, false
	}
	at := s.injected[0].At
	for _, in := range s.injected[1:] {
		if !in.At.After(p.openedAt) {
			at = in.At
		}
	}
	return at, true
}

// calls is how often people were called.
func (s *seen) calls() int {
	n := 0
	for _, e := range s.events {
		if e.Kind == corax.EventEscalated || e.Kind == corax.EventApprovalAsked {
			n++
		}
	}
	return n
}

// taken is how many steps were begun.
func (s *seen) taken() int {
	n := 0
	for _, p := range s.problems {
		for _, run := range p.runs {
			for _, step := range run.Steps {
				if begun(step) {
					n++
				}
			}
		}
	}
	return n
}

// undecided are the steps that were begun without a decision of the policy on record, as "plan/step".
func (s *seen) undecided() []string {
	decided := map[string]bool{}
	for _, d := range s.decisions {
		if d.Verdict != corax.Deny {
			decided[d.Plan+"/"+d.Step] = true
		}
	}
	var missing []string
	for _, p := range s.problems {
		for _, run := range p.runs {
			if run.Plan.Mode == corax.RemoteHands {
				continue // people carry these steps out, by their work order
			}
			for _, step := range run.Steps {
				if id := run.Plan.ID + "/" + step.Step; begun(step) && !decided[id] {
					missing = append(missing, id)
				}
			}
		}
	}
	return missing
}

// begun says that the step did something, or may have.
func begun(s corax.StepRun) bool {
	switch s.State {
	case corax.StepPending, corax.StepNotNeeded, corax.StepAsking, corax.StepWaiting, corax.StepRefused:
		return false
	}
	return true
}

// linked is how many incidents links hold together, over all problems.
func (s *seen) linked() int {
	n := 0
	for _, p := range s.problems {
		linked, _ := joined(p.diagnosis)
		n += linked
	}
	return n
}

// joined counts the problem's incidents that some link touches, and says whether links join all of them into one. What
// else a link leads to, such as a change that was no incident, joins but doesn't count.
func joined(d corax.Diagnosis) (linked int, whole bool) {
	parent := map[string]string{}
	var find func(string) string
	find = func(id string) string {
		p, ok := parent[id]
		if !ok || p == id {
			parent[id] = id
			return id
		}
		root := find(p)
		parent[id] = root
		return root
	}
	for _, l := range d.Links {
		parent[find(l.From)] = find(l.To)
	}
	whole = len(d.Incidents) > 1
	for _, id := range d.Incidents {
		if _, touched := parent[id]; touched {
			linked++
		}
	}
	for _, id := range d.Incidents {
		whole = whole && find(id) == find(d.Incidents[0])
	}
	return linked, whole
}

// deeds are what the lab is told before it judges.
func (s *seen) deeds() Deeds {
	d := Deeds{Stops: s.stops}
	for _, p := range s.problems {
		for _, run := range p.runs {
			for _, st := range run.Steps {
				if st.State == corax.StepUndone && st.StartedAt != nil && st.EndedAt != nil {
					d.Undone = append(d.Undone, Span{Entity: st.Target, From: *st.StartedAt, To: *st.EndedAt})
				}
			}
		}
	}
	return d
}
