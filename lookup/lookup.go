// Package lookup answers what people ask of the records: search, similar problems, what followed a change, how monitors did, and what the
// outages say of the topology. The API and the pages ask the same methods.
//
// Whoever asks gets what concerns the entities that they may see, by the principal in the context. It reads, and writes nothing.
package lookup

import (
	"context"
	"errors"
	"slices"
	"time"

	"corax"
	"corax/access"
	"corax/lookup/aftermath"
	"corax/lookup/precedent"
	"corax/store"
	"corax/topology"
	"corax/topology/learn"
)

// Records is what is looked through.
type Records interface {
	SearchSignals(ctx context.Context, f store.SignalSearch) (store.SignalPage, error)
	SignalFacets(ctx context.Context, days int, now time.Time) (store.SignalFacets, error)
	Templates(ctx context.Context, f store.TemplateFilter) ([]store.Template, error)
	Template(ctx context.Context, id int64) (store.Template, error)
	SearchProblems(ctx context.Context, f store.ProblemSearch) (store.ProblemList, error)
	Problem(ctx context.Context, id string) (corax.Problem, error)
	ProblemsLike(ctx context.Context, b store.ProblemBrief, most int) ([]store.ProblemBrief, error)
	ProblemBriefs(ctx context.Context, since time.Time, most int) ([]store.ProblemBrief, error)
	SearchIncidents(ctx context.Context, f store.IncidentSearch) (store.IncidentList, error)
	Incident(ctx context.Context, id string) (corax.Incident, error)
	Incidents(ctx context.Context, f store.IncidentFilter) ([]corax.Incident, error)
	IncidentsOpened(ctx context.Context, from, to time.Time, most int) ([]corax.Incident, error)
	SignalsOf(ctx context.Context, incident string, most int) ([]corax.Signal, error)
	MonitorHistory(ctx context.Context, monitor string, from, to time.Time, step time.Duration) (store.MonitorHistory, error)
	MonitorHistories(ctx context.Context, from, to time.Time, step time.Duration) (map[string]store.MonitorHistory, error)
	MonitorChanges(ctx context.Context, monitor string, most int) ([]store.MonitorChange, error)
}

// Lookup answers. Its fields are set once.
type Lookup struct {
	Records  Records
	Topology func() corax.Topology
	Monitors func() []corax.ProbeResult // as they last were
	Clock    corax.Clock
}

// among is the entities that who asks may see; nil where nothing is hidden.
func (l *Lookup) among(ctx context.Context) []string {
	who := access.From(ctx)
	if !who.Limited() {
		return nil
	}
	seen := []string{}
	for _, e := range l.Topology().Entities {
		if who.Sees(e) {
			seen = append(seen, e.ID)
		}
	}
	return seen
}

// narrow is those of the entities asked for that who asks may see; nil is all.
func (l *Lookup) narrow(ctx context.Context, asked []string) []string {
	may := l.among(ctx)
	switch {
	case may == nil:
		return asked
	case asked == nil:
		return may
	}
	both := []string{}
	for _, e := range asked {
		if slices.Contains(may, e) {
			both = append(both, e)
		}
	}
	return both
}

// Signals finds signals; see store.SignalSearch.
func (l *Lookup) Signals(ctx context.Context, f store.SignalSearch) (store.SignalPage, error) {
	f.Among = l.narrow(ctx, f.Among)
	return l.Records.SearchSignals(ctx, f)
}

// Problems finds problems; see store.ProblemSearch.
func (l *Lookup) Problems(ctx context.Context, f store.ProblemSearch) (store.ProblemList, error) {
	f.Among = l.narrow(ctx, f.Among)
	return l.Records.SearchProblems(ctx, f)
}

// mostLike is how many problems of each likeness are ranked.
const mostLike = 200

// Similar gives the past problems that are most like one, and how they ended. It is NotFound where there is none, or none that may be seen.
func (l *Lookup) Similar(ctx context.Context, problem string, most int) ([]precedent.Precedent, error) {
	p, err := l.Records.Problem(ctx, problem)
	if err != nil {
		return nil, err
	}
	of, may := store.BriefOf(&p), l.among(ctx)
	hidden := func(b store.ProblemBrief) bool {
		return may != nil && !slices.ContainsFunc(b.Entities, func(e string) bool { return slices.Contains(may, e) })
	}
	if hidden(of) {
		return nil, missing("read problem " + problem)
	}
	past, err := l.Records.ProblemsLike(ctx, of, mostLike)
	if err != nil {
		return nil, err
	}
	return precedent.Rank(of, slices.DeleteFunc(past, hidden), most), nil
}

func missing(op string) error {
	return &corax.Error{Code: corax.NotFound, Op: op, Err: errors.New("there is none with this id")}
}

// Incidents finds incidents; see store.IncidentSearch.
func (l *Lookup) Incidents(ctx context.Context, f store.IncidentSearch) (store.IncidentList, error) {
	f.Among = l.narrow(ctx, f.Among)
	return l.Records.SearchIncidents(ctx, f)
}

// Incident is an incident with its latest signals, the latest first. It is NotFound where there is none, or none that may be seen.
func (l *Lookup) Incident(ctx context.Context, id string, most int) (corax.Incident, []corax.Signal, error) {
	i, err := l.Records.Incident(ctx, id)
	if err != nil {
		return i, nil, err
	}
	if may := l.among(ctx); may != nil && !slices.Contains(may, i.Entity) {
		return corax.Incident{}, nil, missing("read incident " + id)
	}
	signals, err := l.Records.SignalsOf(ctx, id, most)
	return i, signals, err
}

// Changes is a part of the list of changes.
type Changes struct {
	Changes []aftermath.Change `json:"changes"`
	Older   string             `json:"older,omitempty"` // cursors, as in store.SignalPage
	Newer   string             `json:"newer,omitempty"`
	Partial bool               `json:"partial,omitempty"` // so many incidents opened that not all were looked at
}

// mostFollowing is how many incidents are looked at for changes that are close together.
const mostFollowing = 3000

// Changes finds changes, the latest first, with the incidents that opened within a window after each (an hour where 0) on the entity that
// was changed or on those that need it.
func (l *Lookup) Changes(ctx context.Context, f store.SignalSearch, window time.Duration) (Changes, error) {
	if window <= 0 {
		window = aftermath.Window
	}
	f.Kinds = []corax.SignalKind{corax.ChangeOf}
	page, err := l.Signals(ctx, f)
	if err != nil {
		return Changes{}, err
	}
	out := Changes{Changes: []aftermath.Change{}, Older: page.Older, Newer: page.Newer}
	changes := make([]corax.Signal, len(page.Signals))
	for i, g := range page.Signals {
		changes[i] = g.Signal
	}
	incidents, partial, err := l.following(ctx, changes, window)
	if err != nil {
		return out, err
	}
	out.Partial = partial
	out.Changes = aftermath.Of(changes, incidents, topology.New(l.Topology()), window)
	return out, nil
}

// following are the incidents that opened within a window after any of the changes.
func (l *Lookup) following(ctx context.Context, changes []corax.Signal, window time.Duration) (all []corax.Incident, partial bool, err error) {
	times := make([]time.Time, len(changes))
	for i, c := range changes {
		times[i] = c.At
	}
	slices.SortFunc(times, time.Time.Compare)
	may := l.among(ctx)
	for i := 0; i < len(times); {
		from, to := times[i], times[i].Add(window)
		for ; i < len(times) && !times[i].After(to); i++ {
			to = times[i].Add(window)
		}
		found, err := l.Records.IncidentsOpened(ctx, from, to, mostFollowing)
		if err != nil {
			return nil, false, err
		}
		partial = partial || len(found) == mostFollowing
		for _, x := range found {
			if (may == nil || slices.Contains(may, x.Entity)) && (len(all) == 0 || all[len(all)-1].ID != x.ID) {
				all = append(all, x)
			}
		}
	}
	return all, partial, nil
}

const (
	learnFrom = 365 * 24 * time.Hour
	mostLearn = 5000
)

// Learned gives the edges that the outages of the last year speak for; see package learn for what they are worth.
func (l *Lookup) Learned(ctx context.Context) ([]learn.Tie, error) {
	past, err := l.Records.ProblemBriefs(ctx, l.Clock.Now().Add(-learnFrom), mostLearn)
	if err != nil {
		return nil, err
	}
	var outages []learn.Outage
	for _, b := range past {
		if b.State.Ended() {
			outages = append(outages, learn.Outage{Root: b.Root, Affected: b.Affected, Entities: b.Entities})
		}
	}
	edges := learn.Ties(outages, l.Topology(), learn.Options{})
	if may := l.among(ctx); may != nil {
		edges = slices.DeleteFunc(edges, func(e learn.Tie) bool { return !slices.Contains(may, e.From) || !slices.Contains(may, e.To) })
	}
	return edges, nil
}

// States is how the monitors last were, those that may be seen, by name.
func (l *Lookup) States(ctx context.Context) []corax.ProbeResult {
	all, may := l.Monitors(), l.among(ctx)
	if may == nil {
		return all
	}
	return slices.DeleteFunc(all, func(r corax.ProbeResult) bool { return !slices.Contains(may, r.Entity) })
}

// State is how one monitor last was. It is NotFound where there is none, or none that may be seen.
func (l *Lookup) State(ctx context.Context, monitor string) (corax.ProbeResult, error) {
	all := l.States(ctx)
	i := slices.IndexFunc(all, func(r corax.ProbeResult) bool { return r.Monitor == monitor })
	if i < 0 {
		return corax.ProbeResult{}, corax.Errorf(corax.NotFound, "read monitor "+monitor, "there is no such monitor")
	}
	return all[i], nil
}

// History is what a monitor's runs came to; see the store's MonitorHistory. It is NotFound under the terms of State.
func (l *Lookup) History(ctx context.Context, monitor string, from, to time.Time, step time.Duration) (store.MonitorHistory, error) {
	if _, err := l.State(ctx, monitor); err != nil {
		return store.MonitorHistory{}, err
	}
	return l.Records.MonitorHistory(ctx, monitor, from, to, step)
}

// Histories is the same for all monitors that are there and may be seen, by name.
func (l *Lookup) Histories(ctx context.Context, from, to time.Time, step time.Duration) (map[string]store.MonitorHistory, error) {
	all, err := l.Records.MonitorHistories(ctx, from, to, step)
	if err != nil {
		return nil, err
	}
	out := make(map[string]store.MonitorHistory, len(all))
	for _, r := range l.States(ctx) {
		if h, ok := all[r.Monitor]; ok {
			out[r.Monitor] = h
		}
	}
	return out, nil
}

// MonitorChanges lists how the state of a monitor changed, the latest first, under the terms of State.
func (l *Lookup) MonitorChanges(ctx context.Context, monitor string, most int) ([]store.MonitorChange, error) {
	if _, err := l.State(ctx, monitor); err != nil {
		return nil, err
	}
	return l.Records.MonitorChanges(ctx, monitor, most)
}
