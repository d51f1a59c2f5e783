package sqlite

import (
	"sync"

	"corax"
)

// listenerRoom is how many events a listener may be behind.
const listenerRoom = 4096

// listeners hear events after they were committed, in their order. Nobody waits for them.
type listeners struct {
	mu     sync.Mutex
	closed bool
	all    map[chan corax.Event]struct{}
}

// Subscribe hears of every event that is committed from now on. A listener that falls too far behind finds its channel closed, and so do
// all when the store closes; what it missed it reads with Events, after the last id that it has seen. cancel ends it; twice is fine.
func (s *Store) Subscribe() (events <-chan corax.Event, cancel func()) {
	l := &s.events
	ch := make(chan corax.Event, listenerRoom)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		close(ch)
		return ch, func() {}
	}
	if l.all == nil {
		l.all = map[chan corax.Event]struct{}{}
	}
	l.all[ch] = struct{}{}
	return ch, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.drop(ch)
	}
}

func (l *listeners) drop(ch chan corax.Event) {
	if _, ok := l.all[ch]; ok {
		delete(l.all, ch)
		close(ch)
	}
}

func (l *listeners) send(events []corax.Event) {
	if len(events) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for ch := range l.all {
		for _, e := range events {
			select {
			case ch <- e:
				continue
			default:
			}
			l.drop(ch)
			break
		}
	}
}

func (l *listeners) closeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for ch := range l.all {
		l.drop(ch)
	}
}
