package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/access"
)

// A stream reaches whoever may hear it as it is written, and nobody else.
func TestTheStreamIsNotHeldBack(t *testing.T) {
	f := &fake{}
	h := New(Options{Token: token, Records: f, Controls: f, Redact: func([]byte) []byte { return []byte("held") },
		Live: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("data: problems\n\n"))
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		})})
	if w := ask(t, h, "GET /api/v1/live?topic=problems", "", "Bearer "+token); !w.Flushed || w.Body.String() != "data: problems\n\n" {
		t.Errorf("%d, flushed %t: %s", w.Code, w.Flushed, w.Body)
	}
	if w := ask(t, h, "GET /api/v1/live", "", ""); w.Code != http.StatusUnauthorized {
		t.Errorf("a stranger: %d", w.Code)
	}
}

// Whoever listens by a token that is revoked, or whose user is disabled, hears no more.
func TestTheStreamEndsWithItsCredential(t *testing.T) {
	for what, end := range map[string]func(b *access.Book, p access.Principal) error{
		"revoked": func(b *access.Book, p access.Principal) error {
			return b.Revoke(t.Context(), p, "ann", access.KindToken, p.Token)
		},
		"disabled": func(b *access.Book, _ access.Principal) error {
			off := true
			_, err := b.Alter(t.Context(), "test", "ann", access.Change{Disabled: &off})
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			b, _, token := users(t)
			begun, ended := make(chan struct{}), make(chan bool)
			h := New(Options{Access: b, Records: &fake{}, Controls: &fake{}, Live: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				close(begun)
				select {
				case <-r.Context().Done():
					ended <- true
				case <-time.After(10 * time.Second):
					ended <- false
				}
			})})
			go ask(t, h, "GET /api/v1/live", "", "Bearer "+token)
			<-begun
			p, err := b.ByToken(t.Context(), token, access.Client{})
			if err != nil {
				t.Fatal(err)
			}
			if err := end(b, p); err != nil {
				t.Fatal(err)
			}
			if !<-ended {
				t.Error("the stream stays open")
			}
		})
	}
}

// monitored are controls that show the monitors of a scope.
type monitored struct{ Controls }

func (monitored) Monitors(context.Context) []corax.ProbeResult {
	return []corax.ProbeResult{{Monitor: "shop-api"}, {Monitor: "shop-db"}}
}

// Who has a scope hears of kinds and ids, and of the monitors that they see: the names of others would tell what there is.
func TestTheStreamIsNarrowedToAScope(t *testing.T) {
	var got []string
	stream := Options{Controls: monitored{}}.narrowed(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.URL.Query()["topic"] }))
	within := access.Principal{Name: "sam", Role: access.RoleViewer, Scopes: []access.Scope{{{IDs: []string{"shop"}}}}}
	all := strings.Join(topics, " ") + " monitor:shop-api monitor:shop-db"
	for _, c := range []struct {
		who         access.Principal
		asked, want string
	}{
		{access.Principal{Name: "ada", Role: access.RoleViewer}, "", ""},
		{access.Principal{Name: "ada", Role: access.RoleViewer}, "topic=monitor:", "monitor:"},
		{within, "", all},
		{within, "topic=monitor:", "monitor:shop-api monitor:shop-db -"},
		{within, "topic=monitor:shop-db&topic=monitor:bank-db", "monitor:shop-db -"},
		{within, "topic=monitor:bank-db", "-"},
		{within, "topic=problem:&topic=problem:prb-1&topic=problems&topic=scenarios&topic=scenario:", "problem: problem:prb-1 problems -"},
	} {
		ask(t, asWho(stream, c.who), "GET /live?"+c.asked, "", "")
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v asks for %q and hears %q, expected %q", c.who, c.asked, got, c.want)
		}
	}
}

// The pages' stream is narrowed like that of the API.
func TestThePagesStreamIsNarrowedToAScope(t *testing.T) {
	b, session, _ := users(t)
	scope := access.Scope{{IDs: []string{"shop"}}}
	if _, err := b.Alter(t.Context(), "test", "ann", access.Change{Scope: &scope}); err != nil {
		t.Fatal(err)
	}
	var got []string
	h := New(Options{Access: b, Records: &fake{}, Controls: monitored{}, Clock: func() time.Time { return now },
		Pages: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.URL.Query()["topic"] })})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/live", nil)
	r.AddCookie(access.Cookie(session, now.Add(time.Hour), access.Client{}))
	h.ServeHTTP(httptest.NewRecorder(), r)
	if !strings.HasSuffix(strings.Join(got, " "), "silences monitor:shop-api monitor:shop-db") {
		t.Errorf("it says %q", got)
	}
}
