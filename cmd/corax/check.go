package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"corax/app"
	"corax/config"
	"corax/knowledge"
)

// loadConfig reads a configuration and checks all of it that can be checked without running it: expressions and the
// user's own knowledge too.
func loadConfig(file string) (config.Config, error) {
	cfg, err := config.Load(file)
	if err != nil {
		return cfg, err
	}
	if err := app.CheckExpressions(cfg); err != nil {
		return cfg, err
	}
	if cfg.Knowledge.Dir != "" {
		_, err = knowledge.Load(cfg.Knowledge.Dir)
	}
	return cfg, err
}

func configCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "The configuration: check"}
	c.AddCommand(&cobra.Command{
		Use: "check FILE", Args: cobra.ExactArgs(1),
		Short: "Say what is wrong with a configuration, with file, line and column",
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := loadConfig(args[0])
			if err != nil {
				if s.json {
					_ = printJSON(cmd.OutOrStdout(), map[string]any{"ok": false, "error": err.Error()})
				}
				return exit{exitUsage, err}
			}
			warnings := make([]string, len(cfg.Warnings))
			for i, w := range cfg.Warnings {
				warnings[i] = w.Error()
			}
			if s.json {
				return printJSON(cmd.OutOrStdout(), map[string]any{"ok": true, "warnings": warnings})
			}
			for _, w := range warnings {
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "warning: %s\n", w)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is fine: %d monitors, %d entities, %d actions, %d policy rules.\n",
				args[0], len(cfg.Monitors), len(cfg.Topology.Entities), len(cfg.Actions), len(cfg.Policy.Rules))
			return err
		},
	})
	return c
}
