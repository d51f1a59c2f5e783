package webtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"corax"
	"corax/scenario"
	"corax/scenario/history"
	"corax/scenario/launch"
)

// Scenarios are results of the outage as a scenario's run would have them, and a launcher whose one job runs until it is cancelled.
type Scenarios struct {
	history.Memory
	*launch.Launcher
}

// Results are two runs of the outage, of which the second failed, and one with hostile text.
func (s *Site) Results() history.Memory {
	earlier := resultOf(s.Closed, "rotation", "run-earlier", "A key rotation misses four of seven verifiers")
	later := resultOf(s.Closed, "rotation", "run-later", earlier.About.Title)
	later.Run.Started = later.Run.Started.Add(24 * time.Hour)
	later.Checks = slices.Clone(later.Checks)
	later.Verdict, later.Checks[0].OK, later.Checks[0].Actual = scenario.Failed, false, "2"
	odd := resultOf(s.Hostile, "hostile", "run-hostile", Hostile)
	odd.Steps[0].Phase = Hostile
	odd.Verdict, odd.Error = scenario.Broken, Hostile
	odd.About.Description, odd.About.Conditions, odd.About.Lab = Hostile, Hostile, Hostile
	odd.Checks = append(odd.Checks, scenario.Check{Name: Hostile, Expected: Hostile, Actual: Hostile})
	odd.Injected = append(odd.Injected, scenario.Injected{Fault: Hostile, Message: Hostile, Source: Hostile, With: map[string]any{Hostile: Hostile}, Targets: []string{Hostile}, Proof: Hostile})
	odd.Run.Versions = map[string]string{"corax": Hostile, Hostile: Hostile}
	return history.Memory{earlier, later, odd}
}

func resultOf(o Outage, name, run, title string) scenario.Result {
	d := o.Problem.Diagnosis
	r := scenario.Result{
		Name: name, Category: "security", Verdict: scenario.Passed, About: scenario.About{Title: title, Description: "Four of seven can't be reached.", Lab: "jwt", Seed: 7},
		Run:      scenario.Run{ID: run, Started: o.Problem.OpenedAt, Seconds: 34, Versions: map[string]string{"corax": "test"}},
		Checks:   []scenario.Check{{Name: "problems", Expected: "1", Actual: "1", OK: true}, {Name: "pattern", Expected: d.Pattern, Actual: d.Pattern, OK: true}},
		Problems: []corax.Diagnosis{d}, Counts: scenario.Counts{Monitors: 33, Signals: len(o.Signals), Incidents: len(o.Incidents)},
	}
	for _, s := range o.Run.Steps {
		r.Steps = append(r.Steps, scenario.Step{Action: s.Action, Target: s.Target, Started: s.StartedAt, State: s.State, Result: s.Result, Verification: s.Verified})
	}
	for _, e := range o.Events {
		r.Timeline = append(r.Timeline, scenario.Moment{At: e.At, Seconds: e.At.Sub(o.Problem.OpenedAt).Seconds(), Kind: e.Kind, Entity: e.Entity, Text: e.Text})
	}
	return r
}

// prepare starts the launcher; where the site isn't empty, with a job that has failed, one that runs and one that waits.
func (s *Site) prepare(clock corax.Clock, empty bool) (*Scenarios, error) {
	began := make(chan struct{}, 1)
	run := func(ctx context.Context, sc scenario.Scenario, progress func(string)) (scenario.Result, error) {
		if sc.Name == "hostile" {
			return scenario.Result{}, errors.New(Hostile)
		}
		progress(fmt.Sprintf("%s  +0.7 s  the lab is up", sc.ID()))
		progress(Hostile)
		began <- struct{}{}
		<-ctx.Done()
		return scenario.Result{}, ctx.Err()
	}
	x := &Scenarios{Launcher: launch.New(launch.Options{Run: run, Clock: clock, Keep: func(scenario.Result) error { return nil }, Scenarios: []scenario.Scenario{
		{Category: "security", Name: "rotation", Title: "A key rotation misses four of seven verifiers"},
		{Category: "availability", Name: "service_crash", Title: "A service dies", Description: "It is started again."},
		{Category: "security", Name: "hostile", Title: Hostile, Description: Hostile},
	}})}
	x.Start()
	if empty {
		return x, nil
	}
	x.Memory = s.Results()
	for _, word := range []string{"security/hostile", "security/rotation", "availability"} {
		if _, err := x.Launch(word, Hostile); err != nil {
			x.Stop()
			return nil, err
		}
	}
	<-began
	return x, nil
}
