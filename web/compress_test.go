package web_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"corax/access"
	"corax/web/webtest"
)

// A page is sent compressed to who takes that, and is the same; an answer to a form never is, since it may hold a secret.
func TestPagesAreSentCompressed(t *testing.T) {
	s := site(t, webtest.Options{})
	ask := func(method, path, takes string, form url.Values) *httptest.ResponseRecorder {
		who := access.Principal{Name: "jane", Role: access.RoleAdmin}
		r := httptest.NewRequestWithContext(access.With(context.Background(), who), method, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept-Encoding", takes)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	plain := ask(http.MethodGet, "/", "br", nil)
	for range 2 { // the second is written by what the first has left
		w := ask(http.MethodGet, "/", "br, gzip;q=0.8", nil)
		if w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("Vary") != "Accept-Encoding" || w.Body.Len() > plain.Body.Len()/2 {
			t.Errorf("%d bytes of %d, %v", w.Body.Len(), plain.Body.Len(), w.Header())
		}
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(z); err != nil || string(text) != plain.Body.String() {
			t.Errorf("it is another page, %v", err)
		}
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"who takes none":     plain,
		"who refuses it":     ask(http.MethodGet, "/", "gzip;q=0", nil),
		"an answer":          ask(http.MethodPost, "/policies/trial", "gzip", url.Values{"policy": {"rules: []"}}),
		"an error of a form": ask(http.MethodPost, "/problems/nosuch/pause", "gzip", nil),
		"its head alone":     ask(http.MethodHead, "/", "gzip", nil),
	} {
		if w.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s: it was compressed", name)
		}
	}
}
