package corax

import "time"

// AuditKind names what was done.
type AuditKind string

// The kinds of audit entries.
const (
	AuditStarted     AuditKind = "corax.started"
	AuditReloaded    AuditKind = "config.reloaded"
	AuditEdited      AuditKind = "config.edited" // a monitor was changed in its file, over the API
	AuditDecided     AuditKind = "decision.made"
	AuditAsked       AuditKind = "approval.asked"
	AuditAnswered    AuditKind = "approval.answered"
	AuditPlanMade    AuditKind = "plan.made"
	AuditPlan        AuditKind = "plan.changed" // the plan's state, or a step's, or what is recorded about it
	AuditStopSet     AuditKind = "stop.set"
	AuditStopClear   AuditKind = "stop.cleared"
	AuditSilenced    AuditKind = "silence.set"
	AuditUnsilence   AuditKind = "silence.ended"
	AuditSecret      AuditKind = "secret.used"
	AuditVault       AuditKind = "vault.changed"
	AuditCap         AuditKind = "autonomy.cap"     // somebody set or took away a cap
	AuditOutcome     AuditKind = "autonomy.outcome" // how an action ended, which its level rests on
	AuditWork        AuditKind = "work.changed"     // the state of a work order
	AuditBreakGlass  AuditKind = "break_glass"      // an emergency was declared, or ended
	AuditLogin       AuditKind = "access.login"
	AuditLoginFailed AuditKind = "access.login_failed" // the first few, then each that doubles their number
	AuditLockedOut   AuditKind = "access.locked_out"
	AuditUser        AuditKind = "user.changed" // invited, made, role, scope, password, disabled
	AuditToken       AuditKind = "token.changed"
	AuditSession     AuditKind = "session.ended" // by hand
	AuditPruned      AuditKind = "audit.pruned"
	AuditBackup      AuditKind = "backup.made"
)

// AuditEntry is one line of the audit: who did what, when, on what, with what. Each names the hash of the one before it,
// so that none can be altered, taken out or moved without all that follow. Fields stand in the order of their names, as
// canonical JSON has them.
type AuditEntry struct {
	At      time.Time         `json:"at"`
	Detail  map[string]string `json:"detail,omitempty"`
	Inputs  string            `json:"inputs,omitempty"` // SHA-256 of the record as it is stored, in hex
	On      string            `json:"on"`               // kind and id of what it is about: "decision/dec-...", "vault:NAME"
	Plan    string            `json:"plan,omitempty"`
	Prev    string            `json:"prev"` // hash of the entry before; of nothing, for the first
	Problem string            `json:"problem,omitempty"`
	Seq     int64             `json:"seq"` // 1, 2, 3 ... without gaps
	What    AuditKind         `json:"what"`
	Who     string            `json:"who"` // a person, a rule of the policy, or "corax"
}
