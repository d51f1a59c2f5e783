package web

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"corax"
	"corax/access"
	"corax/scenario"
	"corax/web/ui"
)

// FirstSteps is what the page for a new Corax sets in motion.
type FirstSteps interface {
	// Sample says whether the sample is there; SetSample brings it, or takes it away.
	Sample() bool
	SetSample(there bool) error
}

// welcome is the way from nothing to the first monitor and the first scenario.
func (p *pages) welcome() []area {
	if p.o.FirstSteps == nil || p.o.MonitorFiles == nil {
		return nil
	}
	act := func(path string, do func(*http.Request) (done, error)) action {
		return action{Path: path, Role: access.RoleAdmin, Do: do}
	}
	return []area{{
		Pages: []page{{Path: "/welcome", File: "welcome.html", Role: access.RoleAdmin, Load: p.loadWelcome}},
		Files: []string{"_tried.html"},
		Actions: []action{
			act("/welcome/try", p.tryMonitor), act("/welcome/add", p.addMonitor), act("/welcome/sample", p.setSample),
		},
	}}
}

// attempt is the monitor that somebody tries out, as typed and as it came out.
type attempt struct {
	Address, Name string
	Text          string // as it is to be written; empty where it can't be
	Error         string // why it can't be tried
	tried
}

// tried is what a run of a monitor saw that nobody watches yet.
type tried struct{ Result *corax.ProbeResult }

// Words says what the run saw, for people who have never seen a monitor.
func (t tried) Words() string {
	if t.Up() {
		return "It is up: " + t.Result.Message + "."
	}
	return "It is down, or not what was expected: " + t.Result.Message + "."
}

// Up says that the run went well.
func (t tried) Up() bool { return t.Result != nil && t.Result.State == corax.MonitorUp }

// Item is the monitor as an item of the list monitors.
func (a attempt) Item() string {
	return "- " + strings.ReplaceAll(strings.TrimSpace(a.Text), "\n", "\n  ")
}

// mostAttempts bounds how many people's are remembered.
const mostAttempts = 50

// attempts are the latest of each person, until they add it or Corax ends.
type attempts struct {
	mu    sync.Mutex
	by    map[string]attempt
	order []string // oldest first
}

func (a *attempts) of(name string) attempt {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.by[name]
}

func (a *attempts) set(name string, x attempt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.by == nil {
		a.by = map[string]attempt{}
	}
	a.order = append(slices.DeleteFunc(a.order, func(n string) bool { return n == name }), name)
	a.by[name] = x
	if len(a.order) > mostAttempts {
		delete(a.by, a.order[0])
		a.order = a.order[1:]
	}
}

type welcomeData struct {
	Try      attempt
	Monitors int
	Sample   bool
	Writable bool
	Ran      int  // runs of scenarios that are kept
	Runnable bool // scenarios can be run
	Users    bool // there is a page to invite people
	First    []firstScenario
}

// firstScenario is one to begin with.
type firstScenario struct{ ID, Title, About string }

// beginWith are the scenarios that are offered first: the outage that healed by itself, and one that takes no lab.
var beginWith = []firstScenario{
	{ID: "security/jwt_signing_key_rotation_failure", About: "Seven services, users on them, a rotation that misses four. Half a minute; you see it break, being understood, and heal."},
	{ID: "security/jwt_signing_key_rotation_failure_text", About: "The same told by three messages, for the engine alone. At once."},
}

func (p *pages) loadWelcome(r *http.Request) (*ui.View, error) {
	d := welcomeData{Try: p.attempts.of(by(r)), Monitors: len(p.o.Controls.Monitors(r.Context())), Sample: p.o.FirstSteps.Sample(), Writable: p.o.MonitorFiles.Writable(),
		Users: slices.ContainsFunc(p.routes, func(x Route) bool { return x.Path == "/settings/users" })}
	if p.o.Scenarios != nil {
		runs, _ := p.o.Scenarios.Runs()
		d.Ran = len(runs.Real())
		can := p.o.Scenarios.Scenarios()
		for _, s := range beginWith {
			if i := slices.IndexFunc(can, func(c scenario.Scenario) bool { return c.ID() == s.ID }); i >= 0 {
				s.Title = can[i].Title
				d.First = append(d.First, s)
			}
		}
		d.Runnable = len(d.First) > 0
	}
	return &ui.View{Title: "First steps", Data: d}, nil
}

// tryMonitor runs what is typed in once, so that nobody waits for a monitor that can't work.
func (p *pages) tryMonitor(r *http.Request) (done, error) {
	x := attempt{Address: strings.TrimSpace(r.PostFormValue("address")), Name: strings.TrimSpace(r.PostFormValue("name"))}
	var err error
	if x.Text, err = monitorText(x.Address, x.Name); err == nil {
		var seen corax.ProbeResult
		if seen, err = p.o.MonitorFiles.TryMonitor(r.Context(), x.Text); err == nil {
			x.Result = &seen
		}
	}
	if err != nil {
		x.Text, x.Error = "", ui.Upper(err.Error())
		if hint := corax.HintOf(err); hint != "" {
			x.Error += " (" + hint + ")"
		}
	}
	p.attempts.set(by(r), x)
	return done{To: "/welcome"}, nil
}

var (
	notInName = regexp.MustCompile(`[^a-z0-9]+`)
	plainName = regexp.MustCompile(`^[a-z0-9]+([._-][a-z0-9]+)*$`)
)

// monitorText is the monitor of an address, as it is written in the configuration: a URL is asked for, a host with a port connected to.
func monitorText(address, name string) (string, error) {
	op := "make a monitor"
	kind, field, host := "http", "url", ""
	if strings.Contains(address, "://") {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return "", &corax.Error{Code: corax.Invalid, Op: op, Err: fmt.Errorf("%q is no web address", address), Hint: "for example https://shop.example/health"}
		}
		if u.User != nil {
			return "", &corax.Error{Code: corax.Invalid, Op: op, Err: fmt.Errorf("the address holds a password"), Hint: "credentials go into the vault: docs/configuration.md"}
		}
		host = u.Hostname()
	} else {
		h, port, err := net.SplitHostPort(address)
		if err != nil || h == "" || port == "" {
			return "", &corax.Error{Code: corax.Invalid, Op: op, Err: fmt.Errorf("%q is neither a web address nor a host with a port", address),
				Hint: "for example https://shop.example/health, or db.example:5432"}
		}
		kind, field, host = "tcp", "address", h
	}
	if name == "" {
		name = strings.Trim(notInName.ReplaceAllString(strings.ToLower(host), "-"), "-")
	}
	if !plainName.MatchString(name) || len(name) > 60 {
		return "", &corax.Error{Code: corax.Invalid, Op: op, Err: fmt.Errorf("%q can't be its name", name), Hint: "use lower-case letters, digits and dashes"}
	}
	quoted, err := json.Marshal(address) // a JSON string is a YAML string
	if err != nil {
		return "", corax.Errorf(corax.Invalid, op, "%w", err)
	}
	return fmt.Sprintf("name: %q\nentity: %q\nevery: 30s\n%s:\n  %s: %s\n", name, name, kind, field, quoted), nil
}

// addMonitor adds what was tried.
func (p *pages) addMonitor(r *http.Request) (done, error) {
	x := p.attempts.of(by(r))
	if x.Text == "" {
		return done{}, &corax.Error{Code: corax.Conflict, Op: "add a monitor", Err: fmt.Errorf("none was tried"), Hint: "try it first"}
	}
	if _, err := p.o.MonitorFiles.WriteMonitor(r.Context(), MonitorText{}, x.Text, access.From(r.Context()).Actor("")); err != nil {
		return done{}, err
	}
	p.attempts.set(by(r), attempt{})
	p.tell("monitors")
	return done{To: "/welcome", Said: "It is watched from now on."}, nil
}

func (p *pages) setSample(r *http.Request) (done, error) {
	there := r.PostFormValue("there") == "yes"
	if err := p.o.FirstSteps.SetSample(there); err != nil {
		return done{}, err
	}
	p.tell("scenarios")
	if !there {
		return done{To: "/welcome", Said: "The sample is gone."}, nil
	}
	return done{To: "/scenarios", Said: "These results are a sample. First steps takes them away again."}, nil
}
