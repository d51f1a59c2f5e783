package web_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-chi/chi/v5"
	"go.uber.org/goleak"
	"golang.org/x/net/html"

	"corax"
	"corax/access"
	"corax/web"
	"corax/web/webtest"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "corax-web")
	if err != nil {
		panic(err)
	}
	prepared = sync.OnceValues(func() (*webtest.Prepared, error) { return webtest.Prepare(context.Background(), dir) })
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// prepared is a filled store, made once for all tests; each site has a copy of it.
var prepared func() (*webtest.Prepared, error)

func site(t *testing.T, o webtest.Options) *webtest.Site {
	t.Helper()
	o.Dir = t.TempDir()
	if !o.Empty && o.Clock == nil {
		var err error
		if o.From, err = prepared(); err != nil {
			t.Fatal(err)
		}
	}
	s, err := webtest.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// get asks for a page as somebody with a role.
func get(h http.Handler, path string, role access.Role) *httptest.ResponseRecorder {
	return do(h, http.MethodGet, path, role, nil)
}

func do(h http.Handler, method, path string, role access.Role, form url.Values) *httptest.ResponseRecorder {
	return as(h, access.Principal{Name: "jane", Role: role, Via: corax.ViaToken}, method, path, form)
}

// as asks as somebody; as nobody where they have no role.
func as(h http.Handler, who access.Principal, method, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if who.Role != access.RoleNone {
		r = r.WithContext(access.With(r.Context(), who))
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Every page that is registered is shown to every role that may see it, is what HTML should be, and takes no text for markup.
func TestEveryPage(t *testing.T) {
	for name, o := range map[string]webtest.Options{"full": {}, "empty": {Empty: true}} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			o.Log = slog.New(slog.NewTextHandler(&log, nil))
			s := site(t, o)
			for _, route := range s.Routes {
				if route.Method != http.MethodGet || o.Empty && strings.Contains(route.Path, "{") {
					continue
				}
				paths := s.Examples(route.Path)
				if len(paths) == 0 {
					t.Errorf("%s: nobody has said by which paths it is visited (webtest.Site.Examples)", route.Path)
				}
				for i, path := range paths {
					// Who may just see it, who may all, who may not, and nobody; for the first path everybody.
					roles := []access.Role{route.Role, access.RoleAdmin, access.RoleNone}
					if i == 0 {
						roles = append(access.Roles(), access.RoleNone)
					}
					slices.Sort(roles)
					for _, role := range slices.Compact(roles) {
						visit(t, s, path, role, route.Role, route.Public)
					}
				}
			}
			if strings.Contains(log.String(), "level=ERROR") {
				t.Errorf("the log holds errors:\n%s", log.String())
			}
		})
	}
}

func visit(t *testing.T, s *webtest.Site, path string, role, needs access.Role, public bool) {
	t.Helper()
	w := get(s, path, role)
	text := w.Body.String()
	fail := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s as %s: "+format, append([]any{path, role}, args...)...)
	}
	want := http.StatusOK
	switch {
	case public:
		if w.Code >= 500 {
			fail("status %d", w.Code)
		}
	case role == access.RoleNone:
		if w.Code != http.StatusUnauthorized && w.Code != http.StatusSeeOther {
			fail("status %d for who is not known", w.Code)
		}
		return
	case role < needs:
		want = http.StatusForbidden
		fallthrough
	default:
		if w.Code != want {
			fail("status %d, want %d: %s", w.Code, want, text[:min(len(text), 600)])
			return
		}
	}
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		fail("its policy is %q", csp)
	}
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		return
	}
	if webtest.IsHostile(text) {
		fail("hostile text became markup")
	}
	mayPress(t, s, path, role, text)
	if role != needs && role != access.RoleAdmin { // these two are the least and the most of a page
		return
	}
	for _, wrong := range webtest.Check(text, false) {
		fail("%s", wrong)
	}
	if role != access.RoleAdmin {
		return
	}
	// All regions at once, as the script asks for them.
	u, names := path, regions(text)
	for i, region := range names {
		mark := "&"
		if i == 0 && !strings.Contains(path, "?") {
			mark = "?"
		}
		u += mark + "region=" + region
	}
	if len(names) == 0 {
		return
	}
	part := get(s, u, role)
	if part.Code != http.StatusOK || strings.Contains(part.Body.String(), "<html") {
		fail("its regions %v: status %d: %.300s", names, part.Code, part.Body.String())
	}
	for _, region := range names {
		if strings.Count(part.Body.String(), `id="`+region+`"`) != 1 {
			fail("region %s is not in what is sent for it", region)
		}
	}
	for _, wrong := range webtest.Check(part.Body.String(), true) {
		fail("regions: %s", wrong)
	}
}

var postForm = regexp.MustCompile(`<form[^>]* method="post" action="([^"?]*)`)

// mayPress fails where a page has a form that acts, and that is refused to the role.
func mayPress(t *testing.T, s *webtest.Site, path string, role access.Role, text string) {
	t.Helper()
	if !strings.Contains(text, `method="post"`) {
		return
	}
	actions := chi.NewRouter()
	for _, r := range s.Routes {
		if r.Method == http.MethodPost {
			actions.Post(r.Path, http.NotFound)
		}
	}
	for _, m := range postForm.FindAllStringSubmatch(text, -1) {
		pattern := actions.Find(chi.NewRouteContext(), http.MethodPost, html.UnescapeString(m[1]))
		i := slices.IndexFunc(s.Routes, func(r web.Route) bool { return r.Method == http.MethodPost && r.Path == pattern })
		if i < 0 {
			t.Errorf("%s as %s: the form %s leads nowhere", path, role, m[1])
		} else if need := s.Routes[i].Role; role < need && !s.Routes[i].Public {
			t.Errorf("%s as %s: the form %s takes %s", path, role, m[1], need)
		}
	}
}

// regions are the ids of what is fetched again when something changes.
func regions(text string) (ids []string) {
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return nil
	}
	for n := range doc.Descendants() {
		live, id := false, ""
		for _, a := range n.Attr {
			live = live || a.Key == "data-live"
			if a.Key == "id" {
				id = a.Val
			}
		}
		if live {
			ids = append(ids, id)
		}
	}
	return ids
}

// Nothing can be done by who may not do it, nor by another site's page; and every action says what role it takes.
func TestEveryAction(t *testing.T) {
	s := site(t, webtest.Options{})
	for _, route := range s.Routes {
		if route.Method == http.MethodGet {
			continue
		}
		if route.Role == access.RoleNone && !route.Public {
			t.Errorf("%s says no role", route.Path)
		}
		for _, path := range s.Examples(route.Path) {
			for role := access.RoleNone; role < route.Role && !route.Public; role++ {
				if w := do(s, route.Method, path, role, nil); w.Code != http.StatusForbidden && w.Code != http.StatusUnauthorized {
					t.Errorf("%s as %s: status %d", path, role, w.Code)
				}
			}
			r := httptest.NewRequest(route.Method, path, nil)
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r = r.WithContext(access.With(r.Context(), access.Principal{Name: "jane", Role: access.RoleAdmin}))
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != http.StatusForbidden {
				t.Errorf("%s from another site: status %d", path, w.Code)
			}
		}
	}
	if calls := s.Controls.Calls(); len(calls) > 0 {
		t.Errorf("something was done: %v", calls)
	}
}

func TestErrorsArePages(t *testing.T) {
	s := site(t, webtest.Options{})
	w := get(s, "/problems/prb-nosuch", access.RoleViewer)
	if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "prb-nosuch") {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	for _, wrong := range webtest.Check(w.Body.String(), false) {
		t.Error(wrong)
	}
	if w := get(s, "/?region=nosuch", access.RoleViewer); w.Code != http.StatusNotFound {
		t.Errorf("a region that is not there: status %d", w.Code)
	}
}

// What a first visit to the overview loads is within the budget.
func TestFirstLoadIsLight(t *testing.T) {
	s := site(t, webtest.Options{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(w, r.WithContext(access.With(r.Context(), access.Principal{Name: "jane", Role: access.RoleViewer})))
	}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	fetch := func(path string) string {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", "gzip")
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %v", path, resp.Status, err)
		}
		if path != "/" && !strings.Contains(resp.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s may not be kept: %s", path, resp.Header.Get("Cache-Control"))
		}
		return string(text)
	}
	page := fetch("/")
	total := len(page)
	for _, name := range []string{"corax.css", "corax.js", "live.js", "htmx.js", "idiomorph.js", "sans.woff2", "corax.svg"} {
		n := len(fetch(s.UI.URL(name)))
		t.Logf("%-14s %6d bytes", name, n)
		total += n
	}
	t.Logf("in all %d bytes", total)
	if total > 150<<10 {
		t.Errorf("a first visit loads %d bytes, and may load 150 KiB", total)
	}
}

// Nobody is led to where they may not go: every entry of the navigation is for the role, and opens for who has a scope.
func TestNavigationLeadsNowhereForbidden(t *testing.T) {
	s := site(t, webtest.Options{})
	navs, link := regexp.MustCompile(`(?s)<nav.*?</nav>`), regexp.MustCompile(`<a [^>]*href="(/[^"#?]*)`)
	for _, role := range access.Roles() {
		entries := map[bool][]string{}
		for _, limited := range []bool{false, true} {
			who := access.Principal{Name: "kim", Role: role, Via: corax.ViaSession}
			if limited {
				who.Scopes = []access.Scope{{{IDs: []string{"order"}}}}
			}
			for _, nav := range navs.FindAllString(as(s, who, http.MethodGet, "/problems", nil).Body.String(), -1) {
				for _, m := range link.FindAllStringSubmatch(nav, -1) {
					entries[limited] = append(entries[limited], m[1])
				}
			}
			slices.Sort(entries[limited])
			entries[limited] = slices.Compact(entries[limited])
			for _, path := range entries[limited] {
				if i := slices.IndexFunc(s.Routes, func(r web.Route) bool { return r.Method == http.MethodGet && r.Path == path }); i < 0 || s.Routes[i].Role > role {
					t.Errorf("%s is led to %s", role, path)
				}
				if !limited || role != access.RoleAdmin { // the scope's part is the same for all roles, and pages are dear
					continue
				}
				if w := as(s, who, http.MethodGet, path, nil); w.Code != http.StatusOK {
					t.Errorf("who has a scope is led to %s: status %d", path, w.Code)
				}
			}
		}
		if (slices.Contains(entries[true], "/health") || !slices.Contains(entries[false], "/health")) || !slices.Contains(entries[true], "/sites") {
			t.Errorf("%s is led to %v, with a scope to %v", role, entries[false], entries[true])
		}
	}
}

// Who asks for the head of a page alone, as probes and link checkers do, gets what the page would have answered.
func TestHeads(t *testing.T) {
	s := site(t, webtest.Options{})
	for path, want := range map[string]int{"/": http.StatusOK, "/problems/nosuch": http.StatusNotFound, "/nosuch": http.StatusNotFound} {
		if w := do(s, http.MethodHead, path, access.RoleViewer, nil); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}
