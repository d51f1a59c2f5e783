package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"corax"
	"corax/lookup"
	"corax/lookup/precedent"
	"corax/store"
	"corax/topology/learn"
)

// finder notes what it is asked for.
type finder struct{ asked *string }

func (f finder) note(v ...any) { *f.asked = fmt.Sprint(v...) }

func (f finder) Signals(_ context.Context, q store.SignalSearch) (store.SignalPage, error) {
	f.note("signals ", q.Text, q.Kinds, q.Severities, q.Entity, q.Source, q.Labels, q.Template, q.Limit, q.Before, q.After, q.Since.Unix())
	return store.SignalPage{Signals: []store.FoundSignal{{Signal: corax.Signal{ID: "s1"}, Incident: "i1"}}, Older: "a"}, nil
}

func (f finder) Facets(_ context.Context, q store.SignalSearch, days int) (store.SignalFacets, error) {
	f.note("facets ", days, " ", q.Entity, q.Text, q.Template)
	return store.SignalFacets{}, nil
}

func (f finder) Templates(_ context.Context, q store.TemplateFilter, of store.SignalSearch) ([]store.Template, int64, error) {
	f.note("templates ", q.Text, q.Limit, " ", of.Entity, of.Severities)
	return []store.Template{}, 7, nil
}

func (f finder) Template(_ context.Context, id int64) (store.Template, error) {
	f.note("template ", id)
	return store.Template{}, corax.Errorf(corax.NotFound, "read a template", "there is none")
}

func (f finder) Problems(_ context.Context, q store.ProblemSearch) (store.ProblemList, error) {
	f.note("problems ", q.Text, q.States, q.Open, q.Severities, q.Pattern, q.Limit)
	return store.ProblemList{}, nil
}

func (f finder) Similar(_ context.Context, problem string, most int) ([]precedent.Precedent, error) {
	f.note("similar ", problem, most)
	return nil, nil
}

func (f finder) Incidents(_ context.Context, q store.IncidentSearch) (store.IncidentList, error) {
	f.note("incidents ", q.Text, q.States, q.Live, q.Severities, q.Entity)
	return store.IncidentList{}, nil
}

func (f finder) Changes(_ context.Context, q store.SignalSearch, window time.Duration) (lookup.Changes, error) {
	f.note("changes ", q.Entity, window)
	return lookup.Changes{}, nil
}

func (f finder) Entities(_ context.Context, q lookup.EntityFilter) ([]lookup.EntityLine, error) {
	f.note("entities ", q.Text, q.Kind, q.Label, q.Trouble)
	return []lookup.EntityLine{{Entity: corax.Entity{ID: "shop", Kind: "service"}, Pulse: lookup.Pulse{Severity: corax.High}}}, nil
}

func (f finder) Entity(_ context.Context, id string) (lookup.EntityPage, error) {
	f.note("entity ", id)
	return lookup.EntityPage{Entity: corax.Entity{ID: id, Kind: "service"}, Pulse: lookup.Pulse{Healthy: true}, Declared: true,
		Needs: []lookup.Relation{{Other: "db", Kind: "depends_on"}}, Needed: []lookup.Relation{}, Together: []lookup.Relation{}}, nil
}

func (f finder) State(_ context.Context, monitor string) (corax.ProbeResult, error) {
	f.note("monitor ", monitor)
	return corax.ProbeResult{Monitor: monitor, State: corax.MonitorUp}, nil
}

func (f finder) Learned(context.Context) ([]learn.Tie, error) { f.note("learned"); return nil, nil }

func (f finder) History(_ context.Context, monitor string, from, to time.Time, step time.Duration) (store.MonitorHistory, error) {
	f.note("history ", monitor, to.Sub(from), step)
	return store.MonitorHistory{}, nil
}

func (f finder) Histories(_ context.Context, from, to time.Time, step time.Duration) (map[string]store.MonitorHistory, error) {
	f.note("histories ", to.Sub(from), step)
	return map[string]store.MonitorHistory{"login": {Monitor: "login"}}, nil
}

func (f finder) MonitorChanges(_ context.Context, monitor string, most int) ([]store.MonitorChange, error) {
	f.note("monitor changes ", monitor, most)
	return nil, nil
}

func TestLookUps(t *testing.T) {
	var asked string
	h := New(Options{Version: "1", Token: token, Records: &fake{}, Controls: &fake{}, Find: finder{&asked}, Clock: func() time.Time { return now }})
	for call, want := range map[string]string{
		"/search/signals?q=login+fa&kind=symptom,note&severity=high,none&entity=auth&source=log/a&label=zone=north&template=7&limit=9&cursor=x&since=2026-03-30T12:00:00Z": "signals login fa[symptom note] [high ]authlog/amap[zone:north] 7 9x1774872000",
		"/search/signals/facets?days=3":                                    "facets 3 0",
		"/search/signals/facets?entity=a&q=b&template=4":                   "facets 7 ab4",
		"/templates?q=log&entity=a&severity=high":                          "templates log100 a[high]",
		"/search/problems?q=disk&state=open,healing&open=true&severity=p1": "problems disk[open healing] true [critical]100",
		"/problems/prb-1/similar":                                          "similar prb-15",
		"/search/incidents?live=true&entity=auth&severity=low":             "incidents [] true [low]auth",
		"/search/incidents?cursor=-x":                                      "incidents [] false []",
		"/entities?q=lo&kind=service&label=a=b&trouble=true":               "entities loservicea=btrue",
		"/entities/a%2Fb":                                                  "entity a/b",
		"/monitors/login":                                                  "monitor login",
		"/changes?entity=auth&window=600":                                  "changes auth10m0s",
		"/topology/learned":                                                "learned",
		"/monitors/login/history?from=2026-03-30T00:00:00Z&to=2026-03-30T12:00:00Z&step=60": "history login12h0m0s 1m0s",
		"/history/monitors":               "histories 24h0m0s 1h0m0s",
		"/monitors/login/changes?limit=3": "monitor changes login3",
	} {
		asked = ""
		w := ask(t, h, "GET /api/v1"+call, "", "Bearer "+token)
		if w.Code != http.StatusOK || asked != want || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %d, asked %q, expected %q\n%s", call, w.Code, asked, want, w.Body)
		}
	}
	for call, status := range map[string]int{
		"/search/signals?severity=loud": http.StatusUnprocessableEntity,
		"/search/signals?label=zone":    http.StatusUnprocessableEntity,
		"/search/signals?limit=5000":    http.StatusUnprocessableEntity,
		"/templates/7":                  http.StatusNotFound,
		"/history/monitors?from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z": http.StatusUnprocessableEntity,
		"/monitors/login/history?step=1":                                      http.StatusUnprocessableEntity,
	} {
		if w := ask(t, h, "GET /api/v1"+call, "", "Bearer "+token); w.Code != status {
			t.Errorf("%s: %d, expected %d\n%s", call, w.Code, status, w.Body)
		}
	}
	if w := ask(t, h, "GET /api/v1/search/signals", "", ""); w.Code != http.StatusUnauthorized {
		t.Errorf("without a token: %d", w.Code)
	}
}
