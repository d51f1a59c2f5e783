package access

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"corax"
)

func session(id string) Principal {
	return Principal{Name: "ann", Role: RoleViewer, Via: corax.ViaSession, User: "ann", Session: id}
}

func TestLimiter(t *testing.T) {
	limits := Limits{People: Rate{PerSecond: 2, Burst: 4}, Anonymous: Rate{PerSecond: 1, Burst: 2}}
	nobody, local := Principal{}, Principal{Name: "local", Role: RoleAdmin, Via: corax.ViaLocal}
	token := Principal{Name: "ann", Role: RoleViewer, Via: corax.ViaToken, User: "ann", Token: "tok-1"}
	operator := func(name string) Principal { return Principal{Name: name, Role: RoleOperator, Via: corax.ViaToken} }
	type ask struct {
		who     Principal
		address string
		after   time.Duration // since the one before
		times   int
		served  int
		retry   int // what the refused are told, in seconds
	}
	for name, asks := range map[string][]ask{
		"a burst, then the rate": {{session("a"), "", 0, 6, 4, 1}, {session("a"), "", 500 * time.Millisecond, 2, 1, 1}, {session("a"), "", time.Hour, 9, 4, 1}},
		"another session, a token and operators of the same name are others": {{session("a"), "", 0, 9, 4, 1}, {session("b"), "", 0, 9, 4, 1}, {token, "", 0, 9, 4, 1},
			{operator("ann"), "", 0, 9, 4, 1}, {operator("bob"), "", 0, 9, 4, 1}},
		"who is known is counted wherever they are": {{session("a"), "192.0.2.1", 0, 3, 3, 0}, {session("a"), "192.0.2.2", 0, 3, 1, 1}},
		"who isn't, by the network": {{nobody, "192.0.2.1", 0, 5, 2, 1}, {nobody, "192.0.2.2", 0, 5, 2, 1}, {nobody, "2001:db8::1", 0, 5, 2, 1},
			{nobody, "2001:db8::2", 0, 5, 0, 1}, {nobody, "2001:db8:0:1::1", 0, 5, 2, 1}, {nobody, "", 0, 5, 2, 1}},
		"one network's strangers don't cost who is known there": {{nobody, "192.0.2.1", 0, 9, 2, 1}, {session("a"), "192.0.2.1", 0, 4, 4, 0}},
		"the command line of the machine has no limit":          {{local, "127.0.0.1", 0, 1000, 1000, 0}},
		"a clock that goes back gives nothing away":             {{session("a"), "", 0, 9, 4, 1}, {session("a"), "", -time.Hour, 9, 0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			l := NewLimiter(func() time.Time { return now }, limits)
			refused := 0
			for n, a := range asks {
				now = now.Add(a.after)
				served := 0
				for range a.times {
					var over Overrun
					switch err := l.Admit(a.who, Client{Address: a.address}); {
					case err == nil:
						served++
					case !errors.As(err, &over) || over.Seconds() != a.retry || corax.CodeOf(err) != corax.Unavailable:
						t.Errorf("%d: %v", n, err)
					}
				}
				if served != a.served {
					t.Errorf("%d: %d of %d were served, want %d", n, served, a.times, a.served)
				}
				refused += a.times - served
			}
			if people, anonymous := l.Refused(); people+anonymous != refused {
				t.Errorf("%d and %d were counted as refused, want %d", people, anonymous, refused)
			}
		})
	}
	var none *Limiter
	free := NewLimiter(nil, Limits{})
	for range 1000 {
		if err := errors.Join(none.Admit(nobody, Client{}), free.Admit(nobody, Client{}), free.Admit(session("a"), Client{})); err != nil {
			t.Fatal(err)
		}
	}
}

// Whatever anybody does, nobody gets more than the burst and the rate allow, in any stretch of time; whoever keeps to the rate is never refused,
// also not for what others do; and who comes back when they were told to is served.
func TestNobodyGetsMoreThanTheirRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Rate{PerSecond: rapid.IntRange(1, 100).Draw(t, "rate"), Burst: rapid.IntRange(1, 50).Draw(t, "burst")}
		now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		l := NewLimiter(func() time.Time { return now }, Limits{People: r, Anonymous: r})
		whos := make([]Principal, 4) // the first is nobody
		for i := 1; i < len(whos); i++ {
			whos[i] = session(fmt.Sprint(i))
		}
		calm := session("calm")
		calmNext := now
		served := make([][]time.Time, len(whos))
		for range rapid.IntRange(1, 300).Draw(t, "requests") {
			now = now.Add(time.Duration(rapid.IntRange(0, 50).Draw(t, "ms")) * time.Millisecond)
			i := rapid.IntRange(0, len(whos)-1).Draw(t, "who")
			err := l.Admit(whos[i], Client{Address: "192.0.2.1"})
			var over Overrun
			switch {
			case err == nil:
				served[i] = append(served[i], now)
			case errors.As(err, &over) && rapid.IntRange(0, 9).Draw(t, "waits") == 0:
				now = now.Add(over.After + time.Millisecond)
				if err := l.Admit(whos[i], Client{Address: "192.0.2.1"}); err != nil {
					t.Fatalf("%d came back after %s and was refused: %v", i, over.After, err)
				}
				served[i] = append(served[i], now)
			}
			if !now.Before(calmNext) {
				if err := l.Admit(calm, Client{Address: "192.0.2.1"}); err != nil {
					t.Fatalf("who keeps to %d a second was refused: %v", r.PerSecond, err)
				}
				calmNext = now.Add(time.Second/time.Duration(r.PerSecond) + time.Millisecond)
			}
		}
		for i, at := range served {
			for from := range at {
				for to := from; to < len(at); to++ {
					most := float64(r.Burst) + at[to].Sub(at[from]).Seconds()*float64(r.PerSecond)
					if n := to - from + 1; float64(n) > most+1e-6 {
						t.Fatalf("%d got %d in %s, at %+v", i, n, at[to].Sub(at[from]), r)
					}
				}
			}
		}
	})
}

// However many there are, so many are remembered, and the anonymous push out nobody who is known.
func TestLimiterIsBounded(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	one := Rate{PerSecond: 1, Burst: 1}
	l := NewLimiter(func() time.Time { return now }, Limits{People: one, Anonymous: one})
	if err := l.Admit(session("a"), Client{}); err != nil {
		t.Fatal(err)
	}
	for n := range mostCounts + 1000 {
		_ = l.Admit(Principal{}, Client{Address: fmt.Sprintf("10.%d.%d.%d", n>>16, n>>8&255, n&255)})
	}
	if n := l.anonymous.all.Len(); n != mostCounts {
		t.Errorf("%d buckets of the anonymous, want %d", n, mostCounts)
	}
	if err := l.Admit(session("a"), Client{}); err == nil {
		t.Error("who is known was forgotten for the anonymous")
	}
}

func BenchmarkLimiter(b *testing.B) {
	l := NewLimiter(nil, Limits{People: Rate{50, 200}, Anonymous: Rate{10, 60}})
	for b.Loop() {
		_ = l.Admit(session("a"), Client{})
	}
}
