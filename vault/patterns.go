package vault

import (
	"regexp"
	"strings"
	"unicode"
)

// What looks like a credential, whoever's it is. Monitored systems put theirs into messages, and nobody tells us.
var (
	// A JSON Web Token: base64url of an object that begins with {" in its first part, two or three parts.
	jwt = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{2,}(?:\.[A-Za-z0-9_-]*)*`)
	// The credential of an Authorization header, or what is written like one.
	scheme = regexp.MustCompile(`(?i)(authorization\\*["']?\s*[:=]\s*\\*["']?)?\b(?:bearer|basic|digest)[ \t]+([A-Za-z0-9._~+/=-]{8,})`)
	// The private part of a key, to its end or, where it was cut, to that of the text.
	privateKey = regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)`)
	// The password in an address: postgres://user:password@host.
	userinfo = regexp.MustCompile(`://[^\s/:@"']*:([^\s/@"']+)@`)
)

// minCredential is the shortest value that is taken for a credential by its looks.
const minCredential = 8

// findPatterns appends what looks like a credential.
func findPatterns(spans []span, text string) []span {
	t := triggersOf(text)
	if t&triggerJWT != 0 {
		for _, m := range jwt.FindAllStringIndex(text, -1) {
			spans = append(spans, span{m[0], m[1]})
		}
	}
	if t&triggerScheme != 0 {
		for _, m := range scheme.FindAllStringSubmatchIndex(text, -1) {
			if m[2] >= 0 || afterScheme(text[m[4]:m[5]]) {
				spans = append(spans, span{m[4], m[5]})
			}
		}
	}
	if t&triggerKey != 0 {
		for _, m := range privateKey.FindAllStringIndex(text, -1) {
			spans = append(spans, span{m[0], m[1]})
		}
	}
	if t&triggerUser != 0 {
		for _, m := range userinfo.FindAllStringSubmatchIndex(text, -1) {
			if text[m[2]:m[3]] != redacted {
				spans = append(spans, span{m[2], m[3]})
			}
		}
	}
	if t&triggerPair != 0 {
		spans = findPairs(spans, text)
	}
	return spans
}

// afterScheme says that what follows "bearer", "basic" or "digest" is a credential: it looks like one, or is longer than
// the words that come after them in a sentence.
func afterScheme(text string) bool {
	switch strings.ToLower(strings.TrimRight(text, ".")) {
	case "authentication", "authorization", "authenticate", "configuration", "connectivity", "functionality", "unauthorized", "credentials":
		return false
	}
	return random(text) || len(text) >= 12
}

// random says that a text looks made by a machine to be kept secret: letters and digits, or large and small letters in
// its middle, or too long for a word.
func random(text string) bool {
	if len(text) < minCredential {
		return false
	}
	var digit, lower, upper, letter bool
	for n, r := range text {
		digit = digit || unicode.IsDigit(r)
		letter = letter || unicode.IsLetter(r)
		lower = lower || unicode.IsLower(r)
		upper = upper || n > 0 && unicode.IsUpper(r)
	}
	return letter && digit || lower && upper || letter && len(text) >= 24 && !strings.ContainsAny(text, " ")
}

// The words that a text must hold for a pattern to be worth trying.
type triggers uint8

const (
	triggerJWT triggers = 1 << iota
	triggerScheme
	triggerKey
	triggerUser
	triggerPair
)

var triggerWords = [...]struct {
	word string // lower case
	is   triggers
}{
	{"eyj", triggerJWT}, {"bearer", triggerScheme}, {"basic", triggerScheme}, {"digest", triggerScheme},
	{"-----begin", triggerKey}, {"://", triggerUser},
	{"passw", triggerPair}, {"passphrase", triggerPair}, {"pwd", triggerPair}, {"secret", triggerPair},
	{"token", triggerPair}, {"credential", triggerPair}, {"apikey", triggerPair}, {"api_key", triggerPair},
	{"api-key", triggerPair}, {"accesskey", triggerPair}, {"access_key", triggerPair}, {"access-key", triggerPair},
}

// begins says which pairs of bytes begin a word: five bits of each, so that large and small letters are one.
var begins = func() (t [1 << 10]bool) {
	for _, w := range triggerWords {
		t[twoBytes(w.word, 0)] = true
	}
	return t
}()

func twoBytes(text string, i int) int { return int(text[i]&31)<<5 | int(text[i+1]&31) }

// triggersOf looks through a text once.
func triggersOf(text string) (t triggers) {
	for i := range len(text) - 1 {
		if begins[twoBytes(text, i)] {
			is, _ := triggerAt(text, i)
			t |= is
		}
	}
	return t
}

// triggerAt is the word that stands at i, if any, and its length.
func triggerAt(text string, i int) (triggers, int) {
	for n := range triggerWords {
		w := &triggerWords[n]
		if w.word[0]&31 == text[i]&31 && len(text)-i >= len(w.word) && strings.EqualFold(text[i:i+len(w.word)], w.word) {
			return w.is, len(w.word)
		}
	}
	return 0, 0
}
