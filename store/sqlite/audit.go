package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"corax"
	"corax/audit"
)

// The SQL of the audit.
const (
	insertAudit = `INSERT INTO audit (seq, what, subject, problem, doc, hash) VALUES (?, ?, ?, ?, ?, ?)`
	moveHead    = `INSERT INTO audit_head (id, seq, hash, signature) VALUES (1, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, signature = excluded.signature`
	auditHead = `SELECT seq, hash, signature FROM audit_head WHERE id = 1`
	lastAudit = `SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1`
	dropAudit = `DELETE FROM audit WHERE seq <= ?`
	hashOf    = `SELECT hash FROM audit WHERE seq = ?`

	docsBeside = `SELECT 'decision/' || id, doc FROM decisions UNION ALL SELECT 'approval/' || id, doc FROM approvals
		UNION ALL SELECT 'plan/' || id, doc FROM plan_runs`
)

// What entries call the records that they are about.
const (
	onDecision = "decision/"
	onApproval = "approval/"
	onPlan     = "plan/"
	onSilence  = "silence/"
	onStop     = "stop/"
	onOutcome  = "outcome/"
	onWork     = "work/"
	onCap      = "cap/"
)

// audit appends entries to the chain. They are stored with what the transaction does, or not at all.
func (t *tx) audit(entries ...corax.AuditEntry) error {
	for _, e := range entries {
		row, err := audit.Seal(t.w.head, t.shown(e))
		if err != nil {
			return err
		}
		if _, err := t.run(insertAudit, row.Seq, string(row.What), row.On, e.Problem, row.Doc, row.Hash); err != nil {
			return err
		}
		t.w.head = row.Head()
	}
	signature := ""
	if t.w.sign != nil {
		signature = t.w.sign(t.w.head)
	}
	_, err := t.run(moveHead, t.w.head.Seq, t.w.head.Hash, signature)
	return err
}

// shown is an entry without secrets; after this its text is hashed, and nothing may alter it.
func (t *tx) shown(e corax.AuditEntry) corax.AuditEntry {
	if t.w.redact == nil {
		return e
	}
	text := func(s string) string {
		var out string
		if quoted, err := encode(s); err == nil && decode(t.w.redact([]byte(quoted)), &out) == nil {
			return out
		}
		return ""
	}
	e.Who, e.On = text(e.Who), text(e.On)
	detail := make(map[string]string, len(e.Detail))
	for k, v := range e.Detail {
		detail[k] = text(v)
	}
	e.Detail = detail
	return e
}

// inputs is the digest of a document as it is stored.
func (t *tx) inputs(doc string) string { return audit.Digest([]byte(t.safe(doc))) }

// AppendAudit records what is recorded nowhere else: a reload, the use of a credential, a login.
func (s *Store) AppendAudit(ctx context.Context, entries ...corax.AuditEntry) error {
	if len(entries) == 0 {
		return nil
	}
	return s.transact(ctx, "store audit entries", func(t *tx) error { return t.audit(entries...) })
}

// AuditHead is the end of the chain that was committed last.
func (s *Store) AuditHead() audit.Head {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head
}

func scanAudit(rows *sql.Rows) (r audit.Row, err error) {
	err = rows.Scan(&r.Seq, &r.What, &r.On, &r.Doc, &r.Hash)
	return r, err
}

// PruneAudit forgets the entries up to one that an anchor vouches for, and records that. A head that is not in the chain
// any more, or is its end, changes nothing.
func (s *Store) PruneAudit(ctx context.Context, to audit.Head, at time.Time) error {
	return s.transact(ctx, "prune the audit", func(t *tx) error {
		var hash string
		err := t.row(&hash, hashOf, to.Seq)
		if errors.Is(err, sql.ErrNoRows) || to.Seq >= t.w.head.Seq {
			return nil
		}
		if err == nil && hash != to.Hash {
			err = corax.Errorf(corax.Conflict, "prune the audit", "entry %d is not the one that was anchored; see `corax audit verify`", to.Seq)
		}
		if err != nil {
			return err
		}
		n, err := t.run(dropAudit, to.Seq)
		if err != nil {
			return err
		}
		return t.audit(corax.AuditEntry{At: at, Who: "corax", What: corax.AuditPruned, On: "audit", Detail: map[string]string{
			"entries": strconv.FormatInt(n, 10), "hash": to.Hash, "to": strconv.FormatInt(to.Seq, 10),
		}})
	})
}

// ReadAudit reads, in one look, the whole chain of a store's file, whether it is open or not: rows, head, and the digests
// of the records beside it.
func ReadAudit(ctx context.Context, path string) (c audit.Claim, err error) {
	op := "read the audit of " + path
	db, err := openFile(path, 1, "busy_timeout(10000)", "query_only(1)")
	if err != nil {
		return c, fail(op, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return c, unreadable(op, err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	each := func(query string, fn func(*sql.Rows) error, args ...any) error {
		rows, err := tx.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := fn(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	c.Head, c.Records = &audit.Head{}, map[string]string{}
	err = errors.Join(
		each(anyAudit+oldestAudit, func(rows *sql.Rows) error {
			r, err := scanAudit(rows)
			c.Rows = append(c.Rows, r)
			return err
		}, "", "", "", "", 0, -1),
		each(auditHead, func(rows *sql.Rows) error { return rows.Scan(&c.Head.Seq, &c.Head.Hash, &c.HeadSig) }),
		each(docsBeside, func(rows *sql.Rows) error {
			var on string
			var doc sql.RawBytes
			if err := rows.Scan(&on, &doc); err != nil {
				return err
			}
			c.Records[on] = audit.Digest(doc)
			return nil
		}),
	)
	if err != nil {
		return c, unreadable(op, err)
	}
	return c, nil
}

func unreadable(op string, err error) error {
	err = fail(op, err)
	if errors.As(err, new(*corax.Error)) {
		return err
	}
	return corax.Errorf(corax.Internal, op, "%w", err)
}

// planChanges says, for the audit, what a change made of a plan's run.
func planChanges(before, after *corax.PlanRun) map[string]string {
	out := map[string]string{"state": string(after.State)}
	if before.State != after.State {
		out["state"] = string(before.State) + " -> " + string(after.State)
	}
	was := map[string]corax.StepRun{}
	for _, s := range before.Steps {
		was[s.Step] = s
	}
	for _, s := range after.Steps {
		b := was[s.Step]
		if b.State == s.State && b.Attempts == s.Attempts {
			continue
		}
		text := s.Action + " on " + s.Target + ": " + string(b.State) + " -> " + string(s.State)
		if b.Attempts != s.Attempts {
			text += ", attempt " + strconv.Itoa(s.Attempts)
		}
		out["step "+s.Step] = text
	}
	return out
}
