package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"corax"
)

// query prepares a reader's statement once, and runs it.
func (s *Store) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s.mu.Lock()
	stmt := s.stmts[query]
	if stmt == nil {
		if s.stmts == nil {
			s.mu.Unlock()
			return nil, errClosed
		}
		var err error
		if stmt, err = s.read.Prepare(query); err != nil {
			s.mu.Unlock()
			return nil, err
		}
		s.stmts[query] = stmt
	}
	s.mu.Unlock()
	return stmt.QueryContext(ctx, args...)
}

// each calls fn for every row.
func (s *Store) each(ctx context.Context, op string, fn func(*sql.Rows) error, query string, args ...any) error {
	rows, err := s.query(ctx, query, args...)
	if err != nil {
		return fail(op, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return fail(op, err)
		}
	}
	return fail(op, rows.Err())
}

// list reads the documents that query finds.
func list[T any](ctx context.Context, s *Store, op, query string, args ...any) ([]T, error) {
	out := []T{}
	err := s.each(ctx, op, func(rows *sql.Rows) error {
		var doc sql.RawBytes
		if err := rows.Scan(&doc); err != nil {
			return err
		}
		var v T
		if err := decode(doc, &v); err != nil {
			return err
		}
		out = append(out, v)
		return nil
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// get reads the document of id.
func get[T any](ctx context.Context, s *Store, op, query, id string) (T, error) {
	found, err := list[T](ctx, s, op+" "+id, query, id)
	if err == nil && len(found) == 0 {
		err = missing(op, id)
	}
	if err != nil {
		var none T
		return none, err
	}
	return found[0], nil
}

// change reads the document of id within a transaction, lets fn alter it, and returns it; fn's error comes back as it is.
func change[T any](t *tx, op, query, id string, fn func(*T) error) (T, error) {
	var v, none T
	var doc []byte
	err := t.row(&doc, query, id)
	if errors.Is(err, sql.ErrNoRows) {
		return none, missing(op, id)
	}
	if err != nil {
		return none, err
	}
	if err := decode(doc, &v); err != nil {
		return none, err
	}
	if err := fn(&v); err != nil {
		return none, err
	}
	return v, nil
}

func missing(op, id string) error {
	return &corax.Error{Code: corax.NotFound, Op: op + " " + id, Err: errMissing}
}

var errMissing = errors.New("there is none with this id")

func decode(doc []byte, v any) error {
	if err := json.Unmarshal(doc, v); err != nil {
		return corax.Errorf(corax.Internal, "read a stored record", "%w", err)
	}
	return nil
}

func encode(v any) (string, error) {
	doc, err := json.Marshal(v)
	if err != nil {
		return "", corax.Errorf(corax.Invalid, "write a record", "%w", err)
	}
	return string(doc), nil
}

// jsonList is a list of strings as the parameter of json_each.
func jsonList[S ~string](list []S) string {
	if len(list) == 0 {
		return "[]"
	}
	doc, _ := json.Marshal(list) // strings can't fail
	return string(doc)
}

// limit is what a LIMIT takes.
func limit(n int) int {
	if n <= 0 {
		return -1
	}
	return n
}

// nullable stores an empty string as NULL, which takes no room in an index.
func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}
