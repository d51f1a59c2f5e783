package audit

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"corax"
)

// line is one line of an export: a head line first, then entries in order, each anchor after the entry that it is for.
type line struct {
	Format    string          `json:"corax_audit,omitempty"`
	Key       Public          `json:"key,omitempty"`
	Slice     bool            `json:"slice,omitempty"`
	Head      *Head           `json:"head,omitempty"`
	Signature string          `json:"signature,omitempty"`
	Entry     json.RawMessage `json:"entry,omitempty"` // canonical JSON
	Hash      string          `json:"hash,omitempty"`
	Anchor    *Signed         `json:"signed,omitempty"`
}

// exportFormat is what the first line of an export says.
const exportFormat = "1"

// Export writes a claim as JSON Lines, for anyone to verify.
func Export(w io.Writer, c Claim) error {
	out := bufio.NewWriter(w)
	write := func(l line) error {
		text, err := jsonLine(l)
		if err == nil {
			_, err = out.Write(text)
		}
		return err
	}
	if err := write(line{Format: exportFormat, Key: c.Key, Slice: c.Slice, Head: c.Head, Signature: c.HeadSig}); err != nil {
		return err
	}
	anchors := c.Anchors
	upTo := func(seq int64) error {
		for len(anchors) > 0 {
			a, err := anchors[0].read()
			if err == nil && a.Seq > seq {
				return nil
			}
			if err := write(line{Anchor: &anchors[0]}); err != nil {
				return err
			}
			anchors = anchors[1:]
		}
		return nil
	}
	for _, r := range c.Rows {
		if err := upTo(r.Seq - 1); err != nil {
			return err
		}
		if err := write(line{Entry: json.RawMessage(r.Doc), Hash: r.Hash}); err != nil {
			return err
		}
	}
	if err := upTo(1 << 62); err != nil {
		return err
	}
	return out.Flush()
}

// Import reads an export. It verifies nothing: that is Verify's.
func Import(r io.Reader) (Claim, error) {
	const op = "read an exported audit"
	var c Claim
	in := bufio.NewReader(r)
	for n := 1; ; n++ {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(text) == 0 {
			if n == 1 {
				return c, corax.Errorf(corax.Invalid, op, "it is empty")
			}
			return c, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return c, corax.Errorf(corax.Unavailable, op, "line %d: %w", n, err)
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return c, corax.Errorf(corax.Invalid, op, "line %d: %w", n, err)
		}
		if err := c.add(n, l); err != nil {
			return c, corax.Errorf(corax.Invalid, op, "line %d: %w", n, err)
		}
	}
}

func (c *Claim) add(n int, l line) error {
	switch {
	case n == 1 && l.Format != exportFormat:
		return fmt.Errorf("expected an audit of format %s, found %q", exportFormat, l.Format)
	case n == 1:
		c.Key, c.Slice, c.Head, c.HeadSig = l.Key, l.Slice, l.Head, l.Signature
	case l.Anchor != nil:
		c.Anchors = append(c.Anchors, *l.Anchor)
	case l.Entry != nil:
		r := Row{Doc: string(l.Entry), Hash: l.Hash}
		if e, err := r.Entry(); err == nil {
			r.Seq, r.What, r.On = e.Seq, e.What, e.On
		}
		c.Rows = append(c.Rows, r)
	default:
		return errors.New("neither an entry nor an anchor")
	}
	return nil
}
