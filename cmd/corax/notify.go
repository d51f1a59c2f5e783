package main

import (
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"corax"
)

func notifyCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "notify", Short: "Telling people: status, test, list, ack"}
	var contacts []string
	test := &cobra.Command{
		Use: "test", Short: "Send a page about nothing, by every way to everybody who is to be tested", Args: cobra.NoArgs,
		Example: "  corax notify test --contact ada",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var p corax.Page
			body := map[string]any{"by": operator(), "contacts": contacts}
			return ask(cmd, s, "POST", "/pages/test", body, &p, func() string {
				return fmt.Sprintf("%s: %d messages are on their way. See what becomes of them with: corax notify status", p.ID, len(p.Deliveries))
			})
		},
	}
	test.Flags().StringSliceVar(&contacts, "contact", nil, "only these contacts")
	var live bool
	list := &cobra.Command{
		Use: "list", Short: "List what people were told of", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return show(cmd, s, fmt.Sprintf("/pages?live=%t", live), func(pages []corax.Page) error {
				rows := make([][]string, len(pages))
				for n, p := range pages {
					rows[n] = []string{p.ID, string(p.State), p.AckedBy, clock(p.OpenedAt), deliveries(p), p.Title}
				}
				return table(cmd.OutOrStdout(), "Nobody was told of anything.", []string{"ID", "STATE", "BY", "SINCE", "MESSAGES", "ABOUT"}, rows)
			})
		},
	}
	list.Flags().BoolVar(&live, "live", false, "only what has not ended")
	c.AddCommand(test, list, &cobra.Command{
		Use: "status", Short: "Show how every way to every contact has served, and when it was tested", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return show(cmd, s, "/reach", func(reach []corax.Reach) error {
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
			var p corax.Page
			return ask(cmd, s, "POST", "/pages/"+url.PathEscape(args[0])+"/ack", map[string]string{"by": operator()}, &p, func() string {
				return p.AckedBy + " is on it: " + p.Title
			})
		},
	})
	return c
}

// ask does one call and prints its answer: as it came with --json, else in one sentence.
func ask[T any](cmd *cobra.Command, s *settings, method, path string, in any, out *T, text func() string) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	if err := c.call(cmd.Context(), method, path, in, out); err != nil {
		return err
	}
	if s.json {
		return printJSON(cmd.OutOrStdout(), out)
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), printable(text()))
	return err
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
