package web

import (
	"cmp"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/access"
	"corax/store"
	"corax/web/draw"
	"corax/web/ui"
)

// monitors are the pages of monitors: all with how they did, and one with its history.
func (p *pages) monitors() []area {
	if p.o.Find == nil || p.o.Tend == nil {
		return nil
	}
	return []area{{
		Nav: []entry{{Group: "Watch", NavItem: ui.NavItem{Text: "Monitors", URL: "/monitors", Icon: "monitor", Main: true}}},
		Pages: []page{
			{Path: "/monitors", File: "monitors.html", Role: access.RoleViewer, Load: p.loadMonitors},
			{Path: "/monitors/{name}", File: "monitor.html", Role: access.RoleViewer, Load: p.loadMonitor},
		},
		Actions: []action{{Path: "/monitors/{name}/run", Role: access.RoleResponder, Do: p.runMonitor}},
		Funcs:   listFuncs,
		Files:   []string{"_lists.html"},
	}}
}

// stretch is how far back a history goes, and how finely.
type stretch struct {
	Value, Text  string
	length, step time.Duration
}

var (
	barStretches  = []stretch{{"2d", "48 hours", 48 * time.Hour, time.Hour}, {"90d", "90 days", 90 * 24 * time.Hour, 24 * time.Hour}}
	lineStretches = []stretch{{"6h", "6 hours", 6 * time.Hour, 2 * time.Minute}, {"2d", "48 hours", 48 * time.Hour, 15 * time.Minute},
		{"14d", "14 days", 14 * 24 * time.Hour, 2 * time.Hour}, {"90d", "90 days", 90 * 24 * time.Hour, 24 * time.Hour}}
)

// choose gives the stretch that is asked for, the first where none is, and the ways to ask for others.
func choose(all []stretch, f filters) (stretch, []tab) {
	chosen := all[0]
	for _, s := range all {
		if f.Get("last") == s.Value {
			chosen = s
		}
	}
	tabs := make([]tab, len(all))
	for i, s := range all {
		tabs[i] = tab{Text: s.Text, URL: f.Add("last", s.Value), Current: s.Value == chosen.Value}
	}
	return chosen, tabs
}

// spanOf is the time of a stretch: whole steps, the one under way included.
func (s stretch) spanOf(now time.Time) (from, to time.Time) {
	to = now.Truncate(s.step).Add(s.step)
	return to.Add(-s.length), to
}

// record is how a monitor did.
type record struct {
	corax.ProbeResult
	URL    string
	Total  store.History
	Bars   template.HTML // how much of each stretch it was up
	Share  string        // of the runs that did not fail; empty where there were none
	Failed bool          // some did
}

// bars draw how much of each stretch a monitor was up.
type bars func(title string, buckets []draw.Bucket) template.HTML

func recordOf(m corax.ProbeResult, h store.MonitorHistory, within string, in bars) record {
	r := record{ProbeResult: m, URL: monitorPath(m.Monitor), Total: h.Total()}
	r.Share, r.Failed = shareUp(r.Total), r.Total.Failures > 0
	buckets := make([]draw.Bucket, len(h.Spans))
	for i, s := range h.Spans {
		b := draw.Bucket{From: s.At, To: s.At.Add(s.Step)}
		if s.Checks > 0 { // runs stand for the time between them
			b.Down = time.Duration(float64(s.Step) * float64(s.Failures) / float64(s.Checks))
			b.Up = s.Step - b.Down
		}
		buckets[i] = b
	}
	r.Bars = in(m.Monitor+", "+within, buckets)
	return r
}

// shareUp says a share in percent, and never rounds trouble away.
func shareUp(h store.History) string {
	switch {
	case h.Checks == 0:
		return ""
	case h.Failures == 0:
		return "100%"
	}
	return ui.Share(h.Up())
}

// tally is how many monitors are in each state.
type tally struct{ Up, Down, Unknown int }

func (t *tally) count(s corax.MonitorState) {
	switch s {
	case corax.MonitorUp:
		t.Up++
	case corax.MonitorDown:
		t.Down++
	default:
		t.Unknown++
	}
}

type monitorsData struct {
	filters
	Records []record
	Tabs    []tab
	Within  string
	tally
	Total int
	May   bool   // who looks may change monitors
	First string // addresses of other parts of the list
	Next  string
}

// monitorsShown is how many monitors a page of their list holds.
const monitorsShown = 50

func (p *pages) loadMonitors(r *http.Request) (*ui.View, error) {
	d := monitorsData{filters: filtersOf(r), May: p.maySetMonitors(r)}
	var s stretch
	s, d.Tabs = choose(barStretches, d.filters)
	d.Within = s.Text
	from, to := s.spanOf(p.o.Clock.Now())
	histories, err := p.o.Find.Histories(r.Context(), from, to, s.step)
	if err != nil {
		return nil, err
	}
	blank := store.MonitorHistory{}
	for at := from; at.Before(to); at = at.Add(s.step) {
		blank.Spans = append(blank.Spans, store.History{At: at, Step: s.step})
	}
	states := slices.Clone(p.o.Find.States(r.Context()))
	for _, m := range states {
		d.count(m.State)
	}
	order := map[corax.MonitorState]int{corax.MonitorDown: 0, corax.MonitorUnknown: 1, corax.MonitorUp: 2}
	slices.SortStableFunc(states, func(a, b corax.ProbeResult) int { return cmp.Compare(order[a.State], order[b.State]) })
	d.Total = len(states)
	begin, err := strconv.Atoi(cmp.Or(r.URL.Query().Get("after"), "0"))
	if err != nil || begin < 0 {
		return nil, corax.Errorf(corax.Invalid, "list the monitors", "after is a number of monitors, not %q", r.URL.Query().Get("after"))
	}
	begin = min(begin, d.Total)
	end := min(begin+monitorsShown, d.Total)
	if begin > 0 {
		d.First = d.URL
	}
	if end < d.Total {
		d.Next = d.Add("after", strconv.Itoa(end))
	}
	for _, m := range states[begin:end] {
		h, ok := histories[m.Monitor]
		if !ok {
			h = blank
		}
		d.Records = append(d.Records, recordOf(m, h, "the last "+s.Text, draw.UptimeBrief))
	}
	return &ui.View{Title: "Monitors", Wide: true, Data: d}, nil
}

type monitorData struct {
	filters
	M        record
	Days     record // its 90 days
	Tabs     []tab
	Within   string
	Latency  template.HTML
	Changes  []store.MonitorChange
	Signals  string // the address of its signals
	Incident *corax.Incident
	May      bool // who looks may change it
}

// changesShown is how many changes of state the page of a monitor shows.
const changesShown = 30

func (p *pages) loadMonitor(r *http.Request) (*ui.View, error) {
	ctx, name := r.Context(), chi.URLParam(r, "name")
	m, err := p.o.Find.State(ctx, name)
	if err != nil {
		return nil, err
	}
	d := monitorData{filters: filtersOf(r), May: p.maySetMonitors(r), Signals: address("/signals", url.Values{"source": {"monitor/" + name}})}
	var s stretch
	s, d.Tabs = choose(lineStretches, d.filters)
	d.Within = s.Text
	now := p.o.Clock.Now()
	from, to := s.spanOf(now)
	h, err := p.o.Find.History(ctx, name, from, to, s.step)
	if err != nil {
		return nil, err
	}
	h = coarser(h)
	d.Latency = latency(name, h, s)
	d.M = recordOf(m, h, "the last "+s.Text, draw.Uptime)
	days := barStretches[1]
	from, to = days.spanOf(now)
	if h, err = p.o.Find.History(ctx, name, from, to, days.step); err != nil {
		return nil, err
	}
	d.Days = recordOf(m, h, "the last "+days.Text, draw.Uptime)
	if d.Changes, err = p.o.Find.MonitorChanges(ctx, name, changesShown); err != nil {
		return nil, err
	}
	live, err := p.o.Find.Incidents(ctx, store.IncidentSearch{Live: true, Source: "monitor/" + name, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(live.Incidents) > 0 {
		d.Incident = &live.Incidents[0]
	}
	return &ui.View{Title: name, Trail: []ui.Crumb{{Text: "Monitors", URL: "/monitors"}, {Text: name}}, Data: d}, nil
}

// coarser joins neighbouring spans while there are gaps all over: such a monitor runs less often than once a span, and a gap says nothing.
func coarser(h store.MonitorHistory) store.MonitorHistory {
	const enough = 12
	for len(h.Spans) > 2*enough {
		gaps := 0
		for i := 1; i < len(h.Spans); i++ {
			if h.Spans[i].Checks == 0 && h.Spans[i-1].Checks > 0 {
				gaps++
			}
		}
		if gaps <= len(h.Spans)/8 {
			break
		}
		var joined []store.History
		for i := 0; i < len(h.Spans); i += 2 {
			x := h.Spans[i]
			if i+1 < len(h.Spans) {
				x.Merge(h.Spans[i+1])
			}
			x.Step *= 2
			x.Measure()
			joined = append(joined, x)
		}
		h.Spans = joined
	}
	return h
}

// latency draws how long a monitor's runs took.
func latency(name string, h store.MonitorHistory, s stretch) template.HTML {
	points, step := make([]draw.LatencyPoint, len(h.Spans)), s.step
	for i, x := range h.Spans {
		points[i] = draw.LatencyPoint{At: x.At, P50: x.P50, P95: x.P95, Runs: int(x.Checks), Failed: int(x.Failures)}
		step = x.Step
	}
	return draw.Latency("How long "+name+" took, the last "+s.Text, points, step)
}

func (p *pages) runMonitor(r *http.Request) (done, error) {
	m, err := p.o.Find.State(r.Context(), chi.URLParam(r, "name"))
	if err != nil {
		return done{}, err
	}
	got, err := p.o.Tend.RunMonitor(r.Context(), m.Monitor)
	p.tell("monitors", "monitor:"+m.Monitor)
	return done{To: monitorPath(m.Monitor), Said: "It ran in " + ui.Took(got.Latency) + ": " + string(got.State) + ". " + got.Message}, err
}
