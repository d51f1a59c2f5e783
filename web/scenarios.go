package web

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/access"
	"corax/scenario"
	"corax/scenario/gallery"
	"corax/scenario/history"
	"corax/scenario/launch"
	"corax/web/ui"
)

// Scenarios is what the pages know of scenarios: what came out so far, and what is being run.
type Scenarios interface {
	Runs() (history.Runs, []error)
	Read(run history.Run) (scenario.Result, error)
	Scenarios() []scenario.Scenario // that can be run
	Jobs() []launch.Job
	Launch(word, by string) ([]launch.Job, error)
	Cancel(job string) (launch.Job, error)
}

// scenarios are the pages of scenarios: the gallery, a page a scenario and a run, two runs side by side, and running them.
func (p *pages) scenarios() []area {
	if p.o.Scenarios == nil {
		return nil
	}
	show := func(path, file string, load func(*http.Request) (*ui.View, error)) page {
		return page{Path: path, File: file, Role: access.RoleViewer, Load: load}
	}
	return []area{{
		Nav: []entry{{Group: "Prove", NavItem: ui.NavItem{Text: "Scenarios", URL: "/scenarios", Icon: "scenario"}}},
		Pages: []page{
			show("/scenarios", "scenarios.html", p.loadScenarios),
			show("/scenarios/compare", "scenario-compare.html", p.loadComparison),
			show("/scenarios/{category}/{name}", "scenario.html", p.loadScenario),
			show("/scenarios/{category}/{name}/runs/{run}", "scenario.html", p.loadScenario),
		},
		Downloads: []download{{Path: "/scenarios/{category}/{name}/runs/{run}/result.json", Role: access.RoleViewer, Serve: p.scenarioResult}},
		Actions: []action{
			{Path: "/scenarios/run", Role: access.RoleOperator, Do: p.runScenario},
			{Path: "/scenarios/jobs/{job}/cancel", Role: access.RoleOperator, Do: p.cancelScenario},
		},
		Funcs: gallery.Funcs(), Files: []string{"scenario-jobs.html"}, Shared: gallery.Pages(), SharedFiles: gallery.Templates(),
	}}
}

// liveLinks lead to the pages of a running Corax.
type liveLinks struct{}

func (liveLinks) Gallery(f history.Filter) string {
	q := url.Values{}
	if f.Category != "" {
		q.Set("category", f.Category)
	}
	if f.Verdict != "" {
		q.Set("verdict", string(f.Verdict))
	}
	if len(q) == 0 {
		return "/scenarios"
	}
	return "/scenarios?" + q.Encode()
}

func (liveLinks) Latest(r history.Run) string { return "/scenarios/" + r.Scenario() }

func (l liveLinks) Run(r history.Run) string { return l.Latest(r) + "/runs/" + r.ID }

func (l liveLinks) JSON(r history.Run) string { return l.Run(r) + "/result.json" }

func (liveLinks) Compare(before, after history.Run) string {
	if before.Started.After(after.Started) {
		before, after = after, before
	}
	return "/scenarios/compare?" + url.Values{"before": {before.ID}, "after": {after.ID}}.Encode()
}

// jobsData is what is being run, as the region of jobs shows it.
type jobsData struct {
	Jobs     []launch.Job // that wait and run, then those that ended lately
	Active   bool
	Runnable bool
	Topic    string
	Word     string // what a click runs: a scenario, a category, or all
}

func (p *pages) jobs(r *http.Request, scenario string) jobsData {
	d := jobsData{Topic: "scenarios", Word: "all"}
	if scenario != "" {
		d.Topic, d.Word = "scenario:"+scenario, scenario
	}
	d.Runnable = access.From(r.Context()).May(access.RoleOperator)
	all := p.o.Scenarios.Jobs()
	slices.Reverse(all)
	for _, ended := range []bool{false, true} {
		for _, j := range all {
			if (scenario == "" || j.Scenario == scenario) && j.Ended() == ended && len(d.Jobs) < 20 {
				d.Jobs = append(d.Jobs, j)
				d.Active = d.Active || !ended
			}
		}
	}
	return d
}

type scenariosData struct {
	gallery.Index
	Now      jobsData
	Unusable int // files that hold no result
}

func (p *pages) loadScenarios(r *http.Request) (*ui.View, error) {
	q := r.URL.Query()
	f := history.Filter{Category: q.Get("category"), Verdict: scenario.Verdict(q.Get("verdict"))}
	runs, broken := p.o.Scenarios.Runs()
	d := scenariosData{Index: gallery.NewIndex(runs, p.known(), f, liveLinks{}), Now: p.jobs(r, ""), Unusable: len(broken)}
	if f.Category != "" {
		d.Now.Word = f.Category
	}
	d.Now.Runnable = d.Now.Runnable && len(p.o.Scenarios.Scenarios()) > 0
	return &ui.View{Title: "Scenarios", Data: d}, nil
}

// known are the scenarios that can be run, whether or not they ever were.
func (p *pages) known() history.Runs {
	var known history.Runs
	for _, s := range p.o.Scenarios.Scenarios() {
		known = append(known, history.Run{Category: s.Category, Name: s.Name, Title: s.Title, Live: s.Live()})
	}
	return known
}

// liveCaps bound a page of the running Corax; the whole result is a click away.
var liveCaps = scenario.Caps{List: 150, Text: 1200}

type scenarioData struct {
	*gallery.Page // nil where it has never been run
	Known         scenario.Scenario
	Now           jobsData
}

func (p *pages) loadScenario(r *http.Request) (*ui.View, error) {
	f := history.Filter{Category: chi.URLParam(r, "category"), Name: chi.URLParam(r, "name")}
	id, want := f.Category+"/"+f.Name, chi.URLParam(r, "run")
	runs, _ := p.o.Scenarios.Runs()
	runs = runs.Only(f)
	d := scenarioData{Now: p.jobs(r, id)}
	can := p.o.Scenarios.Scenarios()
	at := slices.IndexFunc(can, func(s scenario.Scenario) bool { return s.ID() == id })
	if at >= 0 {
		d.Known = can[at]
	}
	d.Now.Runnable = d.Now.Runnable && at >= 0
	if at < 0 && len(runs) == 0 {
		return nil, corax.Errorf(corax.NotFound, "show a scenario", "there is none called %s", id)
	}
	v := &ui.View{Title: d.Known.Title, Trail: []ui.Crumb{{Text: "Scenarios", URL: "/scenarios"},
		{Text: f.Category, URL: liveLinks{}.Gallery(history.Filter{Category: f.Category})}, {Text: f.Name}}}
	for i := len(runs) - 1; i >= 0; i-- {
		if want != "" && runs[i].ID != want {
			continue
		}
		page, err := gallery.NewPage(runs, runs[i], p.o.Scenarios.Read, liveCaps, liveLinks{})
		if err != nil {
			return nil, err
		}
		d.Page, v.Title = &page, page.About.Title
		break
	}
	if want != "" && d.Page == nil {
		return nil, corax.Errorf(corax.NotFound, "show a run", "%s has no run %s", id, want)
	}
	v.Data = d
	return v, nil
}

// result finds a run's whole result.
func (p *pages) result(run string) (scenario.Result, error) {
	runs, _ := p.o.Scenarios.Runs()
	for _, r := range runs {
		if r.ID == run {
			return p.o.Scenarios.Read(r)
		}
	}
	return scenario.Result{}, corax.Errorf(corax.NotFound, "show a run", "there is none called %s", run)
}

func (p *pages) scenarioResult(w http.ResponseWriter, r *http.Request) error {
	result, err := p.result(chi.URLParam(r, "run"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return scenario.WriteJSON(w, []scenario.Result{result})
}

type comparisonData struct {
	history.Comparison
	Links liveLinks
}

func (p *pages) loadComparison(r *http.Request) (*ui.View, error) {
	q := r.URL.Query()
	before, err := p.result(q.Get("before"))
	if err != nil {
		return nil, err
	}
	after, err := p.result(q.Get("after"))
	if err != nil {
		return nil, err
	}
	return &ui.View{Title: "Two runs", Trail: []ui.Crumb{{Text: "Scenarios", URL: "/scenarios"}, {Text: after.ID(), URL: "/scenarios/" + after.ID()}, {Text: "two runs"}},
		Data: comparisonData{Comparison: history.Compare(before, after)}}, nil
}

func (p *pages) runScenario(r *http.Request) (done, error) {
	word := r.PostFormValue("scenario")
	jobs, err := p.o.Scenarios.Launch(word, by(r))
	if err != nil {
		return done{}, err
	}
	switch len(jobs) {
	case 0:
		return done{Said: "It waits already."}, nil
	case 1:
		return done{To: "/scenarios/" + jobs[0].Scenario, Said: "It runs as soon as no other does."}, nil
	}
	return done{To: "/scenarios", Said: ui.Plural(len(jobs), "scenario") + " run one after the other."}, nil
}

func (p *pages) cancelScenario(r *http.Request) (done, error) {
	j, err := p.o.Scenarios.Cancel(chi.URLParam(r, "job"))
	return done{To: "/scenarios/" + j.Scenario, Said: "It is being ended; nothing is left running."}, err
}
