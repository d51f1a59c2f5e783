package live_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"corax"
	"corax/live"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// source is a store's events as a test gives them.
type source struct{ subscriptions chan chan corax.Event }

func newSource() source { return source{make(chan chan corax.Event, 8)} }

func (s source) subscribe() (<-chan corax.Event, func()) {
	ch := make(chan corax.Event, 16)
	s.subscriptions <- ch
	return ch, func() {}
}

func start(o live.Options) *live.Hub {
	h := live.New(o)
	h.Start()
	return h
}

func stop(h *live.Hub) { h.Stop(); h.Wait() }

func TestEventsBecomeTopics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		h := start(live.Options{Subscribe: s.subscribe, Epoch: "e"})
		defer stop(h)
		events := <-s.subscriptions
		l, err := h.Listen("")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		events <- corax.Event{Kind: corax.EventApprovalAsked, Problem: "prb-1", Plan: "pln-1", Text: "a secret of the outage"}
		m := <-l.Messages()
		want := []string{"approvals", "plan:pln-1", "plans", "problem:prb-1", "problems", "timeline"}
		if m.ID != "e.1" || !slices.Equal(m.Topics, want) {
			t.Errorf("got %v, want e.1 %v", m, want)
		}
	})
}

// A store that drops the hub because it was slow is followed again, and everybody asks for everything.
func TestFollowsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		h := start(live.Options{Subscribe: s.subscribe, Epoch: "e"})
		defer stop(h)
		l, err := h.Listen("")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		close(<-s.subscriptions)
		again := <-s.subscriptions
		if m := <-l.Messages(); !slices.Equal(m.Topics, []string{live.Everything}) {
			t.Errorf("got %v", m)
		}
		again <- corax.Event{Kind: corax.EventHealed, Problem: "p"}
		if m := <-l.Messages(); !slices.Contains(m.Topics, "problem:p") {
			t.Errorf("got %v", m)
		}
	})
}

// Who notes where the stream stands, reads, and then listens from there hears of all that came since.
func TestAt(t *testing.T) {
	h := start(live.Options{Subscribe: newSource().subscribe, Epoch: "e"})
	h.Publish("before")
	at := h.At()
	h.Publish("while")
	server := httptest.NewServer(h)
	defer server.Close()
	defer stop(h)
	resp, err := server.Client().Get(server.URL + "?after=" + at)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for s := bufio.NewScanner(resp.Body); s.Scan(); {
		if data, ok := strings.CutPrefix(s.Text(), "data: "); ok {
			if data != "while" {
				t.Errorf("heard of %s", data)
			}
			return
		}
	}
	t.Error("heard of nothing")
}

func TestComingBack(t *testing.T) {
	h := start(live.Options{Subscribe: newSource().subscribe, Epoch: "e"})
	defer stop(h)
	for n := range 400 {
		h.Publish(fmt.Sprintf("t%d", n+1))
	}
	for last, want := range map[string][]string{
		"":          nil,
		"e.400":     nil,
		"e.398":     {"t399", "t400"},
		"e.1":       {live.Everything}, // longer ago than is remembered
		"e.401":     {live.Everything}, // not ours
		"other.400": {live.Everything}, // of another run
		"nonsense":  {live.Everything},
	} {
		l, err := h.Listen(last)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		l.Close() // what it was given stays readable
		for m := range l.Messages() {
			got = append(got, m.Topics...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("after %q: got %v, want %v", last, got, want)
		}
	}
}

func TestSlowListenersAreDropped(t *testing.T) {
	h := start(live.Options{Subscribe: newSource().subscribe, Epoch: "e", Most: 2})
	defer stop(h)
	slow, err := h.Listen("")
	if err != nil {
		t.Fatal(err)
	}
	quick, err := h.Listen("")
	if err != nil {
		t.Fatal(err)
	}
	defer quick.Close()
	if _, err := h.Listen(""); corax.CodeOf(err) != corax.Unavailable {
		t.Errorf("a third of two may listen: %v", err)
	}
	for n := range 200 {
		h.Publish("t")
		if m := <-quick.Messages(); m.ID != fmt.Sprintf("e.%d", n+1) {
			t.Fatalf("message %d is %v", n, m)
		}
	}
	if h.Listeners() != 1 {
		t.Errorf("%d listen, want the quick one alone", h.Listeners())
	}
	n := 0
	for range slow.Messages() {
		n++
	}
	if n == 0 || n == 200 {
		t.Errorf("the slow one got %d messages before it was dropped", n)
	}
	slow.Close() // twice is fine
}

// Whatever happens, a listener that comes back misses nothing: what it is told after its last message covers all that came since.
func TestNothingIsMissed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := start(live.Options{Subscribe: newSource().subscribe, Epoch: "e"})
		defer stop(h)
		seen, last := map[string]bool{}, ""
		published := rapid.IntRange(1, 40).Draw(t, "first")
		for n := range published {
			h.Publish(fmt.Sprint(n))
		}
		for range rapid.IntRange(1, 6).Draw(t, "connections") {
			l, err := h.Listen(last)
			if err != nil {
				t.Fatal(err)
			}
			more := rapid.IntRange(0, 90).Draw(t, "more")
			for range more {
				h.Publish(fmt.Sprint(published))
				published++
			}
			l.Close()
			for m := range l.Messages() {
				if last = m.ID; m.Topics[0] == live.Everything {
					for n := range published {
						seen[fmt.Sprint(n)] = true
					}
				}
				seen[m.Topics[0]] = true
			}
		}
		l, err := h.Listen(last)
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		for m := range l.Messages() {
			if m.Topics[0] == live.Everything {
				return
			}
			seen[m.Topics[0]] = true
		}
		if last == "" {
			return // never heard anything, so has loaded its page after all of it
		}
		for n := published - 1; n >= 0 && !seen[fmt.Sprint(n)]; n-- {
			t.Fatalf("%d of %d was missed", n, published)
		}
	})
}

func TestServerSentEvents(t *testing.T) {
	h := start(live.Options{Subscribe: newSource().subscribe, Epoch: "e", Heartbeat: 5 * time.Millisecond})
	server := httptest.NewServer(h)
	defer server.Close()
	defer stop(h)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	read := func(query string) *bufio.Scanner {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Last-Event-ID", "e.0")
		resp, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		if resp.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatalf("%s %s", resp.Status, resp.Header)
		}
		return bufio.NewScanner(resp.Body)
	}
	until := func(s *bufio.Scanner, want string) {
		t.Helper()
		var got []string
		for s.Scan() {
			if got = append(got, s.Text()); s.Text() == want {
				return
			}
		}
		t.Fatalf("%q did not come: %q", want, got)
	}
	h.Publish("problems", "problem:prb-1", "problem:a\nb c")
	all, one := read("/"), read("/?topic=problem:")
	until(all, "id: e.1")
	until(all, "event: topics")
	until(all, "data: problem:a_b_c problem:prb-1 problems")
	until(all, ": alive")
	until(one, "data: problem:a_b_c problem:prb-1")
	h.Publish(live.Everything)
	until(one, "event: all")
	h.Stop()
	for all.Scan() { // ends, since the hub has
		if strings.HasPrefix(all.Text(), "event: topics") {
			t.Error("an event after the end")
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("after the end: %d", w.Code)
	}
}
