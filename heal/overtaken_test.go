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
