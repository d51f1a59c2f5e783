package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"corax/scenario"
	"corax/scenario/gallery"
	"corax/scenario/history"
)

// results is where results are kept: the directories given, or that of the data directory.
func (s *settings) results(dirs []string) *history.History {
	if len(dirs) == 0 {
		dirs = []string{filepath.Join(s.dataDir, history.Dir)}
	}
	return history.Open(dirs...)
}

// keep adds results to those that are kept. Where nobody has asked for it, it is no failure of the run that there is no room.
func keep(cmd *cobra.Command, s *settings, dir string, results []scenario.Result) error {
	var dirs []string
	if dir != "" {
		dirs = []string{dir}
	}
	h := s.results(dirs)
	for _, r := range results {
		if err := h.Add(r); err != nil {
			if dir != "" {
				return err
			}
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "The result is not kept: %v\n", err)
			return nil
		}
	}
	return nil
}

func scenarioHistory(s *settings) *cobra.Command {
	var dirs []string
	c := &cobra.Command{
		Use: "history [CATEGORY|NAME]", Short: "List the runs that are kept, newest first", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			runs, broken := s.results(dirs).Runs()
			list := make([]history.Run, 0, len(runs))
			for i := len(runs) - 1; i >= 0; i-- {
				if r := runs[i]; len(args) == 0 || args[0] == r.Category || args[0] == r.Name || args[0] == r.Scenario() {
					list = append(list, r)
				}
			}
			var err error
			if s.json {
				err = printJSON(cmd.OutOrStdout(), list)
			} else {
				rows := make([][]string, len(list))
				for n, r := range list {
					rows[n] = []string{r.Started.Local().Format(time.DateTime), string(r.Verdict), r.Scenario(), fmt.Sprintf("%d/%d", r.Passing, r.Checks), r.ID}
				}
				err = table(cmd.OutOrStdout(), "No run is kept. `corax scenario run` keeps each.", []string{"STARTED", "VERDICT", "SCENARIO", "CHECKS", "RUN"}, rows)
			}
			if err != nil {
				return err
			}
			return unusable(cmd, broken)
		},
	}
	resultsFlag(c, &dirs)
	return c
}

func resultsFlag(c *cobra.Command, dirs *[]string) {
	c.Flags().StringSliceVar(dirs, "results", nil, "directories of results (default: results in the data directory)")
}

func scenarioCompare(s *settings) *cobra.Command {
	var dirs []string
	c := &cobra.Command{
		Use: "compare RUN RUN", Short: "Say what came out otherwise in the second run", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			h := s.results(dirs)
			before, err := h.Result(args[0])
			if err != nil {
				return err
			}
			after, err := h.Result(args[1])
			if err != nil {
				return err
			}
			c := history.Compare(before, after)
			if s.json {
				return printJSON(cmd.OutOrStdout(), c)
			}
			var rows [][]string
			for _, d := range c.Differences {
				rows = append(rows, []string{d.Area + " " + d.What, orDash(d.Before), orDash(d.After), string(d.Turn)})
			}
			if err := table(cmd.OutOrStdout(), "Nothing came out otherwise.", []string{"WHAT", "BEFORE", "AFTER", "TURN"}, rows); err != nil {
				return err
			}
			rows = nil
			for _, t := range c.Times {
				rows = append(rows, []string{t.What, inSeconds(t.Before), inSeconds(t.After)})
			}
			_, _ = fmt.Fprintln(cmd.OutOrStdout())
			return table(cmd.OutOrStdout(), "No times.", []string{"TIME", "BEFORE", "AFTER"}, rows)
		},
	}
	resultsFlag(c, &dirs)
	return c
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func inSeconds(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f s", *v)
}

func scenarioPublish(s *settings) *cobra.Command {
	var dirs []string
	var site gallery.Site
	c := &cobra.Command{
		Use: "publish DIR", Short: "Write the kept results as a static site for anyone to read", Args: cobra.ExactArgs(1),
		Long: "Writes a gallery of the latest runs, a page a scenario and a run, feeds, and the results as JSON beside the pages. The site needs\n" +
			"no script and no server. Files in DIR that this did not write stay as they are.",
		Example: "  corax scenario publish public --base-url https://example.org/corax\n  corax scenario publish public --results nightly --results weekly",
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := gallery.Publish(args[0], s.results(dirs), site)
			if err != nil {
				return err
			}
			if s.json {
				err = printJSON(cmd.OutOrStdout(), map[string]any{"dir": args[0], "files": p.Files, "removed": p.Removed})
			} else {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "Wrote %d files; the site begins at %s.\n", p.Files, filepath.Join(args[0], "index.html"))
				if site.Base == "" {
					_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "Without --base-url the feeds have relative addresses, and there is no sitemap.")
				}
			}
			if err != nil {
				return err
			}
			return unusable(cmd, p.Unusable)
		},
	}
	resultsFlag(c, &dirs)
	c.Flags().StringVar(&site.Base, "base-url", "", "where the site will be, for feeds and the sitemap")
	c.Flags().StringVar(&site.Title, "title", "Corax scenarios", "name of the site")
	return c
}
