package heal

import (
	"context"
	"fmt"
	"time"

	"corax"
	"corax/heal/execute"
)

// mark records a step's state.
func (p *planFlow) mark(s corax.Step, state corax.StepState, text string, change func(*corax.StepRun)) error {
	_, err := step(p.flow, "mark "+string(state), func(ctx context.Context) (bool, error) {
		return true, p.setStep(ctx, p.plan, s, state, text, change)
	})
	return err
}

// one takes a step from the decision to its verification.
func (p *planFlow) one(s corax.Step, l look, since time.Time) (look, error) {
	p.turns[s.ID]++
	turn := p.turns[s.ID]
	r, err := p.ruled(s, turn)
	yes, given := p.approved[s.ID]
	switch {
	case err != nil:
		return l, err
	case r.Ended.any():
		return l, p.over(r.Ended)
	case given: // before it had to wait
		if no := yes.overtaken(r); no != "" {
			return look{Finding: decided, Text: no}, nil
		}
	case r.Verdict == corax.Ask:
		no, err := p.permission(s, r)
		if err != nil || no != "" {
			return look{Finding: decided, Text: no}, err
		}
		p.approved[s.ID] = r
		// Rules, limits and the action itself may have changed while people thought about it.
		p.turns[s.ID]++
		asked := r
		switch r, err = p.ruled(s, p.turns[s.ID]); {
		case err != nil:
			return l, err
		case r.Ended.any():
			return l, p.over(r.Ended)
		}
		if no := asked.overtaken(r); no != "" {
			return look{Finding: decided, Text: no}, nil
		}
		// What was seen before the question may not be so any more.
		again, err := step(p.flow, "survey", func(ctx context.Context) (survey, error) {
			return p.survey(ctx, []corax.Step{s}, since)
		})
		if err != nil {
			return l, err
		}
		if again.Ended.any() {
			return l, p.over(again.Ended)
		}
		if l = again.Looks[s.ID]; l.Finding != goAhead {
			return l, nil
		}
	case r.Verdict != corax.Allow:
		return look{Finding: decided, Text: "the policy says no, " + r.Why}, nil
	}
	p.before[s.ID] = l.Facts
	a, err := step(p.flow, "act", func(ctx context.Context) (acted, error) {
		j, refusal, err := p.job(ctx, s, recall(l.Facts))
		if err != nil || refusal != "" {
			return acted{Outcome: denied, Text: refusal}, err
		}
		j.ruling = r
		return p.act(ctx, j, since)
	})
	switch {
	case err != nil:
		return l, err
	case a.Outcome == overruled:
		return p.one(s, l, since)
	}
	return p.after(s, a, r)
}

// ruled is the decision on a step as things are now.
func (p *planFlow) ruled(s corax.Step, turn int) (ruling, error) {
	return step(p.flow, "decide", func(ctx context.Context) (ruling, error) {
		j, refusal, err := p.job(ctx, s, nil)
		if err != nil || refusal != "" {
			return ruling{Verdict: corax.Deny, Why: refusal}, err
		}
		tied, untie := p.stops.tie(ctx, p.diagnosis.RootCause.Entity)
		defer untie()
		if end, err := p.leave(ctx, tied, p.plan, s.Target, false); err != nil || end.any() {
			return ruling{Ended: end}, err
		}
		return p.decide(ctx, j, turn)
	})
}

// overtaken says why the yes that was given to a question doesn't hold any more, or is empty.
func (r ruling) overtaken(now ruling) string {
	switch {
	case now.Verdict != corax.Allow && now.Verdict != corax.Ask:
		return "it was approved, and then the policy said no, " + now.Why
	case now.Declared != r.Declared:
		return "it was approved, and then the action was declared otherwise"
	case now.Verdict == corax.Ask && now.Needs > r.Needs:
		return fmt.Sprintf("it was approved, and now needs the yes of %d operators", now.Needs)
	}
	return ""
}

// after goes on from what became of the effect.
func (p *planFlow) after(s corax.Step, a acted, r ruling) (look, error) {
	switch a.Outcome {
	case effected, unclear:
		return p.verified(s, a, r)
	case needless:
		return look{Finding: notNeeded, Text: a.Text}, nil
	case held:
		return a.Look, nil
	case denied:
		return look{Finding: refused, Text: a.Text}, nil
	case failed:
		return look{Finding: fruitless, Text: a.Text}, nil
	case unknownable:
		if err := p.mark(s, corax.StepUnknown, a.Text, func(run *corax.StepRun) { run.Result = a.Text }); err != nil {
			return look{}, err
		}
		if a.Ended.any() {
			return look{}, p.over(a.Ended)
		}
		return look{}, p.stop(fmt.Sprintf("%s: %s. Somebody has to look whether it took effect.", title(s), a.Text))
	}
	if a.Ended.any() {
		return look{}, p.over(a.Ended)
	}
	return look{Finding: refused, Text: a.Text}, nil // a stop for this target alone
}

// verified waits for the verification and records it, or falls back.
func (p *planFlow) verified(s corax.Step, a acted, r ruling) (look, error) {
	v, err := step(p.flow, "verify", func(ctx context.Context) (verified, error) {
		before, err := p.beforeOf(ctx, s)
		if err != nil {
			return verified{}, err
		}
		j, refusal, err := p.job(ctx, s, before)
		if err != nil || refusal != "" {
			return verified{Text: refusal}, err
		}
		v, err := p.verify(ctx, j)
		if err != nil || v.Ended.any() {
			return v, err
		}
		state := corax.StepDone
		if !v.OK {
			state = corax.StepFailed
		}
		return v, p.setStep(ctx, p.plan, s, state, v.Text, func(run *corax.StepRun) {
			run.Result, run.Verified, run.SafeState, run.DecisionID = a.Text, v.Text, v.Safe, r.ID
		})
	})
	switch {
	case err != nil:
		return look{}, err
	case v.Ended.any():
		if err := p.mark(s, corax.StepUnknown, v.Text, func(run *corax.StepRun) {
			run.Result, run.Verified = a.Text, v.Text
		}); err != nil {
			return look{}, err
		}
		return look{}, p.over(v.Ended)
	case !v.OK:
		why := v.Text
		if a.Outcome == unclear {
			why += " (the effect itself: " + a.Text + ")"
		}
		return look{}, p.fallBack(s, why)
	}
	p.done = append(p.done, s)
	p.safe[s.ID] = v.Safe
	return look{Finding: settled}, nil
}

// beforeOf is what was read right before the first attempt at a step; what its phase saw where there was none.
func (p *planFlow) beforeOf(ctx context.Context, s corax.Step) (facts, error) {
	run, err := p.o.Store.PlanRun(ctx, p.plan.ID)
	if read := stepRun(&run, s).Before; len(read) > 0 {
		return recall(read), err
	}
	return recall(p.before[s.ID]), err
}

// permission asks a person. no says, for people, why there is none.
func (p *planFlow) permission(s corax.Step, r ruling) (no string, err error) {
	q, err := step(p.flow, "ask", func(ctx context.Context) (asked, error) { return p.ask(ctx, p.plan, s, r) })
	if err != nil {
		return "", err
	}
	a, err := step(p.flow, "answer", func(ctx context.Context) (reply, error) {
		return p.awaitAnswer(ctx, p.plan, p.diagnosis.RootCause.Entity, q)
	})
	switch {
	case err != nil:
		return "", err
	case a.Ended.any():
		return "", p.over(a.Ended)
	case a.Verdict == corax.Allow:
		return "", nil
	}
	return "not approved: answered by " + a.By, nil
}

// job binds a step. refusal says, for people, why it can't be carried out as the plan has it.
func (h *Healer) jobOf(
	ctx context.Context, plan corax.Plan, s corax.Step, before facts,
) (j job, refusal string, err error) {
	problem, err := h.o.Store.Problem(ctx, plan.Problem)
	if err != nil {
		return j, "", err
	}
	j, bad := h.newJob(problem, plan, s, s.Action, s.Params)
	if bad == nil && len(j.action.Verify) == 0 {
		bad = fmt.Errorf("action %s declares no verification", s.Action)
	}
	if bad == nil && execute.Empty(j.action.Effect) && j.action.Risk != corax.Read {
		bad = fmt.Errorf("action %s declares no effect", s.Action)
	}
	if bad != nil {
		return j, h.o.Redactor.Redact(bad.Error()), nil
	}
	j.before = before
	return j, "", nil
}

func (p *planFlow) job(ctx context.Context, s corax.Step, before facts) (job, string, error) {
	return p.jobOf(ctx, p.plan, s, before)
}
