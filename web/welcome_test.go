package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"corax/access"
	"corax/web/webtest"
)

// A monitor is tried, told of in plain words, and added as it was tried.
func TestFirstMonitor(t *testing.T) {
	s := site(t, webtest.Options{Empty: true})
	for _, tc := range []struct{ address, name, says, field string }{
		{"https://up.example/health?a=\"b\": c", "", "It is up: 200 in 12 ms", "url"},
		{"db.up.example:5432", "orders-db", "It is up: 200 in 12 ms", "address"},
		{"http://down.example/", "", "It is down, or not what was expected", "url"},
	} {
		w := do(s, http.MethodPost, "/welcome/try", access.RoleAdmin, url.Values{"address": {tc.address}, "name": {tc.name}})
		if w.Code != http.StatusSeeOther {
			t.Fatalf("%s: status %d", tc.address, w.Code)
		}
		text := get(s, "/welcome", access.RoleAdmin).Body.String()
		if !strings.Contains(text, tc.says) || webtest.IsHostile(text) {
			t.Errorf("%s: the page doesn't say %q", tc.address, tc.says)
		}
		for _, wrong := range webtest.Check(text, false) {
			t.Errorf("%s: %s", tc.address, wrong)
		}
		before := len(s.Controls.Calls())
		if w := do(s, http.MethodPost, "/welcome/add", access.RoleAdmin, nil); w.Code != http.StatusSeeOther {
			t.Fatalf("add %s: status %d", tc.address, w.Code)
		}
		calls := s.Controls.Calls()
		_, added, _ := strings.Cut(calls[len(calls)-1], ": ")
		var m map[string]any
		if err := yaml.Unmarshal([]byte(added), &m); err != nil || len(calls) != before+1 {
			t.Fatalf("%v: %q", err, calls)
		}
		kind := map[string]string{"url": "http", "address": "tcp"}[tc.field]
		if part, _ := m[kind].(map[string]any); part[tc.field] != tc.address || m["name"] != m["entity"] || tc.name != "" && m["name"] != tc.name {
			t.Errorf("%s became %v", tc.address, m)
		}
		if w := do(s, http.MethodPost, "/welcome/add", access.RoleAdmin, nil); w.Code != http.StatusConflict {
			t.Errorf("add what was added: status %d", w.Code)
		}
	}
}

func TestFirstMonitorSaysWhatIsWrong(t *testing.T) {
	s := site(t, webtest.Options{})
	for _, tc := range []struct{ address, name, says string }{
		{"shop.example", "", "neither a web address nor a host with a port"}, {"", "", "neither a web address"}, {"ftp://up.example/", "", "is no web address"},
		{"https://ann:secret@up.example/", "", "holds a password"}, {"https://up.example/", "Über", "can&#39;t be its name"}, {webtest.Hostile, webtest.Hostile, "is no"},
	} {
		do(s, http.MethodPost, "/welcome/try", access.RoleAdmin, url.Values{"address": {tc.address}, "name": {tc.name}})
		text := get(s, "/welcome", access.RoleAdmin).Body.String()
		if !strings.Contains(text, tc.says) && tc.address != webtest.Hostile || webtest.IsHostile(text) || !strings.Contains(text, `aria-invalid="true"`) {
			t.Errorf("%q: the page doesn't say %q", tc.address, tc.says)
		}
		if w := do(s, http.MethodPost, "/welcome/add", access.RoleAdmin, nil); w.Code != http.StatusConflict {
			t.Errorf("%q: add what can't be tried: status %d", tc.address, w.Code)
		}
	}
	if calls := s.Controls.Calls(); len(calls) > 0 {
		t.Errorf("%q", calls)
	}
}

func TestSampleIsOneClick(t *testing.T) {
	s := site(t, webtest.Options{Empty: true})
	if text := get(s, "/", access.RoleAdmin).Body.String(); strings.Contains(text, "No monitor watches") != strings.Contains(text, `href="/welcome"`) {
		t.Error("an overview without monitors doesn't lead to the first steps")
	}
	for _, there := range []string{"yes", "no"} {
		text := get(s, "/welcome", access.RoleAdmin).Body.String()
		if !strings.Contains(text, `name="there" value="`+there+`"`) {
			t.Errorf("the page doesn't offer %q", there)
		}
		if w := do(s, http.MethodPost, "/welcome/sample", access.RoleAdmin, url.Values{"there": {there}}); w.Code != http.StatusSeeOther {
			t.Errorf("%s: status %d", there, w.Code)
		}
	}
	if w := get(s, "/welcome", access.RoleOperator); w.Code != http.StatusForbidden {
		t.Errorf("as operator: status %d", w.Code)
	}
}
