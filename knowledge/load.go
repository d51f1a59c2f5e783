package knowledge

import (
	"cmp"
	"embed"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"corax"
	"corax/config/decode"
)

//go:embed catalogue
var builtin embed.FS

// maxFile bounds one file of a catalogue.
const maxFile = 4 << 20

// Load reads the built-in catalogue and then each directory over it: an entry with the name or id of an earlier one takes its place.
// A directory's *.yaml and *.yml files are read in the order of their names, subdirectories included.
func Load(dirs ...string) (*Catalogue, error) {
	l := loader{patterns: map[string]Pattern{}, mechanisms: map[string]Mechanism{}, actions: map[string]Action{}, impacts: map[string]Impact{}}
	if err := l.tree(builtin, "built-in"); err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		if err := l.dir(dir); err != nil {
			return nil, err
		}
	}
	c := l.catalogue()
	if err := c.Check(); err != nil {
		return nil, err
	}
	return c, nil
}

// Check loads the built-in catalogue and says what is wrong with it.
func Check(dirs ...string) error {
	_, err := Load(dirs...)
	return err
}

type loader struct {
	patterns   map[string]Pattern
	mechanisms map[string]Mechanism
	actions    map[string]Action
	impacts    map[string]Impact
	healthy    []string
}

func (l *loader) dir(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return &corax.Error{Code: corax.NotFound, Op: "open knowledge directory " + dir, Err: err,
			Hint: "name an existing directory of YAML files, or leave it out"}
	}
	err = l.tree(root.FS(), dir)
	return errors.Join(err, root.Close())
}

func (l *loader) tree(files fs.FS, name string) error {
	return fs.WalkDir(files, ".", func(p string, d fs.DirEntry, err error) error {
		switch ext := path.Ext(p); {
		case err != nil:
			return &corax.Error{Code: corax.Invalid, Op: "read knowledge " + path.Join(name, p), Err: err}
		case d.IsDir(), ext != ".yaml" && ext != ".yml":
			return nil
		}
		return l.file(files, p, path.Join(name, p))
	})
}

func (l *loader) file(files fs.FS, p, shown string) error {
	op := "read knowledge " + shown
	f, err := files.Open(p)
	if err != nil {
		return &corax.Error{Code: corax.Invalid, Op: op, Err: err}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return &corax.Error{Code: corax.Invalid, Op: op, Err: err}
	}
	if len(data) > maxFile {
		return corax.Errorf(corax.Invalid, op, "more than %d bytes", maxFile)
	}
	var c content
	if err := decode.YAML(shown, data, &c); err != nil {
		return &corax.Error{Code: corax.Invalid, Op: op, Err: err, Hint: "see docs/knowledge.md for the fields"}
	}
	return l.merge(c, shown)
}

// content is one file.
type content struct {
	Domain     string      `yaml:"domain"` // of every mechanism in the file that names none
	Patterns   []Pattern   `yaml:"patterns"`
	Mechanisms []Mechanism `yaml:"mechanisms"`
	Actions    []Action    `yaml:"actions"`
	Impacts    []Impact    `yaml:"impacts"`
	Healthy    []string    `yaml:"healthy"`
}

func (l *loader) merge(c content, file string) error {
	twice := func(what, name string) error {
		return corax.Errorf(corax.Invalid, "read knowledge "+file, "%s %q stands twice in this file", what, name)
	}
	seen := map[string]bool{}
	for _, p := range c.Patterns {
		if seen["p"+p.Name] {
			return twice("pattern", p.Name)
		}
		seen["p"+p.Name], l.patterns[p.Name] = true, p
	}
	for _, m := range c.Mechanisms {
		if seen["m"+m.ID] {
			return twice("mechanism", m.ID)
		}
		m.Domain = cmp.Or(m.Domain, c.Domain)
		seen["m"+m.ID], l.mechanisms[m.ID] = true, m.withDefaults()
	}
	for _, a := range c.Actions {
		if seen["a"+a.Name] {
			return twice("action", a.Name)
		}
		seen["a"+a.Name], l.actions[a.Name] = true, a.withDefaults()
	}
	l.healthy = append(l.healthy, c.Healthy...)
	for _, i := range c.Impacts {
		if seen["i"+i.Name] {
			return twice("impact", i.Name)
		}
		seen["i"+i.Name], l.impacts[i.Name] = true, i
	}
	return nil
}

func (m Mechanism) withDefaults() Mechanism {
	for _, list := range [...][]Signature{m.Signatures, m.Causes} {
		for i := range list {
			s := &list[i]
			s.Role = cmp.Or(s.Role, CauseRole)
			if s.Locus == "" {
				s.Locus = Self
				if s.Role == FeltRole {
					s.Locus = Provider
				}
			}
			s.Weight = cmp.Or(s.Weight, 2)
		}
	}
	for i := range m.Remedies {
		m.Remedies[i].On = cmp.Or(m.Remedies[i].On, OnRoot)
	}
	m.Severity.Base = cmp.Or(m.Severity.Base, corax.High)
	return m
}

func (a Action) withDefaults() Action {
	a.Where = cmp.Or(a.Where, Remote)
	return a
}

func (l *loader) catalogue() *Catalogue {
	c := &Catalogue{Healthy: l.healthy}
	for _, p := range l.patterns {
		c.Patterns = append(c.Patterns, p)
	}
	for _, m := range l.mechanisms {
		c.Mechanisms = append(c.Mechanisms, m)
	}
	for _, a := range l.actions {
		c.Actions = append(c.Actions, a)
	}
	for _, i := range l.impacts {
		c.Impacts = append(c.Impacts, i)
	}
	slices.SortFunc(c.Patterns, func(a, b Pattern) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(c.Mechanisms, func(a, b Mechanism) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(c.Impacts, func(a, b Impact) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(c.Actions, func(a, b Action) int { return strings.Compare(a.Name, b.Name) })
	return c
}
