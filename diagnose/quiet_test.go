package diagnose

import (
	"os"
	"strings"
	"testing"

	"corax"
)

// TestQuiet reads pairs that differ in little: what is well raises nothing, and what is not is seen.
func TestQuiet(t *testing.T) {
	data, err := os.ReadFile("testdata/well-and-ill.txt")
	if err != nil {
		t.Fatal(err)
	}
	e := engine(t)
	well, ill := 0, 0
	for n, line := range strings.Split(string(data), "\n") {
		sort, text, ok := strings.Cut(line, " ")
		if !ok || sort == "#" {
			continue
		}
		problems := e.Diagnose(corax.Case{Signals: []corax.Signal{{Message: text}}}).Problems
		switch sort {
		case "+":
			if well++; len(problems) > 0 {
				t.Errorf("line %d: %q is well, and raised %s", n+1, text, problems[0].RootCause.Mechanism)
			}
		case "-":
			if ill++; len(problems) == 0 {
				t.Errorf("line %d: %q is not seen", n+1, text)
			}
		default:
			t.Fatalf("line %d begins with %q, want +, - or #", n+1, sort)
		}
	}
	if well < 90 || ill < 60 {
		t.Errorf("only %d lines that are well and %d that are not", well, ill)
	}
}
