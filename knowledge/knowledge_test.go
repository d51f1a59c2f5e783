package knowledge

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"corax"
)

func TestBuiltIn(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Patterns) != 48 || len(c.Mechanisms) < 60 {
		t.Errorf("%d patterns, %d mechanisms", len(c.Patterns), len(c.Mechanisms))
	}
	m, ok := c.Mechanism("key_used_before_distributed")
	if !ok || m.Pattern != corax.Unknown {
		t.Fatalf("%+v", m)
	}
	var got []string
	for _, r := range m.Remedies {
		got = append(got, r.Phase+" "+r.Action+" "+string(r.On)+" "+string(r.Purpose))
	}
	want := `contain signing_key.reactivate root restore
deliver signing_key.deliver verifiers fix
check signing_key.check root fix
switch signing_key.switch root fix
harden rotation.harden root prevent
retire signing_key.retire root tidy
destroy signing_key.destroy root tidy`
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("remedies:\n%s\nwant:\n%s", s, want)
	}
	if r := m.Remedies[0]; len(r.Unless) != 1 || r.Unless[0] != "reason=compromise" {
		t.Errorf("reactivate unless %v", r.Unless)
	}
	if r := m.Remedies[6]; !r.Ask {
		t.Error("destroying a key must ask")
	}
}

func TestOverlay(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "mine.yaml", `
mechanisms:
  - {id: process_down, title: ours, pattern: OURS, what: w, signatures: [{say: [kaput]}],
     remedies: [{phase: p, action: ours.do, purpose: restore, do: "Do it on {target}"}]}
patterns:
  - {name: OURS, what: our own}
actions:
  - {name: ours.do, title: t, risk: read, check: c, verify: v, undo: "none: it only reads"}
`)
	c, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := c.Mechanism("process_down")
	if m.Title != "ours" || m.Signatures[0].Role != CauseRole || m.Remedies[0].On != OnRoot || m.Severity.Base != corax.High {
		t.Errorf("%+v", m)
	}
	if _, ok := c.Mechanism("clock_skew"); !ok {
		t.Error("what is not overlaid stays")
	}
}

func TestBroken(t *testing.T) {
	tests := map[string]string{
		"patterns: [{nam: X}]":                                                                      "nam",
		"patterns: [{name: X, what: w}, {name: X, what: w}]":                                        "twice",
		"patterns: [{name: X, what: w}]":                                                            "no mechanism",
		"actions: [{name: a, title: t, risk: wild, verify: v, undo: u}]":                            "wild",
		"mechanisms: [{id: Bad-Id, title: t, what: w, pattern: NOPE}]":                              "NOPE",
		"mechanisms: [{id: m, title: t, what: w, pattern: UNKNOWN, signatures: [{say: ['a||b']}]}]": "empty alternative",
		"mechanisms: [{id: m, title: t, what: w, pattern: UNKNOWN, signatures: [{say: [a]}], " +
			"remedies: [{phase: p, action: process.restart, purpose: fix, do: 'start {nothing_known}'}]}]": "{nothing_known}",
		"mechanisms: [{id: m, title: t, what: w, pattern: UNKNOWN, signatures: [{say: [a]}], remedies: [" +
			"{phase: p, action: process.restart, purpose: tidy, do: x}, {phase: q, action: process.restart, purpose: restore, do: y}]}]": "restore comes after tidy",
	}
	for text, says := range tests {
		dir := t.TempDir()
		write(t, dir, "x.yaml", text)
		if err := Check(dir); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "gone")); corax.CodeOf(err) != corax.NotFound {
		t.Errorf("missing directory: %v", err)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
