package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"corax"
	"corax/server"
	"corax/server/client"
)

func handsCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "hands", Short: "Work orders for people on site: list, show, sites, accept, start, done, cannot, cancel"}
	var live bool
	var part paging
	list := &cobra.Command{
		Use: "list", Short: "List work orders", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return showList(cmd, s, &part, func(ctx context.Context, c *client.Client, limit int, cursor string) (client.Page[corax.WorkOrder], error) {
				return c.ListWorkOrders(ctx, client.ListWorkOrdersParams{Live: live, Limit: limit, Cursor: cursor})
			}, func(orders []corax.WorkOrder) error {
				rows := make([][]string, len(orders))
				for n, o := range orders {
					rows[n] = []string{o.ID, string(o.State), o.Place.Entity, o.Site, o.By, clock(o.MadeAt), clip(o.Why, 80)}
				}
				return table(cmd.OutOrStdout(), "There are no work orders.", []string{"ID", "STATE", "ENTITY", "SITE", "BY", "MADE", "WHY"}, rows)
			})
		},
	}
	list.Flags().BoolVar(&live, "live", false, "only those that have not ended")
	part.flags(list)
	c.AddCommand(list, wholeCommand(s, "sites", "List the sites with people, and what stands there", columns[server.Site]{
		"No site is configured.", []string{"SITE", "TITLE", "ADDRESS", "ASKED", "STANDS THERE"},
		func(x server.Site) []string {
			var asked, there []string
			for _, r := range x.Ladder {
				asked = append(asked, r.Contact)
			}
			for _, p := range x.Places {
				there = append(there, p.Entity)
			}
			return []string{x.Name, x.Title, x.Address, strings.Join(asked, ", "), clip(strings.Join(there, ", "), 80)}
		}}, func(ctx context.Context, c *client.Client, _ []string) ([]server.Site, error) {
		return c.ListSites(ctx)
	}), &cobra.Command{
		Use: "show ID", Short: "Show a work order with its log", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) (corax.WorkOrder, error) {
				return c.GetWorkOrder(ctx, args[0])
			},
				func(o corax.WorkOrder) error { return printOrder(cmd.OutOrStdout(), o) })
		},
	})
	for _, a := range []struct{ word, about, said string }{
		{"accept", "Say that you will do it", "has it"},
		{"start", "Say that you are at it", "is at it"},
		{"done", "Say that it is done; it counts once the monitors are green", "says that it is done"},
		{"cannot", "Say that you can't do it; others are asked", "can't"},
		{"cancel", "Say that nobody needs to do it", "has cancelled it"},
	} {
		var by, note string
		cmd := &cobra.Command{
			Use: a.word + " ID", Short: a.about, Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				if by == "" {
					by = operator()
				}
				return tell(cmd, s, func(ctx context.Context, c *client.Client) (corax.WorkOrder, error) {
					return answerWork(ctx, c, args[0], a.word, client.AcceptWorkOrderParams{By: by, Note: note})
				}, func(o corax.WorkOrder) string { return fmt.Sprintf("%s %s. %s is %s.", by, a.said, o.ID, o.State) })
			},
		}
		cmd.Flags().StringVar(&by, "by", "", "for whom you answer; you where left out")
		cmd.Flags().StringVar(&note, "note", "", "what else there is to say")
		c.AddCommand(cmd)
	}
	return c
}

// answerWork answers a work order by a word of `corax hands`.
func answerWork(ctx context.Context, c *client.Client, id, word string, p client.AcceptWorkOrderParams) (corax.WorkOrder, error) {
	switch word {
	case "accept":
		return c.AcceptWorkOrder(ctx, id, p)
	case "start":
		return c.StartWorkOrder(ctx, id, client.StartWorkOrderParams(p))
	case "done":
		return c.DoneWorkOrder(ctx, id, client.DoneWorkOrderParams(p))
	case "cannot":
		return c.CannotWorkOrder(ctx, id, client.CannotWorkOrderParams(p))
	case "cancel":
		return c.CancelWorkOrder(ctx, id, client.CancelWorkOrderParams(p))
	}
	return corax.WorkOrder{}, corax.Errorf(corax.Invalid, "answer work order "+id, "%q is no answer", word)
}

// printOrder writes a work order for somebody who has to see to it.
func printOrder(w io.Writer, o corax.WorkOrder) error {
	out := &strings.Builder{}
	line := func(format string, args ...any) { fmt.Fprintln(out, printable(fmt.Sprintf(format, args...))) }
	line("%s  %s  %s", o.ID, strings.ToUpper(string(o.State)), o.Severity)
	line("%s", o.Why)
	p := o.Place
	line("")
	line("Where: %s, %s", p.Entity, p.Site)
	for _, part := range []struct{ word, text string }{{"room", p.Room}, {"rack", p.Rack}, {"unit", p.Unit}, {"marked", p.Marking}, {"note", p.Note}} {
		if part.text != "" {
			line("  %s: %s", part.word, part.text)
		}
	}
	line("What: %s", o.What)
	for n, s := range o.Steps {
		line("  %d. %s", n+1, s.Do)
	}
	for _, l := range o.Leave {
		line("  don't touch: %s", l)
	}
	line("Accept by %s.", clock(o.AcceptBy))
	if o.DoneBy != nil {
		line("%s has it, to be done by %s.", o.By, clock(*o.DoneBy))
	}
	line("")
	line("Log")
	for _, e := range o.Log {
		line("  %s  %-12s %s", clock(e.At), e.State, e.Text)
	}
	_, err := io.WriteString(w, out.String())
	return err
}
