package sqlite

import (
	"context"
	"fmt"

	"corax"
	"corax/store"
)

// CommitTriage stores a batch as one transaction. Committing the same batch again changes nothing.
func (s *Store) CommitTriage(ctx context.Context, b store.TriageBatch) error {
	op := fmt.Sprintf("store %d signals", len(b.Signals))
	// Documents are made before the turn is taken: others may write meanwhile.
	signals, err := encodeAll(b.Signals)
	if err != nil {
		return err
	}
	incidents, err := encodeAll(b.Incidents)
	if err != nil {
		return err
	}
	err = s.transact(ctx, op, func(t *tx) error {
		stored, err := t.insert(insertSignals, len(b.Signals), func(args []any, i int) ([]any, error) {
			g := &b.Signals[i]
			if g.ID == "" {
				return nil, corax.Errorf(corax.Invalid, op, "signal %d has no id", i+1)
			}
			return append(args, g.ID, string(g.KindOr()), g.At.UnixMicro(), nullable(b.IncidentOf[g.ID]), signals[i]), nil
		})
		if err != nil {
			return err
		}
		t.stored = stored
		_, err = t.insert(upsertIncidents, len(b.Incidents), func(args []any, i int) ([]any, error) {
			n := &b.Incidents[i]
			if n.ID == "" {
				return nil, corax.Errorf(corax.Invalid, op, "incident %d has no id", i+1)
			}
			return append(args, n.ID, n.Entity, n.Live(), n.OpenedAt.UnixMicro(), n.UpdatedAt.UnixMicro(), n.Problem, incidents[i]), nil
		})
		if err != nil {
			return err
		}
		return t.append(b.Events)
	})
	if err == nil && len(b.Signals) > 0 {
		select {
		case s.fresh <- struct{}{}:
		default:
		}
	}
	return err
}

func encodeAll[T any](list []T) ([]string, error) {
	docs := make([]string, len(list))
	for i := range list {
		var err error
		if docs[i], err = encode(&list[i]); err != nil {
			return nil, err
		}
	}
	return docs, nil
}
