package corax

import "time"

// Autonomy is how much an action may do by itself on one class of entities, whatever the policy allows.
type Autonomy string

// The levels of autonomy, least first.
const (
	Observe  Autonomy = "observe" // it is not done
	Suggest  Autonomy = "suggest" // it is shown, and waits for hours until somebody takes it up; nobody is woken for it
	Approve  Autonomy = "approve" // somebody is asked each time
	AutoMode Autonomy = "auto"    // the policy alone decides
)

// Rank orders the levels: 0 for Observe to 3 for AutoMode. An unknown level counts as Observe.
func (a Autonomy) Rank() int {
	switch a {
	case Suggest:
		return 1
	case Approve:
		return 2
	case AutoMode:
		return 3
	}
	return 0
}

// Ground is where an outcome was seen. The two are counted apart: a lab is kinder than a Monday.
type Ground string

// The grounds of an outcome.
const (
	InProduction Ground = "production"
	InScenario   Ground = "scenario"
)

// Outcome is how one carrying out of an action ended. Outcomes are never altered.
type Outcome struct {
	ID       string    `json:"id"` // HashID("out", plan, step, the undo's mark if any)
	At       time.Time `json:"at"`
	Action   string    `json:"action"`
	Class    string    `json:"class"` // the kind of the entity
	Entity   string    `json:"entity"`
	Ground   Ground    `json:"ground"`
	Verified bool      `json:"verified"` // took effect and was verified; false where it failed, was undone, or nobody knows
	Plan     string    `json:"plan,omitempty"`
	Step     string    `json:"step,omitempty"`
	Why      string    `json:"why,omitempty"`
}

// Cap is the most that a person lets an action do on a class, however well it has done.
type Cap struct {
	Action string    `json:"action"`
	Class  string    `json:"class"`
	Level  Autonomy  `json:"level"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Standing is the level that an action has earned on a class, and how.
type Standing struct {
	Action string   `json:"action"`
	Class  string   `json:"class"`
	Level  Autonomy `json:"level"`
	Earned Autonomy `json:"earned"` // what it would be without a cap
	Cap    *Cap     `json:"cap,omitempty"`
	Why    string   `json:"why"` // for people: what it rests on, and what it takes to rise

	Production Record `json:"production"`
	Scenario   Record `json:"scenario"`
	// LastFailure is when it fell; what was done before doesn't count any more.
	LastFailure *time.Time `json:"last_failure,omitempty"`
}

// Record counts outcomes of one ground.
type Record struct {
	Verified int `json:"verified"`
	Failed   int `json:"failed"`
	// Since is how many were verified since the last failure on any ground.
	Since int `json:"since_last_failure"`
	// Bound is the lower end of the 95 % interval (Wilson, 1927) of the success rate, of those since the last failure.
	Bound float64 `json:"bound"`
}
