package server

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"corax"
	"corax/access"
)

// backup writes a copy of the store. The local command line names any file, as it could copy the store by itself; others name one below
// the directory for backups, which is made where it is missing.
func (a api) backup(ctx context.Context, path string) error {
	if access.From(ctx).Via == corax.ViaLocal {
		return a.o.Records.Backup(ctx, path)
	}
	op := "back up to " + path
	if a.o.Backups == "" || !filepath.IsLocal(path) || filepath.Clean(path) == "." {
		return &corax.Error{Code: corax.Forbidden, Op: op, Err: errors.New("from elsewhere, a backup goes below the data directory's backups"),
			Hint: "name a file without a directory"}
	}
	full := filepath.Join(a.o.Backups, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	return a.o.Records.Backup(ctx, full)
}
