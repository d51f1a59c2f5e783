package sample

import (
	"context"
	"fmt"
	"time"

	"corax"
)

// Governed is what the records of governing are written to.
type Governed interface {
	SaveDecision(ctx context.Context, d corax.Decision, events ...corax.Event) error
	AppendAudit(ctx context.Context, entries ...corax.AuditEntry) error
}

// rules are those that decisions are made by, the frequent ones first, with their verdicts.
var rules = []struct {
	name    string
	verdict corax.Verdict
}{
	{"read-only", corax.Allow}, {"reversible-at-night", corax.Allow}, {"restart-of-one", corax.Allow}, {"default", corax.Ask}, {"many-touched", corax.Ask},
	{"database", corax.Ask}, {"storm", corax.Deny}, {"freeze", corax.Deny},
}

// kept are kinds of entries that have no other record beside them, the frequent ones first.
var kept = []struct {
	what corax.AuditKind
	on   string // kind of what it is about; what it is called is drawn
}{
	{corax.AuditSecret, "vault:lab/ssh-%d"}, {corax.AuditLogin, "user/%d"}, {corax.AuditOutcome, "outcome/%d"}, {corax.AuditLoginFailed, "user/%d"},
	{corax.AuditSilenced, "silence/sil-%d"}, {corax.AuditStopSet, "stop/entity-%d"}, {corax.AuditCap, "cap/restart/%d"}, {corax.AuditBackup, "backup/%d"},
}

// govern writes decisions, each of which the store audits, and entries of the audit beside them, spread over the span.
func (f *filler) govern(ctx context.Context, s Governed) error {
	for i := range f.o.Decisions {
		at := f.from.Add(time.Duration(float64(f.o.Until.Sub(f.from)) * float64(i) / float64(f.o.Decisions)))
		if err := s.SaveDecision(ctx, f.decision(i, at)); err != nil {
			return err
		}
	}
	var entries []corax.AuditEntry
	for i := range f.o.Entries {
		k := kept[f.skewed(len(kept))]
		at := f.from.Add(time.Duration(float64(f.o.Until.Sub(f.from)) * float64(i) / float64(f.o.Entries)))
		entries = append(entries, corax.AuditEntry{At: at.UTC(), Who: people[f.skewed(len(people))], What: k.what, On: fmt.Sprintf(k.on, f.rand.IntN(200)),
			Detail: map[string]string{"from": f.say("%i", ""), "why": f.say("request %x", "")}})
		if len(entries) == batch || i+1 == f.o.Entries {
			if err := s.AppendAudit(ctx, entries...); err != nil {
				return err
			}
			entries = entries[:0]
		}
	}
	return nil
}

// decision is one about a step of an outage's plan.
func (f *filler) decision(i int, at time.Time) corax.Decision {
	rule, action := rules[f.skewed(len(rules))], outages[f.skewed(len(outages))].action
	e := f.topology.Entities[f.skewed(len(f.topology.Entities))]
	other := f.topology.Entities[f.rand.IntN(len(f.topology.Entities))]
	problem := fmt.Sprintf("prb-%06d", 1+f.rand.IntN(max(f.o.Problems, 1)))
	return corax.Decision{
		ID: fmt.Sprintf("dec-%08d", i+1), At: at.UTC(), Plan: "pln-" + problem, Step: "heal", Verdict: rule.verdict, Rule: rule.name,
		Why: "the rule " + rule.name + " says so", Input: map[string]any{
			"action":  map[string]any{"name": action, "risk": "reversible", "undo": false, "touches": []string{e.ID, other.ID}, "params": map[string]any{"wait": "30s"}},
			"entity":  map[string]any{"id": e.ID, "kind": e.Kind, "labels": e.Labels},
			"problem": map[string]any{"id": problem, "severity": "high", "pattern": "UNKNOWN", "confidence": 0.8, "age": "2m"},
			"plan":    map[string]any{"mode": "auto-heal", "steps": 3, "confidence": 0.8},
			"blast":   map[string]any{"entities": 2, "services": 1, "dependents": f.rand.IntN(9)},
			"rate":    map[string]any{"hour": f.rand.IntN(5), "day": f.rand.IntN(30)},
			"history": map[string]any{"runs": f.rand.IntN(90), "verified": f.rand.IntN(80)},
			"storm":   map[string]any{"active": rule.name == "storm", "problems": f.rand.IntN(4)},
		},
	}
}
