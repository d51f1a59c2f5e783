// Package executetest holds every executor to the same promises, against a real target.
//
// In comes a Target: something real that an executor reaches, and how to ask it, past the executor, what has happened
// to it. The suite then cancels, times out, cuts, repeats, floods and lies, and holds what the executor says against
// what the target says.
package executetest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"corax"
	"corax/heal/execute"
	"corax/vault"
)

const (
	// Plain is the value that every target takes.
	Plain = "plain-value"
	// Secret is the credential that calls use, by the reference SecretRef, and that targets give away.
	Secret    = `sesame-"open"+4711`
	secretVar = "CORAX_EXECUTETEST_SECRET"
	// SecretRef is the reference to Secret.
	SecretRef = "env:" + secretVar

	atOnce = 5 * time.Second // within which a call ends that was told to
)

// Target is something real that one executor reaches.
type Target struct {
	Executors corax.Executors
	// Effect stores the value at the target. Where Stored is nil, values only choose among what is declared, and none
	// but Plain is.
	Effect func(value string) corax.Call
	// Reading asks what is stored, and Stored finds it in the answer.
	Reading corax.Call
	Stored  func(answer any) string
	// NoPlace says that the target has no place for such a value; the call must then not be sent.
	NoPlace func(value string) bool
	// Effects counts what has taken effect, as the target itself knows it.
	Effects func(t *testing.T) int
	// Key is the idempotency key that the target was given last; nil where none reaches it.
	Key func(t *testing.T) string

	// Slow is an effect that takes longer than any test; nil where there is no such thing. Begun waits until it is at
	// work at the target, Cut kills the target or the connection in the middle of it, and Ended waits until nothing of it
	// is at work any more.
	Slow              func(t *testing.T) corax.Call
	Begun, Cut, Ended func(t *testing.T)
	// Interrupted and Broken are what is true of an effect that was cancelled, and of one that was cut.
	Interrupted, Broken execute.Outcome

	// Leaks are calls that make the target give away Secret in what it answers, each in the forms of Leaked.
	Leaks []Leak
	// KnowsSecret says that the calls themselves use SecretRef; otherwise the secret is known from another's use.
	KnowsSecret bool
	Large       corax.Call // a reading whose answer is larger than a call may read
	Missing     corax.Call // a reading of a target that isn't there
	MissingToo  corax.Call // an effect on one
}

// Leak is a call that gives a secret away, as an effect or as a reading.
type Leak struct {
	Name string
	Call corax.Call
	Read bool
}

// Leaked are the forms in which targets give the secret away.
func Leaked() map[string]string {
	return map[string]string{"plain": Secret, "base64": base64.StdEncoding.EncodeToString([]byte(Secret))}
}

// Hostile are values that mean something to a shell, a database, a template or a terminal.
func Hostile() []string {
	return []string{
		`'; DROP TABLE effects; --`, `" OR 1=1 --`, "$(touch owned)", "`touch owned`", "a;b|c&d>e<f", "line\nbreak", "\r\n",
		"--help", "-rf", "--", "*", "~", `\`, `\'`, `%s%n%00`, "${target.id}", "{value}", "nul\x00byte", "", " ", "tab\there",
		"żółć ✓ 🜚 \u202etxt", `"quoted" 'and' single`, "#comment", "../../etc/passwd", strings.Repeat("long", 2000),
	}
}

// Literal takes templates as they stand, so that a value in a call arrives as it is.
type Literal struct{}

// Text gives the template.
func (Literal) Text(template string) (string, error) { return template, nil }

// Value gives the template.
func (Literal) Value(template string) (any, error) { return template, nil }

// URL parses the template.
func (Literal) URL(template string) (*url.URL, error) { return url.Parse(template) }

// suite is a target under test.
type suite struct {
	Target
	set  *execute.Set
	keys int
}

// Run holds an executor to its promises. make prepares a target of its own for each of them.
func Run(t *testing.T, prepare func(t *testing.T) Target) {
	t.Setenv(secretVar, Secret)
	for _, c := range []struct {
		name string
		test func(*suite, *testing.T)
	}{
		{"takes effect once", (*suite).effect},
		{"a repeat with the same key", (*suite).repeat},
		{"hostile values arrive as data", (*suite).hostile},
		{"not sent when it is too late", (*suite).late},
		{"cancelled", (*suite).cancelled},
		{"timed out", (*suite).timedOut},
		{"cut in the middle", (*suite).cut},
		{"no secret comes out", (*suite).leaks},
		{"a large answer is bounded", (*suite).large},
		{"a missing target is away", (*suite).missing},
	} {
		t.Run(c.name, func(t *testing.T) {
			// Registered first, so that it looks last: after the target and the set are gone.
			before := goleak.IgnoreCurrent()
			t.Cleanup(func() { goleak.VerifyNone(t, before) })
			s := &suite{Target: prepare(t)}
			redactor := &vault.Redactor{}
			if !s.KnowsSecret {
				secret, err := vault.Resolve(SecretRef)
				if err != nil {
					t.Fatal(err)
				}
				redactor.Know(secret)
			}
			for _, err := range execute.CheckDeclared(s.Executors) {
				t.Error(err)
			}
			s.set = execute.New(execute.Options{Executors: func() corax.Executors { return s.Executors }, Redactor: redactor})
			t.Cleanup(s.set.Close)
			c.test(s, t)
		})
	}
}

func (s *suite) key() string {
	s.keys++
	return fmt.Sprintf("key-%d", s.keys)
}

func (s *suite) do(ctx context.Context, call corax.Call, o execute.Order) execute.Result {
	return s.set.Run(ctx, call, Literal{}, o)
}

// is holds an outcome against what is expected.
func is(t *testing.T, r execute.Result, want execute.Outcome) {
	t.Helper()
	if r.Outcome != want {
		t.Errorf("got %s, want %s: %s", r.Outcome, want, r.Text)
	}
	if r.Text == "" {
		t.Error("it doesn't say what was done")
	}
}

func (s *suite) stored(t *testing.T) string {
	t.Helper()
	r := s.do(t.Context(), s.Reading, execute.Order{Read: true})
	if is(t, r, execute.Done); r.Outcome != execute.Done {
		t.FailNow()
	}
	return s.Stored(r.Value)
}

func (s *suite) effect(t *testing.T) {
	before := s.Effects(t)
	is(t, s.do(t.Context(), s.Effect(Plain), execute.Order{Key: s.key()}), execute.Done)
	if got := s.Effects(t); got != before+1 {
		t.Errorf("the target counts %d effects, not 1", got-before)
	}
	is(t, s.do(t.Context(), s.Reading, execute.Order{Read: true}), execute.Done)
	if s.Stored != nil {
		if got := s.stored(t); got != Plain {
			t.Errorf("stored %q", got)
		}
	}
	if got := s.Effects(t); got != before+1 {
		t.Error("a reading took effect")
	}
}

func (s *suite) repeat(t *testing.T) {
	before, call, key := s.Effects(t), s.Effect(Plain), s.key()
	for range 2 {
		is(t, s.do(t.Context(), call, execute.Order{Key: key}), execute.Done)
	}
	got := s.Effects(t) - before
	switch s.set.Keys(call) {
	case execute.RepeatsOnce:
		if got != 1 {
			t.Errorf("declared to have one effect, and had %d", got)
		}
	case execute.CarriesKey:
		if s.Key == nil || s.Key(t) != key {
			t.Errorf("declared to carry the key, and the target was not given %s", key)
		}
	case execute.NoKey:
		if got != 2 {
			t.Errorf("declared to know nothing of keys, and had %d effects", got)
		}
	}
}

func (s *suite) hostile(t *testing.T) {
	for _, value := range Hostile() {
		before := s.Effects(t)
		r := s.do(t.Context(), s.Effect(value), execute.Order{Key: s.key()})
		switch {
		case s.Stored == nil || s.NoPlace != nil && s.NoPlace(value):
			if r.Outcome != execute.Failed && r.Outcome != execute.Refused {
				t.Errorf("%q: got %s, expected it not to be sent: %s", value, r.Outcome, r.Text)
			}
			if s.Effects(t) != before {
				t.Errorf("%q took effect", value)
			}
		case r.Outcome != execute.Done:
			t.Errorf("%q: %s: %s", value, r.Outcome, r.Text)
		default:
			if got := s.stored(t); got != value {
				t.Errorf("%q arrived as %q", value, got)
			}
		}
	}
}

func (s *suite) late(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	before := s.Effects(t)
	is(t, s.do(ctx, s.Effect(Plain), execute.Order{Key: s.key()}), execute.Failed)
	if s.Effects(t) != before {
		t.Error("it took effect")
	}
}

// slowly starts the slow effect and waits until it is at work.
func (s *suite) slowly(ctx context.Context, t *testing.T) <-chan execute.Result {
	t.Helper()
	call, ended := s.Slow(t), make(chan execute.Result, 1)
	go func() { ended <- s.do(ctx, call, execute.Order{Key: s.key()}) }()
	s.Begun(t)
	return ended
}

// within waits for the end of a call that was told to end.
func within(t *testing.T, ended <-chan execute.Result, bound time.Duration) execute.Result {
	t.Helper()
	select {
	case r := <-ended:
		return r
	case <-time.After(bound):
		t.Fatalf("it did not end within %s", bound)
	}
	return execute.Result{}
}

// truthful holds an outcome against the target: what is said not to have taken effect must not have.
func (s *suite) truthful(t *testing.T, r execute.Result, want execute.Outcome, before int) {
	t.Helper()
	is(t, r, want)
	s.Ended(t)
	if r.Outcome != execute.Unclear && r.Outcome != execute.Done && s.Effects(t) != before {
		t.Errorf("said to be %s, and it took effect", r.Outcome)
	}
}

func (s *suite) needsSlow(t *testing.T) {
	if s.Slow == nil {
		t.Log("nothing here takes long; a kill in the middle has a test of its own")
	}
}

func (s *suite) cancelled(t *testing.T) {
	if s.needsSlow(t); s.Slow == nil {
		return
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	before := s.Effects(t)
	ended := s.slowly(ctx, t)
	cancel()
	s.truthful(t, within(t, ended, atOnce), s.Interrupted, before)
}

func (s *suite) timedOut(t *testing.T) {
	if s.needsSlow(t); s.Slow == nil {
		return
	}
	// Long enough for the call to reach the target, however busy this machine is.
	begun := time.Now()
	is(t, s.do(t.Context(), s.Effect(Plain), execute.Order{Key: s.key()}), execute.Done)
	short := time.Second + 4*time.Since(begun)
	before, call := s.Effects(t), s.Slow(t)
	ctx, cancel := context.WithTimeout(t.Context(), short)
	defer cancel()
	begun = time.Now()
	r := s.do(ctx, call, execute.Order{Key: s.key()})
	if took := time.Since(begun); took > short+atOnce {
		t.Errorf("it took %s", took)
	}
	want := s.Interrupted
	if want == execute.Failed {
		want = execute.Away // what doesn't answer in time, and took no effect
	}
	s.truthful(t, r, want, before)
}

func (s *suite) cut(t *testing.T) {
	if s.needsSlow(t); s.Slow == nil {
		return
	}
	before := s.Effects(t)
	ended := s.slowly(t.Context(), t)
	s.Cut(t)
	s.truthful(t, within(t, ended, atOnce), s.Broken, before)
}

func (s *suite) leaks(t *testing.T) {
	for _, l := range s.Leaks {
		r := s.do(t.Context(), l.Call, execute.Order{Read: l.Read, Key: s.key()})
		value, err := json.Marshal(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		all := r.Text + string(value)
		if !strings.Contains(all, "[redacted]") {
			t.Errorf("%s: nothing was redacted, so nothing was given away: %s", l.Name, all)
		}
		for form, text := range Leaked() {
			if strings.Contains(all, strings.TrimRight(text, "=")) || strings.Contains(all, "sesame") {
				t.Errorf("%s: the secret comes out %s: %s", l.Name, form, all)
			}
		}
	}
}

func (s *suite) large(t *testing.T) {
	if call := s.Large; !execute.Empty(call) {
		r := s.do(t.Context(), call, execute.Order{Read: true})
		is(t, r, execute.Failed)
		if r.Value != nil || len(r.Text) > 2<<10 {
			t.Errorf("%d bytes of text, value %v", len(r.Text), r.Value)
		}
	}
}

func (s *suite) missing(t *testing.T) {
	before := s.Effects(t)
	is(t, s.do(t.Context(), s.Missing, execute.Order{Read: true}), execute.Away)
	is(t, s.do(t.Context(), s.MissingToo, execute.Order{Key: s.key()}), execute.Away)
	if s.Effects(t) != before {
		t.Error("it took effect elsewhere")
	}
}
