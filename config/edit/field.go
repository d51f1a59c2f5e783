package edit

import (
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"corax"
	"corax/config/decode"
)

// This file changes the fields of one item, each named by a path such as http.expect.status. What isn't named stays as it is written; a
// top-level field of which something changes is laid out anew, with its comments.

// Field is what an item's text says at a path: nil where it says nothing, else a string, a []string or a map[string]string. It is a
// Conflict where it says something else, which no field of a form could hold, or says it by an alias.
func Field(item, path string) (any, error) {
	root, err := mapping(item)
	if err != nil {
		return nil, err
	}
	n := root
	for step := range strings.SplitSeq(path, ".") {
		if n = value(n, step); n == nil {
			return nil, nil
		}
	}
	texts := make([]string, len(n.Content))
	for i, c := range n.Content {
		if c.Kind != yaml.ScalarNode {
			return nil, elsewise(path)
		}
		texts[i] = c.Value
	}
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		return nil, nil
	case n.Kind == yaml.ScalarNode:
		return n.Value, nil
	case n.Kind == yaml.SequenceNode:
		return texts, nil
	case n.Kind == yaml.MappingNode:
		m := map[string]string{}
		for i := 0; i+1 < len(texts); i += 2 {
			m[texts[i]] = texts[i+1]
		}
		return m, nil
	}
	return nil, elsewise(path)
}

// Set is an item's text with another value at a path; nil takes it out, with what is then empty around it, up to the item's own field.
// A Conflict is as in Field.
func Set(item, path string, to any) (string, error) {
	root, err := mapping(item)
	if err != nil {
		return "", err
	}
	name, _, _ := strings.Cut(path, ".")
	lines := strings.Split(strings.TrimRight(item, "\n"), "\n")
	begin, end := place(lines, root, name, strings.Contains(path, "."))
	if to == nil {
		unset(root, name, path)
	} else if err := set(root, path, to); err != nil {
		return "", err
	}
	if root.Style&yaml.FlowStyle != 0 {
		out, err := yaml.Dump(root, yaml.WithIndent(2))
		return string(out), err
	}
	var with []string
	if v := value(root, name); v != nil {
		out, err := yaml.Dump(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: name}, v}}, yaml.WithIndent(2))
		if err != nil {
			return "", corax.Errorf(corax.Invalid, "change "+path, "%w", err)
		}
		with = strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	}
	return strings.Join(slices.Replace(lines, begin, end, with...), "\n") + "\n", nil
}

// place is the lines of one of an item's own fields; where there is none, the place where it goes, without lines: what is nested comes last.
func place(lines []string, root *yaml.Node, name string, nested bool) (begin, end int) {
	after := len(lines)
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, stop := root.Content[i], len(lines)
		if i+2 < len(root.Content) {
			stop = root.Content[i+2].Line - 1
		}
		for stop > key.Line && (strings.TrimSpace(lines[stop-1]) == "" || lines[stop-1][0] == '#') { // what stands before the next field is about that
			stop--
		}
		if key.Value == name {
			return key.Line - 1, stop
		}
		if !nested && root.Content[i+1].Kind == yaml.ScalarNode {
			after = stop
		}
	}
	return after, after
}

// set changes what stands at a path below a mapping, and makes the mappings on the way.
func set(n *yaml.Node, path string, to any) error {
	steps := strings.Split(path, ".")
	for _, step := range steps[:len(steps)-1] {
		at := value(n, step)
		if at == nil || at.Kind == yaml.ScalarNode && at.ShortTag() == "!!null" {
			at = &yaml.Node{Kind: yaml.MappingNode}
			put(n, step, at)
		}
		if at.Kind != yaml.MappingNode {
			return elsewise(path)
		}
		if len(at.Content) == 0 {
			at.Style = 0
		}
		n = at
	}
	var v yaml.Node
	if err := v.Encode(to); err != nil {
		return corax.Errorf(corax.Invalid, "change "+path, "%w", err)
	}
	last := steps[len(steps)-1]
	if was := value(n, last); was != nil {
		if was.Kind == yaml.AliasNode || was.Anchor != "" {
			return elsewise(path)
		}
		v.LineComment = was.LineComment
		if was.Kind == v.Kind && was.ShortTag() == v.ShortTag() {
			v.Style = was.Style &^ (yaml.LiteralStyle | yaml.FoldedStyle)
		}
	}
	put(n, last, &v)
	return nil
}

func elsewise(path string) error {
	return &corax.Error{Code: corax.Conflict, Op: "read " + path, Err: errors.New("it is written in a way that one field can't hold"), Hint: "change it as it is written"}
}

// mapping is an item's text as nodes.
func mapping(item string) (*yaml.Node, error) {
	const op = "read the item"
	if _, err := decode.Parse("the item", []byte(item)); err != nil { // bounds what is parsed, and what the parser may do
		return nil, err
	}
	var doc yaml.Node
	if err := yaml.Load([]byte(item), &doc); err != nil {
		return nil, corax.Errorf(corax.Invalid, op, "%w", err)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, corax.Errorf(corax.Invalid, op, "it is no mapping")
	}
	return doc.Content[0], nil
}

// value is what a mapping has for a key; nil where it has none, or is none.
func value(n *yaml.Node, key string) *yaml.Node {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

// put sets what a mapping has for a key.
func put(n *yaml.Node, key string, v *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			n.Content[i+1] = v
			return
		}
	}
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, v)
}

// unset takes out what stands at a path below a mapping, and the mappings that it leaves empty; but never the field keep, which may mean
// something while it is empty.
func unset(n *yaml.Node, keep, path string) {
	step, rest, deeper := strings.Cut(path, ".")
	for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
		if n.Content[i].Value != step {
			continue
		}
		if deeper {
			unset(n.Content[i+1], "", rest)
		}
		if !deeper || step != keep && len(n.Content[i+1].Content) == 0 {
			n.Content = slices.Delete(n.Content, i, i+2)
		}
		return
	}
}
