package jwt

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"corax"
	"corax/lab/part"
)

// admin is the administrative interface of a service, apart from its API: what Corax may read and correct, and the
// knobs of faults.
func (s *server) admin(creds part.Credentials) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h part.Handler, who ...string) { mux.Handle(pattern, creds.Guard(h, who...)) }
	mux.HandleFunc("GET /health", s.health)
	handle("GET /keys", func(string, *http.Request) (any, error) {
		ids, sequence, err := s.keys.ids()
		if err != nil {
			return nil, corax.Errorf(corax.Internal, "list the keys of "+s.env.name, "%w", err)
		}
		return map[string]any{"ids": ids, "sequence": sequence, "leeway_ms": s.env.lay.Params.Leeway.Milliseconds()}, nil
	}, credCorax, credOperator)
	handle("GET /clock", func(string, *http.Request) (any, error) { return s.clock(), nil }, credCorax, credOperator)
	handle("PUT /clock", s.putClock, credCorax, credOperator)
	handle("GET /delay", func(string, *http.Request) (any, error) { return s.delayView(), nil }, credCorax, credOperator)
	handle("PUT /delay", s.putDelay, credOperator)
	handle("PUT /key-endpoint", s.putDoor, credOperator)
	handle("PUT /sickness", s.putSickness, credOperator)
	return mux
}

// clockView is the time as the service believes it to be.
type clockView struct {
	Now    time.Time `json:"now"`
	Offset string    `json:"offset"` // from the time source
}

func (s *server) clock() clockView {
	s.mu.Lock()
	defer s.mu.Unlock()
	return clockView{Now: s.env.clock.Now().Add(s.offset), Offset: s.offset.String()}
}

// putClock sets the offset: {"expect": "-1m30s", "offset": "0s"}. The same again changes nothing.
func (s *server) putClock(actor string, r *http.Request) (any, error) {
	var in struct {
		Expect string `json:"expect"`
		Offset string `json:"offset"`
	}
	if err := part.Decode(r, &in); err != nil {
		return nil, err
	}
	to, err := time.ParseDuration(in.Offset)
	if err != nil || to.Abs() > 24*time.Hour {
		return nil, corax.Errorf(corax.Invalid, "set the clock of "+s.env.name,
			"offset %q: expected a duration of a day at most", in.Offset)
	}
	s.mu.Lock()
	if expect, err := time.ParseDuration(in.Expect); in.Expect != "" && (err != nil || expect != s.offset && to != s.offset) {
		defer s.mu.Unlock()
		return nil, corax.Errorf(corax.Conflict, "set the clock of "+s.env.name, "its offset is %s, not %s", s.offset,
			in.Expect)
	}
	changed := to != s.offset
	s.offset = to
	s.mu.Unlock()
	if changed {
		if err := part.WriteFile(s.clockFile(), []byte(to.String()+"\n"), 0o600); err != nil {
			return nil, corax.Errorf(corax.Unavailable, "set the clock of "+s.env.name, "%w", err)
		}
		s.env.audit.Write(actor, recClock, part.OrderOf(actor, r, s.env.clock).Detail("offset", to.String())...)
	}
	return s.clock(), nil
}

func (s *server) delayView() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]string{"delay": s.delay.String()}
}

func (s *server) putDelay(_ string, r *http.Request) (any, error) {
	var in struct {
		Delay string `json:"delay"`
	}
	if err := part.Decode(r, &in); err != nil {
		return nil, err
	}
	d, err := time.ParseDuration(in.Delay)
	if err != nil || d < 0 || d > time.Minute {
		return nil, corax.Errorf(corax.Invalid, "delay "+s.env.name, "delay %q: expected 0s to 1m", in.Delay)
	}
	s.mu.Lock()
	s.delay = d
	s.mu.Unlock()
	return s.delayView(), nil
}

// putDoor shuts or opens the key endpoint: {"open": false, "back_after": "3s"}.
func (s *server) putDoor(_ string, r *http.Request) (any, error) {
	var in struct {
		Open      bool   `json:"open"`
		BackAfter string `json:"back_after"`
	}
	if err := part.Decode(r, &in); err != nil {
		return nil, err
	}
	var back time.Duration
	if in.BackAfter != "" {
		var err error
		if back, err = time.ParseDuration(in.BackAfter); err != nil || back < 0 {
			return nil, corax.Errorf(corax.Invalid, "shut the key endpoint", "back_after %q: expected a duration", in.BackAfter)
		}
	}
	if err := s.door.set(in.Open, back, in.BackAfter != ""); err != nil {
		return nil, corax.Errorf(corax.Unavailable, "open the key endpoint", "%w", err)
	}
	return map[string]bool{"open": in.Open}, nil
}

// hooks is the key endpoint, to which the authority brings keys.
func (s *server) hooks() http.Handler {
	mux := http.NewServeMux()
	path := s.env.lay.Names.KeyPath
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
		part.Answer(w, http.StatusOK, map[string]bool{"ready": true})
	})
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		if err := s.takeHook(r); err != nil {
			s.say(slog.LevelWarn, sayHookRefused, []any{err})
			part.Answer(w, part.StatusOf(err), map[string]string{"error": err.Error()})
			return
		}
		part.Answer(w, http.StatusOK, map[string]bool{"taken": true})
	})
	return mux
}

func (s *server) takeHook(r *http.Request) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, 16<<10))
	if err != nil {
		return corax.Errorf(corax.Invalid, "read a key message", "%w", err)
	}
	if !hmac.Equal([]byte(signHook(s.secret, body)), []byte(r.Header.Get(signatureHeader))) {
		return corax.Errorf(corax.Forbidden, "read a key message", "its signature is wrong")
	}
	var m hook
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return corax.Errorf(corax.Invalid, "read a key message", "%w", err)
	}
	s.hookMu.Lock()
	defer s.hookMu.Unlock()
	changed, err := s.keys.take(m)
	if err != nil || !changed {
		return err
	}
	say, event := sayKeyAdded, recAdded
	if m.Kind == kindRemove {
		say, event = sayKeyRemoved, recRemoved
	}
	s.env.audit.Write(actorWebhook, event, "kid", m.Kid)
	s.say(slog.LevelInfo, say, []any{m.Kid}, "kid", m.Kid)
	return nil
}

// door is a listener that can be shut, so that connections to it are really refused, and opened again on the same
// port.
type door struct {
	ctx     context.Context
	addr    string
	handler http.Handler

	mu     sync.Mutex
	server *http.Server // nil while it is shut
	timer  *time.Timer
	served sync.WaitGroup
}

func newDoor(ctx context.Context, l net.Listener, h http.Handler) *door {
	d := &door{ctx: ctx, addr: l.Addr().String(), handler: h}
	d.serve(l)
	return d
}

// serve serves on a listener; d.mu is held, or nobody else knows d yet.
func (d *door) serve(l net.Listener) {
	d.server = &http.Server{Handler: d.handler, ReadHeaderTimeout: 5 * time.Second}
	server := d.server
	d.served.Add(1)
	go func() { // ends when the door is shut
		defer d.served.Done()
		_ = part.Serve(d.ctx, l, server)
	}()
}

func (d *door) set(open bool, back time.Duration, comesBack bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	if open {
		return d.open()
	}
	if d.server != nil {
		_ = d.server.Close()
		d.server = nil
	}
	if comesBack {
		d.timer = time.AfterFunc(back, func() { _ = d.set(true, 0, false) })
	}
	return nil
}

func (d *door) open() error {
	select {
	case <-d.ctx.Done(): // the service is ending: nothing opens any more
		return nil
	default:
	}
	if d.server != nil {
		return nil
	}
	l, err := net.Listen("tcp", d.addr)
	if err != nil {
		return err
	}
	d.serve(l)
	return nil
}

// stop shuts the door for good.
func (d *door) stop() {
	_ = d.set(false, 0, false)
	d.served.Wait()
}
