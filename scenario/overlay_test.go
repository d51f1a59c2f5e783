package scenario

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

func TestOverlay(t *testing.T) {
	out, err := overlay([]byte("heal: {a: 1, b: 2}\nrules: [{name: x, then: ask, because: y}]\nlist: [1, 2]\n"), map[string]any{
		"heal":  map[string]any{"b": 3},
		"rules": []any{map[string]any{"name": "x", "then": "deny"}, map[string]any{"name": "new", "when": "entity.id == '@payment'", "mail": "a@payment"}},
		"list":  []any{4},
	}, func(word string) (string, bool) { return word + "-7", word == "payment" })
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := yaml.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	_ = yaml.Unmarshal([]byte("heal: {a: 1, b: 3}\nlist: [4]\nrules: [{name: new, when: \"entity.id == 'payment-7'\", mail: a@payment}, {name: x, then: deny, because: y}]\n"), &want)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
