package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"corax"
	"corax/app"
	"corax/config"
	"corax/diagnose"
	"corax/knowledge"
	"corax/store"
)

// The child is this test binary again, running an App until its standard input ends: it dies with its parent, however that dies.
const (
	childDir    = "CORAX_TEST_CHILD_DIR"
	childTarget = "CORAX_TEST_CHILD_TARGET"
)

func runChild(dir string) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := func() error {
		catalogue, err := knowledge.Load()
		if err != nil {
			return err
		}
		a, err := app.Start(ctx, app.Options{Config: killConfig(dir, os.Getenv(childTarget)), Engine: diagnose.New(catalogue)})
		if err != nil {
			return err
		}
		defer a.Stop()
		_, err = io.Copy(io.Discard, os.Stdin)
		return err
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// killConfig has one action declared, so that one of the two outages below becomes a workflow, and the other a plan for people.
func killConfig(dir, target string) config.Config {
	c := testConfig(dir)
	c.Topology = corax.Topology{Entities: []corax.Entity{{ID: "billing", Kind: "service"}, {ID: "portal", Kind: "service"}}}
	c.Actions = []corax.Action{{
		Name: "process.restart", AppliesTo: corax.Selector{Kinds: []string{"service"}}, Risk: corax.Disruptive, Timeout: time.Second,
		Effect: corax.Call{HTTP: &corax.HTTPRequest{Method: "POST", URL: target}},
		Verify: []corax.Condition{{That: "true", Else: "never"}}, Within: time.Second, SafeState: "as it was",
	}}
	c.Policy = corax.Policy{Rules: []corax.Rule{{Name: "all", When: "true", Then: corax.Allow, Because: "it is a test"}}}
	return c
}

// outages are what the load reports, over and over: two entities, two causes.
var outages = []struct{ service, summary string }{
	{"billing", "connection refused, the process has crashed"},
	{"portal", "TLS certificate of portal has expired: x509: certificate has expired"},
}

// TestKillLosesAndDoublesNothing ends Corax with SIGKILL at random moments under load and starts it again. What was acknowledged must be
// on the stream and in the store once, and each outage must have one problem and one plan.
func TestKillLosesAndDoublesNothing(t *testing.T) {
	kills := 3
	if os.Getenv("CORAX_SOAK") != "" {
		kills = 50
	}
	var effects atomic.Int64
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { effects.Add(1) }))
	defer target.Close()
	dir := filepath.Join(t.TempDir(), "data")
	const seed = 20260330
	rng := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // a test that can be repeated

	l := newLoad(t, 4)
	for n := range kills {
		c := startChild(t, dir, target.URL)
		moment := rng.IntN(4)
		if moment == 0 && n > 0 { // while it starts, where that was seen to work before
			c.kill(t, time.Duration(rng.IntN(300))*time.Millisecond)
			continue
		}
		l.run(c.awaitReady(t))
		switch moment {
		case 1: // soon after its first answers
			l.await(t, c, 1+rng.IntN(30))
			c.kill(t, 0)
		default: // at any time: while it triages, looks, plans, hands over
			l.await(t, c, 1)
			c.kill(t, time.Duration(rng.IntN(1500))*time.Millisecond)
		}
		l.pause()
	}
	c := startChild(t, dir, target.URL)
	l.run(c.awaitReady(t))
	l.await(t, c, 20)
	l.finish(t)
	c.kill(t, 0)

	a := start(t, app.Options{Config: killConfig(dir, target.URL)})
	awaitSignals(t, a, int64(len(l.acked)))
	checkSignals(t, a, l.acked)
	checkProblems(t, a)
	if n := effects.Load(); n != 0 {
		t.Errorf("text from outside led to %d actions without a probe of our own", n)
	}
	t.Logf("%d kills, %d signals acknowledged, %d of them sent more than once", kills, len(l.acked), l.retried.Load())
}

// checkSignals holds the stream and the store against what was acknowledged. The load repeats a request until it is acknowledged, so
// that in the end nothing else was ever sent.
func checkSignals(t *testing.T, a *app.App, acked map[int]bool) {
	t.Helper()
	stream := map[string]int{} // id -> number in the message
	if err := a.Bus().Replay(t.Context(), func(signals []corax.Signal) error {
		for _, s := range signals {
			_, text, _ := strings.Cut(s.Message, "; number ")
			n, err := strconv.Atoi(text)
			if err != nil {
				return fmt.Errorf("a signal that nobody sent: %+v", s)
			}
			stream[s.ID] = n
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	numbers := map[int]bool{}
	for id, n := range stream {
		if numbers[n] {
			t.Errorf("signal %d has a second id, %s", n, id)
		}
		numbers[n] = true
		if !acked[n] {
			t.Errorf("signal %d is on the stream and was never acknowledged", n)
		}
	}
	for n := range acked {
		if !numbers[n] {
			t.Errorf("signal %d was acknowledged and is not on the stream", n)
		}
	}
	stored, want := storedIDs(t, a), slices.Sorted(maps.Keys(stream))
	if !slices.Equal(stored, want) {
		t.Errorf("the store has %d signals, the stream %d distinct ones", len(stored), len(want))
	}
}

// checkProblems waits until both outages have been understood and holds what came of them against: once.
func checkProblems(t *testing.T, a *app.App) {
	t.Helper()
	var problems []corax.Problem
	until(t, "a plan for each outage", func(ctx context.Context) bool {
		list, err := a.Store().Problems(ctx, store.ProblemFilter{})
		problems = list
		return err == nil && len(list) >= len(outages) && !slices.ContainsFunc(list, func(p corax.Problem) bool { return p.Plan == "" })
	})
	if len(problems) != len(outages) {
		t.Errorf("%d problems, want %d", len(problems), len(outages))
	}
	runs, err := a.Store().PlanRuns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n, o := range outages {
		mine := slices.IndexFunc(problems, func(p corax.Problem) bool { return p.Diagnosis.RootCause.Entity == o.service })
		if mine < 0 {
			t.Errorf("no problem has %s as its cause", o.service)
			continue
		}
		p, plans := problems[mine], 0
		for _, r := range runs {
			if r.Plan.Problem == p.ID {
				plans++
			}
		}
		if len(p.Incidents) != 1 || p.Plans != 1 || plans != 1 {
			t.Errorf("outage %d: %d incidents, %d plans, %d runs", n, len(p.Incidents), p.Plans, plans)
		}
		events, err := a.Store().Events(t.Context(), store.EventFilter{Problem: p.ID})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			for _, e := range events {
				if t.Failed() {
					t.Logf("outage %d: %s %s %s: %s %v", n, e.At.Format(time.TimeOnly), e.Kind, e.State, e.Text, e.Data)
				}
			}
		}()
		count := map[corax.EventKind]int{}
		for _, e := range events {
			count[e.Kind]++
		}
		for _, once := range []corax.EventKind{corax.EventProblemOpened, corax.EventPlanned} {
			if count[once] != 1 {
				t.Errorf("outage %d: %d events %s", n, count[once], once)
			}
		}
	}
	if live, err := a.Store().LiveIncidents(t.Context()); err != nil || len(live) != len(outages) {
		t.Errorf("%d live incidents, %v", len(live), err)
	}
}

// child is a Corax in a process of its own.
type child struct {
	dir    string
	cmd    *exec.Cmd
	stdin  io.Closer
	output *bytes.Buffer
	ended  chan struct{}
}

func startChild(t *testing.T, dir, target string) *child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{dir: dir, cmd: exec.CommandContext(context.WithoutCancel(t.Context()), exe), output: &bytes.Buffer{}, ended: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), childDir+"="+dir, childTarget+"="+target)
	c.cmd.Stdout, c.cmd.Stderr = c.output, c.output
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { defer close(c.ended); _ = c.cmd.Wait() }()
	t.Cleanup(func() { _ = c.cmd.Process.Kill(); <-c.ended })
	return c
}

// awaitReady returns where the child listens, once it takes signals.
func (c *child) awaitReady(t *testing.T) (url string) {
	t.Helper()
	until(t, "the child to be ready", func(ctx context.Context) bool {
		select {
		case <-c.ended:
			t.Fatalf("the child ended by itself: %s", c.output)
		default:
		}
		data, err := os.ReadFile(filepath.Join(c.dir, app.AddressFile))
		var at app.Address
		if err != nil || json.Unmarshal(data, &at) != nil || at.PID != c.cmd.Process.Pid {
			return false // none yet, or that of the one before
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.URL+"/readyz", nil)
		if err != nil {
			return false
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		url = at.URL
		return resp.StatusCode == http.StatusOK
	})
	return url
}

// kill ends the child like kill -9, after some time.
func (c *child) kill(t *testing.T, after time.Duration) {
	t.Helper()
	select {
	case <-time.After(after):
	case <-c.ended:
		t.Errorf("the child ended by itself: %s", c.output)
	}
	_ = c.cmd.Process.Kill()
	<-c.ended
	_ = c.stdin.Close()
	http.DefaultClient.CloseIdleConnections()
}

// load posts alerts from several workers, each request until it is acknowledged, as Prometheus does.
type load struct {
	workers []*worker
	retried atomic.Int64
	began   time.Time
	url     string
	stop    context.CancelFunc
	busy    sync.WaitGroup

	mu    sync.Mutex
	acked map[int]bool // by number
	acks  int
	news  chan struct{} // closed and renewed at each acknowledgement
}

// worker numbers its alerts next, next+step, next+2*step ...
type worker struct {
	next, step int
	pending    string // a request that has not been acknowledged
	numbers    []int  // of the alerts in it
}

func newLoad(t *testing.T, workers int) *load {
	t.Helper()
	l := &load{acked: map[int]bool{}, news: make(chan struct{}), began: time.Now().Add(-time.Hour), stop: func() {}}
	for n := range workers {
		l.workers = append(l.workers, &worker{next: n, step: workers})
	}
	t.Cleanup(l.pause)
	return l
}

// run sends to url until pause, or until url answers no more.
func (l *load) run(url string) {
	ctx, stop := context.WithCancel(context.Background())
	l.url, l.stop = url, stop
	for _, w := range l.workers {
		l.busy.Go(func() {
			for l.post(ctx, w) == nil {
			}
		})
	}
}

func (l *load) pause() {
	l.stop()
	l.busy.Wait()
}

// await returns when so many more requests have been acknowledged.
func (l *load) await(t *testing.T, c *child, requests int) {
	t.Helper()
	l.mu.Lock()
	want := l.acks + requests
	for l.acks < want {
		news := l.news
		l.mu.Unlock()
		select {
		case <-news:
		case <-c.ended:
			t.Fatalf("the child ended by itself: %s", c.output)
		case <-time.After(time.Minute):
			t.Fatal("nothing is acknowledged any more")
		}
		l.mu.Lock()
	}
	l.mu.Unlock()
}

// finish sends again what was under way when the workers were told to stop, and may or may not have been stored.
func (l *load) finish(t *testing.T) {
	t.Helper()
	l.pause()
	for _, w := range l.workers {
		if w.pending == "" {
			continue
		}
		if err := l.post(t.Context(), w); err != nil {
			t.Errorf("the last request of a worker was not acknowledged: %v", err)
		}
	}
}

// post makes or repeats the worker's request, and notes that it was acknowledged.
func (l *load) post(ctx context.Context, w *worker) error {
	if w.pending == "" {
		w.pending, w.numbers = l.batch(w)
	} else {
		l.retried.Add(int64(len(w.numbers)))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.url+"/api/v2/alerts", strings.NewReader(w.pending))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("answer %s", resp.Status)
	}
	w.pending = ""
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range w.numbers {
		l.acked[n] = true
	}
	l.acks++
	close(l.news)
	l.news = make(chan struct{})
	return nil
}

// batch makes the worker's next request, of one to eight alerts. Each is told from all others by its start.
func (l *load) batch(w *worker) (body string, numbers []int) {
	var items []string
	for range 1 + w.next%8 {
		o := outages[len(items)%len(outages)]
		items = append(items, strings.Trim(alert(o.service, fmt.Sprintf("%s; number %d", o.summary, w.next),
			l.began.Add(time.Duration(w.next)*time.Microsecond)), "[]"))
		numbers = append(numbers, w.next)
		w.next += w.step
	}
	return "[" + strings.Join(items, ",") + "]", numbers
}
