package diagnose

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"corax"
	"corax/topology"
)

// The same case gives the same bytes, in the same engine and in another, and whatever order the topology is written in.
func TestDeterministic(t *testing.T) {
	one, other := engine(t), engine(t)
	rng := rand.New(rand.NewPCG(3, 4))
	for name, v := range vectors(t) {
		c, err := ReadCase(v.Case)
		if err != nil {
			t.Fatal(err)
		}
		want := marshal(t, one.Diagnose(c))
		for n := range 10 {
			e := []*Engine{one, other}[n%2]
			c.Topology.Entities = shuffled(rng, c.Topology.Entities)
			c.Topology.Edges = shuffled(rng, c.Topology.Edges)
			if got := marshal(t, e.Diagnose(c)); !bytes.Equal(want, got) {
				t.Fatalf("%s differs:\n%s", name, cmp.Diff(string(want), string(got)))
			}
		}
	}
}

func shuffled[T any](rng *rand.Rand, list []T) []T {
	out := append([]T(nil), list...)
	rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func marshal(t *testing.T, r corax.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteJSON(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Nothing may hang on the names of a system: renamed throughout, a case gets the same diagnosis.
func TestRenamed(t *testing.T) {
	e := engine(t)
	names := []string{"idp", "profile", "cart", "billing", "stock", "courier", "mailer", "metrics"}
	for name, v := range vectors(t) {
		c, err := ReadCase(v.Case)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := topology.New(c.Topology).Entity("idp"); !ok {
			continue
		}
		text := string(v.Case)
		for i, n := range names {
			text = strings.ReplaceAll(text, n, fmt.Sprintf("zq%dx", i))
		}
		renamed, err := ReadCase([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		a, b := e.Diagnose(c), e.Diagnose(renamed)
		if len(a.Problems) != len(b.Problems) {
			t.Errorf("%s: %d problems, renamed %d", name, len(a.Problems), len(b.Problems))
			continue
		}
		for i := range a.Problems {
			if x, y := a.Problems[i].RootCause.Mechanism, b.Problems[i].RootCause.Mechanism; x != y {
				t.Errorf("%s: %s, renamed %s", name, x, y)
			}
		}
	}
}

// What has nothing to do with each other stays apart, and a missing attribute joins nothing.
func TestApart(t *testing.T) {
	e := engine(t)
	c := corax.Case{Signals: []corax.Signal{
		{Message: "no space left on device, writes to /var/spool fail"},
		{Message: "sip trunk unregistered, REGISTER answers 408"},
		{Message: "%PORT_SECURITY-2-PSECURE_VIOLATION on Gi1/0/9"},
	}}
	if r := e.Diagnose(c); len(r.Problems) != 3 {
		t.Errorf("%d problems, want 3", len(r.Problems))
	}
}

// What nothing explains is UNKNOWN, with a mechanism, evidence and a plan that only asks.
func TestUnexplained(t *testing.T) {
	e := engine(t)
	r := e.Diagnose(corax.Case{Signals: []corax.Signal{{Kind: corax.Symptom, Message: "flux capacitor misaligned, chronometer inverted"}}})
	if len(r.Problems) != 1 {
		t.Fatalf("%d problems", len(r.Problems))
	}
	p := r.Problems[0]
	if p.Pattern != corax.Unknown || p.RootCause.Mechanism != unexplained || p.Plan.Mode != corax.Manual || len(p.RootCause.Evidence) == 0 {
		t.Errorf("%+v", p)
	}
}

func TestReadCase(t *testing.T) {
	good := `{"id":"c1","x":[1,{"y":2}],"signals":["text",{"at":"2026-03-30T02:00:00Z","entity":"a","severity":"HIGH","message":"m",` +
		`"labels":{"k":"v"}}],"topology":{"entities":[{"id":"a"}],"edges":[]}}`
	c, err := ReadCase([]byte(good))
	if err != nil || c.ID != "c1" || len(c.Signals) != 2 || c.Signals[0].Message != "text" || c.Signals[1].Severity != corax.High {
		t.Fatalf("%+v %v", c, err)
	}
	bad := map[string]int{
		``:                                   1,
		`[]`:                                 1,
		`{"id":"c"}`:                         1,
		`{"id":7,"signals":[]}`:              7,
		`{"signals":"text"}`:                 12,
		`{"signals":["a",7]}`:                17,
		`{"signals":["a", {"at":1}]}`:        18,
		`{"signals":["a"]`:                   17,
		`{"signals":["a"],}`:                 18,
		`{"signals":[]} x`:                   16,
		`{"signals":[{"severity":"awful"}]}`: 13,
		`{"signals":[{"kind":"oops"}]}`:      13,
	}
	for line, column := range bad {
		_, err := ReadCase([]byte(line))
		var in *InputError
		if !errors.As(err, &in) {
			t.Errorf("%s: %v", line, err)
		} else if in.Column != column {
			t.Errorf("%s: column %d, want %d (%v)", line, in.Column, column, err)
		}
	}
	var b bytes.Buffer
	if err := WriteLineError(&b, 3, &InputError{17, errors.New("wrong")}); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.TrimSpace(b.String()), `{"line":3,"id":null,"error":{"column":17,"message":"wrong"}}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A page is for a terminal: what signals say may not move its cursor.
func TestWriteText(t *testing.T) {
	e := engine(t)
	c := corax.Case{ID: "\x1b[2J", Signals: []corax.Signal{{Message: "billing-svc: connection refused \x1b[31m\u202e\x07"}}}
	var b bytes.Buffer
	if err := WriteText(&b, c, e.Diagnose(c)); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\x07\u202e") || !strings.Contains(b.String(), "process.restart") ||
		!strings.Contains(b.String(), ": 1 signal, 1 incident, 1 problem\n") {
		t.Errorf("%q", b.String())
	}
}

func FuzzDiagnose(f *testing.F) {
	e := engine(f)
	for _, v := range vectors(f) {
		f.Add([]byte(v.Case))
	}
	f.Add([]byte(`{"signals":["4 of 7 \xff 0/0 {x} -> ", {"message":"token -> ","kind":"change","attributes":{"class":"refused"}}]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		c, err := ReadCase(line)
		if err != nil {
			var in *InputError
			if !errors.As(err, &in) || in.Column < 1 || in.Column > len(line)+1 {
				t.Fatalf("%v", err)
			}
			return
		}
		r := e.Diagnose(c)
		whole(t, c, r)
		if _, err := json.Marshal(r); err != nil {
			t.Fatal(err)
		}
	})
}

func TestHugeMessages(t *testing.T) {
	e := engine(t)
	for _, m := range []string{strings.Repeat("error ", 1<<20), strings.Repeat("x", 8<<20), strings.Repeat("0/", 1<<20), strings.Repeat("é\xff", 1<<20)} {
		c := corax.Case{Signals: []corax.Signal{{Message: m, Kind: corax.Symptom}}}
		whole(t, c, e.Diagnose(c))
	}
}

// Input for speed: seeded, over the vectors' texts with varying names and numbers, in cases of 1, 10 and 100 signals.
func BenchmarkDiagnose(b *testing.B) {
	e := engine(b)
	var texts []string
	for _, name := range []string{"rotation_routine.json", "crash.json", "slow.json", "clock_skew.json", "certificate.json", "healthy.json"} {
		c, err := ReadCase(vectors(b)[name].Case)
		if err != nil {
			b.Fatal(err)
		}
		for _, s := range c.Signals {
			texts = append(texts, s.Message)
		}
	}
	for _, size := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(5, uint64(size)))
			cases := make([]corax.Case, 64)
			for i := range cases {
				for range size {
					text := texts[rng.IntN(len(texts))]
					cases[i].Signals = append(cases[i].Signals, corax.Signal{
						Message: fmt.Sprintf("host-%02d: %s (%d)", rng.IntN(50), text, rng.IntN(1e6)),
					})
				}
			}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				e.Diagnose(cases[n%len(cases)])
				n++
			}
			b.ReportMetric(float64(n*size)/b.Elapsed().Seconds(), "signals/s")
		})
	}
}

// The port that a client happened to get is no error code, whichever it looks like: the same outage is found with every port.
func TestPortsOfClientsSayNothing(t *testing.T) {
	e := engine(t)
	report := func(port int) corax.Report {
		return e.Diagnose(corax.Case{ID: "c", Signals: []corax.Signal{
			{ID: "a", Entity: "login", Message: "10.0.0.7:8443: TLS: the certificate of login expired at 2026-05-01T00:00:00Z"},
			{ID: "b", Entity: "login", Message: fmt.Sprintf("http: TLS handshake error from 10.0.0.9:%d: remote error: tls: bad certificate", port)},
		}})
	}
	for _, port := range []int{32768, 35206, 40197, 40613, 40914, 41144, 47073, 50002, 65535} {
		r := report(port)
		if len(r.Problems) != 1 || r.Problems[0].RootCause.Mechanism != "certificate_expired" {
			t.Errorf("port %d: %d problems, the first is %+v", port, len(r.Problems), r.Problems[0].RootCause)
		}
	}
	if r := e.Diagnose(corax.Case{ID: "c", Signals: []corax.Signal{{ID: "a", Message: "Error 40613: database crm on server sql-prod"}}}); len(r.Problems) != 1 ||
		r.Problems[0].RootCause.Mechanism != "azuresql_failover" {
		t.Errorf("a code that is one: %+v", r.Problems)
	}
}
