package main

import (
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"corax/access"
	"corax/server"
)

// forUser is what the API calls a user by.
func forUser(name string) string { return "/users/" + url.PathEscape(name) }

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
			return s.link(cmd, "/users", map[string]any{"name": args[0], "role": role, "scope": scope, "by": operator()})
		},
	}
	invite.Flags().StringVar(&role, "role", "viewer", "viewer, responder, operator or admin")
	invite.Flags().StringArrayVar(&scopes, "scope", nil, "only entities that one of these picks: team=shop,tier=1 or kind=service or id=login")
	var every bool
	change := &cobra.Command{
		Use: "role NAME [ROLE]", Short: "Give a user another role, or another scope, from their next request on", Args: cobra.RangeArgs(1, 2),
		Example: "  corax user role sam operator\n  corax user role sam --scope team=shop",
		RunE: func(cmd *cobra.Command, args []string) error {
			body := map[string]any{"by": operator()}
			if len(args) == 2 {
				body["role"] = args[1]
			}
			if every {
				body["scope"] = access.Scope{}
			} else if len(scopes) > 0 {
				scope, err := access.ParseScope(scopes...)
				if err != nil {
					return err
				}
				body["scope"] = scope
			}
			return s.alter(cmd, args[0], body)
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
			return s.link(cmd, forUser(args[0])+"/reset?by="+url.QueryEscape(operator()), nil)
		},
	}
	withdraw := &cobra.Command{
		Use: "withdraw ID", Short: "End a link that nobody has followed yet", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.revoke(cmd, "/invites/", args[0])
		},
	}
	c.AddCommand(list, invite, change, reset, withdraw)
	for _, off := range []bool{true, false} {
		word := map[bool]string{true: "disable", false: "enable"}[off]
		c.AddCommand(&cobra.Command{
			Use: word + " NAME", Args: cobra.ExactArgs(1),
			Short: map[bool]string{true: "Let a user in no more: sessions end, tokens are refused", false: "Let a disabled user in again"}[off],
			RunE: func(cmd *cobra.Command, args []string) error {
				return s.alter(cmd, args[0], map[string]any{"disabled": off, "by": operator()})
			},
		})
	}
	return c
}

// link asks for a link, and prints it.
func (s *settings) link(cmd *cobra.Command, path string, body any) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	var l server.SetupLink
	if err := c.call(cmd.Context(), "POST", path, body, &l); err != nil {
		return err
	}
	if l.URL == "" {
		l.URL = c.url + l.Path
	}
	if s.json {
		return printJSON(cmd.OutOrStdout(), l)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "Send this to %s. It is good once, until %s:\n\n    %s\n", printable(l.Invite.Name), clock(l.Invite.EndsAt), l.URL)
	return err
}

func (s *settings) alter(cmd *cobra.Command, name string, body any) error {
	var u access.User
	return ask(cmd, s, "PATCH", forUser(name), body, &u, func() string { return fmt.Sprintf("%s: %s", u.Name, standing(u)) })
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
	if err := c.call(cmd.Context(), "GET", "/users", nil, &all.Users); err != nil {
		return err
	}
	if err := c.call(cmd.Context(), "GET", "/invites", nil, &all.Invites); err != nil {
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
			var t server.Issued
			body := map[string]any{"name": args[0], "user": user, "role": role, "scope": scope, "by": operator()}
			if length > 0 {
				body["seconds"] = int(length.Seconds())
			}
			return ask(cmd, s, "POST", "/tokens", body, &t, func() string { return t.Value })
		},
	}
	create.Flags().StringVar(&user, "user", "", "whose it is (default: your own name)")
	create.Flags().StringVar(&role, "role", "viewer", "the most that it may do: viewer, responder, operator or admin")
	create.Flags().StringArrayVar(&scopes, "scope", nil, "only entities that one of these picks: team=shop,tier=1 or kind=service or id=login")
	create.Flags().DurationVar(&length, "for", 0, "how long it is good (default: the longest that is allowed)")
	c.AddCommand(create, s.listCredentials("tokens", "No token is good.", []string{"ID", "TOKEN", "FOR", "ROLE", "SCOPE", "BY", "LAST USE", "ENDS"},
		func(t access.Credential) []string {
			return []string{t.ID, t.Start + "…", t.Name, t.Role.String(), t.Scope.String(), t.By, when(t.SeenAt), clock(t.EndsAt)}
		}), s.revokeCommand("tokens"))
	return c
}

func sessionCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "session", Short: "Who is logged in: list, revoke"}
	c.AddCommand(s.listCredentials("sessions", "Nobody is logged in.", []string{"ID", "WHO", "ADDRESS", "DEVICE", "LAST SEEN", "ENDS"},
		func(t access.Credential) []string {
			return []string{t.ID, t.By, t.Address, clip(t.Name, 60), when(t.SeenAt), clock(t.EndsAt)}
		}), s.revokeCommand("sessions"))
	return c
}

// listCredentials lists sessions or tokens: one's own, or everybody's where Corax runs.
func (s *settings) listCredentials(what, none string, heading []string, row func(access.Credential) []string) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use: "list", Short: "List " + what + " that are good: one's own; everybody's where Corax runs", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return show(cmd, s, fmt.Sprintf("/%s?all=%t", what, all), func(list []access.Credential) error {
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

func (s *settings) revokeCommand(what string) *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "End one at once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.revoke(cmd, "/"+what+"/", args[0]) },
	}
}

func (s *settings) revoke(cmd *cobra.Command, under, id string) error {
	var out map[string]any
	return ask(cmd, s, "DELETE", under+url.PathEscape(id)+"?by="+url.QueryEscape(operator()), nil, &out, func() string { return id + " is good no more." })
}
