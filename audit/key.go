package audit

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"corax"
)

// Key signs heads. It stands in a file of the data directory, readable by its owner only, and never leaves it; whoever
// may read it can sign a chain of his own, but not change the anchors that are kept elsewhere.
type Key struct{ private ed25519.PrivateKey }

// Public is the key that verifies: "ed25519:" and 32 bytes in base64.
type Public string

const (
	algorithm = "ed25519:"
	pemType   = "PRIVATE KEY"
)

// OpenKey reads the key of a file, or makes it, with randomness from random, where there is no file. A file that others
// may read is Forbidden.
func OpenKey(path string, random io.Reader) (*Key, error) {
	key, err := ReadKey(path)
	if corax.CodeOf(err) != corax.NotFound {
		return key, err
	}
	op := "make the audit's key " + path
	_, private, err := ed25519.GenerateKey(random)
	if err != nil {
		return nil, corax.Errorf(corax.Internal, op, "%w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, corax.Errorf(corax.Internal, op, "%w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	err = pem.Encode(file, &pem.Block{Type: pemType, Bytes: der})
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	return &Key{private}, nil
}

// ReadKey reads the key of a file; NotFound where there is none.
func ReadKey(path string) (*Key, error) {
	op := "read the audit's key " + path
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, corax.Errorf(corax.NotFound, op, "there is none yet: Corax makes it at its first start")
	case err != nil:
		return nil, corax.Errorf(corax.Unavailable, op, "%w", err)
	case info.Mode().Perm()&0o077 != 0:
		return nil, &corax.Error{Code: corax.Forbidden, Op: op, Hint: "chmod 600 " + path,
			Err: fmt.Errorf("others may use it (mode %#o)", info.Mode().Perm())}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	if block, _ := pem.Decode(text); block != nil && block.Type == pemType {
		if parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if private, ok := parsed.(ed25519.PrivateKey); ok {
				return &Key{private}, nil
			}
		}
	}
	return nil, &corax.Error{Code: corax.Invalid, Op: op, Err: errors.New("it is no ed25519 key in PKCS #8"),
		Hint: "restore it from a backup; a new key begins a new chain of anchors"}
}

// Public is what verifies the key's signatures.
func (k *Key) Public() Public {
	public, _ := k.private.Public().(ed25519.PublicKey) // ed25519 promises it
	return Public(algorithm + base64.StdEncoding.EncodeToString(public))
}

// Sign signs a text for one purpose, so that a signature of another is none of this.
func (k *Key) Sign(purpose, text string) string {
	return base64.StdEncoding.EncodeToString(ed25519.Sign(k.private, signed(purpose, text)))
}

// Verify says whether the signature is the key's.
func (p Public) Verify(purpose, text, signature string) bool {
	key, ok := p.key()
	sig, err := base64.StdEncoding.DecodeString(signature)
	return ok && err == nil && ed25519.Verify(key, signed(purpose, text), sig)
}

// Check says whether p is a key at all.
func (p Public) Check() error {
	if _, ok := p.key(); !ok {
		return &corax.Error{Code: corax.Invalid, Op: "read a public key", Err: errors.New("it is not ed25519: and 32 bytes in base64"),
			Hint: "take the line that `corax audit key` prints"}
	}
	return nil
}

func (p Public) key() (ed25519.PublicKey, bool) {
	text, ok := strings.CutPrefix(strings.TrimSpace(string(p)), algorithm)
	raw, err := base64.StdEncoding.DecodeString(text)
	return raw, ok && err == nil && len(raw) == ed25519.PublicKeySize
}

// The purposes of signatures.
const (
	forHead   = "corax audit head"
	forAnchor = "corax audit anchor"
	// ForProblem is the purpose of an exported problem's signature.
	ForProblem = "corax problem"
)

func signed(purpose, text string) []byte { return []byte(purpose + "\n" + text) }

// SignHead is what the store keeps beside the chain's end.
func (k *Key) SignHead(h Head) string { return k.Sign(forHead, headText(h)) }

func headText(h Head) string { return fmt.Sprintf("%d %s", h.Seq, h.Hash) }
