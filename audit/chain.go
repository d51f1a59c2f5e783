// Package audit vouches for what was done: entries in a chain of hashes, heads that are signed and kept elsewhere
// (anchors), and the verification of both.
//
// In come entries, each in the transaction of what it records, from the store; out go anchors, to a file and an address
// outside of the database, reports of a verification, and exports that anyone can verify. Anchors vouch for what came
// before them. What was altered, cut or moved before the last of them is found by whoever holds the public key and the
// anchors; after it, by whoever trusts the head that the store signs with every entry.
//
// It must never alter an entry, and never hold a secret: entries come redacted.
package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gowebpki/jcs"

	"corax"
)

// Nothing is the hash that the first entry and the first anchor name as the one before.
var Nothing = strings.Repeat("0", 2*sha256.Size)

// Head is the end of a chain. The zero Head is that of an empty one.
type Head struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

func (h Head) hash() string {
	if h.Seq == 0 {
		return Nothing
	}
	return h.Hash
}

// Row is an entry as it is stored: canonical JSON (RFC 8785) and its SHA-256.
type Row struct {
	Seq  int64
	What corax.AuditKind
	On   string
	Doc  string
	Hash string
}

// Seal makes the entry that follows a head.
func Seal(prev Head, e corax.AuditEntry) (Row, error) {
	e.Seq, e.Prev, e.At = prev.Seq+1, prev.hash(), e.At.UTC()
	doc, err := canonical(e)
	if err != nil {
		return Row{}, corax.Errorf(corax.Internal, "write an audit entry", "%w", err)
	}
	return Row{Seq: e.Seq, What: e.What, On: e.On, Doc: doc, Hash: Digest([]byte(doc))}, nil
}

// Head is the head of a chain that ends with the row.
func (r Row) Head() Head { return Head{r.Seq, r.Hash} }

// Entry reads the row's document.
func (r Row) Entry() (corax.AuditEntry, error) {
	var e corax.AuditEntry
	if err := json.Unmarshal([]byte(r.Doc), &e); err != nil {
		return e, fmt.Errorf("its document can't be read: %w", err)
	}
	return e, nil
}

// check says what is wrong with a row by itself.
func (r Row) check() (corax.AuditEntry, error) {
	if Digest([]byte(r.Doc)) != r.Hash {
		return corax.AuditEntry{}, fmt.Errorf("entry %d was altered: its hash is not that of its document", r.Seq)
	}
	e, err := r.Entry()
	if err != nil {
		return e, fmt.Errorf("entry %d was altered: %w", r.Seq, err)
	}
	if e.Seq != r.Seq || e.What != r.What || e.On != r.On {
		return e, fmt.Errorf("entry %d was altered or moved: it says of itself that it is entry %d, %s on %s", r.Seq, e.Seq, e.What, e.On)
	}
	return e, nil
}

// Digest is the SHA-256 of a text, in hex.
func Digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func canonical(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	text, err = jcs.Transform(text)
	return string(text), err
}
