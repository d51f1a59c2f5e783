package corax

import (
	"slices"
	"time"
)

// Action is a declared, typed operation on an entity. It is data: users write it in YAML, executors carry it out. Expressions are CEL over
//
//	target    the entity: id, kind, name, labels, attributes
//	related   list of the entities that trust, depend on ... the target (see Related)
//	root      the entity that is the problem's root
//	entities  all entities of the topology, by id
//	it        in a reading with Each, the related entity that is read
//	problem   id, root, mechanism, facts
//	params    the inputs
//	facts     what Read found, by name; a failed read is {"error": "...", "status": 404}; a reading sees the facts of those before it
//	before    facts as they were at the pre-check (in Verify and in the inverse)
//	now       timestamp
//
// and ${...} in a string inserts an expression's value. An action without Verify is refused; one without Inverse never runs unattended
// unless its risk is read.
type Action struct {
	Name      string           `json:"name" yaml:"name"` // as the knowledge's remedies call it: signing_key.deliver
	Title     string           `json:"title" yaml:"title"`
	AppliesTo Selector         `json:"applies_to" yaml:"applies_to"`
	Risk      Risk             `json:"risk" yaml:"risk"`
	Inputs    map[string]Input `json:"inputs,omitempty" yaml:"inputs"`
	Related   EdgeKind         `json:"related,omitempty" yaml:"related"` // which edges into the target fill "related"
	// Touches names, beside the target, the entities that the effect may change; ${...} of the topology. A stop for one of them holds here too.
	Touches  []string      `json:"touches,omitempty" yaml:"touches"`
	Timeout  time.Duration `json:"timeout" yaml:"timeout"`       // for each reading and for the effect
	Read     []Reading     `json:"read,omitempty" yaml:"read"`   // gathered afresh before every Goal, Precheck, Verify
	Goal     string        `json:"goal,omitempty" yaml:"goal"`   // true: what the action is for holds already, nothing to do
	Ready    string        `json:"ready,omitempty" yaml:"ready"` // false: the target can't be acted on yet (away); the step waits, where it may
	Precheck []Condition   `json:"precheck,omitempty" yaml:"precheck"`
	Effect   Call          `json:"effect" yaml:"effect"` // nothing is set where the risk is read
	// Idempotency says what makes the effect harmless to repeat, where the target can't be asked or compared with.
	Idempotency Idempotency   `json:"idempotency,omitempty" yaml:"idempotency"`
	Verify      []Condition   `json:"verify" yaml:"verify"`
	Monitors    []string      `json:"monitors,omitempty" yaml:"monitors"` // names (with ${...}) that must be up for the step to be verified
	Within      time.Duration `json:"within" yaml:"within"`               // how long Verify may take to hold
	Inverse     *Inverse      `json:"inverse,omitempty" yaml:"inverse"`
	SafeState   string        `json:"safe_state" yaml:"safe_state"` // the state that the system is in once this is verified
	Wait        *WaitFor      `json:"wait,omitempty" yaml:"wait"`   // a durable wait before the pre-check
	// Away says, for people, what it means while the target can't be acted on; may hold ${...}.
	Away string `json:"away,omitempty" yaml:"away"`
}

// Selector picks entities; what is set must all match, and an empty selector matches nothing.
type Selector struct {
	IDs    []string          `json:"ids,omitempty" yaml:"ids"`
	Kinds  []string          `json:"kinds,omitempty" yaml:"kinds"`
	Labels map[string]string `json:"labels,omitempty" yaml:"labels"`
}

// Input declares a parameter.
type Input struct {
	Type     string `json:"type" yaml:"type"` // string, int, bool, duration
	Required bool   `json:"required,omitempty" yaml:"required"`
	Default  string `json:"default,omitempty" yaml:"default"`
	About    string `json:"about,omitempty" yaml:"about"`
}

// Reading gathers one fact, with no effect on what it asks.
type Reading struct {
	Name string `json:"name" yaml:"name"`
	Each bool   `json:"each,omitempty" yaml:"each"` // once for each of "related", as the variable "it"; the fact is a map by entity id
	Call
}

// Condition is something that must be true.
type Condition struct {
	That string `json:"that" yaml:"that"` // CEL, boolean
	Else string `json:"else" yaml:"else"` // what it means when it isn't, for people; may hold ${...}
}

// Inverse says how an action is undone.
type Inverse struct {
	Action string            `json:"action" yaml:"action"`
	Params map[string]string `json:"params,omitempty" yaml:"params"` // may hold ${...}, with "before"
}

// WaitFor is a durable wait.
type WaitFor struct {
	Until string        `json:"until" yaml:"until"` // CEL over the facts, a timestamp
	Most  time.Duration `json:"most" yaml:"most"`   // never longer than this
}

// Policy is a list of rules; the first that matches decides, and where none does the answer is Deny.
type Policy struct {
	Rules []Rule `json:"rules" yaml:"rules"`
}

// Rule is one line of a policy. When is CEL over
//
//	action   name, risk, has_inverse, undo
//	entity   id, kind, name, labels, attributes
//	problem  id, severity, severity_level (1 low to 4 critical), confidence, pattern, mechanism, root, affected (ids)
//	plan     mode, steps, targets (ids)
//	blast    entities (that need the target, and the target), group (size of its group: the same kind, and the same label
//	         "group" where it has one), acted (how many of the group were acted on within the hour, this one included),
//	         share (acted of group)
//	rate     action_hour, action_day, entity_hour: effects begun before this one
//	history  done, failed: how often this action was verified or failed on this entity against this mechanism, within the
//	         loop guard's time, in earlier plans
//	storm    problems (that are open), on
//	now      the time; now.getHours("Europe/Berlin") and getDayOfWeek make time windows
type Rule struct {
	Name    string  `json:"name" yaml:"name"`
	When    string  `json:"when" yaml:"when"`
	Then    Verdict `json:"then" yaml:"then"`
	Because string  `json:"because" yaml:"because"`
	// Expires bounds how long an Ask may stay unanswered before it counts as no; 60 s where zero.
	Expires time.Duration `json:"expires,omitempty" yaml:"expires"`
	// Autonomy grants a level that was not earned. A rule that grants one must name labels or ids of entities, so that
	// nothing else inherits it.
	Autonomy Autonomy `json:"autonomy,omitempty" yaml:"autonomy"`
	// EvenInStorm lets an Allow stand while many problems are open.
	EvenInStorm bool `json:"even_in_storm,omitempty" yaml:"even_in_storm"`
}

// Matches says whether the selector picks the entity.
func (s Selector) Matches(e Entity) bool {
	if len(s.IDs) == 0 && len(s.Kinds) == 0 && len(s.Labels) == 0 {
		return false
	}
	if len(s.IDs) > 0 && !slices.Contains(s.IDs, e.ID) || len(s.Kinds) > 0 && !slices.Contains(s.Kinds, e.Kind) {
		return false
	}
	for k, v := range s.Labels {
		if e.Labels[k] != v {
			return false
		}
	}
	return true
}
