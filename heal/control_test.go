package heal

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"corax"
	"corax/store"
)

// barrier makes the first effect on a path wait until it is opened.
type barrier struct{ reached, open chan struct{} }

func newBarrier() barrier { return barrier{make(chan struct{}), make(chan struct{})} }

func (g barrier) hook(path string) func(*http.Request) int {
	passed := false // read and written with the world's lock held
	return func(r *http.Request) int {
		if !passed && r.URL.Path == path {
			passed = true
			close(g.reached)
			<-g.open
		}
		return 0
	}
}

func (b *bench) effects() int {
	b.world.mu.Lock()
	defer b.world.mu.Unlock()
	return len(b.world.requests)
}

func TestPauseAndResume(t *testing.T) {
	b, g := newBench(t, nil), newBarrier()
	b.world.hook = g.hook("/signing")
	b.run(theSteps())
	<-g.reached
	if err := b.healer.Pause(t.Context(), "pln-1", "", "x"); corax.CodeOf(err) != corax.Invalid {
		t.Errorf("paused by nobody: %v", err)
	}
	for range 2 { // twice is once
		if err := b.healer.Pause(t.Context(), "pln-1", "ann", "lunch"); err != nil {
			t.Fatal(err)
		}
	}
	close(g.open)
	b.store.await(t, "the plan to pause", func() bool { return b.store.Plans["pln-1"].State == corax.PlanPaused })
	// What was under way is finished and verified; nothing else has begun, also after a restart.
	b.healer.Stop()
	b.start()
	b.store.await(t, "the plan to be paused still", func() bool { return b.store.Plans["pln-1"].State == corax.PlanPaused })
	run, _ := b.store.PlanRun(t.Context(), "pln-1")
	if got := stepRun(&run, run.Plan.Steps[0]).State; got != corax.StepDone || b.effects() != 1 {
		t.Errorf("step 1 is %s, %d effects\n%s", got, b.effects(), b.store.timeline())
	}
	for range 2 {
		if err := b.healer.Resume(t.Context(), "pln-1", "ann", "back"); err != nil {
			t.Fatal(err)
		}
	}
	b.ends(corax.PlanDone, corax.ProblemClosed)
	if err := b.healer.Pause(t.Context(), "pln-1", "ann", "late"); corax.CodeOf(err) != corax.Conflict {
		t.Errorf("paused after its end: %v", err)
	}
	said := 0
	for _, e := range b.store.Events {
		if strings.Contains(e.Text, "by ann") {
			said++
		}
	}
	if said < 2 {
		t.Errorf("the timeline does not say who paused and resumed:\n%s", b.store.timeline())
	}
}

// A yes that comes while the plan is paused is kept for later.
func TestApprovedWhilePaused(t *testing.T) {
	b := newBench(t, nil)
	steps := theSteps()
	steps[0].Ask = true
	b.run(steps)
	req := b.asked()
	if err := b.healer.Pause(t.Context(), "pln-1", "ann", "wait for the change board"); err != nil {
		t.Fatal(err)
	}
	b.answer(req.ID, corax.Allow, "bob")
	b.store.await(t, "the plan to pause", func() bool { return b.store.Plans["pln-1"].State == corax.PlanPaused })
	if b.effects() != 0 {
		t.Error("it acted while paused")
	}
	if err := b.healer.Resume(t.Context(), "pln-1", "ann", ""); err != nil {
		t.Fatal(err)
	}
	b.ends(corax.PlanDone, corax.ProblemClosed)
}

// Who lets a plan go on has set its destructive step in motion, and is not one of the two who approve it; whether the plan was resumed
// before the step was asked for, or after.
func TestWhoResumesDoesNotApprove(t *testing.T) {
	for _, after := range []bool{false, true} {
		b := newBench(t, nil)
		g := newBarrier()
		if !after {
			b.world.hook = g.hook("/deliver/user")
		}
		b.run(withDestroy())
		if !after {
			<-g.reached
		} else {
			b.asked()
		}
		if err := b.healer.Pause(t.Context(), "pln-1", "ann", "wait"); err != nil {
			t.Fatal(err)
		}
		if err := b.healer.Resume(t.Context(), "pln-1", "ann", ""); err != nil {
			t.Fatal(err)
		}
		if !after {
			close(g.open)
		}
		req := b.asked()
		if !after && req.Proposer != "ann" {
			t.Errorf("the request says that %q has proposed it", req.Proposer)
		}
		for _, name := range []string{"ann", "Ann"} {
			if _, err := b.healer.Answer(t.Context(), req.ID, corax.Allow, operator(name)); corax.CodeOf(err) != corax.Forbidden {
				t.Errorf("resumed after the question: %t; %s approves: %v", after, name, err)
			}
		}
		b.answer(req.ID, corax.Allow, "bob", "carl")
		b.ends(corax.PlanDone, corax.ProblemClosed)
	}
}

func TestCancel(t *testing.T) {
	t.Run("what was done stays", func(t *testing.T) {
		b, g := newBench(t, nil), newBarrier()
		b.world.hook = g.hook("/signing")
		b.run(theSteps())
		<-g.reached
		if err := b.healer.Cancel(t.Context(), "pln-1", "ann", "I do it myself"); err != nil {
			t.Fatal(err)
		}
		close(g.open)
		b.escalation("Cancelled by ann: I do it myself", "k1 signs and every verifier has it", "Not done:")
		b.states(b.ends(corax.PlanCancelled, corax.ProblemContained),
			"1 done, 2.1 pending, 2.2 pending, 2.3 pending, 3 pending, 4 pending")
		if b.effects() != 1 {
			t.Errorf("%d effects", b.effects())
		}
	})
	t.Run("while it is paused", func(t *testing.T) {
		b := newBench(t, nil)
		steps := theSteps()
		steps[0].Ask = true
		b.run(steps)
		req := b.asked()
		for _, f := range []func() error{
			func() error { return b.healer.Pause(t.Context(), "pln-1", "ann", "hm") },
			func() error { b.answer(req.ID, corax.Allow, "bob"); return nil },
			func() error { return b.healer.Cancel(t.Context(), "pln-1", "ann", "no") },
		} {
			if err := f(); err != nil {
				t.Fatal(err)
			}
		}
		b.escalation("Cancelled by ann: no", "Nothing is left changed")
		b.ends(corax.PlanCancelled, corax.ProblemOpen)
	})
}

// Nobody is left with a question that leads to nothing: it is closed with its plan.
func TestQuestionOfAPlanThatEnded(t *testing.T) {
	for name, end := range map[string]func(*bench) error{
		"cancelled": func(b *bench) error { return b.healer.Cancel(b.Context(), "pln-1", "ann", "no") },
		"undone":    func(b *bench) error { return b.healer.Undo(b.Context(), "pln-1", "ann", "no") },
		"withdrawn": func(b *bench) error { return b.healer.Withdraw(b.Context(), "pln-1", "it went away") },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, nil)
			steps := theSteps()
			steps[0].Ask = true
			b.run(steps)
			req := b.asked()
			if err := end(b); err != nil {
				t.Fatal(err)
			}
			b.store.await(t, "the end of the plan", func() bool { return b.store.Plans["pln-1"].State.Ended() })
			b.store.await(t, "the end of the question", func() bool { return b.store.Approvals[req.ID].Answer == corax.Deny })
			if _, err := b.healer.Answer(t.Context(), req.ID, corax.Allow, operator("bob")); corax.CodeOf(err) != corax.Conflict {
				t.Errorf("a yes after the end: %v", err)
			}
		})
	}
}

func (b *bench) undone(state corax.UndoState) corax.PlanRun {
	b.Helper()
	b.store.await(b.TB, "the undo to end", func() bool {
		u := b.store.Plans["pln-1"].Undo
		return u != nil && u.EndedAt != nil
	})
	run, _ := b.store.PlanRun(b.Context(), "pln-1")
	if run.Undo.State != state {
		b.Errorf("the undo is %s, expected %s\n%s", run.Undo.State, state, b.store.timeline())
	}
	return run
}

func TestUndoOfARunningPlan(t *testing.T) {
	b, g := newBench(t, nil), newBarrier()
	b.world.hook = g.hook("/deliver/user")
	b.run(theSteps())
	<-g.reached
	if err := b.healer.Undo(t.Context(), "pln-1", "ann", "wrong plan"); err != nil {
		t.Fatal(err)
	}
	if err := b.healer.Undo(t.Context(), "pln-1", "eve", "me too"); corax.CodeOf(err) != corax.Conflict {
		t.Errorf("undone twice: %v", err)
	}
	close(g.open)
	b.escalation("Cancelled by ann: wrong plan")
	// k2 can't sign again: payment and user lost it on the way back, so that inverse is refused, and the harm stays away.
	b.escalation("Taken back by ann: wrong plan", "could not be undone", "not every verifier has k2",
		"in the state: k1 signs and every verifier has it")
	b.states(b.undone(corax.UndoStopped), "1 done, 2.1 not_needed, 2.2 undone, 2.3 undone, 3 pending, 4 pending")
	b.world.mu.Lock()
	defer b.world.mu.Unlock()
	if b.world.Signing != "k1" || len(b.world.violated) > 0 || !slices.Equal(b.world.Loaded["user"], []string{"k1"}) {
		t.Errorf("signing %s, loaded %v, violated %v", b.world.Signing, b.world.Loaded, b.world.violated)
	}
}

func TestUndoOfAPlanThatIsDone(t *testing.T) {
	b := newBench(t, nil)
	steps := []corax.Step{theSteps()[2], theSteps()[3], theSteps()[5]} // two deliveries, and harden
	b.run(steps)
	b.ends(corax.PlanDone, corax.ProblemClosed)
	if err := b.healer.Undo(t.Context(), "pln-1", "ann", "after all"); err != nil {
		t.Fatal(err)
	}
	b.states(b.undone(corax.UndoDone), "2.2 undone, 2.3 undone, 4 undone")
	b.escalation("Taken back by ann: after all", "Undone again", "Nothing is left changed")
	if b.world.Hardened || !slices.Equal(b.world.Loaded["user"], []string{"k1"}) {
		t.Errorf("hardened %t, user has %v", b.world.Hardened, b.world.Loaded["user"])
	}
	if err := b.healer.Undo(t.Context(), "pln-1", "ann", "again"); corax.CodeOf(err) != corax.Conflict {
		t.Errorf("undone again: %v", err)
	}
}

// An undo that a stop interrupts can be asked for again once the stop is cleared.
func TestUndoSurvivesRestartAndStop(t *testing.T) {
	b := newBench(t, nil)
	b.run(theSteps())
	b.ends(corax.PlanDone, corax.ProblemClosed)
	b.store.throw(store.Stop{Reason: "freeze", By: "eve"})
	if err := b.healer.SetStop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.healer.Undo(t.Context(), "pln-1", "ann", "try"); err != nil {
		t.Fatal(err)
	}
	b.undone(corax.UndoStopped)
	b.store.mu.Lock()
	b.store.Thrown = nil
	b.store.mu.Unlock()
	b.healer.Stop()
	g := newBarrier()
	b.world.set(func() { b.world.hook = g.hook("/soften") })
	b.start()
	if err := b.healer.Undo(t.Context(), "pln-1", "ann", "again"); err != nil {
		t.Fatal(err)
	}
	<-g.reached
	done := make(chan struct{})
	go func() { defer close(done); b.healer.Stop() }()
	close(g.open)
	<-done
	b.start()
	// Every step but the first is taken back: its inverse would let a key sign that verifiers have lost on the way.
	run := b.undone(corax.UndoStopped)
	b.states(run, "1 done, 2.1 not_needed, 2.2 undone, 2.3 undone, 3 undone, 4 undone")
	if run.Undo.Attempt != 2 || b.world.Hardened || b.world.Signing != "k1" {
		t.Errorf("attempt %d, hardened %t\n%s", run.Undo.Attempt, b.world.Hardened, b.store.timeline())
	}
	if len(b.world.violated) > 0 {
		t.Errorf("violated %v", b.world.violated)
	}
}

// Two deliveries, and harden: a plan that can be taken back as a whole.
func takeable() []corax.Step {
	return []corax.Step{theSteps()[2], theSteps()[3], theSteps()[5]}
}

// An inverse waits for the effect of another plan that is under way at its target.
func TestUndoWaitsForWhatIsUnderWay(t *testing.T) {
	b := newBench(t, nil)
	b.run(takeable())
	b.ends(corax.PlanDone, corax.ProblemClosed)
	other := theStep("1", "contain", "key.sign", "auth", "k1", corax.Restore)
	b.store.earlier("0", 0, "other", other, corax.StepRunning, corax.PlanRunning)
	early := make(chan struct{}, 1)
	b.world.set(func() {
		b.world.hook = func(r *http.Request) int {
			if run, _ := b.store.PlanRun(b.Context(), "pln-0"); run.Steps[0].State == corax.StepRunning && r.URL.Path == "/soften" {
				early <- struct{}{}
			}
			return 0
		}
	})
	if err := b.healer.Undo(t.Context(), "pln-1", "ann", "after all"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-early:
		t.Error("it was taken back while another plan was at it")
	case <-time.After(300 * time.Millisecond): // what doesn't come can't be awaited
	}
	if _, err := b.store.UpdatePlanRun(t.Context(), "pln-0", func(r *corax.PlanRun) error {
		r.Steps[0].State = corax.StepDone // it has more to do there, and waits for the undo
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	b.undone(corax.UndoDone)
}

// An undo doesn't wait for a plan that a person holds between two tries: nobody knows for how long.
func TestUndoPassesWhatAPersonHolds(t *testing.T) {
	b := newBench(t, nil)
	b.run(takeable())
	b.ends(corax.PlanDone, corax.ProblemClosed)
	b.store.earlier("0", 0, "other", theStep("1", "contain", "key.sign", "auth", "k1", corax.Restore), corax.StepRunning, corax.PlanPaused)
	if err := b.healer.Undo(t.Context(), "pln-1", "ann", "after all"); err != nil {
		t.Fatal(err)
	}
	b.undone(corax.UndoDone)
}

// An undo that begins while the last one still tells people how it ended is at work when that is done.
func TestUndosAreCounted(t *testing.T) {
	var u undos
	first := u.begin("pln-1")
	second := u.begin("pln-1")
	if first(); !slices.Equal(u.list(), []string{"pln-1"}) {
		t.Errorf("at work: %q", u.list())
	}
	if second(); len(u.list()) > 0 {
		t.Errorf("at work after the end: %q", u.list())
	}
}

// A plan waits for another one to be taken back.
func TestPlanWaitsForAnUndo(t *testing.T) {
	b := newBench(t, nil)
	b.run(takeable())
	b.ends(corax.PlanDone, corax.ProblemClosed)
	begun, release := make(chan struct{}), make(chan struct{})
	b.world.parts["auth"].server.Handler = gate(b.world.parts["auth"].handler, "/soften", begun, release)
	if err := b.healer.Undo(t.Context(), "pln-1", "ann", "after all"); err != nil {
		t.Fatal(err)
	}
	<-begun
	b.world.set(func() { b.world.Loaded["order"] = []string{"k1"} }) // another fault
	b.store.mu.Lock()
	d := b.store.Problems["prb-1"].Diagnosis
	b.store.Problems["prb-2"] = corax.Problem{ID: "prb-2", State: corax.ProblemOpen, Diagnosis: d, Plan: "pln-2"}
	b.store.Plans["pln-2"] = corax.PlanRun{State: corax.PlanRunning, StartedAt: time.Now(),
		Plan: corax.Plan{ID: "pln-2", Problem: "prb-2", Mode: corax.AutoHeal, Steps: theSteps()[:1]}}
	b.store.mu.Unlock()
	if err := b.healer.Run(t.Context(), "pln-2"); err != nil {
		t.Fatal(err)
	}
	b.store.await(t, "the plan to wait for the undo", func() bool {
		return strings.Contains(b.store.Plans["pln-2"].Why, "waits for plan pln-1, which is at work on auth")
	})
	close(release)
	b.undone(corax.UndoDone)
	b.store.await(t, "the plan to go on", func() bool {
		run := b.store.Plans["pln-2"]
		return stepRun(&run, theSteps()[0]).State == corax.StepDone
	})
}

// Each time that somebody asks for an undo it is decided anew, on the record.
func TestEachUndoIsDecidedOn(t *testing.T) {
	var forbidden atomic.Bool
	b := newBench(t, func(o *Options) {
		o.Policy = func() corax.Policy {
			p := policy()
			if forbidden.Load() {
				p.Rules[0] = corax.Rule{Name: "no-way-back", When: "action.undo", Then: corax.Deny}
			}
			return p
		}
	})
	b.run(takeable())
	b.ends(corax.PlanDone, corax.ProblemClosed)
	decided := len(b.store.Decisions)
	forbidden.Store(true)
	if err := b.healer.Undo(t.Context(), "pln-1", "ann", "after all"); err != nil {
		t.Fatal(err)
	}
	b.undone(corax.UndoStopped)
	forbidden.Store(false)
	if err := b.healer.Undo(t.Context(), "pln-1", "ann", "now"); err != nil {
		t.Fatal(err)
	}
	b.undone(corax.UndoDone)
	var got []string
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	for _, d := range b.store.Decisions[decided:] {
		got = append(got, d.Step+" "+string(d.Verdict))
	}
	if want := []string{"4 deny", "4 allow", "2.3 allow", "2.2 allow"}; !slices.Equal(got, want) {
		t.Errorf("decisions %v, expected %v", got, want)
	}
}

func TestRehearsalChangesNothing(t *testing.T) {
	b := newBench(t, nil)
	b.store.record(withDestroy())
	events := len(b.store.Events)
	list, err := b.healer.Rehearse(t.Context(), "pln-1")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range list {
		got = append(got, r.Step+" "+r.Finding+" "+string(r.Verdict))
		if strings.Contains(r.Effect, "sesame") {
			t.Errorf("it shows the token: %s", r.Effect)
		}
	}
	want := []string{"1 go allow", "2.1 not_needed allow", "2.2 go allow", "2.3 go allow", "3 not_needed allow", "4 go allow",
		"5 go ask"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	// Every pre-check is told of, also of a step that has nothing to do, and each that fails.
	checks := func(r corax.Rehearsal) (told []string) {
		for _, c := range r.Prechecks {
			told = append(told, fmt.Sprint(c.Holds, " ", c.Why))
		}
		return told
	}
	if got := checks(list[0]); !slices.Equal(got, []string{"true ", "true "}) {
		t.Errorf("pre-checks of step 1: %q", got)
	}
	if got := checks(list[4]); !slices.Equal(got, []string{"true ", "false not every verifier has k2"}) {
		t.Errorf("pre-checks of step 3, whose goal holds: %q", got)
	}
	if last := list[6]; last.Undo != "it can't be undone" || len(last.Verify) != 1 {
		t.Errorf("%+v", last)
	}
	if first := list[0]; !strings.Contains(first.Effect, `"to":"k1"`) || first.Undo != "key.sign on auth" {
		t.Errorf("%+v", first)
	}
	if b.effects() > 0 || len(b.store.Events) != events || len(b.store.Decisions) > 0 {
		t.Errorf("%d effects, %d decisions\n%s", b.effects(), len(b.store.Decisions), b.store.timeline())
	}
}

func TestReplay(t *testing.T) {
	b := newBench(t, nil)
	b.run(withDestroy())
	b.answer(b.asked().ID, corax.Allow, "ann", "bob")
	b.ends(corax.PlanDone, corax.ProblemClosed)
	for _, r := range b.healer.Replay(t.Context(), b.store.Decisions, policy()) {
		if !r.Same {
			t.Errorf("the same policy answers otherwise: %+v", r)
		}
	}
	strict := policy()
	strict.Rules[1].When += ` && action.name != "key.deliver"`
	differs := 0
	for _, r := range b.healer.Replay(t.Context(), b.store.Decisions, strict) {
		if !r.Same {
			differs++
			if r.Now != corax.Deny || r.NowRule != "default" {
				t.Errorf("%+v", r)
			}
		}
	}
	if differs != 2 {
		t.Errorf("%d decisions differ, expected those on the two deliveries", differs)
	}
}
