package drain

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTemplates(t *testing.T) {
	m := New(Options{}, nil)
	lines := []struct {
		message string
		id      int64
		text    string
	}{
		{"login of user 17 failed with 401", 1, "login of user <*> failed with <*>"},
		{"login of user ann failed with 503", 1, "login of user <*> failed with <*>"},
		{"connection to 10.0.3.7:5432 refused", 2, "connection to <*> refused"},
		{"connection to 10.0.3.8:5433 refused", 2, "connection to <*> refused"},
		{"key 8f3a2b-17 rotated at 2026-03-30T12:00:00Z", 3, "key <*> rotated at <*>"},
		{"", 4, ""},
		{"node-17 is down", 5, "node-<*> is down"},
		{"node-18 is down", 5, "node-<*> is down"},
		{"login of user 17 failed", 6, "login of user <*> failed"}, // another number of tokens is another template
	}
	for _, l := range lines {
		id := m.Learn(l.message)
		got, ok := m.Template(id)
		if id != l.id || !ok || got.Text != l.text {
			t.Errorf("%q: %d %q, expected %d %q", l.message, id, got.Text, l.id, l.text)
		}
	}
}

func TestBounded(t *testing.T) {
	m := New(Options{Most: 3, Children: 2}, nil)
	for i := range 50 {
		m.Learn(strings.Repeat("word ", i+1))
	}
	if m.Len() != 3 {
		t.Errorf("%d templates, expected 3", m.Len())
	}
	if id := m.Learn("something else entirely that is long and new"); id != 0 {
		t.Errorf("template %d, expected 0: there is no room", id)
	}
	if id := m.Learn("word word"); id != 2 {
		t.Errorf("template %d, expected 2: it was known before", id)
	}
}

func messages() *rapid.Generator[[]string] {
	word := rapid.SampledFrom([]string{"login", "failed", "for", "17", "ann", "10.0.0.1", "node-3", "key", "rotated", "<*>", "é", "a=5,"})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(word, 0, 6).Draw(t, "words"), " ")
	}), 1, 60)
}

// The same messages give the same numbers, and so does a miner that was made anew in their middle.
func TestDeterministicAndDurable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := messages().Draw(t, "messages")
		cut := rapid.IntRange(0, len(list)).Draw(t, "cut")
		o := Options{Children: rapid.IntRange(1, 4).Draw(t, "children"), Most: rapid.IntRange(1, 20).Draw(t, "most")}
		one, two := New(o, nil), New(o, nil)
		for i, message := range list {
			if i == cut {
				var known []Template
				for id := int64(1); id < two.next; id++ {
					k, _ := two.Template(id)
					known = append(known, k)
				}
				two = New(o, known)
			}
			a, b := one.Learn(message), two.Learn(message)
			if a != b {
				t.Fatalf("message %d %q: template %d, and %d after a restart", i, message, a, b)
			}
			if one.Len() > o.Most {
				t.Fatalf("%d templates, at most %d", one.Len(), o.Most)
			}
		}
	})
}

// A template fits every message that it was given: token by token the same, or open.
func TestTemplatesFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := messages().Draw(t, "messages")
		m := New(Options{}, nil)
		of := make([]int64, len(list))
		for i, message := range list {
			of[i] = m.Learn(message)
		}
		for i, message := range list {
			k, ok := m.Template(of[i])
			if !ok {
				t.Fatalf("message %q has no template", message)
			}
			have, want := strings.Split(k.Text, " "), tokens(nil, message)
			if len(have) != len(want) {
				t.Fatalf("%q is not of %q", message, k.Text)
			}
			for n := range have {
				if have[n] != want[n] && have[n] != Any {
					t.Fatalf("%q is not of %q", message, k.Text)
				}
			}
		}
	})
}

func BenchmarkLearn(b *testing.B) {
	var lines []string
	for i := range 1000 {
		lines = append(lines, fmt.Sprintf("user-svc: request req-%08x to 10.0.%d.%d:8443 failed with status %d after %d ms", i*7919, i%4, i%250, 400+i%120, i%3000))
		lines = append(lines, fmt.Sprintf("checkout: pool %d of %d connections in use, %d waiting", i%50, 50, i%9))
	}
	m := New(Options{}, nil)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		m.Learn(lines[n%len(lines)])
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "lines/s")
}
