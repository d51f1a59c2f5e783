package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chromedp/chromedp"

	"corax/web/webtest/chromium"
)

const (
	liveRounds    = 15
	moreListeners = 90
)

// happening is something that happens, and the page that shows it.
type happening struct {
	name string
	tab  int // of mainPages
	do   func(ctx context.Context, marker string) error
}

// live measures how soon what happens is seen by the one tab of ten of a browser that is in sight, with 90 more listeners: from the call that
// says so on.
func (s site) live(ctx context.Context, d *drive, b *chromium.Browser, cookie *http.Cookie, figures map[string]map[string]float64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.client.CloseIdleConnections()
	before := connections(s.url)
	crowd, err := s.listen(ctx)
	if err != nil {
		return err
	}
	defer crowd.done.Wait()
	defer cancel()

	tabs := []*chromium.Tab{s.person(d, b, cookie)}
	for len(tabs) < len(mainPages) {
		tabs = append(tabs, tabs[0].Another())
	}
	for i, tab := range tabs {
		tab.Size(looks[0].width, looks[0].height, false)
		tab.Open(s.url + mainPages[i])
		tab.Await(`document.querySelector(".link-state").hidden`)
		tab.Hide()
	}
	events := []happening{
		{"a comment, on the problem", 2, func(ctx context.Context, marker string) error {
			_, err := s.send(ctx, http.MethodPost, "/api/v1"+mainPages[2]+"/comments", fmt.Sprintf(`{"by":"bench","text":%q}`, marker), "identity")
			return err
		}},
		{"a kill switch, on the overview", 0, func(ctx context.Context, marker string) error {
			_, err := s.send(ctx, http.MethodPost, "/api/v1/stop", fmt.Sprintf(`{"by":"bench","scope":"north-1","reason":%q}`, marker), "identity")
			return err
		}},
		{"an alert, as an incident in the list", 3, func(ctx context.Context, marker string) error {
			_, err := s.send(ctx, http.MethodPost, "/api/v2/alerts", fmt.Sprintf(`[{"labels":{"alertname":"bench","instance":"checkout","run":%q,"severity":"low"},"annotations":{"summary":%q}}]`, marker, marker), "identity")
			return err
		}},
	}
	most := 0
	for _, e := range events {
		tab := tabs[e.tab]
		tab.Show()
		var took []float64
		for n := range liveRounds {
			marker := fmt.Sprintf("bench %s %d", strconv.FormatInt(time.Now().UnixMilli(), 36), n)
			// The moment in which the marker is in the document, by the clock of the machine.
			chromium.Eval[bool](tab, fmt.Sprintf(`(window.shown = new Promise((done) => {
				const look = new MutationObserver(() => {
					const now = performance.timeOrigin + performance.now();
					if (document.querySelector("main").textContent.includes(%q)) { look.disconnect(); done(now); }
				});
				look.observe(document.querySelector("main"), {subtree: true, childList: true, characterData: true});
			}), true)`, marker))
			began := time.Now()
			if err := e.do(ctx, marker); err != nil {
				return err
			}
			shown := chromium.Get(tab, chromedp.Evaluate[float64](`window.shown`, chromedp.EvalAwaitPromise))
			took = append(took, shown-float64(began.UnixMicro())/1000)
			most = max(most, connections(s.url)-before-moreListeners-1) // one is the call's own
		}
		of := map[string]float64{}
		of["ms p50"], of["ms p95"], of["ms max"] = middle(took)
		d.tell(figures, "live, "+e.name, of)
		tab.Hide()
	}
	if _, err := s.send(ctx, http.MethodDelete, "/api/v1/stop?scope=north-1&by=bench", "", "identity"); err != nil {
		return err
	}
	streams, err := s.streams(ctx)
	if err != nil {
		return err
	}
	d.tell(figures, "live, all", map[string]float64{"tabs": float64(len(tabs)), "connections of the browser, at most": float64(most),
		"of them for live": float64(streams - moreListeners), "other listeners": float64(crowd.heard(len(events) * liveRounds))})
	for _, tab := range tabs {
		tab.Clean()
		tab.Close()
	}
	return nil
}

// crowd is listeners beside the browser.
type crowd struct {
	messages [moreListeners]atomic.Int64 // that each has heard
	done     sync.WaitGroup
}

// listen has more listeners follow what happens, until ctx ends. All of them are connected when it returns.
func (s site) listen(ctx context.Context) (*crowd, error) {
	c := &crowd{}
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: moreListeners}}
	for i := range moreListeners {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/live", nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+s.token)
		resp, err := client.Do(req) //nolint:bodyclose // closed by who reads it
		if err != nil {
			return nil, err
		}
		if resp.StatusCode != http.StatusOK {
			resp.Body.Close()
			return nil, fmt.Errorf("listen for changes: %s", resp.Status)
		}
		c.done.Go(func() {
			defer resp.Body.Close()
			for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
				if strings.HasPrefix(lines.Text(), "data:") {
					c.messages[i].Add(1)
				}
			}
		})
	}
	return c, nil
}

// heard is how many of them have heard at least so much.
func (c *crowd) heard(least int) (n int) {
	for i := range c.messages {
		if c.messages[i].Load() >= int64(least) {
			n++
		}
	}
	return n
}

// streams is how many follow what happens, by what Corax measures of itself.
func (s site) streams(ctx context.Context) (n int, err error) {
	text, err := s.send(ctx, http.MethodGet, "/metrics", "", "identity")
	if err != nil {
		return 0, err
	}
	for _, line := range strings.Split(text, "\n") {
		if value, ok := strings.CutPrefix(line, "corax_live_listeners "); ok {
			return strconv.Atoi(value)
		}
	}
	return 0, fmt.Errorf("%s/metrics doesn't say who listens", s.url)
}

// connections is how many TCP connections a server on this machine has open, by what Linux tells; 0 where that can't be told.
func connections(server string) (n int) {
	u, err := url.Parse(server)
	if err != nil {
		return 0
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		return 0
	}
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return 0
	}
	const established = "01"
	for _, line := range strings.Split(string(table), "\n") {
		// sl local_address rem_address st ...; the server's own end is the one whose local port is the server's
		if f := strings.Fields(line); len(f) > 3 && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) && f[3] == established {
			n++
		}
	}
	return n
}
