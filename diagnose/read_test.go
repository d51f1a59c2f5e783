package diagnose

import "testing"

func TestFill(t *testing.T) {
	facts := map[string]string{"kid": "{root}", "n": "7"}
	tests := []struct {
		text, want string
		complete   bool
	}{
		{"key {kid} on {target}", "key {root} on t", true}, // what comes from outside is not read again
		{"{gone|the old key} of {root}", "the old key of r", true},
		{"{gone} of {n}", " of 7", false},
		{"open { brace", "open { brace", true},
	}
	for _, tt := range tests {
		b := binding{target: "t", root: "r", facts: facts}
		got, _, ok := b.fill(tt.text)
		if got != tt.want || ok != tt.complete {
			t.Errorf("%q: %q %v", tt.text, got, ok)
		}
	}
}
