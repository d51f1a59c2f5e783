package heal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"corax"

	"golang.org/x/sync/errgroup"
)

// survey looks at steps side by side: one target that hangs doesn't hold the others up. since is when their phase
// began; zero is now.
func (p *planFlow) survey(ctx context.Context, steps []corax.Step, since time.Time) (survey, error) {
	tied, untie := p.stops.tie(ctx, p.diagnosis.RootCause.Entity)
	defer untie()
	out := survey{At: p.o.Clock.Now(), Looks: map[string]look{}}
	if since.IsZero() {
		since = out.At
	}
	var mu sync.Mutex
	group := errgroup.Group{}
	group.SetLimit(readAtOnce)
	for _, s := range steps {
		group.Go(func() error {
			l := look{Finding: refused}
			j, refusal, err := p.job(ctx, s, nil)
			if err != nil {
				return err
			}
			if l.Text = refusal; refusal == "" {
				l, _ = p.prepare(tied, j, since)
			}
			mu.Lock()
			defer mu.Unlock()
			out.Looks[s.ID] = l
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return out, err
	}
	if ctx.Err() != nil {
		return out, ctx.Err()
	}
	end, err := p.planOver(tied, ctx, p.plan.ID)
	out.Ended = end
	return out, err
}

// wait looks at steps that can't be carried out yet until one of them can, or needn't. It is late where targets have
// been away for longer than people should be left in the dark, unless they have been told. gone is since when a
// target has been; zero where none was.
func (p *planFlow) wait(ctx context.Context, steps []corax.Step, since, gone time.Time, told bool) (survey, error) {
	tied, untie := p.stops.tie(ctx, p.diagnosis.RootCause.Entity)
	defer untie()
	for {
		rung := p.bell.rung()
		s, err := p.survey(ctx, steps, since)
		if err != nil || s.Ended.any() {
			return s, err
		}
		next := time.Duration(0)
		for _, l := range s.Looks {
			var in time.Duration
			switch l.Finding {
			case away:
				in = p.o.RetryEvery
			case later:
				// Looked at more often the nearer the end: what the wait is for may change.
				in = min(max(p.o.RetryEvery, l.Until.Sub(s.At)/4), l.Until.Sub(s.At))
				if l.Guessed {
					in = min(in, p.o.RetryEvery)
				}
			default:
				return s, nil
			}
			if next == 0 || in < next {
				next = in
			}
		}
		switch {
		case !s.someAway():
			gone = time.Time{}
		case gone.IsZero():
			gone = s.At
		}
		if !gone.IsZero() && !told {
			left := p.o.EscalateAfter - s.At.Sub(gone)
			if left <= 0 {
				s.Late = true
				return s, nil
			}
			next = min(next, left)
		}
		_ = pause(tied, max(next, time.Millisecond), rung)
		if ctx.Err() != nil {
			return survey{}, ctx.Err()
		}
	}
}

// late goes on from targets that stay away: the steps that may wait for them do, and people are told; the others are
// refused.
func (p *planFlow) late(steps []corax.Step, s survey) (pending []corax.Step, refusals []string, err error) {
	var waiting []string
	for _, c := range steps {
		l := s.Looks[c.ID]
		switch {
		case l.Finding != away:
			pending = append(pending, c)
		case c.Waits:
			pending = append(pending, c)
			text := strings.TrimSuffix(l.Text, ".") + ": " + title(c) + " waits for it."
			if l.Means != "" {
				text += " " + strings.TrimSuffix(l.Means, ".") + "."
			}
			waiting = append(waiting, text)
		default:
			refusals = append(refusals, p.refusal(c, l.Text, false)...)
			if err := p.mark(c, corax.StepRefused, l.Text, func(r *corax.StepRun) { r.Precheck = l.Text }); err != nil {
				return nil, nil, err
			}
		}
	}
	if len(waiting) > 0 {
		err = p.blocked(strings.Join(waiting, " "))
	}
	return pending, refusals, err
}

// blocked tells people that the plan waits for a target, and what holds meanwhile.
func (p *planFlow) blocked(why string) error {
	text, err := step(p.flow, "blocked", func(ctx context.Context) (string, error) {
		if err := p.setPlan(ctx, p.plan, corax.PlanBlocked, why); err != nil {
			return "", err
		}
		run, err := p.o.Store.PlanRun(ctx, p.plan.ID)
		if err != nil {
			return "", err
		}
		text := why + " " + standing(run) + " The plan goes on by itself when the target returns."
		if !restored(run) {
			return text, nil
		}
		e := p.event(p.plan, corax.Step{}, corax.EventContained, string(corax.ProblemContained), "Contained: "+why)
		return text, p.setProblem(ctx, p.plan, corax.ProblemContained, e)
	})
	if err != nil {
		return err
	}
	return p.tell(text)
}

// restored says that whatever could be done for those who feel the fault is done.
func restored(r corax.PlanRun) bool {
	for _, s := range r.Plan.Steps {
		if s.Purpose != corax.Restore {
			continue
		}
		if state := stepRun(&r, s).State; state != corax.StepDone && state != corax.StepNotNeeded {
			return false
		}
	}
	return true
}

// unblocked goes on after a target has returned.
func (p *planFlow) unblocked() error {
	_, err := step(p.flow, "unblocked", func(ctx context.Context) (bool, error) {
		if err := p.setPlan(ctx, p.plan, corax.PlanRunning, "its target is back"); err != nil {
			return false, err
		}
		return true, p.setProblem(ctx, p.plan, corax.ProblemHealing)
	})
	return err
}

// tell escalates as a step of its own, so that what comes before it isn't repeated.
func (p *planFlow) tell(text string) error {
	_, err := step(p.flow, "escalate", func(ctx context.Context) (bool, error) {
		return true,
			p.escalate(ctx, p.plan, text)
	})
	return err
}

// over ends the flow of a plan that must not go on.
func (p *planFlow) over(e ended) error {
	switch {
	case e.Stop != "":
		return p.stop("Stopped by the " + e.Stop + ".")
	case e.Cancel != "":
		return p.endShort(corax.PlanCancelled, "Cancelled "+e.Cancel+".")
	}
	return errEnd // its end is on record
}

// stop ends the plan short of its goal, and tells people why and what state the system is in. It returns errEnd.
func (p *planFlow) stop(why string) error { return p.endShort(corax.PlanStopped, why) }

func (p *planFlow) endShort(state corax.PlanState, why string) error {
	text, err := step(p.flow, "stop", func(ctx context.Context) (string, error) {
		run, err := p.o.Store.PlanRun(ctx, p.plan.ID)
		if err != nil {
			return "", err
		}
		text := why + " " + standing(run)
		if err := p.endPlan(ctx, p.plan, state, text, nil); err != nil && !errors.Is(err, errUnchanged) {
			return "", err
		}
		if !eased(run) {
			return text, p.setProblem(ctx, p.plan, corax.ProblemOpen)
		}
		e := p.event(p.plan, corax.Step{}, corax.EventContained, string(corax.ProblemContained),
			"Contained: the harm has stopped, the cause remains")
		return text, p.setProblem(ctx, p.plan, corax.ProblemContained, e)
	})
	if err != nil {
		return err
	}
	if err := p.tell(text); err != nil {
		return err
	}
	return errEnd
}

// eased says that something was done for those who feel the fault, and holds.
func eased(r corax.PlanRun) bool {
	for _, s := range r.Plan.Steps {
		if s.Purpose == corax.Restore {
			return restored(r)
		}
	}
	return false
}

// healed waits until the monitors have been green for the set time. Where they don't turn green, people are told; where those that the plan was
// made for are red even FallBackAfter later, it goes back to the last safe state. From there, and while only such are red as the outage has come
// to reach meanwhile, there is nothing to take back, and the watch goes on.
func (p *planFlow) healed() error {
	if _, err := step(p.flow, "watching", func(ctx context.Context) (bool, error) {
		return true, p.setPlan(ctx, p.plan, corax.PlanWatching,
			fmt.Sprintf("all monitors must stay green for %s", p.o.StableFor))
	}); err != nil {
		return err
	}
	for told := false; ; told = true {
		chain, safe := p.sinceSafe()
		w, err := step(p.flow, "watch", func(ctx context.Context) (watched, error) {
			limit := p.o.EscalateAfter + p.o.StableFor
			if told {
				limit = p.o.FallBackAfter
			}
			if told && len(chain) == 0 {
				limit = 0
			}
			return p.watch(ctx, p.plan, p.diagnosis, limit)
		})
		switch {
		case err != nil:
			return err
		case w.Ended.any():
			return p.over(w.Ended)
		case w.Green:
			return p.recordHealed(w.Text)
		}
		text := "Every step of the repair is done, but not everything is well: " + w.Text + "."
		if told {
			if w.Spread {
				continue
			}
			return p.unwind(chain, "", safe, text)
		}
		if err := p.tell(text); err != nil {
			return err
		}
	}
}

func (p *planFlow) recordHealed(text string) error {
	_, err := step(p.flow, "healed", func(ctx context.Context) (bool, error) {
		now := p.o.Clock.Now()
		_, err := p.o.Store.UpdatePlanRun(ctx, p.plan.ID, func(r *corax.PlanRun) error {
			if r.State.Ended() {
				return errPlanOver
			}
			if r.HealedAt != nil {
				return errUnchanged
			}
			r.HealedAt, r.State, r.Why = &now, corax.PlanRunning, "healed: "+text
			return nil
		})
		if err != nil && !errors.Is(err, errUnchanged) {
			return false, err
		}
		e := p.event(p.plan, corax.Step{Target: p.diagnosis.RootCause.Entity}, corax.EventHealed,
			string(corax.ProblemHealed), "Healed: "+text)
		return true, p.setProblem(ctx, p.plan, corax.ProblemHealed, e)
	})
	return err
}

// finish closes the problem, unless something was left undone that nobody decided to leave.
func (p *planFlow) finish() error {
	if len(p.leftovers) > 0 {
		return p.stop("Healed, but not tidied up: " + strings.Join(p.leftovers, "; ") + ".")
	}
	_, err := step(p.flow, "finish", func(ctx context.Context) (bool, error) {
		e := p.event(p.plan, corax.Step{Target: p.diagnosis.RootCause.Entity}, corax.EventClosed,
			string(corax.ProblemClosed),
			"Closed: every step of the plan is done")
		if err := p.setProblem(ctx, p.plan, corax.ProblemClosed, e); err != nil {
			return false, err
		}
		err := p.endPlan(ctx, p.plan, corax.PlanDone, "", nil)
		if errors.Is(err, errUnchanged) {
			err = nil
		}
		return true, err
	})
	return err
}
