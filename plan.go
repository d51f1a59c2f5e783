package corax

import (
	"encoding/json"
	"time"
)

// Mode says who carries out a plan.
type Mode string

// The modes of a plan.
const (
	AutoHeal    Mode = "auto_heal"    // Corax, by itself
	Approval    Mode = "approval"     // Corax, after a person's yes
	RemoteHands Mode = "remote_hands" // people on site
	Manual      Mode = "manual"       // people, anywhere
	NoMode      Mode = "none"         // nothing to do
)

// Risk is the class of what an action may do.
type Risk string

// The risk classes, mildest first.
const (
	Read        Risk = "read"        // changes nothing
	Reversible  Risk = "reversible"  // has an inverse that restores the state before
	Disruptive  Risk = "disruptive"  // users may notice
	Destructive Risk = "destructive" // can't be undone
)

// Level orders the classes: 0 for Read to 3 for Destructive; an unknown class counts as Destructive.
func (r Risk) Level() int {
	switch r {
	case Read:
		return 0
	case Reversible:
		return 1
	case Disruptive:
		return 2
	}
	return 3
}

// Plan is the ordered way towards health.
type Plan struct {
	ID      string `json:"id,omitempty"` // HashID("pln", problem); empty in a bare diagnosis
	Problem string `json:"problem,omitempty"`
	Mode    Mode   `json:"mode"`
	Why     string `json:"why"`
	Steps   []Step `json:"steps"`
}

// Step is one action on one target. Steps with the same Phase don't depend on each other; a phase begins when the one before it is done.
type Step struct {
	ID      string            `json:"id,omitempty"`    // "1", "2.3": phase, then position
	Phase   string            `json:"phase,omitempty"` // contain, deliver, check ...
	Action  string            `json:"action"`
	Target  string            `json:"target"`
	Params  map[string]string `json:"params"`
	Risk    Risk              `json:"risk"`
	Do      string            `json:"do,omitempty"`    // for people: what is done, with names and ids
	Run     string            `json:"run,omitempty"`   // for people: the command that does it, where there is a usual one
	Fill    []string          `json:"fill,omitempty"`  // words in capitals in Run that no signal gives: a person puts them in
	Check   string            `json:"check,omitempty"` // for people: what must hold before
	Verify  string            `json:"verify"`          // for people: what must be true afterwards
	Undo    string            `json:"undo"`            // for people: the inverse, or that there is none
	Purpose StepPurpose       `json:"purpose"`         // restore, fix, prevent, tidy
	Waits   bool              `json:"waits,omitempty"` // while its target is away the rest of the phase goes on, and the plan waits at the phase's end
	Ask     bool              `json:"ask,omitempty"`   // always by approval, whatever the policy allows
}

// StepPurpose orders a plan: service comes back first, then the cause goes, then the recurrence, then the leftovers.
type StepPurpose string

// The purposes of steps, in the order of a plan.
const (
	Restore StepPurpose = "restore"
	Fix     StepPurpose = "fix"
	Prevent StepPurpose = "prevent"
	Tidy    StepPurpose = "tidy"
)

// StepState is how far a step has come.
type StepState string

// The states of a step.
const (
	StepPending   StepState = "pending"
	StepAsking    StepState = "asking"     // waits for an approval
	StepRunning   StepState = "running"    // pre-check, effect or verification
	StepWaiting   StepState = "waiting"    // its target is away
	StepDone      StepState = "done"       // verified
	StepNotNeeded StepState = "not_needed" // its goal held already
	StepRefused   StepState = "refused"    // the pre-check, the policy, a person or the kill switch said no
	StepFailed    StepState = "failed"     // no effect, or not verified
	StepUndone    StepState = "undone"     // its inverse was carried out and verified
	StepUnknown   StepState = "unknown"    // may or may not have taken effect
)

// StepRun records what became of a step.
type StepRun struct {
	Step       string     `json:"step"` // Step.ID
	Action     string     `json:"action"`
	Target     string     `json:"target"`
	State      StepState  `json:"state"`
	StartedAt  *time.Time `json:"started_at,omitempty"`
	EndedAt    *time.Time `json:"ended_at,omitempty"`
	Precheck   string     `json:"precheck,omitempty"`     // what was found before acting
	Result     string     `json:"result,omitempty"`       // what the effect answered, redacted
	Verified   string     `json:"verification,omitempty"` // what was checked afterwards
	SafeState  string     `json:"safe_state,omitempty"`   // where the system stands should the plan stop here
	Attempts   int        `json:"attempts,omitempty"`
	DecisionID string     `json:"decision,omitempty"`
	// Before is what was read right before the first attempt, without secrets: what an inverse and a replay go by.
	Before json.RawMessage `json:"before,omitempty"`
}

// PlanState is how far a plan has come.
type PlanState string

// The states of a plan's run.
const (
	PlanRunning   PlanState = "running"
	PlanAsking    PlanState = "asking"    // waits for an approval
	PlanBlocked   PlanState = "blocked"   // waits for a target to return, people were told
	PlanWatching  PlanState = "watching"  // acted; monitors must stay green
	PlanDone      PlanState = "done"      // every step done or not needed
	PlanStopped   PlanState = "stopped"   // kill switch, refused pre-check, failed step; people were told
	PlanWithdrawn PlanState = "withdrawn" // the fault was not confirmed, or went away by itself
	PlanPaused    PlanState = "paused"    // a person holds it; no effect begins until it is resumed
	PlanCancelled PlanState = "cancelled" // a person ended it; see PlanRun.Undo for whether what was done is taken back
)

// Ended says that a plan in this state does nothing more.
func (s PlanState) Ended() bool {
	return s == PlanDone || s == PlanStopped || s == PlanWithdrawn || s == PlanCancelled
}

// PlanStates are all of them.
func PlanStates() []PlanState {
	return []PlanState{PlanRunning, PlanAsking, PlanBlocked, PlanWatching, PlanDone, PlanStopped, PlanWithdrawn, PlanPaused, PlanCancelled}
}

// Intervention is what a person asked of a running plan.
type Intervention struct {
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// UndoState is how far the taking back of a plan has come.
type UndoState string

// The states of an Undo.
const (
	UndoAsked   UndoState = "asked" // waits for the plan to end
	UndoRunning UndoState = "running"
	UndoDone    UndoState = "done"    // every step that was done is undone, or was so already
	UndoStopped UndoState = "stopped" // an inverse was refused or could not be verified; those before it stay
)

// Undo is the taking back of what a plan has done: a workflow of its own, which begins when the plan has ended and
// carries out the inverses in reverse order, each with its own pre-check and verification.
type Undo struct {
	Intervention
	Attempt int        `json:"attempt"` // 1, 2 ...; one that stopped can be asked for again
	State   UndoState  `json:"state"`
	Why     string     `json:"why,omitempty"` // for people: what state the system is in
	EndedAt *time.Time `json:"ended_at,omitempty"`
}

// PlanRun is a plan and what became of it. It is the record that a crash resumes from and that pages show.
type PlanRun struct {
	Plan      Plan       `json:"plan"`
	State     PlanState  `json:"state"`
	Why       string     `json:"why,omitempty"` // why it is in this state, for people
	Steps     []StepRun  `json:"steps"`
	StartedAt time.Time  `json:"started_at"`
	HealedAt  *time.Time `json:"healed_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`

	Hold   *Intervention `json:"hold,omitempty"`   // set while a person has it paused
	Cancel *Intervention `json:"cancel,omitempty"` // set once a person has ended it
	Undo   *Undo         `json:"undo,omitempty"`
	// Resumed is who let it go on last, after it was paused: its destructive steps are then of their making.
	Resumed *Intervention `json:"resumed,omitempty"`
}

// Rehearsal is what carrying out one step now would come to. Nothing of it changes anything: facts are read, the
// pre-check and the policy are asked.
type Rehearsal struct {
	Step    string   `json:"step"`
	Action  string   `json:"action"`
	Target  string   `json:"target"`
	Finding string   `json:"finding"`           // go, not_needed, away, later or refused
	Text    string   `json:"text"`              // for people: why
	Verdict Verdict  `json:"verdict,omitempty"` // of the policy; empty where the step can't even be bound
	Rule    string   `json:"rule,omitempty"`
	Why     string   `json:"why,omitempty"`
	Effect  string   `json:"effect,omitempty"` // what would be sent, without secrets
	Verify  []string `json:"verify,omitempty"` // what would have to hold afterwards
	Undo    string   `json:"undo"`             // the inverse, or that there is none
	// Prechecks are those of the action, each with whether it holds now, whatever the finding rests on.
	Prechecks []Precheck `json:"prechecks,omitempty"`
}

// Precheck is a condition of an action, as it stands.
type Precheck struct {
	That  string `json:"that"`
	Holds bool   `json:"holds"`
	Why   string `json:"why,omitempty"` // for people: what is, where it does not hold
}

// Replayed holds a decision on record against what the same input is answered today.
type Replayed struct {
	Decision string  `json:"decision"`
	Step     string  `json:"step"`
	Was      Verdict `json:"was"`
	WasRule  string  `json:"was_rule"`
	Now      Verdict `json:"now"`
	NowRule  string  `json:"now_rule"`
	Why      string  `json:"why"`
	Same     bool    `json:"same"`
}

// Trial is one input that a policy is tried on: that of a decision on record, or one that was made up.
type Trial struct {
	Name   string         `json:"name" yaml:"name"`
	At     time.Time      `json:"at" yaml:"at"` // the time that rules see as now
	Input  map[string]any `json:"input" yaml:"input"`
	Expect Verdict        `json:"expect,omitempty" yaml:"expect"` // empty asserts nothing
}

// Tried is what one or two policies say to a trial.
type Tried struct {
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	Rule    string  `json:"rule"`
	Why     string  `json:"why,omitempty"`
	Expect  Verdict `json:"expect,omitempty"`
	OK      bool    `json:"ok"` // nothing was expected, or this
	// Other and OtherRule are what the second policy says; empty without one.
	Other     Verdict `json:"other,omitempty"`
	OtherRule string  `json:"other_rule,omitempty"`
	Differs   bool    `json:"differs,omitempty"`
}

// Verdict is what a policy says.
type Verdict string

// The verdicts of a policy.
const (
	Allow Verdict = "allow"
	Ask   Verdict = "ask"
	Deny  Verdict = "deny"
)

// Decision is a policy's verdict with all that it was made from. Each one is recorded before anything acts on it.
type Decision struct {
	ID      string         `json:"id"`
	At      time.Time      `json:"at"`
	Plan    string         `json:"plan"`
	Step    string         `json:"step"`
	Verdict Verdict        `json:"verdict"`
	Rule    string         `json:"rule"` // name of the rule that decided; "default" where none matched
	Why     string         `json:"why"`
	Input   map[string]any `json:"input"` // what the rule saw
	// BreakGlass is the id of the emergency that turned a no into a question, or spared the second person.
	BreakGlass string `json:"break_glass,omitempty"`
}

// Trial is the trial that a decision on record makes.
func (d Decision) Trial() Trial {
	return Trial{Name: d.Plan + " step " + d.Step, At: d.At, Input: d.Input}
}

// About are the action and the entity that a decision was about, and the problem, as its rule saw them; empty where it didn't.
func (d Decision) About() (action, entity, problem string) {
	of := func(part, name string) string {
		m, _ := d.Input[part].(map[string]any)
		text, _ := m[name].(string)
		return text
	}
	entity = of("entity", "id")
	if a, _ := d.Input["action"].(map[string]any); entity == "" {
		if touched, _ := a["touches"].([]any); len(touched) > 0 {
			entity, _ = touched[0].(string)
		}
	}
	return of("action", "name"), entity, of("problem", "id")
}
