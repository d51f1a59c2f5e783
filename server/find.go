package server

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"corax"
	"corax/access"
	"corax/lookup"
	"corax/lookup/precedent"
	"corax/store"
	"corax/topology/learn"
)

// Finder is what the API looks up in the records; see package lookup. It limits itself to what the context's principal may see.
type Finder interface {
	Signals(ctx context.Context, f store.SignalSearch) (store.SignalPage, error)
	Facets(ctx context.Context, f store.SignalSearch, days int) (store.SignalFacets, error)
	// Templates also says how many signals were counted, where that is not all of them.
	Templates(ctx context.Context, f store.TemplateFilter, of store.SignalSearch) (all []store.Template, newest int64, err error)
	Template(ctx context.Context, id int64) (store.Template, error)
	Problems(ctx context.Context, f store.ProblemSearch) (store.ProblemList, error)
	Similar(ctx context.Context, problem string, most int) ([]precedent.Precedent, error)
	Incidents(ctx context.Context, f store.IncidentSearch) (store.IncidentList, error)
	Changes(ctx context.Context, f store.SignalSearch, window time.Duration) (lookup.Changes, error)
	Learned(ctx context.Context) ([]learn.Tie, error)
	Entities(ctx context.Context, f lookup.EntityFilter) ([]lookup.EntityLine, error)
	Entity(ctx context.Context, id string) (lookup.EntityPage, error)
	State(ctx context.Context, monitor string) (corax.ProbeResult, error)
	History(ctx context.Context, monitor string, from, to time.Time, step time.Duration) (store.MonitorHistory, error)
	Histories(ctx context.Context, from, to time.Time, step time.Duration) (map[string]store.MonitorHistory, error)
	MonitorChanges(ctx context.Context, monitor string, most int) ([]store.MonitorChange, error)
}

// Spanning limits a search to a time.
type Spanning struct {
	Since time.Time `query:"since" doc:"at this time or later"`
	Until time.Time `query:"until" doc:"before this time"`
}

// FoundSignals is a page of what a search for signals finds.
type FoundSignals struct {
	List[store.FoundSignal]
	Unsearched int64 `json:"unsearched,omitempty" doc:"signals that came in so fast that they are not searched yet, and will be soon"`
}

// FoundProblems is a page of what a search for problems finds.
type FoundProblems struct {
	List[store.ProblemBrief]
	States map[corax.ProblemState]int `json:"states" doc:"all that the search finds, whatever their states, by state"`
}

// Templates are families of messages.
type Templates struct {
	List[store.Template]
	Newest int64 `json:"newest,omitempty" doc:"of signals like these only so many, the newest, were counted; all were where it is missing"`
}

// SignalQuery is what a search for signals takes.
type SignalQuery struct {
	Paging
	SignalFilter
}

// SignalFilter says which signals are meant.
type SignalFilter struct {
	Spanning
	Text string `query:"q" maxLength:"500" doc:"words that must be there; the last may be the beginning of one"`
	SignalKinds
	Template int64 `query:"template" minimum:"0"`
}

// SignalKinds says what they are like.
type SignalKinds struct {
	Entity   string   `query:"entity" maxLength:"500"`
	Source   string   `query:"source" maxLength:"500"`
	Kind     []string `query:"kind" maxItems:"5" doc:"symptom, recovery, expiry, change or note; any of them"`
	Severity []string `query:"severity" maxItems:"5" doc:"critical, high, medium, low or none; any of them"`
	Label    []string `query:"label" maxItems:"10" doc:"name=value; all of them"`
}

func (q SignalQuery) search(op string) (store.SignalSearch, error) {
	f, err := q.SignalFilter.search(op)
	f.Limit = q.Limit
	f.Before, f.After = q.sides()
	return f, err
}

func (q SignalFilter) search(op string) (store.SignalSearch, error) {
	f, err := q.SignalKinds.search(op)
	f.Text, f.Template, f.Since, f.Until = q.Text, q.Template, q.Since, q.Until
	return f, err
}

func (q SignalKinds) search(op string) (store.SignalSearch, error) {
	f := store.SignalSearch{Entity: q.Entity, Source: q.Source}
	for _, k := range q.Kind {
		f.Kinds = append(f.Kinds, corax.SignalKind(k))
	}
	for _, l := range q.Label {
		name, value, ok := strings.Cut(l, "=")
		if !ok || name == "" {
			return f, corax.Errorf(corax.Invalid, op, "label %q is not name=value", l)
		}
		if f.Labels == nil {
			f.Labels = map[string]string{}
		}
		f.Labels[name] = value
	}
	var err error
	f.Severities, err = severitiesOf(op, q.Severity)
	return f, err
}

func severitiesOf(op string, names []string) ([]corax.Severity, error) {
	var list []corax.Severity
	for _, n := range names {
		v, err := corax.ParseSeverity(n)
		if err != nil {
			return nil, corax.Errorf(corax.Invalid, op, "%w", err)
		}
		list = append(list, v)
	}
	return list, nil
}

func statesOf[S ~string](names []string) (list []S) {
	for _, n := range names {
		list = append(list, S(n))
	}
	return list
}

// find registers what is looked up in the records.
func (a api) find() {
	if a.o.Find == nil {
		return
	}
	f := a.o.Find
	operation(a, access.RoleViewer, "search-signals", http.MethodGet, "/search/signals", "Signals by text and filters, the latest first",
		func(ctx context.Context, in *SignalQuery) (FoundSignals, error) {
			q, err := in.search("search signals")
			if err != nil {
				return FoundSignals{}, err
			}
			p, err := f.Signals(ctx, q)
			return FoundSignals{found(p.Signals, p.Older, p.Newer), p.Unsearched}, err
		})
	type days struct {
		SignalFilter
		Days int `query:"days" minimum:"1" maximum:"400" default:"7" doc:"where no time is asked for"`
	}
	operation(a, access.RoleViewer, "signal-facets", http.MethodGet, "/search/signals/facets", "How many signals there were, by entity, kind, severity and source",
		func(ctx context.Context, in *days) (store.SignalFacets, error) {
			q, err := in.search("count signals")
			if err != nil {
				return store.SignalFacets{}, err
			}
			return f.Facets(ctx, q, in.Days)
		})
	type templates struct {
		Spanning
		SignalKinds
		Text  string `query:"q" maxLength:"500" doc:"words of the template"`
		Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	}
	operation(a, access.RoleViewer, "list-templates", http.MethodGet, "/templates", "Families of messages, the most frequent first",
		func(ctx context.Context, in *templates) (Templates, error) {
			q, err := in.search("list templates")
			if err != nil {
				return Templates{}, err
			}
			all, newest, err := f.Templates(ctx, store.TemplateFilter{Text: in.Text, Since: in.Since, Until: in.Until, Limit: in.Limit}, q)
			return Templates{listOf(all), newest}, err
		})
	type template struct {
		ID int64 `path:"id"`
	}
	operation(a, access.RoleViewer, "get-template", http.MethodGet, "/templates/{id}", "A family of messages",
		func(ctx context.Context, in *template) (store.Template, error) { return f.Template(ctx, in.ID) })
	a.findProblems(f)
	a.findChanges(f)
	a.findHistory(f)
	a.entities(f)
}

// entities registers what is known of entities: those that are declared, and others that something was said about.
func (a api) entities(f Finder) {
	type pick struct {
		Text    string `query:"q" maxLength:"500" doc:"within id, name or an alias"`
		Kind    string `query:"kind" maxLength:"200"`
		Label   string `query:"label" maxLength:"500" doc:"name=value"`
		Trouble bool   `query:"trouble" doc:"only those that something is wrong with"`
	}
	whole(a, access.RoleViewer, "list-entities", http.MethodGet, "/entities", "Declared entities with how they fare, those in trouble first",
		func(ctx context.Context, in *pick) ([]lookup.EntityLine, error) {
			return f.Entities(ctx, lookup.EntityFilter{Text: in.Text, Kind: in.Kind, Label: in.Label, Trouble: in.Trouble})
		})
	type byPath struct {
		ID string `path:"id" maxLength:"500" doc:"escaped, where it holds a slash"`
	}
	operation(a, access.RoleViewer, "get-entity", http.MethodGet, "/entities/{id}", "All that is known of an entity: how it fares, what it needs, and what is on record",
		func(ctx context.Context, in *byPath) (lookup.EntityPage, error) {
			id, err := url.PathUnescape(in.ID)
			if err != nil {
				id = in.ID
			}
			return f.Entity(ctx, id)
		})
}

func (a api) findProblems(f Finder) {
	type problems struct {
		Paging
		Spanning
		Text      string   `query:"q" maxLength:"500"`
		State     []string `query:"state" maxItems:"8"`
		Open      bool     `query:"open"`
		Severity  []string `query:"severity" maxItems:"5"`
		Pattern   string   `query:"pattern" maxLength:"200"`
		Mechanism string   `query:"mechanism" maxLength:"200"`
		Root      string   `query:"root" maxLength:"500"`
		Entity    string   `query:"entity" maxLength:"500"`
	}
	operation(a, access.RoleViewer, "search-problems", http.MethodGet, "/search/problems", "Problems in a line each, with counts by state, newest first",
		func(ctx context.Context, in *problems) (FoundProblems, error) {
			severities, err := severitiesOf("search problems", in.Severity)
			if err != nil {
				return FoundProblems{}, err
			}
			before, after := in.sides()
			l, err := f.Problems(ctx, store.ProblemSearch{Text: in.Text, States: statesOf[corax.ProblemState](in.State), Open: in.Open, Severities: severities,
				Pattern: in.Pattern, Mechanism: in.Mechanism, Root: in.Root, Entity: in.Entity, Since: in.Since, Until: in.Until,
				Limit: in.Limit, Before: before, After: after})
			return FoundProblems{found(l.Problems, l.Older, l.Newer), l.States}, err
		})
	type similar struct {
		ByID
		Limit int `query:"limit" minimum:"1" maximum:"50" default:"5"`
	}
	whole(a, access.RoleViewer, "similar-problems", http.MethodGet, "/problems/{id}/similar", "Past problems like one, and how they ended",
		func(ctx context.Context, in *similar) ([]precedent.Precedent, error) {
			return f.Similar(ctx, in.ID, in.Limit)
		})
	type incidents struct {
		Paging
		Spanning
		Text     string   `query:"q" maxLength:"500"`
		State    []string `query:"state" maxItems:"8"`
		Live     bool     `query:"live"`
		Severity []string `query:"severity" maxItems:"5"`
		Entity   string   `query:"entity" maxLength:"500"`
		Source   string   `query:"source" maxLength:"500"`
		Problem  string   `query:"problem" maxLength:"200"`
	}
	operation(a, access.RoleViewer, "search-incidents", http.MethodGet, "/search/incidents", "Incidents by text and filters, newest first",
		func(ctx context.Context, in *incidents) (List[corax.Incident], error) {
			severities, err := severitiesOf("search incidents", in.Severity)
			if err != nil {
				return List[corax.Incident]{}, err
			}
			before, after := in.sides()
			l, err := f.Incidents(ctx, store.IncidentSearch{Text: in.Text, States: statesOf[corax.IncidentState](in.State), Live: in.Live, Severities: severities,
				Entity: in.Entity, Source: in.Source, Problem: in.Problem, Since: in.Since, Until: in.Until,
				Limit: in.Limit, Before: before, After: after})
			return found(l.Incidents, l.Older, l.Newer), err
		})
}
