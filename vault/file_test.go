package vault_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"corax"
	"corax/vault"
)

func newKey(t testing.TB) string {
	t.Helper()
	key, err := vault.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func under(key string) func() (vault.Key, error) {
	return func() (vault.Key, error) { return vault.ParseKey([]byte(key)) }
}

func newVault(t testing.TB, names ...string) (vault.File, string) {
	t.Helper()
	key := newKey(t)
	f := vault.File{Path: filepath.Join(t.TempDir(), "vault.json"), Key: under(key)}
	for _, name := range names {
		if _, err := f.Set(name, "note on "+name, []byte("value of "+name)); err != nil {
			t.Fatal(err)
		}
	}
	return f, key
}

func value(t testing.TB, f vault.File, name string) string {
	t.Helper()
	s, err := f.Get(name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var got string
	_ = s.Open(func(v []byte) error { got = string(v); return nil })
	s.Wipe()
	_ = s.Open(func(v []byte) error {
		if len(v) > 0 {
			t.Errorf("%s: a wiped secret has the value %q", name, v)
		}
		return nil
	})
	return got
}

func TestFileKeepsWhatIsSet(t *testing.T) {
	f, _ := newVault(t)
	if list, err := f.List(); err != nil || len(list) != 0 {
		t.Fatalf("a vault that isn't there: %v %v", list, err)
	}
	for _, name := range []string{"b", "a/token", "c"} {
		if e, err := f.Set(name, "", []byte("value of "+name)); err != nil || e.Version != 1 {
			t.Fatalf("%s: %+v %v", name, e, err)
		}
	}
	if e, err := f.Set("b", "for the lab", []byte("another")); err != nil || e.Version != 2 {
		t.Fatalf("set again: %+v %v", e, err)
	}
	if got := value(t, f, "b"); got != "another" {
		t.Errorf("b is %q", got)
	}
	if err := f.Delete("c"); err != nil {
		t.Fatal(err)
	}
	if err := f.Delete("c"); corax.CodeOf(err) != corax.NotFound {
		t.Errorf("deleted twice: %v", err)
	}
	if _, err := f.Get("c"); corax.CodeOf(err) != corax.NotFound {
		t.Errorf("get what was deleted: %v", err)
	}
	list, err := f.List()
	if err != nil || len(list) != 2 || list[0].Name != "a/token" || list[1].Note != "for the lab" {
		t.Errorf("%+v %v", list, err)
	}
	text, err := os.ReadFile(f.Path)
	if err != nil || bytes.Contains(text, []byte("another")) || bytes.Contains(text, []byte("value of")) {
		t.Errorf("the file shows a value: %s %v", text, err)
	}
	if info, err := os.Stat(f.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	for _, bad := range []string{"", "-x", "a b", strings.Repeat("n", 101), "a:b"} {
		if _, err := f.Set(bad, "", []byte("v")); corax.CodeOf(err) != corax.Invalid {
			t.Errorf("name %q: %v", bad, err)
		}
	}
	if _, err := f.Set("x", "", nil); corax.CodeOf(err) != corax.Invalid {
		t.Errorf("an empty value: %v", err)
	}
}

func TestRotate(t *testing.T) {
	f, _ := newVault(t, "one", "two")
	key := newKey(t)
	next, err := vault.ParseKey([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Rotate(next); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Get("one"); corax.CodeOf(err) != corax.Forbidden {
		t.Errorf("under the old key: %v", err)
	}
	f.Key = under(key)
	if got := value(t, f, "two"); got != "value of two" {
		t.Errorf("under the new key: %q", got)
	}
	if list, _ := f.List(); len(list) != 2 || list[0].Version != 1 || list[0].Note != "note on one" {
		t.Errorf("metadata changed: %+v", list)
	}
}

// Whatever is altered in the file, no value is given out.
func TestTamperingIsNoticed(t *testing.T) {
	f, _ := newVault(t, "one", "two", "three")
	whole, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(change func(d map[string]any)) []byte {
		var d map[string]any
		if err := json.Unmarshal(whole, &d); err != nil {
			t.Fatal(err)
		}
		change(d)
		text, _ := json.Marshal(d)
		return text
	}
	entries := func(d map[string]any) []any { return d["entries"].([]any) }
	one := func(d map[string]any, i int) map[string]any { return entries(d)[i].(map[string]any) }
	for name, text := range map[string][]byte{
		"an entry taken out": edit(func(d map[string]any) { d["entries"] = entries(d)[1:] }),
		"an entry twice":     edit(func(d map[string]any) { d["entries"] = append(entries(d), entries(d)[0]) }),
		"values exchanged": edit(func(d map[string]any) {
			a, b := one(d, 0), one(d, 1)
			a["box"], b["box"] = b["box"], a["box"]
			a["nonce"], b["nonce"] = b["nonce"], a["nonce"]
		}),
		"names exchanged":     edit(func(d map[string]any) { a, b := one(d, 0), one(d, 1); a["name"], b["name"] = b["name"], a["name"] }),
		"another note":        edit(func(d map[string]any) { one(d, 0)["note"] = "harmless" }),
		"another version":     edit(func(d map[string]any) { one(d, 0)["version"] = 7 }),
		"fewer changes":       edit(func(d map[string]any) { d["changes"] = 1 }),
		"a field more":        edit(func(d map[string]any) { d["more"] = 1 }),
		"no seal":             edit(func(d map[string]any) { delete(d, "seal") }),
		"cut":                 whole[:len(whole)/2],
		"empty":               {},
		"another file at all": []byte("hello\n"),
	} {
		if err := os.WriteFile(f.Path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := f.Get("one"); err == nil {
			t.Errorf("%s: gave %v", name, s.Ref())
		}
		if _, err := f.Set("four", "", []byte("v")); err == nil {
			t.Errorf("%s: a change was written over it", name)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		text := bytes.Clone(whole)
		at := rapid.IntRange(0, len(text)-1).Draw(r, "at")
		text[at] ^= byte(rapid.IntRange(1, 255).Draw(r, "flip"))
		if err := os.WriteFile(f.Path, text, 0o600); err != nil {
			r.Fatal(err)
		}
		if _, err := f.Get("two"); err == nil {
			r.Fatalf("byte %d is %q instead of %q, and a value came out", at, text[at], whole[at])
		}
	})
}

func TestOthersMustNotUseIt(t *testing.T) {
	f, _ := newVault(t, "one")
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o644} {
		if err := os.Chmod(f.Path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Get("one"); corax.CodeOf(err) != corax.Forbidden || !strings.Contains(corax.HintOf(err), "chmod") {
			t.Errorf("mode %#o: %v", mode, err)
		}
	}
}

func TestKeySources(t *testing.T) {
	key := newKey(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "key")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(dir, "open")
	if err := os.WriteFile(open, []byte(key), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VAULT_TEST_KEY", key)
	t.Setenv("VAULT_TEST_BAD", "c2hvcnQ=")
	for _, c := range []struct {
		source string
		code   corax.Code
	}{
		{"file:" + file, ""},
		{"env:VAULT_TEST_KEY", ""},
		{"command:cat " + file, ""},
		{"file:" + open, corax.Unavailable},
		{"file:" + filepath.Join(dir, "none"), corax.Unavailable},
		{"env:VAULT_TEST_BAD", corax.Invalid},
		{"command:false", corax.Unavailable},
		{"command:/no/such/program", corax.Unavailable},
		{"command: ", corax.Invalid},
		{key, corax.Invalid},
		{"", corax.Invalid},
	} {
		k, err := vault.KeySource(c.source).Key()
		if corax.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", c.source, err, c.code)
		}
		if err != nil && strings.Contains(err.Error(), strings.TrimSpace(key)) {
			t.Errorf("%s: the error shows the key", c.source)
		}
		k.Wipe()
	}
}

func TestSetFromManyAtOnce(t *testing.T) {
	f, _ := newVault(t)
	done := make(chan error, 8)
	for i := range cap(done) {
		go func() {
			_, err := f.Set("name"+string(rune('a'+i)), "", []byte("value"))
			done <- err
		}()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if list, err := f.List(); err != nil || len(list) != cap(done) {
		t.Errorf("%d entries, %v: one change was lost", len(list), err)
	}
}
