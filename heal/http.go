package heal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"corax"
	"corax/vault"
)

const (
	maxAnswer = 1 << 20 // bytes of an answer that are read
	maxShown  = 200     // bytes of an answer that a record shows
	maxCA     = 1 << 20
)

// httpExecutor sends requests to administrative interfaces. It follows no redirect: a credential goes to the host
// that was declared, or nowhere.
type httpExecutor struct {
	redactor *vault.Redactor
	resolve  func(ctx context.Context, ref string) (vault.Secret, error)
	mu       sync.Mutex
	clients  map[string]*http.Client // by the content of the CA file
}

// bound is a request with every expression evaluated.
type bound struct {
	method string
	url    *url.URL
	header map[string]string
	body   []byte // nil where there is none
	token  string // reference
	ca     string
	accept []int
}

// answer is what came back.
type answer struct {
	status int
	body   []byte
}

// httpError is a request that did not succeed.
type httpError struct {
	text   string // redacted
	sent   bool   // it may have taken effect
	away   bool   // nobody answered at that address
	status int
}

func (e *httpError) Error() string { return e.text }

func isAway(err error) bool {
	var e *httpError
	return errors.As(err, &e) && e.away
}

// isUnclear says that the effect may have happened all the same.
func isUnclear(err error) bool {
	var e *httpError
	return errors.As(err, &e) && e.sent && (e.status == 0 || e.status >= 500)
}

func newHTTPExecutor(r *vault.Redactor, resolve func(context.Context, string) (vault.Secret, error)) *httpExecutor {
	return &httpExecutor{redactor: r, resolve: resolve, clients: map[string]*http.Client{}}
}

func (x *httpExecutor) close() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range x.clients {
		c.CloseIdleConnections()
	}
	clear(x.clients)
}

// client trusts the authorities in the file, or the system's where ca is empty. A file that has changed gets a new
// client.
func (x *httpExecutor) client(ca string) (*http.Client, error) {
	var pem []byte
	if ca != "" {
		f, err := os.Open(ca)
		if err != nil {
			return nil, fmt.Errorf("read CA file: %w", err)
		}
		defer func() { _ = f.Close() }()
		if pem, err = io.ReadAll(io.LimitReader(f, maxCA)); err != nil {
			return nil, fmt.Errorf("read CA file: %w", err)
		}
	}
	sum := sha256.Sum256(pem)
	key := string(sum[:])
	x.mu.Lock()
	defer x.mu.Unlock()
	if c := x.clients[key]; c != nil {
		return c, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("CA file %s holds no certificate", ca)
		}
	}
	c := &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSClientConfig:        config,
			TLSHandshakeTimeout:    5 * time.Second,
			IdleConnTimeout:        10 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	x.clients[key] = c
	return c, nil
}

// do sends a request once; key, where given, is its idempotency key. Its error is always an *httpError, redacted; the
// answer may come with it.
func (x *httpExecutor) do(ctx context.Context, b bound, key string) (answer, error) {
	what := b.method + " " + b.url.Redacted()
	fail := func(err error, sent, away bool) error {
		return &httpError{text: x.redactor.Redact(what + ": " + err.Error()), sent: sent, away: away}
	}
	client, err := x.client(b.ca)
	if err != nil {
		return answer{}, fail(err, false, false)
	}
	var sent, connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				connected.Store(true) // a failing TLS handshake is somebody answering
			}
		},
		WroteHeaders: func() { sent.Store(true) },
	})
	req, err := http.NewRequestWithContext(ctx, b.method, b.url.String(), bytes.NewReader(b.body))
	if err != nil {
		return answer{}, fail(err, false, false)
	}
	for name, value := range b.header {
		req.Header.Set(name, value)
	}
	if b.body != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	if b.token != "" {
		secret, err := x.resolve(ctx, b.token)
		if err != nil {
			return answer{}, fail(err, false, false)
		}
		defer secret.Wipe()
		x.redactor.Know(secret)
		_ = secret.Use(func(value string) error {
			req.Header.Set("Authorization", "Bearer "+value)
			return nil
		})
	}
	resp, err := client.Do(req)
	if err != nil {
		var u *url.Error // says the method and address again
		if errors.As(err, &u) {
			err = u.Err
		}
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		// Whoever hung up before answering is as good as away to a reading; to an effect, what was sent counts.
		return answer{}, fail(err, sent.Load(), !connected.Load() || errors.Is(err, context.DeadlineExceeded) ||
			errors.Is(err, io.EOF))
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	a := answer{status: resp.StatusCode, body: body}
	switch {
	case err != nil:
		return answer{status: a.status}, fail(fmt.Errorf("read the answer: %w", err), true, false)
	case len(body) > maxAnswer:
		return answer{status: a.status}, fail(fmt.Errorf("the answer is larger than %d bytes", maxAnswer), true, false)
	case !accepted(b.accept, a.status):
		return a, &httpError{text: x.redactor.Redact(what + ": " + resp.Status + " " + x.show(a)), sent: true,
			status: a.status}
	}
	return a, nil
}

func accepted(codes []int, status int) bool {
	if len(codes) == 0 {
		return status >= 200 && status <= 299
	}
	return slices.Contains(codes, status)
}

// show is the beginning of an answer, for a record.
func (x *httpExecutor) show(a answer) string {
	text := bytes.ToValidUTF8(bytes.TrimSpace(a.body), []byte("?"))
	// Redacted before it is cut: half a secret is no longer recognised.
	shown := x.redactor.Redact(string(text))
	if len(shown) > maxShown {
		shown = string(bytes.ToValidUTF8([]byte(shown[:maxShown]), nil)) + " ..."
	}
	return shown
}

// httpRequest evaluates a declared request.
func (h *Healer) httpRequest(ctx context.Context, r corax.HTTPRequest, v vars) (bound, error) {
	b := bound{method: r.Method, token: r.Token, ca: r.CA, accept: r.Status, header: map[string]string{}}
	if b.method == "" {
		b.method = http.MethodGet
	}
	var err error
	if b.url, err = h.exprs.url(ctx, r.URL, v); err != nil {
		return b, fmt.Errorf("address: %w", err)
	}
	for name, template := range r.Header {
		if b.header[name], err = h.exprs.text(ctx, template, v); err != nil {
			return b, fmt.Errorf("header %s: %w", name, err)
		}
	}
	if r.Body != nil {
		body, err := h.render(ctx, r.Body, v)
		if err != nil {
			return b, fmt.Errorf("body: %w", err)
		}
		if b.body, err = json.Marshal(body); err != nil {
			return b, fmt.Errorf("body: %w", err)
		}
	}
	return b, nil
}

// render evaluates the templates in a body.
func (h *Healer) render(ctx context.Context, value any, v vars) (any, error) {
	switch value := value.(type) {
	case string:
		return h.exprs.value(ctx, value, v)
	case []any:
		out := make([]any, len(value))
		for n, item := range value {
			var err error
			if out[n], err = h.render(ctx, item, v); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(value))
		for k, item := range value {
			var err error
			if out[k], err = h.render(ctx, item, v); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return value, nil
}
