package jwt

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"

	"corax"
	"corax/lab/part"
)

// Broken is a fault that took effect.
type Broken struct {
	At      time.Time
	Targets []string // names of the parts
	Proof   []string // what was seen to be broken, and where
}

// Faults are the faults that can be injected, with what each is about.
func Faults() map[string]string {
	return map[string]string{
		"partial_rotation": "auth rotates its signing key while key endpoints refuse connections (unreachable, targets, back_after, " +
			"stay_away, reason, seed)",
		"service_crash":       "the process of a service is killed (target); with sick, it runs and does no work when it is started again",
		"clock_skew":          "the clock of a service goes wrong (target, by)",
		"slow_service":        "a service answers late (target, delay); 0s ends it",
		"disk_failure":        "the disk of a service's machine fails: it runs, and does no work (target)",
		"part_replaced":       "not a fault: the machine of a service is mended (target)",
		"supervisor_ignores":  "the supervisor accepts orders about a process and does nothing (target, verbs: start, stop, restart)",
		"supervisor_silent":   "the supervisor takes requests about a process and never answers (target)",
		"supervisor_babbles":  "orders about a process fail, with an error that prints credentials (target)",
		"supervisor_obeys":    "not a fault: the supervisor does what it is told again (target)",
		"expired_certificate": "the certificate of auth runs out",
		"key_endpoint_back":   "not a fault: key endpoints that refuse connections are back (targets)",
	}
}

// Break injects a fault and returns when it has taken effect, with the proof of it.
func (s *System) Break(ctx context.Context, fault string, with map[string]any) (Broken, error) {
	a := &args{op: "inject " + fault, with: with}
	switch fault {
	case "partial_rotation":
		return s.partialRotation(ctx, a)
	case "service_crash":
		return s.crash(ctx, a)
	case "clock_skew":
		return s.skewClock(ctx, a)
	case "slow_service":
		return s.slow(ctx, a)
	case "disk_failure":
		return s.failDisk(ctx, a)
	case "part_replaced":
		return s.replacePart(ctx, a)
	case "supervisor_ignores":
		return s.ignoring(ctx, a)
	case "supervisor_silent":
		return s.supervisorWhim(ctx, a, "the supervisor does not answer about", part.Whim{Silent: true})
	case "supervisor_babbles":
		return s.supervisorWhim(ctx, a, "the supervisor fails, and prints credentials, about",
			part.Whim{Babble: []string{"start", "stop", "restart"}})
	case "supervisor_obeys":
		return s.supervisorWhim(ctx, a, "the supervisor does as it is told about", part.Whim{})
	case "expired_certificate":
		return s.expireCertificate(ctx, a)
	case "key_endpoint_back":
		return s.endpointBack(ctx, a)
	}
	var names []string
	for name := range Faults() {
		names = append(names, name)
	}
	slices.Sort(names)
	return Broken{}, corax.Errorf(corax.Invalid, a.op, "there is no such fault: expected one of %s",
		strings.Join(names, ", "))
}

// outage is the part of a partial rotation that is about key endpoints.
type outage struct {
	targets []service
	away    []service // those of them that don't come back
	back    string    // after how long the others do; empty is never
	reason  string
}

func (s *System) readOutage(a *args) (outage, error) {
	unreachable, stay, seed, back, reason := -1, 0, int(s.lay.Seed), "3s", reasonRoutine
	var targets []string
	a.integer("unreachable", &unreachable)
	a.integer("stay_away", &stay)
	a.integer("seed", &seed)
	a.list("targets", &targets)
	a.text("back_after", &back)
	a.text("reason", &reason)
	if err := a.end(); err != nil {
		return outage{}, err
	}
	o := outage{reason: reason, back: back}
	if reason != reasonRoutine && reason != reasonCompromise {
		a.bad("reason", "routine or compromise", reason)
	}
	if back == "never" {
		o.back = ""
	} else if d, err := time.ParseDuration(back); err != nil || d < 0 {
		a.bad("back_after", "a duration or never", back)
	}
	for _, name := range targets {
		t, err := s.target(a.op, name)
		if err != nil {
			return o, err
		}
		o.targets = append(o.targets, t)
	}
	if unreachable < 0 {
		unreachable = len(o.targets)
	}
	if unreachable > len(s.lay.Services) || unreachable < len(o.targets) {
		a.bad("unreachable", fmt.Sprintf("%d to %d", len(o.targets), len(s.lay.Services)), unreachable)
	}
	if stay < 0 || stay > unreachable {
		a.bad("stay_away", fmt.Sprintf("0 to %d", unreachable), stay)
	}
	if a.err != nil {
		return o, a.err
	}
	for _, i := range seeded(int64(seed), "unreachable").Perm(len(s.lay.Services)) {
		v := s.lay.Services[i]
		named := slices.ContainsFunc(o.targets, func(t service) bool { return t.Name == v.Name })
		if len(o.targets) < unreachable && !named {
			o.targets = append(o.targets, v)
		}
	}
	o.away = o.targets[len(o.targets)-stay:]
	return o, nil
}

// partialRotation shuts key endpoints, rotates, and lets the endpoints come back in their time.
func (s *System) partialRotation(ctx context.Context, a *args) (Broken, error) {
	o, err := s.readOutage(a)
	if err != nil {
		return Broken{}, err
	}
	var b Broken
	names := []string{}
	for _, t := range o.targets {
		names = append(names, t.Name)
		if err := s.operate(ctx, http.MethodPut, s.url(t.Name, "http", listenAdmin)+"/key-endpoint",
			map[string]any{"open": false}, nil); err != nil {
			return b, err
		}
		proof, err := s.refused(ctx, t.Name, listenKeys, "key endpoint")
		if err != nil {
			return b, err
		}
		b.Proof = append(b.Proof, proof)
	}
	auth, _ := s.state.Part(roleAuth)
	b.At, b.Targets = time.Now().UTC(), append([]string{auth.Name}, names...)
	var rot rotation
	if err := s.operate(ctx, http.MethodPost, s.authAdmin()+"/rotation", map[string]any{"reason": o.reason},
		&rot); err != nil {
		return b, err
	}
	for _, t := range o.targets {
		if o.back == "" || slices.ContainsFunc(o.away, func(w service) bool { return w.Name == t.Name }) {
			continue
		}
		if err := s.operate(ctx, http.MethodPut, s.url(t.Name, "http", listenAdmin)+"/key-endpoint",
			map[string]any{"open": false, "back_after": o.back}, nil); err != nil {
			return b, err
		}
	}
	return b, s.proveRotation(ctx, &b, rot, names)
}

func (s *System) proveRotation(ctx context.Context, b *Broken, rot rotation, unreached []string) error {
	op := "prove the rotation"
	var keys struct {
		Keys []jwk `json:"keys"`
	}
	if err := s.client.must(ctx, http.MethodGet, s.url(roleAuth, "https", listenAPI)+"/.well-known/jwks.json", "",
		nil, &keys); err != nil {
		return err
	}
	var kids []string
	for _, k := range keys.Keys {
		kids = append(kids, k.Kid)
	}
	if rot.SwitchedAt.IsZero() {
		b.Proof = append(b.Proof, "the rotation was held: receipts were missing")
		return nil
	}
	if !slices.Contains(kids, rot.Kid) {
		return corax.Errorf(corax.Conflict, op, "the JWKS lists %v, and not the new key %s", kids, rot.Kid)
	}
	b.Proof = append(b.Proof, fmt.Sprintf("the JWKS lists %s (before: %s)", strings.Join(kids, ", "), rot.PreviousKid))
	token, kid, err := s.freshToken(ctx)
	if err != nil {
		return err
	}
	b.Proof = append(b.Proof, "a new login gets a token of key "+kid)
	for _, v := range s.lay.Services {
		status, err := s.client.do(ctx, http.MethodGet, s.url(v.Name, "http", listenAPI)+s.lay.Names.Session, token, nil, nil)
		if err != nil {
			continue // a service may be down for another reason
		}
		refuses, expected := status == http.StatusUnauthorized, slices.Contains(unreached, v.Name)
		if refuses != expected && kid == rot.Kid {
			return corax.Errorf(corax.Conflict, op, "%s answers %d to a new token", v.Name, status)
		}
		b.Proof = append(b.Proof, fmt.Sprintf("%s answers %d to it", v.Name, status))
	}
	return nil
}

// freshToken logs in.
func (s *System) freshToken(ctx context.Context) (token, kid string, err error) {
	password, err := readSecret(s.dir, "users.password")
	if err != nil {
		return "", "", err
	}
	url := s.url(roleAuth, "https", listenAPI) + s.lay.Names.Login
	token, status, err := s.client.login(ctx, url, "operator", password)
	if err == nil && status != http.StatusOK {
		err = corax.Errorf(corax.Conflict, "log in at "+url, "it answered %d", status)
	}
	if err != nil {
		return "", "", err
	}
	kid, _, err = tokenParts(token)
	return token, kid, err
}

// refused sees that connections to a part's listener are refused.
func (s *System) refused(ctx context.Context, name, listener, what string) (string, error) {
	p, _ := s.state.Part(name)
	addr := p.Addrs[listener]
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
	if err == nil {
		_ = conn.Close()
		return "", corax.Errorf(corax.Conflict, "prove that "+name+" is unreachable", "%s takes connections", addr)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return "", corax.Errorf(corax.Conflict, "prove that "+name+" is unreachable", "%w", err)
	}
	return fmt.Sprintf("connection to the %s of %s at %s is refused", what, name, addr), nil
}

func (s *System) endpointBack(ctx context.Context, a *args) (Broken, error) {
	var targets []string
	a.list("targets", &targets)
	if err := a.end(); err != nil {
		return Broken{}, err
	}
	b := Broken{At: time.Now().UTC()}
	for _, v := range s.lay.Services {
		if len(targets) > 0 && !slices.Contains(targets, v.Name) && !slices.Contains(targets, v.Role) {
			continue
		}
		if err := s.operate(ctx, http.MethodPut, s.url(v.Name, "http", listenAdmin)+"/key-endpoint",
			map[string]any{"open": true}, nil); err != nil {
			return b, err
		}
		b.Targets = append(b.Targets, v.Name)
		b.Proof = append(b.Proof, "the key endpoint of "+v.Name+" takes connections")
	}
	return b, nil
}

// only reads the parameter target.
func (s *System) only(a *args) (service, error) {
	var name string
	a.text("target", &name)
	if err := a.end(); err != nil {
		return service{}, err
	}
	if name == "" {
		return s.lay.Services[seeded(s.lay.Seed, a.op).IntN(len(s.lay.Services))], nil
	}
	return s.target(a.op, name)
}

// crash kills a service, or auth where that is named.
func (s *System) crash(ctx context.Context, a *args) (Broken, error) {
	var sick bool
	a.boolean("sick", &sick)
	name, err := s.anyTarget(a)
	if err != nil {
		return Broken{}, err
	}
	b := Broken{At: time.Now().UTC(), Targets: []string{name}}
	var done part.Change
	if err := s.operate(ctx, http.MethodPost, s.process(name)+"/kill", nil, &done); err != nil {
		return b, err
	}
	if sick {
		if err := saveSickness(s.dir, name, "the service can't work: its data is damaged"); err != nil {
			return b, err
		}
	}
	proof, err := s.refused(ctx, name, listenAPI, "API")
	b.Proof = []string{fmt.Sprintf("process %d of %s is gone", done.Part.PID, name), proof}
	return b, err
}

func (s *System) skewClock(ctx context.Context, a *args) (Broken, error) {
	by := -90 * time.Second
	a.duration("by", &by)
	v, err := s.only(a)
	if err != nil {
		return Broken{}, err
	}
	admin := s.url(v.Name, "http", listenAdmin) + "/clock"
	b := Broken{At: time.Now().UTC(), Targets: []string{v.Name}}
	var clock clockView
	if err := s.operate(ctx, http.MethodPut, admin, map[string]string{"offset": by.String()}, &clock); err != nil {
		return b, err
	}
	b.Proof = []string{fmt.Sprintf("the clock of %s says %s at %s", v.Name, clock.Now.Format(time.TimeOnly),
		time.Now().UTC().Format(time.TimeOnly))}
	if by > -s.lay.Params.Leeway {
		return b, nil // within the leeway, or ahead: old tokens suffer, not new ones
	}
	token, _, err := s.freshToken(ctx)
	if err != nil {
		return b, err
	}
	status, err := s.client.do(ctx, http.MethodGet, s.url(v.Name, "http", listenAPI)+s.lay.Names.Session, token, nil, nil)
	if err == nil && status != http.StatusUnauthorized {
		err = corax.Errorf(corax.Conflict, a.op, "%s answers %d to a new token all the same", v.Name, status)
	}
	b.Proof = append(b.Proof, v.Name+" answers 401 to a new token")
	return b, err
}

func (s *System) slow(ctx context.Context, a *args) (Broken, error) {
	delay := 2 * time.Second
	a.duration("delay", &delay)
	v, err := s.only(a)
	if err != nil {
		return Broken{}, err
	}
	token, _, err := s.freshToken(ctx)
	if err != nil {
		return Broken{}, err
	}
	b := Broken{At: time.Now().UTC(), Targets: []string{v.Name}}
	if err := s.operate(ctx, http.MethodPut, s.url(v.Name, "http", listenAdmin)+"/delay",
		map[string]string{"delay": delay.String()}, nil); err != nil {
		return b, err
	}
	began := time.Now()
	if err := s.client.must(ctx, http.MethodGet, s.url(v.Name, "http", listenAPI)+v.Path, token, nil, nil); err != nil {
		return b, err
	}
	took := time.Since(began)
	if took < delay {
		return b, corax.Errorf(corax.Conflict, a.op, "a request took %s, not %s", took, delay)
	}
	b.Proof = []string{fmt.Sprintf("a request to %s took %s", v.Name, rounded(took))}
	return b, nil
}

func (s *System) expireCertificate(ctx context.Context, a *args) (Broken, error) {
	if err := a.end(); err != nil {
		return Broken{}, err
	}
	auth, _ := s.state.Part(roleAuth)
	b := Broken{At: time.Now().UTC(), Targets: []string{auth.Name}}
	var cert certView
	if err := s.operate(ctx, http.MethodPost, s.authAdmin()+"/certificate/expire", nil, &cert); err != nil {
		return b, err
	}
	pool, err := trust(s.dir)
	if err != nil {
		return b, err
	}
	d := tls.Dialer{Config: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	conn, err := d.DialContext(ctx, "tcp", auth.Addrs[listenAPI])
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		_ = conn.Close()
		return b, corax.Errorf(corax.Conflict, a.op, "a handshake with %s succeeds all the same", auth.Name)
	case !errors.As(err, &invalid) || invalid.Reason != x509.Expired:
		return b, corax.Errorf(corax.Conflict, a.op, "a handshake fails for another reason: %w", err)
	}
	b.Proof = []string{fmt.Sprintf("the certificate of %s ended at %s; a handshake fails: %v", auth.Name,
		cert.NotAfter.Format(time.RFC3339), err)}
	return b, nil
}
