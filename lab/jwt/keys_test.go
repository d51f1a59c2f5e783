package jwt

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"corax"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// Whatever is asked of a keyring: one key signs, a change names the state that it left, a refusal changes nothing.
func TestKeyringHoldsItsRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &keyring{}
		for i := range 4 {
			k := &key{Kid: fmt.Sprint("k", i), State: pending, ExpiresAt: noon.Add(time.Hour)}
			switch i {
			case 0:
				k.State = signing
			case 2:
				k.Compromised, k.State = true, withdrawn
			case 3:
				k.ExpiresAt = noon
			}
			r.keys = append(r.keys, k)
		}
		states := []keyState{pending, signing, published, withdrawn, destroyed}
		for range rapid.IntRange(1, 40).Draw(t, "moves") {
			before := map[string]keyState{}
			for _, k := range r.keys {
				before[k.Kid] = k.State
			}
			kid := rapid.SampledFrom([]string{"k0", "k1", "k2", "k3", "k4"}).Draw(t, "kid")
			expect, to := rapid.SampledFrom(states).Draw(t, "expect"), rapid.SampledFrom(states).Draw(t, "to")
			changes, err := r.move(kid, expect, to, noon)
			changed := map[string]change{}
			for _, c := range changes {
				changed[c.kid] = c
			}
			signers := 0
			for _, k := range r.keys {
				c, ok := changed[k.Kid]
				switch {
				case k.State == signing:
					signers++
				case before[k.Kid] == destroyed && k.State != destroyed:
					t.Fatalf("%s came back from destruction", k.Kid)
				}
				if ok != (before[k.Kid] != k.State) || ok && (c.from != before[k.Kid] || c.to != k.State || err != nil) {
					t.Fatalf("%s went from %s to %s, recorded as %+v, %v", k.Kid, before[k.Kid], k.State, c, err)
				}
				if k.Compromised && k.State.inJWKS() || k.Kid == "k3" && k.State == signing {
					t.Fatalf("%s is %s", k.Kid, k.State)
				}
			}
			if signers != 1 {
				t.Fatalf("%d keys sign", signers)
			}
			for _, c := range changes {
				if s, _ := r.find(c.successor); s == nil || s.State != signing {
					t.Fatalf("successor of %+v does not sign", c)
				}
			}
			if err == nil && before[kid] != to && before[kid] != expect {
				t.Fatalf("%s moved from %s, where %s was expected", kid, before[kid], expect)
			}
		}
	})
}

func newTestKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeyringSurvivesStorage(t *testing.T) {
	private := newTestKey(t)
	r := &keyring{keys: []*key{{Kid: "a", State: signing, CreatedAt: noon, ExpiresAt: noon.AddDate(1, 0, 0),
		LastSignedAt: noon,
		Lifetime:     time.Hour, LastExpiry: noon.Add(time.Hour), Compromised: true, private: private, public: &private.PublicKey}}}
	data, err := json.Marshal(r.save())
	if err != nil {
		t.Fatal(err)
	}
	var saved []savedKey
	if err := json.Unmarshal(data, &saved); err != nil {
		t.Fatal(err)
	}
	back, err := loadKeyring(saved)
	if err != nil {
		t.Fatal(err)
	}
	got, want := back.keys[0], r.keys[0]
	if !got.private.Equal(want.private) || !got.public.Equal(want.public) || got.Lifetime != want.Lifetime ||
		!got.LastExpiry.Equal(want.LastExpiry) || got.State != want.State || !got.Compromised {
		t.Errorf("%+v, expected %+v", got, want)
	}
}

func TestKeystore(t *testing.T) {
	public := &newTestKey(t).PublicKey
	file := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(file, []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := openKeystore(file)
	if err != nil {
		t.Fatal(err)
	}
	add := func(seq uint64, kid string) hook {
		j := toJWK(kid, public)
		return hook{Sequence: seq, Kind: kindAdd, Kid: kid, Key: &j}
	}
	wrong := add(9, "b")
	wrong.Kid = "c"
	weak := add(9, "w")
	weak.Key.N = "AQAB"
	for _, c := range []struct {
		name    string
		m       hook
		changed bool
		code    corax.Code
		ids     string
	}{
		{"add", add(1, "a"), true, "", "[a]"},
		{"the same again", add(1, "a"), false, "", "[a]"},
		{"another of the same number", add(1, "b"), false, corax.Conflict, "[a]"},
		{"add another", add(3, "b"), true, "", "[a b]"},
		{"add what is there", add(4, "a"), false, "", "[b a]"},
		{"remove", hook{Sequence: 5, Kind: kindRemove, Kid: "a"}, true, "", "[b]"},
		{"an old one again", add(3, "b"), false, corax.Conflict, "[b]"},
		{"remove what is not there", hook{Sequence: 6, Kind: kindRemove, Kid: "a"}, false, "", "[b]"},
		{"no key", hook{Sequence: 7, Kind: kindAdd, Kid: "a"}, false, corax.Invalid, "[b]"},
		{"another id", wrong, false, corax.Invalid, "[b]"},
		{"a weak key", weak, false, corax.Invalid, "[b]"},
		{"another kind", hook{Sequence: 8, Kind: "swap", Kid: "b"}, false, corax.Invalid, "[b]"},
	} {
		changed, err := k.take(c.m)
		if changed != c.changed || corax.CodeOf(err) != c.code {
			t.Errorf("%s: changed %t, %v", c.name, changed, err)
		}
		again, err := openKeystore(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, store := range []*keystore{k, again} {
			if ids, _, err := store.ids(); fmt.Sprint(ids) != c.ids || err != nil {
				t.Errorf("%s: holds %v, %v, expected %s", c.name, ids, err, c.ids)
			}
		}
	}
	if k.key("b") == nil || k.key("a") != nil {
		t.Error("what is loaded is not what is listed")
	}
	if err := os.WriteFile(file, []byte(`{"keys": [`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := k.ids(); err == nil {
		t.Error("a broken file is listed")
	}
	broken, err := openKeystore(file)
	if err == nil {
		t.Error("a broken file is read")
	}
	if changed, err := broken.take(add(20, "z")); !changed || err != nil {
		t.Errorf("a broken keystore takes no key: %v", err)
	}
}
