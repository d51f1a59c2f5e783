package heal

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/vault"
)

func TestHTTPExecutor(t *testing.T) {
	t.Setenv("HEAL_TEST_TOKEN", "sesame-sesame")
	done := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		_,
			_ = w.Write([]byte(r.Header.Get("Authorization")))
	})
	mux.HandleFunc("/denied", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("no entry with sesame-sesame " + strings.Repeat("x", 1000)))
	})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter,
		r *http.Request) {
		http.Redirect(w, r, "/echo", http.StatusFound)
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/hangs", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-done:
		}
	})
	mux.HandleFunc("/liar", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte("short"))
	})
	server, secure := httptest.NewServer(mux), httptest.NewTLSServer(mux)
	t.Cleanup(func() { close(done); server.Close(); secure.Close() })
	gone := httptest.NewServer(mux)
	gone.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	x := newHTTPExecutor(&vault.Redactor{}, (&vault.Keeper{}).Resolve)
	t.Cleanup(x.close)

	for _, c := range []struct {
		name, url, token, ca string
		status               []int
		ok, away, unclear    bool
	}{
		{name: "ok", url: server.URL + "/echo", token: "env:HEAL_TEST_TOKEN", ok: true},
		{name: "denied", url: server.URL + "/denied", token: "env:HEAL_TEST_TOKEN"},
		{name: "denied as expected", url: server.URL + "/denied", status: []int{403}, ok: true},
		{name: "broken", url: server.URL + "/broken", unclear: true},
		{name: "redirect", url: server.URL + "/elsewhere", token: "env:HEAL_TEST_TOKEN"},
		{name: "endless", url: server.URL + "/endless", unclear: true},
		{name: "hangs", url: server.URL + "/hangs", away: true, unclear: true},
		{name: "liar", url: server.URL + "/liar", unclear: true},
		{name: "gone", url: gone.URL + "/echo", away: true},
		{name: "unknown authority", url: secure.URL + "/echo", token: "env:HEAL_TEST_TOKEN"},
		{name: "no authority in the file", url: secure.URL + "/echo", ca: ca},
		{name: "no file", url: secure.URL + "/echo", ca: ca + ".missing"},
		{name: "no token", url: server.URL + "/echo", token: "env:HEAL_TEST_MISSING"},
	} {
		t.Run(c.name, func(t *testing.T) {
			u, err := url.Parse(c.url)
			if err != nil {
				t.Fatal(err)
			}
			ctx := t.Context()
			if c.name == "hangs" {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
				defer cancel()
			}
			a, err := x.do(ctx, bound{method: "POST", url: u, token: c.token, ca: c.ca, accept: c.status}, "key-1")
			var he *httpError
			if (err == nil) != c.ok || (err != nil && !errors.As(err, &he)) {
				t.Fatalf("got %d %q, %v", a.status, x.show(a), err)
			}
			if err != nil && (isAway(err) != c.away || isUnclear(err) != c.unclear) {
				t.Errorf("away %t, unclear %t: %v", isAway(err), isUnclear(err), err)
			}
			if shown := x.show(a); strings.Contains(shown, "sesame") || len(shown) > maxShown+10 {
				t.Errorf("shown: %s", shown)
			}
			if err != nil && strings.Contains(err.Error(), "sesame") {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	for text, want := range map[string]string{
		`{"n": 1, "f": 1.5, "big": 9007199254740993, "l": [1, null]}`: "",
		``:           "",
		`{} {}`:      "more than one value",
		`<html>`:     "invalid character",
		`{"a": 1e99`: "EOF",
	} {
		_, err := decode([]byte(text))
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v", text, err)
		}
	}
	v, _ := decode([]byte(`{"big": 9007199254740993}`))
	if n := v.(map[string]any)["big"]; n != int64(9007199254740993) {
		t.Errorf("big became %v", n)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.5,"x",null,true]}`))
	f.Fuzz(func(_ *testing.T, text []byte) { _, _ = decode(text) })
}

func TestBind(t *testing.T) {
	a := corax.Action{Name: "a", Inputs: map[string]corax.Input{
		"s": {Type: "string", Required: true}, "n": {Type: "int",
			Default: "3"}, "d": {Type: "duration"}, "b": {Type: "bool"},
	}}
	got, err := bind(a, map[string]string{"s": "${facts.x}", "d": "90s", "other": "dropped"})
	if err != nil || got["s"] != "${facts.x}" || got["n"] != int64(3) || got["d"] != 90*time.Second || len(got) != 3 {
		t.Errorf("got %v, %v", got, err)
	}
	for _, given := range []map[string]string{{}, {"s": "x", "n": "many"}, {"s": "x", "b": "perhaps"}} {
		if _, err := bind(a, given); err == nil {
			t.Errorf("%v was accepted", given)
		}
	}
}
