package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"corax/app"
)

// This file holds the commands that the scripts have beside those of testscript.

const (
	awaitMost  = time.Minute // a loaded machine with the race detector is slow
	awaitEvery = 50 * time.Millisecond
)

// exits runs a command that must end with the given status: exits 2 corax config check bad.yaml.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := status(ts, args[1:]); got != want {
		ts.Fatalf("the exit status is %d, not %d", got, want)
	}
}

func status(ts *testscript.TestScript, command []string) int {
	err := ts.Exec(command[0], command[1:]...)
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ended):
		return ended.ExitCode()
	}
	ts.Fatalf("%s: %v", command[0], err)
	return -1
}

// await runs a command again and again until its output matches: await PATTERN COMMAND...
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await PATTERN COMMAND...")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	tick := time.NewTicker(awaitEvery)
	defer tick.Stop()
	for deadline := time.After(awaitMost); ; {
		out, err := quietly(ts, args[1:])
		if err == nil && pattern.Match(out) {
			_, err = ts.Stdout().Write(out)
			ts.Check(err)
			return
		}
		select {
		case <-deadline:
			ts.Fatalf("within %s the output of %s did not match %s: %v\n%s",
				awaitMost, strings.Join(args[1:], " "), args[0], err, out)
		case <-tick.C:
		}
	}
}

// quietly runs a command without a line in the script's log: one that is waited for would fill it.
func quietly(ts *testscript.TestScript, command []string) ([]byte, error) {
	c := exec.Command(command[0], command[1:]...)
	c.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "CORAX_DATA_DIR", "CORAX_OPERATOR"} {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
	return c.Output()
}

// capture puts what the latest output has for the pattern's first group into a variable: capture ID '(inc-\w+)'.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture VARIABLE PATTERN")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	found := pattern.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) < 2 {
		ts.Fatalf("the output has nothing for %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// post sends a file to the Corax of the script's data directory and holds the status against the given one:
// post 400 /api/v2/alerts FILE. The answer is then what stdout holds.
func post(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: post STATUS PATH FILE")
	}
	var a app.Address
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(filepath.Join(ts.Getenv("CORAX_DATA_DIR"), app.AddressFile))), &a))
	resp, err := http.Post(a.URL+args[1], "application/json", strings.NewReader(ts.ReadFile(args[2])))
	ts.Check(err)
	defer resp.Body.Close()
	_, err = io.Copy(ts.Stdout(), io.LimitReader(resp.Body, 1<<20))
	ts.Check(err)
	if got := strconv.Itoa(resp.StatusCode); got != args[0] {
		ts.Fatalf("the status is %s, not %s", got, args[0])
	}
}

// target says whether the script's service is up or down.
func target(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || args[0] != "up" && args[0] != "down" {
		ts.Fatalf("usage: target up|down")
	}
	ts.Check(ts.Value(serviceKey{}).(*service).set(args[0] == "up"))
}

// follow sets a password by the link that was printed last, which must be taken: follow PASSWORD.
func follow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: follow PASSWORD")
	}
	link := regexp.MustCompile(`http://\S+/setup/\S+`).FindString(ts.ReadFile("stdout"))
	if link == "" {
		ts.Fatalf("no link was printed")
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.PostForm(link, url.Values{"password": {args[0]}, "again": {args[0]}})
	ts.Check(err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/login" {
		ts.Fatalf("%s answered %s", link, resp.Status)
	}
}
