package scenario

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"charm.land/lipgloss/v2"

	"corax"
)

// paints colours text for a terminal, or leaves it as it is.
type paints struct{ good, bad, warn, faint, strong func(string) string }

func newPaints(colour bool) paints {
	if !colour {
		same := func(s string) string { return s }
		return paints{same, same, same, same, same}
	}
	paint := func(style lipgloss.Style) func(string) string {
		return func(s string) string { return style.Render(s) }
	}
	style := lipgloss.NewStyle()
	return paints{
		good: paint(style.Foreground(lipgloss.Green)), bad: paint(style.Foreground(lipgloss.Red).Bold(true)),
		warn: paint(style.Foreground(lipgloss.Yellow)), faint: paint(style.Faint(true)), strong: paint(style.Bold(true)),
	}
}

const textWidth = 110

// printer lays a view out in lines.
type printer struct {
	bytes.Buffer
	paints
}

// WriteText writes the result's page for a terminal; colour says whether w is one that shows colours.
func WriteText(w io.Writer, r Result, colour bool) error {
	v := NewView(r, Generous())
	p := &printer{paints: newPaints(colour)}
	p.head(v)
	p.rows(v.Rows)
	p.section("Conditions")
	p.wrap("  ", v.About.Conditions)
	p.injected(v.Injected)
	for _, c := range v.Causes {
		p.cause(c)
	}
	p.steps(v.Steps)
	p.timeline(v.Timeline)
	p.section("Run")
	p.wrap("  ", fmt.Sprintf("%s, %d monitors, %d signals, %d incidents (%d linked), %d pages to people", v.Run.ID,
		v.Counts.Monitors, v.Counts.Signals, v.Counts.Incidents, v.Counts.Linked, v.Counts.Pages))
	if v.Omitted != "" {
		p.wrap("  ", p.faint(v.Omitted))
	}
	p.WriteByte('\n')
	_, err := w.Write(p.Bytes())
	return err
}

func (p *printer) head(v View) {
	verdict := strings.ToUpper(string(v.Verdict))
	switch v.Verdict {
	case Passed:
		verdict = p.good(verdict)
	case Failed:
		verdict = p.bad(verdict)
	default:
		verdict = p.warn(verdict)
	}
	fmt.Fprintf(p, "%s  %s  %s\n", verdict, p.strong(v.ID()),
		p.faint(fmt.Sprintf("%s, %.1f s", v.Run.Started.Format("2006-01-02 15:04:05 MST"), v.Run.Seconds)))
	p.wrap("", p.strong(v.About.Title))
	p.wrap("", v.About.Description)
	if v.Error != "" {
		p.wrap("", p.bad("Could not be carried out: "+v.Error))
	}
	parts := make([]string, len(v.Facts))
	for i, f := range v.Facts {
		parts[i] = p.faint(f.Label) + " " + p.strong(f.Value)
	}
	fmt.Fprintf(p, "\n%s\n", strings.Join(parts, "   "))
	if len(v.Milestones) > 0 {
		words := make([]string, len(v.Milestones))
		for i, m := range v.Milestones {
			words[i] = m.String()
		}
		fmt.Fprintf(p, "%s %s\n", p.faint("Since the fault:"), strings.Join(words, ", "))
	}
}

func (p *printer) section(title string) { fmt.Fprintf(p, "\n%s\n", p.strong(title)) }

func (p *printer) rows(rows []Row) {
	if len(rows) == 0 {
		return
	}
	p.section("Expected against actual")
	wide, wider := 0, 0
	for _, r := range rows {
		wide, wider = max(wide, utf8.RuneCountInString(r.Label)), max(wider, utf8.RuneCountInString(r.Expected))
	}
	wider = min(wider, 48)
	for _, r := range rows {
		mark := p.faint("-")
		switch r.Mark {
		case "yes":
			mark = p.good("ok")
		case "no":
			mark = p.bad("NO")
		}
		mark += strings.Repeat(" ", 2-lipgloss.Width(mark))
		fmt.Fprintf(p, "  %s %s  %s  %s\n", mark, pad(r.Label, wide), pad(r.Expected, wider), r.Actual)
	}
}

func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s))) }

func (p *printer) injected(list []Injected) {
	p.section("Injected")
	for _, in := range list {
		what := in.Fault
		if what == "" {
			what = in.Source
		} else if len(in.With) > 0 {
			what += " " + WithText(in.With)
		}
		p.wrap("  ", p.strong(what)+"  "+in.Message)
		if len(in.Targets) > 0 {
			p.wrap("    ", "on "+strings.Join(in.Targets, ", "))
		}
		if in.Proof != "" {
			p.wrap("    ", p.faint("proof: ")+in.Proof)
		}
	}
}

func (p *printer) cause(c Cause) {
	p.section("Root cause")
	p.wrap("  ", p.strong(c.Heading))
	p.wrap("  ", c.RootCause.Summary)
	for _, e := range c.RootCause.Evidence {
		p.wrap("    ", fmt.Sprintf("%s [%d] \"%s\" %s", p.good("+"), e.Signal, e.Quote, p.faint(e.Supports)))
	}
	for _, e := range c.RootCause.Against {
		p.wrap("    ", fmt.Sprintf("%s [%d] \"%s\" %s", p.bad("-"), e.Signal, e.Quote, p.faint(e.Supports)))
	}
	for _, m := range c.RootCause.Missing {
		p.wrap("    ", p.warn("?")+" "+m)
	}
	p.section("Plan: " + ModeText(c.Plan.Mode))
	p.wrap("  ", c.Plan.Why)
	for i, s := range c.Plan.Steps {
		p.wrap("  ", fmt.Sprintf("%2d. %s %s", i+1, StepText(s), p.faint("("+string(s.Risk)+")")))
	}
}

// StepText says what a step does.
func StepText(s corax.Step) string {
	if s.Do != "" {
		return s.Do
	}
	return s.Action + " on " + s.Target
}

func (p *printer) steps(list []Step) {
	if len(list) == 0 {
		return
	}
	p.section("Steps")
	for _, s := range list {
		when := "not begun"
		if s.Started != nil {
			when = s.Started.Format("15:04:05.000")
		}
		p.wrap("  ", fmt.Sprintf("%-12s %6.1f s  %s  %s %s  %s",
			when, s.Seconds, p.state(s.State), s.Action, p.strong(s.Target), s.Result))
		if s.Verification != "" {
			p.wrap("                         ", p.faint("verified: ")+s.Verification)
		}
	}
}

func (p *printer) state(s corax.StepState) string {
	switch s {
	case corax.StepDone, corax.StepNotNeeded:
		return p.good(string(s))
	case corax.StepFailed, corax.StepUnknown:
		return p.bad(string(s))
	}
	return p.warn(string(s))
}

func (p *printer) timeline(list []Moment) {
	p.section("Timeline")
	for _, m := range list {
		p.wrap("  ", fmt.Sprintf("%s %+8.1f s  %s", m.At.Format("15:04:05.000"), m.Seconds, m.Text))
	}
}

// wrap writes text in lines of at most textWidth, each after indent. Colours don't count.
func (p *printer) wrap(indent, text string) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(lipgloss.Wrap(text, textWidth-len(indent), " "), "\n") {
		fmt.Fprintf(p, "%s%s\n", indent, strings.TrimRight(line, " "))
	}
}
