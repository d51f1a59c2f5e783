// Package hands has people on site do what Corax can't.
//
// In comes a plan of mode remote_hands with its problem; out goes a work order, told to one contact after the other of
// the site's ladder until somebody accepts. In come their answers: accept, at it, done, cannot. "Done" is believed only
// when the monitors of the problem say so too.
//
//	drafted ─> contacting ─accept─> accepted (─> in_progress) ─done─> done_claimed ─monitors green─> verified
//	                │  └─all can't─> declined     │ └─can't─> contacting   └─monitors red─> in_progress, or failed
//	                └─nobody in time─> expired <──┘ not done in time         cancelled: from every state before the end
//
// machine.go is those transitions, as functions of order, time and answer. The order is a document that holds what is
// still to be said as well, so that a crash loses no message and repeats none: the outbox drops what it has. One
// goroutine moves the orders on.
//
// It must never believe "done" by itself, never act on a link that was only looked at or was used before, and never
// leave an order that nothing moves on.
package hands

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"corax"
	"corax/config"
	"corax/notify/link"
	"corax/store"
	"corax/vault"
)

// Store keeps the orders. Each change is one transaction, and durable when it returns.
type Store interface {
	// ChangeWorkOrder makes an order that isn't there. Where change fails nothing is stored, and its error is returned.
	ChangeWorkOrder(ctx context.Context, id string, change func(*corax.WorkOrder) error, events ...corax.Event) (corax.WorkOrder, error)
	WorkOrder(ctx context.Context, id string) (corax.WorkOrder, error)
	WorkOrders(ctx context.Context, f store.WorkOrderFilter) ([]corax.WorkOrder, error)
	Problem(ctx context.Context, id string) (corax.Problem, error)
	AppendEvents(ctx context.Context, events ...corax.Event) error
}

// Teller tells people. Both calls return when what they were given is stored, and may be repeated without harm.
type Teller interface {
	// Say tells one contact, by some kinds of channels; NotFound where there is no such contact.
	Say(ctx context.Context, o corax.WorkOrder, title, contact string, kinds []string, n corax.Notice) error
	// People tells whoever is told of a problem.
	People(ctx context.Context, problem, text string) error
}

// Settings are what is configured, as it is at the moment of the call.
type Settings struct {
	config.Hands
	People   config.Notify
	Topology corax.Topology
}

// Options are the surroundings of a Desk.
type Options struct {
	Store    Store
	Teller   Teller
	Settings func() Settings
	// Green says whether every monitor of these entities is up now, and for people which are not. Where nothing watches
	// them it is false.
	Green     func(ctx context.Context, entities []string) (bool, string)
	StableFor time.Duration // how long monitors must stay green
	Links     *link.Signer
	Redactor  *vault.Redactor
	Clock     corax.Clock
	Log       *slog.Logger
}

const (
	lookEvery  = 5 * time.Second // at live orders: their problems may have ended
	checkEvery = time.Second     // at monitors, after "done"
	idle       = time.Minute
)

// Desk writes work orders and sees to them.
type Desk struct {
	o    Options
	wake chan struct{}

	mu     sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
}

// New makes a desk; Start starts it.
func New(o Options) *Desk {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Redactor == nil {
		o.Redactor = &vault.Redactor{}
	}
	return &Desk{o: o, wake: make(chan struct{}, 1)}
}

// Start goes on with every live order, and returns.
func (d *Desk) Start(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cancel != nil {
		return nil
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	d.cancel, d.done = cancel, make(chan struct{})
	go d.run(run, d.done)
	return nil
}

// Stop ends the work where it stands and waits for it. Twice is fine.
func (d *Desk) Stop() {
	d.mu.Lock()
	cancel, done := d.cancel, d.done
	d.cancel = nil
	d.mu.Unlock()
	if cancel != nil {
		cancel()
		<-done
	}
}

func (d *Desk) ring() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *Desk) run(ctx context.Context, done chan<- struct{}) {
	defer close(done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.wake:
		case <-timer.C:
		}
		pause, err := d.round(ctx)
		if err != nil && ctx.Err() == nil {
			d.o.Log.Error("see to the work orders", "error", d.o.Redactor.Redact(err.Error()))
			pause = time.Second
		}
		timer.Reset(pause)
	}
}

// round moves every live order on and says how long until the next look. One order that can't be moved holds no other
// up.
func (d *Desk) round(ctx context.Context) (time.Duration, error) {
	live, err := d.o.Store.WorkOrders(ctx, store.WorkOrderFilter{Live: true})
	if err != nil {
		return 0, err
	}
	pause := idle
	var failed []error
	for _, o := range live {
		o, err := d.move(ctx, o)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if o.State.Ended() {
			continue
		}
		pause = min(pause, lookEvery)
		if o.State == corax.WorkClaimed {
			pause = min(pause, max(d.o.StableFor/5, 50*time.Millisecond), checkEvery)
		}
		if o.WakeAt != nil {
			pause = min(pause, max(o.WakeAt.Sub(d.o.Clock.Now()), time.Millisecond))
		}
	}
	return pause, errors.Join(failed...)
}

// move tells what is to be told, and takes the step that time, monitors or the problem's end call for.
func (d *Desk) move(ctx context.Context, o corax.WorkOrder) (corax.WorkOrder, error) {
	o, err := d.tell(ctx, o)
	if err != nil || o.State.Ended() {
		return o, err
	}
	s, err := d.look(ctx, o)
	if err != nil {
		return o, err
	}
	m := d.moment()
	if !m.tick(copyOf(o), s) {
		return o, nil
	}
	changed, err := d.change(ctx, o.ID, func(o *corax.WorkOrder) error {
		if !m.tick(o, s) {
			return errUnchanged
		}
		return nil
	})
	if errors.Is(err, errUnchanged) {
		return o, nil
	}
	if err != nil {
		return o, err
	}
	return d.tell(ctx, changed)
}

var errUnchanged = errors.New("unchanged")

func copyOf(o corax.WorkOrder) *corax.WorkOrder {
	o.Log = append([]corax.WorkEntry(nil), o.Log...)
	o.Unsent = append([]corax.Utterance(nil), o.Unsent...)
	o.Asked = append([]string(nil), o.Asked...)
	o.Declined = append([]string(nil), o.Declined...)
	return &o
}

// look is what the machine needs to know of the world: whether the problem is over, and what its monitors say once
// somebody claims to be done.
func (d *Desk) look(ctx context.Context, o corax.WorkOrder) (sight, error) {
	var s sight
	p, err := d.o.Store.Problem(ctx, o.Problem)
	switch {
	case corax.CodeOf(err) == corax.NotFound:
		s.over = true
	case err != nil:
		return s, err
	default:
		s.over = p.State.Ended()
	}
	if o.State == corax.WorkClaimed {
		s.green, s.text = d.o.Green(ctx, o.Watches)
	}
	return s, nil
}

// change alters an order and records its change of state on the timeline.
func (d *Desk) change(ctx context.Context, id string, change func(*corax.WorkOrder) error) (corax.WorkOrder, error) {
	var was corax.WorkState
	o, err := d.o.Store.ChangeWorkOrder(ctx, id, func(o *corax.WorkOrder) error {
		was = o.State
		return change(o)
	})
	if err != nil {
		return o, err
	}
	if o.State == was {
		return o, nil
	}
	return o, d.o.Store.AppendEvents(ctx, corax.Event{
		// Its id follows from the place in the log: a repeat is the same event.
		ID: corax.HashID("evt", o.ID, string(o.State), o.Log[len(o.Log)-1].At.Format(time.RFC3339Nano)), At: d.o.Clock.Now(),
		Kind: corax.EventWorkOrder, Problem: o.Problem, Plan: o.Plan, Entity: o.Place.Entity, State: string(o.State),
		Text: d.o.Redactor.Redact("Work order " + o.ID + ": " + o.Log[len(o.Log)-1].Text),
	})
}

// tell puts what is to be said into the outbox, in its order, and notes that it is there.
func (d *Desk) tell(ctx context.Context, o corax.WorkOrder) (corax.WorkOrder, error) {
	for len(o.Unsent) > 0 {
		u := o.Unsent[0]
		if err := d.say(ctx, o, u); err != nil {
			return o, err
		}
		changed, err := d.o.Store.ChangeWorkOrder(ctx, o.ID, func(o *corax.WorkOrder) error {
			if len(o.Unsent) == 0 || o.Unsent[0].ID != u.ID {
				return errUnchanged
			}
			o.Unsent = o.Unsent[1:]
			return nil
		})
		if errors.Is(err, errUnchanged) {
			changed, err = d.o.Store.WorkOrder(ctx, o.ID)
		}
		if err != nil {
			return o, err
		}
		o = changed
	}
	return o, nil
}

func (d *Desk) say(ctx context.Context, o corax.WorkOrder, u corax.Utterance) error {
	if u.Kind == corax.SayPeople {
		err := d.o.Teller.People(ctx, o.Problem, u.Text)
		if corax.CodeOf(err) == corax.NotFound {
			return nil // the problem is gone, and with it those who are told of it
		}
		return err
	}
	c, _ := d.o.Settings().People.Contact(u.Contact)
	err := d.o.Teller.Say(ctx, o, title(o), u.Contact, u.Channels, compose(o, u, c.Language))
	if corax.CodeOf(err) == corax.NotFound {
		d.o.Log.Warn("somebody in a work order is no contact", "order", o.ID, "who", u.Contact)
		return nil
	}
	return err
}

func (d *Desk) moment() moment {
	s := d.o.Settings()
	return moment{now: d.o.Clock.Now(), settings: s, stable: d.o.StableFor}
}
