package server

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"corax"
	"corax/access"
	"corax/scenario"
	"corax/scenario/history"
	"corax/scenario/launch"
)

// Scenarios is what the API knows of scenarios: what came out so far, and what is being run.
type Scenarios interface {
	// Runs are oldest first; files that hold no result are errors beside them.
	Runs() (history.Runs, []error)
	Read(run history.Run) (scenario.Result, error)
	Scenarios() []scenario.Scenario // that can be run
	Jobs() []launch.Job             // oldest first
	// Launch takes a name, category and name, a category, or "all". NotFound, or a Conflict where too many wait.
	Launch(word, by string) ([]launch.Job, error)
	// Cancel is a Conflict for one that has ended.
	Cancel(job string) (launch.Job, error)
}

// ScenarioLine is a scenario with its latest run.
type ScenarioLine struct {
	Category string       `json:"category"`
	Name     string       `json:"name"`
	Title    string       `json:"title"`
	Live     bool         `json:"live"`     // a lab is broken
	Runnable bool         `json:"runnable"` // it can be run here
	Latest   *history.Run `json:"latest,omitempty"`
}

func (a api) scenarios(s Scenarios) {
	type none struct{}
	whole(a, access.RoleViewer, "list-scenarios", http.MethodGet, "/scenarios", "Scenarios, each with its latest run",
		func(context.Context, *none) ([]ScenarioLine, error) { return scenarioLines(s), nil })
	type runs struct {
		Paging
		Category string `query:"category"`
		Name     string `query:"name"`
		Verdict  string `query:"verdict" enum:"passed,failed,error"`
	}
	listing(a, access.RoleViewer, "list-scenario-runs", "/scenarios/runs", "Runs of scenarios in short, newest first",
		byName(func(r history.Run) string { return r.ID }), func(_ context.Context, in *runs, p part[string]) ([]history.Run, error) {
			all, _ := s.Runs()
			all = all.Only(history.Filter{Category: in.Category, Name: in.Name, Verdict: scenario.Verdict(in.Verdict)})
			slices.Reverse(all)
			if p.after != "" {
				i := slices.IndexFunc(all, func(r history.Run) bool { return r.ID == p.after })
				if i < 0 {
					return nil, corax.Errorf(corax.NotFound, "list runs", "there is no run %s before which to begin", p.after)
				}
				all = all[i+1:]
			}
			return all[:min(len(all), p.limit)], nil
		})
	operation(a, access.RoleViewer, "get-scenario-run", http.MethodGet, "/scenarios/runs/{id}", "The whole result of a run",
		func(_ context.Context, in *ByID) (scenario.Result, error) { return readRun(s, in.ID) })
	type pair struct {
		Before string `query:"before" required:"true" maxLength:"200"`
		After  string `query:"after" required:"true" maxLength:"200"`
	}
	operation(a, access.RoleViewer, "compare-scenario-runs", http.MethodGet, "/scenarios/compare", "What came out otherwise in the second of two runs",
		func(_ context.Context, in *pair) (history.Comparison, error) {
			before, err := readRun(s, in.Before)
			if err != nil {
				return history.Comparison{}, err
			}
			after, err := readRun(s, in.After)
			if err != nil {
				return history.Comparison{}, err
			}
			return history.Compare(before, after), nil
		})
	whole(a, access.RoleViewer, "list-scenario-jobs", http.MethodGet, "/scenarios/jobs", "Scenarios that wait, run, or have ended lately, with their progress",
		func(context.Context, *none) ([]launch.Job, error) { return s.Jobs(), nil })
	type launched struct {
		Body struct {
			Scenario string `json:"scenario" minLength:"1" maxLength:"200" doc:"a name, category and name, a category, or all"`
			By       string `json:"by" minLength:"1" maxLength:"100"`
		}
	}
	whole(a, access.RoleOperator, "run-scenario", http.MethodPost, "/scenarios/jobs", "Run scenarios, one after the other; what waits already is not asked for twice",
		func(ctx context.Context, in *launched) ([]launch.Job, error) {
			return s.Launch(in.Body.Scenario, actor(ctx, in.Body.By).Name)
		})
	operation(a, access.RoleOperator, "cancel-scenario", http.MethodDelete, "/scenarios/jobs/{id}", "Cancel a scenario that waits or runs",
		func(_ context.Context, in *ByID) (launch.Job, error) { return s.Cancel(in.ID) })
}

// scenarioLines are those that can be run and those that were, by category and name.
func scenarioLines(s Scenarios) []ScenarioLine {
	all, _ := s.Runs()
	latest := all.Latest()
	lines := []ScenarioLine{}
	for _, k := range s.Scenarios() {
		line := ScenarioLine{Category: k.Category, Name: k.Name, Title: k.Title, Live: k.Live(), Runnable: true}
		if i := slices.IndexFunc(latest, func(r history.Run) bool { return r.Scenario() == k.ID() }); i >= 0 {
			line.Latest = &latest[i]
		}
		lines = append(lines, line)
	}
	for i, r := range latest {
		if !slices.ContainsFunc(lines, func(l ScenarioLine) bool { return l.Category == r.Category && l.Name == r.Name }) {
			lines = append(lines, ScenarioLine{Category: r.Category, Name: r.Name, Title: r.Title, Live: r.Live, Latest: &latest[i]})
		}
	}
	slices.SortFunc(lines, func(x, y ScenarioLine) int {
		return cmp.Or(strings.Compare(x.Category, y.Category), strings.Compare(x.Name, y.Name))
	})
	return lines
}

func readRun(s Scenarios, id string) (scenario.Result, error) {
	all, _ := s.Runs()
	for _, r := range all {
		if r.ID == id {
			return s.Read(r)
		}
	}
	return scenario.Result{}, &corax.Error{Code: corax.NotFound, Op: "read run " + id, Err: errors.New("no such run is kept")}
}
