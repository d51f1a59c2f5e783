package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"corax/lab"
)

// The scripts call this test binary as corax.
func TestMain(m *testing.M) {
	// A lab starts its parts as BINARY lab part ..., whatever the binary is called.
	if len(os.Args) > 2 && os.Args[1] == "lab" && os.Args[2] == "part" {
		os.Exit(run(os.Args[1:]))
	}
	// A scenario that kills Corax starts it as BINARY serve ...
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		os.Exit(run(os.Args[1:]))
	}
	testscript.Main(tidy{m}, map[string]func(){"corax": func() { os.Exit(run(os.Args[1:])) }})
}

// sharedDir names the directory for what tests share.
const sharedDir = "CORAX_TEST_SHARED"

// tidy runs the tests, and removes what they shared.
type tidy struct{ *testing.M }

func (t tidy) Run() int {
	dir, err := os.MkdirTemp("", "corax-test-")
	if err == nil {
		err = os.Setenv(sharedDir, dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	return t.M.Run()
}

// endLab ends the lab that a script may have left, should it have failed on the way.
func endLab(t *testing.T, dir string) {
	l, err := lab.Open(dir)
	if err != nil {
		return
	}
	if err := l.Down(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestScripts runs testdata/script: what a user types, and what comes back.
func TestScripts(t *testing.T) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", examples)
			env.Setenv("CORAX_OPERATOR", "tester")
			env.Setenv("CORAX_DATA_DIR", filepath.Join(env.WorkDir, "data"))
			s, err := newService()
			if err != nil {
				return err
			}
			env.Values[serviceKey{}] = s
			env.Defer(s.close)
			env.Setenv("LAB", filepath.Join(env.WorkDir, "lab"))
			env.Defer(func() { endLab(t, filepath.Join(env.WorkDir, "lab")) })
			env.Setenv("SERVICE", "http://"+s.address)
			env.Setenv("AGENT", s.agent.URL)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "await": await, "capture": capture, "target": target, "post": post, "follow": follow,
		},
	})
}
