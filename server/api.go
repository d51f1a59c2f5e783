package server

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"corax"
	"corax/access"
	"corax/lookup/postmortem"
	"corax/store"
)

// api registers the operations of /api/v1.
type api struct {
	o     Options
	huma  huma.API
	calls *[]Call
}

// body wraps what an operation answers.
type body[T any] struct {
	CacheControl string `header:"Cache-Control"`
	Body         T
}

// once is an answer that holds a secret which is shown once: nothing on its way may keep it.
type once interface{ shownOnce() }

// ByID is the path of what a call is about. It is exported because huma passes over embedded fields that are not.
type ByID struct {
	ID string `path:"id" maxLength:"200"`
}

// operation registers one call, which needs the role; fn's error becomes a Fault.
func operation[I, O any](a api, role access.Role, id, method, path, summary string, fn func(context.Context, *I) (O, error)) {
	register(a, call[I, O](role, id, method, path, summary), func(ctx context.Context, in *I) (*body[O], error) {
		out, err := fn(ctx, in)
		if err != nil {
			return nil, a.o.fault(id, err)
		}
		b := &body[O]{Body: out}
		if _, secret := any(out).(once); secret {
			b.CacheControl = "no-store"
		}
		return b, nil
	})
}

// done is the answer of an operation that has nothing to show.
type done struct {
	OK bool `json:"ok"`
}

// IncidentPage is an incident with its latest signals.
type IncidentPage struct {
	corax.Incident
	Latest []corax.Signal `json:"latest"`
}

func (a api) incidents() {
	type list struct {
		Paging
		Live    bool   `query:"live" doc:"only those that have not ended"`
		Entity  string `query:"entity"`
		Problem string `query:"problem"`
	}
	listing(a, access.RoleViewer, "list-incidents", "/incidents", "Incidents, newest first",
		byTime(func(i corax.Incident) store.Cursor { return store.CursorOf(i.OpenedAt, i.ID) }),
		func(ctx context.Context, in *list, p part[store.Cursor]) ([]corax.Incident, error) {
			return a.o.Records.Incidents(ctx, store.IncidentFilter{
				Live: in.Live, Entity: in.Entity, Problem: in.Problem, Limit: p.limit, After: p.after,
			})
		})
	operation(a, access.RoleViewer, "get-incident", http.MethodGet, "/incidents/{id}", "An incident with its latest signals",
		func(ctx context.Context, in *ByID) (IncidentPage, error) {
			i, err := a.o.Records.Incident(ctx, in.ID)
			if err != nil {
				return IncidentPage{}, err
			}
			signals, err := a.o.Records.SignalsOf(ctx, in.ID, 50)
			return IncidentPage{i, signals}, err
		})
	type byHand struct {
		ByID
		Body struct {
			By string `json:"by" minLength:"1" maxLength:"100"`
		}
	}
	operation(a, access.RoleResponder, "acknowledge-incident", http.MethodPost, "/incidents/{id}/ack", "Say that somebody is on it",
		func(ctx context.Context, in *byHand) (done, error) {
			return done{true}, a.o.Controls.Acknowledge(ctx, in.ID, actor(ctx, in.Body.By).Name)
		})
	operation(a, access.RoleResponder, "resolve-incident", http.MethodPost, "/incidents/{id}/resolve", "Say that it is over",
		func(ctx context.Context, in *byHand) (done, error) {
			return done{true}, a.o.Controls.Resolve(ctx, in.ID, actor(ctx, in.Body.By).Name)
		})
}

// ProblemPage is a problem with all that came of it.
type ProblemPage struct {
	corax.Problem
	Run       *corax.PlanRun   `json:"run,omitempty"`
	Decisions []corax.Decision `json:"decisions,omitempty"`
	Events    []corax.Event    `json:"events"`
}

func (a api) problems() {
	type list struct {
		Paging
		Open bool `query:"open" doc:"only those that have not ended"`
	}
	listing(a, access.RoleViewer, "list-problems", "/problems", "Problems, newest first",
		byTime(func(p corax.Problem) store.Cursor { return store.CursorOf(p.OpenedAt, p.ID) }),
		func(ctx context.Context, in *list, p part[store.Cursor]) ([]corax.Problem, error) {
			return a.o.Records.Problems(ctx, store.ProblemFilter{Open: in.Open, Limit: p.limit, After: p.after})
		})
	operation(a, access.RoleViewer, "get-problem", http.MethodGet, "/problems/{id}", "A problem with its plan's run, decisions and timeline",
		func(ctx context.Context, in *ByID) (ProblemPage, error) {
			o, err := postmortem.Read(ctx, a.o.Records, in.ID)
			return ProblemPage{Problem: o.Problem, Run: o.Run, Decisions: o.Decisions, Events: o.Events}, err
		})
	type whyNot struct {
		ByID
		What string `query:"what" required:"true" minLength:"1" maxLength:"200" doc:"a pattern or a mechanism of the catalogue"`
	}
	whole(a, access.RoleViewer, "why-not", http.MethodGet, "/problems/{id}/why-not", "Why a diagnosis is not another one, and what would have to be otherwise",
		func(ctx context.Context, in *whyNot) ([]corax.WhyNot, error) {
			return a.o.Controls.WhyNot(ctx, in.ID, in.What)
		})
	type escalate struct {
		ByID
		Body struct {
			By     string `json:"by" minLength:"1" maxLength:"100"`
			Reason string `json:"reason" minLength:"1" maxLength:"1000"`
		}
	}
	operation(a, access.RoleResponder, "escalate-problem", http.MethodPost, "/problems/{id}/escalate", "Tell people",
		func(ctx context.Context, in *escalate) (done, error) {
			return done{true}, a.o.Controls.Escalate(ctx, in.ID, actor(ctx, in.Body.By).Name, in.Body.Reason)
		})
}

func (a api) operations() {
	type none struct{}
	whole(a, access.RoleViewer, "list-monitors", http.MethodGet, "/monitors", "Monitors with their last results",
		func(ctx context.Context, _ *none) ([]corax.ProbeResult, error) {
			return a.o.Controls.Monitors(ctx), nil
		})
	operation(a, access.RoleResponder, "run-monitor", http.MethodPost, "/monitors/{id}/run", "Run a monitor now",
		func(ctx context.Context, in *ByID) (corax.ProbeResult, error) {
			return a.o.Controls.RunMonitor(ctx, in.ID)
		})
	type events struct {
		Paging
		After    string `query:"after" maxLength:"200" doc:"only what comes after the event of this id"`
		Problem  string `query:"problem" doc:"only what is about this problem and its incidents"`
		Incident string `query:"incident"`
		Plan     string `query:"plan"`
		Order    string `query:"order" enum:"oldest,newest" default:"oldest" doc:"which come first"`
	}
	listing(a, access.RoleViewer, "list-events", "/events", "What happened, in order", byName(func(e corax.Event) string { return e.ID }),
		func(ctx context.Context, in *events, p part[string]) ([]corax.Event, error) {
			return a.o.Records.Events(ctx, store.EventFilter{After: cmp.Or(p.after, in.After), Limit: p.limit,
				Problem: in.Problem, Incident: in.Incident, Plan: in.Plan, Newest: in.Order == "newest"})
		})
	a.silences()
	a.stops()
	type backup struct {
		Body struct {
			Path string `json:"path" minLength:"1" doc:"a file that does not exist yet, below backups in the data directory; for the local command line any file on the server"`
		}
	}
	operation(a, access.RoleAdmin, "backup", http.MethodPost, "/backup", "Write a consistent copy of the store",
		func(ctx context.Context, in *backup) (done, error) {
			return done{true}, a.backup(ctx, in.Body.Path)
		})
	operation(a, access.RoleAdmin, "reload", http.MethodPost, "/reload", "Read the configuration again",
		func(ctx context.Context, _ *none) (done, error) { return done{true}, a.o.Controls.Reload(ctx) })
}

func (a api) silences() {
	type list struct {
		All bool `query:"all" doc:"also those that have ended"`
	}
	type create struct {
		Body struct {
			Match    map[string]string `json:"match" minProperties:"1"`
			Owner    string            `json:"owner" minLength:"1" maxLength:"100" doc:"who answers for it; a token or a session outweighs it"`
			Reason   string            `json:"reason" minLength:"1" maxLength:"1000"`
			StartsAt *time.Time        `json:"starts_at,omitempty" doc:"now where left out; later for a maintenance window"`
			EndsAt   time.Time         `json:"ends_at"`
		}
	}
	whole(a, access.RoleViewer, "list-silences", http.MethodGet, "/silences", "Silences and maintenance windows that have not ended",
		func(ctx context.Context, in *list) ([]corax.Silence, error) {
			all, err := a.o.Records.Silences(ctx, time.Time{})
			now := a.o.Clock.Now()
			return slices.DeleteFunc(all, func(s corax.Silence) bool { return !in.All && !s.EndsAt.After(now) }), err
		})
	operation(a, access.RoleResponder, "create-silence", http.MethodPost, "/silences", "Keep matching incidents from opening",
		func(ctx context.Context, in *create) (corax.Silence, error) {
			b, now := in.Body, a.o.Clock.Now()
			s := corax.Silence{Match: b.Match, Owner: actor(ctx, b.Owner).Name, Reason: b.Reason, StartsAt: now, EndsAt: b.EndsAt.UTC()}
			if b.StartsAt != nil {
				s.StartsAt = b.StartsAt.UTC()
			}
			if !s.EndsAt.After(s.StartsAt) || !s.EndsAt.After(now) {
				return s, corax.Errorf(corax.Invalid, "create a silence", "its end %s is not in the future", b.EndsAt.Format(time.RFC3339))
			}
			s = s.Named()
			return s, a.o.Records.SaveSilence(ctx, s)
		})
	type end struct {
		ByID
		By string `query:"by" maxLength:"100" doc:"who does it; a token or a session outweighs it"`
	}
	operation(a, access.RoleResponder, "end-silence", http.MethodDelete, "/silences/{id}", "End a silence now",
		func(ctx context.Context, in *end) (done, error) {
			return done{true}, a.o.Records.EndSilence(ctx, in.ID, cmp.Or(actor(ctx, in.By).Name, "by hand"))
		})
}

func (a api) stops() {
	type none struct{}
	type set struct {
		Body struct {
			Scope  string `json:"scope,omitempty" doc:"an entity; all of them where empty"`
			Reason string `json:"reason" minLength:"1" maxLength:"1000"`
			By     string `json:"by" minLength:"1" maxLength:"100"`
		}
	}
	type clear struct {
		Scope string `query:"scope"`
		By    string `query:"by" required:"true" minLength:"1"`
	}
	whole(a, access.RoleViewer, "list-stops", http.MethodGet, "/stop", "Kill switches that are thrown",
		func(ctx context.Context, _ *none) ([]store.Stop, error) { return a.o.Records.Stops(ctx) })
	operation(a, access.RoleOperator, "stop", http.MethodPost, "/stop", "Throw the kill switch: no action runs",
		func(ctx context.Context, in *set) (done, error) {
			return done{true}, a.o.Controls.SetStop(ctx, in.Body.Scope, in.Body.Reason, actor(ctx, in.Body.By).Name)
		})
	operation(a, access.RoleOperator, "clear-stop", http.MethodDelete, "/stop", "Let actions run again",
		func(ctx context.Context, in *clear) (done, error) {
			return done{true}, a.o.Controls.ClearStop(ctx, in.Scope, actor(ctx, in.By).Name)
		})
}
