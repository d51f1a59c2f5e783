package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
)

// serviceKey is where a script's service is among its values.
type serviceKey struct{}

// service is what scripts watch and heal: a port that answers /health or refuses connections, and an agent that starts
// and stops it.
type service struct {
	address string
	agent   *httptest.Server

	mu     sync.Mutex
	health *http.Server // nil while it is down
}

func newService() (*service, error) {
	s := &service{address: "127.0.0.1:0"}
	if err := s.set(true); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /process", func(w http.ResponseWriter, _ *http.Request) { s.show(w) })
	mux.HandleFunc("POST /process/{verb}", func(w http.ResponseWriter, r *http.Request) {
		if err := s.set(r.PathValue("verb") == "start"); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		s.show(w)
	})
	s.agent = httptest.NewServer(mux)
	return s, nil
}

func (s *service) show(w http.ResponseWriter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = json.NewEncoder(w).Encode(map[string]any{"running": s.health != nil, "pid": 1})
}

// set starts or stops the service; it comes back at the same address.
func (s *service) set(up bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if up == (s.health != nil) {
		return nil
	}
	if !up {
		err := s.health.Close()
		s.health = nil
		return err
	}
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		return err
	}
	s.address = l.Addr().String()
	s.health = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, `{"status":"ok"}`)
	})}
	go func(h *http.Server) { _ = h.Serve(l) }(s.health)
	return nil
}

func (s *service) close() {
	_ = s.set(false)
	s.agent.Close()
}
