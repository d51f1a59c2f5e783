package reading

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"corax"
	"corax/topology"
)

// readOne reads one message without a topology.
func readOne(message string) Reading {
	return readSignal(&corax.Signal{Message: message})
}

func readSignal(s *corax.Signal) Reading { return NewReader(topology.New(corax.Topology{})).Read(s) }

func TestStem(t *testing.T) {
	same := [][]string{
		{"fail", "fails", "failed", "failing"}, {"expire", "expires", "expired", "expiring"}, {"refuse", "refused", "refusing"},
		{"drop", "dropped", "dropping", "drops"}, {"delivery", "deliveries", "deliver", "delivered"}, {"crash", "crashes", "crashed"},
	}
	for _, list := range same {
		for _, w := range list[1:] {
			if Stem(w) != Stem(list[0]) {
				t.Errorf("%s is %q, %s is %q", list[0], Stem(list[0]), w, Stem(w))
			}
		}
	}
	for _, w := range []string{"", "s", "es", "ing", "ed", "is", "status", "10.0.0.1", "k8s", "ss", "ies", "eeed", "ééé"} {
		if got := Stem(w); !strings.HasPrefix(w, got) {
			t.Errorf("Stem(%q) = %q", w, got)
		}
	}
}

func TestRatios(t *testing.T) {
	tests := map[string][]float64{
		"webhook failed for 4 of 7 services":       {4.0 / 7},
		"three out of four replicas, one of 3":     {0.75, 1.0 / 3},
		"half of the nodes, seven of the eight":    {0.5, 7.0 / 8},
		"one of these days, out of four":           nil,
		"0/4 up":                                   {0},
		"3 out of the 5 nodes":                     {0.6},
		"98% and 12 % and 7 percent":               {0.98, 0.12, 0.07},
		"version 4 of the product, 10/0, 500%":     nil,
		"10.0.0.1/24 on 2026/03/29":                nil,
		"99999999999999999999999 of 7, 7 of 1e400": nil,
	}
	for text, want := range tests {
		var got []float64
		one := readOne(text)
		for _, r := range one.Ratios() {
			got = append(got, r.Share())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestNames(t *testing.T) {
	tests := []struct{ text, subject, fault string }{
		{"basket-svc: payment refused", "basket-svc", ""},
		{"basket service can't check out, connection refused by ledger service", "basket-svc", "ledger-svc"},
		{"DC-07 down, LDAP closed", "dc-07", ""},
		{"error: something broke", "", ""},
		{"ns2 stale: transfers denied", "ns2", ""},
		{"rpc error: code = Unavailable", "rpc", ""},
		{"ORA-01555: snapshot too old", "", ""},
		{"%PORT_SECURITY-2-PSECURE_VIOLATION: violation", "", ""},
		{"12:04:11 timeout", "", ""},
	}
	for _, tt := range tests {
		r := readOne(tt.text)
		fault := ""
		for _, m := range r.Mentions {
			if m.Role == AtFault {
				fault = m.Entity
			}
		}
		if r.Entity != tt.subject || fault != tt.fault {
			t.Errorf("%q: subject %q, fault %q; want %q, %q", tt.text, r.Entity, fault, tt.subject, tt.fault)
		}
	}
}

func TestRoles(t *testing.T) {
	graph := topology.New(corax.Topology{Entities: []corax.Entity{{ID: "shop"}, {ID: "ledger"}, {ID: "error-service"}}})
	tests := []struct {
		text, subject string
		role          Role
		mentioned     string
		as            Role
	}{
		{"shop: connection refused by ledger", "shop", Complaining, "ledger", AtFault},
		{"shop shows the ledger service in its list", "shop", Mentioned, "ledger", Mentioned},
		{"ledger crashed", "ledger", AtFault, "", 0},
		{"error-service is healthy", "error-service", Mentioned, "", 0},
		{"nobody is named", "", Mentioned, "", 0},
	}
	for _, tt := range tests {
		r := NewReader(graph).Read(&corax.Signal{Message: tt.text})
		if r.Entity != tt.subject || r.Role() != tt.role || r.Known != (tt.subject != "") {
			t.Errorf("%q: %q is %d, want %q as %d", tt.text, r.Entity, r.Role(), tt.subject, tt.role)
		}
		if tt.mentioned != "" && (len(r.Mentions) != 1 || r.Mentions[0].Entity != tt.mentioned || r.Mentions[0].Role != tt.as) {
			t.Errorf("%q mentions %+v", tt.text, r.Mentions)
		}
	}
}

// What a probe saw is read as if the message said it.
func TestAttributes(t *testing.T) {
	r := readSignal(&corax.Signal{Message: "check failed", Attributes: map[string]string{"error": "dial tcp: connection refused", "status": "503"}})
	if len(r.Tokens) != 7 || len(r.Codes()) == 0 || r.Codes()[0].Class != Refused {
		t.Errorf("%+v %v", r.Tokens, r.Codes())
	}
}

func TestStemsAndLower(t *testing.T) {
	if got := strings.Join(Stems("Connections REFUSED, port443 数据库 can’t"), " "); got != "connection refus port443 数据库 can t" {
		t.Errorf("%q", got)
	}
	if Lower("ÄB") != "Äb" || Lower("ab") != "ab" {
		t.Error("only ASCII letters are folded")
	}
}

func TestReporters(t *testing.T) {
	for name, want := range map[string][2]bool{
		"Helpdesk": {true, false}, "service-desk": {true, false}, "users": {true, false}, "nms": {false, true}, "monitoring-2": {false, true},
		"user-svc": {false, false}, "usermanager": {false, false}, "db-1": {false, false}, "": {false, false},
	} {
		if got := [2]bool{Desk(name), Watches(name)}; got != want {
			t.Errorf("%q: desk and watcher %v, want %v", name, got, want)
		}
	}
}

func TestChance(t *testing.T) {
	for message, want := range map[string]bool{
		"refused from 10.0.0.9:40914":        true,
		"refused from [fe80::1]:65535":       true,
		"connect to 10.0.0.9:32767 refused":  false, // a service may listen there
		"connect to 10.0.0.9:70000 refused":  false,
		"error:40613 database not available": false,
		"40613 rows":                         false,
		"took 10:40:40 hours":                false,
	} {
		r := readOne(message)
		got := false
		for i := range r.Tokens {
			got = got || r.Chance(i)
		}
		if got != want {
			t.Errorf("%s: %t", message, got)
		}
	}
}
