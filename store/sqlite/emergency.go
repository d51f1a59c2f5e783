package sqlite

import (
	"cmp"
	"context"
	"time"

	"corax"
)

// SaveBreakGlass stores an emergency, or what became of it, with the events.
func (s *Store) SaveBreakGlass(ctx context.Context, b corax.BreakGlass, events ...corax.Event) error {
	op := "store emergency " + b.ID
	if b.ID == "" {
		return corax.Errorf(corax.Invalid, op, "it has no id")
	}
	ends := b.ExpiresAt
	if b.EndedAt != nil {
		ends = *b.EndedAt
	}
	doc, err := encode(b)
	if err != nil {
		return err
	}
	return s.transact(ctx, op, func(t *tx) error {
		if _, err := t.exec(upsertBreakGlass, b.ID, b.At.UnixMicro(), ends.UnixMicro(), doc); err != nil {
			return err
		}
		state := "until " + b.ExpiresAt.UTC().Format(time.RFC3339)
		at, who := b.At, b.By
		if b.EndedAt != nil {
			state, at, who = "ended", *b.EndedAt, cmp.Or(b.EndedBy, b.By)
		}
		err := t.audit(corax.AuditEntry{At: at, Who: who, What: corax.AuditBreakGlass, On: "emergency/" + b.ID, Inputs: t.inputs(doc),
			Detail: map[string]string{"scope": b.Scope, "reason": b.Reason, "state": state}})
		if err != nil {
			return err
		}
		return t.append(events)
	})
}

// BreakGlass is NotFound where there is none.
func (s *Store) BreakGlass(ctx context.Context, id string) (corax.BreakGlass, error) {
	return get[corax.BreakGlass](ctx, s, "read emergency", getBreakGlass, id)
}

// BreakGlasses lists the emergencies that end after a time, oldest first; the zero time lists all.
func (s *Store) BreakGlasses(ctx context.Context, after time.Time) ([]corax.BreakGlass, error) {
	at := int64(-1 << 62)
	if !after.IsZero() {
		at = after.UnixMicro()
	}
	return list[corax.BreakGlass](ctx, s, "list emergencies", breakGlassAfter, at)
}
