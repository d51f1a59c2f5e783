// Package precedent finds past problems that are like one: those of the same mechanism, root or pattern, or that hit the same entities,
// and says how they ended.
//
// In come briefs, out comes a ranked list with the reasons. It is a pure function: it reads no clock and no store.
package precedent

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"corax"
	"corax/store"
)

// Ending says how a problem ended.
type Ending string

// The endings.
const (
	StillOpen Ending = "open"     // it has not
	Healed    Ending = "healed"   // by a plan, and verified
	ByItself  Ending = "resolved" // its incidents ended without a plan of ours
	Closed    Ending = "closed"   // otherwise
)

// Precedent is a past problem with what makes it one.
type Precedent struct {
	store.ProblemBrief
	Score  float64       `json:"score"` // 0 to 1
	Why    []string      `json:"why"`   // what is the same, the weightiest first
	Ending Ending        `json:"ending"`
	Took   time.Duration `json:"took,omitempty"` // nanoseconds from the first symptom to the end; 0 where it has none
	Text   string        `json:"text"`           // how it ended, in words
}

// What each likeness weighs. A mechanism says more than the entity, and the entity more than the family; UNKNOWN is no family.
const (
	sameMechanism = 0.45
	sameRoot      = 0.25
	samePattern   = 0.15
	sameEntities  = 0.15 // times the share that both have
)

// Rank gives the most similar of past problems, at most so many, the most similar first, and of equals the latest.
func Rank(of store.ProblemBrief, past []store.ProblemBrief, most int) []Precedent {
	out := []Precedent{}
	for _, b := range past {
		if b.ID == of.ID {
			continue
		}
		p := Precedent{ProblemBrief: b, Why: []string{}}
		add := func(weight float64, same bool, why string) {
			if same {
				p.Score += weight
				p.Why = append(p.Why, why)
			}
		}
		add(sameMechanism, b.Mechanism == of.Mechanism && b.Mechanism != "", "same mechanism")
		add(sameRoot, b.Root == of.Root && b.Root != "", "same root "+b.Root)
		add(samePattern, b.Pattern == of.Pattern && b.Pattern != "" && b.Pattern != corax.Unknown, "same pattern")
		if p.Score == 0 {
			continue
		}
		both, all := overlap(of.Entities, b.Entities)
		add(sameEntities*float64(both)/float64(max(all, 1)), both > 0, fmt.Sprintf("%d of %d entities in common", both, all))
		p.Ending, p.Took, p.Text = end(b)
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b Precedent) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), b.OpenedAt.Compare(a.OpenedAt), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), max(most, 0))]
}

func overlap(a, b []string) (both, all int) {
	for _, e := range a {
		if slices.Contains(b, e) {
			both++
		}
	}
	return both, len(a) + len(b) - both
}

func end(b store.ProblemBrief) (Ending, time.Duration, string) {
	after := func(at *time.Time) (time.Duration, string) {
		if at == nil || at.Before(b.OpenedAt) {
			return 0, ""
		}
		d := at.Sub(b.OpenedAt)
		return d, " after " + d.Round(time.Second).String()
	}
	people := ""
	if b.Escalated {
		people = "; people were told"
	}
	switch {
	case b.HealedAt != nil:
		d, text := after(b.HealedAt)
		by := ""
		if len(b.Actions) > 0 {
			by = " by " + strings.Join(b.Actions, ", ")
		}
		return Healed, d, "healed" + by + text + people
	case !b.State.Ended():
		return StillOpen, 0, "not over: " + strings.ReplaceAll(string(b.State), "_", " ") + people
	case b.State == corax.ProblemResolved:
		d, text := after(b.ClosedAt)
		return ByItself, d, "went away without a plan of ours" + text + people
	}
	d, text := after(b.ClosedAt)
	return Closed, d, "closed" + text + people
}
