package monitor

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// excerpt makes foreign bytes fit for one line of a message: valid, without control characters, at most limit bytes.
func excerpt(data []byte, limit int) string {
	cut := len(data) > 2*limit
	if cut {
		data = data[:2*limit]
	}
	text := strings.Join(strings.FieldsFunc(strings.ToValidUTF8(string(data), "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	if short := clip(text, limit); short != text || cut {
		return short + "..."
	}
	return text
}

// clip cuts text to limit bytes, never within a character.
func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// mask makes a template of a message: every word that holds a digit becomes #, so that ids, numbers and times don't
// count.
func mask(text string) string {
	text = clip(text, 1000)
	var b strings.Builder
	b.Grow(len(text))
	start, digit := -1, false
	end := func(i int) {
		switch {
		case start < 0:
		case digit:
			b.WriteByte('#')
		default:
			b.WriteString(text[start:i])
		}
		start, digit = -1, false
	}
	for i, r := range text {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' {
			end(i)
			b.WriteRune(r)
			continue
		}
		if start < 0 {
			start = i
		}
		digit = digit || unicode.IsDigit(r)
	}
	end(len(text))
	return b.String()
}
