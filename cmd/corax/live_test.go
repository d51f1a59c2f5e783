package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"corax/config"
	"corax/scenario"
	"corax/scenarios"
)

// plain makes the program as users have it, once. The parts of a lab, and a Corax that is killed, are run by it: they are what is broken, and the
// race detector, which watches the Corax of this process, would only make them slow.
var plain = sync.OnceValues(func() (string, error) {
	path := filepath.Join(os.Getenv(sharedDir), "corax")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w: %s", err, out)
	}
	return path, nil
})

func plainBinary(t *testing.T) string {
	t.Helper()
	path, err := plain()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// runScenarios runs scenarios against labs whose parts are processes of their own, and reports every check that failed.
func runScenarios(t *testing.T, words ...string) []scenario.Result {
	t.Helper()
	engine, err := newEngine(config.Default())
	if err != nil {
		t.Fatal(err)
	}
	found, broken := scenario.Resolve(scenarios.Files, words)
	for _, err := range broken {
		t.Error(err)
	}
	runner := newRunner(engine, plainBinary(t), t.TempDir(), nil)
	runner.AtOnce = sideBySide
	results := runner.RunAll(t.Context(), found)
	for _, r := range results {
		for _, c := range r.Checks {
			if !c.OK {
				t.Errorf("%s: %s: expected %s, got %s", r.ID(), c.Name, c.Expected, c.Actual)
			}
		}
		if r.Verdict != scenario.Passed {
			t.Errorf("%s: %s %s\n%s", r.ID(), r.Verdict, r.Error, account(r))
		}
	}
	if len(results) == 0 {
		t.Error("nothing was run")
	}
	return results
}

// account tells what happened in a run, for whoever asks why it failed.
func account(r scenario.Result) string {
	var b strings.Builder
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "problem: %s, %s\n", p.Severity, p.RootCause.Summary)
	}
	for _, m := range r.Timeline {
		fmt.Fprintf(&b, "%s %-18s %-14s %s\n", m.At.Format("15:04:05.000"), m.Kind, m.Entity, m.Text)
	}
	return b.String()
}

// Every shipped scenario passes: real faults in a real system, found, healed and verified.
func TestShippedScenariosPass(t *testing.T) {
	runScenarios(t)
}

// The same outage under other names, paths, key ids and wording has the same diagnosis; and it is healed as fast.
func TestSoakRotationIsDiagnosedTheSameUnderEverySeed(t *testing.T) {
	runs := 2
	if os.Getenv("CORAX_SOAK") != "" {
		runs = 20
	}
	dir := t.TempDir()
	for seed := range runs {
		file := fmt.Sprintf(`name: rotation_seed_%d
category: soak
title: The rotation under another seed
description: The same outage, under other names and wording.
conditions: Four of seven verifiers can't be reached while the signing key is rotated.
lab: {name: jwt, seed: %d, with: {token_lifetime: 20s}}
inject:
  - fault: partial_rotation
    with: {unreachable: 4, back_after: 3s}
expect:
  problems: 1
  pattern: UNKNOWN
  severity: critical
  correlation: true
  cascade: true
  root_cause: {entity: auth, mechanism: [key_used_before_distributed]}
  remediation: auto_heal
  end: closed
  invariants: true
  truth: true
`, seed, 100+seed)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("s%02d.yaml", seed)), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	results := runScenarios(t, dir)
	if len(results) != runs {
		t.Fatalf("%d results, want %d", len(results), runs)
	}
	times := map[string][]float64{}
	for _, r := range results {
		at := r.Times()
		for name, v := range map[string]*float64{"symptom": at.Symptom, "diagnosed": at.Diagnosed, "healed": at.Healed, "closed": at.Closed} {
			if v != nil {
				times[name] = append(times[name], *v)
			}
		}
	}
	for _, name := range []string{"symptom", "diagnosed", "healed", "closed"} {
		v := times[name]
		if len(v) != runs {
			t.Errorf("%s: known of %d runs of %d", name, len(v), runs)
			continue
		}
		slices.Sort(v)
		t.Logf("%-10s median %6.2f s, worst %6.2f s after the injection, %d runs", name, v[len(v)/2], v[len(v)-1], runs)
	}
}

// Healthy traffic raises nothing: the control scenario, observed for an hour in a soak and for a few seconds otherwise. Faults that must be
// seen are what the shipped scenarios inject.
func TestSoakHealthyTrafficRaisesNothing(t *testing.T) {
	observe := "5s"
	if os.Getenv("CORAX_SOAK") != "" {
		observe = "1h"
	}
	data, err := fs.ReadFile(scenarios.Files, "controls/jwt_signing_key_rotation.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), "observe: 15s", "observe: "+observe, 1)
	file := filepath.Join(t.TempDir(), "healthy.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, r := range runScenarios(t, file) {
		t.Logf("observed for %s: %+v", observe, r.Counts)
	}
}
