package history

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"corax"
	"corax/scenario"
)

var t0 = time.Date(2026, 3, 30, 2, 0, 0, 0, time.UTC)

func result(name string, run int, v scenario.Verdict, at time.Duration) scenario.Result {
	r := scenario.Result{Name: name, Category: "security", Verdict: v, Run: scenario.Run{ID: fmt.Sprintf("run-%d", run), Started: t0.Add(at), Seconds: 2},
		Checks:   []scenario.Check{{Name: "pattern", Expected: "UNKNOWN", Actual: "UNKNOWN", OK: v == scenario.Passed}},
		Injected: []scenario.Injected{}, Problems: []corax.Diagnosis{}, Steps: []scenario.Step{}, Timeline: []scenario.Moment{}}
	if v == scenario.Broken {
		r.Error = "no lab"
	}
	return r
}

func add(t *testing.T, h *History, all ...scenario.Result) {
	t.Helper()
	for _, r := range all {
		if err := h.Add(r); err != nil {
			t.Fatal(err)
		}
	}
}

func ids(runs Runs) string {
	var list []string
	for _, r := range runs {
		list = append(list, strings.TrimPrefix(r.ID, "run-"))
	}
	return strings.Join(list, " ")
}

func TestWhatIsKeptIsFound(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "yet")
	h := Open(dir)
	if runs, broken := h.Runs(); len(runs)+len(broken) > 0 {
		t.Errorf("of nothing: %v %v", runs, broken)
	}
	want := result("a", 1, scenario.Failed, 0)
	add(t, h, want, result("b", 2, scenario.Passed, time.Minute), result("a", 3, scenario.Passed, time.Hour))
	runs, broken := h.Runs()
	if ids(runs) != "1 2 3" || len(broken) > 0 || ids(runs.Latest()) != "3 2" || ids(runs.Only(Filter{Name: "a"})) != "1 3" {
		t.Errorf("%s, latest %s, %v", ids(runs), ids(runs.Latest()), broken)
	}
	got, err := h.Result("run-1")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read back %+v, %v", got, err)
	}
	if _, err := h.Result("run-9"); corax.CodeOf(err) != corax.NotFound || corax.HintOf(err) == "" {
		t.Error(err)
	}
	// Another process adds one, and this one sees it.
	add(t, Open(dir), result("c", 4, scenario.Passed, 2*time.Hour))
	if runs, _ := h.Runs(); ids(runs) != "1 2 3 4" {
		t.Errorf("after another has added: %s", ids(runs))
	}
}

func TestResultsAreNeverAltered(t *testing.T) {
	h := Open(t.TempDir())
	r := result("a", 1, scenario.Failed, 0)
	add(t, h, r, r)
	r.Verdict = scenario.Passed
	if err := h.Add(r); corax.CodeOf(err) != corax.Conflict {
		t.Error(err)
	}
	if runs, _ := h.Runs(); len(runs) != 1 || runs[0].Verdict != scenario.Failed {
		t.Errorf("%+v", runs)
	}
}

// Names become files: one that leads elsewhere is refused, coming in and going out.
func TestNamesLeadNowhere(t *testing.T) {
	for _, spoil := range []func(*scenario.Result){
		func(r *scenario.Result) { r.Name = "../../x" }, func(r *scenario.Result) { r.Category = ".." }, func(r *scenario.Result) { r.Run.ID = "a/b" },
		func(r *scenario.Result) { r.Run.ID = "" }, func(r *scenario.Result) { r.Name = strings.Repeat("a", 200) },
		func(r *scenario.Result) { r.Verdict = "great" }, func(r *scenario.Result) { r.Run.Started = time.Time{} }, func(r *scenario.Result) { r.Run.Seconds = -1 },
	} {
		r := result("a", 1, scenario.Passed, 0)
		spoil(&r)
		dir := t.TempDir()
		if err := Open(dir).Add(r); corax.CodeOf(err) != corax.Invalid {
			t.Errorf("%+v: %v", r, err)
		}
		if found, _ := os.ReadDir(dir); len(found) > 0 {
			t.Errorf("%+v left %v", r, found)
		}
		if runs, broken := (Memory{r}).Runs(); len(runs) > 0 || len(broken) != 1 {
			t.Errorf("%+v is shown", r)
		}
	}
}

// Other layouts: several results in a file, the same run twice; a broken file is reported with its name, and the rest is read.
func TestReadsWhatOthersWrote(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	write := func(dir, name string, all ...scenario.Result) {
		t.Helper()
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := scenario.WriteJSON(f, all); err != nil || f.Close() != nil {
			t.Fatal(err)
		}
	}
	a, b := result("a", 1, scenario.Passed, 0), result("b", 2, scenario.Failed, time.Minute)
	altered := b
	altered.Verdict = scenario.Passed
	write(dir, "night.json", a, b)
	write(dir, "night.txt", result("c", 3, scenario.Passed, 0))
	write(other, "again.json", a)
	write(other, "z.json", altered)
	for name, text := range map[string]string{"broken.json": "{", "list.json": "[]", "index.json": `{"title": "x"}`, ".hidden.json": "{", "long.json": `{"name":"` + strings.Repeat("a", 1000)} {
		if err := os.WriteFile(filepath.Join(other, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := Open(dir, other)
	for range 2 { // what is known says the same as what was read
		runs, broken := h.Runs()
		if ids(runs) != "1 2" || runs[1].Verdict != scenario.Failed {
			t.Errorf("%s: %+v", ids(runs), runs)
		}
		var names []string
		for _, err := range broken {
			names = append(names, fmt.Sprint(corax.CodeOf(err)))
		}
		if !slices.Equal(names, []string{"invalid", "invalid", "invalid", "invalid", "conflict"}) {
			t.Errorf("%v: %v", names, broken)
		}
	}
}

func TestNews(t *testing.T) {
	var all Memory
	for i, v := range []scenario.Verdict{scenario.Passed, scenario.Passed, scenario.Failed, scenario.Failed, scenario.Broken, scenario.Passed} {
		all = append(all, result("a", i, v, time.Duration(i)*time.Hour))
	}
	runs, _ := all.Runs()
	if got := ids(runs.News()); got != "0 2 4 5" {
		t.Error(got)
	}
}

// Rates count every run once, in the span in which it began, and leave errors out of the share.
func TestRates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all Memory
		days := rapid.SampledFrom([]int{1, 30, 1000}).Draw(t, "days")
		verdicts := []scenario.Verdict{scenario.Passed, scenario.Failed, scenario.Broken}
		count := map[scenario.Verdict]int{}
		for i := range rapid.IntRange(0, 60).Draw(t, "runs") {
			v := rapid.SampledFrom(verdicts).Draw(t, "verdict")
			count[v]++
			all = append(all, result("a", i, v, time.Duration(rapid.IntRange(0, days*24*60).Draw(t, "minute"))*time.Minute))
		}
		runs, _ := all.Runs()
		rates := runs.Rates()
		got := map[scenario.Verdict]int{}
		for i, r := range rates {
			got[scenario.Passed] += r.Passed
			got[scenario.Failed] += r.Failed
			got[scenario.Broken] += r.Errors
			if share, any := r.Share(); any != (r.Passed+r.Failed > 0) || any && share != float64(r.Passed)/float64(r.Passed+r.Failed) {
				t.Fatalf("%+v has a share of %v, %v", r, share, any)
			}
			if i > 0 && rates[i-1].From.Add(r.Width).After(r.From) {
				t.Fatalf("%v and %v overlap", rates[i-1], r)
			}
			if len(rates) > 91 && r.Width < 7*24*time.Hour {
				t.Fatalf("%d spans of %s", len(rates), r.Width)
			}
		}
		for _, v := range verdicts {
			if got[v] != count[v] {
				t.Fatalf("%s: %d of %d", v, got[v], count[v])
			}
		}
	})
}
