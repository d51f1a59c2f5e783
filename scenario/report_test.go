package scenario

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corax"
)

const hostile = "</style><script>alert(1)</script><img src=x onerror=alert(2)> \x1b[31mred\x1b]0;title\x07 \u202egnp.exe"

// sample is the result of a run on fakes.
func sample(t *testing.T) Result {
	t.Helper()
	var res Result
	synctest.Test(t, func(t *testing.T) {
		r, _, _ := newFake(t, rotationScenes())
		res = r.Run(t.Context(), shipped(t, "jwt_signing_key_rotation_failure"))
	})
	return res
}

// hostileResult holds text from outside wherever text from outside can be.
func hostileResult(t *testing.T) Result {
	r := sample(t)
	r.Verdict, r.Error = Failed, hostile
	r.About.Title, r.About.Description, r.About.Conditions = hostile, hostile, hostile
	r.Injected = append(r.Injected, Injected{Source: hostile, Message: hostile, Proof: hostile, Targets: []string{hostile}},
		Injected{Fault: hostile, With: map[string]any{hostile: hostile}})
	r.Checks = append(r.Checks, Check{Name: hostile, Expected: hostile, Actual: hostile})
	d := r.Problems[0]
	d.Pattern, d.SeverityReasons = hostile, []string{hostile}
	d.RootCause = corax.RootCause{Entity: hostile, Mechanism: hostile, Summary: hostile, Chain: []string{hostile},
		Evidence: []corax.Evidence{{Quote: hostile, Supports: hostile}}, Against: []corax.Evidence{{Quote: hostile}}, Missing: []string{hostile}}
	d.Plan = corax.Plan{Mode: corax.Mode(hostile), Why: hostile, Steps: []corax.Step{{Action: hostile, Target: hostile, Do: hostile, Verify: hostile,
		Undo: hostile, Risk: corax.Risk(hostile)}}}
	r.Problems = append(r.Problems, d)
	r.Steps = append(r.Steps, Step{Action: hostile, Target: hostile, Result: hostile, Verification: hostile, State: corax.StepState(hostile)})
	r.Timeline = append(r.Timeline, Moment{Kind: corax.EventKind(hostile), Text: hostile, Entity: hostile})
	r.Run.Versions = map[string]string{hostile: hostile}
	return r
}

func TestHostileTextStaysText(t *testing.T) {
	for _, colour := range []bool{false, true} {
		var b bytes.Buffer
		if err := WriteText(&b, hostileResult(t), colour); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "\x1b]") || strings.Contains(b.String(), "\x1b[31mred") || strings.ContainsAny(b.String(), "\x07\u202e") {
			t.Error("control sequences from outside reach the terminal")
		}
		if !colour && strings.Contains(b.String(), "\x1b") {
			t.Error("colours without a terminal")
		}
	}
}

func TestTextPage(t *testing.T) {
	var b bytes.Buffer
	r := sample(t)
	if err := WriteText(&b, r, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"PASSED", r.ID(), "Expected against actual", "ok Pattern", "UNKNOWN", "Proof", "Timeline", "+8.0 s", r.Run.ID} {
		if !strings.Contains(strings.ToLower(b.String()), strings.ToLower(want)) {
			t.Errorf("the text lacks %q:\n%s", want, b.String())
		}
	}
	for line := range strings.SplitSeq(b.String(), "\n") {
		if len([]rune(line)) > textWidth+40 { // the table's last column isn't wrapped
			t.Errorf("%d wide: %s", len([]rune(line)), line)
		}
	}
}

func TestJSONKeepsItsContract(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJSON(&b, []Result{sample(t), {Name: "x", Category: "y", Verdict: Broken, Error: "no lab"}}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines for two results", len(lines))
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"name", "category", "verdict", "run", "checks", "injected", "problems", "steps", "timeline", "counts", "about"} {
		if got[key] == nil {
			t.Errorf("%s is missing", key)
		}
	}
	check := got["checks"].([]any)[0].(map[string]any)
	for _, key := range []string{"name", "expected", "actual", "ok"} {
		if _, there := check[key]; !there {
			t.Errorf("a check lacks %s", key)
		}
	}
	step := got["steps"].([]any)[0].(map[string]any)
	for _, key := range []string{"action", "target", "started", "seconds", "result", "verification"} {
		if _, there := step[key]; !there {
			t.Errorf("a step lacks %s", key)
		}
	}
	counts := got["counts"].(map[string]any)
	for _, key := range []string{"monitors", "signals", "incidents", "linked", "pages"} {
		if _, there := counts[key]; !there {
			t.Errorf("the counts lack %s", key)
		}
	}
}

// A kept result says as much as a fresh one.
func TestResultIsReadBackWhole(t *testing.T) {
	want := hostileResult(t)
	want.Run.Machine = &Machine{OS: "linux", Arch: "amd64", CPUs: 2}
	var first, second bytes.Buffer
	if err := WriteJSON(&first, []Result{want}); err != nil {
		t.Fatal(err)
	}
	var got Result
	if err := json.Unmarshal(first.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if err := WriteJSON(&second, []Result{got}); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() {
		t.Errorf("written %s\nread back %s", &first, &second)
	}
	var before, after bytes.Buffer
	if err := errors.Join(WriteText(&before, want, false), WriteText(&after, got, false)); err != nil {
		t.Fatal(err)
	}
	if before.String() != after.String() {
		t.Error("its page is another after reading it back")
	}
	if !got.About.Live() || got.About.Seed != want.About.Seed {
		t.Errorf("about: %+v", got.About)
	}
}

func TestJUnit(t *testing.T) {
	failed := sample(t)
	failed.Verdict, failed.Checks = Failed, []Check{{Name: "pattern", Expected: "UNKNOWN", Actual: hostile}}
	results := []Result{sample(t), failed, {Name: "x", Category: "performance", Verdict: Broken, Error: hostile, Run: Run{Started: time.Time{}}}}
	var b bytes.Buffer
	if err := WriteJUnit(&b, results); err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Tests != 3 || got.Failures != 1 || got.Errors != 1 || len(got.Suites) != 2 || got.Suites[0].Cases[1].Failure.Message != "pattern" {
		t.Errorf("%+v", got)
	}
}
