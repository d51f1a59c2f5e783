package sqlite

import (
	"context"
	"database/sql"
	"os"

	"corax"
	"corax/audit"
	"corax/store"
)

// What people look for in what was decided and recorded.
const (
	getDecision    = `SELECT doc FROM decisions WHERE id = ?`
	decisionFilter = ` AND (at, id) < (?1, ?2) AND at >= ?4 AND (?5 = '' OR doc ->> '$.verdict' = ?5) AND (?6 = '' OR doc ->> '$.rule' = ?6)
		AND (?7 = '' OR doc ->> '$.input.action.name' = ?7)
		AND (?8 = '' OR doc ->> '$.input.entity.id' = ?8 OR EXISTS (SELECT 1 FROM json_each(doc, '$.input.action.touches') WHERE value = ?8))
		AND (?9 = '' OR doc ->> '$.input.problem.id' = ?9) ORDER BY at DESC, id DESC LIMIT ?3`
	pageOfDecisions = `SELECT doc FROM decisions WHERE true` + decisionFilter
	decisionsOfPlan = `SELECT doc FROM decisions WHERE plan = ?10` + decisionFilter

	outcomeFilter = ` AND (at, id) < (?1, ?2) AND (?4 = '' OR doc ->> '$.entity' = ?4) AND (?5 = '' OR doc ->> '$.ground' = ?5)
		AND (?6 = 0 OR doc ->> '$.verified' = 0) AND (?7 = '' OR class = ?7) ORDER BY at DESC, id DESC LIMIT ?3`
	pageOfOutcomes   = `SELECT doc FROM outcomes WHERE true` + outcomeFilter
	outcomesOfAction = `SELECT doc FROM outcomes WHERE action = ?8` + outcomeFilter

	auditFilter = ` AND (?2 = '' OR what = ?2 OR substr(what, 1, length(?2) + 1) = ?2 || '.')
		AND (?3 = '' OR doc ->> '$.who' = ?3) AND (?4 = '' OR subject = ?4 OR substr(subject, 1, length(?4)) = ?4 AND substr(?4, -1) = '/')
		AND (?5 = '' OR problem = ?5)`
	auditRows   = `SELECT seq, what, subject, doc, hash FROM audit WHERE seq > ?1` + auditFilter + ` ORDER BY seq LIMIT ?6`
	newestAudit = `SELECT seq, what, subject, doc, hash FROM audit WHERE (?1 = 0 OR seq < ?1)` + auditFilter + ` ORDER BY seq DESC LIMIT ?6`
	countRules  = `SELECT d.doc ->> '$.rule', d.doc ->> '$.verdict', count(*)
		FROM (SELECT doc FROM decisions ORDER BY seq DESC LIMIT ?) d GROUP BY 1, 2 ORDER BY 1, 2`
	problemsOfMechanism = `SELECT doc FROM problems WHERE doc ->> '$.diagnosis.root_cause.mechanism' = ?1 ORDER BY opened_at DESC, id DESC LIMIT ?2`
)

// Decision is NotFound where there is none.
func (s *Store) Decision(ctx context.Context, id string) (corax.Decision, error) {
	return get[corax.Decision](ctx, s, "read decision", getDecision, id)
}

// FindDecisions lists decisions, the latest first.
func (s *Store) FindDecisions(ctx context.Context, f store.DecisionFilter) ([]corax.Decision, error) {
	at, id := f.After.Before()
	since, until := between(f.Since, f.Until)
	if until < at { // no id is smaller than the empty one
		at, id = until, ""
	}
	args := []any{at, id, limit(f.Limit), since, string(f.Verdict), f.Rule, f.Action, f.Entity, f.Problem}
	if f.Plan != "" {
		return list[corax.Decision](ctx, s, "list decisions", decisionsOfPlan, append(args, f.Plan)...)
	}
	return list[corax.Decision](ctx, s, "list decisions", pageOfDecisions, args...)
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
	query, out := auditRows, []audit.Row{}
	if f.Newest {
		query = newestAudit
	}
	err := s.each(ctx, "list the audit", func(rows *sql.Rows) error {
		r, err := scanAudit(rows)
		out = append(out, r)
		return err
	}, query, f.After, string(f.What), f.Who, f.On, f.Problem, limit(f.Limit))
	return out, err
}

// ProblemsOf lists the problems whose root cause was found to be this mechanism, newest first; 0 is all.
func (s *Store) ProblemsOf(ctx context.Context, mechanism string, most int) ([]corax.Problem, error) {
	return list[corax.Problem](ctx, s, "list problems of "+mechanism, problemsOfMechanism, mechanism, limit(most))
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
	return []string{getDecision, pageOfDecisions, decisionsOfPlan, pageOfOutcomes, outcomesOfAction, auditRows, newestAudit, countRules, problemsOfMechanism}
}
