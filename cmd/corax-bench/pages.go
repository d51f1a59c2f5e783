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
	"slices"
	"time"

	"corax/app"
	"corax/config"
	"corax/store"
	"corax/store/sample"
)

// The store that pages are measured with: so much is asked of it.
const (
	pageSignals  = 1_000_000
	pageProblems = 500
	pageRounds   = 60
	pageMonitors = 40
)

// pagesOf are the pages that are measured, and searches of each kind.
var pagesOf = []string{
	"/", "/problems", "/problems?show=all", "/problems/prb-000500", "/problems/prb-000100",
	"/incidents", "/incidents?show=all", "/incidents?show=all&q=refused", "/incidents/inc-000499-0",
	"/signals", "/signals?q=co", "/signals?q=login+failed+sig", "/signals?q=connec", "/signals?entity=checkout&severity=high&last=7d",
	"/signals?label=team%3Dnet&last=24h", "/signals?template=3", "/signals/templates", "/signals/templates?last=24h",
	"/changes", "/changes?entity=auth&window=360",
	"/monitors", "/monitors?last=90d", "/monitors/probe-07", "/monitors/probe-07?last=14d",
}

// pages measures how long a running Corax with a large store takes for its pages, over loopback, one request after the other. The store is
// built in the folder the first time.
func pages(in input) (result, error) {
	ctx := context.Background()
	until := time.Now().UTC().Truncate(24 * time.Hour)
	cfg := config.Default()
	cfg.DataDir, cfg.Listen = in.dir, "127.0.0.1:0"
	cfg.Retention = config.Retention{}
	cfg.Topology = sample.Topology()
	for i := range pageMonitors {
		cfg.Monitors = append(cfg.Monitors, config.Monitor{Name: probeName(i), Entity: cfg.Topology.Entities[i%len(cfg.Topology.Entities)].ID,
			Every: 24 * time.Hour, Timeout: time.Second, After: 1, Heartbeat: &config.Heartbeat{}})
	}
	if err := fillPages(ctx, in.dir, until); err != nil {
		return result{}, err
	}
	a, err := app.Start(ctx, app.Options{Config: cfg, Engine: in.engine, Version: "bench"})
	if err != nil {
		return result{}, err
	}
	defer a.Stop()
	var address app.Address
	data, err := os.ReadFile(filepath.Join(in.dir, app.AddressFile))
	if err == nil {
		err = json.Unmarshal(data, &address)
	}
	if err != nil {
		return result{}, err
	}
	r := result{Set: "pages", Figures: map[string]map[string]float64{},
		Note: fmt.Sprintf("%d signals, %d problems, %d monitors; milliseconds for a whole answer over loopback, %d rounds", pageSignals, pageProblems, pageMonitors, pageRounds)}
	took := map[string][]float64{}
	for range pageRounds {
		for _, path := range pagesOf {
			ms, size, err := ask(ctx, address.URL+path, address.Token)
			if err != nil {
				return r, err
			}
			took[path] = append(took[path], ms)
			r.Figures[path] = map[string]float64{"kB": float64(size) / 1000}
		}
	}
	var all []float64
	for path, list := range took {
		slices.Sort(list)
		r.Figures[path]["p50"], r.Figures[path]["p95"] = list[len(list)/2], list[len(list)*95/100]
		all = append(all, list...)
	}
	slices.Sort(all)
	r.Figures["all"] = map[string]float64{"p50": all[len(all)/2], "p95": all[len(all)*95/100]}
	return r, nil
}

func probeName(i int) string { return fmt.Sprintf("probe-%02d", i) }

// fillPages builds the store, with 90 days of monitors' runs: every minute of the last two days, every hour before.
func fillPages(ctx context.Context, dir string, until time.Time) error {
	done := filepath.Join(dir, "pages.filled")
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	s, err := sample.Open(ctx, app.StoreFile(dir), sample.Options{Seed: 1, Signals: pageSignals, Problems: pageProblems, Until: until})
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

// ask fetches a page as an administrator, and says in how many milliseconds and with how many bytes it was answered.
func ask(ctx context.Context, url, token string) (ms float64, size int64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	began := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	size, err = io.Copy(io.Discard, resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s", url, resp.Status)
	}
	return float64(time.Since(began).Microseconds()) / 1000, size, err
}
