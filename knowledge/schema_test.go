package knowledge

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"corax/config/decode"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("knowledge.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("knowledge.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCatalogueKeepsTheSchema(t *testing.T) {
	s := compileSchema(t)
	files, err := fs.Glob(builtin, "catalogue/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := fs.ReadFile(builtin, file)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := decode.YAML(file, data, &v); err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	for _, bad := range []string{`{"mechanisms":[{"id":"x"}]}`, `{"nonsense":1}`, `{"impacts":[{"name":"UPPER","say":"x","why":"y"}]}`} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
		if err != nil {
			t.Fatal(err)
		}
		if s.Validate(v) == nil {
			t.Errorf("%s keeps the schema", bad)
		}
	}
}

// The schema names the fields that the types have, and no others.
func TestSchemaNamesTheFields(t *testing.T) {
	var doc struct {
		Properties map[string]any
		Defs       map[string]struct{ Properties map[string]any } `json:"$defs"`
	}
	if err := json.Unmarshal(Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]any{
		"": content{}, "pattern": Pattern{}, "mechanism": Mechanism{}, "signature": Signature{}, "rating": Rating{}, "modifier": Modifier{},
		"confusion": Confusion{}, "fact": Fact{}, "sentence": Sentence{}, "remedy": Remedy{}, "vectors": Vectors{}, "action": Action{}, "impact": Impact{},
	} {
		have := doc.Properties
		if name != "" {
			have = doc.Defs[name].Properties
		}
		var want []string
		for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
			want = append(want, f.Tag.Get("yaml"))
		}
		slices.Sort(want)
		if d := cmp.Diff(want, slices.Sorted(maps.Keys(have))); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
