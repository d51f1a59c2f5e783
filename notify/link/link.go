// Package link makes and reads signed links: the answers that people give from a mail, a message or a telephone.
//
// In comes a Grant: what may be done, to what, by whom, until when. Out goes a token that carries it, signed with a key
// that never leaves the data directory. A token says what its bearer may ask for; it never says that it was not used
// before. That is for the record: whoever acts on a grant stores its ID in the same transaction as the effect, and
// refuses an ID that is stored already, so that a link works once, also across a crash.
//
// It must never act on a GET, since mail scanners and previews follow links, and never say why a token is refused
// beyond what its bearer may know.
package link

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"corax"
)

const (
	keyBytes  = 32
	macBytes  = 16 // 128 bits: no token is guessed, and a link still fits into a short message
	maxToken  = 1 << 10
	separator = '.'
)

var encoding = base64.RawURLEncoding

// Grant is what a link allows.
type Grant struct {
	Purpose string    // of what kind: ack, order, approve
	Subject string    // of what: the id of a page, of a work order, of a request
	By      string    // whose answer it is: the contact that the link was sent to
	Expires time.Time // to the second
}

// ID names the grant. The same grant has the same id, so that a message that is sent again carries the same link.
func (g Grant) ID() string {
	return corax.HashID("lnk", g.Purpose, g.Subject, g.By, g.Expires.UTC().Format(time.RFC3339))
}

// Signer makes tokens and reads them.
type Signer struct{ key []byte }

// New makes a signer with a key of at least 16 bytes.
func New(key []byte) (*Signer, error) {
	if len(key) < keyBytes/2 {
		return nil, corax.Errorf(corax.Invalid, "make the signer of links", "a key of %d bytes is too short", len(key))
	}
	return &Signer{key: append([]byte(nil), key...)}, nil
}

// Open reads the key from a file, or makes both where there is none. The file is readable by its owner only; one that
// others can read is refused. Removing it makes every link that was sent worthless.
func Open(file string) (*Signer, error) {
	op := "read the key of links " + file
	key, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if key, err = makeKey(file); errors.Is(err, fs.ErrExist) { // somebody else was faster
			key, err = os.ReadFile(file)
		}
	}
	if err != nil {
		return nil, &corax.Error{Code: corax.Unavailable, Op: op, Err: err, Hint: "check who may read and write the data directory"}
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, &corax.Error{Code: corax.Forbidden, Op: op, Err: errors.New("others can read it"),
			Hint: "remove it: a new one is made, and links that were sent stop working"}
	}
	return New(key)
}

// makeKey writes a new key whole or not at all, and never over one that is there.
func makeKey(file string) ([]byte, error) {
	key := make([]byte, keyBytes)
	if _, err := io.ReadFull(rand.Reader, key); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*") // 0600
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	return key, os.Link(f.Name(), file)
}

// Sign makes the token of a grant.
func (s *Signer) Sign(g Grant) string {
	// A list, not an object: short, and nothing takes it for a JSON Web Token and blanks it out.
	data, _ := json.Marshal([]any{g.Purpose, g.Subject, g.By, g.Expires.Unix()}) // strings and a number always marshal
	body := encoding.EncodeToString(data)
	return body + string(separator) + encoding.EncodeToString(s.mac(body))
}

// Read gives the grant of a token. It is Forbidden where the token was not made with this key or has expired: both
// mean that its bearer may do nothing.
func (s *Signer) Read(token string, now time.Time) (Grant, error) {
	bad := &corax.Error{Code: corax.Forbidden, Op: "read a link", Err: errors.New("it is not one of ours, or was altered"),
		Hint: "open it exactly as it was sent"}
	if len(token) > maxToken {
		return Grant{}, bad
	}
	for i := range len(token) {
		if token[i] != separator {
			continue
		}
		sum, err := encoding.Strict().DecodeString(token[i+1:])
		if err != nil || !hmac.Equal(sum, s.mac(token[:i])) {
			return Grant{}, bad
		}
		data, err := encoding.DecodeString(token[:i])
		var g Grant
		var expires int64
		if err != nil || json.Unmarshal(data, &[]any{&g.Purpose, &g.Subject, &g.By, &expires}) != nil {
			return Grant{}, bad
		}
		g.Expires = time.Unix(expires, 0).UTC()
		if !now.Before(g.Expires) {
			return Grant{}, &corax.Error{Code: corax.Forbidden, Op: "read a link",
				Err: errors.New("it has expired"), Hint: "ask for a new one, or answer by the command line"}
		}
		return g, nil
	}
	return Grant{}, bad
}

func (s *Signer) mac(text string) []byte {
	h := hmac.New(sha256.New, s.key)
	_, _ = io.WriteString(h, text)
	return h.Sum(nil)[:macBytes]
}
