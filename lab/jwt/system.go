package jwt

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"corax"
	"corax/lab/part"
)

// System is a running lab as seen by who breaks it and who judges it. It holds all credentials.
type System struct {
	dir    string
	lay    layout
	state  part.State // addresses; process ids may be old
	client client
	creds  part.Credentials
}

// Open gives access to the lab that runs in dir.
func Open(dir string) (*System, error) {
	s := &System{dir: dir}
	var err error
	if s.lay, err = readLayout(dir); err != nil {
		return nil, err
	}
	if s.state, err = part.ReadState(dir); err != nil {
		return nil, err
	}
	if s.client, err = newClient(dir); err != nil {
		return nil, err
	}
	s.creds, err = readCredentials(dir, credCorax, credCanary, credOperator)
	return s, err
}

// ConfigFile is the configuration with which Corax watches the lab.
func (s *System) ConfigFile() string { return filepath.Join(s.dir, "corax.yaml") }

// Verifiers is the services that verify tokens, by name.
func (s *System) Verifiers() []string {
	var names []string
	for _, v := range s.lay.Services {
		names = append(names, v.Name)
	}
	return names
}

func (s *System) url(role, scheme, listener string) string {
	p, _ := s.state.Part(role)
	return p.URL(scheme, listener)
}

func (s *System) authAdmin() string { return s.url(roleAuth, "http", listenAdmin) }

func (s *System) operate(ctx context.Context, method, url string, in, out any) error {
	return s.client.must(ctx, method, url, s.creds[credOperator], in, out)
}

// Truth is what the users got: the counts of the last window, and the accounts since the lab is up.
func (s *System) Truth(ctx context.Context, window time.Duration) (Truth, error) {
	var t Truth
	url := s.url(roleTraffic, "http", listenAdmin) + "/truth?window=" + window.String()
	if err := s.client.must(ctx, http.MethodGet, url, s.creds[credOperator], nil, &t); err != nil {
		return t, err
	}
	for i, a := range t.Services {
		if p, ok := s.state.Part(a.Service); ok {
			t.Services[i].Role = p.Role
		}
	}
	return t, nil
}

// Records are those of all parts, the users' and the supervisor's among them, in the order of time.
func (s *System) Records() ([]part.Record, error) {
	names := []string{part.SupervisorName}
	for _, p := range s.state.Parts {
		names = append(names, p.Name)
	}
	var all []part.Record
	for _, name := range names {
		records, err := part.ReadRecords(part.AuditFile(s.dir, name))
		if err != nil {
			return nil, err
		}
		all = append(all, records...)
	}
	slices.SortStableFunc(all, func(a, b part.Record) int { return a.At.Compare(b.At) })
	return all, nil
}

// Check holds the records of the lab against its invariants; see invariants.go.
func (s *System) Check(deeds Deeds) ([]Violation, error) {
	records, err := s.Records()
	if err != nil {
		return nil, err
	}
	auth, _ := s.state.Part(roleAuth)
	return check(history{records: records, auth: auth.Name, verifiers: s.Verifiers(), deeds: deeds}), nil
}

// Secrets are the credentials of the lab, by the names of their files.
func (s *System) Secrets() (map[string]string, error) {
	files, err := os.ReadDir(filepath.Join(s.dir, "secrets"))
	if err != nil {
		return nil, corax.Errorf(corax.NotFound, "read the secrets of the lab", "%w", err)
	}
	all := map[string]string{}
	for _, f := range files {
		if all[f.Name()], err = readSecret(s.dir, f.Name()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// target finds a verifier by name or role.
func (s *System) target(op, name string) (service, error) {
	i := slices.IndexFunc(s.lay.Services, func(v service) bool { return v.Name == name || v.Role == name })
	if i < 0 {
		return service{}, corax.Errorf(corax.Invalid, op, "there is no service %q: expected one of %v", name, s.Verifiers())
	}
	return s.lay.Services[i], nil
}
