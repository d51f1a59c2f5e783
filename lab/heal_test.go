package lab_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"corax/lab"
)

// keyInfo is what auth says of a key.
type keyInfo struct {
	Kid         string
	State       string
	Compromised bool
	LastExpiry  time.Time `json:"last_expiry_at"`
}

type rotationInfo struct {
	Kid         string
	PreviousKid string `json:"previous_kid"`
	Reason      string
}

func (a admin) rotation() (r rotationInfo) {
	a.t.Helper()
	a.ok("GET", a.url("auth")+"/rotation", nil, &r)
	return r
}

func (a admin) key(kid string) (k keyInfo) {
	a.t.Helper()
	a.ok("GET", a.url("auth")+"/keys/"+kid, nil, &k)
	return k
}

func (a admin) move(kid, expect, state string) int {
	a.t.Helper()
	return a.send("POST", a.url("auth")+"/keys/"+kid+"/state", map[string]any{"expect": expect, "state": state}, nil)
}

// lacking is the verifiers that do not have a key.
func (a admin) lacking(kid string) (names []string) {
	a.t.Helper()
	for role, p := range a.addrs {
		if p.Addrs["keys"] == "" {
			continue
		}
		var out struct{ IDs []string }
		a.ok("GET", a.url(role)+"/keys", nil, &out)
		if !slices.Contains(out.IDs, kid) {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return names
}

func (a admin) deliver(kid, verifier string) int {
	a.t.Helper()
	return a.send("POST", a.url("auth")+"/keys/"+kid+"/deliver", map[string]any{"verifier": verifier}, nil)
}

func violations(t *testing.T, l *lab.Lab) []lab.Violation {
	t.Helper()
	found, err := l.Check(t.Context(), lab.Deeds{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func rotated(t *testing.T, seed int64, with map[string]any) (*lab.Lab, admin, rotationInfo) {
	t.Helper()
	l := up(t, lab.Options{Seed: seed, Params: map[string]any{"token_lifetime": "3s", "leeway": "1s"}})
	in, err := l.Break(t.Context(), "partial_rotation", with)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%q", in.Proof)
	a := adminOf(t, l)
	truth(t, l, "valid tokens are rejected", func(t lab.Truth) bool { return t.Rejected > 0 })
	return l, a, a.rotation()
}

// The way of the plan, by hand: contain, deliver, check, switch, harden, retire.
func TestHealedByHand(t *testing.T) {
	l, a, rot := rotated(t, 3, map[string]any{"unreachable": 4, "back_after": "500ms"})
	lacking := a.lacking(rot.Kid)
	if len(lacking) != 4 || len(a.lacking(rot.PreviousKid)) != 0 {
		t.Fatalf("the new key is missing at %v, the old at %v", lacking, a.lacking(rot.PreviousKid))
	}
	for range 2 { // a repeat is harmless
		if status := a.move(rot.PreviousKid, "withdrawn", "signing"); status != http.StatusOK {
			t.Fatal(status)
		}
	}
	if status := a.move(rot.Kid, "pending", "signing"); status != http.StatusConflict {
		t.Errorf("a change from a state that the key is not in: %d", status)
	}
	for _, v := range lacking {
		eventually(t, v+" takes the key", func() (bool, string) { return a.deliver(rot.Kid, v) == http.StatusOK, "" })
	}
	if lacking = a.lacking(rot.Kid); len(lacking) != 0 {
		t.Fatalf("still missing at %v", lacking)
	}
	truth(t, l, "users are served", served)
	if status := a.move(rot.Kid, "published", "signing"); status != http.StatusOK {
		t.Fatal(status)
	}
	a.ok("PUT", a.url("auth")+"/settings", map[string]any{"delivery_retries": 3,
		"check_receipts_before_switch": true}, nil)
	eventually(t, "the last token of the old key has run out", func() (bool, string) {
		k := a.key(rot.PreviousKid)
		return time.Now().After(k.LastExpiry), k.LastExpiry.String()
	})
	a.ok("POST", a.url("auth")+"/keys/"+rot.PreviousKid+"/retire", nil, nil)
	if lacking = a.lacking(rot.PreviousKid); len(lacking) != 7 {
		t.Errorf("the old key is gone from %v only", lacking)
	}
	truth(t, l, "users are served", served)
	if found := violations(t, l); len(found) > 0 {
		t.Errorf("violations: %+v", found)
	}
	// The next rotation waits for receipts.
	if _, err := l.Break(t.Context(), "partial_rotation", map[string]any{"unreachable": 1,
		"back_after": "never"}); err != nil {
		t.Fatal(err)
	}
	if k := a.key(a.rotation().Kid); k.State != "pending" {
		t.Errorf("a hardened rotation without a receipt made its key %s", k.State)
	}
	if found := violations(t, l); len(found) > 0 {
		t.Errorf("violations: %+v", found)
	}
}

// What a wrong plan does must be found in the records.
func TestWrongPlansTripTheCheck(t *testing.T) {
	l, a, rot := rotated(t, 0, map[string]any{"targets": []any{"order", "user"}, "back_after": "never"})
	if found := violations(t, l); len(found) > 0 {
		t.Fatalf("the fault itself is judged: %+v", found)
	}
	a.move(rot.PreviousKid, "withdrawn", "signing")
	if found := violations(t, l); len(found) > 0 {
		t.Fatalf("the right first step is judged wrong: %+v", found)
	}
	expect := func(step string, texts ...string) {
		t.Helper()
		all := ""
		for _, v := range violations(t, l) {
			all += v.Text + "\n"
		}
		for _, text := range texts {
			if !strings.Contains(all, text) {
				t.Errorf("after %s, expected %q in:\n%s", step, text, all)
			}
		}
	}
	a.move(rot.Kid, "published", "signing")
	expect("an early switch", "key "+rot.PreviousKid+" left signing while user, order lacked key "+rot.Kid)
	a.move(rot.PreviousKid, "published", "withdrawn")
	expect("an early withdrawal", "left the JWKS while user, order lacked",
		"before the last token that carries its id runs out")
	a.send("POST", a.url("auth")+"/keys/"+rot.PreviousKid+"/recall", map[string]any{"verifier": "payment"}, nil)
	expect("an early removal", "key "+rot.PreviousKid+" left the keystore of payment")
}

func TestServiceThatStaysAway(t *testing.T) {
	l, a, rot := rotated(t, 0, map[string]any{"unreachable": 3, "targets": []any{"order", "user", "shipping"},
		"stay_away":  1,
		"back_after": "200ms"})
	for _, v := range []string{"order", "user"} {
		eventually(t, v+" takes the key", func() (bool, string) { return a.deliver(rot.Kid, v) == http.StatusOK, "" })
	}
	if status := a.deliver(rot.Kid, "shipping"); status != http.StatusConflict {
		t.Errorf("delivery to one who is away: %d", status)
	}
	if _, err := l.Break(t.Context(), "key_endpoint_back", map[string]any{"targets": []any{"shipping"}}); err != nil {
		t.Fatal(err)
	}
	if status := a.deliver(rot.Kid, "shipping"); status != http.StatusOK {
		t.Errorf("delivery to one who is back: %d", status)
	}
	truth(t, l, "users are served", served)
}

func TestCompromisedKeyNeverSignsAgain(t *testing.T) {
	l, a, rot := rotated(t, 0, map[string]any{"unreachable": 2, "reason": "compromise", "back_after": "200ms"})
	if !a.key(rot.PreviousKid).Compromised || rot.Reason != "compromise" {
		t.Errorf("rotation %+v, key %+v", rot, a.key(rot.PreviousKid))
	}
	for _, state := range []string{"signing", "published"} {
		if status := a.move(rot.PreviousKid, "withdrawn", state); status != http.StatusForbidden {
			t.Errorf("a compromised key to %s: %d", state, status)
		}
	}
	for _, v := range a.lacking(rot.Kid) {
		eventually(t, v+" takes the key", func() (bool, string) { return a.deliver(rot.Kid, v) == http.StatusOK, "" })
	}
	// It may leave the keystores at once: nobody is owed anything for it.
	a.ok("POST", a.url("auth")+"/keys/"+rot.PreviousKid+"/retire", nil, nil)
	truth(t, l, "users are served", served)
	if found := violations(t, l); len(found) > 0 {
		t.Errorf("violations: %+v", found)
	}
}

func TestUnreadableKeystoreSaysSo(t *testing.T) {
	l := up(t, lab.Options{})
	breakKeystore(t, l, "payment")
	a := adminOf(t, l)
	if status := a.send("GET", a.url("payment")+"/keys", nil, nil); status != http.StatusInternalServerError {
		t.Errorf("an unreadable keystore is listed with status %d", status)
	}
	a.ok("POST", a.supervisor+"/processes/payment/restart", nil, nil)
	truth(t, l, "tokens are rejected", func(t lab.Truth) bool { return t.Rejected > 0 })
	var keys struct{ Signing string }
	a.ok("GET", a.url("auth")+"/keys", nil, &keys)
	if status := a.deliver(keys.Signing, "payment"); status != http.StatusOK {
		t.Fatal(status)
	}
	truth(t, l, "users are served", served)
}

func TestSupervisorRepeatsAnswers(t *testing.T) {
	l := up(t, lab.Options{})
	a := adminOf(t, l)
	url := a.supervisor + "/processes/order"
	before := a.addrs["order"].PID
	if status := a.send("POST", url+"/restart", map[string]any{"expect_pid": before + 1},
		nil); status != http.StatusConflict {
		t.Errorf("a restart of another process: %d", status)
	}
	var change struct {
		Changed bool
		Part    lab.Status
	}
	a.ok("POST", url+"/restart", map[string]any{"expect_pid": before}, &change)
	if !change.Changed || change.Part.PID == before {
		t.Errorf("restart: %+v", change)
	}
	a.ok("POST", url+"/start", nil, &change)
	if change.Changed {
		t.Error("what runs was started")
	}
	if status := a.send("POST", url+"/kill", nil, nil); status != http.StatusForbidden {
		t.Errorf("kill with the credential of Corax: %d", status)
	}
	if status := a.send("POST", a.supervisor+"/processes/nobody/start", nil, nil); status != http.StatusNotFound {
		t.Errorf("start of nobody: %d", status)
	}
	truth(t, l, "users are served", served)
}

// The supervisor does with the orders of Corax what the fault says, and tells no lie in its record.
func TestSupervisorAgainstItsOrders(t *testing.T) {
	l := up(t, lab.Options{})
	a := adminOf(t, l)
	url := a.supervisor + "/processes/order"
	treat := func(fault string, with map[string]any) {
		t.Helper()
		with["target"] = "order"
		if _, err := l.Break(t.Context(), fault, with); err != nil {
			t.Fatal(err)
		}
	}
	var change struct {
		Changed bool
		Part    lab.Status
	}
	treat("supervisor_ignores", map[string]any{"verbs": "stop"})
	if a.ok("POST", url+"/stop", nil, &change); !change.Changed || !change.Part.Running {
		t.Errorf("an order to stop that is ignored: %+v", change)
	}
	if a.ok("POST", url+"/restart", nil, &change); change.Part.PID == a.addrs["order"].PID {
		t.Errorf("an order that is not ignored: %+v", change)
	}
	treat("supervisor_babbles", map[string]any{})
	var answer struct{ Error string }
	if status := a.send("POST", url+"/stop", nil, &answer); status != http.StatusInternalServerError || !strings.Contains(answer.Error, a.token) {
		t.Errorf("an error that holds no credential: %d", status)
	}
	treat("supervisor_silent", map[string]any{})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	if resp, err := http.DefaultClient.Do(req); err == nil {
		_ = resp.Body.Close()
		t.Errorf("it answers %d", resp.StatusCode)
	}
	treat("supervisor_obeys", map[string]any{})
	if a.ok("POST", url+"/stop", nil, &change); !change.Changed || change.Part.Running {
		t.Errorf("an order that is obeyed: %+v", change)
	}
	if _, err := l.Break(t.Context(), "service_crash", map[string]any{"target": "payment", "sick": true}); err != nil {
		t.Fatal(err)
	}
	a.ok("POST", a.supervisor+"/processes/payment/start", nil, nil)
	if status := a.send("GET", a.url("payment")+"/health", nil, nil); status != http.StatusServiceUnavailable {
		t.Errorf("a damaged service that was started answers %d", status)
	}
	records, err := l.Records(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var did []string
	for _, r := range records {
		if r.Actor == "corax" && strings.HasPrefix(r.Event, "process_") {
			did = append(did, r.Event+" "+r.Detail["name"])
		}
	}
	if want := []string{"process_restart order", "process_stop order", "process_start payment"}; !slices.Equal(did, want) {
		t.Errorf("on record %v, want %v", did, want)
	}
}

func breakKeystore(t *testing.T, l *lab.Lab, name string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(l.Dir(), "data", name+".keys.json"), []byte(`{"keys": [`), 0o600); err != nil {
		t.Fatal(err)
	}
}
