package access

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// clock is a time that tests set.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func newClock() *clock { return &clock{time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC)} }

// How many guesses can be made in a day of trying without pause.
func TestBruteForce(t *testing.T) {
	for _, c := range []struct {
		name  string
		from  func(n int) (account, address string)
		known bool
		most  int
	}{
		{"one account from one address", func(int) (string, string) { return "admin", "192.0.2.1" }, false, 120},
		{"many accounts from one address", func(n int) (string, string) { return fmt.Sprint("u", n), "192.0.2.1" }, false, 140},
		{"many addresses of one IPv6 network", func(n int) (string, string) { return fmt.Sprint("u", n), fmt.Sprintf("2001:db8::%x", n%65536) }, false, 140},
		{"one account from many addresses", func(n int) (string, string) { return "admin", fmt.Sprintf("198.51.%d.%d", n/250%250, n%250) }, false, 24*60 + 30},
		{"one account from its owner's address", func(int) (string, string) { return "admin", "192.0.2.1" }, true, 120},
	} {
		t.Run(c.name, func(t *testing.T) {
			clk := newClock()
			g, looked, end := NewGuard(clk.Now), 0, clk.now.Add(24*time.Hour)
			for n := 0; clk.now.Before(end); n++ {
				account, address := c.from(n)
				if _, wait := g.Begin(account, address, c.known); wait > 0 {
					clk.now = clk.now.Add(min(wait, 10*time.Second))
				} else {
					looked++
				}
			}
			if looked > c.most || looked < 20 {
				t.Errorf("%d guesses a day were looked at, expected at most %d and at least the free ones", looked, c.most)
			}
		})
	}
}

// Whoever guesses from elsewhere, as long and as hard as they can, keeps the owner out neither at an address that is known nor for good.
func TestOwnersGetIn(t *testing.T) {
	clk := newClock()
	g := NewGuard(clk.Now)
	for n := range 12_000 {
		_, _ = g.Begin("admin", fmt.Sprintf("198.%d.%d.%d", n/62500, n/250%250, n%250), false)
		clk.now = clk.now.Add(time.Second)
	}
	if _, wait := g.Begin("admin", "192.0.2.1", true); wait > 0 {
		t.Errorf("the owner waits %s at a known address", wait)
	}
	if _, wait := g.Begin("admin", "192.0.2.2", false); wait > time.Minute {
		t.Errorf("the owner waits %s at a new address", wait)
	}
}

func TestLoggingInElsewhereClearsNothing(t *testing.T) {
	g := NewGuard(newClock().Now)
	for n := 0; ; n++ {
		if _, wait := g.Begin("victim", "192.0.2.1", false); wait > 0 {
			if n > 20 {
				t.Fatalf("%d guesses", n)
			}
			break
		}
		own, wait := g.Begin("mallory", "192.0.2.1", false)
		if wait > 0 {
			break
		}
		own.Passed()
	}
}

// Attempts at the same moment count before their outcome is known.
func TestAttemptsAtOnce(t *testing.T) {
	g, looked := NewGuard(newClock().Now), 0
	for range 1000 {
		if _, wait := g.Begin("admin", "192.0.2.1", false); wait == 0 {
			looked++
		}
	}
	if looked != 5 {
		t.Errorf("%d attempts at once, expected 5", looked)
	}
}

// Whatever happens: no wait is longer than 15 minutes, memory is bounded, and who always passes never waits.
func TestGuardBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clk := newClock()
		g := NewGuard(clk.Now)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			clk.now = clk.now.Add(time.Duration(rapid.IntRange(0, 100_000).Draw(t, "ms")) * time.Millisecond)
			account, address := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "account"), rapid.SampledFrom([]string{"::1", "192.0.2.1", "x"}).Draw(t, "address")
			a, wait := g.Begin(account, address, rapid.Bool().Draw(t, "known"))
			if wait > 15*time.Minute || (a == nil) == (wait <= 0) {
				t.Fatalf("wait %s, attempt %v", wait, a)
			}
			if a != nil && rapid.Bool().Draw(t, "pass") {
				a.Passed()
			}
			good, wait := g.Begin("good", "203.0.113.1", true)
			if wait > 0 {
				t.Fatalf("who always passes waits %s", wait)
			}
			good.Passed()
		}
	})
	g := NewGuard(newClock().Now)
	for n := range mostCounts + 50 {
		_, _ = g.Begin(fmt.Sprint(n), fmt.Sprint(n), false)
	}
	if len(g.pairs.all) > mostCounts || len(g.addresses.all) > mostCounts || len(g.people.all) > mostCounts {
		t.Errorf("%d, %d, %d counts are kept", len(g.pairs.all), len(g.addresses.all), len(g.people.all))
	}
}

func TestNetwork(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "::1": "::/64", "fe80::1%eth0": "fe80::/64",
		"nonsense": "nonsense",
	} {
		if got := Network(address); got != want {
			t.Errorf("%s: %s, expected %s", address, got, want)
		}
	}
}
