package part

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"corax"
)

// SupervisorName is the name of the part that owns the processes of the others.
const SupervisorName = "supervisor"

// Plan is what a supervisor is started with; it is written to plan.json in the lab's directory.
type Plan struct {
	Lab         string      `json:"lab"`
	Seed        int64       `json:"seed"`
	Parts       []Spec      `json:"parts"`
	Credentials Credentials `json:"credentials"` // who may use its administrative interface
	Operators   []string    `json:"operators"`   // and who of them may also kill
}

// PlanFile is where the plan of the lab in dir is written.
func PlanFile(dir string) string { return filepath.Join(dir, "plan.json") }

// Supervisor starts the parts of a lab, each as a process tied to its own life, and starts, stops and restarts
// them on request. A part that ends by itself stays down: to notice and to mend that is the business of others.
type Supervisor struct {
	dir    string
	binary string
	clock  corax.Clock
	plan   Plan
	audit  *Audit

	mu       sync.Mutex // guards state, children, answers and whims
	state    State
	children map[string]*Child
	answers  map[string]Change // by idempotency key
	whims    map[string]Whim   // by name
	busy     map[string]*sync.Mutex
	watchers sync.WaitGroup
}

// Change is the answer to a request to start, stop or restart.
type Change struct {
	Changed bool   `json:"changed"`
	Part    Status `json:"part"`
}

// Supervise runs the parts of the lab in dir until ctx ends, then stops them. It calls ready once when all of them
// are.
func Supervise(ctx context.Context, dir, binary string, clock corax.Clock, ready func()) error {
	s := &Supervisor{dir: dir, binary: binary, clock: clock, children: map[string]*Child{}, answers: map[string]Change{},
		busy: map[string]*sync.Mutex{}, whims: map[string]Whim{}}
	data, err := os.ReadFile(PlanFile(dir))
	if err != nil {
		return corax.Errorf(corax.NotFound, "supervise the lab in "+dir, "%w", err)
	}
	if err := json.Unmarshal(data, &s.plan); err != nil {
		return corax.Errorf(corax.Invalid, "read "+PlanFile(dir), "%w", err)
	}
	if s.audit, err = OpenAudit(dir, SupervisorName, clock); err != nil {
		return err
	}
	defer func() { _ = s.audit.Close() }()
	admin, err := reserve()
	if err != nil {
		return err
	}
	server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second}
	served := make(chan struct{})
	defer func() { s.stopAll(); <-served }()
	go func() { // ends when the server is closed below
		defer close(served)
		_ = server.Serve(admin)
	}()
	defer func() { _ = server.Close() }()
	if err := s.startAll(ctx, admin.Addr().String()); err != nil {
		return err
	}
	ready()
	<-ctx.Done()
	return nil
}

// startAll reserves every port before the first part starts, so that each can read in the state file where the
// others are.
func (s *Supervisor) startAll(ctx context.Context, admin string) error {
	self, _ := Identify(os.Getpid())
	s.state = State{Lab: s.plan.Lab, Seed: s.plan.Seed, Supervisor: Status{Name: SupervisorName,
		Role: SupervisorName, Running: true,
		Identity: self, Addrs: map[string]string{"admin": admin}, Started: s.clock.Now(), Starts: 1}}
	sockets := make([][]*os.File, len(s.plan.Parts))
	defer func() {
		for _, files := range sockets {
			for _, f := range files {
				_ = f.Close()
			}
		}
	}()
	for i, spec := range s.plan.Parts {
		st := Status{Name: spec.Name, Role: spec.Role, Addrs: map[string]string{}}
		for _, name := range spec.Listens {
			l, err := reserve()
			if err != nil {
				return err
			}
			st.Addrs[name] = l.Addr().String()
			f, err := l.File()
			_ = l.Close()
			if err != nil {
				return corax.Errorf(corax.Unavailable, "hand over a listener to "+spec.Name, "%w", err)
			}
			sockets[i] = append(sockets[i], f)
		}
		s.state.Parts = append(s.state.Parts, st)
		s.busy[spec.Name] = &sync.Mutex{}
	}
	if err := s.save(); err != nil {
		return err
	}
	var g errgroup.Group
	for i, spec := range s.plan.Parts {
		g.Go(func() error { return s.start(ctx, spec.Name, sockets[i]) })
	}
	return g.Wait()
}

func (s *Supervisor) stopAll() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	s.mu.Lock()
	var g errgroup.Group
	for _, c := range s.children {
		g.Go(func() error { c.Stop(ctx); return nil })
	}
	s.mu.Unlock()
	_ = g.Wait()
	s.watchers.Wait()
}

// start starts a part; its lock in busy is held, or nothing else can know it yet.
func (s *Supervisor) start(ctx context.Context, name string, sockets []*os.File) error {
	child, err := Command{Binary: s.binary, Dir: s.dir, Name: name, Tied: true, Sockets: sockets}.Start(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.children[name] = child
	s.update(name, func(st *Status) {
		st.Identity, st.Running, st.Started, st.Starts = child.Identity, true, s.clock.Now(), st.Starts+1
	})
	s.watchers.Add(1)
	go func() { // ends with the child
		defer s.watchers.Done()
		<-child.Done()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.children[name] == child {
			delete(s.children, name)
			s.update(name, func(st *Status) { st.Running = false })
			s.audit.Write(SupervisorName, "process_ended", "name", name)
		}
	}()
	return s.saveLocked()
}

// update changes the status of a part and writes the state file; s.mu is held.
func (s *Supervisor) update(name string, f func(*Status)) {
	for i := range s.state.Parts {
		if s.state.Parts[i].Name == name {
			f(&s.state.Parts[i])
		}
	}
	_ = s.saveLocked()
}

func (s *Supervisor) save() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saveLocked()
}

func (s *Supervisor) saveLocked() error {
	if err := WriteJSON(StateFile(s.dir), s.state, 0o600); err != nil {
		return corax.Errorf(corax.Unavailable, "write "+StateFile(s.dir), "%w", err)
	}
	return nil
}

func (s *Supervisor) status(name string) (Status, *Child, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, ok := s.state.Part(name)
	if !ok || st.Name != name {
		return Status{}, nil, corax.Errorf(corax.NotFound, "look up process "+name, "there is no process of that name")
	}
	return st, s.children[name], nil
}

func (s *Supervisor) handler() http.Handler {
	mux := http.NewServeMux()
	var all []string
	for name := range s.plan.Credentials {
		all = append(all, name)
	}
	guard := func(h Handler, allowed []string) http.Handler { return s.plan.Credentials.Guard(h, allowed...) }
	mux.Handle("GET /processes", guard(func(string, *http.Request) (any, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return map[string]any{"processes": append([]Status(nil), s.state.Parts...)}, nil
	}, all))
	mux.Handle("GET /processes/{name}", guard(s.keepSilent(func(_ string, r *http.Request) (any, error) {
		st, _, err := s.status(r.PathValue("name"))
		return st, err
	}), all))
	mux.Handle("POST /processes/{name}/{verb}", guard(s.keepSilent(s.change), all))
	mux.Handle("PUT /processes/{name}/whim", guard(s.putWhim, s.plan.Operators))
	return mux
}

// change carries out start, stop, restart and, for operators, kill. A request that is repeated with its
// idempotency key gets the first answer; start and stop are harmless to repeat, and a restart may name the process
// id that it means.
func (s *Supervisor) change(actor string, r *http.Request) (any, error) {
	name, verb := r.PathValue("name"), r.PathValue("verb")
	var in struct {
		ExpectPID int `json:"expect_pid"`
	}
	if err := Decode(r, &in); err != nil {
		return nil, err
	}
	if _, _, err := s.status(name); err != nil {
		return nil, err
	}
	busy := s.busy[name]
	busy.Lock()
	defer busy.Unlock()
	order := OrderOf(actor, r, s.clock)
	key := order.Key
	if key != "" {
		key = verb + " " + name + " " + key
		s.mu.Lock()
		answer, seen := s.answers[key]
		s.mu.Unlock()
		if seen {
			return answer, nil
		}
	}
	st, child, err := s.status(name)
	if err != nil {
		return nil, err
	}
	if in.ExpectPID != 0 && in.ExpectPID != st.PID {
		return nil, corax.Errorf(corax.Conflict, verb+" "+name, "it runs as process %d, not %d", st.PID, in.ExpectPID)
	}
	// Not the request's context: a caller that hangs up must not leave a process half started.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 10*time.Second)
	defer cancel()
	whim, changed := s.whim(actor, name), true
	switch {
	case slices.Contains(whim.Babble, verb):
		return nil, s.babble(actor, verb, name)
	case slices.Contains(whim.Ignore, verb): // as if it had been done
	default:
		if changed, err = s.carryOut(ctx, actor, verb, name, child); err != nil {
			return nil, err
		}
	}
	if changed && !slices.Contains(whim.Ignore, verb) {
		s.audit.Write(actor, "process_"+verb, order.Detail("name", name)...)
	}
	st, _, err = s.status(name)
	answer := Change{Changed: changed, Part: st}
	if key != "" && err == nil {
		s.mu.Lock()
		if len(s.answers) > 1000 {
			clear(s.answers)
		}
		s.answers[key] = answer
		s.mu.Unlock()
	}
	return answer, err
}

func (s *Supervisor) carryOut(ctx context.Context, actor, verb, name string, child *Child) (changed bool, err error) {
	end := func(how func()) {
		if child == nil {
			return
		}
		s.mu.Lock()
		delete(s.children, name)
		s.mu.Unlock()
		how()
		s.mu.Lock()
		s.update(name, func(st *Status) { st.Running = false })
		s.mu.Unlock()
	}
	graceful := func() {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		child.Stop(ctx)
	}
	switch verb {
	case "start":
		if child != nil {
			return false, nil
		}
		return true, s.start(ctx, name, nil)
	case "restart":
		end(graceful)
		return true, s.start(ctx, name, nil)
	case "stop":
		end(graceful)
		return child != nil, nil
	case "kill":
		for _, operator := range s.plan.Operators {
			if operator == actor {
				end(child.killIfAny)
				return child != nil, nil
			}
		}
		return false, corax.Errorf(corax.Forbidden, "kill "+name, "this credential may not kill")
	}
	return false, corax.Errorf(corax.NotFound, verb+" "+name, "expected start, stop, restart or kill")
}

func (c *Child) killIfAny() {
	if c != nil {
		c.Kill()
	}
}

// Serve serves a handler on a listener until ctx ends.
func Serve(ctx context.Context, l net.Listener, server *http.Server) error {
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	var err error
	if server.TLSConfig != nil {
		err = server.ServeTLS(l, "", "")
	} else {
		err = server.Serve(l)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
