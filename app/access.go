package app

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"net"
	"strings"
	"sync/atomic"

	"corax"
	"corax/access"
	"corax/config"
	"corax/server"
)

// startAccess opens the book of users. While there is none, it makes the link by which the first admin comes in.
func (a *App) startAccess(ctx context.Context, cfg *config.Config) error {
	c := cfg.Access
	a.access = access.New(access.Options{Store: a.store, Clock: a.o.Clock, Log: a.log, Lifetimes: access.Lifetimes{
		Idle: c.Idle, Session: c.Session, Invite: c.Invite, Token: c.Token,
	}})
	link, err := a.access.Bootstrap(ctx)
	if err == nil && link != "" {
		a.firstAdmin = server.SetupPath + link
	}
	return err
}

// FirstAdmin is the address at which the first admin comes in, once; empty where there is a user. It is a secret: it is for the terminal of
// whoever starts Corax, and not for the log.
func (a *App) FirstAdmin() string {
	if a.firstAdmin == "" {
		return ""
	}
	base := a.address.URL
	if public := a.config().Notify.PublicURL; public != "" {
		base = strings.TrimSuffix(public, "/")
	}
	return base + a.firstAdmin
}

// front says by which ways requests come.
func front(cfg *config.Config) server.Front {
	return server.Front{TLS: cfg.Access.TLS.Cert != "", Proxies: cfg.Access.Proxies(), Hosts: cfg.HostNames()}
}

// certificate is what the listener shows; a reload reads it again.
type certificate struct {
	current atomic.Pointer[tls.Certificate]
}

// read reads the files. A certificate that can't be read leaves the one that is there.
func (c *certificate) read(files config.Certificate) error {
	pair, err := tls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		return &corax.Error{Code: corax.Invalid, Op: "read the certificate " + files.Cert, Err: err, Hint: "access.tls names a certificate with its chain, and its key, in PEM"}
	}
	c.current.Store(&pair)
	return nil
}

// pin is the SHA-256 of the certificate, by which those who read the data directory know it again; empty where there is none.
func (c *certificate) pin() string {
	pair := c.current.Load()
	if pair == nil {
		return ""
	}
	sum := sha256.Sum256(pair.Certificate[0])
	return hex.EncodeToString(sum[:])
}

func (c *certificate) wrap(l net.Listener) net.Listener {
	return tls.NewListener(l, &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	})
}

// rereadCertificate takes a renewed certificate into use.
func (a *App) rereadCertificate(cfg *config.Config) error {
	if cfg.Access.TLS.Cert == "" {
		return nil
	}
	if err := a.certificate.read(cfg.Access.TLS); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.address.Pin = a.certificate.pin()
	return a.tellAddress(cfg)
}
