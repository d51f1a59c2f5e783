package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"corax"
	"corax/server/client"
)

func planCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "plan", Short: "Plans: list, show, pause, resume, cancel, undo, dry-run, replay", Aliases: []string{"plans"}}
	var all bool
	var part paging
	list := &cobra.Command{
		Use: "list", Short: "List the plans that have not ended", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return showList(cmd, s, &part, func(ctx context.Context, c *client.Client, limit int, cursor string) (client.Page[corax.PlanRun], error) {
				return c.ListPlans(ctx, client.ListPlansParams{Live: !all, Limit: limit, Cursor: cursor})
			}, func(runs []corax.PlanRun) error {
				rows := make([][]string, len(runs))
				for n, r := range runs {
					rows[n] = []string{r.Plan.ID, string(r.State), string(r.Plan.Mode), r.Plan.Problem, ago(r.StartedAt), progress(r), clip(r.Why, 70)}
				}
				return table(cmd.OutOrStdout(), "No plan is at work.", []string{"ID", "STATE", "MODE", "PROBLEM", "STARTED", "STEPS", "WHY"}, rows)
			})
		},
	}
	list.Flags().BoolVar(&all, "all", false, "also those that have ended")
	part.flags(list)
	byHand := func(verb, short, long, said string, do func(c *client.Client, ctx context.Context, id string, p client.PausePlanParams) error) *cobra.Command {
		var reason string
		c := &cobra.Command{Use: verb + " ID", Short: short, Long: long, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			return act(cmd, s, func(ctx context.Context, c *client.Client) error {
				return do(c, ctx, args[0], client.PausePlanParams{By: operator(), Reason: reason})
			}, said)
		}}
		c.Flags().StringVar(&reason, "reason", "", "why; it goes on record")
		return c
	}
	c.AddCommand(list, &cobra.Command{
		Use: "show ID", Short: "Show a plan and what became of each step", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) (corax.PlanRun, error) { return c.GetPlan(ctx, args[0]) }, func(r corax.PlanRun) error {
				out := &strings.Builder{}
				printRun(out, r)
				_, err := io.WriteString(cmd.OutOrStdout(), out.String())
				return err
			})
		},
	},
		byHand("pause", "Begin no further effect until the plan is resumed", "An effect that is under way is finished and verified. Waits, readings and approvals go on.", "Paused.", (*client.Client).PausePlan),
		byHand("resume", "Let a paused plan go on", "", "Resumed.",
			func(c *client.Client, ctx context.Context, id string, p client.PausePlanParams) error {
				return c.ResumePlan(ctx, id, client.ResumePlanParams(p))
			}),
		byHand("cancel", "End a plan; what it has done stays", "An effect that is under way is finished and verified. `corax plan undo` takes back what was done.", "Cancelled.",
			func(c *client.Client, ctx context.Context, id string, p client.PausePlanParams) error {
				return c.CancelPlan(ctx, id, client.CancelPlanParams(p))
			}),
		byHand("undo", "End a plan and take back what it has done",
			"A workflow of its own carries out the inverses, the latest step first, each with its own pre-check and verification.\n"+
				"One that would break something is refused, and what lies before it stays. Follow it with `corax plan show ID`.", "It is being undone.",
			func(c *client.Client, ctx context.Context, id string, p client.PausePlanParams) error {
				return c.UndoPlan(ctx, id, client.UndoPlanParams(p))
			}),
		&cobra.Command{
			Use: "dry-run ID", Short: "Say what each step would come to now; changes nothing", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return show(cmd, s, func(ctx context.Context, c *client.Client) ([]corax.Rehearsal, error) {
					return c.RehearsePlan(ctx, args[0])
				}, func(list []corax.Rehearsal) error {
					w := cmd.OutOrStdout()
					for _, r := range list {
						fmt.Fprintf(w, "%-4s %-10s %s on %s: %s\n", r.Step, r.Finding, r.Action, printable(r.Target), printable(r.Text))
						for _, c := range r.Prechecks {
							fmt.Fprintf(w, "     %-7s %s\n", "check", printable(clip(checkLine(c), 200)))
						}
						for _, l := range [][2]string{{"policy", policyLine(r)}, {"effect", r.Effect},
							{"verify", strings.Join(r.Verify, "; ")}, {"undo", r.Undo}} {
							if l[1] != "" {
								fmt.Fprintf(w, "     %-7s %s\n", l[0], printable(clip(l[1], 200)))
							}
						}
					}
					return nil
				})
			},
		}, &cobra.Command{
			Use: "replay ID", Short: "Hold the decisions on record against today's policy (exit 1 where one differs)", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				differs := false
				err := show(cmd, s, func(ctx context.Context, c *client.Client) ([]corax.Replayed, error) {
					list, err := c.ReplayPlan(ctx, args[0])
					differs = slices.ContainsFunc(list, func(r corax.Replayed) bool { return !r.Same })
					return list, err
				}, func(list []corax.Replayed) error {
					rows := make([][]string, len(list))
					for n, r := range list {
						same := "same"
						if !r.Same {
							same = "DIFFERS"
						}
						rows[n] = []string{r.Step, string(r.Was), r.WasRule, string(r.Now), r.NowRule, same}
					}
					return table(cmd.OutOrStdout(), "The plan has made no decision.", []string{"STEP", "WAS", "BY RULE", "IS", "BY RULE", ""}, rows)
				})
				if err == nil && differs {
					return exit{code: exitFailed}
				}
				return err
			},
		})
	return c
}

// progress is how many of a plan's steps are behind it.
func progress(r corax.PlanRun) string {
	done := 0
	for _, s := range r.Steps {
		if s.State == corax.StepDone || s.State == corax.StepNotNeeded {
			done++
		}
	}
	return fmt.Sprintf("%d of %d", done, len(r.Plan.Steps))
}

// printRun writes a plan's run: its state, what people asked of it, and each step.
func printRun(out *strings.Builder, r corax.PlanRun) {
	line := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	line("Plan %s: %s, %s. %s", r.Plan.ID, r.Plan.Mode, r.State, printable(r.Plan.Why))
	if r.Why != "" {
		line("  %s", printable(r.Why))
	}
	asked := func(what string, i *corax.Intervention) {
		if i != nil {
			line("  %s by %s at %s: %s", what, printable(i.By), clock(i.At), printable(i.Reason))
		}
	}
	asked("paused", r.Hold)
	asked("cancelled", r.Cancel)
	if u := r.Undo; u != nil {
		asked("undo asked", &u.Intervention)
		line("  undo %s. %s", u.State, printable(u.Why))
	}
	states := map[string]corax.StepRun{}
	for _, s := range r.Steps {
		states[s.Step] = s
	}
	for _, step := range r.Plan.Steps {
		s := states[step.ID]
		do := step.Do
		if do == "" {
			do = step.Action + " on " + step.Target
		}
		line("  %-4s %-10s %s", step.ID, s.State, printable(do))
		for _, note := range []string{s.Precheck, s.Result, s.Verified} {
			if note != "" {
				line("       %s", printable(clip(note, 200)))
			}
		}
	}
}

// checkLine is a pre-check, and what stands against it.
func checkLine(c corax.Precheck) string {
	if c.Holds {
		return "holds: " + c.That
	}
	return "fails: " + c.That + ": " + c.Why
}

// policyLine is what the policy says to a step, and by which rule; empty where it was not asked.
func policyLine(r corax.Rehearsal) string {
	if r.Verdict == "" {
		return ""
	}
	return strings.TrimSuffix(string(r.Verdict)+" by rule "+r.Rule+": "+r.Why, ": ")
}
