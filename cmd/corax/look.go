package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"corax"
	"corax/server"
	"corax/server/client"
	"corax/store"
)

func incidentCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "incident", Short: "Incidents: list, search, show, acknowledge, resolve", Aliases: []string{"incidents"}}
	var all bool
	var part paging
	list := &cobra.Command{
		Use: "list", Short: "List the live incidents", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return showList(cmd, s, &part, func(ctx context.Context, c *client.Client, limit int, cursor string) (client.Page[corax.Incident], error) {
				return c.ListIncidents(ctx, client.ListIncidentsParams{Live: !all, Limit: limit, Cursor: cursor})
			}, func(is []corax.Incident) error {
				rows := make([][]string, len(is))
				for n, i := range is {
					rows[n] = []string{i.ID, string(i.State), i.Severity.String(), i.Entity, strconv.Itoa(i.Signals), ago(i.OpenedAt), clip(i.Title, 70)}
				}
				return table(cmd.OutOrStdout(), "No incident is live.",
					[]string{"ID", "STATE", "SEVERITY", "ENTITY", "SIGNALS", "OPENED", "TITLE"}, rows)
			})
		},
	}
	list.Flags().BoolVar(&all, "all", false, "also those that have ended")
	part.flags(list)
	byHand := func(verb, short, said string, do func(c *client.Client, ctx context.Context, id string) error) *cobra.Command {
		return &cobra.Command{Use: verb + " ID", Short: short, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			return act(cmd, s, func(ctx context.Context, c *client.Client) error { return do(c, ctx, args[0]) }, said+" "+args[0]+".")
		}}
	}
	c.AddCommand(list, incidentSearch(s), &cobra.Command{
		Use: "show ID", Short: "Show an incident with its latest signals", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) (server.IncidentPage, error) {
				return c.GetIncident(ctx, args[0])
			}, func(i server.IncidentPage) error {
				w := cmd.OutOrStdout()
				_, _ = fmt.Fprintf(w, "%s  %s  %s\n%s\nentity %s, source %s, opened %s", i.ID, i.State, i.Severity, printable(i.Title),
					printable(i.Entity), printable(i.Source), clock(i.OpenedAt))
				if i.ResolvedAt != nil {
					_, _ = fmt.Fprintf(w, ", %s %s", i.Resolution, clock(*i.ResolvedAt))
				}
				_, _ = fmt.Fprintf(w, "\n\n")
				rows := make([][]string, len(i.Latest))
				for n, sig := range i.Latest {
					rows[n] = []string{clock(sig.At), string(sig.KindOr()), clip(sig.Message, 140)}
				}
				return table(w, "no signals", []string{"AT", "KIND", "MESSAGE"}, rows)
			})
		},
	}, byHand("ack", "Say that you are on it", "Acknowledged", func(c *client.Client, ctx context.Context, id string) error {
		return c.AcknowledgeIncident(ctx, id, client.AcknowledgeIncidentParams{By: operator()})
	}), byHand("resolve", "Say that it is over", "Resolved", func(c *client.Client, ctx context.Context, id string) error {
		return c.ResolveIncident(ctx, id, client.ResolveIncidentParams{By: operator()})
	}))
	return c
}

func problemCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "problem", Short: "Problems: list, search, show, comment, take-over, hand-back, escalate, similar, report, export, import", Aliases: []string{"problems"}}
	var all bool
	var part paging
	list := &cobra.Command{
		Use: "list", Short: "List the open problems", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return showList(cmd, s, &part, func(ctx context.Context, c *client.Client, limit int, cursor string) (client.Page[corax.Problem], error) {
				return c.ListProblems(ctx, client.ListProblemsParams{Open: !all, Limit: limit, Cursor: cursor})
			}, func(ps []corax.Problem) error {
				rows := make([][]string, len(ps))
				for n, p := range ps {
					d := p.Diagnosis
					rows[n] = []string{p.ID, string(p.State), d.Severity.String(), d.Pattern, d.RootCause.Entity, d.RootCause.Mechanism, ago(p.OpenedAt)}
				}
				return table(cmd.OutOrStdout(), "No problem is open.",
					[]string{"ID", "STATE", "SEVERITY", "PATTERN", "ROOT", "MECHANISM", "OPENED"}, rows)
			})
		},
	}
	list.Flags().BoolVar(&all, "all", false, "also those that have ended")
	part.flags(list)
	var reason string
	escalate := &cobra.Command{
		Use: "escalate ID", Short: "Tell people about a problem", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return act(cmd, s, func(ctx context.Context, c *client.Client) error {
				return c.EscalateProblem(ctx, args[0], client.EscalateProblemParams{By: operator(), Reason: reason})
			}, "Escalated "+args[0]+".")
		},
	}
	escalate.Flags().StringVar(&reason, "reason", "asked for by hand", "what people are told")
	c.AddCommand(list, &cobra.Command{
		Use: "show ID", Short: "Show a problem: cause, evidence, plan, timeline", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) (server.ProblemPage, error) {
				return c.GetProblem(ctx, args[0])
			},
				func(p server.ProblemPage) error { return printProblem(cmd.OutOrStdout(), p) })
		},
	}, escalate, problemSearch(s), problemComment(s), problemTakeOver(s), problemHandBack(s), problemSimilar(s), problemReport(s), problemExport(s), problemImport(s))
	return c
}

func silenceCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "silence", Short: "Silences and maintenance windows: add, list, end", Aliases: []string{"silences"}}
	var reason, from string
	var length time.Duration
	add := &cobra.Command{
		Use: "add KEY=VALUE...", Short: "Keep matching incidents from opening (measuring and resolving go on)", Args: cobra.MinimumNArgs(1),
		Example: "  corax silence add entity=payment --for 2h --reason 'database move'",
		RunE: func(cmd *cobra.Command, args []string) error {
			match := map[string]string{}
			for _, a := range args {
				k, v, ok := strings.Cut(a, "=")
				if !ok || k == "" {
					return corax.Errorf(corax.Invalid, "silence "+a, "expected KEY=VALUE, such as entity=payment")
				}
				match[k] = v
			}
			start := time.Now()
			if from != "" {
				var err error
				if start, err = time.Parse(time.RFC3339, from); err != nil {
					return corax.Errorf(corax.Invalid, "--from "+from, "expected a time such as 2026-03-30T02:00:00Z")
				}
			}
			p := client.CreateSilenceParams{Match: match, Owner: operator(), Reason: reason, StartsAt: &start, EndsAt: start.Add(length)}
			return tell(cmd, s, func(ctx context.Context, c *client.Client) (corax.Silence, error) { return c.CreateSilence(ctx, p) },
				func(corax.Silence) string { return "Silenced until " + clock(start.Add(length)) + "." })
		},
	}
	add.Flags().StringVar(&reason, "reason", "", "why (required)")
	add.Flags().DurationVar(&length, "for", time.Hour, "how long")
	add.Flags().StringVar(&from, "from", "", "start of a planned window; now where left out")
	_ = add.MarkFlagRequired("reason")
	var all bool
	list := wholeCommand(s, "list", "List silences that have not ended", columns[corax.Silence]{
		"Nothing is silenced.", []string{"ID", "MATCH", "OWNER", "FROM", "UNTIL", "REASON"},
		func(x corax.Silence) []string {
			return []string{x.ID, matchText(x.Match), x.Owner, clock(x.StartsAt), clock(x.EndsAt), x.Reason}
		}}, func(ctx context.Context, c *client.Client, _ []string) ([]corax.Silence, error) {
		return c.ListSilences(ctx, client.ListSilencesParams{All: all})
	})
	list.Flags().BoolVar(&all, "all", false, "also those that have ended")
	c.AddCommand(add, list, &cobra.Command{
		Use: "end ID", Short: "End a silence now", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return act(cmd, s, func(ctx context.Context, c *client.Client) error {
				return c.EndSilence(ctx, args[0], client.EndSilenceParams{By: operator()})
			}, "Ended "+args[0]+".")
		},
	})
	return c
}

// matchText writes what a silence matches as it was given.
func matchText(match map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(match)) {
		parts = append(parts, k+"="+match[k])
	}
	return strings.Join(parts, " ")
}

func stopCommand(s *settings) *cobra.Command {
	var entity, reason string
	var clear, list bool
	c := &cobra.Command{
		Use: "stop", Short: "The kill switch: no action runs until it is cleared", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case list:
				return show(cmd, s, func(ctx context.Context, c *client.Client) ([]store.Stop, error) { return c.ListStops(ctx) }, func(ss []store.Stop) error {
					rows := make([][]string, len(ss))
					for n, x := range ss {
						scope := x.Scope
						if scope == "" {
							scope = "everything"
						}
						rows[n] = []string{scope, x.By, clock(x.At), x.Reason}
					}
					return table(cmd.OutOrStdout(), "No kill switch is thrown.", []string{"SCOPE", "BY", "AT", "REASON"}, rows)
				})
			case clear:
				return act(cmd, s, func(ctx context.Context, c *client.Client) error {
					return c.ClearStop(ctx, client.ClearStopParams{Scope: entity, By: operator()})
				}, "Cleared: actions may run again.")
			}
			said := "Stopped: no action runs."
			if entity != "" {
				said = "Stopped: no action runs on " + entity + "."
			}
			return act(cmd, s, func(ctx context.Context, c *client.Client) error {
				return c.Stop(ctx, client.StopParams{Scope: entity, Reason: reason, By: operator()})
			}, said)
		},
	}
	c.Flags().StringVar(&entity, "entity", "", "only for this entity")
	c.Flags().StringVar(&reason, "reason", "by hand", "why")
	c.Flags().BoolVar(&clear, "clear", false, "let actions run again")
	c.Flags().BoolVar(&list, "list", false, "show which switches are thrown")
	return c
}

func backupCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Write a consistent copy of the store while Corax runs", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			return act(cmd, s, func(ctx context.Context, c *client.Client) error {
				return c.Backup(ctx, client.BackupParams{Path: path})
			}, "Wrote "+path+".")
		},
	}
}

// readInput opens a file, or standard input for "-".
func readInput(name string) (*os.File, error) {
	if name == "-" {
		return os.Stdin, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, corax.Errorf(corax.Invalid, "read "+name, "%w", err)
	}
	return f, nil
}
