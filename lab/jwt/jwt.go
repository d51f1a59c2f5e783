// Package jwt is a small real system to break: an authority that signs tokens, seven services that verify them
// with keys that reach them only by webhook, and users who work with both. It has the weakness of a well known
// outage: a rotation that switches to a new signing key whatever became of its delivery.
//
// In come a directory, a seed and parameters (Prepare); out come the specifications of parts that package part
// runs as processes (Run), a configuration for Corax as a user would write it (Render), faults that can be
// injected (System.Break), the truth about what users got (System.Truth), and a check of the records against the
// rule that no key may go too early (System.Check).
//
// The parts must never tell Corax what is wrong with them: roles are written in the lab's own state file only,
// names, paths, key ids and the wording of messages vary with the seed, and nothing is worded for whoever
// diagnoses it.
package jwt

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"corax"
	"corax/lab/part"
)

// The roles of the parts.
const (
	roleAuth    = "auth"
	roleTraffic = "traffic"
)

// verifiers are the roles of the services that verify tokens, and whom each of them calls to answer a request.
var verifiers = []struct {
	role  string
	calls []string
}{
	{"user", []string{"notification"}},
	{"order", []string{"payment", "inventory"}},
	{"payment", nil},
	{"inventory", nil},
	{"shipping", []string{"inventory"}},
	{"notification", nil},
	{"analytics", []string{"order"}},
}

// The names of listeners.
const (
	listenAPI   = "api"
	listenAdmin = "admin"
	listenKeys  = "keys"
)

// The holders of credentials. Each has a file of its own under secrets.
const (
	credCorax    = "corax"    // reads, and changes what an administrator may change
	credCanary   = "canary"   // issues tokens without rights
	credOperator = "operator" // rotates keys and breaks things
)

// operators are the people who may approve what Corax asks for, each with a token of their own.
var operators = []string{"ann", "bob"}

// Params are the parameters of a lab, with their defaults.
type Params struct {
	TokenLifetime time.Duration // 1h
	Leeway        time.Duration // of the verifiers; 5s
	Users         int           // 24
	Rate          int           // requests of all users together, a second; 35
}

// ParseParams reads parameters as a scenario gives them.
func ParseParams(with map[string]any) (Params, error) {
	p := Params{TokenLifetime: time.Hour, Leeway: 5 * time.Second, Users: 24, Rate: 35}
	a := args{op: "read the lab's parameters", with: with}
	a.duration("token_lifetime", &p.TokenLifetime)
	a.duration("leeway", &p.Leeway)
	a.integer("users", &p.Users)
	a.integer("rate", &p.Rate)
	if err := a.end(); err != nil {
		return p, err
	}
	switch {
	case p.TokenLifetime < 2*time.Second:
		return p, corax.Errorf(corax.Invalid, a.op, "token_lifetime is %s: expected 2s or more", p.TokenLifetime)
	case p.Leeway < 0 || p.Leeway > time.Minute:
		return p, corax.Errorf(corax.Invalid, a.op, "leeway is %s: expected 0s to 1m", p.Leeway)
	case p.Users < 1 || p.Users > 1000 || p.Rate < 1 || p.Rate > 1000:
		return p, corax.Errorf(corax.Invalid, a.op, "users is %d and rate %d: expected 1 to 1000", p.Users, p.Rate)
	}
	return p, nil
}

// layout is what stands before anything runs; every part reads it.
type layout struct {
	Seed     int64     `json:"seed"`
	Params   Params    `json:"params"`
	Names    naming    `json:"names"`
	Services []service `json:"services"`
}

// service is a verifier as the others know it.
type service struct {
	Name  string   `json:"name"`
	Role  string   `json:"role"`
	Calls []string `json:"calls"` // names
	Path  string   `json:"path"`  // of its API
}

func layoutFile(dir string) string       { return filepath.Join(dir, "layout.json") }
func secretFile(dir, name string) string { return filepath.Join(dir, "secrets", name) }
func dataFile(dir, name string) string   { return filepath.Join(dir, "data", name) }
func caFile(dir string) string           { return filepath.Join(dir, "ca.pem") }

func readLayout(dir string) (layout, error) {
	var l layout
	data, err := os.ReadFile(layoutFile(dir))
	if err == nil {
		err = json.Unmarshal(data, &l)
	}
	if err != nil {
		return l, corax.Errorf(corax.NotFound, "read the layout of the lab in "+dir, "%w", err)
	}
	return l, nil
}

func readSecret(dir, name string) (string, error) {
	data, err := os.ReadFile(secretFile(dir, name))
	if err != nil {
		return "", corax.Errorf(corax.NotFound, "read a secret of the lab", "%w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// readCredentials gives the tokens of the named holders.
func readCredentials(dir string, names ...string) (part.Credentials, error) {
	c := part.Credentials{}
	for _, name := range names {
		token, err := readSecret(dir, name+".token")
		if err != nil {
			return nil, err
		}
		c[name] = token
	}
	return c, nil
}

// args reads named arguments, and complains about those that it was not asked for.
type args struct {
	op   string
	with map[string]any
	used []string
	err  error
}

func (a *args) get(name string) (any, bool) {
	a.used = append(a.used, name)
	v, ok := a.with[name]
	return v, ok && v != nil
}

func (a *args) bad(name, expected string, got any) {
	if a.err == nil {
		a.err = corax.Errorf(corax.Invalid, a.op, "%s is %v: expected %s", name, got, expected)
	}
}

func (a *args) duration(name string, to *time.Duration) {
	v, ok := a.get(name)
	if !ok {
		return
	}
	d, err := time.ParseDuration(fmt.Sprint(v))
	if err != nil {
		a.bad(name, "a duration such as 3s", v)
		return
	}
	*to = d
}

func (a *args) integer(name string, to *int) {
	v, ok := a.get(name)
	if !ok {
		return
	}
	var n int
	if _, err := fmt.Sscanf(fmt.Sprint(v), "%d", &n); err != nil || fmt.Sprint(n) != fmt.Sprint(v) {
		a.bad(name, "a whole number", v)
		return
	}
	*to = n
}

func (a *args) boolean(name string, to *bool) {
	v, ok := a.get(name)
	if !ok {
		return
	}
	b, err := strconv.ParseBool(fmt.Sprint(v))
	if err != nil {
		a.bad(name, "true or false", v)
		return
	}
	*to = b
}

func (a *args) text(name string, to *string) {
	if v, ok := a.get(name); ok {
		*to = fmt.Sprint(v)
	}
}

func (a *args) list(name string, to *[]string) {
	v, ok := a.get(name)
	if !ok {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			*to = append(*to, fmt.Sprint(e))
		}
	case []string:
		*to = append(*to, v...)
	case string:
		*to = append(*to, strings.Split(v, ",")...)
	default:
		a.bad(name, "a list of names", v)
	}
}

func (a *args) end() error {
	known := map[string]bool{}
	for _, name := range a.used {
		known[name] = true
	}
	for name := range a.with {
		if !known[name] && a.err == nil {
			a.err = corax.Errorf(corax.Invalid, a.op, "there is no parameter %q: expected one of %s", name,
				strings.Join(a.used, ", "))
		}
	}
	return a.err
}
