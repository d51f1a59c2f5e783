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
	getDecision     = `SELECT doc FROM decisions WHERE id = ?`
	searchDecisions = `SELECT doc FROM decisions d WHERE (?1 = '' OR d.doc ->> '$.verdict' = ?1) AND (?2 = '' OR d.doc ->> '$.rule' = ?2)
		AND (?3 = '' OR d.doc ->> '$.input.action.name' = ?3)
		AND (?4 = '' OR d.doc ->> '$.input.entity.id' = ?4 OR EXISTS (SELECT 1 FROM json_each(d.doc, '$.input.action.touches') WHERE value = ?4))
		AND (?5 = '' OR d.doc ->> '$.input.problem.id' = ?5)
		AND (?6 = '' OR d.seq < (SELECT seq FROM decisions WHERE id = ?6)) ORDER BY d.seq DESC LIMIT ?7`
	searchAudit = `SELECT seq, what, subject, doc, hash FROM audit WHERE (?1 = '' OR what = ?1 OR substr(what, 1, length(?1) + 1) = ?1 || '.')
		AND (?2 = '' OR doc ->> '$.who' = ?2) AND (?3 = '' OR subject = ?3 OR substr(subject, 1, length(?3)) = ?3 AND substr(?3, -1) = '/')
		AND (?4 = '' OR problem = ?4) AND (?5 = 0 OR seq < ?5) ORDER BY seq DESC LIMIT ?6`
	countRules = `SELECT d.doc ->> '$.rule', d.doc ->> '$.verdict', count(*)
		FROM (SELECT doc FROM decisions ORDER BY seq DESC LIMIT ?) d GROUP BY 1, 2 ORDER BY 1, 2`
	problemsOfMechanism = `SELECT doc FROM problems WHERE doc ->> '$.diagnosis.root_cause.mechanism' = ?1 ORDER BY opened_at DESC, id DESC LIMIT ?2`
)

// Decision is NotFound where there is none.
func (s *Store) Decision(ctx context.Context, id string) (corax.Decision, error) {
	return get[corax.Decision](ctx, s, "read decision", getDecision, id)
}

// SearchDecisions lists decisions, the latest first. A Before that is no decision's id finds nothing.
func (s *Store) SearchDecisions(ctx context.Context, f store.DecisionSearch) ([]corax.Decision, error) {
	return list[corax.Decision](ctx, s, "search decisions", searchDecisions, string(f.Verdict), f.Rule, f.Action, f.Entity, f.Problem, f.Before, limit(f.Limit))
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

// SearchAudit lists entries of the audit, the latest first.
func (s *Store) SearchAudit(ctx context.Context, f store.AuditSearch) ([]audit.Row, error) {
	out := []audit.Row{}
	err := s.each(ctx, "search the audit", func(rows *sql.Rows) error {
		r, err := scanAudit(rows)
		out = append(out, r)
		return err
	}, searchAudit, string(f.What), f.Who, f.On, f.Problem, f.Before, limit(f.Limit))
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
	return []string{getDecision, searchDecisions, countRules, searchAudit, problemsOfMechanism}
}
