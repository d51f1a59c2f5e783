// Package store holds the words that Corax's stores share: what is committed together, what is asked for, and how much is kept.
// The stores themselves are the packages below it; store/storetest says how each of them behaves.
package store

import (
	"time"

	"corax"
)

// TriageBatch is what triage made of a batch of signals. It is committed as a whole or not at all.
type TriageBatch struct {
	Signals    []corax.Signal    // those whose id is known already are ignored
	IncidentOf map[string]string // signal id -> id of the incident that it was folded into; others belong to none
	Incidents  []corax.Incident  // as they stand now. Which problem they belong to is for SaveProblem to say, not for them
	Events     []corax.Event     // those whose id is known already are ignored
}

// IncidentFilter picks incidents; what is set must all match.
type IncidentFilter struct {
	Live    bool   // only those that have not ended
	Entity  string // only of this entity
	Problem string // only of this problem
	Limit   int    // at most so many, the newest; 0 is all
	After   Cursor // only those that come after it in the list
}

// SignalFilter picks signals; what is set must all match.
type SignalFilter struct {
	Incident string             // only those folded into this incident
	Kinds    []corax.SignalKind // only of these kinds
	Since    time.Time          // only those observed at this time or later
	Limit    int                // at most so many, the latest; 0 is all
}

// ProblemFilter picks problems.
type ProblemFilter struct {
	Open  bool   // only those that have not ended
	Limit int    // at most so many, the newest; 0 is all
	After Cursor // only those that come after it in the list
}

// PlanFilter picks the runs of plans; what is set must all match.
type PlanFilter struct {
	States []corax.PlanState // only those in one of these states
	Limit  int               // at most so many, those that were started last; 0 is all
	After  Cursor            // only those that come after it in the list
}

// DecisionFilter picks decisions by what they are about; what is set must all match.
type DecisionFilter struct {
	Plan    string
	Problem string
	Verdict corax.Verdict
	Rule    string
	Action  string
	Entity  string    // the target, or another that the action may change
	Since   time.Time // made at this time or later
	Until   time.Time // made before this time
	Limit   int       // at most so many, the latest; 0 is all
	After   Cursor    // only those that come after it in the list
}

// OutcomeFilter picks outcomes of actions; what is set must all match.
type OutcomeFilter struct {
	Action string
	Class  string // the kind of the entities
	Entity string
	Ground corax.Ground
	Failed bool   // only those that did not succeed
	Limit  int    // at most so many, the latest; 0 is all
	After  Cursor // only those that come after it in the list
}

// ApprovalFilter picks requests for an approval.
type ApprovalFilter struct {
	Open  bool   // only those without an answer, also where their time is up
	Limit int    // at most so many, the latest; 0 is all
	After Cursor // only those that come after it in the list
}

// EventFilter picks events; what is set must all match.
type EventFilter struct {
	Problem  string // those that name this problem, and those of its incidents
	Incident string
	Plan     string
	After    string // only those that come after the event of this id in the list
	Newest   bool   // the list begins with the newest; with the oldest where not
	Limit    int    // at most so many, the first; 0 is all
}

// AuditFilter picks entries of the audit; what is set must all match.
type AuditFilter struct {
	What    corax.AuditKind // a kind, or the part before its dot: "approval"
	Who     string
	On      string // what it is about: "vault:NAME", "stop/"; an entry about something within it matches as well
	Problem string
	After   int64 // only those that come after the entry of this number in the list; 0 is all
	Newest  bool  // the list begins with the newest; with the oldest where not
	Limit   int   // at most so many, the first; 0 is all
}

// PageFilter picks pages.
type PageFilter struct {
	Live  bool   // only those that have not ended
	Limit int    // at most so many, the newest; 0 is all
	After Cursor // only those that come after it in the list
}

// WorkOrderFilter picks work orders.
type WorkOrderFilter struct {
	Live  bool   // only those that have not ended, or of whose end somebody is still to be told
	Limit int    // at most so many, the newest; 0 is all
	After Cursor // only those that come after it in the list
}

// KeyedCall is a call that says by a key that it is made once, however often it is sent.
type KeyedCall struct {
	ID      string // of caller and key
	Request string // what is asked for, as a digest: the same key with another request is a mistake
	Run     string // the run of Corax that carries it out: of a call that another run began, nobody will learn the end
}

// Reply is the first answer to a call, which is given again to each repeat.
type Reply struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header,omitempty"`
	Body   string            `json:"body,omitempty"`
}

// Stop is a kill switch that is thrown.
type Stop struct {
	Scope  string    `json:"scope"` // an entity's id; empty for everything
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// Retention says what may be forgotten. What belongs to a live incident or an open problem is kept, whatever it says.
type Retention struct {
	Age   time.Duration // what is older goes; 0 keeps it
	Bytes int64         // above this the oldest signals go, then the oldest events; 0 is no limit
}
