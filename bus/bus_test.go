package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"corax"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, opts Options) *Bus {
	t.Helper()
	if opts.Dir == "" && opts.URL == "" {
		opts.Dir = t.TempDir()
	}
	b, err := Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// signals makes n signals of different ids, spread over a few entities, from number from on.
func signals(from, n int) []corax.Signal {
	at := time.Date(2026, 3, 30, 2, 0, 0, 0, time.UTC)
	out := make([]corax.Signal, n)
	for i := range out {
		k := from + i
		out[i] = corax.Signal{
			ID: fmt.Sprintf("sig-%016d", k), At: at.Add(time.Duration(k) * time.Millisecond), Source: "alertmanager",
			Entity: fmt.Sprintf("svc-%d", k%7), Severity: corax.High, Fingerprint: fmt.Sprintf("fp-%d", k%100),
			Message:    "HTTP 401 from /api/orders: token signed with an unknown key",
			Labels:     map[string]string{"alertname": "LoginFails", "instance": fmt.Sprintf("10.0.0.%d:8080", k%256), "job": "user"},
			Attributes: map[string]string{"status": "401", "kid": "2026-03-a"},
		}
	}
	return out
}

// collector is a subscriber that can be awaited.
type collector struct {
	mu    sync.Mutex
	got   []corax.Signal
	wake  chan struct{}
	fails int // so many calls fail first
}

func newCollector() *collector { return &collector{wake: make(chan struct{}, 1)} }

func (c *collector) handle(_ context.Context, s []corax.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fails > 0 {
		c.fails--
		return errors.New("not yet")
	}
	c.got = append(c.got, s...)
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return nil
}

func (c *collector) await(t testing.TB, n int) []corax.Signal {
	t.Helper()
	for {
		c.mu.Lock()
		got := slices.Clone(c.got)
		c.mu.Unlock()
		if len(got) >= n {
			return got
		}
		select {
		case <-c.wake:
		case <-t.Context().Done():
			t.Fatal("the test ended first")
		case <-time.After(20 * time.Second):
			t.Fatalf("got %d signals, expected %d", len(got), n)
		}
	}
}

func publish(t testing.TB, b *Bus, s []corax.Signal) {
	t.Helper()
	if err := b.Publish(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

func subscribe(t testing.TB, b *Bus, name string, h Handler) func() {
	t.Helper()
	stop, err := b.Subscribe(t.Context(), name, h)
	if err != nil {
		t.Fatal(err)
	}
	return stop
}

// inOrder checks that each entity's signals have rising times.
func inOrder(t *testing.T, got []corax.Signal) {
	t.Helper()
	last := map[string]time.Time{}
	for _, s := range got {
		if s.At.Before(last[s.Entity]) {
			t.Fatalf("%s of %s came after %s", s.ID, s.Entity, last[s.Entity])
		}
		last[s.Entity] = s.At
	}
}

func TestPublishedReachesSubscriber(t *testing.T) {
	b := open(t, Options{})
	c := newCollector()
	defer subscribe(t, b, "triage", c.handle)()
	for i := range 20 {
		publish(t, b, signals(i*64, 64))
	}
	got := c.await(t, 20*64)
	if len(got) != 20*64 {
		t.Errorf("got %d signals, expected %d", len(got), 20*64)
	}
	inOrder(t, got)
}

func TestOpenTwiceInARow(t *testing.T) {
	dir := t.TempDir()
	for i := range 2 {
		b, err := Open(t.Context(), Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		publish(t, b, signals(i*10, 10))
		seen := 0
		if err := b.Replay(t.Context(), func(s []corax.Signal) error { seen += len(s); return nil }); err != nil {
			t.Fatal(err)
		}
		if want := (i + 1) * 10; seen != want {
			t.Errorf("round %d: replayed %d signals, expected %d", i, seen, want)
		}
		for range 2 {
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Publish(t.Context(), signals(0, 1)); corax.CodeOf(err) != corax.Unavailable {
			t.Errorf("publish on a closed bus: %v", err)
		}
	}
}

func TestDirectoryInUse(t *testing.T) {
	dir := t.TempDir()
	open(t, Options{Dir: dir})
	if _, err := Open(t.Context(), Options{Dir: dir}); corax.CodeOf(err) != corax.Conflict {
		t.Errorf("second bus on one directory: %v", err)
	}
}

func TestBadOptions(t *testing.T) {
	for _, opts := range []Options{{}, {Dir: t.TempDir(), Partitions: -1}, {Dir: t.TempDir(), Partitions: 1 << 20}} {
		if _, err := Open(t.Context(), opts); corax.CodeOf(err) != corax.Invalid {
			t.Errorf("%+v: %v", opts, err)
		}
	}
}

func TestFailedBatchComesAgainInOrder(t *testing.T) {
	b := open(t, Options{})
	c := newCollector()
	c.fails = 2
	defer subscribe(t, b, "triage", c.handle)()
	for i := range 10 {
		publish(t, b, signals(i*10, 10))
	}
	got := c.await(t, 100)
	if len(got) != 100 {
		t.Errorf("got %d signals, expected 100", len(got))
	}
	inOrder(t, got)
}

func TestSubscriberGoesOnWhereItStood(t *testing.T) {
	dir := t.TempDir()
	b := open(t, Options{Dir: dir})
	first := newCollector()
	stop := subscribe(t, b, "triage", first.handle)
	publish(t, b, signals(0, 50))
	first.await(t, 50)
	stop()
	publish(t, b, signals(50, 50))

	// One that takes signals and is stopped before it says that it has them.
	entered := make(chan struct{})
	stop = subscribe(t, b, "triage", func(ctx context.Context, _ []corax.Signal) error {
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	})
	<-entered
	stop()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}

	b = open(t, Options{Dir: dir})
	second := newCollector()
	defer subscribe(t, b, "triage", second.handle)()
	publish(t, b, signals(100, 50))
	got := second.await(t, 100)
	if len(got) != 100 || got[0].At.Before(signals(50, 1)[0].At) {
		t.Errorf("got %d signals from %s on, expected the 100 after the first 50", len(got), got[0].ID)
	}
	inOrder(t, got)
}

func TestRetryIsStoredOnceAndRenewalGetsThrough(t *testing.T) {
	b := open(t, Options{})
	s := signals(0, 1)
	publish(t, b, s)
	publish(t, b, s)
	end := s[0].At.Add(time.Hour)
	s[0].EndsAt = &end
	publish(t, b, s)
	st, err := b.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if st.Messages != 2 {
		t.Errorf("the stream holds %d messages, expected the signal and its renewal", st.Messages)
	}
}

func TestNamesOfSubscribers(t *testing.T) {
	b := open(t, Options{})
	c := newCollector()
	for _, name := range []string{"", "a b", "a.b", strings.Repeat("x", 65)} {
		if _, err := b.Subscribe(t.Context(), name, c.handle); corax.CodeOf(err) != corax.Invalid {
			t.Errorf("name %q: %v", name, err)
		}
	}
	stop := subscribe(t, b, "triage", c.handle)
	if _, err := b.Subscribe(t.Context(), "triage", c.handle); corax.CodeOf(err) != corax.Conflict {
		t.Errorf("name in use: %v", err)
	}
	stop()
	stop() // twice is fine
	subscribe(t, b, "triage", c.handle)()
}

func TestFullStreamRefusesAndKeeps(t *testing.T) {
	b := open(t, Options{MaxBytes: 64 << 10})
	stored := 0
	var refused error
	for i := 0; refused == nil; i++ {
		if refused = b.Publish(t.Context(), signals(i*10, 10)); refused == nil {
			stored += 10
		}
	}
	if corax.CodeOf(refused) != corax.Unavailable || corax.HintOf(refused) == "" {
		t.Errorf("a full stream: %v (hint %q)", refused, corax.HintOf(refused))
	}
	c := newCollector()
	stop := subscribe(t, b, "triage", c.handle)
	ids := map[string]bool{}
	for _, s := range c.await(t, stored) {
		ids[s.ID] = true
	}
	for _, s := range signals(0, stored) {
		if !ids[s.ID] {
			t.Fatalf("%s was acknowledged and is gone", s.ID)
		}
	}
	stop()
	// What was handled makes room for what is new.
	publish(t, b, signals(1_000_000, 10))
}

func TestLowDiskRefuses(t *testing.T) {
	b := open(t, Options{})
	b.freeDisk = func() (uint64, bool) { return minFreeDisk - 1, true }
	err := b.Publish(t.Context(), signals(0, 1))
	if corax.CodeOf(err) != corax.Unavailable || corax.HintOf(err) == "" {
		t.Errorf("low disk: %v", err)
	}
	b.freeDisk = func() (uint64, bool) { return 0, false }
	publish(t, b, signals(0, 1))
}

func TestLargeSignals(t *testing.T) {
	b := open(t, Options{})
	big := signals(0, 3)
	for i := range big {
		big[i].Message = strings.Repeat("x", 2*envelopeBytes)
	}
	publish(t, b, big)
	big[1].Message = strings.Repeat("x", b.maxData)
	before, _ := b.Stats(t.Context())
	if err := b.Publish(t.Context(), big); corax.CodeOf(err) != corax.Invalid {
		t.Errorf("too large a signal: %v", err)
	}
	if after, _ := b.Stats(t.Context()); after.Messages != before.Messages {
		t.Errorf("a refused batch was stored in part")
	}
}

func TestPruneKeepsWhatIsNotHandled(t *testing.T) {
	b := open(t, Options{})
	future := time.Now().Add(time.Hour)
	publish(t, b, signals(0, 100))
	if n, err := b.Prune(t.Context(), future); n != 0 || err != nil {
		t.Fatalf("without subscribers %d messages were dropped, %v", n, err)
	}
	c := newCollector()
	stop := subscribe(t, b, "triage", c.handle)
	c.await(t, 100)
	stop()
	before, _ := b.Stats(t.Context())
	publish(t, b, signals(100, 10))
	if n, err := b.Prune(t.Context(), future.Add(-2*time.Hour)); n != 0 || err != nil {
		t.Fatalf("young messages: %d were dropped, %v", n, err)
	}
	n, err := b.Prune(t.Context(), future)
	if err != nil || n != before.LastSeq {
		t.Fatalf("dropped %d messages, expected %d, %v", n, before.LastSeq, err)
	}
	left := 0
	if err := b.Replay(t.Context(), func(s []corax.Signal) error { left += len(s); return nil }); err != nil {
		t.Fatal(err)
	}
	if left != 10 {
		t.Errorf("%d signals are left, expected the 10 that nobody has handled", left)
	}
}

func TestDamagedMessageIsSkipped(t *testing.T) {
	b := open(t, Options{})
	if _, err := b.js.Publish(t.Context(), b.subjects[0], []byte("not an envelope")); err != nil {
		t.Fatal(err)
	}
	publish(t, b, signals(0, 5))
	c := newCollector()
	defer subscribe(t, b, "triage", c.handle)()
	c.await(t, 5)
}

func TestConcurrentPublishers(t *testing.T) {
	b := open(t, Options{Log: slog.Default()})
	c := newCollector()
	defer subscribe(t, b, "triage", c.handle)()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 50 {
				if err := b.Publish(t.Context(), signals(w*100_000+i*5, 5)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := c.await(t, 8*50*5); len(got) != 8*50*5 {
		t.Errorf("got %d signals, expected %d", len(got), 8*50*5)
	}
}

// TestExternalServer runs against a NATS server that listens on the usual port of this machine.
func TestExternalServer(t *testing.T) {
	const url = "nats://127.0.0.1:4222"
	conn, err := nats.Connect(url, nats.Timeout(time.Second))
	if err != nil {
		t.Skipf("no NATS server at %s: %v", url, err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.AccountInfo(t.Context()); err != nil {
		t.Skipf("the NATS server at %s has no JetStream: %v", url, err)
	}
	prefix := fmt.Sprintf("test-%d-%d-", os.Getpid(), time.Now().UnixNano())
	defer func() {
		if err := js.DeleteStream(context.WithoutCancel(t.Context()), prefix+"CORAX"); err != nil {
			t.Error(err)
		}
	}()
	b := open(t, Options{URL: url, Prefix: prefix})
	c := newCollector()
	c.fails = 1
	stop := subscribe(t, b, "triage", c.handle)
	for i := range 10 {
		publish(t, b, signals(i*64, 64))
	}
	inOrder(t, c.await(t, 640))
	stop()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}
