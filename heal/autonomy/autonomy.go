// Package autonomy says how much an action has earned to do by itself.
//
// In come the outcomes of an action on one class of entities, and the cap that a person has set; out comes its standing:
// a level, and for people what it rests on. It is a pure function of its input, so that a level can be explained and
// checked at any time. It must never raise a level on anything but verified successes, and never keep one after a failure.
package autonomy

import (
	"cmp"
	"fmt"
	"slices"

	"corax"
)

// What it takes to rise: the lower bound of the success rate.
const (
	// toApprove counts scenarios and production together: three successes in a row give 0.53.
	toApprove = 0.5
	// toAuto counts production alone, all of it done with somebody's yes: eleven in a row give 0.80.
	toAuto = 0.8
)

// Of is the standing of an action on a class. Outcomes of others are passed over.
func Of(action, class string, outcomes []corax.Outcome, limit *corax.Cap) corax.Standing {
	s := corax.Standing{Action: action, Class: class, Cap: limit}
	mine := slices.DeleteFunc(slices.Clone(outcomes), func(o corax.Outcome) bool { return o.Action != action || o.Class != class })
	slices.SortStableFunc(mine, func(a, b corax.Outcome) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	level := corax.Suggest
	for _, o := range mine {
		r := &s.Production
		if o.Ground == corax.InScenario {
			r = &s.Scenario
		}
		if !o.Verified {
			r.Failed++
			s.Production.Since, s.Scenario.Since = 0, 0
			at := o.At
			s.LastFailure = &at
			level = below(level)
			continue
		}
		r.Verified++
		r.Since++
		level = earned(level, s.Production.Since, s.Scenario.Since)
	}
	s.Production.Bound, s.Scenario.Bound = Bound(s.Production.Since, s.Production.Since), Bound(s.Scenario.Since, s.Scenario.Since)
	s.Earned, s.Level = level, level
	if limit != nil && limit.Level.Rank() < level.Rank() {
		s.Level = limit.Level
	}
	s.Why = why(s)
	return s
}

// below is the level after a failure: one lower, and never by itself again without being earned anew.
func below(level corax.Autonomy) corax.Autonomy {
	if level == corax.AutoMode {
		return corax.Approve
	}
	return corax.Suggest
}

// earned is the level that so many successes since the last failure give. No level is skipped: what runs by itself ran
// with somebody's yes before.
func earned(level corax.Autonomy, production, scenario int) corax.Autonomy {
	switch {
	case level == corax.Approve && Bound(production, production) >= toAuto:
		return corax.AutoMode
	case level == corax.Suggest && Bound(production+scenario, production+scenario) >= toApprove:
		return corax.Approve
	}
	return level
}

// Bound is the lower end of the one-sided 95 % interval of a rate of which ok of n were seen ; 0 where
// nothing was seen.
func Bound(ok, n int) float64 {
	low, _ := corax.Interval(ok, n, corax.OneSided95)
	return low
}

// missing is how many more successes in a row lift the bound to a goal.
func missing(have int, goal float64) int {
	n := have
	for Bound(n, n) < goal {
		n++
	}
	return n - have
}

func why(s corax.Standing) string {
	text := fmt.Sprintf("%d verified and %d failed in production, %d and %d in scenarios", s.Production.Verified, s.Production.Failed,
		s.Scenario.Verified, s.Scenario.Failed)
	if s.LastFailure != nil {
		text += fmt.Sprintf("; since the failure of %s, %d and %d were verified", s.LastFailure.UTC().Format("2006-01-02 15:04"),
			s.Production.Since, s.Scenario.Since)
	}
	switch s.Earned {
	case corax.Suggest:
		text += fmt.Sprintf("; %d more in a row lift it to approve", missing(s.Production.Since+s.Scenario.Since, toApprove))
	case corax.Approve:
		text += fmt.Sprintf("; %d more in production in a row lift it to auto", missing(s.Production.Since, toAuto))
	}
	if s.Cap != nil && s.Level != s.Earned {
		text += fmt.Sprintf("; held at %s by %s", s.Cap.Level, s.Cap.By)
		if s.Cap.Reason != "" {
			text += ": " + s.Cap.Reason
		}
	}
	return text
}
