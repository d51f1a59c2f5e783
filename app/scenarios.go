package app

import (
	"context"
	"path/filepath"

	"corax/config"
	"corax/scenario"
	"corax/scenario/history"
	"corax/scenario/launch"
	"corax/scenarios"
)

// scenarioDesk is what the pages and the API know of scenarios: what came out so far, and what is being run.
type scenarioDesk struct {
	*history.History
	*launch.Launcher
}

// startScenarios opens what is kept of scenarios, and waits for somebody to ask for one.
func (a *App) startScenarios(_ context.Context, cfg *config.Config) error {
	kept := history.Open(filepath.Join(cfg.DataDir, history.Dir))
	o := launch.Options{
		Run: a.o.RunScenario, Keep: kept.Add, Clock: a.o.Clock, Log: a.log,
		Changed: func(id string) { a.live.Publish("scenarios", "scenario:"+id) },
	}
	if a.o.RunScenario != nil {
		shipped, broken := scenario.LoadFS(scenarios.Files, ".")
		if len(broken) > 0 {
			return broken[0]
		}
		o.Scenarios = shipped
	}
	a.scenarios = scenarioDesk{kept, launch.New(o)}
	a.scenarios.Start()
	a.onStop(a.scenarios.Stop)
	return nil
}
