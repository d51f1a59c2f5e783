package main

import (
	"fmt"
	"io"
	"strings"

	"corax"
	"corax/server"
)

// printProblem writes a problem for someone who was just woken: what, why, what is being done, then the evidence and the timeline.
func printProblem(w io.Writer, p server.ProblemPage) error {
	d := p.Diagnosis
	out := &strings.Builder{}
	line := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	line("%s  %s  %s  %s (%.0f %%)", p.ID, strings.ToUpper(string(p.State)), d.Severity, d.Pattern, 100*d.PatternConfidence)
	line("%s", printable(d.RootCause.Summary))
	line("root cause: %s at %s (%.0f %%)", d.RootCause.Mechanism, printable(d.RootCause.Entity), 100*d.Confidence)
	if d.Cascade.Cascading {
		line("cascade: %s, depth %d", printable(strings.Join(d.Cascade.Affected, ", ")), d.Cascade.Depth)
	}
	if p.Escalated {
		line("\nESCALATED: %s", printable(p.Escalation))
	}
	for _, r := range d.SeverityReasons {
		line("  severity: %s", printable(r))
	}
	section := func(title string, n int) {
		if n > 0 {
			line("\n%s", title)
		}
	}
	section("How it spread", len(d.RootCause.Chain))
	for _, c := range d.RootCause.Chain {
		line("  %s", printable(c))
	}
	evidence := func(title string, es []corax.Evidence) {
		section(title, len(es))
		for _, e := range es {
			line("  [%d] %q: %s", e.Signal, clip(e.Quote, 120), printable(e.Supports))
		}
	}
	evidence("Evidence for", d.RootCause.Evidence)
	evidence("Evidence against", d.RootCause.Against)
	section("Not known", len(d.RootCause.Missing))
	for _, m := range d.RootCause.Missing {
		line("  %s", printable(m))
	}
	if p.Run != nil {
		line("")
		printRun(out, *p.Run)
	}
	section("Timeline", len(p.Events))
	for _, e := range p.Events {
		line("  %s  %-22s %s", e.At.Local().Format("15:04:05.000"), e.Kind, printable(clip(e.Text, 160)))
	}
	_, err := io.WriteString(w, out.String())
	return err
}
