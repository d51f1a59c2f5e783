package heal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"corax"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite" // the engine's driver for SQLite
)

const (
	// workflowVersion stays the same over releases: the engine resumes only the workflows of its own version. A change
	// to the order of steps in flow.go needs the engine's Patch, not a new version.
	workflowVersion = "corax-plan-2"
	workflowName    = "corax"
	executor        = "corax"
	// A plan may be interrupted any number of times; the engine's limit of 100 would bury it.
	maxResumes = 1 << 30
	// stopWithin bounds each part of the engine's shutdown.
	stopWithin = 900 * time.Millisecond
)

// engine runs durable workflows. Nothing else in this package knows how.
type engine struct {
	dbos  dbos.Context
	entry dbos.Workflow[task, string]
}

// task says which body a workflow runs, and on what. The engine knows workflows by the name of their function, so there
// is one function for all.
type task struct {
	Body  string `json:"body"`
	Input string `json:"input"`
}

// flow is one execution of one workflow. Its steps are run once and recorded; after a crash, those recorded give
// their results again.
type flow struct {
	ctx   dbos.Context
	log   *slog.Logger
	point func(string)
}

// startEngine opens the engine's database, resumes what was interrupted, and returns. database is the path of an SQLite
// file, or the address of a PostgreSQL database; bodies are the workflows by name. ctx must not end before stop.
func startEngine(ctx context.Context, database string, log *slog.Logger, point func(string),
	bodies map[string]func(f *flow, input string) error) (*engine, error) {
	address, op, err := locate(database)
	if err != nil {
		return nil, &corax.Error{Code: corax.Invalid, Op: op, Err: err}
	}
	d, err := dbos.NewContext(ctx, dbos.Config{
		AppName:            "corax",
		DatabaseURL:        address,
		Logger:             slog.New(quiet{log.Handler()}),
		ApplicationVersion: workflowVersion,
		ExecutorID:         executor,
	})
	if err != nil {
		return nil, &corax.Error{Code: corax.Unavailable, Op: op, Err: err,
			Hint: "check that the file's directory exists and can be written, or that the database can be reached"}
	}
	e := &engine{dbos: d}
	e.entry = func(ctx dbos.Context, t task) (string, error) {
		body := bodies[t.Body]
		if body == nil {
			return "", fmt.Errorf("no workflow is called %q", t.Body)
		}
		return t.Input, body(&flow{ctx: ctx, log: log, point: point}, t.Input)
	}
	dbos.RegisterWorkflow(d, e.entry, dbos.WithWorkflowName(workflowName), dbos.WithMaxRecoveryAttempts(maxResumes))
	if err := dbos.Launch(d); err != nil {
		return nil, &corax.Error{Code: corax.Unavailable, Op: op, Err: errors.Join(err, dbos.Shutdown(d, stopWithin))}
	}
	return e, nil
}

// stop interrupts all workflows, which the next start resumes, and returns when they have ended.
func (e *engine) stop() error { return dbos.Shutdown(e.dbos, stopWithin) }

// locate gives the engine's address of a database, and what to call starting it: without the address of a server, which
// may hold a password.
func locate(database string) (address, op string, err error) {
	if strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://") {
		return database, "start the workflow engine on PostgreSQL", nil
	}
	abs, err := filepath.Abs(database)
	return "sqlite:" + (&url.URL{Path: abs}).EscapedPath(), "start the workflow engine on " + database, err
}

// run starts a workflow; where one with this id was started before, by whatever process, that one counts.
func (e *engine) run(body, id, input string) error {
	if _, err := dbos.RunWorkflow(e.dbos, e.entry, task{body, input}, dbos.WithWorkflowID(id)); err != nil {
		return &corax.Error{Code: corax.Unavailable, Op: "run " + body + " " + id, Err: err}
	}
	return nil
}

// step runs f once and records what it returned. f may run again where a crash came before the record. Its result is
// a value, whatever the outcome in the world outside; its error says that the step could not be carried out at all,
// and is tried again until it can.
func step[R any](f *flow, name string, do func(context.Context) (R, error)) (R, error) {
	f.point("before " + name)
	out, err := dbos.RunAsStep(f.ctx, func(ctx context.Context) (R, error) {
		out, err := persist(ctx, f.log, name, do)
		f.point("unrecorded " + name)
		return out, err
	}, dbos.WithStepName(name))
	f.point("after " + name)
	return out, err
}

// persist calls do until it works, fails for good, or ctx ends.
func persist[R any](
	ctx context.Context, log *slog.Logger, name string, do func(context.Context) (R, error),
) (R, error) {
	for delay := 50 * time.Millisecond; ; delay = min(2*delay, 2*time.Second) {
		out, err := do(ctx)
		if err == nil || ctx.Err() != nil {
			return out, err
		}
		if code := corax.CodeOf(err); code != corax.Unavailable && code != corax.Internal {
			return out, err
		}
		log.Error("a step of a plan could not be carried out, trying again", "step", name, "error", err)
		if cause := pause(ctx, delay, nil); cause != nil {
			return out, fmt.Errorf("%s: %w", name, cause)
		}
	}
}

// interrupted says that the process is stopping: nothing has failed, and nothing is to be recorded.
func (f *flow) interrupted() bool { return f.ctx.Err() != nil }

// quiet passes on warnings and errors only: the engine tells every start and stop at level info.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.Handler.Enabled(ctx, l)
}
func (q quiet) WithAttrs(a []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(a)} }
func (q quiet) WithGroup(name string) slog.Handler   { return quiet{q.Handler.WithGroup(name)} }
