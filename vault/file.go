package vault

import (
	"bytes"
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"corax"
)

// File is a vault: credentials in one file, each sealed by itself with AES-256-GCM under a key that is derived from the
// vault's key, so that one is opened without the others. Name, dates and version are readable, and bound to the value:
// neither can be exchanged. A seal over the whole names every entry and the number of changes, so that one which was
// taken out, added or put back from an older file is noticed. An old copy of the whole file is a valid vault.
//
// Each method reads the file anew; each change replaces it at once, under a lock that other processes respect. The
// file must belong to its owner alone.
type File struct {
	Path  string
	Key   func() (Key, error) // called at each use, so that the key needn't stay in memory; wiped after it
	Rand  io.Reader           // crypto/rand's where nil
	Clock corax.Clock
}

// Entry is all that is shown of a credential.
type Entry struct {
	Name      string    `json:"name"`
	Note      string    `json:"note,omitempty"` // for people
	Version   int       `json:"version"`        // counts the values that it had
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// sealedEntry is an Entry with its value, as the file has it.
type sealedEntry struct {
	Entry
	Nonce []byte `json:"nonce"`
	Box   []byte `json:"box"`
}

// document is the file.
type document struct {
	Format  string        `json:"format"`
	Salt    []byte        `json:"salt"`    // of the derived keys; another at each change of the key
	Changes int64         `json:"changes"` // how often it was written
	Entries []sealedEntry `json:"entries"` // by name
	Seal    []byte        `json:"seal"`    // over all of the above
}

const (
	format     = "corax vault 1"
	maxFile    = 16 << 20
	maxNote    = 500
	fileMode   = 0o600
	sealPart   = "seal"
	valuesPart = "values"
)

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$`)

func validName(name string) bool { return nameForm.MatchString(name) }

// errForged is why a vault isn't used.
var errForged = errors.New("it was altered, or it was sealed under another key")

// List gives what is shown of each credential, by name. A vault that doesn't exist yet is empty.
func (f File) List() ([]Entry, error) {
	const op = "list the vault"
	d, key, err := f.open(op)
	if err != nil {
		return nil, err
	}
	defer key.Wipe()
	out := make([]Entry, len(d.Entries))
	for i, e := range d.Entries {
		out[i] = e.Entry
	}
	return out, nil
}

// Get opens one credential; NotFound where there is none of the name.
func (f File) Get(name string) (Secret, error) {
	op := "open vault:" + name
	d, key, err := f.open(op)
	if err != nil {
		return Secret{}, err
	}
	defer key.Wipe()
	i, ok := d.find(name)
	if !ok {
		return Secret{}, &corax.Error{Code: corax.NotFound, Op: op, Err: errors.New("the vault has none of this name"),
			Hint: "store it with `corax vault set " + name + "`"}
	}
	value, err := d.unseal(key, i)
	if err != nil {
		return Secret{}, f.forged(op)
	}
	return Secret{ref: schemeVault + ":" + name, value: value}, nil
}

// All opens every credential, for a Redactor to know.
func (f File) All() ([]Secret, error) {
	const op = "open the vault"
	d, key, err := f.open(op)
	if err != nil {
		return nil, err
	}
	defer key.Wipe()
	out := make([]Secret, 0, len(d.Entries))
	for i := range d.Entries {
		value, err := d.unseal(key, i)
		if err != nil {
			return nil, f.forged(op)
		}
		out = append(out, Secret{ref: schemeVault + ":" + d.Entries[i].Name, value: value})
	}
	return out, nil
}

// Set stores a credential, or another value of one. The note stays where the new one is empty.
func (f File) Set(name, note string, value []byte) (Entry, error) {
	op := "store vault:" + name
	switch {
	case !validName(name):
		return Entry{}, &corax.Error{Code: corax.Invalid, Op: "store a credential", Err: fmt.Errorf("%q is no name", name),
			Hint: "use letters, digits, and . _ / - after the first"}
	case len(value) == 0 || len(value) > maxSecret:
		return Entry{}, corax.Errorf(corax.Invalid, op, "its value has %d bytes, expected 1 to %d", len(value), maxSecret)
	case len(note) > maxNote:
		return Entry{}, corax.Errorf(corax.Invalid, op, "its note is longer than %d bytes", maxNote)
	}
	var set Entry
	err := f.change(op, func(d *document, key Key) error {
		now := f.Clock.Now().Truncate(time.Second)
		i, known := d.find(name)
		if !known {
			d.Entries = slices.Insert(d.Entries, i, sealedEntry{Entry: Entry{Name: name, CreatedAt: now}})
		}
		e := &d.Entries[i]
		e.UpdatedAt, e.Version, e.Note = now, e.Version+1, cmp.Or(note, e.Note)
		set = e.Entry
		return d.seal(f.random(), key, i, value)
	})
	return set, err
}

// Delete forgets a credential; NotFound where there is none of the name.
func (f File) Delete(name string) error {
	op := "delete vault:" + name
	return f.change(op, func(d *document, _ Key) error {
		i, ok := d.find(name)
		if !ok {
			return corax.Errorf(corax.NotFound, op, "the vault has none of this name")
		}
		d.Entries = slices.Delete(d.Entries, i, i+1)
		return nil
	})
}

// Rotate seals everything under another key.
func (f File) Rotate(next Key) error {
	const op = "change the vault's key"
	return f.replace(op, func(d *document, key Key) (Key, error) {
		values := make([][]byte, len(d.Entries))
		for i := range d.Entries {
			var err error
			if values[i], err = d.unseal(key, i); err != nil {
				return key, f.forged(op)
			}
			defer clear(values[i])
		}
		d.Salt = nil
		if err := d.salt(f.random()); err != nil {
			return key, err
		}
		for i := range d.Entries {
			if err := d.seal(f.random(), next, i, values[i]); err != nil {
				return key, err
			}
		}
		return next, nil
	})
}

func (f File) random() io.Reader {
	if f.Rand != nil {
		return f.Rand
	}
	return rand.Reader
}

func (f File) forged(op string) error {
	return &corax.Error{Code: corax.Forbidden, Op: op + " in " + f.Path, Err: errForged,
		Hint: "check that vault.key is the one it was made with; else restore the file from a backup"}
}

// open reads the file and checks its seal. The caller wipes the key.
func (f File) open(op string) (document, Key, error) {
	key, err := f.Key()
	if err != nil {
		return document{}, Key{}, err
	}
	d, err := f.read(op)
	if err == nil && d.Seal != nil && subtle.ConstantTimeCompare(d.Seal, d.mac(key)) != 1 {
		err = f.forged(op)
	}
	if err != nil {
		key.Wipe()
		return document{}, Key{}, err
	}
	return d, key, nil
}

// read reads the file as it is; a document without a seal is one that doesn't exist yet.
func (f File) read(op string) (document, error) {
	op += " in " + f.Path
	file, err := os.Open(f.Path)
	if errors.Is(err, os.ErrNotExist) {
		return document{Format: format}, nil
	}
	if err != nil {
		return document{}, &corax.Error{Code: corax.Unavailable, Op: op, Err: err, Hint: "check the path and who may read it"}
	}
	defer func() { _ = file.Close() }()
	if err := private(file); err != nil {
		return document{}, &corax.Error{Code: corax.Forbidden, Op: op, Err: err, Hint: "chmod 600 " + f.Path}
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil {
		return document{}, corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	var d document
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err = dec.Decode(&d)
	again, _ := d.text()                                                                   // what was read always marshals
	if err != nil || d.Format != format || len(d.Seal) == 0 || !bytes.Equal(again, data) { // not a byte of it is free
		return document{}, &corax.Error{Code: corax.Invalid, Op: op, Err: errors.New("it is no vault, or it is damaged"),
			Hint: "restore the file from a backup"}
	}
	return d, nil
}

// text is the file, byte for byte.
func (d *document) text() ([]byte, error) {
	data, err := json.MarshalIndent(d, "", " ")
	return append(data, '\n'), err
}

func (d *document) find(name string) (int, bool) {
	return slices.BinarySearchFunc(d.Entries, name, func(e sealedEntry, n string) int { return cmp.Compare(e.Name, n) })
}

func (d *document) salt(random io.Reader) error {
	if d.Salt == nil {
		d.Salt = make([]byte, 16)
		_, err := io.ReadFull(random, d.Salt)
		return err
	}
	return nil
}

// derive makes the key of a purpose.
func (d *document) derive(key Key, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, key.bytes, d.Salt, format+" "+purpose, 32)
}

func (d *document) aead(key Key) (cipher.AEAD, error) {
	k, err := d.derive(key, valuesPart)
	if err != nil {
		return nil, err
	}
	defer clear(k)
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (d *document) seal(random io.Reader, key Key, i int, value []byte) error {
	aead, err := d.aead(key)
	if err != nil {
		return err
	}
	e := &d.Entries[i]
	e.Nonce = make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(random, e.Nonce); err != nil {
		return err
	}
	e.Box = aead.Seal(nil, e.Nonce, value, e.bound())
	return nil
}

func (d *document) unseal(key Key, i int) ([]byte, error) {
	aead, err := d.aead(key)
	if err != nil {
		return nil, err
	}
	e := &d.Entries[i]
	if len(e.Nonce) != aead.NonceSize() {
		return nil, errForged
	}
	return aead.Open(nil, e.Nonce, e.Box, e.bound())
}

// bound is what the value is bound to.
func (e *sealedEntry) bound() []byte {
	text, _ := json.Marshal(e.Entry) // strings, numbers and times always marshal
	return text
}

// mac is the seal over the whole: a GCM tag would do, but its nonce would be one more thing to keep.
func (d *document) mac(key Key) []byte {
	k, err := d.derive(key, sealPart)
	if err != nil {
		return nil
	}
	defer clear(k)
	unsealed := *d
	unsealed.Seal = nil
	text, _ := json.Marshal(unsealed)
	return hmacSHA256(k, text)
}

// change alters the document under the key that it has.
func (f File) change(op string, fn func(*document, Key) error) error {
	return f.replace(op, func(d *document, key Key) (Key, error) { return key, fn(d, key) })
}

// replace alters the document and writes it, sealed under the key that fn gives.
func (f File) replace(op string, fn func(*document, Key) (Key, error)) error {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	unlock, err := lockFile(f.Path + ".lock")
	if err != nil {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	defer unlock()
	d, key, err := f.open(op)
	if err != nil {
		return err
	}
	defer key.Wipe()
	if err := d.salt(f.random()); err != nil {
		return corax.Errorf(corax.Internal, op, "%w", err)
	}
	under, err := fn(&d, key)
	if err != nil {
		return err
	}
	d.Changes++
	d.Seal = d.mac(under)
	data, err := d.text()
	if err == nil {
		err = replaceFile(f.Path, data)
	}
	if err != nil {
		return corax.Errorf(corax.Unavailable, op+" in "+f.Path, "%w", err)
	}
	return nil
}

// replaceFile puts a file in the place of another: after a crash there is the old one or the new one.
func replaceFile(path string, data []byte) (err error) {
	tmp := path + "." + strconv.Itoa(os.Getpid()) + ".partial"
	file, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, fileMode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp)
		}
	}()
	_, err = file.Write(data)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err = os.Rename(tmp, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	_ = dir.Sync() // not every file system can
	return dir.Close()
}

// private refuses a file that others may read or write.
func private(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is no regular file")
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("others may use it (mode %#o)", mode)
	}
	return nil
}

// Key is what a vault is sealed under.
type Key struct{ bytes []byte }

// keyBytes is the length of a key.
const keyBytes = 32

// NewKey makes a key, as the text that a key file holds.
func NewKey(random io.Reader) (string, error) {
	raw := make([]byte, keyBytes)
	defer clear(raw)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(raw) + "\n", nil
}

// ParseKey reads a key: 32 bytes in base64. Its error doesn't repeat the text.
func ParseKey(text []byte) (Key, error) {
	raw := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(raw, bytes.TrimSpace(text))
	if err != nil || n != keyBytes {
		clear(raw)
		return Key{}, &corax.Error{Code: corax.Invalid, Op: "read the vault's key", Err: errors.New("it is not 32 bytes in base64"),
			Hint: "make one with `corax vault key FILE`, or `openssl rand -base64 32`"}
	}
	return Key{raw[:n]}, nil
}

// Wipe overwrites the key.
func (k *Key) Wipe() { clear(k.bytes) }
