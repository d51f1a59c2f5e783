package monitor

import (
	"cmp"
	"container/heap"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// prompt is the interval up to which monitors don't wait for their turn of the interval when they start: who asks
// every second wants to know at once.
const prompt = 2 * time.Second

func compare(a, b string) int { return cmp.Compare(a, b) }

// schedule is a heap of entries, the one that is due first on top.
type schedule []*entry

func (s schedule) Len() int           { return len(s) }
func (s schedule) Less(i, j int) bool { return s[i].at.Before(s[j].at) }
func (s schedule) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *schedule) Push(x any)        { *s = append(*s, x.(*entry)) } //nolint:forcetypeassert // only the heap calls it
func (s *schedule) Pop() any {
	old := *s
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*s = old[:len(old)-1]
	return e
}

// plan gives each new entry its first turn, spread evenly over its interval by its name, so that ten thousand of them
// start at once without a herd and without a delay that grows with their number. The caller holds m.mu.
func (m *Monitors) plan(fresh []*entry) {
	now := time.Now() // the schedule follows the machine's steady clock; the injected one only stamps what was seen
	for _, e := range fresh {
		h := fnv.New64a()
		_, _ = h.Write([]byte(e.spec.Name))
		e.rand = rand.New(rand.NewPCG(m.o.Seed, h.Sum64())) //nolint:gosec // spreads load, guards nothing
		e.every = interval(e.spec)
		span := e.every
		if span <= prompt {
			span /= 5
		}
		e.at = now.Add(time.Duration(e.rand.Float64() * float64(span)))
		heap.Push(&m.due, e)
	}
}

// next is when an entry that was due at e.at runs again: an interval later, give or take 5 %, and never in the past,
// so that what was missed is not made up for.
func (e *entry) next(now time.Time) time.Time {
	jitter := time.Duration((e.rand.Float64() - 0.5) * 0.1 * float64(e.every))
	at := e.at.Add(e.every + jitter)
	if at.Before(now) {
		return now.Add(e.every + jitter)
	}
	return at
}

// loop starts what is due while workers are free. A run gets its next turn only when it is over, so a slow target
// holds one worker.
func (m *Monitors) loop() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if wait, ok := m.startDue(); ok {
			timer.Reset(wait)
		} else {
			timer.Stop()
		}
		select {
		case <-m.ctx.Done():
			return
		case <-timer.C:
		case <-m.wake:
		}
	}
}

// startDue gives how long it is until something is due; false where only a wake-up can change anything.
func (m *Monitors) startDue() (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	for len(m.due) > 0 && m.ctx.Err() == nil {
		if m.busy >= m.o.Workers {
			return 0, false
		}
		e := m.due[0]
		if m.entries[e.spec.Name] != e { // gone or replaced
			heap.Pop(&m.due)
			continue
		}
		if wait := e.at.Sub(now); wait > 0 {
			return wait, true
		}
		heap.Pop(&m.due)
		m.busy++
		m.jobs.Go(func() {
			_, _ = e.run(m.ctx)
			m.mu.Lock()
			m.busy--
			e.at = e.next(time.Now())
			heap.Push(&m.due, e)
			m.mu.Unlock()
			m.poke()
		})
	}
	return 0, false
}

func (m *Monitors) poke() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}
