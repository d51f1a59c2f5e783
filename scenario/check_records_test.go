package scenario

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"corax"
)

// healedSeen is a run of which there are records of every kind: a step that was asked for and done, work on site, notices, kills, and what the
// lab's own parts wrote down.
func healedSeen() *seen {
	s := rotationSeen()
	p := &s.problems[0]
	p.id = "prb-1"
	p.runs[0].Why = "every step is done"
	p.runs[0].Steps[0].Result, p.runs[0].Steps[0].Verified = "HTTP 200", "a new login is let in"
	s.decisions = []corax.Decision{{Plan: "pln-1", Step: "1", Verdict: corax.Ask, Rule: "disruptive", Why: "users may notice"}}
	s.requests = []corax.ApprovalRequest{
		{Problem: "prb-1", Action: "signing_key.reactivate", AskedAt: t0.Add(2 * time.Second), Answer: corax.Allow, By: "ann (token)"},
		{Problem: "prb-1", Action: "signing_key.reactivate", AskedAt: t0.Add(time.Second), Answer: corax.Deny, By: "nobody in time"},
		{Problem: "prb-2", Action: "service.restart", AskedAt: t0, Answer: corax.Deny, By: "bob"},
	}
	s.orders = []corax.WorkOrder{{ID: "wrk-1", Problem: "prb-1", State: corax.WorkVerified}, {ID: "wrk-2", Problem: "prb-2", State: corax.WorkExpired}}
	s.pages = []corax.Page{{
		Notices:    []corax.Notice{{ID: "n-1", Kind: corax.NoticeEscalated, Text: "user-7 does not answer"}},
		Deliveries: []corax.Delivery{{Notice: "n-1", Contact: "ada", State: corax.DeliverySent}},
	}}
	s.kills, s.searched = 4, 15
	s.records = []LabRecord{
		{Part: "auth-7", By: "corax", Event: "key_state", Detail: map[string]string{"kid": "k1", "to": "signing"}},
		{Part: "auth-7", By: "corax", Event: "delivery", Detail: map[string]string{"verifier": "user-7"}},
		{Part: "auth-7", By: "rotation", Event: "delivery", Detail: map[string]string{"verifier": "order-7"}},
	}
	return s
}

// Every check of the records holds for the right ones, and exactly the one in question fails for wrong ones.
func TestEachRecordCheckCanFail(t *testing.T) {
	outcome := func(o Outcome) Expect { return Expect{Outcome: o} }
	any := Outcome{Cascade: ptr(true)}
	step := StepEnd{Action: "signing_key.reactivate", Target: "auth", State: OneOf[corax.StepState]{corax.StepDone}, Says: "new login"}
	steps := outcome(Outcome{Steps: []StepEnd{step}})
	decided := outcome(Outcome{Decisions: []Decided{{Action: "signing_key.reactivate", Verdict: corax.Ask, Rule: "disruptive", Why: "notice"}}})
	approvals := outcome(Outcome{Approvals: []Approved{
		{Action: "signing_key.reactivate", Answer: corax.Deny, By: "nobody"}, {Action: "signing_key.reactivate", Answer: corax.Allow, By: "ann"}}})
	told := Expect{Outcome: any, Told: []Told{{Kind: corax.NoticeEscalated, Contact: "ada", Says: "user-7"}}}
	signs := Recorded{Event: "key_state", Part: "auth", By: "corax", With: map[string]string{"to": "signing"}}
	delivers := Recorded{Event: "delivery", By: "corax", With: map[string]string{"verifier": "user"}, Times: ptr(1)}
	records := Expect{Outcome: any, Records: []Recorded{signs, delivers}}
	for n, tt := range []struct {
		name   string // of the check
		expect Expect
		wrong  func(*seen)
	}{
		{"plan", outcome(Outcome{Plan: OneOf[corax.PlanState]{corax.PlanDone}}), func(s *seen) { s.problems[0].runs[0].State = corax.PlanStopped }},
		{"plans", outcome(Outcome{Plans: ptr(1)}), func(s *seen) { s.problems[0].runs = append(s.problems[0].runs, corax.PlanRun{}) }},
		{"step signing_key.reactivate auth", steps, func(s *seen) { s.problems[0].runs[0].Steps[0].State = corax.StepUnknown }},
		{"step signing_key.reactivate auth", steps, func(s *seen) { s.problems[0].runs[0].Steps[0].Target = "user-7" }},
		{"step signing_key.reactivate auth", steps, func(s *seen) { s.problems[0].runs[0].Steps[0].Verified = "nobody looked" }},
		{"decision signing_key.reactivate", decided, func(s *seen) { s.decisions[0].Verdict = corax.Allow }},
		{"decision signing_key.reactivate", decided, func(s *seen) { s.decisions[0].Rule = "default" }},
		{"decision signing_key.reactivate", decided, func(s *seen) { s.decisions[0].Why = "it is late" }},
		{"approvals", approvals, func(s *seen) { s.requests[0].By = "bob" }},
		{"approvals", approvals, func(s *seen) { s.requests[0].Answer = "" }},
		{"approvals", approvals, func(s *seen) { s.requests = s.requests[1:] }},
		{"approvals", approvals, func(s *seen) { s.requests[2].Problem = "prb-1" }}, // one more than expected
		{"work", outcome(Outcome{Work: corax.WorkVerified}), func(s *seen) { s.orders[0].State = corax.WorkDeclined }},
		{"work", outcome(Outcome{Work: corax.WorkVerified}), func(s *seen) { s.orders = s.orders[1:] }}, // another problem's
		{"told escalated", told, func(s *seen) { s.pages[0].Deliveries[0].State = corax.DeliveryFailed }},
		{"told escalated", told, func(s *seen) { s.pages[0].Deliveries[0].Contact = "uwe" }},
		{"told escalated", told, func(s *seen) { s.pages[0].Notices[0].Text = "somebody does not answer" }},
		{"kills", Expect{Outcome: any, Kills: 4}, func(s *seen) { s.kills = 3 }},
		{"record " + signs.String(), Expect{Outcome: any, Records: []Recorded{signs}}, func(s *seen) { s.records[0].By = "operator" }},
		{"record " + signs.String(), Expect{Outcome: any, Records: []Recorded{signs}}, func(s *seen) { s.records[0].Part = "user-7" }},
		{"record " + signs.String(), Expect{Outcome: any, Records: []Recorded{signs}}, func(s *seen) { s.records[0].Detail["to"] = "published" }},
		{"record " + delivers.String(), records, func(s *seen) { s.records = append(s.records, s.records[1]) }},
		{"records in order", records, func(s *seen) { slices.Reverse(s.records) }},
		{"secrets", Expect{Outcome: any}, func(s *seen) { s.leaks = []string{"corax.token in corax.db"} }},
		{"operations", Expect{Outcome: any}, func(s *seen) { s.missed = []string{"operate[0]"} }},
	} {
		t.Run(fmt.Sprintf("%d %s", n, tt.name), func(t *testing.T) {
			sc := Scenario{Lab: &LabSpec{Name: "jwt"}, Expect: tt.expect}
			s := healedSeen()
			if failed := failing(judge(sc, s)); len(failed) > 0 {
				t.Fatalf("the right answer fails: %v", failed)
			}
			tt.wrong(s)
			if failed := failing(judge(sc, s)); len(failed) != 1 || failed[0].Name != tt.name {
				t.Errorf("want only %s to fail, got %v", tt.name, failed)
			}
		})
	}
}

// A record that must not be there is no part of the order.
func TestARecordThatMustNotBeThere(t *testing.T) {
	never := Recorded{Event: "process_start", By: "corax", Times: ptr(0)}
	e := Expect{Outcome: Outcome{Cascade: ptr(true)}, Records: []Recorded{never, {Event: "delivery"}}}
	s := healedSeen()
	if failed := failing(judge(Scenario{Expect: e}, s)); len(failed) > 0 {
		t.Errorf("%v", failed)
	}
	s.records = append(s.records, LabRecord{Part: "supervisor", By: "corax", Event: "process_start"})
	if failed := failing(judge(Scenario{Expect: e}, s)); len(failed) != 1 || failed[0].Name != "record "+never.String() {
		t.Errorf("want the record to be found: %v", failed)
	}
}

// What the lab is told before it judges: when the switch was thrown and lifted, and what is said to be taken back.
func TestDeeds(t *testing.T) {
	s := healedSeen()
	from, to := t0.Add(time.Second), t0.Add(2*time.Second)
	s.stops = []Span{{Entity: "auth-7", From: from}}
	s.problems[0].runs[0].Steps = append(s.problems[0].runs[0].Steps,
		corax.StepRun{Step: "2", Target: "user-7", State: corax.StepUndone, StartedAt: &from, EndedAt: &to},
		corax.StepRun{Step: "3", Target: "order-7", State: corax.StepUnknown, StartedAt: &from, EndedAt: &to})
	d := s.deeds()
	if len(d.Stops) != 1 || len(d.Undone) != 1 || d.Undone[0] != (Span{Entity: "user-7", From: from, To: to}) {
		t.Errorf("%+v", d)
	}
}
