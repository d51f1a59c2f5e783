package jwt

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"corax"
)

const maxAnswer = 4 << 20

// client talks to the parts of a lab.
type client struct {
	http *http.Client
}

// newClient trusts the lab's authority, and opens a connection for each request, so that it sees what a newcomer
// sees.
func newClient(dir string) (client, error) {
	pool, err := trust(dir)
	if err != nil {
		return client{}, err
	}
	return client{http: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}}, nil
}

// do sends a request with a bearer token and reads the JSON answer into out, where it is not nil. It gives the
// status; one that is not a success is not an error.
func (c client) do(ctx context.Context, method, url, token string, in, out any) (int, error) {
	op := method + " " + url
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return 0, corax.Errorf(corax.Internal, op, "%w", err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return 0, corax.Errorf(corax.Invalid, op, "%w", err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return resp.StatusCode, corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	if out == nil {
		return resp.StatusCode, nil
	}
	if resp.StatusCode >= 300 {
		return resp.StatusCode, nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return resp.StatusCode, corax.Errorf(corax.Invalid, op, "read the answer: %w", err)
	}
	return resp.StatusCode, nil
}

// must is do where only success will do.
func (c client) must(ctx context.Context, method, url, token string, in, out any) error {
	status, err := c.do(ctx, method, url, token, in, out)
	if err == nil && status >= 300 {
		err = corax.Errorf(corax.Conflict, method+" "+url, "it answered %d", status)
	}
	return err
}

// login gets a token for a user; the status is that of the answer.
func (c client) login(ctx context.Context, url, user, password string) (token string, status int, err error) {
	var out struct {
		Token string `json:"access_token"`
	}
	status, err = c.do(ctx, http.MethodPost, url, "", map[string]string{"username": user, "password": password}, &out)
	if err == nil && status == http.StatusOK && out.Token == "" {
		err = corax.Errorf(corax.Invalid, "log in at "+url, "the answer holds no token")
	}
	return out.Token, status, err
}

// tokenParts reads key id and end of a token without checking it, as a client does.
func tokenParts(token string) (kid string, expires time.Time, err error) {
	var claims jwt.RegisteredClaims
	t, _, err := jwt.NewParser().ParseUnverified(token, &claims)
	if err != nil {
		return "", time.Time{}, corax.Errorf(corax.Invalid, "read a token", "%w", err)
	}
	kid, _ = t.Header["kid"].(string)
	if claims.ExpiresAt == nil || kid == "" {
		return "", time.Time{}, corax.Errorf(corax.Invalid, "read a token", "it has no key id or no end")
	}
	return kid, claims.ExpiresAt.Time, nil
}
