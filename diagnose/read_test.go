package diagnose

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"corax"
)

// readOne reads one message as the only signal of a case.
func readOne(e *Engine, s corax.Signal) reading {
	w := &work{Engine: e, c: corax.Case{Signals: []corax.Signal{s}}, graph: emptyGraph()}
	w.read()
	return w.readings[0]
}

func TestStem(t *testing.T) {
	same := [][]string{
		{"fail", "fails", "failed", "failing"}, {"expire", "expires", "expired", "expiring"}, {"refuse", "refused", "refusing"},
		{"drop", "dropped", "dropping", "drops"}, {"delivery", "deliveries", "deliver", "delivered"}, {"crash", "crashes", "crashed"},
	}
	for _, list := range same {
		for _, w := range list[1:] {
			if stem(w) != stem(list[0]) {
				t.Errorf("%s is %q, %s is %q", list[0], stem(list[0]), w, stem(w))
			}
		}
	}
	for _, w := range []string{"", "s", "es", "ing", "ed", "is", "status", "10.0.0.1", "k8s", "ss", "ies", "eeed", "ééé"} {
		if got := stem(w); !strings.HasPrefix(w, got) {
			t.Errorf("stem(%q) = %q", w, got)
		}
	}
}

func TestPolarity(t *testing.T) {
	e := engine(t)
	tests := map[string]polarity{
		"no packet loss on any link":                         healthy,
		"0 errors, all checks passed":                        healthy,
		"errors=0 drops=0":                                   healthy,
		"service recovered, requests succeed":                healthy,
		"link is up again, recovered":                        healthy,
		"INFO request served in 4ms":                         neutral,
		"user alice opened a ticket":                         neutral,
		"connection refused":                                 failing,
		"no route to host, host unreachable":                 failing,
		"upstream answered 502":                              failing,
		"GET / returned HTTP 503":                            failing,
		"level=info msg=\"panic: index out of range\"":       failing,
		"certificate has expired":                            failing,
		"no errors before midnight; now crash loop, crashed": failing,
		"": neutral,
	}
	for message, want := range tests {
		if r := readOne(e, corax.Signal{Message: message}); r.polarity != want {
			t.Errorf("%q reads as %d, want %d", message, r.polarity, want)
		}
	}
	if r := readOne(e, corax.Signal{Message: "connection refused", Kind: corax.Recovery}); r.polarity != healthy {
		t.Error("a recovery is healthy whatever it says")
	}
}

func TestRatios(t *testing.T) {
	tests := map[string][]float64{
		"webhook failed for 4 of 7 services":       {4.0 / 7},
		"0/4 up":                                   {0},
		"3 out of the 5 nodes":                     {0.6},
		"98% and 12 % and 7 percent":               {0.98, 0.12, 0.07},
		"version 4 of the product, 10/0, 500%":     nil,
		"10.0.0.1/24 on 2026/03/29":                nil,
		"99999999999999999999999 of 7, 7 of 1e400": nil,
	}
	for text, want := range tests {
		var got []float64
		for _, r := range ratios(text, tokenise(text, nil)) {
			got = append(got, r.share())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestNames(t *testing.T) {
	e := engine(t)
	tests := []struct{ text, subject, fault string }{
		{"basket-svc: payment refused", "basket-svc", ""},
		{"basket service can't check out, connection refused by ledger service", "basket-svc", "ledger-svc"},
		{"DC-07 down, LDAP closed", "dc-07", ""},
		{"error: something broke", "", ""},
		{"12:04:11 timeout", "", ""},
	}
	for _, tt := range tests {
		r := readOne(e, corax.Signal{Message: tt.text})
		fault := ""
		for _, m := range r.mentions {
			if m.fault {
				fault = m.entity
			}
		}
		if r.entity != tt.subject || fault != tt.fault {
			t.Errorf("%q: subject %q, fault %q; want %q, %q", tt.text, r.entity, fault, tt.subject, tt.fault)
		}
	}
}

func TestFill(t *testing.T) {
	facts := map[string]string{"kid": "{root}", "n": "7"}
	tests := []struct {
		text, want string
		complete   bool
	}{
		{"key {kid} on {target}", "key {root} on t", true}, // what comes from outside is not read again
		{"{gone|the old key} of {root}", "the old key of r", true},
		{"{gone} of {n}", " of 7", false},
		{"open { brace", "open { brace", true},
	}
	for _, tt := range tests {
		if got, ok := fill(tt.text, "t", "r", facts); got != tt.want || ok != tt.complete {
			t.Errorf("%q: %q %v", tt.text, got, ok)
		}
	}
}
