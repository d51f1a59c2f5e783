package model

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"corax/knowledge"
)

func split(s string) []string { return strings.Fields(strings.ToLower(s)) }

func catalogue() *knowledge.Catalogue {
	return &knowledge.Catalogue{Mechanisms: []knowledge.Mechanism{
		{ID: "disk", Title: "no room", Signatures: []knowledge.Signature{{Say: []string{"disk|volume", "full"}}}, Examples: []string{
			"disk of db01 is full", "no space left on device /var", "volume data at 100 percent full", "write failed no space left"}},
		{ID: "link", Title: "a link flaps", Signatures: []knowledge.Signature{{Say: []string{"link|port", "flapping"}}}, Examples: []string{
			"port gi1/0/1 flapping", "link down link up 14 times", "interface changed state to down again", "port keeps flapping"}},
		{ID: "mem", Title: "memory gone", Signatures: []knowledge.Signature{{Say: []string{"memory", "exhausted"}}}, Examples: []string{
			"out of memory killed process 4711", "oom killer invoked", "java heap space exhausted", "cannot allocate memory"}},
	}}
}

func encoded(t *testing.T, m *Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTrain(t *testing.T) {
	m := Train(catalogue(), split, Options{})
	once, twice := encoded(t, m), encoded(t, Train(catalogue(), split, Options{}))
	if !bytes.Equal(once, twice) {
		t.Error("the same catalogue gave two models")
	}
	read, err := Read(once)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(encoded(t, read), once) {
		t.Error("a model that was written and read is another one")
	}
	if read.Digest != Digest(catalogue(), split) {
		t.Error("the digest is not that of the catalogue")
	}
	changed := catalogue()
	changed.Mechanisms[0].Examples[0] = "something else"
	if read.Digest == Digest(changed, split) {
		t.Error("another catalogue has the same digest")
	}
	s := read.NewScratch()
	for say, want := range map[string]string{
		"volume home has no space left": "disk", "the port is flapping": "link", "oom killer: memory": "mem",
	} {
		top, _ := read.Top(split(say), s)
		if len(top) == 0 || read.Classes[top[0].Class] != want {
			t.Errorf("%q: %v, want %s", say, top, want)
		}
		again := slices.Clone(top)
		if !slices.Equal(again, first(read.Top(split(say), s))) {
			t.Errorf("%q: the second answer differs", say)
		}
	}
	for _, say := range []string{"", "zzz qqq", strings.Repeat("a ", 10_000)} {
		if top, _ := read.Top(split(say), s); len(top) > 0 && top[0].Score > 2 {
			t.Errorf("%.20q sounds like %v", say, top)
		}
	}
}

func TestExp(t *testing.T) {
	for x := 0.0; x > -45; x -= 0.37 {
		if got, want := exp(x), math.Exp(x); math.Abs(got-want) > 1e-7 {
			t.Errorf("exp(%g) = %g, want %g", x, got, want)
		}
	}
}

func TestBuiltin(t *testing.T) {
	m, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	if len(builtin) > 10<<20 {
		t.Errorf("%d bytes", len(builtin))
	}
	cat, err := knowledge.Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Classes) != len(cat.Mechanisms) {
		t.Errorf("the model knows %d mechanisms, the catalogue %d; make model", len(m.Classes), len(cat.Mechanisms))
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if _, err := Train(catalogue(), split, Options{}).WriteTo(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes()[:200])
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := Read(data); err == nil {
			m.Top([]string{"a", "b"}, m.NewScratch())
		}
	})
}

func first(c []Candidate, _ float64) []Candidate { return c }
