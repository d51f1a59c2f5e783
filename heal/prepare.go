package heal

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"corax"
)

// finding is what a look at a step's target came to.
type finding string

const (
	goAhead   finding = "go"
	notNeeded finding = "not_needed" // the goal holds
	away      finding = "away"       // the target can't be acted on yet
	later     finding = "later"      // the action's wait is not over
	refused   finding = "refused"    // a pre-check, or the declaration, says no
)

// look is a finding with what it rests on.
type look struct {
	Finding finding         `json:"finding"`
	Text    string          `json:"text"` // for people
	Facts   json.RawMessage `json:"facts,omitempty"`
	Until   time.Time       `json:"until,omitzero"`    // of later
	Guessed bool            `json:"guessed,omitempty"` // Until is the longest that the action allows, since it can't be told now
	Means   string          `json:"means,omitempty"`   // of away: what the target's absence means
}

// prepare reads the facts and says whether the action is needed, possible and safe. It has no effect. since is when
// the step's turn came.
func (h *Healer) prepare(ctx context.Context, j job, since time.Time) (look, facts) {
	found, gone, partial := h.gather(ctx, j)
	now := h.o.Clock.Now()
	v := j.vars(now, found)
	l := look{Facts: h.record(found)}
	if j.action.Goal != "" {
		// Facts that can't be read make a goal that can't be evaluated, which is one that doesn't hold.
		if holds, _ := h.exprs.truth(ctx, inAction, j.action.Goal, v); holds {
			l.Finding, l.Text = notNeeded, "its goal holds already"
			return l, found
		}
	}
	if w := j.action.Wait; w != nil && !j.undo {
		if until, told := h.waitsUntil(ctx, *w, v, since); now.Before(until) {
			l.Finding, l.Until, l.Guessed, l.Text = later, until, !told, "waits until "+until.Format(time.TimeOnly)
			return l, found
		}
	}
	if text := h.notReady(ctx, j, v, gone); text != "" {
		l.Finding, l.Text = away, text
		if j.action.Away != "" {
			if means, err := h.exprs.text(ctx, j.action.Away, v); err == nil {
				l.Means = h.o.Redactor.Redact(means)
			}
		}
		return l, found
	}
	held, failed := h.conditions(ctx, j.action.Precheck, v)
	if failed != "" {
		l.Finding, l.Text = refused, "pre-check: "+failed
		if partial && !j.undo && repairs(j.step) && j.step.Purpose != corax.Restore {
			// It may be the missing facts that failed it, and without this step there is no repair: it can wait for them.
			l.Finding = away
		}
		return l, found
	}
	l.Finding, l.Text = goAhead, held
	return l, found
}

// waitsUntil is the end of a wait. Where it can't be told, it is the longest that the action allows: waiting is the
// safe side.
func (h *Healer) waitsUntil(ctx context.Context, w corax.WaitFor, v vars, since time.Time) (until time.Time, told bool) {
	most := since.Add(w.Most)
	if w.Until == "" {
		return most, true
	}
	until, err := h.exprs.moment(ctx, w.Until, v)
	if err != nil || (w.Most > 0 && until.After(most)) {
		return most, err == nil
	}
	return until, true
}

// notReady says why the target can't be acted on now, or is empty.
func (h *Healer) notReady(ctx context.Context, j job, v vars, gone error) string {
	if j.action.Ready == "" {
		if gone != nil {
			return j.target.ID + " can't be reached: " + gone.Error()
		}
		return ""
	}
	ready, err := h.exprs.truth(ctx, inAction, j.action.Ready, v)
	switch {
	case ready:
		return ""
	case gone != nil:
		return j.target.ID + " can't be reached: " + gone.Error()
	case err != nil:
		return j.target.ID + " is not ready: " + h.o.Redactor.Redact(err.Error())
	}
	return j.target.ID + " is not ready"
}

// conditions evaluates them in order. failed says, for people, which one does not hold first, and is empty where all
// do.
func (h *Healer) conditions(ctx context.Context, list []corax.Condition, v vars) (held, failed string) {
	for _, c := range list {
		if failed := h.condition(ctx, c, v); failed != "" {
			return "", failed
		}
	}
	switch len(list) {
	case 0:
		return "", ""
	case 1:
		return "1 condition holds", ""
	}
	return fmt.Sprintf("%d conditions hold", len(list)), ""
}

// condition evaluates one; failed says, for people, why it does not hold, and is empty where it does.
func (h *Healer) condition(ctx context.Context, c corax.Condition, v vars) (failed string) {
	ok, err := h.exprs.truth(ctx, inAction, c.That, v)
	if ok {
		return ""
	}
	text := "not true: " + c.That
	if c.Else != "" {
		if t, terr := h.exprs.text(ctx, c.Else, v); terr == nil {
			text = t
		} else {
			text = c.Else
		}
	}
	if err != nil {
		text += " (it can't be told: " + err.Error() + ")"
	}
	return h.o.Redactor.Redact(text)
}

// title is a step for people.
func title(s corax.Step) string {
	if s.Do != "" {
		return strings.TrimSuffix(s.Do, ".")
	}
	return s.Action + " on " + s.Target
}
