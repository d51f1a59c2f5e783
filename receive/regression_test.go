package receive

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"corax"
)

// An alert's annotations are evidence: what isn't in the message stays with it.
func TestAlertmanagerKeepsWhatElseIsSaid(t *testing.T) {
	s := newStage(t, nil)
	s.want(200, "", alertsPath, `[{"labels":{"a":"b"},"annotations":{"summary":"s","description":"d","runbook_url":"r"},"generatorURL":"g"},
		{"labels":{"a":"c"},"annotations":{"summary":"s"}}]`)
	if a := s.stored[0].Attributes; len(a) != 2 || a["runbook_url"] != "r" || a["generator_url"] != "g" {
		t.Errorf("attributes %v", a)
	}
	if m := s.stored[0].Message; m != "s; d" {
		t.Errorf("message %q", m)
	}
	if a := s.stored[1].Attributes; a != nil {
		t.Errorf("attributes %v", a)
	}
}

// Clients copy the trigger's payload into the resolve, its time too. It ends now all the same.
func TestPagerDutyResolvesNow(t *testing.T) {
	s := newStage(t, nil)
	for n, action := range []string{"trigger", "acknowledge", "resolve"} {
		s.now = noon.Add(time.Duration(n) * time.Minute)
		s.want(202, "", enqueuePath, event(action,
			`,"dedup_key":"k","payload":{"summary":"s","source":"h","severity":"error","timestamp":"2026-03-30T10:00:00Z"}`))
	}
	if at := s.stored[0].At; !at.Equal(noon.Add(-2 * time.Hour)) {
		t.Errorf("triggered at %s", at)
	}
	if at := s.stored[2].At; s.stored[2].Kind != corax.Recovery || !at.Equal(noon.Add(2*time.Minute)) {
		t.Errorf("resolved at %s", at)
	}
}

// A second end soon after a second trigger is no retry of the first end, also where only the triggers have times.
func TestPagerDutySecondEndIsNew(t *testing.T) {
	s := newStage(t, nil)
	for n, body := range []string{
		event("trigger", `,"dedup_key":"k","payload":{"summary":"s","source":"h","severity":"error","timestamp":"2026-03-30T10:00:00Z"}`),
		event("resolve", `,"dedup_key":"k"`),
		event("trigger", `,"dedup_key":"k","payload":{"summary":"s","source":"h","severity":"error","timestamp":"2026-03-30T11:00:00Z"}`),
		event("resolve", `,"dedup_key":"k"`),
	} {
		s.now = noon.Add(time.Duration(n) * time.Second)
		s.want(202, "", enqueuePath, body)
	}
	if ids := s.ids(); ids[1] == ids[3] {
		t.Error("the second end has the id of the first: its incident would stay open")
	}
}

func TestAlertmanagerSecondOutageWithoutStartIsNew(t *testing.T) {
	s := newStage(t, nil)
	firing := `[{"labels":{"a":"b"}}]`
	s.want(200, "", alertsPath, firing)
	s.now = noon.Add(2 * time.Second)
	s.want(200, "", alertsPath, `[{"labels":{"a":"b"},"endsAt":"2026-03-30T12:00:01Z"}]`)
	s.now = noon.Add(3 * time.Second)
	s.want(200, "", alertsPath, firing)
	if ids := s.ids(); ids[0] == ids[2] {
		t.Error("the second outage has the id of the first: nobody would hear of it")
	}
}

// Whoever has no token is refused by the head alone: the body is never asked for.
func TestABodyIsNotReadBeforeItsSenderIsKnown(t *testing.T) {
	s := newStage(t, func(o *Options) { o.RequireToken, o.Tokens = true, []string{"env:KEY"} })
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n"+
		"Expect: 100-continue\r\n\r\n", alertsPath)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("got %s before any of the body was sent", resp.Status)
	}
}

// The rule that fired comes with the generator's URL: what it compares tells how bad things are.
func TestRuleExpression(t *testing.T) {
	for from, want := range map[string]string{
		"http://prometheus:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1": "up == 0",
		"http://prometheus:9090/graph":                              "",
		"::not a url":                                               "",
	} {
		if got := ruleExpression(from); got != want {
			t.Errorf("%s: %q, want %q", from, got, want)
		}
	}
}

// trickle begins a request and never sends its body. It returns when the server has begun to read that, or has answered; with the answer's
// status, or 100.
func (s *stage) trickle(path string) int {
	s.t.Helper()
	conn, err := (&net.Dialer{}).DialContext(s.t.Context(), "tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	_, _ = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n", path)
	var status int
	if _, err := fmt.Fscanf(bufio.NewReader(conn), "HTTP/1.1 %d", &status); err != nil {
		s.t.Fatal(err)
	}
	return status
}

// Whoever begins requests without a token and leaves them open keeps nobody out who has one: neither of this receiver nor of another.
func TestStrangersKeepNobodyOut(t *testing.T) {
	s := newStage(t, func(o *Options) { o.RequireToken, o.Tokens, o.MaxAtOnce = true, []string{"env:KEY"}, 4 })
	open := 0
	for range 10 {
		if s.trickle(enqueuePath) == http.StatusContinue {
			open++
		}
	}
	if open != 1 {
		t.Errorf("of 4 places, %d are taken by one network that has shown no token, want 1", open)
	}
	s.want(200, "", alertsPath, oneAlert, "Authorization", "Bearer KEY")
	s.want(202, "", enqueuePath, oneEvent, "Authorization", "Bearer KEY")
	status, head, text := s.post(enqueuePath, oneEvent) // by the key in the body alone it can't be told from them
	if status != 429 || head.Get("Retry-After") == "" || !strings.Contains(text, "Bearer TOKEN") {
		t.Errorf("%d, Retry-After %q: %s", status, head.Get("Retry-After"), text)
	}
}

// The key of an event is in its body, and a storm of them is taken as one with the token in the head is.
func TestAStormOfEventsWithTheirKeyInTheBody(t *testing.T) {
	slow := make(chan struct{})
	begun := make(chan struct{}, 3*defaultMaxAtOnce)
	var stored atomic.Int32
	s := newStage(t, func(o *Options) {
		o.RequireToken, o.Tokens = true, []string{"env:KEY"}
		o.Publish = func(_ context.Context, all []corax.Signal) error {
			begun <- struct{}{}
			<-slow
			stored.Add(int32(len(all)))
			return nil
		} //nolint:gosec // one
	})
	// More than may be read at once are being stored: they have shown their key, and hold none of the strangers' places.
	const many = 3 * defaultMaxAtOnce / 4 / 4
	var done sync.WaitGroup
	for n := range many {
		done.Go(func() { s.want(202, "", enqueuePath, strings.Replace(oneEvent, "d1", fmt.Sprint("d", n), 1)) })
		select {
		case <-begun:
		case <-time.After(10 * time.Second):
			t.Errorf("event %d is not being stored", n)
		}
	}
	close(slow)
	done.Wait()
	if n := stored.Load(); n != many {
		t.Errorf("%d of %d events were stored", n, many)
	}
}

func TestStrangersAreShared(t *testing.T) {
	s := newStrangers(64) // 16 places, 4 to a network
	for _, c := range []struct {
		from string
		want int
	}{{"192.0.2.1", 4}, {"192.0.2.2", 4}, {"192.0.2.3", 4}, {"192.0.2.4", 4}, {"192.0.2.5", 0}} {
		in := 0
		for range 10 {
			if s.enter(c.from) {
				in++
			}
		}
		if in != c.want {
			t.Errorf("%s got %d places, want %d", c.from, in, c.want)
		}
	}
	for range 4 {
		s.leave("192.0.2.1")
	}
	if !s.enter("192.0.2.5") || s.enter("192.0.2.2") || len(s.from) != 4 {
		t.Errorf("a place that was left was not free for others: %v", s.from)
	}
}
