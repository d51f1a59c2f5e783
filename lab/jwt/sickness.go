package jwt

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"strings"

	"corax"
	"corax/lab/part"
)

// A service is sick when its machine is: it runs, does no work, and complains. No restart of the process mends that.

func (s *server) sicknessFile() string { return sicknessFile(s.env.dir, s.env.name) }

func sicknessFile(dir, name string) string { return dataFile(dir, name+".sick") }

// loadSickness reads what a service complained about before it was started again.
func (s *server) loadSickness() {
	if data, err := os.ReadFile(s.sicknessFile()); err == nil {
		s.sick = strings.TrimSpace(string(data))
	}
}

func (s *server) sickness() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sick
}

func (s *server) health(w http.ResponseWriter, r *http.Request) {
	if !s.suffers(w) {
		healthy(w, r)
	}
}

// suffers answers a request of a service that is sick; false where it is well.
func (s *server) suffers(w http.ResponseWriter) bool {
	sick := s.sickness()
	if sick == "" {
		return false
	}
	s.env.log.Error(sick) // the machine's own words, which no wording of the lab changes
	part.Answer(w, http.StatusServiceUnavailable, map[string]string{"status": "failing"})
	return true
}

// putSickness makes the service sick, or well where it complains about nothing: {"complaint": "disk ..."}.
func (s *server) putSickness(_ string, r *http.Request) (any, error) {
	var in struct {
		Complaint string `json:"complaint"`
	}
	if err := part.Decode(r, &in); err != nil {
		return nil, err
	}
	if err := saveSickness(s.env.dir, s.env.name, in.Complaint); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.sick = in.Complaint
	s.mu.Unlock()
	return map[string]string{"complaint": in.Complaint}, nil
}

// saveSickness writes down what a service complains about, for when it is started again.
func saveSickness(dir, name, complaint string) error {
	file := sicknessFile(dir, name)
	var err error
	if complaint == "" {
		if err = os.Remove(file); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	} else {
		err = part.WriteFile(file, []byte(complaint+"\n"), 0o600)
	}
	if err != nil {
		return corax.Errorf(corax.Unavailable, "write "+file, "%w", err)
	}
	return nil
}
