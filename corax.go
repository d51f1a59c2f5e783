// Package corax is the vocabulary of an autonomous incident platform: what is observed (Signal), what it is about (Entity, Topology),
// what it adds up to (Incident, Problem, Diagnosis), what is to be done (Plan, Action, Decision) and what happened (Event).
//
// It holds nouns and the rules that belong to a noun alone. Nothing here reads a clock, a file, a database or the network, and nothing
// here imports another package of this module. The rooms beside it turn one noun into the next, in this order:
//
//	monitor, receive -> bus -> triage -> investigate (diagnose) -> heal
package corax

import (
	"crypto/sha256"
	"encoding/base32"
	"io"
	"strings"
	"time"
)

// Clock tells the time. Parts take one instead of calling time.Now, so that a replay and a test can set it.
type Clock func() time.Time

// Now is the current time in UTC; a nil Clock is the system's.
func (c Clock) Now() time.Time {
	if c == nil {
		return time.Now().UTC()
	}
	return c().UTC()
}

var idEncoding = base32.HexEncoding.WithPadding(base32.NoPadding)

// HashID derives an identifier from its parts: prefix, a dash, and 80 bits of SHA-256 in lower-case base32. The parts are framed, so
// ("ab", "c") and ("a", "bc") differ. Everything that may be made twice (a signal, an incident, a problem, a plan, a workflow) gets its id
// this way: made again from the same parts, it is the same thing.
func HashID(prefix string, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		// The separator can't occur in a part: it is escaped by doubling.
		_, _ = io.WriteString(h, strings.ReplaceAll(p, "\x00", "\x00\x01"))
		_, _ = h.Write([]byte{0, 0})
	}
	return prefix + "-" + strings.ToLower(idEncoding.EncodeToString(h.Sum(nil)[:10]))
}
