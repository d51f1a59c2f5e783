package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"corax"
)

// recordChecks hold the records of one problem's plans against what is expected of them: states, steps, decisions,
// requests, work. A nil problem fails every one.
func recordChecks(want Outcome, p *problemSeen, s *seen) []Check {
	if p == nil {
		p = &problemSeen{}
	}
	var checks []Check
	if len(want.Plan) > 0 {
		c := Check{Name: "plan", Expected: want.Plan.String(), Actual: "no plan"}
		if n := len(p.runs); n > 0 {
			last := p.runs[n-1]
			c.Actual, c.OK = strings.TrimSuffix(string(last.State)+": "+last.Why, ": "), want.Plan.Has(last.State)
		}
		checks = append(checks, c)
	}
	if want.Plans != nil {
		checks = append(checks, equal("plans", *want.Plans, len(p.runs)))
	}
	for _, w := range want.Steps {
		checks = append(checks, stepCheck(w, p, s))
	}
	for _, w := range want.Decisions {
		checks = append(checks, decidedCheck(w, p, s))
	}
	if len(want.Approvals) > 0 {
		checks = append(checks, requestsCheck(want.Approvals, p, s))
	}
	if want.Work != "" {
		c := Check{Name: "work", Expected: string(want.Work), Actual: "no work order"}
		for _, o := range s.orders {
			if o.Problem == p.id {
				c.Actual, c.OK = strings.TrimSuffix(string(o.State)+": "+o.Why, ": "), o.State == want.Work
			}
		}
		checks = append(checks, c)
	}
	return checks
}

// stepCheck wants a step that came to this, in any plan of the problem.
func stepCheck(want StepEnd, p *problemSeen, s *seen) Check {
	target := s.entityOf(want.Target)
	c := Check{Name: strings.TrimSpace("step " + want.Action + " " + want.Target), Expected: want.State.String(), Actual: "no such step"}
	if want.Says != "" {
		c.Expected += fmt.Sprintf(", with %q", want.Says)
	}
	var came []string
	for _, run := range p.runs {
		for _, r := range run.Steps {
			if r.Action != want.Action || target != "" && r.Target != target {
				continue
			}
			text := strings.Join(slices.DeleteFunc([]string{r.Precheck, r.Result, r.Verified}, func(t string) bool { return t == "" }), "; ")
			came = append(came, strings.TrimSuffix(string(r.State)+": "+text, ": "))
			c.OK = c.OK || want.State.Has(r.State) && strings.Contains(text, want.Says)
		}
	}
	if len(came) > 0 {
		c.Actual = strings.Join(came, " | ")
	}
	return c
}

// decidedCheck wants a decision like this among those about the problem's plans.
func decidedCheck(want Decided, p *problemSeen, s *seen) Check {
	c := Check{Name: "decision " + want.Action, Expected: strings.TrimSpace(string(want.Verdict) + " " + want.Rule), Actual: "none about it"}
	if want.Why != "" {
		c.Expected += fmt.Sprintf(", because of %q", want.Why)
	}
	var made []string
	for _, d := range s.decisions {
		if p.actionOf(d.Plan, d.Step) != want.Action {
			continue
		}
		made = append(made, fmt.Sprintf("%s %s: %s", d.Verdict, d.Rule, d.Why))
		c.OK = c.OK || d.Verdict == want.Verdict && (want.Rule == "" || d.Rule == want.Rule) && strings.Contains(d.Why, want.Why)
	}
	if len(made) > 0 {
		c.Actual = strings.Join(made, " | ")
	}
	return c
}

// actionOf is the action of a step of one of the problem's plans.
func (p *problemSeen) actionOf(plan, step string) string {
	for _, run := range p.runs {
		for _, st := range run.Plan.Steps {
			if run.Plan.ID == plan && st.ID == step {
				return st.Action
			}
		}
	}
	return ""
}

// requestsCheck wants exactly these requests for approval, in the order of asking.
func requestsCheck(want []Approved, p *problemSeen, s *seen) Check {
	c := Check{Name: "approvals"}
	var expected, came []string
	for _, w := range want {
		expected = append(expected, strings.TrimSuffix(fmt.Sprintf("%s: %s by %s", w.Action, w.Answer, w.By), " by "))
	}
	var mine []corax.ApprovalRequest
	for _, r := range s.requests {
		if r.Problem == p.id {
			mine = append(mine, r)
		}
	}
	slices.SortStableFunc(mine, func(a, b corax.ApprovalRequest) int { return a.AskedAt.Compare(b.AskedAt) })
	c.OK = len(mine) == len(want)
	for i, r := range mine {
		came = append(came, fmt.Sprintf("%s: %s by %s", r.Action, orNone(string(r.Answer)), orNone(r.By)))
		if i < len(want) {
			c.OK = c.OK && r.Action == want[i].Action && r.Answer == want[i].Answer && strings.Contains(r.By, want[i].By)
		}
	}
	c.Expected, c.Actual = strings.Join(expected, ", "), orNone(strings.Join(came, ", "))
	return c
}

// toldChecks want notices that were delivered, by Corax's own account and by that of who got them.
func toldChecks(e Expect, s *seen) []Check {
	var checks []Check
	for _, want := range e.Told {
		c := Check{Name: "told " + string(want.Kind), Expected: strings.TrimSpace("delivered " + want.Contact), Actual: "never"}
		if want.Says != "" {
			c.Expected += fmt.Sprintf(", with %q", want.Says)
		}
		for _, page := range s.pages {
			for _, d := range page.Deliveries {
				n, ok := page.Notice(d.Notice)
				if !ok || n.Kind != want.Kind || want.Contact != "" && d.Contact != want.Contact || !strings.Contains(n.Text, want.Says) {
					continue
				}
				c.Actual = fmt.Sprintf("%s to %s: %s", n.Kind, orNone(d.Contact), d.State)
				c.OK = c.OK || d.State == corax.DeliverySent
			}
		}
		checks = append(checks, c)
	}
	return checks
}

// is says that a record of the lab is one of those that are meant.
func (w Recorded) is(r LabRecord, s *seen) bool {
	if r.Event != w.Event || w.By != "" && r.By != w.By || w.Part != "" && r.Part != s.entityOf(w.Part) {
		return false
	}
	for name, value := range w.With {
		if got := r.Detail[name]; got != value && got != s.entityOf(value) {
			return false
		}
	}
	return true
}

func (w Recorded) String() string {
	text := w.Event
	if w.Part != "" {
		text = w.Part + ": " + text
	}
	for _, name := range slices.Sorted(maps.Keys(w.With)) {
		text += " " + name + "=" + w.With[name]
	}
	if w.By != "" {
		text += " by " + w.By
	}
	return text
}

// recordedCheck wants such a record of the lab's parts, as often as is said, or once at least.
func recordedCheck(want Recorded, s *seen) Check {
	n := 0
	for _, r := range s.records {
		if want.is(r, s) {
			n++
		}
	}
	c := Check{Name: "record " + want.String(), Expected: "once or more", Actual: fmt.Sprintf("%d times", n), OK: n > 0}
	if want.Times != nil {
		c.Expected, c.OK = fmt.Sprintf("%d times", *want.Times), n == *want.Times
	}
	return c
}

// orderCheck wants the first of each of these records in this order; those that must not be there don't count.
func orderCheck(wants []Recorded, s *seen) Check {
	c := Check{Name: "records in order", Expected: "in the order given", Actual: "in that order", OK: true}
	last := -1
	for _, w := range wants {
		if w.Times != nil && *w.Times == 0 {
			continue
		}
		n := slices.IndexFunc(s.records, func(r LabRecord) bool { return w.is(r, s) })
		if n < last {
			c.Actual, c.OK = w.String()+" came too early, or never", false
			break
		}
		last = n
	}
	return c
}

// secretCheck wants none of the lab's credentials in what Corax keeps and tells.
func secretCheck(s *seen) Check {
	c := Check{Name: "secrets", Expected: "none found", Actual: fmt.Sprintf("none of %d found", s.searched), OK: true}
	if len(s.leaks) > 0 {
		c.Actual, c.OK = strconv.Itoa(len(s.leaks))+" found: "+strings.Join(s.leaks, ", "), false
	}
	return c
}

func allOK(checks []Check) bool { return passing(checks) == len(checks) }
