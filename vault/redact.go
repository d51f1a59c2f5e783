package vault

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
)

// minSecret is the shortest value that a Redactor looks for: blanking out every "a" in a text would hide the text,
// not the secret.
const minSecret = shortHead

// Redactor takes secrets out of text: those that it knows, as they are, as hex and base64 (by themselves or within a
// longer text) and however URLs, JSON and HTML escape them; and whatever looks like a bearer token, a JSON Web Token, a
// password beside its name or in an address, or a private key. What stood there is "[redacted]" then.
//
// It keeps fingerprints, never a value. The zero value is ready, and nil takes out what looks like a credential; all
// methods may be called from many goroutines. Redacting twice is redacting once.
//
// What it can't find: a secret that was cut, encrypted, compressed, spelled backwards, or encoded by a means that isn't
// named above; up to four bits of a secret at either edge within a longer base64 text; values shorter than 4 bytes.
type Redactor struct {
	mu    sync.Mutex // held by who makes the next finder
	known atomic.Pointer[finder]
}

// Know adds the values of secrets. Knowing one twice is fine.
func (r *Redactor) Know(secrets ...Secret) {
	if r == nil {
		return
	}
	var texts [][]byte
	for _, s := range secrets {
		if len(s.value) >= minSecret {
			texts = append(texts, forms(s.value)...)
		}
	}
	if len(texts) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.known.Load()
	if f == nil {
		f = newFinder()
	}
	r.known.Store(f.with(texts))
	for _, t := range texts {
		clear(t)
	}
}

// spans is where text holds what must not be shown, in order and apart.
func (r *Redactor) spans(text string, byLooks bool) []span {
	var f *finder
	if r != nil {
		f = r.known.Load()
	}
	return f.spans(nil, text, byLooks)
}

// Redact gives text without secrets; the same string where it holds none.
func (r *Redactor) Redact(text string) string { return without(text, r.spans(text, true)) }

// Known gives text without the secrets that are known, and leaves alone what only looks like one. It is for what is
// worked with further, such as a token that one answer gives and the next request needs; never for what is shown or kept.
func (r *Redactor) Known(text string) string { return without(text, r.spans(text, false)) }

// without gives text with its spans taken out.
func without(text string, spans []span) string {
	if len(spans) == 0 {
		return text
	}
	var out strings.Builder
	at := 0
	for _, s := range spans {
		out.WriteString(text[at:s.from])
		out.WriteString(redacted)
		at = s.to
	}
	out.WriteString(text[at:])
	return out.String()
}

// Field gives a named value without secrets: where the name promises a credential, the value may be one by its looks.
func (r *Redactor) Field(name, value string) string {
	if secretName(name) && confidential(name, value) {
		return redacted
	}
	return r.Redact(value)
}

// JSON gives a JSON text whose strings hold no secrets; the same bytes where they hold none. Names stay as they are, and
// so do numbers: whoever reads the text must still understand it. What is no JSON is redacted as text.
func (r *Redactor) JSON(doc []byte) []byte {
	if len(r.spans(string(doc), true)) == 0 {
		return doc
	}
	if !json.Valid(doc) {
		return []byte(r.Redact(string(doc)))
	}
	out := make([]byte, 0, len(doc))
	name := ""
	for i := 0; i < len(doc); {
		if doc[i] != '"' {
			if doc[i] == ',' || doc[i] == '{' {
				name = ""
			}
			out = append(out, doc[i])
			i++
			continue
		}
		end := literalEnd(doc, i)
		literal := doc[i:end]
		i = end
		var text string
		if json.Unmarshal(literal, &text) != nil { // can't be: the document is valid
			continue
		}
		if rest := bytes.TrimLeft(doc[i:], " \t\r\n"); len(rest) > 0 && rest[0] == ':' {
			name = text
			out = append(out, literal...)
			continue
		}
		out = append(out, r.literal(name, text, literal)...)
	}
	return out
}

// literal is a string of a document, as it may be shown under the name of its field.
func (r *Redactor) literal(name, text string, literal []byte) []byte {
	shown := r.Field(name, text)
	if shown == text {
		return literal
	}
	quoted, _ := json.Marshal(shown) // a string always marshals
	return quoted
}

// literalEnd is the place after the string that begins at i.
func literalEnd(doc []byte, i int) int {
	for i++; i < len(doc); i++ {
		switch doc[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(doc)
}
