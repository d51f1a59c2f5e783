package knowledge

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"corax"
)

// Write writes a mechanism as a file of a catalogue that Load reads, with what a person still has to add.
func (m Mechanism) Write(out io.Writer) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Kept by Corax. What a person knows better: the title, what it is, the remedies (docs/knowledge.md).")
	line("domain: %s\nmechanisms:\n  - id: %s", m.Domain, m.ID)
	line("    title: %s\n    pattern: %s\n    what: %s", quoted(m.Title), m.Pattern, quoted(m.What))
	signatures := func(name string, list []Signature) {
		if len(list) > 0 {
			line("    %s:", name)
		}
		for _, s := range list {
			line("      - {say: %s, weight: %g}", quoted(s.Say), s.Weight)
		}
	}
	signatures("signatures", m.Signatures)
	signatures("causes", m.Causes)
	line("    severity: {base: %s}", m.Severity.Base)
	texts := func(indent, name string, list []string) {
		if len(list) > 0 {
			line("%s%s:", indent, name)
		}
		for _, s := range list {
			line("%s  - %s", indent, quoted(s))
		}
	}
	texts("    ", "evidence", m.Evidence)
	line("    remedies:")
	for _, r := range m.Remedies {
		line("      - phase: %s\n        action: %s\n        purpose: %s\n        do: %s", quoted(r.Phase), r.Action, r.Purpose, quoted(r.Do))
		for _, x := range [...][2]string{{"run", r.Run}, {"check", r.Check}, {"verify", r.Verify}, {"undo", r.Undo}} {
			if x[1] != "" {
				line("        %s: %s", x[0], quoted(x[1]))
			}
		}
		if r.Ask {
			line("        ask: true")
		}
	}
	texts("    ", "examples", m.Examples)
	line("    vectors:")
	texts("      ", "recognise", m.Vectors.Recognise)
	if _, err := io.WriteString(out, b.String()); err != nil {
		return &corax.Error{Code: corax.Unavailable, Op: "write mechanism " + m.ID, Err: err}
	}
	return nil
}

// quoted is a value in JSON, which YAML reads as the same.
func quoted(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return `""` // texts and lists of texts always encode
	}
	return strings.TrimSpace(b.String())
}
