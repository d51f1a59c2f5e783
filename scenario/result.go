package scenario

import (
	"encoding/json"
	"io"
	"time"

	"corax"
)

// Verdict is how a scenario came out.
type Verdict string

// The verdicts.
const (
	Passed Verdict = "passed"
	Failed Verdict = "failed" // at least one check failed
	Broken Verdict = "error"  // it could not be carried out, so nothing is known
)

// Result is what a scenario's run gave. Its JSON is a contract (docs/scenarios.md).
type Result struct {
	Name     string            `json:"name"`
	Category string            `json:"category"`
	Verdict  Verdict           `json:"verdict"`
	Error    string            `json:"error,omitempty"` // why the verdict is "error"
	Run      Run               `json:"run"`
	Checks   []Check           `json:"checks"`
	Injected []Injected        `json:"injected"`
	Problems []corax.Diagnosis `json:"problems"`
	Steps    []Step            `json:"steps"`
	Timeline []Moment          `json:"timeline"`
	Counts   Counts            `json:"counts"`
	Outcomes []corax.Outcome   `json:"outcomes,omitempty"` // how the actions ended; what autonomy learns from
	About    About             `json:"about"`
	Sample   bool              `json:"sample,omitempty"` // shown to those who have run nothing yet; counts nowhere
}

// About is what the scenario's file says of itself, so that a result can be read without the file.
type About struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Conditions  string `json:"conditions,omitempty"`
	Lab         string `json:"lab,omitempty"` // what was broken; empty: text only
	Seed        int64  `json:"seed,omitempty"`
	Control     bool   `json:"control,omitempty"` // nothing was wrong
}

// Live says that a lab was broken; otherwise the engine alone was asked.
func (a About) Live() bool { return a.Lab != "" }

func (s Scenario) about() About {
	a := About{Title: s.Title, Description: s.Description, Conditions: s.Conditions, Control: s.Control}
	if s.Lab != nil {
		a.Lab, a.Seed = s.Lab.Name, s.Lab.Seed
	}
	return a
}

// ID is category and name.
func (r Result) ID() string { return r.Category + "/" + r.Name }

// Run identifies one run.
type Run struct {
	ID       string            `json:"id"`
	Started  time.Time         `json:"started"`
	Seconds  float64           `json:"seconds"`
	Versions map[string]string `json:"versions,omitempty"`
	Machine  *Machine          `json:"machine,omitempty"`
}

// Machine is what the run had to work with; no name of it, because results are published.
type Machine struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
	CPUs int    `json:"cpus"`
}

// Passing counts the checks that hold.
func (r Result) Passing() int { return passing(r.Checks) }

// Check is one expectation beside what came out.
type Check struct {
	Name     string `json:"name"`
	Expected string `json:"expected"`
	Actual   string `json:"actual"`
	OK       bool   `json:"ok"`
}

// CheckRootCause is the name of the check that holds the cause of a scenario's only problem against what was expected.
const CheckRootCause = "root_cause"

// Step is what became of a plan's step.
type Step struct {
	Problem      int             `json:"problem"` // index into Problems
	Phase        string          `json:"phase,omitempty"`
	Action       string          `json:"action"`
	Target       string          `json:"target"`
	Started      *time.Time      `json:"started,omitempty"`
	Seconds      float64         `json:"seconds"`
	State        corax.StepState `json:"state"`
	Result       string          `json:"result"`
	Verification string          `json:"verification"`
}

// Moment is one line of a timeline.
type Moment struct {
	At      time.Time       `json:"at"`
	Seconds float64         `json:"seconds"` // since the first injection; negative before it
	Kind    corax.EventKind `json:"kind"`
	Entity  string          `json:"entity,omitempty"`
	Text    string          `json:"text"`
}

// The kinds of moments that are not events of Corax, but of the run itself.
const (
	MomentLabUp    corax.EventKind = "lab_up"
	MomentSystemUp corax.EventKind = "corax_up"
	MomentHealthy  corax.EventKind = "healthy" // every monitor is up
	MomentApproved corax.EventKind = "approved"
	MomentOperated corax.EventKind = "operated" // somebody did something else
	MomentKilled   corax.EventKind = "killed"
	MomentChecked  corax.EventKind = "checked"
)

// Counts are the sizes of a run.
type Counts struct {
	Monitors  int `json:"monitors"`
	Signals   int `json:"signals"`
	Incidents int `json:"incidents"`
	Linked    int `json:"linked"` // incidents that links hold together
	Pages     int `json:"pages"`
}

// WriteJSON writes one object a line for each result.
func WriteJSON(w io.Writer, results []Result) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, r := range results {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// The exit statuses of `corax scenario run`.
const (
	exitPassed      = 0
	exitFailed      = 1
	exitUnusable    = 2
	exitInterrupted = 130
)

// ExitCode is the exit status for a run: interrupted before unusable files before failures.
func ExitCode(results []Result, unusable []error, interrupted bool) int {
	if interrupted {
		return exitInterrupted
	}
	if len(unusable) > 0 {
		return exitUnusable
	}
	for _, r := range results {
		if r.Verdict != Passed {
			return exitFailed
		}
	}
	return exitPassed
}
