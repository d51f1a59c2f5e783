package corax_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"corax"
)

var noon = time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC)

func yes(name string, via corax.Via) corax.Answer {
	return corax.Answer{Actor: corax.Actor{Name: name, Via: via}, Verdict: corax.Allow, At: noon}
}

func TestTake(t *testing.T) {
	no := yes("eve", corax.ViaLocal)
	no.Verdict = corax.Deny
	late := yes("ann", corax.ViaToken)
	late.At = noon.Add(time.Minute)
	lateNo := late
	lateNo.Verdict = corax.Deny
	for _, c := range []struct {
		name    string
		needs   int
		answers []corax.Answer
		codes   []corax.Code
		answer  corax.Verdict
		by      string
	}{
		{"one yes", 1, []corax.Answer{yes("ann", corax.ViaLocal)}, []corax.Code{""}, corax.Allow, "ann"},
		{"needs unset", 0, []corax.Answer{yes("ann", corax.ViaLink)}, []corax.Code{""}, corax.Allow, "ann"},
		{"one no", 2, []corax.Answer{yes("ann", corax.ViaToken), no, yes("bob", corax.ViaToken)},
			[]corax.Code{"", "", corax.Conflict}, corax.Deny, "eve"},
		{"two people", 2, []corax.Answer{yes("ann", corax.ViaToken), yes("bob", corax.ViaToken)}, []corax.Code{"", ""}, corax.Allow, "ann and bob"},
		{"one person twice", 2, []corax.Answer{yes("ann", corax.ViaToken), yes("ann", corax.ViaToken)},
			[]corax.Code{"", corax.Conflict}, "", ""},
		{"a claim", 2, []corax.Answer{yes("ann", corax.ViaLocal), yes("bob", corax.ViaLink)},
			[]corax.Code{corax.Forbidden, corax.Forbidden}, "", ""},
		{"who proposed", 1, []corax.Answer{yes("pat", corax.ViaToken)}, []corax.Code{corax.Forbidden}, "", ""},
		{"late", 1, []corax.Answer{late, lateNo}, []corax.Code{corax.Conflict, ""}, corax.Deny, "ann"},
		{"nobody", 1, []corax.Answer{yes("", corax.ViaToken)}, []corax.Code{corax.Invalid}, "", ""},
		{"perhaps", 1, []corax.Answer{{Actor: corax.Actor{Name: "ann"}, Verdict: corax.Ask, At: noon}}, []corax.Code{corax.Invalid}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := corax.ApprovalRequest{ID: "apr-1", Needs: c.needs, Proposer: "pat", ExpiresAt: noon.Add(time.Minute)}
			for n, a := range c.answers {
				if err := r.Take(a); corax.CodeOf(err) != c.codes[n] {
					t.Errorf("answer %d: %v, expected %q", n+1, err, c.codes[n])
				}
			}
			if r.Answer != c.answer || r.By != c.by || (r.Answer != "") != (r.AnsweredAt != nil) {
				t.Errorf("%q by %q", r.Answer, r.By)
			}
		})
	}
}

// Whatever is answered in whatever order: two proven people, neither the proposer, stand behind every yes to what needs
// two, and what is decided stays.
func TestTakeKeepsTheTwoPersonRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := corax.ApprovalRequest{Needs: 2, Proposer: "pat", ExpiresAt: noon.Add(time.Minute)}
		for range rapid.IntRange(1, 12).Draw(t, "answers") {
			before := r
			before.Consents = slices.Clone(r.Consents)
			a := yes(rapid.SampledFrom([]string{"", "ann", "bob", "pat"}).Draw(t, "name"),
				rapid.SampledFrom([]corax.Via{corax.ViaLocal, corax.ViaToken, corax.ViaLink}).Draw(t, "via"))
			a.Verdict = rapid.SampledFrom([]corax.Verdict{corax.Allow, corax.Allow, corax.Allow, corax.Deny, corax.Ask}).Draw(t, "verdict")
			a.At = noon.Add(time.Duration(rapid.IntRange(0, 70).Draw(t, "second")) * time.Second)
			if err := r.Take(a); err != nil && (r.Answer != before.Answer || len(r.Consents) != len(before.Consents)) {
				t.Fatalf("refused (%v), and changed", err)
			}
			if before.Answer != "" && r.Answer != before.Answer {
				t.Fatal("a decision changed")
			}
		}
		if r.Answer != corax.Allow {
			return
		}
		names := map[string]bool{}
		for _, c := range r.Consents {
			if !c.Proven() || c.Name == "pat" || !c.At.Before(r.ExpiresAt) {
				t.Fatalf("consent %+v", c)
			}
			names[c.Name] = true
		}
		if len(names) != 2 {
			t.Fatalf("%d people", len(names))
		}
	})
}

func TestBreakGlassInForce(t *testing.T) {
	b := corax.BreakGlass{Scope: "db", At: noon, ExpiresAt: noon.Add(time.Minute)}
	for _, c := range []struct {
		at       time.Duration
		entities []string
		want     bool
	}{
		{0, []string{"app", "db"}, true}, {0, []string{"app"}, false}, {-1, []string{"db"}, false}, {time.Minute, []string{"db"}, false},
	} {
		if got := b.InForce(noon.Add(c.at), c.entities...); got != c.want {
			t.Errorf("at %s for %v: %t", c.at, c.entities, got)
		}
	}
	b.EndedAt = &noon
	if b.InForce(noon, "db") {
		t.Error("in force after its end")
	}
	if everything := (corax.BreakGlass{At: noon, ExpiresAt: noon.Add(1)}); !everything.InForce(noon, "x") {
		t.Error("no scope is everything")
	}
}
