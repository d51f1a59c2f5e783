package execute_test

import (
	"testing"

	"corax"
	"corax/heal/execute"
	"corax/heal/execute/executetest"
)

// What a call would send is shown without sending it.
func TestDescribe(t *testing.T) {
	x := corax.Executors{
		Commands: []corax.Command{{Name: "flush", Argv: []string{"/bin/flush", "--key={idempotency_key}", "--", "{what}"},
			Secrets: map[string]string{"TOKEN": executetest.SecretRef}},
			{Name: "reload", Argv: []string{"/bin/reload"}, Hosts: []string{"web"}}},
		Hosts:       []corax.Host{{Name: "web", Address: "127.0.0.1:1"}},
		Databases:   []corax.Database{{Name: "shop", Kind: "postgres", Address: "127.0.0.1:1"}},
		Processes:   []corax.Process{{Name: "worker", Argv: []string{"/bin/worker"}, State: "/nowhere"}},
		Directories: []corax.Directory{{Path: "/nowhere", Backups: "/nowhere/backups"}},
	}
	set := execute.New(execute.Options{Executors: func() corax.Executors { return x }})
	text := "a\n"
	for want, call := range map[string]corax.Call{
		`PUT http://127.0.0.1:1/x {"a":"b"}`: {HTTP: &corax.HTTPRequest{Method: "PUT", URL: "http://127.0.0.1:1/x",
			Body: map[string]any{"a": "b"}}},
		`POST http://127.0.0.1:1/x {"note":"all of it","password":"[redacted]"}`: {HTTP: &corax.HTTPRequest{Method: "POST", URL: "http://127.0.0.1:1/x",
			Body: map[string]any{"note": "all of it", "password": "swordfish-7"}}},
		`'/bin/flush' '--key=...' '--' 'it'\''s'`: {Command: &corax.CommandRun{Run: "flush", Args: map[string]string{"what": "it's"}}},
		`on web: '/bin/reload'`:                   {SSH: &corax.SSHRun{Host: "web", Run: "reload"}},
		`on shop: DELETE FROM a WHERE b = $1, with ["x"]`: {SQL: &corax.SQLStatement{Database: "shop",
			Statement: "DELETE FROM a WHERE b = $1", Args: []string{"x"}}},
		`restart process worker`:           {Process: &corax.ProcessControl{Name: "worker", Do: "restart"}},
		`content "a\n" of /nowhere/x.conf`: {File: &corax.FileEdit{Path: "/nowhere/x.conf", Expect: "x", Content: &text}},
	} {
		if got, err := set.Describe(call, executetest.Literal{}); err != nil || got != want {
			t.Errorf("got %s (%v), want %s", got, err, want)
		}
	}
	if got, err := set.Describe(corax.Call{Process: &corax.ProcessControl{Name: "other"}}, executetest.Literal{}); err == nil {
		t.Errorf("got %s of what isn't declared", got)
	}
}
