package execute

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"sync"

	"corax"
)

// The verbs of a process.
const (
	start   = "start"
	stop    = "stop"
	restart = "restart"
)

// supervisor owns a process. The kinds there are: local, and any that has an HTTP interface. One for the units of an
// init system would be a third.
type supervisor interface {
	// status is what runs now.
	status() (status, error)
	// change starts, stops or restarts it; changed is false where there was nothing to do, or where the same key did it
	// before. It is begun, and its outcome not known, where the error is errBegun.
	change(ctx context.Context, verb, key string) (now status, changed bool, err error)
}

// errBegun says that a change was begun and did not come to its end.
var errBegun = errors.New("begun, and not known how it ended")

// status is a process that runs, or none.
type status struct {
	Running bool   `json:"running"`
	PID     int    `json:"pid,omitempty"`
	Start   string `json:"start,omitempty"` // when the system started it, in its own words: an id alone is reused
	Key     string `json:"key,omitempty"`   // idempotency key of the change that started it
}

// processes starts and stops declared processes.
type processes struct {
	o    *Options
	http *httpExecutor // for supervisors that have an interface
	mu   sync.Mutex
	busy map[string]chan struct{} // by process: one change at a time
}

func newProcesses(o *Options) Executor {
	return &processes{o: o, http: newHTTPExecutor(o), busy: map[string]chan struct{}{}}
}

func (x *processes) Close() { x.http.Close() }

// Keys: to start or stop twice is once, and a restart remembers its key.
func (x *processes) Keys(corax.Call) Keying { return RepeatsOnce }

// Named is the process.
func (x *processes) Named(call corax.Call, v Values) any {
	return meant(x.o.Executors().Processes, call.Process.Name, v, processName)
}

func (x *processes) Check(c Checks, field string, call corax.Call, read bool) {
	p := call.Process
	checkPlace(c, field+".name", p.Name, names(x.o.Executors().Processes, processName))
	switch {
	case read && p.Do != "":
		c.Fail(field+".do", "leave it out", "a reading does nothing")
	case !read && p.Do != start && p.Do != stop && p.Do != restart:
		c.Fail(field+".do", "", "%q: expected start, stop or restart", p.Do)
	}
}

func processName(p corax.Process) string { return p.Name }

// Bind finds the process, and with it its supervisor.
func (x *processes) Bind(call corax.Call, v Values) (Bound, error) {
	name, err := v.Text(call.Process.Name)
	if err != nil {
		return nil, fmt.Errorf("name: %w", err)
	}
	p, err := named(x.o.Executors().Processes, name, processName)
	if err != nil {
		return nil, fmt.Errorf("process %w", err)
	}
	verb := call.Process.Do
	if p.URL == "" {
		return control{supervisor: &local{process: p}, name: name, verb: verb, busy: x.turn(name)}, nil
	}
	u, err := url.Parse(p.URL)
	if err != nil {
		return nil, errors.New("the address of process " + name + " is none")
	}
	r := request{x: x.http, method: "GET", url: u, token: p.Token}
	if verb != "" {
		r.method, r.url = "POST", u.JoinPath(verb)
	}
	return r, nil
}

func (x *processes) turn(name string) chan struct{} {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.busy[name] == nil {
		x.busy[name] = make(chan struct{}, 1)
	}
	return x.busy[name]
}

// control is a question or a change that is put to a supervisor.
type control struct {
	supervisor supervisor
	name, verb string
	busy       chan struct{}
}

func (b control) String() string { return strings.TrimSpace(b.verb + " process " + b.name) }

func (b control) Run(ctx context.Context, o Order) Result {
	what := "process " + b.name
	select {
	case b.busy <- struct{}{}:
		defer func() { <-b.busy }()
	case <-ctx.Done():
		return failed(fmt.Errorf("%s: another change is at work: %w", what, context.Cause(ctx)))
	}
	if o.Read {
		s, err := b.supervisor.status()
		if err != nil {
			return failed(fmt.Errorf("%s: %w", what, err))
		}
		value := map[string]any{"running": s.Running}
		if s.Running {
			value["pid"], value["started"] = int64(s.PID), s.Start
		}
		return Result{Outcome: Done, Text: what, Value: value}
	}
	s, changed, err := b.supervisor.change(ctx, b.verb, o.Key)
	switch {
	case errors.Is(err, errBegun):
		return Result{Outcome: Unclear, Text: fmt.Sprintf("%s: %s: %v", what, b.verb, err)}
	case errors.Is(err, fs.ErrNotExist):
		return Result{Outcome: Away, Text: fmt.Sprintf("%s: %s: %v", what, b.verb, err)}
	case err != nil:
		return failed(fmt.Errorf("%s: %s: %w", what, b.verb, err))
	}
	text := what + " is stopped"
	if s.Running {
		text = fmt.Sprintf("%s runs as %d", what, s.PID)
	}
	if !changed {
		text += ", and did before"
	}
	return Result{Outcome: Done, Text: text}
}
