package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"corax"
)

// Access says how people and programs come in.
type Access struct {
	TLS         Certificate   `yaml:"tls"`
	BehindProxy []string      `yaml:"behind_proxy" decode:"one_or_many"` // addresses or networks of the proxies through which alone requests come
	Hosts       []string      `yaml:"hosts" decode:"one_or_many"`        // names by which browsers may call Corax, beside loopback's and that of public_url
	Idle        time.Duration `yaml:"idle"`                              // a session that was not used for so long ends
	Session     time.Duration `yaml:"session"`                           // a session ends so long after the login
	Invite      time.Duration `yaml:"invite"`                            // a link that nobody followed ends
	Token       time.Duration `yaml:"token"`                             // the longest that a token of the API is good
	Limits      Requests      `yaml:"limits"`
}

// Requests say how often the API and the pages may be asked.
type Requests struct {
	People    Rate `yaml:"people"`    // by each session, token and operator
	Anonymous Rate `yaml:"anonymous"` // from each network, by all who show nothing that is good
}

// Rate is how often something may happen.
type Rate struct {
	PerSecond int `yaml:"per_second"` // 0 is no limit
	Burst     int `yaml:"burst"`      // so often at once, after a pause
}

// Certificate names the files of a TLS certificate, in PEM.
type Certificate struct {
	Cert string `yaml:"cert"` // with the chain
	Key  string `yaml:"key"`
}

// defaultAccess is what holds where nothing is said.
func defaultAccess() Access {
	const day = 24 * time.Hour
	return Access{
		Idle: 12 * time.Hour, Session: 7 * day, Invite: day, Token: 365 * day,
		Limits: Requests{People: Rate{PerSecond: 50, Burst: 200}, Anonymous: Rate{PerSecond: 10, Burst: 60}},
	}
}

// Proxies are the networks of BehindProxy; what can't be read is left out, and found by the check.
func (a Access) Proxies() []netip.Prefix {
	var all []netip.Prefix
	for _, text := range a.BehindProxy {
		if p, err := network(text); err == nil {
			all = append(all, p)
		}
	}
	return all
}

func network(text string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), nil
	}
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(ip, ip.BitLen()), nil
}

// CheckListen refuses an address beyond loopback, unless what is sent there is encrypted on its way: passwords and tokens are.
func (a Access) CheckListen(listen string) error {
	if Loopback(listen) || a.TLS.Cert != "" || len(a.BehindProxy) > 0 {
		return nil
	}
	return &corax.Error{Code: corax.Invalid, Op: "listen on " + listen, Err: errors.New("beyond loopback, passwords and tokens would be sent in the clear"),
		Hint: "set access.tls (cert and key), or access.behind_proxy to the addresses of the proxy that encrypts; or listen on 127.0.0.1"}
}

// Loopback says that an address to listen on is reached from this machine only.
func Loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// HostNames are the names by which browsers may call Corax, beside loopback's; nil where any will do: beyond loopback, when none is named.
func (c Config) HostNames() []string {
	if len(c.Access.Hosts) == 0 && !Loopback(c.Listen) {
		return nil
	}
	names := append([]string{}, c.Access.Hosts...)
	if u, err := url.Parse(c.Notify.PublicURL); err == nil && u.Hostname() != "" {
		names = append(names, u.Hostname())
	}
	return names
}

// Proxied says that requests come by a proxy: one that is named, or one on this machine, without which nobody could call by a name that is not
// loopback's what listens there.
func (c Config) Proxied() bool {
	return len(c.Access.BehindProxy) > 0 || Loopback(c.Listen) && slices.ContainsFunc(c.HostNames(), elsewhere)
}

// Reachable says that requests may come from other machines, so that nobody is believed for where they come from.
func (c Config) Reachable() bool { return !Loopback(c.Listen) || c.Proxied() }

// elsewhere says that a name may be another machine's.
func elsewhere(name string) bool {
	ip, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return !strings.EqualFold(name, "localhost") && (err != nil || !ip.Unmap().IsLoopback())
}

// checkProxy warns where people come by a proxy that Corax does not know: to it they all are on this machine, and nothing is encrypted.
func (l *loader) checkProxy() {
	c, it := l.cfg, item{l, place{doc: l.main}}
	if !Loopback(c.Listen) || len(c.Access.BehindProxy) > 0 || c.Access.TLS.Cert != "" {
		return
	}
	field := ""
	if u, err := url.Parse(c.Notify.PublicURL); err == nil && u.Scheme == "https" && elsewhere(u.Hostname()) {
		field = "notify.public_url"
	}
	if slices.ContainsFunc(c.Access.Hosts, elsewhere) {
		field = "access.hosts"
	}
	if field != "" {
		it.warn(field, "set access.behind_proxy: [127.0.0.1] for a proxy on this machine, and have it send X-Forwarded-For and X-Forwarded-Proto",
			"it is a proxy that is called by this name, and none is named: cookies are sent without Secure, and every login counts as one from this machine")
	}
}

func (l *loader) checkAccess() {
	c, it := l.cfg, item{l, place{doc: l.main}}
	a := c.Access
	if (a.TLS.Cert == "") != (a.TLS.Key == "") {
		it.fail("access.tls", "write tls: {cert: FILE, key: FILE}", "a certificate and its key belong together")
	}
	for i, text := range a.BehindProxy {
		if _, err := network(text); err != nil {
			it.fail(fmt.Sprintf("access.behind_proxy[%d]", i), "write 10.0.0.7 or 10.0.0.0/24", "expected an address or a network, found %q", text)
		}
	}
	for i, name := range a.Hosts {
		if name == "" || strings.ContainsAny(name, "/:@ ") {
			it.fail(fmt.Sprintf("access.hosts[%d]", i), "write corax.example.org, without port", "expected the name of a host, found %q", name)
		}
	}
	for field, d := range map[string]time.Duration{"idle": a.Idle, "session": a.Session, "invite": a.Invite, "token": a.Token} {
		if d < time.Minute {
			it.fail("access."+field, "", "expected at least 1m")
		}
	}
	for field, r := range map[string]Rate{"people": a.Limits.People, "anonymous": a.Limits.Anonymous} {
		field = "access.limits." + field
		it.positive(field+".per_second", int64(r.PerSecond))
		if r.PerSecond > 0 && r.Burst < 1 {
			it.fail(field+".burst", "per_second: 0 is no limit", "expected at least 1: nothing would be answered")
		}
	}
	l.checkProxy()
	if err := a.CheckListen(c.Listen); err != nil && validAddress(c.Listen) {
		it.fail("listen", corax.HintOf(err), "%v", errors.Unwrap(err))
	}
}

func validAddress(text string) bool {
	_, _, err := net.SplitHostPort(text)
	return err == nil
}
