package corax

import (
	"crypto/sha256"
	"encoding/base32"
	"io"
	"strings"
)

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
