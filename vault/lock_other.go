//go:build !unix

package vault

import (
	"errors"
	"os"
)

// lockFile takes the lock, or fails where another process holds it; one that died holding it leaves it behind.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, fileMode)
	if errors.Is(err, os.ErrExist) {
		return nil, errors.New("another process changes the vault; if there is none, remove " + path)
	}
	if err != nil {
		return nil, err
	}
	return func() { _ = f.Close(); _ = os.Remove(path) }, nil
}
