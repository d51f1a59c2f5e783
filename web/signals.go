package web

import (
	"html/template"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"corax"
	"corax/access"
	"corax/store"
	"corax/web/draw"
	"corax/web/ui"
)

// signals are the pages of signals: search, and the templates of their messages.
func (p *pages) signals() []area {
	if p.o.Find == nil {
		return nil
	}
	return []area{{
		Nav: []entry{{Group: "Watch", NavItem: ui.NavItem{Text: "Signals", URL: "/signals", Icon: "signal"}}},
		Pages: []page{
			{Path: "/signals", File: "signals.html", Role: access.RoleViewer, Load: p.loadSignals},
			{Path: "/signals/templates", File: "templates.html", Role: access.RoleViewer, Load: p.loadTemplates},
		},
		Funcs: listFuncs,
		Files: []string{"_lists.html"},
	}}
}

type signalsData struct {
	filters
	Page     store.SignalPage
	Facets   store.SignalFacets
	Template store.Template // that is filtered by
	Tabs     []tab
	First    bool   // this is the beginning of the list, where what comes in appears
	Counted  string // what the facets are of
}

// facetDays is how many days the counts beside the list are of.
const facetDays = 7

var signalFilters = [][2]string{
	{"entity", "entity"}, {"source", "source"}, {"kind", "kind"}, {"severity", "severity"}, {"label", "label"}, {"template", "template"},
	{"since", "since"}, {"until", "until"},
}

func (p *pages) loadSignals(r *http.Request) (*ui.View, error) {
	d := signalsData{filters: filtersOf(r, signalFilters...)}
	d.Tabs = signalTabs("/signals", d.filters)
	f, err := p.signalSearch(r, d.filters)
	if err != nil {
		return nil, err
	}
	if d.Page, err = p.o.Find.Signals(r.Context(), f); err != nil {
		return nil, err
	}
	d.First = f.Before == "" && f.After == ""
	if len(r.URL.Query()["region"]) == 0 {
		if d.Facets, err = p.o.Find.Facets(r.Context(), f, facetDays); err != nil {
			return nil, err
		}
		d.Counted = "Within " + ui.Plural(facetDays, "day")
		switch {
		case d.Facets.Newest > 0:
			d.Counted = "Of the newest " + strconv.FormatInt(d.Facets.Newest, 10) + " of these"
		case !f.Since.IsZero() || !f.Until.IsZero():
			d.Counted = "Of all these"
		case f.Narrows():
			d.Counted = "Of these, within " + ui.Plural(facetDays, "day")
		}
		if f.Template != 0 {
			if d.Template, err = p.o.Find.Template(r.Context(), f.Template); err != nil {
				return nil, err
			}
		}
	}
	return &ui.View{Title: "Signals", Wide: true, Data: d}, nil
}

// signalSearch reads a search for signals from an address.
func (p *pages) signalSearch(r *http.Request, v filters) (f store.SignalSearch, err error) {
	q := r.URL.Query()
	f = store.SignalSearch{Text: v.Get("q"), Entity: v.Get("entity"), Source: v.Get("source"), Before: q.Get("before"), After: q.Get("after")}
	for _, k := range v.Values["kind"] {
		f.Kinds = append(f.Kinds, corax.SignalKind(k))
	}
	for _, l := range v.Values["label"] {
		name, value, ok := strings.Cut(l, "=")
		if !ok {
			return f, corax.Errorf(corax.Invalid, "read a filter", "label %q is not name=value", l)
		}
		if f.Labels == nil {
			f.Labels = map[string]string{}
		}
		f.Labels[name] = value
	}
	if t := v.Get("template"); t != "" {
		if f.Template, err = strconv.ParseInt(t, 10, 64); err != nil {
			return f, corax.Errorf(corax.Invalid, "read a filter", "%q is no number of a template", t)
		}
	}
	if f.Severities, err = v.severities(); err != nil {
		return f, err
	}
	f.Since, f.Until, err = v.time(p.o.Clock.Now())
	return f, err
}

// inBoth are the filters that the list of signals and that of their templates both know.
func inBoth(f filters) url.Values {
	both := url.Values{}
	for _, name := range []string{"entity", "source", "kind", "severity", "label", "since", "until", "last"} {
		if v := f.Values[name]; len(v) > 0 {
			both[name] = v
		}
	}
	return both
}

// signalTabs are the signals and their templates, as they are filtered.
func signalTabs(at string, f filters) []tab {
	all := []tab{{Text: "Signals", URL: "/signals"}, {Text: "Templates", URL: "/signals/templates"}}
	for i := range all {
		all[i].Current = all[i].URL == at
		all[i].URL = address(all[i].URL, inBoth(f))
	}
	return all
}

type templatesData struct {
	filters
	Templates []templateRow
	Tabs      []tab
	Total     int64
	Newest    int64 // so many signals were counted; all where 0
}

type templateRow struct {
	store.Template
	Chart template.HTML
	URL   string
}

func (p *pages) loadTemplates(r *http.Request) (*ui.View, error) {
	d := templatesData{filters: filtersOf(r, slices.DeleteFunc(slices.Clone(signalFilters), func(n [2]string) bool { return n[0] == "template" })...)}
	d.Tabs = signalTabs("/signals/templates", d.filters)
	f, err := p.signalSearch(r, d.filters)
	if err != nil {
		return nil, err
	}
	now := p.o.Clock.Now()
	if f.Since.IsZero() {
		f.Since = now.Add(-7 * 24 * time.Hour)
		d.Values.Set("last", "7d")
	}
	if f.Until.IsZero() {
		f.Until = now
	}
	words := store.TemplateFilter{Text: f.Text, Since: f.Since, Until: f.Until, Limit: 100}
	f.Template = 0
	found, newest, err := p.o.Find.Templates(r.Context(), words, f)
	if err != nil {
		return nil, err
	}
	d.Newest = newest
	for _, t := range found {
		d.Total += t.Count
		of := inBoth(d.filters)
		of.Set("template", strconv.FormatInt(t.ID, 10))
		values := make([]float64, len(t.Counts))
		for i, n := range t.Counts {
			values[i] = float64(n)
		}
		if len(values) == 0 {
			values = append(values, math.NaN())
		}
		d.Templates = append(d.Templates, templateRow{Template: t, Chart: draw.Sparkline("How often, over the time asked for", values),
			URL: address("/signals", of)})
	}
	return &ui.View{Title: "Templates of messages", Trail: []ui.Crumb{{Text: "Signals", URL: "/signals"}, {Text: "Templates"}}, Wide: true, Data: d}, nil
}
