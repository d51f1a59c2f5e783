package server

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/access"
	"corax/store/sqlite"
)

// users is a book with ann, an operator, whose session and token it gives.
func users(t *testing.T) (b *access.Book, session, token string) {
	t.Helper()
	clock := func() time.Time { return now }
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "corax.db"), Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	b = access.New(access.Options{Store: s, Clock: clock, Cost: access.Cost{Memory: 8, Passes: 1, Threads: 1},
		Lifetimes: access.Lifetimes{Idle: time.Hour, Session: time.Hour, Invite: time.Hour, Token: time.Hour}})
	link, _, err := b.Invite(t.Context(), "test", "ann", access.RoleOperator, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = b.Redeem(t.Context(), link, "", "correct horse battery", access.Client{}); err != nil {
		t.Fatal(err)
	}
	session, _, err = b.Login(t.Context(), "ann", "correct horse battery", "", access.Client{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.BySession(t.Context(), session, access.Client{})
	if err != nil {
		t.Fatal(err)
	}
	if token, _, err = b.MakeToken(t.Context(), p, "ann", access.NewToken{Name: "x", Role: access.RoleViewer}); err != nil {
		t.Fatal(err)
	}
	return b, session, token
}

// Whoever shows a session or a token of their own acts by their name, with their role.
func TestUsersCallTheAPI(t *testing.T) {
	b, session, token := users(t)
	f := &fake{}
	h := New(Options{Access: b, Records: f, Controls: f, Clock: func() time.Time { return now }})
	const answer = "POST /api/v1/approvals/apr-7"
	for _, c := range []struct {
		name, call string
		header     map[string]string
		cookie     string
		status     int
		want       string
	}{
		{"a session", answer, nil, "corax=" + session, http.StatusOK, "answer apr-7 allow by ann via session"},
		{"a session, from a page of ours", answer, map[string]string{"Sec-Fetch-Site": "same-origin"}, "corax=" + session, http.StatusOK, "answer apr-7 allow by ann via session"},
		{"a session, from another site's page", answer, map[string]string{"Sec-Fetch-Site": "cross-site"}, "corax=" + session, http.StatusUnauthorized, ""},
		{"a session, from a page beside us", answer, map[string]string{"Sec-Fetch-Site": "same-site"}, "corax=" + session, http.StatusUnauthorized, ""},
		{"a session, from another origin", answer, map[string]string{"Origin": "https://evil.example.org"}, "corax=" + session, http.StatusUnauthorized, ""},
		{"a session, in the cookie of encrypted connections", answer, nil, "__Host-corax=" + session, http.StatusUnauthorized, ""},
		{"a session as a token", answer, map[string]string{"Authorization": "Bearer " + session}, "", http.StatusUnauthorized, ""},
		{"a token as a session", answer, nil, "corax=" + token, http.StatusUnauthorized, ""},
		{"a wrong token beside a good session", answer, map[string]string{"Authorization": "Bearer crx_nothing"}, "corax=" + session, http.StatusUnauthorized, ""},
		{"a viewer's token", answer, map[string]string{"Authorization": "Bearer " + token}, "", http.StatusForbidden, ""},
		{"a viewer's token, for reading", "GET /api/v1/approvals", map[string]string{"Authorization": "Bearer " + token}, "", http.StatusOK, "approvals open=true"},
		{"nothing", answer, nil, "", http.StatusUnauthorized, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.calls = nil
			method, path, _ := strings.Cut(c.call, " ")
			r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(`{"by":"eve","verdict":"allow"}`))
			r.Header.Set("Content-Type", "application/json")
			for k, v := range c.header {
				r.Header.Set(k, v)
			}
			if c.cookie != "" {
				r.Header.Set("Cookie", c.cookie)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.status || strings.Join(f.calls, ";") != c.want {
				t.Errorf("%d, %q, expected %d, %q\n%s", w.Code, f.calls, c.status, c.want, w.Body)
			}
		})
	}
}

// Everything that the server has, but what is open on purpose, refuses whoever shows nothing, or nothing that is good.
func TestEveryRouteWantsToKnowWhoAsks(t *testing.T) {
	b, _, _ := users(t)
	f := &fake{}
	o := everything()
	o.Access, o.Records, o.Controls, o.Token = b, f, f, token
	h := New(o)
	routes := 0
	err := chi.Walk(h.(chi.Routes), func(method, path string, _ http.Handler, _ ...func(http.Handler) http.Handler) error { //nolint:forcetypeassert // it is
		routes++
		if slices.Contains(openPaths, path) {
			return nil
		}
		for _, bearer := range []string{"", "Bearer ", "Bearer x", "Bearer crx_x", "Basic YTpi"} {
			if w := ask(t, h, method+" "+strings.ReplaceAll(path, "{id}", "x"), `{}`, bearer); w.Code != http.StatusUnauthorized {
				t.Errorf("%s %s with %q: %d", method, path, bearer, w.Code)
			}
		}
		return nil
	})
	if err != nil || routes < 50 || len(f.calls) > 0 {
		t.Errorf("%d routes, calls %q, %v", routes, f.calls, err)
	}
}

func TestFront(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	alone, behind, names := Front{}, Front{Proxies: proxies}, Front{Hosts: []string{"Corax.example.org"}}
	for _, c := range []struct {
		name             string
		f                Front
		peer, host, path string
		header           http.Header
		status           int
		address          string
		secure           bool
	}{
		{"directly", alone, "192.0.2.1:5", "x", "/", nil, 200, "192.0.2.1", false},
		{"with a forged header", alone, "192.0.2.1:5", "x", "/", http.Header{"X-Forwarded-For": {"1.1.1.1"}, "X-Forwarded-Proto": {"https"}}, 200, "192.0.2.1", false},
		{"encrypted", Front{TLS: true}, "192.0.2.1:5", "x", "/", nil, 200, "192.0.2.1", true},
		{"IPv4 in IPv6", alone, "[::ffff:192.0.2.1]:5", "x", "/", nil, 200, "192.0.2.1", false},
		{"through a proxy", behind, "10.0.0.7:5", "x", "/", http.Header{"X-Forwarded-For": {"192.0.2.1"}, "X-Forwarded-Proto": {"https"}}, 200, "192.0.2.1", true},
		{"through a proxy, in the clear", behind, "10.0.0.7:5", "x", "/", http.Header{"X-Forwarded-For": {"192.0.2.1"}, "X-Forwarded-Proto": {"https, http"}}, 200, "192.0.2.1", false},
		{"through two proxies", behind, "10.0.0.7:5", "x", "/", http.Header{"X-Forwarded-For": {"9.9.9.9, 192.0.2.1", "10.0.0.8"}}, 200, "192.0.2.1", false},
		{"through a proxy that says nothing", behind, "10.0.0.7:5", "x", "/", nil, 200, "10.0.0.7", false},
		{"through a proxy that says nonsense", behind, "10.0.0.7:5", "x", "/", http.Header{"X-Forwarded-For": {"192.0.2.1, unknown"}}, 200, "10.0.0.7", false},
		{"past the proxy", behind, "192.0.2.1:5", "x", "/", nil, 403, "", false},
		{"past the proxy, forged", behind, "192.0.2.1:5", "x", "/", http.Header{"X-Forwarded-For": {"10.0.0.7"}}, 403, "", false},
		{"past the proxy, on this machine", behind, "127.0.0.1:5", "x", "/", nil, 200, "127.0.0.1", false},
		{"past the proxy, asking for health", behind, "192.0.2.1:5", "x", "/healthz", nil, 200, "192.0.2.1", false},
		{"past the proxy, encrypted", Front{Proxies: proxies, TLS: true}, "192.0.2.1:5", "x", "/", nil, 200, "192.0.2.1", true},
		{"by its name", names, "127.0.0.1:5", "corax.example.ORG:443", "/", nil, 200, "127.0.0.1", false},
		{"by its name with a dot", names, "127.0.0.1:5", "corax.example.org.", "/", nil, 200, "127.0.0.1", false},
		{"by address", names, "127.0.0.1:5", "127.0.0.1:9094", "/", nil, 200, "127.0.0.1", false},
		{"by IPv6 address", names, "[::1]:5", "[::1]:9094", "/", nil, 200, "::1", false},
		{"as localhost", names, "127.0.0.1:5", "localhost:9094", "/", nil, 200, "127.0.0.1", false},
		{"by another name", names, "127.0.0.1:5", "evil.example.org:9094", "/", nil, 421, "", false},
		{"by a name that begins alike", names, "127.0.0.1:5", "127.0.0.1.evil.example.org", "/", nil, 421, "", false},
		{"by no name", names, "127.0.0.1:5", "", "/", nil, 421, "", false},
		{"by another address", names, "127.0.0.1:5", "192.0.2.1", "/", nil, 421, "", false},
		{"by another name, asking for health", names, "127.0.0.1:5", "10.2.3.4:9094", "/healthz", nil, 200, "127.0.0.1", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got access.Client
			h := c.f.guard(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = access.ClientFrom(r.Context()) }))
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.path, nil)
			r.RemoteAddr, r.Host = c.peer, c.host
			if c.header != nil {
				r.Header = c.header
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.status || got.Address != c.address || got.Secure != c.secure {
				t.Errorf("%d, %+v, expected %d, %s, %t", w.Code, got, c.status, c.address, c.secure)
			}
		})
	}
}

func TestBackupsFromElsewhere(t *testing.T) {
	f, dir := &fake{}, t.TempDir()
	a := api{o: Options{Records: f, Backups: dir}}
	elsewhere := access.With(t.Context(), access.Principal{Name: "ann", Role: access.RoleAdmin, Via: corax.ViaSession})
	for path, want := range map[string]string{
		"a.db": filepath.Join(dir, "a.db"), "sub/a.db": filepath.Join(dir, "sub/a.db"),
		"/etc/cron.d/x": "", "../a.db": "", "sub/../../a.db": "", "": "", ".": "", "sub/..": "",
	} {
		f.calls = nil
		err := a.backup(elsewhere, path)
		if want == "" && (corax.CodeOf(err) != corax.Forbidden || len(f.calls) > 0) || want != "" && (err != nil || f.calls[0] != "backup "+want) {
			t.Errorf("%q: %v, %q", path, err, f.calls)
		}
	}
	f.calls = nil
	if err := a.backup(access.With(t.Context(), access.Principal{Via: corax.ViaLocal}), "/x/y"); err != nil || f.calls[0] != "backup /x/y" {
		t.Errorf("%v, %q", err, f.calls)
	}
	if err := (api{o: Options{Records: f}}).backup(elsewhere, "a.db"); corax.CodeOf(err) != corax.Forbidden {
		t.Errorf("without a directory: %v", err)
	}
}

// A secret that is shown once is kept by nothing on its way.
func TestSecretsAreNotStoredOnTheirWay(t *testing.T) {
	b, _, _ := users(t)
	h := New(Options{Access: b, Token: token, Records: &fake{}, Controls: &fake{}, Clock: func() time.Time { return now }})
	for call, body := range map[string]string{
		"POST /api/v1/users":           `{"name":"bob","role":"viewer","scope":[{"labels":{"team":"shop"}}],"by":"ops"}`,
		"POST /api/v1/users/ann/reset": "",
		"POST /api/v1/tokens":          `{"user":"ann","name":"x","role":"viewer","by":"ops"}`,
	} {
		if w := ask(t, h, call, body, "Bearer "+token); w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, %q, %s", call, w.Code, w.Header().Get("Cache-Control"), w.Body)
		}
	}
	if w := ask(t, h, "GET /api/v1/users", "", "Bearer "+token); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "argon2") {
		t.Errorf("the list of users: %d, %s", w.Code, w.Body)
	}
	for call, want := range map[string]string{"GET /api/v1/tokens": `"start":"crx_`, "GET /api/v1/sessions": `"user":"usr-`, "GET /api/v1/invites": `"name":"bob"`, "GET /api/v1/whoami": `"via":"local"`} {
		w := ask(t, h, call, "", "Bearer "+token)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) || strings.Contains(strings.ToLower(w.Body.String()), "digest") {
			t.Errorf("%s: %d, %s", call, w.Code, w.Body)
		}
	}
}
