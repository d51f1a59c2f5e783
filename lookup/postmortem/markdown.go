package postmortem

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"corax"
)

// mostTurns is how many events a report tells at most; the rest is in the timeline.
const mostTurns = 60

// Markdown is the outage as a report: CommonMark with tables.
func Markdown(o Outage) string {
	w := &writer{}
	p, d := o.Problem, o.Problem.Diagnosis
	w.line("# %s", cmp.Or(d.RootCause.Summary, "Problem "+p.ID))
	w.line("")
	w.line("%s", o.Outcome())
	w.line("")
	w.table([]string{"", ""}, [][]string{
		{"Problem", p.ID}, {"State", words(p.State)}, {"Severity", d.Severity.String()},
		{"Root cause", fmt.Sprintf("%s at %s (%s)", d.RootCause.Mechanism, d.RootCause.Entity, percent(d.Confidence))},
		{"Pattern", fmt.Sprintf("%s (%s)", d.Pattern, percent(d.PatternConfidence))},
		{"Affected", cmp.Or(strings.Join(d.Cascade.Affected, ", "), "nobody else")},
		{"Incidents", fmt.Sprint(len(p.Incidents))},
	})
	w.section("When")
	var rows [][]string
	for _, s := range o.Spans() {
		rows = append(rows, []string{s.What, stamp(s.At), "+" + s.Took.Round(10*time.Millisecond).String()})
	}
	w.table([]string{"What", "UTC", "After"}, rows)
	w.causes(d)
	w.healing(o)
	if lessons := o.Lessons(); len(lessons) > 0 {
		w.section("So that it does not happen again")
		for _, l := range lessons {
			w.item("%s (%s)", l.Do, words(l.State))
		}
	}
	if open := o.Open(); len(open) > 0 {
		w.section("Left open")
		for _, s := range open {
			w.item("%s", s)
		}
	}
	w.timeline(o)
	return w.String()
}

// causes tells why, with what it rests on.
func (w *writer) causes(d corax.Diagnosis) {
	titles := []struct {
		kind  corax.SentenceKind
		title string
	}{{corax.TellsWhat, "What happened"}, {corax.TellsWhy, "Why"}, {corax.TellsSpread, "How it spread"}, {corax.TellsAffected, "Who is affected"}}
	for _, t := range titles {
		first := true
		for _, s := range d.RootCause.Sentences {
			if s.Kind != t.kind {
				continue
			}
			if first {
				w.section(t.title)
				first = false
			}
			w.item("%s", s.Text)
		}
	}
	evidence := func(title string, all []corax.Evidence) {
		if len(all) == 0 {
			return
		}
		w.section(title)
		for _, e := range all {
			w.item("signal %s, “%s”: %s", e.Signal, e.Quote, e.Supports)
		}
	}
	evidence("Evidence", d.RootCause.Evidence)
	evidence("Evidence against", d.RootCause.Against)
	if len(d.SeverityReasons) > 0 {
		w.section("Why it was rated " + d.Severity.String())
		for _, r := range d.SeverityReasons {
			w.item("%s", r)
		}
	}
}

// healing tells what was done, step by step.
func (w *writer) healing(o Outage) {
	if o.Run == nil {
		return
	}
	w.section("What was done")
	w.line("Plan %s, %s: %s.", o.Run.Plan.ID, words(o.Run.Plan.Mode), words(o.Run.State))
	w.line("")
	runs := map[string]corax.StepRun{}
	for _, s := range o.Run.Steps {
		runs[s.Step] = s
	}
	verdicts := map[string]string{}
	for _, d := range o.Decisions {
		verdicts[d.Step] = fmt.Sprintf("%s by %s", d.Verdict, d.Rule)
	}
	var rows [][]string
	for _, s := range o.Run.Plan.Steps {
		r := runs[s.ID]
		took := ""
		if r.StartedAt != nil && r.EndedAt != nil {
			took = r.EndedAt.Sub(*r.StartedAt).Round(time.Millisecond).String()
		}
		rows = append(rows, []string{s.ID, cmp.Or(s.Do, s.Action+" on "+s.Target), words(cmp.Or(r.State, corax.StepPending)), took, r.Verified, verdicts[s.ID]})
	}
	w.table([]string{"Step", "What", "State", "Took", "Verification", "Policy"}, rows)
}

func (w *writer) timeline(o Outage) {
	turns := o.Turns()
	if len(turns) == 0 {
		return
	}
	w.section("Timeline")
	more := max(0, len(turns)-mostTurns)
	var rows [][]string
	for _, e := range turns[more:] {
		text := e.Text
		if e.Kind == corax.EventComment {
			text = e.Data["by"] + ": " + text
		}
		rows = append(rows, []string{stamp(e.At), text})
	}
	if more > 0 {
		w.line("%s earlier events are left out.", more)
		w.line("")
	}
	w.table([]string{"UTC", "What"}, rows)
}

// writer writes Markdown. What is put in is escaped: it may come from outside.
type writer struct{ strings.Builder }

func (w *writer) line(format string, args ...any) { w.WriteString(filled(format, args) + "\n") }

// filled is a format of ours, whose verbs are all %s, with escaped values in it.
func filled(format string, args []any) string {
	for i, a := range args {
		args[i] = escape(fmt.Sprint(a))
	}
	return fmt.Sprintf(format, args...)
}

func (w *writer) section(title string) { w.line("\n## %s\n", title) }

func (w *writer) item(format string, args ...any) {
	text := strings.TrimSpace(filled(format, args))
	if at := begins.FindStringIndex(text); at != nil {
		text = text[:at[1]-1] + "\\" + text[at[1]-1:]
	}
	w.WriteString("- " + text + "\n")
}

func (w *writer) table(head []string, rows [][]string) {
	row := func(cells []string) {
		for _, c := range cells {
			w.WriteString("| " + escape(c) + " ")
		}
		w.WriteString("|\n")
	}
	row(head)
	w.WriteString(strings.Repeat("| --- ", len(head)) + "|\n")
	for _, r := range rows {
		row(r)
	}
}

// special are the characters that Markdown might take for markup.
const special = "\\`*_{}[]<>#|~&!@"

// begins is what makes a list of a text that begins with it.
var begins = regexp.MustCompile(`^\s*(\d{1,9})?[-+.)=]`)

// escape makes a text one line in which nothing is markup, neither Markdown nor HTML.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029':
			b.WriteByte(' ')
		case r < 0x80 && strings.ContainsRune(special, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return bare.Replace(b.String())
}

// bare takes away what some renderers make links of.
var bare = strings.NewReplacer("://", "\\://", "www.", "www\\.")

func words[S ~string](s S) string { return strings.ReplaceAll(string(s), "_", " ") }

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }
