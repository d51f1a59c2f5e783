package config

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSettingsSayWhereTheyWereWritten(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"corax.yaml": "include: [more.yaml]\nlisten: 127.0.0.1:1\nretention:\n  age: 2h\nmonitors:\n- name: one\n  every: 5s\n  tcp: {address: 'a:1'}\n",
		"more.yaml":  "monitors:\n- name: two\n  labels: {a.b: c}\n  severity: HIGH\n  http:\n    url: http://x.test\n    expect: {status: 204}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	main, more := filepath.Join(dir, "corax.yaml"), filepath.Join(dir, "more.yaml")
	cfg, err := Load(main)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Setting{}
	for _, s := range cfg.Settings() {
		if got[s.Path].Path != "" || s.Text == "" {
			t.Errorf("%s stands there twice, or is empty", s.Path)
		}
		got[s.Path] = s
	}
	for _, want := range []Setting{
		{"listen", "listen", "127.0.0.1:1", main + ":2"},
		{"retention.age", "age", "2h0m0s", main + ":4"},
		{"retention.size", "size", "8589934592", ""},
		{"monitors[0].every", "every", "5s", main + ":7"},
		{"monitors[0].after", "after", "1", ""},
		{"monitors[1].name", "name", "two", more + ":2"},
		{`monitors[1].labels["a.b"]`, "a.b", "c", more + ":3"},
		{"monitors[1].severity", "severity", "high", more + ":4"},
		{"monitors[1].http.expect.status[0]", "status", "204", more + ":7"},
		{"heal.enabled", "enabled", "true", ""},
	} {
		if got[want.Path] != want {
			t.Errorf("%+v, expected %+v", got[want.Path], want)
		}
	}
	if s := Default().Settings(); len(s) == 0 || s[0].From != "" {
		t.Errorf("the defaults: %+v", s)
	}
}
