package app_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"corax"
	"corax/app"
	"corax/audit"
	"corax/config"
	"corax/store"
	"corax/vault"
)

// plantedSecrets are known to Corax, each from another source.
var plantedSecrets = map[string]string{
	"vault": `vlt-9f3c/"Zq+7 &x%41<y`,
	"env":   "env-4be1aa77c0de",
	"file":  "file-Kk2+/==pq?#93x",
	"late":  "late-77aa31bcd9e0", // stored while Corax runs
}

// unknownSecrets belong to monitored systems; only their looks give them away.
var unknownSecrets = []string{
	"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLWlz", "hunter2-is-theirs", "MIIEpAIBAAKCAQEAtheirkey", "sk9x8y7z6w5v4u3t2s1r",
}

// shapes are the forms in which a secret must not be found anywhere. What stands in the middle of a longer base64 text is
// the last of them, without the characters at its edges.
func shapes(secret string) map[string]string {
	quoted, _ := json.Marshal(secret)
	escaped := ""
	for _, r := range secret {
		escaped += fmt.Sprintf(`\u%04x`, r)
	}
	middle := base64.StdEncoding.EncodeToString([]byte("u:" + secret + ":x")) // two bytes before it
	end := 4 * ((2 + len(secret)) / 3)
	return map[string]string{
		"plain": secret, "json": strings.Trim(string(quoted), `"`), "escaped": escaped, "query": url.QueryEscape(secret),
		"path": url.PathEscape(secret), "hex": hex.EncodeToString([]byte(secret)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"base64": strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "="),
		"url64":  base64.RawURLEncoding.EncodeToString([]byte(secret)), "shifted64": middle[4:end],
	}
}

// mustNotHold fails where any form of any secret stands in the text.
func mustNotHold(t *testing.T, where string, text []byte) {
	t.Helper()
	for name, secret := range plantedSecrets {
		for shape, form := range shapes(secret) {
			if i := bytes.Index(text, []byte(form)); i >= 0 {
				t.Errorf("%s holds the secret %q as %s: ...%q...", where, name, shape, text[max(0, i-120):min(len(text), i+len(form)+40)])
			}
		}
	}
	for _, secret := range unknownSecrets {
		if i := bytes.Index(text, []byte(secret)); i >= 0 {
			t.Errorf("%s holds %q: ...%q...", where, secret, text[max(0, i-120):min(len(text), i+len(secret)+40)])
		}
	}
}

// syncBuffer is a buffer for many writers.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) Bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.b.Bytes())
}

// leaky is everything around Corax: a service that tells secrets in its errors, an agent that repeats the token which it
// was called with, and addresses that Corax posts to.
type leaky struct {
	posted syncBuffer // what Corax sent
	down   chan struct{}
}

func (l *leaky) isDown() bool {
	select {
	case <-l.down:
		return true
	default:
		return false
	}
}

func (l *leaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case r.URL.Path == "/health" && l.isDown():
		w.Header().Set("X-Reason", token)
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, "connection refused: login with %s failed, password=hunter2-is-theirs", allShapes())
	case r.URL.Path == "/health":
		_, _ = io.WriteString(w, "ok")
	case r.URL.Path == "/process":
		_ = json.NewEncoder(w).Encode(map[string]any{"running": !l.isDown(), "note": allShapes(), "token": token})
	case r.URL.Path == "/process/start":
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "the token %s may not start anything; %s", token, allShapes())
	default: // a hook
		body, _ := io.ReadAll(r.Body)
		_, _ = l.posted.Write(append([]byte(r.URL.Path+" "), append(body, '\n')...))
	}
}

// allShapes is a text with every form of every secret.
func allShapes() string {
	var parts []string
	for _, secret := range plantedSecrets {
		for shape, form := range shapes(secret) {
			if shape != "shifted64" { // it comes with the text around it
				parts = append(parts, form)
			}
		}
		parts = append(parts, base64.StdEncoding.EncodeToString([]byte("u:"+secret+":x")))
	}
	slices.Sort(parts)
	return strings.Join(append(parts, "Bearer "+unknownSecrets[0], "password="+unknownSecrets[1],
		"-----BEGIN PRIVATE KEY-----\n"+unknownSecrets[2]+"\n-----END PRIVATE KEY-----", "api_key="+unknownSecrets[3]), " ; ")
}

func leakyConfig(t *testing.T, dir, base, shop, mail string) (file, logFile string, f vault.File) {
	t.Helper()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, err := vault.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keyFile, tokenFile := write("vault.key", key), write("token", plantedSecrets["file"]+"\n")
	logFile = write("service.log", "")
	t.Setenv("CORAX_TEST_SECRET", plantedSecrets["env"])
	f = vault.File{Path: filepath.Join(dir, "data", "vault.json"), Key: vault.KeySource("file:" + keyFile).Key}
	if _, err := f.Set("agent/token", "of the agent", []byte(plantedSecrets["vault"])); err != nil {
		t.Fatal(err)
	}
	file = write("corax.yaml", strings.NewReplacer("BASE", base, "SHOP", shop, "MAILSERVER", mail, "KEY", keyFile, "TOKEN", tokenFile, "LOG", logFile).Replace(`
data_dir: data
listen: 127.0.0.1:0
vault: {key: "file:KEY"}
audit: {webhook: {url: "BASE/anchors", token: env:CORAX_TEST_SECRET}}
escalation: {webhook: {url: "BASE/escalations", token: "file:TOKEN"}}
notify:
  channels:
    - {name: mail, mail: {server: "MAILSERVER", from: corax@example.org, tls: none}}
    - {name: hook, webhook: {url: "BASE/notices", token: vault:agent/token}}
    - name: ticket
      http: {url: "BASE/tickets", token: env:CORAX_TEST_SECRET, body: '{"title": {{json .subject}}, "text": {{json .text}}, "data": {{json .data}}}'}
  contacts: [{name: ada, reach: [{channel: mail, to: ada@example.org}, {channel: hook}, {channel: ticket}]}]
  routes: [{name: all, steps: [{contacts: ada}]}]
topology: {entities: [{id: shop, kind: service, attributes: {agent_url: "BASE"}}, {id: billing, kind: service}, {id: crm, kind: service}]}
receivers: {generic: [{name: tool, entity: host, message: text, labels: {extra: extra}}]}
monitors:
  - {name: shop-health, entity: shop, every: 100ms, severity: high, http: {steps: [{url: "SHOP/health", token: vault:agent/token}]}}
  - {name: billing-health, entity: billing, every: 100ms, http: {steps: [{url: "BASE/health", token: vault:agent/token}]}}
  - {name: crm-log, entity: crm, log: {path: "LOG"}}
  - {name: shop-beat, entity: shop, heartbeat: {grace: 1h}}
investigate: {settle: 50ms, most: 200ms}
heal: {stable_for: 300ms, escalate_after: 1s, step_retry: 100ms, limits: {storm_problems: 0}}
actions:
  - name: process.restart
    title: Start a process that is down
    applies_to: {kinds: [service]}
    risk: reversible
    read: [{name: process, http: {url: "${target.attributes.agent_url}/process", token: vault:agent/token}}]
    goal: facts.process.running
    precheck: [{that: "!facts.process.running", else: it runs}]
    effect: {http: {method: POST, url: "${target.attributes.agent_url}/process/start", token: vault:agent/token}}
    verify: [{that: facts.process.running, else: "it is down: ${facts.process.note}"}]
    monitors: ["${target.id}-health"]
    within: 2s
    inverse: {action: process.stop}
  - name: process.stop
    title: Stop a process
    applies_to: {kinds: [service]}
    risk: disruptive
    read: [{name: process, http: {url: "${target.attributes.agent_url}/process", token: vault:agent/token}}]
    goal: "!facts.process.running"
    effect: {http: {method: POST, url: "${target.attributes.agent_url}/process/stop", token: vault:agent/token}}
    verify: [{that: "!facts.process.running", else: it runs}]
    within: 2s
    inverse: {action: process.restart}
policy: {rules: [{name: go, when: "entity.id == 'shop' && action.risk == 'reversible'", then: allow, autonomy: auto, because: "a test"}]}
`))
	return file, logFile, f
}

// Secrets are planted in whatever comes in, in every form, and must not be found in anything that Corax keeps or gives.
func TestNoSecretGetsOut(t *testing.T) {
	world := &leaky{down: make(chan struct{})}
	hooks := httptest.NewServer(world)
	defer hooks.Close()
	shop := httptest.NewServer(world)
	box, mail := startPostbox(t)
	dir := t.TempDir()
	file, logFile, f := leakyConfig(t, dir, hooks.URL, shop.URL, mail)
	cfg, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	var log syncBuffer
	a := start(t, app.Options{Config: cfg, File: file, Version: "test",
		Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if _, err := f.Set("late", "", []byte(plantedSecrets["late"])); err != nil {
		t.Fatal(err)
	}
	if err := a.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}

	awaitUp(t, a)
	plant(t, a, logFile)
	close(world.down)
	shop.Close()
	until(t, "an action that failed", func(ctx context.Context) bool {
		runs, err := a.Store().PlanRuns(ctx)
		return err == nil && len(runs) > 0 && slices.ContainsFunc(runs, func(r corax.PlanRun) bool {
			return slices.ContainsFunc(r.Steps, func(s corax.StepRun) bool { return s.State == corax.StepFailed && s.Result != "" })
		})
	})
	until(t, "an escalation", func(context.Context) bool { return bytes.Contains(world.posted.Bytes(), []byte("/escalations ")) })
	for _, way := range []struct {
		where *syncBuffer
		mark  string
	}{{&box.got, "MAIL "}, {&world.posted, "/notices "}, {&world.posted, "/tickets "}} {
		until(t, "a notice by "+way.mark, func(context.Context) bool { return bytes.Contains(way.where.Bytes(), []byte(way.mark)) })
	}

	answers := everyAnswer(t, a, cfg.DataDir)
	if !bytes.Contains(answers, []byte("[redacted]")) || !bytes.Contains(answers, []byte("connection refused")) {
		t.Error("the signals aren't there, or nothing was taken out of them")
	}
	mustNotHold(t, "an answer of the API", answers)
	searchFiles(t, cfg.DataDir) // as they stand under a running Corax, with the write-ahead logs
	claim, err := app.AuditClaim(t.Context(), cfg, "", "")
	if err != nil {
		t.Fatal(err)
	}
	var export bytes.Buffer
	if err := audit.Export(&export, claim); err != nil {
		t.Fatal(err)
	}
	mustNotHold(t, "the exported audit", export.Bytes())
	for _, use := range []string{"vault:agent/token", "env:CORAX_TEST_SECRET", "effect of process.restart", "reading process", "vault.changed"} {
		if !bytes.Contains(export.Bytes(), []byte(use)) {
			t.Errorf("the audit doesn't tell of %s", use)
		}
	}
	a.Stop()
	if report := verifyDir(t, cfg); !report.OK {
		t.Errorf("the audit of the stopped Corax: %v", report.Problems)
	}
	searchFiles(t, cfg.DataDir)
	mustNotHold(t, "the log", log.Bytes())
	mustNotHold(t, "what was posted", world.posted.Bytes())
	mustNotHold(t, "mail", box.got.Bytes())
	if !bytes.Contains(world.posted.Bytes(), []byte("/anchors ")) {
		t.Error("no anchor was posted")
	}
}

func verifyDir(t *testing.T, cfg config.Config) audit.Report {
	t.Helper()
	claim, err := app.AuditClaim(t.Context(), cfg, "", "")
	if err != nil {
		t.Fatal(err)
	}
	return audit.Verify(claim)
}

func awaitUp(t *testing.T, a *app.App) {
	t.Helper()
	until(t, "a green monitor", func(context.Context) bool {
		return slices.ContainsFunc(a.Monitors(), func(m corax.ProbeResult) bool { return m.Monitor == "shop-health" && m.State == corax.MonitorUp })
	})
}

// plant sends every secret by every receiver.
func plant(t *testing.T, a *app.App, logFile string) {
	t.Helper()
	text := "connection refused: " + allShapes()
	now := time.Now().UTC().Format(time.RFC3339)
	send := func(path string, body any) {
		doc, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		if status, answer := request(t, "POST", a.URL()+path, string(doc)); status/100 != 2 {
			t.Fatalf("%s: %d %s", path, status, answer)
		}
	}
	send("/api/v2/alerts", []any{map[string]any{"labels": map[string]string{"alertname": "Down", "service": "pay", "extra": text},
		"annotations": map[string]string{"summary": text, "description": text}, "startsAt": now, "generatorURL": "http://x/?q=" + url.QueryEscape(text)}})
	send("/v2/enqueue", map[string]any{"routing_key": "k", "event_action": "trigger", "dedup_key": "d" + plantedSecrets["env"],
		"payload": map[string]any{"summary": text, "source": "ledger", "severity": "critical", "custom_details": map[string]string{"log": text}}})
	send("/receive/tool", map[string]string{"host": "crm", "text": text, "extra": text})
	if err := os.WriteFile(logFile, []byte("ERROR "+strings.ReplaceAll(text, "\n", " ")+"\n"+
		`{"level":"error","message":`+jsonText(text)+`,"detail":`+jsonText(allShapes())+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, _ := request(t, "POST", a.URL()+"/heartbeat/shop-beat", jsonText(text))
	if status/100 != 2 {
		t.Fatalf("heartbeat: %d", status)
	}
	request(t, "POST", a.URL()+"/api/v2/alerts", text) // no JSON: an error that quotes it
	awaitSignals(t, a, 5)
}

func jsonText(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// everyAnswer is what the API and the pages say to all questions that can be asked.
func everyAnswer(t *testing.T, a *app.App, dataDir string) []byte {
	t.Helper()
	token := "Bearer " + readAddress(t, dataDir).Token
	paths := []string{"/incidents?limit=1000", "/problems", "/events?limit=1000", "/monitors", "/approvals", "/pages", "/reach", "/work-orders", "/stop", "/silences", "/audit?limit=1000",
		"/incidents/" + url.PathEscape(plantedSecrets["env"])}
	incidents, err := a.Store().Incidents(t.Context(), store.IncidentFilter{})
	if err != nil {
		t.Fatal(err)
	}
	pages := []string{"/", "/problems", "/problems?show=all", "/incidents", "/incidents?show=all", "/signals", "/signals?q=" + url.QueryEscape(plantedSecrets["env"]),
		"/signals/templates", "/monitors", "/monitors/shop-health", "/changes", "/topology", "/approvals", "/sites", "/notifications", "/actions", "/policies",
		"/policies/decisions", "/audit", "/knowledge", "/scenarios", "/settings", "/settings/configuration", "/settings/credentials", "/settings/people", "/settings/users", "/health"}
	for _, i := range incidents {
		paths = append(paths, "/incidents/"+i.ID)
		pages = append(pages, "/incidents/"+i.ID)
	}
	problems, err := a.Store().Problems(t.Context(), store.ProblemFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		paths = append(paths, "/problems/"+p.ID)
		for _, part := range []string{"", "/why", "/report", ".md", "/export"} {
			pages = append(pages, "/problems/"+p.ID+part)
		}
	}
	var all bytes.Buffer
	for _, path := range paths {
		_, text := request(t, "GET", a.URL()+"/api/v1"+path, "", "Authorization", token)
		all.WriteString(path[:min(len(path), 12)] + " " + text + "\n")
	}
	for _, path := range pages {
		status, text := request(t, "GET", a.URL()+path, "", "Authorization", token)
		if status != http.StatusOK {
			t.Errorf("the page %.20s: %d", path, status)
		}
		all.WriteString(path[:min(len(path), 12)] + " " + text + "\n")
	}
	_, metrics := request(t, "GET", a.URL()+"/metrics", "")
	all.WriteString(metrics)
	return all.Bytes()
}

// searchFiles looks through every file of the data directory but the vault itself, whatever it is.
func searchFiles(t *testing.T, dir string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // a file may go while the directory is read
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil //nolint:nilerr // the same
		}
		files++
		name, _ := filepath.Rel(dir, path)
		mustNotHold(t, "file "+name, text)
		return nil
	})
	if err != nil || files < 5 {
		t.Errorf("%d files were searched, %v", files, err)
	}
}
