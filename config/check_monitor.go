package config

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"corax"
)

const (
	defaultEvery      = 30 * time.Second
	defaultLogEvery   = time.Second
	defaultTimeout    = 5 * time.Second
	defaultWarnBefore = 14 * 24 * time.Hour
	defaultQuiet      = 5 * time.Minute
	leastEvery        = 100 * time.Millisecond // a monitor must not be an attack
)

// setDefaults fills in what was left out, where that depends on what was written.
func (l *loader) setDefaults() {
	c := l.cfg
	for i := range c.Monitors {
		c.Monitors[i] = c.Monitors[i].WithDefaults()
	}
	l.setPeopleDefaults()
	for i := range c.Topology.Edges {
		if c.Topology.Edges[i].Kind == "" {
			c.Topology.Edges[i].Kind = corax.DependsOn
		}
	}
	for i := range c.Actions {
		a := &c.Actions[i]
		if a.Timeout == 0 {
			a.Timeout = 10 * time.Second
		}
		if a.Within == 0 {
			a.Within = 30 * time.Second
		}
	}
	for i := range c.Policy.Rules {
		if r := &c.Policy.Rules[i]; r.Then == corax.Ask && r.Expires == 0 {
			r.Expires = time.Minute
		}
	}
}

// WithDefaults fills in what was left out.
func (m Monitor) WithDefaults() Monitor {
	if m.Every == 0 {
		if m.Every = defaultEvery; m.Log != nil {
			m.Every = defaultLogEvery
		}
	}
	if m.Timeout == 0 {
		m.Timeout = defaultTimeout
	}
	if m.After == 0 {
		m.After = 1
	}
	if m.Heartbeat != nil && m.Heartbeat.Grace == 0 {
		h := *m.Heartbeat
		h.Grace = m.Every / 2
		m.Heartbeat = &h
	}
	if m.TLS != nil && m.TLS.WarnBefore == 0 {
		t := *m.TLS
		t.WarnBefore = defaultWarnBefore
		m.TLS = &t
	}
	if m.Log != nil {
		g := *m.Log
		if g.Format == "" {
			g.Format = LogAuto
		}
		if g.Quiet == 0 {
			g.Quiet = defaultQuiet
		}
		m.Log = &g
	}
	return m
}

func (l *loader) checkMonitors() {
	ids := l.entityIDs()
	first := map[string]item{}
	for i, m := range l.cfg.Monitors {
		it := l.item(listMonitors, i)
		if m.Name != "" {
			it.unique("name", "monitor", m.Name, first)
			if strings.ContainsAny(m.Name, " /?#%\t\n") {
				it.fail("name", "use letters, digits, -, _ and .", "%q can't be a part of an address", m.Name)
			}
		}
		if m.Entity != "" && len(ids) > 0 {
			it.known("entity", "entity", m.Entity, ids)
		}
		if m.Every < leastEvery {
			it.fail("every", "", "expected at least %s, found %s", leastEvery, m.Every)
		}
		if m.Timeout < 0 {
			it.fail("timeout", "", "must not be negative")
		}
		it.positive("after", int64(m.After))
		it.oneProbe(m)
		it.checkHTTP(m.HTTP)
		if m.TCP != nil && m.TCP.Address != "" {
			it.address("tcp.address", m.TCP.Address)
		}
		if m.TLS != nil {
			if m.TLS.Address != "" {
				it.address("tls.address", m.TLS.Address)
			}
			it.positive("tls.warn_before", int64(m.TLS.WarnBefore))
		}
		if m.Heartbeat != nil {
			it.reference("heartbeat.token", m.Heartbeat.Token)
			it.positive("heartbeat.grace", int64(m.Heartbeat.Grace))
			if m.Heartbeat.Token == "" && l.cfg.Proxied() {
				it.warn("heartbeat", "add token: env:NAME", "without a token only reports from this machine count, and what comes by the proxy does not")
			}
		}
		it.checkLog(m.Log)
	}
}

func (it item) oneProbe(m Monitor) {
	var set []string
	for _, p := range []struct {
		name string
		set  bool
	}{
		{"http", m.HTTP != nil}, {"tcp", m.TCP != nil}, {"tls", m.TLS != nil},
		{"heartbeat", m.Heartbeat != nil}, {"log", m.Log != nil},
	} {
		if p.set {
			set = append(set, p.name)
		}
	}
	switch len(set) {
	case 0:
		it.fail("", "add http, tcp, tls, heartbeat or log", "monitor %q checks nothing", m.Name)
	case 1:
	default:
		it.fail(set[1], "make it a monitor of its own",
			"monitor %q has %s; it can have only one", m.Name, strings.Join(set, " and "))
	}
}

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	http.MethodOptions,
}

func (it item) checkHTTP(h *HTTP) {
	if h == nil {
		return
	}
	if len(h.Steps) > 0 {
		it.besideSteps(h.HTTPStep)
	}
	saved := []string{}
	for i, s := range h.All() {
		at := "http"
		if len(h.Steps) > 0 {
			at = pathOf("http.steps[%d]", i)
		}
		if s.URL == "" {
			it.fail(at+".url", "", `"url" is missing`)
		} else {
			it.link(at+".url", s.URL)
		}
		if s.Method != "" {
			it.known(at+".method", "method", s.Method, methods)
		}
		it.reference(at+".token", s.Token)
		for _, status := range s.Expect.Status {
			if status < 100 || status > 599 {
				it.fail(at+".expect.status", "", "%d is not a status of HTTP", status)
			}
		}
		for path, want := range s.Expect.JSON {
			if m, ok := want.(map[string]any); ok {
				if that, ok := m["that"].(string); !ok || len(m) != 1 || that == "" {
					it.fail(at+".expect.json", "", "%s: expected a value, or {that: EXPRESSION}", path)
				}
			}
		}
		it.positive(at+".expect.latency", int64(s.Expect.Latency))
		it.placeholders(at, s, saved)
		for name := range s.Save {
			saved = append(saved, name)
		}
		slices.Sort(saved)
	}
}

// besideSteps fails for what is said of no step: only ca and token count for all of them.
func (it item) besideSteps(s HTTPStep) {
	e := s.Expect
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"name", s.Name != ""}, {"method", s.Method != ""}, {"url", s.URL != ""}, {"header", len(s.Header) > 0},
		{"body", s.Body != ""}, {"save", len(s.Save) > 0},
		{"expect", len(e.Status)+len(e.BodyContains)+len(e.JSON) > 0 || e.Latency != 0},
	} {
		if f.set {
			it.fail("http."+f.name, "move it into the step that it is meant for", "%q does not go beside steps", f.name)
		}
	}
}

var placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)

// placeholders fails where a step uses what no step before it saved.
func (it item) placeholders(at string, s HTTPStep, saved []string) {
	texts := map[string]string{"url": s.URL, "body": s.Body}
	for _, v := range s.Header {
		texts["header"] += v + "\n"
	}
	for _, field := range []string{"url", "header", "body"} {
		for _, m := range placeholder.FindAllStringSubmatch(texts[field], -1) {
			it.known(at+"."+field, "saved value", m[1], saved)
		}
	}
}

func (it item) checkLog(g *Log) {
	if g == nil {
		return
	}
	it.known("log.format", "format", string(g.Format), []string{string(LogAuto), string(LogJSON), string(LogText)})
	it.positive("log.quiet", int64(g.Quiet))
	kinds := []string{string(corax.Symptom), string(corax.ChangeOf), string(corax.Note), string(corax.Recovery)}
	for i, r := range g.Rules {
		at := pathOf("log.rules[%d]", i)
		if _, err := regexp.Compile(r.Match); err != nil {
			it.fail(at+".match", "", "not a regular expression: %v", err)
		}
		if r.Match == "" && len(r.Fields) == 0 {
			it.fail(at, `write match: "." for every line`, "a rule needs match or fields")
		}
		if r.Kind != "" {
			it.known(at+".kind", "kind of signal", string(r.Kind), kinds)
		}
	}
}
