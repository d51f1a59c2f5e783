package part

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"corax"
)

// Command is how a part is started: BINARY lab part [--tied] [--sockets N] DIR NAME.
type Command struct {
	Binary  string
	Dir     string // of the lab
	Name    string
	Tied    bool // it ends when the process that started it ends, however that happens
	Sockets []*os.File
}

// Child is a process that this one started.
type Child struct {
	Identity
	cmd  *exec.Cmd
	tie  *os.File // nobody writes to it; its end is the message
	done chan struct{}
	once sync.Once
}

// The tie is a pipe whose writing end only the parent holds: the system closes it when the parent ends, also after
// a kill that nothing can catch. (The parent-death signal of Linux depends on the thread that started the child,
// which a Go program does not control.)

// Start starts a part and returns when it says that it is ready, or with what it left on its standard error.
func (c Command) Start(ctx context.Context) (*Child, error) {
	op := "start " + c.Name
	errFile, err := os.OpenFile(LogFile(c.Dir, c.Name)+".stderr", os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	defer func() { _ = errFile.Close() }()
	args := []string{"lab", "part"}
	if c.Tied {
		args = append(args, "--tied")
	}
	args = append(args, fmt.Sprintf("--sockets=%d", len(c.Sockets)), c.Dir, c.Name)
	cmd := exec.Command(c.Binary, args...)
	cmd.Stderr = errFile
	cmd.ExtraFiles = c.Sockets
	// A session of its own: Ctrl-C on the terminal reaches the parent, which then ends its parts in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	readyR, readyW, err := os.Pipe()
	if err != nil {
		return nil, corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	defer func() { _ = readyR.Close() }()
	cmd.Stdout = readyW
	child := &Child{cmd: cmd, done: make(chan struct{})}
	if c.Tied {
		tieR, tieW, err := os.Pipe()
		if err != nil {
			_ = readyW.Close()
			return nil, corax.Errorf(corax.Unavailable, op, "%w", err)
		}
		defer func() { _ = tieR.Close() }()
		cmd.Stdin, child.tie = tieR, tieW
	}
	err = cmd.Start()
	_ = readyW.Close()
	if err != nil {
		child.cut()
		return nil, corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	child.Identity, _ = Identify(cmd.Process.Pid)
	go func() { // ends with the process
		_ = cmd.Wait()
		close(child.done)
	}()
	stop := context.AfterFunc(ctx, func() { _ = readyR.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	line, err := bufio.NewReader(io.LimitReader(readyR, 1<<10)).ReadString('\n')
	if err == nil && line == "ready\n" {
		return child, nil
	}
	child.Kill()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	said := make([]byte, 4<<10)
	n, _ := errFile.ReadAt(said, 0)
	return nil, &corax.Error{Code: corax.Unavailable, Op: op, Hint: "see the logs in " + c.Dir + "/logs",
		Err: fmt.Errorf("it did not become ready (%w): %s", err, strings.TrimSpace(string(said[:n])))}
}

// Done is closed when the process has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// cut ends the tie; the child then ends by itself.
func (c *Child) cut() {
	c.once.Do(func() {
		if c.tie != nil {
			_ = c.tie.Close()
		}
	})
}

// Stop asks the process to end and waits; when ctx ends first it is killed.
func (c *Child) Stop(ctx context.Context) {
	c.cut()
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.done:
	case <-ctx.Done():
		c.Kill()
	}
}

// Kill ends the process at once, as a crash would, and waits until it is gone.
func (c *Child) Kill() {
	_ = c.cmd.Process.Kill()
	<-c.done
	c.cut()
}

// Lifetime is the context of a part: it ends on SIGTERM, on SIGINT and, for one that is tied, when its parent is
// gone. A part that has not ended by itself three seconds later is ended.
func Lifetime(parent context.Context, tied bool) (context.Context, context.CancelFunc) {
	ctx, cancel := signal.NotifyContext(parent, syscall.SIGTERM, syscall.SIGINT)
	if tied {
		go func() { // ends with the process: a read of standard input can't be called off
			_, _ = io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
	}
	context.AfterFunc(ctx, func() {
		time.AfterFunc(3*time.Second, func() { os.Exit(3) })
	})
	return ctx, cancel
}

// Ready tells the parent that the part does its work. It is said once.
func Ready() {
	_, _ = io.WriteString(os.Stdout, "ready\n")
	_ = os.Stdout.Close()
}
