package monitor

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/config"
)

// probeOnce runs a monitor's probe alone.
func probeOnce(t *testing.T, m config.Monitor) corax.ProbeResult {
	t.Helper()
	m = m.WithDefaults()
	p, err := build(m, environment{
		log: discard(), full: func() bool { return false }, emit: func([]corax.Signal, func()) {},
		secrets: func(ref string) (string, error) {
			if ref == "env:NONE" {
				return "", errors.New("not set")
			}
			return "the-secret-of-" + ref, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), m.Timeout)
	defer cancel()
	defer closeProbe(p)
	return p.Probe(ctx)
}

func httpMonitor(steps ...config.HTTPStep) config.Monitor {
	return config.Monitor{Name: "x", Timeout: 5 * time.Second, HTTP: &config.HTTP{Steps: steps}}
}

func TestHTTPStepsBuildOnOneAnother(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); string(body) != `{"user":"probe"}` ||
			r.Header.Get("Content-Type") != "application/json" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, `{"access_token":"abcdefghijklmnop","expires_in":30,"user":{"ids":[{"id":7}]}}`)
	})
	mux.HandleFunc("GET /orders/7", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer abcdefghijklmnop" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = io.WriteString(w, `{"ok":true}`)
	})
	mux.HandleFunc("GET /mirror", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no entry with "+r.Header.Get("Authorization")+"\x00\x1b[31m\nsecond line", http.StatusForbidden)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	login := config.HTTPStep{
		Name: "log in", URL: server.URL + "/login", Body: `{"user":"probe"}`,
		Expect: config.Expect{JSON: map[string]any{"expires_in": map[string]any{"that": "value > 10.0 && value < 60"},
			"user.ids[0].id": 7}},
		Save: map[string]string{"token": "access_token", "id": "user.ids.0.id"},
	}
	call := config.HTTPStep{
		Name: "call", URL: server.URL + "/orders/${id}", Header: map[string]string{"Authorization": "Bearer ${token}"},
		Expect: config.Expect{Status: []int{200}, BodyContains: []string{"ok"}, JSON: map[string]any{"ok": true}},
	}
	with := func(s config.HTTPStep, change func(*config.HTTPStep)) config.HTTPStep { change(&s); return s }
	for _, c := range []struct {
		name         string
		monitor      config.Monitor
		class, words string
	}{
		{"all is well", httpMonitor(login, call), "", "/orders/${id} answered 200"},
		{"wrong literal", httpMonitor(login, with(call,
			func(s *config.HTTPStep) { s.Expect.JSON = map[string]any{"ok": "true"} })), "body",
			"ok is true, expected true"},
		{"expression", httpMonitor(with(login, func(s *config.HTTPStep) {
			s.Expect.JSON = map[string]any{"expires_in": map[string]any{"that": "value > 60.0"}}
		}), call), "body", "expires_in is 30, expected value > 60.0"},
		{"expression over another type", httpMonitor(with(login, func(s *config.HTTPStep) {
			s.Expect.JSON = map[string]any{"user": map[string]any{"that": "value > 60"}}
		})), "body", "expected value > 60"},
		{"nothing to save", httpMonitor(with(login, func(s *config.HTTPStep) { s.Save = map[string]string{"t": "tokn"} })),
			"body",
			"there is no tokn to save"},
		{"body lacks", httpMonitor(login, with(call,
			func(s *config.HTTPStep) { s.Expect.BodyContains = []string{"never"} })), "body",
			`does not contain "never": {"ok":true}`},
		{"too slow", httpMonitor(login, with(call, func(s *config.HTTPStep) { s.Expect.Latency = 1 })), "latency",
			"expected at most 1ns"},
		{"secrets stay secret", httpMonitor(login, with(call, func(s *config.HTTPStep) { s.URL = server.URL + "/mirror" })),
			"status",
			"answered 403, expected 200: no entry with Bearer [redacted]"},
		{"a token's reference", httpMonitor(config.HTTPStep{URL: server.URL + "/mirror", Token: "env:T"}), "status",
			"no entry with Bearer [redacted] [31m second line"},
		{"no such credential", httpMonitor(config.HTTPStep{URL: server.URL, Token: "env:NONE"}), "credential",
			"env:NONE can't be resolved"},
		{"no JSON", httpMonitor(config.HTTPStep{URL: server.URL + "/nowhere", Save: map[string]string{"a": "b"},
			Expect: config.Expect{Status: []int{404}}}), "body", "is not JSON: 404 page not found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := probeOnce(t, c.monitor)
			if r.Attributes["class"] != c.class || !strings.Contains(r.Message, c.words) ||
				(c.class == "") != (r.State == corax.MonitorUp) {
				t.Errorf("%s %s %q\nwant %s %q", r.State, r.Attributes["class"], r.Message, c.class, c.words)
			}
			if strings.Contains(r.Message, "abcdefghijk") || strings.Contains(r.Message, "the-secret") ||
				strings.Contains(r.Message, "\x1b") {
				t.Errorf("message %q", r.Message)
			}
		})
	}
}

// TestHTTPSurvivesNastyTargets: each of them costs one probe, within its time and with little memory.
func TestHTTPSurvivesNastyTargets(t *testing.T) {
	raw := func(serve func(net.Conn)) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				serve(c)
				_ = c.Close()
			}
		}()
		t.Cleanup(func() { _ = l.Close(); <-done })
		return "http://" + l.Addr().String()
	}
	request := func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }
	reply := func(text string) string {
		return raw(func(c net.Conn) { request(c); _, _ = io.WriteString(c, text) })
	}
	hang := func(text string) string {
		return raw(func(c net.Conn) { request(c); _, _ = io.WriteString(c, text); _, _ = io.Copy(io.Discard, c) })
	}
	endless := func(head string) string {
		return raw(func(c net.Conn) {
			request(c)
			_, _ = io.WriteString(c, head)
			for block := bytes.Repeat([]byte("x"), 1<<16); ; {
				if _, err := c.Write(block); err != nil {
					return
				}
			}
		})
	}
	loop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r,
			"/again", http.StatusFound)
	}))
	defer loop.Close()
	for _, c := range []struct {
		name, url, class, words string
		status                  []int
	}{
		{"refuses", "http://" + closedPort(t), "refused", "failed: connection refused by 127.0.0.1:", nil},
		{"hangs", hang(""), "timeout", "timed out", nil},
		{"hangs in the body", hang("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), "timeout", "failed after 3 bytes",
			nil},
		{"lies about its length", reply("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc"), "reset",
			"closed before the answer was complete", nil},
		{"closes after the request", raw(request), "reset", "closed", nil},
		{"speaks no HTTP", reply("SSH-2.0-OpenSSH_9\r\n"), "error", "malformed HTTP", nil},
		{"sends 10 GB", endless("HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n"), "", "answered 200", nil},
		{"sends without end", endless("HTTP/1.1 500 No\r\n\r\n"), "status", "answered 500", nil},
		{"header without end", endless("HTTP/1.1 200 OK\r\nX: "), "error", "", nil},
		{"redirects for ever", loop.URL, "redirect", "more than 5 redirects", nil},
		{"a redirect that is expected", loop.URL, "", "answered 302", []int{302}},
		{"no such name", "http://nowhere.invalid/", "dns", "the name nowhere.invalid does not resolve", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			m := httpMonitor(config.HTTPStep{URL: c.url, Expect: config.Expect{Status: c.status}})
			if c.class == "timeout" {
				m.Timeout = 100 * time.Millisecond
			}
			r := probeOnce(t, m)
			runtime.ReadMemStats(&after)
			if c.name == "no such name" && r.Attributes["class"] == "timeout" {
				t.Skip("the resolver of this machine does not answer")
			}
			if r.Attributes["class"] != c.class || !strings.Contains(r.Message, c.words) {
				t.Errorf("%s %q, want %s %q", r.Attributes["class"], r.Message, c.class, c.words)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 4<<20 {
				t.Errorf("took %d bytes", grown)
			}
			if len(r.Message) > 1000 {
				t.Errorf("a message of %d bytes", len(r.Message))
			}
		})
	}
}

// certificate makes a server certificate for 127.0.0.1 and gives it with the file of its authority.
func certificate(t *testing.T, from, until time.Time) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true,
		BasicConstraintsValid: true,
		NotBefore:             from.Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "auth.test"}, NotBefore: from, NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: key}, file
}

func TestCertificates(t *testing.T) {
	now := time.Now()
	serve := func(from, until time.Time) (address, ca string) {
		cert, ca := certificate(t, from, until)
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
		s.Config.ErrorLog = quietLog()
		s.StartTLS()
		t.Cleanup(s.Close)
		return s.Listener.Addr().String(), ca
	}
	good, goodCA := serve(now.Add(-time.Hour), now.Add(100*24*time.Hour))
	soon, soonCA := serve(now.Add(-time.Hour), now.Add(48*time.Hour))
	expired, expiredCA := serve(now.Add(-2*time.Hour), now.Add(-time.Hour))
	early, earlyCA := serve(now.Add(time.Hour), now.Add(2*time.Hour))
	_, otherCA := certificate(t, now, now)
	for _, c := range []struct {
		name         string
		tls          config.TLS
		class, words string // of the TLS probe
		http         string // class of the HTTP probe
	}{
		{"good", config.TLS{Address: good, CA: goodCA}, "", "the certificate of auth.test is good until", ""},
		{"soon", config.TLS{Address: soon, CA: soonCA}, "tls_expired", "expires at", ""},
		{"soon enough", config.TLS{Address: soon, CA: soonCA, WarnBefore: time.Hour}, "", "is good until", ""},
		{"expired", config.TLS{Address: expired, CA: expiredCA}, "tls_expired", "the certificate of auth.test expired at",
			"tls_expired"},
		{"early", config.TLS{Address: early, CA: earlyCA}, "tls_expired",
			"the certificate of auth.test is not valid before", "tls_expired"},
		{"other authority", config.TLS{Address: good, CA: otherCA}, "tls", "unknown authority", "tls"},
		{"other name", config.TLS{Address: good, CA: goodCA, ServerName: "other.test"}, "tls", "another name", ""},
		{"no authority file", config.TLS{Address: good, CA: "/nowhere/ca.pem"}, "credential", "no such file", "credential"},
		{"refuses", config.TLS{Address: closedPort(t)}, "refused", "connection refused", "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := probeOnce(t, config.Monitor{Name: "x", TLS: &c.tls})
			if r.Attributes["class"] != c.class || !strings.Contains(r.Message, c.words) {
				t.Errorf("TLS: %s %q, want %s %q", r.Attributes["class"], r.Message, c.class, c.words)
			}
			r = probeOnce(t, httpMonitor(config.HTTPStep{URL: "https://" + c.tls.Address, CA: c.tls.CA}))
			if r.Attributes["class"] != c.http {
				t.Errorf("HTTP: %s %q, want %s", r.Attributes["class"], r.Message, c.http)
			}
		})
	}
}

func TestTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if r := probeOnce(t, tcpMonitor("x", l.Addr().String())); r.State != corax.MonitorUp {
		t.Errorf("%+v", r)
	}
	if r := probeOnce(t, tcpMonitor("x", closedPort(t))); r.State != corax.MonitorDown ||
		r.Attributes["class"] != "refused" {
		t.Errorf("%+v", r)
	}
}

func TestLookup(t *testing.T) {
	doc, err := parseJSON([]byte(`{"a":{"b":[{"c":1},2]},"x.y":3,"null":null}`))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"a.b[0].c": "1", "a.b.1": "2", "$.a.b[1]": "2", `["x.y"]`: "3", "$": fmt.Sprint(textOf(doc)), "null": "null",
		"a.b[2]": "-", "a.b[-1]": "-", "a.b.c": "-", "a[": "-", "none": "-", "a.b[0].c.d": "-",
	} {
		got := "-"
		if v, ok := lookup(doc, path); ok {
			got = textOf(v)
		}
		if got != want {
			t.Errorf("lookup(%q) = %s, want %s", path, got, want)
		}
	}
}

func FuzzLookup(f *testing.F) {
	f.Add("a.b[0]")
	doc, _ := parseJSON([]byte(`{"a":{"b":[{"c":1},2]}}`))
	f.Fuzz(func(_ *testing.T, path string) { lookup(doc, path) })
}
