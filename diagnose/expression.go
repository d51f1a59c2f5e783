package diagnose

import (
	"regexp"

	"corax/knowledge"
)

// ruleForm is the form of an alerting rule's expression that tells how bad things are.
type ruleForm struct {
	impact int // number in the catalogue
	form   *regexp.Regexp
}

// newRuleForms are those of the catalogue, which has checked that they compile.
func newRuleForms(cat *knowledge.Catalogue) (all []ruleForm) {
	for i, x := range cat.Impacts {
		if x.Rule != "" {
			all = append(all, ruleForm{i, regexp.MustCompile(x.Rule)})
		}
	}
	return all
}
