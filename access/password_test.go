package access

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"corax"
)

var cheap = Cost{Memory: 8, Passes: 1, Threads: 1}

func TestPasswordsMatchTheirHashOnly(t *testing.T) {
	text, err := hash("correct horse battery", cheap, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if !matches("correct horse battery", text, cheap) {
		t.Error("the right password doesn't match")
	}
	for _, wrong := range []string{"", "correct horse batterx", "correct horse battery "} {
		if matches(wrong, text, cheap) {
			t.Errorf("%q matches", wrong)
		}
	}
	if again, err := hash("correct horse battery", cheap, rand.Reader); err != nil || again == text {
		t.Errorf("two hashes of one password are the same: no salt (%v)", err)
	}
	// What a hash is compared with where there is none must not be what an empty hash would be taken for.
	for _, none := range []string{"", "$", "x", strings.Repeat("$", 5)} {
		if matches("", none, cheap) || matches("correct horse battery", none, cheap) {
			t.Errorf("a password matches the hash %q", none)
		}
	}
}

// A hash from the tests of the reference implementation (src/test.c: version 19, t=2, m=2^16, p=1).
func TestHashesOfOthersAreRead(t *testing.T) {
	h := hashed{Cost: Cost{Memory: 65536, Passes: 2, Threads: 1}, salt: []byte("somesalt")}
	const want = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h.key = h.of("password", 32)
	if h.String() != want || !matches("password", want, cheap) {
		t.Errorf("found %s, expected %s, which is in the tests of the reference implementation", h, want)
	}
}

func TestHashesAreMadeAnewWhereTheCostRises(t *testing.T) {
	text, err := hash("correct horse battery", cheap, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if outdated(text, cheap) || !outdated(text, Cost{Memory: 16, Passes: 1, Threads: 1}) || !outdated("", cheap) {
		t.Error("outdated doesn't follow the cost")
	}
}

func FuzzParseHash(f *testing.F) {
	text, err := hash("password", cheap, bytes.NewReader(make([]byte, 100)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAB$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=08,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parseHash(text)
		if err != nil {
			return
		}
		if h.String() != text {
			t.Errorf("%q is read as %q", text, h)
		}
		if h.Memory < 8 || h.Memory > mostMemory || h.Passes < 1 || h.Passes > mostPasses || h.Threads < 1 || h.Threads > mostThreads ||
			len(h.salt) < leastSalt || len(h.salt) > mostBytes || len(h.key) < leastKey || len(h.key) > mostBytes {
			t.Errorf("%q asks for more than it may: %+v", text, h)
		}
	})
}

func TestCheckPassword(t *testing.T) {
	for password, good := range map[string]bool{
		"correct horse battery":                true,
		"fünfzehn Zeichen":                     true,
		"ünïcödé ïs fïné":                      true,
		"fourteen chars":                       false,
		"aaaaaaaaaaaaaaaaaaaaaaaa":             false,
		"annabella-annabella":                  false,
		"AnnaBella annabella 1":                false,
		"\xff\xfe not a text at all, this one": false,
		strings.Repeat("abcdefgh", 128):        true,
		strings.Repeat("abcdefgh", 128) + "i":  false,
	} {
		if err := CheckPassword(password, "annabella"); (err == nil) != good || err != nil && corax.CodeOf(err) != corax.Invalid {
			t.Errorf("%q: %v", password, err)
		}
	}
}
