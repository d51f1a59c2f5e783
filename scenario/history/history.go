// Package history keeps what scenarios gave: a file a run below a directory, never altered, in the form that `corax scenario run --json`
// prints, so that any program can read it.
//
//	DIR/<category>/<name>/<start>-<run>.json
//
// It reads every other layout too: any *.json below its directories, with one result or several. Files, and not the store, because results
// outlive the Corax that made them: they are carried from CI to a site, compared between versions, and kept beside the code.
package history

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"corax"
	"corax/scenario"
)

// mostBytes bounds a file of results.
const mostBytes = 64 << 20

// Dir is the directory of results below a data directory.
const Dir = "results"

var runForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)

// History is the results below some directories. It sees what other programs add, and reads each file once.
type History struct {
	dirs []string

	mu    sync.Mutex
	files map[string]file
}

// file is what is known of a file as it was at a time.
type file struct {
	size int64
	at   time.Time
	runs []Run
	sums [][sha256.Size]byte // of the runs' results
	err  error
}

// Open makes a history over directories, of which the first takes what is added. They need not exist.
func Open(dirs ...string) *History { return &History{dirs: dirs, files: map[string]file{}} }

// Add keeps a result. One that is there already stays as it is: a Conflict, unless it says the same. Errors: Invalid, Conflict, Unavailable.
func (h *History) Add(r scenario.Result) error {
	op := "keep the result of " + r.ID()
	if err := check(r); err != nil {
		return corax.Errorf(corax.Invalid, op, "%w", err)
	}
	var text bytes.Buffer
	if err := scenario.WriteJSON(&text, []scenario.Result{r}); err != nil {
		return corax.Errorf(corax.Invalid, op, "%w", err)
	}
	dir := filepath.Join(h.dirs[0], r.Category, r.Name)
	name := filepath.Join(dir, r.Run.Started.UTC().Format("20060102T150405.000")+"-"+r.Run.ID+".json")
	if before, err := os.ReadFile(name); err == nil {
		if bytes.Equal(before, text.Bytes()) {
			return nil
		}
		return &corax.Error{Code: corax.Conflict, Op: op, Err: fmt.Errorf("%s holds another result of this run", name), Hint: "results are never altered"}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	if err := place(name, text.Bytes()); err != nil {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	return nil
}

// place writes a file that is whole or not there, whatever happens meanwhile.
func place(name string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}

// Runs are all runs, oldest first, with an error for each file that holds no result or contradicts another. A directory that isn't there
// holds none.
func (h *History) Runs() (Runs, []error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all Runs
	var problems []error
	sums := map[string][sha256.Size]byte{}
	seen := map[string]file{}
	for _, dir := range h.dirs {
		for _, name := range jsonFiles(dir, &problems) {
			f := h.look(name)
			seen[name] = f
			if f.err != nil {
				problems = append(problems, f.err)
			}
			for i, r := range f.runs {
				sum, there := sums[r.ID]
				switch {
				case !there:
					sums[r.ID] = f.sums[i]
					all = append(all, r)
				case sum != f.sums[i]:
					problems = append(problems, corax.Errorf(corax.Conflict, "read "+name, "another file has another result of run %s", r.ID))
				}
			}
		}
	}
	h.files = seen
	all.sort()
	return all, problems
}

// Result is a run's whole result. Errors: NotFound, Unavailable.
func (h *History) Result(run string) (scenario.Result, error) {
	op := "read run " + run
	runs, _ := h.Runs()
	i := slices.IndexFunc(runs, func(r Run) bool { return r.ID == run })
	if i < 0 {
		return scenario.Result{}, &corax.Error{Code: corax.NotFound, Op: op, Err: errors.New("no such run is kept"), Hint: "`corax scenario history` lists them"}
	}
	return h.Read(runs[i])
}

// Read is the whole result of one of the runs that Runs gave. Errors: Unavailable.
func (*History) Read(run Run) (scenario.Result, error) {
	results, err := parse(run.File)
	for _, r := range results {
		if r.Run.ID == run.ID {
			return r, nil
		}
	}
	return scenario.Result{}, corax.Errorf(corax.Unavailable, "read run "+run.ID, "%w", cmp.Or(err, errors.New("it is gone from "+run.File)))
}

// Memory is a history of the results that were just made.
type Memory []scenario.Result

// Runs are the results in short, oldest first, with an error for each that can't be shown.
func (m Memory) Runs() (Runs, []error) {
	var all Runs
	var problems []error
	for _, r := range m {
		if err := check(r); err != nil {
			problems = append(problems, corax.Errorf(corax.Invalid, "read the result of "+r.ID(), "%w", err))
			continue
		}
		all = append(all, Summary(r))
	}
	all.sort()
	return all, problems
}

// Read is the whole result of a run.
func (m Memory) Read(run Run) (scenario.Result, error) {
	for _, r := range m {
		if r.Run.ID == run.ID {
			return r, nil
		}
	}
	return scenario.Result{}, corax.Errorf(corax.NotFound, "read run "+run.ID, "there is no such run")
}

// jsonFiles are the files to read, in order of path.
func jsonFiles(dir string, problems *[]error) []string {
	var names []string
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			if !errors.Is(err, fs.ErrNotExist) {
				*problems = append(*problems, corax.Errorf(corax.Unavailable, "read results", "%w", err))
			}
		case entry.IsDir() && name != dir && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case entry.Type().IsRegular() && strings.HasSuffix(entry.Name(), ".json") && !strings.HasPrefix(entry.Name(), "."):
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		*problems = append(*problems, corax.Errorf(corax.Unavailable, "read results", "%w", err))
	}
	return names
}

// look reads a file, unless it is as it was when it was last read.
func (h *History) look(name string) file {
	info, err := os.Stat(name)
	if err != nil {
		return file{err: corax.Errorf(corax.Unavailable, "read results", "%w", err)}
	}
	if f, known := h.files[name]; known && f.size == info.Size() && f.at.Equal(info.ModTime()) {
		return f
	}
	f := file{size: info.Size(), at: info.ModTime()}
	results, err := parse(name)
	f.err = err
	for _, r := range results {
		run := Summary(r)
		run.File = name
		text, err := json.Marshal(r)
		f.err = errors.Join(f.err, err)
		f.runs, f.sums = append(f.runs, run), append(f.sums, sha256.Sum256(text))
	}
	return f
}

// parse reads the results of a file: one JSON object, or one after the other. Those before a broken one are returned with the error.
func parse(name string) ([]scenario.Result, error) {
	op := "read results of " + name
	f, err := os.Open(name)
	if err != nil {
		return nil, corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	defer f.Close()
	var all []scenario.Result
	for d := json.NewDecoder(io.LimitReader(f, mostBytes)); ; {
		var r scenario.Result
		err := d.Decode(&r)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err == nil {
			err = check(r)
		}
		if err != nil {
			return all, &corax.Error{Code: corax.Invalid, Op: op, Err: err, Hint: "a file of results holds what `corax scenario run --json` prints"}
		}
		all = append(all, r)
	}
}

// check says what keeps r from being a result. Files and addresses are made of its names, so they have no other characters than those.
func check(r scenario.Result) error {
	switch {
	case !scenario.IsID(r.Category, r.Name):
		return fmt.Errorf("%.80q is no scenario's category and name", r.ID())
	case !runForm.MatchString(r.Run.ID):
		return fmt.Errorf("%.80q is no run's id", r.Run.ID)
	case r.Run.Started.IsZero() || r.Run.Started.Year() > 9999 || r.Run.Seconds < 0:
		return fmt.Errorf("run %s has no time", r.Run.ID)
	case r.Verdict != scenario.Passed && r.Verdict != scenario.Failed && r.Verdict != scenario.Broken:
		return fmt.Errorf("%.80q is no verdict", r.Verdict)
	}
	return nil
}
