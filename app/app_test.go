package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"corax"
	"corax/app"
	"corax/config"
	"corax/diagnose"
	"corax/knowledge"
	"corax/store"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(runChild(dir))
	}
	goleak.VerifyTestMain(m)
}

func newEngine(t testing.TB) *diagnose.Engine {
	t.Helper()
	catalogue, err := knowledge.Load()
	if err != nil {
		t.Fatal(err)
	}
	return diagnose.New(catalogue)
}

func testConfig(dir string) config.Config {
	c := config.Default()
	c.DataDir, c.Listen = dir, "127.0.0.1:0"
	c.Investigate = config.Investigate{Settle: 20 * time.Millisecond, Most: 60 * time.Millisecond}
	return c
}

// start runs an App until the test ends, or until it is stopped.
func start(t *testing.T, o app.Options) *app.App {
	t.Helper()
	if o.Engine == nil {
		o.Engine = newEngine(t)
	}
	a, err := app.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Stop(); http.DefaultClient.CloseIdleConnections() })
	return a
}

// request returns status and body of one request.
func request(t *testing.T, method, url, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for n := 0; n+1 < len(header); n += 2 {
		req.Header.Set(header[n], header[n+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// until looks now and then, until ok or the test's patience is over.
func until(t *testing.T, what string, ok func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok(ctx) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("gave up waiting for %s", what)
		}
	}
}

func readAddress(t *testing.T, dir string) app.Address {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, app.AddressFile))
	if err != nil {
		t.Fatal(err)
	}
	var a app.Address
	if err := json.Unmarshal(data, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func alert(service, summary string, at time.Time) string {
	return fmt.Sprintf(`[{"labels":{"alertname":"Alert","service":%q,"severity":"critical"},"annotations":{"summary":%q},"startsAt":%q}]`,
		service, summary, at.UTC().Format(time.RFC3339Nano))
}

func storedIDs(t *testing.T, a *app.App) []string {
	t.Helper()
	var ids []string
	if err := a.Store().SignalIDs(t.Context(), func(id string) error { ids = append(ids, id); return nil }); err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	return ids
}

func awaitSignals(t *testing.T, a *app.App, n int64) {
	t.Helper()
	until(t, fmt.Sprintf("%d stored signals", n), func(ctx context.Context) bool {
		got, err := a.Store().CountSignals(ctx)
		return err == nil && got >= n
	})
}

func TestStartAndStopTwiceInOneProcess(t *testing.T) {
	before := goleak.IgnoreCurrent()
	dir := t.TempDir()
	engine := newEngine(t)
	for round := range 2 {
		began := time.Now()
		a, err := app.Start(t.Context(), app.Options{Config: testConfig(dir), Engine: engine})
		if err != nil {
			t.Fatal(err)
		}
		started := time.Since(began)
		if status, _ := request(t, "POST", a.URL()+"/api/v2/alerts", alert("svc", "round", time.Now().Add(time.Duration(round)))); status != 200 {
			t.Errorf("round %d: status %d", round, status)
		}
		awaitSignals(t, a, int64(round)+1)
		http.DefaultClient.CloseIdleConnections()
		began = time.Now()
		a.Stop()
		t.Logf("round %d: started in %s, stopped in %s", round, started, time.Since(began))
		a.Stop() // twice is fine
		if _, err := os.Stat(filepath.Join(dir, app.AddressFile)); err == nil {
			t.Error("a stopped App still says where it listens")
		}
		goleak.VerifyNone(t, before)
	}
}

func TestTwoAtOnce(t *testing.T) {
	one, two := start(t, app.Options{Config: testConfig(t.TempDir())}), start(t, app.Options{Config: testConfig(t.TempDir())})
	if one.URL() == two.URL() {
		t.Error("both have one address")
	}
	for _, a := range []*app.App{one, two} {
		if status, _ := request(t, "GET", a.URL()+"/metrics", ""); status != 200 {
			t.Errorf("/metrics: %d", status)
		}
	}
}

func TestADataDirectoryBelongsToOne(t *testing.T) {
	dir := t.TempDir()
	first := start(t, app.Options{Config: testConfig(dir)})
	second, err := app.Start(t.Context(), app.Options{Config: testConfig(dir), Engine: newEngine(t)})
	if err == nil {
		second.Stop()
		t.Fatal("two run on one data directory")
	}
	if corax.CodeOf(err) != corax.Conflict {
		t.Errorf("error %v", err)
	}
	if addr := readAddress(t, dir); addr.URL != first.URL() {
		t.Errorf("the first one's address is now %+v", addr)
	}
	if status, _ := request(t, "GET", first.URL()+"/readyz", ""); status != 200 {
		t.Errorf("the first one answers %d", status)
	}
}

func TestPublicAddressesAndTheAPIsToken(t *testing.T) {
	dir := t.TempDir()
	a := start(t, app.Options{Config: testConfig(dir)})
	address := readAddress(t, dir)
	token := "Bearer " + address.Token
	for _, c := range []struct {
		path, token string
		status      int
		part        string
	}{
		{"/healthz", "", 200, "ok"},
		{"/readyz", "", 200, "ready"},
		{"/metrics", "", 200, "corax_signals_stored 0"},
		{"/api/v1/incidents", "", 401, "token"},
		{"/api/v1/incidents", "Bearer wrong", 401, "token"},
		{"/api/v1/incidents", token, 200, "["},
		{"/api/v1/problems", token, 200, "["},
		{"/api/v1/nothing", token, 404, ""},
	} {
		status, text := request(t, "GET", a.URL()+c.path, "", "Authorization", c.token)
		if status != c.status || !strings.Contains(text, c.part) {
			t.Errorf("GET %s with %q: %d %.200s", c.path, strings.TrimPrefix(c.token, token), status, text)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, app.AddressFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the token: %v %v", info, err)
	}
	if address.PID != os.Getpid() || address.URL != a.URL() {
		t.Errorf("address: %+v", address)
	}
}

func TestASecondStartGoesOn(t *testing.T) {
	dir := t.TempDir()
	a := start(t, app.Options{Config: testConfig(dir)})
	body := alert("billing", "connection refused: the process has crashed", time.Now())
	request(t, "POST", a.URL()+"/api/v2/alerts", body)
	until(t, "a problem", func(ctx context.Context) bool {
		list, err := a.Store().Problems(ctx, store.ProblemFilter{Open: true})
		return err == nil && len(list) == 1 && list[0].Plan != ""
	})
	was := storedIDs(t, a)
	a.Stop()

	b := start(t, app.Options{Config: testConfig(dir)})
	request(t, "POST", b.URL()+"/api/v2/alerts", body) // the client did not hear the first answer
	request(t, "POST", b.URL()+"/api/v2/alerts", alert("billing", "connection refused: the process has crashed", time.Now()))
	awaitSignals(t, b, 2)
	if is := storedIDs(t, b); len(is) != 2 || !slices.Contains(is, was[0]) {
		t.Errorf("signals: %v, before %v", is, was)
	}
	live, err := b.Store().LiveIncidents(t.Context())
	if err != nil || len(live) != 1 {
		t.Errorf("incidents: %+v, %v", live, err)
	}
	problems, err := b.Store().Problems(t.Context(), store.ProblemFilter{})
	if err != nil || len(problems) != 1 || problems[0].Plans != 1 {
		t.Errorf("problems: %+v, %v", problems, err)
	}
}

func TestReload(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "corax.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	beat := func(names ...string) string {
		text := "monitors:\n"
		for _, n := range names {
			text += "  - name: " + n + "\n    heartbeat: {grace: 1h}\n"
		}
		return text
	}
	write(beat("one"))
	cfg, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	cfg.DataDir, cfg.Listen = filepath.Join(dir, "data"), "127.0.0.1:0"
	a := start(t, app.Options{Config: cfg, File: file})
	address := readAddress(t, cfg.DataDir)
	reload := func() (int, string) {
		return request(t, "POST", a.URL()+"/api/v1/reload", "", "Authorization", "Bearer "+address.Token)
	}
	monitors := func() string {
		var names []string
		for _, m := range a.Monitors() {
			names = append(names, m.Monitor)
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	write(beat("one", "two"))
	if status, text := reload(); status/100 != 2 || monitors() != "one two" {
		t.Errorf("reload: %d %s, monitors %s", status, text, monitors())
	}
	for _, broken := range []string{"monitors: [", beat("one", "two", "three") + "  - name: x\n    hartbeat: {}\n"} {
		write(broken)
		if err := a.Reload(t.Context()); err == nil || monitors() != "one two" {
			t.Errorf("a broken file was taken: %v, monitors %s", err, monitors())
		}
	}
	write(beat("two"))
	if err := a.Reload(t.Context()); err != nil || monitors() != "two" {
		t.Errorf("reload: %v, monitors %s", err, monitors())
	}
	if a.URL() != address.URL {
		t.Error("the address changed")
	}
}

func TestBackupAndRestore(t *testing.T) {
	dir := t.TempDir()
	a := start(t, app.Options{Config: testConfig(filepath.Join(dir, "first"))})
	for n := range 20 {
		request(t, "POST", a.URL()+"/api/v2/alerts", alert(fmt.Sprint("svc-", n%3), "down", time.Now().Add(time.Duration(n)-time.Minute)))
	}
	awaitSignals(t, a, 20)
	want := storedIDs(t, a)
	file := filepath.Join(dir, "backup.db")
	status, text := request(t, "POST", a.URL()+"/api/v1/backup", `{"path":"`+file+`"}`,
		"Authorization", "Bearer "+readAddress(t, filepath.Join(dir, "first")).Token)
	if status/100 != 2 {
		t.Fatalf("backup: %d %s", status, text)
	}
	a.Stop()

	// Where the stream is still there, what was acknowledged after the backup is not lost.
	after := start(t, app.Options{Config: testConfig(filepath.Join(dir, "first"))})
	request(t, "POST", after.URL()+"/api/v2/alerts", alert("svc-9", "down", time.Now()))
	awaitSignals(t, after, 21)
	after.Stop()
	if err := app.Restore(t.Context(), file, filepath.Join(dir, "first"), false); corax.CodeOf(err) != corax.Conflict {
		t.Fatalf("a store was replaced without being asked for: %v", err)
	}
	if err := app.Restore(t.Context(), file, filepath.Join(dir, "first"), true); err != nil {
		t.Fatal(err)
	}
	over := start(t, app.Options{Config: testConfig(filepath.Join(dir, "first"))})
	awaitSignals(t, over, 21)
	over.Stop()

	second := filepath.Join(dir, "second")
	if err := app.Restore(t.Context(), file, second, false); err != nil {
		t.Fatal(err)
	}
	b := start(t, app.Options{Config: testConfig(second)})
	if got := storedIDs(t, b); !slices.Equal(got, want) {
		t.Errorf("%d signals came back of %d", len(got), len(want))
	}
	live, err := b.Store().LiveIncidents(t.Context())
	if err != nil || len(live) != 3 {
		t.Errorf("%d incidents came back, %v", len(live), err)
	}
	request(t, "POST", b.URL()+"/api/v2/alerts", alert("svc-0", "down", time.Now()))
	awaitSignals(t, b, 21)
	if live, err = b.Store().LiveIncidents(t.Context()); err != nil || len(live) != 3 {
		t.Errorf("a symptom after the restore opened another incident: %d, %v", len(live), err)
	}
}

func TestWhatCannotStartLeavesNothingRunning(t *testing.T) {
	before := goleak.IgnoreCurrent()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	badDir := testConfig(filepath.Join(file, "data"))
	badListen := testConfig(t.TempDir())
	badListen.Listen = "192.0.2.1:1" // not an address of this machine
	badToken := testConfig(t.TempDir())
	badToken.Tokens = []string{"env:CORAX_TEST_NOT_SET"}
	for name, cfg := range map[string]config.Config{"data directory": badDir, "address": badListen, "token": badToken} {
		if a, err := app.Start(t.Context(), app.Options{Config: cfg, Engine: newEngine(t)}); err == nil {
			a.Stop()
			t.Errorf("it started with a bad %s", name)
		}
	}
	goleak.VerifyNone(t, before)
}
