package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/app"
	"corax/config"
)

const governed = `topology:
  entities: [{id: shop, kind: service, labels: {team: shop}}]
tokens: [env:NO_SUCH_TOKEN]
policy:
  rules:
    - name: reads
      when: action.risk == "read"
      then: allow
      because: it changes nothing
actions:
  - name: shop.check
    title: See whether the shop runs
    applies_to: {ids: [shop]}
    risk: read
    read: [{name: health, http: {url: "http://127.0.0.1:1/health"}}] # by itself
    verify: [{that: facts.health.status == 'ok', else: "it is down"}]
    within: 1s
`

// The pages of governing show what a running Corax has, measured and recorded.
func TestGoverningPagesOfARunningCorax(t *testing.T) {
	cfg, err := config.Parse("corax.yaml", []byte(governed))
	if err != nil {
		t.Fatal(err)
	}
	own := testConfig(t.TempDir())
	cfg.DataDir, cfg.Listen = own.DataDir, own.Listen
	t.Setenv("NO_SUCH_TOKEN", "s3cr3t-of-the-receivers")
	a := start(t, app.Options{Config: cfg, Version: "v-test"})
	bearer := "Bearer " + readAddress(t, cfg.DataDir).Token
	decision := corax.Decision{ID: "dec-1", At: time.Now(), Plan: "pln-1", Step: "1", Verdict: corax.Allow, Rule: "reads", Why: "it changes nothing",
		Input: map[string]any{"action": map[string]any{"name": "shop.check", "risk": "read"}, "entity": map[string]any{"id": "shop"}}}
	if err := a.Store().SaveDecision(t.Context(), decision); err != nil {
		t.Fatal(err)
	}
	if err := a.Store().Backup(t.Context(), t.TempDir()+"/copy.db"); err != nil {
		t.Fatal(err)
	}
	for path, texts := range map[string][]string{
		"/health":                 {"Corax v-test", "Test page", "never", "0 messages", "free", "0 s ago"},
		"/actions/shop.check":     {"See whether the shop runs", "# by itself", "corax.yaml, line 11", "GET http://127.0.0.1:1/health"},
		"/policies":               {"it changes nothing", "corax.yaml:6"},
		"/policies/decisions":     {"shop.check", "reads"},
		"/audit":                  {"Corax started", "backup written", "ed25519:", "audit-anchors.jsonl"},
		"/knowledge":              {"All of them, by field"},
		"/settings":               {"not thrown", "Nothing is silenced"},
		"/settings/configuration": {"env:NO_SUCH_TOKEN", "corax.yaml:3", "default"},
		"/settings/credentials":   {"There is no vault", "env:NO_SUCH_TOKEN", "tokens[0]"},
		"/settings/people":        {"Nobody is told"},
	} {
		status, page := request(t, "GET", a.URL()+path, "", "Authorization", bearer)
		if status != http.StatusOK || strings.Contains(page, "s3cr3t") {
			t.Errorf("%s: status %d", path, status)
		}
		for _, text := range texts {
			if !strings.Contains(page, text) {
				t.Errorf("%s doesn't say %q:\n%s", path, text, page)
			}
		}
	}
	for policy, texts := range map[string][]string{
		"rules:\n- {name: never, when: \"true\", then: deny}":                            {"1 of 1 decision would differ", "never"},
		"policy: {rules: [{name: reads, when: \"action.risk == 'read'\", then: allow}]}": {"None of 1 decision would differ"},
		"rules:\n- name: odd\n  when: nosuch > 1\n  then: deny\n":                        {"policy:3:9", "nosuch"},
		"rools: []": {"policy:1:1", "rools"},
		"rules: [":  {"can't be used"},
	} {
		form := url.Values{"policy": {policy}, "past": {"10"}}.Encode()
		_, page := request(t, "POST", a.URL()+"/policies/trial", form, "Authorization", bearer, "Content-Type", "application/x-www-form-urlencoded")
		for _, text := range texts {
			if !strings.Contains(page, text) {
				t.Errorf("%s doesn't say %q:\n%s", policy, text, page)
			}
		}
	}
	for _, name := range []string{"corax_store_bytes ", `corax_consumer_lag{consumer="triage"}`, "corax_audit_entries ", "corax_page_reports_total 0", "corax_monitors_late 0"} {
		if _, page := request(t, "GET", a.URL()+"/metrics", ""); !strings.Contains(page, "\n"+name) {
			t.Errorf("there is no metric %s", name)
		}
	}
}
