package part

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strings"

	"corax"
)

// Whim is how the supervisor treats one process against its orders, for everybody but operators.
type Whim struct {
	Ignore []string `json:"ignore"` // verbs that it accepts, and does nothing about
	Babble []string `json:"babble"` // verbs that fail, with an error that prints the environment and all credentials in it
	Silent bool     `json:"silent"` // it takes requests about the process and never answers
}

// putWhim sets how a process is treated from now on.
func (s *Supervisor) putWhim(_ string, r *http.Request) (any, error) {
	var w Whim
	if err := Decode(r, &w); err != nil {
		return nil, err
	}
	name := r.PathValue("name")
	if _, _, err := s.status(name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.whims[name] = w
	return w, nil
}

// whim is how a request of an actor about a process is treated.
func (s *Supervisor) whim(actor, name string) Whim {
	if slices.Contains(s.plan.Operators, actor) {
		return Whim{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.whims[name]
}

// keepSilent never answers a request about a process that it is silent about: it returns when the caller has given up.
func (s *Supervisor) keepSilent(h Handler) Handler {
	return func(actor string, r *http.Request) (any, error) {
		if s.whim(actor, r.PathValue("name")).Silent {
			<-r.Context().Done()
			return nil, corax.Errorf(corax.Unavailable, "answer "+actor, "%w", context.Cause(r.Context()))
		}
		return h(actor, r)
	}
}

// babble is the error of a program that prints all that it knows.
func (s *Supervisor) babble(actor, verb, name string) error {
	var env []string
	for who, token := range s.plan.Credentials {
		env = append(env, strings.ToUpper(who)+"_TOKEN="+token)
	}
	slices.Sort(env)
	return corax.Errorf(corax.Internal, verb+" "+name, "fork/exec %s: resource temporarily unavailable; Authorization: Bearer %s; env=%q",
		s.binary, s.plan.Credentials[actor], append(env, "PWD="+s.dir, "USER="+os.Getenv("USER")))
}
