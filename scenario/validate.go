package scenario

import (
	"fmt"
	"regexp"
	"time"

	"corax"
	"corax/config/decode"
)

var (
	nameForm     = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)
	categoryForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	modes        = []corax.Mode{corax.AutoHeal, corax.Approval, corax.RemoteHands, corax.Manual, corax.NoMode}
	workAnswers  = []string{"accept", "start", "done", "cannot"}
	kinds        = []corax.SignalKind{corax.Symptom, corax.Recovery, corax.Expiry, corax.ChangeOf, corax.Note}
)

const (
	mostSignals = 10_000 // in one scenario
	mostPaired  = 6      // expected problems: the best pairing is searched for
)

// mostLong bounds a name and a category: files and addresses are made of them.
const mostLong = 100

func isName(s string) bool { return len(s) <= mostLong && nameForm.MatchString(s) }

func isCategory(s string) bool { return len(s) <= mostLong && categoryForm.MatchString(s) }

// IsID says that these are a scenario's category and name. Of such, files and addresses can be made.
func IsID(category, name string) bool { return isCategory(category) && isName(name) }

// validate checks what the types alone don't. The error is decode.Errors.
func validate(doc *decode.Document, s Scenario) error {
	v := validator{doc: doc, live: s.Live()}
	v.that(isName(s.Name), "name", "use at most 100 lower-case letters, digits and underscores",
		"is not a scenario's name")
	v.that(isCategory(s.Category), "category", "use at most 100 lower-case letters, digits and dashes",
		"is not a category")
	v.injections(s)
	v.operations(s)
	v.expectations(s)
	v.faults.Sort()
	return v.faults.OrNil()
}

type validator struct {
	doc    *decode.Document
	live   bool
	faults decode.Errors
}

func (v *validator) that(ok bool, path, hint, format string, args ...any) {
	if !ok {
		v.faults = append(v.faults, v.doc.Problem(path, hint, format, args...))
	}
}

// word checks that one of a few words was used, where one was.
func word[T ~string](v *validator, path string, got T, allowed []T) {
	if got == "" || OneOf[T](allowed).Has(got) {
		return
	}
	words := make([]string, len(allowed))
	for i, a := range allowed {
		words[i] = string(a)
	}
	v.that(false, path, decode.DidYouMean(string(got), words), "%q is not known here", got)
}

func (v *validator) injections(s Scenario) {
	v.that(len(s.Inject) <= mostSignals, "inject", "", "holds more than %d entries", mostSignals)
	if v.live {
		v.that(s.Lab.Name != "", "lab.name", "", "is missing")
		v.that(s.Topology == nil, "topology", "leave it out", "belongs to a text scenario; a lab brings its own")
	}
	for i, in := range s.Inject {
		at := fmt.Sprintf("inject[%d]", i)
		v.that(in.After >= 0, at+".after", "", "is negative")
		switch {
		case in.Fault == "" && in.Signal == nil:
			v.that(false, at, "", "needs a fault or a signal")
		case in.Fault != "" && in.Signal != nil:
			v.that(false, at, "make two entries of it", "has both a fault and a signal")
		case in.Fault != "":
			v.that(v.live, at+".fault", "name a lab, or inject signals", "needs a lab to break")
		default:
			v.that(!v.live, at+".signal", "inject a fault", "can't be sent in a lab, whose own monitors speak")
			v.that(in.With == nil, at+".with", "leave it out", "belongs to a fault")
			v.that(in.Signal.Message != "", at+".signal.message", "", "is missing")
			word(v, at+".signal.kind", in.Signal.Kind, kinds)
		}
	}
}

func (v *validator) operations(s Scenario) {
	for i, op := range s.Operate {
		at := fmt.Sprintf("operate[%d]", i)
		v.that(v.live, at, "", "needs a lab: a text scenario ends with the plan")
		v.that(op.deeds() == 1, at, "write approve: {action: service.restart}", "needs one thing to do, beside when")
		if op.Work != nil {
			word(v, at+".work.answer", op.Work.Answer, workAnswers)
		}
		v.that(op.When == nil || op.When.Times >= 0, at+".when.times", "", "is negative")
		v.that(op.Kill == nil || op.Kill.Most >= 0, at+".kill.most", "", "is negative")
		v.that(op.Kill == nil || op.Kill.Within >= 0, at+".kill.within", "", "is negative")
	}
	v.that(v.live || len(s.Config) == 0, "config", "leave it out", "needs a lab")
	v.that(s.Observe >= 0, "observe", "", "is negative")
	v.that(s.Observe == 0 || s.Control, "observe", "leave it out",
		"belongs to a control; others end when the expected end is reached")
}

func (v *validator) expectations(s Scenario) {
	e := s.Expect
	if s.Control {
		v.that(e.empty() && len(e.Each) == 0 && e.Problems == nil && e.Pages == nil, "expect",
			"keep invariants, truth and forbid only",
			"expects something to happen in a control")
	} else {
		v.that(len(e.outcomes()) > 0, "expect", "say at least what its pattern or root_cause is",
			"expects nothing of any problem")
		v.that(len(e.Each) == 0 || e.empty(), "expect.each", "move what stands beside it into it",
			"stands beside another outcome")
		v.that(len(e.Each) <= mostPaired, "expect.each", "", "holds more than %d problems", mostPaired)
		if e.Problems != nil {
			v.that(*e.Problems >= len(e.outcomes()), "expect.problems", "",
				"is less than the problems that something is expected of")
		}
	}
	v.that(v.live || !e.Invariants, "expect.invariants", "leave it out", "needs a lab")
	v.that(v.live || !e.Truth, "expect.truth", "leave it out", "needs a lab")
	v.that(v.live || len(e.Told) == 0, "expect.told", "leave it out", "needs a lab")
	v.that(v.live || len(e.Records) == 0, "expect.records", "leave it out", "needs a lab")
	for i, r := range e.Records {
		v.that(r.Times == nil || *r.Times >= 0, fmt.Sprintf("expect.records[%d].times", i), "", "is negative")
	}
	v.that(v.live || e.Kills == 0, "expect.kills", "leave it out", "needs a lab")
	v.outcome(e.Outcome, "expect")
	for i, o := range e.Each {
		at := fmt.Sprintf("expect.each[%d]", i)
		v.that(!o.empty(), at, "", "expects nothing")
		v.outcome(o, at)
	}
}

func (v *validator) outcome(o Outcome, at string) {
	word(v, at+".end", o.End, ends)
	word(v, at+".remediation", o.Remediation, modes)
	if o.RootCause != nil {
		v.that(o.RootCause.Entity != "" || len(o.RootCause.Mechanism) > 0, at+".root_cause", "",
			"needs an entity or a mechanism")
	}
	v.limit(o.DetectedWithin, at+".detected_within")
	v.limit(o.HealedWithin, at+".healed_within")
	v.limit(o.ClosedWithin, at+".closed_within")
	if v.live {
		return
	}
	v.that(o.End.rank() <= EndPlanned.rank(), at+".end", "", "text alone ends with none or planned, not %s", o.End)
	v.that(o.Escalated == nil, at+".escalated", "leave it out", "needs a lab")
	v.that(len(o.Escalation) == 0, at+".escalation_names", "leave it out", "needs a lab")
	v.that(len(o.Plan) == 0 && o.Plans == nil && len(o.Steps) == 0 && len(o.Decisions) == 0 && len(o.Approvals) == 0 && o.Work == "",
		at, "leave plan, plans, steps, decisions, approvals and work out", "expects deeds, which need a lab")
}

func (v *validator) limit(d time.Duration, path string) {
	v.that(d >= 0, path, "", "is negative")
	v.that(d == 0 || v.live, path, "leave it out", "needs a lab: text takes no time")
}
