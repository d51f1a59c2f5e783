package diagnose

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"corax"
)

// InputError says where in a line of input the mistake is.
type InputError struct {
	Column int // in bytes, from 1
	Err    error
}

// Error gives the place and the mistake.
func (e *InputError) Error() string { return fmt.Sprintf("column %d: %v", e.Column, e.Err) }

// Unwrap gives the mistake.
func (e *InputError) Unwrap() error { return e.Err }

// ReadCase reads one line of `corax diagnose`. A signal is a text or an object; fields of a case that are not known are passed over, so that
// files which carry more than a case can be used as they are. Errors are *InputError.
func ReadCase(line []byte) (corax.Case, error) {
	var c corax.Case
	if !json.Valid(line) { // the decoder's own offsets are a byte off between values
		var whole json.RawMessage
		return c, at(line, nil, 0, json.Unmarshal(line, &whole))
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	if t, err := dec.Token(); err != nil {
		return c, at(line, dec, 0, err)
	} else if t != json.Delim('{') {
		return c, &InputError{1, errors.New("expected an object: {\"id\": ..., \"signals\": [...]}")}
	}
	signals := false
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return c, at(line, dec, 0, err)
		}
		from := valueStart(line, int(dec.InputOffset()))
		switch key {
		case "id":
			err = dec.Decode(&c.ID)
		case "topology":
			err = dec.Decode(&c.Topology)
		case "signals":
			signals = true
			c.Signals, err = readSignals(line, dec)
		default:
			var skip json.RawMessage
			err = dec.Decode(&skip)
		}
		if err != nil {
			return c, at(line, dec, from, err)
		}
	}
	if !signals {
		return c, &InputError{1, errors.New(`the case has no "signals"`)}
	}
	return c, nil
}

func readSignals(line []byte, dec *json.Decoder) ([]corax.Signal, error) {
	from := valueStart(line, int(dec.InputOffset()))
	if t, err := dec.Token(); err != nil {
		return nil, err
	} else if t != json.Delim('[') {
		return nil, &InputError{from + 1, errors.New("signals: expected an array")}
	}
	signals := []corax.Signal{}
	for dec.More() {
		from := valueStart(line, int(dec.InputOffset()))
		var s corax.Signal
		var err error
		switch {
		case from < len(line) && line[from] == '"':
			err = dec.Decode(&s.Message)
		case from < len(line) && line[from] == '{':
			err = dec.Decode(&s)
		default:
			return nil, &InputError{from + 1, fmt.Errorf("signal %d: expected a text or an object", len(signals))}
		}
		if err != nil {
			return nil, at(line, dec, from, fmt.Errorf("signal %d: %w", len(signals), err))
		}
		switch s.KindOr() {
		case corax.Symptom, corax.Recovery, corax.Expiry, corax.ChangeOf, corax.Note:
		default:
			return nil, &InputError{from + 1, fmt.Errorf("signal %d: kind %q: expected symptom, recovery, expiry, change or note",
				len(signals), s.Kind)}
		}
		signals = append(signals, s)
	}
	_, err := dec.Token()
	return signals, err
}

// valueStart is where the next value begins, past white space and the signs between values.
func valueStart(line []byte, from int) int {
	for from < len(line) && bytes.IndexByte([]byte(" \t\r\n:,"), line[from]) >= 0 {
		from++
	}
	return from
}

// at finds the column of an error; from is where the value began, for errors that don't say more.
func at(line []byte, dec *json.Decoder, from int, err error) error {
	var done *InputError
	if errors.As(err, &done) {
		return done
	}
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax) && int(syntax.Offset) >= len(line) && strings.Contains(syntax.Error(), "unexpected end"):
		from, err = len(line), errors.New("the line ends in the middle of the case")
	case errors.As(err, &syntax):
		from = max(int(syntax.Offset)-1, 0)
	case from == 0 && dec != nil:
		from = int(dec.InputOffset())
	}
	return &InputError{min(from, len(line)) + 1, err}
}

// WriteJSON writes a report as one line; into a bytes.Buffer without a copy.
func WriteJSON(w io.Writer, r corax.Report) error {
	var free []byte
	if buffer, ok := w.(*bytes.Buffer); ok {
		free = buffer.AvailableBuffer()
	}
	line, err := AppendJSON(free, r)
	if err == nil {
		_, err = w.Write(append(line, '\n'))
	}
	if err != nil {
		return &corax.Error{Code: corax.Internal, Op: "write report", Err: err}
	}
	return nil
}

// WriteLineError writes, in the place of a report, why a line can't be used.
func WriteLineError(w io.Writer, line int, err error) error {
	column := 1
	var in *InputError
	if errors.As(err, &in) {
		column, err = in.Column, in.Err
	}
	type fault struct {
		Column  int    `json:"column"`
		Message string `json:"message"`
	}
	return writeLine(w, struct {
		Line  int     `json:"line"`
		ID    *string `json:"id"`
		Error fault   `json:"error"`
	}{line, nil, fault{column, err.Error()}})
}

func writeLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return &corax.Error{Code: corax.Internal, Op: "write report", Err: err}
	}
	return nil
}
