package sqlite

import (
	"context"
	"database/sql"
	"time"

	"corax"
	"corax/store"
)

// SaveSilence stores a silence, or replaces the one of its id.
func (s *Store) SaveSilence(ctx context.Context, q corax.Silence) error {
	op := "store silence " + q.ID
	if q.ID == "" {
		return corax.Errorf(corax.Invalid, op, "it has no id")
	}
	return s.transact(ctx, op, func(t *tx) error { return t.putSilence(q, q.Owner, corax.AuditSilenced, s.opts.Clock.Now()) })
}

func (t *tx) putSilence(q corax.Silence, by string, what corax.AuditKind, at time.Time) error {
	doc, err := encode(q)
	if err != nil {
		return err
	}
	if _, err = t.exec(upsertSilence, q.ID, q.StartsAt.UnixMicro(), q.EndsAt.UnixMicro(), doc); err != nil {
		return err
	}
	return t.audit(corax.AuditEntry{At: at, Who: by, What: what, On: onSilence + q.ID, Inputs: t.inputs(doc)})
}

// Silences lists those in force at a time; all that are stored, also ended and planned ones, where the time is zero.
func (s *Store) Silences(ctx context.Context, at time.Time) ([]corax.Silence, error) {
	if at.IsZero() {
		return list[corax.Silence](ctx, s, "list silences", allSilences)
	}
	return list[corax.Silence](ctx, s, "list silences", silencesAt, at.UnixMicro())
}

// EndSilence ends a silence now; it stays on record. One that has ended stays as it was.
func (s *Store) EndSilence(ctx context.Context, id, by string) error {
	const op = "end silence"
	now := s.opts.Clock.Now()
	return s.transact(ctx, op+" "+id, func(t *tx) error {
		q, err := change(t, op, getSilence, id, func(q *corax.Silence) error {
			if now.Before(q.EndsAt) {
				q.EndsAt = now
			}
			return nil
		})
		if err != nil {
			return err
		}
		return t.putSilence(q, by, corax.AuditUnsilence, now)
	})
}

// SetStop throws the kill switch of an entity, or of everything where scope is empty. One that is thrown already takes the new reason.
func (s *Store) SetStop(ctx context.Context, scope, reason, by string, at time.Time) error {
	return s.transact(ctx, "set stop", func(t *tx) error {
		if _, err := t.exec(setStop, scope, reason, by, at.UTC().Format(time.RFC3339Nano)); err != nil {
			return err
		}
		return t.audit(corax.AuditEntry{At: at, Who: by, What: corax.AuditStopSet, On: onStop + scope,
			Detail: map[string]string{"reason": reason}})
	})
}

// ClearStop releases the kill switch of a scope; one that is not thrown stays so.
func (s *Store) ClearStop(ctx context.Context, scope, by string) error {
	return s.transact(ctx, "clear stop", func(t *tx) error {
		n, err := t.exec(clearStop, scope)
		if err != nil || n == 0 {
			return err
		}
		return t.audit(corax.AuditEntry{At: s.opts.Clock.Now(), Who: by, What: corax.AuditStopClear, On: onStop + scope})
	})
}

// Stops lists the kill switches that are thrown, that of everything first.
func (s *Store) Stops(ctx context.Context) ([]store.Stop, error) {
	const op = "list stops"
	out := []store.Stop{}
	err := s.each(ctx, op, func(rows *sql.Rows) error {
		var stop store.Stop
		var at string
		if err := rows.Scan(&stop.Scope, &stop.Reason, &stop.By, &at); err != nil {
			return err
		}
		t, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			return corax.Errorf(corax.Internal, op, "%w", err)
		}
		stop.At = t.UTC()
		out = append(out, stop)
		return nil
	}, listStops)
	if err != nil {
		return nil, err
	}
	return out, nil
}
