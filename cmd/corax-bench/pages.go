package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"corax/app"
	"corax/config"
	"corax/store"
	"corax/store/sample"
)

// The store that pages are measured with: so much is asked of it.
const (
	pageSignals   = 1_000_000
	pageProblems  = 500
	pageDecisions = 100_000
	pageEntries   = 100_000 // of the audit, beside one for each decision
	pageMonitors  = 40
	pageEntities  = 500
)

// pagesOf are the pages that are measured, and searches of each kind.
var pagesOf = []string{
	"/", "/problems", "/problems?show=all", "/problems?show=all&q=disk+full", "/problems/prb-000500", "/problems/prb-000100", "/problems/prb-000500/why",
	"/problems/prb-000100/report",
	"/incidents", "/incidents?show=all", "/incidents?show=all&q=refused", "/incidents?show=all&q=nonesuch", "/incidents/inc-000499-0",
	"/signals", "/signals?q=co", "/signals?q=login+failed+sig", "/signals?q=connec", "/signals?q=nonesuch", "/signals?entity=checkout&severity=high&last=7d",
	"/signals?label=team%3Dnet&last=24h", "/signals?template=3", "/signals/templates", "/signals/templates?last=24h",
	"/changes", "/changes?entity=auth&window=360",
	"/monitors", "/monitors?last=90d", "/monitors/probe-07", "/monitors/probe-07?last=14d",
	"/topology", "/topology?group=team", "/entities/checkout", "/entities/orders-db",
	"/approvals", "/sites", "/notifications",
	"/actions", "/policies", "/policies/decisions", "/policies/decisions?verdict=deny", "/policies/decisions?entity=auth&verdict=ask",
	"/policies/decisions?problem=prb-000321", "/policies/decisions?rule=nonesuch", "/policies/decisions/dec-00050000",
	"/audit", "/audit?what=backup.made", "/audit?what=stop", "/audit?who=jun", "/audit?on=vault%3Alab%2Fssh-7", "/audit?on=silence%2F", "/audit?who=nonesuch",
	"/knowledge", "/knowledge/clock_skew", "/knowledge/key_used_before_distributed", "/scenarios", "/health", "/settings",
}

// pages measures how long a running Corax with a large store takes for its pages, over loopback, one request after the other; then, in a
// browser, when they are painted, and when what has happened is seen. The store is built in the folder the first time.
func pages(in input) (result, error) {
	ctx := context.Background()
	until := time.Now().UTC().Truncate(24 * time.Hour)
	cfg := pageConfig(in.dir)
	if err := fillPages(ctx, in.dir, until); err != nil {
		return result{}, err
	}
	a, err := app.Start(ctx, app.Options{Config: cfg, Engine: in.engine, Version: "bench"})
	if err != nil {
		return result{}, err
	}
	defer a.Stop()
	var at app.Address
	data, err := os.ReadFile(filepath.Join(in.dir, app.AddressFile))
	if err == nil {
		err = json.Unmarshal(data, &at)
	}
	if err != nil {
		return result{}, err
	}
	r := result{Set: "pages", Figures: map[string]map[string]float64{}, Note: fmt.Sprintf("%d signals, %d problems, %d decisions, %d entries of the audit, "+
		"%d entities, %d monitors; milliseconds over loopback (ms: a whole answer of the server, %d rounds; cpu: what the process, whatever else it did meanwhile, had of the processors for it)",
		pageSignals, pageProblems, pageDecisions, pageDecisions+pageEntries, pageEntities, pageMonitors, in.rounds)}
	served := site{at.URL, at.Token, &http.Client{Transport: &http.Transport{DisableCompression: true}}}
	defer served.client.CloseIdleConnections()
	if err := profiled(in.profile, func() error { return served.answers(ctx, in.rounds, r.Figures) }); err != nil {
		return r, err
	}
	err = inBrowser(ctx, served, &r)
	r.Budget = budgets(r.Figures)
	return r, err
}

// budgets are what the figures may be at most: a whole answer of the server, a first load, a first paint, and the time from what happens to the
// screen.
func budgets(figures map[string]map[string]float64) map[string]map[string]float64 {
	all := map[string]map[string]float64{}
	for cell := range figures {
		switch {
		case cell == "all":
			all[cell] = map[string]float64{"ms p95": 50, "kB first max": 150}
		case strings.HasPrefix(cell, "first paint, "):
			all[cell] = map[string]float64{"ms p95": 500}
		case strings.HasPrefix(cell, "live, ") && cell != "live, all":
			all[cell] = map[string]float64{"ms p95": 200}
		}
	}
	return all
}

// pageConfig is a Corax that watches as many entities and monitors as are asked for, and acts on nothing.
func pageConfig(dir string) config.Config {
	cfg := config.Default()
	cfg.DataDir, cfg.Listen = dir, "127.0.0.1:0"
	cfg.Retention = config.Retention{}
	cfg.Topology = sample.Estate(pageEntities)
	for i := range pageMonitors {
		cfg.Monitors = append(cfg.Monitors, config.Monitor{Name: probeName(i), Entity: cfg.Topology.Entities[i].ID,
			Every: 24 * time.Hour, Timeout: time.Second, After: 1, Heartbeat: &config.Heartbeat{}})
	}
	return cfg
}

func probeName(i int) string { return fmt.Sprintf("probe-%02d", i) }

// fillPages builds the store, with 90 days of monitors' runs: every minute of the last two days, every hour before.
func fillPages(ctx context.Context, dir string, until time.Time) error {
	done := filepath.Join(dir, "pages.filled")
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	s, err := sample.Open(ctx, app.StoreFile(dir), sample.Options{Seed: 1, Signals: pageSignals, Problems: pageProblems, Until: until,
		Decisions: pageDecisions, Entries: pageEntries})
	if err != nil {
		return err
	}
	for i := range pageMonitors {
		var runs []store.History
		for at := until.Add(-90 * 24 * time.Hour); at.Before(until); {
			h := store.History{At: at, Step: time.Minute}
			for n := range 6 {
				h.Add((at.Unix()/60+int64(n*i))%997 == 0, time.Duration(5+(at.Unix()/60*7+int64(n*11))%90)*time.Millisecond)
			}
			runs = append(runs, h)
			if until.Sub(at) > 48*time.Hour {
				at = at.Add(time.Hour)
			} else {
				at = at.Add(time.Minute)
			}
		}
		if err := s.RecordHistory(ctx, store.MonitorRecord{Minutes: map[string][]store.History{probeName(i): runs}}); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	if err := s.Close(); err != nil {
		return err
	}
	return os.WriteFile(done, nil, 0o600)
}

// profiled does something, and writes a CPU profile of it where a file is named.
func profiled(file string, do func() error) error {
	if file == "" {
		return do()
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return errors.Join(err, f.Close())
	}
	err = do()
	pprof.StopCPUProfile()
	return errors.Join(err, f.Close())
}

// site is a running Corax as an administrator calls it.
type site struct {
	url, token string
	client     *http.Client
}

// answers measures every page: the time and the processor's time of the server, the weight of the page, and that of a first visit, with the
// styles, scripts and the font that it asks for, as they are sent.
func (s site) answers(ctx context.Context, rounds int, figures map[string]map[string]float64) error {
	took, spent := map[string][]float64{}, map[string][]float64{}
	weights := map[string]int64{}
	for range rounds {
		for _, path := range pagesOf {
			before := processor()
			began := time.Now()
			sent, err := s.send(ctx, http.MethodGet, path, "", "gzip")
			if err != nil {
				return err
			}
			took[path] = append(took[path], ms(time.Since(began)))
			spent[path] = append(spent[path], ms(processor()-before))
			if figures[path] == nil {
				first, err := s.firstLoad(ctx, path, weights)
				if err != nil {
					return err
				}
				figures[path] = map[string]float64{"kB": float64(len(sent)) / 1000, "kB first": float64(len(sent))/1000 + float64(first)/1000}
			}
		}
	}
	var all, allSpent []float64
	heaviest := 0.0
	for path, list := range took {
		figures[path]["ms p50"], figures[path]["ms p95"], _ = middle(list)
		figures[path]["cpu p50"], figures[path]["cpu p95"], _ = middle(spent[path])
		heaviest = max(heaviest, figures[path]["kB first"])
		all, allSpent = append(all, list...), append(allSpent, spent[path]...)
	}
	of := map[string]float64{"kB first max": heaviest}
	of["ms p50"], of["ms p95"], _ = middle(all)
	of["cpu p50"], of["cpu p95"], _ = middle(allSpent)
	figures["all"] = of
	return nil
}

// asked are the files that a page or a style has a browser ask for.
var asked = regexp.MustCompile(`(?:/static/|url\()([a-z]+\.[0-9a-f]+\.[a-z0-9]+)`)

// firstLoad is how many bytes of files a page has a browser ask for that has none of them yet. weights are those of files that are known
// already.
func (s site) firstLoad(ctx context.Context, path string, weights map[string]int64) (total int64, err error) {
	text, err := s.send(ctx, http.MethodGet, path, "", "identity")
	if err != nil {
		return 0, err
	}
	files, styles := map[string]bool{}, asked.FindAllStringSubmatch(text, -1)
	for len(styles) > 0 {
		name := styles[0][1]
		styles = styles[1:]
		if files[name] {
			continue
		}
		files[name] = true
		if _, known := weights[name]; known && !strings.HasSuffix(name, ".css") {
			continue
		}
		sent, err := s.send(ctx, http.MethodGet, "/static/"+name, "", "gzip")
		if err != nil {
			return 0, err
		}
		weights[name] = int64(len(sent))
		if strings.HasSuffix(name, ".css") { // names the font
			plain, err := s.send(ctx, http.MethodGet, "/static/"+name, "", "identity")
			if err != nil {
				return 0, err
			}
			styles = append(styles, asked.FindAllStringSubmatch(plain, -1)...)
		}
	}
	for name := range files {
		total += weights[name]
	}
	return total, nil
}

// send gives the answer to a request as it is sent.
func (s site) send(ctx context.Context, method, path, body, encoding string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Accept-Encoding", encoding)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s: %s", path, resp.Status, text)
	}
	return string(text), err
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// middle sorts a list, and gives its median, its 95th percentile, and the most.
func middle(list []float64) (p50, p95, most float64) {
	slices.Sort(list)
	return list[len(list)/2], list[len(list)*95/100], list[len(list)-1]
}
