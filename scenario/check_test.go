package scenario

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"corax"
)

var t0 = time.Date(2026, 3, 30, 2, 0, 0, 0, time.UTC)

func after(d time.Duration) *time.Time {
	at := t0.Add(d)
	return &at
}

func ptr[T any](v T) *T { return &v }

// rotation is what a right answer to a failed rotation looks like.
func rotation() problemSeen {
	return problemSeen{
		diagnosis: corax.Diagnosis{
			Incidents: []string{"i1", "i2", "i3"}, Pattern: corax.Unknown, PatternConfidence: 0.93, Severity: corax.Critical, Confidence: 0.9,
			Cascade:   corax.Cascade{Cascading: true, Root: "auth-7", Affected: []string{"user-7", "order-7"}, Depth: 1},
			Links:     []corax.Link{{From: "i1", To: "i2"}, {From: "i2", To: "i3"}},
			RootCause: corax.RootCause{Entity: "auth-7", Mechanism: "key_used_before_distributed", Summary: "used too early"},
			Plan:      corax.Plan{Mode: corax.AutoHeal, Steps: []corax.Step{{ID: "1", Action: "signing_key.reactivate", Target: "auth-7"}}},
		},
		state: corax.ProblemClosed, openedAt: t0.Add(time.Second), detectedAt: after(2 * time.Second),
		healedAt: after(8 * time.Second), closedAt: after(30 * time.Second),
		runs: []corax.PlanRun{{
			Plan:  corax.Plan{ID: "pln-1", Mode: corax.AutoHeal, Steps: []corax.Step{{ID: "1", Action: "signing_key.reactivate", Target: "auth-7"}}},
			State: corax.PlanDone,
			Steps: []corax.StepRun{{Step: "1", Action: "signing_key.reactivate", Target: "auth-7", State: corax.StepDone}},
		}},
	}
}

func rotationSeen() *seen {
	return &seen{
		problems: []problemSeen{rotation()}, incidents: 3,
		injected:  []Injected{{At: t0, Fault: "partial_rotation"}},
		decisions: []corax.Decision{{Plan: "pln-1", Step: "1", Verdict: corax.Allow}},
		truth:     Truth{Served: true, Text: "35 of 35"},
		judgement: Judgement{Invariants: 10},
		entityOf:  func(role string) string { return role + "-7" },
	}
}

// Every check holds for the right answer, and exactly the one in question fails for a wrong one.
func TestEachCheckCanFail(t *testing.T) {
	page := corax.Event{Kind: corax.EventEscalated}
	tests := []struct {
		name   string // of the check
		expect Expect
		wrong  func(*seen)
	}{
		{"problems", Expect{Outcome: Outcome{Pattern: corax.Unknown}}, func(s *seen) { s.problems = append(s.problems, rotation()) }},
		{"problems", Expect{Outcome: Outcome{Pattern: corax.Unknown}, Problems: ptr(1)},
			func(s *seen) { s.problems = append(s.problems, rotation()) }},
		{"pattern", Expect{Outcome: Outcome{Pattern: corax.Unknown}}, func(s *seen) { s.problems[0].diagnosis.Pattern = "CONNECTION_REFUSED" }},
		{"severity", Expect{Outcome: Outcome{Severity: OneOf[corax.Severity]{corax.Critical}}},
			func(s *seen) { s.problems[0].diagnosis.Severity = corax.High }},
		{"severity", Expect{Outcome: Outcome{Severity: OneOf[corax.Severity]{corax.High, corax.Critical}}},
			func(s *seen) { s.problems[0].diagnosis.Severity = corax.SeverityNone }},
		{"correlation", Expect{Outcome: Outcome{Correlation: ptr(true)}}, func(s *seen) { s.problems[0].diagnosis.Links = nil }},
		{"correlation", Expect{Outcome: Outcome{Correlation: ptr(true)}}, // one of three hangs loose
			func(s *seen) { s.problems[0].diagnosis.Links = s.problems[0].diagnosis.Links[:1] }},
		{"cascade", Expect{Outcome: Outcome{Cascade: ptr(true)}}, func(s *seen) { s.problems[0].diagnosis.Cascade = corax.Cascade{} }},
		{"root_cause", Expect{Outcome: Outcome{RootCause: &RootCause{Entity: "auth"}}},
			func(s *seen) { s.problems[0].diagnosis.RootCause.Entity = "user-7" }},
		{"root_cause", Expect{Outcome: Outcome{RootCause: &RootCause{Mechanism: OneOf[string]{"key_used_before_distributed"}}}},
			func(s *seen) { s.problems[0].diagnosis.RootCause.Mechanism = "process_down" }},
		{"remediation", Expect{Outcome: Outcome{Remediation: corax.AutoHeal}}, func(s *seen) { s.problems[0].runs[0].Plan.Mode = corax.Manual }},
		{"end", Expect{Outcome: Outcome{End: EndClosed}}, func(s *seen) { s.problems[0].state = corax.ProblemHealed }},
		{"end", Expect{Outcome: Outcome{End: EndHealed}},
			func(s *seen) { s.problems[0].state, s.problems[0].healedAt = corax.ProblemContained, nil }},
		{"end", Expect{Outcome: Outcome{End: EndHealed}},
			func(s *seen) { s.problems[0].state, s.problems[0].healedAt = corax.ProblemResolved, nil }},
		{"escalated", Expect{Outcome: Outcome{Escalated: ptr(false)}}, func(s *seen) { s.problems[0].escalated = true }},
		{"detected_within", Expect{Outcome: Outcome{DetectedWithin: 2 * time.Second}},
			func(s *seen) { s.problems[0].detectedAt = after(2001 * time.Millisecond) }},
		{"healed_within", Expect{Outcome: Outcome{HealedWithin: 10 * time.Second}}, func(s *seen) { s.problems[0].healedAt = nil }},
		{"closed_within", Expect{Outcome: Outcome{ClosedWithin: 30 * time.Second}}, func(s *seen) { s.problems[0].closedAt = after(time.Minute) }},
		{"forbid_patterns", Expect{Outcome: Outcome{Cascade: ptr(true)}, Forbid: Forbid{Patterns: []string{"SERVER_ERROR"}}},
			func(s *seen) { s.problems[0].diagnosis.Pattern = "SERVER_ERROR" }},
		{"forbid_entities", Expect{Outcome: Outcome{Cascade: ptr(true)}, Forbid: Forbid{Entities: []string{"user"}}},
			func(s *seen) { s.problems[0].diagnosis.RootCause.Entity = "user-7" }},
		{"forbid_actions", Expect{Outcome: Outcome{Cascade: ptr(true)}, Forbid: Forbid{Actions: []string{"signing_key.destroy"}}},
			func(s *seen) { // planned
				s.problems[0].diagnosis.Plan.Steps = append(s.problems[0].diagnosis.Plan.Steps, corax.Step{Action: "signing_key.destroy"})
			}},
		{"forbid_actions", Expect{Outcome: Outcome{Cascade: ptr(true)}, Forbid: Forbid{Actions: []string{"signing_key.destroy"}}},
			func(s *seen) { // in a run without being planned
				s.problems[0].runs[0].Steps = append(s.problems[0].runs[0].Steps, corax.StepRun{Action: "signing_key.destroy", State: corax.StepPending})
			}},
		{"pages", Expect{Outcome: Outcome{Cascade: ptr(true)}, Pages: ptr(0)}, func(s *seen) { s.events = append(s.events, page) }},
		{"invariants", Expect{Outcome: Outcome{Cascade: ptr(true)}, Invariants: true},
			func(s *seen) { s.judgement.Violations = []string{"a key left too early"} }},
		{"invariants", Expect{Outcome: Outcome{Cascade: ptr(true)}, Invariants: true}, func(s *seen) { s.judgement = Judgement{} }}, // none was looked at
		{"truth", Expect{Outcome: Outcome{Cascade: ptr(true)}, Truth: true}, func(s *seen) { s.truth = Truth{Text: "12 of 35"} }},
		{"decisions", Expect{Outcome: Outcome{Cascade: ptr(true)}}, func(s *seen) { s.decisions = nil }},
		{"decisions", Expect{Outcome: Outcome{Cascade: ptr(true)}}, func(s *seen) { s.decisions[0].Verdict = corax.Deny }},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprintf("%d %s", i, tt.name), func(t *testing.T) {
			sc := Scenario{Lab: &LabSpec{Name: "jwt"}, Expect: tt.expect}
			s := rotationSeen()
			if failed := failing(judge(sc, s)); len(failed) > 0 {
				t.Fatalf("the right answer fails: %v", failed)
			}
			tt.wrong(s)
			failed := failing(judge(sc, s))
			if len(failed) != 1 || failed[0].Name != tt.name {
				t.Errorf("want only %s to fail, got %v", tt.name, failed)
			}
		})
	}
}

func failing(checks []Check) []Check {
	var failed []Check
	for _, c := range checks {
		if !c.OK {
			failed = append(failed, c)
		}
	}
	return failed
}

func TestNothingSeenFailsEveryExpectation(t *testing.T) {
	want := Outcome{
		Pattern: corax.Unknown, Severity: OneOf[corax.Severity]{corax.Critical}, Correlation: ptr(true), Cascade: ptr(false),
		RootCause: &RootCause{Entity: "auth"}, Remediation: corax.NoMode, End: EndNone, Escalated: ptr(false), Escalation: []string{"user"},
		DetectedWithin: time.Hour, HealedWithin: time.Hour, ClosedWithin: time.Hour,
	}
	s := &seen{entityOf: func(role string) string { return role }, injected: []Injected{{At: t0}}}
	checks := judge(Scenario{Expect: Expect{Outcome: want}}, s)
	if len(checks) != 13 || passing(checks) != 0 {
		t.Errorf("want 13 checks, none of them ok: %v", checks)
	}
}

func TestEscalationMustNameTheService(t *testing.T) {
	s := rotationSeen()
	p := &s.problems[0]
	p.state, p.escalated, p.escalation, p.healedAt, p.closedAt = corax.ProblemContained, true, "user-7 does not answer", nil, nil
	p.runs[0].State = corax.PlanBlocked
	e := Expect{Outcome: Outcome{End: EndContained, Escalated: ptr(true), Escalation: []string{"user"}}}
	if failed := failing(judge(Scenario{Expect: e}, s)); len(failed) > 0 {
		t.Errorf("right answer fails: %v", failed)
	}
	if !p.reached(e.Outcome) {
		t.Error("the end is not seen as reached")
	}
	p.escalation = "some service does not answer"
	if failed := failing(judge(Scenario{Expect: e}, s)); len(failed) != 1 || failed[0].Name != "escalation_names" {
		t.Errorf("want escalation_names to fail, got %v", failed)
	}
}

// A contained state on the way to health is not the end that is meant by contained.
func TestContainedIsAnEndOnlyOncePlanSettled(t *testing.T) {
	p := rotation()
	p.state, p.healedAt, p.closedAt = corax.ProblemContained, nil, nil
	p.runs[0].State = corax.PlanRunning
	if p.reached(Outcome{End: EndContained}) {
		t.Error("reached while the plan runs")
	}
	p.runs[0].State = corax.PlanBlocked
	if !p.reached(Outcome{End: EndContained}) {
		t.Error("not reached although the plan waits")
	}
}

func TestControl(t *testing.T) {
	sc := Scenario{Control: true, Lab: &LabSpec{Name: "jwt"}}
	quiet := func() *seen { return &seen{entityOf: func(role string) string { return role }} }
	if failed := failing(judge(sc, quiet())); len(failed) > 0 {
		t.Errorf("quiet fails: %v", failed)
	}
	for name, wrong := range map[string]func(*seen){
		"problems":  func(s *seen) { s.problems = []problemSeen{{}} },
		"incidents": func(s *seen) { s.incidents = 1 },
		"pages":     func(s *seen) { s.events = []corax.Event{{Kind: corax.EventApprovalAsked}} },
	} {
		s := quiet()
		wrong(s)
		if failed := failing(judge(sc, s)); len(failed) != 1 || failed[0].Name != name {
			t.Errorf("want %s to fail, got %v", name, failed)
		}
	}
	s := quiet()
	s.problems = []problemSeen{rotation()}
	if failed := failing(judge(sc, s)); !strings.Contains(fmt.Sprint(failed), "actions") {
		t.Errorf("a taken step passes: %v", failed)
	}
}

func TestApprovalCheck(t *testing.T) {
	asked := after(3 * time.Second)
	tests := []struct {
		seen approvalSeen
		ok   bool
	}{
		{approvalSeen{action: "service.restart", asked: asked}, true},
		{approvalSeen{action: "service.restart"}, false},
		{approvalSeen{action: "service.restart", asked: asked, early: true}, false},
		{approvalSeen{action: "service.restart", asked: asked, err: errors.New("expired")}, false},
	}
	for _, tt := range tests {
		s := rotationSeen()
		s.answered = []approvalSeen{tt.seen}
		failed := failing(judge(Scenario{Expect: Expect{Outcome: Outcome{Cascade: ptr(true)}}}, s))
		if (len(failed) == 0) != tt.ok {
			t.Errorf("%+v: %v", tt.seen, failed)
		}
	}
}

func TestTwoProblemsArePairedWithTwoExpectations(t *testing.T) {
	crash := problemSeen{diagnosis: corax.Diagnosis{Pattern: "CONNECTION_REFUSED", Severity: corax.High,
		RootCause: corax.RootCause{Entity: "payment-7", Mechanism: "process_down"}}}
	rot := rotation()
	rot.runs = nil
	e := Expect{Each: []Outcome{
		{Pattern: "CONNECTION_REFUSED", RootCause: &RootCause{Entity: "payment"}},
		{Pattern: corax.Unknown, RootCause: &RootCause{Entity: "auth"}},
	}}
	for _, order := range [][]problemSeen{{crash, rot}, {rot, crash}} {
		s := rotationSeen()
		s.problems = order
		if failed := failing(judge(Scenario{Expect: e}, s)); len(failed) > 0 {
			t.Errorf("right answers fail: %v", failed)
		}
	}
	s := rotationSeen()
	s.problems = []problemSeen{rot}
	var names []string
	for _, c := range failing(judge(Scenario{Expect: e}, s)) {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "problems problem_1.pattern problem_1.root_cause" {
		t.Errorf("one of two: %s", got)
	}
}

// The time of a second outage counts from the second injection.
func TestLimitCountsFromTheLatestInjectionBefore(t *testing.T) {
	s := rotationSeen()
	s.injected = append(s.injected, Injected{At: t0.Add(5 * time.Second)})
	s.problems[0].openedAt, s.problems[0].healedAt = t0.Add(6*time.Second), after(9*time.Second)
	c := checkOutcome(Outcome{HealedWithin: 5 * time.Second}, &s.problems[0], s)[0]
	if !c.OK || c.Actual != "4s" {
		t.Errorf("%+v", c)
	}
}

func TestExitCode(t *testing.T) {
	passed, failed, broken := Result{Verdict: Passed}, Result{Verdict: Failed}, Result{Verdict: Broken}
	tests := []struct {
		results     []Result
		unusable    []error
		interrupted bool
		want        int
	}{
		{nil, nil, false, 0},
		{[]Result{passed, passed}, nil, false, 0},
		{[]Result{passed, failed}, nil, false, 1},
		{[]Result{passed, broken}, nil, false, 1},
		{[]Result{failed}, []error{errors.New("x")}, false, 2},
		{[]Result{failed}, []error{errors.New("x")}, true, 130},
	}
	for _, tt := range tests {
		if got := ExitCode(tt.results, tt.unusable, tt.interrupted); got != tt.want {
			t.Errorf("%v: %d, want %d", tt, got, tt.want)
		}
	}
}

// A link may lead by way of something that is no incident of the problem.
func TestLinkedCountsIncidentsOnly(t *testing.T) {
	d := corax.Diagnosis{Incidents: []string{"i1", "i2"}, Links: []corax.Link{{From: "i1", To: "change"}, {From: "change", To: "i2"}}}
	if linked, whole := joined(d); linked != 2 || !whole {
		t.Errorf("%d %v", linked, whole)
	}
	d.Incidents = append(d.Incidents, "i3")
	if linked, whole := joined(d); linked != 2 || whole {
		t.Errorf("with one that hangs loose: %d %v", linked, whole)
	}
}
