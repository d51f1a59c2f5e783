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
	"sync"
	"syscall"
	"testing"
	"time"

	"corax"
)

// crashChild is the process that is killed: it carries out the plan whose records are in dir, and dies at the boundary that HEAL_CRASH_AT names,
// or at the one of this number. It returns 0 when the plan has ended, and prints the boundaries that it passed.
func crashChild(dir string) int {
	text, err := os.ReadFile(filepath.Join(dir, "topology.json"))
	if err != nil {
		return 2
	}
	var top corax.Topology
	if err := json.Unmarshal(text, &top); err != nil {
		return 2
	}
	s := newMemory(filepath.Join(dir, "store.json"))
	o := options(dir, s, top)
	var passed boundaries
	at := os.Getenv("HEAL_CRASH_AT")
	o.point = func(name string) {
		if key, n := passed.add(name); at == key || at == strconv.Itoa(n) {
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
	fmt.Println(passed.text())
	return 0
}

// boundaries are those that a process has passed, in their order. Each is known by its name and by how often it was passed, so that it is the same
// one in every run, however fast that is.
type boundaries struct {
	mu    sync.Mutex
	keys  []string
	times map[string]int
}

// text lists them, a line each.
func (b *boundaries) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.keys, "\n")
}

// add enters one, and is its key and its number.
func (b *boundaries) add(name string) (key string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.times == nil {
		b.times = map[string]int{}
	}
	b.times[name]++
	b.keys = append(b.keys, fmt.Sprintf("%s, %d", name, b.times[name]))
	return b.keys[len(b.keys)-1], len(b.keys)
}

// certain leaves out those that a run may pass or not: how often it looks whether all is well depends on how long that takes.
func certain(keys []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		name, times, _ := strings.Cut(key, ", ")
		return times != "1" && slices.Contains([]string{"survey", "watching"}, name[strings.IndexByte(name, ' ')+1:])
	})
}

// child runs the plan in dir in a process of its own and says whether it was killed at a boundary, and which it passed otherwise.
func child(t *testing.T, dir, at string) (killed bool, passed []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "HEAL_CRASH_DIR="+dir, "HEAL_CRASH_AT="+at,
		"HEAL_TEST_TOKEN=sesame-sesame")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err == nil {
		return false, strings.Split(strings.TrimSpace(string(out)), "\n")
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() &&
		status.Signal() == syscall.SIGKILL {
		return true, nil
	}
	t.Fatalf("the child failed: %v\n%s", err, stderr.String())
	return false, nil
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
	_, passed := child(t, dir, "")
	crashed(t, w, dir)
	points := certain(passed)
	if len(points) < 50 {
		t.Fatalf("only %d boundaries were passed", len(points))
	}
	for _, at := range some(points, 10) {
		t.Run(at, func(t *testing.T) {
			w, dir := crashBench(t)
			dies(t, dir, at)
			crashed(t, w, dir)
		})
	}
}

// The same for the taking back of a plan that is done: however often it dies, the end is the same.
func TestCrashWhileUndoing(t *testing.T) {
	w, dir := crashBench(t)
	child(t, dir, "")
	t.Setenv("HEAL_CRASH_UNDO", "1")
	_, passed := child(t, dir, "")
	takenBack(t, w, dir)
	// The first process may end between the plan's end and the record of it. The second then passes the plan's last boundaries too, beside those of
	// the undo, which alone are sure to come.
	points := slices.DeleteFunc(passed, func(key string) bool {
		name, _, _ := strings.Cut(key, ", ")
		return !strings.HasSuffix(name, " undo") && !strings.HasPrefix(name, "effected ")
	})
	if len(points) < 15 {
		t.Fatalf("only %d boundaries of the undo were passed", len(points))
	}
	for _, at := range some(points, 19) {
		t.Run(at, func(t *testing.T) {
			w, dir := crashBench(t)
			t.Setenv("HEAL_CRASH_UNDO", "")
			child(t, dir, "")
			t.Setenv("HEAL_CRASH_UNDO", "1")
			dies(t, dir, at)
			takenBack(t, w, dir)
		})
	}
}

// dies runs the plan twice: it is killed at a boundary, and goes on.
func dies(t *testing.T, dir, at string) {
	t.Helper()
	if killed, passed := child(t, dir, at); !killed {
		t.Fatalf("it was not killed at %q, and passed %q", at, passed)
	}
	if killed, _ := child(t, dir, ""); killed {
		t.Error("killed by somebody else")
	}
}

// some are so many of the boundaries, from the first to the last; all of them with CORAX_SOAK=1.
func some(points []string, most int) []string {
	if os.Getenv("CORAX_SOAK") != "" || len(points) <= most {
		return points
	}
	out := make([]string, most)
	for n := range out {
		out[n] = points[n*(len(points)-1)/(most-1)]
	}
	return out
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
		killed, _ = child(t, dir, strconv.Itoa(9+7*kills))
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
