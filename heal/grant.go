package heal

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// bound says that a condition holds for no entity but those that it names, by id or by label. It goes by the form, so that nobody has to guess
// what an expression comes to: on each way to true there has to be a comparison for equality, a membership, or a part of a text that isn't
// empty. A rule that grants autonomy must be so bound, else everything inherits it.
func bound(e ast.Expr) bool {
	if e.Kind() == ast.SelectKind {
		return e.AsSelect().IsTestOnly() && named(e.AsSelect().Operand()) // has(entity.labels.env)
	}
	if e.Kind() != ast.CallKind {
		return false
	}
	c := e.AsCall()
	args := c.Args()
	switch c.FunctionName() {
	case operators.LogicalAnd:
		return bound(args[0]) || bound(args[1])
	case operators.LogicalOr:
		return bound(args[0]) && bound(args[1])
	case operators.Conditional:
		return bound(args[1]) && bound(args[2])
	case operators.Equals:
		return named(args[0]) && text(args[1]) || named(args[1]) && text(args[0])
	case operators.In:
		return named(args[0]) && args[1].Kind() == ast.ListKind || text(args[0]) && named(args[1]) // entity.id in ['a']; 'env' in entity.labels
	case "startsWith", "endsWith", "contains":
		return c.IsMemberFunction() && named(c.Target()) && text(args[0])
	}
	return false
}

// named says that an expression is the entity's id, one of its labels, or all of them.
func named(e ast.Expr) bool {
	switch {
	case e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.Index:
		return named(e.AsCall().Args()[0])
	case e.Kind() != ast.SelectKind || e.AsSelect().IsTestOnly():
		return false
	}
	s := e.AsSelect()
	if of := s.Operand(); of.Kind() == ast.IdentKind {
		return of.AsIdent() == "entity" && (s.FieldName() == "id" || s.FieldName() == "labels")
	}
	return named(s.Operand())
}

// text says that an expression is a text which is not empty, as it is written.
func text(e ast.Expr) bool {
	if e.Kind() != ast.LiteralKind {
		return false
	}
	s, ok := e.AsLiteral().(types.String)
	return ok && s != ""
}
