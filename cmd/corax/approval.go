package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"corax"
	"corax/server/client"
)

func approvalCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "approval", Short: "Approvals that wait for you: list, show, allow, deny", Aliases: []string{"approvals"}}
	var all bool
	var part paging
	list := &cobra.Command{
		Use: "list", Short: "List what waits for a yes or a no", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return showList(cmd, s, &part, func(ctx context.Context, c *client.Client, limit int, cursor string) (client.Page[corax.ApprovalRequest], error) {
				return c.ListApprovals(ctx, client.ListApprovalsParams{All: all, Limit: limit, Cursor: cursor})
			}, func(as []corax.ApprovalRequest) error {
				rows := make([][]string, len(as))
				for n, a := range as {
					rows[n] = []string{a.ID, a.Action, a.Target, standingOf(a), clip(a.Why, 80)}
				}
				return table(cmd.OutOrStdout(), "Nothing waits for an approval.", []string{"ID", "ACTION", "TARGET", "STANDS", "WHY"}, rows)
			})
		},
	}
	list.Flags().BoolVar(&all, "all", false, "also those that are decided")
	part.flags(list)
	c.AddCommand(list, &cobra.Command{
		Use: "show ID", Short: "Show a request: what would be done, what was found, how it is undone", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) (corax.ApprovalRequest, error) {
				return c.GetApproval(ctx, args[0])
			},
				func(a corax.ApprovalRequest) error { return printApproval(cmd, a) })
		},
	}, answerCommand(s, "allow", "Say yes"), answerCommand(s, "deny", "Say no"))
	return c
}

func answerCommand(s *settings, verb, short string) *cobra.Command {
	return &cobra.Command{
		Use: verb + " ID", Short: short, Args: cobra.ExactArgs(1),
		Long: "What can't be undone needs the yes of two different operators, each with a token of their own in CORAX_TOKEN.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return tell(cmd, s, func(ctx context.Context, c *client.Client) (corax.ApprovalRequest, error) {
				return c.AnswerApproval(ctx, args[0], client.AnswerApprovalParams{Verdict: verb, By: operator()})
			}, func(a corax.ApprovalRequest) string {
				return map[corax.Verdict]string{corax.Allow: "Allowed.", corax.Deny: "Denied.", "": "Noted: it waits for the yes of another operator."}[a.Answer]
			})
		},
	}
}

// standingOf says in a few words how far a request is.
func standingOf(a corax.ApprovalRequest) string {
	switch {
	case a.Answer != "":
		return string(a.Answer) + " by " + a.By
	case time.Now().After(a.ExpiresAt):
		return "expired"
	}
	left := "expires in " + time.Until(a.ExpiresAt).Round(time.Second).String()
	if a.Needs > 1 {
		left += fmt.Sprintf(", %d of %d yes", len(a.Consents), a.Needs)
	}
	return left
}

func printApproval(cmd *cobra.Command, a corax.ApprovalRequest) error {
	out := &strings.Builder{}
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(out, "%-9s %s\n", label, printable(text))
		}
	}
	line("request", a.ID+", "+standingOf(a))
	line("why", a.Why)
	line("do", a.Action+" on "+a.Target+" ("+string(a.Risk)+")")
	line("problem", a.Problem)
	line("plan", a.Plan+", step "+a.Step)
	if r := a.Context; r != nil {
		line("found", r.Text)
		line("effect", clip(r.Effect, 400))
		line("verify", strings.Join(r.Verify, "; "))
		line("undo", r.Undo)
	}
	for _, c := range a.Consents {
		line("yes", c.Name+" ("+string(c.Via)+") at "+clock(c.At))
	}
	if a.BreakGlass != "" {
		line("emergency", a.BreakGlass+": fewer people are asked than the risk calls for")
	}
	_, err := fmt.Fprint(cmd.OutOrStdout(), out.String())
	return err
}

func breakGlassCommand(s *settings) *cobra.Command {
	var entity, reason string
	var length time.Duration
	var list, all bool
	c := &cobra.Command{
		Use: "break-glass", Short: "Declare an emergency: ask where the policy denies, one operator where two are needed", Args: cobra.NoArgs,
		Long: "Only an operator with a token of their own (in CORAX_TOKEN) can declare one. It is told to people at once, stands on record with\n" +
			"every decision that was made under it, and ends by itself. It never lifts a kill switch, and nothing runs without a yes.",
		Example: "  corax break-glass --entity db-1 --for 15m --reason 'ticket 4711: storage lost'\n  corax break-glass --list\n  corax break-glass end ID",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if list || all {
				return show(cmd, s, func(ctx context.Context, c *client.Client) ([]corax.BreakGlass, error) {
					return c.ListBreakGlass(ctx, client.ListBreakGlassParams{All: all})
				}, func(bs []corax.BreakGlass) error {
					rows := make([][]string, len(bs))
					for n, b := range bs {
						scope, until := b.Scope, b.ExpiresAt
						if scope == "" {
							scope = "everything"
						}
						if b.EndedAt != nil {
							until = *b.EndedAt
						}
						rows[n] = []string{b.ID, scope, b.By, clock(b.At), clock(until), b.Reason}
					}
					return table(cmd.OutOrStdout(), "No emergency is in force.", []string{"ID", "SCOPE", "BY", "FROM", "UNTIL", "REASON"}, rows)
				})
			}
			if reason == "" {
				return corax.Errorf(corax.Invalid, "declare an emergency", "say why, with --reason")
			}
			return tell(cmd, s, func(ctx context.Context, c *client.Client) (corax.BreakGlass, error) {
				return c.BreakGlass(ctx, client.BreakGlassParams{Scope: entity, Reason: reason, Seconds: int(length.Seconds())})
			}, func(b corax.BreakGlass) string {
				return "Emergency declared until " + clock(b.ExpiresAt) + ". Everything done under it is on record."
			})
		},
	}
	c.Flags().StringVar(&entity, "entity", "", "only for this entity; everything where left out")
	c.Flags().StringVar(&reason, "reason", "", "why (required)")
	c.Flags().DurationVar(&length, "for", 15*time.Minute, "how long, at most 24h")
	c.Flags().BoolVar(&list, "list", false, "show the emergencies in force")
	c.Flags().BoolVar(&all, "all", false, "show those that have ended, too")
	c.AddCommand(&cobra.Command{
		Use: "end ID", Short: "End an emergency now", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return act(cmd, s, func(ctx context.Context, c *client.Client) error {
				return c.EndBreakGlass(ctx, args[0], client.EndBreakGlassParams{By: operator()})
			}, "Ended.")
		},
	})
	return c
}
