package reading

import "strings"

// MaxText bounds how much of one message is read; the rest adds nothing that the beginning doesn't say.
const MaxText = 16 << 10

// Token is a run of letters and digits. Offsets are bytes of the message.
type Token struct {
	Text       string // lower case
	Stem       string
	Start, End int
	word       *word // what is known about it; nil where nothing is
}

// Number says that a token starts with a digit.
func (t Token) Number() bool { return isDigit(t.Text[0]) }

func (t Token) is(c class) bool { return t.word != nil && t.word.class&c != 0 }

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

// Tokenise cuts lower-case text into tokens. Bytes beyond ASCII count as letters, so that other scripts stay whole words; but scripts that
// are written without spaces are cut where they meet ASCII, as they write "port443 is closed" in one piece.
func Tokenise(text string, into []Token) []Token {
	for i := 0; i < len(text); {
		if n := skip(text, i); n > 0 {
			i += n
			continue
		}
		start, digits, dense := i, false, text[i] >= 0xE3
		for i < len(text) && skip(text, i) == 0 {
			if c := text[i]; c < 0x80 {
				if dense {
					break
				}
				digits = digits || isDigit(c)
			} else if c >= 0xE3 && !dense {
				if i > start {
					break
				}
				dense = true
			}
			i++
		}
		t := Token{Text: text[start:i], Stem: text[start:i], Start: start, End: i}
		if !digits && len(t.Text) > 3 {
			t.Stem = cut(t.Text)
		}
		t.word = lexicon[t.Stem]
		into = append(into, t)
	}
	return into
}

// skip is the length of what stands at i and is of no token: 0, a byte, or a punctuation mark of three (dashes, quotes, arrows, the marks
// of East Asian scripts).
func skip(text string, i int) int {
	c := text[i]
	if c < 0x80 {
		if isWord(c) {
			return 0
		}
		return 1
	}
	if c < 0xE2 || i+2 >= len(text) {
		return 0
	}
	switch n := text[i+1]; {
	case c == 0xE2 && (n == 0x80 || n == 0x86), c == 0xE3 && n == 0x80, c == 0xEF && (n == 0xBC || n == 0xBD):
		return 3
	}
	return 0
}

func isWord(b byte) bool { return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b >= 0x80 }

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// Stem cuts the usual English endings, so that fail, fails, failed and failing are one. What it leaves need not be a word; it is only
// ever compared with other stems.
func Stem(s string) string {
	if len(s) <= 3 || strings.ContainsAny(s, "0123456789") {
		return s
	}
	return cut(s)
}

func cut(s string) string {
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
