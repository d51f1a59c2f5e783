package knowledge

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"corax"
)

var (
	idForm   = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	holeForm = regexp.MustCompile(`\{([a-z_]+)(\|[^{}]*)?\}`)
	// blank is a hole of a command that a person fills in.
	blank    = regexp.MustCompile(`\{[a-z_]+\|[A-Z][A-Z0-9_]*\}`)
	purposes = []corax.StepPurpose{corax.Restore, corax.Fix, corax.Prevent, corax.Tidy}
)

// Check says everything that is wrong with the catalogue, joined.
func (c *Catalogue) Check() error {
	var errs []error
	used := map[string]bool{}
	say := func(what, format string, args ...any) {
		errs = append(errs, corax.Errorf(corax.Invalid, "check knowledge: "+what, format, args...))
	}
	for _, p := range c.Patterns {
		if _, ok := c.Pattern(p.Under); p.Under != "" && !ok {
			say("pattern "+p.Name, "stands under the unknown pattern %q", p.Under)
		}
		if p.Name == "" || p.What == "" {
			say("pattern "+p.Name, "needs a name and what it is")
		}
	}
	for _, a := range c.Actions {
		what := "action " + a.Name
		if a.Name == "" || a.Title == "" || a.Check == "" || a.Verify == "" || a.Undo == "" {
			say(what, "needs name, title, check, verify and undo (\"none\" and why, where there is no way back)")
		}
		for _, h := range holeForm.FindAllStringSubmatch(a.Check+a.Verify+a.Undo, -1) {
			if !slices.Contains([]string{"target", "root", "said", "gone"}, h[1]) {
				say(what, "{%s}: expected target, root, said or gone", h[1])
			}
		}
		if !slices.Contains([]corax.Risk{corax.Read, corax.Reversible, corax.Disruptive, corax.Destructive}, a.Risk) {
			say(what, "risk %q: expected read, reversible, disruptive or destructive", a.Risk)
		}
		if !slices.Contains([]Where{Remote, Person, Site}, a.Where) {
			say(what, "where %q: expected remote, person or site", a.Where)
		}
	}
	for _, i := range c.Impacts {
		err := checkPhrases([]string{i.Say})
		if i.Rule != "" && i.Say == "" {
			_, err = regexp.Compile(i.Rule)
		}
		if err != nil || i.Name == "" || i.Why == "" || i.Points == 0 && i.Lead == 0 {
			say("impact "+i.Name, "needs a name, what is said or asked by a rule, why it counts, and points; %v", err)
		}
	}
	for _, m := range c.Mechanisms {
		used[m.Pattern] = true
		c.checkMechanism(m, func(format string, args ...any) { say("mechanism "+m.ID, format, args...) })
	}
	for _, p := range c.Patterns {
		if !used[p.Name] {
			say("pattern "+p.Name, "has no mechanism, so it can't be recognised")
		}
	}
	return errors.Join(errs...)
}

func (c *Catalogue) checkMechanism(m Mechanism, say func(string, ...any)) {
	if !idForm.MatchString(m.ID) {
		say("the id must be of the form %s", idForm)
	}
	if m.Title == "" || m.What == "" {
		say("needs a title and what it is")
	}
	if _, ok := c.Pattern(m.Pattern); !ok {
		say("unknown pattern %q", m.Pattern)
	}
	if len(m.Signatures) == 0 {
		say("has no signatures, so nothing can be recognised by it")
	}
	for i, s := range slices.Concat(m.Signatures, m.Causes) {
		if err := s.check(); err != nil {
			say("signature %d: %v", i+1, err)
		}
	}
	for _, x := range m.Confused {
		if _, ok := c.Mechanism(x.Mechanism); !ok || x.Tell == "" {
			say("confused with %q: must be another mechanism, with what tells them apart", x.Mechanism)
		}
	}
	known := map[string]bool{"target": true, "root": true, "said": true, "gone": true}
	for name := range Identifiers {
		known[name] = true
	}
	for _, f := range m.Facts {
		known[f.Name] = true
		if !slices.Contains([]string{"", "from", "to"}, f.Arrow) {
			say("fact %s: arrow %q: expected from or to", f.Name, f.Arrow)
		}
	}
	holes := func(where, text string) {
		for _, h := range holeForm.FindAllStringSubmatch(text, -1) {
			if !known[h[1]] {
				say("%s: {%s} is not among its facts", where, h[1])
			}
		}
	}
	for _, s := range m.Story {
		holes("story", s.Text)
		if err := checkPhrases(s.Say); err != nil || s.Text == "" {
			say("story %q: needs a text; %v", s.Text, err)
		}
	}
	for _, v := range m.Vectors.Refuse {
		if _, ok := c.Mechanism(v.Is); v.Say == "" || v.Is == m.ID || v.Is != "" && !ok {
			say("near miss %q: needs a text, and the id of another mechanism or none", v.Say)
		}
	}
	if len(m.Remedies) == 0 {
		say("has no remedies")
	}
	last := 0
	for i, r := range m.Remedies {
		where := fmt.Sprintf("remedy %d (%s)", i+1, r.Action)
		if _, ok := c.Action(r.Action); !ok {
			say("%s: unknown action", where)
		}
		if !slices.Contains([]Target{OnRoot, OnVerifiers, OnDependents}, r.On) {
			say("%s: on %q: expected root, verifiers or dependents", where, r.On)
		}
		switch at := slices.Index(purposes, r.Purpose); {
		case at < 0:
			say("%s: purpose %q: expected restore, fix, prevent or tidy", where, r.Purpose)
		case at < last:
			say("%s: %s comes after %s; service first, then the cause, then recurrence, then leftovers", where, r.Purpose, purposes[last])
		default:
			last = at
		}
		if r.Do == "" || r.Phase == "" {
			say("%s: needs a phase and what is done", where)
		}
		for _, u := range r.Unless {
			if name, _, ok := strings.Cut(u, "="); !ok || !known[name] {
				say("%s: unless %q: expected fact=value", where, u)
			}
		}
		holes(where, r.Do)
		holes(where, blank.ReplaceAllString(r.Run, ""))
		for _, p := range r.Products {
			holes(where, blank.ReplaceAllString(p.Run, ""))
			if err := checkPhrases([]string{p.Say}); err != nil || p.Run == "" {
				say("%s: product %q: needs words that name it and a command; %v", where, p.Say, err)
			}
		}
		holes(where, r.Check)
		holes(where, r.Verify)
		holes(where, r.Undo)
		for _, p := range r.Params {
			holes(where, p)
		}
	}
}

func (s Signature) check() error {
	switch {
	case len(s.Say) == 0 && s.Class == "":
		return errors.New("says nothing")
	case s.Weight <= 0 || s.Weight > 8:
		return fmt.Errorf("weight %g: expected more than 0 and at most 8", s.Weight)
	case !slices.Contains([]Role{CauseRole, FeltRole, SymptomRole}, s.Role):
		return fmt.Errorf("role %q: expected cause, felt or symptom", s.Role)
	case s.Locus != Self && s.Locus != Provider:
		return fmt.Errorf("locus %q: expected self or provider", s.Locus)
	}
	return checkPhrases(slices.Concat(s.Say, s.Not))
}

func checkPhrases(phrases []string) error {
	for _, phrase := range phrases {
		for alt := range strings.SplitSeq(phrase, "|") {
			if strings.TrimSpace(alt) == "" {
				return fmt.Errorf("empty alternative in %q", phrase)
			}
		}
	}
	return nil
}

// Complete says what a mechanism lacks to be of the quality of the built-in catalogue, joined; a user's may lack some of it.
func (m Mechanism) Complete() error {
	var errs []error
	least := func(n, want int, what string) {
		if n < want {
			errs = append(errs, corax.Errorf(corax.Invalid, "check knowledge: mechanism "+m.ID, "has %d %s, needs %d", n, what, want))
		}
	}
	least(len(m.Domain), 1, "domain")
	least(len(m.Signatures), 2, "signatures")
	least(len(m.Causes), 1, "causes")
	least(len(m.Confused), 1, "confused_with")
	least(len(m.Severity.Raise)+len(m.Severity.Lower), 1, "severity modifiers")
	least(len(m.Evidence), 2, "evidence")
	least(len(m.Story), 1, "story sentences")
	least(len(m.Remedies), 2, "remedies")
	least(len(m.References), 1, "references")
	least(len(m.Examples), 4, "examples")
	least(len(m.Vectors.Recognise), 2, "vectors to recognise")
	least(len(m.Vectors.Refuse), 1, "vectors to refuse")
	for _, v := range m.Vectors.Recognise {
		if slices.Contains(m.Examples, v) {
			errs = append(errs, corax.Errorf(corax.Invalid, "check knowledge: mechanism "+m.ID, "the vector %q is also an example", v))
		}
	}
	return errors.Join(errs...)
}
