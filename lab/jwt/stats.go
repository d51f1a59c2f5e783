package jwt

import (
	"net/http"
	"sync"
	"time"

	"corax"
)

// keepOutcomes is how far back a window can reach.
const keepOutcomes = 2 * time.Minute

// Truth is what the users of a lab got, by their own account.
type Truth struct {
	At     time.Time `json:"at"`
	Window string    `json:"window"`
	// The counts of the window. Rejected are refusals of tokens that had not run out and whose key is not compromised.
	Requests     int       `json:"requests"`
	Accepted     int       `json:"accepted"`
	Rejected     int       `json:"rejected"`
	Failed       int       `json:"failed"` // any other answer, or none
	FailedLogins int       `json:"failed_logins"`
	Skipped      int       `json:"skipped"` // not sent, because too many were on their way
	Services     []Account `json:"services"`
}

// Account is what users got from one service with tokens of one key, since the lab is up.
type Account struct {
	Service       string    `json:"service"`
	Role          string    `json:"role,omitempty"`
	Kid           string    `json:"kid"`
	Compromised   bool      `json:"compromised"`
	Accepted      int       `json:"accepted"`
	Rejected      int       `json:"rejected"` // tokens that had not run out
	Failed        int       `json:"failed"`
	LastRejection time.Time `json:"last_rejection_at,omitzero"`
}

type outcomeKind int

const (
	accepted outcomeKind = iota
	rejected
	outdated // refused, and rightly so
	failed
	loginOK
	loginFailed
	skipped
)

type outcome struct {
	at           time.Time
	kind         outcomeKind
	service, kid string
}

// stats counts what users got.
type stats struct {
	clock    corax.Clock
	services []service

	mu       sync.Mutex
	latest   []outcome // of the last keepOutcomes, oldest first
	kids     []string  // in the order of appearance
	accounts map[string]*Account
	bad      map[string]bool // compromised keys
}

func newStats(clock corax.Clock, services []service) *stats {
	return &stats{clock: clock, services: services, accounts: map[string]*Account{}, bad: map[string]bool{}}
}

// note keeps an outcome; s.mu is held.
func (s *stats) note(o outcome) {
	o.at = s.clock.Now()
	s.latest = append(s.latest, o)
	if old := o.at.Add(-keepOutcomes); s.latest[0].at.Before(old) && len(s.latest)%256 == 0 {
		n := 0
		for n < len(s.latest) && s.latest[n].at.Before(old) {
			n++
		}
		s.latest = append(s.latest[:0], s.latest[n:]...)
	}
}

func (s *stats) login(ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := loginFailed
	if ok {
		kind = loginOK
	}
	s.note(outcome{kind: kind})
}

func (s *stats) skip() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(outcome{kind: skipped})
}

// request notes the status of an answer; 0 where there was none.
func (s *stats) request(svc, kid string, status int, expires time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := svc + "\x00" + kid
	a := s.accounts[id]
	if a == nil {
		a = &Account{Service: svc, Kid: kid}
		s.accounts[id] = a
		known := false
		for _, k := range s.kids {
			known = known || k == kid
		}
		if !known {
			s.kids = append(s.kids, kid)
		}
	}
	o := outcome{service: svc, kid: kid}
	switch now := s.clock.Now(); {
	case status >= 200 && status < 300:
		o.kind = accepted
		a.Accepted++
	case status == http.StatusUnauthorized && now.Before(expires):
		o.kind = rejected
		a.Rejected++
		a.LastRejection = now
	case status == http.StatusUnauthorized:
		o.kind = outdated
	default:
		o.kind = failed
		a.Failed++
	}
	s.note(o)
}

// exclude takes over which keys are compromised: nobody has a right to be let in with those.
func (s *stats) exclude(keys []key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range keys {
		if k.Compromised {
			s.bad[k.Kid] = true
		}
	}
}

func (s *stats) truth(window time.Duration) Truth {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := Truth{At: s.clock.Now(), Window: window.String(), Services: []Account{}}
	since := t.At.Add(-window)
	for i := len(s.latest) - 1; i >= 0 && s.latest[i].at.After(since); i-- {
		switch o := s.latest[i]; o.kind {
		case accepted:
			t.Requests++
			t.Accepted++
		case rejected:
			t.Requests++
			if !s.bad[o.kid] {
				t.Rejected++
			}
		case outdated:
			t.Requests++
		case failed:
			t.Requests++
			t.Failed++
		case loginFailed:
			t.FailedLogins++
		case skipped:
			t.Skipped++
		case loginOK:
		}
	}
	for _, svc := range s.services {
		for _, kid := range s.kids {
			if a := s.accounts[svc.Name+"\x00"+kid]; a != nil {
				c := *a
				c.Compromised = s.bad[kid]
				t.Services = append(t.Services, c)
			}
		}
	}
	return t
}
