package monitor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"corax"
)

// Checkpoint keeps small texts by name across restarts.
type Checkpoint interface {
	// Load gives what was saved last, nil where nothing was.
	Load(ctx context.Context, name string) ([]byte, error)
	Save(ctx context.Context, name string, data []byte) error
}

// FileCheckpoint keeps each text as a file of a directory, which it makes.
type FileCheckpoint struct {
	Dir string
}

// Load reads a text.
func (c FileCheckpoint) Load(_ context.Context, name string) ([]byte, error) {
	data, err := os.ReadFile(c.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// Save replaces a text at once: a crash leaves the old one or the new one.
func (c FileCheckpoint) Save(_ context.Context, name string, data []byte) error {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(c.Dir, "new-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), c.file(name))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("save %s: %w", name, err), os.Remove(tmp.Name()))
	}
	return nil
}

// file is a name that any name fits into.
func (c FileCheckpoint) file(name string) string {
	return filepath.Join(c.Dir, corax.HashID("checkpoint", name)+".json")
}
