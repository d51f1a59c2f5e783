package heal

import (
	"testing"
	"time"

	"corax"
)

func TestBind(t *testing.T) {
	a := corax.Action{Name: "a", Inputs: map[string]corax.Input{
		"s": {Type: "string", Required: true}, "n": {Type: "int",
			Default: "3"}, "d": {Type: "duration"}, "b": {Type: "bool"},
	}}
	got, err := bind(a, map[string]string{"s": "${facts.x}", "d": "90s", "other": "dropped"})
	if err != nil || got["s"] != "${facts.x}" || got["n"] != int64(3) || got["d"] != 90*time.Second || len(got) != 3 {
		t.Errorf("got %v, %v", got, err)
	}
	for _, given := range []map[string]string{{}, {"s": "x", "n": "many"}, {"s": "x", "b": "perhaps"}} {
		if _, err := bind(a, given); err == nil {
			t.Errorf("%v was accepted", given)
		}
	}
}
