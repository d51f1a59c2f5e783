package app

import (
	"context"

	"corax"
	"corax/config"
	"corax/lookup"
	"corax/monitor/history"
	"corax/triage/indexer"
)

// startRecords begins to index what is stored and to keep the history of monitors, and makes what people look things up with.
func (a *App) startRecords(ctx context.Context, _ *config.Config) error {
	x := indexer.New(indexer.Options{Store: a.store, Log: a.log})
	x.Start(ctx)
	a.onStop(x.Stop)
	a.history = history.New(history.Options{Store: a.store, Log: a.log})
	a.history.Start(ctx)
	a.onStop(a.history.Stop)
	a.lookup = &lookup.Lookup{
		Records: a.store, Topology: a.topology, Monitors: func() []corax.ProbeResult { return a.monitors.States() }, Clock: a.o.Clock,
	}
	return nil
}
