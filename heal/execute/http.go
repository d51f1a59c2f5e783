package execute

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
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"corax"
	"corax/vault"
)

const maxCA = 1 << 20

// httpExecutor sends requests to administrative interfaces. It follows no redirect: a credential goes to the host
// that was declared, or nowhere.
type httpExecutor struct {
	o       *Options
	mu      sync.Mutex
	clients map[string]*http.Client // by the content of the CA file
}

func newHTTP(o *Options) Executor { return newHTTPExecutor(o) }

func newHTTPExecutor(o *Options) *httpExecutor {
	return &httpExecutor{o: o, clients: map[string]*http.Client{}}
}

func (x *httpExecutor) Close() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range x.clients {
		c.CloseIdleConnections()
	}
	clear(x.clients)
}

// Keys: whether the other side heeds the header is for the action to declare; that it does is what an interface that
// is made for repeats promises, so it is what counts where nothing is declared.
func (x *httpExecutor) Keys(corax.Call) Keying { return RepeatsOnce }

// Named is nothing: the call itself says all.
func (x *httpExecutor) Named(corax.Call, Values) any { return nil }

func (x *httpExecutor) Check(c Checks, field string, call corax.Call, read bool) {
	r := call.HTTP
	// A question may need a body; what changes something by its very method is no question.
	if m := r.Method; read && m != "" && m != http.MethodGet && m != http.MethodHead && m != http.MethodPost {
		c.Fail(field+".method", "use GET, HEAD, or POST for a question with a body", "%s changes what it asks", m)
	}
	if !slices.Contains([]string{"", http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions}, r.Method) {
		c.Fail(field+".method", "use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS", "unknown method %q", r.Method)
	}
	c.URL(field+".url", r.URL)
	checkReference(c, field+".token", r.Token)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		c.Template(field+".header."+name, r.Header[name])
	}
	checkBody(c, field+".body", r.Body)
	for _, code := range r.Status {
		if code < 100 || code > 599 {
			c.Fail(field+".status", "", "%d is not an HTTP status", code)
		}
	}
}

func checkReference(c Checks, field, ref string) {
	if ref == "" {
		return
	}
	if err := vault.Check(ref); err != nil {
		c.Fail(field, corax.HintOf(err), "it is not a credential's reference")
	}
}

func checkBody(c Checks, field string, value any) {
	switch value := value.(type) {
	case string:
		c.Template(field, value)
	case []any:
		for n, item := range value {
			checkBody(c, fmt.Sprintf("%s[%d]", field, n), item)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(value)) {
			checkBody(c, field+"."+k, value[k])
		}
	}
}

// request is an HTTP request with every expression evaluated.
type request struct {
	x      *httpExecutor
	method string
	url    *url.URL
	header map[string]string
	body   []byte // nil where there is none
	token  string // reference
	ca     string
	accept []int
}

func (x *httpExecutor) Bind(call corax.Call, v Values) (Bound, error) {
	r := call.HTTP
	b := request{x: x, method: r.Method, token: r.Token, ca: r.CA, accept: r.Status, header: map[string]string{}}
	if b.method == "" {
		b.method = http.MethodGet
	}
	var err error
	if b.url, err = v.URL(r.URL); err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	for name, template := range r.Header {
		if b.header[name], err = v.Text(template); err != nil {
			return nil, fmt.Errorf("header %s: %w", name, err)
		}
	}
	if r.Body != nil {
		body, err := render(r.Body, v)
		if err != nil {
			return nil, fmt.Errorf("body: %w", err)
		}
		if b.body, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("body: %w", err)
		}
	}
	return b, nil
}

// render evaluates the templates in a body.
func render(value any, v Values) (any, error) {
	switch value := value.(type) {
	case string:
		return v.Value(value)
	case []any:
		out := make([]any, len(value))
		for n, item := range value {
			var err error
			if out[n], err = render(item, v); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(value))
		for k, item := range value {
			var err error
			if out[k], err = render(item, v); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return value, nil
}

// client trusts the authorities in the file, or the system's where ca is empty. A file that has changed gets a new
// client.
func (x *httpExecutor) client(ca string) (*http.Client, error) {
	pool, pem, err := authorities(ca)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(pem)
	key := string(sum[:])
	x.mu.Lock()
	defer x.mu.Unlock()
	if c := x.clients[key]; c != nil {
		return c, nil
	}
	c := &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool},
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

// authorities reads a PEM file; nil, which trusts the system's, where ca is empty.
func authorities(ca string) (*x509.CertPool, []byte, error) {
	if ca == "" {
		return nil, nil, nil
	}
	f, err := os.Open(ca)
	if err != nil {
		return nil, nil, fmt.Errorf("read CA file: %w", err)
	}
	defer func() { _ = f.Close() }()
	pem, err := io.ReadAll(io.LimitReader(f, maxCA))
	if err != nil {
		return nil, nil, fmt.Errorf("read CA file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, nil, fmt.Errorf("CA file %s holds no certificate", ca)
	}
	return pool, pem, nil
}

func (b request) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", b.method, b.url.Redacted(), b.body))
}

// Run sends the request once.
func (b request) Run(ctx context.Context, o Order) Result {
	what := b.method + " " + b.url.Redacted()
	fail := func(err error, outcome Outcome) Result {
		return Result{Outcome: outcome, Text: what + ": " + err.Error()}
	}
	client, err := b.x.client(b.ca)
	if err != nil {
		return fail(err, Failed)
	}
	var sent, connected atomic.Bool
	req, err := b.prepared(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				connected.Store(true) // a failing TLS handshake is somebody answering
			}
		},
		WroteHeaders: func() { sent.Store(true) },
	}), o.Key)
	if err != nil {
		return fail(err, Failed)
	}
	resp, err := client.Do(req) //nolint:bodyclose // answered closes it
	if err != nil {
		var u *url.Error // says the method and address again
		if errors.As(err, &u) {
			err = u.Err
		}
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		// Whoever hung up before answering is as good as away to a reading; to an effect, what was sent counts.
		gone := !connected.Load() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF)
		switch {
		case sent.Load() && !o.Read:
			return fail(err, Unclear)
		case gone:
			return fail(err, Away)
		}
		return fail(err, Failed)
	}
	return b.answered(resp, what, o)
}

// prepared is the request with its headers and its credential.
func (b request) prepared(ctx context.Context, key string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, b.method, b.url.String(), bytes.NewReader(b.body))
	if err != nil {
		return nil, err
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
	if b.token == "" {
		return req, nil
	}
	secret, err := b.x.o.secret(ctx, b.token)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe()
	return req, secret.Use(func(value string) error {
		req.Header.Set("Authorization", "Bearer "+value)
		return nil
	})
}

// answered reads an answer.
func (b request) answered(resp *http.Response, what string, o Order) Result {
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	r := Result{Outcome: Unclear, Status: resp.StatusCode}
	if o.Read {
		r.Outcome = Failed
	}
	switch {
	case err != nil:
		r.Text = what + ": read the answer: " + err.Error()
		return r
	case len(body) > maxAnswer:
		r.Text = fmt.Sprintf("%s: the answer is larger than %d bytes", what, maxAnswer)
		return r
	case !accepted(b.accept, resp.StatusCode):
		r.Text, r.output = what+": "+resp.Status, body
		if resp.StatusCode < http.StatusInternalServerError {
			r.Outcome = Refused
		}
		// Somebody changed what the request was compared with, or it came too soon: the next look tells.
		r.Again = slices.Contains([]int{http.StatusConflict, http.StatusPreconditionFailed, http.StatusTooEarly,
			http.StatusTooManyRequests}, resp.StatusCode)
		return r
	}
	if !o.Read {
		return Result{Outcome: Done, Status: resp.StatusCode, Text: fmt.Sprintf("HTTP %d", resp.StatusCode), output: body}
	}
	if r.Value, err = Decode(body); err != nil {
		r.Text = "the answer is not JSON: " + err.Error()
		return r
	}
	r.Outcome, r.Text = Done, what
	return r
}

func accepted(codes []int, status int) bool {
	if len(codes) == 0 {
		return status >= 200 && status <= 299
	}
	return slices.Contains(codes, status)
}
