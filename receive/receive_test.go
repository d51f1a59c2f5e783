package receive

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"go.uber.org/goleak"

	"corax"
	"corax/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC)

// stage is a server with all receivers, and what they published.
type stage struct {
	t   *testing.T
	url string
	now time.Time

	mu     sync.Mutex
	stored []corax.Signal
	refuse error // what publishing answers
}

func newStage(t *testing.T, change func(*Options)) *stage {
	t.Helper()
	s := &stage{t: t, now: noon}
	o := Options{Publish: s.publish, Clock: func() time.Time { return s.now }, Secrets: func(ref string) (string, error) {
		if ref == "env:GONE" {
			return "", errors.New("not set")
		}
		return strings.TrimPrefix(ref, "env:"), nil
	}}
	if change != nil {
		change(&o)
	}
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	mux := chi.NewRouter()
	r.Routes(mux)
	srv := httptest.NewServer(mux)
	t.Cleanup(func() { srv.Close(); http.DefaultClient.CloseIdleConnections() })
	s.url = srv.URL
	return s
}

func (s *stage) publish(_ context.Context, signals []corax.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		return s.refuse
	}
	s.stored = append(s.stored, signals...)
	return nil
}

// post returns the status, the head and the body of the answer.
func (s *stage) post(path, body string, header ...string) (int, http.Header, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for n := 0; n+1 < len(header); n += 2 {
		req.Header.Set(header[n], header[n+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

// want posts and holds the status, and a part of the answer, against what came.
func (s *stage) want(status int, part, path, body string, header ...string) {
	s.t.Helper()
	got, _, text := s.post(path, body, header...)
	if got != status || !strings.Contains(text, part) {
		s.t.Errorf("POST %s %.200s\n got %d %s\nwant %d ... %s", path, body, got, text, status, part)
	}
}

func (s *stage) ids() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, sig := range s.stored {
		ids = append(ids, sig.ID)
	}
	return ids
}

const (
	alertsPath  = "/api/v2/alerts"
	enqueuePath = "/v2/enqueue"
	oneAlert    = `[{"labels":{"alertname":"Down","service":"auth","severity":"critical"},` +
		`"annotations":{"summary":"auth is down"},"startsAt":"2026-03-30T11:58:00Z"}]`
	oneEvent = `{"routing_key":"KEY","event_action":"trigger","dedup_key":"d1",` +
		`"payload":{"summary":"disk full","source":"db-1","severity":"error","timestamp":"2026-03-30T11:59:00Z"}}`
)

func TestRequestsAreBoundedAndChecked(t *testing.T) {
	s := newStage(t, func(o *Options) { o.MaxBody = 2000 })
	s.want(413, "larger than 2000 bytes", alertsPath, "["+strings.Repeat(" ", 2000)+"]")
	s.want(415, "application/json", alertsPath, oneAlert, "Content-Type", "text/plain")
	s.want(415, "application/json", alertsPath, oneAlert, "Content-Type", "application/x-www-form-urlencoded")
	s.want(403, "other origins", alertsPath, oneAlert, "Sec-Fetch-Site", "cross-site")
	s.want(403, "other origins", alertsPath, oneAlert, "Origin", "https://elsewhere.example")
	s.want(200, "", alertsPath, oneAlert, "Content-Type", "application/json; charset=utf-8")
	s.want(200, "", alertsPath, oneAlert, "Content-Type", "")
	if status, _, _ := s.post("/receive/unknown", "{}"); status != 404 {
		t.Errorf("an unknown receiver answered %d", status)
	}
	if n := len(s.stored); n != 2 {
		t.Errorf("%d signals were stored, want those of the two good requests", n)
	}
}

func TestTokens(t *testing.T) {
	open := newStage(t, nil)
	open.want(200, "", alertsPath, oneAlert)

	missing := newStage(t, func(o *Options) { o.RequireToken = true })
	missing.want(401, "none is configured", alertsPath, oneAlert)

	s := newStage(t, func(o *Options) { o.Tokens = []string{"env:first", "env:second"}; o.RequireToken = true })
	s.want(401, "Bearer TOKEN", alertsPath, oneAlert)
	s.want(401, "", alertsPath, oneAlert, "Authorization", "Bearer third")
	s.want(401, "", alertsPath, oneAlert, "Authorization", "first")
	s.want(200, "", alertsPath, oneAlert, "Authorization", "Bearer first")
	s.want(200, "", alertsPath, oneAlert, "Authorization", "Bearer second")
	s.want(401, "", enqueuePath, oneEvent)
	s.want(202, "", enqueuePath, strings.Replace(oneEvent, "KEY", "second", 1))
	s.want(202, "", enqueuePath, oneEvent, "Authorization", "Bearer first")
	s.want(401, "", enqueuePath, `{"routing_key":`)

	for _, ref := range []string{"env:GONE", "env:"} {
		_, err := New(Options{Tokens: []string{ref}, Secrets: func(ref string) (string, error) {
			if ref == "env:GONE" {
				return "", errors.New("not set")
			}
			return "", nil
		}})
		if err == nil {
			t.Errorf("token %s was taken", ref)
		}
	}
}

func TestOnlyWhatIsDurableIsAcknowledged(t *testing.T) {
	s := newStage(t, nil)
	for _, c := range []struct {
		err    error
		status int
		retry  string
		part   string
	}{
		{corax.Errorf(corax.Unavailable, "publish signals", "the stream is full"), 503, "1", "the stream is full"},
		{errors.New("internal thing"), 503, "1", "send them again"},
		{corax.Errorf(corax.Invalid, "publish signals", "too large"), 400, "", "too large"},
	} {
		s.refuse = c.err
		for path, body := range map[string]string{alertsPath: oneAlert, enqueuePath: oneEvent} {
			status, head, text := s.post(path, body)
			if status != c.status || head.Get("Retry-After") != c.retry || !strings.Contains(text, c.part) {
				t.Errorf("%s while publishing says %v: %d, Retry-After %q, %s", path, c.err, status, head.Get("Retry-After"), text)
			}
			if strings.Contains(text, "internal thing") {
				t.Errorf("an internal error was told to a client: %s", text)
			}
		}
	}
	s.refuse = nil
	s.want(200, "", alertsPath, oneAlert)
}

func TestTooManyRequestsAtOnce(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s := newStage(t, func(o *Options) {
		o.MaxAtOnce = 1
		o.Publish = func(context.Context, []corax.Signal) error { close(entered); <-leave; return nil }
	})
	first := make(chan int, 1)
	go func() { status, _, _ := s.post(alertsPath, oneAlert); first <- status }()
	<-entered
	status, head, _ := s.post(alertsPath, oneAlert)
	close(leave)
	if status != 429 || head.Get("Retry-After") == "" {
		t.Errorf("the second request got %d, Retry-After %q", status, head.Get("Retry-After"))
	}
	if got := <-first; got != 200 {
		t.Errorf("the first request got %d", got)
	}
}

// A pooled parser and buffer are used again: what was published before must not change with them.
func TestSignalsKeepNothingOfTheirRequest(t *testing.T) {
	s := newStage(t, func(o *Options) {
		o.Mappings = []config.Mapping{{Name: "tool", Message: "text", Labels: map[string]string{"a": "a"}}}
	})
	s.post(alertsPath, oneAlert)
	s.post("/receive/tool", `{"text":"first words","a":"first label"}`)
	before, err := json.Marshal(s.stored)
	if err != nil {
		t.Fatal(err)
	}
	kept := slices.Clone(s.stored)
	for range 50 {
		s.post(alertsPath, strings.NewReplacer("auth", "XXXX", "Down", "YYYY", "critical", "ZZZZZZZZ").Replace(oneAlert))
		s.post("/receive/tool", `{"text":"OTHER WORDS","a":"OTHER LABEL"}`)
	}
	after, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Errorf("published signals changed\nfrom %s\n  to %s", before, after)
	}
}

func TestStatus(t *testing.T) {
	s := newStage(t, nil)
	resp, err := http.Get(s.url + "/api/v2/status") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var doc map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil || doc["versionInfo"] == nil {
		t.Errorf("status is %v, %v", doc, err)
	}
}

func read(t testing.TB, file string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
