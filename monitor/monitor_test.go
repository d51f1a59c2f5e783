package monitor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"corax"
	"corax/access"
	"corax/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink stores signals and lets a test wait for them.
type sink struct {
	mu     sync.Mutex
	all    []corax.Signal
	fail   error
	failed int
	came   chan struct{}
}

func newSink() *sink { return &sink{came: make(chan struct{}, 1000)} }

func (s *sink) publish(_ context.Context, signals []corax.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.came <- struct{}{} }()
	if s.fail != nil {
		s.failed++
		return s.fail
	}
	s.all = append(s.all, signals...)
	return nil
}

func (s *sink) setFail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (s *sink) signals() []corax.Signal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]corax.Signal(nil), s.all...)
}

// wait gives all signals once there are n of them.
func (s *sink) wait(t *testing.T, n int) []corax.Signal {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		if got := s.signals(); len(got) >= n {
			return got
		}
		select {
		case <-s.came:
		case <-late:
			t.Fatalf("waited for %d signals, got %v", n, s.signals())
		}
	}
}

func kindsOf(signals []corax.Signal) string {
	words := make([]string, len(signals))
	for i, s := range signals {
		words[i] = string(s.Kind)
	}
	return strings.Join(words, " ")
}

func start(t *testing.T, o Options) *Monitors {
	t.Helper()
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Stop)
	if err := m.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

// rarely is an interval that no test reaches: its monitors run when they are told to.
const rarely = 1000 * time.Hour

func run(t *testing.T, m *Monitors, name string) corax.ProbeResult {
	t.Helper()
	r, err := m.RunNow(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSignalsOnlyWhatChanged(t *testing.T) {
	var answer atomic.Value
	answer.Store("200 fine")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var status int
		text := answer.Load().(string)
		_, _ = fmt.Sscanf(text, "%d", &status)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text[4:]))
	}))
	defer server.Close()
	s := newSink()
	m := start(t, Options{Publish: s.publish, Monitors: []config.Monitor{{
		Name: "orders", Entity: "order", Every: rarely, Severity: corax.High, After: 2, Labels: map[string]string{"lab": "x"},
		HTTP: &config.HTTP{HTTPStep: config.HTTPStep{URL: server.URL}},
	}}})
	want := 0
	for _, step := range []struct {
		answer string
		told   int
		state  corax.MonitorState
	}{
		{"200 fine", 1, corax.MonitorUp}, // the first time says so
		{"200 fine", 0, corax.MonitorUp},
		{"500 boom", 0, corax.MonitorUp}, // two in a row are needed
		{"200 fine", 0, corax.MonitorUp},
		{"500 boom", 0, corax.MonitorUp},
		{"500 boom", 1, corax.MonitorDown},
		{"500 boom", 0, corax.MonitorDown},
		{"401 key id k-2 not found", 1, corax.MonitorDown}, // new evidence
		{"401 key id k-3 not found", 0, corax.MonitorDown}, // the same with another id
		{"500 boom", 0, corax.MonitorDown},                 // known by now
		{"200 fine", 1, corax.MonitorUp},
		{"500 boom", 0, corax.MonitorUp},
		{"500 boom", 1, corax.MonitorDown},
	} {
		answer.Store(step.answer)
		run(t, m, "orders")
		want += step.told
		if got := s.wait(t, want); len(got) != want {
			t.Fatalf("after %q: %d signals, want %d", step.answer, len(got), want)
		}
		if got := m.States()[0].State; got != step.state {
			t.Fatalf("after %q: %s, want %s", step.answer, got, step.state)
		}
	}
	all := s.signals()
	if got, want := kindsOf(all), "recovery symptom symptom recovery symptom"; got != want {
		t.Errorf("kinds %s, want %s", got, want)
	}
	f := all[2]
	if f.Source != "monitor/orders" || f.Entity != "order" || f.Fingerprint != corax.HashID("fp", "monitor", "orders") ||
		f.Severity != corax.High || f.Attributes["status"] != "401" || f.Attributes["class"] != "status" ||
		f.Labels["lab"] != "x" ||
		f.EndsAt != nil {
		t.Errorf("%+v", f)
	}
	if want := "GET " + server.URL + " answered 401, expected 200 to 299: key id k-2 not found"; f.Message != want {
		t.Errorf("message %q, want %q", f.Message, want)
	}
	ids := map[string]bool{}
	for _, x := range all {
		ids[x.ID] = true
	}
	if len(ids) != len(all) {
		t.Error("signals share an id")
	}
}

func TestUnpublishedChangesAreKeptInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSink()
		s.setFail(corax.Errorf(corax.Unavailable, "publish", "full"))
		m, err := New(Options{Publish: s.publish, Monitors: []config.Monitor{
			{Name: "beat", Every: time.Minute, Heartbeat: &config.Heartbeat{Grace: time.Second}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Stop()
		if err := m.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute) // fake time
		report(m, "beat", "127.0.0.1", "")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if s.failed < 3 {
			t.Errorf("tried %d times", s.failed)
		}
		s.setFail(nil)
		time.Sleep(retryMost)
		synctest.Wait()
		if got := kindsOf(s.signals()); got != "symptom recovery" {
			t.Errorf("got %q", got)
		}
	})
}

func TestARefusedSignalDoesNotHoldUpTheOthers(t *testing.T) {
	var got []string
	o := newOutbox(func(_ context.Context, signals []corax.Signal) error {
		for _, s := range signals {
			if s.ID == "bad" {
				return corax.Errorf(corax.Invalid, "publish", "too large")
			}
		}
		for _, s := range signals {
			got = append(got, s.ID)
		}
		return nil
	}, discard())
	o.add([]corax.Signal{{ID: "a"}, {ID: "bad"}, {ID: "b"}}, nil)
	if err := o.flush(t.Context()); err != nil || strings.Join(got, " ") != "a b" {
		t.Errorf("%v %v", got, err)
	}
}

func TestStopTellsWhatIsLeftAndIsIdempotent(t *testing.T) {
	s := newSink()
	m := start(t, Options{Publish: s.publish, Monitors: []config.Monitor{tcpMonitor("closed", closedPort(t))}})
	run(t, m, "closed")
	m.Stop()
	m.Stop()
	if got := kindsOf(s.signals()); got != "symptom" {
		t.Errorf("got %q", got)
	}
	if _, err := m.RunNow(t.Context(), "closed"); corax.CodeOf(err) != corax.Unavailable {
		t.Errorf("run after stop: %v", err)
	}
	if err := m.Reload(nil); corax.CodeOf(err) != corax.Unavailable {
		t.Errorf("reload after stop: %v", err)
	}
	unstarted, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	unstarted.Stop()
}

func TestStoppingIsNoFinding(t *testing.T) {
	hung := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(hung)
		<-r.Context().Done()
	}))
	defer server.Close()
	s := newSink()
	m := start(t, Options{Publish: s.publish, Monitors: []config.Monitor{{
		Name: "a", Every: time.Second, Timeout: time.Hour, HTTP: &config.HTTP{HTTPStep: config.HTTPStep{URL: server.URL}},
	}}})
	<-hung
	m.Stop()
	if got := s.signals(); len(got) > 0 {
		t.Errorf("told %v", got)
	}
}

func TestReload(t *testing.T) {
	s := newSink()
	a, b := tcpMonitor("a", closedPort(t)), tcpMonitor("b", closedPort(t))
	m := start(t, Options{Publish: s.publish, Monitors: []config.Monitor{a, b}})
	run(t, m, "a")
	run(t, m, "b")
	s.wait(t, 2)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a.TCP = &config.TCP{Address: l.Addr().String()}
	bad := config.Monitor{Name: "bad", HTTP: &config.HTTP{HTTPStep: config.HTTPStep{
		URL: "http://h", Expect: config.Expect{JSON: map[string]any{"x": map[string]any{"that": "1 +"}}},
	}}}
	if err := m.Reload([]config.Monitor{a, bad}); corax.CodeOf(err) != corax.Invalid {
		t.Fatalf("a bad expression: %v", err)
	}
	if len(m.States()) != 2 {
		t.Fatal("a refused reload changed something")
	}
	if err := m.Reload([]config.Monitor{a}); err != nil {
		t.Fatal(err)
	}
	if got := m.States(); len(got) != 1 || got[0].State != corax.MonitorDown {
		t.Fatalf("%+v", got)
	}
	run(t, m, "a") // it is up now, and what was told under the old specification ends
	got := s.wait(t, 4)
	if k := kindsOf(got); k != "symptom symptom expiry recovery" {
		t.Errorf("got %q", k)
	}
	if got[2].Fingerprint != got[1].Fingerprint || got[3].Fingerprint != got[0].Fingerprint {
		t.Error("an end has another fingerprint than its beginning")
	}
	if _, err := m.RunNow(t.Context(), "b"); corax.CodeOf(err) != corax.NotFound {
		t.Errorf("run what is gone: %v", err)
	}
}

func TestRunNowEndsWithItsContext(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	s := newSink()
	m := start(t, Options{Publish: s.publish, Monitors: []config.Monitor{{
		Name: "a", Every: rarely, Timeout: time.Hour, HTTP: &config.HTTP{HTTPStep: config.HTTPStep{URL: server.URL}},
	}}})
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	if _, err := m.RunNow(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	m.Stop()
	if len(s.signals()) > 0 {
		t.Error("an interrupted run was told")
	}
}

func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSink()
		m := start(t, Options{
			Publish: s.publish, Secrets: func(ref string) (string, error) { return "secret-" + ref, nil },
			Monitors: []config.Monitor{
				{Name: "open", Every: time.Minute, Heartbeat: &config.Heartbeat{Grace: 10 * time.Second}},
				{Name: "guarded", Every: time.Hour, Heartbeat: &config.Heartbeat{Token: "env:T"}},
			},
		})
		for _, c := range []struct {
			name, from, token string
			want              int
			header            []string
		}{
			{"open", "127.0.0.1", "", 204, nil},
			{"open", "::1", "", 204, nil},
			{"open", "::ffff:127.0.0.1", "", 204, nil},
			{"open", "10.0.0.1", "", 401, nil},                                      // by a proxy on this machine, that Corax knows
			{"open", "", "", 401, nil},                                              // nobody knows from where
			{"open", "127.0.0.1", "", 401, []string{"X-Forwarded-For", "10.0.0.1"}}, // by one that it does not know
			{"open", "127.0.0.1", "", 401, []string{"X-Forwarded-For", "127.0.0.1"}},
			{"open", "127.0.0.1", "", 401, []string{"Forwarded", "for=10.0.0.1"}},
			{"open", "127.0.0.1", "", 401, []string{"X-Real-IP", "10.0.0.1"}},
			{"open", "127.0.0.1", "", 401, []string{"Via", "1.1 proxy"}},
			{"guarded", "10.0.0.1", "secret-env:T", 204, nil},
			{"guarded", "10.0.0.1", "secret-env:T", 204, []string{"X-Forwarded-For", "10.0.0.1"}},
			{"guarded", "127.0.0.1", "wrong", 401, nil},
			{"guarded", "127.0.0.1", "", 401, nil},
			{"nothing", "127.0.0.1", "", 404, nil},
		} {
			if got := report(m, c.name, c.from, c.token, c.header...); got != c.want {
				t.Errorf("%s from %s with %q: %d, want %d", c.name, c.from, c.header, got, c.want)
			}
		}
		told := func() (kinds []string) {
			synctest.Wait()
			for _, x := range s.signals() {
				if x.Source == "monitor/open" {
					kinds = append(kinds, string(x.Kind))
				}
			}
			return kinds
		}
		time.Sleep(70 * time.Second)
		if got := told(); len(got) != 1 {
			t.Fatalf("within its grace: %v", got)
		}
		time.Sleep(20 * time.Second)
		if got := told(); len(got) != 2 || got[1] != "symptom" {
			t.Fatalf("silent for too long: %v", got)
		}
		report(m, "open", "127.0.0.1", "")
		if got := told(); len(got) != 3 || got[2] != "recovery" {
			t.Fatalf("back again: %v", got)
		}
		m.Stop()
	})
}

// report reports from an address, as the server works it out; the connection is that of a proxy on this machine.
func report(m *Monitors, name, from, token string, header ...string) int {
	r := httptest.NewRequest(http.MethodPost, "/heartbeat/"+name, nil)
	r.RemoteAddr = "127.0.0.1:9"
	if from != "" {
		r = r.WithContext(access.WithClient(r.Context(), access.Client{Address: from}))
	}
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	m.HeartbeatHandler().ServeHTTP(w, r)
	return w.Code
}

func tcpMonitor(name, address string) config.Monitor {
	return config.Monitor{Name: name, Every: rarely, TCP: &config.TCP{Address: address}}
}

// closedPort is an address that refuses connections.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
