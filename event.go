package corax

import "time"

// EventKind names what happened.
type EventKind string

// The kinds of events, in the order in which an outage usually brings them.
const (
	EventInjected         EventKind = "fault_injected"
	EventIncidentOpened   EventKind = "incident_opened"
	EventIncidentReopened EventKind = "incident_reopened"
	EventIncidentResolved EventKind = "incident_resolved"
	EventIncidentAcked    EventKind = "incident_acknowledged"
	EventProblemOpened    EventKind = "problem_opened"
	EventDiagnosed        EventKind = "problem_diagnosed" // first diagnosis, or one that changed
	EventPlanned          EventKind = "plan_made"
	EventConfirmed        EventKind = "fault_confirmed" // by our own probe
	EventDecided          EventKind = "policy_decided"
	EventApprovalAsked    EventKind = "approval_asked"
	EventApprovalAnswered EventKind = "approval_answered"
	EventStep             EventKind = "step" // a step changed state
	EventPlanState        EventKind = "plan" // the run of a plan changed state
	EventContained        EventKind = "contained"
	EventEscalated        EventKind = "escalated"
	EventHealed           EventKind = "healed"
	EventClosed           EventKind = "closed"
	EventStopSwitch       EventKind = "kill_switch"
	EventAutonomy         EventKind = "autonomy"          // a level was capped, or learned
	EventBreakGlass       EventKind = "break_glass"       // an operator declared an emergency, or ended it
	EventNotified         EventKind = "notified"          // somebody was told, or could not be reached
	EventPageAcked        EventKind = "page_acknowledged" // somebody is on it
	EventWorkOrder        EventKind = "work_order"        // changed state
	EventComment          EventKind = "comment"           // a person said something; Data["by"] is who
	EventTakenOver        EventKind = "taken_over"        // a person has it: the plan is paused; Data["by"] is who
)

// Event is one line of a timeline: an append-only record of what happened, for people and for replay.
type Event struct {
	ID       string            `json:"id"` // ULID-like: sorts by time; given by the store where empty
	At       time.Time         `json:"at"`
	Kind     EventKind         `json:"kind"`
	Entity   string            `json:"entity,omitempty"`
	Incident string            `json:"incident,omitempty"`
	Problem  string            `json:"problem,omitempty"`
	Plan     string            `json:"plan,omitempty"`
	Step     string            `json:"step,omitempty"`
	State    string            `json:"state,omitempty"` // the new state, where the kind is about one
	Text     string            `json:"text"`            // for people, one line
	Data     map[string]string `json:"data,omitempty"`
}
