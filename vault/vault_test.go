package vault_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"corax"
	"corax/vault"
)

const planted = `s3cr3t/"value"+with=odd chars`

func resolve(t *testing.T) vault.Secret {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(planted+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := vault.Resolve("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestResolve(t *testing.T) {
	t.Setenv("VAULT_TEST_TOKEN", planted)
	t.Setenv("VAULT_TEST_EMPTY", "")
	large := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(large, bytes.Repeat([]byte("x"), 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		ref  string
		code corax.Code
	}{
		{"env:VAULT_TEST_TOKEN", ""},
		{"env:VAULT_TEST_EMPTY", corax.NotFound},
		{"env:", corax.Invalid},
		{"", corax.Invalid},
		{planted, corax.Invalid},
		{"vault:" + planted, corax.Invalid},
		{"file:/does/not/exist", corax.NotFound},
		{"file:" + large, corax.Unavailable},
	} {
		s, err := vault.Resolve(c.ref)
		if corax.CodeOf(err) != c.code {
			t.Errorf("Resolve(%q): got %v, want code %q", c.ref, err, c.code)
		}
		if err != nil && strings.Contains(err.Error()+corax.HintOf(err), "s3cr3t") {
			t.Errorf("Resolve(%q): the error shows the secret: %v", c.ref, err)
		}
		if err == nil {
			_ = s.Use(func(value string) error {
				if value != planted {
					t.Errorf("Resolve(%q) = %q", c.ref, value)
				}
				return nil
			})
		}
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	s := resolve(t)
	holder := struct {
		Token vault.Secret
		Ptr   *vault.Secret
	}{s, &s}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+" "+verb+" "+verb+"\n", s, &s, holder)
	}
	text, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "secret", s, "holder", holder)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "secret", s, "holder", holder)
	for _, leak := range []string{"s3cr3t", hex.EncodeToString([]byte("s3cr3t"))} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("the secret is shown as %q in:\n%s", leak, out.String())
		}
	}
}

func TestRedact(t *testing.T) {
	r := &vault.Redactor{}
	r.Know(resolve(t))
	r.Know(resolve(t))
	quoted, _ := json.Marshal(planted)
	token := "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiJ1In0.c2lnbmF0dXJl"
	for _, text := range []string{
		planted,
		string(quoted),
		url.QueryEscape(planted),
		base64.StdEncoding.EncodeToString([]byte(planted)),
		base64.RawURLEncoding.EncodeToString([]byte(planted)),
		hex.EncodeToString([]byte(planted)),
		"Authorization: Bearer abcdefgh12345678",
		`"token":"` + token + `"`,
		"authorization: bearer " + token,
	} {
		got := r.Redact("before " + text + " after")
		if !strings.Contains(got, "[redacted]") || !strings.HasPrefix(got, "before ") ||
			!strings.HasSuffix(got, " after") {
			t.Errorf("Redact(%q) = %q", text, got)
		}
		for _, leak := range []string{planted, token, "abcdefgh12345678", "c2lnbmF0dXJl"} {
			if strings.Contains(got, leak) {
				t.Errorf("Redact(%q) leaves %q", text, got)
			}
		}
	}
	for _, plain := range []string{"the bearer of news", "eyJ", "GET /keys/k2 200"} {
		if got := r.Redact(plain); got != plain {
			t.Errorf("Redact(%q) = %q: nothing in it is secret", plain, got)
		}
	}
}

func FuzzRedactLeavesNoToken(f *testing.F) {
	f.Add("x", "y")
	r := &vault.Redactor{}
	f.Fuzz(func(t *testing.T, before, after string) {
		const token = "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln"
		// A letter right before it makes it part of another word.
		if got := r.Redact(before + " " + token + " " + after); strings.Contains(got, token) {
			t.Errorf("left in %q", got)
		}
	})
}

// What is worked with further keeps what only looks like a credential, and loses what is known, in every form.
func TestKnown(t *testing.T) {
	r := &vault.Redactor{}
	r.Know(resolve(t))
	token := "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiJ1In0.c2lnbmF0dXJl"
	if got := r.Known("token " + token); got != "token "+token {
		t.Errorf("an unknown token is gone: %s", got)
	}
	for _, form := range []string{planted, hex.EncodeToString([]byte(planted)), url.QueryEscape(planted)} {
		if got := r.Known("before " + form + " after"); strings.Contains(got, form) || !strings.HasSuffix(got, " after") {
			t.Errorf("Known(%q) = %q", form, got)
		}
	}
}
