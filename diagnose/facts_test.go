package diagnose

import (
	"maps"
	"slices"
	"testing"

	"corax"
	read "corax/diagnose/reading"
	"corax/knowledge"
)

// Every identifier that a text of the catalogue may insert is one that the reader looks for.
func TestIdentifierKinds(t *testing.T) {
	var kinds []string
	for _, k := range read.Kinds {
		kinds = append(kinds, string(k))
	}
	slices.Sort(kinds)
	if want := slices.Sorted(maps.Keys(knowledge.Identifiers)); !slices.Equal(kinds, want) {
		t.Errorf("the reader finds %v, the catalogue may insert %v", kinds, want)
	}
}

// What the root's own signals say fills the holes of plans, and nothing that a shell reads gets in.
func TestFacts(t *testing.T) {
	r := engine(t).Diagnose(corax.Case{Signals: []corax.Signal{
		{Kind: corax.Symptom, Entity: "shop", Message: "upstream payments answered 502 after 10.0.0.9:8080"},
		{Kind: corax.Symptom, Entity: "payments", Message: "connection refused on 10.0.0.5:9090, user='$(reboot)'", Labels: map[string]string{
			"namespace": "pay", "pod": "pay-0 reboot"}},
	}, Topology: corax.Topology{
		Entities: []corax.Entity{{ID: "shop"}, {ID: "payments"}},
		Edges:    []corax.Edge{{From: "shop", To: "payments", Kind: corax.DependsOn}},
	}})
	if len(r.Problems) != 1 || r.Problems[0].RootCause.Entity != "payments" {
		t.Fatalf("%+v", r.Problems)
	}
	facts := r.Problems[0].RootCause.Facts
	for name, want := range map[string]string{"address": "10.0.0.5", "port": "9090", "namespace": "pay", "pod": "", "user": ""} {
		if facts[name] != want {
			t.Errorf("%s is %q, want %q", name, facts[name], want)
		}
	}
}
