package postmortem

import (
	"context"
	"slices"

	"corax"
	"corax/store"
)

// Records is where what is known of a problem is read from.
type Records interface {
	Problem(ctx context.Context, id string) (corax.Problem, error)
	PlanRun(ctx context.Context, id string) (corax.PlanRun, error)
	Decisions(ctx context.Context, plan string) ([]corax.Decision, error)
	Events(ctx context.Context, f store.EventFilter) ([]corax.Event, error)
}

// mostEvents is how much of a timeline is read: of a longer one both ends, half of it each.
const mostEvents = 2000

// Read gathers all that came of a problem. It is NotFound where there is none; a plan that retention has forgotten is left out.
func Read(ctx context.Context, r Records, problem string) (o Outage, err error) {
	if o.Problem, err = r.Problem(ctx, problem); err != nil {
		return o, err
	}
	if o.Problem.Plan != "" {
		run, err := r.PlanRun(ctx, o.Problem.Plan)
		switch {
		case err == nil:
			o.Run = &run
			if o.Decisions, err = r.Decisions(ctx, o.Problem.Plan); err != nil {
				return o, err
			}
		case corax.CodeOf(err) != corax.NotFound:
			return o, err
		}
	}
	err = o.timeline(ctx, r)
	return o, err
}

func (o *Outage) timeline(ctx context.Context, r Records) error {
	oldest, err := r.Events(ctx, store.EventFilter{Problem: o.Problem.ID, Limit: mostEvents})
	if err != nil || len(oldest) < mostEvents {
		o.Events = oldest
		return err
	}
	newest, err := r.Events(ctx, store.EventFilter{Problem: o.Problem.ID, Limit: mostEvents / 2, Newest: true})
	if err != nil {
		return err
	}
	slices.Reverse(newest)
	if met := slices.IndexFunc(oldest, func(e corax.Event) bool { return e.ID == newest[0].ID }); met >= 0 {
		oldest = oldest[:met]
	} else { // what is between was not read
		oldest = oldest[:mostEvents/2]
		o.Cut = oldest[len(oldest)-1].At
	}
	o.Events = slices.Concat(oldest, newest)
	return nil
}
