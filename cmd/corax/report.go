package main

import (
	"context"

	"github.com/spf13/cobra"

	"corax/server"
	"corax/server/client"
)

// problemReport prints a problem as a report for those who read about it afterwards.
func problemReport(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "report ID", Short: "Print a problem as a report in Markdown: a post-mortem", Args: cobra.ExactArgs(1),
		Long: "Writes what happened, why, what was done and what is left open, from what is on record. The page of the problem has the same\n" +
			"as a report of two pages, to print or to save as PDF.",
		Example: "  corax problem report prb-2f6c > outage.md",
		RunE: func(cmd *cobra.Command, args []string) error {
			if s.json { // the same before it is put into words
				return show(cmd, s, func(ctx context.Context, c *client.Client) (server.ProblemPage, error) {
					return c.GetProblem(ctx, args[0])
				},
					func(server.ProblemPage) error { return nil })
			}
			c, err := s.connect()
			if err != nil {
				return err
			}
			return c.ReportProblem(cmd.Context(), args[0], cmd.OutOrStdout())
		},
	}
}
