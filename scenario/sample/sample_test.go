package sample

import (
	"os"
	"path/filepath"
	"testing"

	"corax/scenario"
	"corax/scenario/history"
)

func TestSampleComesAndGoes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "results")
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
	h := history.Open(dir)
	own := scenario.Result{Category: "security", Name: "own", Verdict: scenario.Passed}
	own.Run.ID, own.Run.Started = "run-own", own.Run.Started.AddDate(2026, 0, 0)
	if err := h.Add(own); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Load(dir); err != nil {
			t.Fatal(err)
		}
	}
	want, err := Results()
	if err != nil || len(want) < 5 {
		t.Fatal(len(want), err)
	}
	runs, broken := h.Runs()
	if len(broken) > 0 || len(runs) != len(want)+1 || len(runs.Real()) != 1 || runs.Real()[0].ID != "run-own" {
		t.Errorf("%d runs, %d real, %v", len(runs), len(runs.Real()), broken)
	}
	for _, r := range runs {
		if r.ID != "run-own" && (!r.Sample || r.Verdict != scenario.Passed) {
			t.Errorf("%+v", r)
		}
	}
	for range 2 {
		if err := Remove(dir); err != nil {
			t.Fatal(err)
		}
	}
	if runs, broken := h.Runs(); len(broken) > 0 || len(runs) != 1 {
		t.Errorf("left: %v %v", runs, broken)
	}
	if found, _ := os.ReadDir(dir); len(found) != 1 {
		t.Errorf("left: %v", found)
	}
}

// The names of what is removed can lead nowhere else, not even by a link.
func TestRemoveFollowsNoLink(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	file := filepath.Join(other, "precious")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, filepath.Join(dir, "_sample")); err != nil {
		t.Skip(err)
	}
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}
