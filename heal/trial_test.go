package heal

import (
	"testing"
	"time"

	"corax"
)

func TestTry(t *testing.T) {
	night := time.Date(2026, 3, 30, 23, 0, 0, 0, time.UTC)
	p := corax.Policy{Rules: []corax.Rule{
		{Name: "at night", When: `now.getHours("UTC") >= 22`, Then: corax.Ask},
		{Name: "few", When: `blast.entities < 5`, Then: corax.Allow, Because: "little hangs on it"},
	}}
	looser := corax.Policy{Rules: p.Rules[1:]}
	few := map[string]any{"blast": map[string]any{"entities": 3}}
	got, err := Try(t.Context(), p, &looser, []corax.Trial{
		{Name: "day", At: night.Add(-12 * time.Hour), Input: few, Expect: corax.Allow},
		{Name: "night", At: night, Input: few, Expect: corax.Allow},
		{Name: "many", At: night.Add(-12 * time.Hour), Input: map[string]any{"blast": map[string]any{"entities": 30}}},
		{Name: "untold", At: night.Add(-12 * time.Hour)},
		{Name: "way back", At: night.Add(-12 * time.Hour), Input: map[string]any{"action": map[string]any{"undo": true},
			"blast": map[string]any{"entities": 30}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []corax.Tried{
		{Name: "day", Verdict: corax.Allow, Rule: "few", Expect: corax.Allow, OK: true, Other: corax.Allow, OtherRule: "few"},
		{Name: "night", Verdict: corax.Ask, Rule: "at night", Expect: corax.Allow, OK: false, Other: corax.Allow, OtherRule: "few", Differs: true},
		{Name: "many", Verdict: corax.Deny, Rule: "default", OK: true, Other: corax.Deny, OtherRule: "default"},
		{Name: "untold", Verdict: corax.Deny, Rule: "few", OK: true, Other: corax.Deny, OtherRule: "few"},
		{Name: "way back", Verdict: corax.Allow, Rule: "default", OK: true, Other: corax.Allow, OtherRule: "default"},
	}
	for n := range want {
		got[n].Why = ""
		if got[n] != want[n] {
			t.Errorf("got %+v\nwant %+v", got[n], want[n])
		}
	}
}
