// Package receive takes other tools' alerts over HTTP and turns them into signals: one file a format.
//
// In: requests. Out: signals on the bus; a request is answered with 2xx only when all of its usable items are durable. What can't be used
// is named, item by item, and loses nothing else. Text that comes in here is data: nothing in it is believed enough to act on.
package receive

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/config"
)

// Options are the receivers' surroundings.
type Options struct {
	Publish        func(context.Context, []corax.Signal) error // returns nil only when the signals are durable
	Clock          corax.Clock
	Tokens         []string                         // references; any of them opens every receiver
	RequireToken   bool                             // where requests come from other machines
	Secrets        func(ref string) (string, error) // resolves the references
	ResolveTimeout time.Duration                    // how long an alert without an end lasts unless it is sent again; 5 min where zero
	EntityLabels   []string                         // the first that an alert has names its entity
	Mappings       []config.Mapping
	MaxBody        int64 // bytes; 8 MiB where zero
	MaxAtOnce      int   // requests; 256 where zero. A quarter as many are read at once to find out who sends them
	Log            *slog.Logger
}

const (
	defaultMaxBody   = 8 << 20
	defaultMaxAtOnce = 256
	pagerDutyMaxBody = 512 << 10        // as PagerDuty itself has it
	maxSignal        = 1 << 20          // bytes of text of one signal; what is larger is no alert
	bodyTime         = 30 * time.Second // for a body to arrive
	maxPooled        = 1 << 20          // larger buffers and parsers are left to the collector: one giant must not be kept for ever
)

// Receivers are the handlers of all formats.
type Receivers struct {
	o       Options
	tokens  [][]byte
	slots   chan struct{} // one a request of somebody who is known
	unknown *strangers
	reading chan struct{} // one a body that is being parsed: JSON takes up to forty times its size while it is
	bodies  sync.Pool     // *bytes.Buffer
	latest  *latest
	origins *http.CrossOriginProtection
}

// New makes the receivers. It fails where a token's reference can't be resolved, and where one is needed and none is configured it still
// starts: every request is then refused, with the reason.
func New(o Options) (*Receivers, error) {
	if o.ResolveTimeout <= 0 {
		o.ResolveTimeout = 5 * time.Minute
	}
	if len(o.EntityLabels) == 0 {
		o.EntityLabels = config.Default().Receivers.Alertmanager.EntityLabels
	}
	if o.MaxBody <= 0 {
		o.MaxBody = defaultMaxBody
	}
	if o.MaxAtOnce <= 0 {
		o.MaxAtOnce = defaultMaxAtOnce
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := &Receivers{
		o: o, slots: make(chan struct{}, o.MaxAtOnce), unknown: newStrangers(o.MaxAtOnce), reading: make(chan struct{}, runtime.GOMAXPROCS(0)),
		latest: newLatest(), origins: http.NewCrossOriginProtection(),
	}
	r.bodies.New = func() any { return new(bytes.Buffer) }
	for _, ref := range o.Tokens {
		t, err := o.Secrets(ref)
		if err != nil {
			return nil, fmt.Errorf("receivers' token %s: %w", ref, err)
		}
		if t == "" {
			return nil, corax.Errorf(corax.Invalid, "receivers' token "+ref, "it is empty, and would open the receivers to all")
		}
		r.tokens = append(r.tokens, []byte(t))
	}
	return r, nil
}

// Routes mounts every receiver.
func (r *Receivers) Routes(mux chi.Router) {
	mux.Post("/api/v2/alerts", r.handler(format{decode: r.alertmanager, maxBody: r.o.MaxBody}))
	mux.Get("/api/v2/status", alertmanagerStatus)
	mux.Post("/v2/enqueue", r.handler(format{decode: r.pagerDuty, inBody: routingKey, maxBody: min(r.o.MaxBody, pagerDutyMaxBody)}))
	for _, m := range r.o.Mappings {
		mux.Post("/receive/"+m.Name, r.handler(format{decode: newMapped(r, m).decode, maxBody: r.o.MaxBody}))
	}
}

// format is how one tool's requests are read.
type format struct {
	decode  func(body []byte, now time.Time) decoded
	inBody  func(body []byte) (token string) // finds the token where it is not in the header; nil where the format has no place for it
	maxBody int64
}

// decoded is what a body holds: signals to store, and what to answer once they are.
type decoded struct {
	signals []corax.Signal
	answer  answer
}

func bearer(req *http.Request) string {
	scheme, token, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}

// handler authorises and bounds requests, has the format read them, and makes durable what they hold.
func (r *Receivers) handler(f format) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if refused := r.check(req); refused != nil {
			refused.write(w)
			return
		}
		allowed := r.authorised(bearer(req))
		if !allowed && f.inBody == nil { // nobody's megabytes are read before it is known who sends them
			r.unauthorised(w).write(w)
			return
		}
		buf := r.bodies.Get().(*bytes.Buffer) //nolint:forcetypeassert // nothing else is in the pool
		defer func() {
			if buf.Cap() <= maxPooled {
				buf.Reset()
				r.bodies.Put(buf)
			}
		}()
		if !allowed { // the slots are for those who are known: whoever isn't gets one when the body has said who it is
			if refused := r.introduced(w, req, f, buf); refused != nil {
				refused.write(w)
				return
			}
		}
		select {
		case r.slots <- struct{}{}:
			defer func() { <-r.slots }()
		default:
			problem(http.StatusTooManyRequests, "too many requests at once").write(w)
			return
		}
		if allowed {
			if refused := readBody(w, req, f, buf, bodyTime); refused != nil {
				refused.write(w)
				return
			}
		}
		select {
		case r.reading <- struct{}{}:
		case <-req.Context().Done():
			return
		}
		d := f.decode(buf.Bytes(), r.o.Clock.Now())
		<-r.reading
		if refused := r.publish(req.Context(), d.signals); refused != nil {
			refused.write(w)
			return
		}
		d.answer.write(w)
	}
}

// introduced reads the body of somebody who is not known by the head, and refuses it where the body doesn't say either who it is.
func (r *Receivers) introduced(w http.ResponseWriter, req *http.Request, f format, into *bytes.Buffer) *answer {
	network := networkOf(req)
	if !r.unknown.enter(network) {
		a := problem(http.StatusTooManyRequests, "too many requests at once of senders that are not known; send a token as Authorization: Bearer TOKEN")
		return &a
	}
	defer r.unknown.leave(network)
	if refused := readBody(w, req, f, into, strangerTime); refused != nil {
		return refused
	}
	if r.authorised(f.inBody(into.Bytes())) {
		return nil
	}
	return r.unauthorised(w)
}

// readBody reads what was sent. A body that trickles in would hold its place for ever: where the connection can't bound that, whoever opened
// it does.
func readBody(w http.ResponseWriter, req *http.Request, f format, into *bytes.Buffer, within time.Duration) *answer {
	conn := http.NewResponseController(w)
	began := time.Now()
	_ = conn.SetReadDeadline(began.Add(within))
	if _, err := into.ReadFrom(http.MaxBytesReader(w, req.Body, f.maxBody)); err != nil {
		a := problem(http.StatusBadRequest, "the body could not be read to its end")
		if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
			a = problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", large.Limit))
		}
		return &a
	}
	_ = conn.SetReadDeadline(began.Add(bodyTime)) // the server goes on to read, and one that ends while this is stored would end that too
	return nil
}

// check refuses what can be told from the head: pages in a browser must not post alerts to a Corax on the same machine, and what is not
// JSON can't be read.
func (r *Receivers) check(req *http.Request) *answer {
	if err := r.origins.Check(req); err != nil {
		a := problem(http.StatusForbidden, "requests of other origins' web pages are refused")
		return &a
	}
	given := req.Header.Get("Content-Type")
	if given == "" {
		return nil
	}
	kind, _, err := mime.ParseMediaType(given)
	if err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json")) {
		return nil
	}
	a := problem(http.StatusUnsupportedMediaType, "send it with Content-Type: application/json")
	return &a
}

// authorised compares with each token, in constant time.
func (r *Receivers) authorised(given string) bool {
	if len(r.tokens) == 0 {
		return !r.o.RequireToken
	}
	ok := 0
	for _, t := range r.tokens {
		ok |= subtle.ConstantTimeCompare([]byte(given), t)
	}
	return ok == 1
}

func (r *Receivers) unauthorised(w http.ResponseWriter) *answer {
	w.Header().Set("WWW-Authenticate", "Bearer")
	a := problem(http.StatusUnauthorized, r.tokenHint())
	return &a
}

func (r *Receivers) tokenHint() string {
	if len(r.tokens) == 0 {
		return "beyond loopback a token is needed, behind a proxy too, and none is configured: list its reference under tokens"
	}
	return "send one of the tokens of the configuration, as Authorization: Bearer TOKEN"
}

// publish makes the signals durable, or says what to answer instead.
func (r *Receivers) publish(ctx context.Context, signals []corax.Signal) *answer {
	if len(signals) == 0 {
		return nil
	}
	err := r.o.Publish(ctx, signals)
	if err == nil {
		return nil
	}
	r.o.Log.Warn("signals were refused", "count", len(signals), "error", err)
	var a answer
	switch corax.CodeOf(err) {
	case corax.Invalid: // sending it again would not help
		a = problem(http.StatusBadRequest, err.Error())
	case corax.Unavailable:
		a = problem(http.StatusServiceUnavailable, "the signals could not be stored; send them again: "+err.Error())
	default:
		a = problem(http.StatusServiceUnavailable, "the signals could not be stored; send them again")
	}
	return &a
}
