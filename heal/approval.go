package heal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"corax"
)

// approvalsEvery is how often a plan that waits for an answer looks for one that another process has stored.
const approvalsEvery = 500 * time.Millisecond

func approvalID(planID, stepID string) string { return corax.HashID("apr", planID, stepID) }

// asked is a request that was made, and where the problem stood before.
type asked struct {
	ID     string             `json:"id"`
	Before corax.ProblemState `json:"before"`
}

// ask records the request and shows that the plan waits for it.
func (h *Healer) ask(ctx context.Context, plan corax.Plan, s corax.Step, r ruling) (asked, error) {
	out := asked{ID: approvalID(plan.ID, s.ID)}
	problem, err := h.o.Store.Problem(ctx, plan.Problem)
	if err != nil {
		return out, err
	}
	if out.Before = problem.State; out.Before == corax.ProblemWaiting {
		out.Before = corax.ProblemHealing // asked before a crash
	}
	_, err = h.o.Store.Approval(ctx, out.ID)
	switch corax.CodeOf(err) {
	case "": // recorded before a crash
	case corax.NotFound:
		now := h.o.Clock.Now()
		req := corax.ApprovalRequest{
			ID: out.ID, Plan: plan.ID, Step: s.ID, Problem: plan.Problem, Action: s.Action, Target: s.Target,
			Why: title(s) + ". " + r.Why, AskedAt: now, ExpiresAt: now.Add(r.Expires), Risk: r.Risk, Needs: r.Needs,
			BreakGlass: r.BreakGlass, Quiet: r.Quiet,
		}
		shown, err := h.rehearse(ctx, plan, s)
		if err != nil {
			return out, err
		}
		req.Context = &shown
		if req.Proposer, err = h.proposer(ctx, req); err != nil {
			return out, err
		}
		people := ""
		if r.Needs > 1 {
			people = fmt.Sprintf(" of %d operators", r.Needs)
		}
		e := h.event(plan, s, corax.EventApprovalAsked, string(corax.StepAsking),
			fmt.Sprintf("Approval%s asked: %s (%s); no answer within %s means no", people, title(s), r.Why, r.Expires))
		e.Data = map[string]string{"approval": out.ID}
		if err := h.o.Store.SaveApproval(ctx, req, e); err != nil {
			return out, err
		}
	default:
		return out, err
	}
	text := "waits for approval: " + title(s)
	if err := h.setStep(ctx, plan, s, corax.StepAsking, "",
		func(run *corax.StepRun) { run.DecisionID = r.ID }); err != nil {
		return out, err
	}
	if err := h.setPlan(ctx, plan, corax.PlanAsking, text); err != nil {
		return out, err
	}
	if out.Before == corax.ProblemHealing || out.Before == corax.ProblemOpen || out.Before == corax.ProblemContained {
		return out, h.setProblem(ctx, plan, corax.ProblemWaiting)
	}
	return out, nil
}

// proposer is the person who has set a step in motion that needs two people: who let its plan go on. Empty where nobody has. An undo
// needs no such answer: the way back of an action is never destructive, and is not asked for.
func (h *Healer) proposer(ctx context.Context, req corax.ApprovalRequest) (string, error) {
	if req.Needs < 2 {
		return "", nil
	}
	run, err := h.o.Store.PlanRun(ctx, req.Plan)
	if err != nil || run.Resumed == nil {
		return "", err
	}
	return run.Resumed.By, nil
}

// reply is how a request ended.
type reply struct {
	Verdict corax.Verdict `json:"verdict"`
	By      string        `json:"by"`
	Ended   ended         `json:"ended"`
}

// awaitAnswer waits for the answer, the expiry, a stop, or the plan's withdrawal.
func (h *Healer) awaitAnswer(ctx context.Context, plan corax.Plan, root string, a asked) (reply, error) {
	tied, untie := h.stops.tie(ctx, root)
	defer untie()
	for {
		rung := h.bell.rung()
		if end, err := h.planOver(tied, ctx, plan.ID); err != nil || end.any() {
			if end.any() {
				h.closeApproval(ctx, a.ID, cmp.Or(end.Stop, "the plan's end"))
			}
			return reply{Ended: end}, err
		}
		req, err := h.o.Store.Approval(ctx, a.ID)
		if err != nil {
			return reply{}, err
		}
		if req.Answer != "" {
			return reply{Verdict: req.Answer, By: req.By}, h.resumed(ctx, plan, a)
		}
		left := req.ExpiresAt.Sub(h.o.Clock.Now())
		if left <= 0 {
			if err := h.deny(ctx, req, "nobody in time"); err != nil && corax.CodeOf(err) != corax.Conflict {
				return reply{}, err
			}
			continue // read back what holds: an answer may have come first
		}
		_ = pause(tied, min(left, approvalsEvery), rung)
		if ctx.Err() != nil {
			return reply{}, ctx.Err()
		}
	}
}

// resumed puts plan and problem back to where they were before the question.
func (h *Healer) resumed(ctx context.Context, plan corax.Plan, a asked) error {
	if err := h.setPlan(ctx, plan, corax.PlanRunning, ""); err != nil {
		return err
	}
	p, err := h.o.Store.Problem(ctx, plan.Problem)
	if err != nil || p.State != corax.ProblemWaiting {
		return err
	}
	return h.setProblem(ctx, plan, a.Before)
}

// answer stores an answer with its event.
func (h *Healer) answer(ctx context.Context, req corax.ApprovalRequest, a corax.Answer) (corax.ApprovalRequest, error) {
	word := map[corax.Verdict]string{corax.Allow: "Approved", corax.Deny: "Denied"}[a.Verdict]
	if a.Verdict == corax.Allow && req.Needs > 1 {
		word += fmt.Sprintf(" (%d people are needed)", req.Needs)
	}
	via := ""
	if a.Via == corax.ViaLink || a.Via == corax.ViaToken {
		via = " (" + string(a.Via) + ")"
	}
	return h.o.Store.AnswerApproval(ctx, req.ID, a, corax.Event{
		At: a.At, Kind: corax.EventApprovalAnswered, Entity: req.Target, Problem: req.Problem, Plan: req.Plan,
		Step: req.Step, State: string(a.Verdict),
		Text: h.o.Redactor.Redact(fmt.Sprintf("%s by %s%s: %s on %s", word, a.Name, via, req.Action, req.Target)),
		Data: map[string]string{"approval": req.ID},
	})
}

// stillDeclared is Forbidden where the emergency is over without which a request would not have been made as it is.
func (h *Healer) stillDeclared(ctx context.Context, req corax.ApprovalRequest, at time.Time) error {
	inForce, err := h.o.Store.BreakGlasses(ctx, at)
	if err != nil || slices.ContainsFunc(inForce, func(b corax.BreakGlass) bool { return b.ID == req.BreakGlass && b.EndedAt == nil }) {
		return err
	}
	return &corax.Error{Code: corax.Forbidden, Op: "answer approval " + req.ID, Err: errors.New("the emergency that it was asked under is over"),
		Hint: "deny it; what is needed all the same is asked anew by the next plan"}
}

// deny answers a request that no person has answered.
func (h *Healer) deny(ctx context.Context, req corax.ApprovalRequest, why string) error {
	_, err := h.answer(ctx, req, corax.Answer{Actor: corax.Actor{Name: why}, Verdict: corax.Deny, At: h.o.Clock.Now()})
	return err
}

// closeApprovals denies what was asked for a plan that has ended: a yes would be taken, and nothing come of it.
func (h *Healer) closeApprovals(ctx context.Context, plan corax.Plan, why string) {
	for _, s := range plan.Steps {
		h.closeApproval(ctx, approvalID(plan.ID, s.ID), why)
	}
}

// closeApproval denies a request that nobody needs to answer any more.
func (h *Healer) closeApproval(ctx context.Context, id, why string) {
	req, err := h.o.Store.Approval(ctx, id)
	if err != nil || req.Answer != "" {
		return
	}
	if err := h.deny(ctx, req, why); err != nil && corax.CodeOf(err) != corax.Conflict {
		h.o.Log.Error("a request for approval could not be closed", "approval", id, "error", err)
	}
}
