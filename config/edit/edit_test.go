package edit

import (
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"corax"
)

const written1 = `# mine
listen: 127.0.0.1:1   # here

monitors:
# the first
- name: one
  # why
  http:
    url: "http://x"   # quoted

    expect: {status: [200]}
  # its end

# the second
- name: two
  body: |
    # not a comment
    text

policy: {rules: []}
`

func TestOneItemChangesAndNothingElse(t *testing.T) {
	text := []byte(written1)
	one, err := Item(text, "monitors", 0)
	if want := "name: one\n# why\nhttp:\n  url: \"http://x\"   # quoted\n\n  expect: {status: [200]}\n# its end\n"; err != nil || one != want {
		t.Errorf("the first is %q (%v), expected %q", one, err, want)
	}
	two, err := Item(text, "monitors", 1)
	if want := "name: two\nbody: |\n  # not a comment\n  text\n"; err != nil || two != want {
		t.Errorf("the second is %q (%v), expected %q", two, err, want)
	}
	for name, c := range map[string]struct {
		got  func() ([]byte, error)
		want string
	}{
		"put back":  {func() ([]byte, error) { return Replace(text, "monitors", 0, one) }, written1},
		"put back2": {func() ([]byte, error) { return Replace(text, "monitors", 1, two) }, written1},
		"replace": {func() ([]byte, error) { return Replace(text, "monitors", 1, "name: 2\ntcp:\n  address: a:1\n") },
			strings.Replace(written1, "- name: two\n  body: |\n    # not a comment\n    text\n", "- name: 2\n  tcp:\n    address: a:1\n", 1)},
		"remove": {func() ([]byte, error) { return Remove(text, "monitors", 1) },
			strings.Replace(written1, "- name: two\n  body: |\n    # not a comment\n    text\n", "", 1)},
		"append": {func() ([]byte, error) { return Append(text, "monitors", "name: three\n") },
			strings.Replace(written1, "    text\n", "    text\n- name: three\n", 1)},
		"begin":         {func() ([]byte, error) { return Append([]byte("listen: a\n"), "monitors", "name: x") }, "listen: a\nmonitors:\n- name: x\n"},
		"begin, no end": {func() ([]byte, error) { return Append([]byte("listen: a"), "monitors", "name: x") }, "listen: a\nmonitors:\n- name: x\n"},
		"from nothing":  {func() ([]byte, error) { return Append(nil, "monitors", "name: x") }, "monitors:\n- name: x\n"},
		"from comments": {func() ([]byte, error) { return Append([]byte("# a\n"), "monitors", "name: x") }, "# a\nmonitors:\n- name: x\n"},
		"into empty":    {func() ([]byte, error) { return Append([]byte("monitors: []\nlisten: a\n"), "monitors", "name: x") }, "monitors:\n- name: x\nlisten: a\n"},
		"into null":     {func() ([]byte, error) { return Append([]byte("monitors:\nlisten: a\n"), "monitors", "name: x") }, "monitors:\n- name: x\nlisten: a\n"},
		"the only one":  {func() ([]byte, error) { return Remove([]byte("monitors:\n- name: x\n# y\nlisten: a\n"), "monitors", 0) }, "monitors: []\n# y\nlisten: a\n"},
		"indented": {func() ([]byte, error) {
			return Append([]byte("monitors:\n    - name: x\n      a: b\n"), "monitors", "name: y\nc: d")
		}, "monitors:\n    - name: x\n      a: b\n    - name: y\n      c: d\n"},
		"JSON as a text": {func() ([]byte, error) { return Append(nil, "monitors", "{\"name\": \"x\",\n\"tcp\": {}\n}") }, "monitors:\n- {\"name\": \"x\",\n  \"tcp\": {}\n  }\n"},
	} {
		if got, err := c.got(); err != nil || string(got) != c.want {
			t.Errorf("%s: %v\n%s\nexpected\n%s", name, err, got, c.want)
		}
	}
}

func TestWhatIsLaidOutInOtherWaysIsLeftAlone(t *testing.T) {
	for _, text := range []string{
		"monitors: [{name: x}]\n", "{monitors: []}\n", "monitors: &a []\nx: *a\n", "x: &a [b]\nmonitors: *a\n", "  monitors:\n  - name: x\n",
		"monitors:\n- &a {name: x}\n", "monitors:\n- *a\n", "monitors:\n-\n  name: x\n", "monitors: [] # none\n", "monitors: text\n", "- a\n", "monitors:\n- - a\n",
	} {
		if out, err := Append([]byte(text), "monitors", "name: y"); err == nil {
			t.Errorf("%q became %q", text, out)
		}
	}
	if _, err := Replace([]byte(written1), "monitors", 2, "name: x"); corax.CodeOf(err) != corax.NotFound {
		t.Error(err)
	}
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"name: x": "name: x\n", "\n---\n  name: x\r\n  a:\r\n    b: c\r\n\r\n": "name: x\na:\n  b: c\n", "{\n}": "{\n}\n",
		"": "", " \n": "", "- a": "", "# a\nname: x": "", "name: x\n---\nname: y": "",
	} {
		got, err := Plain(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q became %q (%v), expected %q", text, got, err, want)
		}
	}
}

// Whatever is changed, the rest means what it did, and the item means what it was to mean.
func TestEditsMeanWhatTheySay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SampledFrom([]string{"a", `"# b"`, "|\n    # c\n\n    d", ">-\n    e\n    f", "{x: [1, 2]}", "\n    y: z\n    # note", "[1,\n    2]"})
		item := func(label string) string {
			return fmt.Sprintf("name: %s\n  v: %s\n", label, value.Draw(t, label))
		}
		n := rapid.IntRange(1, 4).Draw(t, "n")
		var text strings.Builder
		fmt.Fprint(&text, "before: 1\nmonitors:\n")
		for i := range n {
			fmt.Fprint(&text, rapid.SampledFrom([]string{"", "\n", "# note\n", "  # note\n"}).Draw(t, "gap"), "- ", item(fmt.Sprint("i", i)))
		}
		fmt.Fprint(&text, rapid.SampledFrom([]string{"", "\n# end\n", "after: 2\n"}).Draw(t, "tail"))
		at := rapid.IntRange(0, n-1).Draw(t, "at")
		fresh := strings.ReplaceAll(item("new"), "\n  ", "\n")
		was, list := meaning(t, []byte(text.String()))
		var out []byte
		var err error
		switch op := rapid.SampledFrom([]string{"replace", "remove", "append"}).Draw(t, "op"); op {
		case "replace":
			out, err = Replace([]byte(text.String()), "monitors", at, fresh)
			list[at] = itemMeaning(t, fresh)
		case "remove":
			out, err = Remove([]byte(text.String()), "monitors", at)
			list = append(list[:at:at], list[at+1:]...)
		case "append":
			out, err = Append([]byte(text.String()), "monitors", fresh)
			list = append(list, itemMeaning(t, fresh))
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, text.String())
		}
		is, got := meaning(t, out)
		if fmt.Sprint(is) != fmt.Sprint(was) || fmt.Sprint(got) != fmt.Sprint(list) {
			t.Fatalf("%s\nbecame\n%s\n%v, expected %v", text.String(), out, got, list)
		}
	})
}

func meaning(t *rapid.T, text []byte) (rest map[string]any, list []any) {
	t.Helper()
	if err := yaml.Load(text, &rest); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	list, _ = rest["monitors"].([]any)
	delete(rest, "monitors")
	return rest, list
}

func itemMeaning(t *rapid.T, text string) (v any) {
	t.Helper()
	if err := yaml.Load([]byte(text), &v); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return v
}

func FuzzLayout(f *testing.F) {
	for _, text := range []string{written1, "monitors:\n- a: b", "monitors: []", "monitors:\n-\ta: b", "\xef\xbb\xbfmonitors:\r\n- a: b\r\n", "? monitors\n: - a: b"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		item, err := Item(text, "monitors", 0)
		if err != nil {
			return
		}
		out, err := Replace(text, "monitors", 0, item)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if again, err := Item(out, "monitors", 0); err != nil || again != item {
			t.Errorf("%q became %q: %q is %q (%v)", text, out, item, again, err)
		}
	})
}
