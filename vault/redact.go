package vault

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// minSecret is the shortest value that a Redactor looks for: blanking out every "a" in a text would hide the text,
// not the secret.
const minSecret = 4

var (
	bearer = regexp.MustCompile(`(?i)\b(bearer|basic)[ \t]+[A-Za-z0-9._~+/=-]{8,}`)
	// A JSON Web Token: base64url of an object that begins with {" in its first part, two or three parts.
	jwt = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{2,}(\.[A-Za-z0-9_-]*)*`)
)

// Redactor takes secrets out of text: the values it knows, as they are and as base64, hex, URL and JSON write them,
// and whatever looks like a bearer token or a JSON Web Token. The zero value is ready; all methods may be called from
// many goroutines.
type Redactor struct {
	mu       sync.RWMutex
	forms    []string // longest first, so that a form that holds another is replaced whole
	replacer *strings.Replacer
}

// Know adds a secret's value. Knowing it twice is fine.
func (r *Redactor) Know(s Secret) {
	if r == nil || len(s.value) < minSecret {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Contains(r.forms, s.value) {
		return
	}
	for _, form := range forms(s.value) {
		if !slices.Contains(r.forms, form) {
			r.forms = append(r.forms, form)
		}
	}
	slices.SortFunc(r.forms, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	pairs := make([]string, 0, 2*len(r.forms))
	for _, form := range r.forms {
		pairs = append(pairs, form, redacted)
	}
	r.replacer = strings.NewReplacer(pairs...)
}

// Redact gives text without secrets. A nil Redactor still removes what looks like a token.
func (r *Redactor) Redact(text string) string {
	if r != nil {
		r.mu.RLock()
		replacer := r.replacer
		r.mu.RUnlock()
		if replacer != nil {
			text = replacer.Replace(text)
		}
	}
	text = bearer.ReplaceAllString(text, "$1 "+redacted)
	return jwt.ReplaceAllString(text, redacted)
}

// forms are the ways in which a value may turn up in text.
func forms(value string) []string {
	quoted, _ := json.Marshal(value) // a string always marshals
	raw := []byte(value)
	return []string{
		value,
		strings.Trim(string(quoted), `"`),
		url.QueryEscape(value),
		url.PathEscape(value),
		strings.TrimRight(base64.StdEncoding.EncodeToString(raw), "="),
		strings.TrimRight(base64.URLEncoding.EncodeToString(raw), "="),
		hex.EncodeToString(raw),
		strings.ToUpper(hex.EncodeToString(raw)),
	}
}
