package main

import (
	"bytes"
	"os"
	"reflect"
	"testing"
	"time"

	"corax/server"
)

// What is checked in is what the operations say today.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	calls, err := source(server.Calls())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := server.Spec("v1")
	if err != nil {
		t.Fatal(err)
	}
	spec, err := doc.YAML()
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string][]byte{"../calls.go": calls, "../../../docs/openapi.yaml": spec} {
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not current (%v): run go generate ./server/client", file, err)
		}
	}
}

func TestWhatCantBeACall(t *testing.T) {
	type hidden struct{ A string }
	for name, c := range map[string]server.Call{
		"an answer nobody can name": {ID: "x", Path: "/x", In: reflect.TypeFor[struct{}](), Out: reflect.TypeFor[hidden]()},
		"a field without a place":   {ID: "x", Path: "/x", In: reflect.TypeFor[struct{ A string }](), Out: reflect.TypeFor[time.Time]()},
		"two of one name": {ID: "x", Path: "/x", Out: reflect.TypeFor[time.Time](), In: reflect.TypeFor[struct {
			A    string `query:"a"`
			Body struct{ A string }
		}]()},
		"a channel": {ID: "x", Path: "/x", In: reflect.TypeFor[struct{}](), Out: reflect.TypeFor[chan int]()},
	} {
		if text, err := source([]server.Call{c}); err == nil {
			t.Errorf("%s became\n%s", name, text)
		}
	}
}
