package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"corax"
	"corax/access"
)

// Fault is the body of every answer that is an error (RFC 9457), of the type application/problem+json.
type Fault struct {
	Type   string       `json:"type" doc:"where this kind of error is explained"`
	Title  string       `json:"title" doc:"what kind of error it is"`
	Status int          `json:"status" doc:"the answer's status"`
	Code   corax.Code   `json:"code" doc:"the kind of error, for programs"`
	Detail string       `json:"detail" doc:"what was tried, and what was wrong with it"`
	Hint   string       `json:"hint,omitempty" doc:"what to do about it"`
	Errors []FieldFault `json:"errors,omitempty" doc:"each thing that is wrong with the request"`
}

// FieldFault is one thing that is wrong with a request.
type FieldFault struct {
	Location string `json:"location,omitempty" doc:"such as body.reason or query.limit"`
	Message  string `json:"message"`
}

// Error implements error.
func (f *Fault) Error() string { return f.Detail }

// GetStatus implements huma.StatusError.
func (f *Fault) GetStatus() int { return f.Status }

// ContentType implements huma.ContentTypeFilter.
func (f *Fault) ContentType(string) string { return faultType }

const (
	faultType = "application/problem+json"
	faultPath = "/api/v1/errors/"
)

// The codes that only a request can have, beside those of package corax.
const (
	unproven corax.Code = "unproven"
	tooMany  corax.Code = "too_many"
)

// FaultKind explains a code that answers carry.
type FaultKind struct {
	Code   corax.Code `json:"code"`
	Status int        `json:"status" doc:"of most answers of this kind"`
	Title  string     `json:"title"`
	About  string     `json:"about" doc:"when it comes, and what to do"`
}

// faultKinds are all of them.
func faultKinds() []FaultKind {
	return []FaultKind{
		{corax.Invalid, http.StatusUnprocessableEntity, "The request can't be used as it is",
			"A field is missing, malformed or not allowed; errors names each. Nothing was done. The same request will fail again."},
		{unproven, http.StatusUnauthorized, "Nobody is known by what the request carries",
			"It carries no token or session, or one that has ended. Send a token as Authorization: Bearer TOKEN."},
		{corax.Forbidden, http.StatusForbidden, "That is not allowed", "The role, the scope, a policy or a kill switch says no. Nothing was done."},
		{corax.NotFound, http.StatusNotFound, "It is not there", "There is nothing of this id or at this address, or it is none of what you may see."},
		{corax.Conflict, http.StatusConflict, "The state is another than expected",
			"Somebody was faster, or the thing is in no state that allows it. Read it again, then decide."},
		{tooMany, http.StatusTooManyRequests, "Too many requests", "Wait as long as Retry-After says."},
		{corax.Unavailable, http.StatusServiceUnavailable, "Try again later",
			"Corax is starting, stopping or full, or what it needed did not answer. Try again, with the same Idempotency-Key where it changes something."},
		{corax.Internal, http.StatusInternalServerError, "A defect of Corax",
			"The log of the server says more. What was asked for may have been done in part; look before you repeat it."},
	}
}

// kindOf is the kind of a code; that of a defect for an unknown one.
func kindOf(code corax.Code) FaultKind {
	kinds := faultKinds()
	for _, k := range kinds {
		if k.Code == code {
			return k
		}
	}
	return kinds[len(kinds)-1]
}

// newFault is an error of a kind; status is that of the kind where zero.
func newFault(code corax.Code, status int, detail, hint string) *Fault {
	k := kindOf(code)
	if status == 0 {
		status = k.Status
	}
	return &Fault{Type: faultPath + string(k.Code), Title: k.Title, Status: status, Code: k.Code, Detail: detail, Hint: hint}
}

// text is the fault as it is sent.
func (f *Fault) text() string {
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(f) // strings and numbers can't fail
	return text.String()
}

// write sends the fault.
func (f *Fault) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", faultType)
	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, f.text())
}

// refuse answers outside of an operation, with the fault of a status.
func refuse(w http.ResponseWriter, status int, detail string) {
	code := corax.Invalid
	for _, k := range faultKinds() {
		if k.Status == status {
			code = k.Code
		}
	}
	newFault(code, status, detail, "").write(w)
}

// fault turns an error of an operation into the answer that says the same. What is our own defect is logged, not shown.
func (o Options) fault(operation string, err error) *Fault {
	var f *Fault
	switch code := corax.CodeOf(err); {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return f
	case code != corax.Internal:
		return newFault(code, 0, err.Error(), corax.HintOf(err))
	case errors.Is(err, context.Canceled):
		return newFault(corax.Unavailable, 0, "stopping", "")
	}
	o.Log.Error("an API call failed", "operation", operation, "error", err)
	return newFault(corax.Internal, 0, "internal error", "the log of the server says more")
}

// ownFaults makes the errors that huma finds by itself, in what a request carries, into ours. What was sent is not sent back.
func ownFaults(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	code := corax.Invalid
	switch {
	case m.Status == http.StatusNotFound:
		code = corax.NotFound
	case m.Status >= http.StatusInternalServerError:
		code = corax.Internal
	}
	f := newFault(code, m.Status, m.Detail, "")
	for _, e := range m.Errors {
		if e != nil {
			f.Errors = append(f.Errors, FieldFault{Location: e.Location, Message: e.Message})
		}
	}
	return f, nil
}

// faults registers the explanations that the type of every fault points to.
func (a api) faults() {
	type none struct{}
	type one struct {
		Code string `path:"code" maxLength:"100"`
	}
	whole(a, access.RoleViewer, "list-error-kinds", http.MethodGet, "/errors", "The kinds of errors",
		func(context.Context, *none) ([]FaultKind, error) { return faultKinds(), nil })
	operation(a, access.RoleViewer, "get-error-kind", http.MethodGet, "/errors/{code}", "What a kind of error means",
		func(_ context.Context, in *one) (FaultKind, error) {
			k := kindOf(corax.Code(in.Code))
			if string(k.Code) != in.Code {
				return k, corax.Errorf(corax.NotFound, "explain an error", "there is no kind of error %s", in.Code)
			}
			return k, nil
		})
}
