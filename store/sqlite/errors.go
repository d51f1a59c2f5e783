package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"corax"

	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// fail says what went wrong in the words of package corax. Errors of callers' functions, and those that are in those words already,
// come back as they are.
func fail(op string, err error) error {
	var known *corax.Error
	var lite *sqlite.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.As(err, &lite):
		return failSQLite(op, lite.Code(), err)
	case errors.Is(err, errClosed), errors.Is(err, sql.ErrConnDone), errors.Is(err, context.Canceled),
		errors.Is(err, context.DeadlineExceeded):
		return &corax.Error{Code: corax.Unavailable, Op: op, Err: err}
	}
	return err
}

func failSQLite(op string, code int, err error) error {
	e := &corax.Error{Code: corax.Internal, Op: op, Err: err}
	switch code & 0xff { // the upper bits are the detail
	case codes.SQLITE_FULL:
		e.Code, e.Hint = corax.Unavailable, "the disk is full: free some space, or shorten the retention; what is stored stays"
	case codes.SQLITE_IOERR:
		e.Code, e.Hint = corax.Unavailable, "the disk did not do what it should: check its space and health; what is stored stays"
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		e.Code, e.Hint = corax.Unavailable, "another process writes to this file; try again"
	case codes.SQLITE_READONLY, codes.SQLITE_CANTOPEN, codes.SQLITE_PERM:
		e.Code, e.Hint = corax.Unavailable, "check that the file and its directory can be read and written by this user"
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		e.Hint = "the file is damaged or no store: stop corax and restore a backup"
	case codes.SQLITE_INTERRUPT:
		e.Code = corax.Unavailable
	}
	return e
}
