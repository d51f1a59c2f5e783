package corax

import "time"

// WorkState is how far a work order has come.
type WorkState string

// The states of a work order.
const (
	WorkDrafted    WorkState = "drafted"      // written; nobody was asked yet
	WorkContacting WorkState = "contacting"   // people are asked, one after the other
	WorkAccepted   WorkState = "accepted"     // somebody will do it
	WorkInProgress WorkState = "in_progress"  // somebody is at it
	WorkClaimed    WorkState = "done_claimed" // somebody says that it is done; monitors have not confirmed it
	WorkVerified   WorkState = "verified"     // monitors have stayed green
	WorkDeclined   WorkState = "declined"     // everybody who was asked can't
	WorkFailed     WorkState = "failed"       // said to be done too often while monitors stayed red
	WorkCancelled  WorkState = "cancelled"    // not needed any more
	WorkExpired    WorkState = "expired"      // nobody answered, or nobody finished, in time
)

// Ended says that nothing more will come of an order in this state.
func (s WorkState) Ended() bool {
	switch s {
	case WorkVerified, WorkDeclined, WorkFailed, WorkCancelled, WorkExpired:
		return true
	}
	return false
}

// WorkOrder asks people on site to do what Corax can't, and keeps what became of it.
type WorkOrder struct {
	ID       string    `json:"id"` // HashID("wo", plan)
	Plan     string    `json:"plan"`
	Problem  string    `json:"problem"`
	Severity Severity  `json:"severity"`
	State    WorkState `json:"state"`
	Why      string    `json:"why,omitempty"` // why it is in this state, for people
	Site     string    `json:"site"`
	Place    Place     `json:"place"`

	What    string     `json:"what"`              // the fault, in one sentence
	Steps   []WorkStep `json:"steps"`             // to be done in this order
	Leave   []string   `json:"leave"`             // what must not be touched
	Checks  []string   `json:"checks"`            // how it will be verified
	Watches []string   `json:"watches,omitempty"` // the entities whose monitors verify it
	Safety  []string   `json:"safety,omitempty"`
	Access  []string   `json:"access,omitempty"`
	Contact string     `json:"contact,omitempty"` // whom to call with a question

	MadeAt   time.Time  `json:"made_at"`
	AcceptBy time.Time  `json:"accept_by"`
	DoneBy   *time.Time `json:"done_by,omitempty"` // from its acceptance on
	EndedAt  *time.Time `json:"ended_at,omitempty"`
	WakeAt   *time.Time `json:"wake_at,omitempty"` // when it moves on by itself

	By        string     `json:"by,omitempty"`       // who has it
	Rung      int        `json:"rung"`               // of the ladder: how many were taken in this round
	Round     int        `json:"round"`              // how often the ladder was climbed
	Asked     []string   `json:"asked,omitempty"`    // who was asked
	Declined  []string   `json:"declined,omitempty"` // who can't
	Late      bool       `json:"late,omitempty"`     // not done in time, and people were told
	Reopened  int        `json:"reopened,omitempty"` // how often "done" was not true
	ClaimedAt *time.Time `json:"claimed_at,omitempty"`
	Green     *time.Time `json:"green_since,omitempty"` // since when monitors have been green after "done"

	Log    []WorkEntry `json:"log"`
	Spent  []string    `json:"spent,omitempty"`  // ids of links that were used
	Unsent []Utterance `json:"unsent,omitempty"` // what is to be told, and not yet in the outbox
}

// Place says where something stands.
type Place struct {
	Entity  string `json:"entity"`
	Site    string `json:"site"` // for people: name and address
	Room    string `json:"room,omitempty"`
	Rack    string `json:"rack,omitempty"`
	Unit    string `json:"unit,omitempty"`
	Marking string `json:"marking,omitempty"` // what is written on it
	Note    string `json:"note,omitempty"`
}

// WorkStep is one numbered step, for people.
type WorkStep struct {
	Do     string `json:"do"`
	Check  string `json:"check,omitempty"`  // what must hold before
	Verify string `json:"verify,omitempty"` // what must be true afterwards
	Undo   string `json:"undo,omitempty"`
}

// WorkEntry is one line of an order's log.
type WorkEntry struct {
	At    time.Time `json:"at"`
	State WorkState `json:"state"` // afterwards
	By    string    `json:"by,omitempty"`
	Text  string    `json:"text"`
}

// Utterance is something to be said to somebody about an order.
type Utterance struct {
	ID       string        `json:"id"` // follows from the order and its place in the log: said once
	Kind     UtteranceKind `json:"kind"`
	Contact  string        `json:"contact,omitempty"`  // empty for those who are told of the problem
	Channels []string      `json:"channels,omitempty"` // kinds of channels; all of the contact's where empty
	Text     string        `json:"text,omitempty"`     // what is to be added
	Until    time.Time     `json:"until"`              // when the link in it expires
}

// UtteranceKind says what an utterance is about.
type UtteranceKind string

// The kinds of utterances.
const (
	SayOffer    UtteranceKind = "offer"    // can you do this?
	SayAccepted UtteranceKind = "accepted" // it is yours; say when it is done
	SayRemind   UtteranceKind = "remind"   // it is late
	SayReopened UtteranceKind = "reopened" // monitors are still red
	SayVerified UtteranceKind = "verified" // monitors are green: thank you
	SayOver     UtteranceKind = "over"     // not needed from you any more
	SayPeople   UtteranceKind = "people"   // to those who are told of the problem
)
