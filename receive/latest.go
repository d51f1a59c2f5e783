package receive

import (
	"sync"
	"time"
)

const (
	// retryWindow is how long the same words without a time of their own count as one event that was sent again.
	retryWindow = time.Minute
	// mostLatest bounds what is remembered; what was forgotten gets a new id when it comes again, and folds into the same incident.
	mostLatest = 50_000
)

// latest tells a retry from a new event for clients that send no time: an event that says what the latest one of its fingerprint said,
// within the retry window, is that one. It is only in memory, so that a retry across a restart counts as new.
type latest struct {
	mu        sync.Mutex
	now, past map[string]said // past is the generation before, dropped as a whole
}

// said is what a fingerprint's latest event said, and when it began to.
type said struct {
	content string // hashed
	at      time.Time
}

func newLatest() *latest { return &latest{now: map[string]said{}} }

// start is the time that stands for an event's own: when its like was first seen, else now.
func (l *latest) start(fingerprint, content string, now time.Time) time.Time {
	content = shortHash("", content) // what is said may be long
	l.mu.Lock()
	defer l.mu.Unlock()
	was, ok := l.now[fingerprint]
	if !ok {
		was, ok = l.past[fingerprint]
	}
	if ok && was.content == content && now.Sub(was.at) < retryWindow {
		return was.at
	}
	if len(l.now) >= mostLatest {
		l.past, l.now = l.now, map[string]said{}
	}
	l.now[fingerprint] = said{content, now}
	return now
}
