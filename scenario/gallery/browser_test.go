package gallery

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"testing"

	"corax/web/webtest/chromium"
)

// What is published is usable by everybody in a real browser, in both themes, on a desk and on a phone: axe-core finds nothing, nothing is
// wider than the window, nothing that is asked for is missing, and text from outside does nothing.
func TestPublishedSiteInABrowser(t *testing.T) {
	b := chromium.Start(t)
	dir := t.TempDir()
	if _, err := Publish(dir, append(long(t, 2), poisoned(t), huge(t)), Site{}); err != nil {
		t.Fatal(err)
	}
	files := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := fs.Stat(os.DirFS(dir), path.Join(".", r.URL.Path)); err != nil && r.URL.Path != "/favicon.ico" {
			t.Errorf("a page asks for %s: %v", r.URL.Path, err)
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	tab := b.Person(t)
	seen := map[string]bool{} // one page of each kind of a directory, and all at the top
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		kind := path.Dir(name)
		if kind != "." {
			kind = path.Dir(kind) + "/" + map[bool]string{true: "index", false: "page"}[path.Base(name) == "index.html"]
		}
		poison := path.Base(path.Dir(name)) == "poisoned" || path.Base(name) == "poisoned.html"
		if err != nil || e.IsDir() || path.Ext(name) != ".html" || path.Dir(name) != "." && seen[kind] && !poison {
			return err
		}
		seen[kind] = true
		tab.Open(server.URL + "/" + name)
		for _, width := range []int64{1280, 390} {
			for _, theme := range []string{"light", "dark"} {
				tab.Size(width, 844, width == 390)
				tab.Theme(theme)
				for _, v := range tab.Axe() {
					t.Errorf("%s, %s, %d wide: %s: %s: %.300s", name, theme, width, v.ID, v.Help, v.Nodes[0].HTML)
				}
			}
			if wide := chromium.Eval[int64](tab, `document.documentElement.scrollWidth`); wide > width {
				t.Errorf("%s is %d wide in a window of %d", name, wide, width)
			}
		}
		t.Log(name)
		return nil
	})
	if err != nil || len(seen) < 3 {
		t.Errorf("kinds of pages %v: %v", seen, err)
	}
	tab.Clean()
}
