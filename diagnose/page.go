package diagnose

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"

	"corax"
)

// WriteText writes a report as a page for people.
func WriteText(out io.Writer, c corax.Case, r corax.Report) error {
	b := bufio.NewWriter(out)
	p := &page{Writer: b, c: c}
	p.line("Case %s: %s, %s, %s", or(r.ID, "-"), count(len(c.Signals), "signal"), count(len(r.Incidents), "incident"),
		count(len(r.Problems), "problem"))
	for i, d := range r.Problems {
		p.problem(i+1, d)
	}
	if len(r.Quiet) > 0 {
		p.line("")
		p.line("Quiet: %s", strings.Trim(fmt.Sprint(r.Quiet), "[]"))
	}
	if err := b.Flush(); err != nil {
		return &corax.Error{Code: corax.Internal, Op: "write report", Err: err}
	}
	return nil
}

type page struct {
	*bufio.Writer
	c corax.Case
}

// line writes one line; what is put in comes from outside and may not move the cursor.
func (p *page) line(format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = printable(s)
		}
	}
	fmt.Fprintf(p, format+"\n", args...)
}

// count is a number of things: 1 signal, 2 signals.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
}

func (p *page) problem(n int, d corax.Diagnosis) {
	p.line("")
	p.line("Problem %d: %s", n, d.RootCause.Summary)
	p.line("  pattern     %s (%.0f %%)%s", d.Pattern, 100*d.PatternConfidence, alternatives(d.Alternatives))
	p.line("  mechanism   %s (%.0f %%)", d.RootCause.Mechanism, 100*d.Confidence)
	p.line("  severity    %s: %s", d.Severity.String(), strings.Join(d.SeverityReasons, "; "))
	if d.Cascade.Cascading {
		p.line("  cascade     from %s to %s, depth %d", d.Cascade.Root, strings.Join(d.Cascade.Affected, ", "), d.Cascade.Depth)
	}
	p.section("How it spread", len(d.RootCause.Chain), func(i int) string { return d.RootCause.Chain[i] })
	p.evidence("Evidence", d.RootCause.Evidence)
	p.evidence("Against", d.RootCause.Against)
	p.section("Not known", len(d.RootCause.Missing), func(i int) string { return d.RootCause.Missing[i] })
	p.section("Links", len(d.Links), func(i int) string {
		l := d.Links[i]
		return fmt.Sprintf("%s - %s  %s %.2f: %s", l.From, l.To, l.Kind, l.Score, l.Why)
	})
	p.line("  Plan (%s): %s", string(d.Plan.Mode), d.Plan.Why)
	for _, s := range d.Plan.Steps {
		ask := ""
		if s.Ask {
			ask = ", by approval"
		}
		p.line("    %-4s %s on %s (%s%s): %s", s.ID, s.Action, or(s.Target, "?"), string(s.Risk), ask, s.Do)
		p.line("         verify: %s; undo: %s", s.Verify, s.Undo)
	}
}

func (p *page) section(title string, n int, at func(int) string) {
	if n == 0 {
		return
	}
	p.line("  %s", title)
	for i := range n {
		p.line("    - %s", at(i))
	}
}

func (p *page) evidence(title string, list []corax.Evidence) {
	p.section(title, len(list), func(i int) string {
		return fmt.Sprintf("[%d] %q: %s", list[i].Signal, list[i].Quote, list[i].Supports)
	})
}

func alternatives(list []corax.Alternative) string {
	var b strings.Builder
	for _, a := range list {
		fmt.Fprintf(&b, ", or %s (%.0f %%)", a.Pattern, 100*a.Confidence)
	}
	return b.String()
}

// WriteExplanations writes for people how the decisions of a diagnosis came about.
func WriteExplanations(out io.Writer, title string, d corax.Diagnosis) error {
	return writePage(out, func(p *page) {
		p.line("%s: %s", title, d.RootCause.Summary)
		for _, x := range d.Explanations {
			p.line("")
			p.line("%s: %s", strings.ReplaceAll(x.Decision, "_", " "), x.Answer)
			p.section("For", len(x.For), func(i int) string { return x.For[i] })
			p.section("Against", len(x.Against), func(i int) string { return x.Against[i] })
			if x.RunnerUp != "" {
				p.line("  Runner-up: %s", x.RunnerUp)
			}
			p.section("Would change it", len(x.WouldChange), func(i int) string { return x.WouldChange[i] })
		}
	})
}

// WriteWhyNot writes for people why the problems of a case are not of a pattern.
func WriteWhyNot(out io.Writer, id, asked string, answers []WhyNot) error {
	return writePage(out, func(p *page) {
		if len(answers) == 0 {
			p.line("case %s: no problem", or(id, "-"))
		}
		for _, x := range answers {
			if x.Is {
				p.line("case %s, problem %d is %s, by %s", or(id, "-"), x.Problem+1, x.Pattern, x.Chosen)
			} else {
				p.line("case %s, problem %d is %s, by %s, and not %s (%s)", or(id, "-"), x.Problem+1, x.Pattern, x.Chosen, asked, x.Asked)
			}
			p.section("For it", len(x.For), func(i int) string { return x.For[i] })
			p.section("It lacks", len(x.Lacks), func(i int) string { return x.Lacks[i] })
			p.section("What tells them apart", len(x.Tells), func(i int) string { return x.Tells[i] })
		}
	})
}

func writePage(out io.Writer, write func(*page)) error {
	b := bufio.NewWriter(out)
	write(&page{Writer: b})
	if err := b.Flush(); err != nil {
		return &corax.Error{Code: corax.Internal, Op: "write report", Err: err}
	}
	return nil
}
