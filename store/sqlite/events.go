package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strconv"
	"strings"

	"corax"
	"corax/store"
)

const (
	eventPrefix = "evt-"
	eventDigits = 16 // so that ids sort as their numbers do
)

func eventID(seq int64) string { return fmt.Sprintf("%s%0*d", eventPrefix, eventDigits, seq) }

// seqOf is the number within an id that eventID made; ok is false for any other.
func seqOf(id string) (seq int64, ok bool) {
	digits, ok := strings.CutPrefix(id, eventPrefix)
	if !ok || len(digits) != eventDigits {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	return int64(n), err == nil
}

// append adds events to the timeline. Those that come with an id which is known are left out.
func (t *tx) append(events []corax.Event) error {
	for _, e := range events {
		var own any
		if e.ID == "" {
			e.ID = eventID(t.w.next)
		} else if _, ours := seqOf(e.ID); ours {
			// It would collide with the number of another: such an id can only come from a list of this store's events.
			continue
		} else {
			own = e.ID
		}
		doc, err := encode(e)
		if err != nil {
			return err
		}
		n, err := t.exec(insertEvent, t.w.next, own, e.At.UnixMicro(), nullable(e.Incident), nullable(e.Problem), nullable(e.Plan), doc)
		if err != nil {
			return err
		}
		if n > 0 {
			t.w.next++
			t.events = append(t.events, e)
		}
	}
	return nil
}

// AppendEvents adds events to the timeline as one transaction. Those without an id are given one; ids given here sort by insertion.
func (s *Store) AppendEvents(ctx context.Context, events ...corax.Event) error {
	if len(events) == 0 {
		return nil
	}
	return s.transact(ctx, "store events", func(t *tx) error { return t.append(events) })
}

// Events lists events in the order in which they were stored, or the other way round. An After that was never an event's id is Invalid.
func (s *Store) Events(ctx context.Context, f store.EventFilter) ([]corax.Event, error) {
	const op = "list events"
	after, order := int64(0), eventPage
	if f.Newest {
		after, order = math.MaxInt64, newestPage
	}
	if f.After != "" {
		seq, ours := seqOf(f.After)
		if !ours {
			found := false
			err := s.each(ctx, op, func(rows *sql.Rows) error { found = true; return rows.Scan(&seq) }, seqOfEvent, f.After)
			if err != nil {
				return nil, err
			}
			if !found {
				return nil, corax.Errorf(corax.Invalid, op, "there is no event %s to go on after", f.After)
			}
		}
		after = seq
	}
	query, args := listEvents, []any{after, f.Incident, f.Plan, limit(f.Limit)}
	switch {
	case f.Problem != "":
		query, args = eventsOfProblem, append(args, f.Problem)
	case f.Incident != "":
		query = eventsOfIncident
	case f.Plan != "":
		query = eventsOfPlan
	}
	return list[corax.Event](ctx, s, op, query+order, args...)
}
