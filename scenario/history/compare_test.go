package history

import (
	"testing"

	"corax"
	"corax/scenario"
)

func diagnosed(r scenario.Result, entity, mechanism string) scenario.Result {
	r.Problems = append(r.Problems[:len(r.Problems):len(r.Problems)], corax.Diagnosis{Pattern: corax.Unknown, Severity: corax.High, Confidence: 0.9,
		RootCause: corax.RootCause{Entity: entity, Mechanism: mechanism}, Plan: corax.Plan{Mode: corax.AutoHeal, Steps: []corax.Step{{Action: "restart", Target: entity}}}})
	return r
}

func TestTheSameDoesNotDiffer(t *testing.T) {
	a := diagnosed(result("a", 1, scenario.Passed, 0), "auth", "down")
	b := diagnosed(result("a", 2, scenario.Passed, 0), "auth", "down")
	b.Run.Seconds = 9
	a.Checks = append(a.Checks, scenario.Check{Name: "healed_within", Actual: "8.1s", OK: true})
	b.Checks = append(b.Checks, scenario.Check{Name: "healed_within", Actual: "8.2s", OK: true})
	c := Compare(a, b)
	if len(c.Differences) > 0 {
		t.Errorf("%+v", c.Differences)
	}
	if len(c.Times) != 1 || *c.Times[0].Before != 2 || *c.Times[0].After != 9 {
		t.Errorf("%+v", c.Times)
	}
}

func TestDifferences(t *testing.T) {
	a := diagnosed(diagnosed(result("a", 1, scenario.Passed, 0), "auth", "down"), "db", "full")
	b := diagnosed(diagnosed(result("a", 2, scenario.Failed, 0), "db", "full"), "auth", "slow")
	b.Problems[0].Severity, b.Problems[1].Plan.Mode = corax.Critical, corax.Manual
	a.Checks = append(a.Checks, scenario.Check{Name: "end", Expected: "healed", Actual: "healed", OK: true})
	b.Checks = append(b.Checks, scenario.Check{Name: "pages", Expected: "0", Actual: "1"})
	a.Steps = []scenario.Step{{Action: "restart", Target: "auth", State: corax.StepDone}}
	b.Steps = []scenario.Step{{Action: "restart", Target: "auth", State: corax.StepFailed}}
	a.Run.Versions, b.Run.Versions = map[string]string{"corax": "1"}, map[string]string{"corax": "2"}
	healed := 8.0
	b.Timeline = []scenario.Moment{{Kind: corax.EventHealed, Seconds: healed}}

	want := []Difference{
		{"verdict", "verdict", "passed", "failed", Worse},
		{"check", "end", "holds: expected healed, got healed", "", ""},
		{"check", "pages", "", "does not hold: expected 0, got 1", ""},
		{"check", "pattern", "holds: expected UNKNOWN, got UNKNOWN", "does not hold: expected UNKNOWN, got UNKNOWN", Worse},
		{"diagnosis", "root cause", "auth: down", "auth: slow", ""},
		{"diagnosis", "remediation", "auto heal", "manual", ""},
		{"diagnosis", "severity", "high", "critical", ""},
		{"step", "restart on auth", "done", "failed", ""},
		{"version", "corax", "1", "2", ""},
	}
	c := Compare(a, b)
	if len(c.Differences) != len(want) {
		t.Errorf("%d differences, not %d", len(c.Differences), len(want))
	}
	for i, d := range c.Differences {
		if i < len(want) && d != want[i] {
			t.Errorf("%d: %+v, not %+v", i, d, want[i])
		}
	}
	if len(c.Times) != 2 || c.Times[0].What != "healed" || c.Times[0].Before != nil || *c.Times[0].After != healed {
		t.Errorf("%+v", c.Times)
	}
	if back := Compare(b, a); back.Differences[0].Turn != Better {
		t.Errorf("%+v", back.Differences[0])
	}
	gone := Compare(a, result("a", 3, scenario.Passed, 0)).Differences
	if len(gone) != 5 || gone[1].What != "problem" || gone[1].After != "" {
		t.Errorf("%+v", gone)
	}
}
