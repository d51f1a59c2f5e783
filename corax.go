// Package corax is the vocabulary of an autonomous incident platform: what is observed (Signal), what it is about (Entity, Topology),
// what it adds up to (Incident, Problem, Diagnosis), what is to be done (Plan, Action, Decision) and what happened (Event).
//
// It holds nouns and the rules that belong to a noun alone. Nothing here reads a clock, a file, a database or the network, and nothing
// here imports another package of this module. The rooms beside it turn one noun into the next, in this order:
//
//	monitor, receive -> bus -> triage -> investigate (diagnose) -> heal
package corax

import "time"

// Clock tells the time. Parts take one instead of calling time.Now, so that a replay and a test can set it.
type Clock func() time.Time

// Now is the current time in UTC; a nil Clock is the system's.
func (c Clock) Now() time.Time {
	if c == nil {
		return time.Now().UTC()
	}
	return c().UTC()
}
