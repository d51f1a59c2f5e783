package scenario

import (
	"fmt"
	"math"
	"strings"
	"time"

	"corax"
)

// view is a result arranged for people; the terminal and the page show the same one. All its text is harmless and
// bounded.
type view struct {
	Result
	Facts   []fact // pattern, severity, confidence, remediation
	Rows    []row
	Causes  []cause
	Strip   *strip // nil where nothing was broken
	Omitted string // what was left out, empty where nothing was
}

// fact is one of the few things that stand at the top.
type fact struct{ Label, Value, Note, Tone string }

// row is a line of expected against actual. Mark is "yes", "no", or "" where nothing was expected.
type row struct{ Label, Expected, Actual, Mark string }

// cause is a problem's root cause and plan.
type cause struct {
	corax.Diagnosis
	Heading string
}

func newView(full Result, c caps) view {
	r := shorten(full, c)
	v := view{Result: r, Facts: facts(r), Rows: rows(r)}
	if r.Scenario.Live() {
		v.Strip = newStrip(full.Timeline)
	}
	for i, d := range r.Problems {
		heading := causeText(d.RootCause.Entity, d.RootCause.Mechanism)
		if len(r.Problems) > 1 {
			heading = fmt.Sprintf("%d. %s", i+1, heading)
		}
		v.Causes = append(v.Causes, cause{d, heading})
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
func facts(r Result) []fact {
	if len(r.Problems) == 0 {
		return []fact{{Label: "Pattern", Value: "none"}, {Label: "Severity", Value: "none"},
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
	return []fact{
		{Label: "Pattern", Value: worst.Pattern, Note: percent(worst.PatternConfidence) + " sure"},
		{Label: "Severity", Value: orNone(worst.Severity.String()), Tone: worst.Severity.String(), Note: others},
		{Label: "Confidence", Value: percent(worst.Confidence), Note: "in the root cause"},
		{Label: "Remediation", Value: modeText(worst.Plan.Mode), Note: modeNote(worst.Plan.Mode)},
	}
}

func percent(p float64) string { return fmt.Sprintf("%.0f %%", math.Round(p*100)) }

func modeText(m corax.Mode) string { return orNone(strings.ReplaceAll(string(m), "_", " ")) }

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
	"decisions": "Policy decisions",
}

func label(name string) string {
	prefix, rest := "", name
	if before, after, found := strings.Cut(name, "."); found {
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
func rows(r Result) []row {
	var all []row
	checked := map[string]bool{}
	for _, c := range r.Checks {
		checked[c.Name] = true
		mark := "no"
		if c.OK {
			mark = "yes"
		}
		all = append(all, row{Label: label(c.Name), Expected: c.Expected, Actual: c.Actual, Mark: mark})
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
			all = append(all, row{Label: label(extra.Name), Expected: "", Actual: extra.Actual})
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

// strip draws the outage as a band over time: broken, healed, closed.
type strip struct {
	Bands []band
	Ticks []tick
	Text  string // the same in words
}

// band spans from X, W wide, of 1000.
type band struct {
	X, W int
	Tone string
}

// tick is a milestone at X of 1000: a label at height TextY, and a line from there to the band.
type tick struct {
	X, TextY, From, To int
	Label, When        string
	Anchor             string // of the text: start, middle, end
}

// lanes are the heights at which labels stand, two above the band and two below it, in the order in which they are
// tried.
var lanes = []tick{
	{TextY: 34, From: 38, To: 62}, {TextY: 80, From: 52, To: 68},
	{TextY: 14, From: 18, To: 62}, {TextY: 100, From: 52, To: 88},
}

func newStrip(timeline []Moment) *strip {
	t := Result{Timeline: timeline}.Times()
	if t.Symptom == nil && t.Diagnosed == nil {
		return nil
	}
	last := timeline[len(timeline)-1].Seconds
	scale := func(s float64) int { return int(math.Round(min(max(s/max(last, 0.001), 0), 1) * 1000)) }
	s := &strip{}
	ends := make([]int, len(lanes)) // of the last label in each lane
	add := func(label string, at *float64) {
		if at == nil {
			return
		}
		when := time.Duration(*at * float64(time.Second)).Round(100 * time.Millisecond).String()
		x, wide := scale(*at), 7*(len(label)+len(when)+1)
		left, anchor := x-wide/2, "middle"
		if left < 0 {
			left, anchor = x, "start"
		} else if left+wide > 1000 {
			left, anchor = x-wide, "end"
		}
		lane := 0
		for i, end := range ends {
			if left >= end {
				lane = i
				break
			}
		}
		ends[lane] = left + wide
		k := lanes[lane]
		k.X, k.Label, k.When, k.Anchor = x, label, when, anchor
		s.Ticks = append(s.Ticks, k)
		s.Text += label + " " + when + ", "
	}
	zero := 0.0
	add("injected", &zero)
	add("first symptom", t.Symptom)
	add("diagnosed", t.Diagnosed)
	if t.Contained != nil && (t.Healed == nil || *t.Contained < *t.Healed) {
		add("contained", t.Contained)
	}
	add("healed", t.Healed)
	add("closed", t.Closed)
	s.Text = strings.TrimSuffix(s.Text, ", ")
	s.Bands = bands(t, scale)
	return s
}

// bands are the stretches between the milestones that change how the system is.
func bands(t Times, scale func(float64) int) []band {
	type turn struct {
		at   *float64
		tone string
	}
	zero := 0.0
	var all []band
	turns := []turn{{&zero, "broken"}, {t.Contained, "contained"}, {t.Healed, "healed"}, {t.Closed, "closed"}}
	for _, next := range turns {
		if next.at == nil {
			continue
		}
		x := scale(*next.at)
		if n := len(all); n > 0 {
			if x < all[n-1].X {
				continue
			}
			all[n-1].W = x - all[n-1].X
		}
		all = append(all, band{X: x, W: 1000 - x, Tone: next.tone})
	}
	return all
}
