package autonomy_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"corax"
	"corax/heal/autonomy"
)

var noon = time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC)

// outcomes reads p and s for successes in production and in a scenario, P and S for failures.
func outcomes(text string) (list []corax.Outcome) {
	for n, c := range text {
		o := corax.Outcome{ID: fmt.Sprintf("out-%03d", n), At: noon.Add(time.Duration(n) * time.Minute), Action: "restart", Class: "service",
			Ground: corax.InProduction, Verified: c == 'p' || c == 's'}
		if c == 's' || c == 'S' {
			o.Ground = corax.InScenario
		}
		list = append(list, o)
	}
	return list
}

func TestLevels(t *testing.T) {
	for _, c := range []struct {
		history string
		want    corax.Autonomy
	}{
		{"", corax.Suggest},
		{"pp", corax.Suggest},
		{"ppp", corax.Approve},
		{"sss", corax.Approve},
		{"psp", corax.Approve},
		{"ssssssssssssssssssssssssssssss", corax.Approve}, // no number of scenarios makes it run by itself
		{"ppppppppppp", corax.AutoMode},
		{"sspppppppppp", corax.Approve},
		{"ssppppppppppp", corax.AutoMode},
		{"pppppppppppP", corax.Approve}, // one failure, and it falls at once
		{"pppppppppppPpppppppppp", corax.Approve},
		{"pppppppppppPppppppppppp", corax.AutoMode},
		{"pppppppppppPP", corax.Suggest},
		{"pppS", corax.Suggest},
		{"P", corax.Suggest},
	} {
		if got := autonomy.Of("restart", "service", outcomes(c.history), nil); got.Level != c.want || got.Earned != c.want {
			t.Errorf("%q: %s, expected %s (%s)", c.history, got.Level, c.want, got.Why)
		}
	}
}

func TestCapHoldsAndNeverLifts(t *testing.T) {
	limit := &corax.Cap{Action: "restart", Class: "service", Level: corax.Approve, By: "ann", Reason: "audit"}
	s := autonomy.Of("restart", "service", outcomes("ppppppppppp"), limit)
	if s.Level != corax.Approve || s.Earned != corax.AutoMode || !strings.Contains(s.Why, "held at approve by ann: audit") {
		t.Errorf("%+v", s)
	}
	limit.Level = corax.AutoMode
	if s := autonomy.Of("restart", "service", nil, limit); s.Level != corax.Suggest {
		t.Errorf("a cap lifted it to %s", s.Level)
	}
}

func TestOthersDoNotCount(t *testing.T) {
	list := outcomes("ppp")
	list[0].Action, list[1].Class = "stop", "database"
	if s := autonomy.Of("restart", "service", list, nil); s.Production.Verified != 1 || s.Level != corax.Suggest {
		t.Errorf("%+v", s)
	}
}

// The published value of the Wilson interval for 10 of 10 at 90 % two-sided, which is one-sided 95 %.
func TestBound(t *testing.T) {
	if got := autonomy.Bound(10, 10); math.Abs(got-0.787) > 0.001 {
		t.Errorf("10 of 10: %f", got)
	}
	if autonomy.Bound(0, 0) != 0 || autonomy.Bound(0, 9) > 1e-9 {
		t.Error("nothing seen, or nothing but failures")
	}
}

// The order in which outcomes are stored doesn't matter; a level never rises on a failure, and rises one at a time.
func TestStandingIsSafe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := rapid.StringMatching(`[pPsS]{0,40}`).Draw(t, "history")
		list := outcomes(history)
		before := autonomy.Of("restart", "service", nil, nil)
		for n := range list {
			after := autonomy.Of("restart", "service", list[:n+1], nil)
			if !list[n].Verified && after.Level.Rank() > before.Level.Rank() || after.Level.Rank() > before.Level.Rank()+1 {
				t.Fatalf("%s: from %s to %s", history[:n+1], before.Level, after.Level)
			}
			if !list[n].Verified && after.Level == corax.AutoMode {
				t.Fatalf("%s: by itself after a failure", history[:n+1])
			}
			before = after
		}
		shuffled := slices.Clone(list)
		slices.Reverse(shuffled)
		if got := autonomy.Of("restart", "service", shuffled, nil); got.Level != before.Level || got.Why != before.Why {
			t.Fatalf("%s: the order of the record matters", history)
		}
	})
}
