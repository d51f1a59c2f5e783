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
