package scenario

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"corax"
)

// View is a result arranged for people; the terminal and the pages show the same one. All its text is harmless and
// bounded.
type View struct {
	Result
	Facts      []Fact // pattern, severity, confidence, remediation
	Rows       []Row
	Causes     []Cause
	Milestones []Milestone // in order; empty where nothing was broken
	Omitted    string      // what was left out, empty where nothing was
}

// Fact is one of the few things that stand at the top.
type Fact struct{ Label, Value, Note, Tone string }

// Row is a line of expected against actual. Mark is "yes", "no", or "" where nothing was expected.
type Row struct{ Label, Expected, Actual, Mark string }

// Cause is a problem's root cause and plan.
type Cause struct {
	corax.Diagnosis
	Heading string
}

// HasEvidence says that there is anything to list.
func (c Cause) HasEvidence() bool {
	return len(c.RootCause.Evidence)+len(c.RootCause.Against)+len(c.RootCause.Missing) > 0
}

// NewView arranges a result, and shows no more than c of it.
func NewView(full Result, c Caps) View {
	r := shorten(full, c)
	v := View{Result: r, Facts: facts(r), Rows: rows(r)}
	if r.About.Live() {
		v.Milestones = full.Milestones()
	}
	for i, d := range r.Problems {
		heading := causeText(d.RootCause.Entity, d.RootCause.Mechanism)
		if len(r.Problems) > 1 {
			heading = fmt.Sprintf("%d. %s", i+1, heading)
		}
		v.Causes = append(v.Causes, Cause{d, heading})
	}
	var omitted []string
	for _, list := range []struct {
		what      string
		all, kept int
	}{
		{"checks", len(full.Checks), len(r.Checks)}, {"injections", len(full.Injected), len(r.Injected)},
		{"problems", len(full.Problems), len(r.Problems)}, {"steps", len(full.Steps), len(r.Steps)},
		{"moments", len(full.Timeline), len(r.Timeline)},
	} {
		if list.kept < list.all {
			omitted = append(omitted, fmt.Sprintf("%d more %s", list.all-list.kept, list.what))
		}
	}
	if len(omitted) > 0 {
		v.Omitted = "Left out here, and kept in the JSON: " + strings.Join(omitted, ", ") + "."
	}
	return v
}

// facts are those of the gravest problem, or say that there is none.
func facts(r Result) []Fact {
	if len(r.Problems) == 0 {
		return []Fact{{Label: "Pattern", Value: "none"}, {Label: "Severity", Value: "none"},
			{Label: "Confidence", Value: "none"}, {Label: "Remediation", Value: "none"}}
	}
	worst := r.Problems[0]
	for _, d := range r.Problems[1:] {
		if d.Severity > worst.Severity {
			worst = d
		}
	}
	others := ""
	if n := len(r.Problems) - 1; n > 0 {
		others = fmt.Sprintf("gravest of %d problems", n+1)
	}
	return []Fact{
		{Label: "Pattern", Value: worst.Pattern, Note: percent(worst.PatternConfidence) + " sure"},
		{Label: "Severity", Value: orNone(worst.Severity.String()), Tone: worst.Severity.String(), Note: others},
		{Label: "Confidence", Value: percent(worst.Confidence), Note: "in the root cause"},
		{Label: "Remediation", Value: ModeText(worst.Plan.Mode), Note: modeNote(worst.Plan.Mode)},
	}
}

func percent(p float64) string { return fmt.Sprintf("%.0f %%", math.Round(p*100)) }

// ModeText is a mode in words.
func ModeText(m corax.Mode) string { return orNone(strings.ReplaceAll(string(m), "_", " ")) }

func modeNote(m corax.Mode) string {
	switch m {
	case corax.AutoHeal:
		return "Corax, by itself"
	case corax.Approval:
		return "Corax, after a yes"
	case corax.RemoteHands:
		return "people on site"
	case corax.Manual:
		return "people"
	}
	return ""
}

// labels name the checks for people.
var labels = map[string]string{
	"problems": "Problems", "pattern": "Pattern", "severity": "Severity", "correlation": "Incidents linked",
	"cascade": "Cascade", "root_cause": "Root cause", "remediation": "Remediation", "end": "End state",
	"escalated":        "Escalated",
	"escalation_names": "Escalation names", "detected_within": "Detected within", "healed_within": "Healed within",
	"closed_within": "Closed within", "forbid_patterns": "Forbidden pattern", "forbid_entities": "Forbidden cause",
	"forbid_actions": "Forbidden actions",
	"pages":          "People called", "invariants": "Invariants", "truth": "Real users",
	"incidents": "Incidents", "actions": "Actions",
	"decisions": "Policy decisions", "secrets": "Secrets in records", "told": "Notices", "kills": "Kills", "approvals": "Approvals", "plan": "Plan", "plans": "Plans",
	"work": "Work order", "steps": "Steps",
}

// Label names a check for people.
func Label(name string) string {
	prefix, rest := "", name
	if before, after, found := strings.Cut(name, "."); found && strings.HasPrefix(before, "problem_") {
		prefix, rest = strings.ReplaceAll(before, "problem_", "Problem ")+": ", after
	}
	if action, found := strings.CutPrefix(rest, "approval "); found {
		return "Approval of " + action
	}
	if text, known := labels[rest]; known {
		if prefix != "" {
			text = strings.ToLower(text)
		}
		return prefix + text
	}
	return prefix + rest
}

// rows are the checks, and what nobody expected but everybody wants to know.
func rows(r Result) []Row {
	var all []Row
	checked := map[string]bool{}
	for _, c := range r.Checks {
		checked[c.Name] = true
		mark := "no"
		if c.OK {
			mark = "yes"
		}
		all = append(all, Row{Label: Label(c.Name), Expected: c.Expected, Actual: c.Actual, Mark: mark})
	}
	if len(r.Problems) != 1 {
		return all
	}
	d := r.Problems[0]
	linked, _ := joined(d)
	for _, extra := range []Check{
		{Name: "pattern", Actual: d.Pattern},
		{Name: "severity", Actual: orNone(d.Severity.String())},
		{Name: "correlation", Actual: fmt.Sprintf("%d of %d linked", linked, len(d.Incidents))},
		{Name: "cascade", Actual: cascadeText(d.Cascade)},
		{Name: "root_cause", Actual: causeText(d.RootCause.Entity, d.RootCause.Mechanism)},
		{Name: "remediation", Actual: orNone(string(d.Plan.Mode))},
	} {
		if !checked[extra.Name] {
			all = append(all, Row{Label: Label(extra.Name), Expected: "", Actual: extra.Actual})
		}
	}
	return all
}

// Milestone is a turning point of an outage.
type Milestone struct {
	Label string
	At    float64 // seconds since the first injection
}

// String is for people: "healed 8s".
func (m Milestone) String() string { return m.Label + " " + m.When() }

// When is the time in words, to a tenth of a second.
func (m Milestone) When() string {
	return time.Duration(m.At * float64(time.Second)).Round(100 * time.Millisecond).String()
}

// Milestones are the turning points that the outage came to; none where nothing was seen of it.
func (r Result) Milestones() []Milestone {
	t := r.Times()
	if t.Symptom == nil && t.Diagnosed == nil {
		return nil
	}
	zero := 0.0
	if t.Contained != nil && t.Healed != nil && *t.Contained >= *t.Healed {
		t.Contained = nil // it is told by healed
	}
	var all []Milestone
	for _, m := range []struct {
		label string
		at    *float64
	}{{"injected", &zero}, {"first symptom", t.Symptom}, {"diagnosed", t.Diagnosed}, {"contained", t.Contained}, {"healed", t.Healed}, {"closed", t.Closed}} {
		if m.at != nil {
			all = append(all, Milestone{m.label, *m.at})
		}
	}
	return all
}

// Times are the milestones of an outage, in seconds since the first injection; nil where one was not reached.
type Times struct{ Symptom, Diagnosed, Contained, Healed, Closed *float64 }

// Times reads the milestones from the timeline: the first of each, of a run with several problems the last
// problem's end.
func (r Result) Times() Times {
	var t Times
	for i := range r.Timeline {
		m := &r.Timeline[i]
		switch m.Kind {
		case corax.EventIncidentOpened:
			setOnce(&t.Symptom, m.Seconds)
		case corax.EventDiagnosed:
			setOnce(&t.Diagnosed, m.Seconds)
		case corax.EventContained:
			setOnce(&t.Contained, m.Seconds)
		case corax.EventHealed:
			t.Healed = &m.Seconds
		case corax.EventClosed:
			t.Closed = &m.Seconds
		}
	}
	return t
}

func setOnce(to **float64, v float64) {
	if *to == nil {
		*to = &v
	}
}

// CauseText is who failed and how, in few words.
func CauseText(c corax.RootCause) string { return causeText(c.Entity, c.Mechanism) }

// WithText writes parameters in a fixed order.
func WithText(with map[string]any) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(with)) {
		parts = append(parts, fmt.Sprintf("%s: %v", name, with[name]))
	}
	return strings.Join(parts, ", ")
}
