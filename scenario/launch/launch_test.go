package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"corax"
	"corax/scenario"
)

func TestMain(m *testing.M) {
	// A job starts this program as BINARY scenario run ...
	if len(os.Args) > 2 && os.Args[1] == "scenario" {
		os.Exit(child(os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// runner is a Run by hand.
type runner struct {
	mu    sync.Mutex
	began []string
	end   chan scenario.Verdict
	err   error
	kept  []string
	most  int // at once
	now   int
}

func (r *runner) run(ctx context.Context, s scenario.Scenario, progress func(string)) (scenario.Result, error) {
	r.mu.Lock()
	r.began = append(r.began, s.Name)
	r.now++
	r.most = max(r.most, r.now)
	r.mu.Unlock()
	defer func() { r.mu.Lock(); r.now--; r.mu.Unlock() }()
	progress("the lab is up")
	select {
	case v := <-r.end:
		return scenario.Result{Name: s.Name, Category: s.Category, Verdict: v, Run: scenario.Run{ID: "run-" + s.Name}}, r.err
	case <-ctx.Done():
		return scenario.Result{}, ctx.Err()
	}
}

func (r *runner) keep(res scenario.Result) error { r.kept = append(r.kept, res.Name); return nil }

func start(t *testing.T) (*Launcher, *runner) {
	t.Helper()
	r := &runner{end: make(chan scenario.Verdict)}
	l := New(Options{Run: r.run, Keep: r.keep, Clock: time.Now, Scenarios: []scenario.Scenario{
		{Category: "x", Name: "a", Title: "A"}, {Category: "x", Name: "b"}, {Category: "y", Name: "c"},
	}})
	l.Start()
	return l, r
}

func states(l *Launcher) string {
	var all []string
	for _, j := range l.Jobs() {
		all = append(all, j.Scenario[2:]+" "+string(j.State))
	}
	return strings.Join(all, ", ")
}

func want(t *testing.T, l *Launcher, text string) {
	t.Helper()
	synctest.Wait()
	if got := states(l); got != text {
		t.Errorf("%s, not %s", got, text)
	}
}

func TestOneAtATimeInTheOrderOfAsking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := start(t)
		defer l.Stop()
		for _, word := range []string{"c", "x", "x/b", "all"} { // what waits is not asked for twice
			if _, err := l.Launch(word, "ann"); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		want(t, l, "c running, a waiting, b waiting, c waiting")
		for range 4 {
			r.end <- scenario.Passed
		}
		want(t, l, "c done, a done, b done, c done")
		if r.most != 1 || !slices.Equal(r.began, []string{"c", "a", "b", "c"}) || !slices.Equal(r.kept, r.began) {
			t.Errorf("%d at once, began %v, kept %v", r.most, r.began, r.kept)
		}
		j := l.Jobs()[1]
		if j.Run != "run-a" || j.Verdict != scenario.Passed || j.By != "ann" || j.Title != "A" || !slices.Equal(j.Lines, []string{"the lab is up"}) ||
			j.StartedAt == nil || j.EndedAt == nil {
			t.Errorf("%+v", j)
		}
	})
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := start(t)
		defer l.Stop()
		jobs, _ := l.Launch("all", "ann")
		synctest.Wait()
		for _, i := range []int{1, 0} {
			if _, err := l.Cancel(jobs[i].ID); err != nil {
				t.Fatal(err)
			}
		}
		want(t, l, "a cancelled, b cancelled, c running")
		if _, err := l.Cancel(jobs[0].ID); corax.CodeOf(err) != corax.Conflict {
			t.Errorf("twice: %v", err)
		}
		if _, err := l.Cancel("job-nosuch"); corax.CodeOf(err) != corax.NotFound {
			t.Errorf("what isn't there: %v", err)
		}
		r.end <- scenario.Failed
		want(t, l, "a cancelled, b cancelled, c done")
		if !slices.Equal(r.kept, []string{"c"}) || l.Jobs()[0].Verdict != "" {
			t.Errorf("kept %v; %+v", r.kept, l.Jobs()[0])
		}
	})
}

func TestWhatCannotBeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := start(t)
		defer l.Stop()
		if _, err := l.Launch("aa", "ann"); corax.CodeOf(err) != corax.NotFound || corax.HintOf(err) == "" {
			t.Error(err)
		}
		r.err = errors.New("no binary")
		if _, err := l.Launch("a", "ann"); err != nil {
			t.Fatal(err)
		}
		r.end <- scenario.Passed
		want(t, l, "a done")
		if j := l.Jobs()[0]; j.Verdict != scenario.Broken || j.Error != "no binary" || len(r.kept) > 0 {
			t.Errorf("%+v, kept %v", j, r.kept)
		}
	})
}

// Stop ends what runs and starts nothing more.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := start(t)
		if _, err := l.Launch("all", "ann"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		l.Stop()
		l.Stop()
		if got := states(l); got != "a cancelled, b waiting, c waiting" || len(r.began) != 1 {
			t.Errorf("%s, began %v", got, r.began)
		}
	})
}

func TestLittleIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := start(t)
		defer l.Stop()
		for range mostEnded + 9 {
			if _, err := l.Launch("a", "ann"); err != nil {
				t.Fatal(err)
			}
			r.end <- scenario.Passed
			synctest.Wait()
		}
		if n := len(l.Jobs()); n != mostEnded {
			t.Errorf("%d jobs are remembered", n)
		}
		j := &Job{}
		for i := range mostLines + 5 {
			l.say(j, fmt.Sprintf("\x1b[31m%d", i)+strings.Repeat("x", 2*mostLine))
		}
		if len(j.Lines) != mostLines || !strings.HasPrefix(j.Lines[0], "\u00b7[31m5") || len([]rune(j.Lines[0])) > mostLine+4 {
			t.Errorf("%d lines, the first %.20q", len(j.Lines), j.Lines[0])
		}
	})
}

// child is what a job starts in these tests: it tells something, and what it was given.
func child(args []string) int {
	line := strings.Join(args, " ")
	fmt.Fprintf(os.Stderr, "started: %s\nsecret %q\n", line, os.Getenv("CORAX_TEST_SECRET"))
	switch {
	case strings.HasSuffix(line, "x/crash"):
		fmt.Fprintln(os.Stderr, "panic: it broke")
		return 2
	case strings.HasSuffix(line, "x/hang"):
		_, _ = os.Stdin.Read(make([]byte, 1)) // until an interrupt
	case strings.HasSuffix(line, "x/failed"):
		fmt.Println(`{"name": "failed", "category": "x", "verdict": "failed", "run": {"id": "run-1"}}`)
		return 1
	}
	return 0
}

func TestChild(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CORAX_TEST_SECRET", "hunter2")
	run := Child(exe)
	var lines []string
	r, err := run(t.Context(), scenario.Scenario{Category: "x", Name: "failed"}, func(line string) { lines = append(lines, line) })
	if err != nil || r.Verdict != scenario.Failed || r.Run.ID != "run-1" {
		t.Errorf("%+v %v", r, err)
	}
	if len(lines) != 2 || !strings.HasSuffix(lines[0], " x/failed") || lines[1] != `secret ""` {
		t.Errorf("it told %q", lines)
	}
	if _, err := run(t.Context(), scenario.Scenario{Category: "x", Name: "crash"}, func(string) {}); corax.CodeOf(err) != corax.Unavailable ||
		!strings.Contains(err.Error(), "panic: it broke") {
		t.Errorf("one that crashes: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := run(ctx, scenario.Scenario{Category: "x", Name: "hang"}, func(string) { cancel() }); err == nil {
		t.Error("one that was cancelled gave a result")
	}
	if _, err := Child(filepath.Join(t.TempDir(), "nosuch"))(t.Context(), scenario.Scenario{}, nil); corax.CodeOf(err) != corax.Unavailable {
		t.Errorf("a binary that isn't there: %v", err)
	}
}
