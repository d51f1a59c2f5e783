package monitor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"corax"
	"corax/config"
)

// tlsProbe looks at a server's certificate: its chain, its name, and how long it is still good.
type tlsProbe struct {
	spec  config.Monitor
	clock corax.Clock
}

func newTLS(m config.Monitor, env environment) (Probe, error) { return tlsProbe{m, env.clock}, nil }

func (p tlsProbe) Probe(ctx context.Context) corax.ProbeResult {
	t := p.spec.TLS
	attributes := map[string]string{"host": t.Address}
	fail := func(class, format string, args ...any) corax.ProbeResult {
		attributes["class"] = class
		message := t.Address + ": " + fmt.Sprintf(format, args...)
		return corax.ProbeResult{State: corax.MonitorDown, Message: message, Attributes: attributes}
	}
	roots, err := authorities(t.CA)
	if err != nil {
		return fail(classCredential, "%v", err)
	}
	name := t.ServerName
	if name == "" {
		if name, _, err = net.SplitHostPort(t.Address); err != nil {
			return fail(classOther, "not an address: %v", err)
		}
	}
	d := tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: name, Time: p.clock.Now, MinVersion: tls.VersionTLS12}}
	conn, err := d.DialContext(ctx, "tcp", t.Address)
	if err != nil {
		class, words := classify(err, p.spec.Timeout)
		return fail(class, "%s", words)
	}
	defer conn.Close()
	leaf := conn.(*tls.Conn).ConnectionState().PeerCertificates[0] //nolint:forcetypeassert // tls.Dialer promises both
	left := leaf.NotAfter.Sub(p.clock.Now())
	attributes["not_after"] = stamp(leaf.NotAfter)
	if left < t.WarnBefore {
		return fail(classTLSExpired, "the certificate of %s expires at %s, in %s; at least %s are expected",
			subject(leaf), stamp(leaf.NotAfter), left.Round(time.Second), t.WarnBefore)
	}
	return corax.ProbeResult{
		State:      corax.MonitorUp,
		Message:    fmt.Sprintf("the certificate of %s is good until %s", subject(leaf), stamp(leaf.NotAfter)),
		Attributes: attributes,
	}
}

const maxPEM = 1 << 20

// authorities reads the certificates of a PEM file, afresh at each run: they may be renewed. An empty name is the
// system's.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // nil is how crypto/tls names the system's
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the trusted authorities: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPEM))
	if err != nil {
		return nil, fmt.Errorf("read the trusted authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, errors.New("read the trusted authorities: no certificate in " + file)
	}
	return pool, nil
}
