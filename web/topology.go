package web

import (
	"cmp"
	"context"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/access"
	"corax/lookup"
	"corax/web/draw"
	"corax/web/ui"
)

// Topologies is what the pages of the topology read.
type Topologies interface {
	Topology() corax.Topology // as it is declared
}

// topology are the pages of who needs whom, and of one entity.
func (p *pages) topology() []area {
	if p.o.Topology == nil || p.o.Find == nil {
		return nil
	}
	return []area{{
		Nav: []entry{{Group: "Watch", NavItem: ui.NavItem{Text: "Topology", URL: "/topology", Icon: "topology"}}},
		Pages: []page{
			{Path: "/topology", File: "topology.html", Role: access.RoleViewer, Load: p.loadTopology},
			{Path: "/entities/{id}", File: "entity.html", Role: access.RoleViewer, Load: p.loadEntity},
		},
		Funcs: template.FuncMap{"entityURL": entityURL},
	}}
}

// entityURL is the page of an entity.
func entityURL(id string) string { return "/entities/" + url.PathEscape(id) }

// pathID is the id in the path as it was before it was escaped: ids of entities come from outside, and may hold a slash.
func pathID(r *http.Request) string {
	v := chi.URLParam(r, "id")
	if r.URL.RawPath == "" {
		return v
	}
	if plain, err := url.PathUnescape(v); err == nil {
		return plain
	}
	return v
}

// sight is the topology as the principal sees it.
type sight struct {
	corax.Topology
	learned []draw.LearnedEdge
	known   map[string]corax.Entity
	state   map[string]draw.Condition
	who     access.Principal
}

// sees says whether the principal may see an entity, also one that nobody has declared.
func (s sight) sees(id string) bool { return s.who.Sees(s.entity(id)) }

func (s sight) entity(id string) corax.Entity {
	if e, ok := s.known[id]; ok {
		return e
	}
	return corax.Entity{ID: id}
}

func (s sight) name(id string) string { return cmp.Or(s.known[id].Name, id) }

// look reads the topology, what was learned, and how each entity fares.
func (p *pages) look(ctx context.Context) (sight, error) {
	s := sight{known: map[string]corax.Entity{}, state: map[string]draw.Condition{}, who: access.From(ctx)}
	all := p.o.Topology.Topology()
	for _, e := range all.Entities {
		s.known[e.ID] = e
	}
	for _, e := range all.Entities {
		if s.sees(e.ID) {
			s.Entities = append(s.Entities, e)
		}
	}
	for _, e := range all.Edges {
		if s.sees(e.From) && s.sees(e.To) {
			s.Edges = append(s.Edges, e)
		}
	}
	if p.o.Learned != nil {
		learned, err := p.o.Learned(ctx)
		if err != nil {
			return s, err
		}
		for _, e := range learned {
			if s.sees(e.From) && s.sees(e.To) {
				s.learned = append(s.learned, e)
			}
		}
	}
	pulses, err := p.o.Find.Pulses(ctx)
	for id, c := range pulses {
		s.state[id] = draw.Condition(c)
	}
	return s, err
}

// mapFilter is what is shown of the topology; a URL can be shared.
type mapFilter struct {
	Q, Kind, Label, State, Edges, Group, Around string
	Open                                        []string
}

func readMapFilter(r *http.Request) mapFilter {
	q := r.URL.Query()
	return mapFilter{q.Get("q"), q.Get("kind"), q.Get("label"), q.Get("state"), q.Get("edges"), q.Get("group"), q.Get("around"), q["open"]}
}

// url is the page with one more group open.
func (f mapFilter) opened(group string) string {
	q := url.Values{}
	for name, v := range map[string]string{"q": f.Q, "kind": f.Kind, "label": f.Label, "state": f.State, "edges": f.Edges, "group": f.Group, "around": f.Around} {
		if v != "" {
			q.Set(name, v)
		}
	}
	for _, g := range append(slices.Clone(f.Open), group) {
		if g != "" && !slices.Contains(q["open"], g) {
			q.Add("open", g)
		}
	}
	return "/topology?" + q.Encode()
}

// Set says that something is left out.
func (f mapFilter) Set() bool { return f.Q+f.Kind+f.Label+f.State+f.Edges+f.Around != "" }

func (f mapFilter) matches(e corax.Entity, c draw.Condition) bool {
	name, value, _ := strings.Cut(f.Label, "=")
	state := map[bool]string{true: "trouble"}[c.Severity > corax.SeverityNone]
	if state == "" {
		state = map[bool]string{true: "healthy", false: "unmeasured"}[c.Healthy]
	}
	return (f.Kind == "" || e.Kind == f.Kind) && (f.Label == "" || e.Labels[name] == value) && (f.State == "" || f.State == state) &&
		(f.Q == "" || strings.Contains(strings.ToLower(e.ID+" "+e.Name+" "+strings.Join(e.Aliases, " ")), strings.ToLower(strings.TrimSpace(f.Q))))
}

// entityRow is an entity in a list.
type entityRow struct {
	corax.Entity
	Condition     draw.Condition
	Needs, Needed []string // names
}

type mapData struct {
	Filter            mapFilter
	Drawing           template.HTML
	Kinds, Labels     []string // to choose from
	Groups            []string // labels to group by
	Rows              []entityRow
	More, Shown, All  int
	Declared, Learned int
}

const mostRows = 200

func (p *pages) loadTopology(r *http.Request) (*ui.View, error) {
	s, err := p.look(r.Context())
	if err != nil {
		return nil, err
	}
	f := readMapFilter(r)
	d := mapData{Filter: f, All: len(s.Entities), Declared: len(s.Edges), Learned: len(s.learned)}
	kinds, labels, groups := map[string]bool{}, map[string]bool{}, map[string]bool{}
	shown := sight{known: map[string]corax.Entity{}, state: s.state}
	for _, e := range s.Entities {
		kinds[e.Kind] = true
		for k, v := range e.Labels {
			labels[k+"="+v], groups[k] = true, true
		}
		if f.matches(e, s.state[e.ID]) {
			shown.Entities, shown.known[e.ID] = append(shown.Entities, e), e
		}
	}
	delete(kinds, "")
	d.Kinds, d.Labels, d.Groups = slices.Sorted(maps.Keys(kinds)), slices.Sorted(maps.Keys(labels)), slices.Sorted(maps.Keys(groups))
	if len(d.Labels) > 300 { // too many to choose from: the search remains
		d.Labels = d.Labels[:300]
	}
	between := func(e corax.Edge) bool {
		_, from := shown.known[e.From]
		_, to := shown.known[e.To]
		return from && to
	}
	for _, e := range s.Edges {
		if between(e) && f.Edges != "learned" {
			shown.Edges = append(shown.Edges, e)
		}
	}
	for _, e := range s.learned {
		if between(e.Edge) && f.Edges != "declared" {
			shown.learned = append(shown.learned, e)
		}
	}
	o := draw.TopologyOptions{Learned: shown.learned, State: s.state, Href: entityURL, GroupHref: f.opened, GroupBy: f.Group, Open: f.Open}
	if _, ok := shown.known[f.Around]; ok {
		o.Chosen, o.Hops = f.Around, 2
	}
	d.Shown = len(shown.Entities)
	d.Drawing = draw.Topology(shown.Topology, o)
	d.Rows = s.rows(shown.Entities)
	if len(d.Rows) > mostRows {
		d.Rows, d.More = d.Rows[:mostRows], len(d.Rows)-mostRows
	}
	return &ui.View{Title: "Topology", Wide: true, Scripts: []string{"topology.js"}, Data: d}, nil
}

// rows lists entities, those in trouble first.
func (s sight) rows(entities []corax.Entity) []entityRow {
	needs, needed := map[string][]string{}, map[string][]string{}
	for _, e := range s.Edges {
		needs[e.From] = append(needs[e.From], s.name(e.To))
		needed[e.To] = append(needed[e.To], s.name(e.From))
	}
	var rows []entityRow
	for _, e := range entities {
		rows = append(rows, entityRow{e, s.state[e.ID], needs[e.ID], needed[e.ID]})
	}
	slices.SortStableFunc(rows, func(a, b entityRow) int {
		return cmp.Or(cmp.Compare(b.Condition.Severity, a.Condition.Severity), cmp.Compare(a.ID, b.ID))
	})
	return rows
}

// relation is an edge as it is seen from one of its ends.
type relation struct {
	Other, Name, Words string
	Condition          draw.Condition
	Learned            bool
	Support            int
}

type entityData struct {
	Entity        corax.Entity
	Declared      bool
	Condition     draw.Condition
	Drawing       template.HTML
	Needs, Needed []relation
	Together      []relation // learned, without a direction
	Place         *corax.Place
	lookup.EntityRecord
}

func (p *pages) loadEntity(r *http.Request) (*ui.View, error) {
	ctx, id := r.Context(), pathID(r)
	s, err := p.look(ctx)
	if err != nil {
		return nil, err
	}
	d := entityData{Entity: s.entity(id), Condition: s.state[id]}
	_, d.Declared = s.known[id]
	missing := corax.Errorf(corax.NotFound, "show the entity "+id, "nothing is known of it")
	if !s.sees(id) {
		return nil, missing
	}
	if d.EntityRecord, err = p.o.Find.Record(ctx, id); err != nil {
		return nil, err
	}
	d.relations(s)
	if !d.Declared && len(d.Incidents)+len(d.Monitors)+len(d.Needs)+len(d.Needed)+len(d.Together) == 0 {
		return nil, missing
	}
	if p.o.Hands != nil {
		if place, at, ok := p.o.Hands.Hands(r.Context()).Place(id); ok {
			d.Place = &corax.Place{Entity: id, Site: cmp.Or(at.Title, at.Name), Room: place.Room, Rack: place.Rack, Unit: place.Unit, Marking: place.Marking, Note: place.Note}
		}
	}
	d.Drawing = draw.Topology(s.Topology, draw.TopologyOptions{Learned: s.learned, State: s.state, Href: entityURL, GroupHref: func(string) string { return "" }, Chosen: id, Hops: 1, Fold: 40})
	return &ui.View{Title: s.name(id), Trail: []ui.Crumb{{Text: "Topology", URL: "/topology"}, {Text: s.name(id)}}, Scripts: []string{"topology.js"}, Data: d}, nil
}

// relations are the entity's edges, the declared ones first.
func (d *entityData) relations(s sight) {
	add := func(e draw.LearnedEdge, learned bool) {
		rel := relation{Words: cmp.Or(strings.ReplaceAll(string(e.Kind), "_", " "), "needs"), Learned: learned, Support: e.Support}
		switch d.Entity.ID {
		case e.From:
			rel.Other = e.To
		case e.To:
			rel.Other = e.From
		default:
			return
		}
		rel.Name, rel.Condition = s.name(rel.Other), s.state[rel.Other]
		switch {
		case e.Mutual:
			d.Together = append(d.Together, rel)
		case e.From == d.Entity.ID:
			d.Needs = append(d.Needs, rel)
		default:
			d.Needed = append(d.Needed, rel)
		}
	}
	for _, e := range s.Edges {
		add(draw.LearnedEdge{Edge: e}, false)
	}
	for _, e := range s.learned {
		add(e, true)
	}
}
