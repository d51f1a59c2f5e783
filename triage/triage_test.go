package triage_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"corax"
	"corax/store"
	"corax/triage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC)

// memory is a store of maps.
type memory struct {
	mu        sync.Mutex
	signals   map[string]corax.Signal
	of        map[string]string
	incidents map[string]corax.Incident
	order     []string
	events    []corax.Event
	silences  []corax.Silence
	fail      error
}

func newMemory() *memory {
	return &memory{signals: map[string]corax.Signal{}, of: map[string]string{}, incidents: map[string]corax.Incident{}}
}

func (m *memory) CommitTriage(_ context.Context, b store.TriageBatch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	for _, s := range b.Signals {
		m.signals[s.ID] = s
	}
	maps.Copy(m.of, b.IncidentOf)
	for _, i := range b.Incidents {
		if _, ok := m.incidents[i.ID]; !ok {
			m.order = append(m.order, i.ID)
		}
		m.incidents[i.ID] = i
	}
	m.events = append(m.events, b.Events...)
	return nil
}

func (m *memory) KnownSignals(_ context.Context, ids []string) (map[string]bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := map[string]bool{}
	for _, id := range ids {
		if _, ok := m.signals[id]; ok {
			known[id] = true
		}
	}
	return known, nil
}

func (m *memory) LiveIncidents(context.Context) (out []corax.Incident, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range m.order {
		if i := m.incidents[id]; i.Live() {
			out = append(out, i)
		}
	}
	return out, nil
}

func (m *memory) Incidents(context.Context, store.IncidentFilter) (out []corax.Incident, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range slices.Backward(m.order) {
		out = append(out, m.incidents[id])
	}
	return out, nil
}

func (m *memory) Silences(_ context.Context, at time.Time) (out []corax.Silence, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range m.silences {
		if at.IsZero() || !at.Before(x.StartsAt) && at.Before(x.EndsAt) {
			out = append(out, x)
		}
	}
	return out, nil
}

func (m *memory) RecentSignals(_ context.Context, kinds []corax.SignalKind, since time.Time, _ int) (out []corax.Signal, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.signals {
		if slices.Contains(kinds, s.KindOr()) && !s.At.Before(since) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b corax.Signal) int { return b.At.Compare(a.At) })
	return out, nil
}

func (m *memory) only(t *testing.T) corax.Incident {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.order) != 1 {
		t.Fatalf("%d incidents, want 1: %+v", len(m.order), m.incidents)
	}
	return m.incidents[m.order[0]]
}

func signal(n int, kind corax.SignalKind, at time.Duration) corax.Signal {
	return corax.Signal{
		ID: fmt.Sprintf("s%d", n), At: noon.Add(at), Source: "monitor/web", Kind: kind, Entity: "web", Fingerprint: "fp-web",
		Message: fmt.Sprintf("reading %d", n), Severity: corax.Medium,
	}
}

func started(t *testing.T, m *memory, o triage.Options) *triage.Triage {
	t.Helper()
	o.Store = m
	if o.Clock == nil {
		o.Clock = func() time.Time { return noon }
	}
	tr := triage.New(o)
	if err := tr.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Stop)
	return tr
}

func handle(t *testing.T, tr *triage.Triage, signals ...corax.Signal) {
	t.Helper()
	if err := tr.Handle(t.Context(), signals); err != nil {
		t.Fatal(err)
	}
}

func TestLifecycle(t *testing.T) {
	const s = time.Second
	for name, tt := range map[string]struct {
		signals []corax.Signal
		want    string // incidents: state, resolution, signals, reopened
	}{
		"a symptom opens":            {[]corax.Signal{signal(1, corax.Symptom, 0)}, "open  1 0"},
		"symptoms fold":              {[]corax.Signal{signal(1, corax.Symptom, 0), signal(2, "", s)}, "open  2 0"},
		"a retry is the same signal": {[]corax.Signal{signal(1, corax.Symptom, 0), signal(1, corax.Symptom, 0)}, "open  1 0"},
		"a recovery resolves":        {[]corax.Signal{signal(1, corax.Symptom, 0), signal(2, corax.Recovery, s)}, "resolved recovered 2 0"},
		"an expiry is no recovery":   {[]corax.Signal{signal(1, corax.Symptom, 0), signal(2, corax.Expiry, s)}, "resolved expired 2 0"},
		"a symptom soon after reopens": {
			[]corax.Signal{signal(1, corax.Symptom, 0), signal(2, corax.Recovery, s), signal(3, corax.Symptom, 60*s)}, "open  3 1",
		},
		"a late symptom does not": {
			[]corax.Signal{signal(1, corax.Symptom, 0), signal(2, corax.Recovery, 9*s), signal(3, corax.Symptom, 5*s)}, "resolved recovered 2 0",
		},
		"one long after is another": {
			[]corax.Signal{signal(1, corax.Symptom, 0), signal(2, corax.Recovery, s), signal(3, corax.Symptom, time.Hour)},
			"resolved recovered 2 0|open  1 0",
		},
		"a recovery alone is nothing": {[]corax.Signal{signal(1, corax.Recovery, 0)}, ""},
		"a change opens nothing":      {[]corax.Signal{signal(1, corax.ChangeOf, 0), signal(2, corax.Note, 0)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			tr := started(t, m, triage.Options{})
			for _, sig := range tt.signals {
				handle(t, tr, sig)
			}
			if got := m.summary(); got != tt.want {
				t.Errorf("one by one: got %q, want %q", got, tt.want)
			}
			m = newMemory()
			handle(t, started(t, m, triage.Options{}), tt.signals...)
			if got := m.summary(); got != tt.want {
				t.Errorf("in one batch: got %q, want %q", got, tt.want)
			}
		})
	}
}

func (m *memory) eventCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.events)
}

func (m *memory) summary() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, id := range m.order {
		i := m.incidents[id]
		out = append(out, fmt.Sprintf("%s %s %d %d", i.State, i.Resolution, i.Signals, i.Reopened))
	}
	return strings.Join(out, "|")
}

func TestEverySignalIsStored(t *testing.T) {
	m := newMemory()
	m.silences = []corax.Silence{{ID: "sil", Match: map[string]string{"entity": "web"}, StartsAt: noon, EndsAt: noon.Add(time.Hour)}}
	tr := started(t, m, triage.Options{})
	handle(t, tr, signal(1, corax.Symptom, 0), signal(2, corax.Recovery, 0), signal(3, corax.ChangeOf, 0), signal(4, corax.Note, 0))
	if len(m.signals) != 4 || len(m.incidents) != 0 {
		t.Errorf("%d signals, %d incidents; want 4 and, silenced, none", len(m.signals), len(m.incidents))
	}
}

func TestASilenceNeverStopsResolving(t *testing.T) {
	m := newMemory()
	tr := started(t, m, triage.Options{})
	handle(t, tr, signal(1, corax.Symptom, 0))
	m.silences = []corax.Silence{{ID: "sil", Match: map[string]string{"source": "monitor/web"}, StartsAt: noon, EndsAt: noon.Add(time.Hour)}}
	handle(t, tr, signal(2, corax.Recovery, time.Second))
	if i := m.only(t); i.Live() {
		t.Errorf("state %s, want resolved", i.State)
	}
}

func TestAMaintenanceWindowThatHasNotBegunSilencesNothing(t *testing.T) {
	m := newMemory()
	m.silences = []corax.Silence{{ID: "sil", Match: map[string]string{"entity": "web"}, StartsAt: noon.Add(time.Hour), EndsAt: noon.Add(2 * time.Hour)}}
	handle(t, started(t, m, triage.Options{}), signal(1, corax.Symptom, 0))
	m.only(t)
}

func TestAFailedCommitTakesNothing(t *testing.T) {
	m := newMemory()
	tr := started(t, m, triage.Options{})
	m.fail = errors.New("full")
	batch := []corax.Signal{signal(1, corax.Symptom, 0), signal(2, corax.Recovery, time.Second)}
	if err := tr.Handle(t.Context(), batch); !errors.Is(err, m.fail) {
		t.Fatalf("got %v", err)
	}
	m.fail = nil
	handle(t, tr, batch...)
	if got := m.summary(); got != "resolved recovered 2 0" {
		t.Errorf("got %q", got)
	}
}

func TestExpiryAndRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		tr := triage.New(triage.Options{Store: m, Clock: time.Now})
		if err := tr.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer tr.Stop()
		alert := signal(1, corax.Symptom, 0)
		at := func(d time.Duration) *time.Time { e := time.Now().Add(d); return &e }
		alert.At, alert.EndsAt = time.Now(), at(time.Minute)
		handle(t, tr, alert)
		time.Sleep(50 * time.Second)
		alert.EndsAt = at(time.Minute) // sent again: the same signal, longer
		handle(t, tr, alert)
		time.Sleep(50 * time.Second)
		synctest.Wait()
		if i := m.only(t); !i.Live() || i.Signals != 1 {
			t.Fatalf("renewed, but %s with %d signals", i.State, i.Signals)
		}
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if i := m.only(t); i.Resolution != corax.Expired {
			t.Errorf("state %s %s, want expired", i.State, i.Resolution)
		}
	})
}

func TestFlappingStaysOpenUntilCalm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		tr := triage.New(triage.Options{Store: m, Clock: time.Now, FlapCount: 4, FlapWindow: time.Minute})
		if err := tr.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer tr.Stop()
		for n := range 10 {
			s := signal(n, corax.Symptom, 0)
			if n%2 == 1 {
				s.Kind = corax.Recovery
			}
			s.At = time.Now()
			handle(t, tr, s)
			time.Sleep(time.Second)
		}
		if i := m.only(t); !i.Flapping || !i.Live() {
			t.Fatalf("flapping %v, state %s; want flapping and live", i.Flapping, i.State)
		}
		if n := m.eventCount(); n > 6 {
			t.Errorf("%d events of a flapping incident", n)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if i := m.only(t); i.Flapping || i.Live() {
			t.Errorf("flapping %v, state %s after calm; want resolved, as it was last seen", i.Flapping, i.State)
		}
	})
}

func TestByHand(t *testing.T) {
	m := newMemory()
	tr := started(t, m, triage.Options{})
	handle(t, tr, signal(1, corax.Symptom, 0))
	id := m.only(t).ID
	if err := tr.Acknowledge(t.Context(), id, "ada"); err != nil {
		t.Fatal(err)
	}
	if i := m.only(t); i.State != corax.IncidentAcknowledged || i.By != "ada" {
		t.Errorf("state %s by %q", i.State, i.By)
	}
	if err := tr.Resolve(t.Context(), id, "ada"); err != nil {
		t.Fatal(err)
	}
	if i := m.only(t); i.Resolution != corax.ByHand {
		t.Errorf("resolution %q", i.Resolution)
	}
	if err := tr.Resolve(t.Context(), id, "ada"); corax.CodeOf(err) != corax.Conflict {
		t.Errorf("resolving twice: %v, want a conflict", err)
	}
	if err := tr.Resolve(t.Context(), "inc-none", "ada"); corax.CodeOf(err) != corax.NotFound {
		t.Errorf("resolving what isn't there: %v, want not found", err)
	}
}

// Whatever is delivered twice, and wherever a restart comes in between, the incidents are those of one clean pass.
func TestRedeliveryAndRestartChangeNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kinds := []corax.SignalKind{corax.Symptom, corax.Symptom, corax.Recovery, corax.Note, corax.ChangeOf}
		var all []corax.Signal
		for n := range rapid.IntRange(1, 40).Draw(rt, "signals") {
			s := signal(n, rapid.SampledFrom(kinds).Draw(rt, "kind"), time.Duration(n)*time.Minute)
			s.Fingerprint = rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "fingerprint")
			all = append(all, s)
		}
		o := triage.Options{Clock: func() time.Time { return noon }, FlapCount: 1000}
		clean := newMemory()
		o.Store = clean
		one := triage.New(o)
		if err := one.Handle(t.Context(), all); err != nil {
			rt.Fatal(err)
		}
		rough := newMemory()
		o.Store = rough
		tr := triage.New(o)
		for at := 0; at < len(all); {
			end := min(len(all), at+rapid.IntRange(1, 5).Draw(rt, "batch"))
			back := max(0, at-rapid.IntRange(0, 5).Draw(rt, "again"))
			if rapid.Bool().Draw(rt, "restart") {
				tr.Stop()
				tr = triage.New(o)
				if err := tr.Start(t.Context()); err != nil {
					rt.Fatal(err)
				}
			}
			if err := tr.Handle(t.Context(), all[back:end]); err != nil {
				rt.Fatal(err)
			}
			at = end
		}
		tr.Stop()
		sorted := func(m *memory) string {
			parts := strings.Split(m.summary(), "|")
			slices.Sort(parts)
			return strings.Join(parts, "|")
		}
		if a, b := sorted(clean), sorted(rough); a != b {
			rt.Fatalf("one pass %q, rough %q", a, b)
		}
	})
}
