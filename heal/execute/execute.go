// Package execute carries out calls: the only place where Corax touches what it heals.
//
// In comes a declared call (corax.Call), the values for its expressions, and an order: the idempotency key, and
// whether it is a reading. Out goes a Result that tells apart what took effect, what may have, what found nobody, what
// was refused and what was never sent. Each kind of call has an executor in a file of its own, registered in kinds.
//
// It must never send a call that isn't declared, never take a silence for a success, never hand a value to a shell or
// into a statement's text, and never give out a secret: Set.Run redacts all that an executor says.
package execute

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"

	"corax"
	"corax/vault"
)

const (
	maxAnswer = 1 << 20 // bytes of an answer that are read
	maxShown  = 200     // bytes of an answer that a record shows
	maxText   = 1 << 10 // bytes of a result's text
)

// Outcome is what became of a call.
type Outcome string

// The outcomes of a call.
const (
	Done    Outcome = "done"    // it took effect, or was answered
	Unclear Outcome = "unclear" // it was sent, and may have taken effect
	Away    Outcome = "away"    // nobody is there; nothing took effect
	Refused Outcome = "refused" // the target said no, and changed nothing
	Failed  Outcome = "failed"  // it could not be sent; nothing took effect
)

// Result is what became of a call. It holds no secret that the Redactor knows.
type Result struct {
	Outcome Outcome
	Text    string // for people: what was done on what, and what came of it
	Value   any    // of a reading that is Done: what encoding/json gives, with whole numbers as int64
	Status  int    // the target's own code: of HTTP, or of the process that exited; 0 where there is none
	Again   bool   // of Refused: another try, after a fresh look, may help

	output []byte // what the target said, to be shown after the text
}

// Order says how a call is run.
type Order struct {
	Key  string // idempotency key, the same for each attempt at one effect; empty in a reading
	Read bool   // nothing is changed, and the answer is wanted
}

// Executor carries out calls of one kind. It may be used from many goroutines.
type Executor interface {
	// Check notes what is wrong with a declared call at field.
	Check(c Checks, field string, call corax.Call, read bool)
	// Bind evaluates the call's expressions and looks up what it names. Its error says why the call can't be sent.
	Bind(call corax.Call, v Values) (Bound, error)
	// Keys says what a repeat of the call with the same key comes to.
	Keys(call corax.Call) Keying
	// Named is what the call names under executors, as it is declared now; nil where it names nothing.
	Named(call corax.Call, v Values) any
	// Close lets go of what was kept open.
	Close()
}

// Bound is a call with every value in its place. Run sends it once, and ends soon after ctx does; String says, for
// people, what it would send.
type Bound interface {
	Run(ctx context.Context, o Order) Result
	String() string
}

// Keying is what the target of a call does with an idempotency key.
type Keying int

// The ways of a key.
const (
	NoKey       Keying = iota // there is no place for one
	CarriesKey                // the target is given it, and may or may not heed it
	RepeatsOnce               // a repeat with the same key has one effect
)

// Values evaluates the expressions of a declared call.
type Values interface {
	Text(template string) (string, error)
	Value(template string) (any, error) // one that is a single expression keeps its type
	URL(template string) (*url.URL, error)
}

// Checks is what an executor checks a declaration with.
type Checks interface {
	Fail(field, hint, format string, args ...any)
	Template(field, template string) // its expressions compile
	Topology(field, template string) // and read nothing but what was declared
	URL(field, template string)      // it gives an address, whose host is from the topology
}

// Options say what calls may reach.
type Options struct {
	Executors func() corax.Executors // as configured at the moment of the call; none where nil
	Redactor  *vault.Redactor
	Resolve   func(ctx context.Context, ref string) (vault.Secret, error) // that of a vault.Keeper without a vault where nil
}

// kind is how an executor is registered.
type kind struct {
	name string
	has  func(corax.Call) bool
	make func(*Options) Executor
}

// kinds are all executors there are; this is the one place that lists them.
func kinds() []kind {
	return []kind{
		{"http", func(c corax.Call) bool { return c.HTTP != nil }, newHTTP},
		{"command", func(c corax.Call) bool { return c.Command != nil }, newCommands},
		{"ssh", func(c corax.Call) bool { return c.SSH != nil }, newSSH},
		{"sql", func(c corax.Call) bool { return c.SQL != nil }, newSQL},
		{"process", func(c corax.Call) bool { return c.Process != nil }, newProcesses},
		{"file", func(c corax.Call) bool { return c.File != nil }, newFiles},
	}
}

// Set is all executors.
type Set struct {
	o         Options
	kinds     []kind
	executors []Executor
}

// New makes all executors.
func New(o Options) *Set {
	if o.Executors == nil {
		o.Executors = func() corax.Executors { return corax.Executors{} }
	}
	if o.Redactor == nil {
		o.Redactor = &vault.Redactor{}
	}
	if o.Resolve == nil {
		o.Resolve = (&vault.Keeper{Redactor: o.Redactor}).Resolve
	}
	s := &Set{o: o, kinds: kinds()}
	for _, k := range s.kinds {
		s.executors = append(s.executors, k.make(&s.o))
	}
	return s
}

// Close lets go of what is kept open. The set can be used again.
func (s *Set) Close() {
	for _, x := range s.executors {
		x.Close()
	}
}

var errNotOne = errors.New("a call is exactly one of http, command, ssh, sql, process and file")

func (s *Set) pick(call corax.Call) (name string, x Executor, err error) {
	for n, k := range s.kinds {
		if !k.has(call) {
			continue
		}
		if x != nil {
			return "", nil, errNotOne
		}
		name, x = k.name, s.executors[n]
	}
	if x == nil {
		return "", nil, errNotOne
	}
	return name, x, nil
}

// Empty says that the call says nothing.
func Empty(call corax.Call) bool { return call == corax.Call{} }

// Check notes what is wrong with a declared call. field is its place, to which the kind is added.
func (s *Set) Check(c Checks, field string, call corax.Call, read bool) {
	name, x, err := s.pick(call)
	if err != nil {
		c.Fail(field, "give it one of them", "%w", err)
		return
	}
	if field != "" {
		field += "."
	}
	x.Check(c, field+name, call, read)
}

// Keys says what a repeat of the call with the same key comes to.
func (s *Set) Keys(call corax.Call) Keying {
	_, x, err := s.pick(call)
	if err != nil {
		return NoKey
	}
	return x.Keys(call)
}

// Named is what a call names under executors, as it is declared now; nil where it names nothing. It marshals to JSON.
func (s *Set) Named(call corax.Call, v Values) any {
	_, x, err := s.pick(call)
	if err != nil {
		return nil
	}
	return x.Named(call, v)
}

// Run evaluates a call and sends it once. The time that ctx leaves is the call's.
func (s *Set) Run(ctx context.Context, call corax.Call, v Values, o Order) Result {
	_, x, err := s.pick(call)
	if err != nil {
		return s.told(failed(err))
	}
	bound, err := x.Bind(call, v)
	if err != nil {
		return s.told(failed(err))
	}
	if ctx.Err() != nil {
		return s.told(failed(context.Cause(ctx)))
	}
	return s.told(bound.Run(ctx, o))
}

// Describe evaluates a call, and says for people what Run would send. It sends nothing.
func (s *Set) Describe(call corax.Call, v Values) (string, error) {
	_, x, err := s.pick(call)
	if err != nil {
		return "", err
	}
	bound, err := x.Bind(call, v)
	if err != nil {
		return "", errors.New(s.o.Redactor.Redact(err.Error()))
	}
	return cut(s.o.Redactor.Redact(bound.String()), maxText), nil
}

// told is a result without secrets, and no longer than a record may be. What is redacted is so before it is cut: half
// a secret is no longer recognised.
func (s *Set) told(r Result) Result {
	r.Text = cut(s.o.Redactor.Redact(r.Text), maxText)
	shown := strings.TrimSpace(strings.ToValidUTF8(string(r.output), "?"))
	if shown = cut(s.o.Redactor.Redact(shown), maxShown); shown != "" {
		r.Text += " " + shown
	}
	r.output = nil
	r.Value = s.worked(r.Value)
	return r
}

// worked is a value for expressions: without the secrets that are known, but with what only looks like one, for the next
// call may need it. Whoever records or shows it redacts it first.
func (s *Set) worked(v any) any {
	switch v := v.(type) {
	case string:
		return s.o.Redactor.Known(v)
	case []any:
		for n := range v {
			v[n] = s.worked(v[n])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[s.o.Redactor.Known(k)] = s.worked(item)
		}
		return out
	}
	return v
}

func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + " ..."
}

// secret reads a credential and tells the Redactor of it; the caller wipes it after its use.
func (o *Options) secret(ctx context.Context, ref string) (vault.Secret, error) {
	secret, err := o.Resolve(ctx, ref)
	if err == nil {
		o.Redactor.Know(secret)
	}
	return secret, err
}

func failed(err error) Result { return Result{Outcome: Failed, Text: err.Error()} }

// silent is the outcome of a call that was sent and not answered: to a reading, nobody is there; of an effect, nobody
// can say.
func (o Order) silent() Outcome {
	if o.Read {
		return Away
	}
	return Unclear
}
