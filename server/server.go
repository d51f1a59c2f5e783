// Package server is Corax over HTTP: the versioned API that the CLI and the pages use, health and metrics, and the mount points of the
// receivers. Requests come in, calls to the other rooms go out; nothing is decided here.
//
// Everything under /api/v1 wants the API token; /healthz, /readyz and /metrics show no content of incidents and want none.
package server

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"
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
	FindPlanRuns(ctx context.Context, f store.PlanFilter) ([]corax.PlanRun, error)
	Decisions(ctx context.Context, plan string) ([]corax.Decision, error)
	FindDecisions(ctx context.Context, f store.DecisionFilter) ([]corax.Decision, error)
	Decision(ctx context.Context, id string) (corax.Decision, error)
	FindOutcomes(ctx context.Context, f store.OutcomeFilter) ([]corax.Outcome, error)
	FindApprovals(ctx context.Context, f store.ApprovalFilter) ([]corax.ApprovalRequest, error)
	Approval(ctx context.Context, id string) (corax.ApprovalRequest, error)
	BreakGlasses(ctx context.Context, after time.Time) ([]corax.BreakGlass, error)
	Events(ctx context.Context, f store.EventFilter) ([]corax.Event, error)
	Silences(ctx context.Context, at time.Time) ([]corax.Silence, error)
	SaveSilence(ctx context.Context, s corax.Silence) error
	EndSilence(ctx context.Context, id, by string) error
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
	// WhyNot is NotFound where the catalogue has no such pattern or mechanism.
	WhyNot(ctx context.Context, problem, name string) ([]corax.WhyNot, error)
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
	Access   *access.Book    // users, their tokens and sessions; nil: there are none
	Limit    *access.Limiter // how often the API may be called; nil: as often as one likes
	Front    Front
	// PublicURL is where people's browsers reach Corax; empty where that is not configured.
	PublicURL    string
	Backups      string // directory of the backups that are asked for from elsewhere; empty refuses those
	Records      Records
	Find         Finder // nil: nothing is looked up
	Controls     Controls
	People       People           // nil: nobody is told, and nobody works on site
	Scenarios    Scenarios        // nil: the API knows none
	Receive      func(chi.Router) // mounts the receivers
	Metrics      http.Handler
	Audit        Audit
	Policies     Policies                 // nil: the API knows none
	MonitorFiles MonitorFiles             // nil: monitors can't be changed over the API
	System       System                   // nil: nothing is told of Corax itself
	Pages        http.Handler             // everything that is not the API, health, metrics or a receiver; nil: no pages
	Live         http.Handler             // says what has changed, and never what; nil: nothing is said
	Redact       func(json []byte) []byte // takes secrets out of every answer of the API; may be nil
	Replies      Replies                  // remembers calls with an Idempotency-Key; nil carries each out
	Run          string                   // differs from one start of Corax to the next
	Clock        corax.Clock
	Log          *slog.Logger
}

// New makes the handler of everything.
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := newRouter()
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
	r.Group(func(r chi.Router) {
		r.Use(o.authorise)
		newAPI(o, r, o.once, redact(o.Redact))
	})
	if o.Pages != nil {
		r.Handle("/api/*", http.HandlerFunc(unknown)) // not for the pages to answer, who would answer with a page
		r.Handle(pagesLive, o.known(o.narrowed(o.Pages)))
		r.Handle("/*", o.known(o.Pages))
	}
	return r
}

// unknown answers for what the API does not have.
func unknown(w http.ResponseWriter, r *http.Request) {
	newFault(corax.NotFound, 0, "the API has no "+r.Method+" "+r.URL.Path, "see docs/api.md").write(w)
}

func newRouter() chi.Router { return chi.NewRouter() }

// newAPI registers the operations of /api/v1 with the router. All but those that stream go through the layers.
func newAPI(o Options, r chi.Router, layers ...func(http.Handler) http.Handler) api {
	config := huma.DefaultConfig("Corax", o.Version)
	config.Components.Schemas = schemas()
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = base+"/openapi", "", base+"/schemas"
	config.CreateHooks = nil // no $schema property in answers: they are the same objects that the CLI prints
	config.Transformers = []huma.Transformer{ownFaults}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer"}, "session": {Type: "apiKey", In: "cookie", Name: "__Host-corax"},
	}
	config.Security = []map[string][]string{{"token": {}}, {"session": {}}}
	a := api{o: o, huma: humachi.New(r.With(layers...), config), calls: &[]Call{}}
	a.incidents()
	a.problems()
	a.attention()
	a.plans()
	a.approvals()
	a.emergencies()
	a.autonomy()
	a.policies()
	a.decisions()
	a.operations()
	a.find()
	a.audit()
	a.files()
	a.people()
	if a.o.Scenarios != nil {
		a.scenarios(a.o.Scenarios)
	}
	a.users()
	a.keys()
	a.system()
	a.knowledge()
	a.faults()
	a.monitorFiles()
	a.live(r)
	schemas := a.huma.OpenAPI().Components.Schemas.Map()
	delete(schemas, "ErrorModel") // of huma; every error is a Fault
	delete(schemas, "ErrorDetail")
	return a
}

// schemas names the types of the API. Some rooms have words of their own for what is called so elsewhere too: a run, a step, a report.
func schemas() huma.Registry {
	rooms := map[string]string{"corax/scenario": "Scenario", "corax/scenario/launch": "Scenario", "corax/scenario/history": "ScenarioHistory", "corax/health": "Health", "corax/config/decode": "Config", "corax/vault": "Vault"}
	var name func(t reflect.Type, hint string) string
	name = func(t reflect.Type, hint string) string {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if item := itemOf(t); item != nil {
			return name(item, hint) + "List"
		}
		return rooms[t.PkgPath()] + huma.DefaultSchemaNamer(t, hint)
	}
	return huma.NewMapRegistry("#/components/schemas/", name)
}
