package heal

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"corax"
)

// crashChild is the process that is killed: it carries out the plan whose records are in dir, and dies at the
// boundary with the number in HEAL_CRASH_AT. It returns 0 when the plan has ended.
func crashChild(dir string) int {
	text, err := os.ReadFile(filepath.Join(dir, "topology.json"))
	if err != nil {
		return 2
	}
	var top corax.Topology
	if err := json.Unmarshal(text, &top); err != nil {
		return 2
	}
	at, _ := strconv.ParseInt(os.Getenv("HEAL_CRASH_AT"), 10, 64)
	s := newMemory(filepath.Join(dir, "store.json"))
	o := options(dir, s, top)
	var points atomic.Int64
	o.point = func(string) {
		if points.Add(1) == at {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal comes
		}
	}
	h, err := New(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := h.Start(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	defer h.Stop()
	if err := h.Run(ctx, "pln-1"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	reached := func(cond func(corax.PlanRun) bool) bool {
		for {
			s.mu.Lock()
			ok, changed := cond(s.Plans["pln-1"]), s.changed
			s.mu.Unlock()
			if ok {
				return true
			}
			select {
			case <-changed:
			case <-ctx.Done():
				fmt.Fprintln(os.Stderr, s.timeline())
				return false
			}
		}
	}
	if !reached(func(r corax.PlanRun) bool { return r.State.Ended() }) {
		return 3
	}
	if os.Getenv("HEAL_CRASH_UNDO") != "" {
		if err := h.Undo(ctx, "pln-1", "ann", "drill"); err != nil && corax.CodeOf(err) != corax.Conflict {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
		if !reached(func(r corax.PlanRun) bool { return r.Undo != nil && r.Undo.EndedAt != nil }) {
			return 3
		}
	}
	fmt.Println("points", points.Load())
	return 0
}

// child runs the plan in dir in a process of its own and says whether it was killed, and how many boundaries it
// passed otherwise.
func child(t *testing.T, dir string, at int) (killed bool, points int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "HEAL_CRASH_DIR="+dir, "HEAL_CRASH_AT="+strconv.Itoa(at),
		"HEAL_TEST_TOKEN=sesame-sesame")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err == nil {
		_, _ = fmt.Sscanf(string(out), "points %d", &points)
		return false, points
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() &&
		status.Signal() == syscall.SIGKILL {
		return true, 0
	}
	t.Fatalf("the child failed: %v\n%s", err, stderr.String())
	return false, 0
}

// crashBench lays out a world and a recorded plan in a directory.
func crashBench(t *testing.T) (*world, string) {
	t.Helper()
	w, dir := newWorld(t), t.TempDir()
	text, err := json.Marshal(w.topology())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "topology.json"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	newMemory(filepath.Join(dir, "store.json")).record(theSteps())
	return w, dir
}

// crashed holds the end against that of a plan that was never interrupted.
func crashed(t *testing.T, w *world, dir string) {
	t.Helper()
	s := newMemory(filepath.Join(dir, "store.json"))
	run, p := s.Plans["pln-1"], s.Problems["prb-1"]
	if run.State != corax.PlanDone || p.State != corax.ProblemClosed || p.Escalated {
		t.Errorf("plan %s, problem %s\n%s", run.State, p.State, s.timeline())
	}
	for _, st := range theSteps() {
		want := corax.StepDone
		if st.ID == "2.1" {
			want = corax.StepNotNeeded
		}
		if got := stepRun(&run, st).State; got != want {
			t.Errorf("step %s is %s\n%s", st.ID, got, s.timeline())
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.Signing != "k2" || !w.Hardened || len(w.violated) > 0 {
		t.Errorf("signing %s, hardened %t, violated %v", w.Signing, w.Hardened, w.violated)
	}
	for _, svc := range services {
		if !slices.Equal(w.Loaded[svc], []string{"k1", "k2"}) {
			t.Errorf("%s has %v", svc, w.Loaded[svc])
		}
	}
	if len(w.effects) != 5 {
		t.Errorf("%d different effects, expected 5: %v", len(w.effects), w.requests)
	}
	for key, n := range w.effects {
		if n != 1 {
			t.Errorf("the effect with key %s was carried out %d times: %v", key, n, w.requests)
		}
	}
}

// A plan is killed at a boundary, goes on in the next process, and ends as if nothing had been. Every boundary with
// CORAX_SOAK=1.
func TestCrashAtEveryBoundary(t *testing.T) {
	w, dir := crashBench(t)
	_, points := child(t, dir, 0)
	crashed(t, w, dir)
	runs, kills := 10, 0
	if os.Getenv("CORAX_SOAK") != "" {
		runs = points
	}
	if points < 50 {
		t.Fatalf("only %d boundaries were passed", points)
	}
	for n := range runs {
		at := 1 + n*(points-1)/max(runs-1, 1)
		t.Run(strconv.Itoa(at), func(t *testing.T) {
			w, dir := crashBench(t)
			killed, passed := child(t, dir, at)
			hit(t, &kills, killed, passed, at)
			if killed, _ := child(t, dir, 0); killed {
				t.Error("killed by somebody else")
			}
			crashed(t, w, dir)
		})
	}
	enough(t, runs, kills)
}

// The same for the taking back of a plan that is done: however often it dies, the end is the same.
func TestCrashWhileUndoing(t *testing.T) {
	w, dir := crashBench(t)
	_, done := child(t, dir, 0)
	t.Setenv("HEAL_CRASH_UNDO", "1")
	_, points := child(t, dir, 0)
	takenBack(t, w, dir)
	step := 5
	if os.Getenv("CORAX_SOAK") != "" {
		step = 1
	}
	if points < 15 {
		t.Fatalf("only %d boundaries were passed after the %d of the plan", points, done)
	}
	runs, kills := 0, 0
	for at := 1; at < points; at += step {
		t.Run(strconv.Itoa(at), func(t *testing.T) {
			w, dir := crashBench(t)
			t.Setenv("HEAL_CRASH_UNDO", "")
			child(t, dir, 0)
			t.Setenv("HEAL_CRASH_UNDO", "1")
			killed, passed := child(t, dir, at)
			hit(t, &kills, killed, passed, at)
			runs++
			if killed, _ := child(t, dir, 0); killed {
				t.Error("killed by somebody else")
			}
			takenBack(t, w, dir)
		})
	}
	enough(t, runs, kills)
}

// hit counts a kill. How many boundaries a run passes depends on how often it has to look, so one may end before the boundary at which it was to
// die; one that passed it alive was not killed where it should have been.
func hit(t *testing.T, kills *int, killed bool, passed, at int) {
	t.Helper()
	switch {
	case killed:
		*kills++
	case passed >= at:
		t.Errorf("it was not killed at boundary %d, and passed %d", at, passed)
	}
}

// enough wants most runs to have been killed: else they show nothing.
func enough(t *testing.T, runs, kills int) {
	t.Helper()
	if kills*3 < runs*2 {
		t.Errorf("only %d of %d runs were killed", kills, runs)
	}
	t.Logf("survived %d kills in %d runs", kills, runs)
}

// takenBack holds the end of an undo against that of one that was never interrupted.
func takenBack(t *testing.T, w *world, dir string) {
	t.Helper()
	s := newMemory(filepath.Join(dir, "store.json"))
	run := s.Plans["pln-1"]
	if run.Undo == nil || run.Undo.State != corax.UndoStopped {
		t.Fatalf("undo %+v\n%s", run.Undo, s.timeline())
	}
	for id, want := range map[string]corax.StepState{"1": corax.StepDone, "2.2": corax.StepUndone, "2.3": corax.StepUndone,
		"3": corax.StepUndone, "4": corax.StepUndone} {
		if got := stepRun(&run, corax.Step{ID: id}).State; got != want {
			t.Errorf("step %s is %s, expected %s\n%s", id, got, want, s.timeline())
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.Signing != "k1" || w.Hardened || len(w.violated) > 0 {
		t.Errorf("signing %s, hardened %t, violated %v", w.Signing, w.Hardened, w.violated)
	}
	for key, n := range w.effects {
		if n != 1 {
			t.Errorf("the effect with key %s was carried out %d times: %v", key, n, w.requests)
		}
	}
}

// A plan whose process dies again and again, a little further each time.
func TestCrashAgainAndAgain(t *testing.T) {
	w, dir := crashBench(t)
	kills := 0
	for killed := true; killed && kills < 200; {
		// A resumed flow passes the boundaries of what is recorded once more, so the next death comes later in the plan.
		killed, _ = child(t, dir, 9+7*kills)
		if killed {
			kills++
		}
	}
	if kills < 5 {
		t.Errorf("only %d kills", kills)
	}
	crashed(t, w, dir)
	t.Logf("survived %d kills", kills)
}
