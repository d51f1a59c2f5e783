// Package notify tells people, and goes on until somebody says that they are on it.
//
// In comes what happens to problems, and what other rooms have to say to somebody. Out go messages: first into the
// outbox, which is the store, then by channels, one file each. In come acknowledgements as well, by link, key, API.
//
//	problem ─> notice ─> page (one a problem) ─> route: who, when ─> deliveries ─> channel ─> people
//	           stored before anything is sent      └─ nobody acknowledges in time: the next step of the route
//
// One goroutine owns the sending: it starts every delivery that is due, records what became of it, and takes the next
// step of a page's route. What a crash interrupts is sent again under the same id; a mail server drops it, a telephone
// service may ring twice. Routing (route.go) is a function of page, configuration and time.
//
// It must never put a secret into a message, never follow a redirect with a credential, never let a text from outside
// shape the instructions, headers or mark-up that it stands in, and never take an acknowledgement from a link that was
// only looked at.
package notify

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"corax"
	"corax/config"
	"corax/notify/link"
	"corax/store"
	"corax/vault"
)

// Store keeps the pages. Each change is one transaction, and durable when it returns.
type Store interface {
	// ChangePage makes a page that isn't there. Where change fails nothing is stored, and its error is returned.
	ChangePage(ctx context.Context, id string, change func(*corax.Page) error, events ...corax.Event) (corax.Page, error)
	Page(ctx context.Context, id string) (corax.Page, error)
	Pages(ctx context.Context, f store.PageFilter) ([]corax.Page, error)
	DuePages(ctx context.Context, most int) ([]corax.Page, error)
	Problem(ctx context.Context, id string) (corax.Problem, error)
	Problems(ctx context.Context, f store.ProblemFilter) ([]corax.Problem, error)
	// Approvals are the requests that wait for an answer, where open; Approval is NotFound where there is none.
	Approvals(ctx context.Context, open bool) ([]corax.ApprovalRequest, error)
	Approval(ctx context.Context, id string) (corax.ApprovalRequest, error)
	// BreakGlasses are the emergencies that end after a time.
	BreakGlasses(ctx context.Context, after time.Time) ([]corax.BreakGlass, error)
	AppendEvents(ctx context.Context, events ...corax.Event) error
	Subscribe() (events <-chan corax.Event, cancel func())
}

// Settings are what is configured, as it is at the moment of the call.
type Settings struct {
	config.Notify
	// Escalation is told whenever people are needed, whatever the routes say.
	Escalation config.Webhook
	Operators  []corax.Operator // who is asked for approvals
	Topology   corax.Topology
}

// Options are the surroundings of a Notifier.
type Options struct {
	Store    Store
	Settings func() Settings
	Links    *link.Signer
	Redactor *vault.Redactor
	// Resolve gives a credential at the moment of its use; that of a vault.Keeper without a vault where nil.
	Resolve func(ctx context.Context, ref string) (vault.Secret, error)
	HTTP    *http.Client // its own where nil
	Clock   corax.Clock
	Log     *slog.Logger
}

// Limits of one look at the outbox.
const (
	sendsAtOnce = 16
	sendWithin  = 45 * time.Second
	mostDue     = 1000
	idle        = time.Minute // between two looks when nothing happens
)

// Notifier tells people.
type Notifier struct {
	o    Options
	wake chan struct{}

	mu       sync.Mutex
	inflight map[string]bool        // deliveries that are being sent
	sent     map[string][]time.Time // when each contact was sent something, oldest first
	cancel   context.CancelFunc
	done     chan struct{}
	sends    sync.WaitGroup
	slots    chan struct{}
}

// New makes a notifier; Start starts it.
func New(o Options) *Notifier {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Redactor == nil {
		o.Redactor = &vault.Redactor{}
	}
	if o.Resolve == nil {
		o.Resolve = (&vault.Keeper{Redactor: o.Redactor}).Resolve
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	}
	return &Notifier{o: o, wake: make(chan struct{}, 1), inflight: map[string]bool{}, sent: map[string][]time.Time{},
		slots: make(chan struct{}, sendsAtOnce)}
}

// settings adds what older configurations say in another place: the webhook of escalations is a contact like others.
func (n *Notifier) settings() Settings {
	s := n.o.Settings()
	if s.Escalation.URL != "" {
		hook := s.Escalation
		s.Channels = append(s.Channels[:len(s.Channels):len(s.Channels)], config.Channel{Name: escalationHook, Webhook: &hook})
		s.Contacts = append(s.Contacts[:len(s.Contacts):len(s.Contacts)],
			config.Contact{Name: escalationHook, Reach: []config.Reach{{Channel: escalationHook}}})
	}
	return s
}

// escalationHook is the contact that escalation.webhook configures.
const escalationHook = "escalation.webhook"

// Start goes on with what was not sent yet, and returns.
func (n *Notifier) Start(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cancel != nil {
		return nil
	}
	if err := n.remember(ctx); err != nil {
		return err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	n.cancel, n.done = cancel, make(chan struct{})
	events, unsubscribe := n.o.Store.Subscribe()
	go n.run(run, events, unsubscribe, n.done)
	return nil
}

// Stop ends the sending and waits for it; what was on its way is sent again by the next Start. Twice is fine.
func (n *Notifier) Stop() {
	n.mu.Lock()
	cancel, done := n.cancel, n.done
	n.cancel = nil
	n.mu.Unlock()
	if cancel != nil {
		cancel()
		<-done
		n.o.HTTP.CloseIdleConnections()
	}
}

// Wake says that something may be due. It never blocks.
func (n *Notifier) Wake() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

func (n *Notifier) run(ctx context.Context, events <-chan corax.Event, unsubscribe func(), done chan<- struct{}) {
	defer close(done)
	defer n.sends.Wait()
	defer func() { unsubscribe() }()
	stale := true // problems may have changed
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-events:
			if !ok { // fallen behind; what was missed is seen by looking
				if ctx.Err() != nil {
					return
				}
				unsubscribe()
				if events, unsubscribe = n.o.Store.Subscribe(); closed(events) {
					return // the store is closing
				}
			}
			if stale = stale || !ok || tellable(e.Kind); !stale {
				continue
			}
		case <-n.wake:
		case <-timer.C:
		}
		if stale {
			err := n.follow(ctx)
			stale = err != nil
			n.report(ctx, "look at the problems", err)
		}
		timer.Reset(n.pause(n.round(ctx)))
	}
}

// closed says that a channel was closed before anything came.
func closed(events <-chan corax.Event) bool {
	select {
	case _, ok := <-events:
		return !ok
	default:
		return false
	}
}

// pause is how long until the next look.
func (n *Notifier) pause(next time.Time, err error) time.Duration {
	if err != nil {
		n.report(context.Background(), "look at the outbox", err)
		return time.Second
	}
	if next.IsZero() {
		return idle
	}
	return min(max(next.Sub(n.o.Clock.Now()), time.Millisecond), idle)
}

func (n *Notifier) report(ctx context.Context, op string, err error) {
	if err != nil && ctx.Err() == nil {
		n.o.Log.Error(op, "error", n.o.Redactor.Redact(err.Error()))
	}
}
