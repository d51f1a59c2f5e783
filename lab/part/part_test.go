package part_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"corax"
	"corax/lab/part"
)

func TestEndLeavesOthersAlone(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Skip("no sleep here:", err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	id, ok := part.Identify(cmd.Process.Pid)
	if !ok || !id.Alive() {
		t.Fatal("a running process has no identity")
	}
	other := id
	other.Start = "1@another-boot"
	if err := other.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !id.Alive() {
		t.Fatal("a process of another start was ended")
	}
	if err := id.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-ended
	if id.Alive() {
		t.Error("still alive")
	}
	for _, pid := range []int{0, -1, cmd.Process.Pid} {
		if _, ok := part.Identify(pid); ok {
			t.Errorf("process %d has an identity", pid)
		}
	}
}

func TestCommandThatNeverBecomesReady(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "logs"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{
		"says why":    "#!/bin/sh\necho no such thing >&2\nexit 1\n",
		"other words": "#!/bin/sh\necho hello\nsleep 60\n",
	} {
		t.Run(name, func(t *testing.T) {
			binary := filepath.Join(dir, "binary")
			if err := os.WriteFile(binary, []byte(script), 0o700); err != nil { //nolint:gosec // it must be executable
				t.Fatal(err)
			}
			_, err := part.Command{Binary: binary, Dir: dir, Name: "x", Tied: true}.Start(t.Context())
			if corax.CodeOf(err) != corax.Unavailable {
				t.Fatal(err)
			}
			if name == "says why" && !strings.Contains(err.Error(), "no such thing") {
				t.Error(err)
			}
		})
	}
	t.Run("silent", func(t *testing.T) {
		binary := filepath.Join(dir, "silent")
		if err := os.WriteFile(binary, []byte("#!/bin/sh\nread line\n"), 0o700); err != nil { //nolint:gosec // it must be executable
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := (part.Command{Binary: binary, Dir: dir, Name: "x", Tied: true}).Start(ctx); err == nil {
			t.Error("started")
		}
	})
}

func TestWriteFileReplacesInOneStep(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f.json")
	var writers sync.WaitGroup
	for n := range 8 {
		writers.Go(func() {
			for range 20 {
				if err := part.WriteJSON(name, strings.Repeat(string(rune('a'+n)), 5000), 0o600); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		data, err := os.ReadFile(name)
		if err != nil {
			continue // not written yet
		}
		if len(data) != 5003 || strings.Count(string(data), string(data[1])) != 5000 {
			t.Fatalf("a mixture of %d bytes", len(data))
		}
	}
	left, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestRecordsAreReadBack(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "logs"), 0o700); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	a, err := part.OpenAudit(dir, "auth", func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	a.Write("corax", "key_state", "kid", "k1", "to", "signing")
	a.Write("rotation", "rotation")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	name := part.AuditFile(dir, "auth")
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.WriteString(`{"at": "2026-`) // a crash in the middle of a line
	_ = f.Close()
	got, err := part.ReadRecords(name)
	if err != nil || len(got) != 2 || got[0].Detail["kid"] != "k1" || got[0].Actor != "corax" || !got[0].At.Equal(at) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := part.ReadRecords(name + ".none"); err != nil || len(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if err := os.WriteFile(name, []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := part.ReadRecords(name); corax.CodeOf(err) != corax.Invalid {
		t.Error(err)
	}
}

func TestGuard(t *testing.T) {
	creds := part.Credentials{"corax": "one", "operator": "two", "nobody": ""}
	h := creds.Guard(func(actor string, r *http.Request) (any, error) {
		var in struct{ N int }
		if err := part.Decode(r, &in); err != nil {
			return nil, err
		}
		return map[string]any{"actor": actor, "n": in.N}, nil
	}, "corax")
	for _, c := range []struct {
		header, body string
		status       int
	}{
		{"Bearer one", `{"n": 3}`, http.StatusOK},
		{"Bearer one", ``, http.StatusOK},
		{"Bearer one", `{"m": 3}`, http.StatusBadRequest},
		{"Bearer one", `{"n": ` + strings.Repeat(" ", 1<<20) + `1}`, http.StatusBadRequest},
		{"Bearer two", `{}`, http.StatusForbidden},
		{"Bearer three", `{}`, http.StatusUnauthorized},
		{"Bearer ", `{}`, http.StatusUnauthorized},
		{"one", `{}`, http.StatusUnauthorized},
		{"", `{}`, http.StatusUnauthorized},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(c.body))
		r.Header.Set("Authorization", c.header)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%q %.20q: %d, expected %d: %s", c.header, c.body, w.Code, c.status, w.Body)
		}
	}
}

func TestListenTakesThePortAgain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if _, err := part.Listen([]string{"api"}, map[string]string{"api": addr}, 0); corax.CodeOf(err) != corax.Unavailable {
		t.Errorf("a port that is taken: %v", err)
	}
	_ = l.Close()
	got, err := part.Listen([]string{"api"}, map[string]string{"api": addr}, 0)
	if err != nil || got["api"].Addr().String() != addr {
		t.Fatal(got, err)
	}
	_ = got["api"].Close()
}
