package corax

import (
	"errors"
	"fmt"
)

// Code says what kind of failure an Error is, for callers that branch on it and for the HTTP status that reports it.
type Code string

// The codes that errors of this module carry.
const (
	Invalid     Code = "invalid"     // the input can't be used as it is
	NotFound    Code = "not_found"   // what was named does not exist
	Conflict    Code = "conflict"    // the state is not the one that the caller expected
	Forbidden   Code = "forbidden"   // a policy, a token or a switch says no
	Unavailable Code = "unavailable" // try again later: full, overloaded, stopping, unreachable
	Internal    Code = "internal"    // a defect of ours
)

// Error is a failure that a person may read: what was tried, on what, and what to do.
type Error struct {
	Code Code
	Op   string // what was tried, on what: "open store /var/lib/corax/corax.db"
	Hint string // what to do about it; may be empty
	Err  error
}

// Error gives one line without the hint.
func (e *Error) Error() string {
	switch {
	case e.Err == nil:
		return e.Op
	case e.Op == "":
		return e.Err.Error()
	}
	return e.Op + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error with a formatted cause; %w works as in fmt.Errorf.
func Errorf(code Code, op, format string, args ...any) *Error {
	return &Error{Code: code, Op: op, Err: fmt.Errorf(format, args...)}
}

// CodeOf is the code of the first Error in err's chain, Internal where there is none, and empty for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// HintOf is the first hint in err's chain, or empty.
func HintOf(err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}
