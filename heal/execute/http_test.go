package execute

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corax"
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
	x := New(Options{})
	t.Cleanup(x.Close)

	for _, c := range []struct {
		name, url, token, ca string
		status               []int
		effect, reading      Outcome
	}{
		{name: "ok", url: server.URL + "/echo", token: "env:HEAL_TEST_TOKEN", effect: Done, reading: Failed}, // no JSON
		{name: "denied", url: server.URL + "/denied", token: "env:HEAL_TEST_TOKEN", effect: Refused, reading: Refused},
		{name: "denied as expected", url: server.URL + "/denied", status: []int{403}, effect: Done, reading: Failed},
		{name: "broken", url: server.URL + "/broken", effect: Unclear, reading: Failed},
		{name: "redirect", url: server.URL + "/elsewhere", token: "env:HEAL_TEST_TOKEN", effect: Refused, reading: Refused},
		{name: "endless", url: server.URL + "/endless", effect: Unclear, reading: Failed},
		{name: "hangs", url: server.URL + "/hangs", effect: Unclear, reading: Away},
		{name: "liar", url: server.URL + "/liar", effect: Unclear, reading: Failed},
		{name: "gone", url: gone.URL + "/echo", effect: Away, reading: Away},
		{name: "unknown authority", url: secure.URL + "/echo", token: "env:HEAL_TEST_TOKEN", effect: Failed, reading: Failed},
		{name: "no authority in the file", url: secure.URL + "/echo", ca: ca, effect: Failed, reading: Failed},
		{name: "no file", url: secure.URL + "/echo", ca: ca + ".missing", effect: Failed, reading: Failed},
		{name: "no token", url: server.URL + "/echo", token: "env:HEAL_TEST_MISSING", effect: Failed, reading: Failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			for o, want := range map[Order]Outcome{{Key: "key-1"}: c.effect, {Read: true}: c.reading} {
				ctx := t.Context()
				if c.name == "hangs" {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
					defer cancel()
				}
				r := x.Run(ctx, corax.Call{HTTP: &corax.HTTPRequest{Method: "POST", URL: c.url, Token: c.token, CA: c.ca,
					Status: c.status}}, literal{}, o)
				if r.Outcome != want {
					t.Errorf("%+v: got %s, want %s: %s", o, r.Outcome, want, r.Text)
				}
				if strings.Contains(r.Text, "sesame") || len(r.Text) > maxText+maxShown+20 {
					t.Errorf("%+v: shown: %s", o, r.Text)
				}
			}
		})
	}
}

// literal takes templates as they stand.
type literal struct{}

func (literal) Text(template string) (string, error)  { return template, nil }
func (literal) Value(template string) (any, error)    { return template, nil }
func (literal) URL(template string) (*url.URL, error) { return url.Parse(template) }

func TestDecode(t *testing.T) {
	for text, want := range map[string]string{
		`{"n": 1, "f": 1.5, "big": 9007199254740993, "l": [1, null]}`: "",
		``:           "",
		`{} {}`:      "more than one value",
		`<html>`:     "invalid character",
		`{"a": 1e99`: "EOF",
	} {
		_, err := Decode([]byte(text))
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v", text, err)
		}
	}
	v, _ := Decode([]byte(`{"big": 9007199254740993}`))
	if n := v.(map[string]any)["big"]; n != int64(9007199254740993) {
		t.Errorf("big became %v", n)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.5,"x",null,true]}`))
	f.Fuzz(func(_ *testing.T, text []byte) { _, _ = Decode(text) })
}
