package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"corax"
	"corax/server/client"
)

func notifyCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "notify", Short: "Telling people: status, test, list, show, ack"}
	var contacts []string
	test := &cobra.Command{
		Use: "test", Short: "Send a page about nothing, by every way to everybody who is to be tested", Args: cobra.NoArgs,
		Example: "  corax notify test --contact ada",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return tell(cmd, s, func(ctx context.Context, c *client.Client) (corax.Page, error) {
				return c.TestPages(ctx, client.TestPagesParams{By: operator(), Contacts: contacts})
			}, func(p corax.Page) string {
				return fmt.Sprintf("%s: %d messages are on their way. See what becomes of them with: corax notify status", p.ID, len(p.Deliveries))
			})
		},
	}
	test.Flags().StringSliceVar(&contacts, "contact", nil, "only these contacts")
	var live bool
	var part paging
	list := &cobra.Command{
		Use: "list", Short: "List what people were told of", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return showList(cmd, s, &part, func(ctx context.Context, c *client.Client, limit int, cursor string) (client.Page[corax.Page], error) {
				return c.ListPages(ctx, client.ListPagesParams{Live: live, Limit: limit, Cursor: cursor})
			}, func(pages []corax.Page) error {
				rows := make([][]string, len(pages))
				for n, p := range pages {
					rows[n] = []string{p.ID, string(p.State), p.AckedBy, clock(p.OpenedAt), deliveries(p), p.Title}
				}
				return table(cmd.OutOrStdout(), "Nobody was told of anything.", []string{"ID", "STATE", "BY", "SINCE", "MESSAGES", "ABOUT"}, rows)
			})
		},
	}
	list.Flags().BoolVar(&live, "live", false, "only what has not ended")
	part.flags(list)
	c.AddCommand(test, list, &cobra.Command{
		Use: "show ID", Short: "Show what people were told, and what became of each message", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) (corax.Page, error) { return c.GetPage(ctx, args[0]) }, func(p corax.Page) error {
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %s  %s  %s\n%s\n\n", p.ID, p.State, clock(p.OpenedAt), printable(p.AckedBy), printable(p.Title))
				rows := make([][]string, len(p.Deliveries))
				for n, d := range p.Deliveries {
					rows[n] = []string{d.Contact, d.Channel, string(d.State), clip(d.Error, 100)}
				}
				return table(cmd.OutOrStdout(), "Nobody was told.", []string{"CONTACT", "CHANNEL", "STATE", "WHY"}, rows)
			})
		},
	}, &cobra.Command{
		Use: "status", Short: "Show how every way to every contact has served, and when it was tested", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) ([]corax.Reach, error) { return c.Reach(ctx) }, func(reach []corax.Reach) error {
				rows := make([][]string, len(reach))
				for n, r := range reach {
					rows[n] = []string{r.Contact, r.Channel, r.To, when(r.TestedAt), when(r.AckedAt), when(r.SentAt), when(r.FailedAt), clip(r.Error, 80)}
				}
				return table(cmd.OutOrStdout(), "Nobody can be told: no contact is configured.",
					[]string{"CONTACT", "CHANNEL", "TO", "TESTED", "CONFIRMED", "SENT", "FAILED", "WHY"}, rows)
			})
		},
	}, &cobra.Command{
		Use: "ack ID", Short: "Say that you are on it, so that nobody else is woken", Args: cobra.ExactArgs(1),
		Example: "  corax notify ack prb-0123456789abcdef    # a problem's id will do",
		RunE: func(cmd *cobra.Command, args []string) error {
			return tell(cmd, s, func(ctx context.Context, c *client.Client) (corax.Page, error) {
				return c.AcknowledgePage(ctx, args[0], client.AcknowledgePageParams{By: operator()})
			}, func(p corax.Page) string { return p.AckedBy + " is on it: " + p.Title })
		},
	})
	return c
}

func when(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return clock(*t)
}

// deliveries counts a page's messages by what became of them.
func deliveries(p corax.Page) string {
	count := map[corax.DeliveryState]int{}
	for _, d := range p.Deliveries {
		count[d.State]++
	}
	return fmt.Sprintf("%d sent, %d to come, %d failed", count[corax.DeliverySent], count[corax.DeliveryPending], count[corax.DeliveryFailed])
}
