package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"corax"
	"corax/audit"
	"corax/store"
)

// testAudit holds the chain against everything that leaves an entry.
func testAudit(t *testing.T, s Store) {
	ctx := t.Context()
	plan := corax.Plan{ID: "pln-1", Problem: "prb-1", Mode: corax.AutoHeal, Steps: []corax.Step{{ID: "1", Action: "restart", Target: "svc"}}}
	run := corax.PlanRun{Plan: plan, State: corax.PlanRunning, StartedAt: Now(),
		Steps: []corax.StepRun{{Step: "1", Action: "restart", Target: "svc", State: corax.StepPending}}}
	ok(t, s.SaveProblem(ctx, corax.Problem{ID: "prb-1", State: corax.ProblemOpen, OpenedAt: Now()}, &run, nil))
	decision := corax.Decision{ID: "dec-1", At: Now(), Plan: "pln-1", Step: "1", Verdict: corax.Ask, Rule: "careful"}
	ok(t, s.SaveDecision(ctx, decision))
	ok(t, s.SaveDecision(ctx, decision)) // again: no second entry
	request := corax.ApprovalRequest{ID: "apr-1", Plan: "pln-1", Step: "1", Problem: "prb-1", Action: "restart", Target: "svc",
		AskedAt: Now(), ExpiresAt: Now().Add(time.Minute)}
	ok(t, s.SaveApproval(ctx, request))
	must(s.AnswerApproval(ctx, "apr-1", corax.Answer{Actor: corax.Actor{Name: "ada", Via: corax.ViaToken}, Verdict: corax.Allow, At: Now()}))(t)
	if _, err := s.AnswerApproval(ctx, "apr-1", corax.Answer{Actor: corax.Actor{Name: "eve"}, Verdict: corax.Deny, At: Now()}); err == nil {
		t.Error("answered twice")
	}
	must(s.UpdatePlanRun(ctx, "pln-1", func(r *corax.PlanRun) error {
		r.State, r.Steps[0].State, r.Steps[0].Attempts = corax.PlanWatching, corax.StepRunning, 1
		return nil
	}))(t)
	refused := errors.New("no")
	if _, err := s.UpdatePlanRun(ctx, "pln-1", func(*corax.PlanRun) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("%v", err)
	}
	ok(t, s.SetStop(ctx, "svc", "smoke", "bob", Now()))
	ok(t, s.ClearStop(ctx, "svc", "ada"))
	ok(t, s.ClearStop(ctx, "svc", "ada")) // is not thrown: nothing is done
	ok(t, s.SaveSilence(ctx, corax.Silence{ID: "sil-1", Owner: "bob", StartsAt: Now(), EndsAt: Now().Add(time.Hour)}))
	ok(t, s.EndSilence(ctx, "sil-1", "ann"))
	ok(t, s.AppendAudit(ctx, corax.AuditEntry{At: Now(), Who: "corax", What: corax.AuditSecret, On: "vault:db", Detail: map[string]string{"for": "x"}}))
	ok(t, s.SaveCap(ctx, corax.Cap{Action: "restart", Class: "service", Level: corax.Approve, By: "ada", Reason: "audit", At: Now()}))
	outcome := corax.Outcome{ID: "out-1", Action: "restart", Class: "service", Ground: corax.InScenario, Verified: true, At: Now()}
	ok(t, s.SaveOutcome(ctx, outcome))
	ok(t, s.SaveOutcome(ctx, outcome)) // known: no second entry
	glass := corax.BreakGlass{ID: "brk-1", By: "ada", At: Now(), ExpiresAt: Now().Add(time.Hour)}
	ok(t, s.SaveBreakGlass(ctx, glass))
	ended := Now()
	glass.EndedAt, glass.EndedBy = &ended, "bob"
	ok(t, s.SaveBreakGlass(ctx, glass))
	accept := func(o *corax.WorkOrder) error {
		o.State, o.Log = corax.WorkAccepted, []corax.WorkEntry{{At: Now(), State: corax.WorkAccepted, By: "uwe", Text: "uwe does it"}}
		return nil
	}
	must(s.ChangeWorkOrder(ctx, "wrk-1", accept))(t)
	must(s.ChangeWorkOrder(ctx, "wrk-1", accept))(t) // the same state: no second entry

	want := []struct {
		who    string
		what   corax.AuditKind
		on     string
		inputs bool
	}{
		{"corax", corax.AuditPlanMade, "plan/pln-1", true},
		{"rule careful", corax.AuditDecided, "decision/dec-1", true},
		{"corax", corax.AuditAsked, "approval/apr-1", true},
		{"ada", corax.AuditAnswered, "approval/apr-1", true},
		{"corax", corax.AuditPlan, "plan/pln-1", true},
		{"bob", corax.AuditStopSet, "stop/svc", false},
		{"ada", corax.AuditStopClear, "stop/svc", false},
		{"bob", corax.AuditSilenced, "silence/sil-1", true},
		{"ann", corax.AuditUnsilence, "silence/sil-1", true},
		{"corax", corax.AuditSecret, "vault:db", false},
		{"ada", corax.AuditCap, "cap/restart/service", true},
		{"corax", corax.AuditOutcome, "outcome/out-1", true},
		{"ada", corax.AuditBreakGlass, "emergency/brk-1", true},
		{"bob", corax.AuditBreakGlass, "emergency/brk-1", true},
		{"uwe", corax.AuditWork, "work/wrk-1", true},
	}
	rows := must(s.Audit(ctx, store.AuditFilter{}))(t)
	if len(rows) != len(want) {
		t.Fatalf("%d entries, expected %d: %+v", len(rows), len(want), rows)
	}
	for i, r := range rows {
		e, err := r.Entry()
		ok(t, err)
		if w := want[i]; e.Who != w.who || e.What != w.what || e.On != w.on || (e.Inputs != "") != w.inputs || e.Seq != int64(i+1) {
			t.Errorf("entry %d: %+v, expected %+v", i+1, e, w)
		}
	}
	if e, _ := rows[4].Entry(); e.Detail["state"] != "running -> watching" || e.Detail["step 1"] != "restart on svc: pending -> running, attempt 1" {
		t.Errorf("the plan's change: %v", e.Detail)
	}
	equal(t, "head", s.AuditHead(), rows[len(rows)-1].Head())
	if report := audit.Verify(audit.Claim{Rows: rows}); !report.OK {
		t.Errorf("the chain: %v", report.Problems)
	}
	equal(t, "of the problem", len(must(s.Audit(ctx, store.AuditFilter{Problem: "prb-1"}))(t)), 5)
	equal(t, "a page", len(must(s.Audit(ctx, store.AuditFilter{After: 3, Limit: 2}))(t)), 2)
}

func testPruneAudit(t *testing.T, s Store) {
	ctx := context.WithoutCancel(t.Context())
	for range 5 {
		ok(t, s.AppendAudit(ctx, corax.AuditEntry{At: Now(), Who: "corax", What: corax.AuditReloaded, On: "config"}))
	}
	rows := must(s.Audit(ctx, store.AuditFilter{}))(t)
	hasCode(t, "another entry than the anchored one", s.PruneAudit(ctx, audit.Head{Seq: 3, Hash: rows[1].Hash}, Now()), corax.Conflict)
	ok(t, s.PruneAudit(ctx, rows[2].Head(), Now()))
	ok(t, s.PruneAudit(ctx, rows[2].Head(), Now())) // is gone already
	ok(t, s.PruneAudit(ctx, s.AuditHead(), Now()))  // the end is never pruned
	left := must(s.Audit(ctx, store.AuditFilter{}))(t)
	if len(left) != 3 || left[0].Seq != 4 || left[2].What != corax.AuditPruned {
		t.Errorf("left: %+v", left)
	}
}
