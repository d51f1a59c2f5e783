package triage

import (
	"container/heap"
	"context"
	"strings"
	"time"

	"corax"
)

// deadline is when an incident must be looked at without a signal. One that has moved is found out when it comes up.
type deadline struct {
	at          time.Time
	fingerprint string
}

// deadlines is a heap, the earliest first.
type deadlines []deadline

func (d deadlines) Len() int           { return len(d) }
func (d deadlines) Less(i, j int) bool { return d[i].at.Before(d[j].at) }
func (d deadlines) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }

// Push implements heap.Interface.
func (d *deadlines) Push(x any) { *d = append(*d, x.(deadline)) }

// Pop implements heap.Interface.
func (d *deadlines) Pop() any {
	old := *d
	x := old[len(old)-1]
	*d = old[:len(old)-1]
	return x
}

// grace is how long after a start an incident may still be renewed that expired while nobody listened.
const grace = time.Minute

// expiresAt is when the incident ends unless it is renewed; zero where it never does by itself.
func (t *Triage) expiresAt(i corax.Incident) time.Time {
	switch {
	case !i.Live() || i.ExpiresAt == nil:
		return time.Time{}
	case i.ExpiresAt.Before(t.started):
		return t.started.Add(grace)
	}
	return *i.ExpiresAt
}

// schedule notes when an incident has to be looked at again without a signal. A place that is too early is left: when it comes up the
// incident is scheduled anew, so that renewals, which are many, cost nothing.
func (t *Triage) schedule(fp string) {
	i := t.incidents[fp]
	at := t.expiresAt(i)
	if i.Live() && i.Flapping {
		if calm := t.flaps[fp].calmAt(t.o.FlapWindow); at.IsZero() || calm.Before(at) {
			at = calm
		}
	}
	if was, ok := t.pending[fp]; at.IsZero() || ok && !at.Before(was) {
		return
	}
	t.pending[fp] = at
	heap.Push(&t.deadlines, deadline{at, fp})
}

// expire ends incidents whose source fell silent, and calms flapping ones, until ctx ends.
func (t *Triage) expire(ctx context.Context, done chan<- struct{}) {
	defer close(done)
	const idle = time.Hour
	timer := time.NewTimer(idle)
	defer timer.Stop()
	for {
		next, err := t.Expire(ctx)
		wait := idle
		switch {
		case err != nil && ctx.Err() == nil:
			t.o.Log.Error("expired incidents could not be stored; tried again", "error", err)
			wait = time.Second
		case !next.IsZero():
			wait = min(idle, max(time.Millisecond, next.Sub(t.o.Clock.Now())))
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
		case <-timer.C:
		}
	}
}

// Expire ends what is due now and returns when the next is; zero where nothing is.
func (t *Triage) Expire(ctx context.Context) (time.Time, error) {
	t.mu.Lock()
	s := t.newStage(0)
	var due []deadline
	for len(t.deadlines) > 0 && !t.deadlines[0].at.After(s.now) {
		d := heap.Pop(&t.deadlines).(deadline)
		if !t.pending[d.fingerprint].Equal(d.at) {
			continue // it has, or had, an earlier place
		}
		delete(t.pending, d.fingerprint)
		due = append(due, d)
		if s.due(d); s.touched[d.fingerprint] == nil {
			t.schedule(d.fingerprint)
		}
	}
	muted, err := s.unmute(ctx)
	var next time.Time
	if len(t.deadlines) > 0 {
		next = t.deadlines[0].at
	}
	if !muted.IsZero() && (next.IsZero() || muted.Before(next)) {
		next = muted
	}
	if err == nil && len(s.touched)+len(s.muted) == 0 {
		t.mu.Unlock()
		return next, nil
	}
	if err != nil {
		t.mu.Unlock()
	} else {
		err = t.commitAndUnlock(ctx, s)
	}
	if err != nil {
		t.mu.Lock()
		for _, d := range due {
			t.schedule(d.fingerprint)
		}
		t.mu.Unlock()
	}
	return next, err
}

// due looks at one incident whose time came; where it moved, it is scheduled anew by its later deadline.
func (s *stage) due(d deadline) {
	was, ok := s.t.incidents[d.fingerprint]
	if !ok || !was.Live() {
		return
	}
	switch end := s.t.expiresAt(was); {
	case !end.IsZero() && !end.After(s.now):
		s.end(s.incident(d.fingerprint), corax.Expired, *was.ExpiresAt)
	case was.Flapping:
		f := s.flap(d.fingerprint)
		if f.calmAt(s.t.o.FlapWindow).After(s.now) {
			return // it has changed since
		}
		i := s.incident(d.fingerprint)
		i.Flapping = false
		if !f.failing {
			s.end(i, corax.Recovered, f.changes[len(f.changes)-1])
		}
	}
}

// flap counts a fingerprint's changes of state.
type flap struct {
	changes []time.Time // ascending, the latest few
	failing bool
}

const mostChanges = 32

// change notes what the source says now; the same again is no change.
func (f *flap) change(at time.Time, failing bool) {
	if f.failing == failing && len(f.changes) > 0 {
		return
	}
	f.failing = failing
	f.changes = append(f.changes, at)
	if len(f.changes) > mostChanges {
		f.changes = f.changes[len(f.changes)-mostChanges:]
	}
}

// flapping says that there were count changes within the window before the latest.
func (f *flap) flapping(window time.Duration, count int) bool {
	n := len(f.changes)
	return n >= count && f.changes[n-1].Sub(f.changes[n-count]) <= window
}

// failedAfter says that the source began to complain later than that.
func (f *flap) failedAfter(at time.Time) bool {
	return f.failing && len(f.changes) > 0 && f.changes[len(f.changes)-1].After(at)
}

func (f *flap) calmAt(window time.Duration) time.Time {
	if len(f.changes) == 0 {
		return time.Time{}
	}
	return f.changes[len(f.changes)-1].Add(window)
}

// recentIDs remembers the latest ids, so that most repeats are known without asking the store.
type recentIDs struct {
	ids  map[string]struct{}
	ring []string
	next int
}

func newRecentIDs(n int) *recentIDs {
	return &recentIDs{ids: make(map[string]struct{}), ring: make([]string, n)}
}

func (r *recentIDs) has(id string) bool {
	_, ok := r.ids[id]
	return ok
}

func (r *recentIDs) add(id string) {
	if r.has(id) {
		return
	}
	id = strings.Clone(id) // a decoded signal's strings are pieces of its whole envelope, which would stay with them
	delete(r.ids, r.ring[r.next])
	r.ids[id], r.ring[r.next] = struct{}{}, id
	r.next = (r.next + 1) % len(r.ring)
}
