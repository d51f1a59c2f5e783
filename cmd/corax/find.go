package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"corax"
	"corax/lookup"
	"corax/lookup/aftermath"
	"corax/lookup/precedent"
	"corax/server/client"
	"corax/store"
	ties "corax/topology/learn"
)

// signalQuery are the flags of what looks for signals.
type signalQuery struct {
	span
	p client.SearchSignalsParams
}

func (q *signalQuery) flags(c *cobra.Command) {
	q.span.flags(c)
	f := c.Flags()
	f.StringVar(&q.p.Entity, "entity", "", "only those about this entity")
	f.StringVar(&q.p.Source, "source", "", "only those from this source, such as monitor/shop")
	f.StringSliceVar(&q.p.Severity, "severity", nil, "only those of one of these severities")
	f.StringSliceVar(&q.p.Label, "label", nil, "only those that have these labels: name=value")
}

// params are those of a page; words are what the text must hold.
func (q *signalQuery) params(words []string, limit int, cursor string) (p client.SearchSignalsParams, err error) {
	p = q.p
	p.Text, p.Limit, p.Cursor = strings.Join(words, " "), limit, cursor
	p.Since, p.Until, err = q.times()
	return p, err
}

func signalCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "signal", Short: "Signals: search, facets, templates", Aliases: []string{"signals"}}
	var q signalQuery
	search := pagedCommand(s, "search [WORD...]", "Find signals by words and filters, the latest first", columns[store.FoundSignal]{
		"No signal is found.", []string{"AT", "KIND", "SEVERITY", "ENTITY", "SOURCE", "MESSAGE"},
		func(g store.FoundSignal) []string {
			return []string{clock(g.At), string(g.KindOr()), g.Severity.String(), g.Entity, g.Source, clip(g.Message, 120)}
		}}, func(ctx context.Context, c *client.Client, words []string, limit int, cursor string) (client.Page[store.FoundSignal], error) {
		p, err := q.params(words, limit, cursor)
		if err != nil {
			return client.Page[store.FoundSignal]{}, err
		}
		found, err := c.SearchSignals(ctx, p)
		return found.List, err
	})
	q.flags(search)
	search.Flags().StringSliceVar(&q.p.Kind, "kind", nil, "only these kinds: symptom, recovery, expiry, change, note")
	search.Flags().Int64Var(&q.p.Template, "template", 0, "only those of this template")
	search.Example = "  corax signal search connection refused --since 2h --entity shop"
	var days int
	facets := &cobra.Command{
		Use: "facets", Short: "Count the signals of some days by entity, kind, severity and source", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) (store.SignalFacets, error) {
				return c.SignalFacets(ctx, client.SignalFacetsParams{Days: days})
			}, func(f store.SignalFacets) error {
				var rows [][]string
				for _, l := range []struct {
					by   string
					list []store.Facet
				}{{"entity", f.Entities}, {"kind", f.Kinds}, {"severity", f.Severities}, {"source", f.Sources}} {
					for _, v := range l.list {
						rows = append(rows, []string{l.by, v.Value, strconv.FormatInt(v.Count, 10)})
					}
				}
				return table(cmd.OutOrStdout(), "There was no signal.", []string{"BY", "VALUE", "SIGNALS"}, rows)
			})
		},
	}
	facets.Flags().IntVar(&days, "days", 7, "of so many days, today included")
	var when span
	templates := wholeCommand(s, "templates [WORD...]", "List the families of messages, the most frequent first", columns[store.Template]{
		"There is no template.", []string{"ID", "SIGNALS", "LAST", "TEMPLATE"},
		func(t store.Template) []string {
			return []string{strconv.FormatInt(t.ID, 10), strconv.FormatInt(t.Count, 10), ago(t.LastAt), clip(t.Text, 140)}
		}}, func(ctx context.Context, c *client.Client, words []string) ([]store.Template, error) {
		since, until, err := when.times()
		if err != nil {
			return nil, err
		}
		found, err := c.ListTemplates(ctx, client.ListTemplatesParams{Text: strings.Join(words, " "), Since: since, Until: until})
		return found.Items, err
	})
	when.flags(templates)
	c.AddCommand(search, facets, templates)
	return c
}

func changeCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "change", Short: "Changes, and what followed them: list", Aliases: []string{"changes"}}
	var q signalQuery
	var window time.Duration
	list := pagedCommand(s, "list [WORD...]", "List changes, the latest first, with the incidents that opened after them nearby", columns[aftermath.Change]{
		"No change is on record.", []string{"AT", "ENTITY", "SOURCE", "CHANGE", "FOLLOWED BY"},
		func(x aftermath.Change) []string {
			after := make([]string, len(x.Followed))
			for n, f := range x.Followed {
				after[n] = f.Entity + " +" + f.After.Round(time.Second).String()
			}
			return []string{clock(x.Signal.At), x.Signal.Entity, x.Signal.Source, clip(x.Signal.Message, 90), clip(strings.Join(after, ", "), 90)}
		}}, func(ctx context.Context, c *client.Client, words []string, limit int, cursor string) (client.Page[aftermath.Change], error) {
		p, err := q.params(words, limit, cursor)
		if err != nil {
			return client.Page[aftermath.Change]{}, err
		}
		found, err := c.ListChanges(ctx, client.ListChangesParams{Limit: p.Limit, Cursor: p.Cursor, Since: p.Since, Until: p.Until, Text: p.Text, Entity: p.Entity,
			Source: p.Source, Severity: p.Severity, Label: p.Label, Window: int(window.Seconds())})
		return found.List, err
	})
	q.flags(list)
	list.Flags().DurationVar(&window, "window", time.Hour, "how long after a change an incident follows it")
	c.AddCommand(list)
	return c
}

// incidentSearch looks for incidents, whether they have ended or not.
func incidentSearch(s *settings) *cobra.Command {
	var p client.SearchIncidentsParams
	var when span
	c := pagedCommand(s, "search [WORD...]", "Find incidents by words and filters, newest first", columns[corax.Incident]{
		"No incident is found.", []string{"ID", "STATE", "SEVERITY", "ENTITY", "OPENED", "TITLE"},
		func(i corax.Incident) []string {
			return []string{i.ID, string(i.State), i.Severity.String(), i.Entity, clock(i.OpenedAt), clip(i.Title, 80)}
		}}, func(ctx context.Context, c *client.Client, words []string, limit int, cursor string) (_ client.Page[corax.Incident], err error) {
		q := p
		q.Text, q.Limit, q.Cursor = strings.Join(words, " "), limit, cursor
		if q.Since, q.Until, err = when.times(); err != nil {
			return client.Page[corax.Incident]{}, err
		}
		return c.SearchIncidents(ctx, q)
	})
	when.flags(c)
	f := c.Flags()
	f.StringSliceVar(&p.State, "state", nil, "only those in one of these states")
	f.BoolVar(&p.Live, "live", false, "only those that have not ended")
	f.StringSliceVar(&p.Severity, "severity", nil, "only those of one of these severities")
	f.StringVar(&p.Entity, "entity", "", "only those of this entity")
	f.StringVar(&p.Source, "source", "", "only those from this source")
	f.StringVar(&p.Problem, "problem", "", "only those of this problem")
	return c
}

// problemSearch looks for problems, whether they have ended or not.
func problemSearch(s *settings) *cobra.Command {
	var p client.SearchProblemsParams
	var when span
	c := pagedCommand(s, "search [WORD...]", "Find problems by words and filters, newest first", columns[store.ProblemBrief]{
		"No problem is found.", []string{"ID", "STATE", "SEVERITY", "ROOT", "MECHANISM", "OPENED", "SUMMARY"},
		func(b store.ProblemBrief) []string {
			return []string{b.ID, string(b.State), b.Severity.String(), b.Root, b.Mechanism, clock(b.OpenedAt), clip(b.Summary, 80)}
		}}, func(ctx context.Context, c *client.Client, words []string, limit int, cursor string) (_ client.Page[store.ProblemBrief], err error) {
		q := p
		q.Text, q.Limit, q.Cursor = strings.Join(words, " "), limit, cursor
		if q.Since, q.Until, err = when.times(); err != nil {
			return client.Page[store.ProblemBrief]{}, err
		}
		found, err := c.SearchProblems(ctx, q)
		return found.List, err
	})
	when.flags(c)
	f := c.Flags()
	f.StringSliceVar(&p.State, "state", nil, "only those in one of these states")
	f.BoolVar(&p.Open, "open", false, "only those that have not ended")
	f.StringSliceVar(&p.Severity, "severity", nil, "only those of one of these severities")
	f.StringVar(&p.Pattern, "pattern", "", "only those of this pattern")
	f.StringVar(&p.Mechanism, "mechanism", "", "only those of this mechanism")
	f.StringVar(&p.Root, "root", "", "only those whose root cause is this entity")
	f.StringVar(&p.Entity, "entity", "", "only those that this entity has a part in")
	return c
}

func problemSimilar(s *settings) *cobra.Command {
	var most int
	c := wholeCommand(s, "similar ID", "List the past problems that are most like one, and how they ended", columns[precedent.Precedent]{
		"No problem was like it.", []string{"ID", "LIKE", "WHAT IS THE SAME", "HOW IT ENDED"},
		func(x precedent.Precedent) []string {
			return []string{x.ID, fmt.Sprintf("%.0f %%", 100*x.Score), strings.Join(x.Why, ", "), clip(x.Text, 100)}
		}}, func(ctx context.Context, c *client.Client, args []string) ([]precedent.Precedent, error) {
		return c.SimilarProblems(ctx, args[0], client.SimilarProblemsParams{Limit: most})
	})
	c.Flags().IntVar(&most, "limit", 5, "print at most so many")
	return c
}

func topologyCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "topology", Short: "Who needs whom: entities, show, edges, learned"}
	var f client.ListEntitiesParams
	entities := wholeCommand(s, "entities [WORD]", "List the declared entities with how they fare, those in trouble first", columns[lookup.EntityLine]{
		"No entity is declared, or none is like that.", []string{"ENTITY", "KIND", "FARES", "LABELS"},
		func(e lookup.EntityLine) []string {
			return []string{e.ID, e.Kind, fares(e.Pulse), clip(matchText(e.Labels), 90)}
		}}, func(ctx context.Context, c *client.Client, args []string) ([]lookup.EntityLine, error) {
		q := f
		q.Text = strings.Join(args, " ")
		return c.ListEntities(ctx, q)
	})
	entities.Flags().StringVar(&f.Kind, "kind", "", "only those of this kind")
	entities.Flags().StringVar(&f.Label, "label", "", "only those that have this label: name=value")
	entities.Flags().BoolVar(&f.Trouble, "trouble", false, "only those that something is wrong with")
	c.AddCommand(entities, &cobra.Command{
		Use: "show ENTITY", Short: "Show all that is known of an entity: how it fares, whom it needs, what is on record", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) (lookup.EntityPage, error) {
				return c.GetEntity(ctx, args[0])
			},
				func(e lookup.EntityPage) error { return printEntity(cmd.OutOrStdout(), e) })
		},
	}, &cobra.Command{
		Use: "edges", Short: "List the edges that are declared", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) (corax.Topology, error) { return c.GetTopology(ctx) }, func(t corax.Topology) error {
				rows := make([][]string, len(t.Edges))
				for n, e := range t.Edges {
					rows[n] = []string{e.From, string(e.Kind), e.To}
				}
				return table(cmd.OutOrStdout(), "No edge is declared.", []string{"FROM", "", "TO"}, rows)
			})
		},
	}, wholeCommand(s, "learned", "List the edges that past outages speak for", columns[ties.Tie]{
		"Past outages speak for none.", []string{"FROM", "", "TO", "OUTAGES", "SHARE", ""},
		func(t ties.Tie) []string {
			return []string{t.From, string(t.Kind), t.To, fmt.Sprintf("%d of %d", t.Support, t.Of), fmt.Sprintf("%.0f %%", 100*t.Share), map[bool]string{true: "declared"}[t.Declared]}
		}}, func(ctx context.Context, c *client.Client, _ []string) ([]ties.Tie, error) {
		return c.LearnedTopology(ctx)
	}))
	return c
}

// fares says how an entity is.
func fares(p lookup.Pulse) string {
	switch {
	case p.Severity > corax.SeverityNone:
		return p.Severity.String()
	case p.Healthy:
		return "healthy"
	}
	return "not measured"
}

func printEntity(w io.Writer, e lookup.EntityPage) error {
	out := &strings.Builder{}
	line := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	line("%s  %s  %s", printable(e.ID), printable(e.Kind), fares(e.Pulse))
	if !e.Declared {
		line("Nobody has declared it; it is known from what was said about it.")
	}
	if len(e.Labels) > 0 {
		line("%s", printable(matchText(e.Labels)))
	}
	for _, l := range []struct {
		title string
		ties  []lookup.Relation
	}{{"Needs", e.Needs}, {"Needed by", e.Needed}, {"Fails together with", e.Together}} {
		if len(l.ties) > 0 {
			line("\n%s", l.title)
		}
		for _, t := range l.ties {
			note := ""
			if t.Learned {
				note = fmt.Sprintf(", learned from %d outages", t.Support)
			}
			line("  %s  %s%s  %s", printable(t.Other), t.Kind, note, fares(t.Pulse))
		}
	}
	section := func(title string, n int) {
		if n > 0 {
			line("\n%s", title)
		}
	}
	section("Problems", len(e.Problems))
	for _, p := range e.Problems {
		line("  %s  %s  %s  %s", p.ID, p.State, clock(p.OpenedAt), printable(clip(p.Summary, 120)))
	}
	section("Incidents", len(e.Incidents))
	for _, i := range e.Incidents {
		line("  %s  %s  %s  %s", i.ID, i.State, clock(i.OpenedAt), printable(clip(i.Title, 120)))
	}
	section("Monitors", len(e.Monitors))
	for _, m := range e.Monitors {
		line("  %s  %s  %s", printable(m.Monitor), m.State, printable(clip(m.Message, 120)))
	}
	for _, l := range []struct {
		title   string
		signals []corax.Signal
	}{{"Changes", e.Changes}, {"Latest signals", e.Signals}} {
		section(l.title, len(l.signals))
		for _, g := range l.signals {
			line("  %s  %s  %s", clock(g.At), printable(g.Source), printable(clip(g.Message, 120)))
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}
