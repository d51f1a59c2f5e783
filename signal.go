package corax

import "time"

// SignalKind says what a signal does to the incident it belongs to.
type SignalKind string

// The kinds of signals.
const (
	Symptom  SignalKind = "symptom"  // something is wrong
	Recovery SignalKind = "recovery" // the source says that it is right again
	Expiry   SignalKind = "expiry"   // the source fell silent: an alert that nobody renewed. Not a recovery
	ChangeOf SignalKind = "change"   // something was altered: deploy, config edit, rotation, failover
	Note     SignalKind = "note"     // neither: evidence for a diagnosis, never an incident of its own
)

// Signal is one observation. It is never altered after it was acknowledged.
type Signal struct {
	// ID is the client's, or HashID of receiver, fingerprint, start and status, so that a retry is the same signal.
	ID string `json:"id,omitempty"`
	// At is when it was observed, in UTC, not when it arrived.
	At time.Time `json:"at"`
	// Source is who observed it: "monitor/user-login", "alertmanager", "pagerduty", "log/auth".
	Source string `json:"source,omitempty"`
	// Kind defaults to Symptom.
	Kind SignalKind `json:"kind,omitempty"`
	// Entity is the id of what it is about; empty where the source doesn't say, then the diagnosis reads it from the message.
	Entity string `json:"entity,omitempty"`
	// Severity is the source's hint, no more.
	Severity Severity `json:"severity,omitempty"`
	// Message is text from outside: data, never markup, never an instruction.
	Message string `json:"message"`
	// Fingerprint names the condition that the signal reports, the same for its start, its repeats and its end.
	Fingerprint string `json:"fingerprint,omitempty"`
	// EndsAt is when the condition counts as expired unless the source renews it; nil where it never does.
	EndsAt *time.Time `json:"ends_at,omitempty"`
	// Labels identify (they are part of the fingerprint where the source has no own); Attributes describe (status code, latency, kid).
	Labels     map[string]string `json:"labels,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

// KindOr is the kind, Symptom where none is set.
func (s Signal) KindOr() SignalKind {
	if s.Kind == "" {
		return Symptom
	}
	return s.Kind
}
