package app_test

import (
	"strings"
	"testing"

	"corax/app"
	"corax/config"
)

// What a proxy passes on comes from anybody, though the connection comes from this machine: nothing is believed for where it comes from.
func TestBehindAProxyOnThisMachine(t *testing.T) {
	for _, c := range []struct {
		what, access  string
		alerts, beats int
	}{
		{"by itself", "", 200, 204},
		{"called by a name", "access: {hosts: corax.example.org}\n", 401, 401},
		{"called by a public address", "notify: {public_url: \"https://corax.example.org\"}\n", 401, 401},
		{"behind a proxy", "access: {behind_proxy: 127.0.0.1, hosts: corax.example.org}\n", 401, 401},
	} {
		t.Run(c.what, func(t *testing.T) {
			cfg, err := config.Parse("corax.yaml", []byte(c.access+"monitors: [{name: beat, every: 1h, heartbeat: {grace: 1h}}]\n"))
			if err != nil {
				t.Fatal(err)
			}
			base := testConfig(t.TempDir())
			cfg.DataDir, cfg.Listen = base.DataDir, base.Listen
			a := start(t, app.Options{Config: cfg})
			if status, text := request(t, "POST", a.URL()+"/api/v2/alerts", `[{"labels":{"alertname":"Down"}}]`); status != c.alerts {
				t.Errorf("an alert without a token: %d, want %d: %s", status, c.alerts, text)
			}
			passedOn := []string{"X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https"}
			if c.access == "" {
				passedOn = nil
			}
			if status, _ := request(t, "POST", a.URL()+"/heartbeat/beat", "", passedOn...); status != c.beats {
				t.Errorf("a heartbeat: %d, want %d", status, c.beats)
			}
			if status, text := request(t, "POST", a.URL()+"/heartbeat/beat", ""); status != 204 {
				t.Errorf("a heartbeat of this machine: %d %s", status, text)
			}
			if status, text := request(t, "GET", a.URL()+"/login", "", passedOn...); status != 200 || !strings.Contains(text, "Log in") {
				t.Errorf("the page to log in: %d", status)
			}
		})
	}
}

// The API and the pages share what a caller has, and one who has used it up takes nothing from another.
func TestTooManyRequests(t *testing.T) {
	t.Setenv("ANN_TOKEN", "token-of-ann")
	t.Setenv("BOB_TOKEN", "token-of-bob")
	cfg, err := config.Parse("corax.yaml", []byte(`
operators: [{name: ann, token: env:ANN_TOKEN}, {name: bob, token: env:BOB_TOKEN}]
access: {limits: {people: {per_second: 1, burst: 6}, anonymous: {per_second: 1, burst: 4}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	base := testConfig(t.TempDir())
	cfg.DataDir, cfg.Listen = base.DataDir, base.Listen
	a := start(t, app.Options{Config: cfg})
	ask := func(who, path string) (int, string) {
		t.Helper()
		if who == "" {
			return request(t, "GET", a.URL()+path, "")
		}
		return request(t, "GET", a.URL()+path, "", "Authorization", "Bearer "+who)
	}
	// exhaust asks until it is too much, and gives that answer.
	exhaust := func(who string, paths ...string) (served int, text string) {
		t.Helper()
		for n := range 100 {
			status, text := ask(who, paths[n%len(paths)])
			if status == 429 {
				return n, text
			}
		}
		t.Fatalf("%s was never refused at %q", who, paths)
		return 0, ""
	}
	if n, text := exhaust("token-of-ann", "/api/v1/incidents"); n < 6 || n > 20 || !strings.Contains(text, `"code":"too_many"`) {
		t.Errorf("the API served ann %d: %s", n, text)
	}
	if n, text := exhaust("token-of-ann", "/problems"); n > 20 || !strings.Contains(text, "Too many requests") || !strings.Contains(text, "<html") {
		t.Errorf("the pages served ann %d more: %s", n, text)
	}
	for _, path := range []string{"/api/v1/incidents", "/problems"} {
		if status, text := ask("token-of-bob", path); status != 200 {
			t.Errorf("bob at %s: %d %s", path, status, text)
		}
	}
	if n, text := exhaust("", "/login", "/api/v1/incidents"); n < 4 || n > 20 {
		t.Errorf("nobody was served %d: %s", n, text)
	}
	if status, text := ask("token-of-bob", "/api/v1/incidents"); status != 200 { // from the same address
		t.Errorf("bob beside nobody: %d %s", status, text)
	}
	local := readAddress(t, cfg.DataDir).Token
	for range 50 {
		if status, text := ask(local, "/api/v1/incidents"); status != 200 {
			t.Fatalf("the command line: %d %s", status, text)
		}
		if status, _ := ask("", "/healthz"); status != 200 {
			t.Fatalf("a probe: %d", status)
		}
		if status, text := request(t, "POST", a.URL()+"/api/v2/alerts", `[]`); status != 200 {
			t.Fatalf("a receiver: %d %s", status, text)
		}
	}
	if _, text := ask("", "/metrics"); !strings.Contains(text, `corax_requests_refused_total{of="people"}`) || strings.Contains(text, `corax_requests_refused_total{of="people"} 0`) {
		t.Error("the metrics don't count what was refused")
	}
}
