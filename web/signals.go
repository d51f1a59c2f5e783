package web

import (
	"html/template"
	"math"
	"net/http"
	"net/url"
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
	First    bool // nothing is filtered, and this is the beginning of the list
}

// facetDays is how many days the counts beside the list are of.
const facetDays = 7

var signalFilters = [][2]string{
	{"entity", "entity"}, {"source", "source"}, {"kind", "kind"}, {"severity", "severity"}, {"label", "label"}, {"template", "template"},
	{"since", "since"}, {"until", "until"},
}

func (p *pages) loadSignals(r *http.Request) (*ui.View, error) {
	d := signalsData{filters: filtersOf(r, signalFilters...), Tabs: signalTabs("/signals")}
	f, err := p.signalSearch(r, d.filters)
	if err != nil {
		return nil, err
	}
	if d.Page, err = p.o.Find.Signals(r.Context(), f); err != nil {
		return nil, err
	}
	d.First = len(d.Values) == 0 && f.Before == "" && f.After == ""
	if len(r.URL.Query()["region"]) == 0 {
		if d.Facets, err = p.o.Find.Facets(r.Context(), facetDays); err != nil {
			return nil, err
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

func signalTabs(at string) []tab {
	all := []tab{{Text: "Signals", URL: "/signals"}, {Text: "Templates", URL: "/signals/templates"}}
	for i := range all {
		all[i].Current = all[i].URL == at
	}
	return all
}

type templatesData struct {
	filters
	Templates []templateRow
	Tabs      []tab
	Total     int64
	Hidden    bool // who asks sees some entities only
}

type templateRow struct {
	store.Template
	Chart template.HTML
	URL   string
}

func (p *pages) loadTemplates(r *http.Request) (*ui.View, error) {
	d := templatesData{filters: filtersOf(r, [2]string{"since", "since"}, [2]string{"until", "until"}), Tabs: signalTabs("/signals/templates")}
	now := p.o.Clock.Now()
	since, until, err := d.time(now)
	if err != nil {
		return nil, err
	}
	if since.IsZero() {
		since = now.Add(-7 * 24 * time.Hour)
		d.Values.Set("last", "7d")
	}
	if until.IsZero() {
		until = now
	}
	found, err := p.o.Find.Templates(r.Context(), store.TemplateFilter{Text: d.Get("q"), Since: since, Until: until, Limit: 100})
	if corax.CodeOf(err) == corax.Forbidden {
		d.Hidden, err = true, nil
	}
	if err != nil {
		return nil, err
	}
	for _, t := range found {
		d.Total += t.Count
		values := make([]float64, len(t.Counts))
		for i, n := range t.Counts {
			values[i] = float64(n)
		}
		if len(values) == 0 {
			values = append(values, math.NaN())
		}
		d.Templates = append(d.Templates, templateRow{Template: t, Chart: draw.Sparkline("How often, over the time asked for", values),
			URL: address("/signals", url.Values{"template": {strconv.FormatInt(t.ID, 10)}})})
	}
	return &ui.View{Title: "Templates of messages", Trail: []ui.Crumb{{Text: "Signals", URL: "/signals"}, {Text: "Templates"}}, Wide: true, Data: d}, nil
}
