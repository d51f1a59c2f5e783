package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"corax"
	"corax/server/client"
)

// What people do about a problem beside its plan.

func problemComment(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "comment ID TEXT...", Short: "Say something in the timeline of a problem", Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return tell(cmd, s, func(ctx context.Context, c *client.Client) (corax.Event, error) {
				return c.CommentProblem(ctx, args[0], client.CommentProblemParams{By: operator(), Text: strings.Join(args[1:], " ")})
			}, func(corax.Event) string { return "It is in the timeline." })
		},
	}
}

func problemTakeOver(s *settings) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "take-over ID", Short: "Say that you have a problem: its plan is paused, and nobody else is woken", Args: cobra.ExactArgs(1),
		Long: "An effect that is under way is finished and verified; no other begins. `corax problem hand-back ID` lets the plan go on.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return act(cmd, s, func(ctx context.Context, c *client.Client) error {
				return c.TakeOverProblem(ctx, args[0], client.TakeOverProblemParams{By: operator(), Reason: reason})
			}, "It is yours. Its plan waits until somebody hands it back.")
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why; it goes on record")
	return c
}

func problemHandBack(s *settings) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "hand-back ID", Short: "Let Corax go on with a problem that was taken over: its plan is resumed", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return act(cmd, s, func(ctx context.Context, c *client.Client) error {
				p, err := c.GetProblem(ctx, args[0])
				if err == nil && p.Plan == "" {
					err = corax.Errorf(corax.Conflict, "hand back "+args[0], "it has no plan that could go on")
				}
				if err != nil {
					return err
				}
				return c.ResumePlan(ctx, p.Plan, client.ResumePlanParams{By: operator(), Reason: reason})
			}, "Corax has it again.")
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why; it goes on record")
	return c
}
