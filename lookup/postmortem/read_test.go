package postmortem_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"corax"
	"corax/lookup/postmortem"
	"corax/store"
)

// records are a problem without a plan, and its events.
type records []corax.Event

func (records) Problem(context.Context, string) (corax.Problem, error) {
	return corax.Problem{ID: "prb-1"}, nil
}
func (records) PlanRun(context.Context, string) (r corax.PlanRun, err error) { return r, err }
func (records) Decisions(context.Context, string) ([]corax.Decision, error)  { return nil, nil }
func (r records) Events(_ context.Context, f store.EventFilter) ([]corax.Event, error) {
	all := slices.Clone(r)
	if f.Newest {
		slices.Reverse(all)
	}
	return all[:min(len(all), f.Limit)], nil
}

// Of a timeline that is too long to be read the beginning and the end are, each event once, and where it is cut is known.
func TestLongTimelinesAreCut(t *testing.T) {
	for n, read := range map[int]int{0: 0, 1: 1, 1999: 1999, 2000: 2000, 2001: 2001, 2999: 2999, 3000: 2000, 9000: 2000} {
		all := make(records, n)
		for i := range all {
			all[i] = corax.Event{ID: fmt.Sprint("evt-", i), At: began.Add(time.Duration(i) * time.Second)}
		}
		o, err := postmortem.Read(t.Context(), all, "prb-1")
		if err != nil || len(o.Events) != read {
			t.Errorf("of %d events %d are read, not %d: %v", n, len(o.Events), read, err)
			continue
		}
		cuts := 0
		for i := 1; i < len(o.Events); i++ {
			next := o.Events[i-1].At.Add(time.Second).Equal(o.Events[i].At)
			if o.CutBetween(o.Events[i-1], o.Events[i]) == next {
				t.Errorf("of %d: %s and %s follow each other: %t", n, o.Events[i-1].ID, o.Events[i].ID, next)
			}
			if !next {
				cuts++
			}
		}
		if n > 0 && (o.Events[0].ID != "evt-0" || o.Events[read-1].ID != all[n-1].ID) || cuts > 1 || cuts == 1 != (read < n) {
			t.Errorf("of %d: from %s to %s, cut %d times", n, o.Events[0].ID, o.Events[read-1].ID, cuts)
		}
	}
}
