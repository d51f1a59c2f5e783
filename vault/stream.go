package vault

import (
	"errors"
	"io"
)

const (
	// minHeld is how much of a stream is held back at least, so that a token or a key which goes on is seen whole.
	minHeld = 8 << 10
	// maxHeld bounds what is held back for one that doesn't end. It is cut off there; what follows is not shown until
	// the stream shows something else.
	maxHeld = 256 << 10
	// perByte is how much room one byte of a secret takes at most, escaped as \uXXXX in a JSON text within another.
	perByte = 7
)

// Writer gives a stream's text on without secrets, also where one is spread over several writes. It holds back the last
// few kilobytes until Close. It is used from one goroutine.
type Writer struct {
	to     io.Writer
	r      *Redactor
	held   []byte
	inside bool // the last thing written was the start of a secret that goes on
	err    error
}

// Writer makes a Writer. Close flushes it; it doesn't close to.
func (r *Redactor) Writer(to io.Writer) *Writer { return &Writer{to: to, r: r} }

var errWriterClosed = errors.New("the redacting writer is closed")

// Write takes all of p, or fails for good with the error of the stream below.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	w.held = append(w.held, p...)
	if keep := w.r.held(); len(w.held) >= 2*keep {
		w.flush(len(w.held) - keep)
	}
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

// Close writes what was held back.
func (w *Writer) Close() error {
	if errors.Is(w.err, errWriterClosed) {
		return nil
	}
	if w.err == nil {
		w.flush(len(w.held))
	}
	err := w.err
	w.err = errWriterClosed
	return err
}

// held is how much of a stream must be seen after a place to know that no secret begins there.
func (r *Redactor) held() int {
	if r != nil {
		if f := r.known.Load(); f != nil {
			return max(minHeld, perByte*f.longest)
		}
	}
	return minHeld
}

// flush gives on what stands before cut, or less where a secret stands across it.
func (w *Writer) flush(cut int) {
	last := cut == len(w.held)
	text := string(w.held)
	at := 0
	for _, s := range w.r.spans(text, true) {
		if s.from >= cut {
			break
		}
		if s.to > cut {
			if !last && s.to == len(text) && len(text) < maxHeld { // it may go on
				cut = s.from
				break
			}
			cut = s.to
		}
		if !(w.inside && s.from == 0) {
			w.write(text[at:s.from])
			w.write(redacted)
		}
		w.inside = s.to == len(text)
		at = s.to
	}
	if at < cut {
		w.write(text[at:cut])
		w.inside = false
	}
	n := copy(w.held, w.held[cut:])
	clear(w.held[n:])
	w.held = w.held[:n]
}

func (w *Writer) write(text string) {
	if w.err == nil && text != "" {
		_, w.err = io.WriteString(w.to, text)
	}
}

// Reader reads from a stream what is left of it without secrets.
func (r *Redactor) Reader(from io.Reader) io.Reader {
	d := &reader{from: from}
	d.w = r.Writer(&d.ready)
	return d
}

type reader struct {
	from  io.Reader
	w     *Writer
	ready buffer
	err   error
	chunk [4 << 10]byte
}

// buffer is what was redacted and not read yet.
type buffer struct{ data []byte }

func (b *buffer) Write(p []byte) (int, error) {
	b.data = append(b.data, p...)
	return len(p), nil
}

// Read gives redacted text; it fails as the stream below does, after all that came before.
func (d *reader) Read(p []byte) (int, error) {
	for len(d.ready.data) == 0 {
		if d.err != nil {
			return 0, d.err
		}
		n, err := d.from.Read(d.chunk[:])
		_, _ = d.w.Write(d.chunk[:n]) // a buffer takes everything
		if err != nil {
			d.err = err
			_ = d.w.Close()
		}
	}
	n := copy(p, d.ready.data)
	d.ready.data = d.ready.data[n:]
	return n, nil
}
