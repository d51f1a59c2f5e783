package gallery

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"corax"
	"corax/scenario"
	"corax/scenario/history"
)

// The results in package sample are those of real runs.
const kept = "../sample/results"

var real = sync.OnceValues(func() (all history.Memory, err error) {
	h := history.Open(kept)
	runs, broken := h.Runs()
	err = errors.Join(broken...)
	for _, run := range runs {
		r, readErr := h.Read(run)
		all, err = append(all, r), errors.Join(err, readErr)
	}
	return all, err
})

// results are those of the real runs; nobody alters what is in them.
func results(t testing.TB) history.Memory {
	t.Helper()
	all, err := real()
	if err != nil || len(all) < 5 {
		t.Fatal(len(all), err)
	}
	return slices.Clone(all)
}

// small is the shortest of them.
func small(t testing.TB) scenario.Result {
	return slices.MinFunc(results(t), func(a, b scenario.Result) int { return len(a.Timeline) - len(b.Timeline) })
}

// long is a history of some weeks: the real runs again and again, of which some failed.
func long(t testing.TB, days int) history.Memory {
	t.Helper()
	var all history.Memory
	for day := range days {
		for i, r := range results(t) {
			r.Run.ID = fmt.Sprintf("run-%d-%d", day, i)
			r.Run.Started = r.Run.Started.AddDate(0, 0, day)
			r.Checks = slices.Clone(r.Checks)
			switch {
			case (day+i)%7 == 3:
				r.Verdict, r.Checks[0].OK, r.Checks[0].Actual = scenario.Failed, false, "none"
			case (day+i)%11 == 5:
				r.Verdict, r.Error, r.Checks = scenario.Broken, "the lab did not come up", []scenario.Check{}
			}
			all = append(all, r)
		}
	}
	return all
}

const hostile = "</style><script>alert(1)</script><img src=x onerror=alert(2)> \x1b[31mred\x1b]0;title\x07 \u202egnp.exe\" onclick=\"x"

// poisoned is a result with text from outside wherever text from outside can be.
func poisoned(t testing.TB) scenario.Result {
	r := small(t)
	r.Category, r.Name, r.Run.ID = "security", "poisoned", "run-poisoned"
	r.Verdict, r.Error = scenario.Failed, hostile
	r.About = scenario.About{Title: hostile, Description: hostile, Conditions: hostile, Lab: hostile}
	r.Injected = append(r.Injected, scenario.Injected{Source: hostile, Message: hostile, Proof: hostile, Targets: []string{hostile}},
		scenario.Injected{Fault: hostile, With: map[string]any{hostile: hostile}})
	r.Checks = append(r.Checks, scenario.Check{Name: hostile, Expected: hostile, Actual: hostile})
	r.Problems = append(r.Problems, corax.Diagnosis{
		Pattern: hostile, SeverityReasons: []string{hostile},
		RootCause: corax.RootCause{Entity: hostile, Mechanism: hostile, Summary: hostile, Chain: []string{hostile},
			Evidence: []corax.Evidence{{Quote: hostile, Supports: hostile}}, Against: []corax.Evidence{{Quote: hostile}}, Missing: []string{hostile}},
		Plan: corax.Plan{Mode: corax.Mode(hostile), Why: hostile, Steps: []corax.Step{{Action: hostile, Target: hostile, Do: hostile, Verify: hostile,
			Undo: hostile, Risk: corax.Risk(hostile)}}},
	})
	r.Steps = append(r.Steps, scenario.Step{Action: hostile, Target: hostile, Result: hostile, Verification: hostile, State: corax.StepState(hostile)})
	r.Timeline = append(r.Timeline, scenario.Moment{At: r.Run.Started, Kind: corax.EventKind(hostile), Text: hostile, Entity: hostile})
	r.Run.Versions = map[string]string{hostile: hostile, "corax": hostile}
	r.Run.Machine = &scenario.Machine{OS: hostile, Arch: hostile, CPUs: 1}
	return r
}

// memorySite is what build makes.
func memorySite(t testing.TB, from Results, s Site) map[string][]byte {
	t.Helper()
	site := map[string][]byte{}
	broken, err := build(from, s, func(name string, data []byte) error {
		if _, twice := site[name]; twice {
			t.Errorf("%s is made twice", name)
		}
		site[name] = slices.Clone(data)
		return nil
	})
	if err != nil || len(broken) > 0 {
		t.Fatal(err, broken)
	}
	return site
}

// later is the same run at another time.
func later(r scenario.Result, id string, by time.Duration) scenario.Result {
	r.Run.ID, r.Run.Started = id, r.Run.Started.Add(by)
	return r
}
