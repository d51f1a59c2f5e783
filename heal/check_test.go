package heal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"corax"
)

func TestCheckActionsAcceptsGoodOnes(t *testing.T) {
	if errs := CheckActions(actions(), corax.Executors{}); len(errs) > 0 {
		t.Error(errs)
	}
	if errs := CheckPolicy(policy()); len(errs) > 0 {
		t.Error(errs)
	}
}

func TestCheckActionsFindsMistakes(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(a *corax.Action)
		want  string
	}{
		{"no verification", func(a *corax.Action) { a.Verify = nil }, "an action without verification is refused"},
		{"no effect", func(a *corax.Action) { a.Effect = corax.Call{} }, "it does nothing"},
		{"risk", func(a *corax.Action) { a.Risk = "harmless" }, `"harmless": expected read`},
		{"applies to nothing", func(a *corax.Action) { a.AppliesTo = corax.Selector{} },
			"an empty selector matches nothing"},
		{"syntax", func(a *corax.Action) { a.Goal = "facts.keys.signing ==" }, "goal: "},
		{"not a boolean", func(a *corax.Action) { a.Goal = "1 + 1" }, "is of type int, expected bool"},
		{"unknown variable", func(a *corax.Action) { a.Ready = "facst.keys.up" }, "undeclared reference to 'facst'"},
		{"unknown reading", func(a *corax.Action) { a.Verify[0].That = "facts.kesy.signing == params.kid" },
			"facts.kesy is not a reading"},
		{"unknown input", func(a *corax.Action) { a.Precheck[0].Else = "${params.kit}" }, "params.kit is not an input"},
		{"open template", func(a *corax.Action) { a.SafeState = "${params.kid" }, "is not closed"},
		{"method", func(a *corax.Action) { a.Read[0].HTTP.Method = "DELETE" }, "DELETE changes what it asks"},
		{"twice", func(a *corax.Action) { a.Read = append(a.Read, a.Read[0]) }, `"keys" is empty or used twice`},
		{"each of nothing", func(a *corax.Action) { a.Related = "" }, "nothing to read for each of"},
		{"host by input", func(a *corax.Action) { a.Effect.HTTP.URL = "http://${params.kid}/x" },
			"params may not choose the host"},
		{"address by problem", func(a *corax.Action) { a.Effect.HTTP.URL = "${problem.facts.url}/x" },
			"problem may not choose the host"},
		{"no address", func(a *corax.Action) { a.Effect.HTTP.URL = "ftp://x/y" }, "is no address"},
		{"pasted secret", func(a *corax.Action) { a.Effect.HTTP.Token = "hunter2hunter2" },
			"not a credential's reference"},
		{"inverse", func(a *corax.Action) { a.Inverse.Action = "key.unsign" }, "there is no action key.unsign"},
		{"destructive inverse", func(a *corax.Action) { a.Inverse.Action = "key.destroy" }, "it can't be a way back"},
		{"inverse's input", func(a *corax.Action) { a.Inverse.Params = map[string]string{"key": "x"} },
			"key is not an input of key.sign"},
		{"wait", func(a *corax.Action) { a.Wait = &corax.WaitFor{Until: "true"} }, "expected timestamp"},
		{"status", func(a *corax.Action) { a.Effect.HTTP.Status = []int{20} }, "20 is not an HTTP status"},
		{"body", func(a *corax.Action) { a.Effect.HTTP.Body = map[string]any{"l": []any{"${nonsense}"}} },
			"effect.http.body.l[0]"},
		{"default", func(a *corax.Action) { a.Inputs["n"] = corax.Input{Type: "int", Default: "x"} }, "inputs.n.default"},
	} {
		t.Run(c.name, func(t *testing.T) {
			as := actions()
			c.spoil(&as[0])
			var text strings.Builder
			for _, err := range CheckActions(as, corax.Executors{}) {
				var f *Fault
				if !errors.As(err, &f) || !strings.HasPrefix(f.Field, "actions[") || corax.CodeOf(err) != corax.Invalid {
					t.Errorf("%v is %T with code %s", err, err, corax.CodeOf(err))
				}
				fmt.Fprintln(&text, err)
			}
			if !strings.Contains(text.String(), "action key.sign: ") || !strings.Contains(text.String(), c.want) {
				t.Errorf("got %q, expected %q", text.String(), c.want)
			}
			if strings.Contains(text.String(), "hunter2") {
				t.Error("the secret is in the error")
			}
		})
	}
}

// executors are what calls in these tests may reach.
func executors() corax.Executors {
	return corax.Executors{
		Commands: []corax.Command{{Name: "flush", Argv: []string{"/bin/flush", "--", "{what}"}},
			{Name: "count", Argv: []string{"/bin/count"}, Reads: true},
			{Name: "reload", Argv: []string{"/bin/reload"}, Hosts: []string{"web"}}},
		Hosts: []corax.Host{{Name: "web", Address: "web:22", User: "corax", Key: "env:KEY",
			HostKeys: []string{"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"}}},
		Databases:   []corax.Database{{Name: "shop", Kind: "postgres", Address: "db:5432", Schema: "shop", User: "corax"}},
		Processes:   []corax.Process{{Name: "worker", Argv: []string{"/bin/worker"}, State: "/var/lib/corax"}},
		Directories: []corax.Directory{{Path: "/etc/app", Backups: "/var/backups"}, {Path: "/srv"}},
	}
}

func TestCheckCalls(t *testing.T) {
	text := "x"
	command := func(run string, args map[string]string) corax.Call {
		return corax.Call{Command: &corax.CommandRun{Run: run, Args: args}}
	}
	remote := func(host, run string) corax.Call { return corax.Call{SSH: &corax.SSHRun{Host: host, Run: run}} }
	statement := func(database, text string) corax.Call {
		return corax.Call{SQL: &corax.SQLStatement{Database: database, Statement: text}}
	}
	process := func(name, do string) corax.Call {
		return corax.Call{Process: &corax.ProcessControl{Name: name, Do: do}}
	}
	file := func(f corax.FileEdit) corax.Call { return corax.Call{File: &f} }
	for _, c := range []struct {
		call corax.Call
		read bool
		want string // part of what is wrong; nothing is where empty
	}{
		{command("flush", map[string]string{"what": "${params.kid}"}), false, ""},
		{command("flush", map[string]string{"what": "${params.kit}"}), false, "effect.command.args.what: params.kit is not an input"},
		{command("flush", nil), false, "effect.command.args: command flush needs what"},
		{command("count", map[string]string{"of": "x"}), false, "effect.command.args.of: command count has no {of}"},
		{command("flsh", nil), false, `effect.command.run: there is no command "flsh"`},
		{command("flush", map[string]string{"what": "x"}), true, "read[0].command.run: command flush is not declared as one that only"},
		{command("reload", nil), false, "command reload is one for other hosts"},
		{remote("web", "reload"), false, ""},
		{remote("${target.attributes.host}", "reload"), false, ""},
		{remote("${params.kid}", "reload"), false, "effect.ssh.host: params may not choose where it goes"},
		{remote("wbe", "reload"), false, `effect.ssh.host: "wbe" is not declared`},
		{remote("web", "count"), false, "command count is not declared for web"},
		{statement("shop", "UPDATE a SET b = $1"), false, ""},
		{statement("shop", "UPDATE a SET b = '${params.kid}'"), false, "a value is bound, never written into the statement"},
		{statement("shop", "DROP TABLE a"), false, `it begins with "DROP"`},
		{statement("shop", "UPDATE a SET b = 1"), true, `it begins with "UPDATE"`},
		{statement("${facts.keys.db}", "SELECT 1"), true, "facts may not choose where it goes"},
		{process("worker", "restart"), false, ""},
		{process("worker", ""), false, "expected start, stop or restart"},
		{process("worker", "stop"), true, "a reading does nothing"},
		{file(corax.FileEdit{Path: "/etc/app/x", Expect: "${facts.keys.sha256}", Content: &text}), false, ""},
		{file(corax.FileEdit{Path: "/etc/app/x"}), true, ""},
		{file(corax.FileEdit{Path: "/etc/app/x", Content: &text}), false, "effect.file.expect: an edit says which content"},
		{file(corax.FileEdit{Path: "/etc/app/x", Expect: "x"}), false, "it has 0 of them"},
		{file(corax.FileEdit{Path: "/etc/passwd"}), true, "is in none of the declared directories"},
		{file(corax.FileEdit{Path: "/srv/x", Expect: "x", Content: &text}), false, "no backups are declared"},
		{file(corax.FileEdit{Path: "/etc/app/../passwd"}), true, "not a plain absolute path"},
		{corax.Call{HTTP: &corax.HTTPRequest{URL: "http://h/"}, Process: &corax.ProcessControl{}}, false, "exactly one of http, command"},
		{corax.Call{}, true, "read[0]: a call is exactly one of"},
	} {
		as := actions()
		as[0].Goal = "true"
		if c.read {
			as[0].Read = append([]corax.Reading{{Name: "extra", Call: c.call}}, as[0].Read...)
		} else {
			as[0].Effect = c.call
		}
		errs := CheckActions(as, executors())
		got := ""
		for _, err := range errs {
			got += err.Error() + "\n"
		}
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%+v: got %q, want %q", c.call, got, c.want)
		}
	}
}

func TestCheckIdempotencyAndTouches(t *testing.T) {
	for want, spoil := range map[string]func(a *corax.Action){
		"idempotency: the action has no goal": func(a *corax.Action) { a.Goal, a.Idempotency = "", corax.ByGoal },
		`idempotency: "twice": expected key`:  func(a *corax.Action) { a.Idempotency = "twice" },
		"idempotency: nothing takes the key": func(a *corax.Action) {
			a.Idempotency, a.Effect = corax.ByKey, corax.Call{SQL: &corax.SQLStatement{Database: "shop", Statement: "DELETE FROM a"}}
		},
		"touches[0]: params may not choose":      func(a *corax.Action) { a.Touches = []string{"${params.kid}"} },
		"effect.http.url: an address must not":   func(a *corax.Action) { a.Effect = ask("http://user:pass@h/") },
		`effect.http.method: unknown method "X"`: func(a *corax.Action) { a.Effect.HTTP.Method = "X" },
	} {
		as := actions()
		spoil(&as[0])
		errs := CheckActions(as, executors())
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), want) {
			t.Errorf("got %v, want %s", errs, want)
		}
	}
}

func TestCheckExecutors(t *testing.T) {
	for want, spoil := range map[string]func(x *corax.Executors){
		"executors.commands[0].argv: flush is not an absolute path": func(x *corax.Executors) { x.Commands[0].Argv = []string{"flush"} },
		"executors.commands[0].argv: the executable itself":         func(x *corax.Executors) { x.Commands[0].Argv = []string{"/bin/{what}"} },
		"executors.commands[0].secrets.A: it is not a credential":   func(x *corax.Executors) { x.Commands[0].Secrets = map[string]string{"A": "hunter2hunter2"} },
		`executors.commands[2].hosts[0]: "wbe" is not among`:        func(x *corax.Executors) { x.Commands[2].Hosts = []string{"wbe"} },
		"executors.hosts[0].host_keys: no host key is pinned":       func(x *corax.Executors) { x.Hosts[0].HostKeys = nil },
		"executors.hosts[0].host_keys: \"SHA256:x\" is not a":       func(x *corax.Executors) { x.Hosts[0].HostKeys = []string{"SHA256:x"} },
		"executors.hosts[0].key: neither a key nor a password":      func(x *corax.Executors) { x.Hosts[0].Key = "" },
		`executors.databases[0].kind: "oracle"`:                     func(x *corax.Executors) { x.Databases[0].Kind = "oracle" },
		"executors.databases[0].keys: \"a; DROP\" is not the name":  func(x *corax.Executors) { x.Databases[0].Keys = "a; DROP" },
		"executors.processes[0].argv: a process that Corax starts":  func(x *corax.Executors) { x.Processes[0].State = "" },
		"executors.processes[0].name: give it either argv or url":   func(x *corax.Executors) { x.Processes[0].URL = "http://h/" },
		"executors.directories[1].path: \"/etc/app\" is declared":   func(x *corax.Executors) { x.Directories[1].Path = "/etc/app" },
	} {
		x := executors()
		spoil(&x)
		errs := CheckActions(nil, x)
		var f *Fault
		if len(errs) != 1 || !errors.As(errs[0], &f) || !strings.Contains(f.Field+": "+f.Err.Err.Error(), want) {
			t.Errorf("got %v, want %s", errs, want)
		}
		if strings.Contains(fmt.Sprint(errs), "hunter2") {
			t.Error("the secret is in the error")
		}
	}
}

func TestCheckPolicyFindsMistakes(t *testing.T) {
	for want, r := range map[string]corax.Rule{
		`"default" is empty, reserved or used twice`: {Name: "default", When: "true", Then: corax.Allow},
		`"perhaps": expected allow, ask or deny`:     {Name: "a", When: "true", Then: "perhaps"},
		"not a boolean":                              {Name: "a", When: "1", Then: corax.Allow},
		"undeclared reference to 'target'":           {Name: "a", When: "target.id == 'x'", Then: corax.Allow},
		"is negative":                                {Name: "a", When: "true", Then: corax.Ask, Expires: -1},
	} {
		if errs := CheckPolicy(corax.Policy{Rules: []corax.Rule{r}}); len(errs) != 1 ||
			!strings.Contains(errs[0].Error(), want) {
			t.Errorf("%+v: got %v, expected %q", r, errs, want)
		}
	}
}

// Autonomy is granted to those entities alone that a rule names.
func TestGrantsAreBound(t *testing.T) {
	for when, ok := range map[string]bool{
		"entity.labels.lab == 'x'":                         true,
		"'x' == entity.labels['lab']":                      true,
		"action.risk == 'read' && entity.id in ['a', 'b']": true,
		"entity.id == 'a' || entity.labels.lab == 'x'":     true,
		"has(entity.labels.lab) && plan.mode == 'auto'":    true,
		"'lab' in entity.labels":                           true,
		"entity.id.startsWith('lab-')":                     true,
		"storm.on ? entity.id == 'a' : entity.id == 'b'":   true,
		"true":                                                       false,
		"entity.kind == 'service'":                                   false,
		"entity.labels.lab == 'x' || true":                           false,
		"entity.labels.lab != 'prod'":                                false,
		"!(entity.labels.lab == 'prod')":                             false,
		"entity.labels.lab == entity.labels.lab":                     false,
		"entity.labels.lab == ''":                                    false,
		"entity.id.startsWith('')":                                   false,
		"entity.id.matches('.*')":                                    false,
		"size(entity.labels) >= 0":                                   false,
		"storm.on ? entity.id == 'a' : true":                         false,
		"entity.id == 'a' || entity.labels.exists(k, k != '')":       false,
		"problem.confidence > 0.9 && (entity.id == 'a' || storm.on)": false,
	} {
		errs := CheckPolicy(corax.Policy{Rules: []corax.Rule{{Name: "a", When: when, Then: corax.Allow, Autonomy: corax.AutoMode}}})
		if ok != (len(errs) == 0) || !ok && !strings.Contains(errs[0].Error(), "when must hold for these alone") {
			t.Errorf("%s: %v", when, errs)
		}
	}
}

// The path of a fault is the one by which the configuration knows the field.
func TestFaultsNameTheirFields(t *testing.T) {
	as := actions()
	as[1].Precheck = []corax.Condition{{That: "true"}, {That: "facts ="}}
	rules := []corax.Rule{{Name: "a", When: "true", Then: corax.Allow}, {Name: "b", When: "1", Then: corax.Allow}}
	for want, errs := range map[string][]error{
		"actions[1].precheck[1].that": CheckActions(as, corax.Executors{}),
		"policy.rules[1].when":        CheckPolicy(corax.Policy{Rules: rules}),
	} {
		var f *Fault
		if len(errs) != 1 || !errors.As(errs[0], &f) || f.Field != want {
			t.Errorf("got %v, expected one fault of %s", errs, want)
		}
	}
}

func compilerOf(t testing.TB) *compiler {
	t.Helper()
	c, err := newCompiler()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestURL(t *testing.T) {
	c := compilerOf(t)
	for _, test := range []struct{ template, value, want string }{
		{"${target.base}/keys/${params.v}", "k2", "http://h:1/keys/k2"},
		{"${target.base}/keys/${params.v}", "a/b?c#d", "http://h:1/keys/a%2Fb%3Fc%23d"},
		{"${target.base}/keys/${params.v}", "..", ""},
		{"${target.base}/keys/${params.v}", "", ""},
		{"${target.base}/keys?id=${params.v}", "a&b=c", "http://h:1/keys?id=a%26b%3Dc"},
		{"${target.base}/keys?id=${params.v}", "", "http://h:1/keys?id="},
		{"${params.v}", "javascript:alert(1)", ""},
		{"${params.v}", "http://user:secret@h/", ""},
		{"${params.v}", "http://h\n/", ""},
	} {
		v := vars{"target": map[string]any{"base": "http://h:1/"}, "params": map[string]any{"v": test.value}}
		got := ""
		u, err := c.url(t.Context(), test.template, v)
		if err == nil {
			got = u.String()
		}
		if got != test.want {
			t.Errorf("%s with %q: got %q (%v), expected %q", test.template, test.value, got, err, test.want)
		}
	}
}

// Whatever a value is, it stays one segment of the path on the host that was declared.
func FuzzURLStaysOnItsHost(f *testing.F) {
	for _, s := range []string{"k2", "../x", "@evil/", "%2e%2e", "a\\b", "//evil", "\x00", ".", "..", "é"} {
		f.Add(s)
	}
	c := compilerOf(f)
	f.Fuzz(func(t *testing.T, value string) {
		v := vars{"target": map[string]any{"base": "http://h:1"}, "params": map[string]any{"v": value}}
		u, err := c.url(context.Background(), "${target.base}/keys/${params.v}/state", v)
		if err != nil {
			return
		}
		if u.Host != "h:1" || u.RawQuery != "" || u.Fragment != "" || strings.Count(u.EscapedPath(), "/") != 3 {
			t.Errorf("%q gives %s", value, u)
		}
	})
}

func TestTemplatesKeepTypes(t *testing.T) {
	c := compilerOf(t)
	v := vars{"facts": map[string]any{"n": int64(7), "l": []any{"a", int64(1)}, "m": map[string]any{"x": nil}},
		"params": map[string]any{
			"d": 90 * time.Second}, "now": time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	for template, want := range map[string]string{
		"${facts.n}": "7", "n=${facts.n}": "n=7", "${facts.l}": "[a 1]", "l: ${facts.l}": "l: a, 1",
		"${facts.m}":  "map[x:<nil>]",
		"${params.d}": "1m30s", "at ${now}": "at 2026-01-02T03:04:05Z", "no braces": "no braces",
		`${"}" + '}' + {"a": "b"}.a}`: "}}b",
	} {
		got, err := c.value(t.Context(), template, v)
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s: got %v (%v), expected %s", template, got, err, want)
		}
	}
	if got, _ := c.value(t.Context(), "${facts.n}", v); got != int64(7) {
		t.Errorf("a single expression became a %T", got)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("a ${b} c")
	f.Add("${'}'}${")
	f.Fuzz(func(t *testing.T, template string) {
		parts, err := split(template)
		if err != nil {
			return
		}
		var back strings.Builder
		for _, p := range parts {
			if p.expr {
				back.WriteString("${" + p.text + "}")
			} else {
				back.WriteString(p.text)
			}
		}
		if back.String() != template {
			t.Errorf("%q became %q", template, back.String())
		}
	})
}

// A rule that costs too much ends with an error, which is a no.
func TestExpensiveExpressionEnds(t *testing.T) {
	c := compilerOf(t)
	list := make([]any, 2000)
	for n := range list {
		list[n] = int64(n)
	}
	v := vars{"facts": map[string]any{"l": list}}
	if ok, err := c.truth(t.Context(), inAction, "facts.l.all(a, facts.l.all(b, a + b >= 0))", v); ok || err == nil {
		t.Errorf("got %t, %v", ok, err)
	}
}

func TestPhasesOf(t *testing.T) {
	var got []string
	for _, p := range phasesOf([]corax.Step{{ID: "1"}, {ID: "2"}, {ID: "3.1", Phase: "a"}, {ID: "3.2", Phase: "a"},
		{ID: "4", Phase: "b"}}) {
		ids := ""
		for _, s := range p {
			ids += s.ID + " "
		}
		got = append(got, ids)
	}
	if !slices.Equal(got, []string{"1 ", "2 ", "3.1 3.2 ", "4 "}) {
		t.Errorf("got %q", got)
	}
}
