package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"corax"
	"corax/app"
)

// client speaks to a running Corax over its API.
type client struct {
	url, token string
	http       http.Client
}

// connect finds the running Corax: the one that --server names, or that of the data directory.
func (s *settings) connect() (*client, error) {
	c := &client{http: http.Client{Timeout: time.Minute}}
	if s.server != "" {
		c.url, c.token = strings.TrimRight(s.server, "/"), os.Getenv("CORAX_TOKEN")
		return c, nil
	}
	file := filepath.Join(s.dataDir, app.AddressFile)
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &corax.Error{
			Code: corax.Unavailable, Op: "find a running Corax", Err: fmt.Errorf("%s is not there", file),
			Hint: "start one with `corax serve`, or name its data directory with --data-dir",
		}
	}
	var a app.Address
	if err == nil {
		err = json.Unmarshal(data, &a)
	}
	if err != nil {
		return nil, corax.Errorf(corax.Invalid, "read "+file, "%w", err)
	}
	c.url, c.token = a.URL, a.Token
	if own := os.Getenv("CORAX_TOKEN"); own != "" {
		c.token = own // who has an operator's token acts by that name
	}
	return c, nil
}

// call does one request; in and out may be nil.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	path = "/api/v1" + path
	op := method + " " + c.url + path
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, body)
	if err != nil {
		return corax.Errorf(corax.Invalid, op, "%w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return &corax.Error{Code: corax.Unavailable, Op: op, Err: err, Hint: "is `corax serve` running?"}
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	if resp.StatusCode/100 != 2 {
		return refused(op, resp.StatusCode, data)
	}
	if out == nil {
		return nil
	}
	if raw, ok := out.(*json.RawMessage); ok {
		*raw = data
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return corax.Errorf(corax.Internal, op, "the answer is not what was expected: %w", err)
	}
	return nil
}

// refused turns a problem document (RFC 9457) back into an error.
func refused(op string, status int, data []byte) error {
	var p struct {
		Detail string `json:"detail"`
		Hint   string `json:"hint"`
		Errors []struct {
			Message  string `json:"message"`
			Location string `json:"location"`
		} `json:"errors"`
	}
	text := strings.TrimSpace(string(data))
	if json.Unmarshal(data, &p) == nil && p.Detail != "" {
		text = p.Detail
		for _, e := range p.Errors {
			text += "; " + e.Location + ": " + e.Message
		}
	}
	code := map[int]corax.Code{
		http.StatusNotFound: corax.NotFound, http.StatusConflict: corax.Conflict, http.StatusForbidden: corax.Forbidden,
		http.StatusUnauthorized: corax.Forbidden, http.StatusServiceUnavailable: corax.Unavailable,
	}[status]
	if code == "" {
		code = corax.Unavailable
	}
	err := corax.Errorf(code, op, "%d: %s", status, text)
	err.Hint = p.Hint
	return err
}
