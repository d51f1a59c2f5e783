package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"corax"
	"corax/config"
	"corax/scenario"
	"corax/scenario/gallery"
	"corax/scenario/history"
	"corax/scenarios"
)

func scenarioCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "scenario", Short: "Scenario tests: list, show, run, launch, jobs, result, publish what came out", Aliases: []string{"scenarios"}}
	c.AddCommand(scenarioList(s), scenarioShow(s), scenarioRun(s), scenarioLaunch(s), scenarioJobs(s), scenarioCancel(s), scenarioRuns(s), scenarioResult(s), scenarioHistory(s), scenarioCompare(s), scenarioPublish(s))
	return c
}

// find loads the scenarios that the arguments name: files, directories, or names of built-in ones; all built-in ones where there are none.
func find(args []string) ([]scenario.Scenario, []error) {
	return scenario.Resolve(scenarios.Files, args)
}

func scenarioList(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "list [NAME|FILE|DIR]...", Short: "List scenarios",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, broken := find(args)
			type row struct {
				ID    string `json:"id"`
				Title string `json:"title"`
				Live  bool   `json:"live"`
			}
			list, rows := make([]row, len(found)), make([][]string, len(found))
			for n, f := range found {
				list[n] = row{f.ID(), f.Title, f.Live()}
				rows[n] = []string{f.ID(), map[bool]string{true: "live", false: "text"}[f.Live()], f.Title}
			}
			var err error
			if s.json {
				err = printJSON(cmd.OutOrStdout(), list)
			} else {
				err = table(cmd.OutOrStdout(), "No scenario.", []string{"SCENARIO", "KIND", "TITLE"}, rows)
			}
			if err != nil {
				return err
			}
			return unusable(cmd, broken)
		},
	}
}

// unusable reports the broken files; the exit status is then 2.
func unusable(cmd *cobra.Command, broken []error) error {
	for _, b := range broken {
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%v\n", b)
		if hint := corax.HintOf(b); hint != "" {
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "  %s\n", hint)
		}
	}
	if len(broken) > 0 {
		return exit{code: exitUsage}
	}
	return nil
}

func scenarioShow(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "show NAME|FILE", Short: "Print a scenario's file", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			found, broken := find(args)
			for _, f := range found {
				data, err := fs.ReadFile(scenarios.Files, f.File)
				if err != nil {
					if data, err = os.ReadFile(f.File); err != nil {
						return corax.Errorf(corax.NotFound, "show "+f.ID(), "%w", err)
					}
				}
				if s.json {
					err = printJSON(cmd.OutOrStdout(), map[string]string{"id": f.ID(), "file": f.File, "text": string(data)})
				} else {
					_, err = cmd.OutOrStdout().Write(data)
				}
				if err != nil {
					return err
				}
			}
			return unusable(cmd, broken)
		},
	}
}

func scenarioRun(s *settings) *cobra.Command {
	var html, kept string
	var junit, tied bool
	var atOnce int
	c := &cobra.Command{
		Use: "run [NAME|FILE|DIR]...", Short: "Run scenarios: break a lab, watch, compare with what was expected",
		Long: "Runs all built-in scenarios, or those named. Exit status: 0 all passed, 1 one failed or could not be set up,\n" +
			"2 a file can't be used, 130 interrupted. Each result is kept: see `corax scenario history` and `corax scenario publish`.",
		Example: "  corax scenario run security/jwt_signing_key_rotation_failure\n  corax scenario run --html report security",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, broken := find(args)
			engine, err := newEngine(config.Default())
			if err != nil {
				return err
			}
			dir, err := os.MkdirTemp("", "corax-scenario-")
			if err != nil {
				return corax.Errorf(corax.Unavailable, "make a directory for the runs", "%w", err)
			}
			defer os.RemoveAll(dir)
			runner := newRunner(engine, "", dir, func(text string) {
				if tied || !s.json && !junit {
					fmt.Fprintln(cmd.ErrOrStderr(), text)
				}
			})
			ctx, stop := context.WithCancel(cmd.Context())
			defer stop()
			if tied {
				go func() { defer stop(); _, _ = io.Copy(io.Discard, cmd.InOrStdin()) }()
			}
			runner.AtOnce = atOnce
			results := runner.RunAll(ctx, found)
			if err := report(cmd, s, results, html, junit); err != nil {
				return err
			}
			if err := keep(cmd, s, kept, results); err != nil {
				return err
			}
			_ = unusable(cmd, broken)
			if code := scenario.ExitCode(results, broken, ctx.Err() != nil); code != exitOK {
				return exit{code: code}
			}
			return nil
		},
	}
	c.Flags().StringVar(&html, "html", "", "also write a page a scenario, and an index, into this directory")
	c.Flags().IntVar(&atOnce, "at-once", 1, "run so many side by side; they mostly wait, but a crowded machine makes them late")
	c.Flags().StringVar(&kept, "results", "", "keep the results in this directory (default: results in the data directory)")
	c.Flags().BoolVar(&tied, "tied", false, "end when standard input does, and always tell how far it is; for those that start it")
	_ = c.Flags().MarkHidden("tied") // it was just defined
	c.Flags().BoolVar(&junit, "junit", false, "print JUnit XML for CI systems")
	return c
}

// report prints the results in the form asked for.
func report(cmd *cobra.Command, s *settings, results []scenario.Result, html string, junit bool) error {
	w := cmd.OutOrStdout()
	if html != "" {
		if _, err := gallery.Publish(html, history.Memory(results), gallery.Site{}); err != nil {
			return err
		}
	}
	switch {
	case junit:
		return scenario.WriteJUnit(w, results)
	case s.json:
		return scenario.WriteJSON(w, results)
	}
	for _, r := range results {
		if err := scenario.WriteText(w, r, isTerminal(w)); err != nil {
			return err
		}
	}
	return nil
}
