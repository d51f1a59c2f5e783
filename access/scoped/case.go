package scoped

import (
	"context"
	"maps"
	"slices"

	"corax"
	"corax/access"
	"corax/store"
)

// This file says how much of a problem's case is shown. The case is of the whole system: what all that was live then said, and all entities.

// cut is the problem's case as far as it is shown. To who does not see everything a signal that is neither theirs nor of the problem has lost
// all but its kind and its time: it keeps its place, since a diagnosis names signals by that. Attributes are for operators.
func (s sight) cut(p corax.Problem) *corax.Case {
	if p.Case == nil || s.everything && s.who.May(access.RoleOperator) {
		return p.Case
	}
	c := *p.Case
	if !s.everything {
		about := append([]string{p.Diagnosis.Cascade.Root}, store.BriefOf(&p).Entities...)
		for _, step := range p.Diagnosis.Plan.Steps {
			about = append(about, step.Target)
		}
		c.Signals = slices.Clone(c.Signals)
		spoken := named(p.Diagnosis)
		for n, x := range c.Signals {
			switch {
			case spoken[n] || ofProblem(p, x):
				about = append(about, x.Entity)
			case !s.sees(x.Entity):
				c.Signals[n] = corax.Signal{At: x.At, Kind: x.Kind}
			}
		}
		c.Topology = s.part(c.Topology, about)
	}
	c.Topology = s.plain(c.Topology)
	return &c
}

// ofProblem says that a signal is of an incident that the problem holds.
func ofProblem(p corax.Problem, x corax.Signal) bool {
	return x.Fingerprint != "" && slices.Contains(p.Incidents, x.Fingerprint)
}

// named are the signals that a diagnosis speaks of, by their places.
func named(d corax.Diagnosis) map[int]bool {
	all := map[int]bool{}
	add := func(places ...int) {
		for _, n := range places {
			all[n] = true
		}
	}
	add(d.Signals...)
	for _, e := range d.RootCause.Evidence {
		add(e.Signal)
	}
	for _, e := range d.RootCause.Against {
		add(e.Signal)
	}
	for _, x := range d.RootCause.Sentences {
		add(x.Signals...)
	}
	return all
}

// part is a topology with the entities that are seen, and besides those of the list.
func (s sight) part(t corax.Topology, besides []string) (out corax.Topology) {
	shown := map[string]bool{}
	for _, id := range besides {
		shown[id] = true
	}
	for _, e := range t.Entities {
		if shown[e.ID] = shown[e.ID] || s.sees(e.ID); shown[e.ID] {
			out.Entities = append(out.Entities, e)
		}
	}
	for _, e := range t.Edges {
		if shown[e.From] && shown[e.To] {
			out.Edges = append(out.Edges, e)
		}
	}
	return out
}

// attributes says whether those of an entity are shown: addresses and the like are for who acts on it.
func (s sight) attributes(id string) bool { return s.who.May(access.RoleOperator) && s.sees(id) }

// plain is a topology with the attributes that are shown.
func (s sight) plain(t corax.Topology) corax.Topology {
	t.Entities = slices.Clone(t.Entities)
	for n, e := range t.Entities {
		if !s.attributes(e.ID) {
			t.Entities[n].Attributes = nil
		}
	}
	return t
}

// plainly is a decision with the attributes that are shown: its rule saw all of the step's target.
func (s sight) plainly(d corax.Decision) corax.Decision {
	e, _ := d.Input["entity"].(map[string]any)
	if id, _ := e["id"].(string); e["attributes"] != nil && !s.attributes(id) {
		d.Input, e = maps.Clone(d.Input), maps.Clone(e)
		delete(e, "attributes")
		d.Input["entity"] = e
	}
	return d
}

// Plain takes the attributes that are not for who asks out of a case and its decisions.
func (r Records) Plain(ctx context.Context, c *corax.Case, all []corax.Decision) {
	s := r.sight(ctx)
	c.Topology = s.plain(c.Topology)
	for n, d := range all {
		all[n] = s.plainly(d)
	}
}
