package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"corax/lookup/postmortem"
)

// problemReport prints a problem as a report for those who read about it afterwards.
func problemReport(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "report ID", Short: "Print a problem as a report in Markdown: a post-mortem", Args: cobra.ExactArgs(1),
		Long: "Writes what happened, why, what was done and what is left open, from what is on record. The page of the problem has the same\n" +
			"as a report of two pages, to print or to save as PDF.",
		Example: "  corax problem report prb-2f6c > outage.md",
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := s.problem(cmd, args[0])
			if err != nil {
				return err
			}
			if s.json {
				return printJSON(cmd.OutOrStdout(), p)
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), postmortem.Markdown(postmortem.Outage{
				Problem: p.Problem, Run: p.Run, Decisions: p.Decisions, Events: p.Events,
			}))
			return err
		},
	}
}
