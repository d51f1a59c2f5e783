package diagnose

import "regexp"

// expression is what an alerting rule compares, as far as it tells how bad things are.
type expression struct {
	gone      bool // up == 0, absent(...)
	zero      bool // something is none
	failures  bool // any failure counts
	extreme   bool // a limit next to the end of the scale
	predicted bool // about the future
	overdue   bool // the time since something last happened
}

var (
	goneForm      = regexp.MustCompile(`\b(?:\w+_)?up\b[^<>=!]*(?:== ?0|< ?1\b)|\babsent(?:_over_time)?\(`)
	zeroForm      = regexp.MustCompile(`== ?0\b|< ?1(?:\D|$)`)
	failureForm   = regexp.MustCompile(`(?:fail|error|reject|abort|corrupt|panic)\w*.*>=? ?[01]?(?:\.0\d*)?\s*(?:$|\)|and|unless)`)
	extremeForm   = regexp.MustCompile(`> ?=?(?:0?\.9[5-9]|9[5-9])\b|< ?=?(?:0?\.0[0-5]|[0-5])\s*$`)
	predictedForm = regexp.MustCompile(`\bpredict_linear\(|\bderiv\(`)
	overdueForm   = regexp.MustCompile(`\btime\(\) ?-`)
)

// readExpression reads an expression of PromQL, or one that looks like it.
func readExpression(expr string) expression {
	return expression{gone: goneForm.MatchString(expr), zero: zeroForm.MatchString(expr), failures: failureForm.MatchString(expr),
		extreme: extremeForm.MatchString(expr), predicted: predictedForm.MatchString(expr), overdue: overdueForm.MatchString(expr)}
}
