package decode

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// JSON fills into, a pointer, from one JSON value. Unknown fields pass. The error is Errors, with line and column of
// each fault; the line is that within data, so 1 for a line of JSON Lines.
func JSON(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	if err == nil {
		return nil
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return Errors{{Line: 1, Column: 1, Message: "expected a JSON value, found nothing"}}
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return Errors{jsonSyntax(data, syntax)}
	}
	// The standard decoder says little of where a value of the wrong type stands, and nothing where a type reads itself.
	// So the text is read again, with its places. This costs only those who erred.
	if root, e := jsonNode(data); e == nil {
		var found Errors
		if errors.As(decodeNode("", root, into, jsonRules), &found) {
			return found
		}
	}
	p := Problem{Line: 1, Column: 1, Message: err.Error()}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		p.Line, p.Column = position(data, int(wrong.Offset)-1)
		p.Field, p.Message = wrong.Field, fmt.Sprintf("expected %s, found %s", wrong.Type, wrong.Value)
	}
	return Errors{p}
}

func jsonSyntax(data []byte, e *json.SyntaxError) Problem {
	line, col := position(data, int(e.Offset)-1)
	p := Problem{Line: line, Column: col, Message: "not valid JSON: " + e.Error()}
	if strings.Contains(e.Error(), "unexpected end") {
		p.Line, p.Column = position(data, len(data))
		p.Hint = "a bracket or a quote is not closed, or the line was cut"
	}
	return p
}

// position turns a byte offset into line and column, both from 1, the column in characters.
func position(data []byte, offset int) (line, col int) {
	before := data[:min(max(offset, 0), len(data))]
	line = bytes.Count(before, []byte("\n")) + 1
	return line, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
}

// jsonNode reads valid JSON into the tree that YAML is read into.
func jsonNode(data []byte) (*yaml.Node, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	r := &jsonReader{data: data, dec: dec, line: 1, col: 1}
	return r.value(0)
}

type jsonReader struct {
	data      []byte
	dec       *json.Decoder
	seen      int // bytes of data that line and col account for
	line, col int
}

// place moves to the token that comes next, so that all places together cost one pass.
func (r *jsonReader) place() (line, col int) {
	next := int(r.dec.InputOffset())
	for next < len(r.data) && strings.IndexByte(" \t\r\n,:", r.data[next]) >= 0 {
		next++
	}
	line, col = position(r.data[r.seen:], next-r.seen)
	if line > 1 {
		r.col = col
	} else {
		r.col += col - 1
	}
	r.line += line - 1
	r.seen = next
	return r.line, r.col
}

func (r *jsonReader) value(depth int) (*yaml.Node, error) {
	if depth > maxDepth {
		return nil, io.ErrShortBuffer
	}
	line, col := r.place()
	token, err := r.dec.Token()
	if err != nil {
		return nil, err
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Line: line, Column: col}
	switch t := token.(type) {
	case json.Delim:
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		if t == '{' {
			n.Kind, n.Tag = yaml.MappingNode, "!!map"
		}
		for r.dec.More() { // a mapping's names and values come as they are kept: one after the other
			item, err := r.value(depth + 1)
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, item)
		}
		_, err := r.dec.Token()
		return n, err
	case string:
		n.Tag, n.Value = "!!str", t
	case json.Number:
		n.Tag, n.Value = "!!int", t.String()
		if strings.ContainsAny(n.Value, ".eE") {
			n.Tag = "!!float"
		}
	case bool:
		n.Tag, n.Value = "!!bool", fmt.Sprint(t)
	case nil:
		n.Tag, n.Value = "!!null", "null"
	}
	return n, nil
}
