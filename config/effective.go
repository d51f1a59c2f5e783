package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Setting is one value of the configuration that is in force.
type Setting struct {
	Path  string `json:"path"` // as heal.limits.loop_times, monitors[2].http.url
	Value string `json:"value"`
	File  string `json:"file,omitempty"` // where it is written; empty for a default, or where that isn't known
	Line  int    `json:"line,omitempty"`
}

// Source is where an item of a list is written, and how.
type Source struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	YAML string `json:"yaml,omitempty"`
}

// Settings lists every value that is written in a file or has a default, in the order of the fields. Credentials are references, as
// everywhere in a configuration.
func (c Config) Settings() []Setting {
	w := walker{c: c}
	w.walk("", reflect.ValueOf(c), false)
	return w.found
}

// Source is how the item of a list is written: actions[2], policy.rules[0]. ok is false where it was not read from a text.
func (c Config) Source(list string, item int) (s Source, ok bool) {
	places := c.places[list]
	if item < 0 || item >= len(places) {
		return Source{}, false
	}
	p := places[item]
	text, line, ok := p.doc.Excerpt(p.path)
	return Source{File: p.doc.File, Line: line, YAML: text}, ok
}

// walker goes through a configuration.
type walker struct {
	c     Config
	found []Setting
}

var timeType = reflect.TypeFor[time.Duration]()

// walk notes the values within v, whose path it is given; bytes says that it is a size.
func (w *walker) walk(path string, v reflect.Value, bytes bool) {
	if v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if !v.IsNil() {
			w.walk(path, v.Elem(), bytes)
		}
		return
	}
	if text, ok := scalar(v, bytes); ok {
		w.note(path, text, v.IsZero())
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			switch {
			case !f.IsExported() && !f.Anonymous || name == "-":
			case name == "" && f.Anonymous || strings.Contains(options, "inline"):
				w.walk(path, v.Field(i), false)
			default:
				if name == "" {
					name = strings.ToLower(f.Name)
				}
				w.walk(joined(path, name), v.Field(i), f.Tag.Get("decode") == "bytes")
			}
		}
	case reflect.Slice, reflect.Array:
		if plain(v) {
			items := make([]string, v.Len())
			for i := range items {
				items[i] = fmt.Sprint(v.Index(i).Interface())
			}
			w.note(path, strings.Join(items, ", "), v.Len() == 0)
			return
		}
		for i := range v.Len() {
			w.walk(path+"["+strconv.Itoa(i)+"]", v.Index(i), false)
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			if strings.ContainsAny(k.String(), `.["`) {
				w.walk(path+"["+strconv.Quote(k.String())+"]", v.MapIndex(k), false)
				continue
			}
			w.walk(joined(path, k.String()), v.MapIndex(k), false)
		}
	}
}

// plain says that a list holds nothing but texts and numbers.
func plain(v reflect.Value) bool {
	switch v.Type().Elem().Kind() {
	case reflect.String, reflect.Int, reflect.Int64, reflect.Bool:
		return true
	}
	return false
}

// note adds a value. What is neither written anywhere nor has a default is left out.
func (w *walker) note(path, text string, zero bool) {
	s := Setting{Path: path, Value: text}
	s.File, s.Line = w.c.written(path)
	if !zero || s.File != "" {
		w.found = append(w.found, s)
	}
}

// written is where the field of that path stands; empty where it is written nowhere.
func (c Config) written(path string) (file string, line int) {
	for list, items := range c.places {
		rest, within := strings.CutPrefix(path, list+"[")
		index, field, _ := strings.Cut(rest, "]")
		if i, err := strconv.Atoi(index); within && err == nil && i >= 0 && i < len(items) {
			if line, ok := items[i].doc.Line(items[i].path + field); ok {
				return items[i].doc.File, line
			}
			return "", 0
		}
	}
	if c.main != nil {
		if line, ok := c.main.Line(path); ok {
			return c.main.File, line
		}
	}
	return "", 0
}

func joined(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// scalar is the text of a value that has no parts.
func scalar(v reflect.Value, bytes bool) (string, bool) {
	switch {
	case v.Type() == timeType:
		return time.Duration(v.Int()).String(), true
	case bytes && v.CanInt():
		return size(v.Int()), true
	}
	if v.CanInterface() && v.Kind() != reflect.Struct {
		if m, ok := v.Interface().(encoding.TextMarshaler); ok {
			text, err := m.MarshalText()
			return string(text), err == nil
		}
	}
	switch v.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64, reflect.Int8, reflect.Uint16:
		return fmt.Sprint(v.Interface()), true
	}
	return "", false
}

// size writes a number of bytes as people write it: 8GiB.
func size(n int64) string {
	for _, u := range []struct {
		unit string
		of   int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= u.of && n%u.of == 0 {
			return strconv.FormatInt(n/u.of, 10) + u.unit
		}
	}
	return strconv.FormatInt(n, 10)
}

// Sections are the top-level names of the settings with how many values each has, in their order.
func Sections(all []Setting) (names []string, count map[string]int) {
	count = map[string]int{}
	for _, s := range all {
		name := Section(s.Path)
		if count[name] == 0 {
			names = append(names, name)
		}
		count[name]++
	}
	return names, count
}

// Section is the top-level name of a setting's path.
func Section(path string) string {
	if i := strings.IndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return path
}
