package app

import (
	"context"
	"strings"
	"unicode/utf8"

	"corax"
)

// maxComment is how long a comment may be, in characters.
const maxComment = 4000

// Comment puts what somebody says into the timeline of a problem.
func (c controls) Comment(ctx context.Context, problem, by, text string) (corax.Event, error) {
	op := "comment on problem " + problem
	text = strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD"))
	switch {
	case by == "":
		return corax.Event{}, corax.Errorf(corax.Invalid, op, "nobody is named as saying it")
	case text == "":
		return corax.Event{}, corax.Errorf(corax.Invalid, op, "nothing is said")
	case utf8.RuneCountInString(text) > maxComment:
		return corax.Event{}, corax.Errorf(corax.Invalid, op, "it is longer than %d characters", maxComment)
	}
	if _, err := c.a.store.Problem(ctx, problem); err != nil {
		return corax.Event{}, err
	}
	e := corax.Event{At: c.a.o.Clock.Now(), Kind: corax.EventComment, Problem: problem, Text: c.a.redactor.Redact(text), Data: map[string]string{"by": by}}
	return e, c.a.store.AppendEvents(ctx, e)
}

// TakeOver says that a person has a problem: its plan is paused, nobody else is woken, and it is on record. What is so already stays so.
func (c controls) TakeOver(ctx context.Context, problem, by, reason string) error {
	op := "take over problem " + problem
	if by == "" {
		return corax.Errorf(corax.Invalid, op, "nobody is named as taking it")
	}
	p, err := c.a.store.Problem(ctx, problem)
	if err != nil {
		return err
	}
	if p.State.Ended() {
		return corax.Errorf(corax.Conflict, op, "it has ended: %s", p.State)
	}
	reason = c.a.redactor.Redact(reason)
	if p.Plan != "" {
		run, err := c.a.store.PlanRun(ctx, p.Plan)
		if err != nil {
			return err
		}
		if !run.State.Ended() && run.Hold == nil {
			if err := c.a.healer.Pause(ctx, p.Plan, by, strings.TrimSpace("took over. "+reason)); err != nil {
				return err
			}
		}
	}
	// Nobody may have been told of it, or somebody may be on it: either is no reason not to take it.
	if _, err := c.a.notifier.Ack(ctx, problem, by); err != nil && corax.CodeOf(err) != corax.NotFound && corax.CodeOf(err) != corax.Conflict {
		return err
	}
	text := by + " has it"
	if reason != "" {
		text += ": " + reason
	}
	return c.a.store.AppendEvents(ctx, corax.Event{At: c.a.o.Clock.Now(), Kind: corax.EventTakenOver, Problem: problem, Plan: p.Plan, Text: text,
		Data: map[string]string{"by": by}})
}

// asker is an engine that says why it did not answer otherwise.
type asker interface {
	WhyNot(c corax.Case, name string) ([]corax.WhyNot, error)
}

// WhyNot says what a pattern or mechanism has for it in a problem, and what it lacks.
func (c controls) WhyNot(ctx context.Context, problem, name string) ([]corax.WhyNot, error) {
	op := "explain why not " + name
	p, err := c.a.store.Problem(ctx, problem)
	if err != nil {
		return nil, err
	}
	e, ok := c.a.o.Engine.(asker)
	if !ok || p.Case == nil {
		return nil, corax.Errorf(corax.Conflict, op, "there is nothing to explain it from")
	}
	return e.WhyNot(*p.Case, name)
}
