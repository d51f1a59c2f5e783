package server

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"corax"
	"corax/access"
	"corax/knowledge"
)

// Pattern is a family of problems.
type Pattern struct {
	Name       string `json:"name"`
	What       string `json:"what"`
	Under      string `json:"under,omitempty" doc:"the broader pattern of which it is a narrower case"`
	Mechanisms int    `json:"mechanisms" doc:"how many ways of failing are known of it"`
}

// Mechanism is one way to fail, in short.
type Mechanism struct {
	ID      string `json:"id"`
	Title   string `json:"title" doc:"the end of a sentence that begins with the entity"`
	Pattern string `json:"pattern"`
	Domain  string `json:"domain"`
	What    string `json:"what"`
}

// MechanismPage is one way to fail with what is known of it.
type MechanismPage struct {
	Mechanism
	Severity   string      `json:"severity" doc:"by itself, before impact is looked at"`
	Worse      []Shift     `json:"worse,omitempty" doc:"what makes it one level worse"`
	Milder     []Shift     `json:"milder,omitempty" doc:"what makes it one level milder"`
	Signatures []Signature `json:"signatures,omitempty" doc:"how it is recognised"`
	Causes     []Signature `json:"causes,omitempty" doc:"what those show who need it"`
	Story      []string    `json:"story,omitempty" doc:"how it goes; {names} stand for what is found in its signals"`
	Evidence   []string    `json:"evidence,omitempty" doc:"what to gather where it is missing"`
	Confused   []Confusion `json:"confused_with,omitempty"`
	Remedies   []Remedy    `json:"remedies,omitempty" doc:"the steps of a plan, in order"`
	Examples   []string    `json:"examples,omitempty" doc:"messages as software or monitors word them"`
	References []string    `json:"references,omitempty"`
}

// Signature is a sign of a mechanism: words of a signal, the class that a probe gave it, or both.
type Signature struct {
	Role   string     `json:"role" enum:"cause,felt,symptom" doc:"cause: said by the one at fault; felt: by those who trust it; symptom: fits others too"`
	Say    [][]string `json:"say,omitempty" doc:"of each list, one must be said"`
	Not    []string   `json:"not,omitempty" doc:"none of these may be"`
	Class  string     `json:"class,omitempty" doc:"what a probe saw"`
	Kind   string     `json:"kind,omitempty" doc:"only in signals of this kind"`
	Weight float64    `json:"weight" doc:"how much it counts"`
}

// Shift moves a severity by one level; all that it asks for must hold.
type Shift struct {
	Say      []string `json:"say,omitempty" doc:"of each, one word between bars must be said"`
	Affected int      `json:"affected,omitempty" doc:"at least so many entities feel it"`
	Needed   int      `json:"needed,omitempty" doc:"at least so many entities need the root"`
	Why      string   `json:"why"`
}

// Confusion is a mechanism that looks alike, and what tells the two apart.
type Confusion struct {
	Mechanism string `json:"mechanism"`
	Tell      string `json:"tell"`
}

// Remedy is one step of a plan against a mechanism; {names} stand for what is found in its signals.
type Remedy struct {
	Action string `json:"action"`
	On     string `json:"on,omitempty" doc:"root, verifiers or dependents"`
	Do     string `json:"do"`
	Run    string `json:"run,omitempty" doc:"the command that a person would type"`
	Check  string `json:"check,omitempty"`
	Verify string `json:"verify,omitempty"`
	Undo   string `json:"undo,omitempty"`
}

func (a api) knowledge() {
	if a.o.System == nil {
		return
	}
	type none struct{}
	type search struct {
		Pattern string `query:"pattern" maxLength:"200"`
		Domain  string `query:"domain" maxLength:"200"`
		Q       string `query:"q" maxLength:"200" doc:"words of its id, its title or what it is; all must be there"`
	}
	whole(a, access.RoleViewer, "list-patterns", http.MethodGet, "/knowledge/patterns", "Patterns of the catalogue",
		func(context.Context, *none) ([]Pattern, error) { return patterns(a.catalogue()), nil })
	whole(a, access.RoleViewer, "list-mechanisms", http.MethodGet, "/knowledge/mechanisms", "Ways to fail that the catalogue knows",
		func(_ context.Context, in *search) ([]Mechanism, error) {
			out := []Mechanism{}
			for _, m := range a.catalogue().Mechanisms {
				short := shortOf(m)
				if (in.Pattern == "" || strings.EqualFold(in.Pattern, m.Pattern)) && (in.Domain == "" || strings.EqualFold(in.Domain, m.Domain)) &&
					hasWords(strings.Join([]string{m.ID, m.Title, m.What, m.Pattern}, " "), in.Q) {
					out = append(out, short)
				}
			}
			return out, nil
		})
	operation(a, access.RoleViewer, "get-mechanism", http.MethodGet, "/knowledge/mechanisms/{id}", "A way to fail, with what helps",
		func(_ context.Context, in *ByID) (MechanismPage, error) {
			m, ok := a.catalogue().Mechanism(in.ID)
			if !ok {
				return MechanismPage{}, corax.Errorf(corax.NotFound, "read mechanism "+in.ID, "the catalogue has none of this id")
			}
			return pageOf(m), nil
		})
}

// catalogue is what Corax knows; empty where it is not told.
func (a api) catalogue() *knowledge.Catalogue {
	if c := a.o.System.Catalogue(); c != nil {
		return c
	}
	return &knowledge.Catalogue{}
}

func patterns(c *knowledge.Catalogue) []Pattern {
	count := map[string]int{}
	for _, m := range c.Mechanisms {
		count[m.Pattern]++
	}
	out := make([]Pattern, len(c.Patterns))
	for n, p := range c.Patterns {
		out[n] = Pattern{Name: p.Name, What: p.What, Under: p.Under, Mechanisms: count[p.Name]}
	}
	return out
}

func shortOf(m knowledge.Mechanism) Mechanism {
	return Mechanism{ID: m.ID, Title: m.Title, Pattern: m.Pattern, Domain: m.Domain, What: m.What}
}

func pageOf(m knowledge.Mechanism) MechanismPage {
	p := MechanismPage{Mechanism: shortOf(m), Severity: m.Severity.Base.String(), Worse: shifts(m.Severity.Raise), Milder: shifts(m.Severity.Lower),
		Signatures: signatures(m.Signatures), Causes: signatures(m.Causes), Evidence: m.Evidence, Examples: m.Examples, References: m.References}
	for _, s := range m.Story {
		p.Story = append(p.Story, s.Text)
	}
	for _, c := range m.Confused {
		p.Confused = append(p.Confused, Confusion{c.Mechanism, c.Tell})
	}
	for _, r := range m.Remedies {
		p.Remedies = append(p.Remedies, Remedy{Action: r.Action, On: string(r.On), Do: r.Do, Run: r.Run, Check: r.Check, Verify: r.Verify, Undo: r.Undo})
	}
	return p
}

func signatures(all []knowledge.Signature) (out []Signature) {
	for _, s := range all {
		x := Signature{Role: string(cmp.Or(s.Role, knowledge.CauseRole)), Class: s.Class, Kind: s.Kind, Weight: s.Weight}
		x.Say, x.Not = s.Words()
		out = append(out, x)
	}
	return out
}

func shifts(all []knowledge.Modifier) (out []Shift) {
	for _, m := range all {
		out = append(out, Shift{Say: m.When.Say, Affected: m.When.Affected, Needed: m.When.Needed, Why: m.Why})
	}
	return out
}

// hasWords says whether every word stands in the text, whatever their case.
func hasWords(text, words string) bool {
	text = strings.ToLower(text)
	for w := range strings.FieldsSeq(strings.ToLower(words)) {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}
