package heal

import (
	"context"
	"time"

	"corax"
	"corax/heal/execute"
)

// Rehearse says what carrying out each step of a plan would come to as things are now: it reads, asks the pre-check and
// the policy, and changes and records nothing. A later step may look refused only because an earlier one has not run.
func (h *Healer) Rehearse(ctx context.Context, planID string) ([]corax.Rehearsal, error) {
	run, err := h.o.Store.PlanRun(ctx, planID)
	if err != nil {
		return nil, err
	}
	out := make([]corax.Rehearsal, 0, len(run.Plan.Steps))
	for _, s := range run.Plan.Steps {
		r, err := h.rehearse(ctx, run.Plan, s)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, ctx.Err()
}

func (h *Healer) rehearse(ctx context.Context, plan corax.Plan, s corax.Step) (corax.Rehearsal, error) {
	r := corax.Rehearsal{Step: s.ID, Action: s.Action, Target: s.Target, Finding: string(refused), Undo: "it can't be undone"}
	j, refusal, err := h.jobOf(ctx, plan, s, nil)
	if err != nil || refusal != "" {
		r.Text = refusal
		return r, err
	}
	l, found := h.prepare(ctx, j, h.o.Clock.Now())
	r.Finding, r.Text = string(l.Finding), l.Text
	for _, c := range j.action.Precheck {
		why := h.condition(ctx, c, j.vars(h.o.Clock.Now(), found))
		r.Prechecks = append(r.Prechecks, corax.Precheck{That: c.That, Holds: why == "", Why: why})
	}
	c, err := h.circumstances(ctx, j)
	if err != nil {
		return r, err
	}
	ruled, rule := h.rulesOn(ctx, j, c)
	r.Verdict, r.Rule, r.Why = ruled.Verdict, rule.Name, h.o.Redactor.Redact(ruled.Why)
	r.Effect = h.o.Redactor.Redact(h.wouldSend(ctx, j, found, c.now))
	for _, c := range j.action.Verify {
		r.Verify = append(r.Verify, c.That)
	}
	if inv := j.action.Inverse; inv != nil {
		r.Undo = inv.Action + " on " + s.Target
	}
	return r, nil
}

// wouldSend is an effect for people, as it would be with these facts.
func (h *Healer) wouldSend(ctx context.Context, j job, found facts, now time.Time) string {
	if execute.Empty(j.action.Effect) {
		return ""
	}
	text, err := h.calls.Describe(j.action.Effect, h.values(ctx, j.vars(now, found)))
	if err != nil {
		return "can't be told yet: " + err.Error()
	}
	return text
}

// Replay asks a policy again about each decision on record, with the input that it was made from, and says where the
// answer differs. It reads nothing but the records given.
func (h *Healer) Replay(ctx context.Context, decisions []corax.Decision, policy corax.Policy) []corax.Replayed {
	out := make([]corax.Replayed, 0, len(decisions))
	for _, d := range decisions {
		verdict, rule, why := h.judge(ctx, policy, integersOf(d.Input), d.At)
		r := corax.Replayed{Decision: d.ID, Step: d.Step, Was: d.Verdict, WasRule: d.Rule, Now: verdict, NowRule: rule.Name,
			Why: h.o.Redactor.Redact(why)}
		// A yes of the rules that became a question did so for reasons that lie outside the policy.
		r.Same = r.Now == r.Was && r.NowRule == r.WasRule || r.Was == corax.Ask && r.Now == corax.Allow && r.NowRule == r.WasRule
		out = append(out, r)
	}
	return out
}
