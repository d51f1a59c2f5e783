package hands

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"corax"
	"corax/config"
	"corax/notify/link"
	"corax/store"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shelf is a Store in memory that keeps documents as text, as a real one does.
type shelf struct {
	mu      sync.Mutex
	orders  map[string][]byte
	problem corax.Problem
	events  []corax.Event
	broken  func() bool // fails the next write
}

func (s *shelf) ChangeWorkOrder(_ context.Context, id string, change func(*corax.WorkOrder) error, events ...corax.Event) (corax.WorkOrder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var o corax.WorkOrder
	if doc, ok := s.orders[id]; ok {
		if err := json.Unmarshal(doc, &o); err != nil {
			return o, err
		}
	}
	if err := change(&o); err != nil {
		return corax.WorkOrder{}, err
	}
	if s.broken != nil && s.broken() {
		return corax.WorkOrder{}, errCrash
	}
	o.ID = id
	doc, err := json.Marshal(o)
	if err != nil {
		return o, err
	}
	s.orders[id] = doc
	s.events = append(s.events, events...)
	return o, nil
}

var errCrash = corax.Errorf(corax.Unavailable, "write", "the process died")

func (s *shelf) WorkOrder(_ context.Context, id string) (corax.WorkOrder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var o corax.WorkOrder
	doc, ok := s.orders[id]
	if !ok {
		return o, corax.Errorf(corax.NotFound, "read", "none")
	}
	return o, json.Unmarshal(doc, &o)
}

func (s *shelf) WorkOrders(ctx context.Context, f store.WorkOrderFilter) ([]corax.WorkOrder, error) {
	var out []corax.WorkOrder
	for id := range s.orders {
		o, err := s.WorkOrder(ctx, id)
		if err != nil {
			return nil, err
		}
		if !f.Live || !o.State.Ended() || len(o.Unsent) > 0 {
			out = append(out, o)
		}
	}
	return out, nil
}

func (s *shelf) Problem(context.Context, string) (corax.Problem, error) { return s.problem, nil }

func (s *shelf) AppendEvents(_ context.Context, events ...corax.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, events...)
	return nil
}

// crier is a Teller that keeps what it was told, and drops what it knows.
type crier struct {
	said   map[string]said
	order  []string
	people []string
	broken func() bool
}

type said struct {
	contact string
	kinds   []string
	notice  corax.Notice
}

func (c *crier) Say(_ context.Context, _ corax.WorkOrder, _, contact string, kinds []string, n corax.Notice) error {
	if c.broken != nil && c.broken() {
		return errors.New("the outbox is full")
	}
	if _, known := c.said[n.ID]; !known {
		c.said[n.ID] = said{contact, kinds, n}
		c.order = append(c.order, n.ID)
	}
	if c.broken != nil && c.broken() {
		return errors.New("it was taken, and the process died")
	}
	return nil
}

func (c *crier) People(_ context.Context, _, text string) error {
	if !slices.Contains(c.people, text) {
		c.people = append(c.people, text)
	}
	return nil
}

// heard lists who was told, in order, as "ada: text".
func (c *crier) heard() []string {
	var out []string
	for _, id := range c.order {
		s := c.said[id]
		var data struct{ Say string }
		_ = json.Unmarshal(s.notice.Data, &data)
		out = append(out, s.contact+" "+data.Say)
	}
	return out
}

var begin = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

type desk struct {
	*testing.T
	*Desk
	shelf    *shelf
	crier    *crier
	now      time.Time
	green    bool
	settings Settings
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{T: t, now: begin, crier: &crier{said: map[string]said{}}, settings: settings()}
	d.shelf = &shelf{orders: map[string][]byte{}, problem: corax.Problem{ID: "prb-1", State: corax.ProblemOpen}}
	d.restart()
	return d
}

func (d *desk) restart() {
	signer, err := link.New([]byte("0123456789abcdef"))
	if err != nil {
		panic(err)
	}
	d.Desk = New(Options{Store: d.shelf, Teller: d.crier, Settings: func() Settings { return d.settings }, StableFor: 5 * time.Second,
		Green: func(context.Context, []string) (bool, string) { return d.green, "sw-1-ping is down" },
		Links: signer, Clock: func() time.Time { return d.now }})
}

func settings() Settings {
	s := Settings{}
	for _, name := range []string{"ada", "bob", "cat"} {
		s.People.Contacts = append(s.People.Contacts, config.Contact{Name: name, Language: "en", Reach: []config.Reach{{Channel: "mail"}}})
	}
	s.People.Contacts[1].Language = "de"
	s.Sites = []config.Site{{Name: "fra1", Title: "Frankfurt 1", Address: "Hanauer Landstr. 1", Access: []string{"Ring at gate 2"}, Safety: []string{"Wear a strap"},
		Leave: []string{"the red switches"}, Contact: "+49 69 1", Rounds: 1, AcceptWithin: time.Hour, DoneWithin: 4 * time.Hour, VerifyWithin: time.Minute,
		Ladder: []config.Rung{{Contact: "ada", Channels: []string{"call"}, Wait: 5 * time.Minute}, {Contact: "ada", Channels: []string{"sms"}, Wait: 5 * time.Minute},
			{Contact: "bob", Wait: 10 * time.Minute}}}}
	s.Places = []config.Place{{Entity: "sw-1", Site: "fra1", Room: "2.14", Rack: "R07", Unit: "U12", Marking: "A-1234", Leave: []string{"the blue cable"}},
		{Entity: "sw-2", Site: "fra1", Room: "2.14", Rack: "R07", Unit: "U13"}, {Entity: "sw-3", Site: "fra1", Room: "2.14", Rack: "R08", Unit: "U13"}}
	return s
}

func plan() corax.Plan {
	return corax.Plan{ID: "pln-1", Problem: "prb-1", Mode: corax.RemoteHands, Steps: []corax.Step{
		{ID: "1.1", Action: "optic.replace", Target: "sw-1", Do: "Replace the optic in port 7 of sw-1", Check: "port 7 is dark", Verify: "its light is green", Undo: "put the old optic back"},
		{ID: "2.1", Action: "cable.check", Target: "sw-1", Do: "Check the cable"}}}
}

func problem() corax.Problem {
	return corax.Problem{ID: "prb-1", State: corax.ProblemHealing, Diagnosis: corax.Diagnosis{Severity: corax.High, Cascade: corax.Cascade{Affected: []string{"shop"}},
		RootCause: corax.RootCause{Entity: "sw-1", Mechanism: "optic_failed", Summary: "The optic in port 7 of sw-1 has failed."}}}
}

// order makes the order and begins to ask.
func (d *desk) order() corax.WorkOrder {
	d.Helper()
	o, err := d.Order(d.Context(), plan(), problem())
	if err != nil {
		d.Fatal(err)
	}
	d.pass(0)
	return d.get(o.ID)
}

func (d *desk) get(id string) corax.WorkOrder {
	d.Helper()
	o, err := d.shelf.WorkOrder(d.Context(), id)
	if err != nil {
		d.Fatal(err)
	}
	return o
}

func (d *desk) pass(t time.Duration) {
	d.Helper()
	d.now = d.now.Add(t)
	for range 3 {
		if _, err := d.round(d.Context()); err != nil {
			d.Fatal(err)
		}
	}
}

func (d *desk) answers(id string, a Answer, by string) corax.WorkOrder {
	d.Helper()
	o, err := d.Answer(d.Context(), id, a, by, "")
	if err != nil {
		d.Fatal(err)
	}
	d.pass(0)
	return o
}

func (d *desk) is(id string, want corax.WorkState, heard ...string) {
	d.Helper()
	if o := d.get(id); o.State != want {
		d.Errorf("%s after %s: %s (%s), want %s", id, d.now.Sub(begin), o.State, o.Why, want)
	}
	if got := d.crier.heard(); heard != nil && !slices.Equal(got, heard) {
		d.Errorf("after %s, heard:\n%q\nwant\n%q", d.now.Sub(begin), got, heard)
	}
}
