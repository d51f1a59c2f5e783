package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"time"

	"corax"
	"corax/store"
)

// Replies remember the answers to calls that are made once.
type Replies interface {
	// BeginCall gives the answer of before, or none where the call is to be carried out. It is Invalid where the key belongs to another
	// request, and a Conflict while the first is under way, or where it was cut off.
	BeginCall(ctx context.Context, c store.KeyedCall) (*store.Reply, error)
	FinishCall(ctx context.Context, id string, r store.Reply) error
	ForgetCall(ctx context.Context, id string) error
}

const (
	idempotencyHeader = "Idempotency-Key"
	replayedHeader    = "Idempotency-Replayed"
	mostKey           = 200
	mostBody          = 1 << 20
	// longestCall bounds a call that goes on though its client is gone.
	longestCall = 2 * time.Minute
)

// once carries out a request with an Idempotency-Key once, however often it is sent, and gives the first answer again (IETF draft
// draft-ietf-httpapi-idempotency-key-header-07). A key belongs to who sends it, to method, address and body. The answer is stored
// before it is sent, without secrets; one that must not be stored (Cache-Control: no-store) is remembered without its body. A call
// goes on when its client is gone: that the answer got lost is what the key is for. An answer that says that nothing was done for now
// (401, 429, 503) frees the key.
func (o Options) once(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get(idempotencyHeader)
		if key == "" || o.Replies == nil || r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		c, err := keyedCall(r, key)
		if err == nil {
			err = o.answerOnce(w, r, c, next)
		}
		if f := o.fault("idempotency", err); f != nil {
			f.write(w)
		}
	})
}

// keyedCall names a request by its key, and reads its body to tell it from others.
func keyedCall(r *http.Request, key string) (store.KeyedCall, error) {
	if strings.HasPrefix(key, `"`) && strings.HasSuffix(key, `"`) && len(key) > 2 {
		key = key[1 : len(key)-1] // the draft has a quoted string, most clients send a bare one
	}
	if len(key) > mostKey || strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }) {
		return store.KeyedCall{}, corax.Errorf(corax.Invalid, "use an idempotency key", "it must be 1 to %d visible ASCII characters", mostKey)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, mostBody+1))
	if err != nil {
		return store.KeyedCall{}, corax.Errorf(corax.Invalid, "read the request", "%w", err)
	}
	if len(body) > mostBody {
		return store.KeyedCall{}, newFault(corax.Invalid, http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB", "")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	h := sha256.New()
	for _, part := range []string{r.Method, r.URL.RequestURI(), r.Header.Get("If-Match"), string(body)} {
		sum := sha256.Sum256([]byte(part)) // each of one length, so that no part can pass for another's end
		_, _ = h.Write(sum[:])
	}
	who := actor(r.Context(), "")
	return store.KeyedCall{ID: corax.HashID("call", string(who.Via), who.Name, key), Request: hex.EncodeToString(h.Sum(nil))}, nil
}

// answerOnce answers from memory, or by next, whose answer it remembers.
func (o Options) answerOnce(w http.ResponseWriter, r *http.Request, c store.KeyedCall, next http.Handler) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), longestCall)
	defer cancel()
	c.Run = o.Run
	known, err := o.Replies.BeginCall(ctx, c)
	if err != nil {
		return err
	}
	if known != nil {
		w.Header().Set(replayedHeader, "true")
		send(w, *known)
		return nil
	}
	h := &heldAnswer{ResponseWriter: w, status: http.StatusOK}
	next.ServeHTTP(h, r.WithContext(ctx)) // where it panics the call stays as one whose end nobody knows
	reply := store.Reply{Status: h.status, Body: h.body.String(), Header: map[string]string{}}
	for _, name := range []string{"Content-Type", "ETag", "Link", "Location"} {
		if v := w.Header().Get(name); v != "" {
			reply.Header[name] = v
		}
	}
	switch {
	case h.status == http.StatusUnauthorized, h.status == http.StatusTooManyRequests, h.status == http.StatusServiceUnavailable:
		err = o.Replies.ForgetCall(ctx, c.ID)
	case strings.Contains(w.Header().Get("Cache-Control"), "no-store"):
		err = o.Replies.FinishCall(ctx, c.ID, shownOnce())
	default:
		err = o.Replies.FinishCall(ctx, c.ID, reply)
	}
	if err != nil {
		return &corax.Error{Code: corax.Unavailable, Op: "remember the answer to a call", Err: err,
			Hint: "it may have been done: look at what it was about before you send it again"}
	}
	send(w, reply)
	return nil
}

// shownOnce stands for an answer that is shown once and never stored.
func shownOnce() store.Reply {
	f := newFault(corax.Conflict, 0, "the first call was carried out, and its answer is shown once", "ask for a new one where it got lost")
	return store.Reply{Status: f.Status, Header: map[string]string{"Content-Type": faultType}, Body: f.text()}
}

func send(w http.ResponseWriter, r store.Reply) {
	for name, v := range r.Header {
		w.Header().Set(name, v)
	}
	w.Header().Del("Content-Length")
	w.WriteHeader(r.Status)
	_, _ = io.WriteString(w, r.Body)
}
