// Package postmortem tells an outage for those who read about it afterwards: what happened, why, what was done, and what is left open. In
// comes what is on record, which Read gathers; out comes Markdown, by a pure function that decides nothing. Text from outside stays text: it is escaped, so
// that no renderer takes it for markup.
package postmortem

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"corax"
)

// Outage is a problem with all that came of it.
type Outage struct {
	Problem   corax.Problem
	Run       *corax.PlanRun // of its latest plan; nil where there is none
	Decisions []corax.Decision
	Events    []corax.Event
	Cut       time.Time // of very many events the first and the last were read: those up to then, and the newest; zero where all were
}

// CutBetween says that events between two neighbours were not read.
func (o Outage) CutBetween(a, b corax.Event) bool {
	return !o.Cut.IsZero() && !a.At.After(o.Cut) && b.At.After(o.Cut)
}

// First is when an event of this kind first happened; nil where none did.
func (o Outage) First(kind corax.EventKind) *time.Time {
	var at *time.Time
	for _, e := range o.Events {
		if e.Kind == kind && (at == nil || e.At.Before(*at)) {
			at = &e.At
		}
	}
	return at
}

// Span is how long something took after the first symptom.
type Span struct {
	What string
	At   time.Time
	Took time.Duration // since the first symptom
}

// Spans are the turns of the outage in the order of time: the first symptom, the diagnosis, the first effect, healed, closed. What did not
// happen is not there.
func (o Outage) Spans() []Span {
	p := o.Problem
	all := []Span{{What: "first symptom", At: p.OpenedAt}}
	add := func(what string, at *time.Time) {
		if at != nil {
			all = append(all, Span{what, *at, at.Sub(p.OpenedAt)})
		}
	}
	add("diagnosed", o.First(corax.EventDiagnosed))
	add("fault confirmed by a probe of our own", o.First(corax.EventConfirmed))
	if o.Run != nil {
		var first *time.Time
		for _, s := range o.Run.Steps {
			if s.StartedAt != nil && (first == nil || s.StartedAt.Before(*first)) {
				first = s.StartedAt
			}
		}
		add("first step of the plan", first)
	}
	add("contained", o.First(corax.EventContained))
	add("people told", o.First(corax.EventEscalated))
	add("taken over by a person", o.First(corax.EventTakenOver))
	add("healed", p.HealedAt)
	add("closed", p.ClosedAt)
	slices.SortStableFunc(all, func(a, b Span) int { return a.At.Compare(b.At) })
	return all
}

// Outcome says in a sentence how it ended, or that it has not.
func (o Outage) Outcome() string {
	p := o.Problem
	after := func(at *time.Time) string { return at.Sub(p.OpenedAt).Round(time.Second).String() }
	switch {
	case p.State == corax.ProblemResolved && p.ClosedAt != nil:
		return "It went away without a plan of ours, after " + after(p.ClosedAt) + "."
	case p.HealedAt != nil && p.State.Ended():
		return "Healed and verified after " + after(p.HealedAt) + "; nothing is left to do."
	case p.HealedAt != nil:
		return "Healed and verified after " + after(p.HealedAt) + "; tidying up goes on."
	case p.State.Ended() && p.ClosedAt != nil:
		return "Closed after " + after(p.ClosedAt) + "."
	}
	return "It is not over: " + strings.ReplaceAll(string(p.State), "_", " ") + "."
}

// Turns are the events that a reader of a report wants: not each incident, decision and message, and a step only where it ended.
func (o Outage) Turns() []corax.Event {
	var out []corax.Event
	for _, e := range o.Events {
		switch e.Kind {
		case corax.EventIncidentOpened, corax.EventIncidentReopened, corax.EventIncidentResolved, corax.EventIncidentAcked, corax.EventDecided,
			corax.EventNotified, corax.EventProblemOpened:
			continue
		case corax.EventStep:
			if !slices.Contains([]string{"done", "failed", "refused", "undone", "unknown"}, e.State) {
				continue
			}
		case corax.EventPlanState:
			if e.State == string(corax.PlanRunning) {
				continue
			}
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b corax.Event) int { return a.At.Compare(b.At) })
	return out
}

// Open is what is left to look at: what is not known, what speaks against the cause, steps that did not succeed.
func (o Outage) Open() []string {
	var out []string
	d := o.Problem.Diagnosis
	for _, m := range d.RootCause.Missing {
		out = append(out, "Not known: "+m)
	}
	for _, s := range d.RootCause.Sentences {
		if s.Kind == corax.TellsUnclear {
			out = append(out, s.Text)
		}
	}
	if o.Run != nil {
		words := o.words()
		for _, s := range o.Run.Steps {
			switch s.State {
			case corax.StepFailed, corax.StepRefused, corax.StepUnknown, corax.StepWaiting, corax.StepAsking, corax.StepPending:
				out = append(out, fmt.Sprintf("Step %s is %s: %s%s", s.Step, strings.ReplaceAll(string(s.State), "_", " "), words[s.Step], because(s)))
			}
		}
	}
	if o.Problem.Escalated {
		out = append(out, "People were told: "+o.Problem.Escalation)
	}
	return out
}

// because says why a step did not succeed, where that is on record.
func because(s corax.StepRun) string {
	if why := cmp.Or(s.Result, s.Precheck); why != "" {
		return " (" + why + ")"
	}
	return ""
}

// words are what each step does, by its id.
func (o Outage) words() map[string]string {
	words := map[string]string{}
	if o.Run != nil {
		for _, s := range o.Run.Plan.Steps {
			words[s.ID] = cmp.Or(s.Do, s.Action+" on "+s.Target)
		}
	}
	return words
}

// Lesson is a step that keeps it from happening again.
type Lesson struct {
	Do    string
	State corax.StepState
}

// Lessons are the steps of the plan that remove the cause or prevent it from coming back, with how far they have come.
func (o Outage) Lessons() []Lesson {
	plan := o.Problem.Diagnosis.Plan
	states := map[string]corax.StepState{}
	if o.Run != nil {
		plan = o.Run.Plan
		for _, s := range o.Run.Steps {
			states[s.Step] = s.State
		}
	}
	var out []Lesson
	for _, s := range plan.Steps {
		if s.Purpose == corax.Prevent {
			out = append(out, Lesson{cmp.Or(s.Do, s.Action+" on "+s.Target), cmp.Or(states[s.ID], corax.StepPending)})
		}
	}
	return out
}
