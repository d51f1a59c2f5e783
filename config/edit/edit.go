// Package edit changes one item of a list in a configuration's text, and leaves every other byte as a person wrote it: comments, order,
// quotes and blank lines. In comes a text and an item, out comes the new text. It knows YAML's layout and nothing of what the items mean;
// whoever calls it parses the result and compares, since a text may be laid out in ways that aren't foreseen here.
package edit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"corax"
	"corax/config/decode"
)

// Item is the text of the list's n-th item, without the dash and its indentation. It is a Conflict where the list is laid out in a way
// that can't be edited (on one line, say), and NotFound where there is no such item.
func Item(text []byte, list string, n int) (string, error) {
	l, err := layout(text, list)
	if err != nil {
		return "", err
	}
	if n < 0 || n >= len(l.items) {
		return "", corax.Errorf(corax.NotFound, "read "+list, "there is no item %d", n)
	}
	s := l.items[n]
	lines := slices.Clone(l.lines[s.from:s.to])
	lines[0] = strings.Repeat(" ", s.column) + lines[0][s.column:] // the dash
	for i, line := range lines {
		lines[i] = strings.TrimRight(cutIndent(line, s.column), " \r")
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// Replace puts an item's text in the place of the n-th.
func Replace(text []byte, list string, n int, item string) ([]byte, error) {
	l, err := layout(text, list)
	if err != nil {
		return nil, err
	}
	if n < 0 || n >= len(l.items) {
		return nil, corax.Errorf(corax.NotFound, "change "+list, "there is no item %d", n)
	}
	s := l.items[n]
	return l.splice(s.from, s.to, written(item, s.dash)), nil
}

// Remove takes the n-th item out. The last one leaves an empty list.
func Remove(text []byte, list string, n int) ([]byte, error) {
	l, err := layout(text, list)
	if err != nil {
		return nil, err
	}
	if n < 0 || n >= len(l.items) {
		return nil, corax.Errorf(corax.NotFound, "change "+list, "there is no item %d", n)
	}
	s := l.items[n]
	if len(l.items) > 1 {
		return l.splice(s.from, s.to, nil), nil
	}
	out := l.splice(s.from, s.to, nil)
	lines := strings.SplitAfter(string(out), "\n")
	lines[l.key] = strings.TrimRight(lines[l.key], "\r\n") + " []\n"
	return []byte(strings.Join(lines, "")), nil
}

// Append adds an item at the end of the list, which is begun where the text has none.
func Append(text []byte, list, item string) ([]byte, error) {
	l, err := layout(text, list)
	if err != nil {
		return nil, err
	}
	switch {
	case len(l.items) > 0:
		last := l.items[len(l.items)-1]
		return l.splice(last.to, last.to, written(item, last.dash)), nil
	case l.key >= 0:
		return l.splice(l.key, l.key+1, append([]string{list + ":"}, written(item, 0)...)), nil
	}
	return l.splice(len(l.lines), len(l.lines), append([]string{list + ":"}, written(item, 0)...)), nil
}

// file is a text with one of its lists.
type file struct {
	lines []string // without their ends
	key   int      // the line on which the list is named; -1 where there is none
	items []span
	ended bool // the last line has an end
}

// span is the lines of an item.
type span struct {
	from, to int // to is the line after its last
	dash     int // column of the dash, from 0
	column   int // of what comes after it
}

// layout finds the list, which must be named at the top level, and its items, which must begin with a dash each on a line of its own.
func layout(text []byte, list string) (*file, error) {
	if _, err := decode.Parse(list, text); err != nil { // bounds what is parsed, and what the parser may do
		return nil, err
	}
	odd := func(format string, args ...any) error {
		return &corax.Error{Code: corax.Conflict, Op: "find " + list + " in the file", Err: fmt.Errorf(format, args...), Hint: "change it in an editor"}
	}
	var doc yaml.Node
	if !silent(text) {
		if err := yaml.Load(text, &doc); err != nil {
			return nil, odd("%w", err)
		}
	}
	l := &file{key: -1, lines: strings.Split(string(text), "\n"), ended: true}
	if n := len(l.lines); l.lines[n-1] == "" {
		l.lines = l.lines[:n-1]
	} else {
		l.ended = false
	}
	if len(doc.Content) == 0 {
		return l, nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode || root.Style&yaml.FlowStyle != 0 {
		return nil, odd("its top level is not written a line a field")
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == list {
			return l, l.read(root.Content[i], root.Content[i+1], odd)
		}
	}
	if root.Column > 1 {
		return nil, odd("its top level is indented")
	}
	return l, nil
}

// silent says that a text holds blank lines and comments alone.
func silent(text []byte) bool {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

// read finds the items of a list.
func (l *file) read(key, value *yaml.Node, odd func(string, ...any) error) error {
	l.key = key.Line - 1
	switch {
	case key.Column != 1:
		return odd("its top level is indented")
	case len(value.Content) == 0:
		rest := strings.TrimSpace(strings.TrimPrefix(l.lines[l.key], key.Value+":"))
		if value.Kind == yaml.AliasNode || value.Anchor != "" || rest != "" && rest != "[]" && rest != "null" && rest != "~" {
			return odd("the empty list is written in an unusual way")
		}
		return nil
	case value.Kind != yaml.SequenceNode || value.Style&yaml.FlowStyle != 0:
		return odd("the list is not written an item a line")
	}
	for _, n := range value.Content {
		if n.Line < 1 || n.Line > len(l.lines) {
			return odd("an item has no place")
		}
		before := l.lines[n.Line-1][:min(n.Column-1, len(l.lines[n.Line-1]))]
		dash := strings.IndexByte(before, '-')
		if dash < 0 || strings.Trim(before, " -") != "" || strings.Count(before, "-") != 1 || n.Kind != yaml.MappingNode || n.Anchor != "" {
			return odd("item %d does not begin with a dash and a field on line %d", len(l.items), n.Line)
		}
		l.items = append(l.items, span{from: n.Line - 1, to: l.end(n.Line, dash), dash: dash, column: n.Column - 1})
	}
	return nil
}

// end is the line after the last of the item whose dash stands in a column: what is indented more belongs to it, blank lines and
// comments at its end don't, unless the comments are indented too.
func (l *file) end(after, dash int) int {
	end := after
	for i := after; i < len(l.lines); i++ {
		line := strings.TrimRight(l.lines[i], " \r")
		indent := len(line) - len(strings.TrimLeft(line, " "))
		switch {
		case line == "":
		case indent > dash:
			end = i + 1
		case line[indent] == '#':
		default:
			return end
		}
	}
	return end
}

// splice is the text with other lines in the place of some.
func (l *file) splice(from, to int, with []string) []byte {
	lines := slices.Concat(l.lines[:from], with, l.lines[to:])
	text := strings.Join(lines, "\n")
	if len(lines) > 0 && (l.ended || to == len(l.lines)) {
		text += "\n"
	}
	return []byte(text)
}

// written is an item as lines, behind a dash in a column.
func written(item string, dash int) []string {
	lines := strings.Split(strings.TrimRight(item, " \r\n"), "\n")
	for i, line := range lines {
		indent := strings.Repeat(" ", dash) + "  "
		if i == 0 {
			indent = strings.Repeat(" ", dash) + "- "
		}
		if lines[i] = strings.TrimRight(indent+line, " \r"); i == 0 && lines[i] == "" {
			lines[i] = indent
		}
	}
	return lines
}

func cutIndent(line string, n int) string {
	for n > 0 && strings.HasPrefix(line, " ") {
		line, n = line[1:], n-1
	}
	return line
}

// Plain takes off what stands before an item's text: blank lines, the mark of a document, and the indentation that all its lines have.
// It is Invalid where the text is no mapping, or more than one document.
func Plain(item string) (string, error) {
	bad := func(why string) error {
		return &corax.Error{Code: corax.Invalid, Op: "read the item", Err: errors.New(why), Hint: "write one mapping: a field a line, as behind a dash of the list"}
	}
	item = strings.ReplaceAll(item, "\r\n", "\n")
	lines := strings.Split(strings.TrimRight(item, " \n"), "\n")
	for len(lines) > 0 && (strings.TrimSpace(lines[0]) == "" || lines[0] == "---") {
		lines = lines[1:]
	}
	least := -1
	for _, line := range lines {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if line == "---" || line == "..." || strings.HasPrefix(line, "%") {
			return "", bad("it is more than one document")
		}
		if indent := len(line) - len(strings.TrimLeft(line, " ")); least < 0 || indent < least {
			least = indent
		}
	}
	if least < 0 {
		return "", bad("it is empty")
	}
	if first := strings.TrimLeft(lines[0], " "); strings.HasPrefix(first, "#") || strings.HasPrefix(first, "- ") {
		return "", bad("it must begin with a field")
	}
	for i := range lines {
		lines[i] = cutIndent(lines[i], least)
	}
	return strings.Join(lines, "\n") + "\n", nil
}
