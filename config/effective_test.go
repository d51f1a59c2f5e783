package config

import (
	"strings"
	"testing"
)

// Every value says where it comes from: a line of a file, or nowhere for a default; and what is a credential stays a reference.
func TestSettingsSayWhereTheyComeFrom(t *testing.T) {
	const text = `listen: 127.0.0.1:0
tokens: [env:A]
retention:
  size: 2GiB
topology:
  entities:
    - {id: shop, labels: {"a.b": x}}
monitors:
  - name: shop-port
    entity: shop
    every: 5s
    tcp: {address: "shop:80"}
`
	cfg, err := Parse("corax.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Setting{}
	all := cfg.Settings()
	for _, s := range all {
		if _, twice := got[s.Path]; twice {
			t.Errorf("%s is there twice", s.Path)
		}
		got[s.Path] = s
	}
	for path, want := range map[string]Setting{
		"listen":                             {Value: "127.0.0.1:0", File: "corax.yaml", Line: 1},
		"tokens":                             {Value: "env:A", File: "corax.yaml", Line: 2},
		"retention.size":                     {Value: "2GiB", File: "corax.yaml", Line: 4},
		"retention.age":                      {Value: "720h0m0s"},
		"heal.enabled":                       {Value: "true"},
		"topology.entities[0].id":            {Value: "shop", File: "corax.yaml", Line: 7},
		`topology.entities[0].labels["a.b"]`: {Value: "x", File: "corax.yaml", Line: 7},
		"monitors[0].every":                  {Value: "5s", File: "corax.yaml", Line: 11},
		"monitors[0].tcp.address":            {Value: "shop:80", File: "corax.yaml", Line: 12},
		"log.level":                          {},
	} {
		want.Path = path
		if path == "log.level" {
			if s, found := got[path]; found {
				t.Errorf("neither written nor a default: %+v", s)
			}
			continue
		}
		if got[path] != want {
			t.Errorf("%+v, expected %+v", got[path], want)
		}
	}
	if names, count := Sections(all); !strings.HasPrefix(strings.Join(names, " "), "listen tokens") || count["monitors"] < 4 {
		t.Errorf("%v %v", names, count)
	}
	s, ok := cfg.Source("monitors", 0)
	if !ok || s.Line != 9 || !strings.Contains(s.YAML, "shop-port") {
		t.Errorf("%+v", s)
	}
	if _, ok := cfg.Source("monitors", 1); ok {
		t.Error("an item that is not there has a source")
	}
	if _, ok := Default().Source("actions", 0); ok || len(Default().Settings()) == 0 {
		t.Error("a configuration of no file")
	}
}
