package casefile_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"corax"
	"corax/audit"
	"corax/diagnose"
	"corax/investigate"
	"corax/knowledge"
	"corax/scenario"
	"corax/scenario/casefile"
)

var noon = time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC)

func newKey(t *testing.T) *audit.Key {
	t.Helper()
	k, err := audit.OpenKey(filepath.Join(t.TempDir(), "audit.key"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// theEngine is made once: to read the whole catalogue takes a while.
var theEngine = sync.OnceValues(func() (*diagnose.Engine, error) {
	catalogue, err := knowledge.Load()
	if err != nil {
		return nil, err
	}
	return diagnose.New(catalogue), nil
})

func newEngine(t *testing.T) *diagnose.Engine {
	t.Helper()
	e, err := theEngine()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// content is all that is known of a process that is down, diagnosed by the engine as it would be live.
func content(t *testing.T) casefile.Content {
	t.Helper()
	c := corax.Case{ID: "live",
		Topology: corax.Topology{
			Entities: []corax.Entity{{ID: "payment", Kind: "service"}, {ID: "order", Kind: "service"}},
			Edges:    []corax.Edge{{From: "order", To: "payment", Kind: "depends_on"}},
		},
		Signals: []corax.Signal{
			{ID: "s1", At: noon, Source: "monitor/payment-health", Entity: "payment", Severity: corax.High, Kind: corax.Symptom, Fingerprint: "inc-1",
				Message: "GET http://10.0.0.7:8080/health failed: connection refused by 10.0.0.7:8080"},
			{ID: "s2", At: noon.Add(time.Second), Source: "monitor/order-api", Entity: "order", Severity: corax.High, Kind: corax.Symptom, Fingerprint: "inc-2",
				Message: "GET http://10.0.0.8:8080/orders answered 502: upstream payment is not available"},
		}}
	incidents := []corax.Incident{{ID: "inc-1", Entity: "payment", OpenedAt: noon}, {ID: "inc-2", Entity: "order", OpenedAt: noon.Add(time.Second)}}
	p := corax.Problem{ID: "prb-1", State: corax.ProblemClosed, Incidents: []string{"inc-1", "inc-2"}, Case: &c, OpenedAt: noon}
	engine := newEngine(t)
	d, ok := investigate.Replay(engine, p, incidents, nil)
	if !ok || d.RootCause.Mechanism == "" {
		t.Fatalf("the engine makes nothing of it: %+v", d)
	}
	p.Diagnosis = d
	doc := `{"kind":"plan_made","plan":"pln-1"}`
	return casefile.Content{Version: "test", Catalogue: "sha256:0", Problem: p, Report: engine.Diagnose(c), Incidents: incidents,
		Decisions: []corax.Decision{{Plan: "pln-1", Step: "1", Verdict: corax.Allow, Rule: "reversible"}},
		Events:    []corax.Event{{At: noon, Kind: corax.EventDiagnosed, Problem: "prb-1", Text: "it is down"}},
		Audit:     []casefile.AuditLine{{Doc: doc, Hash: audit.Digest([]byte(doc))}}}
}

func signed(t *testing.T, c casefile.Content, key *audit.Key) []byte {
	t.Helper()
	f, err := casefile.Sign(c, key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAFileComesBackAsItWas(t *testing.T) {
	key, c := newKey(t), content(t)
	text := signed(t, c, key)
	for name, by := range map[string]audit.Public{"its own key": "", "the key that is known": key.Public()} {
		got, err := casefile.Open(text, by)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c.Format = casefile.Format
		want, _ := json.Marshal(c)
		if is, _ := json.Marshal(got); !bytes.Equal(is, want) {
			t.Errorf("%s: came back as\n%s, was\n%s", name, is, want)
		}
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		t.Fatal(err)
	}
	if _, err := casefile.Open(compact.Bytes(), key.Public()); err != nil {
		t.Errorf("written without spaces it does not hold: %v", err)
	}
}

// Whatever is altered, cut or signed by another is found.
func TestTamperingIsFound(t *testing.T) {
	key := newKey(t)
	text := string(signed(t, content(t), key))
	forged := content(t)
	forged.Audit[0].Doc = strings.Replace(forged.Audit[0].Doc, "pln-1", "pln-2", 1)
	without := content(t)
	without.Problem.Case = nil
	for name, tt := range map[string]struct {
		text string
		key  audit.Public
		code corax.Code
	}{
		"a word of a message":        {strings.Replace(text, "connection refused", "connection accepted", 1), "", corax.Forbidden},
		"a verdict":                  {strings.Replace(text, `"verdict": "allow"`, `"verdict": "deny"`, 1), "", corax.Forbidden},
		"a field more":               {strings.Replace(text, `"content": {`, `"content": {"approved": true,`, 1), "", corax.Forbidden},
		"another key than the known": {text, newKey(t).Public(), corax.Forbidden},
		"another key in the file":    {strings.Replace(text, string(key.Public()), string(newKey(t).Public()), 1), "", corax.Forbidden},
		"no signature":               {text[:strings.LastIndex(text, `"signature"`)] + `"signature": ""}`, "", corax.Forbidden},
		"cut":                        {text[:len(text)/2], "", corax.Invalid},
		"no file":                    {`{}`, "", corax.Invalid},
		"an entry of the audit, signed by who altered it": {string(signed(t, forged, key)), "", corax.Forbidden},
		"no case": {string(signed(t, without, key)), "", corax.Invalid},
	} {
		if tt.text == text && tt.key == "" {
			t.Errorf("%s: nothing was altered", name)
		}
		if _, err := casefile.Open([]byte(tt.text), tt.key); corax.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
}

func TestReplayIsTheSame(t *testing.T) {
	c := content(t)
	if diff, err := c.Replay(newEngine(t)); err != nil || len(diff) > 0 {
		t.Errorf("differs: %v, %v", diff, err)
	}
	healed := noon.Add(-time.Hour) // before the incidents were heard of again
	c.Problem.HealedAt = &healed
	if diff, err := c.Replay(newEngine(t)); err != nil || len(diff) > 0 {
		t.Errorf("of a problem that was healed: %v, %v", diff, err)
	}
	c.Problem.Diagnosis.RootCause.Entity = "order"
	diff, err := c.Replay(newEngine(t))
	if err != nil || len(diff) != 1 || !strings.Contains(diff[0], `diagnosis.root_cause.entity was "order", is "payment"`) {
		t.Errorf("what was recorded otherwise: %v, %v", diff, err)
	}
}

// A problem that is imported as a scenario is a file that can be used, and passes.
func TestImportedAsAScenarioItPasses(t *testing.T) {
	c := content(t)
	text, err := c.Scenario()
	if err != nil {
		t.Fatal(err)
	}
	sc, err := scenario.Parse("imported.yaml", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if sc.ID() != "imported/"+c.Name() || len(sc.Inject) != 2 || sc.Live() {
		t.Errorf("%s, %d signals, live %t", sc.ID(), len(sc.Inject), sc.Live())
	}
	run := func(sc scenario.Scenario) scenario.Result {
		return (&scenario.Runner{Engine: newEngine(t), Clock: func() time.Time { return noon }}).Run(t.Context(), sc)
	}
	if r := run(sc); r.Verdict != scenario.Passed || len(r.Checks) < 5 {
		t.Errorf("%s %s %+v", r.Verdict, r.Error, r.Checks)
	}
	// It is a test: another answer fails it.
	wrong := strings.Replace(string(text), "entity: payment\n        mechanism:", "entity: order\n        mechanism:", 1)
	if wrong == string(text) {
		t.Fatalf("no root cause to alter in\n%s", text)
	}
	if sc, err = scenario.Parse("imported.yaml", []byte(wrong)); err != nil {
		t.Fatal(err)
	}
	if r := run(sc); r.Verdict != scenario.Failed {
		t.Errorf("with another root cause it is %s", r.Verdict)
	}
}
