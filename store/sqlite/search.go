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
	getDecision    = `SELECT doc FROM decisions WHERE id = ?`
	decisionsUntil = `SELECT doc FROM decisions WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2`
	decisionsBy    = `SELECT d.doc FROM decision_finds f CROSS JOIN decisions d ON d.seq = f.seq
		WHERE f.by = ?1 AND f.value = ?2 AND f.seq < ?3 AND (?4 = '' OR f.verdict = ?4) AND (?5 = '' OR f.rule = ?5)
		AND (?6 = '' OR f.action = ?6) AND (?7 = '' OR f.problem = ?7) ORDER BY f.seq DESC LIMIT ?8`
	seqOfDecision = `SELECT seq FROM decisions WHERE id = ?`

	// The same filter each time, read along the index that leaves the least to read.
	auditFilter = ` AND (?1 = '' OR what = ?1 OR substr(what, 1, length(?1) + 1) = ?1 || '.') AND (?2 = '' OR who = ?2)
		AND (?3 = '' OR subject = ?3 OR substr(subject, 1, length(?3)) = ?3 AND substr(?3, -1) = '/')
		AND (?4 = '' OR problem = ?4) AND (?5 = 0 OR seq < ?5) ORDER BY seq DESC LIMIT ?6`
	auditColumns   = `SELECT seq, what, subject, doc, hash FROM audit `
	searchAudit    = auditColumns + `WHERE true` + auditFilter
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

// SearchDecisions lists decisions, the latest first. A Before that is no decision's id finds nothing.
func (s *Store) SearchDecisions(ctx context.Context, f store.DecisionSearch) ([]corax.Decision, error) {
	const op = "search decisions"
	until := int64(math.MaxInt64)
	if f.Before != "" {
		until = 0
		if err := s.each(ctx, op, func(rows *sql.Rows) error { return rows.Scan(&until) }, seqOfDecision, f.Before); err != nil {
			return nil, err
		}
	}
	// The one that most likely has the fewest; the others are asked of each that it has.
	for _, by := range [][2]string{{"entity", f.Entity}, {"problem", f.Problem}, {"action", f.Action}, {"rule", f.Rule}, {"verdict", string(f.Verdict)}} {
		if by[1] != "" {
			return list[corax.Decision](ctx, s, op, decisionsBy, by[0], by[1], until, string(f.Verdict), f.Rule, f.Action, f.Problem, limit(f.Limit))
		}
	}
	return list[corax.Decision](ctx, s, op, decisionsUntil, until, limit(f.Limit))
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
	query := searchAudit
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
	out := []audit.Row{}
	err := s.each(ctx, "search the audit", func(rows *sql.Rows) error {
		r, err := scanAudit(rows)
		out = append(out, r)
		return err
	}, query, string(f.What), f.Who, f.On, f.Problem, f.Before, limit(f.Limit))
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
	return []string{getDecision, decisionsUntil, decisionsBy, seqOfDecision, countRules,
		searchAudit, auditOfProblem, auditAbout, auditWithin, auditBy, auditOfKind}
}
