package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"corax"
	"corax/access"
	"corax/web/webtest"
	"corax/web/webtest/chromium"
)

// roleHeader names the role in which the fixture is looked at.
const roleHeader = "X-Role"

// serve serves a site to a browser whose requests say in which role they come.
func serve(t *testing.T, s *webtest.Site) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if role, err := access.ParseRole(r.Header.Get(roleHeader)); err == nil {
			r = r.WithContext(access.With(r.Context(), access.Principal{Name: "jane", Role: role, Via: corax.ViaToken}))
		}
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		s.Live.Stop() // else its streams keep the server from closing
		server.Close()
	})
	return server.URL
}

// addresses lists the addresses of every page, each once: of a route with many examples the hostile one and the first.
func addresses(s *webtest.Site) (all []string) {
	for _, route := range s.Routes {
		if route.Method != http.MethodGet {
			continue
		}
		all = append(all, s.Examples(route.Path)...)
	}
	return all
}

// Every page, in both themes and on a phone as on a desk, is usable by everybody (axe-core), runs no script of what came from outside, keeps
// to its content security policy, and is never wider than the window.
func TestPagesInABrowser(t *testing.T) {
	b := chromium.Start(t)
	s := site(t, webtest.Options{})
	url := serve(t, s)
	tab := b.Person(t)
	tab.Header(roleHeader, access.RoleAdmin.String())
	for _, path := range addresses(s) {
		if !isPage(s, path) {
			continue
		}
		t.Run(strings.Trim(strings.ReplaceAll(path, "/", "_"), "_"), func(t *testing.T) {
			tab := tab.For(t)
			for n, look := range []struct {
				theme  string
				width  int64
				height int64
			}{{"light", 1280, 900}, {"dark", 390, 844}} {
				tab.Size(look.width, look.height, look.width < 500)
				tab.Theme(look.theme)
				if n == 0 {
					tab.Open(url + path)
				}
				report(t, look.theme, tab.Axe())
				if wide := chromium.Eval[int64](tab, `document.documentElement.scrollWidth`); wide > look.width {
					t.Errorf("%d wide in a window of %d", wide, look.width)
				}
			}
			// The other two of the four looks differ in colours alone.
			for _, look := range []struct {
				theme string
				width int64
			}{{"dark", 1280}, {"light", 390}} {
				tab.Size(look.width, 844, look.width < 500)
				tab.Theme(look.theme)
				report(t, look.theme, tab.Axe("color-contrast"))
			}
			tab.Clean()
			if chromium.Eval[bool](tab, `"hostile" in window`) {
				t.Error("text from outside ran as a script")
			}
		})
	}
}

func report(t *testing.T, look string, all []chromium.Violation) {
	t.Helper()
	for _, v := range all {
		for n, node := range v.Nodes {
			if n == 3 {
				break
			}
			t.Errorf("%s: %s: %s\n%s\n%s", look, v.ID, v.Help, node.HTML, node.Summary)
		}
	}
}

// isPage says that an address answers with a page and not with a file.
func isPage(s *webtest.Site, path string) bool {
	w := get(s, path, access.RoleAdmin)
	return w.Code == http.StatusOK && strings.HasPrefix(w.Header().Get("Content-Type"), "text/html")
}
