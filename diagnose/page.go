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

// width is that of a page; a person reads it in a terminal, at night.
const width = 110

// mostReasonsShown bounds the reasons of a severity on a page; the report has them all.
const mostReasonsShown = 4

// titles of the parts of a root cause.
var titles = []struct {
	kind  corax.SentenceKind
	title string
}{
	{corax.TellsWhat, "What happened"}, {corax.TellsWhy, "Why"}, {corax.TellsSpread, "How it spread"}, {corax.TellsAffected, "Who and how much"},
	{corax.TellsUnclear, "Still unclear"},
}

func (p *page) problem(n int, d corax.Diagnosis) {
	p.line("")
	p.wrap("", "", fmt.Sprintf("Problem %d, %s: %s", n, d.Severity.String(), d.RootCause.Summary))
	p.line("")
	p.fact("pattern", fmt.Sprintf("%s (%.0f %%)%s", d.Pattern, 100*d.PatternConfidence, alternatives(d.Alternatives)))
	p.fact("mechanism", fmt.Sprintf("%s (%.0f %%)", d.RootCause.Mechanism, 100*d.Confidence))
	p.fact("severity", d.Severity.String()+": "+strings.Join(d.SeverityReasons[:min(len(d.SeverityReasons), mostReasonsShown)], "; "))
	if d.Cascade.Cascading {
		p.fact("cascade", fmt.Sprintf("from %s to %s, depth %d", d.Cascade.Root, list(d.Cascade.Affected), d.Cascade.Depth))
	}
	for _, part := range titles {
		told := false
		for i, s := range d.RootCause.Sentences {
			if s.Kind != part.kind {
				continue
			}
			if !told {
				p.line("\n  %s", part.title)
				told = true
			}
			p.wrap("    ", "      ", d.RootCause.Chain[i])
		}
	}
	p.plan(d.Plan)
	p.line("")
	p.evidence("Evidence", d.RootCause.Evidence)
	p.evidence("Against", d.RootCause.Against)
	p.section("Would help to know", len(d.RootCause.Missing), func(i int) string { return d.RootCause.Missing[i] })
	p.section("One problem because", min(len(d.Links), mostNames), func(i int) string {
		l := d.Links[i]
		return fmt.Sprintf("%s - %s, %s (%.2f): %s", l.From, l.To, strings.ReplaceAll(string(l.Kind), "_", " "), l.Score, l.Why)
	})
}

// purposes in words, for a page.
var purposes = map[corax.StepPurpose]string{
	corax.Restore: "Restore service", corax.Fix: "Fix the cause", corax.Prevent: "Prevent it", corax.Tidy: "Tidy up",
}

func (p *page) plan(plan corax.Plan) {
	p.line("")
	p.wrap("  ", "    ", fmt.Sprintf("Plan (%s): %s", plan.Mode, plan.Why))
	last := ""
	for i := 0; i < len(plan.Steps); i++ {
		s := plan.Steps[i]
		alike := i + 1
		for alike < len(plan.Steps) && sameStep(s, plan.Steps[alike]) {
			alike++
		}
		title := purposes[s.Purpose]
		if s.Phase == "gather" || s.Phase == "confirm" {
			title = "Find out"
		}
		if title != last {
			p.line("    %s", title)
			last = title
		}
		ask := ""
		if s.Ask {
			ask = ", by approval"
		}
		p.wrap("      "+s.ID+" ", "          ", s.Do)
		p.line("          %s on %s (%s%s)", s.Action, or(s.Target, "?"), string(s.Risk), ask)
		if s.Run != "" {
			p.line("          $ %s", s.Run)
			if len(s.Fill) > 0 {
				p.wrap("          fill in: ", "            ", list(s.Fill)+", which no signal gives")
			}
		}
		if s.Risk == corax.Read {
			p.wrap("          done when: ", "            ", s.Verify)
		} else {
			p.care(s)
		}
		if n := alike - i; n > 2 {
			var targets []string
			for _, x := range plan.Steps[i+1 : alike] {
				targets = append(targets, x.Target)
			}
			p.wrap(fmt.Sprintf("      %s to %s ", plan.Steps[i+1].ID, plan.Steps[alike-1].ID), "          ", "the same on "+strings.Join(targets, ", "))
			i = alike - 1
		}
	}
}

// sameStep says that two steps are one on two targets.
func sameStep(a, b corax.Step) bool {
	return a.Action == b.Action && a.Phase == b.Phase && a.Target != "" && b.Target != "" &&
		strings.ReplaceAll(a.Do, a.Target, "\x00") == strings.ReplaceAll(b.Do, b.Target, "\x00")
}

// care writes what must hold before a step and after it, and the way back.
func (p *page) care(s corax.Step) {
	for _, x := range [...][2]string{{"before: ", s.Check}, {"verify: ", s.Verify}, {"undo:   ", s.Undo}} {
		if x[1] != "" {
			p.wrap("          "+x[0], "                  ", x[1])
		}
	}
}

// fact is a line with a name before it.
func (p *page) fact(name, text string) {
	p.wrap(fmt.Sprintf("  %-11s ", name), "              ", text)
}

// wrap writes a text in lines of the page's width.
func (p *page) wrap(lead, indent, text string) {
	const glue = "\x00" // keeps a percentage together; printable texts hold none
	line, empty := lead, true
	for word := range strings.FieldsSeq(strings.ReplaceAll(printable(text), " %", glue+"%")) {
		word = strings.ReplaceAll(word, glue+"%", " %")
		switch {
		case empty:
			line, empty = line+word, false
		case len(line)+1+len(word) > width:
			p.line("%s", line)
			line = indent + word
		default:
			line += " " + word
		}
	}
	p.line("%s", line)
}

func (p *page) section(title string, n int, at func(int) string) {
	if n == 0 {
		return
	}
	p.line("  %s", title)
	for i := range n {
		p.wrap("    - ", "      ", at(i))
	}
}

func (p *page) evidence(title string, list []corax.Evidence) {
	p.section(title, len(list), func(i int) string {
		return fmt.Sprintf("[%d] %s: %s", list[i].Signal, quoted(firstWords(list[i].Quote)), list[i].Supports)
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
