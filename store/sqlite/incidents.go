package sqlite

import (
	"context"
	"database/sql"

	"corax"
	"corax/store"
)

// LiveIncidents lists the incidents that have not ended, newest first.
func (s *Store) LiveIncidents(ctx context.Context) ([]corax.Incident, error) {
	return s.Incidents(ctx, store.IncidentFilter{Live: true})
}

// Incidents lists incidents, newest first.
func (s *Store) Incidents(ctx context.Context, f store.IncidentFilter) ([]corax.Incident, error) {
	at, id := f.After.Before()
	query, args := listIncidents, []any{f.Entity, id, limit(f.Limit), f.Problem, f.Live, at}
	switch {
	case f.Problem != "":
		query = incidentsOf
	case f.Live:
		query = listLiveIncidents
	}
	return s.incidents(ctx, "list incidents", query, args...)
}

// Incident is NotFound where there is none.
func (s *Store) Incident(ctx context.Context, id string) (corax.Incident, error) {
	const op = "read incident"
	found, err := s.incidents(ctx, op+" "+id, getIncident, id)
	if err == nil && len(found) == 0 {
		err = missing(op, id)
	}
	if err != nil {
		return corax.Incident{}, err
	}
	return found[0], nil
}

func (s *Store) incidents(ctx context.Context, op, query string, args ...any) ([]corax.Incident, error) {
	out := []corax.Incident{}
	err := s.eachIncident(ctx, op, func(i corax.Incident) error {
		out = append(out, i)
		return nil
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// eachIncident calls fn for each incident that a query finds.
func (s *Store) eachIncident(ctx context.Context, op string, fn func(corax.Incident) error, query string, args ...any) error {
	return s.each(ctx, op, func(rows *sql.Rows) error {
		var problem string
		var doc sql.RawBytes
		if err := rows.Scan(&problem, &doc); err != nil {
			return err
		}
		var i corax.Incident
		if err := decode(doc, &i); err != nil {
			return err
		}
		i.Problem = problem // the column knows better than triage's copy
		return fn(i)
	}, query, args...)
}
