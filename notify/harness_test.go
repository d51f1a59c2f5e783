package notify

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"corax"
	"corax/config"
	"corax/notify/link"
	"corax/store/sqlite"
	"corax/vault"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a notifier over a real store, on a clock that only the test moves.
type bench struct {
	*testing.T
	*Notifier
	store    *sqlite.Store
	mu       sync.Mutex
	now      time.Time
	settings Settings
	redactor vault.Redactor
	inbox    *inbox
}

// inbox is a server that keeps what was posted to it, by path.
type inbox struct {
	mu     sync.Mutex
	got    []posted
	answer map[string]int // path -> status; 200 where none is set
}

type posted struct {
	path, body string
	header     http.Header
}

func (b *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, posted{r.URL.Path, string(body), r.Header})
	if status := b.answer[r.URL.Path]; status != 0 {
		if status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
	}
}

func (b *inbox) at(path string) []posted {
	b.mu.Lock()
	defer b.mu.Unlock()
	var some []posted
	for _, p := range b.got {
		if p.path == path {
			some = append(some, p)
		}
	}
	return some
}

// kinds lists what arrived at a path.
func (b *inbox) kinds(t *testing.T, path string) []string {
	t.Helper()
	out := []string{}
	for _, p := range b.at(path) {
		var m payload
		if err := json.Unmarshal([]byte(p.body), &m); err != nil {
			t.Fatalf("%v in %s", err, p.body)
		}
		out = append(out, m.Kind)
	}
	return out
}

func (b *inbox) set(path string, status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer[path] = status
}

var start = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) // a Friday

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, now: start, inbox: &inbox{answer: map[string]int{}}}
	server := httptest.NewServer(b.inbox)
	t.Cleanup(server.Close)
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "corax.db"), Clock: b.time})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	b.store = store
	b.settings.PublicURL = "https://corax.example.org/"
	b.settings.Topology = corax.Topology{Entities: []corax.Entity{
		{ID: "auth", Kind: "service", Labels: map[string]string{"team": "platform"}}, {ID: "db", Kind: "database"},
	}}
	for _, name := range []string{"ada", "bob", "cat"} {
		b.settings.Channels = append(b.settings.Channels, config.Channel{Name: name, Webhook: &config.Webhook{URL: server.URL + "/" + name}})
		b.settings.Contacts = append(b.settings.Contacts, config.Contact{Name: name, Language: "en", Reach: []config.Reach{{Channel: name}}})
	}
	b.settings.Routes = []config.Route{{Name: "all", On: config.OnOpened, Rounds: 1, Steps: []config.RouteStep{
		{Contacts: []string{"ada"}, Wait: 5 * time.Minute}, {Contacts: []string{"bob"}, Wait: 10 * time.Minute},
	}}}
	b.restart()
	return b
}

func (b *bench) time() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

// restart forgets all but what is stored.
func (b *bench) restart() {
	b.Helper()
	signer, err := link.New([]byte("0123456789abcdef"))
	if err != nil {
		b.Fatal(err)
	}
	b.Notifier = New(Options{Store: b.store, Settings: func() Settings { return b.settings }, Links: signer, Redactor: &b.redactor,
		Clock: b.time, Log: slog.New(slog.DiscardHandler)})
	if err := b.remember(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(b.o.HTTP.CloseIdleConnections)
}

// look follows the problems and sends what is due, until nothing more is.
func (b *bench) look() time.Time {
	b.Helper()
	if err := b.follow(b.Context()); err != nil {
		b.Fatal(err)
	}
	next, err := b.round(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.sends.Wait()
	return next
}

func (b *bench) pass(d time.Duration) {
	b.Helper()
	b.mu.Lock()
	b.now = b.now.Add(d)
	b.mu.Unlock()
	b.look()
	b.look() // a refusal makes the next step due
}

func (b *bench) problem(id, entity string, severity corax.Severity, change func(*corax.Problem)) corax.Problem {
	b.Helper()
	p := corax.Problem{ID: id, State: corax.ProblemOpen, OpenedAt: start, UpdatedAt: start, Diagnosis: corax.Diagnosis{
		Severity: severity, Pattern: corax.Unknown, Confidence: 0.9,
		RootCause: corax.RootCause{Entity: entity, Mechanism: "key_used_early", Summary: entity + " signs with a key that others lack."}}}
	if old, err := b.store.Problem(b.Context(), id); err == nil {
		p = old
	}
	if change != nil {
		change(&p)
	}
	if err := b.store.SaveProblem(b.Context(), p, nil, nil); err != nil {
		b.Fatal(err)
	}
	return p
}

func (b *bench) page(problem string) corax.Page {
	b.Helper()
	p, err := b.store.Page(b.Context(), PageOf(problem))
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func (b *bench) arrived(path string, want ...string) {
	b.Helper()
	if got := b.inbox.kinds(b.T, "/"+path); !slices.Equal(got, want) {
		b.Errorf("%s: %s got %v, want %v", b.time().Format(time.TimeOnly), path, got, want)
	}
}
