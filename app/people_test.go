package app_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"corax"
	"corax/app"
	"corax/config"
	"corax/server"
)

// onSiteEngine finds that the switch needs hands on site, whatever is seen.
type onSiteEngine struct{}

func (onSiteEngine) Diagnose(c corax.Case) corax.Report {
	r := corax.Report{ID: c.ID}
	var signals []int
	for n := range c.Signals {
		signals = append(signals, n)
	}
	entity := "sw-1"
	r.Incidents = []corax.CaseIncident{{ID: "i1", Entity: &entity, Signals: signals, Severity: corax.High}}
	r.Problems = []corax.Diagnosis{{Incidents: []string{"i1"}, Signals: signals, Pattern: corax.Unknown, Severity: corax.High, Confidence: 0.95,
		RootCause: corax.RootCause{Entity: entity, Mechanism: "optic_failed", Summary: "The optic in port 7 of sw-1 has failed."},
		Plan: corax.Plan{Mode: corax.RemoteHands, Why: "hands are needed", Steps: []corax.Step{{ID: "1.1", Action: "optic.replace", Target: entity,
			Params: map[string]string{}, Risk: corax.Disruptive, Purpose: corax.Fix, Do: "Replace the optic in port 7 of sw-1"}}}}}
	return r
}

// mailbox keeps the notices that a webhook gets.
type mailbox struct {
	mu  sync.Mutex
	got []note
}

type note struct {
	Kind string `json:"kind"`
	Say  string `json:"say"`
	Link string `json:"link"`
}

func (m *mailbox) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	data, _ := io.ReadAll(r.Body)
	var n note
	_ = json.Unmarshal(data, &n)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.got = append(m.got, n)
}

// find gives the first notice of this kind, or of this say.
func (m *mailbox) find(word string) (note, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range m.got {
		if n.Kind == word || n.Say == word {
			return n, true
		}
	}
	return note{}, false
}

// A fault that only hands can heal: people on site are asked, accept by their link, Corax restarts, they say that they
// are done when they are not, and are believed only once the monitor is green.
func TestPeopleOnSiteHealAFault(t *testing.T) {
	var broken atomic.Bool
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if broken.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer target.Close()
	box := &mailbox{}
	post := httptest.NewServer(box)
	defer post.Close()
	cfg, err := config.Parse("people.yaml", []byte(`
topology: {entities: [{id: sw-1, kind: switch}]}
monitors: [{name: sw-1-up, entity: sw-1, every: 100ms, severity: high, http: {url: "`+target.URL+`"}}]
heal: {stable_for: 200ms, step_retry: 20ms}
notify:
  public_url: http://corax.invalid
  channels: [{name: hook, webhook: {url: "`+post.URL+`"}}]
  contacts: [{name: ada, reach: [{channel: hook}]}]
  routes: [{name: all, steps: [{contacts: ada}]}]
hands:
  sites: [{name: fra1, verify_within: 500ms, ladder: [{contact: ada}]}]
  places: [{entity: sw-1, site: fra1, rack: R07}]
`))
	if err != nil {
		t.Fatal(err)
	}
	base := testConfig(t.TempDir())
	cfg.DataDir, cfg.Listen, cfg.Investigate = base.DataDir, base.Listen, base.Investigate
	o := app.Options{Config: cfg, Engine: onSiteEngine{}}
	a := start(t, o)
	until(t, "the monitor", func(ctx context.Context) bool { return a.AwaitMonitors(ctx) == nil })
	broken.Store(true)

	answer := func(a *app.App, word, do string) (int, string) {
		until(t, word, func(context.Context) bool { _, ok := box.find(word); return ok })
		n, _ := box.find(word)
		address := strings.Replace(n.Link, "http://corax.invalid", a.URL(), 1)
		if status, text := request(t, "GET", address, ""); status != 200 || !strings.Contains(text, "R07") {
			t.Fatalf("%s: %d %s", word, status, text)
		}
		return request(t, "POST", address, url.Values{"do": {do}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}
	if status, text := answer(a, "offer", "accept"); status != 200 || !strings.Contains(text, "Thank you") {
		t.Fatalf("%d %s", status, text)
	}
	until(t, "the page about the problem", func(context.Context) bool { _, ok := box.find("opened"); return ok })
	a.Stop()
	a = start(t, o)
	if status, text := answer(a, "accepted", "done"); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	until(t, "the reopening", func(context.Context) bool { _, ok := box.find("reopened"); return ok })
	broken.Store(false)
	if status, text := answer(a, "reopened", "done"); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	for _, word := range []string{"verified", "escalated", "closed"} {
		until(t, word, func(context.Context) bool { _, ok := box.find(word); return ok })
	}
	address := readAddress(t, cfg.DataDir)
	var list struct{ Items []corax.WorkOrder }
	status, text := request(t, "GET", a.URL()+"/api/v1/work-orders", "", "Authorization", "Bearer "+address.Token)
	if err := json.Unmarshal([]byte(text), &list); status != 200 || err != nil || len(list.Items) != 1 {
		t.Fatalf("%d %v %s", status, err, text)
	}
	orders := list.Items
	if orders[0].State != corax.WorkVerified || orders[0].Reopened != 1 || orders[0].By != "ada" {
		t.Errorf("%+v", orders[0])
	}
	for path, want := range map[string]string{"/reach": `"contact":"ada"`, "/pages?live=false": `"kind":"order"`, "/work-orders/" + orders[0].ID: `"state":"verified"`} {
		if status, text := request(t, "GET", a.URL()+"/api/v1"+path, "", "Authorization", "Bearer "+address.Token); status != 200 || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	if status, _ := request(t, "GET", a.URL()+"/api/v1/pages", ""); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}

	// Who has a scope is told of what concerns it, and of nothing else.
	shown := map[string]string{"/pages": `"kind":"order"`, "/sites": `"name":"fra1"`, "/work-orders": orders[0].ID}
	inside, outside := scopedToken(t, a, address.Token, "ann", "sw-1"), scopedToken(t, a, address.Token, "ben", "sw-2")
	for path, what := range shown {
		if status, text := request(t, "GET", a.URL()+"/api/v1"+path, "", "Authorization", "Bearer "+inside); status != 200 || !strings.Contains(text, what) {
			t.Errorf("%s within the scope: %d %s", path, status, text)
		}
		if status, text := request(t, "GET", a.URL()+"/api/v1"+path, "", "Authorization", "Bearer "+outside); status != 200 || !strings.Contains(text, `"items":[]`) {
			t.Errorf("%s outside the scope: %d %s", path, status, text)
		}
	}
	var pages struct{ Items []corax.Page }
	if _, text := request(t, "GET", a.URL()+"/api/v1/pages", "", "Authorization", "Bearer "+inside); json.Unmarshal([]byte(text), &pages) != nil || len(pages.Items) == 0 {
		t.Fatal(text)
	}
	for token, want := range map[string]int{inside: http.StatusOK, outside: http.StatusNotFound} {
		if status, text := request(t, "GET", a.URL()+"/api/v1/pages/"+pages.Items[0].ID, "", "Authorization", "Bearer "+token); status != want {
			t.Errorf("one page: %d for %d: %s", status, want, text)
		}
	}
}

// scopedToken is a token of a new viewer who sees one entity.
func scopedToken(t *testing.T, a *app.App, local, name, entity string) string {
	t.Helper()
	scope := `[{"ids": ["` + entity + `"]}]`
	call := func(path, body string, into any) {
		t.Helper()
		status, text := request(t, "POST", a.URL()+"/api/v1"+path, body, "Authorization", "Bearer "+local, "Content-Type", "application/json")
		if err := json.Unmarshal([]byte(text), into); status != 200 || err != nil {
			t.Fatalf("%s: %d %v %s", path, status, err, text)
		}
	}
	var invited server.SetupLink
	call("/users", `{"name": "`+name+`", "role": "viewer", "scope": `+scope+`, "by": "jane"}`, &invited)
	const password = "a long enough passphrase 4711"
	if status, text := request(t, "POST", a.URL()+invited.Path, url.Values{"password": {password}, "again": {password}}.Encode(),
		"Content-Type", "application/x-www-form-urlencoded"); status >= 400 {
		t.Fatalf("%d %s", status, text)
	}
	var issued server.Issued
	call("/tokens", `{"user": "`+name+`", "name": "test", "role": "viewer", "by": "jane"}`, &issued)
	return issued.Value
}
