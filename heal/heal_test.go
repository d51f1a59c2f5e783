package heal

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"corax"
	"corax/store"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("HEAL_CRASH_DIR"); dir != "" {
		os.Exit(crashChild(dir))
	}
	goleak.VerifyTestMain(m)
}

func TestPlanHeals(t *testing.T) {
	b := newBench(t, nil)
	b.run(theSteps())
	run := b.ends(corax.PlanDone, corax.ProblemClosed)
	b.states(run, "1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 done, 4 done")
	if run.HealedAt == nil || run.EndedAt == nil {
		t.Error("no time of healing, or of the end")
	}
	w := b.world
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.Signing != "k2" || !w.Hardened || len(w.violated) > 0 {
		t.Errorf("signing %s, hardened %t, violated %v", w.Signing, w.Hardened, w.violated)
	}
	decisions := b.store.Decisions
	if len(decisions) != 5 {
		t.Errorf("%d decisions are recorded, expected one for each step that acted", len(decisions))
	}
	for _, d := range decisions {
		if d.Rule != "lab" || d.Verdict != corax.Allow || d.Input["action"] == nil {
			t.Errorf("decision %+v", d)
		}
	}
	var kinds []corax.EventKind
	for _, e := range b.store.Events {
		if !slices.Contains([]corax.EventKind{corax.EventStep, corax.EventDecided, corax.EventPlanState}, e.Kind) {
			kinds = append(kinds, e.Kind)
		}
		if strings.Contains(e.Text, "sesame") {
			t.Errorf("an event shows the token: %s", e.Text)
		}
	}
	if want := []corax.EventKind{corax.EventConfirmed, corax.EventHealed, corax.EventClosed}; !slices.Equal(kinds,
		want) {
		t.Errorf("events %v, expected %v\n%s", kinds, want, b.store.timeline())
	}
	if strings.Contains(run.Steps[0].Result, "sesame") {
		t.Errorf("the result shows the token: %s", run.Steps[0].Result)
	}
	if len(b.told) > 0 {
		t.Errorf("people were told: %s", <-b.told)
	}
}

func TestUnconfirmedFaultIsWithdrawn(t *testing.T) {
	t.Run("nothing fails", func(t *testing.T) {
		b := newBench(t, nil)
		b.world.set(func() { b.world.Signing = "k1" })
		b.run(theSteps())
		run := b.ends(corax.PlanWithdrawn, corax.ProblemOpen)
		if !strings.Contains(run.Why, "not confirmed") || len(b.world.requests) > 0 {
			t.Errorf("why %q, requests %v", run.Why, b.world.requests)
		}
	})
	t.Run("nobody watches", func(t *testing.T) {
		b := newBench(t, func(o *Options) { o.Monitors = func([]string) []string { return nil } })
		b.run(theSteps())
		b.escalation("can't be confirmed", "Nothing was done")
		b.ends(corax.PlanWithdrawn, corax.ProblemOpen)
	})
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*world)
		options func(*Options)
		steps   func([]corax.Step)
		plan    corax.PlanState
		problem corax.ProblemState
		states  string
		told    []string
	}{
		{
			name:    "a restoring step is passed over",
			change:  func(w *world) { w.Loaded["order"] = []string{"k2"} },
			plan:    corax.PlanDone,
			problem: corax.ProblemClosed,
			states:  "1 refused, 2.1 not_needed, 2.2 done, 2.3 done, 3 not_needed, 4 done",
		}, {
			name:    "a fix is not",
			steps:   func(s []corax.Step) { s[4].Params = map[string]string{"kid": "k3"} },
			plan:    corax.PlanStopped,
			problem: corax.ProblemContained,
			states:  "1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 refused, 4 pending",
			told:    []string{"key k3 is gone", "k1 signs and every verifier has it", "Not done: key.sign k2 at auth"},
		}, {
			name:    "policy says no",
			options: func(o *Options) { o.Policy = func() corax.Policy { return corax.Policy{} } },
			plan:    corax.PlanStopped,
			problem: corax.ProblemOpen,
			states:  "1 refused, 2.1 not_needed, 2.2 refused, 2.3 refused, 3 pending, 4 pending",
			told:    []string{"no rule allows it", "Nothing is left changed"},
		}, {
			name: "a rule that can't be evaluated is a no",
			options: func(o *Options) {
				o.Policy = func() corax.Policy {
					return corax.Policy{Rules: []corax.Rule{{Name: "odd", When: "entity.missing == 1", Then: corax.Deny},
						policy().Rules[1]}}
				}
			},
			plan:    corax.PlanStopped,
			problem: corax.ProblemOpen,
			states:  "1 refused, 2.1 not_needed, 2.2 refused, 2.3 refused, 3 pending, 4 pending",
			told:    []string{"rule odd can't be evaluated"},
		}, {
			name:    "an action that is not declared",
			steps:   func(s []corax.Step) { s[4].Action = "key.bless" },
			plan:    corax.PlanStopped,
			problem: corax.ProblemContained,
			states:  "1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 refused, 4 pending",
			told:    []string{"no action key.bless is declared"},
		}, {
			name:    "an action that is for other entities",
			steps:   func(s []corax.Step) { s[4].Target = "user" },
			plan:    corax.PlanStopped,
			problem: corax.ProblemContained,
			states:  "1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 refused, 4 pending",
			told:    []string{"does not apply to user"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, c.options)
			if c.change != nil {
				b.world.set(func() { c.change(b.world) })
			}
			steps := theSteps()
			if c.steps != nil {
				c.steps(steps)
			}
			b.run(steps)
			if c.told != nil {
				b.escalation(c.told...)
			}
			b.states(b.ends(c.plan, c.problem), c.states)
			if n := len(b.world.violated); c.name != "a restoring step is passed over" && n > 0 {
				t.Errorf("violated: %v", b.world.violated)
			}
		})
	}
}

// deaf makes the world answer an effect as if it had worked, without doing it.
func deaf(path string) func(*http.Request) int {
	return func(r *http.Request) int {
		if strings.HasPrefix(r.URL.Path, path) {
			return http.StatusAccepted
		}
		return 0
	}
}

func TestUnverifiedStepIsUndone(t *testing.T) {
	b := newBench(t, nil)
	b.world.hook = deaf("/harden")
	b.run(theSteps())
	b.escalation("not verified within", "Undone: rotation.harden", "k2 signs and every verifier has it", "Undone again")
	b.states(b.ends(corax.PlanStopped, corax.ProblemHealed),
		"1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 done, 4 undone")
}

// A delivery names no safe state: those before it are undone as well, newest first, as far as the state that the
// first step reached.
func TestFallBackReachesTheLastSafeState(t *testing.T) {
	b := newBench(t, nil)
	b.world.hook = deaf("/deliver/user")
	b.run(theSteps())
	b.escalation("user has k1", "Undone: key.deliver k2 at payment", "in the state: k1 signs and every verifier has it")
	b.states(b.ends(corax.PlanStopped, corax.ProblemContained),
		"1 done, 2.1 not_needed, 2.2 undone, 2.3 undone, 3 pending, 4 pending")
	if got := b.world.Loaded["payment"]; !slices.Equal(got, []string{"k1"}) {
		t.Errorf("payment has %v", got)
	}
}

func TestUndoThatFails(t *testing.T) {
	b := newBench(t, nil)
	b.world.hook = func(r *http.Request) int {
		if strings.HasPrefix(r.URL.Path, "/remove/") {
			return http.StatusForbidden
		}
		return deaf("/deliver/user")(r)
	}
	b.run(theSteps())
	b.escalation("It could not be undone (key.deliver k2 at payment)", "403",
		"Done: key.sign k1 at auth; key.deliver k2 at payment")
	b.states(b.ends(corax.PlanStopped, corax.ProblemContained),
		"1 done, 2.1 not_needed, 2.2 done, 2.3 undone, 3 pending, 4 pending")
}

// The inverse of the switch would let k1 sign, which user has lost meanwhile.
func TestUndoThatIsRefused(t *testing.T) {
	b := newBench(t, func(o *Options) {
		o.Actions = func() []corax.Action {
			as := actions()
			as[0].Verify = append(as[0].Verify, corax.Condition{That: `params.kid != "k2"`, Else: "it never verifies"})
			return as
		}
	})
	b.world.hook = func(r *http.Request) int {
		if r.URL.Path == "/signing" && b.world.Signing == "k1" {
			b.world.Loaded["user"] = []string{"k2"}
		}
		return 0
	}
	b.run(theSteps())
	b.escalation("it never verifies", "could not be undone", "not every verifier has k1")
	b.states(b.ends(corax.PlanStopped, corax.ProblemContained),
		"1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 failed, 4 pending")
	if b.world.Signing != "k2" {
		t.Errorf("%s signs", b.world.Signing)
	}
}

// A plan whose only repair is refused has nothing to watch: people are told at once.
func TestNothingOfTheRepair(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Policy = func() corax.Policy { return corax.Policy{} } })
	b.run(theSteps()[:1])
	b.escalation("Nothing of the repair could be done: key.sign k1 at auth: the policy says no", "Nothing is left changed")
	b.states(b.ends(corax.PlanStopped, corax.ProblemOpen), "1 refused")
}

func withDestroy() []corax.Step {
	s := theStep("5", "destroy", "key.destroy", "auth", "k1", corax.Tidy)
	s.Ask = true
	return append(theSteps(), s)
}

func (b *bench) asked() corax.ApprovalRequest {
	b.Helper()
	var req corax.ApprovalRequest
	b.store.await(b.TB, "a request for approval", func() bool {
		for _, a := range b.store.Approvals {
			req = a
		}
		return req.ID != "" && b.store.Plans["pln-1"].State == corax.PlanAsking
	})
	return req
}

func TestApproval(t *testing.T) {
	t.Run("yes", func(t *testing.T) {
		b := newBench(t, nil)
		b.run(withDestroy())
		req := b.asked()
		for _, bad := range []struct {
			v    corax.Verdict
			by   corax.Actor
			code corax.Code
		}{{corax.Ask, operator("eve"), corax.Invalid}, {corax.Allow, corax.Actor{}, corax.Invalid},
			{corax.Allow, corax.Actor{Name: "eve", Via: corax.ViaLocal}, corax.Forbidden}} {
			if _, err := b.healer.Answer(t.Context(), req.ID, bad.v, bad.by); corax.CodeOf(err) != bad.code {
				t.Errorf("Answer(%q, %q): %v", bad.v, bad.by, err)
			}
		}
		if req.Needs != 2 || req.Risk != corax.Destructive || req.Context == nil || req.Context.Undo != "it can't be undone" {
			t.Errorf("request %+v, context %+v", req, req.Context)
		}
		// It destroys a key for good: one operator is not enough, and the same one twice isn't two.
		b.answer(req.ID, corax.Allow, "ann")
		if _, err := b.healer.Answer(t.Context(), req.ID, corax.Allow, operator("ann")); corax.CodeOf(err) != corax.Conflict {
			t.Errorf("a second yes of the same operator: %v", err)
		}
		if r, _ := b.store.Approval(t.Context(), req.ID); r.Answer != "" || !slices.Contains(b.world.Keys, "k1") {
			t.Errorf("decided by one: %+v", r)
		}
		b.answer(req.ID, corax.Allow, "bob")
		if _, err := b.healer.Answer(t.Context(), req.ID, corax.Deny, operator("eve")); corax.CodeOf(err) != corax.Conflict {
			t.Errorf("an answer after the decision: %v", err)
		}
		b.states(b.ends(corax.PlanDone, corax.ProblemClosed),
			"1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 done, 4 done, 5 done")
	})
	t.Run("no", func(t *testing.T) {
		b := newBench(t, nil)
		b.run(withDestroy())
		b.answer(b.asked().ID, corax.Deny, "ann")
		b.states(b.ends(corax.PlanDone, corax.ProblemClosed),
			"1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 done, 4 done, 5 refused")
		if !slices.Contains(b.world.Keys, "k1") {
			t.Error("destroyed all the same")
		}
	})
	t.Run("expired", func(t *testing.T) {
		b := newBench(t, func(o *Options) {
			o.Policy = func() corax.Policy {
				p := policy()
				p.Rules[1].Expires = 50 * time.Millisecond
				return p
			}
		})
		b.run(withDestroy())
		run := b.ends(corax.PlanDone, corax.ProblemClosed)
		b.states(run, "1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 done, 4 done, 5 refused")
		for id := range b.store.Approvals {
			if _, err := b.healer.Answer(t.Context(), id, corax.Allow, operator("ann")); corax.CodeOf(err) != corax.Conflict {
				t.Errorf("an answer after the expiry: %v", err)
			}
		}
	})
	t.Run("withdrawn", func(t *testing.T) {
		b := newBench(t, nil)
		steps := theSteps()
		steps[0].Ask = true
		b.run(steps)
		req := b.asked()
		b.store.await(t, "the problem to wait", func() bool {
			return b.store.Problems["prb-1"].State == corax.ProblemWaiting
		})
		for range 2 {
			if err := b.healer.Withdraw(t.Context(), "pln-1", "it went away by itself"); err != nil {
				t.Fatal(err)
			}
		}
		b.ends(corax.PlanWithdrawn, corax.ProblemOpen)
		if a, _ := b.store.Approval(t.Context(), req.ID); a.Answer != corax.Deny {
			t.Errorf("the request is left open: %+v", a)
		}
		if len(b.world.requests) > 0 {
			t.Errorf("effects: %v", b.world.requests)
		}
	})
	t.Run("too late to withdraw", func(t *testing.T) {
		b := newBench(t, nil)
		b.run(withDestroy())
		b.asked()
		if err := b.healer.Withdraw(t.Context(), "pln-1", "why not"); corax.CodeOf(err) != corax.Conflict {
			t.Errorf("withdrawn after it acted: %v", err)
		}
	})
}

// In an emergency one operator is enough for what needs two, and what the policy denies is asked; not outside its scope.
func TestBreakGlass(t *testing.T) {
	glass := func(scope string) corax.BreakGlass {
		return corax.BreakGlass{ID: "brk-1", Scope: scope, By: "ann", Reason: "storage lost", At: time.Now().Add(-time.Second),
			ExpiresAt: time.Now().Add(time.Minute)}
	}
	t.Run("one operator", func(t *testing.T) {
		b := newBench(t, nil)
		b.store.Glasses = []corax.BreakGlass{glass("auth")}
		b.run(withDestroy())
		req := b.asked()
		if req.Needs != 1 || req.BreakGlass != "brk-1" {
			t.Errorf("request %+v", req)
		}
		b.answer(req.ID, corax.Allow, "ann")
		b.states(b.ends(corax.PlanDone, corax.ProblemClosed),
			"1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 done, 4 done, 5 done")
		if last := b.store.Decisions[len(b.store.Decisions)-1]; last.BreakGlass != "brk-1" {
			t.Errorf("the decision does not say that it was an emergency: %+v", last)
		}
	})
	forbid := func(o *Options) {
		o.Policy = func() corax.Policy {
			p := policy()
			p.Rules[0] = corax.Rule{Name: "forbidden", When: `action.name == "rotation.harden"`, Then: corax.Deny, Because: "frozen"}
			return p
		}
	}
	t.Run("what is denied", func(t *testing.T) {
		b := newBench(t, forbid)
		b.store.Glasses = []corax.BreakGlass{glass("")}
		b.run(theSteps())
		req := b.asked()
		if !strings.Contains(req.Why, "it says no: frozen, and ann has declared an emergency: storage lost") {
			t.Errorf("why: %s", req.Why)
		}
		b.answer(req.ID, corax.Allow, "ann")
		b.states(b.ends(corax.PlanDone, corax.ProblemClosed), "1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 done, 4 done")
	})
	t.Run("elsewhere", func(t *testing.T) {
		b := newBench(t, forbid)
		b.store.Glasses = []corax.BreakGlass{glass("mail")}
		b.run(theSteps())
		b.states(b.ends(corax.PlanDone, corax.ProblemClosed), "1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 done, 4 refused")
	})
}

func TestStopSwitch(t *testing.T) {
	t.Run("while an effect is under way", func(t *testing.T) {
		b := newBench(t, nil)
		begun, release := make(chan struct{}), make(chan struct{})
		defer close(release)
		b.world.parts["auth"].server.Handler = gate(b.world.parts["auth"].handler, "/deliver/payment", begun, release)
		b.run(theSteps())
		<-begun
		b.store.throw(store.Stop{Reason: "drill", By: "ann"})
		if err := b.healer.SetStop(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.escalation("stop switch for everything by ann: drill",
			"May or may not have taken effect: key.deliver k2 at payment")
		b.states(b.ends(corax.PlanStopped, corax.ProblemContained),
			"1 done, 2.1 not_needed, 2.2 unknown, 2.3 pending, 3 pending, 4 pending")
	})
	t.Run("before anything, found by itself", func(t *testing.T) {
		b := newBench(t, nil)
		steps := theSteps()
		steps[0].Ask = true
		b.run(steps)
		b.asked()
		b.store.throw(store.Stop{Scope: "auth", Reason: "drill"})
		b.escalation("stop switch for auth: drill", "Nothing is left changed")
		b.ends(corax.PlanStopped, corax.ProblemOpen)
	})
	t.Run("for one target", func(t *testing.T) {
		b := newBench(t, nil)
		b.store.throw(store.Stop{Scope: "user"})
		b.run(theSteps())
		b.escalation("key.deliver k2 at user: stop switch for user")
		b.states(b.ends(corax.PlanStopped, corax.ProblemContained),
			"1 done, 2.1 not_needed, 2.2 done, 2.3 refused, 3 pending, 4 pending")
	})
}

// gate holds back requests to a path until release is closed, and says when one has come.
func gate(next http.Handler, path string, begun, release chan struct{}) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path {
			close(begun)
			<-release
		}
		next.ServeHTTP(w, r)
	})
}

func TestTargetThatIsAway(t *testing.T) {
	b := newBench(t, nil)
	b.world.parts["payment"].down()
	// What is away can't verify anything: the first step's pre-check would refuse without its keystore, so the plan
	// begins with the delivery.
	b.run(theSteps())
	b.escalation("payment can't be reached", "payment refuses tokens of k2 meanwhile", "goes on by itself")
	b.store.await(t, "the plan to be blocked", func() bool { return b.store.Plans["pln-1"].State == corax.PlanBlocked })
	run, _ := b.store.PlanRun(t.Context(), "pln-1")
	b.states(run, "1 refused, 2.1 not_needed, 2.2 waiting, 2.3 done, 3 pending, 4 pending")
	if p, _ := b.store.Problem(t.Context(), "prb-1"); !p.Escalated {
		t.Error("the problem isn't escalated")
	}
	b.world.parts["payment"].up()
	b.states(b.ends(corax.PlanDone, corax.ProblemClosed),
		"1 refused, 2.1 not_needed, 2.2 done, 2.3 done, 3 not_needed, 4 done")
}

func TestContainedWhileATargetIsAway(t *testing.T) {
	b := newBench(t, nil)
	begun, release := make(chan struct{}), make(chan struct{})
	b.world.parts["auth"].server.Handler = gate(b.world.parts["auth"].handler, "/signing", begun, release)
	b.run(theSteps())
	<-begun
	b.world.parts["payment"].down()
	b.world.parts["auth"].server.Handler = b.world.parts["auth"].handler
	close(release)
	b.escalation("payment can't be reached", "in the state: k1 signs")
	b.store.await(t, "contained", func() bool { return b.store.Problems["prb-1"].State == corax.ProblemContained })
	b.world.parts["payment"].up()
	b.states(b.ends(corax.PlanDone, corax.ProblemClosed), "1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 done, 4 done")
}

// A plan that was interrupted by a stop of the process goes on in the next one.
func TestRestart(t *testing.T) {
	b := newBench(t, nil)
	b.run(withDestroy())
	req := b.asked()
	for range 2 {
		b.healer.Stop()
		b.healer.Stop()
		if err := b.healer.Run(t.Context(), "pln-1"); corax.CodeOf(err) != corax.Unavailable {
			t.Errorf("Run of a stopped healer: %v", err)
		}
		b.start()
	}
	b.answer(req.ID, corax.Allow, "ann", "bob")
	b.states(b.ends(corax.PlanDone, corax.ProblemClosed),
		"1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 done, 4 done, 5 done")
	for key, n := range b.world.effects {
		if n != 1 {
			t.Errorf("effect %s came %d times", key, n)
		}
	}
}

func TestWaitIsPartOfAStep(t *testing.T) {
	until := time.Now().Add(400 * time.Millisecond)
	b := newBench(t, func(o *Options) {
		o.Actions = func() []corax.Action {
			as := actions()
			as[3].Wait = &corax.WaitFor{Until: `timestamp("` + until.UTC().Format(time.RFC3339Nano) + `")`, Most: time.Hour}
			return as
		}
	})
	b.run(theSteps())
	run := b.ends(corax.PlanDone, corax.ProblemClosed)
	at := stepRun(&run, theSteps()[5]).EndedAt
	if at.Before(until) || !run.HealedAt.Before(*at) {
		t.Errorf("healed at %s, waited until %s, ended at %s", run.HealedAt, until, at)
	}
}

func TestPlanForPeople(t *testing.T) {
	b := newBench(t, nil)
	id := b.store.record(theSteps())
	_, err := b.store.UpdatePlanRun(t.Context(), id,
		func(r *corax.PlanRun) error { r.Plan.Mode = corax.Manual; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := b.healer.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.escalation("people carry out this plan")
	b.ends(corax.PlanStopped, corax.ProblemOpen)
}

func TestModeApprovalAsks(t *testing.T) {
	b := newBench(t, nil)
	id := b.store.record(theSteps()[:1])
	_, _ = b.store.UpdatePlanRun(t.Context(), id,
		func(r *corax.PlanRun) error { r.Plan.Mode = corax.Approval; return nil })
	if err := b.healer.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if req := b.asked(); !strings.Contains(req.Why, "by approval") {
		t.Errorf("why: %s", req.Why)
	}
}

// A store that fails for a while holds a plan up, and loses nothing.
type flaky struct {
	*memory
	calls int
}

func (f *flaky) UpdatePlanRun(ctx context.Context, id string, c func(*corax.PlanRun) error,
	e ...corax.Event) (corax.PlanRun, error) {
	f.mu.Lock()
	f.calls++
	fail := f.calls%3 == 1
	f.mu.Unlock()
	if fail {
		return corax.PlanRun{}, corax.Errorf(corax.Unavailable, "update", "disk full")
	}
	return f.memory.UpdatePlanRun(ctx, id, c, e...)
}

func TestStoreThatFails(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Store = &flaky{memory: o.Store.(*memory)} })
	b.run(theSteps())
	b.states(b.ends(corax.PlanDone, corax.ProblemClosed), "1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 done, 4 done")
}

// A fix whose pre-check lacks facts waits for them, and is refused where they don't come.
func TestFixWaitsForMissingFacts(t *testing.T) {
	b := newBench(t, nil)
	begun, release := make(chan struct{}), make(chan struct{})
	b.world.parts["auth"].server.Handler = gate(b.world.parts["auth"].handler, "/deliver/user", begun, release)
	b.run(theSteps())
	<-begun
	b.world.parts["order"].down()
	close(release)
	b.escalation("not every verifier has k2")
	b.states(b.ends(corax.PlanStopped, corax.ProblemContained),
		"1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 refused, 4 pending")
}

func TestSettle(t *testing.T) {
	goal := job{action: corax.Action{Goal: "true"}}
	for _, c := range []struct {
		finding finding
		job     job
		tried   bool
		want    outcome
	}{
		{goAhead, goal, false, ""},
		{goAhead, goal, true, ""},
		{notNeeded, goal, false, needless},
		{notNeeded, goal, true, effected},
		{away, goal, false, held},
		{away, goal, true, unclear},
		{refused, goal, false, denied},
		{refused, goal, true, denied},
		{refused, job{}, false, denied},
		{refused, job{}, true, unknownable},
	} {
		got, settled := settle(look{Finding: c.finding}, c.job, c.tried)
		if got.Outcome != c.want || settled != (c.want != "") {
			t.Errorf("%s, tried %t: got %q, %t", c.finding, c.tried, got.Outcome, settled)
		}
	}
}

// An effect whose answer gets lost is sent again with the same key, and counts once.
func TestLostAnswer(t *testing.T) {
	b := newBench(t, nil)
	lost := 0
	b.world.hook = func(r *http.Request) int {
		if r.URL.Path == "/harden" && lost < 2 {
			lost++
			return http.StatusBadGateway
		}
		return 0
	}
	b.run(theSteps())
	b.states(b.ends(corax.PlanDone, corax.ProblemClosed), "1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 done, 4 done")
	keys := map[string]bool{}
	for _, r := range b.world.requests {
		if strings.Contains(r, "/harden") {
			keys[r] = true
		}
	}
	if lost != 2 || len(keys) != 1 {
		t.Errorf("lost %d, keys %v", lost, keys)
	}
}

// A fall-back leads to what was there right before the effect, not to what the phase saw when it began: what somebody else has done in
// between stays.
func TestFallBackKeepsWhatCameInBetween(t *testing.T) {
	b := newBench(t, func(o *Options) {
		o.Actions = func() []corax.Action {
			all := actions()
			all[0].Verify = append(all[0].Verify, corax.Condition{That: `params.kid != "k1" || before.keys.signing != "k3"`, Else: "it never verifies"})
			return all
		}
	})
	b.world.Keys = append(b.world.Keys, "k3")
	for _, s := range services {
		b.world.Loaded[s] = []string{"k1", "k2", "k3"}
	}
	b.world.Loaded["user"] = []string{"k1", "k3"} // who feels it
	b.duringTheLastLook(func() { b.world.set(func() { b.world.Signing = "k3" }) })
	b.run(theSteps()[:1])
	b.escalation("it never verifies", "Undone: key.sign k1 at auth")
	b.states(b.ends(corax.PlanStopped, corax.ProblemOpen), "1 undone")
	b.world.set(func() {
		if b.world.Signing != "k3" {
			t.Errorf("%s signs, not what signed before the effect", b.world.Signing)
		}
	})
}

// An outage that grew while the plan was at work is over when all that came to feel it are well.
func TestHealedIsWhoeverCameToFeelIt(t *testing.T) {
	b := newBench(t, nil)
	feel := func(who ...string) {
		if _, err := b.store.UpdateProblem(b.Context(), "prb-1", func(p *corax.Problem) error {
			p.Diagnosis.Cascade.Affected = who
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
	b.world.hook = func(r *http.Request) int {
		if r.URL.Path == "/deliver/user" {
			b.world.Loaded["order"] = []string{"k1"}
			feel("payment", "user", "order")
		}
		return 0
	}
	id := b.store.record(theSteps()[2:4])
	feel("payment", "user")
	if err := b.healer.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.escalation("not everything is well: login-order: 401: unknown key k2")
	b.world.set(func() { b.world.Loaded["order"] = []string{"k2"} })
	b.states(b.ends(corax.PlanDone, corax.ProblemClosed), "2.2 done, 2.3 done")
}

// Every step of the repair is verified, and those that it was for stay red: it is taken back, and people are told what the system is in.
func TestRepairThatHealsNobody(t *testing.T) {
	b := newBench(t, func(o *Options) { o.FallBackAfter = 100 * time.Millisecond })
	b.run(theSteps()[2:3]) // payment gets the key; user, who lacks it as well, doesn't
	b.escalation("not everything is well: login-user")
	b.escalation("not everything is well: login-user", "Undone: key.deliver k2 at payment", "The system is as it was before the plan")
	b.states(b.ends(corax.PlanStopped, corax.ProblemOpen), "2.2 undone")
	b.world.set(func() {
		if got := b.world.Loaded["payment"]; !slices.Equal(got, []string{"k1"}) {
			t.Errorf("payment has %v", got)
		}
	})
}

// From a safe state there is nothing to go back to: the watch goes on until all are well.
func TestWatchGoesOnInASafeState(t *testing.T) {
	var red atomic.Bool
	red.Store(true)
	probes := make(chan bool, 10000)
	b := newBench(t, func(o *Options) {
		o.FallBackAfter = time.Millisecond
		probe := o.Probe
		o.Probe = func(ctx context.Context, name string) (corax.ProbeResult, error) {
			r, err := probe(ctx, name)
			if name == "login-user" && red.Load() {
				r.State, r.Message = corax.MonitorDown, "it says nothing"
				probes <- true
			}
			return r, err
		}
	})
	b.run(theSteps()[:1])
	b.escalation("not everything is well: login-user")
	for len(probes) > 0 {
		<-probes
	}
	for range 10 { // many times the patience
		<-probes
	}
	red.Store(false)
	b.states(b.ends(corax.PlanDone, corax.ProblemClosed), "1 done")
	if len(b.told) > 0 {
		t.Errorf("people were told %q", <-b.told)
	}
}
