package jwt

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// hookKind says what a webhook message asks for.
type hookKind string

const (
	kindAdd    hookKind = "add"
	kindRemove hookKind = "remove"
)

// hook is the message by which keys travel. Its signature is over the exact bytes, in the header signatureHeader.
type hook struct {
	Sequence uint64   `json:"sequence"`
	Kind     hookKind `json:"kind"`
	Kid      string   `json:"kid"`
	Key      *jwk     `json:"key,omitempty"` // where it is added
}

const signatureHeader = "X-Key-Signature"

func signHook(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// delivery is the receipt of a message, or why there is none.
type delivery struct {
	Verifier  string    `json:"verifier"`
	Kid       string    `json:"kid"`
	Kind      hookKind  `json:"kind"`
	Sequence  uint64    `json:"sequence"`
	Delivered bool      `json:"delivered"`
	Error     string    `json:"error,omitempty"`
	Attempts  int       `json:"attempts"`
	At        time.Time `json:"at"`
}

// courier carries messages to the key endpoints of subscribers, one at a time to each, so that they arrive in the
// order of their numbers.
type courier struct {
	env    partEnv
	client *http.Client
	urls   map[string]string
	secret map[string]string
	turn   map[string]*sync.Mutex

	mu   sync.Mutex
	last map[string]delivery // latest of each verifier, key and kind
}

const hookTimeout = time.Second

func newCourier(env partEnv) (*courier, error) {
	c := &courier{env: env, urls: map[string]string{}, secret: map[string]string{}, turn: map[string]*sync.Mutex{},
		last: map[string]delivery{}, client: &http.Client{Timeout: hookTimeout,
			Transport: &http.Transport{DisableKeepAlives: true}}}
	for _, s := range env.lay.Services {
		p, _ := env.state.Part(s.Name)
		c.urls[s.Name] = p.URL("http", listenKeys) + env.lay.Names.KeyPath
		secret, err := readSecret(env.dir, s.Name+".hook")
		if err != nil {
			return nil, err
		}
		c.secret[s.Name], c.turn[s.Name] = secret, &sync.Mutex{}
	}
	return c, nil
}

func (c *courier) close() { c.client.CloseIdleConnections() }

// send carries a message, again after a pause that doubles, up to retries times.
func (c *courier) send(ctx context.Context, verifier string, msg hook, retries int, next func(string) (uint64,
	error)) delivery {
	c.turn[verifier].Lock()
	defer c.turn[verifier].Unlock()
	d := delivery{Verifier: verifier, Kid: msg.Kid, Kind: msg.Kind}
	var err error
	msg.Sequence, err = next(verifier)
	d.Sequence = msg.Sequence
	for pause := 100 * time.Millisecond; err == nil; pause *= 2 {
		d.Attempts++
		if err = c.attempt(ctx, verifier, msg); err == nil {
			d.Delivered = true
			break
		}
		if d.Attempts > retries || !wait(ctx, pause) {
			break
		}
		err = nil
	}
	if !d.Delivered && err != nil {
		d.Error = err.Error()
	}
	d.At = c.env.clock.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last[verifier+"\x00"+msg.Kid+"\x00"+string(msg.Kind)] = d
	return d
}

func (c *courier) attempt(ctx context.Context, verifier string, msg hook) error {
	body, err := json.Marshal(msg)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.urls[verifier], bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(signatureHeader, signHook(c.secret[verifier], body))
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %d: %s", resp.StatusCode, bytes.TrimSpace(answer))
	}
	return nil
}

// report is the latest delivery to each verifier for each key, in the order of the verifiers.
func (c *courier) report(keys []*key) []delivery {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := []delivery{}
	for _, k := range keys {
		for _, s := range c.env.lay.Services {
			for _, kind := range []hookKind{kindAdd, kindRemove} {
				if d, ok := c.last[s.Name+"\x00"+k.Kid+"\x00"+string(kind)]; ok {
					out = append(out, d)
				}
			}
		}
	}
	return out
}

// wait waits; false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
