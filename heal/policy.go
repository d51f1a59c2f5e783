package heal

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"corax"
)

// defaultExpiry is how long an approval may stay unanswered where the rule doesn't say.
const defaultExpiry = 60 * time.Second

// ruling is a decision as the flow needs it.
type ruling struct {
	ID         string        `json:"id"`
	Verdict    corax.Verdict `json:"verdict"`
	Why        string        `json:"why"`
	Expires    time.Duration `json:"expires,omitempty"`
	Risk       corax.Risk    `json:"risk,omitempty"`
	Needs      int           `json:"needs,omitempty"`       // of an Ask: how many people
	Quiet      bool          `json:"quiet,omitempty"`       // of an Ask: nobody is woken for it
	BreakGlass string        `json:"break_glass,omitempty"` // the emergency that it was made under
	Declared   string        `json:"declared,omitempty"`    // digest of the action that it is about
	Ended      ended         `json:"ended"`                 // the plan ended before anything was decided
}

// policyInput is what rules see; see corax.Rule.
func policyInput(j job) map[string]any {
	d := j.problem.Diagnosis
	return map[string]any{
		"action": map[string]any{"name": j.action.Name, "risk": string(risk(j)), "has_inverse": j.action.Inverse != nil,
			"undo": j.undo, "touches": anyOf(j.touches)},
		"entity": entityVar(j.target),
		"problem": map[string]any{
			"id": j.problem.ID, "severity": d.Severity.String(), "severity_level": int64(d.Severity),
			"confidence": d.Confidence,
			"pattern":    d.Pattern, "mechanism": d.RootCause.Mechanism, "root": d.RootCause.Entity, "affected": anyOf(d.Cascade.Affected),
		},
		"plan": map[string]any{"mode": string(j.plan.Mode), "steps": int64(len(j.plan.Steps)), "targets": targets(j.plan)},
	}
}

// anyOf is a list of texts as the rules see one.
func anyOf(texts []string) []any {
	list := make([]any, len(texts))
	for i, t := range texts {
		list[i] = t
	}
	return list
}

// targets are the entities that a plan acts on, each once.
func targets(p corax.Plan) []any {
	list := []any{}
	for _, s := range p.Steps {
		if !slices.Contains(list, any(s.Target)) {
			list = append(list, s.Target)
		}
	}
	return list
}

// risk is the worse of what the action declares and what the plan assumes.
func risk(j job) corax.Risk {
	if !j.undo && j.step.Risk != "" && j.step.Risk.Level() > j.action.Risk.Level() {
		return j.step.Risk
	}
	return j.action.Risk
}

// judge asks the rules: the first that matches decides, and where none does the answer is no. A rule that can't be
// evaluated is a no as well: it may have been the one that forbids. The way back was part of what was decided about its
// step: only a rule that matches takes it away.
func (h *Healer) judge(ctx context.Context, p corax.Policy, input map[string]any, now time.Time) (corax.Verdict, corax.Rule, string) {
	v, rule, why := h.firstRule(ctx, p, input, now)
	action, _ := input["action"].(map[string]any)
	if undo, _ := action["undo"].(bool); undo && (v != corax.Deny || rule.Name == "default") {
		return corax.Allow, rule, "the way back of a step that was decided on"
	}
	return v, rule, why
}

func (h *Healer) firstRule(ctx context.Context, p corax.Policy, input map[string]any, now time.Time) (v corax.Verdict,
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

// circumstances are what a decision is made in, beside the policy.
type circumstances struct {
	now      time.Time
	glass    *corax.BreakGlass
	standing corax.Standing
	around   around
	input    map[string]any // what the rules see
}

func (h *Healer) circumstances(ctx context.Context, j job) (c circumstances, err error) {
	c.now = h.o.Clock.Now()
	if c.glass, err = h.emergency(ctx, j, c.now); err != nil {
		return c, err
	}
	if c.standing, err = h.standing(ctx, j); err != nil {
		return c, err
	}
	if c.around, err = h.surroundings(ctx, j, c.now); err != nil {
		return c, err
	}
	c.input = policyInput(j)
	c.input["blast"], c.input["rate"], c.input["concurrency"] = c.around.blast, c.around.rate, c.around.concurrency
	c.input["history"], c.input["storm"] = c.around.history, c.around.storm
	return c, nil
}

// rulesOn is the policy's verdict on a job, and what stands above the policy, in this order: the way back, what always
// needs a person, what the action has earned, the limits, and an emergency that an operator has declared.
func (h *Healer) rulesOn(ctx context.Context, j job, c circumstances) (out ruling, rule corax.Rule) {
	out.Verdict, rule, out.Why = h.judge(ctx, h.o.Policy(), c.input, c.now)
	out.Risk, out.Expires = risk(j), rule.Expires
	if out.Expires <= 0 {
		out.Expires = defaultExpiry
	}
	if j.undo {
		return out, rule
	}
	if reason := mustAsk(j); reason != "" && out.Verdict == corax.Allow {
		out.Verdict, out.Why = corax.Ask, reason
	}
	out = c.around.restrain(confine(out, rule, c.standing), rule, h.o.Limits(), title(j.step))
	if out.Verdict == corax.Deny && c.glass != nil {
		out.Verdict, out.BreakGlass = corax.Ask, c.glass.ID
		out.Why = fmt.Sprintf("it says no%s, and %s has declared an emergency%s", colon(out.Why), c.glass.By, colon(c.glass.Reason))
	}
	if out.Verdict == corax.Ask && out.Risk.Level() >= corax.Destructive.Level() {
		if out.Needs = 2; c.glass != nil {
			out.Needs, out.BreakGlass = 1, c.glass.ID
		}
	}
	return out, rule
}

// emergency is the one in force for a job, or nil.
func (h *Healer) emergency(ctx context.Context, j job, now time.Time) (*corax.BreakGlass, error) {
	all, err := h.o.Store.BreakGlasses(ctx, now)
	if err != nil {
		return nil, err
	}
	for _, g := range all {
		if g.InForce(now, j.target.ID, j.problem.Diagnosis.RootCause.Entity) {
			return &g, nil
		}
	}
	return nil, nil
}

// decide makes the decision on one step, or on its inverse, and records it. turn counts the decisions of either, each of
// which is a record of its own.
func (h *Healer) decide(ctx context.Context, j job, turn int) (ruling, error) {
	c, err := h.circumstances(ctx, j)
	if err != nil {
		return ruling{}, err
	}
	out, rule := h.rulesOn(ctx, j, c)
	id := []string{j.plan.ID, j.step.ID, fmt.Sprint(turn)}
	if j.undo {
		id = append(id, "undo")
	}
	d := corax.Decision{
		ID: corax.HashID("dec", id...), At: c.now, Plan: j.plan.ID, Step: j.step.ID, Verdict: out.Verdict, Rule: rule.Name,
		Why: out.Why, Input: c.input, BreakGlass: out.BreakGlass,
	}
	event := h.event(j.plan, j.step, corax.EventDecided, string(out.Verdict),
		fmt.Sprintf("Policy: %s for %s (rule %s%s)", verdictWord[out.Verdict], title(j.step), rule.Name, colon(out.Why)))
	if err := h.o.Store.SaveDecision(ctx, d, event); err != nil && corax.CodeOf(err) != corax.Conflict {
		return ruling{}, err
	}
	out.Declared = h.declared(ctx, j)
	out.ID, out.Why = d.ID, fmt.Sprintf("rule %s%s", rule.Name, colon(out.Why))
	return out, nil
}

// stillDecided is errOverruled where what was decided about a job doesn't hold any more: what rules and limits go by may have changed since,
// by the clock, by a person, or by another plan that has begun meanwhile.
func (h *Healer) stillDecided(ctx context.Context, j job) error {
	if j.ruling.ID == "" {
		return nil
	}
	c, err := h.circumstances(ctx, j)
	if err != nil {
		return err
	}
	now, _ := h.rulesOn(ctx, j, c)
	now.Declared = h.declared(ctx, j)
	if j.ruling.overtaken(now) != "" || now.Verdict == corax.Ask && j.ruling.Verdict == corax.Allow {
		return errOverruled
	}
	return nil
}

// declared is a digest of what a job would do, as it is declared now, and to what: the action, and what its calls name.
func (h *Healer) declared(ctx context.Context, j job) string {
	parts := []any{j.action, j.target, j.params, j.touches}
	v := h.values(ctx, j.vars(h.o.Clock.Now(), nil))
	for _, r := range append(slices.Clone(j.action.Read), corax.Reading{Call: j.action.Effect}) {
		if named := h.calls.Named(r.Call, v); named != nil {
			parts = append(parts, named)
		}
	}
	data, err := json.Marshal(parts)
	if err != nil {
		return "" // actions and entities always marshal
	}
	return fmt.Sprintf("%x", sha256.Sum256(data))
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
