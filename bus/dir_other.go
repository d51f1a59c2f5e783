//go:build !unix

package bus

import (
	"os"
	"path/filepath"
)

// lockDir marks dir; on this system a second process is not kept out.
func lockDir(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
}

// freeBytes is not known on this system.
func freeBytes(string) (free uint64, known bool) { return 0, false }
