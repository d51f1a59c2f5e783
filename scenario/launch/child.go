package launch

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"corax"
	"corax/scenario"
)

// graceful is how long a run that was cancelled may take to bring its lab down.
const graceful = 40 * time.Second

// Child gives a Run that carries a scenario out in a process of its own: what it breaks, leaks or loads is not this Corax. binary is this
// program; a process gets nothing of this one's environment but what a program needs to run, and ends when this one does, however that
// happens.
func Child(binary string) func(context.Context, scenario.Scenario, func(string)) (scenario.Result, error) {
	return func(ctx context.Context, s scenario.Scenario, progress func(string)) (scenario.Result, error) {
		op := "run scenario " + s.ID()
		dir, err := os.MkdirTemp("", "corax-launch-")
		if err != nil {
			return scenario.Result{}, corax.Errorf(corax.Unavailable, op, "%w", err)
		}
		defer os.RemoveAll(dir)
		cmd := exec.CommandContext(ctx, binary, "scenario", "run", "--json", "--tied", "--data-dir", dir, s.ID())
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = graceful
		cmd.Env = environment(dir)
		var out bytes.Buffer
		cmd.Stdout = &out
		tie, err := cmd.StdinPipe()
		if err != nil {
			return scenario.Result{}, corax.Errorf(corax.Unavailable, op, "%w", err)
		}
		defer tie.Close()
		lines, err := cmd.StderrPipe()
		if err != nil {
			return scenario.Result{}, corax.Errorf(corax.Unavailable, op, "%w", err)
		}
		if err := cmd.Start(); err != nil {
			return scenario.Result{}, corax.Errorf(corax.Unavailable, op, "%w", err)
		}
		last := follow(lines, func(line string) { progress(strings.TrimSpace(strings.TrimPrefix(line, s.ID()))) }) // ends with the process
		err = cmd.Wait()
		var r scenario.Result
		if broken := json.Unmarshal(out.Bytes(), &r); broken != nil {
			if err == nil {
				err = broken
			}
			return r, corax.Errorf(corax.Unavailable, op, "it gave no result: %w: %s", err, last)
		}
		return r, nil // the exit status says what the verdict does
	}
}

// follow tells each line and returns the last.
func follow(from io.Reader, progress func(string)) (last string) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		if line = strings.TrimRight(line, "\n"); line != "" {
			last = line
			progress(line)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				_, _ = io.Copy(io.Discard, lines)
			}
			return last
		}
	}
}

// environment is what a program needs to run. Secrets that this process was given stay here.
func environment(dir string) []string {
	env := []string{"TMPDIR=" + dir}
	for _, name := range []string{"PATH", "HOME", "LANG", "TZ", "SystemRoot"} {
		if v, given := os.LookupEnv(name); given {
			env = append(env, name+"="+v)
		}
	}
	return env
}
