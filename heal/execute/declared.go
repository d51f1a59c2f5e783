package execute

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"corax"
	"corax/vault"
)

// Fault is what is wrong with one field of a declaration.
type Fault struct {
	Field string // its path in the configuration, as actions[2].precheck[0].that
	Err   *corax.Error
}

// Error names what was declared, the field in it, and what is wrong.
func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap gives the error with its code and hint.
func (f *Fault) Unwrap() error { return f.Err }

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// CheckDeclared says what is wrong with the declared executors; each error is a Fault.
func CheckDeclared(x corax.Executors) []error {
	d := &declared{x: x, seen: map[string]bool{}}
	for n, c := range x.Commands {
		d.at("commands", n, c.Name)
		d.command(c)
	}
	for n, h := range x.Hosts {
		d.at("hosts", n, h.Name)
		d.host(h)
	}
	for n, b := range x.Databases {
		d.at("databases", n, b.Name)
		d.database(b)
	}
	for n, p := range x.Processes {
		d.at("processes", n, p.Name)
		d.process(p)
	}
	for n, f := range x.Directories {
		d.at("directories", n, f.Path)
		d.absolute("path", f.Path)
		d.absolute("backups", f.Backups)
	}
	return d.errs
}

// declared checks one item after the other.
type declared struct {
	x          corax.Executors
	path, what string
	seen       map[string]bool
	errs       []error
}

func (d *declared) at(list string, n int, name string) {
	d.path, d.what = fmt.Sprintf("executors.%s[%d]", list, n), list+" "+name
	if d.seen[d.what] {
		field := "name"
		if list == "directories" {
			field = "path"
		}
		d.fail(field, fmt.Errorf("%q is declared twice", name))
	}
	d.seen[d.what] = true
}

func (d *declared) fail(field string, err error) {
	if err == nil {
		return
	}
	e := corax.Errorf(corax.Invalid, d.what+": "+field, "%w", err)
	e.Hint = corax.HintOf(err)
	d.errs = append(d.errs, &Fault{d.path + "." + field, e})
}

func (d *declared) reference(field, ref string) {
	if ref == "" {
		return
	}
	if err := vault.Check(ref); err != nil {
		e := corax.Errorf(corax.Invalid, d.what+": "+field, "it is not a credential's reference")
		e.Hint = corax.HintOf(err)
		d.errs = append(d.errs, &Fault{d.path + "." + field, e})
	}
}

func (d *declared) absolute(field, path string) {
	if path != "" && (!filepath.IsAbs(path) || filepath.Clean(path) != path) {
		d.fail(field, fmt.Errorf("%q is not a plain absolute path", path))
	}
}

func (d *declared) address(field, text string) {
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		d.fail(field, fmt.Errorf("%q is not an address, host:port", text))
	}
}

func (d *declared) command(c corax.Command) {
	d.fail("argv", checkArgv(c.Argv))
	d.absolute("dir", c.Dir)
	if c.Output != "" && c.Output != "json" && c.Output != "text" {
		d.fail("output", fmt.Errorf("%q: expected json or text", c.Output))
	}
	d.variables("env", c.Env)
	d.variables("secrets", c.Secrets)
	for _, name := range slices.Sorted(maps.Keys(c.Secrets)) {
		d.reference("secrets."+name, c.Secrets[name])
	}
	for n, h := range c.Hosts {
		if _, err := named(d.x.Hosts, h, hostName); err != nil {
			d.fail(fmt.Sprintf("hosts[%d]", n), fmt.Errorf("%q is not among executors.hosts", h))
		}
	}
	if len(c.Hosts) > 0 && len(c.Env)+len(c.Secrets)+len(c.Dir) > 0 {
		d.fail("hosts", errors.New("dir, env and secrets are for commands on this machine alone"))
	}
	for _, code := range slices.Concat(c.Status, c.Refused) {
		if code < 0 || code > 255 {
			d.fail("status", fmt.Errorf("%d is not an exit code", code))
		}
	}
	for _, code := range c.Refused {
		if slices.Contains(c.Status, code) || code == 0 && len(c.Status) == 0 {
			d.fail("refused", fmt.Errorf("%d can't mean both success and refusal", code))
		}
	}
}

func (d *declared) variables(field string, vars map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if !variableName.MatchString(name) {
			d.fail(field, fmt.Errorf("%q is no name of a variable", name))
		}
	}
}

func (d *declared) host(h corax.Host) {
	d.address("address", h.Address)
	d.reference("key", h.Key)
	d.reference("password", h.Password)
	if h.Key == "" && h.Password == "" {
		d.fail("key", errors.New("neither a key nor a password is given"))
	}
	_, err := parsePins(h.HostKeys)
	d.fail("host_keys", err)
}

func (d *declared) database(b corax.Database) {
	d.address("address", b.Address)
	d.reference("password", b.Password)
	if b.Kind != postgres && b.Kind != mysqlKind {
		d.fail("kind", fmt.Errorf("%q: expected %s or %s", b.Kind, postgres, mysqlKind))
	}
	if b.TLS != "" && b.TLS != "verify" && b.TLS != "off" {
		d.fail("tls", fmt.Errorf("%q: expected verify or off", b.TLS))
	}
	if b.Keys != "" && !tableName.MatchString(b.Keys) {
		d.fail("keys", fmt.Errorf("%q is not the name of a table", b.Keys))
	}
}

func (d *declared) process(p corax.Process) {
	d.absolute("dir", p.Dir)
	d.absolute("state", p.State)
	d.variables("env", p.Env)
	d.reference("token", p.Token)
	if p.Grace < 0 {
		d.fail("grace", fmt.Errorf("%s is negative", p.Grace))
	}
	u, err := url.Parse(p.URL)
	switch {
	case (p.URL == "") == (len(p.Argv) == 0):
		d.fail("name", errors.New("give it either argv or url"))
	case p.URL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil):
		d.fail("url", errors.New("it is not an http or https address without a password"))
	case p.URL == "" && p.State == "":
		d.fail("argv", errors.New("a process that Corax starts needs state, a directory for its PID file"))
	case p.URL == "":
		d.fail("argv", checkArgv(p.Argv))
		if names := places(p.Argv); len(names) > 0 {
			d.fail("argv", fmt.Errorf("{%s} has no meaning here", names[0]))
		}
	}
}
