package chromium_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"corax/web/webtest/chromium"
)

// What no page may do is seen where a page does it: else a test of Tab.Clean would prove nothing.
func TestSeesWhatNoPageMayDo(t *testing.T) {
	b := chromium.Start(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		body := "<p>calm"
		switch r.URL.Path {
		case "/dialog":
			body = `<script>alert("a dialog")</script>`
		case "/throws":
			body = `<script>throw new Error("thrown")</script>`
		case "/policy":
			w.Header().Set("Content-Security-Policy", "default-src 'none'")
			body = `<script>alert("never")</script>`
		}
		_, _ = io.WriteString(w, "<!doctype html><html lang=en><title>x</title><body>"+body)
	}))
	t.Cleanup(server.Close)
	for path, want := range map[string]string{"/dialog": "a dialog", "/throws": "threw", "/policy": "Content Security Policy", "/calm": ""} {
		t.Run(strings.Trim(path, "/"), func(t *testing.T) {
			tab := b.Person(t)
			tab.Open(server.URL + path)
			tab.Await(`document.readyState === "complete"`)
			seen := strings.Join(tab.Seen(), "\n")
			if want == "" && seen != "" || !strings.Contains(seen, want) || strings.Contains(seen, "never") {
				t.Errorf("seen %q, want %q", seen, want)
			}
		})
	}
}

// A rule that a page breaks is found, and a change of the document is awaited, also beyond the load of another page.
func TestFindsAndAwaits(t *testing.T) {
	b := chromium.Start(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/next" {
			_, _ = io.WriteString(w, `<!doctype html><html lang=en><title>next</title><h1>Next</h1><script>setTimeout(() => { document.title = "changed" }, 1)</script>`)
			return
		}
		_, _ = io.WriteString(w, `<!doctype html><html lang=en><title>first</title><main><h1>First</h1><img src=data:,><a href=/next>on</a></main>`)
	}))
	t.Cleanup(server.Close)
	tab := b.Person(t)
	tab.Open(server.URL)
	found := false
	for _, v := range tab.Axe() {
		found = found || v.ID == "image-alt"
	}
	if !found {
		t.Error("an image without a text was not found")
	}
	tab.Submit("a")
	tab.Await(`document.title === "changed"`)
	tab.Clean()
}
