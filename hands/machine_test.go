package hands

import (
	"errors"
	"slices"
	"testing"
	"time"

	"corax"

	"pgregory.net/rapid"
)

// after lists which states may follow each; a state may always follow itself.
var after = map[corax.WorkState][]corax.WorkState{
	corax.WorkDrafted:    {corax.WorkContacting, corax.WorkAccepted, corax.WorkClaimed, corax.WorkCancelled, corax.WorkDeclined},
	corax.WorkContacting: {corax.WorkAccepted, corax.WorkClaimed, corax.WorkDeclined, corax.WorkExpired, corax.WorkCancelled},
	corax.WorkAccepted:   {corax.WorkInProgress, corax.WorkClaimed, corax.WorkContacting, corax.WorkDeclined, corax.WorkExpired, corax.WorkCancelled},
	corax.WorkInProgress: {corax.WorkClaimed, corax.WorkContacting, corax.WorkDeclined, corax.WorkExpired, corax.WorkCancelled},
	corax.WorkClaimed:    {corax.WorkVerified, corax.WorkInProgress, corax.WorkFailed, corax.WorkCancelled},
}

// Whatever people say, in whatever order, and wherever the process dies: states follow the table, "verified" comes only
// after the monitors were green for the set time, nothing is said twice, nobody has an order that was taken from them,
// and every order comes to an end.
func TestOrdersKeepTheirRules(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := newDesk(t)
		d.settings.Sites[0].Rounds = rapid.IntRange(1, 2).Draw(rt, "rounds")
		dying := false
		flip := func() bool { return dying && rapid.IntRange(0, 2).Draw(rt, "dies") == 0 }
		d.shelf.broken, d.crier.broken = flip, flip
		o, err := d.Order(t.Context(), plan(), problem())
		if err != nil {
			rt.Fatal(err)
		}
		was, greenSince, rang := d.get(o.ID), time.Time{}, 0
		check := func() {
			is := d.get(o.ID)
			if is.State != was.State {
				reached := false // in one or two steps: several may come between two looks
				for _, next := range after[was.State] {
					reached = reached || next == is.State || slices.Contains(after[next], is.State)
				}
				if !reached {
					rt.Fatalf("%s became %s: %+v", was.State, is.State, is.Log)
				}
			}
			if is.State == corax.WorkVerified && was.State != corax.WorkVerified && (greenSince.IsZero() || d.now.Sub(greenSince) < 5*time.Second) {
				rt.Fatalf("verified after %s of green", d.now.Sub(greenSince))
			}
			held := is.State == corax.WorkAccepted || is.State == corax.WorkInProgress || is.State == corax.WorkClaimed
			if held != (is.By != "") && !is.State.Ended() {
				rt.Fatalf("%s, held by %q", is.State, is.By)
			}
			if !is.State.Ended() && is.State != corax.WorkClaimed && is.State != corax.WorkDrafted && is.WakeAt == nil {
				rt.Fatalf("nothing moves it on: %+v", is)
			}
			if len(is.Spent) != len(slices.Compact(slices.Sorted(slices.Values(is.Spent)))) {
				rt.Fatalf("a link was used twice: %v", is.Spent)
			}
			was = is
		}
		for range rapid.IntRange(1, 25).Draw(rt, "moves") {
			dying = rapid.Bool().Draw(rt, "dying")
			switch rapid.SampledFrom([]string{"wait", "answer", "link", "green", "red", "restart", "over"}).Draw(rt, "move") {
			case "wait":
				d.now = d.now.Add(time.Duration(rapid.IntRange(1, 7200).Draw(rt, "seconds")) * time.Second)
			case "answer", "link":
				a := rapid.SampledFrom([]Answer{Accept, Begin, Done, Cannot, Cancel}).Draw(rt, "answer")
				by := rapid.SampledFrom([]string{"ada", "bob", "eve"}).Draw(rt, "by")
				id := rapid.SampledFrom([]string{"", "", "lnk-1", "lnk-2"}).Draw(rt, "link")
				_, err := d.answer(t.Context(), o.ID, a, by, "", id)
				if code := corax.CodeOf(err); err != nil && code != corax.Conflict && !errors.Is(err, errCrash) {
					rt.Fatalf("%s by %s: %v", a, by, err)
				}
			case "green":
				if !d.green {
					d.green, greenSince = true, d.now
				}
			case "red":
				d.green, greenSince = false, time.Time{}
			case "restart":
				d.restart()
			case "over":
				if rang++; rang == 3 { // seldom
					d.shelf.problem.State = corax.ProblemClosed
				}
			}
			check()
			_, _ = d.round(t.Context()) // where it fails, the next goes on
			check()
		}
		dying = false
		for n := 0; !d.get(o.ID).State.Ended() || len(d.get(o.ID).Unsent) > 0; n++ {
			if n > 200 {
				rt.Fatalf("it never ends: %+v", d.get(o.ID))
			}
			d.now = d.now.Add(10 * time.Minute)
			if _, err := d.round(t.Context()); err != nil {
				rt.Fatal(err)
			}
		}
		if last := d.get(o.ID); was.State.Ended() && (was.State != last.State || len(was.Log) != len(last.Log)) {
			rt.Fatalf("an end that was not one: %s, then %s", was.State, last.State)
		}
	})
}
