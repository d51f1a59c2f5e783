package heal

import (
	"context"
	"fmt"
	"time"

	"corax"
)

// Trial is one input that a policy is tried on: that of a decision on record, or one that was made up.
type Trial struct {
	Name   string         `json:"name" yaml:"name"`
	At     time.Time      `json:"at" yaml:"at"` // the time that rules see as now
	Input  map[string]any `json:"input" yaml:"input"`
	Expect corax.Verdict  `json:"expect,omitempty" yaml:"expect"` // empty asserts nothing
}

// Tried is what one or two policies say to a trial.
type Tried struct {
	Name    string        `json:"name"`
	Verdict corax.Verdict `json:"verdict"`
	Rule    string        `json:"rule"`
	Why     string        `json:"why,omitempty"`
	Expect  corax.Verdict `json:"expect,omitempty"`
	OK      bool          `json:"ok"` // nothing was expected, or this
	// Other and OtherRule are what the second policy says; empty without one.
	Other     corax.Verdict `json:"other,omitempty"`
	OtherRule string        `json:"other_rule,omitempty"`
	Differs   bool          `json:"differs,omitempty"`
}

// TrialOf is the trial that a decision on record makes.
func TrialOf(d corax.Decision) Trial {
	return Trial{Name: fmt.Sprintf("%s step %s", d.Plan, d.Step), At: d.At, Input: d.Input}
}

// Try asks a policy about trials, and a second one for comparison where other is given. It reads nothing else: what stands
// above a policy (earned autonomy, limits, two people) has no part in it. Fields that a trial leaves out are missing,
// and a rule that needs one says no.
func Try(ctx context.Context, policy corax.Policy, other *corax.Policy, trials []Trial) ([]Tried, error) {
	exprs, err := newCompiler()
	if err != nil {
		return nil, err
	}
	h := &Healer{exprs: exprs}
	out := make([]Tried, 0, len(trials))
	for _, t := range trials {
		input := map[string]any{"action": map[string]any{}, "entity": map[string]any{}, "problem": map[string]any{}, "plan": map[string]any{},
			"blast": map[string]any{}, "rate": map[string]any{}, "history": map[string]any{}, "storm": map[string]any{}}
		for name, v := range integersOf(t.Input) {
			input[name] = v
		}
		verdict, rule, why := h.judge(ctx, policy, input, t.At)
		r := Tried{Name: t.Name, Verdict: verdict, Rule: rule.Name, Why: why, Expect: t.Expect, OK: t.Expect == "" || t.Expect == verdict}
		if other != nil {
			v, second, _ := h.judge(ctx, *other, input, t.At)
			r.Other, r.OtherRule, r.Differs = v, second.Name, v != verdict
		}
		out = append(out, r)
	}
	return out, ctx.Err()
}
