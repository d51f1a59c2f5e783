package app

import (
	"context"
	"crypto/rand"
	"strings"

	"corax"
	"corax/config"
	"corax/live"
	"corax/web"
)

// startLive begins to tell pages and programs that something has changed.
func (a *App) startLive(context.Context, *config.Config) error {
	a.live = live.New(live.Options{Subscribe: a.store.Subscribe, Epoch: rand.Text(), Log: a.log})
	a.live.Start()
	a.onStop(func() { a.live.Stop(); a.live.Wait() })
	return nil
}

// publishSeen publishes what a monitor of ours has seen, and tells the pages.
func (a *App) publishSeen(ctx context.Context, signals []corax.Signal) error {
	topics := []string{"monitors"}
	for _, s := range signals {
		if name, ok := strings.CutPrefix(s.Source, "monitor/"); ok {
			topics = append(topics, "monitor:"+name)
		}
	}
	defer a.live.Publish(topics...)
	return a.publish(ctx, signals)
}

// pages are what people see at the address of the API.
func (a *App) pages() (*web.Handler, error) {
	return web.New(web.Options{
		Records: a.records(), Controls: a.limited(), Exports: limitedLedger{ledger{a}, a.records()}, Live: a.live, Limit: a.limiter, Known: a.redactor.Known, Version: a.o.Version, Clock: a.o.Clock, Log: a.log,
		Accounts: a.access,

		Find: a.lookup, Tend: a.limited(),

		Topology: atlas{a.limited()}, Learned: atlas{a.limited()}.Learned, Hands: atlas{a.limited()}, People: atlas{a.limited()}, Emergencies: a.limited(),

		Scenarios: a.scenarios, FirstSteps: firstSteps{a}, MonitorFiles: monitorFiles{a},

		Actions: controls{a}, Policies: controls{a}, Audit: ledger{a}, Knowledge: controls{a}, Health: system{controls{a}}, Settings: controls{a},
	})
}
