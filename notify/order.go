package notify

import (
	"context"

	"corax"
)

// Say puts something about a work order into the outbox, for one contact by some kinds of channels (all of its ways
// where none is named). All that is said about an order is one thread for each contact. Saying the same notice to the
// same contact again does nothing. It is NotFound where there is no such contact.
func (n *Notifier) Say(ctx context.Context, o corax.WorkOrder, title, contact string, kinds []string, notice corax.Notice) error {
	now := n.o.Clock.Now()
	to := n.settings().addresses(contact, kinds)
	if len(to) == 0 {
		return corax.Errorf(corax.NotFound, "ask "+contact+" about work order "+o.ID, "there is no such contact")
	}
	clean := n.o.Redactor.Redact
	notice.Text, notice.Short, notice.Speech = clean(notice.Text), clean(notice.Short), clean(notice.Speech)
	notice.Data = []byte(clean(string(notice.Data)))
	_, err := n.o.Store.ChangePage(ctx, OrderPage(o.ID), func(p *corax.Page) error {
		if p.ID == "" {
			*p = corax.Page{ID: OrderPage(o.ID), Kind: corax.PageOrder, Problem: o.Problem, Order: o.ID, Entity: o.Place.Entity,
				Severity: o.Severity, Title: clean(title), State: corax.PageOpen, OpenedAt: now}
		}
		if _, known := p.Notice(notice.ID); known {
			return errUnchanged
		}
		p.Notices = append(p.Notices, notice)
		for _, a := range to {
			enqueue(p, notice, a, 0, now)
		}
		if o.State.Ended() {
			p.State, p.EndedAt = corax.PageEnded, &now
		}
		thin(p)
		return nil
	})
	if err == nil {
		n.Wake()
	}
	return ignoreUnchanged(err)
}

// People tells whoever is told of the order's problem.
func (n *Notifier) People(ctx context.Context, problem, text string) error {
	p, err := n.o.Store.Problem(ctx, problem)
	if err != nil {
		return err
	}
	return n.Escalate(ctx, p, text)
}
