// Package server is Corax over HTTP: the versioned API that the CLI and the pages use, health and metrics, and the mount points of the
// receivers. Requests come in, calls to the other rooms go out; nothing is decided here.
//
// Everything under /api/v1 wants to know who calls (package access), and each operation names the role that it needs. /healthz, /readyz
// and /metrics show no content of incidents and ask nobody.
package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"

	"corax"
	"corax/access"
	"corax/store"
)

// Records is what the API reads and writes in the store.
type Records interface {
	Incidents(ctx context.Context, f store.IncidentFilter) ([]corax.Incident, error)
	Incident(ctx context.Context, id string) (corax.Incident, error)
	SignalsOf(ctx context.Context, incident string, limit int) ([]corax.Signal, error)
	Problems(ctx context.Context, f store.ProblemFilter) ([]corax.Problem, error)
	Problem(ctx context.Context, id string) (corax.Problem, error)
	PlanRun(ctx context.Context, id string) (corax.PlanRun, error)
	PlanRuns(ctx context.Context, states ...corax.PlanState) ([]corax.PlanRun, error)
	Decisions(ctx context.Context, plan string) ([]corax.Decision, error)
	RecentDecisions(ctx context.Context, limit int) ([]corax.Decision, error)
	Approvals(ctx context.Context, openOnly bool) ([]corax.ApprovalRequest, error)
	Approval(ctx context.Context, id string) (corax.ApprovalRequest, error)
	BreakGlasses(ctx context.Context, after time.Time) ([]corax.BreakGlass, error)
	Events(ctx context.Context, f store.EventFilter) ([]corax.Event, error)
	Silences(ctx context.Context, at time.Time) ([]corax.Silence, error)
	SaveSilence(ctx context.Context, s corax.Silence) error
	DeleteSilence(ctx context.Context, id string) error
	Stops(ctx context.Context) ([]store.Stop, error)
	Backup(ctx context.Context, path string) error
}

// Controls is what the API sets in motion.
type Controls interface {
	Plans
	Attention
	Emergencies
	Levels
	Acknowledge(ctx context.Context, incident, by string) error
	Resolve(ctx context.Context, incident, by string) error
	Escalate(ctx context.Context, problem, by, reason string) error
	Answer(ctx context.Context, approval string, v corax.Verdict, by corax.Actor) (corax.ApprovalRequest, error)
	SetStop(ctx context.Context, scope, reason, by string) error
	ClearStop(ctx context.Context, scope, by string) error
	Reload(ctx context.Context) error
	Monitors(ctx context.Context) []corax.ProbeResult
	RunMonitor(ctx context.Context, name string) (corax.ProbeResult, error)
	Ready() error
}

// Options are the server's surroundings.
type Options struct {
	Version string
	Token   string // of the API, whose bearers act by the name they give; empty refuses it
	// Operator is the name of the operator whose token it is, empty for none; nil knows none.
	Operator func(token string) string
	Access   *access.Book // users, their tokens and sessions; nil: there are none
	Front    Front
	// PublicURL is where people's browsers reach Corax; empty where that is not configured.
	PublicURL string
	Backups   string // directory of the backups that are asked for from elsewhere; empty refuses those
	Records   Records
	Find      Finder // nil: nothing is looked up
	Controls  Controls
	People    People // nil: nobody is told, and nobody works on site
	// Scenarios may be nil: the API knows none.
	Scenarios Scenarios
	Receive   func(chi.Router) // mounts the receivers
	Metrics   http.Handler
	Audit     Audit
	Pages     http.Handler             // everything that is not the API, health, metrics or a receiver; nil: no pages
	Redact    func(json []byte) []byte // takes secrets out of every answer of the API; may be nil
	Clock     corax.Clock
	Log       *slog.Logger
}

// New makes the handler of everything.
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := chi.NewRouter()
	r.Use(o.Front.guard)
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	r.Get("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := o.Controls.Ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
	if o.Metrics != nil {
		r.Handle("/metrics", o.Metrics)
	}
	if o.Receive != nil {
		o.Receive(r)
	}
	config := huma.DefaultConfig("Corax", o.Version)
	config.Components.Schemas = schemas()
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "/api/v1/openapi", "", "/api/v1/schemas"
	config.CreateHooks = nil // no $schema property in answers: they are the same objects that the CLI prints
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer"}, "session": {Type: "apiKey", In: "cookie", Name: "__Host-corax"},
	}
	config.Security = []map[string][]string{{"token": {}}, {"session": {}}}
	r.Group(func(r chi.Router) {
		r.Use(o.authorise, redact(o.Redact))
		a := api{o: o, huma: humachi.New(r, config)}
		a.register()
	})
	if o.Pages != nil {
		r.Handle("/api/*", http.HandlerFunc(unknown)) // not for the pages to answer, who would answer with a page
		r.Handle("/*", o.known(o.Pages))
	}
	return r
}

// unknown answers for what the API does not have.
func unknown(w http.ResponseWriter, r *http.Request) {
	refuse(w, http.StatusNotFound, "the API has no "+r.Method+" "+r.URL.Path)
}

// register makes all operations known.
func (a api) register() {
	a.incidents()
	a.problems()
	a.attention()
	a.plans()
	a.approvals()
	a.emergencies()
	a.autonomy()
	a.decisions()
	a.operations()
	a.find()
	a.audit()
	if a.o.People != nil {
		a.people(a.o.People)
	}
	if a.o.Scenarios != nil {
		a.scenarios(a.o.Scenarios)
	}
	if a.o.Access != nil {
		a.users(a.o.Access)
		a.keys(a.o.Access)
	}
}

// problem turns an error of an operation into the HTTP answer that says the same (RFC 9457). What is our own defect is logged, not shown.
func (a api) problem(operation string, err error) error {
	if err == nil {
		return nil
	}
	status := map[corax.Code]int{
		corax.Invalid: http.StatusUnprocessableEntity, corax.NotFound: http.StatusNotFound, corax.Conflict: http.StatusConflict,
		corax.Forbidden: http.StatusForbidden, corax.Unavailable: http.StatusServiceUnavailable,
	}[corax.CodeOf(err)]
	if status == 0 {
		if errors.Is(err, context.Canceled) {
			return huma.NewError(http.StatusServiceUnavailable, "stopping")
		}
		a.o.Log.Error("an API call failed", "operation", operation, "error", err)
		return huma.NewError(http.StatusInternalServerError, "internal error; the log of the server says more")
	}
	text := err.Error()
	if hint := corax.HintOf(err); hint != "" {
		text += " (" + hint + ")"
	}
	return huma.NewError(status, text)
}
