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
		ok(t, s.SaveDecision(ctx, corax.Decision{ID: fmt.Sprintf("dec-%d", i+1), At: Now().Add(time.Duration(i)), Plan: "pln-1", Step: "1",
			Verdict: d.verdict, Rule: d.rule, Input: map[string]any{"action": map[string]any{"name": d.action, "touches": d.touches},
				"entity": map[string]any{"id": d.entity}, "problem": map[string]any{"id": "prb-1"}}}))
	}
	for _, c := range []struct {
		filter store.DecisionSearch
		want   string
	}{
		{store.DecisionSearch{}, "3 2 1"},
		{store.DecisionSearch{Limit: 2}, "3 2"},
		{store.DecisionSearch{Before: "dec-2"}, "1"},
		{store.DecisionSearch{Before: "dec-9"}, ""},
		{store.DecisionSearch{Verdict: corax.Ask}, "2"},
		{store.DecisionSearch{Rule: "default"}, "3"},
		{store.DecisionSearch{Action: "key.check"}, "3 1"},
		{store.DecisionSearch{Entity: "user"}, "3 2"},
		{store.DecisionSearch{Entity: "user", Action: "key.check"}, "3"},
		{store.DecisionSearch{Problem: "prb-2"}, ""},
		{store.DecisionSearch{Problem: "prb-1"}, "3 2 1"},
		{store.DecisionSearch{Problem: "prb-1", Verdict: corax.Deny, Before: "dec-3"}, ""},
		{store.DecisionSearch{Entity: "auth", Problem: "prb-1", Rule: "reads"}, "1"},
		{store.DecisionSearch{Action: "key.check", Verdict: corax.Allow, Before: "dec-3", Limit: 1}, "1"},
		{store.DecisionSearch{Rule: "careful", Verdict: corax.Allow}, ""},
		{store.DecisionSearch{Rule: "' OR 1=1 --"}, ""},
	} {
		var got []string
		for _, d := range must(s.SearchDecisions(ctx, c.filter))(t) {
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
		filter store.AuditSearch
		want   string
	}{
		{store.AuditSearch{}, "6 5 4 3 2 1"},
		{store.AuditSearch{Before: 3}, "2 1"},
		{store.AuditSearch{Before: 3, Limit: 1}, "2"},
		{store.AuditSearch{What: corax.AuditDecided}, "3 2 1"},
		{store.AuditSearch{What: "decision"}, "3 2 1"},
		{store.AuditSearch{What: "dec"}, ""},
		{store.AuditSearch{Who: "bob"}, "6 4"},
		{store.AuditSearch{On: "silence/sil-1"}, "6 5"},
		{store.AuditSearch{On: "silence/"}, "6 5"},
		{store.AuditSearch{On: "silence/sil"}, ""},
		{store.AuditSearch{On: "decision/", Who: "rule careful"}, "2"},
		{store.AuditSearch{On: "decision/", What: "stop"}, ""},
		{store.AuditSearch{On: "silence/", Before: 6}, "5"},
		{store.AuditSearch{What: "silence", Who: "bob", Limit: 1}, "6"},
		{store.AuditSearch{What: "silence.set.more"}, ""},
		{store.AuditSearch{On: "nothing/"}, ""},
	} {
		var got []string
		for _, r := range must(s.SearchAudit(ctx, c.filter))(t) {
			got = append(got, fmt.Sprint(r.Seq))
		}
		same(t, fmt.Sprintf("entries %+v", c.filter), strings.Join(got, " "), c.want)
	}
}
