package server

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/store/sqlite"
)

// openStore is a store of its own for a test.
func openStore(t *testing.T) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "corax.db"), Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// keyed sends a call with an idempotency key.
func keyed(t *testing.T, h http.Handler, key, call, body, bearer string) *httptest.ResponseRecorder {
	t.Helper()
	method, path, _ := strings.Cut(call, " ")
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+bearer)
	r.Header.Set(idempotencyHeader, key)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestACallWithAKeyIsMadeOnce(t *testing.T) {
	records := openStore(t)
	f := &fake{}
	o := Options{Token: token, Records: f, Controls: f, Replies: records, Run: "first", Clock: func() time.Time { return now },
		Operator: func(token string) string { return map[string]string{"t-bob": "bob"}[token] },
		Redact:   func(b []byte) []byte { return []byte(strings.ReplaceAll(string(b), "s3cret", "***")) }}
	h := New(o)
	const pause, body = "POST /api/v1/plans/pln-1/pause", `{"by":"ann","reason":"x"}`
	first := keyed(t, h, "k1", pause, body, token)
	if first.Code != http.StatusOK || first.Header().Get(replayedHeader) != "" {
		t.Fatalf("the first: %d %s", first.Code, first.Body)
	}
	for n, again := range []*httptest.ResponseRecorder{keyed(t, h, "k1", pause, body, token), keyed(t, h, `"k1"`, pause, body, token),
		keyed(t, New(o), "k1", pause, body, token)} {
		if again.Code != first.Code || again.Body.String() != first.Body.String() || again.Header().Get(replayedHeader) != "true" ||
			again.Header().Get("Content-Type") != first.Header().Get("Content-Type") {
			t.Errorf("repeat %d: %d %v %s", n, again.Code, again.Header(), again.Body)
		}
	}
	if len(f.calls) != 1 {
		t.Errorf("it was carried out as often as %q", f.calls)
	}
	for name, c := range map[string]struct {
		key, call, body, bearer string
		status                  int
	}{
		"another body":          {"k1", pause, `{"by":"ann","reason":"y"}`, token, http.StatusUnprocessableEntity},
		"another plan":          {"k1", "POST /api/v1/plans/pln-2/pause", body, token, http.StatusUnprocessableEntity},
		"another method":        {"k1", "DELETE /api/v1/stop?by=ann", "", token, http.StatusUnprocessableEntity},
		"somebody else":         {"k1", pause, body, "t-bob", http.StatusOK},
		"another key":           {"k2", pause, body, token, http.StatusOK},
		"a key that is none":    {"a b", pause, body, token, http.StatusUnprocessableEntity},
		"a key that is long":    {strings.Repeat("x", mostKey+1), pause, body, token, http.StatusUnprocessableEntity},
		"a body that is long":   {"k3", pause, strings.Repeat(" ", mostBody+1), token, http.StatusRequestEntityTooLarge},
		"a reading with a key":  {"k1", "GET /api/v1/plans/pln-1", "", token, http.StatusOK},
		"nobody":                {"k1", pause, body, "x", http.StatusUnauthorized},
		"what is not allowed":   {"k4", pause, `{}`, token, http.StatusUnprocessableEntity},
		"the same, a next time": {"k5", pause, `{}`, token, http.StatusUnprocessableEntity},
	} {
		if w := keyed(t, h, c.key, c.call, c.body, c.bearer); w.Code != c.status || w.Header().Get(replayedHeader) != "" {
			t.Errorf("%s: %d, expected %d: %s", name, w.Code, c.status, w.Body)
		}
	}

	// What says that it did nothing for now can be tried again; any other answer is the answer, without secrets.
	f.err = corax.Errorf(corax.Unavailable, "pause", "full")
	if w := keyed(t, h, "k6", pause, body, token); w.Code != http.StatusServiceUnavailable {
		t.Errorf("full: %d", w.Code)
	}
	f.err = corax.Errorf(corax.Conflict, "pause", "it is over, says s3cret")
	refused := keyed(t, h, "k6", pause, body, token)
	if refused.Code != http.StatusConflict || strings.Contains(refused.Body.String(), "s3cret") {
		t.Errorf("refused: %d %s", refused.Code, refused.Body)
	}
	f.err = nil
	if w := keyed(t, h, "k6", pause, body, token); w.Code != http.StatusConflict || w.Body.String() != refused.Body.String() {
		t.Errorf("the refusal again: %d %s", w.Code, w.Body)
	}
}

// slow is controls whose pause waits.
type slow struct {
	*fake
	begun, end chan struct{}
}

func (s slow) Pause(ctx context.Context, plan, by, reason string) error {
	close(s.begun)
	<-s.end
	return ctx.Err() // of a client that is gone, were it still tied to it
}

func TestARepeatWhileTheFirstIsUnderWay(t *testing.T) {
	f := slow{&fake{}, make(chan struct{}), make(chan struct{})}
	o := Options{Token: token, Records: f, Controls: f, Replies: openStore(t), Run: "first"}
	h := New(o)
	const pause, body = "POST /api/v1/plans/pln-1/pause", `{"by":"ann"}`
	ctx, hangUp := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/v1/plans/pln-1/pause", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set(idempotencyHeader, "k1")
	first := make(chan int)
	go func() { // ends with the call
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		first <- w.Code
	}()
	<-f.begun
	hangUp()
	if w := keyed(t, h, "k1", pause, body, token); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "under way") {
		t.Errorf("meanwhile: %d %s", w.Code, w.Body)
	}
	o.Run = "second"
	if w := keyed(t, New(o), "k1", pause, body, token); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "cut off") {
		t.Errorf("after a restart: %d %s", w.Code, w.Body)
	}
	close(f.end)
	if code := <-first; code != http.StatusOK {
		t.Errorf("the first, whose client is gone: %d", code)
	}
	if w := keyed(t, h, "k1", pause, body, token); w.Code != http.StatusOK || w.Header().Get(replayedHeader) != "true" {
		t.Errorf("afterwards: %d %s", w.Code, w.Body)
	}
}

// An answer that may not be stored is shown once, and its repeat doesn't do it again.
func TestAnAnswerThatIsShownOnce(t *testing.T) {
	o := Options{Replies: openStore(t)}
	n := 0
	h := o.once(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n++
		w.Header().Set("Cache-Control", "no-store")
		_, _ = fmt.Fprintf(w, "secret %d", n)
	}))
	if w := keyed(t, h, "k1", "POST /tokens", "", token); w.Body.String() != "secret 1" {
		t.Errorf("the first: %s", w.Body)
	}
	if w := keyed(t, h, "k1", "POST /tokens", "", token); w.Code != http.StatusConflict || strings.Contains(w.Body.String(), "secret") || n != 1 {
		t.Errorf("the second: %d %s (%d)", w.Code, w.Body, n)
	}
}

// Every list goes on at the cursor that it gives.
func TestListsGoOn(t *testing.T) {
	records := openStore(t)
	for i := range 7 {
		state := corax.ProblemOpen
		if i == 3 {
			state = corax.ProblemClosed
		}
		at := now.Add(time.Duration(i/2) * time.Second)
		p := corax.Problem{ID: fmt.Sprintf("prb-%d", i), State: state, OpenedAt: at}
		if err := records.SaveProblem(t.Context(), p, nil, []corax.Event{{At: at, Kind: corax.EventProblemOpened, Problem: p.ID}}); err != nil {
			t.Fatal(err)
		}
	}
	h := New(Options{Token: token, Records: records, Controls: &fake{}})
	walk := func(path string) (ids []string, pages int) {
		for cursor := ""; ; {
			w := ask(t, h, "GET "+path+"&cursor="+cursor, "", "Bearer "+token)
			var l List[struct {
				ID string `json:"id"`
			}]
			decodeInto(t, w, &l)
			for _, i := range l.Items {
				ids = append(ids, i.ID)
			}
			pages++
			if cursor = l.Next; cursor == "" {
				return ids, pages
			}
		}
	}
	ids, pages := walk("/api/v1/problems?open=true&limit=2")
	if got := strings.Join(ids, " "); got != "prb-6 prb-5 prb-4 prb-2 prb-1 prb-0" || pages != 3 {
		t.Errorf("%d pages of problems: %s", pages, got)
	}
	if ids, pages := walk("/api/v1/events?limit=3"); len(ids) != 7 || pages != 3 {
		t.Errorf("%d pages of events: %s", pages, ids)
	}
	if ids, pages := walk("/api/v1/problems?limit=100"); len(ids) != 7 || pages != 1 {
		t.Errorf("%d pages of problems: %s", pages, ids)
	}
}
