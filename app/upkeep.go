package app

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"corax/config"
	"corax/store"
)

const pruneEvery = 10 * time.Minute

// startUpkeep keeps the store within its bounds and tells a watcher outside that Corax is alive.
func (a *App) startUpkeep(ctx context.Context, cfg *config.Config) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var jobs sync.WaitGroup
	jobs.Go(func() {
		every(ctx, pruneEvery, func() {
			a.report("prune the store", a.store.Prune(ctx, store.Retention{Age: cfg.Retention.Age, Bytes: cfg.Retention.Bytes}, a.o.Clock.Now()))
		})
	})
	jobs.Go(func() { every(ctx, pruneEvery, func() { a.measureStore(ctx) }) })
	jobs.Go(func() {
		every(ctx, pruneEvery, func() { a.report("prune the history of monitors", a.store.PruneHistory(ctx, a.o.Clock.Now())) })
	})
	jobs.Go(func() {
		every(ctx, pruneEvery, func() { a.report("forget sessions and links that have ended", a.access.Tidy(ctx)) })
	})
	jobs.Go(func() {
		every(ctx, pruneEvery, func() { a.report("prune the audit", a.pruneAudit(ctx)) })
	})
	jobs.Go(func() {
		every(ctx, foldFor, func() { a.report("record the uses of credentials", a.uses.flush(ctx, a.store, a.o.Clock.Now())) })
	})
	if cfg.Heartbeat.URL != "" {
		jobs.Go(func() {
			every(ctx, cfg.Heartbeat.Every, func() { a.report("send the heartbeat", a.beat(ctx, cfg.Heartbeat.URL)) })
		})
	}
	a.onStop(func() { cancel(); jobs.Wait() })
	return nil
}

// every runs f now and then at each interval until ctx ends.
func every(ctx context.Context, interval time.Duration, f func()) {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		f()
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// beat tells the watcher of Corax that it is alive; while it isn't ready it stays silent, so that the watcher speaks up.
func (a *App) beat(ctx context.Context, url string) error {
	if !a.ready.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %s", url, resp.Status)
	}
	return nil
}
