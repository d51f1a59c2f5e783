package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"corax"
	"corax/audit"
)

// writer is the one connection that writes, one transaction after the other.
type writer struct {
	db    *sql.DB
	conn  *sql.Conn
	turn  chan struct{} // holds one token; who has it writes
	ended chan struct{}
	stmts map[string]*sql.Stmt // by their SQL; used by who has the turn
	next  int64                // the number of the next event; used by who has the turn
	head  audit.Head           // of the audit's chain; used by who has the turn

	redact func(doc []byte) []byte // may be nil
	sign   func(audit.Head) string // may be nil
}

var errClosed = errors.New("the store is closed")

func newWriter(ctx context.Context, db *sql.DB, o Options) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{db: db, conn: conn, turn: make(chan struct{}, 1), ended: make(chan struct{}), stmts: map[string]*sql.Stmt{},
		redact: o.Redact, sign: o.SignHead}
	if err := conn.QueryRowContext(ctx, lastEvent).Scan(&w.next); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	w.next++
	if err := conn.QueryRowContext(ctx, lastAudit).Scan(&w.head.Seq, &w.head.Hash); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, errors.Join(err, conn.Close())
	}
	w.turn <- struct{}{}
	return w, nil
}

func (w *writer) close() error {
	close(w.ended)
	<-w.turn // whoever is at it finishes
	var err error
	for _, s := range w.stmts {
		err = errors.Join(err, s.Close())
	}
	return errors.Join(err, w.conn.Close(), w.db.Close())
}

// acquire takes the turn, unless ctx or the store ends first.
func (w *writer) acquire(ctx context.Context) error {
	select { // of several that are ready, the next select would take any
	case <-w.ended:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	default:
	}
	select {
	case <-w.turn:
		return nil
	case <-w.ended:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tx is a transaction under way.
type tx struct {
	w      *writer
	events []corax.Event // appended, with their ids
	stored int64         // signals that were, less those that were forgotten
}

// transact runs fn in a transaction: all that it did is stored, or, where it fails, nothing. Listeners hear its events afterwards.
func (s *Store) transact(ctx context.Context, op string, fn func(*tx) error) (err error) {
	w := s.write
	if err := w.acquire(ctx); err != nil {
		return fail(op, err)
	}
	defer func() { w.turn <- struct{}{} }()
	t := &tx{w: w}
	next, head, done := w.next, w.head, false
	if _, err := t.exec(`BEGIN IMMEDIATE`); err != nil {
		return fail(op, err)
	}
	defer func() { // also when a caller's function panics
		if !done {
			w.next, w.head = next, head
			_, _ = t.exec(`ROLLBACK`) // fails where SQLite has rolled back by itself, as it does on a full disk
		}
	}()
	if err := fn(t); err != nil {
		return fail(op, err)
	}
	if _, err := t.exec(`COMMIT`); err != nil {
		return fail(op, err)
	}
	done = true
	s.mu.Lock()
	s.head = w.head
	s.signals += t.stored
	s.mu.Unlock()
	s.events.send(t.events)
	return nil
}

// stmt prepares query once. A transaction is short and never cut off in its middle: hence no caller's context.
func (t *tx) stmt(query string) (*sql.Stmt, error) {
	if s := t.w.stmts[query]; s != nil {
		return s, nil
	}
	s, err := t.w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	t.w.stmts[query] = s
	return s, nil
}

// exec says how many rows it changed. This is where secrets are kept out of the store: every document passes through here.
func (t *tx) exec(query string, args ...any) (int64, error) {
	if t.w.redact != nil {
		for i, a := range args {
			if doc, ok := a.(string); ok {
				args[i] = t.safe(doc)
			}
		}
	}
	return t.run(query, args...)
}

// safe is a document without secrets; any other text stays as it is.
func (t *tx) safe(doc string) string {
	if t.w.redact == nil || len(doc) == 0 || doc[0] != '{' {
		return doc
	}
	return string(t.w.redact([]byte(doc)))
}

// run is exec for what holds no secrets.
func (t *tx) run(query string, args ...any) (int64, error) {
	s, err := t.stmt(query)
	if err != nil {
		return 0, err
	}
	r, err := s.Exec(args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// row reads one row; sql.ErrNoRows where there is none.
func (t *tx) row(dest any, query string, args ...any) error {
	s, err := t.stmt(query)
	if err != nil {
		return err
	}
	return s.QueryRow(args...).Scan(dest)
}

// insert runs b over n rows; row appends the values of the i-th. It says how many rows there are more, or others.
func (t *tx) insert(b bulk, n int, row func(args []any, i int) ([]any, error)) (changed int64, err error) {
	args := make([]any, 0, b.columns*min(n, bulkRows[0]))
	for size, at := 0, 0; at < n; {
		if n-at < bulkRows[size] {
			size++
			continue
		}
		args = args[:0]
		for range bulkRows[size] {
			if args, err = row(args, at); err != nil {
				return changed, err
			}
			at++
		}
		some, err := t.exec(b.sql[size], args...)
		if err != nil {
			return changed, err
		}
		changed += some
	}
	return changed, nil
}
