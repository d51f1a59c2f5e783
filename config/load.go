package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"corax"
	"corax/config/decode"
)

const maxFiles = 1000

// Load reads a file and what it includes.
func Load(path string) (Config, error) { return LoadWith(path, nil) }

// LoadWith is Load, where some files, by their names as MonitorPlace gives them, are taken to hold other texts than they do.
func LoadWith(path string, instead map[string][]byte) (Config, error) {
	read := func(path string) ([]byte, error) {
		if text, ok := instead[path]; ok {
			return text, nil
		}
		return readFile(path)
	}
	data, err := read(path)
	if err != nil {
		return Config{}, &corax.Error{Code: corax.Invalid, Op: "read the configuration", Err: err}
	}
	return parse(path, data, read)
}

// Parse reads a configuration's text. The file's name stands in errors, and its directory is where relative paths
// begin.
func Parse(file string, data []byte) (Config, error) { return parse(file, data, readFile) }

func parse(file string, data []byte, read func(path string) ([]byte, error)) (Config, error) {
	cfg := Default()
	l := &loader{cfg: &cfg, read: read, seen: map[string]bool{}, places: map[string][]place{}}
	if abs, err := filepath.Abs(file); err == nil {
		l.seen[abs] = true
	}
	doc, err := decode.Parse(file, data)
	if err != nil {
		return Config{}, err
	}
	l.main = doc
	l.note(doc.Decode(&cfg))
	l.own(doc)
	l.resolve(filepath.Dir(file), 0)
	l.include(doc, cfg.Include)
	l.broken = slices.Clone(l.problems)
	l.setDefaults()
	l.check()
	decode.Errors(cfg.Warnings).Sort()
	if len(l.problems) > 0 {
		l.problems.Sort()
		return Config{}, l.problems
	}
	cfg.main, cfg.places = doc, l.places
	return cfg, nil
}

// part is what an included file may hold: lists, which are added to those that are there.
type part struct {
	Include   []string       `yaml:"include"`
	Tokens    []string       `yaml:"tokens"`
	Topology  corax.Topology `yaml:"topology"`
	Monitors  []Monitor      `yaml:"monitors"`
	Receivers struct {
		Generic []Mapping `yaml:"generic"`
	} `yaml:"receivers"`
	Actions   []corax.Action  `yaml:"actions"`
	Executors corax.Executors `yaml:"executors"`
	Policy    corax.Policy    `yaml:"policy"`
	Notify    struct {
		Channels []Channel `yaml:"channels"`
		Contacts []Contact `yaml:"contacts"`
		Routes   []Route   `yaml:"routes"`
	} `yaml:"notify"`
	Hands Hands `yaml:"hands"`
}

// place is where an item of a list was written, so that a fault that is found later can point there.
type place struct {
	doc  *decode.Document
	path string
}

type loader struct {
	cfg      *Config
	read     func(path string) ([]byte, error)
	main     *decode.Document
	problems decode.Errors
	broken   decode.Errors      // what was wrong before anything was held against anything else
	places   map[string][]place // list -> its items' places
	seen     map[string]bool    // files, by absolute path
}

// The lists that files share, by the path at which each file writes them.
const (
	listTokens   = "tokens"
	listEntities = "topology.entities"
	listEdges    = "topology.edges"
	listMonitors = "monitors"
	listGeneric  = "receivers.generic"
	listActions  = "actions"
	listRules    = "policy.rules"
	listChannels = "notify.channels"
	listContacts = "notify.contacts"
	listRoutes   = "notify.routes"
	listSites    = "hands.sites"
	listPlaces   = "hands.places"
)

func (l *loader) lengths() map[string]int {
	c := l.cfg
	return map[string]int{
		listTokens: len(c.Tokens), listEntities: len(c.Topology.Entities), listEdges: len(c.Topology.Edges),
		listMonitors: len(c.Monitors), listGeneric: len(c.Receivers.Generic), listActions: len(c.Actions),
		listRules: len(c.Policy.Rules), listCommands: len(c.Executors.Commands), listHosts: len(c.Executors.Hosts),
		listDatabases: len(c.Executors.Databases), listProcesses: len(c.Executors.Processes),
		listDirectories: len(c.Executors.Directories),
		listChannels:    len(c.Notify.Channels), listContacts: len(c.Notify.Contacts), listRoutes: len(c.Notify.Routes),
		listSites: len(c.Hands.Sites), listPlaces: len(c.Hands.Places),
	}
}

// own notes that all items whose place isn't known yet stand in doc.
func (l *loader) own(doc *decode.Document) {
	for list, n := range l.lengths() {
		for i := 0; len(l.places[list]) < n; i++ {
			l.places[list] = append(l.places[list], place{doc: doc, path: fmt.Sprintf("%s[%d]", list, i)})
		}
	}
}

func (l *loader) note(err error) {
	if found, ok := err.(decode.Errors); ok { //nolint:errorlint // Decode gives nothing else for a text
		l.problems = append(l.problems, found...)
	} else if err != nil {
		l.problems = append(l.problems, decode.Problem{Message: err.Error()})
	}
}

// include adds the files that doc names. A file that was read already, by whichever way, is not read again.
func (l *loader) include(doc *decode.Document, patterns []string) {
	for i, pattern := range patterns {
		at := fmt.Sprintf("include[%d]", i)
		full := within(filepath.Dir(doc.File), pattern)
		files := []string{full}
		if strings.ContainsAny(pattern, "*?[") {
			var err error
			if files, err = filepath.Glob(full); err != nil {
				l.problems = append(l.problems, doc.Problem(at, "", "%q is not a file pattern: %v", pattern, err))
				continue
			}
			slices.Sort(files)
		}
		for _, file := range files {
			l.includeFile(doc, at, file)
		}
	}
}

func (l *loader) includeFile(from *decode.Document, at, file string) {
	abs, err := filepath.Abs(file)
	if err != nil || l.seen[abs] {
		return
	}
	l.seen[abs] = true
	if len(l.seen) > maxFiles {
		l.problems = append(l.problems, from.Problem(at, "", "more than %d files are included", maxFiles))
		return
	}
	data, err := l.read(file)
	if err != nil {
		l.problems = append(l.problems, from.Problem(at, "", "%v", err))
		return
	}
	doc, err := decode.Parse(file, data)
	if err != nil {
		l.note(err)
		return
	}
	var p part
	l.note(doc.Decode(&p))
	c, first := l.cfg, len(l.cfg.Monitors)
	firstAction, firstChannel := len(c.Actions), len(c.Notify.Channels)
	c.Tokens = append(c.Tokens, p.Tokens...)
	c.Topology.Entities = append(c.Topology.Entities, p.Topology.Entities...)
	c.Topology.Edges = append(c.Topology.Edges, p.Topology.Edges...)
	c.Monitors = append(c.Monitors, p.Monitors...)
	c.Receivers.Generic = append(c.Receivers.Generic, p.Receivers.Generic...)
	c.Actions = append(c.Actions, p.Actions...)
	c.Policy.Rules = append(c.Policy.Rules, p.Policy.Rules...)
	resolveExecutors(filepath.Dir(file), &p.Executors)
	c.Executors = addExecutors(c.Executors, p.Executors)
	c.Notify.Channels = append(c.Notify.Channels, p.Notify.Channels...)
	c.Notify.Contacts = append(c.Notify.Contacts, p.Notify.Contacts...)
	c.Notify.Routes = append(c.Notify.Routes, p.Notify.Routes...)
	c.Hands.Sites = append(c.Hands.Sites, p.Hands.Sites...)
	c.Hands.Places = append(c.Hands.Places, p.Hands.Places...)
	l.own(doc)
	resolvePaths(filepath.Dir(file), c.Monitors[first:], c.Actions[firstAction:])
	resolveChannels(filepath.Dir(file), c.Notify.Channels[firstChannel:])
	l.include(doc, p.Include)
}

// resolve makes paths that the main file wrote relative to itself usable from anywhere.
func (l *loader) resolve(dir string, from int) {
	l.cfg.DataDir = within(dir, l.cfg.DataDir)
	l.cfg.Knowledge.Dir = within(dir, l.cfg.Knowledge.Dir)
	l.cfg.Vault.File = within(dir, l.cfg.Vault.File)
	l.cfg.Audit.Anchors = within(dir, l.cfg.Audit.Anchors)
	l.cfg.Access.TLS.Cert, l.cfg.Access.TLS.Key = within(dir, l.cfg.Access.TLS.Cert), within(dir, l.cfg.Access.TLS.Key)
	resolvePaths(dir, l.cfg.Monitors[from:], l.cfg.Actions[from:])
	resolveExecutors(dir, &l.cfg.Executors)
	resolveChannels(dir, l.cfg.Notify.Channels[from:])
}

func resolveChannels(dir string, channels []Channel) {
	for i := range channels {
		if m := channels[i].Mail; m != nil {
			m.CA = within(dir, m.CA)
		}
		if r := channels[i].HTTP; r != nil {
			r.CA = within(dir, r.CA)
		}
	}
}

func resolvePaths(dir string, monitors []Monitor, actions []corax.Action) {
	for i := range monitors {
		m := &monitors[i]
		if m.HTTP != nil {
			m.HTTP.CA = within(dir, m.HTTP.CA)
			for j := range m.HTTP.Steps {
				m.HTTP.Steps[j].CA = within(dir, m.HTTP.Steps[j].CA)
			}
		}
		if m.TLS != nil {
			m.TLS.CA = within(dir, m.TLS.CA)
		}
		if m.Log != nil {
			m.Log.Path = within(dir, m.Log.Path)
		}
	}
	for i := range actions {
		a := &actions[i]
		if a.Effect.HTTP != nil {
			a.Effect.HTTP.CA = within(dir, a.Effect.HTTP.CA)
		}
		for j := range a.Read {
			if a.Read[j].HTTP != nil {
				a.Read[j].HTTP.CA = within(dir, a.Read[j].HTTP.CA)
			}
		}
	}
}

func within(dir, path string) string {
	if path == "" || filepath.IsAbs(path) || strings.HasPrefix(path, "${") {
		return path
	}
	return filepath.Join(dir, path)
}

// readFile reads a file that must not be larger than a text may be.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, decode.MaxBytes+1))
	if err != nil {
		return nil, err
	}
	return data, nil
}
