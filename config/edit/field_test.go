package edit

import (
	"reflect"
	"strings"
	"testing"

	"corax"
)

const written3 = `name: shop
# seldom
every: 1h   # very

http:
  # the page
  url: "http://x/"   # quoted
  expect: {status: [200, 204]}
  steps:
  - url: a
labels: {team: shop, tier: 1}
# the end
heartbeat:
  grace: 3s
`

func TestFields(t *testing.T) {
	for path, want := range map[string]any{
		"name": "shop", "every": "1h", "http.url": "http://x/", "http.expect.status": []string{"200", "204"}, "labels": map[string]string{"team": "shop", "tier": "1"},
		"title": nil, "http.expect.latency": nil, "tcp.address": nil, "name.x": nil, "http.url.x": nil,
	} {
		if got, err := Field(written3, path); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %#v (%v), expected %#v", path, got, err, want)
		}
	}
	for path, text := range map[string]string{"http.steps": written3, "http": written3, "b": "a: &x 1\nb: *x\n"} {
		if got, err := Field(text, path); corax.CodeOf(err) != corax.Conflict {
			t.Errorf("%s is %#v (%v)", path, got, err)
		}
	}
	for _, text := range []string{"", "- a", "text", "a: [", "a: *x"} {
		if got, err := Field(text, "a"); err == nil {
			t.Errorf("%q has %#v", text, got)
		}
	}
}

func TestOneFieldChangesAndNothingElse(t *testing.T) {
	in := func(old, now string) string { return strings.Replace(written3, old, now, 1) }
	for name, c := range map[string]struct {
		text, path string
		to         any
		want       string
	}{
		"a text":           {written3, "every", "2h", in("1h   # very", "2h # very")},
		"a number":         {written3, "after", 3, in("# very\n", "# very\nafter: 3\n")},
		"what needs care":  {written3, "title", "yes: # no", in("# very\n", "# very\ntitle: 'yes: # no'\n")},
		"like a number":    {written3, "title", "12", in("# very\n", "# very\ntitle: \"12\"\n")},
		"a field is gone":  {written3, "every", nil, in("every: 1h   # very\n", "")},
		"none was there":   {written3, "title", nil, written3},
		"none below":       {written3, "tls.ca", nil, written3},
		"quotes stay":      {written3, "http.url", "http://y/", in(`"http://x/"   #`, `"http://y/" #`)},
		"a list":           {written3, "http.expect.status", []int{500}, in("[200, 204]", "[500]")},
		"what is flow":     {written3, "http.expect.latency", "1s", in("[200, 204]}", "[200, 204], latency: 1s}")},
		"around it":        {written3, "http.expect.status", nil, in("  expect: {status: [200, 204]}\n", "")},
		"labels":           {written3, "labels", map[string]string{"a": "b"}, in("{team: shop, tier: 1}", "{a: b}")},
		"the last":         {written3, "heartbeat.token", "vault:x", written3 + "  token: vault:x\n"},
		"empty, but there": {written3, "heartbeat.grace", nil, in("heartbeat:\n  grace: 3s", "heartbeat: {}")},
		"a new one":        {written3, "tcp.address", "a:1", written3 + "tcp:\n  address: a:1\n"},
		"into nothing":     {"name: x\ntls:\n", "tls.address", "a:1", "name: x\ntls:\n  address: a:1\n"},
		"what was empty":   {"name: x\ntls: {}\n", "tls.address", "a:1", "name: x\ntls:\n  address: a:1\n"},
		"JSON":             {`{"name": "x", "tcp": {"address": "a:1"}}`, "tcp.address", "b:1", "{\"name\": \"x\", \"tcp\": {\"address\": \"b:1\"}}\n"},
	} {
		if got, err := Set(c.text, c.path, c.to); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if squeeze(got) != squeeze(c.want) {
			t.Errorf("%s:\n%s\nexpected\n%s", name, got, c.want)
		} else if now, err := Field(got, c.path); c.to == nil && (now != nil || err != nil) {
			t.Errorf("%s: it is %v (%v)", name, now, err)
		}
	}
	for path, text := range map[string]string{"name.x": written3, "http.steps.x": written3, "b": "a: &x 1\nb: *x\n", "b.c": "a: &x {c: 1}\nb: *x\n"} {
		if got, err := Set(text, path, "y"); corax.CodeOf(err) != corax.Conflict {
			t.Errorf("%s became %q (%v)", path, got, err)
		}
	}
}

// squeeze lets blanks before a comment be one: a field that is laid out anew has one.
func squeeze(text string) string { return strings.ReplaceAll(text, "   #", " #") }
