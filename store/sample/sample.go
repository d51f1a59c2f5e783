// Package sample fills a store with a plausible past: entities that depend on each other, outages with their incidents, problems and
// plans, changes, and as many signals as are asked for, spread over some weeks. It is made for measures and tests of large stores and for
// looking at pages; nothing in it was observed.
//
// The same options fill the same store. It writes through the store's own methods, as triage and the investigator do.
package sample

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"corax"
	"corax/store"
)

// Store is what a sample is written to.
type Store interface {
	CommitTriage(ctx context.Context, b store.TriageBatch) error
	SaveProblem(ctx context.Context, p corax.Problem, plan *corax.PlanRun, events []corax.Event) error
}

// Options say how much there shall be.
type Options struct {
	Seed     uint64
	Signals  int           // about so many; those of the outages come on top
	Problems int           // outages, of which the last few are not over
	Until    time.Time     // when the past ends
	Span     time.Duration // how long it is; 30 days where 0

	// The store has to be Governed for these.
	Decisions int `json:",omitempty"` // of the policy, each with its entry in the audit
	Entries   int `json:",omitempty"` // of the audit, beside those
}

// batch is how many signals are stored in one transaction.
const batch = 2000

// stillOpen is how many of the latest problems have not ended.
const stillOpen = 8

// Fill writes a sample.
func Fill(ctx context.Context, s Store, o Options) error {
	if o.Span <= 0 {
		o.Span = 30 * 24 * time.Hour
	}
	f := &filler{s: s, o: o, rand: rand.New(rand.NewPCG(o.Seed, 0x5eed)), from: o.Until.Add(-o.Span), topology: Topology()} //nolint:gosec // guards nothing
	if err := f.chatter(ctx); err != nil {
		return err
	}
	if err := f.flush(ctx); err != nil || o.Decisions+o.Entries == 0 {
		return err
	}
	g, ok := s.(Governed)
	if !ok {
		return corax.Errorf(corax.Invalid, "fill a store", "it keeps no decisions")
	}
	return f.govern(ctx, g)
}

// filler is a sample in the making.
type filler struct {
	s        Store
	o        Options
	rand     *rand.Rand
	from     time.Time
	topology corax.Topology
	next     int // of the signals' numbers
	outage   int // of the outages' numbers
	pending  store.TriageBatch
	problems []made // whose incidents are pending
}

type made struct {
	problem corax.Problem
	run     *corax.PlanRun
	events  []corax.Event
}

// chatter walks through the span in even steps, and lets outages happen on the way.
func (f *filler) chatter(ctx context.Context) error {
	for i := range f.o.Signals {
		at := f.from.Add(time.Duration(float64(f.o.Span) * float64(i) / float64(f.o.Signals)))
		for f.o.Problems > f.outage && float64(f.outage+1)/float64(f.o.Problems+1) <= float64(i+1)/float64(f.o.Signals) {
			f.breakSomething(at)
		}
		f.signal(f.ordinary(at), "")
		if len(f.pending.Signals) >= batch {
			if err := f.flush(ctx); err != nil {
				return err
			}
		}
	}
	for f.outage < f.o.Problems {
		f.breakSomething(f.o.Until.Add(-time.Minute))
	}
	return nil
}

func (f *filler) flush(ctx context.Context) error {
	if err := f.s.CommitTriage(ctx, f.pending); err != nil {
		return err
	}
	f.pending = store.TriageBatch{}
	for _, m := range f.problems {
		if err := f.s.SaveProblem(ctx, m.problem, m.run, m.events); err != nil {
			return err
		}
	}
	f.problems = nil
	return nil
}

// signal takes a signal into the batch, folded into an incident where one is named.
func (f *filler) signal(g corax.Signal, incident string) corax.Signal {
	f.next++
	g.ID = fmt.Sprintf("sig-%08d", f.next)
	if g.Fingerprint == "" {
		g.Fingerprint = corax.HashID("fp", g.Source, g.Entity)
	}
	f.pending.Signals = append(f.pending.Signals, g)
	if incident != "" {
		if f.pending.IncidentOf == nil {
			f.pending.IncidentOf = map[string]string{}
		}
		f.pending.IncidentOf[g.ID] = incident
	}
	return g
}

// ordinary is what systems say all day.
func (f *filler) ordinary(at time.Time) corax.Signal {
	e := f.topology.Entities[f.skewed(len(f.topology.Entities))]
	p := phrases[f.skewed(len(phrases))]
	g := corax.Signal{
		At: at.UTC(), Entity: e.ID, Kind: p.kind, Severity: p.severity, Source: p.source, Message: f.say(p.text, e.ID),
		Labels: map[string]string{"env": "production", "team": e.Labels["team"], "zone": e.Labels["zone"]},
	}
	if p.source == "log" {
		g.Source = "log/" + e.ID
		g.Attributes = map[string]string{"request": fmt.Sprintf("req-%012x", f.rand.Uint64N(1<<48)), "thread": fmt.Sprint(f.rand.IntN(64))}
	}
	return g
}

// skewed is a number below n, small ones more often: some entities talk more than others.
func (f *filler) skewed(n int) int {
	x := f.rand.Float64()
	return int(x * x * float64(n))
}

// say fills in what varies in a phrase.
func (f *filler) say(text, entity string) string {
	out := make([]byte, 0, len(text)+40)
	for i := 0; i < len(text); i++ {
		if text[i] != '%' || i+1 == len(text) {
			out = append(out, text[i])
			continue
		}
		i++
		switch text[i] {
		case 'e':
			out = append(out, entity...)
		case 'n':
			out = fmt.Append(out, f.rand.IntN(5000))
		case 'p':
			out = fmt.Append(out, 50+f.rand.IntN(50))
		case 'i':
			out = fmt.Appendf(out, "10.%d.%d.%d", f.rand.IntN(4), f.rand.IntN(32), 1+f.rand.IntN(250))
		case 'x':
			out = fmt.Appendf(out, "%08x", f.rand.Uint32())
		case 'u':
			out = append(out, people[f.rand.IntN(len(people))]...)
		case 'd':
			out = append(out, f.topology.Entities[f.rand.IntN(len(f.topology.Entities))].ID...)
		case 'v':
			out = fmt.Appendf(out, "%d.%d.%d", 1+f.rand.IntN(4), f.rand.IntN(30), f.rand.IntN(20))
		default:
			out = append(out, text[i])
		}
	}
	return string(out)
}
