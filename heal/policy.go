package heal

import (
	"context"
	"fmt"
	"time"

	"corax"
)

// defaultExpiry is how long an approval may stay unanswered where the rule doesn't say.
const defaultExpiry = 60 * time.Second

// ruling is a decision as the flow needs it.
type ruling struct {
	ID      string        `json:"id"`
	Verdict corax.Verdict `json:"verdict"`
	Why     string        `json:"why"`
	Expires time.Duration `json:"expires,omitempty"`
	Ended   ended         `json:"ended"` // the plan ended before anything was decided
}

// policyInput is what rules see; see corax.Rule.
func policyInput(j job) map[string]any {
	d := j.problem.Diagnosis
	affected := make([]any, 0, len(d.Cascade.Affected))
	for _, a := range d.Cascade.Affected {
		affected = append(affected, a)
	}
	return map[string]any{
		"action": map[string]any{"name": j.action.Name, "risk": string(risk(j)), "has_inverse": j.action.Inverse != nil,
			"undo": j.undo},
		"entity": entityVar(j.target),
		"problem": map[string]any{
			"id": j.problem.ID, "severity": d.Severity.String(), "severity_level": int64(d.Severity),
			"confidence": d.Confidence,
			"pattern":    d.Pattern, "mechanism": d.RootCause.Mechanism, "root": d.RootCause.Entity, "affected": affected,
		},
		"plan": map[string]any{"mode": string(j.plan.Mode)},
	}
}

// risk is the worse of what the action declares and what the plan assumes.
func risk(j job) corax.Risk {
	if !j.undo && j.step.Risk != "" && j.step.Risk.Level() > j.action.Risk.Level() {
		return j.step.Risk
	}
	return j.action.Risk
}

// judge asks the rules: the first that matches decides, and where none does the answer is no. A rule that can't be
// evaluated is a no as well: it may have been the one that forbids.
func (h *Healer) judge(ctx context.Context, p corax.Policy, input map[string]any, now time.Time) (v corax.Verdict,
	rule corax.Rule, why string) {
	seen := vars{"now": now}
	for k, value := range input {
		seen[k] = value
	}
	for _, r := range p.Rules {
		matches, err := h.exprs.truth(ctx, inPolicy, r.When, seen)
		if err != nil {
			return corax.Deny, r, fmt.Sprintf("rule %s can't be evaluated: %v", r.Name, err)
		}
		if matches {
			return r.Then, r, r.Because
		}
	}
	return corax.Deny, corax.Rule{Name: "default"}, "no rule allows it"
}

// ruleOn is the policy's verdict on a job, and what stands above the policy: the way back, and what always needs a
// person.
func (h *Healer) ruleOn(ctx context.Context, j job, input map[string]any, now time.Time) (
	verdict corax.Verdict, rule corax.Rule, why string) {
	verdict, rule, why = h.judge(ctx, h.o.Policy(), input, now)
	switch {
	case j.undo:
		// The way back was part of what was decided about the step: only a rule that forbids it by name takes it away.
		if verdict != corax.Deny || rule.Name == "default" {
			verdict, why = corax.Allow, "the way back of a step that was decided on"
		}
	case verdict == corax.Allow:
		if reason := mustAsk(j); reason != "" {
			verdict, why = corax.Ask, reason
		}
	}
	return verdict, rule, why
}

// decide makes the decision on one step and records it. turn counts the decisions of a step, each of which is a
// record of its own.
func (h *Healer) decide(ctx context.Context, j job, turn int) (ruling, error) {
	now := h.o.Clock.Now()
	input := policyInput(j)
	verdict, rule, why := h.ruleOn(ctx, j, input, now)
	id := []string{j.plan.ID, j.step.ID, fmt.Sprint(turn)}
	if j.undo {
		id = append(id, "undo")
	}
	d := corax.Decision{
		ID: corax.HashID("dec", id...), At: now, Plan: j.plan.ID, Step: j.step.ID, Verdict: verdict, Rule: rule.Name,
		Why: why, Input: input,
	}
	event := h.event(j.plan, j.step, corax.EventDecided, string(verdict),
		fmt.Sprintf("Policy: %s for %s (rule %s%s)", verdictWord[verdict], title(j.step), rule.Name, colon(why)))
	if err := h.o.Store.SaveDecision(ctx, d, event); err != nil && corax.CodeOf(err) != corax.Conflict {
		return ruling{}, err
	}
	expires := rule.Expires
	if expires <= 0 {
		expires = defaultExpiry
	}
	return ruling{ID: d.ID, Verdict: verdict, Why: fmt.Sprintf("rule %s%s", rule.Name, colon(why)),
		Expires: expires}, nil
}

var verdictWord = map[corax.Verdict]string{corax.Allow: "yes", corax.Ask: "ask a person", corax.Deny: "no"}

// mustAsk says why a step needs a person whatever the policy allows, or is empty.
func mustAsk(j job) string {
	r := risk(j)
	switch {
	case j.step.Ask:
		return "the plan asks for this step by a person's yes"
	case r.Level() >= corax.Destructive.Level():
		return "it can't be undone"
	case r != corax.Read && j.action.Inverse == nil:
		return "it has no inverse"
	case r != corax.Read && j.plan.Mode == corax.Approval:
		return "the plan is one by approval"
	}
	return ""
}

func colon(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}
