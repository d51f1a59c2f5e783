package lookup

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"corax"
	"corax/access"
	"corax/store"
	"corax/topology/learn"
)

// Pulse is how an entity fares: its live incidents first, then its monitors. The zero value says that nothing measures it.
type Pulse struct {
	Severity corax.Severity `json:"severity,omitempty"` // the worst of its live incidents; at least medium where a monitor is down
	Healthy  bool           `json:"healthy"`            // a monitor is up, and nothing is wrong
}

// Pulses is how each entity fares that who asks may see, by id.
func (l *Lookup) Pulses(ctx context.Context) (map[string]Pulse, error) {
	state := map[string]Pulse{}
	for _, m := range l.States(ctx) {
		switch c := state[m.Entity]; {
		case m.State == corax.MonitorDown:
			state[m.Entity] = Pulse{Severity: max(c.Severity, corax.Medium)}
		case m.State == corax.MonitorUp && c.Severity == corax.SeverityNone:
			state[m.Entity] = Pulse{Healthy: true}
		}
	}
	live, err := l.Records.Incidents(ctx, store.IncidentFilter{Live: true})
	may := l.among(ctx)
	for _, i := range live {
		if may == nil || slices.Contains(may, i.Entity) {
			state[i.Entity] = Pulse{Severity: max(state[i.Entity].Severity, i.Severity, corax.Low)}
		}
	}
	delete(state, "")
	return state, err
}

// EntityLine is an entity with how it fares.
type EntityLine struct {
	corax.Entity
	Pulse
}

// EntityFilter picks entities; what is set must all match.
type EntityFilter struct {
	Text    string // within id, name or an alias
	Kind    string
	Label   string // name=value
	Trouble bool   // only those that something is wrong with
}

// Entities lists the declared entities that who asks may see, those in trouble first, the worst before others.
func (l *Lookup) Entities(ctx context.Context, f EntityFilter) ([]EntityLine, error) {
	state, err := l.Pulses(ctx)
	if err != nil {
		return nil, err
	}
	who, out := access.From(ctx), []EntityLine{}
	name, value, _ := strings.Cut(f.Label, "=")
	for _, e := range l.Topology().Entities {
		c := state[e.ID]
		if who.Sees(e) && (f.Kind == "" || e.Kind == f.Kind) && (f.Label == "" || e.Labels[name] == value) && (!f.Trouble || c.Severity > corax.SeverityNone) &&
			strings.Contains(strings.ToLower(e.ID+" "+e.Name+" "+strings.Join(e.Aliases, " ")), strings.ToLower(strings.TrimSpace(f.Text))) {
			if !who.May(access.RoleOperator) {
				e.Attributes = nil // addresses and the like
			}
			out = append(out, EntityLine{e, c})
		}
	}
	slices.SortStableFunc(out, func(a, b EntityLine) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// How much of an entity's past is told, and since when changes are.
const (
	mostIncidents = 20
	mostProblems  = 20
	mostSignals   = 20
	mostChanges   = 20
	changesFor    = 14 * 24 * time.Hour
)

// EntityRecord is what is on record of an entity, each list with the latest first.
type EntityRecord struct {
	Incidents []corax.Incident     `json:"incidents"`
	Problems  []store.ProblemBrief `json:"problems"` // that it has a part in
	Monitors  []corax.ProbeResult  `json:"monitors"`
	Changes   []corax.Signal       `json:"changes"` // of the last fourteen days
	Signals   []corax.Signal       `json:"signals"` // of the latest incidents
}

// Record is what is on record of an entity. It is empty where who asks may not see it.
func (l *Lookup) Record(ctx context.Context, id string) (r EntityRecord, err error) {
	r = EntityRecord{Incidents: []corax.Incident{}, Problems: []store.ProblemBrief{}, Monitors: []corax.ProbeResult{}, Changes: []corax.Signal{}, Signals: []corax.Signal{}}
	if !l.sees(ctx, id) {
		return r, nil
	}
	if r.Incidents, err = l.Records.Incidents(ctx, store.IncidentFilter{Entity: id, Limit: mostIncidents}); err != nil {
		return r, err
	}
	for _, m := range l.Monitors() {
		if m.Entity == id {
			r.Monitors = append(r.Monitors, m)
		}
	}
	past, err := l.Records.SearchProblems(ctx, store.ProblemSearch{Entity: id, Limit: mostProblems})
	if err != nil {
		return r, err
	}
	r.Problems = past.Problems
	for _, i := range r.Incidents[:min(len(r.Incidents), 3)] {
		signals, err := l.Records.SignalsOf(ctx, i.ID, mostSignals/2)
		if err != nil {
			return r, err
		}
		r.Signals = append(r.Signals, signals...)
	}
	changes, err := l.Records.SearchSignals(ctx, store.SignalSearch{Kinds: []corax.SignalKind{corax.ChangeOf}, Entity: id, Since: l.Clock.Now().Add(-changesFor), Limit: mostChanges})
	for _, c := range changes.Signals {
		r.Changes = append(r.Changes, c.Signal)
	}
	latest := func(a, b corax.Signal) int { return b.At.Compare(a.At) }
	slices.SortStableFunc(r.Changes, latest)
	slices.SortStableFunc(r.Signals, latest)
	r.Signals = r.Signals[:min(len(r.Signals), mostSignals)]
	return r, err
}

// sees says whether who asks may see an entity, also one that nobody has declared.
func (l *Lookup) sees(ctx context.Context, id string) bool {
	who := access.From(ctx)
	for _, e := range l.Topology().Entities {
		if e.ID == id {
			return who.Sees(e)
		}
	}
	return who.Sees(corax.Entity{ID: id})
}

// Relation is an edge as it is seen from one of its ends.
type Relation struct {
	Other   string `json:"other"`
	Kind    string `json:"kind"`
	Learned bool   `json:"learned,omitempty"` // nobody has declared it: past outages speak for it
	Support int    `json:"support,omitempty"` // how many do
	Pulse
}

// EntityPage is all that is known of an entity.
type EntityPage struct {
	corax.Entity
	Pulse
	Declared bool       `json:"declared"`
	Needs    []Relation `json:"needs"`
	Needed   []Relation `json:"needed"`
	Together []Relation `json:"together"` // what fails when it fails, without a direction
	EntityRecord
}

// Entity is all that is known of an entity. It is NotFound where nothing is, or where who asks may not see it.
func (l *Lookup) Entity(ctx context.Context, id string) (EntityPage, error) {
	p := EntityPage{Entity: corax.Entity{ID: id}, Needs: []Relation{}, Needed: []Relation{}, Together: []Relation{}}
	state, err := l.Pulses(ctx)
	if err != nil {
		return p, err
	}
	t := l.Topology()
	if i := slices.IndexFunc(t.Entities, func(e corax.Entity) bool { return e.ID == id }); i >= 0 {
		p.Entity, p.Declared = t.Entities[i], true
		if !access.From(ctx).May(access.RoleOperator) {
			p.Attributes = nil
		}
	}
	p.Pulse = state[id]
	learned, err := l.Learned(ctx)
	if err != nil {
		return p, err
	}
	add := func(from, to, kind string, x Relation) {
		list := &p.Needs
		if x.Kind, x.Other = kind, to; to == id {
			list, x.Other = &p.Needed, from
		}
		if learn.Kind(kind) == learn.Together {
			list = &p.Together
		}
		if (from == id || to == id) && l.sees(ctx, x.Other) {
			x.Pulse = state[x.Other]
			*list = append(*list, x)
		}
	}
	for _, e := range t.Edges {
		add(e.From, e.To, string(e.Kind), Relation{})
	}
	for _, e := range learned {
		if !e.Declared {
			add(e.From, e.To, string(e.Kind), Relation{Learned: true, Support: e.Support})
		}
	}
	if p.EntityRecord, err = l.Record(ctx, id); err != nil {
		return p, err
	}
	if !l.sees(ctx, id) || !p.Declared && len(p.Incidents)+len(p.Monitors)+len(p.Needs)+len(p.Needed)+len(p.Together) == 0 {
		return EntityPage{}, corax.Errorf(corax.NotFound, "show the entity "+id, "nothing is known of it")
	}
	return p, nil
}
