package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/store"
)

// testGoverned looks for decisions, entries of the audit and problems by what they are about.
func testGoverned(t *testing.T, s Store) {
	ctx := t.Context()
	for i, d := range []struct {
		verdict              corax.Verdict
		rule, action, entity string
		touches              []any
	}{
		{corax.Allow, "reads", "key.check", "auth", nil},
		{corax.Ask, "careful", "key.destroy", "auth", []any{"user"}},
		{corax.Deny, "default", "key.check", "user", nil},
	} {
		ok(t, s.SaveDecision(ctx, corax.Decision{ID: fmt.Sprintf("dec-%d", i+1), At: Now().Add(time.Duration(i) * time.Second), Plan: "pln-1", Step: "1",
			Verdict: d.verdict, Rule: d.rule, Input: map[string]any{"action": map[string]any{"name": d.action, "touches": d.touches},
				"entity": map[string]any{"id": d.entity}, "problem": map[string]any{"id": "prb-1"}}}))
	}
	for _, c := range []struct {
		filter store.DecisionFilter
		want   string
	}{
		{store.DecisionFilter{}, "3 2 1"},
		{store.DecisionFilter{Limit: 2}, "3 2"},
		{store.DecisionFilter{After: store.CursorOf(Now().Add(time.Second), "dec-2")}, "1"},
		{store.DecisionFilter{Since: Now().Add(time.Second)}, "3 2"},
		{store.DecisionFilter{Until: Now().Add(2 * time.Second)}, "2 1"},
		{store.DecisionFilter{Since: Now().Add(time.Second), Until: Now().Add(2 * time.Second), After: store.CursorOf(Now().Add(2*time.Second), "dec-3")}, "2"},
		{store.DecisionFilter{Until: Now().Add(2 * time.Second), After: store.CursorOf(Now().Add(time.Second), "dec-2")}, "1"},
		{store.DecisionFilter{Plan: "pln-1", Verdict: corax.Deny}, "3"},
		{store.DecisionFilter{Plan: "pln-2"}, ""},
		{store.DecisionFilter{Verdict: corax.Ask}, "2"},
		{store.DecisionFilter{Rule: "default"}, "3"},
		{store.DecisionFilter{Action: "key.check"}, "3 1"},
		{store.DecisionFilter{Entity: "user"}, "3 2"},
		{store.DecisionFilter{Entity: "user", Action: "key.check"}, "3"},
		{store.DecisionFilter{Problem: "prb-2"}, ""},
		{store.DecisionFilter{Problem: "prb-1"}, "3 2 1"},
		{store.DecisionFilter{Problem: "prb-1", Verdict: corax.Deny, After: store.CursorOf(Now().Add(2*time.Second), "dec-3")}, ""},
		{store.DecisionFilter{Entity: "auth", Problem: "prb-1", Rule: "reads"}, "1"},
		{store.DecisionFilter{Action: "key.check", Verdict: corax.Allow, After: store.CursorOf(Now().Add(2*time.Second), "dec-3"), Limit: 1}, "1"},
		{store.DecisionFilter{Action: "key.check", Since: Now().Add(time.Second)}, "3"},
		{store.DecisionFilter{Action: "key.check", Until: Now().Add(time.Second)}, "1"},
		{store.DecisionFilter{Rule: "careful", Verdict: corax.Allow}, ""},
		{store.DecisionFilter{Rule: "' OR 1=1 --"}, ""},
	} {
		var got []string
		for _, d := range must(s.FindDecisions(ctx, c.filter))(t) {
			got = append(got, strings.TrimPrefix(d.ID, "dec-"))
		}
		same(t, fmt.Sprintf("decisions %+v", c.filter), strings.Join(got, " "), c.want)
	}
	same(t, "what rules decided", must(s.RuleCounts(ctx))(t), map[string]map[corax.Verdict]int{
		"reads": {corax.Allow: 1}, "careful": {corax.Ask: 1}, "default": {corax.Deny: 1}})
	same(t, "the rule of a decision", must(s.Decision(ctx, "dec-2"))(t).Rule, "careful")
	_, err := s.Decision(ctx, "dec-9")
	hasCode(t, "a decision that was never made", err, corax.NotFound)

	ok(t, s.SetStop(ctx, "svc", "smoke", "bob", Now()))
	ok(t, s.SaveSilence(ctx, corax.Silence{ID: "sil-1", Owner: "ann", StartsAt: Now(), EndsAt: Now().Add(time.Hour)}))
	ok(t, s.EndSilence(ctx, "sil-1", "bob"))
	for _, c := range []struct {
		filter store.AuditFilter
		want   string
	}{
		{store.AuditFilter{}, "1 2 3 4 5 6"},
		{store.AuditFilter{After: 3, Limit: 2}, "4 5"},
		{store.AuditFilter{Newest: true}, "6 5 4 3 2 1"},
		{store.AuditFilter{Newest: true, After: 3}, "2 1"},
		{store.AuditFilter{Newest: true, After: 3, Limit: 1}, "2"},
		{store.AuditFilter{What: corax.AuditDecided}, "1 2 3"},
		{store.AuditFilter{Newest: true, What: "decision"}, "3 2 1"},
		{store.AuditFilter{What: "dec"}, ""},
		{store.AuditFilter{Newest: true, Who: "bob"}, "6 4"},
		{store.AuditFilter{Who: "bob", After: 4}, "6"},
		{store.AuditFilter{On: "silence/sil-1"}, "5 6"},
		{store.AuditFilter{Newest: true, On: "silence/"}, "6 5"},
		{store.AuditFilter{On: "silence/sil"}, ""},
		{store.AuditFilter{On: "decision/", Who: "rule careful"}, "2"},
		{store.AuditFilter{On: "decision/", What: "stop"}, ""},
		{store.AuditFilter{On: "silence/", Newest: true, After: 6}, "5"},
		{store.AuditFilter{On: "silence/", After: 5}, "6"},
		{store.AuditFilter{What: "silence", Who: "bob", Newest: true, Limit: 1}, "6"},
		{store.AuditFilter{What: "silence.set.more"}, ""},
		{store.AuditFilter{On: "nothing/"}, ""},
	} {
		var got []string
		for _, r := range must(s.Audit(ctx, c.filter))(t) {
			got = append(got, fmt.Sprint(r.Seq))
		}
		same(t, fmt.Sprintf("entries %+v", c.filter), strings.Join(got, " "), c.want)
	}
}
