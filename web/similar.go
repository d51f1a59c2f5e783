package web

import (
	"context"
	"slices"

	"corax"
	"corax/store"
)

// similar is a past problem that is like another.
type similar struct {
	corax.Problem
	Why []string // what is the same
}

// similar are past problems of the same mechanism, root or pattern, the most alike first.
func (p *pages) similar(ctx context.Context, o corax.Problem) ([]similar, error) {
	all, err := p.o.Records.Problems(ctx, store.ProblemFilter{Limit: 200})
	if err != nil {
		return nil, err
	}
	type ranked struct {
		similar
		score int
	}
	var found []ranked
	d := o.Diagnosis
	for _, x := range all {
		if x.ID == o.ID || !x.State.Ended() {
			continue
		}
		r := ranked{similar: similar{Problem: x}}
		if m := x.Diagnosis.RootCause.Mechanism; m != "" && m == d.RootCause.Mechanism {
			r.score, r.Why = r.score+4, append(r.Why, "same mechanism")
		}
		if e := x.Diagnosis.RootCause.Entity; e != "" && e == d.RootCause.Entity {
			r.score, r.Why = r.score+2, append(r.Why, "same root")
		}
		if x.Diagnosis.Pattern == d.Pattern && d.Pattern != corax.Unknown {
			r.score, r.Why = r.score+1, append(r.Why, "same pattern")
		}
		if r.score > 0 {
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, func(a, b ranked) int { return b.score - a.score })
	var out []similar
	for _, r := range found[:min(len(found), mostSimilar)] {
		out = append(out, r.similar)
	}
	return out, nil
}
