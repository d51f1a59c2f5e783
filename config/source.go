package config

import "strings"

// Source is where an item of a list is written, and how.
type Source struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	YAML string `json:"yaml,omitempty"` // with its comments
}

// Source is how the item of a list is written: actions[2], policy.rules[0]. ok is false where it was not read from a text.
func (c Config) Source(list string, item int) (s Source, ok bool) {
	places := c.places[list]
	if item < 0 || item >= len(places) {
		return Source{}, false
	}
	p := places[item]
	text, ok := p.doc.Excerpt(p.path)
	line, _, _ := p.doc.Find(p.path)
	return Source{File: p.doc.File, Line: line, YAML: text}, ok
}

// Sections are the top-level names of settings with how many values each has, in their order.
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
