package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"corax"
	"corax/server/client"
)

// served is a client of a server that answers with h.
func served(t *testing.T, h http.HandlerFunc) *client.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return &client.Client{URL: s.URL + "/", Token: "t0ken", HTTP: s.Client(), Key: func() string { return "k1" }}
}

func TestCallsSayWhatTheyAreGiven(t *testing.T) {
	var got []string
	c := served(t, func(w http.ResponseWriter, r *http.Request) {
		var body any
		if r.ContentLength > 0 {
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				t.Error(err)
			}
		}
		got = append(got, fmt.Sprint(r.Method, " ", r.URL.RequestURI(), " ", body, " ", r.Header.Get("Authorization"), " ", r.Header.Get("Idempotency-Key")))
		_, _ = w.Write([]byte("null"))
	})
	ctx := t.Context()
	_, err1 := c.GetIncident(ctx, "inc 1/2?")
	_, err2 := c.ListPlans(ctx, client.ListPlansParams{State: []string{"a", "b"}, Live: true, Limit: 7, Cursor: "x=y"})
	err3 := c.Stop(ctx, client.StopParams{Scope: "shop", Reason: "odd", By: "ann"})
	err4 := c.ClearStop(ctx, client.ClearStopParams{By: "a&b"})
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
		t.Fatal(err1, err2, err3, err4)
	}
	want := []string{
		"GET /api/v1/incidents/inc%201%2F2%3F <nil> Bearer t0ken ",
		"GET /api/v1/plans?cursor=x%3Dy&limit=7&live=true&state=a&state=b <nil> Bearer t0ken ",
		"POST /api/v1/stop map[by:ann reason:odd scope:shop] Bearer t0ken k1",
		"DELETE /api/v1/stop?by=a%26b <nil> Bearer t0ken k1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("sent\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestListsAreReadToTheirEnd(t *testing.T) {
	pages := map[string][]string{"": {"a", "b"}, "b": {"c", "d"}, "d": {"e"}}
	c := served(t, func(w http.ResponseWriter, r *http.Request) {
		ids := pages[r.URL.Query().Get("cursor")]
		problems := client.Page[corax.Problem]{Items: make([]corax.Problem, len(ids))}
		if last := ids[len(ids)-1]; pages[last] != nil {
			problems.Next = last
		}
		for n, id := range ids {
			problems.Items[n].ID = id
		}
		_ = json.NewEncoder(w).Encode(problems)
	})
	for most, want := range map[int]string{0: "a b c d e", 3: "a b c", 2: "a b", 9: "a b c d e"} {
		all, err := client.All(most, func(cursor string) (client.Page[corax.Problem], error) {
			return c.ListProblems(t.Context(), client.ListProblemsParams{Cursor: cursor})
		})
		var ids []string
		for _, p := range all {
			ids = append(ids, p.ID)
		}
		if got := strings.Join(ids, " "); err != nil || got != want {
			t.Errorf("at most %d: %s (%v), expected %s", most, got, err, want)
		}
	}
}

func TestRefusalsKeepTheirKind(t *testing.T) {
	for _, c := range []struct {
		status       int
		body         string
		code         corax.Code
		text, hinted string
	}{
		{404, `{"code":"not_found","detail":"no problem x","hint":"list them"}`, corax.NotFound, "404: no problem x", "list them"},
		{409, `{"code":"conflict","detail":"over"}`, corax.Conflict, "409: over", ""},
		{422, `{"code":"invalid","detail":"bad","errors":[{"location":"body.by","message":"too short"},{"message":"odd"}]}`, corax.Invalid,
			"422: bad; body.by: too short; odd", ""},
		{401, `{"code":"unproven","detail":"who?"}`, corax.Forbidden, "401: who?", ""},
		{429, `{"code":"too_many","detail":"slow down"}`, corax.Unavailable, "429: slow down", ""},
		{502, "<html>bad gateway</html>\n", corax.Unavailable, "502: <html>bad gateway</html>", ""},
	} {
		cl := served(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		})
		_, err := cl.GetProblem(t.Context(), "x")
		if corax.CodeOf(err) != c.code || !strings.HasSuffix(err.Error(), c.text) || corax.HintOf(err) != c.hinted {
			t.Errorf("%d %s: %v (%s), hint %q", c.status, c.body, err, corax.CodeOf(err), corax.HintOf(err))
		}
	}
}

// breaks is a transport whose first connections break before an answer comes.
type breaks struct {
	times int
	keys  []string
}

func (b *breaks) RoundTrip(r *http.Request) (*http.Response, error) {
	b.keys = append(b.keys, r.Header.Get("Idempotency-Key"))
	if len(b.keys) <= b.times {
		return nil, fmt.Errorf("connection reset")
	}
	w := httptest.NewRecorder()
	_, _ = w.WriteString("{}")
	return w.Result(), nil
}

// What changes something is sent again where the connection broke, as the same call; but not for ever, and not for who is gone.
func TestBrokenConnections(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	for name, c := range map[string]struct {
		ctx    context.Context
		breaks int
		sent   int
		ok     bool
	}{
		"once": {t.Context(), 1, 2, true}, "twice": {t.Context(), 2, 2, false}, "never": {t.Context(), 0, 1, true}, "nobody waits": {ended, 1, 1, false},
	} {
		b := &breaks{times: c.breaks}
		cl := client.Client{URL: "http://corax.test", HTTP: &http.Client{Transport: b}}
		err := cl.Reload(c.ctx)
		if (err == nil) != c.ok || len(b.keys) != c.sent || b.keys[0] == "" || b.keys[len(b.keys)-1] != b.keys[0] {
			t.Errorf("%s: %v, sent with %q", name, err, b.keys)
		}
	}
	b := &breaks{times: 1}
	cl := client.Client{URL: "http://corax.test", HTTP: &http.Client{Transport: b}}
	if _, err := cl.ListMonitors(t.Context()); corax.CodeOf(err) != corax.Unavailable || b.keys[0] != "" {
		t.Errorf("a reading: %v, sent with %q", err, b.keys)
	}
}
