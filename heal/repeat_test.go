package heal

import (
	"net/http"
	"strings"
	"testing"

	"corax"
	"corax/heal/execute"
	"corax/store"
)

// unrepeatable are the actions, with one that can't be repeated: nothing tells whether it took effect.
func unrepeatable() []corax.Action {
	all := actions()
	for n := range all {
		if all[n].Name == "key.sign" {
			all[n].Goal, all[n].Idempotency = "", corax.ByNone
		}
	}
	return all
}

func TestWhatCantBeRepeatedIsNot(t *testing.T) {
	sign := theSteps()[:1]
	for _, c := range []struct {
		name     string
		attempts int // by a process that is gone
		status   int // of the answer
		why      string
		requests int
	}{
		{"interrupted", 1, 0, "nothing tells whether it took effect", 0},
		{"no clear answer", 0, http.StatusInternalServerError, "500", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, func(o *Options) { o.Actions = unrepeatable })
			b.world.set(func() { b.world.hook = func(*http.Request) int { return c.status } })
			id := b.store.record(sign)
			b.store.mu.Lock()
			run := b.store.Plans[id]
			run.Steps = []corax.StepRun{{Step: sign[0].ID, Attempts: c.attempts}}
			b.store.Plans[id] = run
			b.store.mu.Unlock()
			if err := b.healer.Run(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			b.states(b.ends(corax.PlanStopped, corax.ProblemOpen), sign[0].ID+" unknown")
			b.escalation("Somebody has to look", c.why)
			b.world.set(func() {
				if got := len(b.world.requests); got != c.requests {
					t.Errorf("%d requests, not %d: %v", got, c.requests, b.world.requests)
				}
			})
		})
	}
}

// A target that wasn't there has seen nothing: the same effect is tried again when it returns, and isn't taken for one
// that was interrupted.
func TestWhatFoundNobodyWasNotBegun(t *testing.T) {
	b := newBench(t, nil)
	id := b.store.record(theSteps()[:1])
	plan, _ := b.store.PlanRun(t.Context(), id)
	j := job{plan: plan.Plan, step: plan.Plan.Steps[0]}
	if err := b.healer.intend(t.Context(), j, look{}, false); err != nil {
		t.Fatal(err)
	}
	if err := b.healer.unbegun(t.Context(), j, corax.StepRun{}); err != nil {
		t.Fatal(err)
	}
	run, _ := b.store.PlanRun(t.Context(), id)
	if got := stepRun(&run, j.step).Attempts; got != 0 {
		t.Errorf("%d attempts are on record", got)
	}
}

// An effect that finds nobody leaves nothing to be verified: that its target is away at the next look too is no reason to fall back.
func TestAwayTwice(t *testing.T) {
	b := newBench(t, nil)
	auth, payment := b.world.parts["auth"], b.world.parts["payment"]
	looks := 0
	b.world.looked = func(part string) {
		b.world.set(func() {
			if looks++; part != "payment" {
				looks--
			}
			switch looks {
			case 2: // right before the effect
				auth.down()
			case 3: // the next survey
				auth.up()
			case 4: // right before the next effect
				payment.down()
			}
		})
	}
	b.run(theSteps()[2:3])
	b.store.await(t, "the step to wait again", func() bool {
		run := b.store.Plans["pln-1"]
		return run.State.Ended() || run.State == corax.PlanBlocked
	})
	b.world.set(payment.up)
	b.store.await(t, "the end of the step", func() bool {
		run := b.store.Plans["pln-1"]
		return run.State.Ended() || stepRun(&run, theSteps()[2]).State == corax.StepDone
	})
	run, _ := b.store.PlanRun(t.Context(), "pln-1")
	b.states(run, "2.2 done")
	if got := stepRun(&run, theSteps()[2]).Attempts; got != 1 {
		t.Errorf("%d attempts are on record", got)
	}
}

// A stop for an entity that an action touches holds
// Once something may have been sent, that nothing comes of the last try doesn't tell what became of it: it is looked after, and undone.
func TestNothingCameOfTheLastTry(t *testing.T) {
	harden, deliver := []corax.Step{theStep("4", "harden", "rotation.harden", "auth", "", corax.Fix)}, theSteps()[2:3]
	for _, c := range []struct {
		name     string
		steps    []corax.Step
		attempts int // by a process that is gone
		hook     func(b *bench, n int) int
		states   string
	}{
		{"a late effect", harden, 0, func(b *bench, n int) int {
			b.world.Hardened = n >= effectTries // it was in progress
			return []int{http.StatusGatewayTimeout, http.StatusConflict}[min(n-1, 1)]
		}, "4 done"},
		{"no effect", harden, 0, func(_ *bench, n int) int {
			return []int{http.StatusGatewayTimeout, http.StatusConflict}[min(n-1, 1)]
		}, "4 undone"},
		{"refused after an interruption", harden, 1, func(*bench, int) int { return http.StatusForbidden }, "4 undone"},
		{"gone after the first", deliver, 0, func(b *bench, _ int) int {
			b.world.parts["auth"].down()
			return http.StatusGatewayTimeout
		}, "2.2 undone"},
		{"cancelled after the first", harden, 0, func(b *bench, _ int) int {
			if err := b.healer.Cancel(b.Context(), "pln-1", "ann", "I do it myself"); err != nil {
				b.Error(err)
			}
			return http.StatusGatewayTimeout
		}, "4 undone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, nil)
			tries := 0
			b.world.hook = func(*http.Request) int { tries++; return c.hook(b, tries) }
			id := b.store.record(c.steps)
			if c.attempts > 0 {
				_, _ = b.store.UpdatePlanRun(t.Context(), id, func(r *corax.PlanRun) error {
					stepRun(r, c.steps[0]).Attempts = c.attempts
					return nil
				})
			}
			if err := b.healer.Run(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			b.store.await(t, "the end of the plan", func() bool {
				return b.store.Plans[id].State.Ended() || b.store.Plans[id].State == corax.PlanWatching
			})
			run, _ := b.store.PlanRun(t.Context(), id)
			b.states(run, c.states)
		})
	}
}

// A stop for an entity that an action touches holds the action too.
func TestStopOfWhatIsTouched(t *testing.T) {
	b := newBench(t, func(o *Options) {
		o.Actions = func() []corax.Action {
			all := actions()
			for n := range all {
				if all[n].Name == "key.sign" {
					all[n].Touches = []string{"${related[0].id}"}
				}
			}
			return all
		}
	})
	b.store.throw(store.Stop{Scope: "order"})
	b.run(theSteps()[:1])
	b.store.await(t, "the refusal", func() bool {
		run := b.store.Plans["pln-1"]
		return len(run.Steps) > 0 && run.Steps[0].State == corax.StepRefused
	})
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	if !strings.Contains(b.store.timeline(), "stop switch for order") {
		t.Errorf("it was refused for another reason\n%s", b.store.timeline())
	}
	b.world.set(func() {
		if len(b.world.requests) > 0 {
			t.Errorf("it acted: %v", b.world.requests)
		}
	})
}

func TestIdempotencyOf(t *testing.T) {
	x := corax.Executors{
		Commands:  []corax.Command{{Name: "flush", Argv: []string{"/bin/flush"}}},
		Databases: []corax.Database{{Name: "plain"}, {Name: "keyed", Keys: "corax_keys"}},
	}
	calls := execute.New(execute.Options{Executors: func() corax.Executors { return x }})
	command := corax.Call{Command: &corax.CommandRun{Run: "flush"}}
	for _, c := range []struct {
		name   string
		action corax.Action
		want   corax.Idempotency
	}{
		{"http", corax.Action{Effect: ask("http://h/")}, corax.ByKey},
		{"command with a goal", corax.Action{Effect: command, Goal: "true"}, corax.ByGoal},
		{"command", corax.Action{Effect: command}, corax.ByNone},
		{"command that heeds keys", corax.Action{Effect: command, Idempotency: corax.ByKey}, corax.ByKey},
		{"statement", corax.Action{Effect: corax.Call{SQL: &corax.SQLStatement{Database: "plain"}}}, corax.ByNone},
		{"statement with keys", corax.Action{Effect: corax.Call{SQL: &corax.SQLStatement{Database: "keyed"}}}, corax.ByKey},
		{"any statement", corax.Action{Effect: corax.Call{SQL: &corax.SQLStatement{Database: "${target.id}"}}}, corax.ByNone},
		{"file", corax.Action{Effect: corax.Call{File: &corax.FileEdit{}}}, corax.ByKey},
		{"process", corax.Action{Effect: corax.Call{Process: &corax.ProcessControl{}}}, corax.ByKey},
		{"nothing", corax.Action{}, corax.ByKey},
	} {
		if got := idempotency(calls, c.action); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
