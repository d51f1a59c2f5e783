package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"corax"
)

// Anchor is a head that was signed at a time and is kept elsewhere. Anchors are a chain of their own.
type Anchor struct {
	At   time.Time `json:"at"`
	Hash string    `json:"hash"` // of the entry Seq
	N    int64     `json:"n"`    // 1, 2, 3 ...
	Prev string    `json:"prev"` // SHA-256 of the anchor before, as it was signed
	Seq  int64     `json:"seq"`
}

// Signed is an anchor with its signature: one line of the file, or what is posted.
type Signed struct {
	Anchor    json.RawMessage `json:"anchor"` // canonical JSON, as it was signed
	Signature string          `json:"signature"`
}

// AnchorFile is the name of the file in the directory of anchors.
const AnchorFile = "audit-anchors.jsonl"

// next makes the anchor that follows.
func (k *Key) next(last *Signed, h Head, at time.Time) (Signed, error) {
	a := Anchor{At: at.UTC(), Hash: h.Hash, N: 1, Prev: Nothing, Seq: h.Seq}
	if last != nil {
		before, err := last.read()
		if err != nil {
			return Signed{}, err
		}
		a.N, a.Prev = before.N+1, Digest(last.Anchor)
	}
	text, err := canonical(a)
	if err != nil {
		return Signed{}, err
	}
	return Signed{Anchor: json.RawMessage(text), Signature: k.Sign(forAnchor, text)}, nil
}

func (s Signed) read() (Anchor, error) {
	var a Anchor
	err := json.Unmarshal(s.Anchor, &a)
	return a, err
}

// line is the anchor as a file has it.
func (s Signed) line() ([]byte, error) { return jsonLine(s) }

// jsonLine writes JSON without altering a character of what is in it already.
func jsonLine(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return out.Bytes(), err
}

// ReadAnchors reads a file of anchors, without a look at their signatures; none where there is no file. A last line that
// was not written to its end is left out: it was never relied on.
func ReadAnchors(path string) ([]Signed, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, corax.Errorf(corax.Unavailable, "read the anchors", "%w", err)
	}
	defer file.Close()
	var out []Signed
	in := bufio.NewReader(file)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		var s Signed
		if err == nil {
			err = json.Unmarshal(line, &s)
		}
		if err != nil {
			return out, corax.Errorf(corax.Invalid, "read the anchors", "%s: line %d: %w", path, n, err)
		}
		out = append(out, s)
	}
}

// appendAnchor writes an anchor at the end of the file, on the disk when it returns.
func appendAnchor(path string, s Signed) error {
	line, err := s.line()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	end, err := endOfLines(file)
	if err != nil {
		return err
	}
	if _, err := file.WriteAt(line, end); err != nil {
		return err
	}
	return file.Sync()
}

// endOfLines is where the last whole line ends; what a crash left after it is cut off.
func endOfLines(file *os.File) (int64, error) {
	text, err := io.ReadAll(file)
	if err != nil {
		return 0, err
	}
	end := int64(bytes.LastIndexByte(text, '\n') + 1)
	return end, file.Truncate(end)
}

// checkAnchors reads anchors that stand in order, and says what is wrong with them. Those that can't be relied on are
// left out. whole says that the first of all must be among them.
func checkAnchors(list []Signed, key Public, whole bool) (good []Anchor, faults []string) {
	var last *Signed
	var before Anchor
	for i := range list {
		s := &list[i]
		a, err := s.read()
		switch {
		case err != nil:
			faults = append(faults, fmt.Sprintf("anchor line %d can't be read: %v", i+1, err))
			continue
		case !key.Verify(forAnchor, string(s.Anchor), s.Signature):
			faults = append(faults, fmt.Sprintf("anchor %d of %s is not signed with this key: it was altered, or the key was exchanged",
				a.N, stamp(a.At)))
			continue
		case last == nil && whole && a.Prev != Nothing:
			faults = append(faults, fmt.Sprintf("the anchors before number %d are gone", a.N))
		case last != nil && (a.Prev != Digest(last.Anchor) || a.N != before.N+1):
			faults = append(faults, fmt.Sprintf("anchors between number %d and number %d are gone, or were moved", before.N, a.N))
		case last != nil && a.Seq < before.Seq:
			faults = append(faults, fmt.Sprintf("anchor %d is for entry %d, the one before it for entry %d: an older database was put in place",
				a.N, a.Seq, before.Seq))
		}
		good = append(good, a)
		last, before = s, a
	}
	return good, faults
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
