package config

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"corax"
	"corax/config/decode"
	"corax/vault"
)

// check holds what the parts say against one another. Faults are added to the loader's.
func (l *loader) check() {
	l.checkMain()
	l.checkTopology()
	l.checkMonitors()
	l.checkReceivers()
	l.checkActions()
	l.checkPolicy()
	l.checkLedger()
	l.checkPeople()
	l.checkAccess()
}

// item is one entry of a list while it is checked; it turns a field's name into a place.
type item struct {
	l *loader
	place
}

func (l *loader) item(list string, i int) item { return item{l, l.places[list][i]} }

// fail notes a fault of a field of the item, or of the item itself where field is empty. An item that couldn't be
// read has its faults noted already, and what is missing in it says nothing.
func (it item) fail(field, hint, format string, args ...any) {
	if it.path != "" && slices.ContainsFunc(it.l.broken, func(p decode.Problem) bool {
		return p.File == it.doc.File && (p.Field == it.path || strings.HasPrefix(p.Field, it.path+"."))
	}) {
		return
	}
	it.l.problems = append(it.l.problems, it.problem(field, hint, format, args...))
}

func (it item) warn(field, hint, format string, args ...any) {
	it.l.cfg.Warnings = append(it.l.cfg.Warnings, it.problem(field, hint, format, args...))
}

func (it item) problem(field, hint, format string, args ...any) decode.Problem {
	path := it.path
	switch {
	case field == "" || path == "":
		path += field
	default:
		path += "." + field
	}
	return it.doc.Problem(path, hint, format, args...)
}

// known fails where value isn't one of the words.
func (it item) known(field, what, value string, words []string) {
	if slices.Contains(words, value) {
		return
	}
	it.fail(field, decode.DidYouMean(value, words), "unknown %s %q", what, value)
}

// positive fails for each number below zero.
func (it item) positive(field string, value int64) {
	if value < 0 {
		it.fail(field, "", "must not be negative")
	}
}

// reference fails where a credential is not given as a reference. The value itself is never repeated: it may be the
// secret.
func (it item) reference(field, ref string) {
	if ref != "" && vault.Check(ref) != nil {
		it.fail(field, "write vault:NAME, env:NAME or file:PATH", "a credential is given as a reference, never as itself")
	}
}

// link fails where text is not an address that a request can be sent to. What holds ${...} is known only later.
func (it item) link(field, text string) {
	if strings.Contains(text, "${") {
		return
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		it.fail(field, "", "not a URL: %v", err.(*url.Error).Err) //nolint:errorlint,forcetypeassert // url.Parse promises it
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		it.fail(field, `write it as "https://host:port/path"`, "expected an http or https URL, found %q", text)
	case u.User != nil:
		it.fail(field, "use token: vault:NAME, env:NAME or file:PATH", "a URL must not hold a password")
	}
}

// address fails where text is not host:port.
func (it item) address(field, text string) {
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		if n, e := strconv.Atoi(port); e == nil && n >= 0 && n <= 65535 {
			return
		}
	}
	it.fail(field, `write it as "host:port"`, "expected an address, found %q", text)
}

var natsSchemes = []string{"nats", "tls", "ws", "wss"}

func (l *loader) checkMain() {
	c, it := l.cfg, item{l, place{doc: l.main}}
	it.address("listen", c.Listen)
	it.known("sync", "mode", string(c.Sync), []string{string(SyncDefault), string(SyncAlwaysOn)})
	for i, ref := range c.Tokens {
		l.item(listTokens, i).reference("", ref)
	}
	names := map[string]bool{}
	for i, o := range c.Operators {
		at := fmt.Sprintf("operators[%d]", i)
		if o.Name == "" || names[o.Name] {
			it.fail(at+".name", "give each operator a name of their own", "%q is empty or used twice", o.Name)
		}
		names[o.Name] = true
		if o.Token == "" {
			it.fail(at+".token", "write token: env:NAME or file:PATH", "an operator is known by a token")
		}
		it.reference(at+".token", o.Token)
	}
	if validAddress(c.Listen) && len(c.Tokens) == 0 && c.Reachable() {
		it.warn("listen", "add tokens: [env:NAME]", "beyond loopback every receiver needs a token, behind a proxy too, and none is configured")
	}
	for field, value := range map[string]int64{
		"retention.age":                          int64(c.Retention.Age),
		"retention.size":                         c.Retention.Bytes,
		"bus.partitions":                         int64(c.Bus.Partitions),
		"bus.max_bytes":                          c.Bus.MaxBytes,
		"triage.flap_window":                     int64(c.Triage.FlapWindow),
		"triage.flap_count":                      int64(c.Triage.FlapCount),
		"triage.reopen_within":                   int64(c.Triage.ReopenWithin),
		"investigate.settle":                     int64(c.Investigate.Settle),
		"investigate.most":                       int64(c.Investigate.Most),
		"heal.stable_for":                        int64(c.Heal.StableFor),
		"heal.escalate_after":                    int64(c.Heal.EscalateAfter),
		"heal.fall_back_after":                   int64(c.Heal.FallBackAfter),
		"heal.step_retry":                        int64(c.Heal.RetryEvery),
		"heal.limits.loop_within":                int64(c.Heal.Limits.LoopWithin),
		"heartbeat.every":                        int64(c.Heartbeat.Every),
		"receivers.alertmanager.resolve_timeout": int64(c.Receivers.Alertmanager.ResolveTimeout),
	} {
		it.positive(field, value)
	}
	if c.Heal.Limits.LoopTimes < 0 || c.Heal.Limits.StormProblems < 0 {
		it.fail("heal.limits", "0 is no limit", "loop_times and storm_problems must not be negative")
	}
	if c.Bus.Partitions > 1024 {
		it.fail("bus.partitions", "", "at most 1024 partitions")
	}
	if c.Bus.URL != "" {
		if u, err := url.Parse(c.Bus.URL); err != nil || u.Host == "" || !slices.Contains(natsSchemes, u.Scheme) {
			it.fail("bus.url", `write it as "nats://host:4222"`, "expected the URL of a NATS server, found %q", c.Bus.URL)
		}
	}
	if c.Escalation.Webhook.URL != "" {
		it.link("escalation.webhook.url", c.Escalation.Webhook.URL)
	}
	it.reference("escalation.webhook.token", c.Escalation.Webhook.Token)
	it.reference("heal.database", c.Heal.Database)
	if c.Heartbeat.URL != "" {
		it.link("heartbeat.url", c.Heartbeat.URL)
	}
}

func (l *loader) checkTopology() {
	t := l.cfg.Topology
	ids := make([]string, 0, len(t.Entities))
	first := map[string]item{}
	for i, e := range t.Entities {
		it := l.item(listEntities, i)
		if e.ID == "" {
			it.fail("id", "", `"id" is missing`)
			continue
		}
		it.unique("id", "entity", e.ID, first)
		ids = append(ids, e.ID)
	}
	for i, e := range t.Edges {
		it := l.item(listEdges, i)
		it.known("from", "entity", e.From, ids)
		it.known("to", "entity", e.To, ids)
		if e.From == e.To && e.From != "" {
			it.fail("to", "", "an entity can't need itself")
		}
		it.known("kind", "kind of edge", string(e.Kind), edgeKinds())
	}
}

// unique fails where an earlier item has the same name, and says where that is.
func (it item) unique(field, what, name string, first map[string]item) {
	before, twice := first[name]
	if !twice {
		first[name] = it
		return
	}
	line, col := before.doc.At(before.path + "." + field)
	it.fail(field, "", "%s %q is declared twice, first at %s:%d:%d", what, name, before.doc.File, line, col)
}

func edgeKinds() []string {
	return []string{string(corax.DependsOn), string(corax.RunsOn), string(corax.ConnectsTo), string(corax.TrustsIn)}
}

func (l *loader) entityIDs() []string {
	ids := make([]string, len(l.cfg.Topology.Entities))
	for i, e := range l.cfg.Topology.Entities {
		ids[i] = e.ID
	}
	return ids
}

func (l *loader) checkReceivers() {
	first := map[string]item{}
	for i, m := range l.cfg.Receivers.Generic {
		it := l.item(listGeneric, i)
		if m.Name == "" {
			continue // decoding said so
		}
		it.unique("name", "mapping", m.Name, first)
		if !pathSafe(m.Name) {
			it.fail("name", "use letters, digits, - and _", "%q can't be a part of an address", m.Name)
		}
		if m.Status != "" && len(m.ResolvedValues) == 0 {
			it.fail("resolved_values", "", "status needs the values that mean that it is over")
		}
	}
}

func pathSafe(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

func (l *loader) checkPolicy() {
	first := map[string]item{}
	for i, r := range l.cfg.Policy.Rules {
		it := l.item(listRules, i)
		if r.Name == "" {
			it.fail("name", "", `"name" is missing; decisions are recorded by it`)
		} else {
			it.unique("name", "rule", r.Name, first)
		}
		it.known("then", "verdict", string(r.Then), []string{string(corax.Allow), string(corax.Ask), string(corax.Deny)})
		if r.When == "" {
			it.fail("when", `write when: "true" for every action`, `"when" is missing`)
		}
		it.positive("expires", int64(r.Expires))
	}
}

func pathOf(format string, args ...any) string { return fmt.Sprintf(format, args...) }
