package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"corax/web/webtest/chromium"
)

// served is a Corax that somebody has started in a directory, by hand.
type served struct {
	cmd     *exec.Cmd
	ended   chan error
	stopped bool
	link    string // that it printed for the first admin
}

var setupLink = regexp.MustCompile(`http://\S+/setup/\S+`)

// serveIn starts Corax in dir with nothing from around it, and returns when it runs: with its link where there is no user yet.
func serveIn(t *testing.T, dir string, user bool, args ...string) *served {
	t.Helper()
	s := &served{cmd: exec.Command(plainBinary(t), append([]string{"serve"}, args...)...), ended: make(chan error, 1)}
	s.cmd.Dir, s.cmd.Env = dir, []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + t.TempDir()}
	out, err := s.cmd.StderrPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for running := false; !running || s.link == "" && !user; {
		if !lines.Scan() {
			t.Fatalf("it ended: %v", s.cmd.Wait())
		}
		running = running || strings.Contains(lines.Text(), "corax is running")
		if link := setupLink.FindString(lines.Text()); link != "" {
			s.link = link
		}
	}
	go func() { // ends with the process
		_, _ = io.Copy(io.Discard, out)
		s.ended <- s.cmd.Wait()
	}()
	t.Cleanup(func() { s.stop(t) })
	return s
}

// stop ends it as Control-C does. Twice is fine.
func (s *served) stop(t *testing.T) {
	t.Helper()
	if s.stopped {
		return
	}
	s.stopped = true
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	if err := <-s.ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// Somebody starts Corax in an empty directory, and has nothing but what it prints and its pages: the first admin, a look at every page while
// nothing is there, the first monitor, the sample, the first scenario, two runs side by side, and a run with a live system that is cancelled.
func TestFirstRunInABrowser(t *testing.T) {
	b := chromium.Start(t)
	dir := t.TempDir()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	t.Cleanup(shop.Close)
	free, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	first := serveIn(t, dir, false, "--listen", address)
	url := "http://" + address
	tab := b.Person(t)
	tab.Size(deskWidth, 900, false)

	// From the link that it prints to the page that says what to do first.
	tab.Open(first.link)
	tab.Fill("name", adminName)
	tab.Fill("password", password)
	tab.Fill("again", password)
	tab.Submit("main form button")
	logIn(tab, adminName)
	tab.Await(`document.querySelector("#problems").innerText.includes("No problem has come up yet")`)
	for _, path := range chromium.Eval[[]string](tab, `[...document.querySelectorAll(".side li a")].map((a) => a.pathname)`) {
		tab.Open(url + path)
		if title := chromium.Eval[string](tab, `document.querySelector("main h1")?.innerText || ""`); title == "" || strings.Contains(title, "went wrong") {
			t.Errorf("%s, where nothing is there yet, is headed %q", path, title)
		}
	}
	tab.Open(url + "/")
	tab.Submit(`main a[href="/welcome"]`)

	// The first monitor. There is no configuration: the page says what to write, and that is what is written.
	tab.Fill("address", shop.URL)
	tab.Submit(`main form[action="/welcome/try"] button`)
	tab.Await(`document.querySelector("main [role=status]").innerText.includes("It is up")`)
	item := chromium.Eval[string](tab, `document.querySelector(".welcome pre").textContent`)
	config := filepath.Join(dir, "corax.yaml")
	if err := os.WriteFile(config, []byte("monitors:\n"+indent(item)), 0o600); err != nil {
		t.Fatal(err)
	}
	mark(tab)
	first.stop(t)
	tab.Await(`!document.querySelector(".link-state").hidden`)
	second := serveIn(t, dir, true, "--listen", address, "--config", "corax.yaml")
	if second.link != "" {
		t.Errorf("there is a user, and it prints %s", second.link)
	}
	tab.Await(`document.querySelector(".link-state").hidden`)
	stays(t, tab)
	tab.Open(url + "/monitors")
	tab.Await(`document.querySelector("main").innerText.includes("127-0-0-1")`)

	// The second one is added by a button, now that there is a file.
	tab.Open(url + "/welcome")
	tab.Fill("address", strings.TrimPrefix(shop.URL, "http://"))
	tab.Fill("name", "shop-port")
	tab.Submit(`main form[action="/welcome/try"] button`)
	tab.Submit(`main form[action="/welcome/add"] button`)
	tab.Await(`document.querySelector(".flash").innerText.includes("It is watched from now on")`)
	if text, err := os.ReadFile(config); err != nil || !strings.Contains(string(text), "shop-port") {
		t.Errorf("the configuration holds %q, %v", text, err)
	}
	tab.Await(`document.querySelector(".welcome li").innerText.includes("2 monitors")`)

	// The sample comes and goes.
	tab.Submit(`main form[action="/welcome/sample"] button`)
	tab.Await(`location.pathname === "/scenarios" && document.querySelector(".flash").innerText.includes("are a sample")`)
	tab.Open(url + "/welcome")
	tab.Submit(`main form[action="/welcome/sample"] button`)
	tab.Await(`document.querySelector(".flash").innerText.includes("The sample is gone")`)

	// The first scenario, without a live system: twice, and the two held side by side.
	const told, live = "/scenarios/security/jwt_signing_key_rotation_failure_text", "/scenarios/security/jwt_signing_key_rotation_failure"
	tab.Submit(`main form:has([value="` + strings.TrimPrefix(told, "/scenarios/") + `"]) button`)
	tab.Await(`location.pathname === "` + told + `"`)
	for runs := 1; runs <= 2; runs++ {
		mark(tab)
		tab.Await(`document.querySelectorAll("#jobs .gallery-job a[href*='/runs/']").length === ` + map[int]string{1: "1", 2: "2"}[runs])
		stays(t, tab)
		if runs == 1 {
			tab.Submit(`.heading form[action="/scenarios/run"] button`)
		}
	}
	tab.Await(`document.querySelector("#result a[href^='/scenarios/compare']")`)
	if os.Getenv("CORAX_SCREENSHOTS") != "" {
		tab.Size(1280, 1500, false)
		shoot(t, tab, "scenario-light")
	}
	tab.Submit("#result a[href^='/scenarios/compare']")
	if said := chromium.Eval[string](tab, `document.querySelector("main").innerText`); !strings.Contains(said, "before") || !strings.Contains(said, "What came out otherwise") {
		t.Errorf("two runs side by side: %s", said)
	}

	// One with a live system: what happens shows as it happens, and it can be ended half way.
	tab.Open(url + live)
	tab.Submit(`.heading form[action="/scenarios/run"] button`)
	mark(tab)
	tab.Await(`document.querySelectorAll("#jobs .gallery-log li").length >= 3`)
	stays(t, tab)
	tab.Submit(`#jobs form[action$="/cancel"] button`)
	mark(tab)
	tab.Await(`document.querySelector("#jobs .gallery-job .state").innerText.includes("cancelled")`)
	if chromium.Eval[bool](tab, `document.querySelector("#jobs .gallery-job a[href*='/runs/']") !== null`) {
		t.Error("half a run has a result")
	}
	stays(t, tab)
	second.stop(t)
}

// indent makes a text an item below a key.
func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}
