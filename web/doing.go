package web

import (
	"fmt"
	"strings"

	"corax"
	"corax/access"
	"corax/lookup/postmortem"
	"corax/web/ui"
)

// doing says in a sentence what is being done about a problem.
type doing struct {
	Tone string
	Text string
	Step string // what is at work or waits, in the plan's words; may be empty
	N    int    // steps that are done or not needed
	Of   int    // steps in all; 0 where there is no plan at work
}

// doingOf reads it off the plan's run; run may be nil.
func doingOf(state corax.ProblemState, plan corax.Plan, run *corax.PlanRun, asks []corax.ApprovalRequest) doing {
	if run == nil {
		return withoutRun(state, plan)
	}
	d := doing{Tone: ui.ToneOf(string(run.State)), Of: len(run.Plan.Steps)}
	words := map[string]string{}
	for _, s := range run.Plan.Steps {
		words[s.ID] = s.Do
		if s.Do == "" {
			words[s.ID] = s.Action + " on " + s.Target
		}
	}
	for _, s := range run.Steps {
		switch s.State {
		case corax.StepDone, corax.StepNotNeeded:
			d.N++
		case corax.StepRunning, corax.StepAsking, corax.StepWaiting:
			d.Step = words[s.Step]
		}
	}
	switch {
	case run.Undo != nil && run.Undo.State != corax.UndoDone:
		d.Text = "What was done is being taken back: " + ui.Words(string(run.Undo.State))
	case run.Hold != nil && !run.State.Ended():
		d.Tone, d.Text = "waiting", run.Hold.By+" holds the plan"
		if run.Hold.Reason != "" {
			d.Text += ": " + run.Hold.Reason
		}
	case len(asks) > 0 && asks[0].Quiet:
		d.Tone, d.Text = "waiting", "It suggests what to do, and waits until somebody takes it up"
	case len(asks) > 0:
		d.Tone, d.Text = "waiting", "It waits for a person's yes"
	case run.State == corax.PlanAsking:
		d.Tone, d.Text = "waiting", "It waits for a person's answer"
	case state == corax.ProblemHealed && run.State == corax.PlanRunning:
		d.Tone, d.Text = "ok", "It is healed and verified; Corax tidies up"
	case run.State == corax.PlanRunning && d.Step == "":
		d.Text = "Corax is healing it"
	case run.State == corax.PlanRunning:
		d.Text = "Corax is healing it, step by step"
	case run.State == corax.PlanBlocked:
		d.Text = "The plan waits for a target to return; people were told"
	case run.State == corax.PlanWatching:
		d.Text = "The repair is done; monitors must stay green"
	case run.State == corax.PlanDone:
		d.Text = "Corax has healed it; every step is verified"
	case run.State == corax.PlanStopped:
		d.Text = "The plan has stopped, and it needs a person"
	case run.State == corax.PlanWithdrawn:
		d.Text = "The plan was withdrawn"
	case run.State == corax.PlanCancelled:
		d.Text = "A person has ended the plan"
		if run.Cancel != nil {
			d.Text = run.Cancel.By + " has ended the plan"
		}
	default:
		d.Text = "The plan is " + ui.Words(string(run.State))
	}
	if run.Why != "" && (run.State == corax.PlanStopped || run.State == corax.PlanWithdrawn || run.State == corax.PlanBlocked) {
		d.Text += ": " + run.Why
	}
	return d
}

// withoutRun is what is being done where no plan has begun.
func withoutRun(state corax.ProblemState, plan corax.Plan) doing {
	why := ""
	if plan.Why != "" {
		why = ": " + plan.Why
	}
	switch {
	case state == corax.ProblemResolved:
		return doing{Tone: "ok", Text: "It went away by itself"}
	case state.Ended():
		return doing{Tone: "ok", Text: "It is over"}
	case plan.Mode == corax.RemoteHands:
		return doing{Tone: "waiting", Text: "It needs people on site" + why}
	case plan.Mode == corax.Manual:
		return doing{Tone: "high", Text: "It needs a person" + why}
	case plan.Mode == corax.NoMode || plan.Mode == "":
		return doing{Tone: "idle", Text: "Nothing is to be done; Corax watches it"}
	}
	return doing{Tone: "waiting", Text: "A plan is made, and has not begun" + why}
}

// button is a form with one thing to do. It asks first where Ask or Reason is set.
type button struct {
	ID, Text, Action string
	Tone             string // primary, danger, or empty
	Ask              string // what it comes to, said before it is done
	Reason           string // label of a text that goes with it; none where empty
	Required         bool   // the reason has to be given
	Hidden           map[string]string
}

// buttons are what somebody may do about a problem now: the one thing that is wanted, and the rest.
type buttons struct{ Main, Rest []button }

// buttonsOf are those that the plan's state and the role allow. What is not offered is refused all the same.
func buttonsOf(who access.Principal, o postmortem.Outage, asks []asked) buttons {
	var b buttons
	p, run := o.Problem, o.Run
	at := "/problems/" + p.ID
	operator, responder := who.May(access.RoleOperator), who.May(access.RoleResponder)
	running := run != nil && !run.State.Ended()
	if a := toAnswer(asks); a != nil {
		if a.WhyNot == "" {
			yes := "Approve"
			if n := max(a.Needs, 1); n > 1 {
				yes = fmt.Sprintf("Approve (%d of %d)", len(a.Consents)+1, n)
			}
			b.Main = append(b.Main, button{ID: "approve", Text: yes, Action: at + "/answer", Tone: "primary",
				Hidden: map[string]string{"approval": a.ID, "verdict": "allow"}, Ask: askOf(a.ApprovalRequest)})
		}
		b.Main = append(b.Main, button{ID: "deny", Text: "Deny", Action: at + "/answer", Hidden: map[string]string{"approval": a.ID, "verdict": "deny"}})
	}
	resume := button{ID: "resume", Text: "Resume", Action: at + "/resume", Reason: "Why (may stay empty)"}
	if operator && running && run.Hold != nil {
		resume.Tone = "primary"
		b.Main = append(b.Main, resume)
	}
	if operator && running && run.Hold == nil {
		pause := button{ID: "pause", Text: "Pause", Action: at + "/pause", Reason: "Why (may stay empty)", Ask: "No effect begins until somebody resumes it."}
		if len(b.Main) == 0 {
			b.Main = append(b.Main, pause)
		} else {
			b.Rest = append(b.Rest, pause)
		}
	}
	if p.State.Ended() && !running {
		return withUndo(b, operator, run, at)
	}
	if responder && o.First(corax.EventPageAcked) == nil && o.First(corax.EventTakenOver) == nil {
		ack := button{ID: "ack", Text: "I am on it", Action: at + "/acknowledge"}
		if len(b.Main) == 0 {
			ack.Tone = "primary"
			b.Main = append(b.Main, ack)
		} else {
			b.Rest = append(b.Rest, ack)
		}
	}
	if operator && o.First(corax.EventTakenOver) == nil {
		b.Rest = append(b.Rest, button{ID: "take", Text: "Take over", Action: at + "/take-over", Reason: "Why (may stay empty)",
			Ask: "The plan is paused, nobody else is woken, and it is on record that you have it."})
	}
	if responder {
		b.Rest = append(b.Rest, button{ID: "escalate", Text: "Escalate", Action: at + "/escalate", Reason: "Why", Required: true,
			Ask: "Those who are to hear of escalations are told."})
	}
	if operator && running {
		b.Rest = append(b.Rest, button{ID: "cancel", Text: "Cancel the plan", Action: at + "/cancel", Tone: "danger", Reason: "Why (may stay empty)",
			Ask: "The plan ends; what it has done stays."})
	}
	return withUndo(b, operator, run, at)
}

// toAnswer is the request that the buttons are about: the first that who looks may allow, else the first they may deny; nil where they may
// answer none.
func toAnswer(asks []asked) (first *asked) {
	for i := range asks {
		switch a := &asks[i]; {
		case a.MayAnswer && a.WhyNot == "":
			return a
		case a.MayAnswer && first == nil:
			first = a
		}
	}
	return first
}

// withUndo offers to take back what was done, where something was.
func withUndo(b buttons, operator bool, run *corax.PlanRun, at string) buttons {
	if !operator || run == nil || run.Undo != nil && run.Undo.State != corax.UndoStopped {
		return b
	}
	for _, s := range run.Steps {
		if s.State == corax.StepDone && s.Attempts > 0 {
			b.Rest = append(b.Rest, button{ID: "undo", Text: "Undo", Action: at + "/undo", Tone: "danger", Reason: "Why (may stay empty)",
				Ask: "What the plan has done is taken back, newest first, each step with its own checks."})
			break
		}
	}
	return b
}

// askOf says what a yes comes to.
func askOf(a corax.ApprovalRequest) string {
	parts := []string{a.Why}
	if c := a.Context; c != nil && c.Effect != "" {
		parts = append(parts, "It sends: "+c.Effect)
	}
	if c := a.Context; c != nil && c.Undo != "" {
		parts = append(parts, "Undo: "+c.Undo)
	}
	return strings.Join(parts, " · ")
}
