package heal

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"corax"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"
)

// maxCost bounds one evaluation: some milliseconds. A rule that loops over loops ends with an error instead of
// holding a plan up.
const maxCost = 2_000_000

// scope says which variables an expression sees.
type scope string

const (
	inAction scope = "action"
	inPolicy scope = "policy"
)

// compiler compiles expressions once and keeps them. What it is given comes from the configuration, so what it keeps
// is bounded by that.
type compiler struct {
	envs map[scope]*cel.Env
	mu   sync.Mutex
	kept map[string]*program
}

// program is a compiled expression.
type program struct {
	source string
	out    *cel.Type
	tree   *ast.AST
	run    cel.Program
}

func newCompiler() (*compiler, error) {
	object := cel.MapType(cel.StringType, cel.DynType)
	library := []cel.EnvOption{
		ext.Strings(), ext.Math(), ext.Sets(), ext.Lists(), ext.TwoVarComprehensions(), cel.OptionalTypes(),
		cel.CrossTypeNumericComparisons(true), cel.Variable("now", cel.TimestampType),
		cel.Variable("problem", object),
	}
	envs := map[scope]*cel.Env{}
	for s, names := range map[scope][]string{
		inAction: {"target", "root", "entities", "params", "facts", "before", "it"},
		inPolicy: {"action", "entity", "plan", "blast", "rate", "concurrency", "history", "storm"},
	} {
		options := slices.Clone(library)
		for _, n := range names {
			options = append(options, cel.Variable(n, object))
		}
		if s == inAction {
			options = append(options, cel.Variable("related", cel.ListType(object)))
		}
		env, err := cel.NewEnv(options...)
		if err != nil {
			return nil, corax.Errorf(corax.Internal, "set up expressions", "%w", err)
		}
		envs[s] = env
	}
	return &compiler{envs: envs, kept: map[string]*program{}}, nil
}

// compile gives the program of an expression, which is Invalid where it doesn't parse or its types don't fit.
func (c *compiler) compile(s scope, source string) (*program, error) {
	key := string(s) + "\x00" + source
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.kept[key]; p != nil {
		return p, nil
	}
	env := c.envs[s]
	checked, issues := env.Compile(source)
	if err := issues.Err(); err != nil {
		return nil, &corax.Error{Code: corax.Invalid, Op: "compile expression", Err: err}
	}
	run, err := env.Program(checked, cel.CostLimit(maxCost), cel.InterruptCheckFrequency(100),
		cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, &corax.Error{Code: corax.Invalid, Op: "compile expression", Err: err}
	}
	p := &program{source: source, out: checked.OutputType(), tree: checked.NativeRep(), run: run}
	c.kept[key] = p
	return p, nil
}

// vars are what an expression sees, by name.
type vars map[string]any

func (c *compiler) eval(ctx context.Context, s scope, source string, v vars) (ref.Val, error) {
	p, err := c.compile(s, source)
	if err != nil {
		return nil, err
	}
	out, _, err := p.run.ContextEval(ctx, map[string]any(v))
	return out, err
}

// truth evaluates a condition. What can't be evaluated isn't true; the error says why.
func (c *compiler) truth(ctx context.Context, s scope, source string, v vars) (bool, error) {
	out, err := c.eval(ctx, s, source, v)
	if err != nil {
		return false, err
	}
	b, ok := out.(types.Bool)
	if !ok {
		return false, fmt.Errorf("%s is of type %s, not a boolean", source, out.Type().TypeName())
	}
	return bool(b), nil
}

// moment evaluates a timestamp; a string of RFC 3339 and a number of seconds since 1970 count as one.
func (c *compiler) moment(ctx context.Context, source string, v vars) (time.Time, error) {
	out, err := c.eval(ctx, inAction, source, v)
	if err != nil {
		return time.Time{}, err
	}
	switch out := out.(type) {
	case types.Timestamp:
		return out.UTC(), nil
	case types.Int:
		return time.Unix(int64(out), 0).UTC(), nil
	case types.String:
		return time.Parse(time.RFC3339, string(out))
	}
	return time.Time{}, fmt.Errorf("%s is of type %s, not a timestamp", source, out.Type().TypeName())
}

// values evaluates a call's expressions; see execute.Values.
type values struct {
	ctx   context.Context //nolint:containedctx // it is one evaluation's, and ends with it
	exprs *compiler
	vars  vars
}

func (h *Healer) values(ctx context.Context, v vars) values { return values{ctx, h.exprs, v} }

func (v values) Text(template string) (string, error)  { return v.exprs.text(v.ctx, template, v.vars) }
func (v values) Value(template string) (any, error)    { return v.exprs.value(v.ctx, template, v.vars) }
func (v values) URL(template string) (*url.URL, error) { return v.exprs.url(v.ctx, template, v.vars) }

// part of a template: literal text, or an expression.
type part struct {
	text string
	expr bool
}

// split takes a template apart at its ${...}. Braces within an expression nest, and those in its quotes don't count.
func split(template string) ([]part, error) {
	var parts []part
	for rest := template; rest != ""; {
		at := strings.Index(rest, "${")
		if at < 0 {
			return append(parts, part{text: rest}), nil
		}
		if at > 0 {
			parts = append(parts, part{text: rest[:at]})
		}
		rest = rest[at+2:]
		end := closing(rest)
		if end < 0 {
			return nil, fmt.Errorf("%q: a ${ is not closed", template)
		}
		parts = append(parts, part{text: rest[:end], expr: true})
		rest = rest[end+1:]
	}
	return parts, nil
}

// closing finds the brace that ends the expression at the start of s.
func closing(s string) int {
	depth, quote := 0, byte(0)
	for n := 0; n < len(s); n++ {
		switch c := s[n]; {
		case quote != 0:
			switch c {
			case '\\':
				n++
			case quote:
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '{':
			depth++
		case c == '}' && depth > 0:
			depth--
		case c == '}':
			return n
		}
	}
	return -1
}

// value renders a template. One that is a single expression keeps its type.
func (c *compiler) value(ctx context.Context, template string, v vars) (any, error) {
	parts, err := split(template)
	if err != nil {
		return nil, err
	}
	if len(parts) == 1 && parts[0].expr {
		out, err := c.eval(ctx, inAction, parts[0].text, v)
		if err != nil {
			return nil, err
		}
		return native(out), nil
	}
	return c.join(ctx, parts, v, func(_, value string) (string, error) { return value, nil })
}

// text renders a template as a string.
func (c *compiler) text(ctx context.Context, template string, v vars) (string, error) {
	parts, err := split(template)
	if err != nil {
		return "", err
	}
	return c.join(ctx, parts, v, func(_, value string) (string, error) { return value, nil })
}

// url renders an address. A value that begins it is a base, taken as it is; every later one is one segment or one
// query value, escaped, so that no value can lead to another place on the host, or to another host.
func (c *compiler) url(ctx context.Context, template string, v vars) (*url.URL, error) {
	parts, err := split(template)
	if err != nil {
		return nil, err
	}
	text, err := c.join(ctx, parts, v, func(before, value string) (string, error) {
		switch {
		case before == "":
			return strings.TrimSuffix(value, "/"), nil
		case strings.Contains(before, "?"):
			return url.QueryEscape(value), nil
		case value == "" || value == "." || value == "..":
			return "", fmt.Errorf("%q can't be part of a path", value)
		}
		return url.PathEscape(value), nil
	})
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("not an address: " + template)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("%s gives %q, which is not an http or https address", template, u.Redacted())
	}
	return u, nil
}

func (c *compiler) join(ctx context.Context, parts []part, v vars,
	escape func(before, value string) (string, error)) (string, error) {
	var b strings.Builder
	for _, p := range parts {
		if !p.expr {
			b.WriteString(p.text)
			continue
		}
		out, err := c.eval(ctx, inAction, p.text, v)
		if err != nil {
			return "", fmt.Errorf("${%s}: %w", p.text, err)
		}
		value, err := plain(out)
		if err == nil {
			value, err = escape(b.String(), value)
		}
		if err != nil {
			return "", fmt.Errorf("${%s}: %w", p.text, err)
		}
		b.WriteString(value)
	}
	return b.String(), nil
}

// plain writes a value as people would; lists are joined with commas.
func plain(v ref.Val) (string, error) {
	switch v := v.(type) {
	case types.String:
		return string(v), nil
	case types.Double:
		return strconv.FormatFloat(float64(v), 'g', -1, 64), nil
	case types.Timestamp:
		return v.UTC().Format(time.RFC3339), nil
	case types.Duration:
		return v.String(), nil
	case types.Bool, types.Int, types.Uint:
		return fmt.Sprint(v.Value()), nil
	case traits.Lister:
		var items []string
		for it := v.Iterator(); it.HasNext() == types.True; {
			item, err := plain(it.Next())
			if err != nil {
				return "", err
			}
			items = append(items, item)
		}
		return strings.Join(items, ", "), nil
	}
	return "", fmt.Errorf("a value of type %s can't be written as text", v.Type().TypeName())
}

// native turns a value into what encoding/json writes.
func native(v ref.Val) any {
	switch v := v.(type) {
	case types.Null:
		return nil
	case types.Timestamp:
		return v.UTC().Format(time.RFC3339Nano)
	case types.Duration:
		return v.String()
	case traits.Mapper:
		m := map[string]any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			m[fmt.Sprint(key.Value())] = native(v.Get(key))
		}
		return m
	case traits.Lister:
		l := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			l = append(l, native(it.Next()))
		}
		return l
	}
	return v.Value()
}
