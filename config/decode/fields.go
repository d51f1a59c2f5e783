package decode

import (
	"encoding"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// field is one named place of a struct, embedded and inline structs flattened.
type field struct {
	name     string
	index    []int
	required bool
	many     bool // a list that may be written as its only item
	bytes    bool // a number that may be written with a unit: 2GiB
}

// fields lists the places of a struct in their order. Of the options in the tag decode, "required" means that the
// field must be there and not be empty, "one_or_many" that a list may be written as a single value, and "bytes" that
// an int64 may be written as 512MiB or 2GB.
func (r rules) fields(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get(r.tag), ",")
		if name == "-" || (!f.IsExported() && !f.Anonymous) {
			continue
		}
		inner := f.Type
		if inner.Kind() == reflect.Struct && (f.Anonymous && name == "" || hasOption(options, "inline")) {
			for _, in := range r.fields(inner) {
				in.index = append([]int{i}, in.index...)
				all = append(all, in)
			}
			continue
		}
		if !f.IsExported() {
			continue
		}
		if name == "" {
			if name = strings.ToLower(f.Name); r.tag == "json" {
				name = f.Name
			}
		}
		own := f.Tag.Get("decode")
		all = append(all, field{
			name: name, index: []int{i}, required: hasOption(own, "required"), many: hasOption(own, "one_or_many"),
			bytes: hasOption(own, "bytes"),
		})
	}
	return all
}

func hasOption(list, option string) bool { return slices.Contains(strings.Split(list, ","), option) }

// pair is a key of a mapping with its value; merged ones came in through <<.
type pair struct {
	key, value *yaml.Node
	merged     bool
}

// pairs lists a mapping's entries, with what << brings in behind the mapping's own.
func (d *decoder) pairs(n *yaml.Node, path string) []pair {
	var own, merged []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !isMerge(key) || !d.strict {
			own = append(own, pair{key: key, value: value})
			continue
		}
		for _, from := range mergeSources(value) {
			if from == nil || from.Kind != yaml.MappingNode || from == n {
				d.fail(value, path, "", "<< takes a mapping or a list of mappings")
				continue
			}
			for j := 0; j+1 < len(from.Content); j += 2 {
				if isMerge(from.Content[j]) {
					d.fail(from.Content[j], path, "", "<< within << is not supported")
					continue
				}
				merged = append(merged, pair{key: from.Content[j], value: from.Content[j+1], merged: true})
			}
		}
	}
	return append(own, merged...)
}

func mergeSources(n *yaml.Node) []*yaml.Node {
	n = follow(n)
	if n == nil || n.Kind != yaml.SequenceNode {
		return []*yaml.Node{n}
	}
	all := make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		all[i] = follow(c)
	}
	return all
}

func isMerge(key *yaml.Node) bool { return key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" }

func follow(n *yaml.Node) *yaml.Node {
	for range 8 {
		if n == nil || n.Kind != yaml.AliasNode {
			return n
		}
		n = n.Alias
	}
	return nil
}

// eachPair calls use with every entry once: a key that is repeated is a fault, and the mapping's own wins over a
// merged one.
func (d *decoder) eachPair(n *yaml.Node, path string, use func(key string, p pair)) {
	all := d.pairs(n, path)
	seen := make(map[string]int, len(all))
	for _, p := range all {
		keyNode := follow(p.key)
		if keyNode == nil || keyNode.Kind != yaml.ScalarNode {
			d.fail(p.key, path, "", "expected a name before the colon, found %s", describe(p.key))
			continue
		}
		key := keyNode.Value
		if line, twice := seen[key]; twice && d.strict {
			if !p.merged {
				d.fail(p.key, joinKey(path, key), "", "%q is given twice, first in line %d", key, line)
			}
			continue
		}
		seen[key] = p.key.Line
		if p.merged {
			d.inAlias++
			use(key, p)
			d.inAlias--
			continue
		}
		use(key, p)
	}
}

func (d *decoder) structure(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.mismatch(n, path, "a mapping")
		return
	}
	fields := d.fields(v.Type())
	given := map[string]bool{}
	d.eachPair(n, path, func(key string, p pair) {
		i := slices.IndexFunc(fields, func(f field) bool {
			return f.name == key || !d.strict && strings.EqualFold(f.name, key)
		})
		if i < 0 {
			if d.strict {
				d.fail(p.key, joinKey(path, key), DidYouMean(key, names(fields)), "unknown field %q", key)
			}
			return
		}
		f := fields[i]
		given[f.name] = !empty(p.value)
		target, value := v.FieldByIndex(f.index), p.value
		if f.many && value.Kind == yaml.ScalarNode && target.Kind() == reflect.Slice && !empty(value) {
			value = &yaml.Node{
				Kind: yaml.SequenceNode, Tag: "!!seq", Line: value.Line, Column: value.Column, Content: []*yaml.Node{value},
			}
		}
		if f.bytes && target.Kind() == reflect.Int64 && !empty(value) {
			d.size(follow(value), target, joinKey(path, key))
			return
		}
		d.value(value, target, joinKey(path, key))
	})
	for _, f := range fields {
		if f.required && !given[f.name] {
			d.fail(n, joinKey(path, f.name), "", "%q is missing", f.name)
		}
	}
}

func empty(n *yaml.Node) bool {
	n = follow(n)
	return n == nil || n.Kind == yaml.ScalarNode && (n.Value == "" || n.ShortTag() == "!!null")
}

func names(fields []field) []string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.name
	}
	return all
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.mismatch(n, path, "a mapping")
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	d.eachPair(n, path, func(key string, p pair) {
		at := joinKey(path, key)
		k := reflect.New(v.Type().Key()).Elem()
		if !d.key(p.key, key, k, at) {
			return
		}
		value := reflect.New(v.Type().Elem()).Elem()
		d.value(p.value, value, at)
		v.SetMapIndex(k, value)
	})
}

func (d *decoder) key(n *yaml.Node, text string, k reflect.Value, path string) bool {
	if u, ok := k.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(text)); err != nil {
			d.fail(n, path, "", "%v", err)
			return false
		}
		return true
	}
	switch k.Kind() {
	case reflect.String:
		k.SetString(text)
		return true
	case reflect.Interface:
		k.Set(reflect.ValueOf(text))
		return true
	case reflect.Int, reflect.Int64, reflect.Int32:
		if i, err := strconv.ParseInt(text, 10, 64); err == nil && !k.OverflowInt(i) {
			k.SetInt(i)
			return true
		}
	}
	d.fail(n, path, "", "expected %s as the name, found %q", kindWord(k.Kind()), text)
	return false
}

// list replaces what v holds.
func (d *decoder) list(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		hint := ""
		if n.Kind == yaml.ScalarNode && d.strict {
			hint = "write [" + n.Value + "]"
			if len(n.Value) > 60 {
				hint = "put it into [ ]"
			}
		}
		d.fail(n, path, hint, "expected a list, found %s", describe(n))
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		d.value(item, out.Index(i), joinIndex(path, i))
	}
	v.Set(out)
}
