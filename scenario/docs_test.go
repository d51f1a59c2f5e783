package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"corax/scenarios"
)

// docs/scenarios.md lists each scenario that comes with Corax, with its title, and no other.
func TestScenariosAreListed(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "scenarios.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `[a-z0-9-]+/[a-z0-9_]+` \\| .* \\|$").FindAllString(string(text), -1) {
		listed[m] = true
	}
	found, broken := LoadFS(scenarios.Files, ".")
	if len(broken) > 0 || len(found) == 0 {
		t.Fatal(len(found), broken)
	}
	for _, sc := range found {
		line := fmt.Sprintf("| `%s` | %s |", sc.ID(), sc.Title)
		if !listed[line] {
			t.Errorf("docs/scenarios.md lacks the line %s", line)
		}
		delete(listed, line)
	}
	for line := range listed {
		t.Errorf("docs/scenarios.md has a line of no scenario: %s", line)
	}
}
