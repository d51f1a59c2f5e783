package decode

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// MaxBytes is the largest text that is read; configurations and scenarios are far smaller.
const MaxBytes = 16 << 20

// Document is a parsed text that remembers where everything stood.
type Document struct {
	File string
	root *yaml.Node // nil where the text is empty
}

// YAML parses data and fills into, a pointer. The error is Errors with everything that is wrong, in the order of the
// text.
func YAML(file string, data []byte, into any) error {
	d, err := Parse(file, data)
	if err != nil {
		return err
	}
	return d.Decode(into)
}

// Parse reads one YAML document. The error is Errors and speaks of YAML's own rules only: brackets, indentation,
// unknown anchors.
func Parse(file string, data []byte) (d *Document, err error) {
	if len(data) > MaxBytes {
		words := fmt.Sprintf("%d bytes are more than the %d that are read", len(data), MaxBytes)
		return nil, Errors{{File: file, Message: words}}
	}
	defer func() { // the parser is not ours, and its input is anybody's
		if r := recover(); r != nil {
			d, err = nil, Errors{{File: file, Message: fmt.Sprintf("can't be read as YAML: %v", r)}}
		}
	}()
	if blank(data) {
		return &Document{File: file}, nil
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		line, col := position(data, i)
		return nil, Errors{{File: file, Line: line, Column: col, Message: "a NUL byte is not allowed in YAML"}}
	}
	var n yaml.Node
	if err := yaml.Load(data, &n); err != nil {
		return nil, Errors{syntaxProblem(file, err)}
	}
	d = &Document{File: file}
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		d.root = n.Content[0]
	}
	return d, nil
}

// Decode fills into from the document. It may be called again with something else.
func (d *Document) Decode(into any) error {
	return decodeNode(d.File, d.root, into, yamlRules)
}

// Problem is a fault at the field with that path.
func (d *Document) Problem(path, hint, format string, args ...any) Problem {
	line, col := d.At(path)
	return Problem{File: d.File, Line: line, Column: col, Field: path, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// At is the place of a field, named by a path such as monitors[2].http.url or labels["a.b"]. Where the field isn't
// there, it is the place of the nearest thing around it that is.
func (d *Document) At(path string) (line, col int) {
	line, col, _ = d.Find(path)
	return line, col
}

// Find is At, and says whether the field itself is there.
func (d *Document) Find(path string) (line, col int, ok bool) {
	if d.root == nil {
		return 1, 1, path == ""
	}
	n := d.root
	line, col = n.Line, n.Column
	for range maxDepth {
		step, rest, more := nextStep(path)
		if !more {
			return line, col, path == ""
		}
		path = rest
		key, value := child(n, step)
		if value == nil {
			return line, col, false
		}
		n = value
		line, col = n.Line, n.Column
		if key != nil && n.Kind != yaml.ScalarNode {
			line, col = key.Line, key.Column // a list or a mapping starts somewhere below its name; people look for the name
		}
	}
	return line, col, false
}

// nextStep cuts the first step off a path: a name, or the text between brackets.
func nextStep(path string) (step, rest string, ok bool) {
	path = strings.TrimPrefix(path, ".")
	switch {
	case path == "":
		return "", "", false
	case strings.HasPrefix(path, `["`):
		quoted, err := strconv.QuotedPrefix(path[1:])
		if err != nil {
			return "", "", false
		}
		key, err := strconv.Unquote(quoted)
		return key, strings.TrimPrefix(path[1+len(quoted):], "]"), err == nil
	case path[0] == '[':
		i := strings.IndexByte(path, ']')
		if i < 0 {
			return "", "", false
		}
		return path[1:i], path[i+1:], true
	}
	i := strings.IndexAny(path, ".[")
	if i < 0 {
		i = len(path)
	}
	return path[:i], path[i:], true
}

func child(n *yaml.Node, step string) (key, value *yaml.Node) {
	n = follow(n)
	switch {
	case n == nil:
	case n.Kind == yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) {
			return nil, n.Content[i]
		}
	case n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i], n.Content[i+1]
			}
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if m := follow(n.Content[i+1]); isMerge(n.Content[i]) && m != nil && m.Kind == yaml.MappingNode && m != n {
				for j := 0; j+1 < len(m.Content); j += 2 {
					if m.Content[j].Value == step {
						return m.Content[j], m.Content[j+1]
					}
				}
			}
		}
	}
	return nil, nil
}

// joinKey and joinIndex extend a path.
func joinKey(path, key string) string {
	if !plainKey(key) {
		return path + "[" + strconv.Quote(key) + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func joinIndex(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func plainKey(key string) bool {
	for _, r := range key {
		if r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return key != ""
}

func syntaxProblem(file string, err error) Problem {
	p := Problem{File: file, Message: err.Error()}
	var one *yaml.LoadError
	if !errors.As(err, &one) {
		var many *yaml.LoadErrors
		if !errors.As(err, &many) || len(many.Errors) == 0 {
			return p
		}
		one = many.Errors[0]
	}
	p.Line, p.Column, p.Message = one.Mark.Line, one.Mark.Column, strings.TrimPrefix(one.Message, "yaml: ")
	if one.ContextMsg != "" {
		begins := one.ContextMark
		p.Message = fmt.Sprintf("%s that begins at %d:%d: %s", one.ContextMsg, begins.Line, begins.Column, p.Message)
	}
	switch {
	case strings.Contains(p.Message, "cannot start any token"):
		p.Hint = "indent with spaces, not tabs, and quote text that begins with @, ` or %"
	case strings.Contains(p.Message, "mapping values are not allowed"):
		p.Hint = "quote text that holds a colon followed by a space"
	case strings.Contains(p.Message, "found multiple"):
		p.Line, p.Column, p.Message, p.Hint = 1, 1, "one document is expected, found several", "remove the lines with ---"
	case strings.Contains(p.Message, "unknown anchor"):
		p.Hint = "quote text that begins with * or &"
	}
	return p
}

// blank says that there is nothing but comments and white space.
func blank(data []byte) bool {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && !bytes.Equal(line, []byte("---")) {
			return false
		}
	}
	return true
}
