package jwt

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/sync/errgroup"

	"corax"
	"corax/lab/part"
)

const (
	keyBits    = 2048
	keyYears   = 1
	canaryLife = 10 * time.Second
	userScope  = "api"
)

// authState is what auth keeps on disk.
type authState struct {
	Count     int               `json:"count"` // of keys ever made
	Keys      []savedKey        `json:"keys"`
	Sequences map[string]uint64 `json:"sequences"` // last one sent, by subscriber
	Settings  settings          `json:"settings"`
	Rotation  *rotation         `json:"rotation,omitempty"`
}

// settings are how rotations go about it.
type settings struct {
	DeliveryRetries int  `json:"delivery_retries"`
	CheckReceipts   bool `json:"check_receipts_before_switch"`
}

// rotation is the record of a rotation.
type rotation struct {
	Kid         string     `json:"kid"`
	PreviousKid string     `json:"previous_kid"`
	Reason      string     `json:"reason"`
	StartedAt   time.Time  `json:"started_at"`
	SwitchedAt  time.Time  `json:"switched_at,omitzero"` // not set where it was held
	Deliveries  []delivery `json:"deliveries"`
}

// authServer issues tokens.
type authServer struct {
	name   string
	dir    string
	lay    layout
	clock  corax.Clock
	log    *slog.Logger
	audit  *part.Audit
	ca     *authority
	users  string // their password
	probe  string
	fresh  chan *rsa.PrivateKey // one made in advance: making one takes a while
	hooks  *courier
	tlsErr *logWriter

	rotating sync.Mutex // one rotation at a time

	mu       sync.Mutex // guards all below
	ring     *keyring
	state    authState
	cert     *tls.Certificate
	previous *tls.Certificate
}

// runAuth runs the authority until ctx ends.
func runAuth(ctx context.Context, env partEnv) error {
	a := &authServer{name: env.name, dir: env.dir, lay: env.lay, clock: env.clock, log: env.log, audit: env.audit,
		fresh: make(chan *rsa.PrivateKey)}
	a.tlsErr = &logWriter{log: env.log, wording: env.lay.Names.Wording}
	var err error
	if a.ca, err = readAuthority(env.dir); err != nil {
		return err
	}
	if a.users, err = readSecret(env.dir, "users.password"); err != nil {
		return err
	}
	if a.probe, err = readSecret(env.dir, "probe.password"); err != nil {
		return err
	}
	if err := a.load(); err != nil {
		return err
	}
	if a.hooks, err = newCourier(env); err != nil {
		return err
	}
	defer a.hooks.close()
	if a.cert, err = a.ca.issue(a.name, a.clock.Now(), a.clock.Now().AddDate(0, 3, 0)); err != nil {
		return err
	}
	creds, err := readCredentials(env.dir, credCorax, credCanary, credOperator)
	if err != nil {
		return err
	}
	// What is in force from the start is on record as well, so that a change can be held against it.
	a.noteSettings(part.Order{Actor: a.name})
	a.noteCertificate(part.Order{Actor: a.name})
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.makeKeys(ctx) })
	public := &http.Server{Handler: a.public(), ReadHeaderTimeout: 5 * time.Second, ErrorLog: slogErrors(a.tlsErr),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12,
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
				a.mu.Lock()
				defer a.mu.Unlock()
				return a.cert, nil
			}}}
	// Every login makes a connection of its own, so that what happens to the certificate is felt at once.
	public.SetKeepAlivesEnabled(false)
	admin := &http.Server{Handler: a.admin(creds), ReadHeaderTimeout: 5 * time.Second}
	g.Go(func() error { return part.Serve(ctx, env.listeners[listenAPI], public) })
	g.Go(func() error { return part.Serve(ctx, env.listeners[listenAdmin], admin) })
	a.say(slog.LevelInfo, sayStarted, []any{env.listeners[listenAPI].Addr()})
	env.ready()
	return g.Wait()
}

// makeKeys keeps one key in stock.
func (a *authServer) makeKeys(ctx context.Context) error {
	for {
		k, err := rsa.GenerateKey(rand.Reader, keyBits)
		if err != nil {
			return corax.Errorf(corax.Internal, "make a signing key", "%w", err)
		}
		select {
		case a.fresh <- k:
		case <-ctx.Done():
			return nil
		}
	}
}

func (a *authServer) stateFile() string { return dataFile(a.dir, a.name+".json") }

func (a *authServer) load() error {
	data, err := os.ReadFile(a.stateFile())
	if err == nil {
		err = json.Unmarshal(data, &a.state)
	}
	if err != nil {
		return corax.Errorf(corax.NotFound, "read the keys of "+a.name, "%w", err)
	}
	if a.ring, err = loadKeyring(a.state.Keys); err != nil {
		return err
	}
	if a.state.Sequences == nil {
		a.state.Sequences = map[string]uint64{}
	}
	// What was signed last is not written each time. After a crash the safe belief is: just now.
	if s := a.ring.signer(); s != nil && !s.LastSignedAt.IsZero() {
		now := a.clock.Now()
		s.LastSignedAt, s.LastExpiry = now, now.Add(s.Lifetime)
	}
	return nil
}

// save writes the state; a.mu is held.
func (a *authServer) save() error {
	a.state.Keys = a.ring.save()
	if err := part.WriteJSON(a.stateFile(), a.state, 0o600); err != nil {
		return corax.Errorf(corax.Unavailable, "write the keys of "+a.name, "%w", err)
	}
	return nil
}

func (a *authServer) say(level slog.Level, p phrase, args []any, attrs ...any) {
	a.log.Log(context.Background(), level, p.in(a.lay.Names.Wording, args...), attrs...)
}

func (a *authServer) public() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+a.lay.Names.Login, a.login)
	mux.HandleFunc("GET /.well-known/jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		part.Answer(w, http.StatusOK, map[string]any{"keys": a.jwks()})
	})
	mux.HandleFunc("GET /health", healthy)
	return mux
}

func healthy(w http.ResponseWriter, _ *http.Request) {
	part.Answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (a *authServer) jwks() []jwk {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := []jwk{}
	for _, k := range a.ring.keys {
		if k.State.inJWKS() {
			out = append(out, toJWK(k.Kid, k.public))
		}
	}
	return out
}

func (a *authServer) login(w http.ResponseWriter, r *http.Request) {
	subject, err := a.whoLogsIn(w, r)
	if err != nil {
		part.Answer(w, part.StatusOf(err), map[string]string{"error": "invalid_credentials"})
		return
	}
	token, err := a.issue("", subject, userScope, a.lay.Params.TokenLifetime)
	if err != nil {
		part.Answer(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
		return
	}
	part.Answer(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer",
		"expires_in": int(a.lay.Params.TokenLifetime.Seconds())})
}

// whoLogsIn is the user of a login: people send name and password, the service account that watches sends its
// secret as a bearer token.
func (a *authServer) whoLogsIn(w http.ResponseWriter, r *http.Request) (string, error) {
	if _, ok := (part.Credentials{probeUser: a.probe}).Actor(r); ok {
		return probeUser, nil
	}
	var in struct {
		User     string `json:"username"`
		Password string `json:"password"`
	}
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	if err := part.Decode(r, &in); err != nil {
		return "", err
	}
	right := subtle.ConstantTimeCompare([]byte(in.Password), []byte(a.users)) == 1
	if !right || in.User == "" || in.User == probeUser || len(in.User) > 100 {
		return "", corax.Errorf(corax.Forbidden, "log in", "name or password is wrong")
	}
	return in.User, nil
}

// issue signs a token with the key that signs, or with the one that is named. A token without scope is a canary.
func (a *authServer) issue(kid, subject, scope string, life time.Duration) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := a.ring.signer()
	if kid != "" {
		var err error
		if k, err = a.ring.find(kid); err != nil {
			return "", err
		}
	}
	if k == nil || k.private == nil {
		return "", corax.Errorf(corax.Conflict, "sign a token with key "+kid, "there is no private key")
	}
	now := a.clock.Now()
	id := make([]byte, 8)
	_, _ = rand.Read(id)
	claims := jwt.MapClaims{"iss": a.name, "aud": a.lay.Names.Lab, "sub": subject, "scope": scope,
		"jti": hex.EncodeToString(id),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(life).Unix()}
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	t.Header["kid"] = k.Kid
	token, err := t.SignedString(k.private)
	if err != nil {
		return "", corax.Errorf(corax.Internal, "sign a token", "%w", err)
	}
	expires := now.Add(life).Truncate(time.Second)
	if scope == "" {
		a.audit.Write(credCanary, recCanary, "kid", k.Kid, "expires", stamp(expires))
		return token, nil
	}
	// Recorded under the lock: in the record, too, no token of a key comes after the key stopped signing.
	a.audit.Write(a.name, recToken, "kid", k.Kid, "expires", stamp(expires))
	first := k.LastSignedAt.IsZero()
	k.LastSignedAt, k.Lifetime = now, max(k.Lifetime, life)
	if expires.After(k.LastExpiry) {
		k.LastExpiry = expires
	}
	if first {
		_ = a.save()
	}
	return token, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// apply moves a key and records it.
func (a *authServer) apply(by part.Order, kid string, expect, to keyState) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	changes, err := a.ring.move(kid, expect, to, a.clock.Now())
	if err != nil || len(changes) == 0 {
		return false, err
	}
	for _, c := range changes {
		a.audit.Write(by.Actor, recKeyState, by.Detail("kid", c.kid, "from", string(c.from), "to", string(c.to), "successor", c.successor)...)
		if by.Actor != jobRotation {
			a.say(slog.LevelInfo, sayKeyState, []any{c.kid, c.from, c.to}, "kid", c.kid, "state", string(c.to))
		}
	}
	return true, a.save()
}

// addKey takes a new key into the ring.
func (a *authServer) addKey(private *rsa.PrivateKey) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state.Count++
	now := a.clock.Now()
	k := &key{Kid: a.lay.Names.keyID(a.lay.Seed, a.state.Count, now), State: pending, CreatedAt: now,
		ExpiresAt: now.AddDate(keyYears, 0, 0), private: private, public: &private.PublicKey}
	a.ring.keys = append(a.ring.keys, k)
	a.audit.Write(jobRotation, recKeyMade, "kid", k.Kid)
	return k.Kid, a.save()
}

// rotate makes a new key and lets it sign. As it comes, this is what went wrong once: one attempt to deliver, no
// look at the receipts, then the switch, and the old key leaves the JWKS while tokens of it are still out.
func (a *authServer) rotate(ctx context.Context, reason string) (rotation, error) {
	a.rotating.Lock()
	defer a.rotating.Unlock()
	var private *rsa.PrivateKey
	select {
	case private = <-a.fresh:
	case <-ctx.Done():
		return rotation{}, corax.Errorf(corax.Unavailable, "rotate the signing key", "%w", ctx.Err())
	}
	kid, err := a.addKey(private)
	if err != nil {
		return rotation{}, err
	}
	a.mu.Lock()
	old, set := a.ring.signer(), a.state.Settings
	rot := rotation{Kid: kid, PreviousKid: old.Kid, Reason: reason, StartedAt: a.clock.Now()}
	if reason == reasonCompromise {
		old.Compromised = true
	}
	err = a.save()
	a.mu.Unlock()
	if err != nil {
		return rotation{}, err
	}
	hardened := "no"
	if set.CheckReceipts {
		hardened = "yes"
	}
	a.audit.Write(jobRotation, recRotation, "kid", kid, "previous_kid", rot.PreviousKid, "reason", reason,
		"hardened", hardened)
	a.say(slog.LevelInfo, sayRotation, []any{reason}, "kid", kid, "previous_kid", rot.PreviousKid, "reason", reason)
	if rot.Deliveries, err = a.deliverAll(ctx, byRotation, kid, kindAdd, set.DeliveryRetries); err != nil {
		return rotation{}, err
	}
	missing := undelivered(rot.Deliveries)
	if set.CheckReceipts && len(missing) > 0 {
		a.say(slog.LevelError, sayHeld, []any{kid, strings.Join(missing, ", ")}, "kid", kid)
		return rot, a.remember(rot)
	}
	if _, err := a.apply(byRotation, kid, pending, signing); err != nil {
		return rotation{}, err
	}
	say := sayRotatedKept
	if !set.CheckReceipts {
		say = sayRotated
		if _, err := a.apply(byRotation, rot.PreviousKid, published, withdrawn); err != nil {
			return rotation{}, err
		}
	}
	rot.SwitchedAt = a.clock.Now()
	a.say(slog.LevelInfo, say, []any{kid, rot.PreviousKid}, "kid", kid, "previous_kid", rot.PreviousKid, "reason", reason)
	return rot, a.remember(rot)
}

func (a *authServer) remember(rot rotation) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state.Rotation = &rot
	return a.save()
}

func undelivered(ds []delivery) (names []string) {
	for _, d := range ds {
		if !d.Delivered {
			names = append(names, d.Verifier)
		}
	}
	return names
}

// deliverAll tells every subscriber to add or to remove a key. What became of it is in the deliveries, not in the
// error.
func (a *authServer) deliverAll(ctx context.Context, by part.Order, kid string, kind hookKind, retries int) ([]delivery,
	error) {
	out := make([]delivery, len(a.lay.Services))
	var g errgroup.Group
	for i, s := range a.lay.Services {
		g.Go(func() (err error) {
			out[i], err = a.deliver(ctx, by, kid, s.Name, kind, retries)
			return err
		})
	}
	return out, g.Wait()
}

// deliver tells one subscriber to add or to remove a key.
func (a *authServer) deliver(ctx context.Context, by part.Order, kid, verifier string, kind hookKind,
	retries int) (delivery, error) {
	if !slices.ContainsFunc(a.lay.Services, func(s service) bool { return s.Name == verifier }) {
		return delivery{}, corax.Errorf(corax.NotFound, "deliver key "+kid, "there is no subscriber %s", verifier)
	}
	a.mu.Lock()
	k, err := a.ring.find(kid)
	if err != nil {
		a.mu.Unlock()
		return delivery{}, err
	}
	msg := hook{Kind: kind, Kid: kid}
	if kind == kindAdd {
		j := toJWK(kid, k.public)
		msg.Key = &j
	}
	a.mu.Unlock()
	d := a.hooks.send(ctx, verifier, msg, retries, a.nextSequence)
	outcome := "delivered"
	if d.Delivered {
		a.say(slog.LevelInfo, sayDelivered, []any{kid, verifier, d.Sequence}, "kid", kid, "subscriber", verifier)
	} else {
		outcome = "failed"
		a.say(slog.LevelError, sayDeliveryFailed, []any{kid, verifier, d.Error}, "kid", kid, "subscriber", verifier)
	}
	a.audit.Write(by.Actor, recDelivery, by.Detail("kid", kid, "verifier", verifier, "kind", string(kind), "outcome", outcome,
		"sequence", fmt.Sprint(d.Sequence))...)
	return d, nil
}

func (a *authServer) nextSequence(verifier string) (uint64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state.Sequences[verifier]++
	return a.state.Sequences[verifier], a.save()
}
