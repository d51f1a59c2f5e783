package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"corax"
	"corax/config"
	"corax/config/decode"
	"corax/heal"
	"corax/server/client"
)

func policyCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "policy", Short: "Policies: show, try, test them on past or made-up plans, and compare two"}
	var cases, against string
	var past int
	test := &cobra.Command{
		Use: "test CONFIG.yaml", Short: "Try a policy on past decisions or made-up ones (exit 1 where one is not as expected)", Args: cobra.ExactArgs(1),
		Long: "Tries the policy of a configuration on the inputs of past decisions of a running Corax (--past), or on made-up ones (--cases).\n" +
			"With --against it shows where another configuration's policy answers otherwise. What stands above every policy (earned\n" +
			"autonomy, limits, two people for what can't be undone) has no part in it.\n\n" +
			"A file of cases is a list:\n\n" +
			"  - name: a restart at night\n    at: 2026-03-30T23:00:00Z\n    expect: ask\n" +
			"    input: {action: {name: process.restart, risk: reversible}, entity: {id: shop, kind: service, labels: {}}}",
		Example: "  corax policy test new.yaml --past 1000 --against corax.yaml\n  corax policy test corax.yaml --cases cases.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(args[0])
			if err != nil {
				return err
			}
			var other *corax.Policy
			if against != "" {
				second, err := config.Load(against)
				if err != nil {
					return err
				}
				other = &second.Policy
			}
			trials, err := s.trials(cmd, cases, past)
			if err != nil {
				return err
			}
			tried, err := heal.Try(cmd.Context(), cfg.Policy, other, trials)
			if err != nil {
				return err
			}
			return printTried(cmd, s, tried, other != nil)
		},
	}
	test.Flags().StringVar(&cases, "cases", "", "file of made-up cases")
	test.Flags().IntVar(&past, "past", 0, "try the latest so many decisions of the running Corax")
	test.Flags().StringVar(&against, "against", "", "configuration whose policy to compare with")
	c.AddCommand(policyShow(s), policyTry(s), test)
	return c
}

// trials are the made-up ones and the past ones that were asked for.
func (s *settings) trials(cmd *cobra.Command, cases string, past int) ([]corax.Trial, error) {
	trials, err := readCases(cases)
	if err != nil {
		return nil, err
	}
	if past > 0 {
		cl, err := s.connect()
		if err != nil {
			return nil, err
		}
		decisions, err := client.All(past, func(cursor string) (client.Page[corax.Decision], error) {
			return cl.ListDecisions(cmd.Context(), client.ListDecisionsParams{Limit: min(past, most), Cursor: cursor})
		})
		if err != nil {
			return nil, err
		}
		for _, d := range decisions {
			trials = append(trials, d.Trial())
		}
	}
	if cases == "" && past == 0 {
		return nil, corax.Errorf(corax.Invalid, "test a policy", "name --cases FILE, --past N, or both")
	}
	return trials, nil
}

// readCases reads made-up cases; none where no file is named. Those without a time are of now.
func readCases(file string) ([]corax.Trial, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, corax.Errorf(corax.Invalid, "read "+file, "%w", err)
	}
	var trials []corax.Trial
	if err := decode.YAML(file, data, &trials); err != nil {
		return nil, err
	}
	for n := range trials {
		if trials[n].At.IsZero() {
			trials[n].At = time.Now().UTC()
		}
	}
	return trials, nil
}

// printTried writes a table, or a JSON line a trial; it is an exit 1 where an expectation does not hold.
func printTried(cmd *cobra.Command, s *settings, tried []corax.Tried, compared bool) error {
	rows := make([][]string, 0, len(tried))
	wrong, differ := 0, 0
	for _, t := range tried {
		note := ""
		switch {
		case !t.OK:
			note = "EXPECTED " + string(t.Expect)
			wrong++
		case t.Expect != "":
			note = "as expected"
		}
		row := []string{t.Name, string(t.Verdict), t.Rule}
		if compared {
			row = append(row, string(t.Other), t.OtherRule)
			if t.Differs {
				note += " DIFFERS"
				differ++
			}
		}
		rows = append(rows, append(row, note))
	}
	if s.json {
		if err := printJSON(cmd.OutOrStdout(), tried); err != nil {
			return err
		}
	} else {
		head := []string{"CASE", "VERDICT", "RULE"}
		if compared {
			head = append(head, "OTHER", "RULE")
		}
		if err := table(cmd.OutOrStdout(), "There is nothing to try the policy on.", append(head, ""), rows); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%d tried, %d not as expected", len(tried), wrong)
		if compared {
			fmt.Fprintf(cmd.OutOrStdout(), ", %d differ", differ)
		}
		fmt.Fprintln(cmd.OutOrStdout())
	}
	if wrong > 0 {
		return exit{code: exitFailed}
	}
	return nil
}
