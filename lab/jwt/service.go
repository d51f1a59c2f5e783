package jwt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/sync/errgroup"

	"corax"
	"corax/lab/part"
)

const (
	callTimeout = 5 * time.Second
	slowAfter   = time.Second // a request or a call that takes longer is worth a line in the log
)

// server is one of the seven services: a little API that takes tokens, and calls others with them.
type server struct {
	self   service
	env    partEnv
	keys   *keystore
	secret string // of the webhook
	peers  *http.Client
	hookMu sync.Mutex // so that the record of a change of the keystore is in the order of the changes

	mu     sync.Mutex
	offset time.Duration // of its clock
	delay  time.Duration // of its answers
	sick   string        // what its machine complains about; it does no work then
	door   *door
}

// runService runs a verifier until ctx ends.
func runService(ctx context.Context, env partEnv) error {
	s := &server{env: env, peers: &http.Client{Timeout: callTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: 16,
		IdleConnTimeout: 10 * time.Second}}}
	defer s.peers.CloseIdleConnections()
	for _, other := range env.lay.Services {
		if other.Name == env.name {
			s.self = other
		}
	}
	var err error
	if s.secret, err = readSecret(env.dir, env.name+".hook"); err != nil {
		return err
	}
	s.loadClock()
	env.audit.Write(env.name, recClock, "offset", s.offset.String())
	s.loadSickness()
	if s.keys, err = openKeystore(dataFile(env.dir, env.name+".keys.json")); err != nil {
		s.say(slog.LevelError, sayKeystoreUnreadable, []any{err})
		env.audit.Write(env.name, recUnreadable)
	} else {
		ids, _, _ := s.keys.ids()
		env.audit.Write(env.name, recLoaded, "kids", strings.Join(ids, " "))
	}
	creds, err := readCredentials(env.dir, credCorax, credOperator)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	api := &http.Server{Handler: s.api(), ReadHeaderTimeout: 5 * time.Second}
	admin := &http.Server{Handler: s.admin(creds), ReadHeaderTimeout: 5 * time.Second}
	s.door = newDoor(ctx, env.listeners[listenKeys], s.hooks())
	defer s.door.stop()
	g.Go(func() error { return part.Serve(ctx, env.listeners[listenAPI], api) })
	g.Go(func() error { return part.Serve(ctx, env.listeners[listenAdmin], admin) })
	s.say(slog.LevelInfo, sayStarted, []any{env.listeners[listenAPI].Addr()})
	env.ready()
	return g.Wait()
}

func (s *server) say(level slog.Level, p phrase, args []any, attrs ...any) {
	s.env.log.Log(context.Background(), level, p.in(s.env.lay.Names.Wording, args...), attrs...)
}

func (s *server) clockFile() string { return dataFile(s.env.dir, s.env.name+".clock") }

// loadClock reads the offset of the machine's clock: a restart of the process does not mend it.
func (s *server) loadClock() {
	if data, err := os.ReadFile(s.clockFile()); err == nil {
		s.offset, _ = time.ParseDuration(strings.TrimSpace(string(data)))
	}
}

// now is the time that this service believes in.
func (s *server) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.env.clock.Now().Add(s.offset)
}

func (s *server) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", s.health)
	mux.HandleFunc("GET "+s.env.lay.Names.Session, func(w http.ResponseWriter, r *http.Request) {
		if claims, kid, ok := s.authenticate(w, r); ok {
			part.Answer(w, http.StatusOK, map[string]any{"subject": claims["sub"], "scope": claims["scope"], "kid": kid})
		}
	})
	mux.HandleFunc("GET "+s.self.Path, s.answer)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.suffers(w) {
			mux.ServeHTTP(w, r)
		}
	})
}

var errNoKey = errors.New("no such key")

// authenticate checks the token of a request, and refuses the request where it is not good.
func (s *server) authenticate(w http.ResponseWriter, r *http.Request) (jwt.MapClaims, string, bool) {
	raw, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	var kid string
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(raw, claims, func(t *jwt.Token) (any, error) {
		kid, _ = t.Header["kid"].(string)
		if k := s.keys.key(kid); k != nil {
			return k, nil
		}
		return nil, errNoKey
	}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithLeeway(s.env.lay.Params.Leeway), jwt.WithTimeFunc(s.now),
		jwt.WithExpirationRequired(), jwt.WithAudience(s.env.lay.Names.Lab))
	if err == nil {
		return claims, kid, true
	}
	attrs := []any{"path", r.URL.Path, "status", http.StatusUnauthorized}
	at := func(name string) string {
		if v, ok := claims[name].(float64); ok {
			return time.Unix(int64(v), 0).UTC().Format(time.RFC3339)
		}
		return "?"
	}
	if len(kid) > 100 {
		kid = kid[:100]
	}
	switch {
	case raw == "":
		// Somebody without a token is no news.
	case errors.Is(err, errNoKey):
		s.say(slog.LevelWarn, sayNoKey, []any{kid}, append(attrs, "kid", kid)...)
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		s.say(slog.LevelWarn, sayBadSignature, []any{kid}, append(attrs, "kid", kid)...)
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		s.say(slog.LevelWarn, sayNotYet, []any{at("nbf"), s.now().Format(time.RFC3339)}, attrs...)
	case errors.Is(err, jwt.ErrTokenExpired):
		s.say(slog.LevelInfo, sayExpired, []any{at("exp")}, attrs...)
	default:
		s.say(slog.LevelWarn, sayMalformed, []any{err}, attrs...)
	}
	w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	part.Answer(w, http.StatusUnauthorized, map[string]string{"error": "unauthorized"})
	return nil, "", false
}

// answer is the service's work: it asks those whom it needs, with the user's own token.
func (s *server) answer(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	claims, _, ok := s.authenticate(w, r)
	if !ok {
		return
	}
	if claims["scope"] != userScope {
		part.Answer(w, http.StatusForbidden, map[string]string{"error": "insufficient_scope"})
		return
	}
	s.mu.Lock()
	delay := s.delay
	s.mu.Unlock()
	if delay > 0 && !wait(r.Context(), delay) {
		return
	}
	if took := time.Since(began); took > slowAfter {
		s.say(slog.LevelWarn, saySlow, []any{r.URL.Path, rounded(took)}, "path", r.URL.Path, "duration_ms",
			took.Milliseconds())
	}
	var g errgroup.Group
	for _, peer := range s.self.Calls {
		g.Go(func() error { return s.call(r, peer) })
	}
	if err := g.Wait(); err != nil {
		part.Answer(w, http.StatusBadGateway, map[string]string{"error": err.Error()})
		return
	}
	part.Answer(w, http.StatusOK, map[string]any{"service": s.env.name, "for": claims["sub"], "items": []int{1, 2, 3}})
}

// call asks another service in the name of the user.
func (s *server) call(r *http.Request, peer string) error {
	began := time.Now()
	var path string
	for _, other := range s.env.lay.Services {
		if other.Name == peer {
			path = other.Path
		}
	}
	p, _ := s.env.state.Part(peer)
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, p.URL("http", listenAPI)+path, nil)
	if err != nil {
		return corax.Errorf(corax.Internal, "call "+peer, "%w", err)
	}
	req.Header.Set("Authorization", r.Header.Get("Authorization"))
	resp, err := s.peers.Do(req)
	if err != nil {
		if r.Context().Err() == nil {
			s.say(slog.LevelError, sayUpstreamError, []any{peer, err}, "upstream", peer)
		}
		return fmt.Errorf("upstream %s is not available", peer)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	if resp.StatusCode != http.StatusOK {
		s.say(slog.LevelError, sayUpstreamStatus, []any{peer, resp.StatusCode}, "upstream", peer, "status", resp.StatusCode)
		return fmt.Errorf("upstream %s answered %d", peer, resp.StatusCode)
	}
	if took := time.Since(began); took > slowAfter {
		s.say(slog.LevelWarn, sayUpstreamSlow, []any{peer, rounded(took)}, "upstream", peer, "duration_ms",
			took.Milliseconds())
	}
	return nil
}
