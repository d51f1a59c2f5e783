package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
)

func TestMiddle(t *testing.T) {
	var list []float64
	for i := range 100 {
		list = append(list, float64(99-i))
	}
	if p50, p95, most := middle(list); p50 != 50 || p95 != 95 || most != 99 {
		t.Error(p50, p95, most)
	}
	if p50, p95, most := middle([]float64{7}); p50 != 7 || p95 != 7 || most != 7 {
		t.Error(p50, p95, most)
	}
}

// A first visit is sent what the page names, what its style names, each once, and compressed where the server does that.
func TestFirstLoad(t *testing.T) {
	asked := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked[r.URL.Path]++
		body := map[string]string{
			"/":                       `<link href="/static/corax.0a.css"><script src="/static/corax.0b.js"></script><body data-live-worker="/static/live.0c.js">`,
			"/static/corax.0a.css":    "@font-face{src:url(sans.0d.woff2)}" + strings.Repeat("x", 66),
			"/static/corax.0b.js":     strings.Repeat("x", 1000),
			"/static/live.0c.js":      strings.Repeat("x", 10),
			"/static/sans.0d.woff2":   strings.Repeat("x", 5000),
			"/static/unasked.0e.woff": strings.Repeat("x", 90000),
		}[r.URL.Path]
		if r.Header.Get("Accept-Encoding") == "gzip" && strings.HasSuffix(r.URL.Path, ".css") {
			body = body[:50] // stands for a compressed one
		}
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	s := site{server.URL, "token", server.Client()}
	weights := map[string]int64{}
	for range 2 {
		if n, err := s.firstLoad(t.Context(), "/", weights); err != nil || n != 50+1000+10+5000 {
			t.Errorf("%d bytes, %v", n, err)
		}
	}
	if asked["/static/corax.0b.js"] != 1 || asked["/static/unasked.0e.woff"] != 0 {
		t.Errorf("asked for %v", asked)
	}
}

func TestConnections(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells")
	}
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	if n := connections(server.URL); n != 0 {
		t.Errorf("%d before there are any", n)
	}
	for want := 1; want <= 3; want++ {
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if n := connections(server.URL); n != want {
			t.Errorf("%d of %d", n, want)
		}
	}
}

// What pages are measured with is what was asked for, and holds together.
func TestPageConfig(t *testing.T) {
	cfg := pageConfig(t.TempDir())
	if len(cfg.Topology.Entities) != pageEntities || len(cfg.Monitors) != pageMonitors {
		t.Errorf("%d entities, %d monitors", len(cfg.Topology.Entities), len(cfg.Monitors))
	}
	known := map[string]bool{}
	for _, e := range cfg.Topology.Entities {
		if known[e.ID] {
			t.Errorf("%s is there twice", e.ID)
		}
		known[e.ID] = true
	}
	for _, e := range cfg.Topology.Edges {
		if !known[e.From] || !known[e.To] || e.From == e.To {
			t.Errorf("an edge from %s to %s", e.From, e.To)
		}
	}
}
