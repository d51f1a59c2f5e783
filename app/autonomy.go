package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"corax"
	"corax/heal/autonomy"
)

// Standings lists what each declared or tried action has earned on each class of entities that it applies to.
func (c controls) Standings(ctx context.Context) ([]corax.Standing, error) {
	outcomes, err := c.a.store.Outcomes(ctx, "", "")
	if err != nil {
		return nil, err
	}
	caps, err := c.a.store.Caps(ctx)
	if err != nil {
		return nil, err
	}
	type pair struct{ action, class string }
	limits := map[pair]*corax.Cap{}
	known := map[pair]bool{}
	for _, limit := range caps {
		limits[pair{limit.Action, limit.Class}] = &limit
		known[pair{limit.Action, limit.Class}] = true
	}
	for _, o := range outcomes {
		known[pair{o.Action, o.Class}] = true
	}
	for _, a := range c.a.actions() {
		for _, e := range c.a.topology().Entities {
			if a.Risk != corax.Read && a.AppliesTo.Matches(e) {
				known[pair{a.Name, e.Kind}] = true
			}
		}
	}
	out := make([]corax.Standing, 0, len(known))
	for p := range known {
		out = append(out, autonomy.Of(p.action, p.class, outcomes, limits[p]))
	}
	slices.SortFunc(out, func(a, b corax.Standing) int {
		return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(a.Class, b.Class))
	})
	return out, nil
}

// Cap holds an action at a level on a class of entities.
func (c controls) Cap(ctx context.Context, limit corax.Cap) error {
	text := fmt.Sprintf("%s holds %s on a %s at %s: %s", limit.By, limit.Action, limit.Class, limit.Level, limit.Reason)
	if limit.Level == "" {
		text = fmt.Sprintf("%s takes the cap off %s on a %s: %s", limit.By, limit.Action, limit.Class, limit.Reason)
	}
	return c.a.store.SaveCap(ctx, limit, corax.Event{At: limit.At, Kind: corax.EventAutonomy, State: string(limit.Level), Text: text,
		Data: map[string]string{"action": limit.Action, "class": limit.Class}})
}

// Learn takes outcomes of scenario runs. It is Forbidden for anybody but an operator: they lift what runs with less asking.
func (c controls) Learn(ctx context.Context, outcomes []corax.Outcome, by corax.Actor) (int, error) {
	const op = "learn from outcomes"
	if !by.Proven() {
		return 0, &corax.Error{Code: corax.Forbidden, Op: op, Err: errors.New("only a named operator may"),
			Hint: "set CORAX_TOKEN to your operator's token"}
	}
	for n, o := range outcomes {
		if o.Action == "" || o.Class == "" || o.Ground != corax.InScenario {
			return 0, corax.Errorf(corax.Invalid, op, "outcome %d: it needs an action, a class and the ground %q", n, corax.InScenario)
		}
	}
	for _, o := range outcomes {
		o.ID = corax.HashID("out", "learned", o.ID) // never that of an outcome of a plan of ours
		if err := c.a.store.SaveOutcome(ctx, o); err != nil {
			return 0, err
		}
	}
	return len(outcomes), c.a.store.AppendEvents(ctx, corax.Event{At: c.a.o.Clock.Now(), Kind: corax.EventAutonomy, State: "learned",
		Text: fmt.Sprintf("%s had Corax learn from %d outcomes of scenarios", by.Name, len(outcomes))})
}
