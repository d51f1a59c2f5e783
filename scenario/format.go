package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"corax"
)

// Scenario is one file: conditions, injection, expectation. docs/scenarios.md describes it for those who write one.
type Scenario struct {
	Name        string          `yaml:"name" decode:"required"`     // lower case, with underscores; unique in its category
	Category    string          `yaml:"category" decode:"required"` // security, performance ...
	Title       string          `yaml:"title" decode:"required"`
	Description string          `yaml:"description"`
	Conditions  string          `yaml:"conditions"` // the true situation, for people; no part of Corax sees it
	Lab         *LabSpec        `yaml:"lab"`        // left out: text only
	Topology    *corax.Topology `yaml:"topology"`   // text only
	Config      map[string]any  `yaml:"config"`     // laid over the lab's configuration of Corax; see overlay
	Inject      []Injection     `yaml:"inject" decode:"required"`
	Operate     []Operation     `yaml:"operate"` // what people do meanwhile, in order
	Expect      Expect          `yaml:"expect"`
	Control     bool            `yaml:"control"` // nothing is wrong, nothing may happen
	Observe     time.Duration   `yaml:"observe"` // control: for how long nothing may happen

	File string `yaml:"-"` // where it was read from
}

// ID is category and name, by which a scenario is called.
func (s Scenario) ID() string { return s.Category + "/" + s.Name }

// Live says that the scenario breaks a lab; otherwise it is text only.
func (s Scenario) Live() bool { return s.Lab != nil }

// LabSpec names the lab to break.
type LabSpec struct {
	Name string         `yaml:"name"`
	Seed int64          `yaml:"seed"` // varies names, paths, key ids and wording
	With map[string]any `yaml:"with"` // the lab's own parameters
}

// Injection is one thing that happens: a fault in the lab, or a signal where there is no lab.
type Injection struct {
	After  time.Duration  `yaml:"after"` // since the injection before
	Fault  string         `yaml:"fault"`
	With   map[string]any `yaml:"with"`
	Signal *Signal        `yaml:"signal"`
}

// Signal is a corax.Signal as it is written in a scenario.
type Signal struct {
	At          time.Time         `yaml:"at"` // left out: when the run began, and After later
	Source      string            `yaml:"source"`
	Kind        corax.SignalKind  `yaml:"kind"`
	Entity      string            `yaml:"entity"`
	Severity    corax.Severity    `yaml:"severity"`
	Message     string            `yaml:"message"`
	Fingerprint string            `yaml:"fingerprint"`
	Labels      map[string]string `yaml:"labels"`
	Attributes  map[string]string `yaml:"attributes"`
}

// Expect is what must come out. The fields of Outcome stand beside the others where one problem is expected; Each
// holds one Outcome a problem where several are.
type Expect struct {
	Outcome    `yaml:",inline"`
	Problems   *int       `yaml:"problems"`
	Each       []Outcome  `yaml:"each"`
	Forbid     Forbid     `yaml:"forbid"`
	Pages      *int       `yaml:"pages"`      // how often people were called: escalations and requests to approve
	Told       []Told     `yaml:"told"`       // notices that reached people
	Kills      int        `yaml:"kills"`      // Corax was killed at least as often
	Invariants bool       `yaml:"invariants"` // the lab's own checker finds no violation
	Records    []Recorded `yaml:"records"`    // of the lab's own parts, in this order
	Truth      bool       `yaml:"truth"`      // in the end the lab's real users are served
}

// Outcome is what must be held to be true of one problem, and what must become of it. What is left out isn't checked.
type Outcome struct {
	Pattern        string                `yaml:"pattern"`
	Severity       OneOf[corax.Severity] `yaml:"severity" decode:"one_or_many"`
	Correlation    *bool                 `yaml:"correlation"` // its incidents are linked into one
	Cascade        *bool                 `yaml:"cascade"`
	RootCause      *RootCause            `yaml:"root_cause"`
	Remediation    corax.Mode            `yaml:"remediation"`
	End            End                   `yaml:"end"`
	Escalated      *bool                 `yaml:"escalated"`
	Escalation     []string              `yaml:"escalation_names"` // entities or roles that the escalation must name
	DetectedWithin time.Duration         `yaml:"detected_within"`
	HealedWithin   time.Duration         `yaml:"healed_within"`
	ClosedWithin   time.Duration         `yaml:"closed_within"`

	Plan      OneOf[corax.PlanState] `yaml:"plan" decode:"one_or_many"` // the state of its latest plan
	Plans     *int                   `yaml:"plans"`                     // how many plans it had
	Steps     []StepEnd              `yaml:"steps"`                     // what became of steps
	Decisions []Decided              `yaml:"decisions"`                 // among those of the policy
	Approvals []Approved             `yaml:"approvals"`                 // all requests, in the order of asking
	Work      corax.WorkState        `yaml:"work"`                      // the state of its work order
}

// StepEnd is what became of a step.
type StepEnd struct {
	Action string                 `yaml:"action" decode:"required"`
	Target string                 `yaml:"target"` // an entity or role; any where left out
	State  OneOf[corax.StepState] `yaml:"state" decode:"one_or_many,required"`
	Says   string                 `yaml:"says"` // in what it answered, or why it was refused
}

// Decided is a decision of the policy.
type Decided struct {
	Action  string        `yaml:"action" decode:"required"`
	Verdict corax.Verdict `yaml:"verdict" decode:"required"`
	Rule    string        `yaml:"rule"` // that decided
	Why     string        `yaml:"why"`  // words of the reason
}

// Approved is a request for approval, and how it ended.
type Approved struct {
	Action string        `yaml:"action" decode:"required"`
	Answer corax.Verdict `yaml:"answer" decode:"required"`
	By     string        `yaml:"by"` // words of who answered
}

// Told is a notice that was delivered.
type Told struct {
	Kind    corax.NoticeKind `yaml:"kind" decode:"required"`
	Contact string           `yaml:"contact"` // anybody where left out
	Says    string           `yaml:"says"`    // words of it
}

// Recorded is a record of one of the lab's own parts.
type Recorded struct {
	Event string            `yaml:"event" decode:"required"`
	Part  string            `yaml:"part"`  // whose record it is, an entity or role; anybody's where left out
	By    string            `yaml:"by"`    // who did it; anybody where left out
	With  map[string]string `yaml:"with"`  // among its details; a role stands for its entity
	Times *int              `yaml:"times"` // exactly so often; once or more where left out
}

// RootCause is who failed and how.
type RootCause struct {
	Entity    string        `yaml:"entity"` // a role of the lab, or an entity's id where there is no lab
	Mechanism OneOf[string] `yaml:"mechanism" decode:"one_or_many"`
}

// Forbid lists answers and deeds that are wrong whatever else comes out.
type Forbid struct {
	Patterns []string `yaml:"patterns"`
	Entities []string `yaml:"entities"` // as a root cause
	Actions  []string `yaml:"actions"`  // planned or taken
}

// End is how far a problem must come.
type End string

// The ends, each farther than the one before.
const (
	EndNone      End = "none"
	EndPlanned   End = "planned"
	EndContained End = "contained"
	EndHealed    End = "healed"
	EndClosed    End = "closed"
)

var ends = []End{EndNone, EndPlanned, EndContained, EndHealed, EndClosed}

// rank orders the ends; -1 for none of them.
func (e End) rank() int {
	for i, end := range ends {
		if e == end {
			return i
		}
	}
	return -1
}

// OneOf is a value, or a list of allowed ones.
type OneOf[T comparable] []T

// Has says that v is allowed.
func (o OneOf[T]) Has(v T) bool { return slices.Contains(o, v) }

// String is for people: "medium or high".
func (o OneOf[T]) String() string {
	words := make([]string, len(o))
	for i, v := range o {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, " or ")
}

// outcomes is the list of expected problems: Each, or the one that stands beside it, or nothing.
func (e Expect) outcomes() []Outcome {
	if len(e.Each) > 0 {
		return e.Each
	}
	if e.empty() {
		return nil
	}
	return []Outcome{e.Outcome}
}

// empty says that nothing is expected of a problem.
func (o Outcome) empty() bool {
	return o.Pattern == "" && len(o.Severity) == 0 && o.Correlation == nil && o.Cascade == nil && o.RootCause == nil &&
		o.Remediation == "" && o.End == "" && o.Escalated == nil && len(o.Escalation) == 0 &&
		o.DetectedWithin == 0 && o.HealedWithin == 0 && o.ClosedWithin == 0 &&
		len(o.Plan) == 0 && o.Plans == nil && len(o.Steps) == 0 && len(o.Decisions) == 0 && len(o.Approvals) == 0 && o.Work == ""
}
