package access

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"corax"
)

// Cost says how much work a password's hash is. It stands in each hash, so that it can be raised: a hash of another cost is made anew
// when its owner logs in.
type Cost struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// DefaultCost is the first choice for argon2id of the OWASP Password Storage Cheat Sheet that many logins at once don't run out of memory
// with: 19 MiB, 2 passes, 1 thread (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html).
func DefaultCost() Cost { return Cost{Memory: 19 * 1024, Passes: 2, Threads: 1} }

// The bounds of what a hash may ask for, so that one that was tampered with can't use up the machine.
const (
	mostMemory  = 1 << 20 // KiB
	mostPasses  = 64
	mostThreads = 64
	saltBytes   = 16
	keyBytes    = 32
	leastSalt   = 8
	leastKey    = 16
	mostBytes   = 128 // of salt and key, each
)

// The bounds of a password. 15 is what NIST SP 800-63B-4, 3.1.1.2, wants of a password that is the only factor; longer than 1024 bytes
// nobody types. There are no rules of composition, which that document advises against.
const (
	LeastPassword = 15   // characters
	mostPassword  = 1024 // bytes
)

var b64 = base64.RawStdEncoding.Strict()

// hashed is a parsed hash: $argon2id$v=19$m=19456,t=2,p=1$SALT$KEY, as the reference implementation of argon2 writes them.
type hashed struct {
	Cost
	salt, key []byte
}

// String writes the hash.
func (h hashed) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.Memory, h.Passes, h.Threads, b64.EncodeToString(h.salt),
		b64.EncodeToString(h.key))
}

var errHash = errors.New("not a hash of argon2id that this program knows")

// parseHash reads what String has written, and nothing else.
func parseHash(text string) (h hashed, err error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return h, errHash
	}
	cost := strings.Split(parts[3], ",")
	if len(cost) != 3 {
		return h, errHash
	}
	number := func(text, name string, most uint64) uint64 {
		digits, ok := strings.CutPrefix(text, name+"=")
		n, e := strconv.ParseUint(digits, 10, 32)
		if !ok || e != nil || n < 1 || n > most || strconv.FormatUint(n, 10) != digits {
			err = errHash
		}
		return n
	}
	h.Memory, h.Passes = uint32(number(cost[0], "m", mostMemory)), uint32(number(cost[1], "t", mostPasses)) //nolint:gosec // bounded
	h.Threads = uint8(number(cost[2], "p", mostThreads))                                                    //nolint:gosec // bounded
	bytes := func(text string, least int) []byte {
		b, e := b64.DecodeString(text)
		if e != nil || len(b) < least || len(b) > mostBytes || b64.EncodeToString(b) != text {
			err = errHash
		}
		return b
	}
	h.salt, h.key = bytes(parts[4], leastSalt), bytes(parts[5], leastKey)
	if err != nil || h.Memory < 8*uint32(h.Threads) {
		return hashed{}, errHash
	}
	return h, nil
}

// hash makes the hash of a password.
func hash(password string, c Cost, random io.Reader) (string, error) {
	h := hashed{Cost: c, salt: make([]byte, saltBytes)}
	if _, err := io.ReadFull(random, h.salt); err != nil {
		return "", corax.Errorf(corax.Internal, "hash a password", "%w", err)
	}
	h.key = h.of(password, keyBytes)
	return h.String(), nil
}

func (h hashed) of(password string, size int) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.Passes, h.Memory, h.Threads, uint32(size)) //nolint:gosec // size is small
}

// matches compares in constant time. A text that is no hash matches nothing, after the work of comparing with one.
func matches(password, text string, c Cost) bool {
	h, err := parseHash(text)
	if err != nil {
		h = hashed{Cost: c, salt: make([]byte, saltBytes), key: make([]byte, keyBytes)}
	}
	return subtle.ConstantTimeCompare(h.of(password, len(h.key)), h.key) == 1 && err == nil
}

// outdated says that a hash was made at another cost than today's.
func outdated(text string, c Cost) bool {
	h, err := parseHash(text)
	return err != nil || h.Cost != c
}

// CheckPassword says what is wrong with a new password; Invalid.
func CheckPassword(password, name string) error {
	bad := func(format string, args ...any) error {
		return &corax.Error{Code: corax.Invalid, Op: "set the password", Err: fmt.Errorf(format, args...),
			Hint: "a few words that don't belong together are long and easy to remember"}
	}
	different := map[rune]bool{}
	for _, r := range password {
		different[r] = true
	}
	low := strings.ToLower(password)
	switch {
	case !utf8.ValidString(password):
		return bad("it is not text")
	case utf8.RuneCountInString(password) < LeastPassword:
		return bad("it must have at least %d characters", LeastPassword)
	case len(password) > mostPassword:
		return bad("it must have at most %d bytes", mostPassword)
	case len(different) < 5:
		return bad("it has fewer than 5 different characters")
	case name != "" && len(strings.ReplaceAll(low, strings.ToLower(name), ""))*2 < len(low):
		return bad("it is little else than the name")
	}
	return nil
}

// random is where secrets come from unless a test says otherwise.
func randomOr(r io.Reader) io.Reader {
	if r == nil {
		return rand.Reader
	}
	return r
}
