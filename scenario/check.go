package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"corax"
)

const nothing = "no problem"

// judge holds what was seen against what was expected.
func judge(sc Scenario, s *seen) []Check {
	var checks []Check
	if sc.Control {
		checks = append(checks, controlChecks(s)...)
	} else {
		checks = append(checks, countCheck(sc.Expect, s))
		checks = append(checks, outcomeChecks(sc.Expect.outcomes(), s)...)
	}
	for _, a := range s.answered {
		checks = append(checks, approvalCheck(a, s))
	}
	if len(s.missed) > 0 {
		checks = append(checks, Check{Name: "operations", Expected: "all carried out", Actual: "their time never came: " + strings.Join(s.missed, ", ")})
	}
	if taken := s.taken(); sc.Live() && taken > 0 {
		checks = append(checks, decisionCheck(taken, s.undecided()))
	}
	if sc.Live() && s.searched > 0 {
		checks = append(checks, secretCheck(s))
	}
	return append(checks, commonChecks(sc.Expect, s)...)
}

// controlChecks are those of a scenario in which nothing is wrong: nothing may happen.
func controlChecks(s *seen) []Check {
	return []Check{
		equal("problems", 0, len(s.problems)),
		equal("incidents", 0, s.incidents),
		equal("pages", 0, s.calls()),
		equal("actions", 0, s.taken()),
	}
}

func countCheck(e Expect, s *seen) Check {
	want := max(len(e.outcomes()), 1)
	if e.Problems != nil {
		want = *e.Problems
	}
	return equal("problems", want, len(s.problems))
}

// outcomeChecks pairs the expected problems with those that came out, as well as they can be paired, and checks
// each pair.
func outcomeChecks(wants []Outcome, s *seen) []Check {
	var checks []Check
	for i, p := range pair(wants, s) {
		prefix := ""
		if len(wants) > 1 {
			prefix = "problem_" + strconv.Itoa(i+1) + "."
		}
		for _, c := range checkOutcome(wants[i], p, s) {
			c.Name = prefix + c.Name
			checks = append(checks, c)
		}
	}
	return checks
}

// pair gives each expected problem one that came out, nil where there are too few, so that most checks hold.
func pair(wants []Outcome, s *seen) []*problemSeen {
	best, bestScore := make([]*problemSeen, len(wants)), -1
	current, used := make([]*problemSeen, len(wants)), make([]bool, len(s.problems))
	candidates := min(len(s.problems), mostPaired)
	var try func(i, score, left int)
	try = func(i, score, left int) {
		if i == len(wants) {
			if score > bestScore {
				best, bestScore = slices.Clone(current), score
			}
			return
		}
		for k := range candidates {
			if used[k] {
				continue
			}
			used[k], current[i] = true, &s.problems[k]
			try(i+1, score+passing(checkOutcome(wants[i], current[i], s)), left-1)
			used[k], current[i] = false, nil
		}
		if left < len(wants)-i {
			try(i+1, score, left)
		}
	}
	try(0, 0, candidates)
	return best
}

func passing(checks []Check) int {
	n := 0
	for _, c := range checks {
		if c.OK {
			n++
		}
	}
	return n
}

// checkOutcome checks one problem; a nil one fails every check.
func checkOutcome(want Outcome, p *problemSeen, s *seen) []Check {
	var checks []Check
	add := func(name, expected string, check func() (actual string, ok bool)) {
		c := Check{Name: name, Expected: expected, Actual: nothing}
		if p != nil {
			c.Actual, c.OK = check()
		}
		checks = append(checks, c)
	}
	if want.Pattern != "" {
		add("pattern", want.Pattern, func() (string, bool) {
			return p.diagnosis.Pattern, p.diagnosis.Pattern == want.Pattern
		})
	}
	if len(want.Severity) > 0 {
		add("severity", want.Severity.String(), func() (string, bool) {
			return orNone(p.diagnosis.Severity.String()), want.Severity.Has(p.diagnosis.Severity)
		})
	}
	if want.Correlation != nil {
		add("correlation", yesNo(*want.Correlation), func() (string, bool) {
			linked, whole := joined(p.diagnosis)
			return fmt.Sprintf("%d of %d linked", linked, len(p.diagnosis.Incidents)), whole == *want.Correlation
		})
	}
	if want.Cascade != nil {
		add("cascade", yesNo(*want.Cascade), func() (string, bool) {
			return cascadeText(p.diagnosis.Cascade), p.diagnosis.Cascade.Cascading == *want.Cascade
		})
	}
	if want.RootCause != nil {
		add(CheckRootCause, causeText(s.entityOf(want.RootCause.Entity), want.RootCause.Mechanism.String()),
			func() (string, bool) { return checkCause(*want.RootCause, p, s) })
	}
	if want.Remediation != "" {
		add("remediation", string(want.Remediation), func() (string, bool) {
			mode := p.plan().Mode
			return orNone(string(mode)), mode == want.Remediation
		})
	}
	if want.End != "" {
		add("end", string(want.End), func() (string, bool) {
			end := p.end()
			return string(end), end == want.End || want.End == EndHealed && end == EndClosed
		})
	}
	if want.Escalated != nil {
		add("escalated", yesNo(*want.Escalated), func() (string, bool) {
			return yesNo(p.escalated), p.escalated == *want.Escalated
		})
	}
	if len(want.Escalation) > 0 {
		add("escalation_names", strings.Join(entities(want.Escalation, s), ", "), func() (string, bool) {
			return orNone(p.escalation), namesAll(p.escalation, entities(want.Escalation, s))
		})
	}
	within := func(name string, most time.Duration, at func() *time.Time) {
		if most > 0 {
			add(name, most.String(), func() (string, bool) { return checkWithin(most, at(), p, s) })
		}
	}
	within("detected_within", want.DetectedWithin, func() *time.Time { return p.detectedAt })
	within("healed_within", want.HealedWithin, func() *time.Time { return p.healedAt })
	within("closed_within", want.ClosedWithin, func() *time.Time { return p.closedAt })
	return append(checks, recordChecks(want, p, s)...)
}

func checkCause(want RootCause, p *problemSeen, s *seen) (string, bool) {
	got := p.diagnosis.RootCause
	ok := want.Entity == "" || got.Entity == s.entityOf(want.Entity)
	if len(want.Mechanism) > 0 && !want.Mechanism.Has(got.Mechanism) {
		ok = false
	}
	return causeText(got.Entity, got.Mechanism), ok
}

// checkWithin holds a time against a limit, counted from the injection that the problem can stem from.
func checkWithin(most time.Duration, at *time.Time, p *problemSeen, s *seen) (string, bool) {
	if at == nil {
		return "never", false
	}
	start, ok := s.injectedBefore(*p)
	if !ok {
		return "nothing was injected", false
	}
	took := at.Sub(start)
	return took.Round(100 * time.Millisecond).String(), took <= most
}

func approvalCheck(a approvalSeen, s *seen) Check {
	c := Check{Name: "approval " + a.action, Expected: "asked for before anything is done"}
	switch {
	case a.err != nil:
		c.Actual = a.err.Error()
	case a.asked == nil:
		c.Actual = "never asked for"
	case a.early:
		c.Actual = "taken before it was approved"
	default:
		word := "approved"
		if a.verdict == corax.Deny {
			word = "denied"
		}
		c.Actual, c.OK = "asked for, then "+word, true
		if len(s.injected) > 0 {
			c.Actual = fmt.Sprintf("asked for after %.1f s, then %s", a.asked.Sub(s.injected[0].At).Seconds(), word)
		}
	}
	return c
}

// decisionCheck wants a decision on record for every step that was taken.
func decisionCheck(taken int, undecided []string) Check {
	c := Check{Name: "decisions", Expected: "one for every step taken", Actual: fmt.Sprintf("for all %d", taken), OK: true}
	if len(undecided) > 0 {
		c.Actual, c.OK = "none for "+strings.Join(undecided, ", "), false
	}
	return c
}

// commonChecks are those that concern the run as a whole.
func commonChecks(e Expect, s *seen) []Check {
	var checks []Check
	if len(e.Forbid.Patterns) > 0 {
		checks = append(checks, forbidden("forbid_patterns", e.Forbid.Patterns, s, func(p problemSeen) []string {
			return []string{p.diagnosis.Pattern}
		}))
	}
	if len(e.Forbid.Entities) > 0 {
		checks = append(checks, forbidden("forbid_entities", entities(e.Forbid.Entities, s), s, func(p problemSeen) []string {
			return []string{p.diagnosis.RootCause.Entity}
		}))
	}
	if len(e.Forbid.Actions) > 0 {
		checks = append(checks, forbidden("forbid_actions", e.Forbid.Actions, s, actionsOf))
	}
	if e.Pages != nil {
		checks = append(checks, equal("pages", *e.Pages, s.calls()))
	}
	checks = append(checks, toldChecks(e, s)...)
	if e.Kills > 0 {
		checks = append(checks, Check{Name: "kills", Expected: fmt.Sprintf("%d or more", e.Kills), Actual: strconv.Itoa(s.kills), OK: s.kills >= e.Kills})
	}
	if e.Invariants {
		c := Check{Name: "invariants", Expected: "all hold", Actual: fmt.Sprintf("all %d hold", s.judgement.Invariants), OK: s.judgement.Invariants > 0}
		if len(s.judgement.Violations) > 0 {
			c.Actual, c.OK = "broken: "+strings.Join(s.judgement.Violations, "; "), false
		}
		checks = append(checks, c)
	}
	for _, want := range e.Records {
		checks = append(checks, recordedCheck(want, s))
	}
	if len(e.Records) > 1 {
		checks = append(checks, orderCheck(e.Records, s))
	}
	if e.Truth {
		checks = append(checks, Check{
			Name: "truth", Expected: "users are served", Actual: orNone(s.truth.Text), OK: s.truth.Served,
		})
	}
	return checks
}

// forbidden looks for any of the words in what of reads from each problem.
func forbidden(name string, words []string, s *seen, of func(problemSeen) []string) Check {
	c := Check{Name: name, Expected: "not " + strings.Join(words, ", "), Actual: "none of them", OK: true}
	var found []string
	for _, p := range s.problems {
		for _, got := range of(p) {
			if slices.Contains(words, got) && !slices.Contains(found, got) {
				found = append(found, got)
			}
		}
	}
	if len(found) > 0 {
		c.Actual, c.OK = strings.Join(found, ", "), false
	}
	return c
}

// actionsOf are the actions that were planned or taken.
func actionsOf(p problemSeen) []string {
	var actions []string
	for _, step := range p.diagnosis.Plan.Steps {
		actions = append(actions, step.Action)
	}
	for _, run := range p.runs {
		for _, step := range run.Plan.Steps {
			actions = append(actions, step.Action)
		}
		for _, step := range run.Steps {
			actions = append(actions, step.Action)
		}
	}
	return actions
}

func equal(name string, want, got int) Check {
	return Check{Name: name, Expected: strconv.Itoa(want), Actual: strconv.Itoa(got), OK: want == got}
}

func entities(roles []string, s *seen) []string {
	ids := make([]string, len(roles))
	for i, role := range roles {
		ids[i] = s.entityOf(role)
	}
	return ids
}

func namesAll(text string, ids []string) bool {
	for _, id := range ids {
		if !strings.Contains(text, id) {
			return false
		}
	}
	return true
}

func causeText(entity, mechanism string) string {
	switch {
	case entity == "" && mechanism == "":
		return "none"
	case entity == "":
		return mechanism
	case mechanism == "":
		return entity
	}
	return entity + ": " + mechanism
}

func cascadeText(c corax.Cascade) string {
	if !c.Cascading {
		return "no"
	}
	return fmt.Sprintf("yes, from %s to %d others", c.Root, len(c.Affected))
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
