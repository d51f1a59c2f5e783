package vault

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"html"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// minLine is the shortest line of a secret of many lines that is looked for by itself: logs take texts apart.
const minLine = 16

// forms are the ways in which a value is looked for. Escaped forms are not among them: a text is read as its escapes
// mean it instead (unescape), however they are mixed.
func forms(value []byte) [][]byte {
	out := encodings(value)
	if lines := bytes.Split(value, []byte{'\n'}); len(lines) > 1 {
		for _, line := range lines {
			if line = bytes.TrimSpace(line); len(line) >= minLine {
				out = append(out, encodings(line)...)
			}
		}
	}
	return out
}

func encodings(value []byte) [][]byte {
	lower := hex.AppendEncode(nil, value)
	out := [][]byte{bytes.Clone(value), lower, bytes.ToUpper(lower)}
	for before := range 3 {
		out = append(out, within64(base64.RawStdEncoding, value, before), within64(base64.RawURLEncoding, value, before))
	}
	return out
}

// within64 is what a value looks like in the base64 of a longer text, where before bytes precede it since the last
// group of three began: those characters that depend on nothing but the value.
func within64(enc *base64.Encoding, value []byte, before int) []byte {
	padded := make([]byte, before+len(value))
	copy(padded[before:], value)
	text := enc.AppendEncode(nil, padded)
	clear(padded)
	from, to := (8*before+5)/6, 8*(before+len(value))/6
	return text[from:max(from, to)]
}

// maxNesting is how often a text is unescaped: JSON in JSON in a URL.
const maxNesting = 3

// families are the bytes with which escapes begin, as they are read together: all of them, with and without a query's +
// for a space, and each alone, since a secret may hold by itself what looks like an escape of another.
var families = [...]string{`\%&`, `\%&+`, `\`, `%`, `%+`, `&`}

// escaping says of each family which bytes begin its escapes.
var escaping = func() map[string]*[256]bool {
	all := map[string]*[256]bool{}
	for _, family := range families {
		all[family] = &[256]bool{}
		for i := range len(family) {
			all[family][family[i]] = true
		}
	}
	return all
}()

// origins are where the bytes of an unescaped text come from, stretch by stretch.
type origins []stretch

// stretch is a part of an unescaped text that was copied, or that one escape meant.
type stretch struct {
	plain, text int // where it begins in the unescaped text, and in the one that this comes from
	escape      bool
}

// of is where byte i comes from: for those that an escape meant, its first byte.
func (o origins) of(i int) int {
	after := sort.Search(len(o), func(n int) bool { return o[n].plain > i })
	s := o[after-1]
	if s.escape {
		return s.text
	}
	return s.text + i - s.plain
}

// unescape gives text as the escapes of one of the families mean it: %XX, \uXXXX, \xXX, \n, \" and their like, &quot; and &#34;, + as a space.
// from says where each byte comes from, also the end. ok is false where nothing is escaped.
func unescape(text, family string) (plain string, from origins, ok bool) {
	begin := escaping[family]
	first := 0
	for first < len(text) && !begin[text[first]] {
		first++
	}
	if first == len(text) {
		return "", nil, false
	}
	out := make([]byte, 0, len(text))
	from = origins{{}}
	for i := 0; i < len(text); {
		next := max(i, first)
		for next < len(text) && !begin[text[next]] {
			next++
		}
		out = append(out, text[i:next]...)
		if i = next; i == len(text) {
			break
		}
		n := 1
		var one [utf8.UTFMax]byte
		meant := one[:0]
		switch text[i] {
		case '%':
			meant, n = percent(text[i:], meant)
		case '\\':
			meant, n = backslash(text[i:], meant)
		case '&':
			meant, n = entity(text[i:], meant)
		case '+':
			out, ok = append(out, ' '), true
			i++
			continue
		}
		if n == 1 {
			out = append(out, text[i])
			i++
			continue
		}
		from = append(from, stretch{len(out), i, true})
		out, ok = append(out, meant...), true
		i += n
		from = append(from, stretch{len(out), i, false})
	}
	return string(out), from, ok
}

// percent, backslash and entity read one escape at the start of s; they give 1 as its length where there is none.
func percent(s string, dst []byte) ([]byte, int) {
	if b, ok := hexByte(s, 1); ok {
		return append(dst, b), 3
	}
	return dst, 1
}

func backslash(s string, dst []byte) ([]byte, int) {
	if len(s) < 2 {
		return dst, 1
	}
	switch s[1] {
	case 'u':
		r, ok := hexRune(s)
		if !ok {
			return dst, 1
		}
		if utf16.IsSurrogate(r) {
			if low, ok := hexRune(s[6:]); ok {
				if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
					return utf8.AppendRune(dst, both), 12
				}
			}
		}
		return utf8.AppendRune(dst, r), 6
	case 'x':
		if b, ok := hexByte(s, 2); ok {
			return append(dst, b), 4
		}
		return dst, 1
	case 'n':
		return append(dst, '\n'), 2
	case 'r':
		return append(dst, '\r'), 2
	case 't':
		return append(dst, '\t'), 2
	case 'b':
		return append(dst, '\b'), 2
	case 'f':
		return append(dst, '\f'), 2
	case '"', '\'', '\\', '/', '$', '`', ' ', '&', '!':
		return append(dst, s[1]), 2
	}
	return dst, 1
}

// entity reads a character reference of HTML or XML.
func entity(s string, dst []byte) ([]byte, int) {
	end := strings.IndexByte(s[:min(len(s), 10)], ';')
	if end < 2 {
		return dst, 1
	}
	if meant := html.UnescapeString(s[:end+1]); len(meant) <= utf8.UTFMax && meant != s[:end+1] {
		return append(dst, meant...), end + 1
	}
	return dst, 1
}

func hexByte(s string, at int) (byte, bool) {
	if len(s) < at+2 {
		return 0, false
	}
	n, err := strconv.ParseUint(s[at:at+2], 16, 8)
	return byte(n), err == nil
}

// hexRune reads \uXXXX.
func hexRune(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}

// spans appends where secrets stand in what text means, at any depth of escaping: known ones where f isn't nil, and
// what looks like one where byLooks is set.
func (f *finder) spans(found []span, text string, byLooks bool) []span {
	found = f.look(found, text, byLooks)
	var read [len(families)]string
	for n, family := range families {
		used := present(text, family)
		if used != "" && !slices.Contains(read[:n], used) {
			found = f.meant(found, text, family, byLooks)
		}
		read[n] = used
	}
	return merge(found)
}

func (f *finder) look(found []span, text string, byLooks bool) []span {
	if f != nil {
		found = f.find(found, text)
	}
	if byLooks {
		found = findPatterns(found, text)
	}
	return found
}

// present are the bytes of a family that text holds.
func present(text, family string) string {
	used := make([]byte, 0, 4)
	for i := range len(family) {
		if strings.IndexByte(text, family[i]) >= 0 {
			used = append(used, family[i])
		}
	}
	return string(used)
}

// meant looks at what text means by the escapes of a family, and at what that means.
func (f *finder) meant(found []span, text, family string, byLooks bool) []span {
	var back []origins // of each round's text
	place := func(i int) int {
		for _, from := range slices.Backward(back) {
			i = from.of(i)
		}
		return i
	}
	for range maxNesting {
		plain, from, ok := unescape(text, family)
		if !ok {
			break
		}
		back = append(back, from)
		for _, s := range f.look(nil, plain, byLooks) {
			to, last := s.to, place(s.to-1)
			for to < len(plain) && place(to) == last { // the rest of the same escape
				to++
			}
			found = append(found, span{place(s.from), place(to)})
		}
		text = plain
		family = strings.TrimSuffix(family, "+") // only the outermost can be a query
	}
	return found
}
