package part

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"corax"
)

// Identity names one process for good: an id alone is reused.
type Identity struct {
	PID   int    `json:"pid"`
	Start string `json:"start"` // when the system started it, in the system's own words
}

// Identify reads the identity of a running process; false where there is none or it has ended and waits to be
// collected.
func Identify(pid int) (Identity, bool) {
	if pid <= 0 {
		return Identity{}, false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		if _, perr := os.Stat("/proc/self/stat"); perr == nil {
			return Identity{}, false
		}
		return identifyByPS(pid)
	}
	// The second field is the command in parentheses and may hold anything; the start time is the 22nd.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return Identity{}, false
	}
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return Identity{PID: pid, Start: fields[19] + "@" + strings.TrimSpace(string(boot))}, true
}

// identifyByPS is for systems without /proc.
func identifyByPS(pid int) (Identity, bool) {
	out, err := exec.Command("ps", "-o", "lstart=", "-p", strconv.Itoa(pid)).Output()
	start := strings.TrimSpace(string(out))
	return Identity{PID: pid, Start: start}, err == nil && start != ""
}

// Alive says whether this very process still runs.
func (i Identity) Alive() bool {
	now, ok := Identify(i.PID)
	return ok && now == i
}

// End asks this very process to stop, waits for it, and kills it when ctx ends first. Another process that got the
// same id is left alone.
func (i Identity) End(ctx context.Context) error {
	if !i.Alive() {
		return nil
	}
	p, err := os.FindProcess(i.PID)
	if err != nil {
		return nil // gone in between
	}
	defer func() { _ = p.Release() }()
	if !i.Alive() { // p is a handle to the process on systems that have them: checked again, it can't change under us
		return nil
	}
	if err := p.Signal(syscall.SIGTERM); err != nil && i.Alive() {
		return corax.Errorf(corax.Unavailable, fmt.Sprintf("end process %d", i.PID), "%w", err)
	}
	// It isn't our child, so there is no event to wait for.
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for i.Alive() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			if i.Alive() {
				_ = p.Kill()
			}
			return nil
		}
	}
	return nil
}
