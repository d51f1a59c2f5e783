package monitor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
)

// The classes of failures, as the attribute "class" names them.
const (
	classRefused     = "refused"
	classTimeout     = "timeout"
	classReset       = "reset"
	classDNS         = "dns"
	classUnreachable = "unreachable"
	classTLS         = "tls"
	classTLSExpired  = "tls_expired"
	classStatus      = "status"
	classBody        = "body"
	classLatency     = "latency"
	classRedirect    = "redirect"
	classCredential  = "credential"
	classMissed      = "missed"
	classFile        = "file"
	classOther       = "error"
)

// classify says in one word and in plain words why a connection or a request failed.
func classify(err error, timeout time.Duration) (class, words string) {
	var link *url.Error
	if errors.As(err, &link) {
		err = link.Err // its address is in our message already, without what was put into it
	}
	if class, words := classifyTLS(err); class != "" {
		return class, words
	}
	var dns *net.DNSError
	var netErr net.Error
	switch {
	case errors.As(err, &dns) && !dns.IsTimeout:
		return classDNS, fmt.Sprintf("the name %s does not resolve: %s", dns.Name, dns.Err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &netErr) && netErr.Timeout():
		return classTimeout, fmt.Sprintf("no answer within %s: timed out", timeout)
	case errors.Is(err, syscall.ECONNREFUSED):
		return classRefused, "connection refused" + at(err)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return classReset, "connection reset by peer" + at(err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return classReset, "the connection was closed before the answer was complete"
	case strings.Contains(err.Error(), "server closed idle connection"): // how net/http calls it, without a name for it
		return classReset, "the connection was closed without an answer"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return classUnreachable, "no route to host" + at(err)
	}
	return classOther, excerpt([]byte(err.Error()), 300)
}

func classifyTLS(err error) (class, words string) {
	var (
		invalid   x509.CertificateInvalidError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		verify    *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		c := invalid.Cert
		if strings.Contains(invalid.Detail, "before") { // "current time ... is before ..."
			return classTLSExpired,
				fmt.Sprintf("TLS: the certificate of %s is not valid before %s", subject(c), stamp(c.NotBefore))
		}
		return classTLSExpired, fmt.Sprintf("TLS: the certificate of %s expired at %s", subject(c), stamp(c.NotAfter))
	case errors.As(err, &authority):
		return classTLS, "TLS: the certificate is signed by an unknown authority"
	case errors.As(err, &host):
		return classTLS, "TLS: the certificate is for another name: " + excerpt([]byte(host.Error()), 300)
	case errors.As(err, &invalid), errors.As(err, &record), errors.As(err, &alert), errors.As(err, &verify):
		return classTLS, "TLS: the handshake failed: " + excerpt([]byte(err.Error()), 300)
	}
	return "", ""
}

func subject(c *x509.Certificate) string {
	switch {
	case c.Subject.CommonName != "":
		return excerpt([]byte(c.Subject.CommonName), 100)
	case len(c.DNSNames) > 0:
		return excerpt([]byte(c.DNSNames[0]), 100)
	case len(c.IPAddresses) > 0:
		return c.IPAddresses[0].String()
	}
	return "the server"
}

// at is where the connection was to go, where the error knows.
func at(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Addr != nil {
		return " by " + op.Addr.String()
	}
	return ""
}
