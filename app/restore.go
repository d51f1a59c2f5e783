package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"corax"
	"corax/bus"
	"corax/store/sqlite"
)

// The parts of a data directory.
const (
	storeFile     = "corax.db"
	workflowsFile = "workflows.db"
	streamDir     = "stream"
	triageName    = "triage" // under which triage subscribes
)

// StoreFile is where the store of a data directory is.
func StoreFile(dataDir string) string { return filepath.Join(dataDir, storeFile) }

// Restore puts a backup in the place of the store of a data directory that no Corax has open. What was acknowledged after the backup and is
// still on the stream comes back at the next start, since triage then reads the stream from its beginning; and plans that the backup shows
// at work are begun anew, each step asking first whether its goal holds.
func Restore(ctx context.Context, backup, dataDir string, replace bool) error {
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return corax.Errorf(corax.Unavailable, "make the data directory "+dataDir, "%w", err)
	}
	if err := sqlite.Restore(ctx, backup, StoreFile(dataDir), replace); err != nil {
		return err
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		file := filepath.Join(dataDir, workflowsFile+end)
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return corax.Errorf(corax.Unavailable, "remove "+file, "%w", err)
		}
	}
	stream := filepath.Join(dataDir, streamDir)
	if _, err := os.Stat(stream); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	b, err := bus.Open(ctx, bus.Options{Dir: stream})
	if err != nil {
		return err
	}
	return errors.Join(b.Forget(ctx, triageName), b.Close())
}
