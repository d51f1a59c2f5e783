package gallery

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"corax"
	"corax/scenario"
	"corax/scenario/history"
)

func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestPublish(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "site")
	all := results(t)
	p, err := Publish(dir, all, Site{})
	if err != nil || p.Removed != 0 || len(p.Unusable) != 0 {
		t.Fatal(p, err)
	}
	first := tree(t, dir)
	if len(first) != p.Files+1 { // and the manifest
		t.Errorf("%d files, %d said", len(first), p.Files)
	}
	for name, data := range memorySite(t, all, Site{}) {
		if first[name] != string(data) {
			t.Errorf("%s is not what was made", name)
		}
	}
	if _, err := Publish(dir, all, Site{}); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(first, tree(t, dir)) {
		t.Error("publishing again alters the site")
	}

	// Somebody adds a file and alters one. A site of fewer scenarios takes away what was ours and is as we wrote it.
	gone := all[1]
	own, altered := filepath.Join(dir, "run", "own.html"), filepath.Join(dir, "scenario", filepath.FromSlash(gone.ID())+".html")
	if err := errors.Join(os.WriteFile(own, []byte("mine"), 0o600), os.WriteFile(altered, []byte("mine"), 0o600)); err != nil {
		t.Fatal(err)
	}
	p, err = Publish(dir, slices.Delete(slices.Clone(all), 1, 2), Site{})
	if err != nil || p.Removed == 0 {
		t.Fatal(p, err)
	}
	second := tree(t, dir)
	if second["run/own.html"] != "mine" || second["scenario/"+gone.ID()+".html"] != "mine" {
		t.Error("what others wrote was taken away")
	}
	if second["run/"+gone.Run.ID+".html"] != "" || second["scenario/"+gone.ID()+".json"] != "" {
		t.Error("what is no more is still there")
	}

	// What is theirs now is in the way when the scenario comes back: nothing is written.
	_, err = Publish(dir, all, Site{})
	if corax.CodeOf(err) != corax.Conflict || corax.HintOf(err) == "" {
		t.Errorf("a file of somebody else is in the way: %v", err)
	}
	if !maps.Equal(second, tree(t, dir)) {
		t.Error("the site was altered all the same")
	}
}

func TestPublishRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Publish(file, results(t), Site{}); corax.CodeOf(err) != corax.Unavailable {
		t.Errorf("a file in the way: %v", err)
	}
	for _, base := range []string{"example.org", "ftp://example.org/", "javascript:alert(1)", "https://", ":"} {
		dir := filepath.Join(t.TempDir(), "site")
		if _, err := Publish(dir, results(t), Site{Base: base}); corax.CodeOf(err) != corax.Invalid {
			t.Errorf("%s: %v", base, err)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: the directory was made", base)
		}
	}
}

// A manifest may come from anywhere; it can't make Publish touch what lies outside of the directory.
func TestManifestLeadsNowhere(t *testing.T) {
	for _, name := range []string{"../victim", "/etc/passwd", "a/../../victim", ""} {
		outside := t.TempDir()
		dir := filepath.Join(outside, "site")
		victim := filepath.Join(outside, "victim")
		if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(victim, []byte("x"), 0o600),
			os.WriteFile(filepath.Join(dir, manifest), []byte(`{"files":{"`+name+`":"`+digest([]byte("x"))+`"}}`), 0o600)); err != nil {
			t.Fatal(err)
		}
		if _, err := Publish(dir, results(t), Site{}); corax.CodeOf(err) != corax.Invalid {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := os.Stat(victim); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// failing gives results until one can't be read.
type failing struct {
	history.Memory
	left int
}

func (f *failing) Read(run history.Run) (scenario.Result, error) {
	if f.left--; f.left < 0 {
		return scenario.Result{}, corax.Errorf(corax.Unavailable, "read run "+run.ID, "the disk is gone")
	}
	return f.Memory.Read(run)
}

// Where making the site fails, the one that is there stays as it was.
func TestPublishFailsWhole(t *testing.T) {
	dir := t.TempDir()
	all := results(t)
	if _, err := Publish(dir, all, Site{}); err != nil {
		t.Fatal(err)
	}
	before := tree(t, dir)
	more := append(slices.Clone(all), later(all[0], "run-later", time.Hour))
	for n := range 5 {
		if _, err := Publish(dir, &failing{more, n}, Site{}); corax.CodeOf(err) != corax.Unavailable {
			t.Fatalf("after %d results: %v", n, err)
		}
		if !maps.Equal(before, tree(t, dir)) {
			t.Fatalf("after %d results the site is another", n)
		}
	}
}

func TestPublishSaysWhatItCouldNotRead(t *testing.T) {
	from := t.TempDir()
	h := history.Open(from)
	for _, r := range results(t) {
		if err := h.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(from, "broken.json"), []byte(`{"name": "../../etc", "category": "x", "verdict": "passed"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Publish(t.TempDir(), h, Site{})
	if err != nil || len(p.Unusable) != 1 || !bytes.Contains([]byte(p.Unusable[0].Error()), []byte("broken.json")) {
		t.Errorf("%v %v", p.Unusable, err)
	}
}
