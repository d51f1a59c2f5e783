package execute

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"corax"
)

// pipeDelay is how long a command's output may stay open after it has ended.
const pipeDelay = time.Second

// searchPath is all that a command's environment says about where programs are.
const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// commands runs declared commands on this machine.
type commands struct{ o *Options }

func newCommands(o *Options) Executor { return commands{o} }

func (x commands) Close() {}

// Keys: a command gets the key in its environment.
func (x commands) Keys(corax.Call) Keying { return CarriesKey }

// Named is the command.
func (x commands) Named(call corax.Call, v Values) any {
	return meant(x.o.Executors().Commands, call.Command.Run, v, commandName)
}

func (x commands) Check(c Checks, field string, call corax.Call, read bool) {
	all := x.o.Executors()
	checkRun(c, field, all, call.Command.Run, call.Command.Args, read)
	if d, err := commandNamed(all, call.Command.Run); err == nil && len(d.Hosts) > 0 {
		c.Fail(field+".run", "use ssh, or declare another without hosts", "command %s is one for other hosts", d.Name)
	}
}

// running is a command with every value in its place.
type running struct {
	o       *Options
	command corax.Command
	args    map[string]string
}

func (x commands) Bind(call corax.Call, v Values) (Bound, error) {
	d, err := commandNamed(x.o.Executors(), call.Command.Run)
	if err != nil {
		return nil, err
	}
	if len(d.Hosts) > 0 {
		return nil, fmt.Errorf("command %s is declared for other hosts, not for this one", d.Name)
	}
	r := running{o: x.o, command: d}
	if r.args, err = arguments(call.Command.Args, v); err != nil {
		return nil, err
	}
	_, err = fill(d.Argv, r.args, "")
	return r, err
}

func (r running) String() string { return shown(r.command, r.args) }

// Run starts the command and waits for its end. When ctx ends, its whole process group is killed.
func (r running) Run(ctx context.Context, o Order) Result {
	what := "command " + r.command.Name
	cmd, err := r.prepared(ctx, o.Key)
	if err != nil {
		return failed(fmt.Errorf("%s: %w", what, err))
	}
	var out, errs bounded
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		outcome := Failed
		if errors.Is(err, fs.ErrNotExist) {
			outcome = Away
		}
		return Result{Outcome: outcome, Text: what + ": " + err.Error()}
	}
	_ = cmd.Wait() // how it ended stands in its state
	// Nothing of it lives on, whoever ended it. What is to go on running is a process, not a command.
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if cause := context.Cause(ctx); cause != nil && !cmd.ProcessState.Exited() {
		return Result{Outcome: o.silent(), Text: what + ": killed: " + cause.Error(), output: said(&out, &errs)}
	}
	if !cmd.ProcessState.Exited() {
		return Result{Outcome: o.silent(), Text: what + ": " + cmd.ProcessState.String(), output: said(&out, &errs)}
	}
	return ended(r.command, what, o, cmd.ProcessState.ExitCode(), &out, &errs)
}

func (r running) prepared(ctx context.Context, key string) (*exec.Cmd, error) {
	argv, err := fill(r.command.Argv, r.args, key)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // only what is declared, and no shell
	if cmd.Dir = r.command.Dir; cmd.Dir == "" {
		cmd.Dir = "/"
	}
	cmd.Env = environment(r.command.Env, key)
	for _, name := range slices.Sorted(maps.Keys(r.command.Secrets)) {
		secret, err := r.o.secret(ctx, r.command.Secrets[name])
		if err != nil {
			return nil, err
		}
		_ = secret.Use(func(value string) error {
			cmd.Env = append(cmd.Env, name+"="+value)
			return nil
		})
		secret.Wipe()
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = pipeDelay
	return cmd, nil
}

// environment is what a process that Corax starts gets to see: nothing of Corax's own.
func environment(declared map[string]string, key string) []string {
	env := []string{searchPath, "LANG=C.UTF-8"}
	if key != "" {
		env = append(env, "CORAX_IDEMPOTENCY_KEY="+key)
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		env = append(env, name+"="+declared[name])
	}
	return env
}

// ended is the result of a command that exited by itself, here or elsewhere.
func ended(d corax.Command, what string, o Order, code int, out, errs *bounded) Result {
	r := Result{Status: code, Text: fmt.Sprintf("%s: exit status %d", what, code), output: said(out, errs)}
	ok := code == 0
	if len(d.Status) > 0 {
		ok = slices.Contains(d.Status, code)
	}
	switch {
	case !ok && (o.Read || slices.Contains(d.Refused, code)):
		r.Outcome = Refused
	case !ok:
		r.Outcome = Unclear // how far it came before it gave up is for its conditions to say
	case !o.Read:
		r.Outcome = Done
	case out.over:
		r.Outcome, r.Text = Failed, fmt.Sprintf("%s: the output is larger than %d bytes", what, maxAnswer)
	case d.Output == "json":
		r.Outcome = Done
		var err error
		if r.Value, err = Decode(out.buf.Bytes()); err != nil {
			r.Outcome, r.Text = Failed, what+": the output is not JSON: "+err.Error()
		}
	default:
		text := bytes.ToValidUTF8(out.buf.Bytes(), []byte("?"))
		r.Outcome, r.Value = Done, map[string]any{"output": string(text), "status": int64(code)}
	}
	return r
}

// said is what a command said, errors first.
func said(out, errs *bounded) []byte {
	return append(append(bytes.Clone(errs.buf.Bytes()), ' '), out.buf.Bytes()...)
}
