package web

import (
	"context"
	"net/http"

	"corax/access"
	"corax/health"
	"corax/web/ui"
)

// Health is what the page of Corax's own health reads.
type Health interface {
	Health(ctx context.Context) health.Report
}

// health is the page of how Corax itself is.
func (p *pages) health() []area {
	if p.o.Health == nil {
		return nil
	}
	return []area{{
		Nav:   []entry{{Group: "Corax", NavItem: ui.NavItem{Text: "Health", URL: "/health", Icon: "health"}}},
		Pages: []page{{Path: "/health", File: "health.html", Role: access.RoleViewer, Load: p.loadHealth}},
		Funcs: map[string]any{"healthtone": healthTone},
	}}
}

// healthTone is how a state looks.
func healthTone(s health.State) string {
	switch s {
	case health.Well:
		return "ok"
	case health.Watch:
		return "medium"
	case health.Ill:
		return "bad"
	}
	return "unknown"
}

func (p *pages) loadHealth(r *http.Request) (*ui.View, error) {
	if err := whole(r, "see the health of Corax"); err != nil {
		return nil, err
	}
	return &ui.View{Title: "Health of Corax", Data: p.o.Health.Health(r.Context())}, nil
}
