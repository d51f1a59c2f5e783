package heal

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"corax"
	"corax/heal/execute"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
)

// Fault is what is wrong with one field of the actions, the executors or the policy.
type Fault = execute.Fault

// CheckActions compiles every expression of the actions, holds each against the rules of declared actions, and its
// calls against the executors. Nil means that all can be used; otherwise each error is a Fault that names the action
// and the field.
func CheckActions(actions []corax.Action, executors corax.Executors) []error {
	exprs, err := newCompiler()
	if err != nil {
		return []error{err}
	}
	byName := map[string]corax.Action{}
	errs := execute.CheckDeclared(executors)
	calls := execute.New(execute.Options{Executors: func() corax.Executors { return executors }})
	for n, a := range actions {
		if _, twice := byName[a.Name]; twice || a.Name == "" {
			errs = append(errs, &Fault{Field: fmt.Sprintf("actions[%d].name", n), Err: corax.Errorf(corax.Invalid,
				fmt.Sprintf("action %d", n+1), "the name %q is empty or used twice", a.Name)})
		}
		byName[a.Name] = a
	}
	for n, a := range actions {
		c := &checker{exprs: exprs, calls: calls, path: fmt.Sprintf("actions[%d]", n), action: a, actions: byName}
		c.check()
		errs = append(errs, c.errs...)
	}
	return errs
}

// CheckPolicy compiles every rule of the policy; its errors are Faults too.
func CheckPolicy(p corax.Policy) []error {
	exprs, err := newCompiler()
	if err != nil {
		return []error{err}
	}
	var errs []error
	seen := map[string]bool{}
	for n, r := range p.Rules {
		fail := func(field, format string, args ...any) {
			name := r.Name
			if name == "" {
				name = fmt.Sprint(n + 1)
			}
			errs = append(errs, &Fault{Field: fmt.Sprintf("policy.rules[%d].%s", n, field),
				Err: corax.Errorf(corax.Invalid, "policy rule "+name+": "+field, format, args...)})
		}
		if r.Name == "" || r.Name == "default" || seen[r.Name] {
			fail("name", "%q is empty, reserved or used twice: decisions are recorded by it", r.Name)
		}
		seen[r.Name] = true
		if r.Then != corax.Allow && r.Then != corax.Ask && r.Then != corax.Deny {
			fail("then", "%q: expected allow, ask or deny", r.Then)
		}
		if r.Expires < 0 {
			fail("expires", "%s is negative", r.Expires)
		}
		switch r.Autonomy {
		case "", corax.Observe, corax.Suggest, corax.Approve, corax.AutoMode:
		default:
			fail("autonomy", "%q: expected suggest, approve or auto", r.Autonomy)
		}
		prog, err := exprs.compile(inPolicy, r.When)
		switch {
		case err != nil:
			fail("when", "%w", errors.Unwrap(err))
		case !fits(prog.out, cel.BoolType):
			fail("when", "%s is of type %s, not a boolean", r.When, typeName(prog.out))
		case r.Autonomy != "" && !bound(prog.tree.Expr()):
			fail("autonomy", "it is granted to entities by label or id: when must hold for these alone, as in entity.labels.env == 'lab' && ...")
		}
	}
	return errs
}

func fits(t *cel.Type, want ...*cel.Type) bool {
	return t.IsExactType(cel.DynType) || slices.ContainsFunc(want, t.IsExactType)
}

// typeName is the name that people know a type by.
func typeName(t *cel.Type) string {
	return strings.ToLower(strings.TrimPrefix(t.String(), "google.protobuf."))
}

// checker checks one action.
type checker struct {
	exprs   *compiler
	calls   *execute.Set
	path    string // of the action in the configuration
	action  corax.Action
	actions map[string]corax.Action
	errs    []error
}

func (c *checker) fail(field, hint, format string, args ...any) {
	e := corax.Errorf(corax.Invalid, "action "+c.action.Name+": "+field, format, args...)
	e.Hint = hint
	c.errs = append(c.errs, &Fault{Field: c.path + "." + field, Err: e})
}

func (c *checker) check() {
	a := c.action
	c.declaration(a)
	for n, r := range a.Read {
		field := fmt.Sprintf("read[%d]", n)
		if r.Name == "" || slices.ContainsFunc(a.Read[:n], func(o corax.Reading) bool { return o.Name == r.Name }) {
			c.fail(field+".name", "", "%q is empty or used twice", r.Name)
		}
		if r.Each && a.Related == "" {
			c.fail(field+".each", "name the kind of edge in related", "there is nothing to read for each of")
		}
		c.calls.Check(c, field, r.Call, true)
	}
	c.expression("goal", a.Goal, cel.BoolType)
	c.expression("ready", a.Ready, cel.BoolType)
	if a.Wait != nil {
		c.expression("wait.until", a.Wait.Until, cel.TimestampType, cel.StringType, cel.IntType)
		if a.Wait.Most <= 0 {
			c.fail("wait.most", "it is waited for where the end can't be told", "it must be longer than zero")
		}
	}
	c.conditions("precheck", a.Precheck)
	c.conditions("verify", a.Verify)
	c.template("safe_state", a.SafeState)
	c.template("away", a.Away)
	for n, m := range a.Monitors {
		c.template(fmt.Sprintf("monitors[%d]", n), m)
	}
	for n, t := range a.Touches {
		c.Topology(fmt.Sprintf("touches[%d]", n), t)
	}
	if !execute.Empty(a.Effect) {
		c.calls.Check(c, "effect", a.Effect, false)
		c.repeats()
	}
	c.inverse()
}

func (c *checker) declaration(a corax.Action) {
	switch a.Risk {
	case corax.Read, corax.Reversible, corax.Disruptive, corax.Destructive:
	default:
		c.fail("risk", "", "%q: expected read, reversible, disruptive or destructive", a.Risk)
	}
	if len(a.AppliesTo.IDs)+len(a.AppliesTo.Kinds)+len(a.AppliesTo.Labels) == 0 {
		c.fail("applies_to", "name ids, kinds or labels", "an empty selector matches nothing")
	}
	if len(a.Verify) == 0 {
		c.fail("verify", "say what must be true afterwards", "an action without verification is refused")
	}
	if execute.Empty(a.Effect) && a.Risk != corax.Read {
		c.fail("effect", "give it a call, or the risk read", "it does nothing")
	}
	if a.Timeout < 0 {
		c.fail("timeout", "", "%s is negative", a.Timeout)
	}
	if a.Within < 0 {
		c.fail("within", "", "%s is negative", a.Within)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Inputs)) {
		in := a.Inputs[name]
		switch in.Type {
		case "", "string", "int", "bool", "duration":
		default:
			c.fail("inputs."+name+".type", "", "%q: expected string, int, bool or duration", in.Type)
			continue
		}
		if in.Default != "" {
			if _, err := typed(in.Type, in.Default); err != nil {
				c.fail("inputs."+name+".default", "", "%w", err)
			}
		}
	}
}

func (c *checker) conditions(field string, list []corax.Condition) {
	for n, cond := range list {
		at := fmt.Sprintf("%s[%d]", field, n)
		if cond.That == "" {
			c.fail(at+".that", "", "the condition is empty")
		}
		c.expression(at+".that", cond.That, cel.BoolType)
		c.template(at+".else", cond.Else)
	}
}

// expression checks one that may be left out.
func (c *checker) expression(field, source string, want ...*cel.Type) {
	if source == "" {
		return
	}
	p := c.compile(field, source)
	if p != nil && !fits(p.out, want...) {
		c.fail(field, "", "%s is of type %s, expected %s", source, typeName(p.out), typeName(want[0]))
	}
}

func (c *checker) compile(field, source string) *program {
	p, err := c.exprs.compile(inAction, source)
	if err != nil {
		c.fail(field, "", "%w", errors.Unwrap(err))
		return nil
	}
	for _, use := range selections(p.tree) {
		switch use.of {
		case "params":
			if _, ok := c.action.Inputs[use.field]; !ok {
				c.fail(field, "declare it under inputs", "params.%s is not an input", use.field)
			}
		case "facts", "before":
			if !slices.ContainsFunc(c.action.Read, func(r corax.Reading) bool { return r.Name == use.field }) &&
				(use.of == "facts" || !c.isInverse()) {
				c.fail(field, "declare it under read", "%s.%s is not a reading", use.of, use.field)
			}
		}
	}
	return p
}

// isInverse says that another action names this one as its inverse; "before" then holds that one's readings.
func (c *checker) isInverse() bool {
	for _, a := range c.actions {
		if a.Inverse != nil && a.Inverse.Action == c.action.Name {
			return true
		}
	}
	return false
}

func (c *checker) template(field, template string) []part {
	parts, err := split(template)
	if err != nil {
		c.fail(field, "", "%w", err)
	}
	for _, p := range parts {
		if p.expr {
			c.compile(field, p.text)
		}
	}
	return parts
}

// repeats checks what is said about an effect that has to be repeated.
func (c *checker) repeats() {
	a := c.action
	switch a.Idempotency {
	case corax.Unnamed, corax.ByNone:
	case corax.ByGoal:
		if a.Goal == "" {
			c.fail("idempotency", "declare a goal, or say none", "the action has no goal that could tell whether it took effect")
		}
	case corax.ByKey:
		if c.calls.Keys(a.Effect) == execute.NoKey {
			c.fail("idempotency", "say goal or none, or give the key a place", "nothing takes the key to the target")
		}
	default:
		c.fail("idempotency", "", "%q: expected key, goal or none", a.Idempotency)
	}
}

// Fail, Template, Topology and URL are what executors check a call with; see execute.Checks.
func (c *checker) Fail(field, hint, format string, args ...any) { c.fail(field, hint, format, args...) }

// Template checks the expressions of a text.
func (c *checker) Template(field, template string) { c.template(field, template) }

// Topology checks a text whose values only the topology may give.
func (c *checker) Topology(field, template string) {
	for _, p := range c.template(field, template) {
		if p.expr {
			c.declared(field, p.text, "where it goes")
		}
	}
}

// URL checks an address.
func (c *checker) URL(field, template string) {
	before := ""
	for _, p := range c.template(field, template) {
		if !p.expr {
			before += p.text
			continue
		}
		// Until the path begins, a value chooses the host. Only what was declared may do that, never what a message or an
		// answer said.
		if _, path, ok := strings.Cut(before, "://"); before == "" || (ok && !strings.Contains(path, "/")) {
			c.declared(field, p.text, "the host")
		}
		before += "x"
		if before == "x" {
			before = "x://x/"
		}
	}
	if u, err := url.Parse(template); err == nil && u.User != nil {
		c.fail(field, "use token: env:NAME or file:PATH", "an address must not hold a password")
	}
	if before == "" {
		c.fail(field, "", "it is empty")
	} else if !strings.HasPrefix(before, "x://") && !strings.HasPrefix(before, "http://") &&
		!strings.HasPrefix(before, "https://") {
		c.fail(field, "begin with http://, https:// or an expression that gives such an address", "%s is no address",
			template)
	}
}

// declared fails where the expression reads anything but the topology.
func (c *checker) declared(field, source, what string) {
	p, err := c.exprs.compile(inAction, source)
	if err != nil {
		return // reported before
	}
	for _, e := range ast.MatchDescendants(ast.NavigateAST(p.tree), ast.KindMatcher(ast.IdentKind)) {
		if name := e.AsIdent(); slices.Contains([]string{"params", "facts", "before", "problem"}, name) {
			c.fail(field, "take it from target, root, it or entities", "%s may not choose %s", name, what)
		}
	}
}

func (c *checker) inverse() {
	inv := c.action.Inverse
	if inv == nil {
		return
	}
	back, ok := c.actions[inv.Action]
	if !ok {
		c.fail("inverse.action", "", "there is no action %s", inv.Action)
		return
	}
	if back.Risk == corax.Destructive {
		c.fail("inverse.action", "", "%s is destructive: it can't be a way back", inv.Action)
	}
	for _, name := range slices.Sorted(maps.Keys(inv.Params)) {
		c.template("inverse.params."+name, inv.Params[name])
		if _, ok := back.Inputs[name]; !ok {
			c.fail("inverse.params."+name, "", "%s is not an input of %s", name, inv.Action)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(back.Inputs)) {
		if _, given := inv.Params[name]; back.Inputs[name].Required && !given {
			c.fail("inverse.params", "", "%s needs %s", inv.Action, name)
		}
	}
}

// selection is a use of a field of a variable: params.kid.
type selection struct{ of, field string }

func selections(tree *ast.AST) []selection {
	var found []selection
	for _, e := range ast.MatchDescendants(ast.NavigateAST(tree), ast.KindMatcher(ast.SelectKind)) {
		s := e.AsSelect()
		if s.Operand().Kind() == ast.IdentKind {
			found = append(found, selection{of: s.Operand().AsIdent(), field: s.FieldName()})
		}
	}
	return found
}
