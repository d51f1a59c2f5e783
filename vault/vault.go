// Package vault keeps credentials out of everything but the moment of their use.
//
// In come references (vault:NAME, env:NAME, file:PATH), which are all that configuration, plans, records and logs ever
// hold. Out goes a Secret, whose value is seen only right where a request is sent, and wiped afterwards. A File holds
// credentials encrypted at rest, a Keeper resolves references and has each use audited, and a Redactor takes known
// values, and what looks like a credential, out of text before it is stored, shown or sent.
//
// It must never print, log, marshal or put into an error the value of a secret, nor part of it.
package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"corax"
)

// redacted is what stands where a secret was.
const redacted = "[redacted]"

// maxSecret bounds a secret file: a key or a token, never a disk image.
const maxSecret = 64 << 10

// Secret is a credential. However it is printed or marshalled, "[redacted]" comes out. Copies share one value: when one
// is wiped, all are.
type Secret struct {
	ref   string
	value []byte
}

// Resolve reads the credential that ref names where no vault is needed for it: env:NAME from the environment, file:PATH
// from a file, without its trailing line break. It is Invalid where the reference isn't of that form, NotFound where the
// variable or file is missing or empty. A Keeper resolves all references, and has each use audited.
func Resolve(ref string) (Secret, error) {
	if err := Check(ref); err != nil {
		return Secret{}, err
	}
	scheme, name, _ := strings.Cut(ref, ":")
	op := "resolve credential " + ref
	var value []byte
	switch scheme {
	case schemeEnv:
		value = []byte(os.Getenv(name))
	case schemeFile:
		text, err := readFile(name)
		if err != nil {
			code := corax.Unavailable
			if errors.Is(err, os.ErrNotExist) {
				code = corax.NotFound
			}
			return Secret{}, &corax.Error{Code: code, Op: op, Hint: "check the path and who may read it", Err: err}
		}
		value = text
	default:
		return Secret{}, &corax.Error{Code: corax.NotFound, Op: op, Hint: "set vault.key and store it with `corax vault set`",
			Err: errors.New("there is no vault here")}
	}
	value = bytes.TrimRight(value, "\r\n")
	if len(value) == 0 {
		return Secret{}, &corax.Error{Code: corax.NotFound, Op: op, Hint: "set it before starting Corax",
			Err: errors.New("it is empty or not set")}
	}
	return Secret{ref: ref, value: value}, nil
}

// The kinds of references.
const (
	schemeEnv   = "env"
	schemeFile  = "file"
	schemeVault = "vault"
)

// Check says whether ref has the form of a reference, without resolving it. Its error doesn't repeat a ref of another
// form: it may well be a secret that someone pasted in.
func Check(ref string) error {
	scheme, name, ok := strings.Cut(ref, ":")
	switch {
	case ok && name != "" && (scheme == schemeEnv || scheme == schemeFile), ok && scheme == schemeVault && validName(name):
		return nil
	}
	return &corax.Error{Code: corax.Invalid, Op: "read credential reference",
		Hint: "write vault:NAME, env:NAME or file:PATH; never the secret itself", Err: errors.New("not a reference")}
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxSecret {
		return nil, fmt.Errorf("larger than %d bytes", maxSecret)
	}
	return text, nil
}

// Ref is the reference that the secret was resolved from.
func (s Secret) Ref() string { return s.ref }

// Use calls f with a copy of the value, for what takes nothing but a string. f must not keep it. A string can't be wiped:
// where a slice will do, Open is better.
func (s Secret) Use(f func(value string) error) error { return f(string(s.value)) }

// Open calls f with the value itself. f must neither keep nor alter it.
func (s Secret) Open(f func(value []byte) error) error { return f(s.value) }

// Wipe overwrites the value, which is empty from then on. That is as far as it goes in Go: what f made of it (a header's
// text, a connection's buffers, a copy that the collector moved) stays in memory until that memory is used again, and
// so may what a swapped page holds.
func (s *Secret) Wipe() {
	clear(s.value)
	s.value = nil
}

// String, GoString, Format, MarshalJSON, MarshalText and LogValue keep the value out of whatever prints it.
func (s Secret) String() string { return redacted }

// GoString is for %#v.
func (s Secret) GoString() string { return redacted }

// Format is for every other verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalJSON writes the placeholder.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText writes the placeholder; YAML and XML use it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue is for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
