package heal

import (
	"context"
	"fmt"
	"time"

	"corax"
	"corax/heal/autonomy"
)

// suggestedFor is how long a step that is only suggested waits for somebody to take it up.
const suggestedFor = 8 * time.Hour

// standing is what the job's action has earned on entities of its target's kind.
func (h *Healer) standing(ctx context.Context, j job) (corax.Standing, error) {
	outcomes, err := h.o.Store.Outcomes(ctx, j.action.Name, j.target.Kind)
	if err != nil {
		return corax.Standing{}, err
	}
	caps, err := h.o.Store.Caps(ctx)
	if err != nil {
		return corax.Standing{}, err
	}
	var limit *corax.Cap
	for _, c := range caps {
		if c.Action == j.action.Name && c.Class == j.target.Kind {
			limit = &c
		}
	}
	return autonomy.Of(j.action.Name, j.target.Kind, outcomes, limit), nil
}

// confine holds a verdict against what the action has earned, or what the rule grants. A cap outweighs a grant.
func confine(out ruling, rule corax.Rule, s corax.Standing) ruling {
	level := s.Level
	if rule.Autonomy.Rank() > level.Rank() && (s.Cap == nil || s.Cap.Level.Rank() >= rule.Autonomy.Rank()) {
		level = rule.Autonomy
	}
	if out.Risk == corax.Read || out.Verdict == corax.Deny {
		return out
	}
	switch level {
	case corax.AutoMode:
		return out
	case corax.Observe:
		out.Verdict = corax.Deny
	case corax.Suggest:
		if out.Verdict == corax.Ask {
			return out // somebody is asked anyway
		}
		out.Verdict, out.Expires, out.Quiet = corax.Ask, suggestedFor, true
	case corax.Approve:
		if out.Verdict == corax.Ask {
			return out
		}
		out.Verdict = corax.Ask
	}
	out.Why = fmt.Sprintf("%s on a %s is at level %s: %s", s.Action, s.Class, level, s.Why)
	return out
}

// learn keeps how a step that took effect, or may have, ended. Keeping it again changes nothing.
func (h *Healer) learn(ctx context.Context, plan corax.Plan, s corax.Step, run corax.StepRun) error {
	o := corax.Outcome{At: h.o.Clock.Now(), Action: s.Action, Entity: s.Target, Ground: h.o.Ground, Plan: plan.ID, Step: s.ID}
	switch {
	case run.Attempts == 0:
		return nil
	case run.State == corax.StepDone:
		o.ID, o.Verified, o.Why = corax.HashID("out", plan.ID, s.ID), true, run.Verified
	case run.State == corax.StepFailed, run.State == corax.StepUndone, run.State == corax.StepUnknown:
		// Failed and then undone is one failure; verified and undone later, one of each.
		o.ID, o.Why = corax.HashID("out", plan.ID, s.ID, "failed"), run.Result
	default:
		return nil
	}
	for _, e := range h.o.Topology().Entities {
		if e.ID == s.Target {
			o.Class = e.Kind
		}
	}
	return h.o.Store.SaveOutcome(ctx, o)
}
