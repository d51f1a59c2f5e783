package monitor

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/netip"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"corax"
	"corax/access"
	"corax/config"
)

// heartbeatProbe waits for something to report, and is down when it doesn't.
type heartbeatProbe struct {
	spec    config.Monitor
	clock   corax.Clock
	secrets func(string) (string, error)

	mu    sync.Mutex
	last  time.Time // the latest report, or when waiting began
	beats int
}

func newHeartbeat(m config.Monitor, env environment) (Probe, error) {
	return &heartbeatProbe{spec: m, clock: env.clock, secrets: env.secrets, last: env.clock.Now()}, nil
}

func (p *heartbeatProbe) Probe(context.Context) corax.ProbeResult {
	p.mu.Lock()
	defer p.mu.Unlock()
	silent := p.clock.Now().Sub(p.last)
	if patience := p.spec.Every + p.spec.Heartbeat.Grace; silent > patience {
		return corax.ProbeResult{
			State: corax.MonitorDown, Attributes: map[string]string{"class": classMissed},
			Message: fmt.Sprintf("no heartbeat for %s, expected one every %s: the last was at %s",
				silent.Round(time.Second), p.spec.Every, p.last.Format(time.RFC3339)),
		}
	}
	if p.beats == 0 {
		return corax.ProbeResult{State: corax.MonitorUnknown, Message: "no heartbeat yet"}
	}
	return corax.ProbeResult{State: corax.MonitorUp, Message: "the last heartbeat was at " + p.last.Format(time.RFC3339)}
}

// passedOn are the headers that proxies add.
var passedOn = []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"}

// fromHere says whether a request comes from this machine, and not by a proxy on it: whose address it is that the server worked out, since the
// other end of the connection may be a proxy that passes on what anybody on the internet sends.
func fromHere(r *http.Request) bool {
	ip, err := netip.ParseAddr(access.ClientFrom(r.Context()).Address)
	return err == nil && ip.Unmap().IsLoopback() && !slices.ContainsFunc(passedOn, func(h string) bool { return len(r.Header.Values(h)) > 0 })
}

// allowed says whether a report may be believed: it has the token, or, where none is set, comes from this machine.
func (p *heartbeatProbe) allowed(r *http.Request) (bool, error) {
	ref := p.spec.Heartbeat.Token
	if ref == "" {
		return fromHere(r), nil
	}
	want, err := p.secrets(ref)
	if err != nil || want == "" {
		return false, corax.Errorf(corax.Unavailable, "check the token of monitor "+p.spec.Name,
			"its token can't be resolved")
	}
	got, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return ok && subtle.ConstantTimeCompare(a[:], b[:]) == 1, nil
}

func (p *heartbeatProbe) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = p.clock.Now()
	p.beats++
}

// beat takes one report. The answer says no more than it must to somebody without the token.
func (m *Monitors) beat(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "report by POST", http.StatusMethodNotAllowed)
		return
	}
	name := path.Base(r.URL.Path)
	var p *heartbeatProbe
	if e := m.entry(name); e != nil {
		p, _ = e.probe.(*heartbeatProbe)
	}
	if p == nil {
		http.Error(w, "there is no such heartbeat monitor", http.StatusNotFound)
		return
	}
	switch ok, err := p.allowed(r); {
	case err != nil:
		m.o.Log.Error("take a heartbeat", "monitor", name, "error", err)
		http.Error(w, "the token can't be checked now", http.StatusServiceUnavailable)
		return
	case !ok:
		http.Error(w, "a bearer token is needed", http.StatusUnauthorized)
		return
	}
	p.beat()
	if _, err := m.RunNow(r.Context(), name); err != nil { // so that an end of the silence is told at once
		http.Error(w, "stopping", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
