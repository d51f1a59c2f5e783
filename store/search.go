package store

import "corax"

// DecisionSearch picks decisions by what they are about; what is set must all match.
type DecisionSearch struct {
	Verdict corax.Verdict
	Rule    string
	Action  string
	Entity  string // the target, or another that the action may change
	Problem string
	Before  string // only those that were made before the decision of this id
	Limit   int    // at most so many, the latest; 0 is all
}

// AuditSearch picks entries of the audit, the latest first; what is set must all match.
type AuditSearch struct {
	What    corax.AuditKind // a kind, or the part before its dot: "approval"
	Who     string
	On      string // what it is about: "vault:NAME", "stop/"; an entry about something within it matches as well
	Problem string
	Before  int64 // only those with lower numbers; 0 is all
	Limit   int   // at most so many; 0 is all
}
