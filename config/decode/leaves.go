package decode

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"
)

// Leaf is one value of a struct, by the path and the name that it has in a text.
type Leaf struct {
	Path string // monitors[2].http.url
	Key  string // url; the list's name for an item of a list
	Text string // as it would be written
}

// Leaves lists the values of a struct that YAML fills, in the order of its fields. What is empty or zero is left out.
func Leaves(v any) []Leaf {
	var out []Leaf
	leaves(reflect.ValueOf(v), "", "", &out)
	return out
}

func leaves(v reflect.Value, path, key string, out *[]Leaf) {
	if !v.IsValid() || v.IsZero() {
		return
	}
	add := func(text string) { *out = append(*out, Leaf{path, key, text}) }
	if text, ok := v.Interface().(encoding.TextMarshaler); ok {
		if b, err := text.MarshalText(); err == nil {
			add(string(b))
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		leaves(v.Elem(), path, key, out)
	case reflect.Struct:
		for _, f := range yamlRules.fields(v.Type()) {
			leaves(v.FieldByIndex(f.index), joinKey(path, f.name), f.name, out)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			leaves(v.Index(i), joinIndex(path, i), key, out)
		}
	case reflect.Map:
		byName := map[string]reflect.Value{}
		for it := v.MapRange(); it.Next(); {
			byName[fmt.Sprint(it.Key().Interface())] = it.Value()
		}
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			leaves(byName[name], joinKey(path, name), name, out)
		}
	default:
		if d, ok := v.Interface().(time.Duration); ok {
			add(d.String())
			return
		}
		add(fmt.Sprint(v.Interface()))
	}
}
