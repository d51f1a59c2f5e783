package heal

import (
	"context"

	"corax"
)

// Try asks a policy about trials, and a second one for comparison where other is given. It reads nothing else: what stands
// above a policy (earned autonomy, limits, two people) has no part in it. Fields that a trial leaves out are missing,
// and a rule that needs one says no.
func Try(ctx context.Context, policy corax.Policy, other *corax.Policy, trials []corax.Trial) ([]corax.Tried, error) {
	exprs, err := newCompiler()
	if err != nil {
		return nil, err
	}
	h := &Healer{exprs: exprs}
	out := make([]corax.Tried, 0, len(trials))
	for _, t := range trials {
		input := map[string]any{"action": map[string]any{}, "entity": map[string]any{}, "problem": map[string]any{}, "plan": map[string]any{},
			"blast": map[string]any{}, "rate": map[string]any{}, "concurrency": map[string]any{}, "history": map[string]any{}, "storm": map[string]any{}}
		for name, v := range integersOf(t.Input) {
			input[name] = v
		}
		verdict, rule, why := h.judge(ctx, policy, input, t.At)
		r := corax.Tried{Name: t.Name, Verdict: verdict, Rule: rule.Name, Why: why, Expect: t.Expect, OK: t.Expect == "" || t.Expect == verdict}
		if other != nil {
			v, second, _ := h.judge(ctx, *other, input, t.At)
			r.Other, r.OtherRule, r.Differs = v, second.Name, v != verdict
		}
		out = append(out, r)
	}
	return out, ctx.Err()
}
