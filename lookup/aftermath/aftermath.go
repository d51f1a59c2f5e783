// Package aftermath says what followed a change: the incidents that opened soon after it on what was changed, and on those who need it.
//
// That something followed does not say that it was caused; the diagnosis weighs that. In come changes, incidents and the graph, out comes
// a list in the order of the changes. It is a pure function.
package aftermath

import (
	"cmp"
	"slices"
	"time"

	"corax"
	"corax/topology"
)

// Window is how long after a change an incident counts as following it, where nothing else is said.
const Window = time.Hour

// Change is a change with what followed it.
type Change struct {
	Signal   corax.Signal `json:"signal"`
	Followed []Follower   `json:"followed"` // nearest first, then the earliest
}

// Follower is an incident that opened after a change.
type Follower struct {
	ID       string              `json:"id"`
	Entity   string              `json:"entity"`
	Title    string              `json:"title"`
	State    corax.IncidentState `json:"state"`
	Severity corax.Severity      `json:"severity,omitempty"`
	Problem  string              `json:"problem,omitempty"`
	OpenedAt time.Time           `json:"opened_at"`
	After    time.Duration       `json:"after"`    // nanoseconds since the change
	Distance int                 `json:"distance"` // edges from the entity that was changed; 0 is itself
}

// Of puts incidents after the changes that they followed within a window. An incident may follow several. A change that names no entity is
// followed by none, and so are entities that the graph doesn't know, but for themselves.
func Of(changes []corax.Signal, incidents []corax.Incident, g *topology.Graph, window time.Duration) []Change {
	if window <= 0 {
		window = Window
	}
	incidents = slices.Clone(incidents)
	slices.SortStableFunc(incidents, func(a, b corax.Incident) int { return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.ID, b.ID)) })
	out := make([]Change, len(changes))
	reach := map[string]map[string]int{} // entity -> who needs it, and how far away
	for n, c := range changes {
		out[n] = Change{Signal: c, Followed: []Follower{}}
		if c.Entity == "" {
			continue
		}
		near := reach[c.Entity]
		if near == nil {
			near = map[string]int{c.Entity: 0}
			for _, r := range g.Dependents(c.Entity) {
				near[r.ID] = r.Distance
			}
			reach[c.Entity] = near
		}
		first, _ := slices.BinarySearchFunc(incidents, c.At, func(i corax.Incident, at time.Time) int { return i.OpenedAt.Compare(at) })
		for _, i := range incidents[first:] {
			after := i.OpenedAt.Sub(c.At)
			if after > window {
				break
			}
			if distance, ok := near[i.Entity]; ok {
				out[n].Followed = append(out[n].Followed, Follower{ID: i.ID, Entity: i.Entity, Title: i.Title, State: i.State, Severity: i.Severity,
					Problem: i.Problem, OpenedAt: i.OpenedAt, After: after, Distance: distance})
			}
		}
		slices.SortStableFunc(out[n].Followed, func(a, b Follower) int { return cmp.Compare(a.Distance, b.Distance) })
	}
	return out
}
