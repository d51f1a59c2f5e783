package vault

import "strings"

// findPairs appends the values that stand beside a name which promises a credential: name=value, name: value,
// "name":"value", also with the quotes escaped. By hand, since a regular expression takes a hundred times as long.
func findPairs(spans []span, text string) []span {
	for i := 0; i < len(text)-1; i++ {
		if !begins[twoBytes(text, i)] {
			continue
		}
		is, n := triggerAt(text, i)
		if is&triggerPair == 0 {
			continue
		}
		from, to := i, i+n
		for from > 0 && nameByte(text[from-1]) {
			from--
		}
		for to < len(text) && nameByte(text[to]) {
			to++
		}
		if v, ok := valueAfter(text, to); ok && confidential(text[from:to], text[v.from:v.to]) {
			spans = append(spans, v)
		}
		i = to - 1
	}
	return spans
}

func nameByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_' || b == '-' || b == '.'
}

// valueAfter is the value that a colon or an equals sign after i assigns.
func valueAfter(text string, i int) (span, bool) {
	i = skipQuote(text, i)
	i = skip(text, i, " \t")
	if i >= len(text) || text[i] != ':' && text[i] != '=' {
		return span{}, false
	}
	i = skip(text, i+1, " \t")
	from := skipQuote(text, i)
	if from == i { // bare: up to what ends a word
		if n := strings.IndexAny(text[i:], " \t\r\n\"'\\,;&<>(){}[]"); n >= 0 {
			return span{i, i + n}, n > 0
		}
		return span{i, len(text)}, i < len(text)
	}
	opened := text[i:from] // with its backslashes; the same closes it
	for at := from; at < len(text); at++ {
		if text[at] == '\\' && !strings.HasPrefix(text[at:], opened) {
			at++
			continue
		}
		if strings.HasPrefix(text[at:], opened) {
			return span{from, at}, at > from
		}
	}
	return span{from, len(text)}, from < len(text) // the text was cut
}

// skipQuote passes over a quotation mark, and the backslashes before it.
func skipQuote(text string, i int) int {
	at := skip(text, i, "\\")
	if at < len(text) && (text[at] == '"' || text[at] == '\'') {
		return at + 1
	}
	return i
}

func skip(text string, i int, set string) int {
	for i < len(text) && strings.IndexByte(set, text[i]) >= 0 {
		i++
	}
	return i
}

// confidential says that a value must not be shown under this name: any that is called a password, and of tokens and
// keys those that are no plain word or number, since "token: expired" is what a diagnosis needs to read.
func confidential(name, value string) bool {
	if value == "" || strings.HasPrefix(value, strings.TrimSuffix(redacted, "]")) {
		return false
	}
	name = strings.ToLower(name)
	for _, word := range []string{"passw", "passphrase", "pwd", "secret_key", "secret-key", "secretkey", "client_secret", "clientsecret"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return random(value)
}

// secretName says that a field's name promises a credential.
func secretName(name string) bool { return triggersOf(name)&triggerPair != 0 }
