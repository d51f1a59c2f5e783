package heal

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"corax"

	"golang.org/x/sync/errgroup"
)

const (
	probesAtOnce  = 8
	confirmRounds = 3 // a fault that comes and goes gets this many chances to be seen
	confirmEvery  = 500 * time.Millisecond
	watchAtMost   = time.Second // between two looks
	watchAtLeast  = 50 * time.Millisecond
)

// probeAll runs monitors now and gives their results in the order of names. What couldn't be run is unknown.
func (h *Healer) probeAll(ctx context.Context, names []string) []corax.ProbeResult {
	results := make([]corax.ProbeResult, len(names))
	group := errgroup.Group{}
	group.SetLimit(probesAtOnce)
	for n, name := range names {
		group.Go(func() error {
			r, err := h.o.Probe(ctx, name)
			if err != nil {
				r = corax.ProbeResult{State: corax.MonitorUnknown, Message: "could not be run: " + err.Error()}
			}
			r.Monitor, r.Message = name, h.o.Redactor.Redact(r.Message)
			results[n] = r
			return nil
		})
	}
	_ = group.Wait() // a failing probe is a result
	return results
}

// concerned are the entities that a problem is about.
func concerned(d corax.Diagnosis) []string {
	return append([]string{d.RootCause.Entity}, d.Cascade.Affected...)
}

// confirmation says whether our own monitors see the fault.
type confirmation struct {
	Seen  bool   `json:"seen"`
	Blind bool   `json:"blind"` // none of them watches
	Text  string `json:"text"`
	Ended ended  `json:"ended"`
}

// confirm looks with our own monitors.
func (h *Healer) confirm(ctx context.Context, plan corax.Plan, d corax.Diagnosis) (confirmation, error) {
	tied, untie := h.stops.tie(ctx, d.RootCause.Entity)
	defer untie()
	entities := concerned(d)
	names := h.o.Monitors(entities)
	if len(names) == 0 {
		return confirmation{Blind: true, Text: "no monitor of ours watches " + strings.Join(entities, ", ")}, nil
	}
	for round := 1; ; round++ {
		if end, err := h.planOver(tied, ctx, plan.ID); err != nil || end.any() {
			return confirmation{Ended: end}, err
		}
		results := h.probeAll(tied, names)
		if stopOf(tied) != nil {
			continue // what failed, failed because of the stop
		}
		var down []string
		for _, r := range results {
			if r.State == corax.MonitorDown {
				down = append(down, r.Monitor+colon(r.Message))
			}
		}
		if len(down) > 0 {
			text := fmt.Sprintf("%d of %d monitors fail: %s", len(down), len(names), strings.Join(first(down, 3), "; "))
			err := h.o.Store.AppendEvents(ctx, h.event(plan, corax.Step{Target: d.RootCause.Entity}, corax.EventConfirmed,
				"", "Fault confirmed: "+text))
			return confirmation{Seen: true, Text: text}, err
		}
		if round == confirmRounds {
			return confirmation{Text: fmt.Sprintf("none of our %d monitors of %s fails", len(names),
				strings.Join(entities, ", "))}, nil
		}
		_ = pause(tied, confirmEvery, nil)
		if ctx.Err() != nil {
			return confirmation{}, ctx.Err()
		}
	}
}

func first(list []string, n int) []string {
	if len(list) > n {
		return append(slices.Clone(list[:n]), fmt.Sprintf("and %d more", len(list)-n))
	}
	return list
}

// spread is what a plan was made for, with all that has come to feel it since: the outage may grow while the plan is at work.
func (h *Healer) spread(ctx context.Context, plan corax.Plan, d corax.Diagnosis) (corax.Diagnosis, error) {
	p, err := h.o.Store.Problem(ctx, plan.Problem)
	if err != nil {
		return d, err
	}
	now := p.Diagnosis
	if now.RootCause.Entity != d.RootCause.Entity || now.RootCause.Mechanism != d.RootCause.Mechanism {
		return d, nil
	}
	d.Cascade.Affected = slices.Clone(d.Cascade.Affected)
	for _, e := range now.Cascade.Affected {
		if !slices.Contains(d.Cascade.Affected, e) {
			d.Cascade.Affected = append(d.Cascade.Affected, e)
		}
	}
	return d, nil
}

// watched is how a watch ended.
type watched struct {
	Green bool   `json:"green"`
	Text  string `json:"text"`
	// Spread says that those are well whom the plan was made for, and others are not, or that nobody can tell.
	Spread bool  `json:"spread,omitempty"`
	Ended  ended `json:"ended"`
}

// watch waits until every monitor of the problem's entities has stayed green for StableFor. Where patience is set and
// runs out first, it returns with the text saying which are not.
func (h *Healer) watch(
	ctx context.Context, plan corax.Plan, d corax.Diagnosis, patience time.Duration,
) (watched, error) {
	tied, untie := h.stops.tie(ctx, d.RootCause.Entity)
	defer untie()
	every := min(max(h.o.StableFor/5, watchAtLeast), watchAtMost)
	begun := time.Now()
	var green time.Time // since when all have been
	for {
		rung := h.bell.rung()
		if end, err := h.planOver(tied, ctx, plan.ID); err != nil || end.any() {
			return watched{Ended: end}, err
		}
		spread, err := h.spread(ctx, plan, d)
		if err != nil {
			return watched{}, err
		}
		names, meant := h.o.Monitors(concerned(spread)), h.o.Monitors(concerned(d))
		var failing []string
		newcomers := true
		for _, r := range h.probeAll(tied, names) {
			if r.State != corax.MonitorUp {
				failing = append(failing, r.Monitor+colon(r.Message))
				newcomers = newcomers && !slices.Contains(meant, r.Monitor)
			}
		}
		switch {
		case len(names) == 0:
			failing = []string{"no monitor of ours watches it"}
			fallthrough
		case len(failing) > 0:
			green = time.Time{}
		case green.IsZero():
			green = time.Now()
		}
		// Two looks at least, and the time between them: one look is a moment, not a state.
		if !green.IsZero() && time.Since(green) >= h.o.StableFor {
			return watched{Green: true, Text: fmt.Sprintf("%d monitors green for %s", len(names), h.o.StableFor)}, nil
		}
		if patience > 0 && len(failing) > 0 && time.Since(begun) > patience {
			return watched{Text: strings.Join(first(failing, 5), "; "), Spread: newcomers}, nil
		}
		_ = pause(tied, every, rung)
		if ctx.Err() != nil {
			return watched{}, ctx.Err()
		}
	}
}
