package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"corax"
	"corax/notify/link"
	"corax/store"
)

// PurposeAck is the purpose of links by which people say that they are on it.
const PurposeAck = "ack"

func join(base string, parts ...string) string {
	return strings.TrimRight(base, "/") + strings.Join(parts, "")
}

func sortTimes(ts []time.Time) { slices.SortFunc(ts, time.Time.Compare) }

// Ack says that somebody is on it: nobody else is woken. A page that was acknowledged before is a Conflict, and so is
// one that has ended; the page's id may be given as its problem's.
func (n *Notifier) Ack(ctx context.Context, id, by string) (corax.Page, error) {
	op := "acknowledge page " + id
	if by == "" {
		return corax.Page{}, corax.Errorf(corax.Invalid, op, "nobody is named as acknowledging")
	}
	if strings.HasPrefix(id, "prb-") {
		id = PageOf(id)
	}
	p, err := n.o.Store.Page(ctx, id)
	if err != nil {
		return p, err
	}
	now := n.o.Clock.Now()
	e := n.event(p, corax.EventPageAcked, string(corax.PageAcked), by+" is on it: "+p.Title)
	p, err = n.o.Store.ChangePage(ctx, id, func(p *corax.Page) error {
		switch {
		case p.State == corax.PageAcked:
			return corax.Errorf(corax.Conflict, op, "%s is on it since %s", p.AckedBy, p.AckedAt.UTC().Format(time.RFC3339))
		case p.State == corax.PageEnded && p.Kind != corax.PageTest:
			return corax.Errorf(corax.Conflict, op, "it is over since %s", p.EndedAt.UTC().Format(time.RFC3339))
		case p.AckedAt != nil:
			return corax.Errorf(corax.Conflict, op, "%s has confirmed it", p.AckedBy)
		}
		p.AckedAt, p.AckedBy, p.Next = &now, by, nil
		if p.State == corax.PageOpen {
			p.State = corax.PageAcked
		}
		return nil
	}, e)
	if err == nil {
		n.Wake()
	}
	return p, err
}

// acks answers links that acknowledge.
type acks struct{ n *Notifier }

// Acks is the purpose of links that acknowledge. A page is acknowledged once, and so a link works once.
func (n *Notifier) Acks() link.Purpose { return acks{n} }

// Show says what the page is about.
func (a acks) Show(ctx context.Context, g link.Grant) (link.View, error) {
	p, err := a.n.o.Store.Page(ctx, g.Subject)
	if err != nil {
		return link.View{}, err
	}
	v := link.View{Title: p.Title, Lines: []string{fmt.Sprintf("Since %s.", p.OpenedAt.UTC().Format(time.RFC1123))}}
	for _, notice := range p.Notices {
		if wakes(notice.Kind) || notice.Kind == corax.NoticeTest {
			v.Lines = append(v.Lines, notice.Text)
		}
	}
	switch {
	case p.AckedAt != nil:
		v.Lines = append(v.Lines, p.AckedBy+" is on it.")
	case p.State == corax.PageOpen || p.Kind == corax.PageTest:
		v.Buttons = []link.Button{{Do: "ack", Label: "I am on it", Key: "1"}}
	default:
		v.Lines = append(v.Lines, "It is over.")
	}
	return v, nil
}

// Act acknowledges.
func (a acks) Act(ctx context.Context, g link.Grant, do, _ string) (link.View, error) {
	if do != "ack" {
		return link.View{}, corax.Errorf(corax.Invalid, "acknowledge", "unknown answer %q", do)
	}
	p, err := a.n.Ack(ctx, g.Subject, g.By)
	if err != nil {
		return link.View{}, err
	}
	return link.View{Title: "Thank you", Lines: []string{g.By + " is on it: " + p.Title}}, nil
}

// Failed records that a channel reports, after it took a delivery, that it did not arrive. Whoever is next is told at
// once.
func (n *Notifier) failed(ctx context.Context, page, delivery, why string) error {
	now := n.o.Clock.Now()
	_, err := n.o.Store.ChangePage(ctx, page, func(p *corax.Page) error {
		for i := range p.Deliveries {
			if d := &p.Deliveries[i]; d.ID == delivery && d.State == corax.DeliverySent {
				d.State, d.EndedAt, d.Error = corax.DeliveryFailed, &now, Clip(Line(why), 200)
				return nil
			}
		}
		return errUnchanged
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	n.Wake()
	return err
}

// Pages lists pages, newest first.
func (n *Notifier) Pages(ctx context.Context, f store.PageFilter) ([]corax.Page, error) {
	return n.o.Store.Pages(ctx, f)
}
