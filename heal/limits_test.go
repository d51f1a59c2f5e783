package heal

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"corax"
)

// earlier puts a plan on record that carried out a step some time ago, for a problem of a mechanism.
func (m *memory) earlier(id string, ago time.Duration, mechanism string, s corax.Step, state corax.StepState, plan corax.PlanState) {
	at := time.Now().Add(-ago)
	m.mu.Lock()
	defer m.mu.Unlock()
	problem := "prb-" + id
	m.Problems[problem] = corax.Problem{ID: problem, State: corax.ProblemClosed,
		Diagnosis: corax.Diagnosis{RootCause: corax.RootCause{Entity: "auth", Mechanism: mechanism}}}
	m.Plans["pln-"+id] = corax.PlanRun{Plan: corax.Plan{ID: "pln-" + id, Problem: problem, Steps: []corax.Step{s}}, State: plan, StartedAt: at,
		Steps: []corax.StepRun{{Step: s.ID, Action: s.Action, Target: s.Target, State: state, Attempts: 1, StartedAt: &at, EndedAt: &at}}}
}

func limited(l Limits) func(*Options) {
	return func(o *Options) { o.Limits = func() Limits { return l } }
}

const mechanism = "key_used_before_distributed"

// A remedy that was verified twice, and whose fault came back twice, isn't tried a third time.
func TestLoopGuard(t *testing.T) {
	guard := limited(Limits{LoopTimes: 2, LoopWithin: time.Hour})
	deliver := theSteps()[2]
	for _, c := range []struct {
		name    string
		history func(*memory)
		stopped bool
	}{
		{"twice", func(m *memory) {
			m.earlier("a", 50*time.Minute, mechanism, deliver, corax.StepDone, corax.PlanDone)
			m.earlier("b", 10*time.Minute, mechanism, deliver, corax.StepDone, corax.PlanDone)
		}, true},
		{"once", func(m *memory) { m.earlier("a", 10*time.Minute, mechanism, deliver, corax.StepDone, corax.PlanDone) }, false},
		{"long ago", func(m *memory) {
			m.earlier("a", 3*time.Hour, mechanism, deliver, corax.StepDone, corax.PlanDone)
			m.earlier("b", 2*time.Hour, mechanism, deliver, corax.StepDone, corax.PlanDone)
		}, false},
		{"another fault", func(m *memory) {
			m.earlier("a", 20*time.Minute, "disk_full", deliver, corax.StepDone, corax.PlanDone)
			m.earlier("b", 10*time.Minute, "disk_full", deliver, corax.StepDone, corax.PlanDone)
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, guard)
			c.history(b.store)
			b.run(theSteps())
			if !c.stopped {
				b.ends(corax.PlanDone, corax.ProblemClosed)
				return
			}
			b.escalation("loop guard: key.deliver k2 at payment was verified 2 times within 1h0m0s, and the fault came back each time")
			b.ends(corax.PlanStopped, corax.ProblemContained)
		})
	}
}

func TestStormMode(t *testing.T) {
	crowd := func(m *memory) {
		for _, id := range []string{"x", "y", "z"} {
			m.Problems["prb-"+id] = corax.Problem{ID: "prb-" + id, State: corax.ProblemOpen}
		}
	}
	t.Run("asks", func(t *testing.T) {
		b := newBench(t, limited(Limits{StormProblems: 4}))
		crowd(b.store)
		b.run(theSteps()[:1])
		req := b.asked()
		if !strings.Contains(req.Why, "4 problems are open at once") {
			t.Errorf("why: %s", req.Why)
		}
		b.answer(req.ID, corax.Allow, "ann")
		b.ends(corax.PlanDone, corax.ProblemClosed)
	})
	t.Run("but for a rule that holds in a storm", func(t *testing.T) {
		b := newBench(t, func(o *Options) {
			limited(Limits{StormProblems: 4})(o)
			o.Policy = func() corax.Policy { p := policy(); p.Rules[1].EvenInStorm = true; return p }
		})
		crowd(b.store)
		b.run(theSteps()[:1])
		b.ends(corax.PlanDone, corax.ProblemClosed)
	})
}

// What a rule sees of the surroundings.
func TestSurroundingsInRules(t *testing.T) {
	b := newBench(t, func(o *Options) {
		limited(Limits{LoopWithin: time.Hour})(o)
		o.Policy = func() corax.Policy {
			p := policy()
			p.Rules[0] = corax.Rule{Name: "not-all-at-once", Then: corax.Deny, Because: "most of the group was touched",
				When: `action.name == "key.deliver" && (blast.share > 0.6 || rate.entity_hour >= 3)`}
			return p
		}
	})
	b.store.earlier("a", 10*time.Minute, "disk_full", theSteps()[1], corax.StepFailed, corax.PlanStopped)
	b.run(theSteps())
	// order was acted on within the hour; payment makes two of three.
	b.escalation("most of the group was touched")
	b.ends(corax.PlanStopped, corax.ProblemContained)
	seen := false
	for _, d := range b.store.Decisions {
		if d.Rule == "not-all-at-once" {
			blast, _ := d.Input["blast"].(map[string]any)
			seen = seen || blast["group"] == 3.0 && blast["acted"] == 2.0 // as JSON has them
		}
	}
	if !seen {
		t.Errorf("the decision doesn't say what it was made from: %+v", b.store.Decisions)
	}
}

func TestAutonomy(t *testing.T) {
	ungranted := func(o *Options) {
		o.Policy = func() corax.Policy { p := policy(); p.Rules[1].Autonomy = ""; return p }
	}
	earn := func(m *memory, n int) {
		for i := range n {
			m.Results = append(m.Results, corax.Outcome{ID: corax.HashID("out", string(rune('a'+i))), At: time.Now().Add(-time.Hour), Action: "key.sign",
				Class: "authority", Ground: corax.InProduction, Verified: true})
		}
	}
	t.Run("a new action is only suggested", func(t *testing.T) {
		b := newBench(t, ungranted)
		b.run(theSteps()[:1])
		req := b.asked()
		if !req.Quiet || req.ExpiresAt.Sub(req.AskedAt) != suggestedFor || !strings.Contains(req.Why, "at level suggest") {
			t.Errorf("%+v", req)
		}
		b.answer(req.ID, corax.Allow, "ann")
		b.ends(corax.PlanDone, corax.ProblemClosed)
		if r := b.store.Results; len(r) != 1 || !r[0].Verified || r[0].Class != "authority" || r[0].Ground != corax.InProduction {
			t.Errorf("what was learned: %+v", r)
		}
	})
	t.Run("a proven one runs by itself", func(t *testing.T) {
		b := newBench(t, ungranted)
		earn(b.store, 11)
		b.run(theSteps()[:1])
		b.ends(corax.PlanDone, corax.ProblemClosed)
		if len(b.store.Approvals) > 0 {
			t.Error("somebody was asked")
		}
	})
	t.Run("until it is capped", func(t *testing.T) {
		b := newBench(t, nil) // a cap outweighs what a rule grants
		earn(b.store, 11)
		b.store.Held = []corax.Cap{{Action: "key.sign", Class: "authority", Level: corax.Approve, By: "ann", Reason: "audit"}}
		b.run(theSteps()[:1])
		if req := b.asked(); req.Quiet || !strings.Contains(req.Why, "held at approve by ann: audit") {
			t.Errorf("%+v", req)
		}
	})
	t.Run("and a failure is learned from once", func(t *testing.T) {
		b := newBench(t, nil)
		b.world.hook = deaf("/deliver/user")
		b.run(theSteps())
		b.ends(corax.PlanStopped, corax.ProblemContained)
		failed := 0
		for _, o := range b.store.Results {
			if !o.Verified && o.Action == "key.deliver" && o.Entity == "user" {
				failed++
			}
		}
		if failed != 1 {
			t.Errorf("%d failures on record: %+v", failed, b.store.Results)
		}
	})
}

// Two plans want the same entity: the younger waits until the older has ended.
func TestPlansTakeTurns(t *testing.T) {
	b := newBench(t, nil)
	other := theStep("1", "contain", "key.sign", "auth", "k1", corax.Restore)
	b.store.earlier("0", time.Minute, "other", other, corax.StepRunning, corax.PlanRunning)
	b.store.record(theSteps())
	b.store.mu.Lock()
	r := b.store.Plans["pln-1"]
	r.StartedAt = time.Now()
	b.store.Plans["pln-1"] = r
	b.store.mu.Unlock()
	if err := b.healer.Run(t.Context(), "pln-1"); err != nil {
		t.Fatal(err)
	}
	b.store.await(t, "the younger plan to wait", func() bool {
		return strings.Contains(b.store.Plans["pln-1"].Why, "waits for plan pln-0, which is at work on auth")
	})
	if b.effects() > 0 {
		t.Error("it acted meanwhile")
	}
	if _, err := b.store.UpdatePlanRun(t.Context(), "pln-0", func(r *corax.PlanRun) error { r.State = corax.PlanDone; return nil }); err != nil {
		t.Fatal(err)
	}
	b.ends(corax.PlanDone, corax.ProblemClosed)
}

// A plan that was let through gives way to an older one that has begun while it looked at its target.
func TestPlanGivesWayRightBeforeItsEffect(t *testing.T) {
	here, on := make(chan struct{}), make(chan struct{})
	b := newBench(t, nil)
	looks := 0 // the survey's is the first, that right before the effect the second
	b.world.looked = func(part string) {
		if part != "auth" {
			return
		}
		if looks++; looks == 2 {
			close(here)
			<-on
		}
	}
	b.run([]corax.Step{theStep("1", "harden", "rotation.harden", "auth", "", corax.Fix)})
	select {
	case <-here:
	case <-time.After(30 * time.Second):
		t.Fatalf("it never looked again\n%s", b.store.timeline())
	}
	older := theStep("1", "contain", "key.sign", "auth", "k1", corax.Restore)
	b.store.earlier("0", time.Minute, "other", older, corax.StepRunning, corax.PlanRunning)
	close(on)
	b.store.await(t, "the younger plan to wait", func() bool {
		return strings.Contains(b.store.Plans["pln-1"].Why, "waits for plan pln-0, which is at work on auth")
	})
	if b.effects() > 0 {
		t.Error("it acted meanwhile")
	}
	if _, err := b.store.UpdatePlanRun(t.Context(), "pln-0", func(r *corax.PlanRun) error { r.State = corax.PlanDone; return nil }); err != nil {
		t.Fatal(err)
	}
	b.store.await(t, "the younger plan to act", func() bool {
		steps := b.store.Plans["pln-1"].Steps
		return len(steps) == 1 && steps[0].State == corax.StepDone
	})
}

// Of two plans that come to one target in the same instant one is let through, whichever it is.
func TestOfTwoPlansAtOnceOneActs(t *testing.T) {
	b := newBench(t, nil)
	for round := range 50 {
		var wg sync.WaitGroup
		var through, overtaken atomic.Int32
		for _, id := range []string{"a", "b"} {
			s := theStep("1", "harden", "rotation.harden", "auth", "", corax.Fix)
			name := fmt.Sprintf("%s%d", id, round)
			b.store.earlier(name, time.Minute, "other", s, corax.StepPending, corax.PlanRunning)
			b.store.mu.Lock()
			plan := b.store.Plans["pln-"+name]
			plan.Steps[0].Attempts = 0
			b.store.Plans["pln-"+name] = plan
			b.store.mu.Unlock()
			wg.Go(func() {
				j := job{plan: plan.Plan, step: s, target: corax.Entity{ID: "auth"}}
				switch err := b.healer.intend(t.Context(), j, look{}, false); {
				case err == nil:
					through.Add(1)
				case errors.Is(err, errOvertaken):
					overtaken.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if through.Load() != 1 || overtaken.Load() != 1 {
			t.Fatalf("round %d: %d were let through, %d were overtaken", round, through.Load(), overtaken.Load())
		}
		b.store.mu.Lock()
		clear(b.store.Plans)
		b.store.mu.Unlock()
	}
}

// Who goes first where two plans have acted on one entity: the older, unless it only waits; the younger while its effect is under way. Never
// each before the other, for else both would wait for good.
func TestWhoGoesFirst(t *testing.T) {
	plan := func(id string, at time.Duration, state corax.PlanState, steps ...corax.StepRun) corax.PlanRun {
		return corax.PlanRun{Plan: corax.Plan{ID: id}, StartedAt: time.Unix(0, 0).Add(at), State: state, Steps: steps}
	}
	done := corax.StepRun{Target: "x", Attempts: 1, State: corax.StepDone}
	atIt := corax.StepRun{Target: "x", Attempts: 1, State: corax.StepRunning}
	waits := corax.StepRun{Target: "y", State: corax.StepWaiting}
	comes := corax.StepRun{Target: "x", State: corax.StepPending}
	takenBack := plan("a", 0, corax.PlanDone, done)
	takenBack.Undo = &corax.Undo{State: corax.UndoRunning}
	for name, tt := range map[string]struct {
		older, younger               corax.PlanRun
		olderIsFirst, youngerIsFirst bool
	}{
		"the older is at it":               {plan("a", 0, corax.PlanRunning, atIt), plan("b", 1, corax.PlanRunning, comes), true, false},
		"the older has more to do":         {plan("a", 0, corax.PlanRunning, done, comes), plan("b", 1, corax.PlanRunning, comes), true, false},
		"the older has not acted":          {plan("a", 0, corax.PlanRunning, comes), plan("b", 1, corax.PlanRunning, comes), false, false},
		"the older has ended":              {plan("a", 0, corax.PlanDone, done), plan("b", 1, corax.PlanRunning, comes), false, false},
		"the older waits for a time":       {plan("a", 0, corax.PlanRunning, done, waits), plan("b", 1, corax.PlanRunning, comes), false, false},
		"the older waits for a target":     {plan("a", 0, corax.PlanBlocked, done, waits), plan("b", 1, corax.PlanRunning, comes), false, false},
		"one waits, another is at it":      {plan("a", 0, corax.PlanRunning, atIt, waits), plan("b", 1, corax.PlanRunning, comes), true, false},
		"the younger is at it":             {plan("a", 0, corax.PlanRunning, done, waits), plan("b", 1, corax.PlanRunning, atIt), false, true},
		"the younger watches what it did":  {plan("a", 0, corax.PlanRunning, done, waits), plan("b", 1, corax.PlanWatching, done), false, true},
		"the younger waits for its turn":   {plan("a", 0, corax.PlanRunning, done, comes), plan("b", 1, corax.PlanRunning, done, comes), true, false},
		"the older is being taken back":    {takenBack, plan("b", 1, corax.PlanRunning, done, comes), true, false},
		"they began at once: by their ids": {plan("a", 0, corax.PlanRunning, done, comes), plan("b", 0, corax.PlanRunning, done, comes), true, false},
	} {
		if got := goesFirst(tt.older, tt.younger, "x"); got != tt.olderIsFirst {
			t.Errorf("%s: the older goes first: %t", name, got)
		}
		if got := goesFirst(tt.younger, tt.older, "x"); got != tt.youngerIsFirst {
			t.Errorf("%s: the younger goes first: %t", name, got)
		}
	}
}

// A rule sees what is under way besides: here another plan's delivery to one of the group.
func TestConcurrencyInRules(t *testing.T) {
	b := newBench(t, func(o *Options) {
		o.Policy = func() corax.Policy {
			p := policy()
			p.Rules[0] = corax.Rule{Name: "one-at-a-time", When: "concurrency.group > 0", Then: corax.Deny, Because: "another one is being worked on"}
			return p
		}
	})
	b.store.earlier("a", time.Minute, "disk_full", theSteps()[3], corax.StepRunning, corax.PlanRunning)
	b.store.earlier("b", time.Minute, "disk_full", theSteps()[0], corax.StepDone, corax.PlanWatching)
	b.store.earlier("c", time.Minute, "disk_full", theSteps()[1], corax.StepDone, corax.PlanDone)
	b.run(theSteps()[2:3])
	b.escalation("another one is being worked on")
	b.ends(corax.PlanStopped, corax.ProblemOpen)
	for _, d := range b.store.Decisions {
		want := map[string]any{"plans": 2.0, "effects": 1.0, "action": 1.0, "group": 1.0} // as JSON has them
		if got, _ := d.Input["concurrency"].(map[string]any); !maps.Equal(got, want) {
			t.Errorf("it was decided from %v, not %v", got, want)
		}
	}
	if len(b.store.Decisions) == 0 {
		t.Error("nothing was decided")
	}
}
