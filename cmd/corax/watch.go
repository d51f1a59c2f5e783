package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"corax"
	"corax/server/client"
)

// watchAgain is how long a broken connection is left alone.
const watchAgain = time.Second

func watchCommand(s *settings) *cobra.Command {
	var about client.ListEventsParams
	var past int
	c := &cobra.Command{
		Use: "watch", Short: "Print what happens as it happens, a line each, until interrupted", Args: cobra.NoArgs,
		Long:    "It goes on where it was when the connection breaks or Corax starts again: nothing is missed, and nothing comes twice.",
		Example: "  corax watch\n  corax watch --problem prb-0123456789abcdef --past 1000\n  corax watch --json | jq .kind",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := s.connect()
			if err != nil {
				return err
			}
			return watch(cmd.Context(), cl, about, past, func(e corax.Event) error {
				if s.json {
					return printJSONLine(cmd.OutOrStdout(), e)
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s  %-22s %s\n", clock(e.At), e.Kind, printable(eventLine(e)))
				return err
			})
		},
	}
	c.Flags().StringVar(&about.Problem, "problem", "", "only what is about this problem and its incidents")
	c.Flags().StringVar(&about.Incident, "incident", "", "only what is about this incident")
	c.Flags().StringVar(&about.Plan, "plan", "", "only what is about this plan")
	c.Flags().IntVar(&past, "past", 10, "begin with so many that have happened already")
	return c
}

// watch prints the latest events, then each as it comes.
func watch(ctx context.Context, c *client.Client, about client.ListEventsParams, past int, print func(corax.Event) error) error {
	about.Limit, about.Order = max(1, min(past, most)), "newest"
	latest, err := c.ListEvents(ctx, about)
	if err != nil {
		return err
	}
	slices.Reverse(latest.Items)
	if n := len(latest.Items); n > 0 {
		about.After = latest.Items[n-1].ID
	}
	if past > 0 {
		for _, e := range latest.Items {
			if err := print(e); err != nil {
				return err
			}
		}
	}
	about.Limit, about.Order = most, "oldest"
	return c.Watch(ctx, []string{"timeline"}, watchAgain, func([]string) error {
		events, err := client.All(0, func(cursor string) (client.Page[corax.Event], error) {
			p := about
			p.Cursor = cursor
			return c.ListEvents(ctx, p)
		})
		if corax.CodeOf(err) == corax.Unavailable {
			return nil // it is asked for again when the connection is back
		}
		for _, e := range events {
			if err := print(e); err != nil {
				return err
			}
			about.After = e.ID
		}
		return err
	})
}

// eventLine is an event in one line: what it is about, and what it says.
func eventLine(e corax.Event) string {
	for _, about := range []string{e.Problem, e.Incident, e.Plan, e.Entity} {
		if about != "" {
			return about + "  " + e.Text
		}
	}
	return e.Text
}
