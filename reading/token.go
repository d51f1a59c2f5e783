package reading

import "strings"

// MaxText bounds how much of one message is read; the rest adds nothing that the beginning doesn't say.
const MaxText = 16 << 10

// Token is a run of letters and digits. Offsets are bytes of the message.
type Token struct {
	Text       string // lower case
	Stem       string
	Start, End int
}

// Lower folds ASCII letters only, so that offsets stay those of the message.
func Lower(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if c := b[i]; c >= 'A' && c <= 'Z' {
					b[i] = c + 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// Tokenise cuts lower-case text into tokens. Bytes beyond ASCII count as letters, so that other scripts stay whole words.
func Tokenise(text string, into []Token) []Token {
	start := -1
	for i := 0; i <= len(text); i++ {
		if i < len(text) && isWord(text[i]) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			t := text[start:i]
			into = append(into, Token{Text: t, Stem: Stem(t), Start: start, End: i})
			start = -1
		}
	}
	return into
}

func isWord(b byte) bool { return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b >= 0x80 }

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// Stem cuts the usual English endings, so that fail, fails, failed and failing are one. What it leaves need not be a word; it is only
// ever compared with other stems.
func Stem(s string) string {
	if len(s) <= 3 || strings.ContainsAny(s, "0123456789") {
		return s
	}
	switch {
	case strings.HasSuffix(s, "ies") && len(s) > 4:
		return s[:len(s)-3]
	case strings.HasSuffix(s, "ss"), strings.HasSuffix(s, "us"), strings.HasSuffix(s, "is"):
		return s
	case s[len(s)-1] == 's':
		s = s[:len(s)-1]
	}
	switch {
	case len(s) >= 6 && strings.HasSuffix(s, "ing"):
		return undouble(s[:len(s)-3])
	case len(s) >= 5 && strings.HasSuffix(s, "ed") && s[len(s)-3] != 'e':
		return undouble(s[:len(s)-2])
	case len(s) > 4 && (s[len(s)-1] == 'e' || s[len(s)-1] == 'y'):
		return s[:len(s)-1]
	}
	return s
}

func undouble(s string) string {
	if n := len(s); n > 3 && s[n-1] == s[n-2] && strings.IndexByte("bdgmnprt", s[n-1]) >= 0 {
		return s[:n-1]
	}
	if n := len(s); n > 4 && s[n-1] == 'y' {
		return s[:n-1]
	}
	return s
}

// Stems are the stems of the words of a text.
func Stems(text string) []string {
	var out []string
	for _, t := range Tokenise(Lower(text), nil) {
		out = append(out, t.Stem)
	}
	return out
}

// Number says that a token starts with a digit.
func (t Token) Number() bool { return isDigit(t.Text[0]) }
