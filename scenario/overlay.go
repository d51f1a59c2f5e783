package scenario

import (
	"maps"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v4"

	"corax"
)

// overlay lays a scenario's own settings over the lab's configuration: mappings are merged, and so are lists of things
// with a name or an id, where those that the lab has not go in front. Anything else takes the place of what was there. In
// texts, @word stands for what names says.
func overlay(base []byte, over map[string]any, names func(word string) (string, bool)) ([]byte, error) {
	var doc map[string]any
	if err := yaml.Unmarshal(base, &doc); err != nil {
		return nil, corax.Errorf(corax.Invalid, "read the lab's configuration", "%w", err)
	}
	merged := lay(doc, resolve(over, names))
	out, err := yaml.Marshal(merged)
	if err != nil {
		return nil, corax.Errorf(corax.Internal, "write the scenario's configuration", "%w", err)
	}
	return out, nil
}

func lay(base, over any) any {
	switch over := over.(type) {
	case map[string]any:
		below, ok := base.(map[string]any)
		if !ok {
			return over
		}
		merged := maps.Clone(below)
		for k, v := range over {
			merged[k] = lay(below[k], v)
		}
		return merged
	case []any:
		below, ok := base.([]any)
		if !ok || !named(below) || !named(over) {
			return over
		}
		return layNamed(below, over)
	}
	return over
}

// layNamed merges two lists of things with names; new ones go in front, in their order.
func layNamed(below, over []any) []any {
	merged := slices.Clone(below)
	var front []any
	for _, o := range over {
		i := slices.IndexFunc(merged, func(b any) bool { return nameOf(b) == nameOf(o) })
		if i < 0 {
			front = append(front, o)
			continue
		}
		merged[i] = lay(merged[i], o)
	}
	return append(front, merged...)
}

func named(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool { return nameOf(v) == "" })
}

func nameOf(v any) string {
	m, _ := v.(map[string]any)
	for _, key := range []string{"name", "id"} {
		if s, ok := m[key].(string); ok {
			return s
		}
	}
	return ""
}

var reference = regexp.MustCompile(`(^|[^\w@])@(\w+)`)

// resolve puts names in the place of @word, in every text.
func resolve(v any, names func(string) (string, bool)) any {
	switch v := v.(type) {
	case string:
		return reference.ReplaceAllStringFunc(v, func(found string) string {
			m := reference.FindStringSubmatch(found)
			if name, ok := names(m[2]); ok {
				return m[1] + name
			}
			return found
		})
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = resolve(e, names)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = resolve(e, names)
		}
		return out
	}
	return v
}
