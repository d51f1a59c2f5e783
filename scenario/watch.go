package scenario

import (
	"context"
	"math/rand/v2"
	"time"

	"corax"
)

// recheck is how soon the state is read again after an event, because an event can be heard before its record can
// be read, and how often it is read when events are missed.
const recheck = 500 * time.Millisecond

// watch follows Corax from the injection to the end.
type watch struct {
	*run
	lab     Lab
	system  System
	events  <-chan corax.Event
	done    int // operations
	told    int // events that progress was told of
	killing *KillSchedule
	spared  map[string]bool // states of steps at which Corax is not killed any more
	dice    *rand.Rand      // draws how long Corax lives, where it is killed at random moments
	fuse    *time.Timer     // burns while it lives
	burnt   bool
}

// observe lets nothing happen for a while, and reads what happened all the same.
func (w *watch) observe(ctx context.Context, d time.Duration) error {
	over := time.NewTimer(d)
	defer over.Stop()
	for {
		select {
		case _, open := <-w.events:
			if !open {
				w.events = nil
			}
			if err := w.look(ctx); err != nil {
				return err
			}
		case <-over.C:
			return w.look(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// awaitEnd returns when every expected problem has come to its end and every operation was carried out, or when the
// time is up: then the checks say what is missing.
func (w *watch) awaitEnd(ctx context.Context, most time.Duration) error {
	over := time.NewTimer(most)
	defer over.Stop()
	again := time.NewTicker(recheck)
	defer again.Stop()
	defer w.undone()
	busy := false
	for {
		if killed, err := w.killEarly(ctx); err != nil {
			return err
		} else if killed {
			continue // steps may have gone on already
		}
		if !busy {
			if err := w.look(ctx); err != nil {
				return err
			}
			if err := w.operate(ctx); err != nil {
				return err
			}
			if err := w.kill(ctx); err != nil {
				return err
			}
			if w.ended() {
				return nil
			}
		}
		busy = false
		select {
		case _, open := <-w.events:
			if !open {
				w.events = nil
			}
			if busy = open && w.killsAtSteps(); busy { // a look would let steps go by: it waits until nothing happens
				again.Reset(recheck)
			}
		case <-again.C:
		case <-w.burning():
			w.burnt = true
		case <-over.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ended says that waiting longer can't make a check hold.
func (w *watch) ended() bool {
	if w.done < len(w.sc.Operate) {
		return false
	}
	e := w.sc.Expect
	if e.Problems != nil && len(w.seen.problems) < *e.Problems {
		return false
	}
	wants := e.outcomes()
	for i, p := range pair(wants, &w.seen) {
		if p == nil || !p.reached(wants[i]) || !allOK(recordChecks(wants[i], p, &w.seen)) {
			return false
		}
	}
	return allOK(toldChecks(e, &w.seen)) && w.seen.kills >= e.Kills
}

// look reads Corax's records anew.
func (w *watch) look(ctx context.Context) error {
	var err error
	read := func(what string, f func() error) {
		if err == nil {
			if err = f(); err != nil {
				err = corax.Errorf(corax.Unavailable, "read Corax's "+what, "%w", err)
			}
		}
	}
	s := &w.seen
	var problems []corax.Problem
	var runs []corax.PlanRun
	read("problems", func() (err error) { problems, err = w.system.Problems(ctx); return err })
	read("plans", func() (err error) { runs, err = w.system.PlanRuns(ctx); return err })
	read("decisions", func() (err error) { s.decisions, err = w.system.Decisions(ctx); return err })
	read("requests to approve", func() (err error) { s.requests, err = w.system.Approvals(ctx); return err })
	read("work orders", func() (err error) { s.orders, err = w.system.WorkOrders(ctx); return err })
	read("pages", func() (err error) { s.pages, err = w.system.Pages(ctx); return err })
	read("outcomes", func() (err error) { s.outcomes, err = w.system.Outcomes(ctx); return err })
	read("monitors", func() (err error) { s.monitors, err = w.system.Monitors(ctx); return err })
	read("signals", func() (err error) { s.signals, err = w.system.Signals(ctx); return err })
	read("incidents", func() error {
		incidents, err := w.system.Incidents(ctx)
		s.incidents = len(incidents)
		return err
	})
	// Last, so that the events of all that was read are among them: each is stored with its record.
	read("events", func() (err error) { s.events, err = w.system.Events(ctx); return err })
	if err != nil {
		return err
	}
	s.problems = s.problems[:0:0]
	for _, p := range problems {
		s.problems = append(s.problems, join(p, runs, s.events))
	}
	for ; w.told < len(s.events); w.told++ {
		w.tell(moment(s.events[w.told]))
	}
	return nil
}

// join puts a problem and the runs of its plans together.
func join(p corax.Problem, runs []corax.PlanRun, events []corax.Event) problemSeen {
	seen := problemSeen{
		id: p.ID, diagnosis: p.Diagnosis, state: p.State, escalated: p.Escalated, escalation: p.Escalation,
		openedAt: p.OpenedAt, healedAt: p.HealedAt, closedAt: p.ClosedAt,
	}
	for _, run := range runs {
		if run.Plan.ID == p.Plan || run.Plan.Problem == p.ID {
			seen.runs = append(seen.runs, run)
		}
	}
	for _, e := range events {
		if e.Problem == p.ID && e.Kind == corax.EventDiagnosed {
			at := e.At
			seen.detectedAt = &at
			break
		}
	}
	return seen
}
