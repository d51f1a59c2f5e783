package execute_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"corax"
	"corax/heal/execute"
	"corax/heal/execute/executetest"
)

// child writes its id where it starts, and where it is asked to end, which it doesn't do where STUBBORN is set.
const child = `#!/bin/sh
cd "$(dirname "$0")"
trap 'echo $$ >>asked; [ -n "$STUBBORN" ] || exit 0' TERM
echo $$ >>starts
while :; do sleep 300 & wait $!; done
`

func newChild(t *testing.T) (dir string, p corax.Process) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "child"), []byte(child), 0o700); err != nil { //nolint:gosec // it is to be run
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, pid := range lines(t, filepath.Join(dir, "starts")) {
			if alive(pid) {
				id, _ := strconv.Atoi(pid)
				killGroup(id)
			}
		}
	})
	return dir, corax.Process{Name: "worker", Argv: []string{filepath.Join(dir, "child")}, State: filepath.Join(dir, "state")}
}

func control(name, do string) corax.Call {
	return corax.Call{Process: &corax.ProcessControl{Name: name, Do: do}}
}

// look asks about a process until it has come as far as its own script.
func look(t *testing.T, set *execute.Set, dir, name string) map[string]any {
	t.Helper()
	r := set.Run(t.Context(), control(name, ""), executetest.Literal{}, execute.Order{Read: true})
	if r.Outcome != execute.Done {
		t.Fatal(r.Text)
	}
	now := r.Value.(map[string]any)
	if now["running"] == true {
		pid := strconv.FormatInt(now["pid"].(int64), 10)
		executetest.Await(t, "the start", func() bool {
			return strings.Contains("\n"+strings.Join(lines(t, filepath.Join(dir, "starts")), "\n")+"\n", "\n"+pid+"\n")
		})
	}
	return now
}

func starts(t *testing.T, set *execute.Set, dir string) int {
	t.Helper()
	look(t, set, dir, "worker")
	return len(lines(t, filepath.Join(dir, "starts")))
}

func TestProcessesConform(t *testing.T) {
	executetest.Run(t, func(t *testing.T) executetest.Target {
		dir, worker := newChild(t)
		stubborn := worker
		stubborn.Name, stubborn.Grace, stubborn.Env = "stubborn", 5*time.Minute, map[string]string{"STUBBORN": "1"}
		x := corax.Executors{Processes: []corax.Process{worker, stubborn,
			{Name: "missing", Argv: []string{filepath.Join(dir, "nothing-here")}, State: worker.State},
			{Name: "gone", URL: "http://" + executetest.Gone(t) + "/processes/gone"}}}
		set := execute.New(execute.Options{Executors: func() corax.Executors { return x }})
		asked := filepath.Join(dir, "asked")
		return executetest.Target{
			Executors: x,
			Effect: func(v string) corax.Call {
				if v == executetest.Plain {
					v = "worker"
				}
				return control(v, "restart")
			},
			Reading: control("worker", ""), Effects: func(t *testing.T) int { return starts(t, set, dir) },
			Slow: func(t *testing.T) corax.Call {
				r := set.Run(t.Context(), control("stubborn", "start"), executetest.Literal{}, execute.Order{Key: "first"})
				if r.Outcome != execute.Done {
					t.Fatal(r.Text)
				}
				look(t, set, dir, "stubborn")
				return control("stubborn", "stop")
			},
			Begun: func(t *testing.T) {
				executetest.Await(t, "the request to end", func() bool { return len(lines(t, asked)) > 0 })
			},
			Cut: func(t *testing.T) { kill(t, lines(t, asked)[0]) }, Ended: func(*testing.T) {},
			Interrupted: execute.Unclear, Broken: execute.Done, // it is gone, which is what was wanted
			Leaks:   nil,
			Missing: control("gone", ""), MissingToo: control("missing", "start"),
		}
	})
}

// Whatever Corax forgot in a crash, there is one process: it is found without its PID file, and a restart that is
// repeated with its key is one.
func TestLocalProcessSurvivesCorax(t *testing.T) {
	dir, worker := newChild(t)
	fresh := func() *execute.Set {
		return execute.New(execute.Options{Executors: func() corax.Executors { return corax.Executors{Processes: []corax.Process{worker}} }})
	}
	do := func(verb, key string) string {
		t.Helper()
		r := fresh().Run(t.Context(), control("worker", verb), executetest.Literal{}, execute.Order{Key: key})
		if r.Outcome != execute.Done {
			t.Fatalf("%s: %s: %s", verb, r.Outcome, r.Text)
		}
		return r.Text
	}
	forget := func() {
		t.Helper()
		if err := os.Remove(filepath.Join(worker.State, "worker.pid")); err != nil {
			t.Fatal(err)
		}
	}
	do("start", "k1")
	first := look(t, fresh(), dir, "worker")
	forget()
	do("start", "k2")
	if now := look(t, fresh(), dir, "worker"); now["pid"] != first["pid"] || now["started"] != first["started"] {
		t.Errorf("found %v, started %v", now, first)
	}
	do("restart", "k3")
	forget()
	do("restart", "k3")
	if n := starts(t, fresh(), dir); n != 2 {
		t.Errorf("%d starts, not 2", n)
	}
	if second := look(t, fresh(), dir, "worker"); second["pid"] == first["pid"] {
		t.Error("a restart kept the process")
	}
	do("stop", "k4")
	if now := look(t, fresh(), dir, "worker"); now["running"] != false {
		t.Errorf("after the stop: %v", now)
	}
	if text := do("stop", "k5"); !strings.Contains(text, "did before") {
		t.Errorf("a second stop says %s", text)
	}
}

// A supervisor with an interface of its own gets the verb, the key and the credential.
func TestProcessOfAnotherSupervisor(t *testing.T) {
	t.Setenv("SUPERVISOR_TOKEN", "sesame-sesame")
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("Idempotency-Key")+" "+r.Header.Get("Authorization"))
		_ = json.NewEncoder(w).Encode(map[string]any{"running": true, "pid": 17})
	}))
	t.Cleanup(server.Close)
	set := execute.New(execute.Options{Executors: func() corax.Executors {
		return corax.Executors{Processes: []corax.Process{{Name: "auth", URL: server.URL + "/processes/auth", Token: "env:SUPERVISOR_TOKEN"}}}
	}})
	t.Cleanup(set.Close)
	r := set.Run(t.Context(), control("auth", ""), executetest.Literal{}, execute.Order{Read: true})
	if now, _ := r.Value.(map[string]any); now["pid"] != int64(17) {
		t.Errorf("got %v, %s", r.Value, r.Text)
	}
	if r := set.Run(t.Context(), control("auth", "restart"), executetest.Literal{}, execute.Order{Key: "k"}); r.Outcome != execute.Done {
		t.Error(r.Text)
	}
	want := "GET /processes/auth  Bearer sesame-sesame, POST /processes/auth/restart k Bearer sesame-sesame"
	if got := strings.Join(asked, ", "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A supervisor with an interface of its own keeps every promise as well: it counts what it did, heeds keys, can be cut off, and talks too much.
func TestSupervisorsConform(t *testing.T) {
	executetest.Run(t, func(t *testing.T) executetest.Target {
		var mu sync.Mutex
		did, begun, done := map[string]bool{}, make(chan struct{}, 1), make(chan struct{})
		mux := http.NewServeMux()
		mux.HandleFunc("GET /processes/worker", func(w http.ResponseWriter, _ *http.Request) {
			_ = json.NewEncoder(w).Encode(map[string]any{"running": true, "pid": 17})
		})
		mux.HandleFunc("POST /processes/worker/restart", func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			did[r.Header.Get("Idempotency-Key")] = true
		})
		mux.HandleFunc("POST /processes/slow/stop", func(_ http.ResponseWriter, r *http.Request) {
			begun <- struct{}{}
			select {
			case <-r.Context().Done():
			case <-done:
			}
		})
		mux.HandleFunc("/processes/leaky", func(w http.ResponseWriter, r *http.Request) { leak(w, r, http.StatusOK) })
		mux.HandleFunc("/processes/leaky/", func(w http.ResponseWriter, r *http.Request) { leak(w, r, http.StatusForbidden) })
		mux.HandleFunc("GET /processes/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 3<<20)) })
		server := httptest.NewServer(mux)
		t.Cleanup(func() { close(done); server.CloseClientConnections(); server.Close() })
		proxy := executetest.NewProxy(t, server.Listener.Addr().String())
		x := corax.Executors{Processes: []corax.Process{{Name: "gone", URL: "http://" + executetest.Gone(t) + "/processes/gone"}}}
		for _, name := range []string{"worker", "slow", "leaky", "large"} {
			x.Processes = append(x.Processes, corax.Process{Name: name, URL: "http://" + proxy.Addr + "/processes/" + name, Token: executetest.SecretRef})
		}
		return executetest.Target{
			Executors: x,
			Effect: func(v string) corax.Call {
				if v == executetest.Plain {
					v = "worker"
				}
				return control(v, "restart")
			},
			Reading: control("worker", ""),
			Effects: func(*testing.T) int {
				mu.Lock()
				defer mu.Unlock()
				return len(did)
			},
			Slow: func(*testing.T) corax.Call { return control("slow", "stop") }, Begun: func(*testing.T) { <-begun },
			Cut: func(t *testing.T) { proxy.Cut(t) }, Ended: func(*testing.T) {},
			Interrupted: execute.Unclear, Broken: execute.Unclear, KnowsSecret: true,
			Leaks: []executetest.Leak{{Name: "answer", Call: control("leaky", ""), Read: true}, {Name: "refusal", Call: control("leaky", "restart")}},
			Large: control("large", ""), Missing: control("gone", ""), MissingToo: control("gone", "restart"),
		}
	})
}
