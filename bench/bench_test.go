// Package bench holds measuring data; its tests check the data, not the engine. README.md says who may look at which half.
package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"corax"
	"corax/knowledge"
)

const unknown = "UNKNOWN"

type scenario struct {
	ID         string   `json:"id"`
	Split      string   `json:"split"`
	Kind       string   `json:"kind"`
	Category   string   `json:"category"`
	Name       string   `json:"name"`
	Conditions string   `json:"conditions"`
	Signals    []string `json:"signals"`
	Expect     struct {
		Pattern     string         `json:"pattern"`
		Severity    corax.Severity `json:"severity"`
		Correlation *bool          `json:"correlation"`
		Cascade     *bool          `json:"cascade"`
	} `json:"expect"`
	RootCause string `json:"root_cause"`
}

type alert struct {
	ID       string         `json:"id"`
	Split    string         `json:"split"`
	Message  string         `json:"message"`
	Severity corax.Severity `json:"severity"`
	Why      string         `json:"why"`
}

func lines(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

// records reads one JSON object a line and refuses fields that nobody knows: a misspelt one would silently assert nothing.
func records[T any](t *testing.T, file string) []T {
	t.Helper()
	var out []T
	for i, line := range lines(t, file) {
		var record T
		d := json.NewDecoder(bytes.NewReader([]byte(line)))
		d.DisallowUnknownFields()
		if err := d.Decode(&record); err != nil {
			t.Fatalf("%s:%d: %v", file, i+1, err)
		}
		out = append(out, record)
	}
	return out
}

func TestScenarios(t *testing.T) {
	catalogue, err := knowledge.Load()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, p := range catalogue.Patterns {
		known[p.Name] = true
	}

	cases := records[scenario](t, "scenarios/cases.jsonl")
	if len(cases) < 150 {
		t.Errorf("%d cases, want 150 or more", len(cases))
	}
	ids, saidIn := map[string]bool{}, map[string]string{}
	count := map[string]int{}
	for _, c := range cases {
		if err := c.check(); err != nil {
			t.Errorf("%s: %v", c.ID, err)
		}
		if ids[c.ID] {
			t.Errorf("%s: id used twice", c.ID)
		}
		ids[c.ID] = true
		if !known[c.Expect.Pattern] {
			t.Errorf("%s: no pattern %q in the catalogue", c.ID, c.Expect.Pattern)
		}
		// A signal in both halves would carry what tuning learned into the figures.
		for _, s := range c.Signals {
			if other, ok := saidIn[s]; ok && other != c.Split {
				t.Errorf("%s: signal %q is in both halves", c.ID, s)
			}
			saidIn[s] = c.Split
		}
		for _, key := range []string{c.Kind, c.Split, c.Expect.Severity.String()} {
			count[c.Expect.Pattern+" "+key]++
			count[key]++
		}
	}

	for _, p := range catalogue.Patterns {
		for key, least := range map[string]int{"multi": 2, "single": 1, "dev": 1, "test": 1} {
			if got := count[p.Name+" "+key]; got < least {
				t.Errorf("%s: %d %s cases, want %d or more", p.Name, got, key, least)
			}
		}
	}
	if got := count[unknown+" multi"] + count[unknown+" single"]; got < 20 {
		t.Errorf("%s: %d cases, want 20 or more", unknown, got)
	}
	for key, share := range map[string]int{"critical": 35, "high": 20, "medium": 15, "low": 8, "dev": 45, "test": 45} {
		if count[key]*100 < share*len(cases) {
			t.Errorf("%s: %d of %d cases, want %d %% or more", key, count[key], len(cases), share)
		}
	}
}

func (c scenario) check() error {
	n := len(c.Signals)
	one := c.Expect.Correlation != nil && *c.Expect.Correlation
	switch {
	case c.ID == "" || c.Category == "" || c.Name == "" || c.Conditions == "" || c.RootCause == "":
		return fmt.Errorf("id, category, name, conditions and root_cause must be filled")
	case c.Split != "dev" && c.Split != "test":
		return fmt.Errorf("split %q, want dev or test", c.Split)
	case c.Kind == "multi" && (n < 3 || n > 6 || !one):
		return fmt.Errorf("multi with %d signals, correlation %v; want 3 to 6 and true", n, one)
	case c.Kind == "single" && (n != 1 || c.Expect.Correlation != nil || c.Expect.Cascade != nil):
		return fmt.Errorf("single with %d signals; want 1, correlation and cascade null", n)
	case c.Kind != "multi" && c.Kind != "single":
		return fmt.Errorf("kind %q, want multi or single", c.Kind)
	case c.Expect.Severity == corax.SeverityNone:
		return fmt.Errorf("no severity")
	case c.Expect.Cascade != nil && !*c.Expect.Cascade:
		return fmt.Errorf("cascade false; want true, or null where nothing is asserted")
	}
	for _, s := range c.Signals {
		if strings.TrimSpace(s) != s || s == "" {
			return fmt.Errorf("signal %q is empty or has space around it", s)
		}
	}
	return nil
}

func TestSeverities(t *testing.T) {
	seen := map[string]bool{}
	count := map[string]int{}
	for _, a := range records[alert](t, "severity/cases.jsonl") {
		if a.ID == "" || a.Message == "" || a.Why == "" || a.Severity == corax.SeverityNone {
			t.Errorf("%+v: id, message, severity and why must be filled", a)
		}
		if seen[a.ID] || seen[a.Message] {
			t.Errorf("%s: id or message used twice", a.ID)
		}
		seen[a.ID], seen[a.Message] = true, true
		count[a.Severity.String()+" "+a.Split]++
	}
	for _, level := range []string{"critical", "high", "medium", "low"} {
		for _, split := range []string{"dev", "test"} {
			if got := count[level+" "+split]; got < 15 {
				t.Errorf("%s: %d alerts in the %s half, want 15 or more", level, got, split)
			}
		}
	}
}

func TestLines(t *testing.T) {
	seen := map[string]string{}
	for _, f := range []struct {
		file  string
		least int
	}{{"healthy/lines.txt", 400}, {"healthy/unseen.txt", 100}, {"twins/lines.txt", 60}, {"other/lines.txt", 150}} {
		all := lines(t, f.file)
		if len(all) < f.least {
			t.Errorf("%s: %d lines, want %d or more", f.file, len(all), f.least)
		}
		for i, line := range all {
			if strings.TrimSpace(line) == "" {
				t.Errorf("%s:%d: empty line", f.file, i+1)
			}
			if first, ok := seen[line]; ok {
				t.Errorf("%s:%d: same line as in %s", f.file, i+1, first)
			}
			seen[line] = f.file
		}
	}
}
