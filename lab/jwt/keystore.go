package jwt

import (
	"crypto/rsa"
	"encoding/json"
	"io"
	"os"
	"sync"

	"corax"
	"corax/lab/part"
)

// keystoreFile is a verifier's keystore as it lies on disk.
type keystoreFile struct {
	Sequence uint64 `json:"sequence"` // of the last message that was taken
	Keys     []jwk  `json:"keys"`
}

const maxKeystore = 1 << 20

// keystore is the public keys that a verifier trusts. They come with the file and change only by messages from the
// authority.
type keystore struct {
	file string

	mu     sync.RWMutex
	saved  keystoreFile
	last   hook // the message that was taken last
	loaded map[string]*rsa.PublicKey
}

// openKeystore loads a keystore. One that can't be read is empty, with the error that says why; the next message
// makes it anew.
func openKeystore(file string) (*keystore, error) {
	k := &keystore{file: file, loaded: map[string]*rsa.PublicKey{}}
	saved, err := readKeystore(file)
	if err != nil {
		return k, err
	}
	for _, j := range saved.Keys {
		public, err := j.key()
		if err != nil {
			return &keystore{file: file, loaded: map[string]*rsa.PublicKey{}}, err
		}
		k.loaded[j.Kid] = public
	}
	k.saved = saved
	return k, nil
}

func readKeystore(file string) (keystoreFile, error) {
	var saved keystoreFile
	f, err := os.Open(file)
	if err != nil {
		return saved, corax.Errorf(corax.Unavailable, "read the keystore", "%w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxKeystore))
	if err == nil {
		err = json.Unmarshal(data, &saved)
	}
	if err != nil {
		return saved, corax.Errorf(corax.Unavailable, "read the keystore", "%w", err)
	}
	return saved, nil
}

// key is the key of an id, or nil.
func (k *keystore) key(kid string) *rsa.PublicKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.loaded[kid]
}

// ids is what is loaded, in the order of arrival. Where the file can't be read any more, that is an error: the
// next start would lose it.
func (k *keystore) ids() ([]string, uint64, error) {
	if _, err := readKeystore(k.file); err != nil {
		return nil, 0, err
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	ids := []string{}
	for _, j := range k.saved.Keys {
		ids = append(ids, j.Kid)
	}
	return ids, k.saved.Sequence, nil
}

// take carries out a message whose signature was checked. A message must be newer than the last one; the last one
// again is harmless. changed says whether the set of keys is another one now.
func (k *keystore) take(m hook) (changed bool, err error) {
	op := string(m.Kind) + " key " + m.Kid
	k.mu.Lock()
	defer k.mu.Unlock()
	if m.Sequence <= k.saved.Sequence {
		if m.Sequence == k.last.Sequence && m.Kind == k.last.Kind && m.Kid == k.last.Kid {
			return false, nil
		}
		return false, corax.Errorf(corax.Conflict, op, "sequence %d is not after %d", m.Sequence, k.saved.Sequence)
	}
	next := keystoreFile{Sequence: m.Sequence}
	for _, j := range k.saved.Keys {
		if j.Kid != m.Kid {
			next.Keys = append(next.Keys, j)
		}
	}
	had := len(next.Keys) < len(k.saved.Keys)
	var public *rsa.PublicKey
	switch m.Kind {
	case kindAdd:
		if m.Key == nil || m.Key.Kid != m.Kid {
			return false, corax.Errorf(corax.Invalid, op, "the message holds no key of that id")
		}
		if public, err = m.Key.key(); err != nil {
			return false, err
		}
		next.Keys = append(next.Keys, *m.Key)
		changed = !had
	case kindRemove:
		changed = had
	default:
		return false, corax.Errorf(corax.Invalid, op, "expected add or remove")
	}
	if err := part.WriteJSON(k.file, next, 0o600); err != nil {
		return false, corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	k.saved, k.last = next, m
	if public != nil {
		k.loaded[m.Kid] = public
	} else {
		delete(k.loaded, m.Kid)
	}
	return changed, nil
}
