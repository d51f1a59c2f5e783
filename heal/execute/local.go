package execute

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"corax"
)

const (
	defaultGrace = 5 * time.Second
	lookEvery    = 10 * time.Millisecond // at a process that is told to end: it may not be our child
	markName     = "CORAX_PROCESS"       // in its environment, so that it is found where its PID file was lost
	maxLog       = 10 << 20
)

// local is the supervisor of a process on this machine. What it knows stands in a PID file, so it outlives Corax, as
// the process does. A crash between the start and the file loses nothing: the process carries a mark.
type local struct{ process corax.Process }

func (l *local) path(suffix string) string {
	return filepath.Join(l.process.State, l.process.Name+suffix)
}

func (l *local) mark() string { return markName + "=" + l.path("") }

func (l *local) status() (status, error) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return status{}, errors.New("processes can't be looked at on this system: it has no /proc")
	}
	s := status{}
	text, err := os.ReadFile(l.path(".pid"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	if err == nil && json.Unmarshal(text, &s) == nil {
		if now, ok := identify(s.PID); ok && now == s.Start {
			s.Running = true
			return s, nil
		}
	}
	return l.find(), nil
}

// find looks for the process by its mark. Of those that carry it, and inherit it, it is the one that leads its session.
func (l *local) find() status {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		env, err := os.ReadFile(filepath.Join(dir, "environ"))
		if err != nil {
			continue
		}
		vars := strings.Split(string(env), "\x00")
		if !slices.Contains(vars, l.mark()) {
			continue
		}
		if group, err := syscall.Getpgid(pid); err != nil || group != pid {
			continue
		}
		at, ok := identify(pid)
		if !ok {
			continue
		}
		s := status{Running: true, PID: pid, Start: at}
		for _, v := range vars {
			if key, ok := strings.CutPrefix(v, "CORAX_IDEMPOTENCY_KEY="); ok {
				s.Key = key
			}
		}
		return s
	}
	return status{}
}

// identify says when a running process was started; false where there is none, or it has ended. One that we started
// and that has ended is collected.
func identify(pid int) (started string, ok bool) {
	if pid <= 0 {
		return "", false
	}
	_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", false
	}
	// The second field is the command in parentheses and may hold anything; the start time is the 22nd.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return "", false
	}
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return fields[19] + "@" + strings.TrimSpace(string(boot)), true
}

func (l *local) change(ctx context.Context, verb, key string) (status, bool, error) {
	unlock, err := l.lock()
	if err != nil {
		return status{}, false, err
	}
	defer unlock()
	now, err := l.status()
	if err != nil {
		return now, false, err
	}
	switch {
	case verb == stop && !now.Running, verb == start && now.Running,
		verb == restart && now.Running && key != "" && now.Key == key:
		return now, false, nil
	}
	if now.Running {
		if err := l.end(ctx, now); err != nil {
			return now, true, err
		}
	}
	if verb == stop {
		return status{}, true, nil
	}
	started, err := l.begin(key)
	if err != nil && now.Running {
		err = fmt.Errorf("%w: it was stopped, and could not be started: %w", errBegun, err)
	}
	return started, true, err
}

// lock keeps another Corax, or the one before that still ends, from changing the same process.
func (l *local) lock() (func(), error) {
	if err := os.MkdirAll(l.process.State, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(l.path(".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, errors.New("another Corax is changing it")
	}
	return func() { _ = f.Close() }, nil
}

// begin starts the process in a session of its own, tied to nothing of Corax.
func (l *local) begin(key string) (status, error) {
	flags := os.O_CREATE | os.O_APPEND | os.O_WRONLY
	if info, err := os.Stat(l.path(".log")); err == nil && info.Size() > maxLog {
		flags |= os.O_TRUNC
	}
	log, err := os.OpenFile(l.path(".log"), flags, 0o600)
	if err != nil {
		return status{}, err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(l.process.Argv[0], l.process.Argv[1:]...) //nolint:gosec // as declared, without a shell
	if cmd.Dir = l.process.Dir; cmd.Dir == "" {
		cmd.Dir = "/"
	}
	cmd.Env = append(environment(l.process.Env, key), l.mark())
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return status{}, err
	}
	s := status{Running: true, PID: cmd.Process.Pid, Key: key}
	s.Start, _ = identify(s.PID)
	_ = cmd.Process.Release() // identify collects it
	text, err := json.Marshal(s)
	if err == nil {
		err = os.WriteFile(l.path(".pid.new"), text, 0o600)
	}
	if err == nil {
		err = os.Rename(l.path(".pid.new"), l.path(".pid"))
	}
	if err != nil {
		return s, fmt.Errorf("%w: it was started as %d: %w", errBegun, s.PID, err)
	}
	return s, nil
}

// end asks the process group to end, and kills it after its grace. When ctx ends first, it was asked and no more.
func (l *local) end(ctx context.Context, s status) error {
	grace := l.process.Grace
	if grace <= 0 {
		grace = defaultGrace
	}
	patience, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if err := syscall.Kill(-s.PID, syscall.SIGTERM); err != nil {
		return fmt.Errorf("ask %d to end: %w", s.PID, err)
	}
	if l.gone(patience, s) {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%w: it was asked to end: %w", errBegun, context.Cause(ctx))
	}
	_ = syscall.Kill(-s.PID, syscall.SIGKILL)
	last, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if !l.gone(last, s) {
		return fmt.Errorf("%w: %d was killed, and is still there", errBegun, s.PID)
	}
	return nil
}

// gone waits for the end of this very process.
func (l *local) gone(ctx context.Context, s status) bool {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if now, ok := identify(s.PID); !ok || now != s.Start {
			return true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
}
