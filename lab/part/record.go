package part

import (
	"bufio"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"corax"
)

// Record is one line of an audit file: who did what, when. The time is the true one, whatever clock the part
// believes in.
type Record struct {
	At     time.Time         `json:"at"`
	Part   string            `json:"part"`
	Actor  string            `json:"actor"` // the name of the credential, or of the job
	Event  string            `json:"event"`
	Detail map[string]string `json:"detail,omitempty"`
}

// Audit appends records to a file.
type Audit struct {
	part  string
	clock corax.Clock
	mu    sync.Mutex
	file  *os.File
}

// OpenAudit opens the audit file of a part.
func OpenAudit(dir, name string, clock corax.Clock) (*Audit, error) {
	f, err := os.OpenFile(AuditFile(dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, corax.Errorf(corax.Unavailable, "open the audit file of "+name, "%w", err)
	}
	return &Audit{part: name, clock: clock, file: f}, nil
}

// Write records an event; detail is a list of names and values.
func (a *Audit) Write(actor, event string, detail ...string) {
	r := Record{Part: a.part, Actor: actor, Event: event, Detail: make(map[string]string, len(detail)/2)}
	for i := 0; i+1 < len(detail); i += 2 {
		r.Detail[detail[i]] = detail[i+1]
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	r.At = a.clock.Now() // under the lock, so that the file is in order
	line, err := json.Marshal(r)
	if err != nil {
		return
	}
	_, _ = a.file.Write(append(line, '\n'))
}

// Close closes the file.
func (a *Audit) Close() error { return a.file.Close() }

// ReadRecords reads an audit file; a last line that is only half written is left out, and a file that is not there
// is empty.
func ReadRecords(name string) ([]Record, error) {
	f, err := os.Open(name)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, corax.Errorf(corax.Unavailable, "read the audit file "+name, "%w", err)
	}
	defer func() { _ = f.Close() }()
	var out []Record
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, corax.Errorf(corax.Unavailable, "read the audit file "+name, "%w", err)
		}
		var rec Record
		if err := json.Unmarshal(line, &rec); err != nil {
			return nil, corax.Errorf(corax.Invalid, "read the audit file "+name, "record %d: %w", len(out)+1, err)
		}
		out = append(out, rec)
	}
}

// Order is a request that changes something: who asked for it, with which idempotency key, and when it came.
type Order struct {
	Actor string
	Key   string
	At    time.Time // zero for what no request asked for
}

// OrderOf is the order that a request is.
func OrderOf(actor string, r *http.Request, clock corax.Clock) Order {
	return Order{Actor: actor, Key: r.Header.Get("Idempotency-Key"), At: clock.Now()}
}

// Detail is the detail of a record of what was done: names and values, and with them what is known of the order.
func (o Order) Detail(detail ...string) []string {
	if o.Key != "" {
		detail = append(detail, "key", o.Key)
	}
	if !o.At.IsZero() {
		detail = append(detail, "asked", o.At.Format(time.RFC3339Nano))
	}
	return detail
}

// Asked is when the order came of which this is a record; where that is not known, when it was carried out.
func (r Record) Asked() time.Time {
	if at, err := time.Parse(time.RFC3339Nano, r.Detail["asked"]); err == nil {
		return at
	}
	return r.At
}

// Credentials are bearer tokens by the name of who holds them.
type Credentials map[string]string

// Actor is who sent a request; false where its token is nobody's.
func (c Credentials) Actor(r *http.Request) (string, bool) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	got, actor := sha256.Sum256([]byte(token)), ""
	for name, want := range c {
		sum := sha256.Sum256([]byte(want))
		if want != "" && subtle.ConstantTimeCompare(got[:], sum[:]) == 1 {
			actor = name
		}
	}
	return actor, ok && actor != ""
}

// Handler answers an authenticated request with a value, which is sent as JSON, or an error, whose code becomes
// the status.
type Handler func(actor string, r *http.Request) (any, error)

// Guard lets the named actors through to a handler.
func (c Credentials) Guard(h Handler, allowed ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, ok := c.Actor(r)
		if !ok {
			w.Header().Set("WWW-Authenticate", "Bearer")
			Answer(w, http.StatusUnauthorized, map[string]string{"error": "a valid bearer token is needed"})
			return
		}
		may := false
		for _, name := range allowed {
			may = may || name == actor
		}
		if !may {
			Answer(w, http.StatusForbidden, map[string]string{"error": "this credential may not do that"})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		v, err := h(actor, r)
		if err != nil {
			Answer(w, StatusOf(err), map[string]string{"error": err.Error()})
			return
		}
		Answer(w, http.StatusOK, v)
	})
}

// Decode reads a JSON body; an empty one leaves v as it is, a field that v does not have is an error.
func Decode(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return corax.Errorf(corax.Invalid, "read the request", "%w", err)
	}
	return nil
}

// Answer sends JSON.
func Answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// StatusOf is the HTTP status that reports an error.
func StatusOf(err error) int {
	switch corax.CodeOf(err) {
	case corax.Invalid:
		return http.StatusBadRequest
	case corax.NotFound:
		return http.StatusNotFound
	case corax.Conflict:
		return http.StatusConflict
	case corax.Forbidden:
		return http.StatusForbidden
	case corax.Unavailable:
		return http.StatusBadGateway
	}
	return http.StatusInternalServerError
}
