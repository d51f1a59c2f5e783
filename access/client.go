package access

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// Client is where a request comes from.
type Client struct {
	Address string // IP address
	Device  string // as the browser calls itself: text from outside
	Secure  bool   // it came encrypted
}

type clientKey struct{}

// WithClient puts it into a request's context.
func WithClient(ctx context.Context, c Client) context.Context {
	return context.WithValue(ctx, clientKey{}, c)
}

// ClientFrom is where the request of the context comes from.
func ClientFrom(ctx context.Context) Client {
	c, _ := ctx.Value(clientKey{}).(Client)
	return c
}

// The names of the cookie. A browser takes one that begins with __Host- from this very host only, over an encrypted connection.
const (
	cookieSecure = "__Host-corax"
	cookiePlain  = "corax"
)

func cookieName(c Client) string {
	if c.Secure {
		return cookieSecure
	}
	return cookiePlain
}

// Cookie carries the secret of a session that ends at that time. It is sent to no script, and with no request that another site begins.
func Cookie(secret string, ends time.Time, c Client) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure is not set where there is no encryption, which is on loopback only
		Name: cookieName(c), Value: secret, Path: "/", Expires: ends, HttpOnly: true, Secure: c.Secure, SameSite: http.SameSiteStrictMode,
	}
}

// NoCookie takes the cookie away.
func NoCookie(c Client) *http.Cookie {
	gone := Cookie("", time.Time{}, c)
	gone.MaxAge = -1
	return gone
}

// SessionOf is the secret of the session that a request shows, or empty.
func SessionOf(r *http.Request) string {
	c, err := r.Cookie(cookieName(ClientFrom(r.Context())))
	if err != nil {
		return ""
	}
	return c.Value
}

// LocalPath is where to go after a login: the path that was asked for, or "/" where it leads anywhere else than to a page of ours.
func LocalPath(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\") || strings.ContainsFunc(next, control) {
		return "/"
	}
	return next
}

// control says that a browser may leave this character out of an address.
func control(r rune) bool { return r <= ' ' || r == 0x7f }
