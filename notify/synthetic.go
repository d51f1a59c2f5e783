package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"corax"
	"corax/store"
)

// Test sends a page about nothing to these contacts, or to those that the configuration names, or to all, by every way
// to them. It returns the page as it is before anything was sent.
func (n *Notifier) Test(ctx context.Context, contacts []string, by string) (corax.Page, error) {
	now := n.o.Clock.Now()
	return n.test(ctx, corax.HashID("pag", string(corax.PageTest), by, now.Format(time.RFC3339Nano)), contacts, by, now)
}

func (n *Notifier) test(ctx context.Context, id string, contacts []string, by string, now time.Time) (corax.Page, error) {
	const op = "send a test page"
	s := n.settings()
	for _, c := range contacts {
		if _, ok := s.Contact(c); !ok {
			return corax.Page{}, corax.Errorf(corax.NotFound, op, "there is no contact %q", c)
		}
	}
	if len(contacts) == 0 {
		contacts = s.Test.Contacts
	}
	if len(contacts) == 0 {
		for _, c := range s.Contacts {
			contacts = append(contacts, c.Name)
		}
	}
	if len(contacts) == 0 {
		return corax.Page{}, &corax.Error{Code: corax.Invalid, Op: op, Err: errNobody, Hint: "add notify.contacts to the configuration"}
	}
	stamp, until := now.Format("2006-01-02 15:04 MST"), now.Add(linkFor)
	notice := corax.Notice{
		ID: corax.HashID("ntc", id), At: now, Kind: corax.NoticeTest, Lang: "en", Offers: PurposeAck, Until: &until,
		Text:   "This is a test of " + stamp + ", sent by " + by + ". Nothing is wrong.\nIt proves that Corax can reach you this way.\n",
		Short:  "Corax test of " + stamp + ". Nothing is wrong.",
		Speech: "This is Corax. This is a test. Nothing is wrong.", Keys: "Press 1 to confirm that you hear this.",
	}
	notice.Data, _ = json.Marshal(payload{ID: notice.ID, At: now, Kind: string(notice.Kind), Text: notice.Short})
	p, err := n.o.Store.ChangePage(ctx, id, func(p *corax.Page) error {
		if p.ID != "" {
			return errUnchanged
		}
		*p = corax.Page{ID: id, Kind: corax.PageTest, Severity: corax.Low, Title: "Corax test of " + stamp, State: corax.PageEnded,
			OpenedAt: now, EndedAt: &now, Notices: []corax.Notice{notice}}
		for _, c := range contacts {
			for _, a := range s.addresses(c, nil) {
				enqueue(p, notice, a, 0, now)
			}
		}
		return nil
	})
	if err == nil {
		n.Wake()
	}
	return p, err
}

var errNobody = corax.Errorf(corax.Invalid, "", "there is nobody to send it to")

// slot is the number of the interval that a time falls into; a test is sent once in each.
func (n *Notifier) slot(at time.Time) (int64, time.Duration) {
	every := n.o.Settings().Test.Every
	if every <= 0 {
		return 0, 0
	}
	return at.UnixNano() / int64(every), every
}

// testWhenDue sends the synthetic page of this interval, once: its id follows from the interval.
func (n *Notifier) testWhenDue(ctx context.Context) error {
	now := n.o.Clock.Now()
	slot, every := n.slot(now)
	if every == 0 {
		return nil
	}
	id := corax.HashID("pag", string(corax.PageTest), every.String(), strconv.FormatInt(slot, 10))
	if _, err := n.o.Store.Page(ctx, id); corax.CodeOf(err) != corax.NotFound {
		return err
	}
	_, err := n.test(ctx, id, nil, "the schedule", now)
	if corax.CodeOf(err) == corax.Invalid {
		return nil // nobody is configured
	}
	return ignoreUnchanged(err)
}

func (n *Notifier) nextTest() time.Time {
	slot, every := n.slot(n.o.Clock.Now())
	if every == 0 {
		return time.Time{}
	}
	return time.Unix(0, (slot+1)*int64(every)).UTC()
}

// Status says how every way to every contact has served, in the order of the configuration. A way that was never used
// has no dates.
func (n *Notifier) Status(ctx context.Context) ([]corax.Reach, error) {
	pages, err := n.o.Store.Pages(ctx, store.PageFilter{Limit: mostDue})
	if err != nil {
		return nil, err
	}
	s := n.settings()
	status := []corax.Reach{}
	for _, c := range s.Contacts {
		for _, r := range c.Reach {
			status = append(status, corax.Reach{Contact: c.Name, Channel: r.Channel, To: r.To})
		}
	}
	for _, p := range pages {
		for _, d := range p.Deliveries {
			i := slices.IndexFunc(status, func(r corax.Reach) bool {
				return r.Contact == d.Contact && r.Channel == d.Channel && r.To == d.To
			})
			if i >= 0 {
				note(&status[i], p, d)
			}
		}
	}
	return status, nil
}

// note adds what became of one delivery.
func note(r *corax.Reach, p corax.Page, d corax.Delivery) {
	latest := func(at **time.Time, t *time.Time) bool {
		if t != nil && (*at == nil || t.After(**at)) {
			*at = t
			return true
		}
		return false
	}
	switch d.State {
	case corax.DeliverySent:
		latest(&r.SentAt, d.EndedAt)
		if p.Kind == corax.PageTest {
			latest(&r.TestedAt, d.EndedAt)
			if p.AckedBy == d.Contact {
				latest(&r.AckedAt, p.AckedAt)
			}
		}
	case corax.DeliveryFailed:
		if latest(&r.FailedAt, d.EndedAt) {
			r.Error = d.Error
		}
	case corax.DeliveryPending:
		if d.Attempts > 0 && latest(&r.FailedAt, cmp.Or(d.EndedAt, &d.Due)) {
			r.Error = d.Error + " (it is tried again)"
		}
	}
}
