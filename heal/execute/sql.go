package execute

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"corax"
)

const maxRows = 1000 // of a reading

// statements are what a statement may begin with. What ends a transaction by itself is not among them: an effect could
// then be half done.
var (
	reading   = []string{"SELECT", "WITH", "SHOW", "TABLE", "VALUES", "EXPLAIN"}
	effecting = []string{"INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "WITH", "SELECT", "CALL"}
	tableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$`)
)

// sqlExecutor sends statements to declared databases. Each call has a connection of its own.
type sqlExecutor struct{ o *Options }

func newSQL(o *Options) Executor { return sqlExecutor{o} }

func (x sqlExecutor) Close() {}

// Keys: with a table of keys, key and effect are one transaction. Without one, a key has nowhere to go.
func (x sqlExecutor) Keys(call corax.Call) Keying {
	databases := slices.DeleteFunc(slices.Clone(x.o.Executors().Databases), func(d corax.Database) bool {
		return d.Name != call.SQL.Database && !strings.Contains(call.SQL.Database, "${")
	})
	if len(databases) == 0 || slices.ContainsFunc(databases, func(d corax.Database) bool { return d.Keys == "" }) {
		return NoKey
	}
	return RepeatsOnce
}

// Named is the database.
func (x sqlExecutor) Named(call corax.Call, v Values) any {
	return meant(x.o.Executors().Databases, call.SQL.Database, v, databaseName)
}

func (x sqlExecutor) Check(c Checks, field string, call corax.Call, read bool) {
	s := call.SQL
	checkPlace(c, field+".database", s.Database, names(x.o.Executors().Databases, databaseName))
	allowed := effecting
	if read {
		allowed = reading
	}
	word, _, _ := strings.Cut(strings.TrimSpace(s.Statement), " ")
	switch {
	case strings.Contains(s.Statement, "${"):
		c.Fail(field+".statement", "write $1 or ?, and give the value under args",
			"a value is bound, never written into the statement")
	case !slices.Contains(allowed, strings.ToUpper(strings.Trim(word, "(\n\t"))):
		c.Fail(field+".statement", "", "it begins with %q, expected %s", word, strings.Join(allowed, ", "))
	}
	for n, a := range s.Args {
		c.Template(fmt.Sprintf("%s.args[%d]", field, n), a)
	}
	if read && s.Rows != 0 {
		c.Fail(field+".rows", "", "a reading changes no rows")
	}
}

func databaseName(d corax.Database) string { return d.Name }

// statement is one with every value in its place.
type statement struct {
	o    *Options
	db   corax.Database
	text string
	args []any
	rows int
}

func (x sqlExecutor) Bind(call corax.Call, v Values) (Bound, error) {
	name, err := v.Text(call.SQL.Database)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	b := statement{o: x.o, text: call.SQL.Statement, rows: call.SQL.Rows}
	if b.db, err = named(x.o.Executors().Databases, name, databaseName); err != nil {
		return nil, fmt.Errorf("database %w", err)
	}
	if b.rows == 0 {
		b.rows = 1
	}
	for n, template := range call.SQL.Args {
		value, err := v.Value(template)
		if err != nil {
			return nil, fmt.Errorf("args[%d]: %w", n, err)
		}
		switch value := value.(type) {
		case []any, map[string]any:
			return nil, fmt.Errorf("args[%d] is a list or an object, which can't be bound", n)
		case string:
			if strings.ContainsRune(value, 0) && b.db.Kind == postgres {
				return nil, fmt.Errorf("args[%d] holds a NUL, which this database has no place for", n)
			}
		}
		b.args = append(b.args, value)
	}
	return b, nil
}

func (b statement) String() string {
	return fmt.Sprintf("on %s: %s, with %q", b.db.Name, b.text, b.args)
}

// Run sends the statement in a transaction. Until that is committed nothing has taken effect, so only a commit
// without an answer is unclear.
func (b statement) Run(ctx context.Context, o Order) Result {
	what := "statement on " + b.db.Name
	db, err := b.open(ctx)
	if err != nil {
		return failed(fmt.Errorf("%s: %w", what, err))
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: o.Read})
	if err != nil {
		return b.lost(ctx, what, o, err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	stop, err := b.stopper(ctx, tx)
	if err != nil {
		return b.lost(ctx, what, o, err)
	}
	defer stop()
	if o.Read {
		value, err := b.query(ctx, tx)
		if err != nil {
			return b.lost(ctx, what, o, err)
		}
		return Result{Outcome: Done, Text: what, Value: value}
	}
	again, err := b.leaveKey(ctx, tx, o.Key)
	switch {
	case err != nil:
		return b.lost(ctx, what, o, err)
	case again:
		return Result{Outcome: Done, Text: what + ": took effect before, with the same key"}
	}
	changed, err := b.exec(ctx, tx)
	switch {
	case err != nil:
		return b.lost(ctx, what, o, err)
	case b.rows >= 0 && changed != int64(b.rows):
		return Result{Outcome: Refused, Again: true,
			Text: fmt.Sprintf("%s: it would change %d rows, not %d, so it was rolled back", what, changed, b.rows)}
	}
	if err := tx.Commit(); err != nil {
		r := b.lost(ctx, what+": commit", o, err)
		if r.Outcome != Refused {
			r.Outcome = Unclear
		}
		return r
	}
	return Result{Outcome: Done, Text: fmt.Sprintf("%s: %d rows", what, changed)}
}

// lost is the result of a transaction that was not committed.
func (b statement) lost(ctx context.Context, what string, o Order, err error) Result {
	r := Result{Outcome: Failed, Text: what + ": " + err.Error()}
	var dial *net.OpError
	var pg *pgconn.PgError
	var my *mysql.MySQLError
	switch {
	case ctx.Err() != nil:
		r.Text = what + ": " + context.Cause(ctx).Error() + ", so it was rolled back"
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			r.Outcome = Away
		}
	case errors.As(err, &pg):
		r.Outcome, r.Again = Refused, pg.Code == "40001" || pg.Code == "40P01" // lost a race, deadlock
		if pg.Code == "57P03" || pg.Code == "57P01" || pg.Code == "53300" {    // starting, stopping, full
			r.Outcome = Away
		}
	case errors.As(err, &my):
		r.Outcome, r.Again = Refused, my.Number == 1213 || my.Number == 1205
		if my.Number == 1040 || my.Number == 1053 {
			r.Outcome = Away
		}
	case errors.As(err, &dial) && dial.Op == "dial":
		r.Outcome = Away
	case o.Read && (errors.Is(err, mysql.ErrInvalidConn) || pgconn.SafeToRetry(err)):
		r.Outcome = Away
	}
	return r
}

// stopper ends the statement at the server when ctx does. PostgreSQL's driver does so by itself; MariaDB and MySQL go
// on with a statement whose connection is gone, and hold its locks, until they are told.
func (b statement) stopper(ctx context.Context, tx *sql.Tx) (func(), error) {
	if b.db.Kind != mysqlKind {
		return func() {}, nil
	}
	var id int64
	if err := tx.QueryRowContext(ctx, "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		return nil, err
	}
	return func() {
		if ctx.Err() == nil {
			return
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lettingGo)
		defer cancel()
		if db, err := b.open(last); err == nil {
			_, _ = db.ExecContext(last, fmt.Sprintf("KILL %d", id)) // where it fails, it has ended already
			_ = db.Close()
		}
	}, nil
}

// leaveKey records the key within the transaction; again says that it stood there before.
func (b statement) leaveKey(ctx context.Context, tx *sql.Tx, key string) (again bool, err error) {
	if b.db.Keys == "" || key == "" {
		return false, nil
	}
	text := "INSERT INTO " + b.db.Keys + " (key, at) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING"
	if b.db.Kind == mysqlKind {
		text = "INSERT IGNORE INTO " + b.db.Keys + " (`key`, `at`) VALUES (?, ?)"
	}
	// The database's own clock would do, but says it in a dialect.
	done, err := tx.ExecContext(ctx, text, key, time.Now().UTC())
	if err != nil {
		return false, fmt.Errorf("record the idempotency key in %s: %w", b.db.Keys, err)
	}
	rows, err := done.RowsAffected()
	return rows == 0, err
}

// exec prepares the statement first: what is prepared is one statement.
func (b statement) exec(ctx context.Context, tx *sql.Tx) (int64, error) {
	prepared, err := tx.PrepareContext(ctx, b.text)
	if err != nil {
		return 0, err
	}
	defer func() { _ = prepared.Close() }()
	done, err := prepared.ExecContext(ctx, b.args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

func (b statement) query(ctx context.Context, tx *sql.Tx) (any, error) {
	prepared, err := tx.PrepareContext(ctx, b.text)
	if err != nil {
		return nil, err
	}
	defer func() { _ = prepared.Close() }()
	rows, err := prepared.QueryContext(ctx, b.args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	found, size := []any{}, 0
	for rows.Next() {
		values, places := make([]any, len(columns)), make([]any, len(columns))
		for n := range values {
			places[n] = &values[n]
		}
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		row := map[string]any{}
		for n, name := range columns {
			row[name] = cell(values[n])
			if text, ok := row[name].(string); ok {
				size += len(text)
			}
		}
		if found = append(found, row); len(found) > maxRows || size > maxAnswer {
			return nil, fmt.Errorf("the answer is larger than %d rows or %d bytes", maxRows, maxAnswer)
		}
	}
	return map[string]any{"rows": found, "count": int64(len(found))}, rows.Err()
}

// cell is a column's value as JSON has it.
func cell(v any) any {
	switch v := v.(type) {
	case []byte:
		return strings.ToValidUTF8(string(v), "?")
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case float32:
		return float64(v)
	case uint64:
		return int64(v) //nolint:gosec // an identifier beyond that is not compared as a number
	case nil, bool, int64, float64, string:
		return v
	}
	return fmt.Sprint(v)
}
