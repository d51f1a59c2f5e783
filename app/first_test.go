package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corax/app"
)

// A new Corax looks at an address once when asked, and shows a sample that goes away again.
func TestFirstSteps(t *testing.T) {
	dir := t.TempDir()
	a := start(t, app.Options{Config: testConfig(dir), Clock: time.Now})
	var at app.Address
	data, err := os.ReadFile(filepath.Join(dir, app.AddressFile))
	if err == nil {
		err = json.Unmarshal(data, &at)
	}
	if err != nil {
		t.Fatal(err)
	}
	authorised := []string{"Authorization", "Bearer " + at.Token}
	page := func(path string) string {
		t.Helper()
		status, text := request(t, http.MethodGet, a.URL()+path, "", authorised...)
		if status != http.StatusOK {
			t.Fatalf("%s: status %d: %.300s", path, status, text)
		}
		return text
	}
	post := func(path string, form url.Values) {
		t.Helper()
		if status, text := request(t, http.MethodPost, a.URL()+path, form.Encode(), append(authorised, "Content-Type", "application/x-www-form-urlencoded")...); status != http.StatusOK {
			t.Fatalf("%s: status %d: %.300s", path, status, text)
		}
	}
	asked := make(chan string, 100)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked <- r.URL.Path; r.URL.Path != "/health" {
			http.NotFound(w, r)
		}
	}))
	defer target.Close()
	for path, says := range map[string]string{"/health": "It is up", "/nosuch": "It is down"} {
		post("/welcome/try", url.Values{"address": {target.URL + path}, "name": {"shop"}})
		if text := page("/welcome"); !strings.Contains(text, says) || !strings.Contains(text, "name: &#34;shop&#34;") {
			t.Errorf("%s: the page doesn't say %q", path, says)
		}
		if got := <-asked; got != path {
			t.Errorf("%s was asked for, not %s", got, path)
		}
	}
	if n := len(a.Monitors()); n != 0 {
		t.Errorf("what was only tried is watched: %d monitors", n)
	}

	// A badge says that a result is a sample, on the list and on its own page.
	const badge, sampled = ">sample</span>", "/scenarios/security/jwt_signing_key_rotation_failure"
	if strings.Contains(page("/scenarios"), badge) {
		t.Error("there is a sample that nobody has asked for")
	}
	post("/welcome/sample", url.Values{"there": {"yes"}})
	if text := page("/scenarios"); !strings.Contains(text, badge) || !strings.Contains(text, "Nothing has been run yet") {
		t.Error("the sample isn't there, or counts as a run")
	}
	if !strings.Contains(page(sampled), "Not a run of yours") {
		t.Error("the page of a sample doesn't say so")
	}
	post("/welcome/sample", url.Values{"there": {"no"}})
	if strings.Contains(page("/scenarios"), badge) {
		t.Error("the sample is still there")
	}
}
