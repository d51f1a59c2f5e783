package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/scenario"
	"corax/scenario/history"
	"corax/scenario/launch"
)

// desk has two scenarios that can be run, and runs of one of them and of a third.
type desk struct {
	history.Memory
	launched, cancelled []string
}

func (d *desk) Scenarios() []scenario.Scenario {
	return []scenario.Scenario{{Category: "security", Name: "rotation", Title: "Rotation", Lab: &scenario.LabSpec{}}, {Category: "availability", Name: "crash"}}
}

func (d *desk) Jobs() []launch.Job { return []launch.Job{{ID: "job-1", State: launch.Running}} }

func (d *desk) Launch(word, by string) ([]launch.Job, error) {
	if word == "nosuch" {
		return nil, corax.Errorf(corax.NotFound, "run it", "there is none")
	}
	d.launched = append(d.launched, word+" by "+by)
	return []launch.Job{{ID: "job-2", State: launch.Waiting, Scenario: word}}, nil
}

func (d *desk) Cancel(job string) (launch.Job, error) {
	d.cancelled = append(d.cancelled, job)
	return launch.Job{ID: job, State: launch.Cancelled}, nil
}

func kept(name, run string, v scenario.Verdict, day int) scenario.Result {
	r := scenario.Result{Category: "security", Name: name, Verdict: v, Checks: []scenario.Check{{Name: "pattern", OK: v == scenario.Passed}}}
	r.Run.ID, r.Run.Started = run, time.Date(2026, 3, day, 2, 0, 0, 0, time.UTC)
	return r
}

func TestScenariosOverTheAPI(t *testing.T) {
	d := &desk{Memory: history.Memory{kept("rotation", "run-1", scenario.Passed, 1), kept("rotation", "run-2", scenario.Failed, 2), kept("old", "run-3", scenario.Passed, 3)}}
	h := New(Options{Token: "t", Scenarios: d, Controls: nil, Clock: time.Now})
	call := func(method, path, body string, out any) int {
		t.Helper()
		r := httptest.NewRequest(method, "/api/v1/scenarios"+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer t")
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == http.StatusOK {
			if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
		}
		return w.Code
	}
	var all List[ScenarioLine]
	code := call("GET", "", "", &all)
	lines := all.Items
	if code != http.StatusOK || len(lines) != 3 || lines[0].Name != "crash" || lines[0].Latest != nil || !lines[0].Runnable ||
		lines[1].Name != "old" || lines[1].Runnable || lines[2].Latest.ID != "run-2" || !lines[2].Live {
		t.Errorf("%d %+v", code, lines)
	}
	for query, want := range map[string]string{"": "run-3 run-2 run-1", "?name=rotation": "run-2 run-1", "?verdict=failed": "run-2", "?limit=1": "run-3",
		"?limit=1&cursor=run-3": "run-2", "?category=nosuch": ""} {
		var runs List[history.Run]
		code := call("GET", "/runs"+query, "", &runs)
		var got []string
		for _, r := range runs.Items {
			got = append(got, r.ID)
		}
		if code != http.StatusOK || strings.Join(got, " ") != want || runs.Items == nil {
			t.Errorf("%s: %d %v", query, code, got)
		}
	}
	var r scenario.Result
	if code := call("GET", "/runs/run-2", "", &r); code != http.StatusOK || r.Verdict != scenario.Failed {
		t.Errorf("%d %+v", code, r)
	}
	var c history.Comparison
	if code := call("GET", "/compare?before=run-1&after=run-2", "", &c); code != http.StatusOK || len(c.Differences) != 2 || c.Differences[0].Turn != history.Worse {
		t.Errorf("%d %+v", code, c)
	}
	var jobs List[launch.Job]
	if code := call("GET", "/jobs", "", &jobs); code != http.StatusOK || jobs.Items[0].State != launch.Running {
		t.Errorf("%d %+v", code, jobs)
	}
	if code := call("POST", "/jobs", `{"scenario": "security", "by": "ann"}`, &jobs); code != http.StatusOK || jobs.Items[0].ID != "job-2" {
		t.Errorf("%d %+v", code, jobs)
	}
	var j launch.Job
	if code := call("DELETE", "/jobs/job-2", "", &j); code != http.StatusOK || j.State != launch.Cancelled {
		t.Errorf("%d %+v", code, j)
	}
	if len(d.launched) != 1 || !strings.HasPrefix(d.launched[0], "security by ") || len(d.cancelled) != 1 {
		t.Errorf("launched %v, cancelled %v", d.launched, d.cancelled)
	}
	var errs []error
	for path, want := range map[string]int{"/runs/run-9": 404, "/compare?before=run-1&after=run-9": 404, "/compare?before=run-1": 422, "/runs?verdict=great": 422, "/runs?cursor=run-9": 404} {
		if code := call("GET", path, "", nil); code != want {
			errs = append(errs, errors.New(path+": "+http.StatusText(code)))
		}
	}
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if code := call("POST", "/jobs", `{"scenario": "nosuch", "by": "ann"}`, nil); code != http.StatusNotFound {
		t.Errorf("what isn't there: %d", code)
	}
}
