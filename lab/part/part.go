// Package part is what every part of any lab needs to live as an operating-system process of its own: an identity
// that survives the reuse of process ids, a life that ends with its parent, listeners on ports that nobody else
// takes, credentials with names, an audit record, and the supervisor that owns the processes.
//
// In come the specifications of the parts of a lab (Spec), out come running processes and a state file that says
// where they are. It knows nothing of what a part does, and it never ends a process whose id and start time are
// not those that it wrote down.
package part

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"corax"
)

// Spec is a part to be run: its name, its role in the lab, and the names of the listeners that it needs.
type Spec struct {
	Name    string   `json:"name"`
	Role    string   `json:"role"`
	Listens []string `json:"listens"`
}

// Status is a part as the state file and the supervisor show it.
type Status struct {
	Name     string            `json:"name"`
	Role     string            `json:"role"`
	Running  bool              `json:"running"`
	Identity                   // of the running process, or of the last one
	Addrs    map[string]string `json:"addrs,omitempty"` // by name of the listener: "127.0.0.1:20123"
	Started  time.Time         `json:"started_at"`
	Starts   int               `json:"starts"` // how often it was started
}

// URL is the base address of one of the part's listeners.
func (s Status) URL(scheme, listener string) string { return scheme + "://" + s.Addrs[listener] }

// State is the content of a lab's state file: the only place where roles and ports are written.
type State struct {
	Lab        string   `json:"lab"`
	Seed       int64    `json:"seed"`
	Supervisor Status   `json:"supervisor"`
	Parts      []Status `json:"parts"`
}

// Part finds a part by its name or its role.
func (s State) Part(nameOrRole string) (Status, bool) {
	for _, p := range s.Parts {
		if p.Name == nameOrRole || p.Role == nameOrRole {
			return p, true
		}
	}
	return Status{}, false
}

// Role is all parts with a role.
func (s State) Role(role string) (parts []Status) {
	for _, p := range s.Parts {
		if p.Role == role {
			parts = append(parts, p)
		}
	}
	return parts
}

// StateFile is where the state of the lab in dir is written.
func StateFile(dir string) string { return filepath.Join(dir, "state.json") }

// LogFile is where a part of the lab in dir writes what it says.
func LogFile(dir, name string) string { return filepath.Join(dir, "logs", name+".log") }

// AuditFile is where a part of the lab in dir records what it did.
func AuditFile(dir, name string) string { return filepath.Join(dir, "logs", name+".audit.jsonl") }

// ReadState reads the state of the lab in dir; corax.NotFound where there is none.
func ReadState(dir string) (State, error) {
	var s State
	data, err := os.ReadFile(StateFile(dir))
	switch {
	case os.IsNotExist(err):
		return s, &corax.Error{Code: corax.NotFound, Op: "open the lab in " + dir, Err: err,
			Hint: "start one with: corax lab up"}
	case err != nil:
		return s, &corax.Error{Code: corax.Unavailable, Op: "open the lab in " + dir, Err: err}
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, &corax.Error{Code: corax.Invalid, Op: "read " + StateFile(dir), Err: err}
	}
	return s, nil
}

// WriteFile replaces a file in one step: a reader sees the old content or the new, also after a crash.
func WriteFile(name string, data []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// WriteJSON replaces a file by the JSON form of v.
func WriteJSON(name string, v any, mode os.FileMode) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return WriteFile(name, append(data, '\n'), mode)
}
