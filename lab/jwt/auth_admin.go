package jwt

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"corax"
	"corax/lab/part"
)

// The actors of records that hold no credential, and the reasons of a rotation.
const (
	jobRotation      = "rotation"
	actorWebhook     = "webhook"
	reasonRoutine    = "routine"
	reasonCompromise = "compromise"
)

// byRotation is the order of the rotation job.
var byRotation = part.Order{Actor: jobRotation}

// admin is the administrative interface. It does as it is told: that a key may not go while somebody needs it is
// for the one who asks to know, unless the check of receipts is on.
func (a *authServer) admin(creds part.Credentials) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h part.Handler, who ...string) { mux.Handle(pattern, creds.Guard(h, who...)) }
	mux.HandleFunc("GET /health", healthy)
	handle("GET /keys", a.getKeys, credCorax, credOperator)
	handle("GET /keys/{kid}", a.getKey, credCorax, credOperator)
	handle("POST /keys/{kid}/state", a.postState, credCorax, credOperator)
	handle("POST /keys/{kid}/deliver", a.postDeliver(kindAdd), credCorax, credOperator)
	handle("POST /keys/{kid}/recall", a.postDeliver(kindRemove), credCorax, credOperator)
	handle("POST /keys/{kid}/retire", a.postRetire, credCorax, credOperator)
	handle("POST /keys/{kid}/republish", a.postRepublish, credCorax, credOperator)
	handle("GET /deliveries", func(string, *http.Request) (any, error) {
		a.mu.Lock()
		keys := append([]*key(nil), a.ring.keys...)
		a.mu.Unlock()
		return map[string]any{"deliveries": a.hooks.report(keys)}, nil
	}, credCorax, credOperator)
	handle("POST /canary", a.postCanary, credCanary)
	handle("GET /rotation", func(string, *http.Request) (any, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.state.Rotation == nil {
			return nil, corax.Errorf(corax.NotFound, "show the last rotation", "there was none")
		}
		return *a.state.Rotation, nil
	}, credCorax, credOperator)
	handle("POST /rotation", a.postRotation, credOperator)
	handle("GET /settings", func(string, *http.Request) (any, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.state.Settings, nil
	}, credCorax, credOperator)
	handle("PUT /settings", a.putSettings, credCorax, credOperator)
	handle("GET /certificate", func(string, *http.Request) (any, error) { return a.certificate(), nil }, credCorax,
		credOperator)
	handle("POST /certificate/renew", a.postRenew, credCorax, credOperator)
	handle("POST /certificate/restore", a.postRestore, credCorax, credOperator)
	handle("POST /certificate/expire", a.postExpire, credOperator)
	return mux
}

func (a *authServer) getKeys(string, *http.Request) (any, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	views := []keyView{}
	for _, k := range a.ring.keys {
		views = append(views, k.view())
	}
	out := map[string]any{"keys": views, "signing": ""}
	if s := a.ring.signer(); s != nil {
		out["signing"] = s.Kid
	}
	return out, nil
}

func (a *authServer) getKey(_ string, r *http.Request) (any, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k, err := a.ring.find(r.PathValue("kid"))
	if err != nil {
		return nil, err
	}
	return k.view(), nil
}

// result is the answer to a change.
type result struct {
	Changed    bool       `json:"changed"`
	Key        any        `json:"key,omitempty"`
	Deliveries []delivery `json:"deliveries,omitempty"`
}

func (a *authServer) result(changed bool, kid string, ds []delivery) (any, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k, err := a.ring.find(kid)
	if err != nil {
		return nil, err
	}
	return result{Changed: changed, Key: k.view(), Deliveries: ds}, nil
}

// postState moves a key: {"expect": "withdrawn", "state": "signing"}.
func (a *authServer) postState(actor string, r *http.Request) (any, error) {
	var in struct {
		Expect keyState `json:"expect"`
		State  keyState `json:"state"`
	}
	if err := part.Decode(r, &in); err != nil {
		return nil, err
	}
	kid := r.PathValue("kid")
	if err := a.guard(kid, in.State); err != nil {
		return nil, err
	}
	changed, err := a.apply(part.OrderOf(actor, r, a.clock), kid, in.Expect, in.State)
	if err != nil {
		return nil, err
	}
	return a.result(changed, kid, nil)
}

// guard is the check of receipts, where it is on: no key signs, and none is withdrawn for another, before each
// subscriber has confirmed the key that is to be used.
func (a *authServer) guard(kid string, to keyState) error {
	a.mu.Lock()
	on, signer := a.state.Settings.CheckReceipts, a.ring.signer()
	a.mu.Unlock()
	if !on || to != signing && to != withdrawn || signer == nil {
		return nil
	}
	needed := kid
	if to == withdrawn {
		needed = signer.Kid
	}
	for _, d := range a.hooks.report([]*key{{Kid: needed}}) {
		if d.Kind == kindAdd && !d.Delivered {
			return corax.Errorf(corax.Conflict, "move key "+kid+" to "+string(to), "%s has not confirmed key %s",
				d.Verifier, needed)
		}
	}
	return nil
}

// patient is the context of a change that a request asks for. Not the request's own: a caller that hangs up must not leave a
// verifier with a key of which there is no receipt.
func patient(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(r.Context()), 20*time.Second)
}

func (a *authServer) postDeliver(kind hookKind) part.Handler {
	return func(actor string, r *http.Request) (any, error) {
		var in struct {
			Verifier string `json:"verifier"`
		}
		if err := part.Decode(r, &in); err != nil {
			return nil, err
		}
		a.mu.Lock()
		retries := a.state.Settings.DeliveryRetries
		a.mu.Unlock()
		kid := r.PathValue("kid")
		ctx, cancel := patient(r)
		defer cancel()
		d, err := a.deliver(ctx, part.OrderOf(actor, r, a.clock), kid, in.Verifier, kind, retries)
		if err != nil {
			return nil, err
		}
		if !d.Delivered {
			// Not Unavailable: the answer is ours and clear, it is the verifier that did not take the key.
			return nil, corax.Errorf(corax.Conflict, string(kind)+" key "+kid+" at "+in.Verifier, "%s", d.Error)
		}
		return a.result(true, kid, []delivery{d})
	}
}

// postRetire takes a key out of the JWKS and then out of every keystore. Repeated, it asks those again that have
// not confirmed.
func (a *authServer) postRetire(actor string, r *http.Request) (any, error) {
	kid := r.PathValue("kid")
	if err := a.guard(kid, withdrawn); err != nil {
		return nil, err
	}
	by := part.OrderOf(actor, r, a.clock)
	changed, err := a.apply(by, kid, published, withdrawn)
	if err != nil {
		return nil, err
	}
	ctx, cancel := patient(r)
	defer cancel()
	ds, err := a.deliverAll(ctx, by, kid, kindRemove, 3)
	if err != nil {
		return nil, err
	}
	return a.result(changed, kid, ds)
}

// postRepublish is the way back from postRetire.
func (a *authServer) postRepublish(actor string, r *http.Request) (any, error) {
	kid, by := r.PathValue("kid"), part.OrderOf(actor, r, a.clock)
	changed, err := a.apply(by, kid, withdrawn, published)
	if err != nil {
		return nil, err
	}
	ctx, cancel := patient(r)
	defer cancel()
	ds, err := a.deliverAll(ctx, by, kid, kindAdd, 3)
	if err != nil {
		return nil, err
	}
	return a.result(changed, kid, ds)
}

func (a *authServer) postCanary(_ string, r *http.Request) (any, error) {
	var in struct {
		Kid string `json:"kid"`
	}
	if err := part.Decode(r, &in); err != nil {
		return nil, err
	}
	if in.Kid == "" {
		return nil, corax.Errorf(corax.Invalid, "issue a canary", "no kid is named")
	}
	token, err := a.issue(in.Kid, "canary", "", canaryLife)
	if err != nil {
		return nil, err
	}
	return map[string]any{"token": token, "kid": in.Kid, "expires_in": int(canaryLife.Seconds())}, nil
}

func (a *authServer) postRotation(_ string, r *http.Request) (any, error) {
	in := struct {
		Reason string `json:"reason"`
	}{Reason: reasonRoutine}
	if err := part.Decode(r, &in); err != nil {
		return nil, err
	}
	if in.Reason != reasonRoutine && in.Reason != reasonCompromise {
		return nil, corax.Errorf(corax.Invalid, "rotate the signing key", "reason %q: expected routine or compromise",
			in.Reason)
	}
	ctx, cancel := patient(r)
	defer cancel()
	return a.rotate(ctx, in.Reason)
}

// putSettings sets what is given and leaves the rest. The same again changes nothing.
func (a *authServer) putSettings(actor string, r *http.Request) (any, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	next := a.state.Settings
	if err := part.Decode(r, &next); err != nil {
		return nil, err
	}
	if next.DeliveryRetries < 0 || next.DeliveryRetries > 10 {
		return nil, corax.Errorf(corax.Invalid, "change the settings", "delivery_retries is %d: expected 0 to 10",
			next.DeliveryRetries)
	}
	if next == a.state.Settings {
		return next, nil
	}
	a.state.Settings = next
	a.noteSettings(part.OrderOf(actor, r, a.clock))
	return next, a.save()
}

// noteSettings records the settings that are in force.
func (a *authServer) noteSettings(by part.Order) {
	a.audit.Write(by.Actor, recSettings, by.Detail("delivery_retries", fmt.Sprint(a.state.Settings.DeliveryRetries),
		"check_receipts_before_switch", fmt.Sprint(a.state.Settings.CheckReceipts))...)
}

// certView is the served certificate as the administrative interface shows it.
type certView struct {
	Serial    string    `json:"serial"`
	NotAfter  time.Time `json:"not_after"`
	Previous  string    `json:"previous,omitempty"` // serial of the one before, which restore brings back
	PrevAfter time.Time `json:"previous_not_after,omitzero"`
}

func (a *authServer) certificate() certView {
	a.mu.Lock()
	defer a.mu.Unlock()
	v := certView{Serial: a.cert.Leaf.SerialNumber.Text(16), NotAfter: a.cert.Leaf.NotAfter}
	if a.previous != nil {
		v.Previous, v.PrevAfter = a.previous.Leaf.SerialNumber.Text(16), a.previous.Leaf.NotAfter
	}
	return v
}

// postRenew gets a new certificate from the lab's authority in place of the one that is named by its serial.
func (a *authServer) postRenew(actor string, r *http.Request) (any, error) {
	return a.swapCertificate(actor, r, a.clock.Now().AddDate(0, 3, 0))
}

// postExpire is a fault: it puts a certificate in place whose time is up.
func (a *authServer) postExpire(actor string, r *http.Request) (any, error) {
	return a.swapCertificate(actor, r, a.clock.Now().Add(-time.Second))
}

func (a *authServer) swapCertificate(actor string, r *http.Request, notAfter time.Time) (any, error) {
	var in struct {
		Expect string `json:"expect"`
	}
	if err := part.Decode(r, &in); err != nil {
		return nil, err
	}
	next, err := a.ca.issue(a.name, a.clock.Now(), notAfter)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	served := a.cert.Leaf.SerialNumber.Text(16)
	if in.Expect != "" && in.Expect != served {
		repeat := a.previous != nil && a.previous.Leaf.SerialNumber.Text(16) == in.Expect
		a.mu.Unlock()
		if repeat { // the one that was to go has gone
			return a.certificate(), nil
		}
		return nil, corax.Errorf(corax.Conflict, "renew the certificate", "the one in use is %s, not %s", served, in.Expect)
	}
	a.previous, a.cert = a.cert, next
	a.mu.Unlock()
	a.installed(part.OrderOf(actor, r, a.clock))
	return a.certificate(), nil
}

// postRestore brings the certificate before back: {"serial": "..."}.
func (a *authServer) postRestore(actor string, r *http.Request) (any, error) {
	var in struct {
		Serial string `json:"serial"`
	}
	if err := part.Decode(r, &in); err != nil {
		return nil, err
	}
	a.mu.Lock()
	switch {
	case a.cert.Leaf.SerialNumber.Text(16) == in.Serial:
		a.mu.Unlock()
		return a.certificate(), nil
	case a.previous == nil || a.previous.Leaf.SerialNumber.Text(16) != in.Serial:
		a.mu.Unlock()
		return nil, corax.Errorf(corax.NotFound, "restore certificate "+in.Serial, "it is not the one before")
	}
	a.cert, a.previous = a.previous, a.cert
	a.mu.Unlock()
	a.installed(part.OrderOf(actor, r, a.clock))
	return a.certificate(), nil
}

// noteCertificate records the certificate that is in force.
func (a *authServer) noteCertificate(by part.Order) {
	c := a.certificate()
	a.audit.Write(by.Actor, recCertificate, by.Detail("serial", c.Serial, "not_after", stamp(c.NotAfter))...)
}

func (a *authServer) installed(by part.Order) {
	c := a.certificate()
	a.noteCertificate(by)
	a.say(slog.LevelInfo, sayCertificate, []any{c.Serial, c.NotAfter.Format(time.RFC3339)})
}
