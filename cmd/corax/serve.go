package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"corax"
	"corax/app"
	"corax/config"
	"corax/diagnose"
	"corax/knowledge"
	"corax/scenario/launch"
)

func serveCommand(s *settings) *cobra.Command {
	var file, listen string
	var tied bool
	c := &cobra.Command{
		Use: "serve", Short: "Run Corax until it is told to stop (SIGHUP reads the configuration again)", Args: cobra.NoArgs,
		Example: "  corax serve --config /etc/corax/corax.yaml",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg := config.Default()
			if file != "" {
				loaded, err := loadConfig(file)
				if err != nil {
					return exit{exitUsage, err}
				}
				cfg = loaded
			}
			if cmd.Flags().Changed("data-dir") || cfg.DataDir == "" {
				cfg.DataDir = s.dataDir
			}
			if listen != "" {
				cfg.Listen = listen
			}
			engine, err := newEngine(cfg)
			if err != nil {
				return err
			}
			log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: cfg.Log.Level}))
			for _, w := range cfg.Warnings {
				log.Warn("in the configuration", "warning", w.Error())
			}
			binary, err := os.Executable()
			if err != nil {
				return corax.Errorf(corax.Unavailable, "find this program", "%w", err)
			}
			a, err := app.Start(cmd.Context(), app.Options{Config: cfg, File: file, Engine: engine, Version: version,
				Catalogue: catalogueDigest(cfg), Knowledge: engine.Catalogue(), RunScenario: launch.Child(binary), Log: log})
			if err != nil {
				return err
			}
			defer a.Stop()
			log = a.Log()
			log.Info("corax is running", "url", a.URL(), "data", cfg.DataDir, "monitors", len(cfg.Monitors))
			if link := a.FirstAdmin(); link != "" {
				fmt.Fprintf(cmd.ErrOrStderr(), "\nThere is no user yet. Become the first admin, once, within %s:\n\n    %s\n\n", cfg.Access.Invite, link)
			}
			parent := make(chan struct{}) // closed when who started it is gone; never where it isn't tied
			if tied {
				go func() { defer close(parent); _, _ = io.Copy(io.Discard, cmd.InOrStdin()) }()
			}
			hup := make(chan os.Signal, 1)
			signal.Notify(hup, syscall.SIGHUP)
			defer signal.Stop(hup)
			for {
				select {
				case <-parent:
					return nil
				case <-cmd.Context().Done():
					log.Info("corax is stopping")
					return nil
				case <-hup:
					if err := a.Reload(cmd.Context()); err != nil {
						log.Error("the configuration stays as it was", "error", err)
					}
				}
			}
		},
	}
	c.Flags().StringVar(&file, "config", "", "configuration file; see docs/configuration.md")
	c.Flags().StringVar(&listen, "listen", "", "address to listen on, instead of the configuration's")
	c.Flags().BoolVar(&tied, "tied", false, "end when standard input does; for those that start it")
	_ = c.Flags().MarkHidden("tied") // it was just defined
	return c
}

// newEngine makes the engine over the built-in knowledge and the user's own.
func newEngine(cfg config.Config) (*diagnose.Engine, error) {
	var dirs []string
	if cfg.Knowledge.Dir != "" {
		dirs = append(dirs, cfg.Knowledge.Dir)
	}
	catalogue, err := knowledge.Load(dirs...)
	if err != nil {
		return nil, err
	}
	return diagnose.New(catalogue), nil
}

func restoreCommand(s *settings) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use: "restore FILE", Short: "Put a backup in the place of the data directory's store (Corax must not run)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := s.connect(); err == nil && s.server == "" {
				return &corax.Error{
					Code: corax.Conflict, Op: "restore into " + s.dataDir, Err: fmt.Errorf("a Corax runs there"), Hint: "stop it first",
				}
			}
			if err := app.Restore(cmd.Context(), args[0], s.dataDir, force); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "Restored %s into %s.\n", args[0], s.dataDir)
			return err
		},
	}
	c.Flags().BoolVar(&force, "force", false, "replace the store that is there")
	return c
}
