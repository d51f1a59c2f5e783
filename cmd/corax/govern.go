package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"corax"
	"corax/server"
	"corax/server/client"
)

func decisionCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "decision", Short: "What the policy decided, and why: list, show", Aliases: []string{"decisions"}}
	var p client.ListDecisionsParams
	var verdict string
	var when span
	list := pagedCommand(s, "list", "List decisions, the latest first", columns[corax.Decision]{
		"Nothing was decided, or nothing like that.", []string{"ID", "AT", "VERDICT", "ACTION", "ON", "RULE", "WHY"},
		func(d corax.Decision) []string {
			action, entity, _ := d.About()
			return []string{d.ID, clock(d.At), string(d.Verdict), action, entity, d.Rule, clip(d.Why, 80)}
		}}, func(ctx context.Context, c *client.Client, _ []string, limit int, cursor string) (_ client.Page[corax.Decision], err error) {
		q := p
		q.Verdict, q.Limit, q.Cursor = corax.Verdict(verdict), limit, cursor
		if q.Since, q.Until, err = when.times(); err != nil {
			return client.Page[corax.Decision]{}, err
		}
		return c.ListDecisions(ctx, q)
	})
	when.flags(list)
	f := list.Flags()
	f.StringVar(&verdict, "verdict", "", "only these: allow, ask or deny")
	f.StringVar(&p.Action, "action", "", "only those about this action")
	f.StringVar(&p.Entity, "entity", "", "only those about this entity, or an action that may change it")
	f.StringVar(&p.Rule, "rule", "", "only those by this rule; default where none matched")
	f.StringVar(&p.Problem, "problem", "", "only those about this problem")
	f.StringVar(&p.Plan, "plan", "", "only those about this plan")
	list.Example = "  corax decision list --verdict deny --since 24h"
	c.AddCommand(list, &cobra.Command{
		Use: "show ID", Short: "Show a decision, and all that its rule saw", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) (corax.Decision, error) {
				return c.GetDecision(ctx, args[0])
			},
				func(d corax.Decision) error { return printDecision(cmd.OutOrStdout(), d) })
		},
	})
	return c
}

func printDecision(w io.Writer, d corax.Decision) error {
	action, entity, problem := d.About()
	out := &strings.Builder{}
	fmt.Fprintf(out, "%s  %s  %s by rule %s\n%s on %s, problem %s, plan %s step %s\n%s\n", d.ID, clock(d.At), d.Verdict, printable(d.Rule),
		printable(action), printable(entity), printable(problem), d.Plan, printable(d.Step), printable(d.Why))
	for _, part := range slices.Sorted(maps.Keys(d.Input)) {
		fmt.Fprintf(out, "\n%s\n", printable(part))
		facts, ok := d.Input[part].(map[string]any)
		if !ok {
			facts = map[string]any{"": d.Input[part]}
		}
		for _, name := range slices.Sorted(maps.Keys(facts)) {
			fmt.Fprintf(out, "  %-14s %s\n", printable(name), printable(clip(fmt.Sprint(facts[name]), 160)))
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func actionCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "action", Short: "What Corax can do: list, show", Aliases: []string{"actions"}}
	c.AddCommand(wholeCommand(s, "list", "List the actions that are declared", columns[corax.Action]{
		"No action is declared.", []string{"ACTION", "RISK", "FOR", "TITLE"},
		func(a corax.Action) []string {
			return []string{a.Name, string(a.Risk), strings.Join(slices.Concat(a.AppliesTo.Kinds, a.AppliesTo.IDs), " "), a.Title}
		}}, func(ctx context.Context, c *client.Client, _ []string) ([]corax.Action, error) {
		return c.ListActions(ctx)
	}),
		&cobra.Command{
			Use: "show NAME", Short: "Show an action as it is written, and what it has earned", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return show(cmd, s, func(ctx context.Context, c *client.Client) (server.ActionPage, error) {
					return c.GetAction(ctx, args[0])
				},
					func(a server.ActionPage) error { return printAction(cmd.OutOrStdout(), a) })
			},
		})
	return c
}

func printAction(w io.Writer, a server.ActionPage) error {
	out := &strings.Builder{}
	fmt.Fprintf(out, "%s  %s  %s\n", printable(a.Name), a.Risk, printable(a.Title))
	if !a.Declared {
		fmt.Fprintln(out, "It is not declared any more.")
	}
	for _, x := range a.Standings {
		fmt.Fprintf(out, "\non a %s: %s. %s\n  in production %d verified, %d failed; in scenarios %d verified, %d failed\n", printable(x.Class), x.Level, printable(x.Why),
			x.Production.Verified, x.Production.Failed, x.Scenario.Verified, x.Scenario.Failed)
	}
	if a.Source != nil {
		fmt.Fprintf(out, "\n%s:%d\n", printable(a.Source.File), a.Source.Line)
		for l := range strings.Lines(a.Source.YAML) {
			fmt.Fprintf(out, "  %s\n", printable(strings.TrimRight(l, "\n")))
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func policyShow(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Print the rules in force, and how often each decided lately", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) (server.PolicyPage, error) { return c.GetPolicy(ctx) }, func(p server.PolicyPage) error {
				rows := make([][]string, 0, len(p.Rules)+1)
				for _, r := range p.Rules {
					rows = append(rows, []string{r.Name, string(r.Then), decided(r.Decided), clip(r.When, 110)})
				}
				rows = append(rows, []string{"default", string(corax.Deny), decided(p.Default), "no rule matches"})
				return table(cmd.OutOrStdout(), "", []string{"RULE", "THEN", "DECIDED", "WHEN"}, rows)
			})
		},
	}
}

func decided(by map[corax.Verdict]int) string {
	n := 0
	for _, of := range by {
		n += of
	}
	return fmt.Sprint(n)
}

// policyTry asks a running Corax; policy test needs none.
func policyTry(s *settings) *cobra.Command {
	var past int
	var cases string
	c := &cobra.Command{
		Use: "try RULES.yaml", Short: "Ask a running Corax what other rules would say, beside those in force (exit 1 where one is not as expected)", Args: cobra.ExactArgs(1),
		Long: "Sends rules as they stand under policy: in a configuration, and tries them on the latest decisions and on made-up cases. Nothing of\n" +
			"them is put in force. Cases are written as for `corax policy test`, which needs no running Corax.",
		Example: "  corax policy try rules.yaml --past 1000\n  cat rules.yaml | corax policy try - --cases cases.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := readInput(args[0])
			if err != nil {
				return err
			}
			defer in.Close()
			text, err := io.ReadAll(in)
			if err != nil {
				return corax.Errorf(corax.Invalid, "read "+args[0], "%w", err)
			}
			made, err := readCases(cases)
			if err != nil {
				return err
			}
			remote, err := s.connect()
			if err != nil {
				return err
			}
			tried, err := remote.TryPolicy(cmd.Context(), client.TryPolicyParams{Policy: string(text), Past: past, Cases: made})
			if err != nil {
				return err
			}
			return printTried(cmd, s, tried, true)
		},
	}
	c.Flags().IntVar(&past, "past", 200, "try them on so many of the latest decisions")
	c.Flags().StringVar(&cases, "cases", "", "file of made-up cases")
	return c
}

func outcomesCommand(s *settings) *cobra.Command {
	var p client.ListOutcomesParams
	var ground string
	c := pagedCommand(s, "outcomes [ACTION]", "List how actions ended, the latest first; list has the counts", columns[corax.Outcome]{
		"No action ran, or none like that.", []string{"AT", "ACTION", "ON", "CLASS", "GROUND", "ENDED", "PLAN", "WHY"},
		func(o corax.Outcome) []string {
			return []string{clock(o.At), o.Action, o.Entity, o.Class, string(o.Ground), map[bool]string{true: "verified", false: "failed"}[o.Verified], o.Plan, clip(o.Why, 80)}
		}}, func(ctx context.Context, c *client.Client, args []string, limit int, cursor string) (client.Page[corax.Outcome], error) {
		q := p
		q.Action, q.Ground, q.Limit, q.Cursor = strings.Join(args, ""), corax.Ground(ground), limit, cursor
		return c.ListOutcomes(ctx, q)
	})
	f := c.Flags()
	f.StringVar(&p.Class, "class", "", "only on entities of this kind")
	f.StringVar(&p.Entity, "entity", "", "only on this entity")
	f.StringVar(&ground, "ground", "", "only those in production, or in a scenario")
	f.BoolVar(&p.Failed, "failed", false, "only those that did not succeed")
	return c
}
