package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"corax/scenario"
)

// killed are the plans of the lab that are killed over and over, each with the end that it has when nobody kills it. with is the lab's
// parameters; most bounds the kills at random moments, so that a plan that must see its monitors green for a while comes to that.
var killed = []struct {
	name, with, inject, operate, expect string
	most                                int
}{
	{
		name: "rotation", with: "{token_lifetime: 10s}", most: 20,
		inject: "{fault: partial_rotation, with: {unreachable: 4, back_after: 3s}}",
		expect: `  root_cause: {entity: auth, mechanism: key_used_before_distributed}
  end: closed
  escalated: false
  steps:
    - {action: signing_key.reactivate, state: [done, not_needed]}
    - {action: signing_key.deliver, state: done}
    - {action: signing_key.switch, state: done}
    - {action: signing_key.retire, state: done}
`,
	},
	{
		name: "compromise", with: "{token_lifetime: 10s}", most: 12,
		inject: "{fault: partial_rotation, with: {unreachable: 3, back_after: 3s, reason: compromise}}",
		expect: `  root_cause: {entity: auth, mechanism: key_used_before_distributed}
  end: closed
  escalated: false
  steps: [{action: signing_key.deliver, state: done}]
`,
	},
	{
		name: "crash", with: "{}", most: 5,
		inject: "{fault: service_crash, with: {target: payment}}",
		expect: `  root_cause: {entity: payment, mechanism: process_down}
  end: closed
  escalated: false
  steps: [{action: process.restart, target: payment, state: done}]
`,
	},
	{
		name: "certificate", with: "{}", most: 5,
		inject: "{fault: expired_certificate}",
		expect: `  root_cause: {entity: auth, mechanism: certificate_expired}
  end: closed
  escalated: false
  steps: [{action: certificate.renew, target: auth, state: done}]
`,
	},
	{
		name: "clock", with: "{}", most: 5,
		inject: "{fault: clock_skew, with: {target: notification, by: -90s}}",
		expect: `  root_cause: {entity: notification, mechanism: clock_skew}
  end: closed
  escalated: false
  steps: [{action: clock.correct, target: notification, state: done}]
`,
	},
	{
		name: "restart", with: "{}", most: 5, operate: "  - approve: {action: service.restart, by: ann}\n",
		inject: "{fault: slow_service, with: {target: inventory}}",
		expect: `  root_cause: {entity: inventory, mechanism: slow_dependency}
  end: closed
  steps: [{action: service.restart, target: inventory, state: [done, unknown]}]
`,
	},
}

// Corax, in a process of its own, is killed at every state that a step comes to, and at random moments, over all the plans of the lab. Each
// plan comes to the same end as without kills, and nothing breaks the lab's invariants. With CORAX_SOAK=1 it is killed 200 times.
func TestSoakKillsOverThePlansOfTheLab(t *testing.T) {
	want, kinds := 2, killed[2:3]
	if os.Getenv("CORAX_SOAK") != "" {
		want, kinds = 200, killed
	}
	dir, kills, runs := t.TempDir(), map[string]int{}, map[string]int{}
	for seed, total := 1000, 0; total < want && !t.Failed(); seed++ {
		k := kinds[seed%len(kinds)]
		how, name := "{}", k.name+" at each state"
		if seed/len(kinds)%2 == 1 {
			how, name = fmt.Sprintf("{within: 1500ms, most: %d}", k.most), k.name+" at random"
		}
		file := fmt.Sprintf(`name: killed_%s_%d
category: soak
title: Corax is killed while it heals
lab: {name: jwt, seed: %d, with: %s}
inject:
  - %s
operate:
  - kill: %s
%sexpect:
%s  problems: 1
  closed_within: 10m # whatever the machine is busy with: the end counts
  plan: done
  plans: 1
  kills: 1
  invariants: true
  truth: true
`, k.name, seed, seed, k.with, k.inject, how, k.operate, k.expect)
		path := filepath.Join(dir, fmt.Sprintf("%s_%d.yaml", k.name, seed))
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, r := range runScenarios(t, path) {
			n := killsOf(t, r)
			kills[name], runs[name], total = kills[name]+n, runs[name]+1, total+n
			t.Logf("seed %d, %s: %d kills, %s; %d so far", seed, name, n, r.Verdict, total)
		}
	}
	t.Logf("kills %v, runs %v", kills, runs)
}

// killsOf is how often Corax was killed in a run, by the run's own count.
func killsOf(t *testing.T, r scenario.Result) int {
	t.Helper()
	for _, c := range r.Checks {
		if c.Name == "kills" {
			n, err := strconv.Atoi(c.Actual)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Errorf("%s: nobody counted the kills", r.ID())
	return 0
}
