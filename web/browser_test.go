package web_test

import (
	"fmt"
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

// Every page, in both themes and on a phone as on a desk, is usable by everybody (axe-core), runs no script of what came from outside, keeps
// to its content security policy, and is never wider than the window. What a route's further examples add is their text: for them the
// themes, which are the same styles, are not tried again.
func TestPagesInABrowser(t *testing.T) {
	b := chromium.Start(t)
	s := site(t, webtest.Options{})
	url := serve(t, s)
	tab := b.Person(t)
	tab.Header(roleHeader, access.RoleAdmin.String())
	pages := 0
	for _, route := range s.Routes {
		if route.Method != http.MethodGet {
			continue
		}
		for n, path := range s.Examples(route.Path) {
			if !isPage(s, path) {
				continue
			}
			pages++
			t.Run(strings.Trim(strings.ReplaceAll(path, "/", "_"), "_"), func(t *testing.T) { look(t, tab.For(t), url+path, n == 0) })
		}
	}
	t.Logf("%d pages", pages)
}

const deskWidth, phoneWidth = 1280, 390

func look(t *testing.T, tab *chromium.Tab, url string, thorough bool) {
	t.Helper()
	see := func(theme string, width int64, rules ...string) {
		tab.Size(width, 844, width == phoneWidth)
		tab.Theme(theme)
		report(t, fmt.Sprintf("%s, %d wide", theme, width), tab.Axe(rules...))
		if wide := chromium.Eval[int64](tab, `document.documentElement.scrollWidth`); wide > width {
			t.Errorf("%d wide in a window of %d", wide, width)
		}
	}
	tab.Size(deskWidth, 844, false)
	tab.Open(url)
	see("light", deskWidth)
	if thorough {
		// Two of the four looks differ from the others in colours alone.
		see("dark", deskWidth, "color-contrast")
		see("light", phoneWidth, "color-contrast")
		see("dark", phoneWidth)
	} else {
		see("dark", phoneWidth, "color-contrast", "scrollable-region-focusable")
	}
	tab.Clean()
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
