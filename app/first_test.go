package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/app"
	"corax/store"
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

// What was tried is written into the file that Corax was started with, and watched from then on.
func TestTheFirstMonitorIsWritten(t *testing.T) {
	a, c, main, _, address := edited(t)
	before := fileText(t, main)
	send := func(method, path string, form url.Values) (int, string) {
		t.Helper()
		return request(t, method, a.URL()+path, form.Encode(), "Authorization", "Bearer "+c.Token, "Content-Type", "application/x-www-form-urlencoded")
	}
	try := url.Values{"address": {address}, "name": {"first"}}
	if status, text := send(http.MethodPost, "/welcome/try", try); status != http.StatusOK || !strings.Contains(text, "Watch it from now on") {
		t.Fatalf("status %d: it can't be added: %.300s", status, text)
	}
	if len(a.Monitors()) != 2 || fileText(t, main) != before {
		t.Fatal("what was only tried is in force, or in the file")
	}
	if status, text := send(http.MethodPost, "/welcome/add", nil); status != http.StatusOK {
		t.Fatalf("status %d: %.300s", status, text)
	}
	after := fileText(t, main)
	if !strings.Contains(after, "name: \"first\"") || !strings.Contains(after, "# the shop\n- name: shop") || !strings.Contains(after, "# the end") {
		t.Errorf("the file is now:\n%s", after)
	}
	if n := len(a.Monitors()); n != 3 {
		t.Errorf("%d monitors, expected 3", n)
	}
	// The same once more is refused, and leaves the file as it is.
	if status, _ := send(http.MethodPost, "/welcome/try", try); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	if status, text := send(http.MethodPost, "/welcome/add", nil); status != http.StatusUnprocessableEntity || fileText(t, main) != after {
		t.Errorf("a name that is taken: status %d: %.300s", status, text)
	}
	// A file that can't be written is said to be one before somebody tries.
	if err := os.Remove(main); err != nil {
		t.Fatal(err)
	}
	if _, text := send(http.MethodGet, "/welcome", nil); strings.Contains(text, "Watch it") || !strings.Contains(text, "Add it to the configuration yourself") {
		t.Error("a file that isn't there is offered for writing")
	}
}

// The page of a monitor changes it where it is written, as the API does: other bytes stay, it is in force at once, and in the audit.
func TestMonitorsAreChangedOnTheirPages(t *testing.T) {
	a, c, main, more, address := edited(t)
	before := fileText(t, more)
	send := func(method, path string, form url.Values) (int, string) {
		t.Helper()
		return request(t, method, a.URL()+path, form.Encode(), "Authorization", "Bearer "+c.Token, "Content-Type", "application/x-www-form-urlencoded")
	}
	seen := func(text string) string {
		_, text, _ = strings.Cut(text, `name="seen" value="`)
		text, _, _ = strings.Cut(text, `"`)
		return text
	}
	_, page := send(http.MethodGet, "/monitors/mail/edit", nil)
	if status, text := send(http.MethodPost, "/monitors/mail/edit", url.Values{"seen": {seen(page)}, "every": {"2h"}, "entity": {"mail"}, "tcp.address": {address}}); status != http.StatusOK {
		t.Fatalf("status %d: %.300s", status, text)
	}
	if want := strings.Replace(before, "every: 1h", "every: 2h\n  entity: mail", 1); fileText(t, more) != want {
		t.Errorf("the file is now\n%s\nexpected\n%s", fileText(t, more), want)
	}
	if i := slices.IndexFunc(a.Monitors(), func(m corax.ProbeResult) bool { return m.Monitor == "mail" && m.Entity == "mail" }); i < 0 {
		t.Errorf("it is not in force: %+v", a.Monitors())
	}
	// What was seen is not what is written by now.
	if status, text := send(http.MethodPost, "/monitors/mail/edit", url.Values{"seen": {seen(page)}, "every": {"3h"}}); status != http.StatusConflict || !strings.Contains(text, "was changed meanwhile") || !strings.Contains(text, `value="3h"`) {
		t.Errorf("status %d: %.300s", status, text)
	}
	_, page = send(http.MethodGet, "/monitors/mail/edit", nil)
	// Faults of a text are told by its own lines, in the file's own words where the whole of it is at fault.
	if status, text := send(http.MethodPost, "/monitors/mail/edit", url.Values{"seen": {seen(page)}, "text": {"name: mail\ntcp:\n  adress: x:1\n"}}); status != http.StatusUnprocessableEntity || !strings.Contains(text, "the monitor:3:") {
		t.Errorf("status %d: %.300s", status, text)
	}
	if status, text := send(http.MethodPost, "/monitors/new/tcp", url.Values{"name": {"shop"}, "tcp.address": {address}}); status != http.StatusUnprocessableEntity || !strings.Contains(text, `aria-describedby="e-name"`) {
		t.Errorf("a name that is taken: status %d: %.300s", status, text)
	}
	// The file was changed by hand, and not read again: it is not what is in force.
	if err := os.WriteFile(main, []byte(strings.Replace(fileText(t, main), "every: 1h", "every: 9h", 1)), 0o640); err != nil {
		t.Fatal(err)
	}
	if status, text := send(http.MethodPost, "/monitors/new/tcp", url.Values{"name": {"third"}, "tcp.address": {address}}); status != http.StatusConflict || !strings.Contains(text, "reload it first") || !strings.Contains(text, `value="third"`) {
		t.Errorf("status %d: %.300s", status, text)
	}
	if status, _ := send(http.MethodPost, "/settings/reload", nil); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	if status, text := send(http.MethodPost, "/monitors/mail/remove", url.Values{"seen": {seen(page)}}); status != http.StatusOK || fileText(t, more) != "monitors: []\n" {
		t.Errorf("status %d: %.300s\n%s", status, text, fileText(t, more))
	}
	rows, err := a.Store().Audit(t.Context(), store.AuditFilter{What: corax.AuditEdited, Newest: true, Limit: 10})
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d entries in the audit, %v", len(rows), err)
	}
	if e, err := rows[0].Entry(); err != nil || e.On != "monitor/mail" || e.Detail["what"] != "removed" || e.Who == "" {
		t.Errorf("the audit says %+v (%v)", e, err)
	}
}
