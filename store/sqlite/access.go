package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"corax"
	"corax/access"
)

// Users and credentials. Hashes and digests have columns of their own: in a document, the redactor would take them for what they were
// made from.
const (
	getUser    = `SELECT doc, password FROM users WHERE id = ?`
	listUsers  = `SELECT doc, password FROM users ORDER BY name, id`
	upsertUser = `INSERT INTO users (id, name, password, doc) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, password = excluded.password, doc = excluded.doc`

	getCredential    = `SELECT doc, digest FROM credentials WHERE kind = ? AND id = ?`
	findCredential   = `SELECT doc, digest FROM credentials WHERE kind = ? AND digest = ?`
	listCredentials  = `SELECT doc, digest FROM credentials WHERE kind = ?1 AND (?2 = '' OR user = ?2) ORDER BY made_at DESC, id`
	upsertCredential = `INSERT INTO credentials (kind, id, user, digest, made_at, ends_at, doc) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, id) DO UPDATE SET ends_at = excluded.ends_at, doc = excluded.doc`
	dropCredential  = `DELETE FROM credentials WHERE kind = ? AND id = ?`
	dropCredentials = `DELETE FROM credentials WHERE kind = ?1 AND user = ?2 AND id NOT IN (SELECT value FROM json_each(?3))`
	dropEnded       = `DELETE FROM credentials WHERE ends_at <= ?`
)

// ChangeAccess stores all that fn does, or nothing where it fails; its error comes back as it is. Nobody else writes meanwhile: fn must be
// quick, and must not call the store but through what it is given.
func (s *Store) ChangeAccess(ctx context.Context, op string, fn func(access.Tx) error) error {
	return s.transact(ctx, op, func(t *tx) error { return fn(accessTx{t}) })
}

// Users lists them by name.
func (s *Store) Users(ctx context.Context) ([]access.User, error) {
	return scanned(ctx, s, "list users", scanUser, listUsers)
}

// User is NotFound where there is none.
func (s *Store) User(ctx context.Context, id string) (access.User, error) {
	return one(ctx, s, "read user "+id, scanUser, getUser, id)
}

// Credentials lists those of a kind, the newest first; of everybody where user is empty.
func (s *Store) Credentials(ctx context.Context, k access.Kind, user string) ([]access.Credential, error) {
	return scanned(ctx, s, "list credentials", scanCredential, listCredentials, string(k), user)
}

// FindCredential is NotFound where there is none of this digest.
func (s *Store) FindCredential(ctx context.Context, k access.Kind, digest string) (access.Credential, error) {
	return one(ctx, s, "find a "+string(k), scanCredential, findCredential, string(k), digest)
}

// TouchCredential notes a use; one that is gone is no error.
func (s *Store) TouchCredential(ctx context.Context, k access.Kind, id string, at time.Time, address string) error {
	return s.transact(ctx, "note the use of a "+string(k), func(t *tx) error {
		c, err := accessTx{t}.Credential(k, id)
		if corax.CodeOf(err) == corax.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		c.SeenAt, c.Address = &at, address
		return accessTx{t}.PutCredential(c)
	})
}

// DropEnded forgets credentials that have ended by then.
func (s *Store) DropEnded(ctx context.Context, at time.Time) error {
	return s.transact(ctx, "forget what has ended", func(t *tx) error {
		_, err := t.exec(dropEnded, at.UnixMicro())
		return err
	})
}

// accessTx is a change of users and credentials under way.
type accessTx struct{ t *tx }

func (a accessTx) User(id string) (access.User, error) {
	return oneIn(a.t, "read user "+id, scanUser, getUser, id)
}

func (a accessTx) Users() ([]access.User, error) { return scannedIn(a.t, scanUser, listUsers) }

func (a accessTx) PutUser(u access.User) error {
	doc, err := encode(u)
	if err == nil {
		_, err = a.t.exec(upsertUser, u.ID, u.Name, u.Password, doc)
	}
	return err
}

func (a accessTx) Credential(k access.Kind, id string) (access.Credential, error) {
	return oneIn(a.t, "read "+string(k)+" "+id, scanCredential, getCredential, string(k), id)
}

func (a accessTx) Found(k access.Kind, digest string) (access.Credential, error) {
	return oneIn(a.t, "find a "+string(k), scanCredential, findCredential, string(k), digest)
}

func (a accessTx) PutCredential(c access.Credential) error {
	doc, err := encode(c)
	if err == nil {
		_, err = a.t.exec(upsertCredential, string(c.Kind), c.ID, c.User, c.Digest, c.MadeAt.UnixMicro(), c.EndsAt.UnixMicro(), doc)
	}
	return err
}

func (a accessTx) DropCredential(k access.Kind, id string) error {
	_, err := a.t.exec(dropCredential, string(k), id)
	return err
}

func (a accessTx) DropCredentials(k access.Kind, user string, except ...string) (int, error) {
	n, err := a.t.exec(dropCredentials, string(k), user, jsonList(except))
	return int(n), err
}

func (a accessTx) Audit(entries ...corax.AuditEntry) error { return a.t.audit(entries...) }

func scanUser(rows *sql.Rows) (u access.User, err error) {
	var doc sql.RawBytes
	if err = rows.Scan(&doc, &u.Password); err == nil {
		err = decode(doc, &u)
	}
	return u, err
}

func scanCredential(rows *sql.Rows) (c access.Credential, err error) {
	var doc sql.RawBytes
	if err = rows.Scan(&doc, &c.Digest); err == nil {
		err = decode(doc, &c)
	}
	return c, err
}

// scanned reads all rows that a query finds.
func scanned[T any](ctx context.Context, s *Store, op string, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	out := []T{}
	err := s.each(ctx, op, func(rows *sql.Rows) error {
		v, err := scan(rows)
		out = append(out, v)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// one is the first of them; NotFound where there is none.
func one[T any](ctx context.Context, s *Store, op string, scan func(*sql.Rows) (T, error), query string, args ...any) (T, error) {
	all, err := scanned(ctx, s, op, scan, query, args...)
	return first(op, all, err)
}

// scannedIn is scanned, within a transaction.
func scannedIn[T any](t *tx, scan func(*sql.Rows) (T, error), query string, args ...any) (out []T, err error) {
	stmt, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.Query(args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

func oneIn[T any](t *tx, op string, scan func(*sql.Rows) (T, error), query string, args ...any) (T, error) {
	all, err := scannedIn(t, scan, query, args...)
	return first(op, all, err)
}

func first[T any](op string, all []T, err error) (v T, _ error) {
	switch {
	case err != nil:
		return v, err
	case len(all) == 0:
		return v, &corax.Error{Code: corax.NotFound, Op: op, Err: errMissing}
	}
	return all[0], nil
}
