// Package live tells pages and programs that something has changed, and never what: topics and ids go out, and whoever listens asks for
// what they may see. In come the store's events and what other rooms publish; out go server-sent events.
package live

import (
	"cmp"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"corax"
)

const (
	listenerRoom = 64  // messages that a listener may be behind
	remembered   = 256 // messages that a listener who comes back can be told
	mostTopics   = 64  // of a message; more are said as Everything
)

// Everything is the topic of a message to all: what was missed can't be told apart any more, so all must be asked for again.
const Everything = "*"

// Message says that what these topics are about has changed.
type Message struct {
	ID     string // what a listener names to be told what came after it
	Topics []string
}

// Options are a Hub's surroundings.
type Options struct {
	// Subscribe hears of events from now on; the channel closes when the listener is too slow, or there will be no more.
	Subscribe func() (events <-chan corax.Event, cancel func())
	Most      int           // listeners at once; 1024 where 0
	Heartbeat time.Duration // between comments that keep a connection alive; 20 s where 0
	Epoch     string        // of this run: ids of another run's messages mean nothing here
	Log       *slog.Logger
}

// Hub spreads what has changed to those who listen.
type Hub struct {
	o Options

	mu     sync.Mutex
	seq    int64
	recent []Message // the latest, oldest first
	all    map[*Listener]struct{}
	closed bool

	stop chan struct{}
	done chan struct{}
}

// New makes a hub. It says nothing of the store before Start.
func New(o Options) *Hub {
	o.Most = cmp.Or(o.Most, 1024)
	o.Heartbeat = cmp.Or(o.Heartbeat, 20*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Hub{o: o, all: map[*Listener]struct{}{}, stop: make(chan struct{}), done: make(chan struct{})}
}

// Start begins to follow the store's events.
func (h *Hub) Start() {
	events, cancel := h.o.Subscribe()
	go func() {
		defer close(h.done)
		for {
			lasted := h.follow(events)
			cancel()
			select {
			case <-h.stop:
				return
			default:
			}
			if !lasted { // closed at once: the store is closing, or worse; not in a tight loop
				select {
				case <-h.stop:
					return
				case <-time.After(time.Second):
				}
			}
			events, cancel = h.o.Subscribe()
			h.Publish(Everything)
		}
	}()
}

// follow spreads events until the channel closes or the hub stops. It says whether any came.
func (h *Hub) follow(events <-chan corax.Event) (any bool) {
	for {
		select {
		case <-h.stop:
			return any
		case e, ok := <-events:
			if !ok {
				return any
			}
			any = true
			h.Publish(gather(e, events)...)
		}
	}
}

// gather takes the topics of an event and of those that have come with it: a transaction's events are one message.
func gather(e corax.Event, events <-chan corax.Event) []string {
	topics := Topics(e)
	for range 256 {
		select {
		case e, ok := <-events:
			if !ok {
				return topics
			}
			topics = append(topics, Topics(e)...)
		default:
			return topics
		}
	}
	return topics
}

// Publish says that what these topics are about has changed.
func (h *Hub) Publish(topics ...string) {
	if len(topics) == 0 {
		return
	}
	slices.Sort(topics)
	topics = slices.Compact(topics)
	if len(topics) > mostTopics {
		topics = []string{Everything}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.seq++
	m := Message{ID: h.at(), Topics: topics}
	if h.recent = append(h.recent, m); len(h.recent) > remembered {
		h.recent = slices.Delete(h.recent, 0, len(h.recent)-remembered)
	}
	for l := range h.all {
		select {
		case l.ch <- m:
		default: // too slow: it comes back and asks for everything
			h.drop(l)
		}
	}
}

// At is the id of the latest message: whoever reads something after this, and listens from this on, misses nothing.
func (h *Hub) At() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at()
}

func (h *Hub) at() string { return h.o.Epoch + "." + strconv.FormatInt(h.seq, 10) }

// Stop ends all listening and returns when nothing follows the store any more. Twice is fine.
func (h *Hub) Stop() {
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		close(h.stop)
		for l := range h.all {
			h.drop(l)
		}
	}
	h.mu.Unlock()
}

// Wait returns when nothing follows the store any more; only after Start and Stop.
func (h *Hub) Wait() { <-h.done }

// Listener hears messages until it is closed or too slow.
type Listener struct {
	h  *Hub
	ch chan Message
}

// Listen hears of what changes from now on, and, where last is the id of a message, of what has changed since; of Everything where that
// can't be told any more. It is Unavailable where too many listen already.
func (h *Hub) Listen(last string) (*Listener, error) {
	const op = "listen for changes"
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return nil, corax.Errorf(corax.Unavailable, op, "Corax is stopping")
	case len(h.all) >= h.o.Most:
		return nil, &corax.Error{Code: corax.Unavailable, Op: op, Err: corax.Errorf(corax.Unavailable, "", "%d listen already", len(h.all)),
			Hint: "close some pages, or try again later"}
	}
	l := &Listener{h: h, ch: make(chan Message, listenerRoom)}
	if last != "" {
		for _, m := range h.since(last) {
			l.ch <- m
		}
	}
	h.all[l] = struct{}{}
	return l, nil
}

// since is what has come after a message, in at most as many messages as a listener has room for.
func (h *Hub) since(last string) []Message {
	now := Message{ID: h.at(), Topics: []string{Everything}}
	epoch, number, _ := strings.Cut(last, ".")
	seq, err := strconv.ParseInt(number, 10, 64)
	missed := h.seq - seq
	switch {
	case epoch != h.o.Epoch || err != nil || missed < 0 || missed > int64(min(len(h.recent), listenerRoom)):
		return []Message{now}
	case missed == 0:
		return nil
	}
	return h.recent[len(h.recent)-int(missed):]
}

// Messages closes when the listener was dropped or the hub stops.
func (l *Listener) Messages() <-chan Message { return l.ch }

// Close ends it; twice is fine.
func (l *Listener) Close() {
	l.h.mu.Lock()
	defer l.h.mu.Unlock()
	l.h.drop(l)
}

func (h *Hub) drop(l *Listener) {
	if _, ok := h.all[l]; ok {
		delete(h.all, l)
		close(l.ch)
	}
}

// Listeners is how many listen.
func (h *Hub) Listeners() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.all)
}
