package history

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"corax"
	"corax/scenario"
)

// Run is a result in short. The lists have an entry a problem.
type Run struct {
	ID       string           `json:"run"`
	Category string           `json:"category"`
	Name     string           `json:"name"`
	Title    string           `json:"title"`
	Verdict  scenario.Verdict `json:"verdict"`
	Started  time.Time        `json:"started"`
	Seconds  float64          `json:"seconds"`
	Live     bool             `json:"live"` // a lab was broken
	Passing  int              `json:"passing"`
	Checks   int              `json:"checks"`
	Version  string           `json:"version,omitempty"` // of Corax
	Sample   bool             `json:"sample,omitempty"`  // see package sample

	Patterns   []string         `json:"patterns"`
	Severities []corax.Severity `json:"severities"`
	Causes     []string         `json:"causes"` // entity and mechanism
	Modes      []string         `json:"modes"`

	Diagnosed *float64 `json:"diagnosed,omitempty"` // seconds since the first injection; nil where it did not come to that
	Healed    *float64 `json:"healed,omitempty"`

	// Answer is how sure the engine was of the root cause, where the scenario has one problem and names its cause.
	Answer *Answer `json:"answer,omitempty"`

	File string `json:"-"` // that holds the whole result
}

// Answer is a root cause as it was named.
type Answer struct {
	Confidence float64 `json:"confidence"` // 0 to 1
	Right      bool    `json:"right"`
}

// Scenario is category and name.
func (r Run) Scenario() string { return r.Category + "/" + r.Name }

// Ended is when the run was over.
func (r Run) Ended() time.Time {
	return r.Started.Add(time.Duration(r.Seconds * float64(time.Second)))
}

// Summary is a result in short, with no text longer than a line.
func Summary(full scenario.Result) Run {
	times := full.Times()
	r := scenario.Brief(full, scenario.Caps{List: 12, Text: 160})
	s := Run{
		ID: r.Run.ID, Category: r.Category, Name: r.Name, Title: r.About.Title, Verdict: r.Verdict, Started: r.Run.Started.UTC(), Seconds: r.Run.Seconds,
		Live: r.About.Live(), Passing: full.Passing(), Checks: len(full.Checks), Version: r.Run.Versions["corax"], Sample: r.Sample,
		Patterns: []string{}, Severities: []corax.Severity{}, Causes: []string{}, Modes: []string{}, Diagnosed: times.Diagnosed, Healed: times.Healed,
	}
	if s.Title == "" {
		s.Title = r.ID()
	}
	for _, d := range r.Problems {
		s.Patterns = append(s.Patterns, d.Pattern)
		s.Severities = append(s.Severities, d.Severity)
		s.Causes = append(s.Causes, scenario.CauseText(d.RootCause))
		s.Modes = append(s.Modes, scenario.ModeText(d.Plan.Mode))
	}
	if i := slices.IndexFunc(full.Checks, func(c scenario.Check) bool { return c.Name == scenario.CheckRootCause }); i >= 0 && len(full.Problems) == 1 {
		s.Answer = &Answer{full.Problems[0].Confidence, full.Checks[i].OK}
	}
	return s
}

// Runs are runs, oldest first.
type Runs []Run

func (all Runs) sort() {
	slices.SortFunc(all, func(a, b Run) int { return cmp.Or(a.Started.Compare(b.Started), strings.Compare(a.ID, b.ID)) })
}

// Latest is the last run of each scenario, by category and name.
func (all Runs) Latest() Runs {
	last := map[string]Run{}
	for _, r := range all {
		last[r.Scenario()] = r
	}
	list := make(Runs, 0, len(last))
	for _, r := range last {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Run) int { return strings.Compare(a.Scenario(), b.Scenario()) })
	return list
}

// Real are the runs without the sample.
func (all Runs) Real() Runs {
	return slices.DeleteFunc(slices.Clone(all), func(r Run) bool { return r.Sample })
}

// Filter says which runs are wanted; empty fields want any.
type Filter struct {
	Category string
	Name     string
	Verdict  scenario.Verdict
}

// Only keeps the runs that the filter wants.
func (all Runs) Only(f Filter) Runs {
	var list Runs
	for _, r := range all {
		if (f.Category == "" || r.Category == f.Category) && (f.Name == "" || r.Name == f.Name) && (f.Verdict == "" || r.Verdict == f.Verdict) {
			list = append(list, r)
		}
	}
	return list
}

// Categories are those of the runs, in order of the alphabet.
func (all Runs) Categories() []string {
	var list []string
	for _, r := range all {
		list = append(list, r.Category)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Count is how many runs came out so.
func (all Runs) Count(v scenario.Verdict) int {
	n := 0
	for _, r := range all {
		if r.Verdict == v {
			n++
		}
	}
	return n
}

// News are the runs that came out otherwise than the run of the same scenario before, and each scenario's first, oldest first.
func (all Runs) News() Runs {
	last := map[string]scenario.Verdict{}
	var list Runs
	for _, r := range all {
		if before, ran := last[r.Scenario()]; !ran || before != r.Verdict {
			list = append(list, r)
		}
		last[r.Scenario()] = r.Verdict
	}
	return list
}

// Rate is how the runs of a span of time came out. Errors say nothing about Corax, so they are no part of the share.
type Rate struct {
	From   time.Time     `json:"from"`
	Width  time.Duration `json:"-"`
	Passed int           `json:"passed"`
	Failed int           `json:"failed"`
	Errors int           `json:"errors"`
}

// Share is passed of passed and failed; 0 and false where nothing was carried out.
func (r Rate) Share() (float64, bool) {
	n := r.Passed + r.Failed
	if n == 0 {
		return 0, false
	}
	return float64(r.Passed) / float64(n), true
}

// widths are the spans that rates are given for, and how long the whole may be for it.
var widths = []struct{ width, most time.Duration }{
	{time.Hour, 3 * 24 * time.Hour}, {24 * time.Hour, 90 * 24 * time.Hour}, {7 * 24 * time.Hour, 1 << 62},
}

// Rates are the rates over time: by the hour, the day or the week, whichever fits the whole; spans without a run are left out.
func (all Runs) Rates() []Rate {
	if len(all) == 0 {
		return nil
	}
	whole := all[len(all)-1].Started.Sub(all[0].Started)
	width := time.Duration(0)
	for _, w := range widths {
		if width = w.width; whole <= w.most {
			break
		}
	}
	var list []Rate
	for _, r := range all {
		from := r.Started.Truncate(width) // counted from year one, a Monday
		if n := len(list); n == 0 || !list[n-1].From.Equal(from) {
			list = append(list, Rate{From: from, Width: width})
		}
		at := &list[len(list)-1]
		switch r.Verdict {
		case scenario.Passed:
			at.Passed++
		case scenario.Failed:
			at.Failed++
		default:
			at.Errors++
		}
	}
	return list
}
