package triage_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"corax"
	"corax/triage"
)

// run starts a triage on the fake clock of a synctest bubble.
func run(t *testing.T, m *memory, o triage.Options) *triage.Triage {
	t.Helper()
	o.Store, o.Clock = m, time.Now
	tr := triage.New(o)
	if err := tr.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return tr
}

func in(d time.Duration) *time.Time { at := time.Now().Add(d); return &at }

func now(n int, kind corax.SignalKind) corax.Signal {
	s := signal(n, kind, 0)
	s.At = time.Now()
	return s
}

func pass(d time.Duration) { time.Sleep(d); synctest.Wait() } // fake time

func TestARenewalWakesWhatExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		tr := run(t, m, triage.Options{})
		defer tr.Stop()
		alert := now(1, corax.Symptom)
		alert.EndsAt = in(time.Minute)
		handle(t, tr, alert)
		pass(10 * time.Minute) // the way to Corax was cut
		if i := m.only(t); i.Resolution != corax.Expired {
			t.Fatalf("%s %s, want expired", i.State, i.Resolution)
		}
		handle(t, tr, alert) // a redelivery is no renewal
		if i := m.only(t); i.Live() {
			t.Fatal("a redelivery opened it")
		}
		alert.EndsAt = in(time.Minute)
		handle(t, tr, alert)
		if i := m.only(t); !i.Live() || i.Reopened != 1 || i.Signals != 1 {
			t.Errorf("%s, reopened %d, signals %d: it still fires", i.State, i.Reopened, i.Signals)
		}
	})
}

func TestARenewalWakesNothingThatRecovered(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *memory, *triage.Triage){
		"by itself": func(t *testing.T, _ *memory, tr *triage.Triage) { handle(t, tr, now(2, corax.Recovery)) },
		"by hand": func(t *testing.T, m *memory, tr *triage.Triage) {
			if err := tr.Resolve(t.Context(), m.only(t).ID, "ada"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				tr := run(t, m, triage.Options{})
				defer tr.Stop()
				alert := now(1, corax.Symptom)
				alert.EndsAt = in(time.Minute)
				handle(t, tr, alert)
				pass(time.Second)
				end(t, m, tr)
				alert.EndsAt = in(2 * time.Minute)
				handle(t, tr, alert)
				if i := m.only(t); i.Live() {
					t.Errorf("state %s", i.State)
				}
			})
		})
	}
}

func TestWhatExpiredWhileCoraxWasDownGetsItsGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		tr := run(t, m, triage.Options{})
		alert := now(1, corax.Symptom)
		alert.EndsAt = in(time.Minute)
		handle(t, tr, alert)
		tr.Stop()
		pass(time.Hour)
		tr = run(t, m, triage.Options{})
		defer tr.Stop()
		pass(50 * time.Second)
		if i := m.only(t); !i.Live() {
			t.Fatal("expired before its source could speak")
		}
		pass(11 * time.Second)
		if i := m.only(t); i.Resolution != corax.Expired {
			t.Errorf("state %s", i.State)
		}
	})
}

func TestFlappingSurvivesARestart(t *testing.T) {
	for name, last := range map[string]corax.SignalKind{"failing": corax.Symptom, "well": corax.Recovery} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				o := triage.Options{FlapCount: 4, FlapWindow: time.Minute}
				tr := run(t, m, o)
				n := 0
				say := func(kind corax.SignalKind) { handle(t, tr, now(n, kind)); n++; pass(time.Second) }
				for range 4 {
					say(corax.Symptom)
					say(corax.Recovery)
				}
				if say(last); !m.only(t).Flapping {
					t.Fatal("not flapping")
				}
				tr.Stop()
				tr = run(t, m, o)
				defer tr.Stop()
				pass(2 * time.Minute)
				if i := m.only(t); i.Flapping || i.Live() != (last == corax.Symptom) {
					t.Errorf("after calm: flapping %v, state %s, though it last said %s", i.Flapping, i.State, last)
				}
			})
		})
	}
}

func TestALateRecoveryEndsNothingNewer(t *testing.T) {
	m := newMemory()
	handle(t, started(t, m, triage.Options{}), signal(1, corax.Symptom, 0), signal(2, corax.Recovery, time.Minute),
		signal(3, corax.Symptom, 3*time.Minute), signal(4, corax.Recovery, 2*time.Minute))
	if i := m.only(t); !i.Live() {
		t.Errorf("state %s: the recovery is of before", i.State)
	}
}

func TestASilenceThatEndsLetsOpenWhatStillHolds(t *testing.T) {
	for name, tt := range map[string]struct {
		during  func(*testing.T, *memory, **triage.Triage)
		endsIn  time.Duration // of the symptom; never where zero
		want    string
		signals int
	}{
		"still bad":          {func(*testing.T, *memory, **triage.Triage) {}, 0, "open  1 0", 2},
		"well in between":    {func(t *testing.T, _ *memory, tr **triage.Triage) { handle(t, *tr, now(2, corax.Recovery)) }, 0, "", 2},
		"expired in between": {func(*testing.T, *memory, **triage.Triage) {}, time.Minute, "", 1},
		"restarted in between": {func(t *testing.T, m *memory, tr **triage.Triage) {
			(*tr).Stop()
			*tr = run(t, m, triage.Options{})
		}, 0, "open  1 0", 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				m.silences = []corax.Silence{{ID: "s", Match: map[string]string{"entity": "web"}, StartsAt: time.Now(), EndsAt: *in(time.Hour)}}
				tr := run(t, m, triage.Options{})
				defer func() { tr.Stop() }()
				sig := now(1, corax.Symptom)
				if tt.endsIn > 0 {
					sig.EndsAt = in(tt.endsIn)
				}
				handle(t, tr, sig)
				pass(time.Minute)
				tt.during(t, m, &tr)
				pass(58 * time.Minute)
				if got := m.summary(); got != "" {
					t.Fatalf("under a silence: %q", got)
				}
				pass(time.Minute + time.Second)
				if got, n := m.summary(), m.signalCount(); got != tt.want || n != tt.signals {
					t.Errorf("got %q and %d signals, want %q and %d", got, n, tt.want, tt.signals)
				}
			})
		})
	}
}

func TestHealing(t *testing.T) {
	m := newMemory()
	tr := started(t, m, triage.Options{})
	handle(t, tr, signal(1, corax.Symptom, 0))
	id := []string{m.only(t).ID, "inc-none"}
	state := func(healing bool, want corax.IncidentState) {
		t.Helper()
		if err := tr.SetHealing(t.Context(), id, healing); err != nil {
			t.Fatal(err)
		}
		if got := m.only(t).State; got != want {
			t.Errorf("state %s, want %s", got, want)
		}
	}
	state(true, corax.IncidentHealing)
	state(false, corax.IncidentOpen)
	if err := tr.Acknowledge(t.Context(), id[0], "ada"); err != nil {
		t.Fatal(err)
	}
	state(true, corax.IncidentHealing)
	handle(t, tr, signal(2, corax.Symptom, time.Second))
	state(false, corax.IncidentAcknowledged)
	handle(t, tr, signal(3, corax.Recovery, 2*time.Second))
	state(true, corax.IncidentResolved)
}

// Signals come in the order of their conditions, with duplicates, commits that fail and restarts in between, while the clock goes on and
// incidents expire, flap and calm down. What is stored is what one undisturbed pass stores.
func TestAnyCourseOfEventsGivesTheSameIncidents(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kinds := []corax.SignalKind{corax.Symptom, corax.Symptom, corax.Recovery, corax.Recovery, corax.Note}
		at := noon
		var all []corax.Signal
		for n := range rapid.IntRange(1, 60).Draw(rt, "signals") {
			at = at.Add(time.Duration(rapid.IntRange(1, 200).Draw(rt, "seconds")) * time.Second)
			s := signal(n, rapid.SampledFrom(kinds).Draw(rt, "kind"), at.Sub(noon))
			s.Fingerprint = rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "fingerprint")
			if s.Kind == corax.Symptom && rapid.Bool().Draw(rt, "ends") {
				ends := at.Add(3 * time.Minute)
				s.EndsAt = &ends
			}
			all = append(all, s)
		}
		var clock atomic.Pointer[time.Time]
		o := triage.Options{
			Clock: func() time.Time { return *clock.Load() }, FlapCount: 4, FlapWindow: 10 * time.Minute, ReopenWithin: 5 * time.Minute,
		}
		play := func(m *memory, disturb func(tr **triage.Triage, n int)) {
			o := o
			o.Store = m
			tr := triage.New(o)
			for n, s := range all {
				clock.Store(&s.At)
				expire(rt, t, tr)
				disturb(&tr, n)
				if err := tr.Handle(t.Context(), all[n:n+1]); err != nil {
					rt.Fatal(err)
				}
			}
			end := at.Add(time.Hour)
			clock.Store(&end)
			expire(rt, t, tr)
			tr.Stop()
		}
		clean, rough := newMemory(), newMemory()
		play(clean, func(**triage.Triage, int) {})
		play(rough, func(tr **triage.Triage, n int) {
			if rapid.Bool().Draw(rt, "fails") {
				full := errors.New("full")
				rough.refuse(full)
				if err := (*tr).Handle(t.Context(), all[n:n+1]); !errors.Is(err, full) {
					rt.Fatalf("the commit failed, and Handle said %v", err)
				}
				rough.refuse(nil)
			}
			if rapid.Bool().Draw(rt, "restart") {
				(*tr).Stop()
				o := o
				o.Store = rough
				*tr = triage.New(o)
				if err := (*tr).Start(t.Context()); err != nil {
					rt.Fatal(err)
				}
			}
			if back := rapid.IntRange(0, min(n, 8)).Draw(rt, "again"); back > 0 {
				if err := (*tr).Handle(t.Context(), all[n-back:n]); err != nil {
					rt.Fatal(err)
				}
			}
		})
		if a, b := clean.dump(rt), rough.dump(rt); a != b {
			rt.Fatalf("one pass:\n%s\nrough:\n%s", a, b)
		}
		if len(rough.signals) != len(all) || len(rough.events) != len(clean.events) {
			rt.Fatalf("%d signals of %d, %d events for %d", len(rough.signals), len(all), len(rough.events), len(clean.events))
		}
	})
}

func (m *memory) signalCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.signals)
}

// refuse makes commits fail with err.
func (m *memory) refuse(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

func expire(rt *rapid.T, t *testing.T, tr *triage.Triage) {
	if _, err := tr.Expire(t.Context()); err != nil {
		rt.Fatal(err)
	}
}

// dump is all incidents as they are stored, and which signals they hold.
func (m *memory) dump(rt *rapid.T) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out string
	for _, id := range slices.Sorted(slices.Values(m.order)) {
		doc, err := json.Marshal(m.incidents[id])
		if err != nil {
			rt.Fatal(err)
		}
		out += string(doc) + "\n"
	}
	return out + fmt.Sprint(m.of)
}
