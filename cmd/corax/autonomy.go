package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"corax"
	"corax/scenario"
	"corax/server"
	"corax/server/client"
)

func autonomyCommand(s *settings) *cobra.Command {
	c := &cobra.Command{
		Use: "autonomy", Short: "What actions have earned to do by themselves: list, outcomes, cap, uncap, learn",
		Long: "Each action has a level on each class of entities: observe, suggest, approve, auto. A new one starts at suggest. It rises with\n" +
			"verified successes, one level at a time, and falls at once after a failure. A policy's yes counts only as far as the level\n" +
			"goes, unless its rule grants another.",
	}
	list := &cobra.Command{
		Use: "list", Short: "List the levels, and what they rest on", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) ([]corax.Standing, error) { return c.ListAutonomy(ctx) }, func(all []corax.Standing) error {
				rows := make([][]string, len(all))
				for n, x := range all {
					rows[n] = []string{x.Action, x.Class, string(x.Level), fmt.Sprintf("%d/%d", x.Production.Verified, x.Production.Failed),
						fmt.Sprintf("%d/%d", x.Scenario.Verified, x.Scenario.Failed), clip(x.Why, 110)}
				}
				return table(cmd.OutOrStdout(), "No action is declared, and none was tried.",
					[]string{"ACTION", "CLASS", "LEVEL", "PRODUCTION", "SCENARIOS", "WHY"}, rows)
			})
		},
	}
	var reason string
	setCap := func(action, class string, level corax.Autonomy, said string, cmd *cobra.Command) error {
		return act(cmd, s, func(ctx context.Context, c *client.Client) error {
			return c.CapAutonomy(ctx, client.CapAutonomyParams{Action: action, Class: class, Level: level, By: operator(), Reason: reason})
		}, said)
	}
	limit := &cobra.Command{
		Use: "cap ACTION CLASS LEVEL", Short: "Hold an action at a level, however well it does", Args: cobra.ExactArgs(3),
		Example: "  corax autonomy cap process.restart database approve --reason 'audit'",
		RunE: func(cmd *cobra.Command, args []string) error {
			return setCap(args[0], args[1], corax.Autonomy(args[2]), "Held at "+args[2]+" at most.", cmd)
		},
	}
	uncap := &cobra.Command{
		Use: "uncap ACTION CLASS", Short: "Take a cap away", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return setCap(args[0], args[1], "", "The cap is off.", cmd)
		},
	}
	for _, sub := range []*cobra.Command{limit, uncap} {
		sub.Flags().StringVar(&reason, "reason", "", "why; it goes on record")
	}
	learn := &cobra.Command{
		Use: "learn RESULTS.json", Short: "Count the steps of scenario runs, from `corax scenario run --json` (operators only)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			outcomes, err := outcomesIn(args[0])
			if err != nil {
				return err
			}
			return tell(cmd, s, func(ctx context.Context, c *client.Client) (server.Learned, error) {
				return c.LearnOutcomes(ctx, client.LearnOutcomesParams{Outcomes: outcomes})
			}, func(server.Learned) string { return fmt.Sprintf("Learned from %d outcomes.", len(outcomes)) })
		},
	}
	c.AddCommand(list, outcomesCommand(s), limit, uncap, learn)
	return c
}

// outcomesIn reads the steps of scenario results: one JSON object after the other, or lists of them.
func outcomesIn(file string) ([]corax.Outcome, error) {
	in, err := readInput(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var out []corax.Outcome
	d := json.NewDecoder(in)
	for {
		var raw json.RawMessage
		if err := d.Decode(&raw); err == io.EOF {
			return out, nil
		} else if err != nil {
			return nil, corax.Errorf(corax.Invalid, "read "+file, "not JSON at byte %d: %w", d.InputOffset(), err)
		}
		var results []scenario.Result
		if json.Unmarshal(raw, &results) != nil {
			var one scenario.Result
			if err := json.Unmarshal(raw, &one); err != nil {
				return nil, corax.Errorf(corax.Invalid, "read "+file, "not a result of `corax scenario run --json`: %w", err)
			}
			results = []scenario.Result{one}
		}
		for _, r := range results {
			out = append(out, r.Outcomes...)
		}
	}
}
