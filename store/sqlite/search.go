package sqlite

import (
	"context"
	"database/sql"
	"math"
	"os"
	"strings"

	"corax"
	"corax/audit"
	"corax/store"
)

// What people look for in what was decided and recorded.
const (
	getDecision = `SELECT doc FROM decisions WHERE id = ?`
	// They come in the order in which they were recorded, the latest first.
	decisionSpan    = ` AND seq < ?1 AND seq >= ?2 AND at >= ?3 AND at < ?4`
	pageOfDecisions = `SELECT doc FROM decisions WHERE true` + decisionSpan + ` ORDER BY seq DESC LIMIT ?5`
	decisionsOfPlan = `SELECT doc FROM decisions WHERE plan = ?6` + decisionSpan + ` AND (?7 = '' OR doc ->> '$.verdict' = ?7)
		AND (?8 = '' OR doc ->> '$.rule' = ?8) AND (?9 = '' OR doc ->> '$.input.action.name' = ?9) AND (?10 = '' OR doc ->> '$.input.problem.id' = ?10)
		AND (?11 = '' OR EXISTS (SELECT 1 FROM decision_finds f WHERE f.by = 'entity' AND f.value = ?11 AND f.seq = decisions.seq)) ORDER BY seq DESC LIMIT ?5`
	decisionsBy = `SELECT d.doc FROM decision_finds f CROSS JOIN decisions d ON d.seq = f.seq
		WHERE f.by = ?6 AND f.value = ?7 AND f.seq < ?1 AND f.seq >= ?2 AND d.at >= ?3 AND d.at < ?4 AND (?8 = '' OR f.verdict = ?8)
		AND (?9 = '' OR f.rule = ?9) AND (?10 = '' OR f.action = ?10) AND (?11 = '' OR f.problem = ?11) ORDER BY f.seq DESC LIMIT ?5`
	// Where a page ended; of a decision that is gone, where it would stand by its time.
	placeOfDecision = `SELECT coalesce((SELECT seq FROM decisions WHERE id = ?2),
		(SELECT seq + 1 FROM decisions WHERE (at, id) < (?1, ?2) ORDER BY at DESC, id DESC LIMIT 1), 0)`
	firstSince = `SELECT coalesce((SELECT min(seq) FROM decisions WHERE at >= ?1), 9223372036854775807)`

	outcomeFilter = ` AND (at, id) < (?1, ?2) AND (?4 = '' OR doc ->> '$.entity' = ?4) AND (?5 = '' OR doc ->> '$.ground' = ?5)
		AND (?6 = 0 OR doc ->> '$.verified' = 0) AND (?7 = '' OR class = ?7) ORDER BY at DESC, id DESC LIMIT ?3`
	pageOfOutcomes   = `SELECT doc FROM outcomes WHERE true` + outcomeFilter
	outcomesOfAction = `SELECT doc FROM outcomes WHERE action = ?8` + outcomeFilter

	// The same filter each time, read along the index that leaves the least to read.
	auditFilter = ` AND (?1 = '' OR what = ?1 OR substr(what, 1, length(?1) + 1) = ?1 || '.') AND (?2 = '' OR who = ?2)
		AND (?3 = '' OR subject = ?3 OR substr(subject, 1, length(?3)) = ?3 AND substr(?3, -1) = '/')
		AND (?4 = '' OR problem = ?4)`
	newestAudit    = ` AND (?5 = 0 OR seq < ?5) ORDER BY seq DESC LIMIT ?6`
	oldestAudit    = ` AND seq > ?5 ORDER BY seq LIMIT ?6`
	auditColumns   = `SELECT seq, what, subject, doc, hash FROM audit `
	anyAudit       = auditColumns + `WHERE true` + auditFilter
	auditOfProblem = auditColumns + `INDEXED BY audit_by_problem WHERE problem = ?4 AND problem <> ''` + auditFilter
	auditAbout     = auditColumns + `INDEXED BY audit_by_subject WHERE subject = ?3` + auditFilter
	auditWithin    = auditColumns + `INDEXED BY audit_by_place WHERE place = substr(?3, 1, instr(?3, '/')) AND place <> ''` + auditFilter
	auditBy        = auditColumns + `INDEXED BY audit_by_who WHERE who = ?2` + auditFilter
	auditOfKind    = auditColumns + `INDEXED BY audit_by_kind WHERE kind = substr(?1, 1, instr(?1 || '.', '.') - 1)` + auditFilter

	countRules = `SELECT rule, verdict, count(*) FROM (SELECT rule, verdict FROM decision_finds WHERE by = 'all' AND value = 'all' ORDER BY seq DESC LIMIT ?)
		GROUP BY rule, verdict`
)

// Decision is NotFound where there is none.
func (s *Store) Decision(ctx context.Context, id string) (corax.Decision, error) {
	return get[corax.Decision](ctx, s, "read decision", getDecision, id)
}

// FindDecisions lists decisions, the latest first.
func (s *Store) FindDecisions(ctx context.Context, f store.DecisionFilter) ([]corax.Decision, error) {
	const op = "list decisions"
	before, from := int64(math.MaxInt64), int64(0)
	if f.After != (store.Cursor{}) {
		if err := s.each(ctx, op, func(rows *sql.Rows) error { return rows.Scan(&before) }, placeOfDecision, f.After.Micros, f.After.ID); err != nil {
			return nil, err
		}
	}
	since, until := between(f.Since, f.Until)
	if !f.Since.IsZero() {
		if err := s.each(ctx, op, func(rows *sql.Rows) error { return rows.Scan(&from) }, firstSince, since); err != nil {
			return nil, err
		}
	}
	args := []any{before, from, since, until, limit(f.Limit)}
	if f.Plan != "" {
		return list[corax.Decision](ctx, s, op, decisionsOfPlan, append(args, f.Plan, string(f.Verdict), f.Rule, f.Action, f.Problem, f.Entity)...)
	}
	// The one that most likely has the fewest; the others are asked of each that it has.
	for _, by := range [][2]string{{"entity", f.Entity}, {"problem", f.Problem}, {"action", f.Action}, {"rule", f.Rule}, {"verdict", string(f.Verdict)}} {
		if by[1] != "" {
			return list[corax.Decision](ctx, s, op, decisionsBy, append(args, by[0], by[1], string(f.Verdict), f.Rule, f.Action, f.Problem)...)
		}
	}
	return list[corax.Decision](ctx, s, op, pageOfDecisions, args...)
}

// FindOutcomes lists how actions ended, the latest first.
func (s *Store) FindOutcomes(ctx context.Context, f store.OutcomeFilter) ([]corax.Outcome, error) {
	at, id := f.After.Before()
	args := []any{at, id, limit(f.Limit), f.Entity, string(f.Ground), f.Failed, f.Class}
	if f.Action != "" {
		return list[corax.Outcome](ctx, s, "list outcomes", outcomesOfAction, append(args, f.Action)...)
	}
	return list[corax.Outcome](ctx, s, "list outcomes", pageOfOutcomes, args...)
}

// RuleCounts is how often each rule gave each verdict, of the latest 10,000 decisions.
func (s *Store) RuleCounts(ctx context.Context) (map[string]map[corax.Verdict]int, error) {
	out := map[string]map[corax.Verdict]int{}
	err := s.each(ctx, "count decisions", func(rows *sql.Rows) error {
		var rule, verdict string
		var n int
		if err := rows.Scan(&rule, &verdict, &n); err != nil {
			return err
		}
		if out[rule] == nil {
			out[rule] = map[corax.Verdict]int{}
		}
		out[rule][corax.Verdict(verdict)] = n
		return nil
	}, countRules, 10_000)
	return out, err
}

// Audit lists entries of the audit by their numbers.
func (s *Store) Audit(ctx context.Context, f store.AuditFilter) ([]audit.Row, error) {
	query := anyAudit
	switch {
	case f.Problem != "":
		query = auditOfProblem
	case f.On != "" && !strings.HasSuffix(f.On, "/"):
		query = auditAbout
	case f.Who != "":
		query = auditBy
	case f.What != "":
		query = auditOfKind
	case f.On != "":
		query = auditWithin
	}
	if f.Newest {
		query += newestAudit
	} else {
		query += oldestAudit
	}
	out := []audit.Row{}
	err := s.each(ctx, "list the audit", func(rows *sql.Rows) error {
		r, err := scanAudit(rows)
		out = append(out, r)
		return err
	}, query, string(f.What), f.Who, f.On, f.Problem, f.After, limit(f.Limit))
	return out, err
}

// LogSize is how large the log of what was written last is, in bytes.
func (s *Store) LogSize() int64 {
	info, err := os.Stat(s.opts.Path + "-wal")
	if err != nil {
		return 0 // there is none while nothing was written
	}
	return info.Size()
}

// searches is every statement of this file.
func searches() []string {
	all := []string{getDecision, pageOfDecisions, decisionsOfPlan, decisionsBy, placeOfDecision, firstSince, pageOfOutcomes, outcomesOfAction, countRules}
	for _, of := range []string{anyAudit, auditOfProblem, auditAbout, auditWithin, auditBy, auditOfKind} {
		all = append(all, of+newestAudit, of+oldestAudit)
	}
	return all
}
