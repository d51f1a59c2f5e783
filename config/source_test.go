package config

import (
	"strings"
	"testing"
)

func TestItemsSayHowTheyAreWritten(t *testing.T) {
	const text = `topology:
  entities:
    - {id: shop}
monitors:
  # It answers within a second.
  - name: shop-port
    entity: shop
    tcp: {address: "shop:80"} # from inside
  - {name: other, entity: shop, tcp: {address: "shop:81"}}
`
	cfg, err := Parse("corax.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s, ok := cfg.Source("monitors", 0)
	if !ok || s.File != "corax.yaml" || s.Line != 6 || !strings.Contains(s.YAML, "# from inside") || strings.Contains(s.YAML, "other") {
		t.Errorf("%+v", s)
	}
	for list, item := range map[string]int{"monitors": 2, "actions": 0, "nosuch": 0} {
		if s, ok := cfg.Source(list, item); ok {
			t.Errorf("%s[%d] has a source: %+v", list, item, s)
		}
	}
	names, count := Sections(cfg.Settings())
	if count["monitors"] < 6 || names[0] != "listen" {
		t.Errorf("%v %v", names, count)
	}
}
