package scenario

import (
	"bytes"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"corax/config/decode"
	"corax/scenarios"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scenario.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("scenario.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func plain(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := decode.YAML("test.yaml", data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestShippedFilesKeepTheSchema(t *testing.T) {
	s := compileSchema(t)
	files, err := fs.Glob(scenarios.Files, "*/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := fs.ReadFile(scenarios.Files, file)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(plain(t, data)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// What the loader refuses, the schema refuses too, as far as a schema can.
func TestSchemaRefuses(t *testing.T) {
	s := compileSchema(t)
	for _, tt := range broken {
		if !tt.schemaKnows {
			continue
		}
		if err := s.Validate(plain(t, []byte(tt.text))); err == nil {
			t.Errorf("%s: the schema accepts it", tt.name)
		}
	}
}

// Each property of the schema is a field of the Go type, and the other way round.
func TestSchemaAgreesWithTypes(t *testing.T) {
	doc, ok := plain(t, Schema()).(map[string]any)
	if !ok {
		t.Fatal("the schema is no object")
	}
	defs := doc["$defs"].(map[string]any)
	seen := map[reflect.Type]bool{}
	var compare func(path string, node map[string]any, typ reflect.Type)
	resolve := func(node map[string]any) map[string]any {
		if ref, ok := node["$ref"].(string); ok {
			return defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
		return node
	}
	compare = func(path string, node map[string]any, typ reflect.Type) {
		node = resolve(node)
		for typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if typ.Kind() == reflect.Slice && node["type"] == "array" {
			if items, ok := node["items"].(map[string]any); ok {
				compare(path+"[]", items, typ.Elem())
			}
			return
		}
		if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]() || seen[typ] {
			return
		}
		seen[typ] = true
		properties := map[string]any{}
		for _, part := range append([]any{node}, asList(node["allOf"])...) {
			if p, ok := resolve(part.(map[string]any))["properties"].(map[string]any); ok {
				maps.Copy(properties, p)
			}
		}
		fields := map[string]reflect.Type{}
		collect(typ, fields)
		if d := cmp.Diff(slices.Sorted(maps.Keys(fields)), slices.Sorted(maps.Keys(properties))); d != "" {
			t.Errorf("%s: fields (-) and schema (+) differ:\n%s", path, d)
			return
		}
		for name, field := range fields {
			compare(path+"."+name, properties[name].(map[string]any), field)
		}
	}
	compare("", doc, reflect.TypeFor[Scenario]())
	if !seen[reflect.TypeFor[Signal]()] || !seen[reflect.TypeFor[RootCause]()] {
		t.Error("the walk did not reach every type")
	}
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}

func collect(typ reflect.Type, into map[string]reflect.Type) {
	for f := range typ.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case options == "inline":
			collect(f.Type, into)
		case name != "-" && name != "":
			into[name] = f.Type
		}
	}
}
