// Command corax is the one binary: it serves, shows what is going on, tests itself on scenarios, and breaks labs on purpose.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"corax"
)

// version is set by the linker.
var version = "dev"

// The exit codes that scripts may rely on.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// exit is an error that carries the program's exit code.
type exit struct {
	code int
	err  error
}

func (e exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }

func main() { os.Exit(run(os.Args[1:])) }

// run carries out one command line and returns the exit code.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := rootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	code := exitCode(ctx, err)
	if err != nil && err.Error() != "" && code != exitInterrupted {
		fmt.Fprintf(os.Stderr, "corax: %v\n", err)
		if hint := corax.HintOf(err); hint != "" {
			fmt.Fprintf(os.Stderr, "  %s\n", hint)
		}
	}
	return code
}

func exitCode(ctx context.Context, err error) int {
	var e exit
	switch {
	case errors.As(err, &e):
		return e.code
	case err != nil && ctx.Err() != nil:
		return exitInterrupted
	case err == nil:
		return exitOK
	case corax.CodeOf(err) == corax.Invalid:
		return exitUsage
	}
	var ours *corax.Error
	if !errors.As(err, &ours) {
		return exitUsage // cobra's own: unknown command, flag, argument
	}
	return exitFailed
}

// settings are the flags that every command has.
type settings struct {
	dataDir string
	json    bool
	server  string
}

func rootCommand() *cobra.Command {
	s := &settings{}
	root := &cobra.Command{
		Use:   "corax",
		Short: "Watches systems, understands what breaks, heals it, and proves it",
		Long: "Corax watches systems, turns what it sees into incidents, finds the root cause with its evidence, writes a plan,\n" +
			"heals the fault where policy allows, and verifies that it is healed.\n\nStart with: corax demo",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	flags := root.PersistentFlags()
	flags.StringVar(&s.dataDir, "data-dir", defaultDataDir(), "where the store and the event stream live")
	flags.BoolVar(&s.json, "json", false, "print JSON for programs")
	flags.StringVar(&s.server, "server", "", "URL of a running Corax (default: the one of the data directory); a token of your own is read from CORAX_TOKEN")
	root.AddGroup(
		&cobra.Group{ID: "run", Title: "Run:"},
		&cobra.Group{ID: "look", Title: "Look and act:"},
		&cobra.Group{ID: "prove", Title: "Prove:"},
	)
	for group, commands := range map[string][]*cobra.Command{
		"run": {serveCommand(s), configCommand(s), backupCommand(s), restoreCommand(s), vaultCommand(s), userCommand(s), tokenCommand(s), sessionCommand(s), whoamiCommand(s), settingsCommand(s), healthCommand(s)},
		"look": {watchCommand(s), eventCommand(s), incidentCommand(s), problemCommand(s), signalCommand(s), changeCommand(s), topologyCommand(s), planCommand(s),
			approvalCommand(s), breakGlassCommand(s), autonomyCommand(s), actionCommand(s), policyCommand(s), decisionCommand(s),
			notifyCommand(s), handsCommand(s), monitorCommand(s), silenceCommand(s), stopCommand(s), diagnoseCommand(s), explainCommand(s), knowledgeCommand(s), apiCommand(s)},
		"prove": {demoCommand(s), scenarioCommand(s), labCommand(), auditCommand(s)},
	} {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	root.AddCommand(versionCommand(s))
	return root
}

func versionCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.json {
				return printJSON(cmd.OutOrStdout(), map[string]string{"version": version})
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), version)
			return err
		},
	}
}

// defaultDataDir follows the XDG base directory specification.
func defaultDataDir() string {
	if d := os.Getenv("CORAX_DATA_DIR"); d != "" {
		return d
	}
	state := os.Getenv("XDG_STATE_HOME")
	if state == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "corax-data"
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "corax")
}

// operator is the name under which an action by hand is recorded.
func operator() string {
	for _, name := range []string{"CORAX_OPERATOR", "SUDO_USER", "USER", "LOGNAME"} {
		if v := os.Getenv(name); v != "" {
			return v
		}
	}
	return fmt.Sprintf("uid-%d", os.Getuid())
}
