package execute_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"corax"
	"corax/heal/execute"
	"corax/heal/execute/executetest"
)

// A web service that keeps a value, heeds idempotency keys, and talks too much.
func TestHTTPConforms(t *testing.T) {
	executetest.Run(t, func(t *testing.T) executetest.Target {
		var mu sync.Mutex
		value, effects, begun, done := "", map[string]int{}, make(chan struct{}, 1), make(chan struct{})
		mux := http.NewServeMux()
		mux.HandleFunc("PUT /value", func(w http.ResponseWriter, r *http.Request) {
			var in struct{ Value string }
			_ = json.NewDecoder(r.Body).Decode(&in)
			mu.Lock()
			defer mu.Unlock()
			if key := r.Header.Get("Idempotency-Key"); effects[key] == 0 {
				value = in.Value
				effects[key]++
			}
			w.WriteHeader(http.StatusNoContent)
		})
		mux.HandleFunc("GET /value", func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			_ = json.NewEncoder(w).Encode(map[string]string{"value": value})
		})
		mux.HandleFunc("POST /slow", func(_ http.ResponseWriter, r *http.Request) {
			begun <- struct{}{}
			select {
			case <-r.Context().Done():
			case <-done:
			}
		})
		mux.HandleFunc("/leak", func(w http.ResponseWriter, r *http.Request) {
			leak(w, r, map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[r.Method == http.MethodGet])
		})
		mux.HandleFunc("GET /large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 3<<20)) })
		server := httptest.NewServer(mux)
		t.Cleanup(func() { close(done); server.CloseClientConnections(); server.Close() })
		proxy := executetest.NewProxy(t, server.Listener.Addr().String())
		call := func(method, path string) corax.Call {
			return corax.Call{HTTP: &corax.HTTPRequest{Method: method, URL: "http://" + proxy.Addr + path,
				Token: executetest.SecretRef}}
		}
		gone := corax.Call{HTTP: &corax.HTTPRequest{URL: "http://" + executetest.Gone(t)}}
		return executetest.Target{
			Effect: func(v string) corax.Call {
				c := call(http.MethodPut, "/value")
				c.HTTP.Body = map[string]any{"value": v}
				return c
			},
			Reading: call(http.MethodGet, "/value"),
			Stored:  func(answer any) string { return answer.(map[string]any)["value"].(string) },
			Effects: func(*testing.T) (n int) {
				mu.Lock()
				defer mu.Unlock()
				for _, e := range effects {
					n += e
				}
				return n
			},
			Slow: func(*testing.T) corax.Call { return call(http.MethodPost, "/slow") }, Begun: func(*testing.T) { <-begun },
			Cut: func(t *testing.T) { proxy.Cut(t) }, Ended: func(*testing.T) {},
			Interrupted: execute.Unclear, Broken: execute.Unclear, KnowsSecret: true,
			Leaks: []executetest.Leak{{Name: "answer", Call: call(http.MethodGet, "/leak"), Read: true},
				{Name: "refusal", Call: call(http.MethodPost, "/leak")}},
			Large: call(http.MethodGet, "/large"), Missing: gone, MissingToo: gone,
		}
	})
}

// leak gives the secret away that a request came with, as text, as a name, and in base64.
func leak(w http.ResponseWriter, r *http.Request, status int) {
	w.WriteHeader(status)
	auth := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	_ = json.NewEncoder(w).Encode(map[string]string{"token": auth, "base64": executetest.Leaked()["base64"], auth: "key"})
}

// scripts are programs that a command can run, here or by SSH: they keep a value in dir, and count.
func scripts(t *testing.T, dir string) {
	t.Helper()
	for name, body := range map[string]string{
		// --key=KEY -- VALUE
		"store": `printf '%s' "$3" >kept; echo "${1#--key=}" >>effects; echo "${CORAX_IDEMPOTENCY_KEY:-none}" >>envkeys`,
		"value": `cat kept`,
		// Its child is in its process group, and keeps its output open.
		"slow":  `sleep 300 & echo $! >child; echo $$ >begun; wait; echo slow >>effects`,
		"leak":  `printf '%s' "$2"; printf ' %s' "$3" >&2; printf '%s' "$3"; exit 3`,
		"large": `head -c 3000000 /dev/zero`,
	} {
		text := "#!/bin/sh\ncd " + dir + "\n" + body + "\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil { //nolint:gosec // it is to be run
			t.Fatal(err)
		}
	}
}

func lines(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// scriptCommands declares the scripts.
func scriptCommands(dir string, hosts []string) []corax.Command {
	at := func(name string, args ...string) []string { return append([]string{filepath.Join(dir, name)}, args...) }
	return []corax.Command{
		{Name: "store", Argv: at("store", "--key={idempotency_key}", "--", "{value}"), Hosts: hosts},
		{Name: "value", Argv: at("value"), Reads: true, Hosts: hosts},
		{Name: "slow", Argv: at("slow"), Hosts: hosts},
		{Name: "leak", Argv: at("leak", "--", "{plain}", "{base64}"), Reads: true, Hosts: hosts, Refused: []int{3}},
		{Name: "shown", Argv: at("leak", "--", "{plain}", "{base64}"), Reads: true, Hosts: hosts, Status: []int{3}},
		{Name: "large", Argv: at("large"), Reads: true, Hosts: hosts},
		{Name: "missing", Argv: []string{filepath.Join(dir, "nothing-here")}, Reads: true, Hosts: hosts},
	}
}

// scriptTarget is what the scripts do, as the suite wants to know it.
func scriptTarget(dir string, call func(name string, args map[string]string) corax.Call) executetest.Target {
	begun := filepath.Join(dir, "begun")
	pid := func(t *testing.T, file string) string {
		executetest.Await(t, file, func() bool { return len(lines(t, file)) == 1 })
		return lines(t, file)[0]
	}
	return executetest.Target{
		Effect:  func(v string) corax.Call { return call("store", map[string]string{"value": v}) },
		Reading: call("value", nil),
		Stored:  func(answer any) string { return answer.(map[string]any)["output"].(string) },
		NoPlace: func(v string) bool { return strings.ContainsRune(v, 0) },
		Effects: func(t *testing.T) int { return len(lines(t, filepath.Join(dir, "effects"))) },
		Key: func(t *testing.T) string {
			l := lines(t, filepath.Join(dir, "effects"))
			return l[len(l)-1]
		},
		Slow:  func(*testing.T) corax.Call { return call("slow", nil) },
		Begun: func(t *testing.T) { pid(t, begun) },
		// Neither the script nor its child may live on.
		Ended: func(t *testing.T) {
			for _, file := range []string{begun, filepath.Join(dir, "child")} {
				id := pid(t, file)
				executetest.Await(t, "the end of "+file, func() bool { return !alive(id) })
			}
		},
		Interrupted: execute.Unclear, Broken: execute.Unclear,
		Leaks: []executetest.Leak{{Name: "refusal", Call: call("leak", executetest.Leaked())},
			{Name: "failure", Call: call("leak", executetest.Leaked()), Read: true},
			{Name: "success", Call: call("shown", executetest.Leaked())},
			{Name: "answer", Call: call("shown", executetest.Leaked()), Read: true}},
		Large: call("large", nil),
	}
}

// alive says whether a process runs; one that has ended and waits to be collected does not.
func alive(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func kill(t *testing.T, pid string) {
	t.Helper()
	var id int
	if _, err := fmt.Sscan(pid, &id); err != nil {
		t.Fatal(err)
	}
	p, err := os.FindProcess(id)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
}

func TestCommandsConform(t *testing.T) {
	executetest.Run(t, func(t *testing.T) executetest.Target {
		dir := t.TempDir()
		scripts(t, dir)
		target := scriptTarget(dir, func(name string, args map[string]string) corax.Call {
			return corax.Call{Command: &corax.CommandRun{Run: name, Args: args}}
		})
		target.Executors.Commands = scriptCommands(dir, nil)
		for n := range target.Executors.Commands {
			target.Executors.Commands[n].Secrets = map[string]string{"TOKEN": executetest.SecretRef}
		}
		target.KnowsSecret = true
		target.Cut = func(t *testing.T) { kill(t, lines(t, filepath.Join(dir, "begun"))[0]) }
		target.Missing = corax.Call{Command: &corax.CommandRun{Run: "missing"}}
		target.MissingToo = target.Missing
		return target
	})
}

// A command sees nothing of Corax's environment.
func TestCommandsHaveACleanEnvironment(t *testing.T) {
	t.Setenv("CORAX_TEST_PRIVATE", "sesame")
	set := execute.New(execute.Options{Executors: func() corax.Executors {
		return corax.Executors{Commands: []corax.Command{{Name: "env", Argv: []string{"/usr/bin/env"}, Reads: true,
			Env: map[string]string{"MODE": "quiet"}}}}
	}})
	r := set.Run(t.Context(), corax.Call{Command: &corax.CommandRun{Run: "env"}}, executetest.Literal{}, execute.Order{Read: true})
	got, _ := r.Value.(map[string]any)["output"].(string)
	want := "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nLANG=C.UTF-8\nMODE=quiet\n"
	if got != want {
		t.Errorf("got %q, want %q (%s)", got, want, r.Text)
	}
}
