package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"corax"
	"corax/config/decode"
	"corax/lab"
)

// labCommand is everything about labs: small real systems that can be broken.
func labCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "lab", Short: "Small real systems to break",
		Long: "A lab is a small real system whose parts are processes of their own on this machine. Corax watches it, and faults can be\n" +
			"injected into it. Start with: corax lab up jwt",
	}
	c.AddCommand(labUp(), labDown(), labPs(), labBreak(), labStatus(), labPart())
	return c
}

// labDir adds the flag that says where a lab is, and gives a function that reads it. The name is the command's
// first argument.
func labDir(c *cobra.Command) func(args []string) (name, dir string, err error) {
	dir := c.Flags().String("dir", "", "the lab's directory (default: one for each name, below the state directory)")
	return func(args []string) (string, string, error) {
		name := lab.Names()[0]
		if len(args) > 0 {
			name = args[0]
		}
		if !slices.Contains(lab.Names(), name) {
			return "", "", &corax.Error{Code: corax.Invalid, Op: "find lab " + name,
				Err:  fmt.Errorf("there is no lab of that name"),
				Hint: decode.DidYouMean(name, lab.Names())}
		}
		if *dir != "" {
			return name, *dir, nil
		}
		d, err := lab.DefaultDir(name)
		return name, d, err
	}
}

func openLab(where func([]string) (string, string, error), args []string) (*lab.Lab, error) {
	_, dir, err := where(args)
	if err != nil {
		return nil, err
	}
	return lab.Open(dir)
}

func labUp() *cobra.Command {
	var seed int64
	var params []string
	c := &cobra.Command{Use: "up [NAME]", Short: "Start a lab and leave it running", Args: cobra.MaximumNArgs(1)}
	where := labDir(c)
	c.Flags().Int64Var(&seed, "seed", 0, "vary service names, paths, key ids and wording")
	c.Flags().StringArrayVar(&params, "with", nil, "a parameter of the lab as NAME=VALUE: token_lifetime=20s")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		name, dir, err := where(args)
		if err != nil {
			return err
		}
		with, err := pairs(params)
		if err != nil {
			return err
		}
		l, err := lab.Up(cmd.Context(), lab.Options{Name: name, Seed: seed, Dir: dir, Params: with, Detached: true})
		if err != nil {
			return err
		}
		if jsonWanted(cmd) {
			return printJSON(cmd.OutOrStdout(), map[string]string{"lab": name, "dir": l.Dir(), "config": l.ConfigFile()})
		}
		which := name
		if cmd.Flags().Changed("dir") {
			which = "--dir " + l.Dir()
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "The lab %s is up, in %s.\n\n  corax serve --config %s\n"+
			"  corax lab break %s partial_rotation --with unreachable=4\n  corax lab down %s\n",
			name, l.Dir(), l.ConfigFile(), which, which)
		return err
	}
	return c
}

func labDown() *cobra.Command {
	c := &cobra.Command{Use: "down [NAME]", Short: "Stop a lab", Args: cobra.MaximumNArgs(1)}
	where := labDir(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		_, dir, err := where(args)
		if err != nil {
			return err
		}
		l, err := lab.Open(dir)
		if l == nil {
			return err
		}
		return l.Down(cmd.Context())
	}
	return c
}

func labPs() *cobra.Command {
	c := &cobra.Command{Use: "ps [NAME]", Short: "List the processes of a lab", Args: cobra.MaximumNArgs(1)}
	where := labDir(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		l, err := openLab(where, args)
		if err != nil {
			return err
		}
		parts, err := l.Ps()
		if err != nil {
			return err
		}
		if jsonWanted(cmd) {
			return printJSON(cmd.OutOrStdout(), parts)
		}
		var rows [][]string
		for _, p := range parts {
			state := "down"
			if p.Running {
				state = "up"
			}
			var addrs []string
			for _, listener := range []string{"api", "admin", "keys"} {
				if a := p.Addrs[listener]; a != "" {
					addrs = append(addrs, listener+" "+a)
				}
			}
			rows = append(rows, []string{p.Name, p.Role, state, fmt.Sprint(p.PID), fmt.Sprint(p.Starts),
				strings.Join(addrs, ", ")})
		}
		return table(cmd.OutOrStdout(), "No parts.", []string{"NAME", "ROLE", "STATE", "PID", "STARTS", "LISTENS"}, rows)
	}
	return c
}

func labBreak() *cobra.Command {
	var params []string
	var about strings.Builder
	faults := lab.Faults(lab.Names()[0])
	names := make([]string, 0, len(faults))
	for name := range faults {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&about, "  %-20s %s\n", name, faults[name])
	}
	c := &cobra.Command{
		Use: "break [NAME] FAULT", Short: "Inject a fault into a lab", Args: cobra.RangeArgs(1, 2), ValidArgs: names,
		Long: "Inject a fault into a running lab, and show the proof that it took effect. The faults are:\n\n" + about.String(),
	}
	where := labDir(c)
	c.Flags().StringArrayVar(&params, "with", nil, "a parameter of the fault as NAME=VALUE: unreachable=4")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		l, err := openLab(where, args[:len(args)-1])
		if err != nil {
			return err
		}
		with, err := pairs(params)
		if err != nil {
			return err
		}
		in, err := l.Break(cmd.Context(), args[len(args)-1], with)
		if err != nil {
			return err
		}
		if jsonWanted(cmd) {
			return printJSON(cmd.OutOrStdout(), in)
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s  %s\n", in.At.Local().Format(time.TimeOnly), in.Fault)
		for _, p := range in.Proof {
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "          %s\n", printable(p))
		}
		return err
	}
	return c
}

func labStatus() *cobra.Command {
	c := &cobra.Command{Use: "status [NAME]",
		Short: "What the users of a lab get, and whether a key went too early", Args: cobra.MaximumNArgs(1)}
	where := labDir(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		l, err := openLab(where, args)
		if err != nil {
			return err
		}
		truth, err := l.Truth(cmd.Context())
		if err != nil {
			return err
		}
		violations, err := l.Check(cmd.Context(), lab.Deeds{})
		if err != nil {
			return err
		}
		if jsonWanted(cmd) {
			return printJSON(cmd.OutOrStdout(), map[string]any{"truth": truth, "violations": violations})
		}
		out := cmd.OutOrStdout()
		_, _ = fmt.Fprintln(out, truthText(truth))
		var rows [][]string
		for _, a := range truth.Services {
			last := "-"
			if !a.LastRejection.IsZero() {
				last = a.LastRejection.Local().Format(time.TimeOnly)
			}
			rows = append(rows, []string{a.Service, a.Kid, fmt.Sprint(a.Accepted), fmt.Sprint(a.Rejected),
				fmt.Sprint(a.Failed), last})
		}
		err = table(out, "Nobody asked for anything yet.", []string{"SERVICE", "KEY", "ACCEPTED", "REJECTED",
			"FAILED", "LAST REJECTION"}, rows)
		for _, v := range violations {
			_, _ = fmt.Fprintln(out, "broken: "+violationText(v))
		}
		return err
	}
	return c
}

// labPart is how the parts of a lab are started; nobody types it.
func labPart() *cobra.Command {
	return &cobra.Command{
		Use: "part", Hidden: true, DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if code := lab.PartMain(cmd.Context(), args, cmd.ErrOrStderr()); code != 0 {
				return exit{code: code}
			}
			return nil
		},
	}
}

func jsonWanted(cmd *cobra.Command) bool {
	on, err := cmd.Flags().GetBool("json")
	return err == nil && on
}

// pairs reads NAME=VALUE. A list is written with commas.
func pairs(texts []string) (map[string]any, error) {
	out := map[string]any{}
	for _, text := range texts {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, corax.Errorf(corax.Invalid, "read the parameter "+text, "expected NAME=VALUE")
		}
		out[name] = value
	}
	return out, nil
}

func truthText(t lab.Truth) string {
	text := fmt.Sprintf("%d of the users' %d requests of the last %s were answered as they should be", t.Accepted,
		t.Requests, t.Window)
	if t.Rejected > 0 {
		text += fmt.Sprintf(", %d valid tokens were rejected", t.Rejected)
	}
	if t.FailedLogins > 0 {
		text += fmt.Sprintf(", %d logins failed", t.FailedLogins)
	}
	return text
}
