package webtest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"corax"
	"corax/access"
	"corax/audit"
	"corax/live"
	"corax/store/sqlite"
	"corax/web"
)

// Now is the time at which the fixture is looked at.
var Now = time.Date(2026, time.March, 30, 2, 12, 0, 0, time.UTC)

// storeFile is where the store is.
const storeFile = "corax.db"

// Site is the pages over a store with outages in it.
type Site struct {
	*web.Handler
	Store    *sqlite.Store
	Controls *Controls
	Written  *Written
	Live     *live.Hub
	Estate   *Estate // topology, sites, contacts
	Governor *Governor

	Accounts *access.Book
	Link     string // that somebody was invited by
	// Scenarios are results, and a launcher.
	Scenarios *Scenarios

	// Problems by what they are for.
	Healing, Waiting, Closed, Hostile Outage
}

// Options say what a site is like.
type Options struct {
	Dir   string      // of the store
	Clock corax.Clock // Now where nil
	Log   *slog.Logger
	Empty bool // nothing has happened
	// From is a filled store to begin with: filling one takes seconds. It is Now there.
	From *Prepared
	With func(*web.Options) // changes what the pages are made of
}

// New makes a site; Close ends it.
func New(ctx context.Context, o Options) (*Site, error) {
	o.defaults()
	if o.From != nil {
		if err := o.From.copyTo(o.Dir); err != nil {
			return nil, err
		}
	}
	s, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	switch {
	case o.Empty:
	case o.From != nil:
		o.From.resume(s)
	default:
		err = s.fill(ctx, o.Clock.Now())
	}
	if err == nil {
		err = s.people(ctx, o)
	}
	if err == nil {
		s.Scenarios, err = s.prepare(o.Clock, o.Empty)
	}
	if err != nil {
		_ = s.Store.Close()
		return nil, err
	}
	s.Live = live.New(live.Options{Subscribe: s.Store.Subscribe, Epoch: "test"})
	s.Live.Start()
	pages := s.options(o)
	if o.With != nil {
		o.With(&pages)
	}
	if s.Handler, err = web.New(pages); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (o *Options) defaults() {
	if o.Clock == nil {
		o.Clock = func() time.Time { return Now }
	}
}

// open opens the store, and has those who speak for it.
func open(ctx context.Context, o Options) (*Site, error) {
	key, err := audit.OpenKey(filepath.Join(o.Dir, "audit.key"), rand.Reader)
	if err != nil {
		return nil, err
	}
	st, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(o.Dir, storeFile), Clock: o.Clock, SignHead: key.SignHead})
	if err != nil {
		return nil, err
	}
	s := &Site{Store: st, Controls: &Controls{store: st, clock: o.Clock, empty: o.Empty}}
	s.Written = newWritten(s.Controls)
	s.Estate = &Estate{Controls: s.Controls, Empty: o.Empty}
	s.Estate.records = s.records()
	if s.Governor, err = newGovernor(s, o, key); err != nil {
		_ = st.Close()
		return nil, err
	}
	return s, nil
}

// options are those of the pages over this site.
func (s *Site) options(o Options) web.Options {
	return web.Options{
		Records: s.Estate.records, Controls: s.Controls, Exports: s.Controls, Live: s.Live, Version: "test", Clock: o.Clock, Log: o.Log,
		Accounts: s.Accounts,

		Find: s.lookup(o.Clock), Tend: s.Controls,

		Topology: s.Estate, Learned: s.Estate.Learned, Hands: s.Estate, People: s.Estate, Emergencies: s.Estate,

		Scenarios: s.Scenarios, FirstSteps: &FirstSteps{}, MonitorFiles: s.Written,

		Actions: s.Governor, Policies: s.Governor, Audit: s.Governor, Knowledge: s.Governor, Health: s.Governor, Settings: s.Governor,
	}
}

// fill tells the outage four times: at work, waiting for people, over, and hostile.
func (s *Site) fill(ctx context.Context, now time.Time) (err error) {
	tell := func(name string, began time.Duration, at *time.Duration, hostile string) (o Outage) {
		if err != nil {
			return o
		}
		if o, err = Tell(name, now.Add(-began), hostile); err != nil {
			return o
		}
		if at != nil {
			o = o.At(o.Problem.OpenedAt.Add(*at))
		}
		if hostile != "" {
			o = o.spread(now)
		}
		err = o.Save(ctx, s.Store)
		return o
	}
	atWork, asking := 3320*time.Millisecond, 29*time.Second
	s.Closed = tell("closed", 52*time.Hour, nil, "")
	s.Hostile = tell("hostile", 9*time.Minute, &asking, Hostile)
	s.Waiting = tell("waiting", 6*time.Minute, &asking, "")
	s.Healing = tell("healing", 40*time.Second, &atWork, "")
	if err == nil {
		err = s.fillEstate(ctx, now)
	}
	if err == nil {
		err = s.watch(ctx, now)
	}
	if err == nil {
		err = s.govern(ctx, now)
	}
	return err
}

// Close ends what the site has started.
func (s *Site) Close() {
	s.Scenarios.Stop()
	s.Live.Stop()
	s.Live.Wait()
	_ = s.Store.Close()
}

// Controls note what was asked for, and do what the store alone can do.
type Controls struct {
	store *sqlite.Store
	clock corax.Clock
	empty bool // nothing has happened, and nothing is watched

	mu    sync.Mutex
	calls []string
}

func (c *Controls) note(call string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, call)
	return nil
}

// Calls are what was asked for so far, oldest first: "pause pln-1 by jane: because".
func (c *Controls) Calls() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.calls...)
}
