package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"corax"
	"corax/store"

	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// pruneRows is how many rows are forgotten in one transaction.
const pruneRows = 2000

// Prune forgets what r allows, and gives the space back to the file system.
func (s *Store) Prune(ctx context.Context, r store.Retention, now time.Time) error {
	const op = "prune the store"
	dropped, err := s.dropBefore(ctx, dropCalls, now.Add(-CallsKept))
	if err != nil {
		return err
	}
	if r.Age > 0 {
		// Incidents go after what belongs to them, plans after their problems, and what was decided about plans last.
		for _, query := range []string{dropSignalsBefore, dropEventsBefore, dropIncidentsBefore, dropProblemsBefore, dropPlanRuns,
			dropDecisions, dropApprovals, dropSilences, dropPages, dropWorkOrders, dropHoursBefore, dropDaysBefore, dropTemplateCountsBefore,
			dropTemplatesBefore} {
			some, err := s.dropBefore(ctx, query, now.Add(-r.Age))
			if err != nil {
				return err
			}
			dropped = dropped || some
		}
	}
	if r.Bytes > 0 {
		for _, query := range []string{dropOldestSignals, dropOldestEvents} {
			for {
				size, err := s.Size(ctx)
				if err != nil {
					return err
				}
				if size <= r.Bytes {
					break
				}
				n, err := s.drop(ctx, query, pruneRows)
				if err != nil {
					return err
				}
				if n == 0 {
					break
				}
				dropped = true
			}
		}
	}
	if !dropped {
		return nil
	}
	return fail(op, s.shrink(ctx))
}

// dropBefore drops all that query finds before a time, and says whether there was any.
func (s *Store) dropBefore(ctx context.Context, query string, before time.Time) (some bool, err error) {
	for {
		n, err := s.drop(ctx, query, before.UnixMicro(), pruneRows)
		some = some || n > 0
		if err != nil || n < pruneRows {
			return some, err
		}
	}
}

func (s *Store) drop(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = s.transact(ctx, "prune the store", func(t *tx) error {
		n, err = t.exec(query, args...)
		if query == dropSignalsBefore || query == dropOldestSignals {
			t.stored = -n
		}
		return err
	})
	return n, err
}

// Size is how many bytes of the file are in use.
func (s *Store) Size(ctx context.Context) (int64, error) {
	var size int64
	err := s.each(ctx, "measure the store", func(rows *sql.Rows) error { return rows.Scan(&size) },
		`SELECT (p.page_count - f.freelist_count) * z.page_size
		FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size z`)
	return size, err
}

// shrink returns free pages, then the log, to the file system.
func (s *Store) shrink(ctx context.Context) error {
	if err := s.write.acquire(ctx); err != nil {
		return err
	}
	defer func() { s.write.turn <- struct{}{} }()
	for _, pragma := range []string{`PRAGMA incremental_vacuum`, `PRAGMA wal_checkpoint(TRUNCATE)`} {
		rows, err := s.write.conn.QueryContext(context.WithoutCancel(ctx), pragma)
		if err != nil {
			return err
		}
		for rows.Next() { // each step frees a page
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	return nil
}

// Backup writes a copy of the store, as it stands now, to a new file, and has the audit say so. Work goes on meanwhile. A file that exists is
// a Conflict.
func (s *Store) Backup(ctx context.Context, path string) error {
	op := "back up the store to " + path
	if path == "" {
		return corax.Errorf(corax.Invalid, op, "no file is named")
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return &corax.Error{Code: corax.Conflict, Op: op, Err: errors.New("the file exists"), Hint: "name a new file"}
	}
	partial := path + ".partial"
	if err := os.Remove(partial); err != nil && !errors.Is(err, os.ErrNotExist) {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	mine, err := os.OpenFile(partial, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // never readable by others, not even meanwhile
	if err != nil {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	_ = mine.Close()
	db, err := openFile(s.opts.Path, 1, "busy_timeout(10000)")
	if err != nil {
		return fail(op, err)
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, partial)
	if err = errors.Join(err, db.Close()); err == nil {
		err = place(partial, path)
	}
	if err != nil {
		_ = os.Remove(partial)
		if err = fail(op, err); corax.CodeOf(err) == corax.Internal && !errors.As(err, new(*corax.Error)) {
			err = corax.Errorf(corax.Unavailable, op, "%w", err)
		}
		return err
	}
	return s.AppendAudit(ctx, corax.AuditEntry{At: s.opts.Clock.Now(), Who: "corax", What: corax.AuditBackup, On: "file:" + path})
}

// Restore puts a backup in the place of a store that is not open. Where there is a store already it is a Conflict, unless overwrite is
// set. A backup that is damaged, or none of ours, is Invalid, and then nothing is touched.
func Restore(ctx context.Context, backup, path string, overwrite bool) error {
	op := "restore " + backup
	if err := checkBackup(ctx, backup); err != nil {
		return &corax.Error{Code: corax.Invalid, Op: op, Err: err, Hint: "take another backup: this one can't be used"}
	}
	_, err := os.Lstat(path)
	switch {
	case err == nil && !overwrite:
		return &corax.Error{Code: corax.Conflict, Op: op, Err: fmt.Errorf("there is a store at %s", path),
			Hint: "restore into an empty data directory, or say that it shall be overwritten"}
	case err == nil:
		if inUse(ctx, path) {
			return &corax.Error{Code: corax.Conflict, Op: op, Err: fmt.Errorf("the store at %s is in use", path), Hint: "stop corax first"}
		}
	case !errors.Is(err, os.ErrNotExist):
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	if err := restore(backup, path); err != nil {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	return nil
}

func restore(backup, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	partial := path + ".partial"
	if err := copyFile(backup, partial); err != nil {
		_ = os.Remove(partial)
		return err
	}
	// An old log would be played into the new file.
	for _, old := range []string{path + "-wal", path + "-shm"} {
		if err := os.Remove(old); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return place(partial, path)
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// place moves a finished file to its name, so that after a crash there is the whole of it or nothing.
func place(partial, path string) error {
	f, err := os.OpenFile(partial, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(partial, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	_ = dir.Sync() // not every file system can
	return dir.Close()
}

// checkBackup says what is wrong with a file that should be a backup.
func checkBackup(ctx context.Context, path string) (err error) {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	db, err := openFile(path, 1, "query_only(1)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var verdict string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return errors.New("damaged: " + verdict)
	}
	var tables int
	err = db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('signals', 'events')`).Scan(&tables)
	if err == nil && tables != 2 {
		err = errors.New("it is no backup of corax")
	}
	return err
}

// inUse says that another connection has the store open: leaving the write-ahead log takes being alone with the file. A file that can't
// be opened at all is not in use, and is there to be replaced.
func inUse(ctx context.Context, path string) bool {
	db, err := openFile(path, 1, "busy_timeout(0)")
	if err != nil {
		return false
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, `PRAGMA journal_mode = delete`)
	var lite *sqlite.Error
	return errors.As(err, &lite) && (lite.Code()&0xff == codes.SQLITE_BUSY || lite.Code()&0xff == codes.SQLITE_LOCKED)
}
