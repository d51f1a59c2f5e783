package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/access"
	"corax/web"
	"corax/web/ui"
	"corax/web/webtest"
)

// Who asks for too many pages gets a short one that says when to come back, and others notice nothing.
func TestTooManyPages(t *testing.T) {
	at := webtest.Now
	s := site(t, webtest.Options{With: func(o *web.Options) {
		o.Limit = access.NewLimiter(func() time.Time { return at }, access.Limits{People: access.Rate{PerSecond: 1, Burst: 3}, Anonymous: access.Rate{PerSecond: 1, Burst: 2}})
	}})
	jane, paul := access.Principal{Name: "jane", Role: access.RoleOperator, Via: corax.ViaSession, Session: "s1"}, access.Principal{Name: "paul", Role: access.RoleOperator, Via: corax.ViaSession, Session: "s2"}
	for n, path := range []string{"/problems", "/signals?region=list", "/no-such-page"} {
		if w := as(s, jane, http.MethodGet, path, nil); w.Code == http.StatusTooManyRequests {
			t.Errorf("request %d: %d", n, w.Code)
		}
	}
	refused := func(what string, w *httptest.ResponseRecorder) {
		t.Helper()
		text := w.Body.String()
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" || !strings.Contains(text, "Too many requests; try again in 1 s") ||
			strings.Contains(text, "<nav") || !strings.Contains(w.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d, Retry-After %q: %s", what, w.Code, w.Header().Get("Retry-After"), text)
		}
	}
	refused("a page", as(s, jane, http.MethodGet, "/problems", nil))
	refused("a region", as(s, jane, http.MethodGet, "/problems?region=list", nil))
	refused("a live stream", as(s, jane, http.MethodGet, "/live", nil))
	refused("a form", as(s, jane, http.MethodPost, "/approvals/"+s.Waiting.Approvals[0].ID+"/answer", url.Values{"verdict": {"deny"}}))
	if a, err := s.Store.Approval(t.Context(), s.Waiting.Approvals[0].ID); err != nil || a.Answer == corax.Deny {
		t.Errorf("what was refused was done: %q, %v", a.Answer, err)
	}
	for _, want := range []int{200, 200, 200, 429} { // what an open page asks for by itself has a bucket beside that of clicks
		r := httptest.NewRequestWithContext(access.With(t.Context(), jane), http.MethodGet, "/problems?region=list", nil)
		r.Header.Set("X-Corax-Region", "1")
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != want {
			t.Errorf("a refresh: %d, want %d", w.Code, want)
		}
	}
	for range 20 {
		if w := as(s, jane, http.MethodGet, ui.Prefix+"no-such-file", nil); w.Code != http.StatusNotFound {
			t.Errorf("a file: %d", w.Code)
		}
	}
	if w := as(s, paul, http.MethodGet, "/problems", nil); w.Code != http.StatusOK {
		t.Errorf("somebody else: %d", w.Code)
	}
	for _, want := range []int{200, 200, 429} {
		if w := as(s, access.Principal{}, http.MethodGet, "/login", nil); w.Code != want {
			t.Errorf("nobody: %d, want %d", w.Code, want)
		}
	}
	at = at.Add(time.Second)
	if w := as(s, jane, http.MethodGet, "/problems", nil); w.Code != http.StatusOK {
		t.Errorf("a second later: %d", w.Code)
	}
}
