package precedent

import (
	"testing"
	"time"

	"corax"
	"corax/store"

	"pgregory.net/rapid"
)

var opened = time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC)

func brief(id, mechanism, root, pattern string, day int, entities ...string) store.ProblemBrief {
	return store.ProblemBrief{ID: id, Mechanism: mechanism, Root: root, Pattern: pattern, Entities: entities, State: corax.ProblemClosed,
		OpenedAt: opened.Add(time.Duration(day) * 24 * time.Hour)}
}

func TestRank(t *testing.T) {
	of := brief("p", "leak", "db", "POOL", 9, "db", "shop")
	healed := brief("healed", "leak", "db", "POOL", 1, "db", "shop")
	at := healed.OpenedAt.Add(12 * time.Minute)
	healed.HealedAt, healed.Actions = &at, []string{"restart"}
	itself := brief("itself", "leak", "other", "UNKNOWN", 2)
	end := itself.OpenedAt.Add(time.Hour)
	itself.State, itself.ClosedAt, itself.Escalated = corax.ProblemResolved, &end, true
	open := brief("open", "leak", "other", "UNKNOWN", 3)
	open.State = corax.ProblemWaiting
	past := []store.ProblemBrief{of, brief("nothing", "x", "y", "Z", 5, "db"), itself, healed, open, brief("root", "x", "db", "UNKNOWN", 4)}
	want := []struct{ id, text string }{
		{"healed", "healed by restart after 12m0s"},
		{"open", "not over: waiting approval"},
		{"itself", "went away without a plan of ours after 1h0m0s; people were told"},
		{"root", "closed"},
	}
	got := Rank(of, past, 10)
	if len(got) != len(want) {
		t.Fatalf("%d precedents, expected %d: %+v", len(got), len(want), got)
	}
	for i, w := range want {
		if got[i].ID != w.id || got[i].Text != w.text {
			t.Errorf("%d: %s %q, expected %s %q", i, got[i].ID, got[i].Text, w.id, w.text)
		}
	}
	if got[0].Took != 12*time.Minute || got[0].Score < 0.99 || len(Rank(of, past, 2)) != 2 {
		t.Errorf("the first: %+v", got[0])
	}
	of.Pattern = corax.Unknown
	if r := Rank(of, []store.ProblemBrief{brief("u", "x", "y", corax.Unknown, 1, "db")}, 1); len(r) != 0 {
		t.Errorf("UNKNOWN is no family: %+v", r)
	}
}

// Scores are shares, and fall; nothing without a reason is listed.
func TestScores(t *testing.T) {
	word := rapid.SampledFrom([]string{"", "a", "b", corax.Unknown})
	gen := rapid.Custom(func(t *rapid.T) store.ProblemBrief {
		return brief(rapid.StringN(1, 3, 3).Draw(t, "id"), word.Draw(t, "m"), word.Draw(t, "r"), word.Draw(t, "p"), rapid.IntRange(0, 9).Draw(t, "day"),
			rapid.SliceOfDistinct(rapid.SampledFrom([]string{"x", "y", "z"}), rapid.ID[string]).Draw(t, "entities")...)
	})
	rapid.Check(t, func(t *rapid.T) {
		last := 1.0 + 1e-9
		for _, p := range Rank(gen.Draw(t, "of"), rapid.SliceOf(gen).Draw(t, "past"), 5) {
			if p.Score <= 0 || p.Score > last || len(p.Why) == 0 || p.Text == "" {
				t.Fatalf("%+v after %v", p, last)
			}
			last = p.Score
		}
	})
}
