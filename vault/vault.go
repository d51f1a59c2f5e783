// Package vault keeps credentials out of everything but the moment of their use.
//
// In come references (env:NAME, file:PATH), which are all that configuration, plans, records and logs ever hold. Out
// goes a Secret, whose value is seen only inside the function given to Use, right where a request is sent. The
// Redactor takes known values, and what looks like a token, out of text before it is stored, shown or sent.
//
// It must never print, log, marshal or put into an error the value of a secret, nor part of it.
package vault

import (
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

// Secret is a credential. However it is printed or marshalled, "[redacted]" comes out.
type Secret struct {
	ref   string
	value string
}

// Resolve reads the credential that ref names: env:NAME from the environment, file:PATH from a file, without its
// trailing line break. It is Invalid where the reference isn't of that form, NotFound where the variable or file is
// missing or empty.
func Resolve(ref string) (Secret, error) {
	if err := Check(ref); err != nil {
		return Secret{}, err
	}
	scheme, name, _ := strings.Cut(ref, ":")
	op := "resolve credential " + ref
	var value string
	switch scheme {
	case "env":
		value = os.Getenv(name)
	case "file":
		text, err := readFile(name)
		if err != nil {
			code := corax.Unavailable
			if errors.Is(err, os.ErrNotExist) {
				code = corax.NotFound
			}
			return Secret{}, &corax.Error{Code: code, Op: op, Hint: "check the path and who may read it", Err: err}
		}
		value = text
	}
	value = strings.TrimRight(value, "\r\n")
	if value == "" {
		return Secret{}, &corax.Error{Code: corax.NotFound, Op: op, Hint: "set it before starting Corax",
			Err: errors.New("it is empty or not set")}
	}
	return Secret{ref: ref, value: value}, nil
}

// Check says whether ref has the form of a reference, without resolving it. Its error doesn't repeat a ref of another
// form: it may well be a secret that someone pasted in.
func Check(ref string) error {
	scheme, name, ok := strings.Cut(ref, ":")
	if !ok || name == "" || (scheme != "env" && scheme != "file") {
		return &corax.Error{Code: corax.Invalid, Op: "read credential reference",
			Hint: "write env:NAME or file:PATH; never the secret itself", Err: errors.New("not a reference")}
	}
	return nil
}

func readFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxSecret {
		return "", fmt.Errorf("larger than %d bytes", maxSecret)
	}
	return string(text), nil
}

// Ref is the reference that the secret was resolved from.
func (s Secret) Ref() string { return s.ref }

// Use calls f with the value. f must not keep it.
func (s Secret) Use(f func(value string) error) error { return f(s.value) }

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
