package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	text := `{"id":"a","kind":"single","signals":["no space left on device"],"expect":{"pattern":"DISK_FULL","severity":"CRITICAL"}}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "x.jsonl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run([]string{"scenarios", "--data", dir, "--json"}, &out); err != nil {
		t.Fatal(err)
	}
	var r result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Figures["all"]["pattern"] != 1 || len(r.Predictions) != 1 || r.Predictions[0].Truth != "DISK_FULL" {
		t.Errorf("%+v", r)
	}
	for _, set := range []string{"logs", "nezha"} {
		if err := run([]string{set, "--data", dir}, &out); err != nil {
			t.Errorf("%s: %v", set, err)
		}
	}
	for _, args := range [][]string{nil, {"scenarios"}, {"nope", "--data", dir}, {"scenarios", "--data", dir, "more"}} {
		if err := run(args, &out); !errors.Is(err, errUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
	if err := run([]string{"scenarios", "--data", filepath.Join(dir, "gone")}, &out); err == nil {
		t.Error("absent data is not an error")
	}
}

func TestStats(t *testing.T) {
	if got := adjustedRand([]int{0, 0, 1, 1}, []int{5, 5, 7, 7}); got != 1 {
		t.Errorf("same clusters: %f", got)
	}
	if got := adjustedRand([]int{0, 0, 1, 1}, []int{0, 1, 0, 1}); got >= 0 {
		t.Errorf("crossed clusters: %f", got)
	}
	if got := macroF1([]string{"a", "a", "b"}, []string{"a", "b", "b"}); math.Abs(got-2.0/3) > 1e-9 {
		t.Errorf("macro F1 %f", got)
	}
}

func TestBudget(t *testing.T) {
	figures := map[string]map[string]float64{
		"all": {"ms p95": 20, "kB first max": 151}, "first paint, desk, first": {"ms p95": 499}, "live, a comment": {"ms p95": 201}, "live, all": {"tabs": 10}, "/": {"ms p95": 900},
	}
	r := result{Figures: figures, Budget: budgets(figures)}
	err := r.held()
	if !errors.Is(err, errOver) || strings.Count(err.Error(), errOver.Error()) != 2 || !strings.Contains(err.Error(), "kB first max is 151.0 of 150") ||
		!strings.Contains(err.Error(), "a comment, ms p95 is 201.0 of 200") {
		t.Errorf("%v", err)
	}
	figures["all"]["kB first max"], figures["live, a comment"]["ms p95"] = 150, 200
	if err := r.held(); err != nil {
		t.Error(err)
	}
	var out strings.Builder
	if err := r.print(&out); err != nil || !strings.Contains(out.String(), "at most 50") {
		t.Errorf("%v: %s", err, out.String())
	}
}
