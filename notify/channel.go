package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"corax"
	"corax/config"
	"corax/vault"
)

// Channel hands messages over by one technology.
type Channel interface {
	// Send hands a message over and says what it got for it: an id, a status. Where it fails for good (refused, unknown,
	// malformed) the error is a Refusal; any other error is worth another attempt. It returns when ctx ends.
	Send(ctx context.Context, m Message) (receipt string, err error)
}

// Message is a notice on its way to one address.
type Message struct {
	ID      string // of the delivery: the same however often it is sent
	Thread  string // of page and address: the same for all that is told there
	First   bool   // it begins the thread
	To      string
	Subject string // one line
	Text    string // a page, with the link
	Short   string // a text message, with the link
	Speech  string
	Keys    string // what is spoken of the keys; empty where none can be pressed
	Answers string // where a telephone service reports keys and a call's end; empty for nowhere
	Lang    string
	Link    string
	Kind    corax.NoticeKind
	Urgent  bool
	At      time.Time
	Data    json.RawMessage
	Detail  *corax.Problem // may be nil
}

// Refusal is a failure that another attempt won't change.
type Refusal struct{ Err error }

// Error is the cause's.
func (r Refusal) Error() string { return r.Err.Error() }

// Unwrap gives the cause.
func (r Refusal) Unwrap() error { return r.Err }

func refuse(format string, args ...any) error { return Refusal{fmt.Errorf(format, args...)} }

// later is a failure that should be tried again, but not before some time has passed.
type later struct {
	err   error
	after time.Duration
}

func (l later) Error() string { return l.err.Error() }
func (l later) Unwrap() error { return l.err }

// tools are what channels work with.
type tools struct {
	http     *http.Client
	redactor *vault.Redactor
	resolve  func(ctx context.Context, ref string) (vault.Secret, error)
}

// channel makes the channel that a configuration describes.
func (t tools) channel(c config.Channel) (Channel, error) {
	switch c.Kind() {
	case config.WebhookChannel:
		return webhook{*c.Webhook, t}, nil
	case config.MailChannel:
		return mail{*c.Mail, t}, nil
	case config.CallChannel:
		return call{phone{*c.Call, t}}, nil
	case config.SMSChannel:
		return sms{phone{*c.SMS, t}}, nil
	case config.ChatChannel:
		return chat{*c.Chat, t}, nil
	case config.HTTPChannel:
		return newRequest(*c.HTTP, t)
	}
	return nil, refuse("channel %q is not configured any more", c.Name)
}

// secret resolves a reference for the time of f, to reach to.
func (t tools) secret(ctx context.Context, ref, to string, f func(value string) error) error {
	s, err := t.resolve(vault.WithUse(ctx, vault.Use{Who: "corax", For: "notice", On: to}), ref)
	if err != nil {
		return err // it may be there at the next attempt
	}
	defer s.Wipe()
	t.redactor.Know(s)
	return s.Use(f)
}

// do sends a request, with a bearer token where there is one, and judges the answer. Nothing of the address but its
// host is in the error: addresses often carry a secret.
func (t tools) do(req *http.Request, token string) (*http.Response, error) {
	if token != "" {
		if err := t.secret(req.Context(), token, req.URL.Host, func(v string) error { req.Header.Set("Authorization", "Bearer "+v); return nil }); err != nil {
			return nil, err
		}
	}
	c := *t.http
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := c.Do(req)
	if err != nil {
		var wrapped *url.Error // repeats the address
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, fmt.Errorf("%s: %w", req.URL.Host, err)
	}
	return resp, nil
}

// judge says what an HTTP status means for the delivery.
func judge(resp *http.Response, detail string) error {
	err := fmt.Errorf("%s answered %s%s", resp.Request.URL.Host, resp.Status, detail)
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode <= 299:
		return nil
	case resp.StatusCode == http.StatusTooManyRequests:
		return later{err, time.Minute}
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusRequestTimeout:
		return err
	}
	return Refusal{err}
}

// roots reads the authorities that are trusted instead of the system's; nil where file is empty.
func roots(file string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if file == "" {
		return c, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, refuse("%s holds no certificate", file)
	}
	return c, nil
}
