package config_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"corax"
	"corax/config"
	"corax/config/decode"
)

func TestCheckListen(t *testing.T) {
	for listen, loopback := range map[string]bool{
		"127.0.0.1:9094": true, "127.7.7.7:0": true, "[::1]:9094": true, "localhost:9094": true,
		":9094": false, "0.0.0.0:9094": false, "[::]:9094": false, "192.0.2.1:9094": false, "box:9094": false, "localhost.example.org:1": false,
	} {
		err := config.Access{}.CheckListen(listen)
		if (err == nil) != loopback || err != nil && (corax.CodeOf(err) != corax.Invalid || corax.HintOf(err) == "") {
			t.Errorf("%s alone: %v", listen, err)
		}
		for _, a := range []config.Access{{TLS: config.Certificate{Cert: "c", Key: "k"}}, {BehindProxy: []string{"10.0.0.7"}}} {
			if err := a.CheckListen(listen); err != nil {
				t.Errorf("%s with %+v: %v", listen, a, err)
			}
		}
	}
}

func TestHostNames(t *testing.T) {
	for _, c := range []struct {
		text string
		want int // -1: any name will do
	}{
		{"listen: 127.0.0.1:1", 0},
		{"notify: {public_url: \"https://corax.example.org/x\"}", 1},
		{"access: {hosts: [a.example.org]}\nnotify: {public_url: \"https://corax.example.org/x\"}", 2},
		{"listen: :1\naccess: {behind_proxy: 10.0.0.7}", -1},
		{"listen: :1\naccess: {behind_proxy: 10.0.0.7, hosts: a.example.org}", 1},
	} {
		cfg, err := config.Parse("c.yaml", []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		if names := cfg.HostNames(); len(names) != max(c.want, 0) || (names == nil) != (c.want < 0) {
			t.Errorf("%s: %q", c.text, names)
		}
	}
}

// A proxy on this machine that Corax does not know makes everybody somebody on this machine: that is said, and nobody is believed for it.
func TestAProxyThatIsNotNamed(t *testing.T) {
	const beat = "\nmonitors: [{name: b, heartbeat: {grace: 1h}}]\ntokens: [env:T]"
	for _, c := range []struct {
		text      string
		reachable bool
		warned    []string
	}{
		{"listen: 127.0.0.1:1", false, nil},
		{"notify: {public_url: \"http://127.0.0.1:1\"}\naccess: {hosts: [localhost, \"127.0.0.2\"]}", false, nil},
		{"notify: {public_url: \"https://corax.example.org\"}", true, []string{"notify.public_url", "monitors[0].heartbeat"}},
		{"notify: {public_url: \"http://corax.example.org\"}", true, []string{"monitors[0].heartbeat"}},
		{"access: {hosts: corax.example.org}", true, []string{"access.hosts", "monitors[0].heartbeat"}},
		{"access: {hosts: corax.example.org, behind_proxy: 127.0.0.1}", true, []string{"monitors[0].heartbeat"}},
		{"access: {hosts: corax.example.org, tls: {cert: c, key: k}}", true, []string{"monitors[0].heartbeat"}},
		{"listen: :1\naccess: {tls: {cert: c, key: k}}", true, nil}, // the other end of the connection is who reports
		{"listen: :1\naccess: {behind_proxy: 10.0.0.7}", true, []string{"monitors[0].heartbeat"}},
	} {
		cfg, err := config.Parse("c.yaml", []byte(c.text+beat))
		if err != nil {
			t.Fatal(err)
		}
		var warned []string
		for _, w := range cfg.Warnings {
			warned = append(warned, w.Field)
			if w.Hint == "" {
				t.Errorf("%s: %v says not what to do", c.text, w)
			}
		}
		if cfg.Reachable() != c.reachable || !slices.Equal(warned, c.warned) {
			t.Errorf("%s: reachable %v, warned of %q, want %v and %q", c.text, cfg.Reachable(), warned, c.reachable, c.warned)
		}
		cfg, err = config.Parse("c.yaml", []byte(strings.Replace(c.text+beat, "\ntokens: [env:T]", "", 1)))
		if err != nil {
			t.Fatal(err)
		}
		if told := slices.ContainsFunc(cfg.Warnings, func(p decode.Problem) bool { return p.Field == "listen" }); told != c.reachable {
			t.Errorf("%s without tokens: warned %v, want %v", c.text, told, c.reachable)
		}
	}
}

func TestLimitsOfRequests(t *testing.T) {
	const defaults = "{{50 200} {10 60}}"
	for text, want := range map[string]string{
		"": defaults,
		"access: {limits: {people: {burst: 5}, anonymous: {per_second: 0}}}": "{{50 5} {0 60}}",
		"access: {limits: {people: {burst: 0}}}":                             "access.limits.people.burst",
		"access: {limits: {anonymous: {per_second: -1}}}":                    "access.limits.anonymous.per_second",
	} {
		cfg, err := config.Parse("c.yaml", []byte(text))
		got := fmt.Sprint(cfg.Access.Limits)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
