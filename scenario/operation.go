package scenario

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"corax"
)

// Operation is one thing that a person does, or that befalls the lab or Corax meanwhile. Exactly one field is set beside
// When.
type Operation struct {
	When    *When         `yaml:"when"`    // waited for first
	Approve *Reply        `yaml:"approve"` // once Corax asks
	Deny    *Reply        `yaml:"deny"`    // once Corax asks
	Stop    *Switch       `yaml:"stop"`    // throws the kill switch
	Clear   *Switch       `yaml:"clear"`   // lets actions run again
	Break   *LaterFault   `yaml:"break"`   // in the lab, or mends it: injected as the others are
	Work    *WorkReply    `yaml:"work"`    // a person on site answers
	Kill    *KillSchedule `yaml:"kill"`    // Corax is killed, and started again
}

// When is something in Corax's record of events that an operation waits for.
type When struct {
	Event  corax.EventKind `yaml:"event" decode:"required"`
	State  string          `yaml:"state"`
	Action string          `yaml:"action"` // of the step that the event is about
	Times  int             `yaml:"times"`  // so many of them; 1 where left out
}

// Reply answers the request to approve an action, in the names of these people, in turn.
type Reply struct {
	Action string        `yaml:"action" decode:"required"`
	By     OneOf[string] `yaml:"by" decode:"one_or_many"` // operators of the lab prove who they are; left out: whoever runs the scenario
}

// Switch is the kill switch of an entity (or role), or of everything where it is empty.
type Switch struct {
	Entity string `yaml:"entity"`
}

// LaterFault is a fault that is injected while Corax is at work.
type LaterFault struct {
	Fault string         `yaml:"fault" decode:"required"`
	With  map[string]any `yaml:"with"`
}

// WorkReply answers the work order that is open: accept, start, done, cannot.
type WorkReply struct {
	Answer string `yaml:"answer" decode:"required"`
	By     string `yaml:"by" decode:"required"`
}

// KillSchedule kills Corax as kill -9 does, and starts it again: from now on, each time that a step of a plan has come to
// a state for the first time.
type KillSchedule struct {
	Most int `yaml:"most"` // so many times; 0 is no limit
	// Within makes it random moments instead: while a plan is at work, it lives for a time up to this, drawn by the lab's seed.
	Within time.Duration `yaml:"within"`
}

// deeds is how many things the operation asks for at once; it must be one.
func (o Operation) deeds() int {
	n := 0
	for _, set := range []bool{o.Approve != nil, o.Deny != nil, o.Stop != nil, o.Clear != nil, o.Break != nil, o.Work != nil, o.Kill != nil} {
		if set {
			n++
		}
	}
	return n
}

// operate carries out the next operation once what it waits for is there.
func (w *watch) operate(ctx context.Context) error {
	if w.done == len(w.sc.Operate) {
		return nil
	}
	op := w.sc.Operate[w.done]
	if op.When != nil && w.seen.count(*op.When) < max(op.When.Times, 1) {
		return nil
	}
	done, err := w.do(ctx, op)
	if done {
		w.done++
	}
	return err
}

// do carries one operation out, or says that its time has not come.
func (w *watch) do(ctx context.Context, op Operation) (done bool, err error) {
	switch {
	case op.Approve != nil:
		return w.reply(ctx, *op.Approve, corax.Allow)
	case op.Deny != nil:
		return w.reply(ctx, *op.Deny, corax.Deny)
	case op.Stop != nil:
		w.note(MomentOperated, op.Stop.Entity, "the kill switch is thrown")
		return true, w.throw(ctx, w.seen.entityOf(op.Stop.Entity))
	case op.Clear != nil:
		w.note(MomentOperated, op.Clear.Entity, "the kill switch is cleared")
		return true, w.lift(ctx, w.seen.entityOf(op.Clear.Entity))
	case op.Break != nil:
		return true, w.breakLab(ctx, w.lab, op.Break.Fault, op.Break.With)
	case op.Work != nil:
		return w.answerWork(ctx, *op.Work)
	}
	w.killing, w.spared = op.Kill, w.reachedStates()
	w.dice = rand.New(rand.NewPCG(uint64(w.sc.Lab.Seed), 1)) //nolint:gosec // moments that can be repeated
	return true, nil
}

// throw sets the kill switch, and notes from when on it holds.
func (w *watch) throw(ctx context.Context, entity string) error {
	if err := w.system.SetStop(ctx, entity, true); err != nil {
		return err
	}
	w.seen.stops = append(w.seen.stops, Span{Entity: entity, From: w.Clock.Now()})
	return nil
}

// lift clears it, and notes until when it held.
func (w *watch) lift(ctx context.Context, entity string) error {
	now := w.Clock.Now()
	for n, s := range w.seen.stops {
		if s.Entity == entity && s.To.IsZero() {
			w.seen.stops[n].To = now
		}
	}
	return w.system.SetStop(ctx, entity, false)
}

// reply answers the request to approve an action, once it is there.
func (w *watch) reply(ctx context.Context, r Reply, verdict corax.Verdict) (bool, error) {
	asked, err := w.system.Approvals(ctx)
	if err != nil {
		return false, corax.Errorf(corax.Unavailable, "list the requests to approve", "%w", err)
	}
	i := slices.IndexFunc(asked, func(a corax.ApprovalRequest) bool { return a.Action == r.Action && a.Answer == "" })
	if i < 0 {
		return false, nil
	}
	a := asked[i]
	seen := approvalSeen{action: r.Action, verdict: verdict, asked: &a.AskedAt, early: w.began(a)}
	by := r.By
	if len(by) == 0 {
		by = OneOf[string]{"scenario"}
	}
	for _, name := range by {
		if seen.err == nil {
			seen.err = w.system.Answer(ctx, a.ID, verdict, name)
		}
		w.note(MomentApproved, a.Target, "%s says %s: %s of %s", name, verdict, a.Action, a.Target)
	}
	w.seen.answered = append(w.seen.answered, seen)
	return true, nil
}

// began says that what a request asks for was done already.
func (w *watch) began(a corax.ApprovalRequest) bool {
	for _, p := range w.seen.problems {
		for _, run := range p.runs {
			if run.Plan.ID == a.Plan && slices.ContainsFunc(run.Steps, func(s corax.StepRun) bool { return s.Step == a.Step && begun(s) }) {
				return true
			}
		}
	}
	return false
}

func (w *watch) answerWork(ctx context.Context, r WorkReply) (bool, error) {
	for _, o := range w.seen.orders {
		if o.State.Ended() {
			continue
		}
		w.note(MomentOperated, o.Place.Entity, "%s answers the work order: %s", r.By, r.Answer)
		return true, w.system.AnswerWork(ctx, o.ID, r.Answer, r.By)
	}
	return false, nil
}

// killEarly is kill, by the events alone where steps are what it goes by: a look at everything takes as long as some steps do.
func (w *watch) killEarly(ctx context.Context) (killed bool, err error) {
	if !w.killsAtSteps() {
		return false, nil
	}
	if w.seen.events, err = w.system.Events(ctx); err != nil {
		return false, corax.Errorf(corax.Unavailable, "read Corax's events", "%w", err)
	}
	before := w.seen.kills
	err = w.kill(ctx)
	return w.seen.kills > before, err
}

// killsAtSteps says that Corax is killed whenever a step comes to another state.
func (w *watch) killsAtSteps() bool { return w.killing != nil && w.killing.Within == 0 }

// kill ends Corax where its time has come, and starts it again.
func (w *watch) kill(ctx context.Context) error {
	if w.killing == nil || w.killing.Most > 0 && w.seen.kills == w.killing.Most || !w.due() {
		return nil
	}
	w.seen.kills++
	w.note(MomentKilled, "", "Corax is killed and started again, for the %d. time", w.seen.kills)
	if err := w.system.Kill(ctx); err != nil {
		return corax.Errorf(corax.Unavailable, "start Corax again after a kill", "%w", err)
	}
	return nil
}

// due says that a step has come to a state that it had not come to before, or that a random time is over.
func (w *watch) due() bool {
	if w.killing.Within == 0 {
		now := w.reachedStates()
		fresh := len(now) > len(w.spared)
		w.spared = now
		return fresh
	}
	switch {
	case w.fuse == nil && w.working():
		w.fuse = time.NewTimer(time.Duration(w.dice.Int64N(int64(w.killing.Within))))
	case w.burnt:
		w.fuse, w.burnt = nil, false
		return true
	}
	return false
}

// working says that a plan is at work.
func (w *watch) working() bool {
	for _, p := range w.seen.problems {
		if slices.ContainsFunc(p.runs, func(r corax.PlanRun) bool { return !r.State.Ended() }) {
			return true
		}
	}
	return false
}

// burning is the channel that tells when a random time is over; nil where none runs.
func (w *watch) burning() <-chan time.Time {
	if w.fuse == nil {
		return nil
	}
	return w.fuse.C
}

// reachedStates are the states that steps have come to, each once.
func (w *watch) reachedStates() map[string]bool {
	states := map[string]bool{}
	for _, e := range w.seen.events {
		if e.Kind == corax.EventStep {
			states[e.Plan+" "+e.Step+" "+e.State] = true
		}
	}
	return states
}

// undone records the operations whose time never came.
func (w *watch) undone() {
	for n, op := range w.sc.Operate[w.done:] {
		switch {
		case op.Approve != nil:
			w.seen.answered = append(w.seen.answered, approvalSeen{action: op.Approve.Action, verdict: corax.Allow})
		case op.Deny != nil:
			w.seen.answered = append(w.seen.answered, approvalSeen{action: op.Deny.Action, verdict: corax.Deny})
		default:
			w.seen.missed = append(w.seen.missed, fmt.Sprintf("operate[%d]", w.done+n))
		}
	}
	w.done = len(w.sc.Operate)
}

// count is how many events there are of what an operation waits for.
func (s *seen) count(when When) int {
	n := 0
	for _, e := range s.events {
		if e.Kind == when.Event && (when.State == "" || e.State == when.State) && (when.Action == "" || s.actionOf(e) == when.Action) {
			n++
		}
	}
	return n
}

// actionOf is the action of the step that an event is about.
func (s *seen) actionOf(e corax.Event) string {
	for _, p := range s.problems {
		for _, run := range p.runs {
			for _, step := range run.Plan.Steps {
				if run.Plan.ID == e.Plan && step.ID == e.Step {
					return step.Action
				}
			}
		}
	}
	return ""
}
