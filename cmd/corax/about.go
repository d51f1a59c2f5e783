package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"corax"
	"corax/access"
	"corax/health"
	"corax/lookup"
	"corax/server"
	"corax/server/client"
)

func healthCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "health", Short: "How Corax itself is, and what to do about it (exit 1 where it is not well)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ill := false
			err := show(cmd, s, func(ctx context.Context, c *client.Client) (health.Report, error) {
				r, err := c.GetHealth(ctx)
				ill = r.State == health.Ill
				return r, err
			}, func(r health.Report) error {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %s (version %s)\n\n", r.State, printable(r.Text), r.Version)
				rows := make([][]string, len(r.Checks))
				for n, x := range r.Checks {
					rows[n] = []string{x.Name, string(x.State), x.Value, strings.TrimSpace(x.Text + " " + x.Do)}
				}
				return table(cmd.OutOrStdout(), "Nothing was measured.", []string{"WHAT", "STATE", "MEASURED", "MEANS"}, rows)
			})
			if err == nil && ill {
				return exit{code: exitFailed}
			}
			return err
		},
	}
}

func settingsCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "settings", Short: "The configuration in force: show, credentials, contacts, routes, operators, reload"}
	var section string
	list := &cobra.Command{
		Use: "show [WORD...]", Short: "Print the values in force, and where each was written; credentials are references", Args: cobra.ArbitraryArgs,
		Example: "  corax settings show --section monitors\n  corax settings show retention",
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) (server.Settings, error) {
				return c.ListSettings(ctx, client.ListSettingsParams{Section: section, Q: strings.Join(args, " ")})
			}, func(all server.Settings) error {
				for _, w := range all.Warnings {
					fmt.Fprintf(cmd.ErrOrStderr(), "warning: %s\n", printable(w.Error()))
				}
				rows := make([][]string, len(all.Items))
				for n, x := range all.Items {
					rows[n] = []string{x.Path, clip(x.Text, 100), x.From}
				}
				return table(cmd.OutOrStdout(), "Nothing is set, or nothing like that.", []string{"PATH", "VALUE", "FROM"}, rows)
			})
		},
	}
	list.Flags().StringVar(&section, "section", "", "only this section, such as monitors")
	c.AddCommand(list, wholeCommand(s, "credentials", "List credentials, where they are used, and when last; never their values", columns[lookup.Reference]{
		"No credential is kept or named.", []string{"REFERENCE", "IN THE VAULT", "NAMED BY", "LAST USE"},
		func(r lookup.Reference) []string {
			row := []string{r.Ref, "-", "", "-"}
			if r.Entry != nil {
				row[1] = fmt.Sprintf("version %d of %s", r.Entry.Version, clock(r.Entry.UpdatedAt))
			}
			where := make([]string, len(r.Where))
			for n, x := range r.Where {
				where[n] = x.Path
			}
			row[2] = clip(strings.Join(where, ", "), 80)
			if r.Used != nil {
				row[3] = clock(r.Used.At)
			}
			return row
		}}, func(ctx context.Context, c *client.Client, _ []string) ([]lookup.Reference, error) {
		return c.ListCredentials(ctx)
	}),
		wholeCommand(s, "contacts", "List who can be told, and by which ways", columns[server.Contact]{
			"Nobody is told.", []string{"CONTACT", "TITLE", "HOURS", "WAYS"},
			func(x server.Contact) []string {
				ways := make([]string, len(x.Ways))
				for n, w := range x.Ways {
					ways[n] = strings.TrimSpace(w.Channel + " " + w.To)
				}
				return []string{x.Name, x.Title, strings.Join(x.Hours, ", "), strings.Join(ways, ", ")}
			}}, func(ctx context.Context, c *client.Client, _ []string) ([]server.Contact, error) {
			return c.ListContacts(ctx)
		}),
		wholeCommand(s, "routes", "List who is told of which problems", columns[server.Route]{
			"Nobody is told.", []string{"ROUTE", "WHERE", "FROM", "WHEN", "STEPS"},
			func(x server.Route) []string {
				steps := make([]string, len(x.Steps))
				for n, t := range x.Steps {
					steps[n] = strings.Join(t.Contacts, " and ")
					if len(t.Channels) > 0 {
						steps[n] += " by " + strings.Join(t.Channels, " or ")
					}
				}
				return []string{x.Name, cmp.Or(access.Scope{x.Match}.String(), "all"), cmp.Or(x.AtLeast, "any"), x.On, strings.Join(steps, ", then ")}
			}}, func(ctx context.Context, c *client.Client, _ []string) ([]server.Route, error) {
			return c.ListRoutes(ctx)
		}),
		wholeCommand(s, "operators", "List the operators that the configuration names", columns[corax.Operator]{
			"None.", []string{"NAME", "REACHED AS"}, func(o corax.Operator) []string { return []string{o.Name, o.Contact} },
		}, func(ctx context.Context, c *client.Client, _ []string) ([]corax.Operator, error) {
			return c.ListOperators(ctx)
		}),
		&cobra.Command{
			Use: "reload", Short: "Read the configuration again, and put it in force", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return act(cmd, s, func(ctx context.Context, c *client.Client) error { return c.Reload(ctx) }, "The configuration was read again, and is in force.")
			},
		})
	return c
}

// waysIn says how somebody is known.
var waysIn = map[corax.Via]string{
	corax.ViaLocal: "the data directory, which proves no person", corax.ViaToken: "a token of their own", corax.ViaSession: "password",
	corax.ViaIssued: "a token that somebody else made, which proves no person",
}

func whoamiCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "whoami", Short: "Say by whom Corax takes your calls, and what you may", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return tell(cmd, s, func(ctx context.Context, c *client.Client) (server.Whoami, error) { return c.Whoami(ctx) }, func(w server.Whoami) string {
				text := fmt.Sprintf("%s, %s, by %s", w.Name, w.Role, cmp.Or(waysIn[w.Via], string(w.Via)))
				for _, x := range w.Scopes {
					text += ", only " + x.String()
				}
				return text
			})
		},
	}
}

func eventCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "event", Short: "What happened: list", Aliases: []string{"events"}}
	var p client.ListEventsParams
	var oldest bool
	list := pagedCommand(s, "list", "List what happened, the latest first; watch prints it as it happens", columns[corax.Event]{
		"Nothing happened, or nothing like that.", []string{"AT", "WHAT", "ABOUT", "TEXT"},
		func(e corax.Event) []string {
			return []string{clock(e.At), string(e.Kind), strings.Join(strings.Fields(e.Problem+" "+e.Incident+" "+e.Plan), " "), clip(e.Text, 140)}
		}}, func(ctx context.Context, c *client.Client, _ []string, limit int, cursor string) (client.Page[corax.Event], error) {
		q := p
		q.Limit, q.Cursor = limit, cursor
		if q.Order = "newest"; oldest {
			q.Order = "oldest"
		}
		return c.ListEvents(ctx, q)
	})
	f := list.Flags()
	f.StringVar(&p.Problem, "problem", "", "only those of this problem and its incidents")
	f.StringVar(&p.Incident, "incident", "", "only those of this incident")
	f.StringVar(&p.Plan, "plan", "", "only those of this plan")
	f.BoolVar(&oldest, "oldest", false, "the oldest first")
	c.AddCommand(list)
	return c
}
