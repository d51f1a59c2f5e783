package monitor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
)

const celCost = 100_000 // of one evaluation, over an answer of any shape

// jsonCondition is what a field of an answer must be.
type jsonCondition struct {
	path    string
	want    any // compared as JSON values; unused with program
	that    string
	program cel.Program
}

// newConditions makes conditions ready, in the order of their paths.
func newConditions(spec map[string]any) ([]jsonCondition, error) {
	conditions := make([]jsonCondition, 0, len(spec))
	for _, path := range slices.Sorted(maps.Keys(spec)) {
		c := jsonCondition{path: path, want: plainNumber(spec[path])}
		if m, ok := spec[path].(map[string]any); ok && m["that"] != nil {
			var err error
			c.that = fmt.Sprint(m["that"])
			if c.program, err = compile(c.that); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
		conditions = append(conditions, c)
	}
	return conditions, nil
}

func compile(expression string) (cel.Program, error) {
	env, err := cel.NewEnv(cel.Variable("value", cel.DynType))
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(expression)
	if err := issues.Err(); err != nil {
		return nil, fmt.Errorf("expression %q: %w", expression, err)
	}
	return env.Program(ast, cel.CostLimit(celCost), cel.InterruptCheckFrequency(100))
}

// check is empty where the condition holds, and otherwise says what was found.
func (c jsonCondition) check(ctx context.Context, doc any) string {
	value, ok := lookup(doc, c.path)
	found := excerpt([]byte(textOf(value)), 100)
	if !ok {
		found = "nothing"
	}
	if c.program == nil {
		if ok && reflect.DeepEqual(value, c.want) {
			return ""
		}
		return fmt.Sprintf("%s is %s, expected %s", c.path, found, textOf(c.want))
	}
	if ok {
		if out, _, err := c.program.ContextEval(ctx, map[string]any{"value": value}); err == nil && out.Value() == true {
			return ""
		}
	}
	return fmt.Sprintf("%s is %s, expected %s", c.path, found, c.that)
}

// parseJSON reads one JSON value: numbers are float64.
func parseJSON(body []byte) (any, error) {
	var doc any
	err := json.Unmarshal(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), &doc)
	return doc, err
}

// lookup follows a path such as data.items[0].id or data.items.0.id; "$" and the empty path are the whole.
func lookup(doc any, path string) (any, bool) {
	path = strings.TrimPrefix(strings.TrimPrefix(path, "$"), ".")
	for path != "" {
		var step string
		if strings.HasPrefix(path, "[") {
			inner, rest, ok := strings.Cut(path[1:], "]")
			if !ok {
				return nil, false
			}
			step, path = strings.Trim(inner, `"'`), rest
		} else {
			i := strings.IndexAny(path, ".[")
			if i < 0 {
				i = len(path)
			}
			step, path = path[:i], path[i:]
		}
		path = strings.TrimPrefix(path, ".")
		switch at := doc.(type) {
		case map[string]any:
			value, ok := at[step]
			if !ok {
				return nil, false
			}
			doc = value
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(at) {
				return nil, false
			}
			doc = at[i]
		default:
			return nil, false
		}
	}
	return doc, true
}

// textOf writes a value as it goes into an address or a message: strings bare, everything else as JSON.
func textOf(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(data)
}

// plainNumber turns what YAML read into what JSON reads, so that 5 equals 5.
func plainNumber(value any) any {
	data, err := json.Marshal(value)
	if err != nil {
		return value
	}
	var out any
	if json.Unmarshal(data, &out) != nil {
		return value
	}
	return out
}
