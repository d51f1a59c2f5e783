package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"

	"corax"
	"corax/access"
	"corax/config"
	"corax/store"
	"corax/web/ui"
)

// Hands is what the pages of sites and work orders read and set in motion.
type Hands interface {
	Hands(ctx context.Context) config.Hands // the directory, as far as who asks sees what stands there
	WorkOrders(ctx context.Context, f store.WorkOrderFilter) ([]corax.WorkOrder, error)
	WorkOrder(ctx context.Context, id string) (corax.WorkOrder, error)
	// AnswerWork takes accept, start, done, cannot or cancel.
	AnswerWork(ctx context.Context, id, answer, by, note string) (corax.WorkOrder, error)
}

// sites are the pages of the people on site: who they are, how they are asked, and what they were asked to do.
func (p *pages) sites() []area {
	if p.o.Hands == nil {
		return nil
	}
	return []area{{
		Nav: []entry{{Group: "People", NavItem: ui.NavItem{Text: "Sites", URL: "/sites", Icon: "people"}, Count: p.liveOrders}},
		Pages: []page{
			{Path: "/sites", File: "sites.html", Role: access.RoleViewer, Load: p.loadSites},
			{Path: "/orders/{id}", File: "order.html", Role: access.RoleViewer, Load: p.loadOrder},
		},
		Actions: []action{
			{Path: "/orders/{id}/answer", Role: access.RoleResponder, Do: p.answerOrder},
			{Path: "/orders/{id}/cancel", Role: access.RoleOperator, Do: p.cancelOrder},
		},
		Funcs: map[string]any{"entityURL": entityURL, "orderURL": orderURL},
	}}
}

func orderURL(id string) string { return "/orders/" + url.PathEscape(id) }

// sees says whether the principal may see what concerns an entity.
func (p *pages) sees(ctx context.Context, entity string) bool { return p.o.Records.Seen(ctx)(entity) }

// orders are the work orders that the principal may see, those at work first, newest first.
func (p *pages) orders(ctx context.Context, live bool) ([]corax.WorkOrder, error) {
	all, err := p.o.Hands.WorkOrders(ctx, store.WorkOrderFilter{Live: live, Limit: 200})
	return slices.DeleteFunc(all, func(o corax.WorkOrder) bool { return !p.sees(ctx, o.Place.Entity) }), err
}

func (p *pages) liveOrders(ctx context.Context) int {
	all, err := p.orders(ctx, true)
	if err != nil {
		return 0
	}
	return len(slices.DeleteFunc(all, func(o corax.WorkOrder) bool { return o.State.Ended() }))
}

// standing is an entity at a site.
type standing struct{ Name, ID, Where string }

// siteCard is a site with its people and what stands there.
type siteCard struct {
	config.Site
	Standing []standing
	More     int
	Live     int
}

type sitesData struct {
	Live, Over []corax.WorkOrder
	Sites      []siteCard
}

const mostOver = 30

func (p *pages) loadSites(r *http.Request) (*ui.View, error) {
	all, err := p.orders(r.Context(), false)
	if err != nil {
		return nil, err
	}
	var d sitesData
	live := map[string]int{}
	for _, o := range all {
		switch {
		case !o.State.Ended():
			d.Live = append(d.Live, o)
			live[o.Site]++
		case len(d.Over) < mostOver:
			d.Over = append(d.Over, o)
		}
	}
	names := p.names()
	directory := p.o.Hands.Hands(r.Context())
	for _, s := range directory.Sites {
		c := siteCard{Site: s, Live: live[s.Name]}
		for _, at := range directory.Places {
			if at.Site != s.Name {
				continue
			}
			if len(c.Standing) == 12 {
				c.More++
				continue
			}
			where := at.Room
			if at.Rack != "" {
				where += " " + at.Rack
			}
			if at.Unit != "" {
				where += "/" + at.Unit
			}
			c.Standing = append(c.Standing, standing{cmp.Or(names[at.Entity], at.Entity), at.Entity, where})
		}
		d.Sites = append(d.Sites, c)
	}
	return &ui.View{Title: "Sites and people there", Data: d}, nil
}

// names are those of the entities, by id.
func (p *pages) names() map[string]string {
	names := map[string]string{}
	if p.o.Topology != nil {
		for _, e := range p.o.Topology.Topology().Entities {
			names[e.ID] = e.Name
		}
	}
	return names
}

type orderData struct {
	Order corax.WorkOrder
	// What can be said of it now.
	CanAccept, CanBegin, CanFinish, CanDecline bool
}

func (p *pages) order(r *http.Request) (corax.WorkOrder, error) {
	id := pathID(r)
	o, err := p.o.Hands.WorkOrder(r.Context(), id)
	if err == nil && !p.sees(r.Context(), o.Place.Entity) {
		err = corax.Errorf(corax.NotFound, "show the work order "+id, "there is none")
	}
	return o, err
}

func (p *pages) loadOrder(r *http.Request) (*ui.View, error) {
	o, err := p.order(r)
	if err != nil {
		return nil, err
	}
	s := o.State
	d := orderData{Order: o,
		CanAccept: s == corax.WorkDrafted || s == corax.WorkContacting,
		CanBegin:  s == corax.WorkAccepted,
		CanFinish: s == corax.WorkAccepted || s == corax.WorkInProgress,
	}
	d.CanDecline = d.CanAccept || d.CanFinish
	return &ui.View{Title: "Work order at " + o.Site, Trail: []ui.Crumb{{Text: "Sites", URL: "/sites"}, {Text: o.ID}}, Data: d}, nil
}

// said is what is told after an answer.
var said = map[string]string{
	"accept": "It is yours: say when it is done.", "start": "It is on record that somebody is at it.",
	"done": "Thank you. The monitors decide whether it is done.", "cannot": "The next one is asked.", "cancel": "The order is cancelled, and those who had it are told.",
}

func (p *pages) answerOrder(r *http.Request) (done, error) {
	answer := r.PostFormValue("answer")
	if answer == "cancel" || said[answer] == "" {
		return done{}, &corax.Error{Code: corax.Invalid, Op: "answer a work order", Hint: "answer accept, start, done or cannot"}
	}
	return p.sayOf(r, answer)
}

func (p *pages) cancelOrder(r *http.Request) (done, error) { return p.sayOf(r, "cancel") }

func (p *pages) sayOf(r *http.Request, answer string) (done, error) {
	o, err := p.order(r)
	if err != nil {
		return done{}, err
	}
	_, err = p.o.Hands.AnswerWork(r.Context(), o.ID, answer, by(r), r.PostFormValue("reason"))
	return done{To: orderURL(o.ID), Said: said[answer]}, err
}
