package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"corax/app"
	"corax/config"
	"corax/config/decode"
	"corax/diagnose"
	"corax/knowledge"
)

const (
	examplesDir = "../../examples"
	docsDir     = "../../docs"
)

func TestExamplesAreFine(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(examplesDir, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		cfg, err := loadConfig(file)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		for _, w := range cfg.Warnings {
			t.Errorf("%s: warning: %v", file, w)
		}
	}
}

func TestExampleCasesAreDiagnosed(t *testing.T) {
	in, err := os.Open(filepath.Join(examplesDir, "cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	catalogue, err := knowledge.Load()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if bad, err := diagnoseLines(t.Context(), diagnose.New(catalogue), in, &out, true); bad > 0 || err != nil {
		t.Fatalf("%d bad lines, %v\n%s", bad, err, &out)
	}
	roots := map[string][]string{}
	for dec := json.NewDecoder(&out); dec.More(); {
		var r struct {
			ID       string
			Problems []struct {
				Root struct{ Entity string } `json:"root_cause"`
			}
		}
		if err := dec.Decode(&r); err != nil {
			t.Fatal(err)
		}
		roots[r.ID] = []string{}
		for _, p := range r.Problems {
			roots[r.ID] = append(roots[r.ID], p.Root.Entity)
		}
	}
	want := map[string][]string{
		"one-line": {"db-1"}, "key-rotation": {"auth"}, "cascade": {"payments"}, "two-outages": {"files-1", "edge-2"},
		"all-is-well": {},
	}
	if !reflect.DeepEqual(roots, want) {
		t.Errorf("got  %v\nwant %v", roots, want)
	}
}

// Every field that can be set stands in the reference, and on the page about the configuration.
func TestEveryFieldIsDocumented(t *testing.T) {
	reference := read(t, filepath.Join(examplesDir, "reference.yaml"))
	page := read(t, filepath.Join(docsDir, "configuration.md"))
	for _, name := range fieldNames(reflect.TypeFor[config.Config](), map[reflect.Type]bool{}) {
		if !regexp.MustCompile(`\b` + name + `:`).MatchString(reference) {
			t.Errorf("reference.yaml doesn't set %s", name)
		}
		if !regexp.MustCompile("`([a-z_]+\\.)*" + name + "`").MatchString(page) {
			t.Errorf("configuration.md doesn't mention `%s`", name)
		}
	}
}

// fieldNames are the names that a type's fields have in YAML, with those of its parts, sorted.
func fieldNames(of reflect.Type, seen map[reflect.Type]bool) []string {
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return fieldNames(of.Elem(), seen)
	case reflect.Struct:
	default:
		return nil
	}
	if seen[of] || of == reflect.TypeFor[decode.Problem]() {
		return nil
	}
	seen[of] = true
	var names []string
	for i := range of.NumField() {
		f := of.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		if name != "" {
			names = append(names, name)
		}
		names = append(names, fieldNames(f.Type, seen)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// The configurations that the pages show are configurations.
func TestPagesShowWhatWorks(t *testing.T) {
	for _, page := range []string{"configuration.md", "healing.md", "people.md"} {
		for n, block := range blocks(t, page, "yaml") {
			cfg, err := config.Parse(page, []byte(block))
			if err == nil {
				err = app.CheckExpressions(cfg)
			}
			if err != nil {
				t.Errorf("%s, block %d: %v\n%s", page, n+1, err, block)
			}
		}
	}
	for n, block := range blocks(t, "knowledge.md", "yaml") {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "own.yaml"), []byte(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := knowledge.Load(dir); err != nil {
			t.Errorf("knowledge.md, block %d: %v\n%s", n+1, err, block)
		}
	}
}

// The page about diagnose names every field that the engine writes, and shows input that it reads.
func TestDiagnosePageIsComplete(t *testing.T) {
	page := read(t, filepath.Join(docsDir, "diagnose.md"))
	catalogue, err := knowledge.Load()
	if err != nil {
		t.Fatal(err)
	}
	engine := diagnose.New(catalogue)
	shown := blocks(t, "diagnose.md", "json")
	if bad, err := diagnoseLines(t.Context(), engine, strings.NewReader(shown[0]), &bytes.Buffer{}, true); bad > 0 || err != nil {
		t.Errorf("the page's input: %d bad lines, %v", bad, err)
	}
	for _, block := range shown[1:] {
		if !json.Valid([]byte(block)) {
			t.Errorf("not JSON: %s", block)
		}
	}
	var out bytes.Buffer
	_, err = diagnoseLines(t.Context(), engine, strings.NewReader(read(t, filepath.Join(examplesDir, "cases.jsonl"))), &out, true)
	if err != nil {
		t.Fatal(err)
	}
	for dec := json.NewDecoder(&out); dec.More(); {
		var v any
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		eachKey(v, func(key string) {
			if !strings.Contains(page, "`"+key+"`") {
				t.Errorf("diagnose.md doesn't mention `%s`", key)
			}
		})
	}
}

func eachKey(v any, use func(string)) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			eachKey(item, use)
		}
	case map[string]any:
		for key, item := range v {
			use(key)
			if key != "params" && key != "facts" { // their names are the catalogue's
				eachKey(item, use)
			}
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// blocks are a page's fenced examples of one language.
func blocks(t *testing.T, page, language string) []string {
	t.Helper()
	var found []string
	fence := regexp.MustCompile("(?s)\n```" + language + "\n(.*?)\n```")
	for _, m := range fence.FindAllStringSubmatch(read(t, filepath.Join(docsDir, page)), -1) {
		found = append(found, m[1])
	}
	if len(found) == 0 {
		t.Fatalf("%s shows no %s", page, language)
	}
	return found
}
