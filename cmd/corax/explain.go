package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"corax"
	"corax/diagnose"
	"corax/knowledge"
	"corax/server"
	"corax/server/client"
)

func explainCommand(s *settings) *cobra.Command {
	c := &cobra.Command{
		Use: "explain", Short: "Why a diagnosis is what it is: why, why-not",
		Long: "Says for each decision of a diagnosis what spoke for it, what against, what the runner-up was, and what evidence would\n" +
			"change the answer. It takes a file of cases, as `corax diagnose` does, or the id of a problem of a running Corax.",
		Example: "  corax explain why cases.jsonl\n  corax explain why prb-2f6c\n  corax explain why-not DNS_FAILURE prb-2f6c",
	}
	var dir string
	c.PersistentFlags().StringVar(&dir, "knowledge", "", "directory of one's own knowledge, over the built-in catalogue")
	c.AddCommand(&cobra.Command{
		Use: "why FILE|-|PROBLEM", Short: "What spoke for each decision, what against, and what would change it", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if isProblem(args[0]) {
				return show(cmd, s, func(ctx context.Context, c *client.Client) (server.ProblemPage, error) {
					return c.GetProblem(ctx, args[0])
				}, func(p server.ProblemPage) error {
					return diagnose.WriteExplanations(cmd.OutOrStdout(), p.ID, p.Diagnosis)
				})
			}
			return eachCase(args[0], dir, func(e *diagnose.Engine, c corax.Case) error {
				for n, d := range e.Diagnose(c).Problems {
					var err error
					if s.json {
						err = printJSON(cmd.OutOrStdout(), map[string]any{"id": c.ID, "problem": n, "explanations": d.Explanations})
					} else {
						err = diagnose.WriteExplanations(cmd.OutOrStdout(), fmt.Sprintf("case %s, problem %d", c.ID, n+1), d)
					}
					if err != nil {
						return err
					}
				}
				return nil
			})
		},
	}, &cobra.Command{
		Use: "why-not PATTERN|MECHANISM FILE|-|PROBLEM", Short: "What a pattern or mechanism has for it, and what it lacks", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			answer := func(e *diagnose.Engine, c corax.Case) error {
				answers, err := e.WhyNot(c, args[0])
				if err != nil {
					return exit{exitUsage, err}
				}
				if s.json {
					return printJSON(cmd.OutOrStdout(), map[string]any{"id": c.ID, "answers": answers})
				}
				return diagnose.WriteWhyNot(cmd.OutOrStdout(), c.ID, args[0], answers)
			}
			if !isProblem(args[1]) {
				return eachCase(args[1], dir, answer)
			}
			if dir == "" { // its Corax knows what it went by
				return show(cmd, s, func(ctx context.Context, c *client.Client) ([]corax.WhyNot, error) {
					return c.WhyNot(ctx, args[1], client.WhyNotParams{What: args[0]})
				}, func(answers []corax.WhyNot) error {
					return diagnose.WriteWhyNot(cmd.OutOrStdout(), args[1], args[0], answers)
				})
			}
			p, err := s.problem(cmd, args[1])
			if err != nil {
				return err
			}
			e, err := engineWith(dir)
			if err != nil {
				return err
			}
			return answer(e, *p.Case)
		},
	})
	return c
}

// isProblem tells a problem's id from the name of a file.
func isProblem(name string) bool {
	return strings.HasPrefix(name, "prb-") && !strings.ContainsAny(name, "./")
}

// problem fetches a problem with its case.
func (s *settings) problem(cmd *cobra.Command, id string) (server.ProblemPage, error) {
	var p server.ProblemPage
	c, err := s.connect()
	if err == nil {
		p, err = c.GetProblem(cmd.Context(), id)
	}
	if err == nil && p.Case == nil {
		err = corax.Errorf(corax.NotFound, "read problem "+id, "its case is not kept any more")
	}
	return p, err
}

func engineWith(dir string) (*diagnose.Engine, error) {
	var dirs []string
	if dir != "" {
		dirs = append(dirs, dir)
	}
	cat, err := knowledge.Load(dirs...)
	if err != nil {
		return nil, exit{exitUsage, err}
	}
	return diagnose.New(cat), nil
}

// eachCase reads cases, a line each; one that can't be used ends it.
func eachCase(file, dir string, do func(*diagnose.Engine, corax.Case) error) error {
	e, err := engineWith(dir)
	if err != nil {
		return err
	}
	in, err := readInput(file)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), longestCase)
	for n := 1; err == nil && lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		var c corax.Case
		if c, err = diagnose.ReadCase(line); err != nil {
			err = exit{exitUsage, corax.Errorf(corax.Invalid, fmt.Sprintf("read %s, line %d", file, n), "%w", err)}
			break
		}
		err = do(e, c)
	}
	return errors.Join(err, lines.Err(), in.Close())
}
