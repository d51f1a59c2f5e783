package history

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"corax"
	"corax/scenario"
)

// Turn says whether a difference is for the better.
type Turn string

// The turns. Most differences are neither.
const (
	Better Turn = "better"
	Worse  Turn = "worse"
)

// Difference is one thing that came out otherwise. Before or After is empty where it was not there.
type Difference struct {
	Area   string `json:"area"` // verdict, check, diagnosis, step or version
	What   string `json:"what"`
	Before string `json:"before"`
	After  string `json:"after"`
	Turn   Turn   `json:"turn,omitempty"`
}

// Span is a time of both runs, in seconds; nil where one did not come to it.
type Span struct {
	What   string   `json:"what"`
	Before *float64 `json:"before"`
	After  *float64 `json:"after"`
}

// Comparison is two runs side by side.
type Comparison struct {
	Before      Run          `json:"before"`
	After       Run          `json:"after"`
	Differences []Difference `json:"differences"` // none: the same came out
	Times       []Span       `json:"times"`       // they always differ a little
}

// Compare holds one result against another, usually an earlier one of the same scenario.
func Compare(before, after scenario.Result) Comparison {
	c := comparison{Comparison{Before: Summary(before), After: Summary(after), Differences: []Difference{}}}
	before, after = scenario.Brief(before, scenario.Caps{List: 240, Text: 400}), scenario.Brief(after, scenario.Caps{List: 240, Text: 400})
	if c.differs("verdict", "verdict", string(before.Verdict), string(after.Verdict)) {
		c.turn(before.Verdict == scenario.Passed, after.Verdict == scenario.Passed)
	}
	c.differs("verdict", "error", before.Error, after.Error)
	c.checks(before.Checks, after.Checks)
	c.diagnoses(before.Problems, after.Problems)
	c.steps(before.Steps, after.Steps)
	for _, name := range keys(before.Run.Versions, after.Run.Versions) {
		c.differs("version", name, before.Run.Versions[name], after.Run.Versions[name])
	}
	a, b := before.Times(), after.Times()
	for _, s := range []Span{
		{"first symptom", a.Symptom, b.Symptom}, {"diagnosed", a.Diagnosed, b.Diagnosed}, {"contained", a.Contained, b.Contained},
		{"healed", a.Healed, b.Healed}, {"closed", a.Closed, b.Closed}, {"the whole run", &before.Run.Seconds, &after.Run.Seconds},
	} {
		if s.Before != nil || s.After != nil {
			c.Times = append(c.Times, s)
		}
	}
	return c.Comparison
}

type comparison struct{ Comparison }

// differs records a difference where there is one.
func (c *comparison) differs(area, what, before, after string) bool {
	if before == after {
		return false
	}
	c.Differences = append(c.Differences, Difference{Area: area, What: what, Before: before, After: after})
	return true
}

// turn says of the latest difference whether it is for the better.
func (c *comparison) turn(before, after bool) {
	last := &c.Differences[len(c.Differences)-1]
	switch {
	case after && !before:
		last.Turn = Better
	case before && !after:
		last.Turn = Worse
	}
}

func (c *comparison) checks(before, after []scenario.Check) {
	name := func(c scenario.Check) string { return c.Name }
	a, b := byKey(before, name), byKey(after, name)
	for _, name := range keys(a, b) {
		x, y := a[name], b[name]
		if x != nil && y != nil && x.OK == y.OK && x.Expected == y.Expected && measured(name) {
			continue
		}
		if c.differs("check", name, checkText(x), checkText(y)) && x != nil && y != nil {
			c.turn(x.OK, y.OK)
		}
	}
}

// measured says that a check's actual value is a time or a sentence with numbers, which no two runs have alike.
func measured(name string) bool {
	return strings.HasSuffix(name, "_within") || strings.HasSuffix(name, "truth")
}

func checkText(c *scenario.Check) string {
	if c == nil {
		return ""
	}
	holds := "holds"
	if !c.OK {
		holds = "does not hold"
	}
	return fmt.Sprintf("%s: expected %s, got %s", holds, c.Expected, c.Actual)
}

// diagnoses pairs problems by their root cause, and the rest in order.
func (c *comparison) diagnoses(before, after []corax.Diagnosis) {
	rest := slices.Clone(after)
	var left []corax.Diagnosis
	for _, d := range before {
		same := slices.IndexFunc(rest, func(x corax.Diagnosis) bool { return x.RootCause.Entity == d.RootCause.Entity })
		if same < 0 {
			left = append(left, d)
			continue
		}
		c.diagnosis(d, rest[same])
		rest = slices.Delete(rest, same, same+1)
	}
	for len(left) > 0 && len(rest) > 0 {
		c.diagnosis(left[0], rest[0])
		left, rest = left[1:], rest[1:]
	}
	for _, d := range left {
		c.differs("diagnosis", "problem", scenario.CauseText(d.RootCause), "")
	}
	for _, d := range rest {
		c.differs("diagnosis", "problem", "", scenario.CauseText(d.RootCause))
	}
}

func (c *comparison) diagnosis(a, b corax.Diagnosis) {
	c.differs("diagnosis", "pattern", a.Pattern, b.Pattern)
	c.differs("diagnosis", "severity", a.Severity.String(), b.Severity.String())
	c.differs("diagnosis", "root cause", scenario.CauseText(a.RootCause), scenario.CauseText(b.RootCause))
	c.differs("diagnosis", "confidence", percent(a.Confidence), percent(b.Confidence))
	c.differs("diagnosis", "cascade", cascade(a.Cascade), cascade(b.Cascade))
	c.differs("diagnosis", "remediation", scenario.ModeText(a.Plan.Mode), scenario.ModeText(b.Plan.Mode))
	c.differs("diagnosis", "plan", planText(a.Plan), planText(b.Plan))
}

func percent(p float64) string { return fmt.Sprintf("%.0f %%", math.Round(p*100)) }

func cascade(x corax.Cascade) string {
	if !x.Cascading {
		return "none"
	}
	return fmt.Sprintf("from %s to %d others", x.Root, len(x.Affected))
}

func planText(p corax.Plan) string {
	steps := make([]string, len(p.Steps))
	for i, s := range p.Steps {
		steps[i] = s.Action + " on " + s.Target
	}
	return strings.Join(steps, ", ")
}

func (c *comparison) steps(before, after []scenario.Step) {
	name := func(s scenario.Step) string { return s.Action + " on " + s.Target }
	a, b := byKey(before, name), byKey(after, name)
	for _, key := range keys(a, b) {
		c.differs("step", key, stateText(a[key]), stateText(b[key]))
	}
}

func stateText(s *scenario.Step) string {
	if s == nil {
		return ""
	}
	return string(s.State)
}

// byKey finds the values of a list; the last one of a key counts.
func byKey[T any](list []T, key func(T) string) map[string]*T {
	m := map[string]*T{}
	for i := range list {
		m[key(list[i])] = &list[i]
	}
	return m
}

// keys are those of both maps, in order.
func keys[T any](a, b map[string]T) []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(all)
	return slices.Compact(all)
}
