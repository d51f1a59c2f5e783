package decode_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corax"
	"corax/config/decode"
)

type base struct {
	Name string `yaml:"name" json:"name" decode:"required"`
}

type sample struct {
	base     `yaml:",inline"`
	Every    time.Duration             `yaml:"every" json:"every"`
	Severity corax.Severity            `yaml:"severity" json:"severity"`
	Allowed  []corax.Severity          `yaml:"allowed" decode:"one_or_many"`
	Count    int                       `yaml:"count" json:"count"`
	Ratio    float64                   `yaml:"ratio"`
	On       *bool                     `yaml:"on"`
	At       time.Time                 `yaml:"at" json:"at"`
	Labels   map[string]string         `yaml:"labels" json:"labels"`
	With     map[string]any            `yaml:"with"`
	By       map[corax.Severity]string `yaml:"by"`
	Items    []*base                   `yaml:"items" json:"items"`
	Small    uint8                     `yaml:"small"`
	Size     int64                     `yaml:"size" decode:"bytes"`
	secret   string                    //nolint:unused // must be left alone
}

func TestYAMLFillsEveryKind(t *testing.T) {
	const text = `
name: 8080
every: 1m30s
severity: CRITICAL
allowed: high
count: 0x10
ratio: 2
on: false
at: 2026-03-30T02:00:00Z
labels: {a.b: c, n: 5}
with: {n: 4, f: 0.5, s: text, b: true, none: null, l: [1, x], at: 2026-01-01}
by: {low: calm}
size: 1.5 KiB
items:
  - &first {name: one}
  - *first
  - <<: *first
`
	var got sample
	if err := decode.YAML("f.yaml", []byte(text), &got); err != nil {
		t.Fatal(err)
	}
	off := false
	want := sample{
		base: base{Name: "8080"}, Every: 90 * time.Second, Severity: corax.Critical, Allowed: []corax.Severity{corax.High},
		Count: 16, Ratio: 2, On: &off, At: time.Date(2026, 3, 30, 2, 0, 0, 0, time.UTC),
		Labels: map[string]string{"a.b": "c", "n": "5"},
		With:   map[string]any{"n": 4, "f": 0.5, "s": "text", "b": true, "none": nil, "l": []any{1, "x"}, "at": "2026-01-01"},
		By:     map[corax.Severity]string{corax.Low: "calm"},
		Size:   1536,
		Items:  []*base{{"one"}, {"one"}, {"one"}},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(sample{}, base{})); d != "" {
		t.Error(d)
	}
}

func TestYAMLPointsAtTheFault(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown field", "name: a\nevry: 3s", `f.yaml:2:1: evry: unknown field "evry" (did you mean "every"?)`},
		{"duration", "name: a\nevery: 3",
			`f.yaml:2:8: every: expected a duration, found the number 3 (write a number with its unit`},
		{"severity", "name: a\nseverity: criticl", `f.yaml:2:11: severity: severity "criticl": expected critical, high`},
		{"list", "name: a\nitems: x", `f.yaml:2:8: items: expected a list, found the text "x" (write [x])`},
		{"nested", "name: a\nitems: [{name: b}, {nmae: c}]",
			`f.yaml:2:21: items[1].nmae: unknown field "nmae" (did you mean "name"?)`},
		{"missing", "count: 1", `f.yaml:1:1: name: "name" is missing`},
		{"missing in empty", "", `f.yaml:1:1: name: "name" is missing`},
		{"twice", "name: a\ncount: 1\ncount: 2", `f.yaml:3:1: count: "count" is given twice, first in line 2`},
		{"number", "name: a\ncount: many", `f.yaml:2:8: count: expected a whole number, found the text "many"`},
		{"overflow", "name: a\nsmall: 256", `f.yaml:2:8: small: expected a whole number that is not negative`},
		{"bool", "name: a\non: yes", `f.yaml:2:5: on: expected true or false, found the text "yes" (write true or false)`},
		{"map value", "name: a\nlabels: {a.b: [1]}", `f.yaml:2:15: labels["a.b"]: expected text, found a list`},
		{"map key", "name: a\nby: {loud: x}", `f.yaml:2:6: by.loud: severity "loud"`},
		{"time", "name: a\nat: noon", `f.yaml:2:5: at: expected a time, found the text "noon"`},
		{"not a mapping", "- a", `f.yaml:1:1: expected a mapping, found a list`},
		{"syntax", "name: [a", `f.yaml:2:1: while parsing a flow sequence that begins at 1:7`},
		{"tab", "name:\n\t- x", `f.yaml:2:1: while scanning`},
		{"colon", "name: a: b", `f.yaml:1:8: mapping values are not allowed in this context (quote text`},
		{"documents", "name: a\n---\nname: b", `one document is expected`},
		{"cycle", "name: a\nwith: &x {y: *x}", `nested more than`},
		{"size", "name: a\nsize: 5 bananas", `f.yaml:2:7: size: expected an amount of bytes, found the text "5 bananas"`},
		{"NUL", "name: a\x00", `f.yaml:1:8: a NUL byte`},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := decode.YAML("f.yaml", []byte(c.text), &sample{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got  %v\nwant %s", err, c.want)
			}
			if corax.CodeOf(err) != corax.Invalid || corax.HintOf(err) != "" {
				t.Errorf("code %q", corax.CodeOf(err))
			}
		})
	}
}

func TestYAMLReportsAllFaultsInOrder(t *testing.T) {
	err := decode.YAML("f.yaml", []byte("every: x\ncunt: 1\nitems:\n  - {}\n  - {name: 1, z: 2}\n"), &sample{})
	var all decode.Errors
	if !errors.As(err, &all) {
		t.Fatalf("%T", err)
	}
	var got []string
	for _, p := range all {
		got = append(got, p.Field)
	}
	if d := cmp.Diff([]string{"name", "every", "cunt", "items[0].name", "items[1].z"}, got); d != "" {
		t.Error(d)
	}
}

func TestYAMLBoundsAliases(t *testing.T) {
	var b strings.Builder
	b.WriteString("name: x\nwith:\n  a0: &a0 [1,1,1,1,1,1,1,1,1]\n")
	for i := 1; i < 12; i++ {
		p := string(rune('a' + i - 1))
		q := string(rune('a' + i))
		if i == 1 {
			p = "a0"
		}
		b.WriteString("  " + q + ": &" + q + " [*" + p + strings.Repeat(", *"+p, 8) + "]\n")
	}
	err := decode.YAML("bomb.yaml", []byte(b.String()), &sample{})
	if err == nil || !strings.Contains(err.Error(), "aliases multiply") {
		t.Fatalf("got %v", err)
	}
}

func TestDocumentAt(t *testing.T) {
	d, err := decode.Parse("f.yaml",
		[]byte("a: &x\n  b: 1\nlist:\n  - name: p\n    deep: {\"k.l\": v}\n  - *x\nm:\n  <<: *x\n"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][2]int{
		"":                     {1, 1},
		"a":                    {1, 1},
		"a.b":                  {2, 6},
		"list[0].name":         {4, 11},
		"list[0].missing":      {4, 5},
		`list[0].deep["k.l"]`:  {5, 19},
		"list[1].b":            {2, 6},
		"m.b":                  {2, 6},
		"nothing[5].here":      {1, 1},
		"list[99]":             {3, 1},
		"list[x]":              {3, 1},
		`list["`:               {3, 1},
		"list[0].deep[":        {5, 5},
		"list[0].name.further": {4, 11},
	} {
		line, col := d.At(path)
		if got := [2]int{line, col}; got != want {
			t.Errorf("At(%q) = %v, want %v", path, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	for _, c := range []struct {
		name, text string
		line, col  int
		want       string
	}{
		{"fine", `{"name": "a", "unknown": 1, "every": 5}`, 0, 0, ""},
		{"syntax", `{"name": "a",, "b": 1}`, 1, 14, "invalid character ','"},
		{"cut", `{"name": "é`, 1, 12, "not closed"},
		{"trailing", `{"name": "a"} x`, 1, 15, "after top-level value"},
		{"type", `{"name": "é", "count": "x"}`, 1, 24, `expected a whole number, found the text "x"`},
		{"severity", `{"name": "a", "severity": "loud"}`, 1, 27, `severity "loud"`},
		{"deep", "{\"name\": \"a\",\n \"items\": [{\"name\": \"b\"}, {\"name\": 5}]}", 2, 36,
			"expected text, found the number 5"},
		{"time", `{"name": "a", "at": "noon"}`, 1, 21, "expected a time"},
		{"empty", ``, 1, 1, "found nothing"},
		{"not an object", `[1]`, 1, 1, "expected a mapping"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s struct {
				sample
				Name string `json:"name"`
			}
			err := decode.JSON([]byte(c.text), &s)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var all decode.Errors
			if !errors.As(err, &all) {
				t.Fatalf("got %v", err)
			}
			if p := all[0]; p.Line != c.line || p.Column != c.col || !strings.Contains(p.Error(), c.want) {
				t.Errorf("got %v, want %d:%d %s", p, c.line, c.col, c.want)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	words := []string{"target", "timeout", "every", "entity", "retention_age"}
	for word, want := range map[string]string{
		"tagret": "target", "Timeout": "timeout", "time-out": "timeout", "evry": "every", "retention-age": "retention_age",
		"x": "", "": "", "completely": "", strings.Repeat("a", 1000): "",
	} {
		if got := decode.Nearest(word, words); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func FuzzYAML(f *testing.F) {
	for _, s := range []string{"name: a\nitems: [{name: b}]", "a: &x [*x]", "<<: {a: 1}", "? [a]\n: 1",
		"with: {a: !!binary x}", "\xff", "- &a\n- *a"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s sample
		err := decode.YAML("f", data, &s)
		var all decode.Errors
		if err != nil && (!errors.As(err, &all) || len(all) == 0) {
			t.Fatalf("%T %v", err, err)
		}
		d, err := decode.Parse("f", data)
		if err != nil {
			return
		}
		for _, p := range all {
			d.At(p.Field)
		}
		var anything any
		_ = d.Decode(&anything)
	})
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"name": 5, "items": [{"name": "x"}], "at": ""}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s sample
		err := decode.JSON(data, &s)
		var all decode.Errors
		if err != nil && (!errors.As(err, &all) || len(all) == 0 || all[0].Line < 1 || all[0].Column < 1) {
			t.Fatalf("%T %v", err, err)
		}
	})
}
