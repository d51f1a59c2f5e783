package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"corax"
	"corax/store"
)

func problem(id string, after time.Duration) corax.Problem {
	return corax.Problem{ID: id, State: corax.ProblemOpen, Incidents: []string{}, OpenedAt: Now().Add(after), UpdatedAt: Now().Add(after)}
}

func planRun(id, problem string, state corax.PlanState, after time.Duration) *corax.PlanRun {
	return &corax.PlanRun{Plan: corax.Plan{ID: id, Problem: problem, Mode: corax.AutoHeal}, State: state, StartedAt: Now().Add(after)}
}

func problemID(p corax.Problem) string { return p.ID }
func planID(r corax.PlanRun) string    { return r.Plan.ID }
func eventText(e corax.Event) string   { return e.Text }

func testProblems(t *testing.T, s Store) {
	ctx := t.Context()
	first, second := problem("p1", 0), problem("p2", time.Minute)
	first.Plan = "pl1"
	ok(t, s.SaveProblem(ctx, first, planRun("pl1", "p1", corax.PlanRunning, 0), []corax.Event{{Problem: "p1", Text: "opened"}}))
	ok(t, s.SaveProblem(ctx, second, nil, nil))
	same(t, "p1", must(s.Problem(ctx, "p1"))(t), first)
	same(t, "its plan", must(s.PlanRun(ctx, "pl1"))(t), *planRun("pl1", "p1", corax.PlanRunning, 0))
	same(t, "its events", ids(must(s.Events(ctx, store.EventFilter{Problem: "p1"}))(t), eventText), []string{"opened"})

	first.State = corax.ProblemClosed
	ok(t, s.SaveProblem(ctx, first, nil, nil)) // without a plan, the plan stays
	must(s.PlanRun(ctx, "pl1"))(t)
	same(t, "open", ids(must(s.Problems(ctx, store.ProblemFilter{Open: true}))(t), problemID), []string{"p2"})
	equal(t, "how many are open", must(s.OpenProblems(ctx))(t), 1)
	same(t, "all", ids(must(s.Problems(ctx, store.ProblemFilter{}))(t), problemID), []string{"p2", "p1"})
	same(t, "the newest", ids(must(s.Problems(ctx, store.ProblemFilter{Limit: 1}))(t), problemID), []string{"p2"})
}

func testUpdates(t *testing.T, s Store) {
	ctx := t.Context()
	ok(t, s.SaveProblem(ctx, problem("p1", 0), planRun("pl1", "p1", corax.PlanRunning, 0), nil))
	refusal := errors.New("not now")
	note := corax.Event{Problem: "p1", Text: "changed"}

	_, err := s.UpdateProblem(ctx, "p1", func(p *corax.Problem) error { p.State = corax.ProblemClosed; return refusal }, note)
	if !errors.Is(err, refusal) {
		t.Errorf("a refused change of a problem: %v", err)
	}
	_, err = s.UpdatePlanRun(ctx, "pl1", func(r *corax.PlanRun) error { r.State = corax.PlanDone; return refusal }, note)
	if !errors.Is(err, refusal) {
		t.Errorf("a refused change of a plan: %v", err)
	}
	equal(t, "state of p1", must(s.Problem(ctx, "p1"))(t).State, corax.ProblemOpen)
	equal(t, "state of pl1", must(s.PlanRun(ctx, "pl1"))(t).State, corax.PlanRunning)
	equal(t, "events", len(must(s.Events(ctx, store.EventFilter{}))(t)), 0)

	p := must(s.UpdateProblem(ctx, "p1", func(p *corax.Problem) error { p.State, p.ID = corax.ProblemHealing, "other"; return nil }, note))(t)
	equal(t, "changed", p.State, corax.ProblemHealing)
	same(t, "stored", must(s.Problem(ctx, "p1"))(t), p)
	r := must(s.UpdatePlanRun(ctx, "pl1", func(r *corax.PlanRun) error { r.State = corax.PlanDone; return nil }, note))(t)
	same(t, "stored", must(s.PlanRun(ctx, "pl1"))(t), r)
	equal(t, "events", len(must(s.Events(ctx, store.EventFilter{}))(t)), 2)
}

func testPlans(t *testing.T, s Store) {
	ctx := t.Context()
	ok(t, s.SaveProblem(ctx, problem("p1", 0), planRun("pl1", "p1", corax.PlanRunning, 0), nil))
	ok(t, s.SaveProblem(ctx, problem("p2", 0), planRun("pl2", "p2", corax.PlanAsking, time.Second), nil))
	ok(t, s.SaveProblem(ctx, problem("p3", 0), planRun("pl3", "p3", corax.PlanDone, 2*time.Second), nil))
	same(t, "all", ids(must(s.PlanRuns(ctx))(t), planID), []string{"pl1", "pl2", "pl3"})
	same(t, "unfinished", ids(must(s.PlanRuns(ctx, corax.PlanAsking, corax.PlanRunning))(t), planID), []string{"pl1", "pl2"})

	d := corax.Decision{ID: "d1", At: Now(), Plan: "pl1", Step: "1", Verdict: corax.Allow, Rule: "lab", Input: map[string]any{"risk": "read"}}
	ok(t, s.SaveDecision(ctx, d, corax.Event{Plan: "pl1", Text: "allowed"}))
	again := d
	again.Verdict = corax.Deny
	ok(t, s.SaveDecision(ctx, again, corax.Event{Plan: "pl1", Text: "denied"}))
	ok(t, s.SaveDecision(ctx, corax.Decision{ID: "d0", At: Now(), Plan: "pl1", Verdict: corax.Ask}))
	found := must(s.Decisions(ctx, "pl1"))(t)
	same(t, "decisions", ids(found, func(d corax.Decision) string { return d.ID }), []string{"d1", "d0"})
	same(t, "the first", found[0], d)
	same(t, "events", ids(must(s.Events(ctx, store.EventFilter{Plan: "pl1"}))(t), eventText), []string{"allowed"})
	equal(t, "decisions of another", len(must(s.Decisions(ctx, "pl2"))(t)), 0)
}

func testApprovals(t *testing.T, s Store) {
	ctx := t.Context()
	request := func(id string, after time.Duration) corax.ApprovalRequest {
		return corax.ApprovalRequest{ID: id, Plan: "pl1", Step: id, AskedAt: Now().Add(after), ExpiresAt: Now().Add(after + time.Minute)}
	}
	for i, id := range []string{"a1", "a2", "a3"} {
		ok(t, s.SaveApproval(ctx, request(id, time.Duration(i)*time.Second), corax.Event{Plan: "pl1", Text: id}))
	}
	soon, late := Now().Add(time.Second), Now().Add(time.Hour)

	answer := func(v corax.Verdict, name string, via corax.Via, at time.Time) corax.Answer {
		return corax.Answer{Actor: corax.Actor{Name: name, Via: via}, Verdict: v, At: at}
	}
	yes := answer(corax.Allow, "ada", corax.ViaLocal, soon)

	a := must(s.AnswerApproval(ctx, "a1", yes, corax.Event{Plan: "pl1", Text: "answered"}))(t)
	want := request("a1", 0)
	want.Answer, want.By, want.AnsweredAt, want.Consents = corax.Allow, "ada", &soon, []corax.Answer{yes}
	same(t, "answered", a, want)
	_, err := s.AnswerApproval(ctx, "a1", answer(corax.Deny, "bob", corax.ViaLocal, soon), corax.Event{Plan: "pl1", Text: "never"})
	hasCode(t, "a second answer", err, corax.Conflict)
	_, err = s.AnswerApproval(ctx, "a2", answer(corax.Allow, "ada", corax.ViaLocal, request("a2", time.Second).ExpiresAt))
	hasCode(t, "a yes when its time is up", err, corax.Conflict)
	must(s.AnswerApproval(ctx, "a2", answer(corax.Deny, "nobody in time", corax.ViaLocal, late)))(t)
	_, err = s.AnswerApproval(ctx, "a3", answer("perhaps", "ada", corax.ViaLocal, soon))
	hasCode(t, "an answer that is none", err, corax.Invalid)

	two := request("a4", 3*time.Second)
	two.Needs = 2
	ok(t, s.SaveApproval(ctx, two))
	half := must(s.AnswerApproval(ctx, "a4", answer(corax.Allow, "ada", corax.ViaToken, soon)))(t)
	equal(t, "after one of two", half.Answer, "")
	same(t, "stored", must(s.Approval(ctx, "a4"))(t), half)
	equal(t, "after both", must(s.AnswerApproval(ctx, "a4", answer(corax.Allow, "bob", corax.ViaToken, soon)))(t).By, "ada and bob")

	ok(t, s.SaveApproval(ctx, request("a1", time.Hour), corax.Event{Plan: "pl1", Text: "again"})) // asked again after a crash
	same(t, "a1", must(s.Approval(ctx, "a1"))(t), want)
	same(t, "events", ids(must(s.Events(ctx, store.EventFilter{Plan: "pl1"}))(t), eventText), []string{"a1", "a2", "a3", "answered"})
	id := func(a corax.ApprovalRequest) string { return a.ID }
	same(t, "open", ids(must(s.Approvals(ctx, true))(t), id), []string{"a3"})
	same(t, "all", ids(must(s.Approvals(ctx, false))(t), id), []string{"a1", "a2", "a3", "a4"})
}

func testMissing(t *testing.T, s Store) {
	ctx := t.Context()
	for what, call := range map[string]func() error{
		"Incident":       func() error { _, err := s.Incident(ctx, "x"); return err },
		"Problem":        func() error { _, err := s.Problem(ctx, "x"); return err },
		"PlanRun":        func() error { _, err := s.PlanRun(ctx, "x"); return err },
		"Approval":       func() error { _, err := s.Approval(ctx, "x"); return err },
		"AnswerApproval": func() error { _, err := s.AnswerApproval(ctx, "x", corax.Answer{}); return err },
		"BreakGlass":     func() error { _, err := s.BreakGlass(ctx, "x"); return err },
		"EndSilence":     func() error { return s.EndSilence(ctx, "x", "ann") },
		"UpdateProblem": func() error {
			_, err := s.UpdateProblem(ctx, "x", func(*corax.Problem) error { return nil })
			return err
		},
		"UpdatePlanRun": func() error {
			_, err := s.UpdatePlanRun(ctx, "x", func(*corax.PlanRun) error { return nil })
			return err
		},
	} {
		hasCode(t, what, call(), corax.NotFound)
	}
}

func testNoID(t *testing.T, s Store) {
	ctx := t.Context()
	hasCode(t, "problem", s.SaveProblem(ctx, corax.Problem{}, nil, nil), corax.Invalid)
	hasCode(t, "plan", s.SaveProblem(ctx, problem("p1", 0), &corax.PlanRun{}, nil), corax.Invalid)
	hasCode(t, "decision", s.SaveDecision(ctx, corax.Decision{}), corax.Invalid)
	hasCode(t, "approval", s.SaveApproval(ctx, corax.ApprovalRequest{}), corax.Invalid)
	hasCode(t, "silence", s.SaveSilence(ctx, corax.Silence{}), corax.Invalid)
	hasCode(t, "incident", s.CommitTriage(ctx, store.TriageBatch{Incidents: []corax.Incident{{}}}), corax.Invalid)
}

func testEmergencies(t *testing.T, s Store) {
	ctx := t.Context()
	glass := func(id string, length time.Duration) corax.BreakGlass {
		return corax.BreakGlass{ID: id, Scope: "db", By: "ada", Reason: "outage", At: Now(), ExpiresAt: Now().Add(length)}
	}
	ok(t, s.SaveBreakGlass(ctx, glass("g1", time.Minute), corax.Event{Text: "declared"}))
	ok(t, s.SaveBreakGlass(ctx, glass("g2", time.Hour)))
	id := func(b corax.BreakGlass) string { return b.ID }
	same(t, "in force", ids(must(s.BreakGlasses(ctx, Now()))(t), id), []string{"g1", "g2"})
	same(t, "in force later", ids(must(s.BreakGlasses(ctx, Now().Add(time.Minute)))(t), id), []string{"g2"})
	ended, soon := glass("g2", time.Hour), Now().Add(time.Second)
	ended.EndedAt = &soon
	ok(t, s.SaveBreakGlass(ctx, ended))
	same(t, "g2", must(s.BreakGlass(ctx, "g2"))(t), ended)
	equal(t, "in force after its end", len(must(s.BreakGlasses(ctx, Now().Add(time.Minute)))(t)), 0)
	same(t, "all", ids(must(s.BreakGlasses(ctx, time.Time{}))(t), id), []string{"g1", "g2"})
	equal(t, "events", len(must(s.Events(ctx, store.EventFilter{}))(t)), 1)
	hasCode(t, "without an id", s.SaveBreakGlass(ctx, corax.BreakGlass{}), corax.Invalid)
}

func testAutonomy(t *testing.T, s Store) {
	ctx := t.Context()
	outcome := func(id, class string, after time.Duration, ok bool) corax.Outcome {
		return corax.Outcome{ID: id, At: Now().Add(after), Action: "restart", Class: class, Ground: corax.InProduction, Verified: ok}
	}
	ok(t, s.SaveOutcome(ctx, outcome("o2", "service", time.Second, false)))
	ok(t, s.SaveOutcome(ctx, outcome("o1", "service", 0, true)))
	ok(t, s.SaveOutcome(ctx, outcome("o3", "device", 0, true)))
	ok(t, s.SaveOutcome(ctx, outcome("o1", "service", 0, false))) // kept again after a crash
	hasCode(t, "without an id", s.SaveOutcome(ctx, corax.Outcome{}), corax.Invalid)
	same(t, "of a class", must(s.Outcomes(ctx, "restart", "service"))(t),
		[]corax.Outcome{outcome("o1", "service", 0, true), outcome("o2", "service", time.Second, false)})
	equal(t, "all", len(must(s.Outcomes(ctx, "", ""))(t)), 3)
	for _, c := range []struct {
		filter store.OutcomeFilter
		want   []string
	}{
		{store.OutcomeFilter{}, []string{"o2", "o3", "o1"}},
		{store.OutcomeFilter{Failed: true}, []string{"o2"}},
		{store.OutcomeFilter{Action: "restart", Class: "service"}, []string{"o2", "o1"}},
		{store.OutcomeFilter{Class: "device"}, []string{"o3"}},
		{store.OutcomeFilter{Action: "nosuch"}, []string{}},
		{store.OutcomeFilter{Ground: corax.InScenario}, []string{}},
		{store.OutcomeFilter{Action: "restart", Entity: "nosuch"}, []string{}},
	} {
		same(t, fmt.Sprintf("outcomes %+v", c.filter), ids(must(s.FindOutcomes(ctx, c.filter))(t), func(o corax.Outcome) string { return o.ID }), c.want)
	}

	c := corax.Cap{Action: "restart", Class: "service", Level: corax.Approve, By: "ada", Reason: "audit", At: Now()}
	ok(t, s.SaveCap(ctx, c, corax.Event{Text: "capped"}))
	same(t, "caps", must(s.Caps(ctx))(t), []corax.Cap{c})
	c.Level = corax.Observe
	ok(t, s.SaveCap(ctx, c))
	same(t, "changed", must(s.Caps(ctx))(t), []corax.Cap{c})
	c.Level = ""
	ok(t, s.SaveCap(ctx, c))
	equal(t, "taken away", len(must(s.Caps(ctx))(t)), 0)

	ok(t, s.SaveProblem(ctx, problem("p1", 0), planRun("old", "p1", corax.PlanDone, 0), nil))
	ok(t, s.SaveProblem(ctx, problem("p2", 0), planRun("asking", "p2", corax.PlanAsking, 0), nil))
	ok(t, s.SaveProblem(ctx, problem("p3", 0), planRun("new", "p3", corax.PlanDone, time.Hour), nil))
	same(t, "recent or at work", ids(must(s.PlanRunsSince(ctx, Now().Add(time.Minute)))(t), planID), []string{"asking", "new"})
}
