package sqlite

import (
	"context"
	"strconv"
	"time"

	"corax"
)

// SaveOutcome keeps how an action ended. One that is known already stays as it was.
func (s *Store) SaveOutcome(ctx context.Context, o corax.Outcome) error {
	op := "store outcome " + o.ID
	if o.ID == "" {
		return corax.Errorf(corax.Invalid, op, "it has no id")
	}
	doc, err := encode(o)
	if err != nil {
		return err
	}
	return s.transact(ctx, op, func(t *tx) error {
		n, err := t.exec(insertOutcome, o.ID, o.Action, o.Class, o.At.UnixMicro(), doc)
		if err != nil || n == 0 {
			return err
		}
		return t.audit(corax.AuditEntry{At: o.At, Who: "corax", What: corax.AuditOutcome, On: onOutcome + o.ID, Plan: o.Plan, Inputs: t.inputs(doc),
			Detail: map[string]string{"action": o.Action, "class": o.Class, "ground": string(o.Ground), "verified": strconv.FormatBool(o.Verified)}})
	})
}

// Outcomes lists how an action ended on a class of entities, oldest first; of every action where none is named.
func (s *Store) Outcomes(ctx context.Context, action, class string) ([]corax.Outcome, error) {
	if action == "" {
		return list[corax.Outcome](ctx, s, "list outcomes", allOutcomes)
	}
	return list[corax.Outcome](ctx, s, "list outcomes", outcomesOf, action, class)
}

// SaveCap sets the most that an action may do by itself on a class, with the events; the level of none takes the cap away.
func (s *Store) SaveCap(ctx context.Context, c corax.Cap, events ...corax.Event) error {
	doc, err := encode(c)
	if err != nil {
		return err
	}
	return s.transact(ctx, "store the cap of "+c.Action, func(t *tx) (err error) {
		if c.Level == "" {
			_, err = t.exec(deleteCap, c.Action, c.Class)
		} else {
			_, err = t.exec(upsertCap, c.Action, c.Class, doc)
		}
		if err != nil {
			return err
		}
		err = t.audit(corax.AuditEntry{At: c.At, Who: c.By, What: corax.AuditCap, On: onCap + c.Action + "/" + c.Class, Inputs: t.inputs(doc),
			Detail: map[string]string{"level": string(c.Level), "reason": c.Reason}})
		if err != nil {
			return err
		}
		return t.append(events)
	})
}

// Caps lists the caps that are set.
func (s *Store) Caps(ctx context.Context) ([]corax.Cap, error) {
	return list[corax.Cap](ctx, s, "list caps", listCaps)
}

// PlanRunsSince lists the runs of plans that began at a time or later, and those that have not ended, oldest first.
func (s *Store) PlanRunsSince(ctx context.Context, since time.Time) ([]corax.PlanRun, error) {
	return list[corax.PlanRun](ctx, s, "list recent plans", planRunsSince, since.UnixMicro())
}
