// Package client speaks to a running Corax over its API. In go the arguments of a call, out come the same types that the rest of Corax
// uses; the calls themselves are generated from the operations of package server, so that the two can't differ.
//
// A call that changes something carries an idempotency key, and is sent once more with the same key where the connection broke before
// an answer came.
package client

//go:generate go run ./generate

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"corax"
	"corax/server"
)

// mostAnswer bounds an answer's body.
const mostAnswer = 64 << 20

// Client is somebody who calls. Its methods may be called from any goroutine. They fail with a *corax.Error: of the code that the
// server gave, Forbidden where the token is not known, and Unavailable where there was no answer.
type Client struct {
	URL    string            // of the server, such as https://corax.example.org
	Token  string            // sent as a bearer token
	HTTP   *http.Client      // http.DefaultClient where nil
	Key    func() string     // makes an idempotency key; a random one where nil
	Answer func(body []byte) // sees the body of each good answer as it came; may be nil
}

// Page is a part of a list.
type Page[T any] = server.List[T]

// All reads a list page by page, to its end or until it has so many items; 0 is all.
func All[T any](most int, page func(cursor string) (Page[T], error)) ([]T, error) {
	var all []T
	for cursor := ""; ; {
		p, err := page(cursor)
		if err != nil {
			return nil, err
		}
		all = append(all, p.Items...)
		if most > 0 && len(all) >= most {
			return all[:most], nil
		}
		if cursor = p.Next; cursor == "" {
			return all, nil
		}
	}
}

// request is one call.
type request struct {
	method, path string // the path below /api/v1
	query        url.Values
	header       map[string]string
	body         any // nil for none
}

// do makes a call and reads its answer into out, unless that is nil.
func (c *Client) do(ctx context.Context, r request, out any) error {
	resp, op, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	if resp.StatusCode/100 != 2 {
		return refused(op, resp.StatusCode, data)
	}
	if c.Answer != nil {
		c.Answer(data)
	}
	if out != nil {
		if err := json.Unmarshal(data, out); err != nil {
			return corax.Errorf(corax.Internal, op, "the answer is not what was expected: %w", err)
		}
	}
	return nil
}

// send sends a request, and what changes something a second time where the connection broke. op says what was tried.
func (c *Client) send(ctx context.Context, r request) (resp *http.Response, op string, err error) {
	target := strings.TrimRight(c.URL, "/") + "/api/v1" + r.path
	if q := r.query.Encode(); q != "" {
		target += "?" + q
	}
	op = r.method + " " + target
	var body []byte
	if r.body != nil {
		if body, err = json.Marshal(r.body); err != nil {
			return nil, op, corax.Errorf(corax.Invalid, op, "%w", err)
		}
	}
	key := ""
	if r.method != http.MethodGet {
		key = c.newKey()
	}
	for again := key != ""; ; again = false {
		req, err := http.NewRequestWithContext(ctx, r.method, target, bytes.NewReader(body))
		if err != nil {
			return nil, op, corax.Errorf(corax.Invalid, op, "%w", err)
		}
		if c.Token != "" {
			req.Header.Set("Authorization", "Bearer "+c.Token)
		}
		if body != nil {
			req.Header.Set("Content-Type", "application/json")
		}
		if key != "" {
			req.Header.Set("Idempotency-Key", key)
		}
		for name, v := range r.header {
			req.Header.Set(name, v)
		}
		resp, err := c.http().Do(req)
		switch {
		case err == nil:
			return resp, op, nil
		case !again || ctx.Err() != nil || errors.Is(err, syscall.ECONNREFUSED):
			return nil, op, &corax.Error{Code: corax.Unavailable, Op: op, Err: err, Hint: "is `corax serve` running?"}
		}
	}
}

func (c *Client) http() *http.Client {
	if c.HTTP == nil {
		return http.DefaultClient
	}
	return c.HTTP
}

func (c *Client) newKey() string {
	if c.Key == nil {
		return rand.Text()
	}
	return c.Key()
}

// refused turns a fault (RFC 9457) back into an error.
func refused(op string, status int, data []byte) error {
	f := server.Fault{}
	if json.Unmarshal(data, &f) != nil || f.Detail == "" {
		f.Detail = strings.TrimSpace(string(data))
	}
	for _, e := range f.Errors {
		f.Detail += "; " + strings.TrimPrefix(e.Location+": "+e.Message, ": ")
	}
	code := f.Code
	switch code {
	case corax.Invalid, corax.NotFound, corax.Conflict, corax.Forbidden, corax.Unavailable, corax.Internal:
	default:
		code = corax.Unavailable
		if status == http.StatusUnauthorized {
			code = corax.Forbidden
		}
	}
	return &corax.Error{Code: code, Op: op, Err: fmt.Errorf("%d: %s", status, f.Detail), Hint: f.Hint}
}

// all makes a call that answers with a whole list.
func all[T any](ctx context.Context, c *Client, r request) ([]T, error) {
	p, err := one[Page[T]](ctx, c, r)
	return p.Items, err
}

// write makes a call whose answer is no JSON, and writes it as it comes.
func (c *Client) write(ctx context.Context, r request, w io.Writer) error {
	resp, op, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		data, _ := io.ReadAll(io.LimitReader(resp.Body, mostAnswer)) // what came of it says enough
		return refused(op, resp.StatusCode, data)
	}
	if _, err := io.Copy(w, resp.Body); err != nil {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	return nil
}

// one makes a call that answers with one thing.
func one[T any](ctx context.Context, c *Client, r request) (T, error) {
	var v T
	err := c.do(ctx, r, &v)
	return v, err
}
