package execute

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"corax"
)

var blockName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

// template is a text of a declaration, by the name of its field.
type template struct{ name, text string }

// editsOf are the changes that a declaration asks for; there should be one.
func editsOf(f *corax.FileEdit) (kinds []template) {
	if f.Content != nil {
		kinds = append(kinds, template{"content", *f.Content})
	}
	if f.Block != nil {
		kinds = append(kinds, template{"block.text", f.Block.Text})
	}
	if f.Set != nil {
		kinds = append(kinds, template{"set.value", f.Set.Value})
	}
	if f.Restore != nil {
		kinds = append(kinds, template{"restore", *f.Restore})
	}
	return kinds
}

// withBlock puts text between the block's marks, at the end of the file where there are none yet.
func withBlock(now string, b corax.FileBlock, text string) (string, error) {
	comment := b.Comment
	if comment == "" {
		comment = "#"
	}
	begin, end := comment+" BEGIN "+b.Name, comment+" END "+b.Name
	block := begin + "\n" + ensureLine(text) + end + "\n"
	for line := range strings.Lines(text) {
		if mark := strings.TrimRight(line, " \t\r\n"); mark == begin || mark == end {
			return "", errors.New("the text holds one of the block's own marks")
		}
	}
	from, to, marks := -1, -1, 0
	at := 0
	for line := range strings.Lines(now) {
		switch strings.TrimRight(line, " \t\r\n") {
		case begin:
			from, marks = at, marks+1
		case end:
			to, marks = at+len(line), marks+1
		}
		at += len(line)
	}
	switch {
	case marks == 0:
		return ensureLine(now) + block, nil
	case marks != 2 || from < 0 || to < from:
		return "", fmt.Errorf("the marks of block %s are not one pair", b.Name)
	}
	return now[:from] + block + now[to:], nil
}

// ensureLine ends a text that isn't empty with a line break.
func ensureLine(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}

// withValue sets the one line of that name, or adds it.
func withValue(now string, v corax.FileValue, value string) (string, error) {
	if strings.ContainsAny(value, "\n\r\x00") {
		return "", fmt.Errorf("the value of %s holds a line break or a NUL, and a line can't", v.Name)
	}
	from, to, n := valueAt(now, v)
	switch n {
	case 0:
		return ensureLine(now) + v.Name + between(v) + value + "\n", nil
	case 1:
		return now[:from] + value + now[to:], nil
	}
	return "", fmt.Errorf("%s stands in %d lines; which one is meant can't be told", v.Name, n)
}

func between(v corax.FileValue) string {
	if v.Between == "" {
		return "="
	}
	return v.Between
}

// valueAt finds where the value of a name begins and ends, and in how many lines the name stands.
func valueAt(now string, v corax.FileValue) (from, to, count int) {
	sign, at := strings.TrimSpace(between(v)), 0
	for line := range strings.Lines(now) {
		at += len(line)
		rest, ok := strings.CutPrefix(strings.TrimLeft(line, " \t"), v.Name)
		if !ok {
			continue
		}
		after := strings.TrimLeft(rest, " \t")
		if sign == "" {
			ok = after != rest
		} else {
			after, ok = strings.CutPrefix(after, sign)
			after = strings.TrimLeft(after, " \t")
		}
		if ok {
			from, to = at-len(after), at-len(after)+len(strings.TrimRight(after, "\r\n"))
			count++
		}
	}
	return from, to, count
}
