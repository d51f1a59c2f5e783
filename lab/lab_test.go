package lab_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"corax"
	"corax/lab"
	"corax/lab/part"
)

// The parts of labs are this test binary, started again; so is a parent that a test kills.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == "lab" && os.Args[2] == "part" {
		os.Exit(lab.PartMain(context.Background(), os.Args[3:], os.Stderr))
	}
	if len(os.Args) == 3 && os.Args[1] == "hold" {
		os.Exit(hold(os.Args[2]))
	}
	goleak.VerifyTestMain(m)
}

// hold starts a lab and waits to be killed.
func hold(dir string) int {
	if _, err := lab.Up(context.Background(), lab.Options{Name: "jwt", Dir: dir}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("up")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

func up(t *testing.T, o lab.Options) *lab.Lab {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes")
	}
	o.Name = "jwt"
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	began := time.Now()
	l, err := lab.Up(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("up after %s", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() {
		if err := l.Down(context.Background()); err != nil {
			t.Error(err)
		}
		quiet(t, l.Dir())
	})
	return l
}

// quiet fails where a part complained on its standard error: of a panic, or of a data race.
func quiet(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "logs", "*.stderr"))
	if err != nil || len(files) == 0 {
		t.Errorf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		if said, err := os.ReadFile(name); err != nil || len(said) > 0 {
			t.Errorf("%s: %.2000s%v", filepath.Base(name), said, err)
		}
	}
}

// eventually waits for something to become true, and fails the test when it does not.
func eventually(t *testing.T, what string, holds func() (bool, string)) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(30 * time.Second)
	defer limit.Stop()
	for {
		ok, found := holds()
		if ok {
			return
		}
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("waited in vain until %s; found %s", what, found)
		}
	}
}

// truth waits until the users' account is as wanted.
func truth(t *testing.T, l *lab.Lab, what string, want func(lab.Truth) bool) {
	t.Helper()
	eventually(t, what, func() (bool, string) {
		got, err := l.Truth(t.Context())
		return err == nil && want(got), fmt.Sprintf("%+v, %v", got, err)
	})
}

func served(t lab.Truth) bool {
	return t.Accepted > 0 && t.Rejected == 0 && t.Failed == 0 && t.FailedLogins == 0
}

func parts(t *testing.T, l *lab.Lab) []lab.Status {
	t.Helper()
	ps, err := l.Ps()
	if err != nil {
		t.Fatal(err)
	}
	return ps
}

func gone(t *testing.T, ps []lab.Status) {
	t.Helper()
	for _, p := range ps {
		eventually(t, p.Name+" is gone", func() (bool, string) { return !p.Alive(), fmt.Sprint("process ", p.PID) })
	}
}

func TestUpAndDownTwice(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		l := up(t, lab.Options{Dir: dir})
		truth(t, l, "users are served", served)
		if _, err := lab.Up(t.Context(), lab.Options{Name: "jwt", Dir: dir}); corax.CodeOf(err) != corax.Conflict {
			t.Errorf("a second lab in the same place: %v", err)
		}
		ps := parts(t, l)
		if len(ps) != 10 {
			t.Errorf("%d parts, expected the supervisor and 9 others", len(ps))
		}
		for _, p := range ps {
			if !p.Running {
				t.Errorf("%s does not run", p.Name)
			}
		}
		for range 2 {
			if err := l.Down(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		gone(t, ps)
		if _, err := lab.Open(dir); corax.CodeOf(err) != corax.NotFound {
			t.Errorf("open after down: %v", err)
		}
	}
}

func TestUpTouchesNobodysFiles(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "data")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range []lab.Options{
		{Name: "jwt", Dir: dir},
		{Name: "jwt"},
		{Name: "jtw", Dir: t.TempDir()},
		{Name: "jwt", Dir: t.TempDir(), Params: map[string]any{"colour": "red"}},
	} {
		if _, err := lab.Up(t.Context(), o); corax.CodeOf(err) != corax.Invalid {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}
}

func TestTwoSideBySide(t *testing.T) {
	a, b := up(t, lab.Options{}), up(t, lab.Options{Seed: 5})
	if _, err := a.Break(t.Context(), "service_crash", map[string]any{"target": "payment"}); err != nil {
		t.Fatal(err)
	}
	truth(t, a, "users of the first miss a service", func(t lab.Truth) bool { return t.Failed > 0 })
	truth(t, b, "users of the second are served", served)
	if err := a.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	truth(t, b, "users of the second are served", served)
	if name, ok := b.Name("payment"); !ok || name == "payment" {
		t.Errorf("with a seed, payment is called %q", name)
	}
}

func TestDiesWithItsParent(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	parent := exec.Command(self, "hold", dir)
	parent.Stderr = os.Stderr
	if _, err := parent.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "up\n" {
		t.Fatal(line, err)
	}
	l, err := lab.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	ps := parts(t, l)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	gone(t, ps)
}

func TestDetachedOutlivesWhoStartedIt(t *testing.T) {
	l := up(t, lab.Options{Detached: true})
	again, err := lab.Open(l.Dir())
	if err != nil {
		t.Fatal(err)
	}
	truth(t, again, "users are served", served)
	ps := parts(t, again)
	if err := again.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	gone(t, ps)
}

func TestFaults(t *testing.T) {
	l := up(t, lab.Options{Params: map[string]any{"token_lifetime": "20s"}})
	rejectedAt := func(role string) func(lab.Truth) bool {
		return func(t lab.Truth) bool {
			for _, a := range t.Services {
				if a.Role == role && a.Rejected > 0 && t.Rejected > 0 {
					return true
				}
			}
			return false
		}
	}
	for _, c := range []struct {
		fault string
		with  map[string]any
		proof string
		felt  func(lab.Truth) bool
		mend  func(a admin)
	}{
		{"service_crash", map[string]any{"target": "inventory"}, "API of inventory",
			func(t lab.Truth) bool { return t.Failed > 0 },
			func(a admin) { a.ok("POST", a.supervisor+"/processes/inventory/start", nil, nil) }},
		{"clock_skew", map[string]any{"target": "payment", "by": "-90s"}, "payment answers 401", rejectedAt("payment"),
			func(a admin) {
				a.ok("PUT", a.url("payment")+"/clock", map[string]any{"expect": "-1m30s", "offset": "0s"}, nil)
			}},
		{"slow_service", map[string]any{"target": "shipping", "delay": "300ms"}, "a request to shipping took", served,
			func(a admin) { a.ok("POST", a.supervisor+"/processes/shipping/restart", nil, nil) }},
		{"expired_certificate", nil, "certificate has expired", func(t lab.Truth) bool { return t.FailedLogins > 0 },
			func(a admin) { a.ok("POST", a.url("auth")+"/certificate/renew", nil, nil) }},
		{"disk_failure", map[string]any{"target": "analytics"}, "analytics answers Service Unavailable",
			func(t lab.Truth) bool { return t.Failed > 0 },
			func(a admin) {
				a.ok("POST", a.supervisor+"/processes/analytics/restart", nil, nil) // which mends no disk
				if status := a.send("GET", a.url("analytics")+"/health", nil, nil); status != http.StatusServiceUnavailable {
					a.t.Errorf("with a failed disk it answers %d after a restart", status)
				}
				if _, err := a.l.Break(a.t.Context(), "part_replaced", map[string]any{"target": "analytics"}); err != nil {
					a.t.Fatal(err)
				}
			}},
	} {
		t.Run(c.fault, func(t *testing.T) {
			in, err := l.Break(t.Context(), c.fault, c.with)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(strings.Join(in.Proof, "\n"), c.proof) {
				t.Errorf("proof %q, expected it to say %q", in.Proof, c.proof)
			}
			truth(t, l, "users feel it", c.felt)
			c.mend(adminOf(t, l))
			truth(t, l, "users are served again", served)
		})
	}
	for fault, with := range map[string]map[string]any{
		"earthquake":       nil,
		"clock_skew":       {"target": "nobody"},
		"slow_service":     {"delay": "late"},
		"partial_rotation": {"unreachable": 8},
		"service_crash":    {"tarket": "user"},
	} {
		if _, err := l.Break(t.Context(), fault, with); corax.CodeOf(err) != corax.Invalid {
			t.Errorf("%s %v: %v", fault, with, err)
		}
	}
}

func TestRotationThatGoesWell(t *testing.T) {
	l := up(t, lab.Options{Params: map[string]any{"token_lifetime": "3s"}})
	if _, err := l.Break(t.Context(), "partial_rotation", map[string]any{"unreachable": 0}); err != nil {
		t.Fatal(err)
	}
	truth(t, l, "all users have tokens of the new key",
		func(t lab.Truth) bool { return served(t) && len(t.Services) == 14 })
	got, err := l.Truth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range got.Services {
		if a.Rejected > 0 {
			t.Errorf("%s rejected %d tokens of %s", a.Service, a.Rejected, a.Kid)
		}
	}
}

// admin is the lab's administrative interfaces, with the credential that Corax has.
type admin struct {
	t          *testing.T
	l          *lab.Lab
	token      string
	supervisor string
	addrs      map[string]lab.Status
}

func adminOf(t *testing.T, l *lab.Lab) admin {
	t.Helper()
	token, err := os.ReadFile(filepath.Join(l.Dir(), "secrets", "corax.token"))
	if err != nil {
		t.Fatal(err)
	}
	a := admin{t: t, l: l, token: strings.TrimSpace(string(token)), addrs: map[string]lab.Status{}}
	for _, p := range parts(t, l) {
		a.addrs[p.Role] = p
	}
	a.supervisor = a.url(part.SupervisorName)
	return a
}

func (a admin) url(role string) string { return a.addrs[role].URL("http", "admin") }

// send sends a request and gives the status.
func (a admin) send(method, url string, in, out any) int {
	a.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		a.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(a.t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Close = true
	req.Header.Set("Authorization", "Bearer "+a.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(data, out); err != nil {
			a.t.Fatalf("%s: %v: %s", url, err, data)
		}
	}
	if resp.StatusCode >= 300 {
		a.t.Logf("%s %s: %d %s", method, url, resp.StatusCode, bytes.TrimSpace(data))
	}
	return resp.StatusCode
}

func (a admin) ok(method, url string, in, out any) {
	a.t.Helper()
	if status := a.send(method, url, in, out); status != http.StatusOK {
		a.t.Fatalf("%s %s: %d", method, url, status)
	}
}
