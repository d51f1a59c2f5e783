package server

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"corax"
)

func (f *fake) Comment(_ context.Context, problem, by, text string) (corax.Event, error) {
	return corax.Event{Kind: corax.EventComment, Problem: problem, Text: text}, f.note("comment %s by %s: %s", problem, by, text)
}

func (f *fake) TakeOver(_ context.Context, problem, by, reason string) error {
	return f.note("take over %s by %s: %s", problem, by, reason)
}

func TestAttention(t *testing.T) {
	for _, c := range []struct {
		call, body string
		status     int
		want       []string
	}{
		{"POST /api/v1/problems/prb-7/comments", `{"by":"ann","text":"I see it too"}`, http.StatusOK, []string{"comment prb-7 by ann: I see it too"}},
		{"POST /api/v1/problems/prb-7/comments", `{"by":"ann","text":""}`, http.StatusUnprocessableEntity, nil},
		{"POST /api/v1/problems/prb-7/comments", `{"by":"ann","text":"` + strings.Repeat("x", 4001) + `"}`, http.StatusUnprocessableEntity, nil},
		{"POST /api/v1/problems/prb-7/take-over", `{"by":"ann"}`, http.StatusOK, []string{"take over prb-7 by ann: "}},
		{"POST /api/v1/problems/prb-7/take-over", `{}`, http.StatusUnprocessableEntity, nil},
	} {
		f := &fake{}
		if w := ask(t, handler(f), c.call, c.body, "Bearer "+token); w.Code != c.status || !slices.Equal(f.calls, c.want) {
			t.Errorf("%s %.60s: %d, %q, expected %d %q\n%s", c.call, c.body, w.Code, f.calls, c.status, c.want, w.Body)
		}
	}
}

// The pages stand beside the API: what the API does not have is not theirs to answer.
func TestPagesStandBesideTheAPI(t *testing.T) {
	f := &fake{}
	pages := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("a page")) })
	h := New(Options{Version: "1", Token: token, Records: f, Controls: f, Pages: pages})
	for path, want := range map[string]int{"/": 200, "/problems/x": 200, "/healthz": 200, "/api/v1/nosuch": 404, "/api/v2/problems": 404, "/api": 200} {
		w := ask(t, h, "GET "+path, "", "Bearer "+token)
		if w.Code != want {
			t.Errorf("%s: %d, expected %d", path, w.Code, want)
		}
		if is := strings.HasPrefix(path, "/api/"); is && (strings.Contains(w.Body.String(), "a page") || w.Header().Get("Content-Type") != "application/problem+json") {
			t.Errorf("%s was answered by a page: %s", path, w.Body)
		}
	}
	if w := ask(t, h, "GET /api/v1/problems", "", ""); w.Code != http.StatusUnauthorized {
		t.Errorf("the API without a token: %d", w.Code)
	}
}
