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
)

func monitorCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "monitor", Short: "Monitors: list, test, config, add, edit, remove", Aliases: []string{"monitors"}}
	c.AddCommand(&cobra.Command{
		Use: "list", Short: "List the monitors with their last results", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) (server.MonitorList, error) { return c.ListMonitors(ctx) }, func(ms server.MonitorList) error {
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
	}, monitorConfig(s), monitorAdd(s), monitorEdit(s), monitorRemove(s))
	return c
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
