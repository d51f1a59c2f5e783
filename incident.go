package corax

import (
	"encoding/json"
	"time"
)

// IncidentState is where an incident stands in its life.
type IncidentState string

// The states of an incident. Reopened is Open with Reopened set to a count above zero.
const (
	IncidentOpen         IncidentState = "open"
	IncidentAcknowledged IncidentState = "acknowledged"
	IncidentHealing      IncidentState = "healing"
	IncidentResolved     IncidentState = "resolved"
)

// Resolution says how an incident ended.
type Resolution string

// The ways in which an incident ends.
const (
	Recovered Resolution = "recovered" // the source said so
	Expired   Resolution = "expired"   // the source fell silent
	ByHand    Resolution = "by_hand"   // a person said so
)

// Incident is the trouble of one entity: the signals of one fingerprint, folded, with a lifecycle.
type Incident struct {
	ID          string            `json:"id"` // HashID("inc", fingerprint, first signal's id)
	Fingerprint string            `json:"fingerprint"`
	Entity      string            `json:"entity,omitempty"`
	State       IncidentState     `json:"state"`
	Severity    Severity          `json:"severity,omitempty"` // the worst hint of its signals
	Title       string            `json:"title"`              // the latest symptom's message, cut to a line
	Source      string            `json:"source,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`

	OpenedAt   time.Time  `json:"opened_at"`  // when the first symptom was observed
	UpdatedAt  time.Time  `json:"updated_at"` // when the latest signal was observed
	ResolvedAt *time.Time `json:"resolved_at,omitempty"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty"` // resolves as Expired then, unless renewed

	Resolution Resolution `json:"resolution,omitempty"`
	By         string     `json:"by,omitempty"` // who acknowledged or resolved it by hand
	Signals    int        `json:"signals"`      // how many were folded in
	Reopened   int        `json:"reopened,omitempty"`
	Flapping   bool       `json:"flapping,omitempty"` // changes state too often to believe either
	Problem    string     `json:"problem,omitempty"`  // the id of the problem it belongs to

	// Changes are when its source last changed its mind, oldest first, and Failing is what it said last: what flapping is told by.
	Changes []time.Time `json:"changes,omitempty"`
	Failing bool        `json:"failing,omitempty"`
}

// Live says that the incident has not ended.
func (i Incident) Live() bool { return i.State != IncidentResolved }

// Silence keeps incidents from opening. It never stops measuring and never stops resolving. A maintenance window is a silence with a
// start and an end that were planned.
type Silence struct {
	ID       string            `json:"id"`
	Match    map[string]string `json:"match"` // label, or "entity", "source", "severity" -> exact value; all must match
	Owner    string            `json:"owner"`
	Reason   string            `json:"reason"`
	StartsAt time.Time         `json:"starts_at"`
	EndsAt   time.Time         `json:"ends_at"`
}

// Named is the silence with the id that its other fields make: one that is made twice is one.
func (s Silence) Named() Silence {
	match, err := json.Marshal(s.Match) // sorted by name
	if err != nil {
		panic(err) // text always marshals
	}
	s.ID = HashID("sil", s.Owner, s.Reason, s.StartsAt.Format(time.RFC3339Nano), s.EndsAt.Format(time.RFC3339Nano), string(match))
	return s
}
