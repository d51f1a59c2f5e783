package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"corax/access"
	"corax/server"
	"corax/server/client"
)

func userCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "user", Short: "Who may log in: list, invite, role, disable, enable, reset, withdraw"}
	var role string
	var scopes []string
	invite := &cobra.Command{
		Use: "invite NAME", Short: "Make a link by which somebody becomes a user, once", Args: cobra.ExactArgs(1),
		Example: "  corax user invite ada --role admin\n  corax user invite sam --role operator --scope team=shop,tier=1 --scope kind=database",
		RunE: func(cmd *cobra.Command, args []string) error {
			scope, err := access.ParseScope(scopes...)
			if err != nil {
				return err
			}
			return s.link(cmd, func(ctx context.Context, c *client.Client) (server.SetupLink, error) {
				return c.InviteUser(ctx, client.InviteUserParams{Name: args[0], Role: role, Scope: scope, By: operator()})
			})
		},
	}
	invite.Flags().StringVar(&role, "role", "viewer", "viewer, responder, operator or admin")
	invite.Flags().StringArrayVar(&scopes, "scope", nil, "only entities that one of these picks: team=shop,tier=1 or kind=service or id=login")
	var every bool
	change := &cobra.Command{
		Use: "role NAME [ROLE]", Short: "Give a user another role, or another scope, from their next request on", Args: cobra.RangeArgs(1, 2),
		Example: "  corax user role sam operator\n  corax user role sam --scope team=shop",
		RunE: func(cmd *cobra.Command, args []string) error {
			p := client.AlterUserParams{By: operator()}
			if len(args) == 2 {
				p.Role = args[1]
			}
			if every {
				p.Scope = &access.Scope{}
			} else if len(scopes) > 0 {
				scope, err := access.ParseScope(scopes...)
				if err != nil {
					return err
				}
				p.Scope = &scope
			}
			return s.alter(cmd, args[0], p)
		},
	}
	change.Flags().StringArrayVar(&scopes, "scope", nil, "only entities that one of these picks, instead of the scope so far")
	change.Flags().BoolVar(&every, "no-scope", false, "all entities")
	change.MarkFlagsMutuallyExclusive("scope", "no-scope")
	list := &cobra.Command{
		Use: "list", Short: "List users and those who are invited", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.listUsers(cmd) },
	}
	reset := &cobra.Command{
		Use: "reset NAME", Short: "Make a link by which a user sets a new password; it ends all their sessions and tokens", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.link(cmd, func(ctx context.Context, c *client.Client) (server.SetupLink, error) {
				return c.ResetUser(ctx, args[0], client.ResetUserParams{By: operator()})
			})
		},
	}
	withdraw := &cobra.Command{
		Use: "withdraw ID", Short: "End a link that nobody has followed yet", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.revoke(cmd, args[0], func(ctx context.Context, c *client.Client) error {
				return c.WithdrawInvite(ctx, args[0], client.WithdrawInviteParams{By: operator()})
			})
		},
	}
	c.AddCommand(list, invite, change, reset, withdraw)
	for _, off := range []bool{true, false} {
		word := map[bool]string{true: "disable", false: "enable"}[off]
		c.AddCommand(&cobra.Command{
			Use: word + " NAME", Args: cobra.ExactArgs(1),
			Short: map[bool]string{true: "Let a user in no more: sessions end, tokens are refused", false: "Let a disabled user in again"}[off],
			RunE: func(cmd *cobra.Command, args []string) error {
				return s.alter(cmd, args[0], client.AlterUserParams{Disabled: &off, By: operator()})
			},
		})
	}
	return c
}

// link asks for a link, and prints it.
func (s *settings) link(cmd *cobra.Command, ask func(context.Context, *client.Client) (server.SetupLink, error)) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	l, err := ask(cmd.Context(), c)
	if err != nil {
		return err
	}
	l.URL = cmp.Or(l.URL, strings.TrimRight(c.URL, "/")+l.Path)
	if s.json {
		return printJSON(cmd.OutOrStdout(), l)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "Send this to %s. It is good once, until %s:\n\n    %s\n", printable(l.Invite.Name), clock(l.Invite.EndsAt), l.URL)
	return err
}

func (s *settings) alter(cmd *cobra.Command, name string, p client.AlterUserParams) error {
	return tell(cmd, s, func(ctx context.Context, c *client.Client) (access.User, error) { return c.AlterUser(ctx, name, p) },
		func(u access.User) string { return fmt.Sprintf("%s: %s", u.Name, standing(u)) })
}

// standing is what a user may, in words.
func standing(u access.User) string {
	text := u.Role.String()
	if len(u.Scope) > 0 {
		text += ", only " + u.Scope.String()
	}
	if u.Disabled {
		text += ", disabled"
	}
	return text
}

func (s *settings) listUsers(cmd *cobra.Command) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	all := struct {
		Users   []access.User       `json:"users"`
		Invites []access.Credential `json:"invites"`
	}{}
	if all.Users, err = c.ListUsers(cmd.Context()); err != nil {
		return err
	}
	if all.Invites, err = c.ListInvites(cmd.Context()); err != nil {
		return err
	}
	if s.json {
		return printJSON(cmd.OutOrStdout(), all)
	}
	var rows [][]string
	for _, u := range all.Users {
		rows = append(rows, []string{u.Name, standing(u), when(u.LoginAt), ""})
	}
	for _, i := range all.Invites {
		what := "invited as " + i.Role.String()
		if i.Kind == access.KindReset {
			what = "may set a new password"
		}
		rows = append(rows, []string{i.Name, what + ", until " + clock(i.EndsAt), "", i.ID})
	}
	return table(cmd.OutOrStdout(), "There is no user yet. Invite the first with: corax user invite NAME --role admin", []string{"NAME", "MAY", "LAST LOGIN", "LINK"}, rows)
}

func tokenCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "token", Short: "Tokens of the API: create, list, revoke"}
	var user, role string
	var scopes []string
	var length time.Duration
	create := &cobra.Command{
		Use: "create WHAT-FOR", Short: "Make a token for a user; it is shown once", Args: cobra.ExactArgs(1),
		Long: "Make a token for a user, where Corax runs. People make their own on their page, and only those prove who they are: a token that was\n" +
			"made here acts with the user's name and rights, and never counts as the yes of a person where two are needed.",
		Example: "  corax token create deploy-pipeline --user ci --role responder --for 720h",
		RunE: func(cmd *cobra.Command, args []string) error {
			scope, err := access.ParseScope(scopes...)
			if err != nil {
				return err
			}
			if user == "" {
				user = operator()
			}
			return tell(cmd, s, func(ctx context.Context, c *client.Client) (server.Issued, error) {
				return c.MakeToken(ctx, client.MakeTokenParams{Name: args[0], User: user, Role: role, Scope: scope, Seconds: int(length.Seconds()), By: operator()})
			}, func(t server.Issued) string { return t.Value })
		},
	}
	create.Flags().StringVar(&user, "user", "", "whose it is (default: your own name)")
	create.Flags().StringVar(&role, "role", "viewer", "the most that it may do: viewer, responder, operator or admin")
	create.Flags().StringArrayVar(&scopes, "scope", nil, "only entities that one of these picks: team=shop,tier=1 or kind=service or id=login")
	create.Flags().DurationVar(&length, "for", 0, "how long it is good (default: the longest that is allowed)")
	c.AddCommand(create, s.listCredentials("tokens", func(ctx context.Context, c *client.Client, all bool) ([]access.Credential, error) {
		return c.ListTokens(ctx, client.ListTokensParams{All: all})
	}, "No token is good.", []string{"ID", "TOKEN", "FOR", "ROLE", "SCOPE", "BY", "LAST USE", "ENDS"},
		func(t access.Credential) []string {
			return []string{t.ID, t.Start + "…", t.Name, t.Role.String(), t.Scope.String(), t.By, when(t.SeenAt), clock(t.EndsAt)}
		}), s.revokeCommand(func(ctx context.Context, c *client.Client, id string) error {
		return c.RevokeToken(ctx, id, client.RevokeTokenParams{By: operator()})
	}))
	return c
}

func sessionCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "session", Short: "Who is logged in: list, revoke"}
	c.AddCommand(s.listCredentials("sessions", func(ctx context.Context, c *client.Client, all bool) ([]access.Credential, error) {
		return c.ListSessions(ctx, client.ListSessionsParams{All: all})
	}, "Nobody is logged in.", []string{"ID", "WHO", "ADDRESS", "DEVICE", "LAST SEEN", "ENDS"},
		func(t access.Credential) []string {
			return []string{t.ID, t.By, t.Address, clip(t.Name, 60), when(t.SeenAt), clock(t.EndsAt)}
		}), s.revokeCommand(func(ctx context.Context, c *client.Client, id string) error {
		return c.RevokeSession(ctx, id, client.RevokeSessionParams{By: operator()})
	}))
	return c
}

// listCredentials lists sessions or tokens: one's own, or everybody's where Corax runs.
func (s *settings) listCredentials(what string, ask func(context.Context, *client.Client, bool) ([]access.Credential, error), none string, heading []string,
	row func(access.Credential) []string) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use: "list", Short: "List " + what + " that are good: one's own; everybody's where Corax runs", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) ([]access.Credential, error) { return ask(ctx, c, all) },
				func(list []access.Credential) error {
					rows := make([][]string, len(list))
					for n, t := range list {
						rows[n] = row(t)
					}
					return table(cmd.OutOrStdout(), none, heading, rows)
				})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "everybody's, for admins")
	return c
}

func (s *settings) revokeCommand(end func(context.Context, *client.Client, string) error) *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "End one at once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.revoke(cmd, args[0], func(ctx context.Context, c *client.Client) error { return end(ctx, c, args[0]) })
		},
	}
}

func (s *settings) revoke(cmd *cobra.Command, id string, end func(context.Context, *client.Client) error) error {
	return act(cmd, s, end, id+" is good no more.")
}
