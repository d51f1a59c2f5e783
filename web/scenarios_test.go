package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"corax/access"
	"corax/scenario"
	"corax/scenario/launch"
	"corax/web/webtest"
)

func TestGalleryFilters(t *testing.T) {
	s := site(t, webtest.Options{})
	for path, want := range map[string]string{
		"/scenarios":                                    "rotation hostile service_crash",
		"/scenarios?category=availability":              "service_crash",
		"/scenarios?verdict=failed":                     "rotation",
		"/scenarios?verdict=error&category=security":    "hostile",
		"/scenarios?verdict=passed":                     "",
		"/scenarios?category=security&region=list":      "rotation hostile",
		"/scenarios?verdict=%3Cscript%3E&category=nono": "",
	} {
		text := get(s, path, access.RoleViewer).Body.String()
		for _, name := range []string{"rotation", "hostile", "service_crash"} {
			_, list, _ := strings.Cut(text, `id="list"`)
			if strings.Contains(list, `"/scenarios/security/`+name+`"`) != (strings.Contains(want, name) && name != "service_crash") {
				t.Errorf("%s: %s is listed wrongly", path, name)
			}
			if name == "service_crash" && strings.Contains(list, `"/scenarios/availability/`+name+`"`) != strings.Contains(want, name) {
				t.Errorf("%s: %s is listed wrongly", path, name)
			}
		}
	}
}

// Who may run scenarios can start one and end it; others see neither button.
func TestScenariosAreRunFromThePage(t *testing.T) {
	s := site(t, webtest.Options{})
	for _, path := range []string{"/scenarios", "/scenarios/availability/service_crash", "/scenarios/security/rotation"} {
		if text := get(s, path, access.RoleResponder).Body.String(); strings.Contains(text, `action="/scenarios/`) {
			t.Errorf("%s: a responder is offered to run it", path)
		}
		if text := get(s, path, access.RoleOperator).Body.String(); !strings.Contains(text, `action="/scenarios/run"`) || !strings.Contains(text, "/cancel") {
			t.Errorf("%s: an operator isn't offered to run or to cancel it", path)
		}
	}
	text := get(s, "/scenarios/security/rotation", access.RoleViewer).Body.String()
	if !strings.Contains(text, "the lab is up") || !strings.Contains(text, `data-live="scenario:security/rotation"`) {
		t.Error("the page doesn't show how far it is")
	}
	running, waiting := s.Scenarios.Jobs()[1], s.Scenarios.Jobs()[2] // the first has failed
	if running.State != launch.Running || waiting.State != launch.Waiting {
		t.Fatalf("%+v, %+v", running, waiting)
	}
	w := do(s, http.MethodPost, "/scenarios/run", access.RoleOperator, url.Values{"scenario": {"service_crash"}})
	if w.Code != http.StatusSeeOther || len(s.Scenarios.Jobs()) != 3 {
		t.Errorf("what waits already: status %d, %d jobs", w.Code, len(s.Scenarios.Jobs()))
	}
	w = do(s, http.MethodPost, "/scenarios/run", access.RoleOperator, url.Values{"scenario": {"<script>"}})
	if w.Code != http.StatusNotFound {
		t.Errorf("what isn't there: status %d", w.Code)
	}
	w = do(s, http.MethodPost, "/scenarios/jobs/"+waiting.ID+"/cancel", access.RoleOperator, nil)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/scenarios/availability/service_crash" || s.Scenarios.Jobs()[2].State != launch.Cancelled {
		t.Errorf("cancel: status %d to %s", w.Code, w.Header().Get("Location"))
	}
	w = do(s, http.MethodPost, "/scenarios/run", access.RoleOperator, url.Values{"scenario": {"service_crash"}})
	if w.Header().Get("Location") != "/scenarios/availability/service_crash" || len(s.Scenarios.Jobs()) != 4 || s.Scenarios.Jobs()[3].By != "jane" {
		t.Errorf("run: to %s, %+v", w.Header().Get("Location"), s.Scenarios.Jobs())
	}
}

func TestARunIsAlsoJSON(t *testing.T) {
	s := site(t, webtest.Options{})
	w := get(s, "/scenarios/security/hostile/runs/run-hostile/result.json", access.RoleViewer)
	var r scenario.Result
	if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil || r.Error != webtest.Hostile || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%v %+v", err, r)
	}
	for _, path := range []string{"/scenarios/security/rotation/runs/run-hostile", "/scenarios/security/nosuch", "/scenarios/compare?before=run-later", "/scenarios/x/y/runs/z/result.json"} {
		if w := get(s, path, access.RoleViewer); w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
}

func TestTwoRunsAreCompared(t *testing.T) {
	s := site(t, webtest.Options{})
	page := get(s, "/scenarios/security/rotation", access.RoleViewer).Body.String()
	if !strings.Contains(page, "/scenarios/compare?after=run-later&amp;before=run-earlier") {
		t.Error("the page doesn't lead to the comparison")
	}
	text := get(s, "/scenarios/compare?after=run-later&before=run-earlier", access.RoleViewer).Body.String()
	for _, want := range []string{"passed", "failed", "worse", "does not hold: expected 1, got 2"} {
		if !strings.Contains(text, want) {
			t.Errorf("the comparison lacks %q", want)
		}
	}
}
