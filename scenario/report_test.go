package scenario

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
	r.Scenario.Title, r.Scenario.Description, r.Scenario.Conditions = hostile, hostile, hostile
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

func page(t *testing.T, r Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteHTML(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var foreign = regexp.MustCompile(`(?i)<script|<link|<iframe|<img|<object|<embed| on[a-z]+=|javascript:|(src|href)="(https?:)?//|@import|url\(`)

// wellFormed reads a page as XML, which is stricter than HTML: every element closed, every attribute quoted.
func wellFormed(t *testing.T, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(strings.Replace(text, "<!doctype html>", "", 1)))
	d.Entity = xml.HTMLEntity
	ids := map[string]bool{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("not well formed: %v", err)
		}
		if start, ok := token.(xml.StartElement); ok {
			for _, a := range start.Attr {
				if a.Name.Local == "id" && ids[a.Value] {
					t.Errorf("id %q twice", a.Value)
				}
				ids[a.Value] = a.Name.Local == "id"
			}
		}
	}
}

func TestPageIsCompleteAndSelfContained(t *testing.T) {
	r := sample(t)
	text := page(t, r)
	wellFormed(t, text)
	if found := foreign.FindString(text); found != "" {
		t.Errorf("the page holds %q", found)
	}
	for _, want := range []string{
		"passed", r.ID(), r.Scenario.Title, "Pattern", "Severity", "critical", "90 %", "auto heal", "Expected against actual",
		"Incidents linked", "Cascade", "Remediation", "Root cause", "End state", "Conditions", "partial_rotation", "unreachable: 4", "Proof:",
		"used too early", "signing_key.reactivate", "a new login is accepted", "Timeline", "Monitors", r.Run.ID,
		r.Run.Started.Format("2006-01-02"), "first symptom",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestHostileTextStaysText(t *testing.T) {
	text := page(t, hostileResult(t))
	wellFormed(t, text)
	if found := foreign.FindString(text); found != "" && found != " onerror=" {
		t.Errorf("the page holds %q", found)
	}
	if strings.Contains(text, "<img") || strings.ContainsAny(text, "\x1b\x07\u202e") {
		t.Error("markup or control characters got through")
	}
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

// However much a run brings, the page stays small and says what it leaves out.
func TestPageStaysSmall(t *testing.T) {
	r := sample(t)
	long := strings.Repeat("<\u00e4>", 1000)
	for range 600 {
		r.Injected = append(r.Injected, Injected{Source: "probe", Message: long})
		r.Timeline = append(r.Timeline, Moment{Text: long})
		r.Steps = append(r.Steps, Step{Action: "a", Target: "b", Result: long, Verification: long})
		r.Checks = append(r.Checks, Check{Name: "end", Expected: long, Actual: long})
	}
	d := r.Problems[0]
	for range 300 {
		d.RootCause.Evidence = append(d.RootCause.Evidence, corax.Evidence{Quote: long, Supports: long})
		d.Plan.Steps = append(d.Plan.Steps, corax.Step{Do: long, Verify: long, Undo: long})
	}
	r.Problems = slices.Repeat([]corax.Diagnosis{d}, 12)
	text := page(t, r)
	wellFormed(t, text)
	if len(text) >= mostPage {
		t.Errorf("%d bytes", len(text))
	}
	if !strings.Contains(text, "Left out here") {
		t.Error("the page doesn't say that something is left out")
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

func TestSite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "site")
	good, bad := sample(t), hostileResult(t)
	good.Timeline = append(make([]Moment, 50), good.Timeline...)
	bad.Name = "another"
	lost := Result{Name: "third", Category: "security", Verdict: Broken, Error: "no lab", Run: Run{Started: t0}}
	if err := WriteSite(dir, []Result{good, bad, lost}); err != nil {
		t.Fatal(err)
	}
	index, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, string(index))
	if !strings.Contains(string(index), ">8.0 s<") {
		t.Error("the index lacks the time of healing")
	}
	if !strings.Contains(string(index), "1 of 3 passed") {
		t.Error("the index doesn't count")
	}
	for _, link := range regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(string(index), -1) {
		data, err := os.ReadFile(filepath.Join(dir, link[1]))
		if err != nil {
			t.Fatal(err)
		}
		wellFormed(t, string(data))
		if !strings.Contains(string(data), `href="index.html"`) {
			t.Errorf("%s doesn't lead back", link[1])
		}
	}
	if strings.Count(string(index), "href=") != 3 {
		t.Error("a result has no page")
	}
	if err := WriteSite(filepath.Join(dir, "index.html"), nil); corax.CodeOf(err) != corax.Unavailable {
		t.Errorf("a file in the way: %v", err)
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
	for _, key := range []string{"name", "category", "verdict", "run", "checks", "injected", "problems", "steps", "timeline", "counts"} {
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
