package heal

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"corax"
)

// A yes holds for what was asked, under the rules and the emergency of when it is acted on.
func TestYesThatWasOvertaken(t *testing.T) {
	for name, change := range map[string]struct {
		policy func(*corax.Policy)
		action func(*corax.Action)
		why    string
	}{
		"the policy says no now": {why: "then the policy said no", policy: func(p *corax.Policy) {
			p.Rules = append([]corax.Rule{{Name: "freeze", When: "true", Then: corax.Deny, Because: "a freeze began"}}, p.Rules...)
		}},
		"the action does something else now": {why: "declared otherwise", action: func(a *corax.Action) { a.Effect = ask("http://elsewhere.invalid/") }},
	} {
		t.Run(name, func(t *testing.T) {
			var changed atomic.Bool
			b := newBench(t, func(o *Options) {
				o.Policy = func() corax.Policy {
					p := policy()
					if changed.Load() && change.policy != nil {
						change.policy(&p)
					}
					return p
				}
				declared := o.Actions
				o.Actions = func() []corax.Action {
					all := declared()
					for n := range all {
						if changed.Load() && change.action != nil && all[n].Name == "key.destroy" {
							change.action(&all[n])
						}
					}
					return all
				}
			})
			b.run(withDestroy())
			req := b.asked()
			changed.Store(true)
			b.answer(req.ID, corax.Allow, "ann", "bob")
			b.states(b.ends(corax.PlanDone, corax.ProblemClosed), "1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 done, 4 done, 5 refused")
			b.store.mu.Lock()
			defer b.store.mu.Unlock()
			if !strings.Contains(b.store.timeline(), change.why) {
				t.Errorf("it was refused for another reason\n%s", b.store.timeline())
			}
		})
	}
}

// What one operator may say yes to in an emergency, one alone may not after it.
func TestEmergencyEndsBeforeTheYes(t *testing.T) {
	b := newBench(t, nil)
	b.store.Glasses = []corax.BreakGlass{{ID: "brk-1", By: "ann", At: time.Now().Add(-time.Second), ExpiresAt: time.Now().Add(time.Hour)}}
	b.run(withDestroy())
	req := b.asked()
	if req.Needs != 1 || req.BreakGlass != "brk-1" {
		t.Fatalf("asked: %+v", req)
	}
	b.store.mu.Lock()
	b.store.Glasses = nil
	b.store.mu.Unlock()
	if _, err := b.healer.Answer(t.Context(), req.ID, corax.Allow, operator("ann")); corax.CodeOf(err) != corax.Forbidden {
		t.Errorf("a yes after the emergency: %v", err)
	}
	b.answer(req.ID, corax.Deny, "ann")
	b.ends(corax.PlanDone, corax.ProblemClosed)
}

// Whatever an action touches counts, and all that need it.
func TestBlastOfWhatIsTouched(t *testing.T) {
	b := newBench(t, func(o *Options) {
		o.Actions = func() []corax.Action {
			all := actions()
			for n := range all {
				if all[n].Name == "key.deliver" {
					all[n].Touches = []string{"order", "payment"}
				}
			}
			return all
		}
		o.Policy = func() corax.Policy {
			p := policy()
			p.Rules[0] = corax.Rule{Name: "two-at-once", Then: corax.Deny, Because: "it touches two",
				When: `action.name == "key.deliver" && size(action.touches) == 2 && blast.acted == 2`}
			return p
		}
	})
	b.run(theSteps())
	b.escalation("it touches two")
	b.ends(corax.PlanStopped, corax.ProblemContained)
}

// A yes that had to wait for its target is held against things as they are when the target is back.
func TestYesThatWaited(t *testing.T) {
	enable := func(a *corax.Action) { a.Effect = corax.Call{Command: &corax.CommandRun{Run: "enable"}} }
	for name, c := range map[string]struct {
		action  func(a *corax.Action, later bool)
		command func(later bool) string
		glass   bool // an emergency, until the target is back
		why     string
	}{
		"the action does something else now": {why: "declared otherwise", action: func(a *corax.Action, later bool) {
			if later {
				a.Effect = ask("http://elsewhere.invalid/")
			}
		}},
		"its command does something else now": {why: "declared otherwise", action: func(a *corax.Action, _ bool) { enable(a) },
			command: func(later bool) string {
				if later {
					return "/bin/rm"
				}
				return "/bin/true"
			}},
		"two people are needed now": {why: "needs the yes of 2 operators", glass: true,
			action: func(a *corax.Action, _ bool) { a.Risk, a.Inverse = corax.Destructive, nil }},
	} {
		t.Run(name, func(t *testing.T) {
			var later atomic.Bool
			b := newBench(t, func(o *Options) {
				o.Actions = func() []corax.Action {
					all := actions()
					for n := range all {
						if all[n].Name == "key.deliver" {
							c.action(&all[n], later.Load())
						}
					}
					return all
				}
				o.Executors = func() (x corax.Executors) {
					if c.command != nil {
						x.Commands = []corax.Command{{Name: "enable", Argv: []string{c.command(later.Load())}}}
					}
					return x
				}
			})
			if c.glass {
				b.store.Glasses = []corax.BreakGlass{{ID: "brk-1", By: "ann", At: time.Now().Add(-time.Second), ExpiresAt: time.Now().Add(time.Hour)}}
			}
			payment := b.world.parts["payment"]
			var yes atomic.Bool
			b.world.looked = func(part string) {
				if part == "payment" && yes.CompareAndSwap(true, false) {
					b.world.set(payment.down) // the look after the yes
				}
			}
			step := theSteps()[2]
			step.Ask = true
			b.run([]corax.Step{step})
			req := b.asked()
			yes.Store(true)
			b.answer(req.ID, corax.Allow, "ann")
			b.store.await(t, "the step to wait", func() bool { return b.store.Plans["pln-1"].State == corax.PlanBlocked })
			later.Store(true)
			b.store.mu.Lock()
			b.store.Glasses = nil
			b.store.mu.Unlock()
			b.world.set(payment.up)
			b.states(b.ends(corax.PlanStopped, corax.ProblemOpen), "2.2 refused")
			b.store.mu.Lock()
			defer b.store.mu.Unlock()
			if !strings.Contains(b.store.timeline(), c.why) {
				t.Errorf("it was refused for another reason\n%s", b.store.timeline())
			}
			if b.effects() > 0 {
				t.Errorf("it acted: %v", b.world.requests)
			}
		})
	}
}

// duringTheLastLook runs f while the plan makes the look right before its first effect on auth.
func (b *bench) duringTheLastLook(f func()) {
	looks := 0 // the survey's is the first
	b.world.looked = func(part string) {
		if part != "auth" {
			return
		}
		if looks++; looks == 2 {
			f()
		}
	}
}

// Who pauses or ends a plan is heard until the effect is begun.
func TestInterventionRightBeforeTheEffect(t *testing.T) {
	harden := []corax.Step{theStep("1", "harden", "rotation.harden", "auth", "", corax.Fix)}
	t.Run("pause", func(t *testing.T) {
		b := newBench(t, nil)
		b.duringTheLastLook(func() {
			if err := b.healer.Pause(b.Context(), "pln-1", "ann", "wait"); err != nil {
				t.Error(err)
			}
		})
		b.run(harden)
		b.store.await(t, "a state", func() bool {
			return b.store.Plans["pln-1"].State == corax.PlanPaused || b.store.Plans["pln-1"].State == corax.PlanWatching
		})
		if b.effects() > 0 {
			t.Errorf("it acted while paused: %v", b.world.requests)
		}
		if err := b.healer.Resume(t.Context(), "pln-1", "ann", ""); err != nil {
			t.Fatal(err)
		}
		b.store.await(t, "the effect", func() bool { return b.store.Plans["pln-1"].State == corax.PlanWatching })
	})
	t.Run("cancel", func(t *testing.T) {
		b := newBench(t, nil)
		b.duringTheLastLook(func() {
			if err := b.healer.Cancel(b.Context(), "pln-1", "ann", "no"); err != nil {
				t.Error(err)
			}
		})
		b.run(harden)
		b.ends(corax.PlanCancelled, corax.ProblemOpen)
		if b.effects() > 0 {
			t.Errorf("it acted after its end: %v", b.world.requests)
		}
	})
}

// What was decided is asked again with the intent: another plan may have begun on the group meanwhile, or a rule.
func TestRulesRightBeforeTheEffect(t *testing.T) {
	harden := []corax.Step{theStep("1", "harden", "rotation.harden", "auth", "", corax.Fix)}
	var frozen atomic.Bool
	rules := func(o *Options) {
		o.Policy = func() corax.Policy {
			p := policy()
			p.Rules[0] = corax.Rule{Name: "one-a-day", When: "rate.action_day > 0", Then: corax.Deny, Because: "once is enough"}
			if frozen.Load() {
				p.Rules[0] = corax.Rule{Name: "freeze", When: "true", Then: corax.Deny, Because: "a freeze began"}
			}
			return p
		}
	}
	for name, c := range map[string]struct {
		meanwhile func(b *bench)
		why       string
	}{
		"another plan": {func(b *bench) {
			b.store.earlier("0", 0, "other", theStep("1", "harden", "rotation.harden", "user", "", corax.Fix), corax.StepRunning, corax.PlanRunning)
		}, "once is enough"},
		"a rule": {func(*bench) { frozen.Store(true) }, "a freeze began"},
		"a rule, while the plan was paused": {func(b *bench) {
			if err := b.healer.Pause(b.Context(), "pln-1", "ann", "wait"); err != nil {
				t.Error(err)
			}
			go func() {
				b.store.await(b.TB, "the pause", func() bool { return b.store.Plans["pln-1"].State == corax.PlanPaused })
				frozen.Store(true)
				if err := b.healer.Resume(b.Context(), "pln-1", "ann", ""); err != nil {
					t.Error(err)
				}
			}()
		}, "a freeze began"},
	} {
		t.Run(name, func(t *testing.T) {
			frozen.Store(false)
			b := newBench(t, rules)
			b.duringTheLastLook(func() { c.meanwhile(b) })
			b.run(harden)
			b.escalation(c.why)
			b.states(b.ends(corax.PlanStopped, corax.ProblemOpen), "1 refused")
			if b.effects() > 0 {
				t.Errorf("it acted: %v", b.world.requests)
			}
			last := b.store.Decisions[len(b.store.Decisions)-1]
			if last.Verdict != corax.Deny || !strings.Contains(last.Why, c.why) {
				t.Errorf("what stopped it is not on record: %+v", last)
			}
		})
	}
}
