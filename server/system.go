package server

import (
	"context"
	"net/http"
	"slices"

	"corax"
	"corax/access"
	"corax/health"
	"corax/knowledge"
)

// System is what the API tells of Corax itself: what it was told to do, what it knows, and how it is.
type System interface {
	Topology() corax.Topology
	Policy() corax.Policy
	Actions() []corax.Action
	Sites(ctx context.Context) []Site // as far as the caller sees what stands there
	Settings() []Setting
	Catalogue() *knowledge.Catalogue // may be nil
	Health(ctx context.Context) health.Report
}

// Site is a building with people, and what of ours stands there.
type Site struct {
	Name    string        `json:"name"`
	Title   string        `json:"title,omitempty"`
	Address string        `json:"address,omitempty"`
	Access  []string      `json:"access,omitempty"`
	Safety  []string      `json:"safety,omitempty"`
	Leave   []string      `json:"leave,omitempty" doc:"what must never be touched there"`
	Contact string        `json:"contact,omitempty" doc:"whom to call with a question"`
	Ladder  []Rung        `json:"ladder,omitempty" doc:"who is asked, one after the other"`
	Places  []corax.Place `json:"places,omitempty"`
}

// Rung asks one contact, and waits.
type Rung struct {
	Contact  string   `json:"contact"`
	Channels []string `json:"channels,omitempty" doc:"all where left out"`
	Wait     float64  `json:"wait_seconds,omitempty"`
}

// Setting is one value of the configuration in force. Credentials are references, and what looks like one is not shown.
type Setting struct {
	Path  string `json:"path" doc:"such as monitors[2].http.url"`
	Value string `json:"value"`
	From  string `json:"from,omitempty" doc:"file and line; missing for a default and for a flag of the command line"`
}

func (a api) system() {
	s := a.o.System
	if s == nil {
		return
	}
	type none struct{}
	operation(a, access.RoleViewer, "get-topology", http.MethodGet, "/topology", "Entities and what they need, as declared",
		func(ctx context.Context, _ *none) (corax.Topology, error) { return seen(ctx, s.Topology()), nil })
	operation(a, access.RoleViewer, "get-policy", http.MethodGet, "/policy", "The rules; the first that matches decides, and where none does the answer is deny",
		func(context.Context, *none) (corax.Policy, error) { return s.Policy(), nil })
	operation(a, access.RoleViewer, "list-actions", http.MethodGet, "/actions", "Actions that are declared",
		func(context.Context, *none) ([]corax.Action, error) { return s.Actions(), nil })
	operation(a, access.RoleViewer, "list-sites", http.MethodGet, "/sites", "Sites with people, and what stands there",
		func(ctx context.Context, _ *none) ([]Site, error) { return s.Sites(ctx), nil })
	operation(a, access.RoleAdmin, "list-settings", http.MethodGet, "/settings", "The configuration in force, and where each value was written",
		func(context.Context, *none) ([]Setting, error) { return s.Settings(), nil })
	operation(a, access.RoleViewer, "get-health", http.MethodGet, "/health", "How Corax itself is, in judgements that say what to do; the numbers are at /metrics",
		func(ctx context.Context, _ *none) (health.Report, error) { return s.Health(ctx), nil })
}

// seen is the part of a topology that the caller may see.
func seen(ctx context.Context, t corax.Topology) corax.Topology {
	p := access.From(ctx)
	if !p.Limited() {
		return t
	}
	out := corax.Topology{}
	for _, e := range t.Entities {
		if p.Sees(e) {
			out.Entities = append(out.Entities, e)
		}
	}
	for _, e := range t.Edges {
		if has(out, e.From) && has(out, e.To) {
			out.Edges = append(out.Edges, e)
		}
	}
	return out
}

func has(t corax.Topology, id string) bool {
	return slices.ContainsFunc(t.Entities, func(e corax.Entity) bool { return e.ID == id })
}
