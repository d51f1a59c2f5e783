package web

import (
	"net/http"
	"strconv"
	"time"

	"corax"
	"corax/access"
	"corax/lookup"
	"corax/web/ui"
)

// changes is the page of changes, with what followed them.
func (p *pages) changes() []area {
	if p.o.Find == nil {
		return nil
	}
	return []area{{
		Nav:   []entry{{Group: "Watch", NavItem: ui.NavItem{Text: "Changes", URL: "/changes", Icon: "change"}}},
		Pages: []page{{Path: "/changes", File: "changes.html", Role: access.RoleViewer, Load: p.loadChanges}},
		Funcs: listFuncs,
		Files: []string{"_lists.html"},
	}}
}

// windows are how long after a change an incident follows it.
var windows = []option{{"15", "15 min"}, {"60", "1 hour"}, {"360", "6 hours"}, {"1440", "1 day"}}

type changesData struct {
	filters
	lookup.Changes
	Windows []option
	Window  string
	First   bool
}

func (p *pages) loadChanges(r *http.Request) (*ui.View, error) {
	d := changesData{filters: filtersOf(r, [][2]string{{"entity", "entity"}, {"source", "source"}, {"label", "label"}, {"since", "since"}, {"until", "until"}}...),
		Windows: windows, Window: "60"}
	f, err := p.signalSearch(r, d.filters)
	if err != nil {
		return nil, err
	}
	f.Limit = 25
	if w := d.Get("window"); w != "" {
		d.Window = w
	}
	minutes, err := strconv.Atoi(d.Window)
	if err != nil || minutes <= 0 || minutes > 7*1440 {
		return nil, corax.Errorf(corax.Invalid, "read a filter", "%q is no number of minutes up to a week", d.Window)
	}
	if d.Changes, err = p.o.Find.Changes(r.Context(), f, time.Duration(minutes)*time.Minute); err != nil {
		return nil, err
	}
	d.First = f.Before == "" && f.After == ""
	return &ui.View{Title: "Changes", Data: d}, nil
}
