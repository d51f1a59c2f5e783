package config_test

import (
	"testing"

	"corax"
	"corax/config"
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
