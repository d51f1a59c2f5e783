package jwt

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"corax/lab/part"
)

func TestNamesVaryAndStayApart(t *testing.T) {
	seen := map[string]int64{}
	for seed := range int64(60) {
		n := newNaming(seed)
		if !reflect.DeepEqual(n, newNaming(seed)) {
			t.Fatalf("seed %d is not repeatable", seed)
		}
		names, paths := map[string]bool{}, map[string]bool{}
		for role, name := range n.Parts {
			names[name] = true
			if seed != 0 && strings.Contains(name, role) && role != roleAuth {
				t.Errorf("seed %d calls %s %s", seed, role, name)
			}
		}
		for _, v := range verifiers {
			paths[n.Paths[v.role]] = true
		}
		paths[n.Session] = true
		if len(names) != 9 || len(paths) != 8 {
			t.Errorf("seed %d: %d names, %d paths", seed, len(names), len(paths))
		}
		seen[fmt.Sprint(n)] = seed
		kids := map[string]bool{}
		for i := 1; i <= 5; i++ {
			kids[n.keyID(seed, i, noon)] = true
		}
		if len(kids) < 4 { // the first two differ by their day
			t.Errorf("seed %d: key ids %v", seed, kids)
		}
		if n.keyID(seed, 1, noon.AddDate(0, -3, 0)) == n.keyID(seed, 2, noon) {
			t.Errorf("seed %d: the first two keys share an id", seed)
		}
	}
	if len(seen) < 55 {
		t.Errorf("%d of 60 seeds differ", len(seen))
	}
}

func TestPhrases(t *testing.T) {
	for name, p := range map[string]phrase{
		"no key": sayNoKey, "bad signature": sayBadSignature, "not yet": sayNotYet, "expired": sayExpired, "malformed": sayMalformed,
		"upstream status": sayUpstreamStatus, "upstream error": sayUpstreamError, "upstream slow": sayUpstreamSlow, "slow": saySlow,
		"added": sayKeyAdded, "removed": sayKeyRemoved, "unreadable": sayKeystoreUnreadable, "refused": sayHookRefused, "started": sayStarted,
		"rotation": sayRotation, "rotated": sayRotated, "kept": sayRotatedKept, "held": sayHeld, "delivered": sayDelivered,
		"failed": sayDeliveryFailed, "state": sayKeyState, "certificate": sayCertificate, "server": sayServer,
	} {
		for w := range wordings {
			args := []any{"one", "two", 3}
			switch name {
			case "upstream status":
				args = []any{"one", 401}
			case "state":
				args = []any{"one", "two", "three"}
			}
			n := 0
			for i := range args {
				if strings.Contains(p[w], fmt.Sprintf("%%[%d]", i+1)) {
					n = i + 1
				}
			}
			said := p.in(w, args[:n]...)
			if strings.Contains(said, "%!") {
				t.Errorf("%s, wording %d: %s", name, w, said)
			}
			if !regexp.MustCompile(p.pattern(w)).MatchString(said) {
				t.Errorf("%s, wording %d: %s does not match %s", name, w, said, p.pattern(w))
			}
			for other := range w {
				if p[w] == p[other] {
					t.Errorf("%s: wordings %d and %d are the same", name, w, other)
				}
			}
		}
	}
}

func TestParamsAndFaultArguments(t *testing.T) {
	for name, with := range map[string]map[string]any{
		"unknown":  {"token_life": "20s"},
		"not time": {"token_lifetime": "soon"},
		"short":    {"token_lifetime": "1s"},
		"not int":  {"users": "many"},
		"none":     {"users": 0},
		"half":     {"rate": 1.5},
		"leeway":   {"leeway": "2m"},
	} {
		if _, err := ParseParams(with); err == nil {
			t.Errorf("%s: %v is taken", name, with)
		}
	}
	got, err := ParseParams(map[string]any{"token_lifetime": "20s", "users": "7", "rate": 3})
	if err != nil || got.TokenLifetime != 20*time.Second || got.Users != 7 || got.Rate != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	s := &System{}
	for _, v := range verifiers {
		s.lay.Services = append(s.lay.Services, service{Name: v.role + "-svc", Role: v.role})
	}
	read := func(with map[string]any) (outage, error) { return s.readOutage(&args{op: "test", with: with}) }
	for _, with := range []map[string]any{
		{"unreachable": 8}, {"unreachable": 1, "targets": []any{"user",
			"order"}}, {"targets": []any{"auth"}}, {"back_after": "later"},
		{"back_after": "-1s"}, {"reason": "boredom"}, {"stay_away": 1}, {"targets": 3},
	} {
		if o, err := read(with); err == nil {
			t.Errorf("%v is taken: %+v", with, o)
		}
	}
	o, err := read(map[string]any{"unreachable": 3, "targets": "order", "stay_away": 1, "seed": 4})
	again, _ := read(map[string]any{"unreachable": 3, "targets": "order", "stay_away": 1, "seed": 4})
	if err != nil || len(o.targets) != 3 || o.targets[0].Role != "order" || len(o.away) != 1 || !reflect.DeepEqual(o, again) {
		t.Errorf("%+v, %v", o, err)
	}
}

// record makes a line of an audit file, n milliseconds after noon.
func record(n int, who, actor, event string, detail ...string) part.Record {
	r := part.Record{At: noon.Add(time.Duration(n) * time.Millisecond), Part: who, Actor: actor, Event: event,
		Detail: map[string]string{}}
	for i := 0; i+1 < len(detail); i += 2 {
		r.Detail[detail[i]] = detail[i+1]
	}
	return r
}

func TestCheck(t *testing.T) {
	begin := []part.Record{
		record(0, "v1", "v1", recLoaded, "kids", "old"),
		record(0, "v2", "v2", recLoaded, "kids", "old"),
		record(1, "auth", "auth", recToken, "kid", "old", "expires", stamp(noon.Add(time.Second))),
		record(2, "v1", actorWebhook, recAdded, "kid", "new"),
	}
	state := func(n int, actor, kid, from, to, successor string) part.Record {
		return record(n, "auth", actor, recKeyState, "kid", kid, "from", from, "to", to, "successor", successor)
	}
	switched := func(n int, actor string) []part.Record {
		return []part.Record{state(n, actor, "new", "pending", "signing", "new"), state(n, actor, "old", "signing",
			"published", "new")}
	}
	both := record(3, "v2", actorWebhook, recAdded, "kid", "new")
	action := record(4, "auth", credCorax, recSettings)
	compromise := record(1, "auth", jobRotation, recRotation, "kid", "new", "previous_kid", "old", "reason",
		reasonCompromise, "hardened", "no")
	hardened := record(1, "auth", jobRotation, recRotation, "kid", "new", "previous_kid", "old", "reason",
		reasonRoutine, "hardened", "yes")
	for _, c := range []struct {
		name  string
		rest  []part.Record
		found []string
	}{
		{"a switch that all are ready for", append(switched(5, credCorax), both), nil},
		{"a switch too early", switched(5, credCorax), []string{"key old left signing while v2 lacked key new"}},
		{"the fault itself", append(switched(3, jobRotation), action), nil},
		{"a rotation later on, not hardened", append(switched(5, jobRotation), action), nil},
		{"a rotation later on, hardened", append(switched(5, jobRotation), action, hardened),
			[]string{"left signing while v2"}},
		{"withdrawn while a token is out", append(switched(5, credCorax), both, state(900, credCorax, "old",
			"published", "withdrawn", "new")),
			[]string{"left the JWKS 100ms before the last token"}},
		{"withdrawn in time", append(switched(5, credCorax), both, state(1000, credCorax, "old", "published",
			"withdrawn", "new")), nil},
		{"removed while a token is out", append(switched(5, credCorax), both, record(900, "v1", actorWebhook,
			recRemoved, "kid", "old")),
			[]string{"left the keystore of v1 100ms before"}},
		{"removed while one lacks the successor", []part.Record{action, record(2000, "v1", actorWebhook, recRemoved,
			"kid", "new")}, nil},
		{"removed while one lost the successor", append(switched(5, credCorax), both, record(6, "v2", "v2", recUnreadable),
			record(2000, "v1", actorWebhook, recRemoved, "kid", "old")), []string{"while v2 lacked key new"}},
		{"compromised and removed at once", append(switched(3, jobRotation), both, action, compromise,
			record(6, "v1", actorWebhook, recRemoved, "kid", "old")), nil},
		{"compromised and back", append(switched(3, jobRotation), both, action, compromise,
			state(6, credCorax, "old", "published", "signing", "old"), state(6, credCorax, "new", "signing", "published",
				"old")),
			[]string{"compromised key old signs again"}},
		{"a canary is no token", append(switched(5, credCorax), both,
			record(6, "auth", credCanary, recCanary, "kid", "old", "expires", stamp(noon.Add(time.Hour))),
			state(1000, credCorax, "old", "published", "withdrawn", "new")), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := check(history{records: append(slices.Clone(begin), c.rest...), auth: "auth", verifiers: []string{"v1", "v2"}})
			if len(got) != len(c.found) {
				t.Fatalf("found %+v", got)
			}
			for i, v := range got {
				if !strings.Contains(v.Text, c.found[i]) {
					t.Errorf("found %q, expected %q", v.Text, c.found[i])
				}
			}
		})
	}
}

func FuzzKeyMessage(f *testing.F) {
	dir := f.TempDir()
	file := filepath.Join(dir, "keys.json")
	j := toJWK("k", &newTestKey(f).PublicKey)
	if err := part.WriteJSON(file, keystoreFile{Sequence: 5, Keys: []jwk{j}}, 0o600); err != nil {
		f.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "logs"), 0o700); err != nil {
		f.Fatal(err)
	}
	audit, err := part.OpenAudit(dir, "v", nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = audit.Close() })
	f.Add([]byte(`{"sequence": 6, "kind": "remove", "kid": "k"}`), true)
	f.Add([]byte(`{"sequence": 6, "kind": "add", "kid": "x", "key": {"kty": "RSA", "kid": "x", "n": "AQAB", "e": "AQAB"}}`), true)
	f.Add([]byte(`{"sequence": 18446744073709551615, "kind": "remove", "kid": ""}`), true)
	f.Add([]byte(`[]`), false)
	f.Fuzz(func(t *testing.T, body []byte, signed bool) {
		store, err := openKeystore(file)
		if err != nil {
			t.Fatal(err)
		}
		store.file = filepath.Join(t.TempDir(), "keys.json")
		s := &server{secret: "secret", keys: store, env: partEnv{name: "v", audit: audit,
			log: slog.New(slog.NewTextHandler(io.Discard, nil)),
			lay: layout{Names: newNaming(0)}}}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/keys", strings.NewReader(string(body)))
		r.Header.Set(signatureHeader, signHook("another secret", body))
		if signed {
			r.Header.Set(signatureHeader, signHook("secret", body))
		}
		w := httptest.NewRecorder()
		s.hooks().ServeHTTP(w, r)
		if !signed && (w.Code != http.StatusForbidden || store.key("k") == nil || store.saved.Sequence != 5) {
			t.Fatalf("an unsigned message had the answer %d", w.Code)
		}
		if store.saved.Sequence < 5 {
			t.Fatal("the sequence went back")
		}
	})
}
