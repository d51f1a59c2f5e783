package sqlite

import (
	"context"
	"database/sql"
	"math"
	"time"

	"corax"
	"corax/store"
)

// KnownSignals says which of the ids are stored.
func (s *Store) KnownSignals(ctx context.Context, ids []string) (map[string]bool, error) {
	known := map[string]bool{}
	if len(ids) == 0 {
		return known, nil
	}
	err := s.each(ctx, "look up signals", func(rows *sql.Rows) error {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		known[id] = true
		return nil
	}, knownSignals, jsonList(ids))
	if err != nil {
		return nil, err
	}
	return known, nil
}

// Signals lists signals, latest first: those of some kinds by when they were observed, others by when they arrived.
func (s *Store) Signals(ctx context.Context, f store.SignalFilter) ([]corax.Signal, error) {
	query := latestSignals
	switch {
	case f.Incident != "":
		query = signalsOf
	case len(f.Kinds) > 0:
		query = signalsOfKind
	}
	since := int64(math.MinInt64)
	if !f.Since.IsZero() {
		since = f.Since.UnixMicro()
	}
	return list[corax.Signal](ctx, s, "list signals", query, f.Incident, since, jsonList(f.Kinds), limit(f.Limit))
}

// SignalsOf lists the latest signals of an incident, latest first.
func (s *Store) SignalsOf(ctx context.Context, incident string, most int) ([]corax.Signal, error) {
	if incident == "" {
		return []corax.Signal{}, nil
	}
	return s.Signals(ctx, store.SignalFilter{Incident: incident, Limit: most})
}

// RecentSignals lists the signals of some kinds (all where none is named) since a time, latest first.
func (s *Store) RecentSignals(ctx context.Context, kinds []corax.SignalKind, since time.Time, most int) ([]corax.Signal, error) {
	return s.Signals(ctx, store.SignalFilter{Kinds: kinds, Since: since, Limit: most})
}

// CountSignals says how many signals are stored.
func (s *Store) CountSignals(ctx context.Context) (int64, error) {
	s.mu.Lock()
	n, counted := s.signals, s.counted
	s.mu.Unlock()
	if counted {
		return n, nil
	}
	// Once, while nobody writes: SQLite reads a whole index for it. From then on each transaction counts on.
	err := s.transact(ctx, "count signals", func(t *tx) error {
		if err := t.row(&n, countSignals); err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.signals, s.counted = n, true
		return nil
	})
	return n, err
}

// CountLive says how many incidents are live and how many problems are open.
func (s *Store) CountLive(ctx context.Context) (incidents, problems int64, err error) {
	err = s.each(ctx, "count what is live", func(rows *sql.Rows) error { return rows.Scan(&incidents, &problems) }, countLive)
	return incidents, problems, err
}

// SignalIDs calls fn with the id of every stored signal, in no order.
func (s *Store) SignalIDs(ctx context.Context, fn func(id string) error) error {
	return s.each(ctx, "list the ids of signals", func(rows *sql.Rows) error {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		return fn(id)
	}, allSignalIDs)
}
