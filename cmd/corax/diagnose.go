package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"corax"
	"corax/diagnose"
	"corax/knowledge"
)

// longestCase bounds one line of input.
const longestCase = 256 << 20

func diagnoseCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "diagnose [FILE|-]", Short: "Diagnose cases, one JSON object a line, without a running Corax", Args: cobra.MaximumNArgs(1),
		Long: "Reads one case a line: {\"id\": \"c1\", \"signals\": [\"text\", ...], \"topology\": {...}}; see docs/diagnose.md.\n" +
			"Without --json it prints a page a case; with it, a line a case in the same order. A line that can't be used yields an\n" +
			"error in its place; the rest still runs, and the exit status is then 1.",
		Example: "  echo '{\"id\":\"c1\",\"signals\":[\"db-1: FATAL: too many connections\"]}' | corax diagnose",
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "-"
			if len(args) == 1 {
				name = args[0]
			}
			in, err := readInput(name)
			if err != nil {
				return err
			}
			defer in.Close()
			catalogue, err := knowledge.Load()
			if err != nil {
				return err
			}
			w := bufio.NewWriter(cmd.OutOrStdout())
			bad, err := diagnoseLines(diagnose.New(catalogue), in, w, s.json)
			if err = errors.Join(err, w.Flush()); err != nil {
				return err
			}
			if bad > 0 {
				return exit{code: exitFailed}
			}
			return nil
		},
	}
}

// diagnoseLines diagnoses line by line and returns how many could not be used.
func diagnoseLines(e *diagnose.Engine, in io.Reader, w io.Writer, asJSON bool) (bad int, err error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), longestCase)
	n, shown := 0, 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		if shown++; shown > 1 && !asJSON {
			if _, err := fmt.Fprintln(w); err != nil {
				return bad, err
			}
		}
		c, err := diagnose.ReadCase(lines.Bytes())
		if err != nil {
			bad++
			if err := writeBad(w, n, err, asJSON); err != nil {
				return bad, err
			}
			continue
		}
		r := e.Diagnose(c)
		if asJSON {
			err = diagnose.WriteJSON(w, r)
		} else {
			err = diagnose.WriteText(w, c, r)
		}
		if err != nil {
			return bad, err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		bad++
		return bad, writeBad(w, n+1, fmt.Errorf("the line is longer than %d MiB; the rest is not read", longestCase>>20), asJSON)
	}
	if err := lines.Err(); err != nil {
		return bad, corax.Errorf(corax.Unavailable, "read the cases", "%w", err)
	}
	return bad, nil
}

func writeBad(w io.Writer, line int, cause error, asJSON bool) error {
	if asJSON {
		return diagnose.WriteLineError(w, line, cause)
	}
	_, err := fmt.Fprintf(w, "line %d, %s\n", line, printable(cause.Error()))
	return err
}
