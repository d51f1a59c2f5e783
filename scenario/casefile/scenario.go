package casefile

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"corax"
)

// written is a text scenario as it is written; see docs/scenarios.md.
type written struct {
	Name        string      `yaml:"name"`
	Category    string      `yaml:"category"`
	Title       string      `yaml:"title"`
	Description string      `yaml:"description"`
	Topology    any         `yaml:"topology,omitempty"`
	Inject      []injection `yaml:"inject"`
	Expect      expectation `yaml:"expect"`
}

type injection struct {
	Signal map[string]any `yaml:"signal"`
}

type expectation struct {
	Problems    int       `yaml:"problems"`
	Pattern     string    `yaml:"pattern"`
	Severity    string    `yaml:"severity,omitempty"`
	Cascade     bool      `yaml:"cascade"`
	RootCause   rootCause `yaml:"root_cause"`
	Remediation string    `yaml:"remediation,omitempty"`
}

type rootCause struct {
	Entity    string `yaml:"entity,omitempty"`
	Mechanism string `yaml:"mechanism,omitempty"`
}

var notInName = regexp.MustCompile(`[^a-z0-9]+`)

// Name is what the scenario of a problem is called.
func (c Content) Name() string {
	return strings.Trim(notInName.ReplaceAllString(strings.ToLower(c.Problem.Diagnosis.RootCause.Mechanism+" "+c.Problem.ID), "_"), "_")
}

// Scenario writes the problem as a text scenario: the signals of its case, its topology, and what was found as what is
// expected.
func (c Content) Scenario() ([]byte, error) {
	d := c.Problem.Diagnosis
	s := written{
		Name: c.Name(), Category: "imported", Title: d.RootCause.Summary,
		Description: "Problem " + c.Problem.ID + " of " + c.Problem.OpenedAt.UTC().Format("2006-01-02 15:04") + " UTC, " +
			string(c.Problem.State) + ", as Corax " + c.Version + " recorded it.",
		Expect: expectation{
			Problems: max(len(c.Report.Problems), 1), Pattern: d.Pattern, Severity: d.Severity.String(), Cascade: d.Cascade.Cascading,
			RootCause: rootCause{d.RootCause.Entity, d.RootCause.Mechanism},
		},
	}
	if s.Title == "" {
		s.Title = "Problem " + c.Problem.ID
	}
	if i := slices.IndexFunc(c.Report.Problems, func(p corax.Diagnosis) bool { return slices.Equal(p.Signals, d.Signals) }); i >= 0 {
		s.Expect.Remediation = string(c.Report.Problems[i].Plan.Mode) // of the engine: what is declared where it ran isn't here
	}
	var err error
	if t := c.Problem.Case.Topology; len(t.Entities)+len(t.Edges) > 0 {
		if s.Topology, err = plain(t); err != nil {
			return nil, err
		}
	}
	for _, signal := range c.Problem.Case.Signals {
		m, err := plain(signal)
		if err != nil {
			return nil, err
		}
		fields, _ := m.(map[string]any) // a signal is an object
		delete(fields, "id")
		delete(fields, "ends_at")
		s.Inject = append(s.Inject, injection{fields})
	}
	text, err := yaml.Marshal(s)
	if err != nil {
		return nil, corax.Errorf(corax.Internal, "write a scenario", "%w", err)
	}
	return text, nil
}

// plain is a value as its JSON has it, for another writer.
func plain(v any) (out any, err error) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		return nil, corax.Errorf(corax.Internal, "write a scenario", "%w", err)
	}
	return out, nil
}
