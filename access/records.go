package access

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"corax"
)

// User is a person who can log in.
type User struct {
	ID         string     `json:"id"` // HashID of the name in lower case: one name, one person
	Name       string     `json:"name"`
	Role       Role       `json:"role"`
	Scope      Scope      `json:"scope,omitempty"`
	Disabled   bool       `json:"disabled,omitempty"`
	MadeAt     time.Time  `json:"made_at"`
	PasswordAt time.Time  `json:"set_at"` // when the password was set; not called so in JSON, where the redactor would take it for one
	LoginAt    *time.Time `json:"login_at,omitempty"`
	// Known are the addresses of the last logins that succeeded, the newest first; see Guard.
	Known []string `json:"known,omitempty"`

	Password string `json:"-"` // its hash
}

// Kind is what a credential is for.
type Kind string

// The kinds of credentials.
const (
	KindSession Kind = "session" // a cookie of somebody who has logged in
	KindToken   Kind = "token"   // for programs
	KindInvite  Kind = "invite"  // a link that makes a user, once
	KindReset   Kind = "reset"   // a link that sets a user's password anew, once
)

// Credential is a secret that was handed out. Only a digest of it is kept.
type Credential struct {
	ID   string `json:"id"`
	Kind Kind   `json:"kind"`
	User string `json:"user"` // the id; for an invite, that of the user to be
	Name string `json:"name"` // what the owner calls a token; the device of a session; the name of who is invited
	// Start is how a token begins, by which its owner knows it again.
	Start   string     `json:"start,omitempty"`
	Role    Role       `json:"role,omitempty"` // the most that a token may do; what an invited user will be
	Scope   Scope      `json:"scope,omitempty"`
	By      string     `json:"by"` // who made it
	MadeAt  time.Time  `json:"made_at"`
	EndsAt  time.Time  `json:"ends_at"`
	SeenAt  *time.Time `json:"seen_at,omitempty"` // last use, to the minute
	Address string     `json:"address,omitempty"` // of the last use

	Digest string `json:"-"` // SHA-256 of the secret, in hex
}

// Tx is a change of the records under way.
type Tx interface {
	User(id string) (User, error) // NotFound where there is none
	Users() ([]User, error)
	PutUser(u User) error
	Credential(k Kind, id string) (Credential, error) // NotFound where there is none
	Found(k Kind, digest string) (Credential, error)  // NotFound where there is none
	PutCredential(c Credential) error
	DropCredential(k Kind, id string) error                                 // one that isn't there is no error
	DropCredentials(k Kind, user string, except ...string) (n int, e error) // all of a user but these ids
	Audit(entries ...corax.AuditEntry) error
}

// Store keeps users and credentials.
type Store interface {
	// ChangeAccess stores all that fn does, or nothing where it fails; its error comes back as it is. Nobody else writes meanwhile.
	ChangeAccess(ctx context.Context, op string, fn func(Tx) error) error
	Users(ctx context.Context) ([]User, error) // by name
	User(ctx context.Context, id string) (User, error)
	// Credentials lists those of a kind, the newest first; of everybody where user is empty.
	Credentials(ctx context.Context, k Kind, user string) ([]Credential, error)
	FindCredential(ctx context.Context, k Kind, digest string) (Credential, error)
	// TouchCredential notes a use; one that is gone is no error.
	TouchCredential(ctx context.Context, k Kind, id string, at time.Time, address string) error
	// DropEnded forgets credentials that have ended by then.
	DropEnded(ctx context.Context, at time.Time) error
}

// idMark is how the id of a user begins.
const idMark = "usr-"

// UserID is the id of the user of a name. Names that differ in case only are one person's.
func UserID(name string) string {
	return corax.HashID(idMark[:3], strings.ToLower(strings.TrimSpace(name)))
}

var names = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._@+-]*( [\p{L}\p{N}._@+-]+)*$`)

// reserved are names under which others than people act.
var reserved = []string{"corax", "local", "by hand", "nobody in time"}

// CheckName says what is wrong with the name of a user; Invalid.
func CheckName(name string) error {
	bad := func(format string, args ...any) error {
		return &corax.Error{Code: corax.Invalid, Op: "name a user", Err: fmt.Errorf(format, args...),
			Hint: "take letters, digits, and . _ @ + - or single spaces between them; at most 64 characters"}
	}
	switch {
	case len([]rune(name)) > 64 || !names.MatchString(name):
		return bad("%q can't be a name", name)
	case slices.Contains(reserved, strings.ToLower(name)) || strings.HasPrefix(name, idMark):
		return bad("%q is not for people", name)
	}
	return nil
}

var secretEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// newSecret is 160 random bits in 32 letters and digits.
func newSecret(random io.Reader) (string, error) {
	b := make([]byte, 20)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", corax.Errorf(corax.Internal, "make a secret", "%w", err)
	}
	return strings.ToLower(secretEncoding.EncodeToString(b)), nil
}

// Digest is what is kept of a secret. It needs no salt: the secrets are random.
func Digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
