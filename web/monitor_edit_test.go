package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"corax"
	"corax/access"
	"corax/web"
	"corax/web/webtest"
)

// sentBy is what the first form of a page would send.
func sentBy(text string) url.Values {
	form := url.Values{}
	_, text, _ = strings.Cut(text, `id="fields"`)
	text, _, _ = strings.Cut(text, "</form>")
	for _, m := range regexp.MustCompile(`<input [^>]*name="([^"]*)"[^>]*?(?: type="[^"]*")? value="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		form.Set(m[1], unescape(m[2]))
	}
	for _, m := range regexp.MustCompile(`(?s)<textarea [^>]*name="([^"]*)"[^>]*>(.*?)</textarea>`).FindAllStringSubmatch(text, -1) {
		form.Set(m[1], unescape(m[2]))
	}
	for _, m := range regexp.MustCompile(`(?s)<select [^>]*name="([^"]*)".*?</select>`).FindAllStringSubmatch(text, -1) {
		if chosen := regexp.MustCompile(`<option value="([^"]*)" selected>`).FindStringSubmatch(m[0]); chosen != nil {
			form.Set(m[1], chosen[1])
		} else {
			form.Set(m[1], "")
		}
	}
	return form
}

func unescape(s string) string {
	return strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&#43;", "+", "&amp;", "&").Replace(s)
}

// What is changed in the form is changed where it is written, and nothing else; who changes nothing changes nothing.
func TestMonitorIsChangedByItsForm(t *testing.T) {
	s := site(t, webtest.Options{})
	form := sentBy(get(s, "/monitors/login/edit", access.RoleAdmin).Body.String())
	for name, want := range map[string]string{"http.url": "https://up.example/login", "http.expect.status": "200, 302", "every": "30s", "labels": "team = shop", "entity": "auth", "timeout": "", "severity": ""} {
		if got, there := form[name]; !there || got[0] != want {
			t.Errorf("%s is %q, expected %q", name, got, want)
		}
	}
	if w := do(s, http.MethodPost, "/monitors/login/edit", access.RoleAdmin, form); w.Code != http.StatusSeeOther || len(s.Controls.Calls()) > 0 {
		t.Errorf("nothing was changed: status %d, %q", w.Code, s.Controls.Calls())
	}
	for name, value := range map[string]string{"every": "1m", "after": "3", "severity": "high", "labels": "team = bank\r\ntier = 1", "http.expect.status": "204", "http.expect.latency": ""} {
		form.Set(name, value)
	}
	form.Set("do", "try")
	if text := do(s, http.MethodPost, "/monitors/login/edit", access.RoleAdmin, form).Body.String(); !strings.Contains(text, "It is up: 200 in 12 ms") || !strings.Contains(text, `value="1m"`) || len(s.Controls.Calls()) > 0 {
		t.Errorf("it was tried: %q", s.Controls.Calls())
	}
	form.Set("do", "save")
	w := do(s, http.MethodPost, "/monitors/login/edit", access.RoleAdmin, form)
	want := "change monitor login by jane: name: login\n# the front door\nentity: auth\nevery: 1m # often\nafter: 3\nseverity: high\nlabels: {team: bank, tier: \"1\"}\n" +
		"http:\n  url: https://up.example/login\n  expect: {status: [204]}\n"
	if got := s.Controls.Calls(); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/monitors/login" || len(got) != 1 || got[0] != want {
		t.Errorf("status %d, to %q:\n%s\nexpected\n%s", w.Code, w.Header().Get("Location"), strings.Join(got, "\n"), want)
	}
}

// What can't be used is said at its field, with what was typed; and nothing is written.
func TestMonitorFormSaysWhatIsWrong(t *testing.T) {
	s := site(t, webtest.Options{})
	for _, c := range []struct {
		path, field, typed, says string
	}{
		{"/monitors/login/edit", "every", "often", "Expected a duration"},
		{"/monitors/login/edit", "every", "1ns", "Expected at least 100ms"},
		{"/monitors/login/edit", "after", "three", "Expected a whole number"},
		{"/monitors/login/edit", "http.url", "ftp://x", "http"},
		{"/monitors/login/edit", "http.expect.status", "9000", "9000 is not a status"},
		{"/monitors/login/edit", "labels", "team", "is no name with its value"},
		{"/monitors/login/edit", "http.token", "secret", "vault:"},
		{"/monitors/new/tcp", "tcp.address", "nowhere", "Expected"},
		{"/monitors/new/http", "http.url", "", "is missing"},
		{"/monitors/new/http", "name", "", "is missing"},
		{"/monitors/new/log", "name", "a/b", "part of an address"},
		{"/monitors/new/tls", "tls.warn_before", webtest.Hostile, "Expected a duration"},
	} {
		form := sentBy(get(s, c.path, access.RoleAdmin).Body.String())
		for name, good := range map[string]string{"name": "x", "http.url": "https://x.example/", "tcp.address": "x:1", "tls.address": "x:1", "log.path": "/x"} {
			if strings.Contains(c.path, "/new/") && form.Has(name) {
				form.Set(name, good)
			}
		}
		form.Set(c.field, c.typed)
		w := do(s, http.MethodPost, c.path, access.RoleAdmin, form)
		text := w.Body.String()
		_, at, _ := strings.Cut(text, `name="`+c.field+`"`)
		at, _, _ = strings.Cut(at, `</div>`)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(at, `aria-invalid="true"`) || !strings.Contains(at, c.says) || sentBy(text).Get(c.field) != c.typed {
			t.Errorf("%s, %s: %q: status %d, typed %q, the field says %q", c.path, c.field, c.typed, w.Code, sentBy(text).Get(c.field), at)
		}
		for _, wrong := range webtest.Check(text, false) {
			t.Errorf("%s, %s: %s", c.path, c.field, wrong)
		}
	}
	if calls := s.Controls.Calls(); len(calls) > 0 {
		t.Errorf("%q", calls)
	}
}

// What somebody else wrote meanwhile is said, and not overwritten unseen.
func TestMonitorChangedMeanwhile(t *testing.T) {
	s := site(t, webtest.Options{})
	form := sentBy(get(s, "/monitors/login/edit", access.RoleAdmin).Body.String())
	form.Set("after", "2")
	s.Written.Change("orders", "order", "orders") // another monitor of the file, which is no conflict
	s.Written.Change("login", "30s", "45s")
	w := do(s, http.MethodPost, "/monitors/login/edit", access.RoleAdmin, form)
	text := w.Body.String()
	if w.Code != http.StatusConflict || !strings.Contains(text, "was changed meanwhile") || !strings.Contains(text, "It is written now: 45s") || !strings.Contains(text, `value="2"`) || len(s.Controls.Calls()) > 0 {
		t.Fatalf("status %d, %q", w.Code, s.Controls.Calls())
	}
	if w := do(s, http.MethodPost, "/monitors/login/remove", access.RoleAdmin, url.Values{"seen": form["seen"]}); w.Code != http.StatusConflict || len(s.Controls.Calls()) > 0 {
		t.Errorf("removed as it was not seen: status %d", w.Code)
	}
	form = sentBy(text)
	form.Set("every", "45s")
	s.Written.Change("orders", "orders", "order")
	if w := do(s, http.MethodPost, "/monitors/login/edit", access.RoleAdmin, form); w.Code != http.StatusSeeOther || len(s.Controls.Calls()) != 1 || !strings.Contains(s.Controls.Calls()[0], "every: 45s   # often\nafter: 2\n") {
		t.Errorf("status %d, %q", w.Code, s.Controls.Calls())
	}
}

func TestMonitorAsItIsWritten(t *testing.T) {
	s := site(t, webtest.Options{})
	page := get(s, "/monitors/orders/edit", access.RoleAdmin).Body.String()
	if form := sentBy(page); form.Has("http.url") || !form.Has("http.token") || !strings.Contains(page, "save: {token: access.token}") || !strings.Contains(page, "More is written") {
		t.Errorf("the form of a monitor with steps: %v", form)
	}
	seen := sentBy(page).Get("seen")
	send := func(text, what string) (int, string) {
		w := do(s, http.MethodPost, "/monitors/orders/edit", access.RoleAdmin, url.Values{"seen": {seen}, "text": {text}, "do": {what}})
		return w.Code, w.Body.String()
	}
	if code, text := send("name: orders\r\ntcp:\r\n  adress: x", "save"); code != http.StatusUnprocessableEntity || !strings.Contains(text, "tcp:\n  adress: x</textarea>") || !strings.Contains(text, "address") || len(s.Controls.Calls()) > 0 {
		t.Errorf("what can't be used: status %d, %s", code, text)
	}
	if code, text := send("name: orders\ntcp: {address: 'up.example:1'}\n", "try"); code != http.StatusOK || !strings.Contains(text, "It is up") {
		t.Errorf("tried: status %d", code)
	}
	if code, _ := send("name: orders\n# by hand\ntcp: {address: 'up.example:1'}\n", "save"); code != http.StatusSeeOther || s.Controls.Calls()[0] != "change monitor orders by jane: name: orders\n# by hand\ntcp: {address: 'up.example:1'}\n" {
		t.Errorf("status %d, %q", code, s.Controls.Calls())
	}
	seen = sentBy(get(s, "/monitors/orders/edit", access.RoleAdmin).Body.String()).Get("seen")
	if w := do(s, http.MethodPost, "/monitors/orders/remove", access.RoleAdmin, url.Values{"seen": {seen}}); w.Code != http.StatusSeeOther || s.Controls.Calls()[1] != "remove monitor orders by jane" {
		t.Errorf("status %d, %q", w.Code, s.Controls.Calls())
	}
	if w := get(s, "/monitors/orders/edit", access.RoleAdmin); w.Code != http.StatusNotFound {
		t.Errorf("a removed one: status %d", w.Code)
	}
}

func TestNewMonitorOfEachKind(t *testing.T) {
	s := site(t, webtest.Options{})
	for path, c := range map[string]struct {
		typed url.Values
		want  string
	}{
		"http":      {url.Values{"http.url": {"https://x.example/"}, "http.expect.body_contains": {"ok\nwell"}}, "http:\n  url: https://x.example/\n  expect:\n    body_contains:\n    - ok\n    - well\n"},
		"tcp":       {url.Values{"tcp.address": {"x.example:1"}, "every": {"5s"}}, "every: 5s\ntcp:\n  address: x.example:1\n"},
		"tls":       {url.Values{"tls.address": {"x.example:1"}}, "tls:\n  address: x.example:1\n"},
		"heartbeat": {nil, "heartbeat: {}\n"},
		"log":       {url.Values{"log.path": {"/var/log/x"}, "log.from_start": {"true"}}, "log:\n  path: /var/log/x\n  from_start: true\n"},
	} {
		form := sentBy(get(s, "/monitors/new/"+path, access.RoleAdmin).Body.String())
		form.Set("name", "new-"+path)
		for k, v := range c.typed {
			form[k] = v
		}
		w := do(s, http.MethodPost, "/monitors/new/"+path, access.RoleAdmin, form)
		calls := s.Controls.Calls()
		if want := "add monitor by jane: name: new-" + path + "\n" + c.want; w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/monitors/new-"+path || calls[len(calls)-1] != want {
			t.Errorf("status %d\n%s\nexpected\n%s", w.Code, calls[len(calls)-1], want)
		}
	}
}

// Who is no admin, or has a scope, is neither led to the form nor let in: the API refuses them too.
func TestWhoMayChangeMonitors(t *testing.T) {
	s := site(t, webtest.Options{})
	scoped := access.Principal{Name: "kim", Role: access.RoleAdmin, Via: corax.ViaToken, Scopes: []access.Scope{{{IDs: []string{"auth"}}}}}
	for name, who := range map[string]access.Principal{"an operator": operator("kim"), "a token with a scope": scoped} {
		for path, form := range map[string]url.Values{"/monitors/login/edit": {"every": {"1m"}}, "/monitors/new/tcp": {"name": {"x"}, "tcp.address": {"a:1"}}, "/monitors/login/remove": {"seen": {"x"}}} {
			if w := as(s, who, http.MethodPost, path, form); w.Code != http.StatusForbidden {
				t.Errorf("%s: %s: status %d", name, path, w.Code)
			}
			if w := as(s, who, http.MethodGet, path, nil); w.Code != http.StatusForbidden && !strings.HasSuffix(path, "remove") {
				t.Errorf("%s sees %s: status %d", name, path, w.Code)
			}
		}
		for _, path := range []string{"/monitors", "/monitors/login"} {
			if text := as(s, who, http.MethodGet, path, nil).Body.String(); strings.Contains(text, "/edit") || strings.Contains(text, "/monitors/new") {
				t.Errorf("%s is offered it on %s", name, path)
			}
		}
	}
	if text := get(s, "/monitors/login", access.RoleAdmin).Body.String(); !strings.Contains(text, `href="/monitors/login/edit"`) || !strings.Contains(get(s, "/monitors", access.RoleAdmin).Body.String(), `href="/monitors/new/http"`) {
		t.Error("an admin isn't led to the form")
	}
	if calls := s.Controls.Calls(); len(calls) > 0 {
		t.Errorf("%q", calls)
	}
}

// A form that would not show a secret would take it out of the file: there is none.
func TestMonitorWithASecretInIt(t *testing.T) {
	s := site(t, webtest.Options{With: func(o *web.Options) {
		o.Known = func(html string) string { return strings.ReplaceAll(html, "access.token", "[redacted]") }
	}})
	for path, want := range map[string]int{"/monitors/orders/edit": http.StatusConflict, "/monitors/login/edit": http.StatusOK} {
		if w := get(s, path, access.RoleAdmin); w.Code != want {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
	if w := do(s, http.MethodPost, "/monitors/orders/edit", access.RoleAdmin, url.Values{"entity": {"x"}}); w.Code != http.StatusConflict || len(s.Controls.Calls()) > 0 {
		t.Errorf("status %d, %q", w.Code, s.Controls.Calls())
	}
}
