package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"corax/scenario"
	"corax/scenario/history"
	"corax/scenario/launch"
	"corax/server/client"
)

// What a running Corax does with scenarios: each runs in a process of its own, beside what it watches.

func jobColumns(none string) columns[launch.Job] {
	return columns[launch.Job]{none, []string{"JOB", "STATE", "SCENARIO", "BY", "ASKED", "VERDICT", "RUN", "SO FAR"}, func(j launch.Job) []string {
		latest := j.Error
		if n := len(j.Lines); n > 0 && latest == "" {
			latest = j.Lines[n-1]
		}
		return []string{j.ID, string(j.State), j.Scenario, j.By, ago(j.AskedAt), string(j.Verdict), j.Run, clip(latest, 80)}
	}}
}

func scenarioLaunch(s *settings) *cobra.Command {
	return wholeCommand(s, "launch SCENARIO", "Have a running Corax run a scenario: a name, a category, or all", jobColumns("It waits already."),
		func(ctx context.Context, c *client.Client, args []string) ([]launch.Job, error) {
			return c.RunScenario(ctx, client.RunScenarioParams{Scenario: args[0], By: operator()})
		})
}

func scenarioJobs(s *settings) *cobra.Command {
	return wholeCommand(s, "jobs", "List what a running Corax runs, and what waits", jobColumns("No scenario runs."),
		func(ctx context.Context, c *client.Client, _ []string) ([]launch.Job, error) {
			return c.ListScenarioJobs(ctx)
		})
}

func scenarioCancel(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "cancel JOB", Short: "Cancel a scenario that waits or runs", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return tell(cmd, s, func(ctx context.Context, c *client.Client) (launch.Job, error) { return c.CancelScenario(ctx, args[0]) },
				func(j launch.Job) string { return fmt.Sprintf("%s of %s is %s.", j.ID, j.Scenario, j.State) })
		},
	}
}

func scenarioRuns(s *settings) *cobra.Command {
	var verdict string
	c := pagedCommand(s, "runs [CATEGORY/NAME]", "List the runs that a running Corax keeps, newest first; history reads files", columns[history.Run]{
		"No run is kept.", []string{"STARTED", "VERDICT", "SCENARIO", "CHECKS", "RUN"},
		func(r history.Run) []string {
			return []string{clock(r.Started), string(r.Verdict), r.Scenario(), fmt.Sprintf("%d/%d", r.Passing, r.Checks), r.ID}
		}}, func(ctx context.Context, c *client.Client, args []string, limit int, cursor string) (client.Page[history.Run], error) {
		category, name, _ := strings.Cut(strings.Join(args, ""), "/")
		return c.ListScenarioRuns(ctx, client.ListScenarioRunsParams{Category: category, Name: name, Verdict: verdict, Limit: limit, Cursor: cursor})
	})
	c.Flags().StringVar(&verdict, "verdict", "", "only these: passed, failed or error")
	return c
}

func scenarioResult(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "result RUN", Short: "Print the whole result of a run that a running Corax keeps", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) (scenario.Result, error) {
				return c.GetScenarioRun(ctx, args[0])
			},
				func(r scenario.Result) error {
					return scenario.WriteText(cmd.OutOrStdout(), r, isTerminal(cmd.OutOrStdout()))
				})
		},
	}
}
