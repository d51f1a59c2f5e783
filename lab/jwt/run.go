package jwt

import (
	"bytes"
	"context"
	"log"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"corax"
	"corax/lab/part"
)

// The events of audit records.
const (
	recKeyMade     = "key_made"
	recKeyState    = "key_state"
	recToken       = "token_issued"
	recCanary      = "canary_issued"
	recRotation    = "rotation"
	recDelivery    = "delivery"
	recSettings    = "settings_changed"
	recCertificate = "certificate_installed"
	recLoaded      = "keystore_loaded"
	recUnreadable  = "keystore_unreadable"
	recAdded       = "key_added"
	recRemoved     = "key_removed"
	recClock       = "clock_set"
	recAnswer      = "answer" // that a user got
)

// partEnv is what a part of the lab runs in.
type partEnv struct {
	name      string
	dir       string
	lay       layout
	state     part.State // addresses only: process ids may be old
	clock     corax.Clock
	log       *slog.Logger
	audit     *part.Audit
	listeners map[string]net.Listener
	addrs     map[string]string
	ready     func()
}

// Run runs one part of the lab in dir until ctx ends. Its first listeners are on file descriptors 3 and up, as
// many as sockets says.
func Run(ctx context.Context, dir, name string, sockets int, clock corax.Clock, ready func()) error {
	lay, err := readLayout(dir)
	if err != nil {
		return err
	}
	state, err := part.ReadState(dir)
	if err != nil {
		return err
	}
	self, ok := state.Part(name)
	if !ok || self.Name != name {
		return corax.Errorf(corax.NotFound, "run part "+name, "the lab in %s has no such part", dir)
	}
	env := partEnv{name: name, dir: dir, lay: lay, state: state, clock: clock, addrs: self.Addrs, ready: ready}
	if env.listeners, err = part.Listen(listensOf(self.Role), self.Addrs, sockets); err != nil {
		return err
	}
	defer func() {
		for _, l := range env.listeners {
			_ = l.Close()
		}
	}()
	file, err := os.OpenFile(part.LogFile(dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return corax.Errorf(corax.Unavailable, "open the log of "+name, "%w", err)
	}
	defer func() { _ = file.Close() }()
	env.log = slog.New(slog.NewJSONHandler(file, &slog.HandlerOptions{Level: slog.LevelInfo}))
	if env.audit, err = part.OpenAudit(dir, name, clock); err != nil {
		return err
	}
	defer func() { _ = env.audit.Close() }()
	switch self.Role {
	case roleAuth:
		return runAuth(ctx, env)
	case roleTraffic:
		return runTraffic(ctx, env)
	}
	return runService(ctx, env)
}

// listensOf is the listeners of a role, in the order in which their sockets are handed over.
func listensOf(role string) []string {
	switch role {
	case roleAuth:
		return []string{listenAPI, listenAdmin}
	case roleTraffic:
		return []string{listenAdmin}
	}
	return []string{listenAPI, listenAdmin, listenKeys}
}

// logWriter turns what an HTTP server complains about into log lines.
type logWriter struct {
	log     *slog.Logger
	wording int
	mu      sync.Mutex
}

func (w *logWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := string(bytes.TrimSpace(p))
	level := slog.LevelWarn
	if brokenOff(text) {
		level = slog.LevelInfo
	}
	w.log.Log(context.Background(), level, sayServer.in(w.wording, text))
	return len(p), nil
}

// brokenOff says that a client went away in the middle of its request: that is the client's affair and no warning, as with other servers.
func brokenOff(complaint string) bool {
	for _, end := range []string{": EOF", "connection reset by peer", "broken pipe"} {
		if strings.HasSuffix(complaint, end) {
			return true
		}
	}
	return false
}

func slogErrors(w *logWriter) *log.Logger { return log.New(w, "", 0) }

func rounded(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
