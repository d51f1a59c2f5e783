package web

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"corax"
	"corax/access"
	"corax/config"
	"corax/store"
	"corax/web/ui"
)

// People is what the pages of notifications read and set in motion.
type People interface {
	Notify() config.Notify // who is told of what
	Pages(ctx context.Context, f store.PageFilter) ([]corax.Page, error)
	Reach(ctx context.Context) ([]corax.Reach, error)
	AckPage(ctx context.Context, page, by string) (corax.Page, error)
	TestPage(ctx context.Context, contacts []string, by string) (corax.Page, error)
}

// notifications are the pages of who was told of what, and who can be reached.
func (p *pages) notifications() []area {
	if p.o.People == nil {
		return nil
	}
	return []area{{
		Nav: []entry{{Group: "People", NavItem: ui.NavItem{Text: "Notifications", URL: "/notifications", Icon: "bell"}}},
		Pages: []page{
			{Path: "/notifications", File: "notifications.html", Role: access.RoleViewer, Load: p.loadNotifications},
			{Path: "/notifications/{id}", File: "notification.html", Role: access.RoleViewer, Load: p.loadNotification},
		},
		Actions: []action{
			{Path: "/notifications/{id}/acknowledge", Role: access.RoleResponder, Do: p.ackPage},
			{Path: "/notifications/test", Role: access.RoleResponder, Do: p.testPage},
		},
		Funcs: map[string]any{"pageURL": pageURL, "counted": counted, "orderURL": orderURL, "matched": matched, "title": func(s string) string { return ui.Upper(ui.Words(s)) }},
	}}
}

func pageURL(id string) string { return "/notifications/" + url.PathEscape(id) }

// matched says in words what a selector lets through; empty where it is all.
func matched(s corax.Selector) string {
	var parts []string
	if len(s.IDs) > 0 {
		parts = append(parts, ui.List(s.IDs, 3))
	}
	if len(s.Kinds) > 0 {
		parts = append(parts, ui.List(s.Kinds, 3))
	}
	for _, k := range slices.Sorted(maps.Keys(s.Labels)) {
		parts = append(parts, k+"="+s.Labels[k])
	}
	return strings.Join(parts, ", ")
}

// counted says what became of the deliveries of a page.
func counted(p corax.Page) string {
	var sent, failed, pending int
	for _, d := range p.Deliveries {
		switch d.State {
		case corax.DeliverySent:
			sent++
		case corax.DeliveryFailed:
			failed++
		case corax.DeliveryPending:
			pending++
		}
	}
	var parts []string
	for _, c := range []struct {
		n    int
		word string
	}{{sent, "sent"}, {failed, "failed"}, {pending, "on the way"}} {
		if c.n > 0 {
			parts = append(parts, ui.Plural(c.n, c.word, c.word))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "nobody was told")
}

// reached is a contact with the ways of reaching it, and how each has served.
type reached struct {
	config.Contact
	Ways []way
}

// way is one of them. To is left out for who only looks: it is a person's address.
type way struct {
	Channel, Kind, To string
	Seen              corax.Reach
	Bad               bool // the latest attempt failed
}

type notificationsData struct {
	Live, Over []corax.Page
	Whole      bool // who looks sees everything; only then there is more than the pages
	Routes     []config.Route
	Contacts   []reached
	Test       config.Synthetic
}

// pagesShown is how many pages are looked through.
const pagesShown = 200

func (p *pages) loadNotifications(r *http.Request) (*ui.View, error) {
	ctx := r.Context()
	all, err := p.o.People.Pages(ctx, store.PageFilter{Limit: pagesShown})
	if err != nil {
		return nil, err
	}
	var d notificationsData
	for _, n := range all {
		switch {
		case n.State != corax.PageEnded:
			d.Live = append(d.Live, n)
		case len(d.Over) < mostOver:
			d.Over = append(d.Over, n)
		}
	}
	v := &ui.View{Title: "Notifications", Data: &d}
	if d.Whole = !access.From(ctx).Limited(); !d.Whole { // who is told of what, and how, concerns everybody
		return v, nil
	}
	seen, err := p.o.People.Reach(ctx)
	if err != nil {
		return nil, err
	}
	c := p.o.People.Notify()
	d.Routes, d.Test = c.Routes, c.Test
	addresses := access.From(ctx).May(access.RoleResponder)
	for _, contact := range c.Contacts {
		one := reached{Contact: contact}
		for _, to := range contact.Reach {
			w := way{Channel: to.Channel}
			if ch, ok := c.Channel(to.Channel); ok {
				w.Kind = ch.Kind()
			}
			if i := slices.IndexFunc(seen, func(s corax.Reach) bool { return s.Contact == contact.Name && s.Channel == to.Channel && s.To == to.To }); i >= 0 {
				w.Seen = seen[i]
			}
			w.Bad = w.Seen.FailedAt != nil && (w.Seen.SentAt == nil || w.Seen.SentAt.Before(*w.Seen.FailedAt))
			if addresses {
				w.To = to.To
			}
			one.Ways = append(one.Ways, w)
		}
		d.Contacts = append(d.Contacts, one)
	}
	return v, nil
}

type notificationData struct {
	Page      corax.Page
	Addresses bool
}

func (p *pages) notification(r *http.Request) (corax.Page, error) {
	id := pathID(r)
	all, err := p.o.People.Pages(r.Context(), store.PageFilter{Limit: pagesShown})
	if err != nil {
		return corax.Page{}, err
	}
	if i := slices.IndexFunc(all, func(n corax.Page) bool { return n.ID == id }); i >= 0 {
		return all[i], nil
	}
	return corax.Page{}, corax.Errorf(corax.NotFound, "show the page "+id, "there is none")
}

func (p *pages) loadNotification(r *http.Request) (*ui.View, error) {
	n, err := p.notification(r)
	if err != nil {
		return nil, err
	}
	return &ui.View{Title: n.Title, Trail: []ui.Crumb{{Text: "Notifications", URL: "/notifications"}, {Text: n.ID}},
		Data: notificationData{n, access.From(r.Context()).May(access.RoleResponder)}}, nil
}

func (p *pages) ackPage(r *http.Request) (done, error) {
	n, err := p.notification(r)
	if err != nil {
		return done{}, err
	}
	_, err = p.o.People.AckPage(r.Context(), n.ID, by(r))
	return done{Said: "You have it: nobody else is woken."}, err
}

func (p *pages) testPage(r *http.Request) (done, error) {
	if err := whole(r, "send a test"); err != nil {
		return done{}, err
	}
	n, err := p.o.People.TestPage(r.Context(), r.PostForm["contact"], by(r))
	if err != nil {
		return done{}, err
	}
	return done{To: pageURL(n.ID), Said: "The test is on its way."}, nil
}
