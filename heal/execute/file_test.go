package execute_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"corax"
	"corax/heal/execute"
	"corax/heal/execute/executetest"
)

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil { //nolint:gosec // permissions that an edit has to keep
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFilesConform(t *testing.T) {
	executetest.Run(t, func(t *testing.T) executetest.Target {
		dir := t.TempDir()
		file, changes, last := filepath.Join(dir, "app.conf"), 0, ""
		write(t, file, "first\n")
		for name, text := range executetest.Leaked() {
			write(t, filepath.Join(dir, name), "token = "+text)
		}
		write(t, filepath.Join(dir, "large"), strings.Repeat("x", 3<<20))
		version := func() string {
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(info.Sys().(*syscall.Stat_t).Ctim)
		}
		last = version()
		gone := filepath.Join(dir, "gone")
		target := executetest.Target{
			Executors: corax.Executors{Directories: []corax.Directory{{Path: dir, Backups: filepath.Join(dir, "backups")},
				{Path: gone, Backups: filepath.Join(dir, "backups")}}},
			Effect: func(v string) corax.Call {
				return corax.Call{File: &corax.FileEdit{Path: file, Expect: sum(content(t, file)), Content: &v}}
			},
			Reading: corax.Call{File: &corax.FileEdit{Path: file}},
			Stored:  func(answer any) string { return answer.(map[string]any)["content"].(string) },
			Effects: func(*testing.T) int {
				if v := version(); v != last {
					changes, last = changes+1, v
				}
				return changes
			},
			Large:      corax.Call{File: &corax.FileEdit{Path: filepath.Join(dir, "large")}},
			Missing:    corax.Call{File: &corax.FileEdit{Path: filepath.Join(gone, "x")}},
			MissingToo: corax.Call{File: &corax.FileEdit{Path: filepath.Join(gone, "x"), Expect: "", Content: new(string)}},
		}
		for name := range executetest.Leaked() {
			target.Leaks = append(target.Leaks, executetest.Leak{Name: name, Read: true,
				Call: corax.Call{File: &corax.FileEdit{Path: filepath.Join(dir, name)}}})
		}
		return target
	})
}

// edits is a directory with one file, and the executor for it.
type edits struct {
	*testing.T
	dir, file, backups string
	set                *execute.Set
}

func newEdits(t *testing.T) edits {
	t.Helper()
	dir := t.TempDir()
	e := edits{T: t, dir: filepath.Join(dir, "etc"), backups: filepath.Join(dir, "backups")}
	e.file = filepath.Join(e.dir, "app.conf")
	if err := os.Mkdir(e.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	e.set = execute.New(execute.Options{Executors: func() corax.Executors {
		return corax.Executors{Directories: []corax.Directory{{Path: e.dir, Backups: e.backups}}}
	}})
	return e
}

func (e edits) do(f corax.FileEdit) execute.Result {
	return e.set.Run(e.Context(), corax.Call{File: &f}, executetest.Literal{}, execute.Order{Key: "k"})
}

func TestFileEdits(t *testing.T) {
	empty := ""
	set := func(name, value, between string) corax.FileEdit {
		return corax.FileEdit{Set: &corax.FileValue{Name: name, Value: value, Between: between}}
	}
	block := func(text string) corax.FileEdit {
		return corax.FileEdit{Block: &corax.FileBlock{Name: "corax", Text: text}}
	}
	for _, c := range []struct {
		name, before, after string
		edit                corax.FileEdit
		want                execute.Outcome
	}{
		{"value", "a = 1\nmax = 10 \nb = 2\n", "a = 1\nmax = 20\nb = 2\n", set("max", "20", ""), execute.Done},
		{"first line", "max=10\n", "max=20\n", set("max", "20", ""), execute.Done},
		{"no line break at the end", "a=1\n  max =10", "a=1\n  max =20", set("max", "20", ""), execute.Done},
		{"added", "a=1", "a=1\nmax=20\n", set("max", "20", ""), execute.Done},
		{"a name that begins another", "maximum=1\n# max=2\n", "maximum=1\n# max=2\nmax=20\n", set("max", "20", ""), execute.Done},
		{"by a space", "max 10\r\nmaxi 1\n", "max 20\r\nmaxi 1\n", set("max", "20", " "), execute.Done},
		{"by a colon", "max: 10\n", "max: 20\n", set("max", "20", ": "), execute.Done},
		{"so already", "max=20\n", "max=20\n", set("max", "20", ""), execute.Done},
		{"two lines", "max=1\nmax=2\n", "max=1\nmax=2\n", set("max", "20", ""), execute.Refused},
		{"a second line in the value", "max=1\n", "max=1\n", set("max", "20\nroot=yes", ""), execute.Refused},
		{"new block", "a\n", "a\n# BEGIN corax\nx\n# END corax\n", block("x"), execute.Done},
		{"changed block", "a\n# BEGIN corax\nx\ny\n# END corax\nb\n", "a\n# BEGIN corax\nz\n# END corax\nb\n", block("z\n"), execute.Done},
		{"open block", "# BEGIN corax\nx\n", "# BEGIN corax\nx\n", block("z"), execute.Refused},
		{"marks in the text", "a\n", "a\n", block("x\n# END corax\nroot"), execute.Refused},
		{"whole", "a\n", "", corax.FileEdit{Content: &empty}, execute.Done},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEdits(t)
			write(t, e.file, c.before)
			c.edit.Path, c.edit.Expect = e.file, sum(c.before)
			for range 2 { // twice is once
				if r := e.do(c.edit); r.Outcome != c.want {
					t.Errorf("got %s, want %s: %s", r.Outcome, c.want, r.Text)
				}
			}
			if got := content(t, e.file); got != c.after {
				t.Errorf("got %q, want %q", got, c.after)
			}
			if info, _ := os.Stat(e.file); info.Mode().Perm() != 0o640 {
				t.Errorf("the permissions became %s", info.Mode())
			}
			if c.after == c.before {
				return
			}
			back := sum(c.before)
			if r := e.do(corax.FileEdit{Path: e.file, Expect: sum(c.after), Restore: &back}); r.Outcome != execute.Done {
				t.Error(r.Text)
			}
			if got := content(t, e.file); got != c.before {
				t.Errorf("restored %q", got)
			}
		})
	}
}

func TestFilesCompareBeforeTheySet(t *testing.T) {
	e := newEdits(t)
	write(t, e.file, "somebody's\n")
	text, none := "ours\n", ""
	if r := e.do(corax.FileEdit{Path: e.file, Expect: sum("seen\n"), Content: &text}); r.Outcome != execute.Refused || !r.Again {
		t.Errorf("%s: %s", r.Outcome, r.Text)
	}
	if got := content(t, e.file); got != "somebody's\n" {
		t.Errorf("it became %q", got)
	}
	// A file that wasn't there is made, and its undoing takes it away.
	made := filepath.Join(e.dir, "new.conf")
	if r := e.do(corax.FileEdit{Path: made, Content: &text}); r.Outcome != execute.Done {
		t.Error(r.Text)
	}
	if r := e.do(corax.FileEdit{Path: made, Expect: sum(text), Restore: &none}); r.Outcome != execute.Done {
		t.Error(r.Text)
	}
	if _, err := os.Stat(made); !os.IsNotExist(err) {
		t.Error("it is still there")
	}
	// A backup that was changed is none.
	if r := e.do(corax.FileEdit{Path: e.file, Expect: sum("somebody's\n"), Content: &text}); r.Outcome != execute.Done {
		t.Fatal(r.Text)
	}
	write(t, filepath.Join(e.backups, sum("somebody's\n")), "forged\n")
	back := sum("somebody's\n")
	if r := e.do(corax.FileEdit{Path: e.file, Expect: sum(text), Restore: &back}); r.Outcome != execute.Refused {
		t.Errorf("%s: %s", r.Outcome, r.Text)
	}
}

func TestFilesStayWhereTheyMayBe(t *testing.T) {
	e := newEdits(t)
	outside := filepath.Join(filepath.Dir(e.dir), "outside")
	if err := os.Mkdir(outside, 0o700); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(outside, "passwd")
	write(t, secret, "root\n")
	for link, to := range map[string]string{"dir": outside, "up": "../outside", "file": secret} {
		if err := os.Symlink(to, filepath.Join(e.dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(e.dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "owned\n"
	for _, path := range []string{secret, e.dir + "/../outside/passwd", e.dir + "/dir/passwd", e.dir + "/up/passwd", e.dir + "/file",
		e.dir + "/pipe", e.dir, e.dir + "x/y", "app.conf", e.dir + "/a\x00b"} {
		for _, o := range []execute.Order{{Read: true}, {Key: "k"}} {
			call := corax.FileEdit{Path: path}
			if !o.Read {
				call.Content, call.Expect = &text, sum("root\n")
			}
			r := e.set.Run(t.Context(), corax.Call{File: &call}, executetest.Literal{}, o)
			if r.Outcome != execute.Failed {
				t.Errorf("%s %+v: %s: %s", path, o, r.Outcome, r.Text)
			}
		}
	}
	if got := content(t, secret); got != "root\n" {
		t.Errorf("it became %q", got)
	}
}

// A process that is killed while it edits leaves a whole file, old or new.
func TestFileSurvivesKills(t *testing.T) {
	if dir := os.Getenv("CORAX_TEST_EDIT"); dir != "" {
		editForever(t, dir)
		return
	}
	e := newEdits(t)
	contents := []string{strings.Repeat("a", 600<<10), strings.Repeat("b", 600<<10)}
	write(t, e.file, contents[0])
	for n := range 12 {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestFileSurvivesKills$") //nolint:gosec // this test itself
		cmd.Env = append(os.Environ(), "CORAX_TEST_EDIT="+filepath.Dir(e.dir))
		said, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// After so many edits, in the middle of the next.
		for range n%4 + 1 {
			if _, err := said.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if got := content(t, e.file); got != contents[0] && got != contents[1] {
			t.Fatalf("kill %d: the file has %d bytes, and is neither", n, len(got))
		}
	}
	now := content(t, e.file)
	other := contents[0]
	if now == other {
		other = contents[1]
	}
	if r := e.do(corax.FileEdit{Path: e.file, Expect: sum(now), Content: &other}); r.Outcome != execute.Done {
		t.Errorf("afterwards: %s", r.Text)
	}
	left, _ := filepath.Glob(filepath.Join(e.dir, ".*"))
	if len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func editForever(t *testing.T, dir string) {
	file := filepath.Join(dir, "etc", "app.conf")
	set := execute.New(execute.Options{Executors: func() corax.Executors {
		return corax.Executors{Directories: []corax.Directory{{Path: filepath.Join(dir, "etc"), Backups: filepath.Join(dir, "backups")}}}
	}})
	for {
		now := content(t, file)
		next := strings.Repeat(map[bool]string{true: "b", false: "a"}[now[0] == 'a'], 600<<10)
		r := set.Run(t.Context(), corax.Call{File: &corax.FileEdit{Path: file, Expect: sum(now), Content: &next}},
			executetest.Literal{}, execute.Order{Key: "k"})
		if r.Outcome != execute.Done {
			t.Fatal(r.Text)
		}
		fmt.Print(".")
	}
}
