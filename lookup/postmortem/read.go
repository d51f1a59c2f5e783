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
	o.Events, err = timeline(ctx, r, problem)
	return o, err
}

func timeline(ctx context.Context, r Records, problem string) ([]corax.Event, error) {
	oldest, err := r.Events(ctx, store.EventFilter{Problem: problem, Limit: mostEvents})
	if err != nil || len(oldest) < mostEvents {
		return oldest, err
	}
	newest, err := r.Events(ctx, store.EventFilter{Problem: problem, Limit: mostEvents / 2, Newest: true})
	if err != nil {
		return nil, err
	}
	all := oldest[:mostEvents/2]
	known := map[string]bool{}
	for _, e := range all {
		known[e.ID] = true
	}
	for _, e := range slices.Backward(newest) {
		if !known[e.ID] {
			all = append(all, e)
		}
	}
	return all, nil
}
