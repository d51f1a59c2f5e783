package monitor

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"corax"
	"corax/config"
)

const (
	maxBody      = 64 << 10 // of an answer that is read; the rest is left where it is
	maxHeader    = 64 << 10
	maxRedirects = 5
	maxSaved     = 16 << 10 // of a saved value
	bodyExcerpt  = 300      // bytes of an answer that a message quotes
)

// httpProbe sends a request, or several that build on one another.
type httpProbe struct {
	spec    config.Monitor
	steps   []httpStep
	clock   corax.Clock
	secrets func(string) (string, error)
}

// httpStep is a step with its conditions made ready.
type httpStep struct {
	config.HTTPStep
	method     string
	conditions []jsonCondition
}

func newHTTP(m config.Monitor, env environment) (Probe, error) {
	p := &httpProbe{spec: m, clock: env.clock, secrets: env.secrets}
	for _, s := range m.HTTP.All() {
		conditions, err := newConditions(s.Expect.JSON)
		if err != nil {
			return nil, fmt.Errorf("step %q: %w", s.Name, err)
		}
		method := http.MethodGet
		if s.Body != "" {
			method = http.MethodPost
		}
		p.steps = append(p.steps, httpStep{HTTPStep: s, method: cmp.Or(s.Method, method), conditions: conditions})
	}
	return p, nil
}

// httpRun is what one run knows: what steps saved, and which texts must never be repeated.
type httpRun struct {
	*httpProbe
	saved   map[string]string
	secret  []string
	clients map[string]*http.Client // by authority file
}

// failure says what was wrong with a step.
type failure struct {
	class, message string
}

func (p *httpProbe) Probe(ctx context.Context) corax.ProbeResult {
	run := &httpRun{httpProbe: p, saved: map[string]string{}, clients: map[string]*http.Client{}}
	defer run.close()
	began := time.Now()
	var said string
	for i, s := range p.steps {
		attributes := map[string]string{"url": s.URL}
		if u, err := url.Parse(s.URL); err == nil {
			attributes["host"] = u.Host
		}
		if len(p.steps) > 1 {
			attributes["step"] = cmp.Or(s.Name, strconv.Itoa(i+1))
		}
		var f *failure
		if said, f = run.step(ctx, s, attributes); f != nil {
			attributes["class"] = f.class
			return corax.ProbeResult{
				State: corax.MonitorDown, Latency: time.Since(began), Message: run.redact(f.message), Attributes: attributes,
			}
		}
		if i == len(p.steps)-1 {
			return corax.ProbeResult{State: corax.MonitorUp, Latency: time.Since(began), Message: said, Attributes: attributes}
		}
	}
	return corax.ProbeResult{State: corax.MonitorUp, Message: said}
}

// step sends one request and holds the answer against what is expected. Messages name the address as it was written,
// without what was put into it.
func (r *httpRun) step(ctx context.Context, s httpStep, attributes map[string]string) (string, *failure) {
	what := s.method + " " + s.URL
	req, f := r.request(ctx, s)
	if f != nil {
		f.message = what + ": " + f.message
		return "", f
	}
	client, err := r.client(s)
	if err != nil {
		return "", &failure{classCredential, what + ": " + err.Error()}
	}
	began := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		class, words := classify(err, r.spec.Timeout)
		if errors.Is(err, errRedirects) {
			class, words = classRedirect, fmt.Sprintf("more than %d redirects", maxRedirects)
		}
		return "", &failure{class, what + " failed: " + words}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	took := time.Since(began)
	attributes["status"] = strconv.Itoa(resp.StatusCode)
	if err != nil {
		class, words := classify(err, r.spec.Timeout)
		return "", &failure{class, fmt.Sprintf("%s answered %d, and then failed after %d bytes of the body: %s",
			what, resp.StatusCode, len(body), words)}
	}
	if f := r.judge(ctx, s, what, resp.StatusCode, body, took); f != nil {
		return "", f
	}
	return fmt.Sprintf("%s answered %d", what, resp.StatusCode), nil
}

// judge holds an answer against the step's expectations, and saves what later steps need.
func (r *httpRun) judge(
	ctx context.Context, s httpStep, what string, status int, body []byte, took time.Duration,
) *failure {
	if !expected(status, s.Expect.Status) {
		message := fmt.Sprintf("%s answered %d, expected %s", what, status, expectedWords(s.Expect.Status))
		if text := excerpt(body, bodyExcerpt); text != "" {
			message += ": " + text
		}
		return &failure{classStatus, message}
	}
	for _, want := range s.Expect.BodyContains {
		if !strings.Contains(string(body), want) {
			return &failure{classBody, fmt.Sprintf("%s answered %d, but its body does not contain %q: %s",
				what, status, want, excerpt(body, bodyExcerpt))}
		}
	}
	if len(s.conditions) > 0 || len(s.Save) > 0 {
		doc, err := parseJSON(body)
		if err != nil {
			return &failure{classBody, fmt.Sprintf("%s answered %d, but its body is not JSON: %s",
				what, status, excerpt(body, bodyExcerpt))}
		}
		for _, c := range s.conditions {
			if words := c.check(ctx, doc); words != "" {
				return &failure{classBody, fmt.Sprintf("%s answered %d, but %s", what, status, words)}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(s.Save)) {
			value, ok := lookup(doc, s.Save[name])
			if !ok {
				return &failure{classBody, fmt.Sprintf("%s answered %d, but there is no %s to save", what, status, s.Save[name])}
			}
			r.keep(name, clip(textOf(value), maxSaved))
		}
	}
	if most := s.Expect.Latency; most > 0 && took > most {
		return &failure{classLatency, fmt.Sprintf("%s answered %d slowly: it took %s, expected at most %s",
			what, status, took.Round(time.Millisecond), most)}
	}
	return nil
}

func (r *httpRun) keep(name, value string) {
	r.saved[name] = value
	if len(value) >= 12 { // shorter than any credential, and such words appear in honest messages
		r.secret = append(r.secret, value)
	}
}

func (r *httpRun) request(ctx context.Context, s httpStep) (*http.Request, *failure) {
	var body io.Reader
	if s.Body != "" {
		body = strings.NewReader(r.expand(s.Body, func(v string) string { return v }))
	}
	req, err := http.NewRequestWithContext(ctx, s.method, r.expand(s.URL, url.QueryEscape), body)
	if err != nil {
		return nil, &failure{classOther, "not a request that can be sent"}
	}
	req.Header.Set("User-Agent", "corax")
	if s.Body != "" && strings.HasPrefix(strings.TrimSpace(s.Body), "{") {
		req.Header.Set("Content-Type", "application/json")
	}
	if s.Token != "" {
		token, err := r.secrets(s.Token)
		if err != nil || token == "" {
			return nil, &failure{classCredential, "the credential " + s.Token + " can't be resolved"}
		}
		r.secret = append(r.secret, token)
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Header)) {
		value := r.expand(s.Header[name], func(v string) string { return v })
		req.Header.Set(name, strings.NewReplacer("\r", "", "\n", "").Replace(value))
		if strings.EqualFold(name, "Host") {
			req.Host = value
		}
	}
	return req, nil
}

var placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)

// expand puts saved values into a text.
func (r *httpRun) expand(text string, escape func(string) string) string {
	return placeholder.ReplaceAllStringFunc(text, func(m string) string { return escape(r.saved[m[2:len(m)-1]]) })
}

// redact takes credentials out of what an answer may have repeated.
func (r *httpRun) redact(text string) string {
	for _, s := range r.secret {
		text = strings.ReplaceAll(text, s, "[redacted]")
		if short := clip(s, 40); len(s) > 40 { // the message may have been cut in the middle of it
			text = strings.ReplaceAll(text, short, "[redacted]")
		}
	}
	return text
}

var errRedirects = errors.New("too many redirects")

// client makes the step's own client. It lives for one run: the next one sees new certificates and new addresses.
func (r *httpRun) client(s httpStep) (*http.Client, error) {
	follow := !slices.ContainsFunc(s.Expect.Status, func(status int) bool { return status/100 == 3 })
	key := fmt.Sprintf("%t %s", follow, s.CA)
	if c := r.clients[key]; c != nil {
		return c, nil
	}
	roots, err := authorities(s.CA)
	if err != nil {
		return nil, err
	}
	c := &http.Client{
		Transport: &http.Transport{
			TLSClientConfig:        &tls.Config{RootCAs: roots, Time: r.clock.Now, MinVersion: tls.VersionTLS12},
			MaxResponseHeaderBytes: maxHeader, DisableCompression: true, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 1,
		},
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			switch {
			case !follow:
				return http.ErrUseLastResponse
			case len(via) > maxRedirects:
				return errRedirects
			}
			return nil
		},
	}
	r.clients[key] = c
	return c, nil
}

func (r *httpRun) close() {
	for _, c := range r.clients {
		c.CloseIdleConnections()
	}
}

func expected(status int, wanted []int) bool {
	if len(wanted) == 0 {
		return status/100 == 2
	}
	return slices.Contains(wanted, status)
}

func expectedWords(wanted []int) string {
	if len(wanted) == 0 {
		return "200 to 299"
	}
	words := make([]string, len(wanted))
	for i, s := range wanted {
		words[i] = strconv.Itoa(s)
	}
	return strings.Join(words, " or ")
}
