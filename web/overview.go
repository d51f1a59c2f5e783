package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"corax"
	"corax/access"
	"corax/store"
	"corax/web/ui"
)

// mostOpen is how many open problems are looked at to say how things are.
const mostOpen = 200

// overview is the page that hangs on the wall: how things are, what is broken, and what needs a person.
func (p *pages) overview() []area {
	return []area{{
		Nav:   []entry{{NavItem: ui.NavItem{Text: "Overview", URL: "/", Icon: "overview", Main: true}}},
		Pages: []page{{Path: "/", File: "overview.html", Role: access.RoleViewer, Load: p.loadOverview}},
	}}
}

type overviewData struct {
	Problems []corax.Problem
}

func (p *pages) loadOverview(r *http.Request) (*ui.View, error) {
	open, err := p.o.Records.Problems(r.Context(), store.ProblemFilter{Open: true, Limit: mostOpen})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(open, func(a, b corax.Problem) int { return int(b.Diagnosis.Severity) - int(a.Diagnosis.Severity) })
	return &ui.View{Title: "Overview", Data: overviewData{Problems: open}}, nil
}

// status says in one line how things are; unknown where that can't be read.
func (p *pages) status(ctx context.Context) ui.Status {
	open, err := p.o.Records.Problems(ctx, store.ProblemFilter{Open: true, Limit: mostOpen})
	if err != nil {
		p.o.Log.Error("the state could not be read", "error", err)
		return ui.Status{Tone: "unknown", Text: "The state can't be read"}
	}
	if len(open) == 0 {
		return ui.Status{Tone: "ok", Text: "All is well", URL: "/"}
	}
	worst, waiting := corax.Low, 0
	for _, o := range open {
		worst = max(worst, o.Diagnosis.Severity)
		if o.State == corax.ProblemWaiting {
			waiting++
		}
	}
	text := fmt.Sprintf("%s open, the worst %s", ui.Plural(len(open), "problem"), worst)
	if waiting > 0 {
		text += fmt.Sprintf("; %d waiting for you", waiting)
	}
	return ui.Status{Tone: worst.String(), Text: text, URL: "/"}
}
