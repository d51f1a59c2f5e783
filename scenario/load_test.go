package scenario

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"corax"
	"corax/config/decode"
	"corax/scenarios"
)

const good = `name: a_fault
category: availability
title: Something breaks
inject:
  - signal: {source: probe, message: "it is broken"}
expect: {pattern: UNKNOWN}
`

const goodLab = `name: a_fault
category: availability
title: Something breaks
lab: {name: jwt}
inject:
  - fault: service_crash
`

// broken are files that can't be used, with the beginning of what is said of each.
var broken = []struct {
	name, text, want string
	schemaKnows      bool
}{
	{"misspelt field", strings.Replace(good, "title", "titel", 1), `test.yaml:3:1: titel: `, true},
	{"misspelt field hint", strings.Replace(good, "title", "titel", 1), `did you mean "title"?`, true},
	{"no category", strings.Replace(good, "category: availability\n", "", 1), "category", true},
	{"no injection", "name: a\ncategory: b\ntitle: c\nexpect: {pattern: X}\n", "inject", true},
	{"name with a space", strings.Replace(good, "a_fault", "a fault", 1), "test.yaml:1:7: name: is not a scenario's name", true},
	{"category with a slash", strings.Replace(good, "availability", "../x", 1), "test.yaml:2:11: category", true},
	{"expects nothing", strings.Replace(good, "expect: {pattern: UNKNOWN}", "expect: {}", 1), "test.yaml:6:1: expect: expects nothing", false},
	{"no expectation at all", strings.Replace(good, "expect: {pattern: UNKNOWN}\n", "", 1), "expects nothing", true},
	{"fault without lab", strings.Replace(good, `signal: {source: probe, message: "it is broken"}`, "fault: crash", 1),
		"test.yaml:5:12: inject[0].fault: needs a lab", false},
	{"signal without message", strings.Replace(good, `, message: "it is broken"`, "", 1), "inject[0].signal", true},
	{"signal of unknown kind", strings.Replace(good, "{source", "{kind: symptoms, source", 1), `did you mean "symptom"?`, true},
	{"fault and signal", goodLab + "    signal: {message: x}\nexpect: {end: healed}\n", "has both", true},
	{"neither fault nor signal", strings.Replace(goodLab, "fault: service_crash", "after: 3s", 1) + "expect: {end: healed}\n", "inject[0]", true},
	{"lab with topology", goodLab + "topology: {}\nexpect: {end: healed}\n", "test.yaml:7:1: topology", true},
	{"misspelt end", goodLab + "expect: {end: heeled}\n", `test.yaml:7:15: expect.end: "heeled" is not known here (did you mean "healed"?)`, true},
	{"misspelt mode", goodLab + "expect: {remediation: autoheal}\n", `did you mean "auto_heal"?`, true},
	{"wrong severity", goodLab + "expect: {severity: [high, loud]}\n", "test.yaml:7:27: expect.severity[1]", true},
	{"duration without unit", goodLab + "expect: {end: healed, healed_within: 30}\n", "test.yaml:7:38: expect.healed_within", true},
	{"negative duration", goodLab + "expect: {end: healed, healed_within: -3s}\n", "is negative", true},
	{"text can't heal", strings.Replace(good, "pattern: UNKNOWN", "end: healed", 1), "text alone", false},
	{"text takes no time", strings.Replace(good, "pattern: UNKNOWN", "detected_within: 3s", 1), "text takes no time", false},
	{"text has no truth", strings.Replace(good, "pattern: UNKNOWN", "pattern: UNKNOWN, truth: true", 1), "expect.truth: needs a lab", false},
	{"control that expects", goodLab + "control: true\nexpect: {pattern: X}\n", "in a control", false},
	{"observe without control", goodLab + "observe: 3s\nexpect: {end: healed}\n", "observe: belongs to a control", false},
	{"each beside an outcome", goodLab + "expect:\n  pattern: X\n  each: [{end: healed}]\n", "expect.each", false},
	{"fewer problems than outcomes", goodLab + "expect:\n  problems: 1\n  each: [{end: healed}, {end: healed}]\n", "expect.problems", false},
	{"empty operation", goodLab + "operate: [{}]\nexpect: {end: healed}\n", "operate[0]: needs one thing to do", true},
	{"empty root cause", goodLab + "expect: {root_cause: {}}\n", "expect.root_cause", true},
}

func TestParseSaysWhatIsWrongAndWhere(t *testing.T) {
	for _, tt := range broken {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("test.yaml", []byte(tt.text))
			if err == nil {
				t.Fatal("it was accepted")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %s\nwant %s", err, tt.want)
			}
			if !strings.HasPrefix(err.Error(), "test.yaml:") {
				t.Errorf("no place: %s", err)
			}
		})
	}
}

func TestParseReportsEveryFault(t *testing.T) {
	_, err := Parse("test.yaml", []byte(goodLab+"observe: 3s\nexpect: {end: heeled, remediation: autoheal}\n"))
	var faults decode.Errors
	if !errors.As(err, &faults) || len(faults) != 3 {
		t.Fatalf("want three faults, got %v", err)
	}
}

func TestShippedFilesLoad(t *testing.T) {
	loaded, unusable := LoadFS(scenarios.Files, ".")
	for _, err := range unusable {
		t.Error(err)
	}
	if len(loaded) < 11 {
		t.Errorf("%d scenarios, want 11 or more", len(loaded))
	}
	for _, sc := range loaded {
		if want := sc.ID() + ".yaml"; sc.File != want {
			t.Errorf("%s holds %s", sc.File, want)
		}
		if sc.Description == "" || sc.Conditions == "" {
			t.Errorf("%s: description and conditions belong to its page", sc.File)
		}
	}
}

func TestBrokenFileAmongGoodOnes(t *testing.T) {
	tree := fstest.MapFS{
		"a/one.yaml":   {Data: []byte(good)},
		"a/two.yaml":   {Data: []byte("name: [")},
		"a/three.yml":  {Data: []byte(strings.Replace(good, "a_fault", "b_fault", 1))},
		"a/twice.yaml": {Data: []byte(good)},
		"a/huge.yaml":  {Data: make([]byte, mostBytes+1)},
		"a/notes.txt":  {Data: []byte("not a scenario")},
	}
	loaded, unusable := LoadFS(tree, ".")
	if len(loaded) != 2 {
		t.Errorf("%d scenarios, want the two good ones", len(loaded))
	}
	if len(unusable) != 3 {
		t.Errorf("want the broken, the huge and the repeated one reported, got %v", unusable)
	}
	if code := ExitCode([]Result{{Verdict: Passed}}, unusable, false); code != 2 {
		t.Errorf("exit status %d, want 2", code)
	}
}

func TestLoadFromDisk(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "one.yaml")
	if err := os.WriteFile(file, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, file} {
		loaded, unusable := Load(path)
		if len(unusable) > 0 || len(loaded) != 1 || loaded[0].File != file {
			t.Errorf("%s: %v %v", path, loaded, unusable)
		}
	}
	if _, unusable := Load(filepath.Join(dir, "none")); len(unusable) != 1 || corax.CodeOf(unusable[0]) != corax.NotFound {
		t.Errorf("a missing file: %v", unusable)
	}
	if _, unusable := Load(t.TempDir()); len(unusable) != 1 {
		t.Errorf("an empty directory: %v", unusable)
	}
}

func TestResolve(t *testing.T) {
	tests := []struct {
		words []string
		want  int
		hint  string
	}{
		{nil, 11, ""},
		{[]string{"service_crash"}, 1, ""},
		{[]string{"availability/service_crash"}, 1, ""},
		{[]string{"availability/service_crash", "service_crash"}, 1, ""},
		{[]string{"performance"}, 1, ""},
		{[]string{"service_crush"}, 0, `did you mean "service_crash"?`},
		{[]string{"nothing_like_it_at_all"}, 0, "list"},
	}
	for _, tt := range tests {
		found, unusable := Resolve(scenarios.Files, tt.words)
		if len(found) < tt.want || tt.want < 2 && len(found) != tt.want {
			t.Errorf("%v: found %d, want %d", tt.words, len(found), tt.want)
		}
		hint := ""
		if len(unusable) > 0 {
			hint = corax.HintOf(unusable[0])
		}
		if (tt.hint == "") != (hint == "") || !strings.Contains(hint, tt.hint) {
			t.Errorf("%v: hint %q, want %q", tt.words, hint, tt.hint)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, tt := range broken {
		f.Add([]byte(tt.text))
	}
	files, err := fs.Glob(scenarios.Files, "*/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := fs.ReadFile(scenarios.Files, file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sc, err := Parse("fuzz.yaml", data)
		if err != nil {
			return
		}
		if !sc.Control && len(sc.Expect.outcomes()) == 0 {
			t.Error("a scenario that can't fail was accepted")
		}
		if !IsID(sc.Category, sc.Name) {
			t.Errorf("%q makes no file names", sc.ID())
		}
	})
}
