package reading

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/topology"
)

// everything reads all that there is to read, and checks the places of what it finds.
func everything(t *testing.T, r *Reading) []any {
	t.Helper()
	in := func(at Span) {
		if at.Start < 0 || at.End < at.Start || at.End > len(r.Message) {
			t.Fatalf("%+v is not in a text of %d bytes", at, len(r.Message))
		}
	}
	if len(r.Text) != len(r.Message) || len(r.Message) > MaxText {
		t.Fatalf("text of %d bytes, message of %d", len(r.Text), len(r.Message))
	}
	last := 0
	for _, token := range r.Tokens {
		in(Span{token.Start, token.End})
		if token.Start < last || token.Text == "" || token.Stem == "" {
			t.Fatalf("%+v after %d", token, last)
		}
		last = token.End
	}
	for _, m := range r.Mentions {
		in(m.Span)
	}
	for _, c := range r.Codes() {
		in(c.Span)
		_ = c.String()
	}
	for _, q := range r.Quantities() {
		in(q.Span)
	}
	for _, x := range r.Ratios() {
		in(x.Span)
	}
	for _, id := range r.Identifiers() {
		in(id.Span)
		if !Safe(id.Value) || id.Kind == "" {
			t.Fatalf("%+v is not safe", id)
		}
	}
	for _, s := range r.States() {
		in(s.Span)
	}
	for _, c := range r.Changes() {
		in(c.Span)
	}
	return []any{r.Entity, r.Mentions, r.Codes(), r.Quantities(), r.Ratios(), r.Identifiers(), r.States(), r.Changes(), r.When(), r.Tense(),
		r.Role(), r.Level(), r.Ties(), r.Polarity(0), r.Polarity(5)}
}

func FuzzRead(f *testing.F) {
	known := topology.New(corax.Topology{Entities: []corax.Entity{{ID: "db-1"}, {ID: "error-service", Name: "error"}}})
	for _, m := range ordinary {
		f.Add(m)
	}
	for _, m := range []string{"4 of 7 \xff 0/0 -> ", "from to -> => →", "host: user=", "%A-1-B %%", "1h2m3", "[1]:", "sshd[1", "::1]:443", "C:\\", "数 1号",
		"SQLSTATE", "ORA-", "rpc error: code", "550 5.1.1", "the  service", "pid 1 (", "a@b.c", "\x00", "0.0.0 %", "1,234,567.8.9", "(1:"} {
		f.Add(m)
	}
	f.Fuzz(func(t *testing.T, message string) {
		for _, graph := range []*topology.Graph{topology.New(corax.Topology{}), known} {
			s := corax.Signal{Message: message, Attributes: map[string]string{"status": "503", "error": message}}
			one, other := NewReader(graph).Read(&s), NewReader(graph).Read(&s)
			if a, b := everything(t, &one), everything(t, &other); !reflect.DeepEqual(a, b) {
				t.Fatalf("%v\n%v", a, b)
			}
		}
	})
}

// A long message costs what its length says, whatever it holds.
func TestLong(t *testing.T) {
	for _, part := range []string{"error ", "x", "0/", "é\xff", "status 599 ", "(1: ", "alert 999 ", "->", "from a to b ", "the x service ", "a.b.c.d:1 ", "%A-1-B ",
		"FooException ", "no ", "1.", "1,234", "host=", "java.", "in 5 days ", "expires in ", "[", "1h", "ORA-12345 ", "数", "at 10:04 ", "5 minutes ago "} {
		start := time.Now()
		r := readOne(strings.Repeat(part, 1<<20/len(part)))
		everything(t, &r)
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("%q takes %s", part, d)
		}
	}
}
