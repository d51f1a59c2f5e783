package diagnose

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"corax"
	"corax/knowledge"
)

// vector is a case with what must come out, in testdata/live.
type vector struct {
	About  string          `json:"about"`
	Case   json.RawMessage `json:"case"`
	Expect struct {
		Problems []struct {
			Root      string            `json:"root"`
			Mechanism string            `json:"mechanism"`
			Pattern   string            `json:"pattern"`
			Severity  []corax.Severity  `json:"severity"`
			Cascade   *bool             `json:"cascade"`
			Mode      corax.Mode        `json:"mode"`
			Actions   []string          `json:"actions"`
			Facts     map[string]string `json:"facts"`
		} `json:"problems"`
		Quiet int `json:"quiet"`
	} `json:"expect"`
}

func engine(tb testing.TB) *Engine {
	tb.Helper()
	cat, err := knowledge.Load()
	if err != nil {
		tb.Fatal(err)
	}
	return New(cat)
}

func vectors(tb testing.TB) map[string]vector {
	tb.Helper()
	files, err := filepath.Glob("testdata/live/*.json")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no vectors: %v", err)
	}
	all := map[string]vector{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		var v vector
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&v); err != nil {
			tb.Fatalf("%s: %v", f, err)
		}
		all[filepath.Base(f)] = v
	}
	return all
}

func TestLive(t *testing.T) {
	e := engine(t)
	for name, v := range vectors(t) {
		t.Run(name, func(t *testing.T) {
			c, err := ReadCase(v.Case)
			if err != nil {
				t.Fatal(err)
			}
			r := e.Diagnose(c)
			if t.Failed() || len(r.Problems) != len(v.Expect.Problems) {
				var page bytes.Buffer
				_ = WriteText(&page, c, r)
				t.Fatalf("%d problems, want %d\n%s", len(r.Problems), len(v.Expect.Problems), &page)
			}
			if len(r.Quiet) != v.Expect.Quiet {
				t.Errorf("quiet %v, want %d", r.Quiet, v.Expect.Quiet)
			}
			for i, want := range v.Expect.Problems {
				got := r.Problems[i]
				if got.RootCause.Entity != want.Root || got.RootCause.Mechanism != want.Mechanism || got.Pattern != want.Pattern {
					t.Errorf("root %s by %s, %s; want %s by %s, %s", got.RootCause.Entity, got.RootCause.Mechanism, got.Pattern,
						want.Root, want.Mechanism, want.Pattern)
				}
				if !slices.Contains(want.Severity, got.Severity) {
					t.Errorf("severity %s (%v), want %v", got.Severity, got.SeverityReasons, want.Severity)
				}
				if want.Cascade != nil && got.Cascade.Cascading != *want.Cascade {
					t.Errorf("cascade %+v, want %v", got.Cascade, *want.Cascade)
				}
				if got.Plan.Mode != want.Mode {
					t.Errorf("mode %s (%s, confidence %.2f), want %s", got.Plan.Mode, got.Plan.Why, got.Confidence, want.Mode)
				}
				for name, value := range want.Facts {
					if got.RootCause.Facts[name] != value {
						t.Errorf("fact %s is %q, want %q", name, got.RootCause.Facts[name], value)
					}
				}
				var actions []string
				for _, s := range got.Plan.Steps {
					if len(actions) == 0 || actions[len(actions)-1] != s.Action {
						actions = append(actions, s.Action)
					}
				}
				if diff := cmp.Diff(want.Actions, actions); diff != "" {
					t.Errorf("actions (-want +got):\n%s", diff)
				}
			}
			whole(t, c, r)
		})
	}
}

// whole checks what every report must keep: each signal in one place, links that form a forest, evidence that quotes its signal.
func whole(t *testing.T, c corax.Case, r corax.Report) {
	t.Helper()
	seen := make([]int, len(c.Signals))
	for _, s := range r.Quiet {
		seen[s]++
	}
	for _, p := range r.Problems {
		for _, s := range p.Signals {
			seen[s]++
		}
		if p.RootCause.Mechanism == "" || p.Pattern == "" || p.RootCause.Summary == "" || len(p.Plan.Steps) == 0 {
			t.Errorf("incomplete problem: %+v", p)
		}
		if n := len(p.Incidents); len(p.Links) < n-1 || len(p.Links) > n-1+3*n {
			t.Errorf("%d links for %d incidents", len(p.Links), n)
		}
		for _, e := range p.RootCause.Evidence {
			if !bytes.Contains([]byte(c.Signals[e.Signal].Message), []byte(e.Quote)) {
				t.Errorf("signal %d does not say %q", e.Signal, e.Quote)
			}
		}
	}
	for s, n := range seen {
		if n != 1 {
			t.Errorf("signal %d is in %d places", s, n)
		}
	}
}

// However the issuer says that a verifier did not get its key, that is part of the rotation's outage and no second fault of the issuer.
func TestWhatIsHandedOverIsOneOutage(t *testing.T) {
	e := engine(t)
	v := vectors(t)["rotation_not_acknowledged.json"]
	for _, words := range []string{
		`%s did not acknowledge`, `key not delivered to %s:`, `webhook to %s failed,`, `no receipt from %s for`, `could not push to %s:`, `%s refuses the update to`,
		`giving up on %s,`,
	} {
		c, err := ReadCase(v.Case)
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.Signals {
			who, what, ok := strings.Cut(c.Signals[i].Message, " did not acknowledge ")
			if ok {
				c.Signals[i].Message = fmt.Sprintf(words, who) + " " + what
			}
		}
		if r := e.Diagnose(c); len(r.Problems) != 1 || r.Problems[0].RootCause.Mechanism != "key_used_before_distributed" {
			t.Errorf("%s: %d problems, the first by %s", words, len(r.Problems), r.Problems[0].RootCause.Mechanism)
		}
	}
}
