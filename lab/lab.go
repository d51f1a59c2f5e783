// Package lab starts, stops and breaks labs: small real systems whose parts are operating-system processes of
// their own.
//
// In come a name, a seed and a directory (Options); out comes a Lab with a configuration for Corax, faults that
// can be injected with proof that they took effect, the truth about what the lab's users got, and a check of its
// records. It never ends a process that it did not start, and it never tells Corax more than the configuration
// does.
package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"corax"
	"corax/lab/jwt"
	"corax/lab/part"
)

// Options say which lab is started, and how.
type Options struct {
	Name   string         // jwt
	Seed   int64          // 0 for the plain names
	Dir    string         // for its files; made where it is not there
	Params map[string]any // the lab's own
	// Binary is the program that runs the parts, called as BINARY lab part ...; this program where empty.
	Binary string
	// Detached leaves the lab running when this process ends. Otherwise it ends with it, however that comes.
	Detached bool
	Clock    corax.Clock
}

// Lab is a running lab.
type Lab struct {
	dir    string
	state  part.State
	system *jwt.System
	child  *part.Child // the supervisor, where we started it
}

// Truth is what a lab's users got, by their own account.
type Truth = jwt.Truth

// Violation is a breach of a lab's invariant.
type Violation = jwt.Violation

// Deeds are what a lab's parts can't know of and are judged by all the same.
type Deeds = jwt.Deeds

// Stop is a time in which Corax was told to leave a part alone, or everything.
type Stop = jwt.Stop

// Undone is what Corax says that it has taken back.
type Undone = jwt.Undone

// Record is one line of a part's own record: who did what, when.
type Record = part.Record

// State is the parts of a lab and where they listen.
type State = part.State

// Status is one part of a lab.
type Status = part.Status

// Injection is a fault that was injected and took effect.
type Injection struct {
	Fault   string         `json:"fault"`
	With    map[string]any `json:"with,omitempty"`
	At      time.Time      `json:"at"`
	Targets []string       `json:"targets,omitempty"`
	Proof   []string       `json:"proof"`
}

// Names are the labs that there are.
func Names() []string { return []string{"jwt"} }

// Faults are the faults of a lab, with what each is about.
func Faults(string) map[string]string { return jwt.Faults() }

// DefaultDir is where a lab's files are when nothing else is said.
func DefaultDir(name string) (string, error) {
	base := os.Getenv("XDG_STATE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", corax.Errorf(corax.Unavailable, "find a place for the lab's files", "%w", err)
		}
		base = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(base, "corax", "lab", name), nil
}

// Up starts a lab and returns when its users are at work. Where it fails, or ctx ends, nothing is left running.
func Up(ctx context.Context, o Options) (*Lab, error) {
	op := "start lab " + o.Name
	if !slices.Contains(Names(), o.Name) {
		return nil, corax.Errorf(corax.Invalid, op, "there is no lab of that name: expected one of %v", Names())
	}
	params, err := jwt.ParseParams(o.Params)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil || o.Dir == "" {
		return nil, corax.Errorf(corax.Invalid, op, "no directory is given")
	}
	if s, err := part.ReadState(dir); err == nil && s.Supervisor.Alive() {
		return nil, &corax.Error{Code: corax.Conflict, Op: op, Err: fmt.Errorf("a lab runs in %s", dir),
			Hint: "stop it with: corax lab down, or give another directory"}
	}
	binary := o.Binary
	if binary == "" {
		if binary, err = os.Executable(); err != nil {
			return nil, corax.Errorf(corax.Internal, op, "%w", err)
		}
	}
	if err := clearDir(op, dir); err != nil {
		return nil, err
	}
	if _, err := jwt.Prepare(dir, o.Seed, params, o.Clock); err != nil {
		return nil, err
	}
	child, err := part.Command{Binary: binary, Dir: dir, Name: part.SupervisorName, Tied: !o.Detached}.Start(ctx)
	if err != nil {
		return nil, err
	}
	l, err := open(dir)
	if err == nil {
		err = jwt.Render(dir)
	}
	if err != nil {
		stop(child)
		return nil, err
	}
	l.child = child
	return l, nil
}

// clearDir removes what an earlier lab left. A directory that holds other things is not touched.
func clearDir(op, dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	if !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == filepath.Base(part.PlanFile(dir)) }) {
		return &corax.Error{Code: corax.Invalid, Op: op, Err: fmt.Errorf("%s is not empty, and no lab was there", dir),
			Hint: "give a directory of its own"}
	}
	var errs []error
	// The plan goes last: until then the directory is known as a lab's.
	for _, name := range []string{"logs", "data", "secrets", "state.json", "layout.json", "ca.pem", "corax.yaml",
		"plan.json"} {
		errs = append(errs, os.RemoveAll(filepath.Join(dir, name)))
	}
	if err := errors.Join(errs...); err != nil {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	return nil
}

// stop ends a supervisor that we started, and with it all parts.
func stop(child *part.Child) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	child.Stop(ctx)
}

// Open gives access to a lab that runs in dir, whoever started it.
func Open(dir string) (*Lab, error) {
	l, err := open(dir)
	if err == nil && !l.state.Supervisor.Alive() {
		err = &corax.Error{Code: corax.NotFound, Op: "open the lab in " + dir, Err: errors.New("it does not run any more"),
			Hint: "start it with: corax lab up"}
	}
	return l, err
}

func open(dir string) (*Lab, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, corax.Errorf(corax.Invalid, "open a lab", "%w", err)
	}
	state, err := part.ReadState(dir)
	if err != nil {
		return nil, err
	}
	system, err := jwt.Open(dir)
	return &Lab{dir: dir, state: state, system: system}, err
}

// Dir is where the lab's files are.
func (l *Lab) Dir() string { return l.dir }

// ConfigFile is the configuration with which Corax watches and heals this lab.
func (l *Lab) ConfigFile() string { return l.system.ConfigFile() }

// Ps is the parts of the lab as they are now, the supervisor first.
func (l *Lab) Ps() ([]Status, error) {
	state, err := part.ReadState(l.dir)
	if err != nil {
		return nil, err
	}
	all := append([]Status{state.Supervisor}, state.Parts...)
	for i := range all {
		all[i].Running = all[i].Alive()
	}
	return all, nil
}

// Name is the name of the part with a role.
func (l *Lab) Name(role string) (string, bool) {
	p, ok := l.state.Part(role)
	return p.Name, ok && p.Role == role
}

// Role is the role of the part with a name.
func (l *Lab) Role(name string) (string, bool) {
	p, ok := l.state.Part(name)
	return p.Role, ok && p.Name == name
}

// Break injects a fault and returns once it has taken effect, with the proof of it.
func (l *Lab) Break(ctx context.Context, fault string, with map[string]any) (Injection, error) {
	b, err := l.system.Break(ctx, fault, with)
	return Injection{Fault: fault, With: with, At: b.At, Targets: b.Targets, Proof: b.Proof}, err
}

// Truth is what the lab's users got: in the last seconds, and since the lab is up.
func (l *Lab) Truth(ctx context.Context) (Truth, error) { return l.system.Truth(ctx, 3*time.Second) }

// Invariants are the names of a lab's invariants, and what each means.
func Invariants(string) map[string]string { return jwt.Invariants() }

// Records are those of all parts, in the order of time.
func (l *Lab) Records(context.Context) ([]Record, error) { return l.system.Records() }

// Check holds the records of the parts against the lab's invariants.
func (l *Lab) Check(_ context.Context, deeds Deeds) ([]Violation, error) {
	return l.system.Check(deeds)
}

// Secrets are the lab's credentials, by name.
func (l *Lab) Secrets() (map[string]string, error) { return l.system.Secrets() }

// Down ends the lab: the supervisor, which ends its parts, and any part that is left. It looks at process id and
// start time before it ends anything. Twice is fine.
func (l *Lab) Down(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	state, err := part.ReadState(l.dir)
	if corax.CodeOf(err) == corax.NotFound {
		state, err = l.state, nil
	}
	if err != nil {
		return err
	}
	if l.child != nil {
		l.child.Stop(ctx)
	} else if err := state.Supervisor.End(ctx); err != nil {
		return err
	}
	for _, p := range state.Parts {
		if err := p.End(ctx); err != nil {
			return err
		}
	}
	if err := os.Remove(part.StateFile(l.dir)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return corax.Errorf(corax.Unavailable, "remove "+part.StateFile(l.dir), "%w", err)
	}
	return nil
}
