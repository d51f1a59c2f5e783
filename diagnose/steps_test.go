package diagnose

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"corax"
)

var (
	anAngle   = regexp.MustCompile(`<[a-z][a-z -]*>`)
	anAddress = regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`)
)

// stepsAreOfTheCase checks that a step holds nothing that neither the case nor the catalogue says: quotations, addresses, numbers, places that
// somebody forgot to fill; and that what it changes can be proven and taken back, or says why not.
func stepsAreOfTheCase(t *testing.T, e *Engine, where string, p corax.Diagnosis, letters string) {
	t.Helper()
	m, _ := e.cat.Mechanism(p.RootCause.Mechanism)
	known, err := json.Marshal([]any{m, e.cat.Actions})
	if err != nil {
		t.Fatal(err)
	}
	source := letters + squeeze(string(known))
	seen := map[string]bool{}
	for _, s := range p.Plan.Steps {
		for _, text := range []string{s.Do, s.Run, s.Check, s.Verify, s.Undo} {
			for _, q := range quotation.FindAllStringSubmatch(text, -1) {
				if text != s.Run && !strings.Contains(source, squeeze(q[1])) {
					t.Errorf("%s: step %s quotes what nobody says: %q", where, s.ID, q[1])
				}
			}
			for _, a := range append(anAngle.FindAllString(text, -1), anAddress.FindAllString(text, -1)...) {
				if !strings.Contains(source, squeeze(a)) {
					t.Errorf("%s: step %s holds %q: %s", where, s.ID, a, text)
				}
			}
			if p.RootCause.Mechanism == unexplained {
				continue // its clock times are reckoned
			}
			for _, number := range aNumber.FindAllString(strings.TrimPrefix(text, s.ID), -1) {
				if !strings.Contains(source, number) && text != s.Verify {
					t.Errorf("%s: step %s: nobody says %s: %s", where, s.ID, number, text)
				}
			}
		}
		for _, blank := range s.Fill {
			if !strings.Contains(s.Run, blank) || !isBlank(blank) {
				t.Errorf("%s: step %s asks for %q, which %q does not hold", where, s.ID, blank, s.Run)
			}
		}
		if s.Risk != corax.Read && (s.Verify == s.Check || strings.HasPrefix(s.Undo, "none") && len(s.Undo) < len("none: why")) {
			t.Errorf("%s: step %s can't be proven or taken back, and does not say why: %+v", where, s.ID, s)
		}
		if seen[s.Do+s.Target] {
			t.Errorf("%s: two steps do this: %s", where, s.Do)
		}
		seen[s.Do+s.Target] = true
	}
}

// explained checks that each decision has reasons, and that what came second is something else of the catalogue.
func explained(t *testing.T, e *Engine, where string, p corax.Diagnosis) {
	t.Helper()
	for _, want := range []string{"pattern", "root_cause", "severity", "grouping", "mode"} {
		at := slices.IndexFunc(p.Explanations, func(x corax.Explanation) bool { return x.Decision == want })
		if at < 0 || len(p.Explanations[at].For) == 0 || p.Explanations[at].Answer == "" {
			t.Errorf("%s: %s is not explained: %+v", where, want, p.Explanations)
			continue
		}
		x := p.Explanations[at]
		switch {
		case want == "pattern" && x.RunnerUp != "":
			name, _, _ := strings.Cut(x.RunnerUp, " (")
			if _, ok := e.cat.Pattern(name); !ok || name == p.Pattern || len(x.WouldChange) == 0 {
				t.Errorf("%s: pattern %s, runner-up %q, would change %q", where, p.Pattern, x.RunnerUp, x.WouldChange)
			}
		case want == "severity" && (x.RunnerUp == "" || x.RunnerUp == p.Severity.String()):
			t.Errorf("%s: severity %s, runner-up %q", where, p.Severity, x.RunnerUp)
		case want == "severity" && slices.ContainsFunc(x.For, lowers):
			t.Errorf("%s: a reason for it lowers it: %q", where, x.For)
		}
	}
}

// Whatever pattern is asked for, there is an answer: what speaks for it, what it lacks, or how to tell.
func TestWhyNotAnswersForEachPattern(t *testing.T) {
	e := engine(t)
	c := corax.Case{Signals: []corax.Signal{
		{Message: "db-1: FATAL: sorry, too many clients already"}, {Message: "cell-4: fault F-207: gantry outside of envelope, axis stopped", Kind: corax.Symptom},
	}}
	for _, p := range e.cat.Patterns {
		answers, err := e.WhyNot(c, p.Name)
		if err != nil || len(answers) == 0 {
			t.Fatalf("%s: %v, %v", p.Name, answers, err)
		}
		for _, x := range answers {
			m, ok := e.cat.Mechanism(x.Asked)
			if !ok || m.Pattern != p.Name {
				t.Errorf("%s: answers for %s", p.Name, x.Asked)
			}
			if !x.Is && (len(x.Lacks)+len(x.For) == 0 || len(x.Tells) == 0) {
				t.Errorf("%s: neither what it lacks nor what tells them apart: %+v", p.Name, x)
			}
		}
	}
}

// A command is that of the product that the signals name.
func TestCommandOfTheProduct(t *testing.T) {
	e := engine(t)
	for message, want := range map[string]string{
		"mysql-a: Lock wait timeout exceeded; try restarting transaction":                       "sys.innodb_lock_waits",
		"pg-a: postgres canceling statement due to lock timeout, 40 sessions wait for the lock": "pg_blocking_pids",
	} {
		r := e.Diagnose(corax.Case{Signals: []corax.Signal{{Message: message}}})
		if len(r.Problems) != 1 || len(r.Problems[0].Plan.Steps) == 0 || !strings.Contains(r.Problems[0].Plan.Steps[0].Run, want) {
			t.Errorf("%s: %+v, want %s", message, r.Problems, want)
		}
	}
}

// What stands in a command and no signal gives is named.
func TestBlanksAreNamed(t *testing.T) {
	b := binding{target: "the failed part", root: "db-1", facts: map[string]string{"unit": "payd"}}
	run, fill := b.command("systemctl start {unit|UNIT}; ss -ltnp | grep {port|PORT}; ping {target}; awk {bucket|BUCKET} {pid}")
	if want := "systemctl start payd; ss -ltnp | grep PORT; ping TARGET; awk BUCKET PID"; run != want {
		t.Errorf("%q, want %q", run, want)
	}
	if want := []string{"TARGET", "PORT", "BUCKET", "PID"}; !slices.Equal(fill, want) {
		t.Errorf("%q, want %q", fill, want)
	}
}

// What a log puts before a message never comes again, so it is no part of what is quoted.
func TestLogHead(t *testing.T) {
	for text, want := range map[string]string{
		"Mar 30 02:00:40 app-09 kernel: Out of memory: Killed process 4841": "Out of memory: Killed process 4841",
		"<34>Mar  3 02:00:40 app-09 nginx[812]: connect() failed":           "connect() failed",
		"2026-03-30T02:00:40.123Z ERROR pool is used up":                    "ERROR pool is used up",
		"[2026-03-30 02:00:40,123] app-09 orders/main[7]: gone":             "gone",
		"Mar 30 02:00:40 ":      "Mar 30 02:00:40 ",
		"Max 30 of 40 is: full": "Max 30 of 40 is: full",
		"2026 was a year":       "2026 was a year",
		"":                      "",
	} {
		if got := text[logHead(text):]; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
