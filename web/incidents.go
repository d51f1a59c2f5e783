package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/access"
	"corax/store"
	"corax/web/ui"
)

// incidents are the pages of incidents: search, and one with its signals.
func (p *pages) incidents() []area {
	if p.o.Find == nil || p.o.Tend == nil {
		return nil
	}
	return []area{{
		Nav: []entry{{Group: "Watch", NavItem: ui.NavItem{Text: "Incidents", URL: "/incidents", Icon: "incident"}}},
		Pages: []page{
			{Path: "/incidents", File: "incidents.html", Role: access.RoleViewer, Load: p.loadIncidents},
			{Path: "/incidents/{id}", File: "incident.html", Role: access.RoleViewer, Load: p.loadIncident},
		},
		Actions: []action{
			{Path: "/incidents/{id}/acknowledge", Role: access.RoleResponder, Do: p.acknowledgeIncident},
			{Path: "/incidents/{id}/resolve", Role: access.RoleResponder, Do: p.resolveIncident},
		},
		Funcs: listFuncs,
		Files: []string{"_lists.html"},
	}}
}

type incidentsData struct {
	filters
	List  store.IncidentList
	Tabs  []tab
	First bool
}

func (p *pages) loadIncidents(r *http.Request) (*ui.View, error) {
	d := incidentsData{filters: filtersOf(r, [][2]string{{"entity", "entity"}, {"source", "source"}, {"severity", "severity"}, {"state", "state"},
		{"problem", "problem"}, {"since", "since"}, {"until", "until"}}...)}
	q := r.URL.Query()
	all := d.Get("show") == "all"
	f := store.IncidentSearch{Text: d.Get("q"), Live: !all, Entity: d.Get("entity"), Source: d.Get("source"), Problem: d.Get("problem"),
		Before: q.Get("before"), After: q.Get("after")}
	for _, s := range d.Values["state"] {
		f.States = append(f.States, corax.IncidentState(s))
	}
	var err error
	if f.Severities, err = d.severities(); err != nil {
		return nil, err
	}
	if f.Since, f.Until, err = d.time(p.o.Clock.Now()); err != nil {
		return nil, err
	}
	if d.List, err = p.o.Find.Incidents(r.Context(), f); err != nil {
		return nil, err
	}
	d.Tabs = []tab{{Text: "Live", URL: d.without("show"), Current: !all}, {Text: "All", URL: d.Add("show", "all"), Current: all}}
	d.First = f.Before == "" && f.After == ""
	return &ui.View{Title: "Incidents", Wide: true, Data: d}, nil
}

// signalsShown is how many signals the page of an incident shows.
const signalsShown = 50

type incidentData struct {
	Incident corax.Incident
	Signals  []corax.Signal
	Events   []corax.Event
}

func (p *pages) loadIncident(r *http.Request) (*ui.View, error) {
	i, signals, err := p.o.Find.Incident(r.Context(), chi.URLParam(r, "id"), signalsShown)
	if err != nil {
		return nil, err
	}
	d := incidentData{Incident: i, Signals: signals}
	if d.Events, err = p.o.Records.Events(r.Context(), store.EventFilter{Incident: i.ID, Limit: 200}); err != nil {
		return nil, err
	}
	return &ui.View{Title: i.Title, Trail: []ui.Crumb{{Text: "Incidents", URL: "/incidents"}, {Text: i.ID}}, Data: d}, nil
}

func (p *pages) acknowledgeIncident(r *http.Request) (done, error) {
	return p.tend(r, "You are on it.", func(id string) error { return p.o.Tend.Acknowledge(r.Context(), id, by(r)) })
}

func (p *pages) resolveIncident(r *http.Request) (done, error) {
	return p.tend(r, "Resolved. Should it fail again, it opens again.", func(id string) error { return p.o.Tend.Resolve(r.Context(), id, by(r)) })
}

// tend does something about an incident that the principal may see.
func (p *pages) tend(r *http.Request, said string, do func(id string) error) (done, error) {
	i, _, err := p.o.Find.Incident(r.Context(), chi.URLParam(r, "id"), 1)
	if err == nil {
		err = do(i.ID)
	}
	return done{To: "/incidents/" + i.ID, Said: said}, err
}
