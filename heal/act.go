package heal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"corax"
	"corax/heal/execute"
	"corax/vault"
)

const (
	effectTries   = 3
	effectPause   = 200 * time.Millisecond
	defaultWithin = 10 * time.Second
	verifyAtLeast = 50 * time.Millisecond // between two looks at the conditions
	verifyAtMost  = time.Second
	beingUndone   = "being undone"
)

// outcome is what became of an effect.
type outcome string

const (
	effected    outcome = "effected"  // to be verified
	unclear     outcome = "unclear"   // sent, and no clear answer; to be verified, and undone where that fails
	needless    outcome = "needless"  // somebody else did it in between
	held        outcome = "held"      // away or later, nothing was done
	denied      outcome = "denied"    // a pre-check, nothing was done
	overruled   outcome = "overruled" // it would be decided otherwise by now, nothing was done
	halted      outcome = "halted"    // a stop for this target alone, nothing was done
	failed      outcome = "failed"    // nothing took effect
	unknownable outcome = "unknown"   // it may have taken effect, and there is no way to ask
)

// acted is an outcome with what it rests on.
type acted struct {
	Outcome outcome `json:"outcome"`
	Text    string  `json:"text"`
	Look    look    `json:"look"`
	Ended   ended   `json:"ended"`
}

// act carries out the effect. It may be called again after a crash at any moment in it: the intent was recorded
// first, the goal is asked for again, and the request carries the same key.
func (h *Healer) act(ctx context.Context, j job, since time.Time) (acted, error) {
	root := j.problem.Diagnosis.RootCause.Entity
	tied, untie := h.stops.tie(ctx, append([]string{root}, j.touches...)...)
	defer untie()
	run, err := h.o.Store.PlanRun(ctx, j.plan.ID)
	if err != nil {
		return acted{}, err
	}
	before := *stepRun(&run, j.step)
	tried := before.Attempts > 0 // something may have been sent
	if j.undo {
		tried = before.Result == beingUndone
	}
	if tried && h.repeats(j) == corax.ByNone {
		return acted{Outcome: unknownable,
			Text: "it was begun before an interruption, and nothing tells whether it took effect"}, nil
	}
	for try := 1; ; try++ {
		begun := tried || try > 1 // also where a try was refused: what is under way waits for no other plan
		if j.undo {
			// The way back is held up by what is under way at its target, and not by what asked for it.
			if err := h.letFinish(ctx, tied, j, begun); err != nil {
				return acted{}, err
			}
		} else {
			end, err := h.leave(ctx, tied, j.plan, j.target.ID, begun)
			switch {
			case err == nil && end.Cancel != "" && tried:
				return acted{Outcome: unclear, Text: "sent, then cancelled " + end.Cancel}, nil
			case err != nil || end.any() && end.Stop == "":
				return acted{Ended: end}, err
			}
		}
		// The switch is read anew right before every effect, and no effect happens where it can't be read.
		if err := h.refreshStops(ctx); err != nil {
			return acted{}, err
		}
		l, found := h.prepare(tied, j, since)
		if s := stopOf(tied); s != nil {
			return h.halt(s, j, tried), nil
		}
		if ctx.Err() != nil {
			return acted{}, ctx.Err()
		}
		if out, settled := settle(l, j, tried); settled {
			if out.Outcome == held && try > 1 {
				err = h.unbegun(ctx, j, before)
			}
			return out, err
		}
		if execute.Empty(j.action.Effect) {
			return acted{Outcome: effected, Look: l}, nil
		}
		switch err = h.intend(ctx, j, l, begun); {
		case errors.Is(err, errPlanOver):
			return acted{Ended: ended{Over: true}}, nil
		case errors.Is(err, errOvertaken):
			err = nil
			try--
			continue
		case errors.Is(err, errOverruled):
			if err = nil; try > 1 && !tried {
				err = h.unbegun(ctx, j, before)
			}
			return acted{Outcome: overruled, Text: errOverruled.Error(), Look: l}.since(tried), err
		case err != nil:
			return acted{}, err
		}
		out, again := h.effect(tied, j, l, found)
		if ctx.Err() != nil {
			return acted{}, ctx.Err() // the process is stopping: the next one asks whether it took effect
		}
		h.o.point("effected " + j.step.ID)
		if out.Outcome == held && !tried {
			if err := h.unbegun(ctx, j, before); err != nil {
				return acted{}, err
			}
		}
		if s := stopOf(tied); s != nil && out.Outcome != effected {
			return h.halt(s, j, tried || out.Outcome != held), nil
		}
		if out.Outcome == held {
			_ = pause(tied, h.o.RetryEvery, nil) // what was read before may be there all the same, and the next try come at once
		}
		if !again || try == effectTries {
			return out.since(tried), nil
		}
		tried = tried || out.Outcome == unclear
		_ = pause(tied, time.Duration(try)*effectPause, nil)
	}
}

// settle says what a look means for an effect that is about to happen; false where it may.
func settle(l look, j job, tried bool) (acted, bool) {
	switch l.Finding {
	case notNeeded:
		if tried {
			return acted{Outcome: effected, Text: "took effect before an interruption", Look: l}, true
		}
		return acted{Outcome: needless, Text: l.Text, Look: l}, true
	case away, later:
		return acted{Outcome: held, Text: l.Text, Look: l}.since(tried), true
	case refused:
		if tried && j.action.Goal == "" {
			return acted{Outcome: unknownable, Look: l,
				Text: "it was begun before an interruption, and the action declares no goal to ask for; " + l.Text}, true
		}
		return acted{Outcome: denied, Text: l.Text, Look: l}, true
	}
	return acted{}, false
}

// since is an outcome after earlier tries. Where one of them may have been sent, that nothing came of the last doesn't tell what became of it.
func (a acted) since(tried bool) acted {
	if tried && (a.Outcome == held || a.Outcome == failed || a.Outcome == overruled) {
		a.Outcome, a.Text = unclear, "sent, then: "+a.Text
	}
	return a
}

// intend records that the effect is about to be attempted; what is on record here is what a resumed plan and a
// withdrawal go by. It is errOvertaken where another plan has begun on the target since this one was let through, or a person has intervened,
// and errOverruled where the rules say otherwise by now; of two that come at once one alone is let through, since they look and record one
// after the other.
func (h *Healer) intend(ctx context.Context, j job, l look, begun bool) error {
	h.intents.Lock()
	defer h.intents.Unlock()
	if j.undo {
		if !begun {
			if other, err := h.underWay(ctx, j.plan.ID, j.target.ID); err != nil || other != "" {
				return cmp.Or(err, errOvertaken)
			}
		}
		if err := h.stillDecided(ctx, j); err != nil {
			return err
		}
		return h.setStep(ctx, j.plan, j.step, corax.StepRunning, beingUndone,
			func(r *corax.StepRun) { r.Result = beingUndone })
	}
	if !begun {
		run, err := h.o.Store.PlanRun(ctx, j.plan.ID)
		if err != nil {
			return err
		}
		switch other, err := h.ahead(ctx, run, j.target.ID); {
		case err != nil:
			return err
		case other != "":
			return errOvertaken
		}
	}
	if err := h.stillDecided(ctx, j); err != nil {
		return err
	}
	return h.setStepWhere(ctx, j.plan, j.step, corax.StepRunning, l.Text, func(run *corax.PlanRun) error {
		if run.Hold != nil || run.Cancel != nil {
			return errOvertaken
		}
		return nil
	}, func(r *corax.StepRun) {
		if r.Attempts == 0 {
			r.Before, r.StartedAt = l.Facts, nil // begun now, however long it waited
		}
		r.Attempts++
		r.Precheck = l.Text
	})
}

// unbegun takes back the intent of an effect of which surely nothing was sent: it would be taken for one that was interrupted. before is what
// was on record before the intent.
func (h *Healer) unbegun(ctx context.Context, j job, before corax.StepRun) error {
	_, err := h.o.Store.UpdatePlanRun(ctx, j.plan.ID, func(run *corax.PlanRun) error {
		r := stepRun(run, j.step)
		r.Attempts, r.Result = before.Attempts, before.Result
		return nil
	})
	return err
}

// effect sends the call once. again says that another try, after another look, may help.
func (h *Healer) effect(ctx context.Context, j job, l look, found facts) (out acted, again bool) {
	ctx, cancel := context.WithTimeout(ctx, timeout(j.action))
	defer cancel()
	v := h.values(ctx, j.vars(h.o.Clock.Now(), found))
	r := h.calls.Run(vault.WithUse(ctx, j.use("effect")), j.action.Effect, v, execute.Order{Key: j.key})
	switch r.Outcome {
	case execute.Done:
		return acted{Outcome: effected, Text: r.Text, Look: l}, false
	case execute.Unclear:
		if h.repeats(j) == corax.ByNone {
			return acted{Outcome: unknownable, Text: r.Text, Look: l}, false
		}
		return acted{Outcome: unclear, Text: r.Text, Look: l}, true
	case execute.Away:
		l.Finding, l.Text = away, j.target.ID+" can't be reached: "+r.Text
		return acted{Outcome: held, Text: l.Text, Look: l}, false
	}
	return acted{Outcome: failed, Text: r.Text, Look: l}, r.Again
}

// repeats says what makes the action's effect harmless to repeat.
func (h *Healer) repeats(j job) corax.Idempotency { return idempotency(h.calls, j.action) }

func idempotency(calls *execute.Set, a corax.Action) corax.Idempotency {
	switch {
	case a.Idempotency != corax.Unnamed:
		return a.Idempotency
	case execute.Empty(a.Effect) || calls.Keys(a.Effect) == execute.RepeatsOnce:
		return corax.ByKey
	case a.Goal != "":
		return corax.ByGoal
	}
	return corax.ByNone
}

// halt is the outcome where a stop came: for the whole plan, or for this target alone.
func (h *Healer) halt(s *stopped, j job, maybe bool) acted {
	switch {
	case maybe:
		return acted{Outcome: unknownable, Text: "cut off by the " + s.Error(), Ended: ended{Stop: s.Error()}}
	case s.Scope == "" || s.Scope == j.problem.Diagnosis.RootCause.Entity:
		return acted{Outcome: halted, Text: s.Error(), Ended: ended{Stop: s.Error()}}
	}
	return acted{Outcome: halted, Text: s.Error()}
}

// verified is how a verification ended.
type verified struct {
	OK    bool   `json:"ok"`
	Text  string `json:"text"`
	Safe  string `json:"safe,omitempty"` // the state that the system is in now
	Ended ended  `json:"ended"`
}

// verify waits until the action's conditions hold and its monitors are up, at most as long as the action allows.
func (h *Healer) verify(ctx context.Context, j job) (verified, error) {
	tied, untie := h.stops.tie(ctx, append([]string{j.problem.Diagnosis.RootCause.Entity}, j.touches...)...)
	defer untie()
	within := j.action.Within
	if within <= 0 {
		within = defaultWithin
	}
	begun := time.Now()
	for delay := verifyAtLeast; ; delay = min(2*delay, verifyAtMost) {
		text, missing, v := h.check(tied, j)
		if s := stopOf(tied); s != nil {
			return verified{Text: "not verified: " + s.Error(), Ended: ended{Stop: s.Error()}}, nil
		}
		if ctx.Err() != nil {
			return verified{}, ctx.Err()
		}
		took := time.Since(begun)
		if missing == "" {
			out := verified{OK: true, Text: fmt.Sprintf("verified in %s%s", took.Round(time.Millisecond), colon(text))}
			if j.action.SafeState != "" {
				out.Safe = j.action.SafeState
				if safe, err := h.exprs.text(ctx, j.action.SafeState, v); err == nil {
					out.Safe = h.o.Redactor.Redact(safe)
				}
			}
			return out, nil
		}
		if took >= within {
			return verified{Text: fmt.Sprintf("not verified within %s: %s", within, missing)}, nil
		}
		_ = pause(tied, min(delay, within-took), nil)
	}
}

// check looks once. missing says what does not hold, and is empty where all does.
func (h *Healer) check(ctx context.Context, j job) (text, missing string, v vars) {
	found, _, _ := h.gather(ctx, j)
	v = j.vars(h.o.Clock.Now(), found)
	text, missing = h.conditions(ctx, j.action.Verify, v)
	if missing != "" || len(j.action.Monitors) == 0 {
		return text, missing, v
	}
	names := make([]string, 0, len(j.action.Monitors))
	for _, template := range j.action.Monitors {
		name, err := h.exprs.text(ctx, template, v)
		if err != nil {
			return "", "monitor " + template + ": " + h.o.Redactor.Redact(err.Error()), v
		}
		names = append(names, name)
	}
	for _, r := range h.probeAll(ctx, names) {
		if r.State != corax.MonitorUp {
			return "", "monitor " + r.Monitor + " is " + string(r.State) + colon(r.Message), v
		}
	}
	return fmt.Sprintf("%s, %d monitors up", text, len(names)), "", v
}
