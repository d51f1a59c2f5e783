package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"corax"
	"corax/server"
	"corax/server/client"
	"corax/store"
)

func monitorCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "monitor", Short: "Monitors: list, show, history, changes, test, config, add, edit, remove", Aliases: []string{"monitors"}}
	c.AddCommand(&cobra.Command{
		Use: "list", Short: "List the monitors with their last results", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) ([]corax.ProbeResult, error) { return c.ListMonitors(ctx) }, func(ms []corax.ProbeResult) error {
				rows := make([][]string, len(ms))
				for n, m := range ms {
					rows[n] = []string{m.Monitor, string(m.State), m.Entity, m.Latency.Round(time.Millisecond).String(), ago(m.At), clip(m.Message, 80)}
				}
				return table(cmd.OutOrStdout(), "No monitor is configured.", []string{"MONITOR", "STATE", "ENTITY", "LATENCY", "RAN", "RESULT"}, rows)
			})
		},
	}, &cobra.Command{
		Use: "test NAME", Short: "Run a monitor now and print what it saw (exit 1 where it is down)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := s.connect()
			if err != nil {
				return err
			}
			r, err := cl.RunMonitor(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if s.json {
				err = printJSON(cmd.OutOrStdout(), r)
			} else {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is %s after %s: %s\n", r.Monitor, r.State, r.Latency.Round(time.Millisecond), printable(r.Message))
			}
			if err == nil && r.State != corax.MonitorUp {
				return exit{code: exitFailed}
			}
			return err
		},
	}, monitorShow(s), monitorHistory(s), monitorChanges(s), monitorConfig(s), monitorAdd(s), monitorEdit(s), monitorRemove(s))
	return c
}

func monitorShow(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Print a monitor's last result", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return tell(cmd, s, func(ctx context.Context, c *client.Client) (corax.ProbeResult, error) {
				return c.GetMonitor(ctx, args[0])
			}, func(m corax.ProbeResult) string {
				return fmt.Sprintf("%s of %s is %s, %s after %s: %s", m.Monitor, m.Entity, m.State, ago(m.At), m.Latency.Round(time.Millisecond), m.Message)
			})
		},
	}
}

// monitorHistory tells of all monitors in a line each, and of one span by span.
func monitorHistory(s *settings) *cobra.Command {
	var back, step time.Duration
	c := &cobra.Command{
		Use: "history [NAME]", Short: "What the runs of the monitors, or of one, came to: how many failed, how long they took", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, heading := time.Now().Add(-back), []string{"RUNS", "FAILED", "UP", "P50", "P95"}
			row := func(what string, h store.History) []string {
				return []string{what, fmt.Sprint(h.Checks), fmt.Sprint(h.Failures), fmt.Sprintf("%.2f %%", 100*h.Up()), h.P50.Round(time.Millisecond).String(), h.P95.Round(time.Millisecond).String()}
			}
			if len(args) == 0 {
				return show(cmd, s, func(ctx context.Context, c *client.Client) ([]store.MonitorHistory, error) {
					return c.MonitorHistories(ctx, client.MonitorHistoriesParams{From: from, Step: int(max(step, back/200+time.Second).Seconds())})
				}, func(all []store.MonitorHistory) error {
					rows := make([][]string, len(all))
					for n, m := range all {
						rows[n] = row(m.Monitor, m.Total())
						rows[n] = rows[n][:4] // a total has no latencies: those of its spans are not added up
					}
					return table(cmd.OutOrStdout(), "No monitor ran.", append([]string{"MONITOR"}, heading[:3]...), rows)
				})
			}
			return show(cmd, s, func(ctx context.Context, c *client.Client) (store.MonitorHistory, error) {
				return c.MonitorHistory(ctx, args[0], client.MonitorHistoryParams{From: from, Step: int(step.Seconds())})
			}, func(m store.MonitorHistory) error {
				var rows [][]string
				for _, h := range m.Spans {
					if h.Checks > 0 {
						rows = append(rows, row(clock(h.At), h))
					}
				}
				return table(cmd.OutOrStdout(), "It did not run.", append([]string{"FROM"}, heading...), rows)
			})
		},
	}
	c.Flags().DurationVar(&back, "for", 24*time.Hour, "how far back")
	c.Flags().DurationVar(&step, "step", time.Hour, "how long a span is")
	return c
}

func monitorChanges(s *settings) *cobra.Command {
	return wholeCommand(s, "changes NAME", "List how the state of a monitor changed, the latest first", columns[store.MonitorChange]{
		"Its state never changed.", []string{"AT", "FROM", "TO", "SEEN"},
		func(x store.MonitorChange) []string {
			return []string{clock(x.At), string(x.From), string(x.To), clip(x.Message, 120)}
		}}, func(ctx context.Context, c *client.Client, args []string) ([]store.MonitorChange, error) {
		return c.MonitorChanges(ctx, args[0], client.MonitorChangesParams{})
	})
}

func monitorConfig(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "config NAME", Short: "Print a monitor as it is written in the configuration", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) (server.MonitorConfig, error) {
				return c.GetMonitorConfig(ctx, args[0])
			},
				func(m server.MonitorConfig) error {
					_, err := io.WriteString(cmd.OutOrStdout(), m.Text)
					return err
				})
		},
	}
}

// change are the flags of what writes a monitor.
type change struct {
	file string
	dry  bool
}

func (x *change) flags(c *cobra.Command) {
	c.Flags().StringVarP(&x.file, "file", "f", "-", "the monitor, as an item of the list monitors; - for standard input")
	c.Flags().BoolVar(&x.dry, "dry-run", false, "only say what would come of it, and run the monitor once")
}

func (x *change) text() (string, error) {
	in, err := readInput(x.file)
	if err != nil {
		return "", err
	}
	defer in.Close()
	text, err := io.ReadAll(in)
	if err != nil {
		return "", corax.Errorf(corax.Invalid, "read "+x.file, "%w", err)
	}
	return string(text), nil
}

func monitorAdd(s *settings) *cobra.Command {
	var x change
	c := &cobra.Command{
		Use: "add", Short: "Write a new monitor into the configuration's file, and put it in force", Args: cobra.NoArgs,
		Example: "  echo 'name: shop\ntcp: {address: \"shop:443\"}' | corax monitor add --dry-run",
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := x.text()
			if err != nil {
				return err
			}
			return tell(cmd, s, func(ctx context.Context, c *client.Client) (server.MonitorChanged, error) {
				return c.CreateMonitor(ctx, client.CreateMonitorParams{Text: text, DryRun: x.dry})
			}, saidOf("Added"))
		},
	}
	x.flags(c)
	return c
}

func monitorEdit(s *settings) *cobra.Command {
	var x change
	c := &cobra.Command{
		Use: "edit NAME", Short: "Write a monitor anew where it stands in the configuration's files, and put it in force", Args: cobra.ExactArgs(1),
		Example: "  corax monitor config shop > shop.yaml\n  corax monitor edit shop --file shop.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := x.text()
			if err != nil {
				return err
			}
			return tell(cmd, s, func(ctx context.Context, c *client.Client) (server.MonitorChanged, error) {
				was, err := c.GetMonitorConfig(ctx, args[0])
				if err != nil {
					return server.MonitorChanged{}, err
				}
				return c.ReplaceMonitor(ctx, args[0], client.ReplaceMonitorParams{Text: text, IfMatch: was.Revision, DryRun: x.dry})
			}, saidOf("Changed"))
		},
	}
	x.flags(c)
	return c
}

func monitorRemove(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Take a monitor out of the configuration's files", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return tell(cmd, s, func(ctx context.Context, c *client.Client) (server.MonitorChanged, error) {
				was, err := c.GetMonitorConfig(ctx, args[0])
				if err != nil {
					return server.MonitorChanged{}, err
				}
				return c.RemoveMonitor(ctx, args[0], client.RemoveMonitorParams{IfMatch: was.Revision})
			}, saidOf("Removed"))
		},
	}
}

// saidOf says what came of a change.
func saidOf(done string) func(server.MonitorChanged) string {
	return func(m server.MonitorChanged) string {
		if !m.DryRun {
			return done + " " + m.Name + " in " + m.File + "."
		}
		if m.Tried == nil {
			return "It would do. Nothing was written."
		}
		return fmt.Sprintf("It would do, and is %s: %s. Nothing was written.", m.Tried.State, m.Tried.Message)
	}
}
