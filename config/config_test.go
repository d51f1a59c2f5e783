package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"corax"
	"corax/config"
	"corax/config/decode"
)

func TestLoadReadsAFullConfiguration(t *testing.T) {
	cfg, err := config.Load("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Warnings) > 0 {
		t.Errorf("warnings: %v", cfg.Warnings)
	}
	var names []string
	for _, m := range cfg.Monitors {
		names = append(names, m.Name)
	}
	if d := cmp.Diff([]string{"login", "auth-port", "auth-certificate", "backup", "auth-log", "orders"}, names); d != "" {
		t.Error(d)
	}
	login := cfg.Monitors[0]
	if steps := login.HTTP.All(); len(steps) != 2 || steps[1].CA != "testdata/ca.pem" || steps[1].Expect.Status[0] != 200 {
		t.Errorf("steps: %+v", steps)
	}
	if login.Every != time.Second || login.Timeout != 5*time.Second || login.After != 2 ||
		login.Severity != corax.Critical {
		t.Errorf("login: %+v", login)
	}
	if !cfg.SyncAlways() || cfg.Retention.Bytes != 2<<30 || cfg.Heal.StableFor != 5*time.Second ||
		cfg.Heal.EscalateAfter != 9*time.Second {
		t.Errorf("%+v %+v %+v", cfg.Sync, cfg.Retention, cfg.Heal)
	}
	if cfg.DataDir != "testdata/data" || cfg.Monitors[4].Log.Path != "testdata/logs/*.log" {
		t.Errorf("paths: %q %q", cfg.DataDir, cfg.Monitors[4].Log.Path)
	}
	if a := cfg.Actions[0]; a.Timeout != 10*time.Second || a.Risk != corax.Disruptive {
		t.Errorf("action: %+v", a)
	}
	if k := cfg.Topology.Edges[0].Kind; k != corax.DependsOn {
		t.Errorf("kind %q", k)
	}
}

func TestDefaultIsAnEmptyFile(t *testing.T) {
	got, err := config.Parse("empty.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(config.Default(), got, cmpopts.IgnoreUnexported(config.Config{})); d != "" {
		t.Error(d)
	}
}

const topology = "topology:\n  entities: [{id: auth, kind: service}, {id: order-svc}]\n"

func TestParsePointsAtTheFault(t *testing.T) {
	const action = `
  - name: svc.restart
    applies_to: {kinds: [service]}
    risk: disruptive
    effect: {http: {method: POST, url: "${target.attributes.admin}/restart"}}
    verify: [{that: "true"}]
`
	for _, c := range []struct{ name, text, want string }{
		{"misspelt section", "monitor: []", `c.yaml:1:1: monitor: unknown field "monitor" (did you mean "monitors"?)`},
		{"misspelt field", "monitors:\n  - name: a\n    tcp: {adress: x}",
			`c.yaml:3:11: monitors[0].tcp.adress: unknown field`},
		{"unknown entity", topology + "monitors:\n  - {name: a, entity: order-scv, tcp: {address: \"h:1\"}}",
			`c.yaml:4:23: monitors[0].entity: unknown entity "order-scv" (did you mean "order-svc"?)`},
		{"edge to nowhere", topology + "  edges:\n    - {from: auth, to: oder-svc}",
			`c.yaml:4:24: topology.edges[0].to: unknown entity "oder-svc" (did`},
		{"edge kind", topology + "  edges:\n    - {from: auth, to: order-svc, kind: depend_on}",
			`did you mean "depends_on"?`},
		{"twice", "monitors:\n  - {name: a, tcp: {address: \"h:1\"}}\n  - {name: a, tcp: {address: \"h:1\"}}",
			`c.yaml:3:12: monitors[1].name: monitor "a" is declared twice, first at c.yaml:2:12`},
		{"no probe", "monitors:\n  - name: a", `c.yaml:2:5: monitors[0]: monitor "a" checks nothing (add http,`},
		{"two probes", "monitors:\n  - name: a\n    tcp: {address: \"h:1\"}\n    tls: {address: \"h:1\"}",
			`c.yaml:4:5: monitors[0].tls: monitor "a" has tcp and tls`},
		{"bad URL", "monitors:\n  - {name: a, http: {url: localhost:80}}",
			`expected an http or https URL, found "localhost:80"`},
		{"bad address", "monitors:\n  - {name: a, tcp: {address: host}}",
			`monitors[0].tcp.address: expected an address, found "host"`},
		{"unsaved value", "monitors:\n  - {name: a, http: {steps: [{url: \"http://h/${tokn}\"}]}}",
			`unknown saved value "tokn"`},
		{"expect beside steps",
			"monitors:\n  - name: a\n    http:\n      expect: {status: 204}\n      steps: [{url: \"http://h\"}]",
			`c.yaml:4:7: monitors[0].http.expect: "expect" does not go beside steps (move it into the step`},
		{"header beside steps", "monitors:\n  - {name: a, http: {header: {X: y}, name: n, steps: [{url: \"http://h\"}]}}",
			`c.yaml:2:44: monitors[0].http.name: "name" does not go beside steps`},
		{"secret in the open", "monitors:\n  - {name: a, http: {url: \"http://h\", token: s3cret}}",
			`a credential is given as a reference`},
		{"too often", "monitors:\n  - {name: a, every: 1ms, tcp: {address: \"h:1\"}}",
			`monitors[0].every: expected at least 100ms`},
		{"bad regexp", "monitors:\n  - {name: a, log: {path: x, rules: [{match: \"(\"}]}}",
			`log.rules[0].match: not a regular expression`},
		{"bad kind", "monitors:\n  - {name: a, log: {path: x, rules: [{match: x, kind: sympton}]}}",
			`did you mean "symptom"?`},
		{"no verify", "actions:" + strings.Replace(action, "    verify: [{that: \"true\"}]\n", "", 1),
			`actions[0].verify: action "svc.restart" has no verification`},
		{"risk", "actions:" + strings.Replace(action, "disruptive", "disruptiv", 1),
			`actions[0].risk: unknown risk "disruptiv" (did you mean "disruptive"?)`},
		{"inverse", "actions:" + action + "    inverse: {action: svc.stop}", `unknown action "svc.stop"`},
		{"no effect", "actions:" + strings.Replace(action, "effect:", "precheck: []\n    x-effect:", 1),
			`unknown field "x-effect" (did you mean "effect"?)`},
		{"verdict", "policy: {rules: [{name: r, when: \"true\", then: alow}]}",
			`policy.rules[0].then: unknown verdict "alow" (did you mean "allow"?)`},
		{"negative", "heal: {stable_for: -1s}", `c.yaml:1:20: heal.stable_for: must not be negative`},
		{"listen", "listen: 9094", `c.yaml:1:9: listen: expected an address, found "9094"`},
		{"beyond loopback", "listen: 0.0.0.0:9094", `c.yaml:1:9: listen: beyond loopback, passwords and tokens would be sent in the clear`},
		{"beyond loopback by name", "listen: \"box:9094\"", `would be sent in the clear`},
		{"half a certificate", "access: {tls: {cert: x.pem}}", `access.tls: a certificate and its key belong together`},
		{"a proxy by name", "access: {behind_proxy: proxy.example.org}", `expected an address or a network, found "proxy.example.org"`},
		{"a host with a port", "access: {hosts: [\"a.example.org:443\"]}", `expected the name of a host, found "a.example.org:443"`},
		{"short sessions", "access: {idle: 1s}", `access.idle: expected at least 1m`},
		{"sync", "sync: allways", `did you mean "always"?`},
		{"log level", "log: {level: lod}", `c.yaml:1:14: log.level:`},
		{"missing include", "include: [nowhere.yaml]", `c.yaml:1:11: include[0]: open nowhere.yaml`},
		{"syntax", "monitors: [", `c.yaml:2:1: while parsing`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := config.Parse("c.yaml", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got  %v\nwant %s", err, c.want)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Error("the error repeats a secret")
			}
			var all decode.Errors
			if !errors.As(err, &all) || corax.CodeOf(err) != corax.Invalid {
				t.Errorf("%T, code %s", err, corax.CodeOf(err))
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	cfg, err := config.Parse("c.yaml", []byte(`
listen: 0.0.0.0:9094
access: {behind_proxy: 10.0.0.7}
actions:
  - name: x
    applies_to: {kinds: [nothing]}
    risk: reversible
    effect: {http: {url: "http://h/"}}
    verify: [{that: "true"}]
`))
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for _, w := range cfg.Warnings {
		fields = append(fields, w.Field)
	}
	if d := cmp.Diff([]string{"listen", "actions[0].applies_to", "actions[0].risk"}, fields); d != "" {
		t.Error(d)
	}
}

func TestIncludeIsSafeAndPointsIntoTheRightFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	main := write("main.yaml", "include: [\"parts/*.yaml\", main.yaml]\nmonitors: [{name: a, tcp: {address: \"h:1\"}}]\n")
	write("parts/1.yaml", "include: [2.yaml, ../main.yaml]\nmonitors: [{name: b, log: {path: b.log}}]\n")
	second := write("parts/2.yaml", "include: [1.yaml]\nmonitors:\n  - {name: c, tcp: {address: \"h:1\"}}\n")
	cfg, err := config.Load(main)
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Monitors) != 3 || cfg.Monitors[1].Log.Path != filepath.Join(dir, "parts", "b.log") {
		t.Fatalf("%+v", cfg.Monitors)
	}
	write("parts/2.yaml", "monitors:\n  - {name: a, tcp: {address: \"h\"}}\nlisten: x\n")
	_, err = config.Load(main)
	for _, want := range []string{
		second + `:2:12: monitors[0].name: monitor "a" is declared twice, first at ` + main + ":2:19",
		second + ":2:30: monitors[0].tcp.address",
		second + `:3:1: listen: unknown field "listen"`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// Rooms that check more than config can, expressions for one, point at the same places.
func TestProblemPointsWhereTheItemWasWritten(t *testing.T) {
	dir := t.TempDir()
	main, second := filepath.Join(dir, "main.yaml"), filepath.Join(dir, "2.yaml")
	for file, text := range map[string]string{
		main:   "include: [2.yaml]\npolicy:\n  rules: [{name: a, when: \"true\", then: deny}]\n",
		second: "policy:\n  rules:\n    - name: b\n      when: \"1\"\n      then: deny\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(main)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"policy.rules[0].when":  main + ":3:27: policy.rules[0].when: no 7 (do)",
		"policy.rules[1].when":  second + ":4:13: policy.rules[0].when: no 7 (do)",
		"policy.rules[1].whom":  second + ":3:7: policy.rules[0].whom: no 7 (do)",
		"policy.rules[2].when":  "policy.rules[2].when: no 7 (do)",
		"policy.rules[-1].when": "policy.rules[-1].when: no 7 (do)",
		"policy":                "policy: no 7 (do)",
	} {
		if got := cfg.Problem(path, "do", "no %d", 7).Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	full, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(strings.Replace(string(full), "include:", "x-include:", 1)))
	f.Fuzz(func(_ *testing.T, data []byte) {
		if !strings.Contains(string(data), "include:") { // never the machine's own files
			_, _ = config.Parse("f.yaml", data)
		}
	})
}
