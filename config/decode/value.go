package decode

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"corax"
)

const (
	maxDepth    = 1000    // of nesting, aliases followed
	maxAliased  = 100_000 // nodes reached through aliases, all together
	maxProblems = 100     // reported; nobody reads more
)

// rules are the differences between the two languages.
type rules struct {
	tag       string // which struct tag names the fields
	strict    bool   // unknown and repeated fields are faults
	durations bool   // time.Duration is written "3s"; otherwise a number of nanoseconds
}

var (
	yamlRules = rules{tag: "yaml", strict: true, durations: true}
	jsonRules = rules{tag: "json"}

	durationType = reflect.TypeFor[time.Duration]()
	timeType     = reflect.TypeFor[time.Time]()
)

// decoder fills values from nodes and notes what doesn't fit.
type decoder struct {
	rules
	file     string
	problems Errors
	depth    int
	inAlias  int // how many aliases deep we are
	aliased  int // nodes seen through aliases
}

func decodeNode(file string, root *yaml.Node, into any, r rules) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return corax.Errorf(corax.Internal, "decode "+file, "into must be a pointer, not %T", into)
	}
	d := &decoder{rules: r, file: file}
	if root == nil {
		root = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: 1, Column: 1}
		if k := v.Elem().Kind(); k != reflect.Struct && k != reflect.Map {
			return nil
		}
	}
	d.value(root, v.Elem(), "")
	d.problems.Sort()
	return d.problems.OrNil()
}

func (d *decoder) fail(n *yaml.Node, path, hint, format string, args ...any) {
	if len(d.problems) < maxProblems {
		d.problems = append(d.problems, Problem{
			File: d.file, Line: n.Line, Column: n.Column, Field: path, Message: fmt.Sprintf(format, args...), Hint: hint,
		})
	}
}

func (d *decoder) mismatch(n *yaml.Node, path, want string) {
	d.fail(n, path, "", "expected %s, found %s", want, describe(n))
}

// value fills v from n. What can't be filled is noted and left as it was.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string) {
	if d.depth++; d.depth > maxDepth {
		d.depth--
		d.fail(n, path, "", "nested more than %d deep", maxDepth)
		return
	}
	defer func() { d.depth-- }()
	if n.Kind == yaml.AliasNode {
		d.inAlias++
		defer func() { d.inAlias-- }()
		if n = n.Alias; n == nil {
			return
		}
	}
	if d.inAlias > 0 {
		if d.aliased++; d.aliased > maxAliased {
			if d.aliased == maxAliased+1 {
				d.fail(n, path, "", "aliases multiply to more than %d values", maxAliased)
			}
			return
		}
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return // as if it weren't there
	}
	d.typed(n, v, path)
}

func (d *decoder) typed(n *yaml.Node, v reflect.Value, path string) {
	switch {
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.value(n, v.Elem(), path)
		return
	case v.Type() == durationType && d.durations:
		d.duration(n, v, path)
		return
	case v.Type() == timeType:
		d.time(n, v, path)
		return
	}
	if u, ok := textUnmarshaler(v); ok {
		if n.Kind != yaml.ScalarNode {
			d.mismatch(n, path, "text")
		} else if err := u.UnmarshalText([]byte(n.Value)); err != nil {
			d.fail(n, path, "", "%v", err)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v, path)
	case reflect.Map:
		d.mapping(n, v, path)
	case reflect.Slice:
		d.list(n, v, path)
	case reflect.Interface:
		if v.NumMethod() != 0 {
			d.fail(n, path, "", "can't be read from text: %s", v.Type())
			return
		}
		v.Set(reflect.ValueOf(d.plain(n, path)))
	default:
		d.scalar(n, v, path)
	}
}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string) {
	want := kindWord(v.Kind())
	if n.Kind != yaml.ScalarNode {
		d.mismatch(n, path, want)
		return
	}
	text, tag := n.Value, n.ShortTag()
	switch v.Kind() {
	case reflect.String:
		if d.strict || tag == "!!str" { // in YAML, 8080 and true are fine names; the text is taken as it was written
			v.SetString(text)
			return
		}
	case reflect.Bool:
		if b, ok := boolean(text); ok && tag == "!!bool" {
			v.SetBool(b)
			return
		}
		d.fail(n, path, "write true or false", "expected %s, found %s", want, describe(n))
		return
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if i, err := strconv.ParseInt(text, 0, 64); err == nil && tag == "!!int" && !v.OverflowInt(i) {
			v.SetInt(i)
			return
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if i, err := strconv.ParseUint(text, 0, 64); err == nil && tag == "!!int" && !v.OverflowUint(i) {
			v.SetUint(i)
			return
		}
	case reflect.Float32, reflect.Float64:
		if f, err := strconv.ParseFloat(text, 64); err == nil && (tag == "!!int" || tag == "!!float") {
			v.SetFloat(f)
			return
		}
	default:
		d.fail(n, path, "", "can't be read from text: %s", v.Type())
		return
	}
	d.mismatch(n, path, want)
}

func (d *decoder) duration(n *yaml.Node, v reflect.Value, path string) {
	const hint = `write a number with its unit: "500ms", "3s", "5m", "72h"`
	if n.Kind != yaml.ScalarNode {
		d.fail(n, path, hint, "expected a duration, found %s", describe(n))
		return
	}
	dur, err := time.ParseDuration(strings.TrimSpace(n.Value))
	if err != nil {
		d.fail(n, path, hint, "expected a duration, found %s", describe(n))
		return
	}
	v.SetInt(int64(dur))
}

// size reads an amount of bytes with its unit.
func (d *decoder) size(n *yaml.Node, v reflect.Value, path string) {
	units := map[string]float64{
		"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
		"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
	}
	text := strings.TrimSpace(n.Value)
	i := strings.IndexFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != '_' })
	if i < 0 {
		i = len(text)
	}
	number, err := strconv.ParseFloat(strings.ReplaceAll(text[:i], "_", ""), 64)
	unit, known := units[strings.ToLower(strings.TrimSpace(text[i:]))]
	if n.Kind != yaml.ScalarNode || err != nil || !known || number*unit > 1<<60 {
		d.fail(n, path, `write a number with its unit: "512MiB", "2GB"`, "expected an amount of bytes, found %s", describe(n))
		return
	}
	v.SetInt(int64(number * unit))
}

func (d *decoder) time(n *yaml.Node, v reflect.Value, path string) {
	const hint = `write it as "2026-03-30T02:00:00Z"`
	if n.Kind == yaml.ScalarNode {
		if t, err := time.Parse(time.RFC3339, n.Value); err == nil {
			v.Set(reflect.ValueOf(t))
			return
		}
	}
	d.fail(n, path, hint, "expected a time, found %s", describe(n))
}

// plain makes an ordinary value: map[string]any, []any, string, int, float64, bool. A time stays text, as in JSON.
func (d *decoder) plain(n *yaml.Node, path string) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		d.mapping(n, reflect.ValueOf(&m).Elem(), path)
		return m
	case yaml.SequenceNode:
		s := []any{}
		d.list(n, reflect.ValueOf(&s).Elem(), path)
		return s
	}
	switch n.ShortTag() {
	case "!!bool":
		if b, ok := boolean(n.Value); ok {
			return b
		}
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
			return int(i)
		}
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return f
		}
	case "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return f
		}
	}
	return n.Value
}

func textUnmarshaler(v reflect.Value) (encoding.TextUnmarshaler, bool) {
	if !v.CanAddr() {
		return nil, false
	}
	u, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
	return u, ok
}

func boolean(text string) (value, ok bool) {
	switch text {
	case "true", "True", "TRUE":
		return true, true
	case "false", "False", "FALSE":
		return false, true
	}
	return false, false
}

// describe names what stands there, for a message: a list, the text "abc", the number 5.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	text := n.Value
	if r := []rune(text); len(r) > 40 {
		text = string(r[:40]) + "..."
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "the number " + text
	case "!!bool":
		return text
	case "!!null":
		return "nothing"
	}
	return fmt.Sprintf("the text %q", text)
}

func kindWord(k reflect.Kind) string {
	switch k {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number that is not negative"
	}
	return "a whole number"
}
