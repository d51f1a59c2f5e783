package jwt

import (
	"context"
	"net/http"
	"time"

	"corax"
	"corax/lab/part"
)

// These faults are about what heals: an interface that doesn't do what it says, machines that no restart mends.

// supervisorWhim has the supervisor treat a process against its orders.
func (s *System) supervisorWhim(ctx context.Context, a *args, proof string, whim part.Whim) (Broken, error) {
	name, err := s.anyTarget(a)
	if err != nil {
		return Broken{}, err
	}
	b := Broken{At: time.Now().UTC(), Targets: []string{name}}
	url := s.process(name) + "/whim"
	if err := s.operate(ctx, http.MethodPut, url, whim, nil); err != nil {
		return b, err
	}
	if whim.Silent {
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		status, err := s.client.do(short, http.MethodGet, s.process(name), s.creds[credCorax], nil, nil)
		if err == nil {
			return b, corax.Errorf(corax.Conflict, a.op, "the supervisor answers %d all the same", status)
		}
	}
	b.Proof = []string{proof + " " + name}
	return b, nil
}

// ignoring reads the verbs of supervisor_ignores.
func (s *System) ignoring(ctx context.Context, a *args) (Broken, error) {
	verbs := []string(nil)
	a.list("verbs", &verbs)
	if len(verbs) == 0 {
		verbs = []string{"start", "stop", "restart"}
	}
	return s.supervisorWhim(ctx, a, "the supervisor accepts, and does nothing, about", part.Whim{Ignore: verbs})
}

func (s *System) process(name string) string {
	return s.state.Supervisor.URL("http", listenAdmin) + "/processes/" + name
}

// anyTarget reads the parameter target, which may be auth as well.
func (s *System) anyTarget(a *args) (string, error) {
	auth, _ := s.state.Part(roleAuth)
	if name, _ := a.with["target"].(string); name == auth.Name || name == roleAuth {
		a.get("target")
		return auth.Name, a.end()
	}
	v, err := s.only(a)
	return v.Name, err
}

// theDisk is what a machine says whose disk fails.
const theDisk = "disk sda has failed: uncorrectable I/O error, SMART status FAILED"

// failDisk makes a service fail by its machine.
func (s *System) failDisk(ctx context.Context, a *args) (Broken, error) {
	v, err := s.only(a)
	if err != nil {
		return Broken{}, err
	}
	return s.sicken(ctx, a, v.Name, theDisk, http.StatusServiceUnavailable)
}

// replacePart makes a service well, as whoever replaces a part does.
func (s *System) replacePart(ctx context.Context, a *args) (Broken, error) {
	v, err := s.only(a)
	if err != nil {
		return Broken{}, err
	}
	return s.sicken(ctx, a, v.Name, "", http.StatusOK)
}

func (s *System) sicken(ctx context.Context, a *args, name, complaint string, expect int) (Broken, error) {
	b := Broken{At: time.Now().UTC(), Targets: []string{name}}
	admin := s.url(name, "http", listenAdmin)
	if err := s.operate(ctx, http.MethodPut, admin+"/sickness", map[string]string{"complaint": complaint}, nil); err != nil {
		return b, err
	}
	status, err := s.client.do(ctx, http.MethodGet, admin+"/health", "", nil, nil)
	if err == nil && status != expect {
		err = corax.Errorf(corax.Conflict, a.op, "%s answers %d, not %d", name, status, expect)
	}
	b.Proof = []string{name + " answers " + http.StatusText(status)}
	return b, err
}
