package scenario

import (
	"os"
	"strings"
	"testing"

	"corax"
	"corax/knowledge"
	"corax/scenarios"
)

// A forbidden pattern or action that nobody could name is a check that can't fail.
func TestShippedFilesUseTheWordsOfTheKnowledge(t *testing.T) {
	catalogue, err := knowledge.Load()
	if err != nil {
		t.Fatal(err)
	}
	all, _ := LoadFS(scenarios.Files, ".")
	for _, sc := range all {
		patterns, actions := sc.Expect.Forbid.Patterns, sc.Expect.Forbid.Actions
		for _, o := range sc.Expect.outcomes() {
			patterns = append(patterns, o.Pattern)
			if o.RootCause == nil {
				continue
			}
			for _, id := range o.RootCause.Mechanism {
				if _, ok := catalogue.Mechanism(id); !ok {
					t.Errorf("%s: no mechanism is called %s", sc.File, id)
				}
			}
		}
		for _, op := range sc.Operate {
			for _, reply := range []*Reply{op.Approve, op.Deny} {
				if reply != nil {
					actions = append(actions, reply.Action)
				}
			}
		}
		for _, name := range patterns {
			if _, ok := catalogue.Pattern(name); !ok && name != corax.Unknown && name != "" {
				t.Errorf("%s: no pattern is called %s", sc.File, name)
			}
		}
		for _, name := range actions {
			if _, ok := catalogue.Action(name); !ok {
				t.Errorf("%s: no action is called %s", sc.File, name)
			}
		}
	}
}

// The examples of the documentation can be used as they stand.
func TestDocumentedExamplesLoad(t *testing.T) {
	doc, err := os.ReadFile("../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	const head = "name: x\ncategory: y\ntitle: z\n"
	complete := map[int]string{1: head + "expect: {pattern: UNKNOWN}\n", 2: head + "lab: {name: jwt}\ninject: [{fault: service_crash}]\n"}
	for i, block := range strings.Split(string(doc), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		if _, err := Parse("docs", []byte(complete[i]+text)); err != nil {
			t.Errorf("example %d: %v", i, err)
		}
	}
}
