package server

import (
	"context"
	"net/http"
	"slices"

	"corax"
	"corax/access"
	"corax/config"
	"corax/config/decode"
	"corax/health"
	"corax/knowledge"
	"corax/lookup"
)

// System is what the API tells of Corax itself: what it was told to do, what it knows, and how it is.
type System interface {
	Topology() corax.Topology
	Actions() []corax.Action
	ActionSource(name string) config.Source // zero where it isn't known how the action is written
	Sites(ctx context.Context) []Site       // as far as the caller sees what stands there
	// Configuration is what is in force, without secrets; file is empty where it was not read from one.
	Configuration() (file string, all []config.Setting, warnings []decode.Problem)
	// Credentials are what is known of each beside its value; vault says that there is one.
	Credentials(ctx context.Context) (all []lookup.Reference, vault bool, err error)
	Contacts() []config.Contact
	Routes() []config.Route
	Operators() []corax.Operator
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

// Settings are the values of the configuration in force. Credentials are references, and what looks like one is not shown.
type Settings struct {
	List[config.Setting]
	File     string           `json:"file,omitempty" doc:"that was read; missing where there was none"`
	Warnings []decode.Problem `json:"warnings,omitempty"`
}

// Contact is somebody who can be told, with how each way to them has served.
type Contact struct {
	Name     string        `json:"name"`
	Title    string        `json:"title,omitempty"`
	Hours    []string      `json:"hours,omitempty" doc:"when they can be reached; always where left out"`
	TimeZone string        `json:"time_zone,omitempty"`
	Ways     []corax.Reach `json:"ways" doc:"addresses are for responders"`
}

// Route says who is told of which problems, and when.
type Route struct {
	Name     string         `json:"name"`
	Match    corax.Selector `json:"match" doc:"the problem's entities; all where empty"`
	AtLeast  string         `json:"at_least,omitempty" doc:"severity; any where left out"`
	Hours    []string       `json:"hours,omitempty" doc:"when it counts; always where left out"`
	TimeZone string         `json:"time_zone,omitempty"`
	On       string         `json:"on" enum:"opened,escalated" doc:"opened: every problem; escalated: only those that need people"`
	Steps    []RouteStep    `json:"steps"`
	Rounds   int            `json:"rounds" doc:"how often the steps are taken until somebody acknowledges"`
}

// RouteStep tells some contacts, and waits for one of them to acknowledge.
type RouteStep struct {
	Contacts []string `json:"contacts"`
	Channels []string `json:"channels,omitempty" doc:"kinds of channels; all where left out"`
	Wait     float64  `json:"wait_seconds"`
}

// ActionPage is an action that is declared, or was, with what it has earned.
type ActionPage struct {
	corax.Action
	Declared  bool             `json:"declared"`
	Source    *config.Source   `json:"source,omitempty" doc:"how it is written"`
	Standings []corax.Standing `json:"standings" doc:"on each class of entities"`
}

func (a api) system() {
	s := a.o.System
	if s == nil {
		return
	}
	type none struct{}
	operation(a, access.RoleViewer, "get-topology", http.MethodGet, "/topology", "Entities and what they need, as declared; their attributes are for operators",
		func(ctx context.Context, _ *none) (corax.Topology, error) { return seen(ctx, s.Topology()), nil })
	whole(a, access.RoleViewer, "list-actions", http.MethodGet, "/actions", "Actions that are declared",
		func(context.Context, *none) ([]corax.Action, error) { return s.Actions(), nil })
	whole(a, access.RoleViewer, "list-sites", http.MethodGet, "/sites", "Sites with people, and what stands there",
		func(ctx context.Context, _ *none) ([]Site, error) { return s.Sites(ctx), nil })
	operation(a, access.RoleViewer, "get-action", http.MethodGet, "/actions/{id}", "An action, how it is written, and what it has earned",
		func(ctx context.Context, in *ByID) (ActionPage, error) { return a.action(ctx, s, in.ID) })
	type settings struct {
		Section string `query:"section" maxLength:"100" doc:"such as monitors"`
		Q       string `query:"q" maxLength:"200" doc:"words of the path or the value; all must be there"`
	}
	operation(a, access.RoleOperator, "list-settings", http.MethodGet, "/settings", "The configuration in force, and where each value was written",
		func(_ context.Context, in *settings) (Settings, error) {
			file, all, warnings := s.Configuration()
			all = slices.DeleteFunc(slices.Clone(all), func(x config.Setting) bool {
				return in.Section != "" && config.Section(x.Path) != in.Section || !hasWords(x.Path+" "+x.Text, in.Q)
			})
			return Settings{listOf(all), file, warnings}, nil
		})
	whole(a, access.RoleOperator, "list-credentials", http.MethodGet, "/credentials", "Credentials of the vault and of the configuration, never their values",
		func(ctx context.Context, _ *none) ([]lookup.Reference, error) {
			all, _, err := s.Credentials(ctx)
			return all, err
		})
	whole(a, access.RoleViewer, "list-operators", http.MethodGet, "/operators", "Operators that the configuration names",
		func(context.Context, *none) ([]corax.Operator, error) {
			all := slices.Clone(s.Operators())
			for n := range all {
				all[n].Token = "" // where it is kept is for list-credentials
			}
			return all, nil
		})
	if p := a.o.People; p != nil {
		whole(a, access.RoleViewer, "list-contacts", http.MethodGet, "/contacts", "Who can be told, and how each way to them has served",
			func(ctx context.Context, _ *none) ([]Contact, error) {
				ways, err := p.Reach(ctx)
				return contacts(s.Contacts(), addressed(ctx, ways)), err
			})
		whole(a, access.RoleViewer, "list-routes", http.MethodGet, "/routes", "Who is told of which problems, in the order in which they are looked at",
			func(context.Context, *none) ([]Route, error) { return routes(s.Routes()), nil })
	}
	operation(a, access.RoleViewer, "get-health", http.MethodGet, "/health", "How Corax itself is, in judgements that say what to do; the numbers are at /metrics",
		func(ctx context.Context, _ *none) (health.Report, error) { return s.Health(ctx), nil })
}

// seen is the part of a topology that the caller may see. Attributes, addresses and the like, are for operators.
func seen(ctx context.Context, t corax.Topology) corax.Topology {
	p := access.From(ctx)
	acts := p.May(access.RoleOperator)
	if !p.Limited() && acts {
		return t
	}
	out := corax.Topology{}
	for _, e := range t.Entities {
		if !acts {
			e.Attributes = nil
		}
		if p.Sees(e) {
			out.Entities = append(out.Entities, e)
		}
	}
	for _, e := range t.Edges {
		if !p.Limited() || has(out, e.From) && has(out, e.To) {
			out.Edges = append(out.Edges, e)
		}
	}
	return out
}

func has(t corax.Topology, id string) bool {
	return slices.ContainsFunc(t.Entities, func(e corax.Entity) bool { return e.ID == id })
}

// action is what is known of an action. It is NotFound where none is declared, and none ever ran.
func (a api) action(ctx context.Context, s System, name string) (ActionPage, error) {
	page := ActionPage{Action: corax.Action{Name: name}, Standings: []corax.Standing{}}
	declared := s.Actions()
	if i := slices.IndexFunc(declared, func(x corax.Action) bool { return x.Name == name }); i >= 0 {
		page.Action, page.Declared = declared[i], true
		if source := s.ActionSource(name); source != (config.Source{}) {
			page.Source = &source
		}
	}
	all, err := a.o.Controls.Standings(ctx)
	for _, x := range all {
		if x.Action == name {
			page.Standings = append(page.Standings, x)
		}
	}
	if err == nil && !page.Declared && len(page.Standings) == 0 {
		err = corax.Errorf(corax.NotFound, "show action "+name, "no such action is declared, and none ever ran")
	}
	return page, err
}

// addressed leaves out where people are reached, for who only looks.
func addressed(ctx context.Context, ways []corax.Reach) []corax.Reach {
	if access.From(ctx).May(access.RoleResponder) {
		return ways
	}
	ways = slices.Clone(ways)
	for n := range ways {
		ways[n].To = ""
	}
	return ways
}

func contacts(all []config.Contact, ways []corax.Reach) []Contact {
	out := make([]Contact, len(all))
	for n, c := range all {
		out[n] = Contact{Name: c.Name, Title: c.Title, Hours: c.Hours, TimeZone: c.TimeZone, Ways: []corax.Reach{}}
		for _, w := range ways {
			if w.Contact == c.Name {
				out[n].Ways = append(out[n].Ways, w)
			}
		}
	}
	return out
}

func routes(all []config.Route) []Route {
	out := make([]Route, len(all))
	for n, r := range all {
		steps := make([]RouteStep, len(r.Steps))
		for i, t := range r.Steps {
			steps[i] = RouteStep{Contacts: t.Contacts, Channels: t.Channels, Wait: t.Wait.Seconds()}
		}
		out[n] = Route{Name: r.Name, Match: r.Match, AtLeast: r.AtLeast.String(), Hours: r.Hours, TimeZone: r.TimeZone, On: r.On, Steps: steps, Rounds: r.Rounds}
	}
	return out
}
