package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"corax/access"
	"corax/web/webtest"
)

// browser keeps cookies, and is known by its session as the server knows it.
type browser struct {
	t       *testing.T
	s       *webtest.Site
	cookies map[string]string
	from    access.Client
}

func open(t *testing.T, s *webtest.Site) *browser {
	return &browser{t, s, map[string]string{}, access.Client{Address: "192.0.2.1", Device: "a browser", Secure: true}}
}

func (b *browser) send(method, path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequestWithContext(access.WithClient(b.t.Context(), b.from), method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if p, err := b.s.Accounts.BySession(r.Context(), access.SessionOf(r), b.from); err == nil {
		r = r.WithContext(access.With(r.Context(), p))
	}
	w := httptest.NewRecorder()
	b.s.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() { //nolint:bodyclose // it is a recorder's
		if c.Name == "__Host-corax" && (!c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "") {
			b.t.Errorf("the cookie is %+v", c)
		}
		b.cookies[c.Name] = c.Value
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w
}

func (b *browser) login(name string) *httptest.ResponseRecorder {
	return b.send("POST", "/login", url.Values{"name": {name}, "password": {webtest.Password}})
}

// is fails unless the answer has the status, and a text where one is expected; what is a page must be HTML as it should be.
func is(t *testing.T, what string, w *httptest.ResponseRecorder, status int, text string) {
	t.Helper()
	if w.Code != status || !strings.Contains(strings.ToLower(w.Body.String()), strings.ToLower(text)) {
		t.Errorf("%s: status %d, expected %d and %q\n%s", what, w.Code, status, text, mainOf(w.Body.String()))
	}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") && w.Code != http.StatusSeeOther {
		for _, wrong := range webtest.Check(w.Body.String(), false) {
			t.Errorf("%s: %s", what, wrong)
		}
		if webtest.IsHostile(w.Body.String()) {
			t.Errorf("%s: hostile text became markup", what)
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %q", what, w.Header().Get("Cache-Control"))
		}
	}
}

func TestLoginAndLogout(t *testing.T) {
	s := site(t, webtest.Options{})
	b := open(t, s)
	if w := b.send("GET", "/problems?state=open", nil); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/login?next=%2Fproblems%3Fstate%3Dopen" {
		t.Errorf("who is not known is sent to %s (%d)", w.Header().Get("Location"), w.Code)
	}
	is(t, "the form", b.send("GET", "/login?next="+url.QueryEscape(`/a"><script>`), nil), http.StatusOK, `value="/a&#34;&gt;&lt;script&gt;"`)
	wrong := b.send("POST", "/login", url.Values{"name": {webtest.Hostile}, "password": {"a-wrong-password"}, "next": {"/problems"}})
	is(t, "a wrong password", wrong, http.StatusForbidden, "Name or password is wrong")
	if strings.Contains(wrong.Body.String(), "a-wrong-password") || len(b.cookies) > 0 || !strings.Contains(wrong.Body.String(), `value="/problems"`) {
		t.Errorf("cookies %v\n%s", b.cookies, wrong.Body)
	}
	for next, to := range map[string]string{
		"/problems?x=1": "/problems?x=1", "": "/", "//evil.example.org": "/", "https://evil.example.org": "/", `/\evil.example.org`: "/", "/\t/evil.example.org": "/",
		"javascript:alert(1)": "/", "problems": "/", "/\n": "/", "/%2f/evil.example.org": "/%2f/evil.example.org",
	} {
		w := open(t, s).send("POST", "/login", url.Values{"name": {"ada"}, "password": {webtest.Password}, "next": {next}})
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != to {
			t.Errorf("next=%q: %d, to %q, expected %q", next, w.Code, w.Header().Get("Location"), to)
		}
	}
	if w := b.send("POST", "/login", url.Values{"name": {"ada"}, "password": {webtest.Password}}, "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden || len(b.cookies) > 0 {
		t.Errorf("another site's page logs a browser in: %d, %v", w.Code, b.cookies)
	}
	b.login("ada")
	old := b.cookies["__Host-corax"]
	is(t, "logged in", b.send("GET", "/account", nil), http.StatusOK, "ada")
	b.login("ada")
	if fresh := b.cookies["__Host-corax"]; fresh == old || fresh == "" {
		t.Error("a second login keeps the session of the first")
	}
	if w := b.send("POST", "/logout", nil); w.Code != http.StatusSeeOther || b.cookies["__Host-corax"] != "" {
		t.Errorf("logged out: %d, %v", w.Code, b.cookies)
	}
	for _, secret := range []string{old} {
		b.cookies["__Host-corax"] = secret
		if w := b.send("GET", "/account", nil); w.Code != http.StatusSeeOther {
			t.Errorf("the session of before lasts: %d", w.Code)
		}
	}
}

func TestLoginIsSlowedDown(t *testing.T) {
	b := open(t, site(t, webtest.Options{}))
	for range 5 {
		is(t, "a guess", b.send("POST", "/login", url.Values{"name": {"ada"}, "password": {"x"}}), http.StatusForbidden, "is wrong")
	}
	w := b.login("ada")
	is(t, "one too many", w, http.StatusTooManyRequests, "Too many failed attempts")
	if w.Header().Get("Retry-After") != "2" {
		t.Errorf("Retry-After: %q", w.Header().Get("Retry-After"))
	}
}

func TestSetup(t *testing.T) {
	s := site(t, webtest.Options{})
	b, path := open(t, s), "/setup/"+s.Link
	for range 2 { // a preview of the link, by a program that reads mail, spends nothing
		is(t, "the page of the link", b.send("GET", path, nil), http.StatusOK, "limited to")
	}
	is(t, "two passwords", b.send("POST", path, url.Values{"password": {"correct horse battery"}, "again": {"x"}}), http.StatusUnprocessableEntity, "not the same")
	is(t, "a short one", b.send("POST", path, url.Values{"password": {"short"}, "again": {"short"}}), http.StatusUnprocessableEntity, "at least 15 characters")
	w := b.send("POST", path, url.Values{"name": {"mallory"}, "password": {webtest.Password}, "again": {webtest.Password}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/login" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	is(t, "followed again", b.send("POST", path, url.Values{"password": {webtest.Password}, "again": {webtest.Password}}), http.StatusForbidden, "was used")
	if b.login("kim"); b.cookies["__Host-corax"] == "" {
		t.Error("who was invited can't log in")
	}
	if w := open(t, s).login("mallory"); w.Code != http.StatusForbidden {
		t.Errorf("the link made a user of another name: %d", w.Code)
	}
}

var shown = regexp.MustCompile(`<p class="code">([^<]+)</p>`)

func TestAccount(t *testing.T) {
	s := site(t, webtest.Options{})
	b, other := open(t, s), open(t, s)
	b.login("sam")
	other.login("sam")
	is(t, "the account", b.send("GET", "/account", nil), http.StatusOK, "this one")
	is(t, "a token above the role", b.send("POST", "/account/tokens", url.Values{"name": {"x"}, "role": {"admin"}, "days": {"1"}}), http.StatusForbidden, "is only operator")
	is(t, "a token of no days", b.send("POST", "/account/tokens", url.Values{"name": {"x"}, "role": {"viewer"}, "days": {webtest.Hostile}}), http.StatusUnprocessableEntity, "no number of days")
	w := b.send("POST", "/account/tokens", url.Values{"name": {webtest.Hostile[:90]}, "role": {"viewer"}, "days": {"1"}, "scope": {"team=shop\r\nkind=host"}})
	is(t, "a token", w, http.StatusOK, "shown this once")
	secret := shown.FindStringSubmatch(w.Body.String())
	if secret == nil {
		t.Fatal("no token is shown")
	}
	p, err := s.Accounts.ByToken(t.Context(), secret[1], access.Client{})
	if err != nil || p.Role != access.RoleViewer || p.Name != "sam" || len(p.Scopes) != 2 || len(p.Scopes[1]) != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	again := b.send("GET", "/account", nil)
	is(t, "the account", again, http.StatusOK, secret[1][:8])
	if strings.Contains(again.Body.String(), secret[1]) {
		t.Error("the token is shown again")
	}
	b.send("POST", "/tokens/"+p.Token+"/revoke", nil)
	if _, err := s.Accounts.ByToken(t.Context(), secret[1], access.Client{}); err == nil {
		t.Error("a revoked token is good")
	}
	is(t, "a wrong old password", b.send("POST", "/account/password", url.Values{"old": {"x"}, "password": {"another good password"}, "again": {"another good password"}}),
		http.StatusForbidden, "old password is wrong")
	b.send("POST", "/account/password", url.Values{"old": {webtest.Password}, "password": {"another good password"}, "again": {"another good password"}})
	is(t, "where it was changed", b.send("GET", "/account", nil), http.StatusOK, "All other sessions have ended")
	if w := other.send("GET", "/account", nil); w.Code != http.StatusSeeOther {
		t.Errorf("another session lasts: %d", w.Code)
	}
}

func TestUsersPages(t *testing.T) {
	s := site(t, webtest.Options{})
	b, sam := open(t, s), open(t, s)
	b.login("ada")
	sam.login("sam")
	is(t, "for an operator", sam.send("GET", "/settings/users", nil), http.StatusForbidden, "role admin")
	is(t, "users", b.send("GET", "/settings/users", nil), http.StatusOK, "kim")
	is(t, "an invite for a name that is there", b.send("POST", "/settings/users", url.Values{"name": {"SAM"}, "role": {"viewer"}}), http.StatusConflict, "there is a user called sam")
	is(t, "an invite of no role", b.send("POST", "/settings/users", url.Values{"name": {webtest.Hostile}, "role": {webtest.Hostile}}), http.StatusUnprocessableEntity, "is no role")
	w := b.send("POST", "/settings/users", url.Values{"name": {"lee"}, "role": {"responder"}})
	is(t, "an invite", w, http.StatusOK, "https://example.com/setup/")
	page := "/settings/users/" + access.UserID("sam")
	is(t, "a user", b.send("GET", page, nil), http.StatusOK, "192.0.2.7")
	is(t, "an admin with a scope", b.send("POST", page, url.Values{"role": {"admin"}, "scope": {"team=shop"}}), http.StatusUnprocessableEntity, "an admin has no scope")
	b.send("POST", page, url.Values{"role": {"viewer"}, "scope": {""}})
	if u, err := s.Accounts.UserNamed(t.Context(), "sam"); err != nil || u.Role != access.RoleViewer || len(u.Scope) != 0 {
		t.Errorf("%+v, %v", u, err)
	}
	is(t, "a reset", b.send("POST", page+"/reset", nil), http.StatusOK, "https://example.com/setup/")
	is(t, "meanwhile", sam.send("GET", "/account", nil), http.StatusOK, "sam")
	b.send("POST", page+"/disable", nil)
	if w := sam.send("GET", "/account", nil); w.Code != http.StatusSeeOther {
		t.Errorf("who is disabled sees a page: %d", w.Code)
	}
	is(t, "the last admin", b.send("POST", "/settings/users/"+access.UserID("ada")+"/disable", nil), http.StatusConflict, "o admin would be left")
	is(t, "nobody", b.send("GET", "/settings/users/"+webtest.Hostile[:20], nil), http.StatusNotFound, "")
}

// mainOf is what a page says, without its frame.
func mainOf(text string) string {
	if _, rest, ok := strings.Cut(text, `<main id="main"`); ok {
		text, _, _ = strings.Cut(rest, "</main>")
	}
	return text
}
