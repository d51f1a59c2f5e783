package link_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/notify/link"
	"corax/vault"

	"pgregory.net/rapid"
)

func signer(t testing.TB, key string) *link.Signer {
	t.Helper()
	s, err := link.New([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func TestTokensCarryTheirGrant(t *testing.T) {
	s, other := signer(t, "0123456789abcdef"), signer(t, "0123456789abcdeg")
	rapid.Check(t, func(rt *rapid.T) {
		g := link.Grant{
			Purpose: rapid.StringMatching(`[a-z.]{1,12}`).Draw(rt, "purpose"), Subject: rapid.StringMatching(`[a-z0-9-]{1,40}`).Draw(rt, "subject"),
			By:      rapid.String().Filter(func(s string) bool { return strings.ToValidUTF8(s, "") == s }).Draw(rt, "by"),
			Expires: now.Add(time.Duration(rapid.IntRange(1, 1e6).Draw(rt, "seconds")) * time.Second),
		}
		token := s.Sign(g)
		got, err := s.Read(token, now)
		if len(token) <= 1<<10 && (err != nil || got != g || got.ID() != g.ID()) {
			rt.Fatalf("%+v became %+v, %v", g, got, err)
		}
		if _, err := other.Read(token, now); corax.CodeOf(err) != corax.Forbidden {
			rt.Fatalf("another key reads it: %v", err)
		}
		if _, err := s.Read(token, g.Expires); corax.CodeOf(err) != corax.Forbidden {
			rt.Fatalf("read when it has expired: %v", err)
		}
		at := rapid.IntRange(0, len(token)-1).Draw(rt, "at")
		forged := token[:at] + string(token[at]^1) + token[at+1:]
		if _, err := s.Read(forged, now); err == nil {
			rt.Fatalf("%q was read although altered at %d", forged, at)
		}
	})
}

func TestTheKeyIsMadeOnceAndIsPrivate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "links.key")
	first, err := link.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	again, err := link.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	g := link.Grant{Purpose: "ack", Subject: "pag-1", Expires: now.Add(time.Hour)}
	if _, err := again.Read(first.Sign(g), now); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := link.Open(file); corax.CodeOf(err) != corax.Forbidden {
		t.Errorf("a key that others can read: %v", err)
	}
	left, err := filepath.Glob(file + ".*")
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// desk is a purpose that keeps what it was asked to do.
type desk struct{ done []string }

func (d *desk) Show(_ context.Context, g link.Grant) (link.View, error) {
	return link.View{Title: "About <" + g.Subject + ">", Steps: []string{`<script>alert("x")</script>`},
		Buttons: []link.Button{{Do: "accept", Label: "Accept"}}, Note: "Note"}, nil
}

func (d *desk) Act(_ context.Context, g link.Grant, do, note string) (link.View, error) {
	if do == "break" {
		return link.View{}, errors.New("secret detail")
	}
	if len(d.done) > 0 {
		return link.View{}, corax.Errorf(corax.Conflict, "", "answered before")
	}
	d.done = append(d.done, g.By+" "+do+" "+note)
	return link.View{Title: "Thank you"}, nil
}

func TestOnlyAPostActs(t *testing.T) {
	s, d := signer(t, "0123456789abcdef"), &desk{}
	pages := link.Pages{Signer: s, Purposes: map[string]link.Purpose{"order": d}, Clock: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
	server := httptest.NewServer(pages)
	defer server.Close()
	address := server.URL + link.Path + s.Sign(link.Grant{Purpose: "order", Subject: "wo-1", By: "ada", Expires: now.Add(time.Hour)})
	do := func(method, address, body string) (int, string, http.Header) {
		req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(text), resp.Header
	}
	for _, method := range []string{"GET", "HEAD", "GET", "PUT", "DELETE"} {
		if status, _, _ := do(method, address, ""); status != 200 && status != 405 {
			t.Errorf("%s: %d", method, status)
		}
	}
	if len(d.done) > 0 {
		t.Fatalf("done without a POST: %v", d.done)
	}
	_, text, header := do("GET", address, "")
	if strings.Contains(text, "<script") || !strings.Contains(text, "&lt;script&gt;") || !strings.Contains(text, "About &lt;wo-1&gt;") {
		t.Errorf("not escaped:\n%s", text)
	}
	if header.Get("Cache-Control") != "no-store" || header.Get("Referrer-Policy") != "no-referrer" ||
		!strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("headers: %v", header)
	}
	form := url.Values{"do": {"accept"}, "note": {"on my way"}}.Encode()
	if status, text, _ := do("POST", address, form); status != 200 || !strings.Contains(text, "Thank you") {
		t.Errorf("%d %s", status, text)
	}
	if status, _, _ := do("POST", address, form); status != 409 {
		t.Errorf("a second time: %d", status)
	}
	if len(d.done) != 1 || d.done[0] != "ada accept on my way" {
		t.Errorf("done: %q", d.done)
	}
	if status, text, _ := do("POST", address, "do=break"); status != 500 || strings.Contains(text, "secret detail") {
		t.Errorf("a defect: %d %s", status, text)
	}
	if status, _, _ := do("POST", address+"x", form); status != 403 {
		t.Errorf("an altered link: %d", status)
	}
	strange := server.URL + link.Path + s.Sign(link.Grant{Purpose: "other", Expires: now.Add(time.Hour)})
	if status, _, _ := do("GET", strange, ""); status != 404 {
		t.Errorf("a purpose that nobody has: %d", status)
	}
}

// What goes to people passes a redactor, which must not take a link for a token of somebody's.
func TestALinkSurvivesRedaction(t *testing.T) {
	token := signer(t, "0123456789abcdef").Sign(link.Grant{Purpose: "order.offer", Subject: "wo-1", By: "ada", Expires: now})
	text := "open https://corax.example.org" + link.Path + token + " please"
	if got := new(vault.Redactor).Redact(text); got != text {
		t.Errorf("%q became %q", text, got)
	}
}
