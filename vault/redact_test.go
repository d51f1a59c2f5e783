package vault_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"corax/vault"
)

// secretOf is a Secret of the given value.
func secretOf(t testing.TB, value string) vault.Secret {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := vault.Resolve("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func knowing(t testing.TB, values ...string) *vault.Redactor {
	r := &vault.Redactor{}
	for _, v := range values {
		r.Know(secretOf(t, v))
	}
	return r
}

// escapedU writes every character as \uXXXX.
func escapedU(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r > 0xffff {
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04X`, 0xd800+r>>10, 0xdc00+r&0x3ff)
			continue
		}
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return b.String()
}

func escapedPercent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02x", s[i])
	}
	return b.String()
}

func quoted(s string) string {
	q, _ := json.Marshal(s)
	return string(q[1 : len(q)-1])
}

// disguises are the forms in which a secret is looked for.
var disguises = map[string]func(string) string{
	"plain":            func(s string) string { return s },
	"json":             quoted,
	"json in json":     func(s string) string { return quoted(quoted(s)) },
	"\\u":              escapedU,
	"query":            url.QueryEscape,
	"path":             url.PathEscape,
	"every byte %":     escapedPercent,
	"query in json":    func(s string) string { return quoted(url.QueryEscape(s)) },
	"json in query":    func(s string) string { return url.QueryEscape(quoted(s)) },
	"html":             html.EscapeString,
	"hex":              func(s string) string { return hex.EncodeToString([]byte(s)) },
	"HEX":              func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"base64":           func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64url":        func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"base64 in query":  func(s string) string { return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s))) },
	"%q":               func(s string) string { return strings.Trim(fmt.Sprintf("%q", s), `"`) },
	"base64 after 1":   func(s string) string { return base64.StdEncoding.EncodeToString([]byte("u" + s + "!")) },
	"base64 after 2":   func(s string) string { return base64.StdEncoding.EncodeToString([]byte("u:" + s)) },
	"base64url after4": func(s string) string { return base64.URLEncoding.EncodeToString([]byte("user" + s + "xyz")) },
}

// left says how much of what a disguise made is still there: the longest common piece.
func left(got, made string) int {
	longest := 0
	for i := range len(made) {
		for n := longest + 1; i+n <= len(made) && strings.Contains(got, made[i:i+n]); n++ {
			longest = n
		}
	}
	return longest
}

func TestEveryDisguise(t *testing.T) {
	for _, secret := range []string{planted, "pässwörter-sind-Æ-geheim-😀", "0123456789", "Tr0ub4dor&3 mit Leerzeichen", "ab<c>d&e'f\"g\\h/i%j"} {
		r := knowing(t, secret)
		for name, disguise := range disguises {
			made := disguise(secret)
			got := r.Redact("before " + made + " after")
			if !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") || !strings.Contains(got, "[redacted]") {
				t.Errorf("%s of %q: %q became %q", name, secret, made, got)
			}
			// A few characters at either edge of a longer base64 text say nothing.
			if n := left(strings.NewReplacer("before ", "", " after", "", "[redacted]", "\x00").Replace(got), made); n > 8 {
				t.Errorf("%s of %q: %d characters are left: %q", name, secret, n, got)
			}
			if again := r.Redact(got); again != got {
				t.Errorf("%s: redacted twice: %q became %q", name, got, again)
			}
		}
	}
}

// Whatever the secret and the text around it, no form of it is left.
func TestNoSecretSurvives(t *testing.T) {
	alphabet := []rune("abcXYZ019 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~äß😀\t")
	names := make([]string, 0, len(disguises))
	for name := range disguises {
		names = append(names, name)
	}
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		secret := rapid.StringOfN(rapid.SampledFrom(alphabet), 8, 40, -1).Draw(rt, "secret")
		secret = "k" + secret + "k" // a file's trailing line breaks aren't part of it
		path := filepath.Join(dir, "s")
		if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
			rt.Fatal(err)
		}
		s, err := vault.Resolve("file:" + path)
		if err != nil {
			rt.Fatal(err)
		}
		r := &vault.Redactor{}
		r.Know(s)
		name := rapid.SampledFrom(names).Draw(rt, "disguise")
		made := disguises[name](secret)
		before, after := rapid.StringN(0, 30, -1).Draw(rt, "before"), rapid.StringN(0, 30, -1).Draw(rt, "after")
		text := before + " " + made + " " + after
		got := r.Redact(text)
		if strings.Contains(got, made) || strings.Contains(got, secret) {
			rt.Fatalf("%s of %q is left in %q", name, secret, got)
		}
		for _, chunk := range []int{1, 7, 4096} {
			var out bytes.Buffer
			w := r.Writer(&out)
			for rest := []byte(text); len(rest) > 0; rest = rest[min(chunk, len(rest)):] {
				if _, err := w.Write(rest[:min(chunk, len(rest))]); err != nil {
					rt.Fatal(err)
				}
			}
			if err := w.Close(); err != nil || out.String() != got {
				rt.Fatalf("in pieces of %d: %q, expected %q, %v", chunk, out.String(), got, err)
			}
		}
	})
}

func TestAcrossChunks(t *testing.T) {
	r := knowing(t, planted)
	filler := strings.Repeat("All is well here, and goes on being well. ", 500)
	pem := "-----BEGIN RSA PRIVATE KEY-----\n" + strings.Repeat("MIIEpAIBAAKCAQEA7\n", 300) + "-----END RSA PRIVATE KEY-----"
	token := "eyJhbGciOiJSUzI1NiJ9." + strings.Repeat("eyJzdWIiOiJ1In0", 400) + ".c2ln"
	text := filler + escapedU(quoted(planted)) + filler + pem + filler + "authorization: Bearer " + token + " " + filler
	want := filler + "[redacted]" + filler + "[redacted]" + filler + "authorization: Bearer [redacted] " + filler
	for _, size := range []int{1, 13, 512, 9000, 40_000, len(text)} {
		var out strings.Builder
		w := r.Writer(&out)
		for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
			if _, err := io.WriteString(w, rest[:min(size, len(rest))]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil || out.String() != want {
			t.Fatalf("in pieces of %d the text differs (%d bytes, expected %d), %v", size, out.Len(), len(want), err)
		}
		if size > 512 {
			continue
		}
		if got, err := io.ReadAll(r.Reader(iotest.OneByteReader(strings.NewReader(text)))); err != nil || string(got) != want {
			t.Fatalf("read: the text differs, %v", err)
		}
	}
	endless := r.Writer(io.Discard)
	for range 100 {
		if _, err := io.WriteString(endless, "-----BEGIN PRIVATE KEY-----"+strings.Repeat("A", 10_000)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLooksLikeACredential(t *testing.T) {
	var none *vault.Redactor
	for text, want := range map[string]string{
		`password=hunter2`:                         `password=[redacted]`,
		`login failed: user=bob Password: hunter2`: `login failed: user=bob Password: [redacted]`,
		`{"password":"a b c","user":"bob"}`:        `{"password":"[redacted]","user":"bob"}`,
		`{\"client_secret\":\"x1y2\"}`:             `{\"client_secret\":\"[redacted]\"}`,
		`DB_PASSWORD='top secret' ./run`:           `DB_PASSWORD='[redacted]' ./run`,
		`token=9f86d081884c7d659a2f`:               `token=[redacted]`,
		`api_key: AKfycbzTz1`:                      `api_key: [redacted]`,
		`postgres://app:hunter2@db:5432/x`:         `postgres://app:[redacted]@db:5432/x`,
		`Authorization: Basic YWxhZGRpbjpvcGVu`:    `Authorization: Basic [redacted]`,
		`GET /?access_token=a1b2c3d4e5&x=1`:        `GET /?access_token=[redacted]&x=1`,
		`x=password%3Dhunter2%3B`:                  `x=password%3D[redacted]%3B`,
		// What a diagnosis reads.
		`token: expired`: `token: expired`,
		`invalid token: kid 2026-03 is not in the key set`: `invalid token: kid 2026-03 is not in the key set`,
		`password authentication failed for user "app"`:    `password authentication failed for user "app"`,
		`Basic authentication required`:                    `Basic authentication required`,
		`secret "db" not found`:                            `secret "db" not found`,
		`tokens=350 max_tokens=4096`:                       `tokens=350 max_tokens=4096`,
		`http://host:8080/path@x`:                          `http://host:8080/path@x`,
		`key=k2 kid=3f2a9c1b`:                              `key=k2 kid=3f2a9c1b`,
		`password=[redacted]`:                              `password=[redacted]`,
	} {
		if got := none.Redact(text); got != want {
			t.Errorf("%s\n became %s\n expected %s", text, got, want)
		}
	}
}

func TestJSONStaysJSON(t *testing.T) {
	r := knowing(t, planted, "true", "1234", `","a":"`, "name", "n123")
	doc := map[string]any{
		"name": "x " + planted, "open": true, "n": 1234, "nested": []any{"1234 " + escapedU(planted), map[string]any{"password": "x"}},
		"odd": `","a":"`, "line": "a\n123", "state": "name",
	}
	text, _ := json.Marshal(doc)
	got := r.JSON(text)
	var back map[string]any
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatalf("%v: %s", err, got)
	}
	if back["open"] != true || back["n"] != 1234.0 || back["name"] != "x [redacted]" || back["line"] != "a\n123" ||
		back["nested"].([]any)[0] != "[redacted] [redacted]" || back["nested"].([]any)[1].(map[string]any)["password"] != "[redacted]" {
		t.Errorf("%s", got)
	}
	if plain := []byte(`{"a": "b"}`); &r.JSON(plain)[0] != &plain[0] {
		t.Error("a document without secrets was copied")
	}
}

func TestLog(t *testing.T) {
	r := knowing(t, planted)
	for name, handler := range map[string]func(io.Writer) slog.Handler{
		"text": func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) },
		"json": func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
	} {
		var out bytes.Buffer
		log := slog.New(r.LogHandler(handler(&out)))
		log = log.With("with", planted, "n", 7).WithGroup("g")
		log.Info("message "+planted, "error", fmt.Errorf("dial %s", escapedPercent(planted)), "bytes", []byte(planted),
			slog.Group("inner", "x", hex.EncodeToString([]byte(planted))), "password", "pw", "any", struct{ A, B string }{planted, "fine"},
			"raw", json.RawMessage(`"`+quoted(planted)+`"`))
		text := out.String()
		for _, leak := range []string{"s3cr3t", hex.EncodeToString([]byte("s3cr3t")), "%73%33", "czNjcjN0", "pw"} {
			if strings.Contains(text, leak) {
				t.Errorf("%s log shows %q: %s", name, leak, text)
			}
		}
		for _, kept := range []string{"7", "message", "dial"} {
			if !strings.Contains(text, kept) {
				t.Errorf("%s log lost %q: %s", name, kept, text)
			}
		}
	}
}

func TestReferences(t *testing.T) {
	type inner struct{ Token string }
	got := vault.References(struct {
		A    inner
		B    []*inner
		C    map[string]any
		Text string
		priv inner
	}{inner{"env:A"}, []*inner{{"file:/b"}, nil, {"env:A"}}, map[string]any{"x": []any{"vault:c/d"}}, "see env: VARIABLE", inner{"env:P"}})
	if fmt.Sprint(got) != "[env:A file:/b vault:c/d]" {
		t.Error(got)
	}
}

// BenchmarkRedact takes a log line of about 300 bytes. "replacer" is strings.Replacer over the same forms, the runner-up.
func BenchmarkRedact(b *testing.B) {
	line := `{"time":"2026-03-30T02:00:00Z","level":"ERROR","msg":"token rejected: kid=2026-03-k2 is not in the key set of auth-svc",` +
		`"path":"/api/v1/orders/9f86d081","trace":"4bf92f3577b34da6a3ce929d0e0e4736","latency_ms":183,"upstream":"https://auth.example.org/jwks"}`
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 10, 1000, 10_000} {
		var secrets []vault.Secret
		var pairs []string
		path := filepath.Join(b.TempDir(), "s")
		for range n {
			value := fmt.Sprintf("%016x%016x", random.Uint64(), random.Uint64())
			if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
				b.Fatal(err)
			}
			s, err := vault.Resolve("file:" + path)
			if err != nil {
				b.Fatal(err)
			}
			secrets = append(secrets, s)
			for _, name := range []string{"plain", "hex", "HEX", "base64", "base64 after 1", "base64 after 2"} {
				pairs = append(pairs, disguises[name](value), "[redacted]")
			}
		}
		r := &vault.Redactor{}
		r.Know(secrets...)
		b.Run(fmt.Sprintf("secrets=%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				r.Redact(line)
			}
		})
		replacer := strings.NewReplacer(pairs...)
		b.Run(fmt.Sprintf("replacer/secrets=%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			for b.Loop() {
				replacer.Replace(line)
			}
		})
	}
}
