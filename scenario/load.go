package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"corax"
	"corax/config/decode"
)

// mostBytes bounds a scenario file.
const mostBytes = 1 << 20

// Parse reads one scenario; file is its name in errors. The error is decode.Errors with everything that is wrong,
// each with its place.
func Parse(file string, data []byte) (Scenario, error) {
	doc, err := decode.Parse(file, data)
	if err != nil {
		return Scenario{}, err
	}
	var s Scenario
	if err := doc.Decode(&s); err != nil {
		return Scenario{}, err
	}
	s.File = file
	if err := validate(doc, s); err != nil {
		return Scenario{}, err
	}
	return s, nil
}

// LoadFS reads every scenario file (*.yaml, *.yml) below root, in order of path. What can't be used is reported, an
// error a file, and the rest is returned all the same.
func LoadFS(fsys fs.FS, root string) ([]Scenario, []error) { return loadTree(fsys, root, "") }

// Load reads a scenario file, or every one in a directory; see LoadFS.
func Load(name string) ([]Scenario, []error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, []error{corax.Errorf(corax.NotFound, "read scenarios", "%w", err)}
	}
	if info.IsDir() {
		return loadTree(os.DirFS(name), ".", name)
	}
	s, err := loadFile(os.DirFS(filepath.Dir(name)), filepath.Base(name), name)
	if err != nil {
		return nil, []error{err}
	}
	return []Scenario{s}, nil
}

func loadTree(fsys fs.FS, root, prefix string) ([]Scenario, []error) {
	var scenarios []Scenario
	var problems []error
	err := fs.WalkDir(fsys, root, func(name string, entry fs.DirEntry, err error) error {
		shown := filepath.Join(prefix, filepath.FromSlash(name))
		if err != nil {
			problems = append(problems, corax.Errorf(corax.Invalid, "read "+shown, "%w", err))
			return nil
		}
		if ext := path.Ext(name); entry.IsDir() || ext != ".yaml" && ext != ".yml" {
			return nil
		}
		s, err := loadFile(fsys, name, shown)
		if err != nil {
			problems = append(problems, err)
			return nil
		}
		scenarios = append(scenarios, s)
		return nil
	})
	if err != nil {
		problems = append(problems, corax.Errorf(corax.Invalid, "read scenarios of "+prefix, "%w", err))
	}
	if len(scenarios) == 0 && len(problems) == 0 {
		where := cmp.Or(prefix, root)
		problems = append(problems, &corax.Error{Code: corax.NotFound, Op: "read scenarios",
			Err: fmt.Errorf("%s holds no scenario", where), Hint: "scenario files end in .yaml"})
	}
	return unique(scenarios, problems)
}

func loadFile(fsys fs.FS, name, shown string) (Scenario, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return Scenario{}, corax.Errorf(corax.NotFound, "read scenario "+shown, "%w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err != nil {
		return Scenario{}, corax.Errorf(corax.Invalid, "read scenario "+shown, "%w", err)
	}
	if len(data) > mostBytes {
		return Scenario{}, corax.Errorf(corax.Invalid, "read scenario "+shown, "%s: larger than %d bytes", shown, mostBytes)
	}
	return Parse(shown, data)
}

// unique keeps the first scenario of a name and reports the others, unless they are the same file named twice.
func unique(scenarios []Scenario, problems []error) ([]Scenario, []error) {
	first := map[string]string{}
	kept := scenarios[:0]
	for _, s := range scenarios {
		if other, taken := first[s.ID()]; taken {
			if other != s.File {
				problems = append(problems, &corax.Error{Code: corax.Conflict, Op: "read scenario " + s.File,
					Err: fmt.Errorf("%s: %s is defined by %s already", s.File, s.ID(), other), Hint: "give it another name"})
			}
			continue
		}
		first[s.ID()] = s.File
		kept = append(kept, s)
	}
	return kept, problems
}

// Resolve finds what the words of a command line mean: the name of a shipped scenario (with or without its
// category, or a category alone), else a file or directory. No words mean every shipped scenario.
func Resolve(shipped fs.FS, words []string) ([]Scenario, []error) {
	known, problems := LoadFS(shipped, ".")
	if len(words) == 0 {
		return known, problems
	}
	var found []Scenario
	problems = nil
	for _, word := range words {
		named := slices.DeleteFunc(slices.Clone(known), func(s Scenario) bool {
			return word != s.ID() && word != s.Name && strings.TrimSuffix(word, "/") != s.Category
		})
		if len(named) > 0 {
			found = append(found, named...)
			continue
		}
		if _, err := os.Stat(word); errors.Is(err, fs.ErrNotExist) && !isFileName(word) {
			problems = append(problems, unknownName(word, known))
			continue
		}
		read, unusable := Load(word)
		found, problems = append(found, read...), append(problems, unusable...)
	}
	return unique(found, problems)
}

func isFileName(word string) bool {
	return strings.HasSuffix(word, ".yaml") || strings.HasSuffix(word, ".yml") ||
		strings.HasPrefix(word, ".") || filepath.IsAbs(word)
}

func unknownName(word string, known []Scenario) error {
	names := make([]string, 0, 2*len(known))
	for _, s := range known {
		names = append(names, s.ID(), s.Name)
	}
	hint := "`corax scenario list` shows those that come with Corax"
	if near := decode.Nearest(word, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return &corax.Error{Code: corax.NotFound, Op: "find scenario",
		Err: fmt.Errorf("no scenario and no file is called %q", word), Hint: hint}
}
