// Package notify tells people.
//
// In comes a problem and a text that says what state the system is in; out goes a message. It returns when the
// message was taken or the attempts are spent, so that whoever escalates knows which. It must never put a secret into
// a message, and never follow a redirect with its token.
package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"corax"
	"corax/vault"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
)

const (
	attempts   = 4
	tryWithin  = 5 * time.Second
	firstPause = 200 * time.Millisecond
	longPause  = 2 * time.Second
	maxText    = 4 << 10  // of the escalation's text
	maxMessage = 64 << 10 // of the whole message; a problem that is larger goes in short form
)

// Webhook posts escalations as JSON to one address.
type Webhook struct {
	URL      string
	Token    string // reference of the bearer token; empty for none
	Client   *http.Client
	Redactor *vault.Redactor // may be nil
	// Resolve gives the token; vault.Resolve's where nil.
	Resolve func(ctx context.Context, ref string) (vault.Secret, error)
	Clock   corax.Clock

	pause time.Duration // before the second attempt; firstPause where zero
}

// Message is what a webhook receives.
type Message struct {
	ID      string         `json:"id"` // the same for the same text about the same problem, however often it is sent
	At      time.Time      `json:"at"`
	Kind    string         `json:"kind"` // escalated
	Text    string         `json:"text"`
	Problem Summary        `json:"problem"`
	Detail  *corax.Problem `json:"detail,omitempty"` // left out where it is too large
}

// Summary is a problem in short.
type Summary struct {
	ID        string             `json:"id"`
	State     corax.ProblemState `json:"state"`
	Severity  corax.Severity     `json:"severity"`
	Pattern   string             `json:"pattern"`
	Root      string             `json:"root"`
	Mechanism string             `json:"mechanism"`
	Summary   string             `json:"summary"`
	Affected  []string           `json:"affected,omitempty"`
	OpenedAt  time.Time          `json:"opened_at"`
}

// refusal is an answer that another attempt won't change.
type refusal struct{ error }

// Escalate posts the problem, again where the receiver is away or overloaded. The address doesn't appear in errors
// beyond its host: webhook addresses often carry a secret.
func (w Webhook) Escalate(ctx context.Context, p corax.Problem, text string) error {
	u, err := url.Parse(w.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return &corax.Error{Code: corax.Invalid, Op: "escalate by webhook",
			Err: errors.New("its address is not an http or https URL")}
	}
	op := "escalate problem " + p.ID + " by webhook to " + u.Host
	body, err := w.message(p, text)
	if err != nil {
		return corax.Errorf(corax.Internal, op, "%w", err)
	}
	pause := w.pause
	if pause <= 0 {
		pause = firstPause
	}
	policy := retrypolicy.NewBuilder[any]().
		HandleIf(func(_ any, err error) bool {
			var r refusal
			return err != nil && !errors.As(err, &r)
		}).
		WithMaxAttempts(attempts).WithBackoff(pause, max(longPause, 2*pause)).ReturnLastFailure().Build()
	err = failsafe.With[any](policy).WithContext(ctx).Run(func() error { return w.post(ctx, u, body, w.id(p, text)) })
	if err != nil {
		return &corax.Error{Code: corax.Unavailable, Op: op, Err: errors.New(w.Redactor.Redact(err.Error())),
			Hint: "check the webhook's address and token"}
	}
	return nil
}

func (w Webhook) id(p corax.Problem, text string) string { return corax.HashID("esc", p.ID, text) }

func (w Webhook) message(p corax.Problem, text string) ([]byte, error) {
	d := p.Diagnosis
	shown := w.Redactor.Redact(text)
	if len(shown) > maxText {
		shown = strings.ToValidUTF8(shown[:maxText], "") + " ..."
	}
	m := Message{
		ID: w.id(p, text), At: w.Clock.Now(), Kind: string(corax.EventEscalated), Text: shown, Detail: &p,
		Problem: Summary{
			ID: p.ID, State: p.State, Severity: d.Severity, Pattern: d.Pattern, Root: d.RootCause.Entity,
			Mechanism: d.RootCause.Mechanism,
			Summary:   d.RootCause.Summary, Affected: d.Cascade.Affected, OpenedAt: p.OpenedAt,
		},
	}
	body, err := json.Marshal(m)
	if err == nil && len(body) > maxMessage {
		m.Detail = nil
		m.Problem.Affected = m.Problem.Affected[:min(len(m.Problem.Affected), 50)]
		if len(m.Problem.Summary) > maxText {
			m.Problem.Summary = strings.ToValidUTF8(m.Problem.Summary[:maxText], "") + " ..."
		}
		body, err = json.Marshal(m)
	}
	return w.Redactor.JSON(body), err
}

func (w Webhook) post(ctx context.Context, u *url.URL, body []byte, id string) error {
	ctx, cancel := context.WithTimeout(ctx, tryWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return refusal{errors.New("the address can't be used")}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", id)
	if w.Token != "" {
		resolve := w.Resolve
		if resolve == nil {
			resolve = (&vault.Keeper{Redactor: w.Redactor}).Resolve
		}
		secret, err := resolve(vault.WithUse(ctx, vault.Use{Who: "corax", For: "webhook", On: u.Host}), w.Token)
		if err != nil {
			return refusal{err}
		}
		defer secret.Wipe()
		w.Redactor.Know(secret)
		_ = secret.Use(func(value string) error {
			req.Header.Set("Authorization", "Bearer "+value)
			return nil
		})
	}
	resp, err := w.client().Do(req)
	if err != nil {
		var wrapped *url.Error // repeats the address
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxText)) // so that the connection can be used again
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode <= 299:
		return nil
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests ||
		resp.StatusCode == http.StatusRequestTimeout:
		return fmt.Errorf("answered %s", resp.Status)
	}
	return refusal{fmt.Errorf("answered %s", resp.Status)}
}

// client is the given one, or the default's copy, without redirects.
func (w Webhook) client() *http.Client {
	c := http.Client{}
	if w.Client != nil {
		c = *w.Client
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}
