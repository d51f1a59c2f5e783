package scenario

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corax"
)

// operated is a scenario of the rotation with things that people do, of which nothing is expected but its end.
func operated(t *testing.T, operate ...Operation) Scenario {
	t.Helper()
	sc := shipped(t, "jwt_signing_key_rotation_failure")
	sc.Operate, sc.Expect = operate, Expect{Outcome: Outcome{End: EndClosed}, Invariants: true}
	return sc
}

// Operations are carried out in their order, each once its time has come, and the lab is told of the kill switch.
func TestOperations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		scenes := slices.Concat(rotationScenes()[:3], []scene{{10 * time.Second, func(s *fakeSystem) {
			s.orders = append(s.orders, corax.WorkOrder{ID: "wrk-1", Problem: "prb-1", State: corax.WorkContacting})
			s.approvals = append(s.approvals, corax.ApprovalRequest{ID: "apr-1", Plan: "pln-1", Step: "9", Action: "signing_key.destroy", AskedAt: time.Now()})
			s.event(corax.Event{Kind: corax.EventApprovalAsked, Problem: "prb-1"})
		}}, {30 * time.Second, closed}})
		r, lab, system := newFake(t, scenes)
		system.approved = func(*fakeSystem) {}
		begun := time.Now()
		res := r.Run(t.Context(), operated(t,
			Operation{When: &When{Event: corax.EventHealed}, Stop: &Switch{Entity: "payment"}},
			Operation{Deny: &Reply{Action: "signing_key.destroy", By: OneOf[string]{"ann"}}},
			Operation{Work: &WorkReply{Answer: "accept", By: "uwe"}},
			Operation{When: &When{Event: corax.EventClosed}, Clear: &Switch{Entity: "payment"}},
			Operation{Break: &LaterFault{Fault: "part_replaced"}},
		))
		if res.Verdict != Passed {
			t.Errorf("%s %s: %v", res.Verdict, res.Error, failing(res.Checks))
		}
		if want := []string{"payment-7 true", "payment-7 false"}; !slices.Equal(system.switches, want) {
			t.Errorf("switches %v, want %v", system.switches, want)
		}
		if a := system.approvals[0]; a.Answer != corax.Deny || a.By != "ann" {
			t.Errorf("answered %+v", a)
		}
		if o := system.orders[0]; string(o.State) != "accept" || o.By != "uwe" {
			t.Errorf("work %+v", o)
		}
		if len(res.Injected) != 2 || res.Injected[1].Fault != "part_replaced" {
			t.Errorf("injected %+v", res.Injected)
		}
		if s := lab.deeds.Stops; len(s) != 1 || s[0].Entity != "payment-7" || s[0].From.Sub(begun) != 8*time.Second || s[0].To.Sub(begun) != 30*time.Second {
			t.Errorf("the lab was told of the stops %+v", s)
		}
		tornDown(t, r, lab, system)
	})
}

// What never comes is missed, and the check says which operation waited for it.
func TestAnOperationWhoseTimeNeverComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _, _ := newFake(t, rotationScenes())
		res := r.Run(t.Context(), operated(t, Operation{When: &When{Event: corax.EventHealed, Times: 2}, Stop: &Switch{}}))
		if failed := failing(res.Checks); len(failed) != 1 || failed[0].Name != "operations" || !strings.Contains(failed[0].Actual, "operate[0]") {
			t.Errorf("%s: %v", res.Error, failed)
		}
	})
}

// Corax is killed once at each state that a step comes to, or at random moments while a plan is at work, and as often as is said.
func TestKills(t *testing.T) {
	steps := func(n int, state string) scene {
		return scene{time.Duration(n) * time.Second, func(s *fakeSystem) {
			s.event(corax.Event{Kind: corax.EventStep, Plan: "pln-1", Step: "1", State: state})
		}}
	}
	for name, tt := range map[string]struct {
		kill KillSchedule
		want func(n int) bool
	}{
		"at each state":       {KillSchedule{}, func(n int) bool { return n == 3 }}, // running, done, and the one that acted makes, of no plan
		"twice":               {KillSchedule{Most: 2}, func(n int) bool { return n == 2 }},
		"at random":           {KillSchedule{Within: time.Second}, func(n int) bool { return n > 28 }}, // half a second each, while the plan runs
		"at random, so often": {KillSchedule{Within: time.Second, Most: 7}, func(n int) bool { return n == 7 }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, lab, system := newFake(t, []scene{{2 * time.Second, detected(rotation().diagnosis)}, {3 * time.Second, acted},
					steps(4, "running"), steps(5, "done"), steps(6, "running"), {8 * time.Second, healed}, {30 * time.Second, closed}})
				res := r.Run(t.Context(), operated(t, Operation{Kill: &tt.kill}))
				if res.Verdict != Passed || !tt.want(system.kills) {
					t.Errorf("%d kills; %s %s: %v", system.kills, res.Verdict, res.Error, failing(res.Checks))
				}
				tornDown(t, r, lab, system)
			})
		})
	}
}
