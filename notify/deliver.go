package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"corax"
	"corax/config"
	"corax/notify/link"
	"corax/store"
)

// retries are the pauses between attempts; when they are spent, a delivery has failed.
var retries = []time.Duration{
	2 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute,
}

// round starts whatever is due and says when something will be next; zero where nothing is to come.
func (n *Notifier) round(ctx context.Context) (next time.Time, err error) {
	if err := n.testWhenDue(ctx); err != nil {
		return next, err
	}
	pages, err := n.o.Store.DuePages(ctx, mostDue)
	if err != nil {
		return next, err
	}
	s := n.settings()
	for _, p := range pages {
		if p, err = n.advance(ctx, s, p); err != nil {
			return next, err
		}
		for _, d := range p.Deliveries {
			switch now := n.o.Clock.Now(); {
			case d.State != corax.DeliveryPending:
			case d.Due.After(now):
				earliest(&next, d.Due)
			default:
				if err := n.begin(ctx, s, p, d); err != nil {
					return next, err
				}
			}
		}
		if p.State == corax.PageOpen && p.Next != nil {
			earliest(&next, *p.Next)
		}
	}
	earliest(&next, n.nextTest())
	return next, nil
}

// earliest moves a time to an earlier one; zero is never.
func earliest(next *time.Time, at time.Time) {
	if !at.IsZero() && (next.IsZero() || at.Before(*next)) {
		*next = at
	}
}

// advance takes the next step of a page's route where it is time.
func (n *Notifier) advance(ctx context.Context, s Settings, p corax.Page) (corax.Page, error) {
	now := n.o.Clock.Now()
	if _, err := s.advance(copyOf(p), now); err != nil {
		return p, nil //nolint:nilerr // there is nothing to do
	}
	spent := false
	changed, err := n.o.Store.ChangePage(ctx, p.ID, func(p *corax.Page) (err error) {
		spent, err = s.advance(p, now)
		return err
	})
	switch {
	case errors.Is(err, errUnchanged):
		return p, nil
	case err != nil:
		return p, err
	}
	if spent {
		text := "Nobody has acknowledged: " + changed.Title
		n.o.Log.Error("nobody has acknowledged a page", "page", p.ID, "title", changed.Title)
		return changed, n.o.Store.AppendEvents(ctx, n.event(changed, corax.EventNotified, "unanswered", text))
	}
	return changed, nil
}

func copyOf(p corax.Page) *corax.Page {
	p.Deliveries = append([]corax.Delivery(nil), p.Deliveries...)
	return &p
}

func (n *Notifier) event(p corax.Page, kind corax.EventKind, state, text string) corax.Event {
	return corax.Event{At: n.o.Clock.Now(), Kind: kind, Problem: p.Problem, Entity: p.Entity, State: state, Text: n.o.Redactor.Redact(text)}
}

// begin starts a delivery on a goroutine of its own, unless it is under way or the contact's limit puts it off.
func (n *Notifier) begin(ctx context.Context, s Settings, p corax.Page, d corax.Delivery) error {
	until, held := n.admit(s, p, d)
	if held {
		if until.IsZero() { // under way
			return nil
		}
		_, err := n.o.Store.ChangePage(ctx, p.ID, changeDelivery(d.ID, func(d *corax.Delivery) { d.Held, d.Due = true, until }))
		return ignoreUnchanged(err)
	}
	select {
	case n.slots <- struct{}{}:
	case <-ctx.Done():
		n.release(d.ID)
		return ctx.Err()
	}
	n.sends.Go(func() {
		defer func() { <-n.slots }()
		defer n.Wake()
		defer n.release(d.ID)
		n.deliver(ctx, s, p, d)
	})
	return nil
}

// admit takes a delivery under way and counts it against the contact's limit. Where the limit is reached it is held,
// until a time.
func (n *Notifier) admit(s Settings, p corax.Page, d corax.Delivery) (until time.Time, held bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.inflight[d.ID] {
		return until, true
	}
	c, _ := s.Contact(d.Contact)
	now := n.o.Clock.Now()
	counts := d.Attempts == 0 && c.Limit.Count > 0 && limited(p)
	if counts {
		sent := n.sent[d.Contact]
		for len(sent) > 0 && !sent[0].After(now.Add(-c.Limit.Per)) {
			sent = sent[1:]
		}
		n.sent[d.Contact] = sent
		if len(sent) >= c.Limit.Count {
			return sent[len(sent)-c.Limit.Count].Add(c.Limit.Per), true
		}
	}
	if counts {
		n.sent[d.Contact] = append(n.sent[d.Contact], now)
	}
	n.inflight[d.ID] = true
	return until, false
}

// limited says that what is told on a page counts against a contact's limit. What waits for an answer of just these
// people doesn't.
func limited(p corax.Page) bool {
	return p.Kind == corax.PageProblem || p.Kind == corax.PageTest
}

func (n *Notifier) release(delivery string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.inflight, delivery)
}

// remember counts what was sent lately against the limits, after a start.
func (n *Notifier) remember(ctx context.Context) error {
	pages, err := n.o.Store.Pages(ctx, store.PageFilter{Limit: mostDue})
	if err != nil {
		return err
	}
	clear(n.sent)
	for _, p := range pages {
		for _, d := range p.Deliveries {
			if d.State == corax.DeliverySent && d.EndedAt != nil && limited(p) {
				n.sent[d.Contact] = append(n.sent[d.Contact], *d.EndedAt)
			}
		}
	}
	for c := range n.sent {
		sortTimes(n.sent[c])
	}
	return nil
}

// deliver sends and records what became of it. What a stop cut off is not recorded: it is sent again.
func (n *Notifier) deliver(ctx context.Context, s Settings, p corax.Page, d corax.Delivery) {
	sending, cancel := context.WithTimeout(ctx, sendWithin)
	receipt, err := n.send(sending, s, p, d)
	cancel()
	if ctx.Err() != nil {
		return
	}
	now := n.o.Clock.Now()
	outcome := settle(d, receipt, err, now)
	outcome.Error, outcome.Receipt = n.o.Redactor.Redact(outcome.Error), n.o.Redactor.Redact(outcome.Receipt)
	var events []corax.Event
	switch outcome.State {
	case corax.DeliverySent:
		events = append(events, n.event(p, corax.EventNotified, "sent", fmt.Sprintf("%s was told by %s: %s", d.Contact, d.Channel, p.Title)))
	case corax.DeliveryFailed:
		events = append(events, n.event(p, corax.EventNotified, "failed", fmt.Sprintf("%s could not be told by %s: %s", d.Contact, d.Channel, outcome.Error)))
		n.o.Log.Error("somebody could not be told", "contact", d.Contact, "channel", d.Channel, "page", p.ID, "error", outcome.Error)
	}
	_, err = n.o.Store.ChangePage(ctx, p.ID, changeDelivery(d.ID, func(d *corax.Delivery) { *d = outcome }), events...)
	n.report(ctx, "record a delivery", ignoreUnchanged(err))
}

// settle says what a delivery is after an attempt.
func settle(d corax.Delivery, receipt string, err error, now time.Time) corax.Delivery {
	d.Attempts++
	d.Receipt = Clip(Line(receipt), 200)
	if err == nil {
		d.State, d.EndedAt, d.Error = corax.DeliverySent, &now, ""
		return d
	}
	d.Error = Clip(Line(err.Error()), 500)
	var refusal Refusal
	if errors.As(err, &refusal) || d.Attempts > len(retries) {
		d.State, d.EndedAt = corax.DeliveryFailed, &now
		return d
	}
	pause := retries[d.Attempts-1]
	var wait later
	if errors.As(err, &wait) {
		pause = max(pause, wait.after)
	}
	d.Due = now.Add(pause)
	return d
}

// changeDelivery alters one delivery that is still pending.
func changeDelivery(id string, change func(*corax.Delivery)) func(*corax.Page) error {
	return func(p *corax.Page) error {
		for i := range p.Deliveries {
			if p.Deliveries[i].ID == id && p.Deliveries[i].State == corax.DeliveryPending {
				change(&p.Deliveries[i])
				return nil
			}
		}
		return errUnchanged
	}
}

func ignoreUnchanged(err error) error {
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// tools are what every channel is made with.
func (n *Notifier) tools() tools { return tools{n.o.HTTP, n.o.Redactor, n.o.Resolve} }

func (n *Notifier) send(ctx context.Context, s Settings, p corax.Page, d corax.Delivery) (string, error) {
	c, ok := s.Channel(d.Channel)
	if !ok {
		return "", refuse("channel %q is not configured any more", d.Channel)
	}
	ch, err := n.tools().channel(c)
	if err != nil {
		return "", err
	}
	m, err := n.message(ctx, s, p, d)
	if err != nil {
		return "", err
	}
	return ch.Send(ctx, m)
}

// message makes what a channel sends of a delivery. Secrets that became known after the notice was written are taken
// out; the link is put in, which is nowhere stored.
func (n *Notifier) message(ctx context.Context, s Settings, p corax.Page, d corax.Delivery) (Message, error) {
	notice, ok := p.Notice(d.Notice)
	if !ok {
		return Message{}, refuse("the notice is gone")
	}
	clean := n.o.Redactor.Redact
	m := Message{
		ID: d.ID, Thread: corax.HashID("thr", p.ID, d.Contact, d.Channel, d.To), First: d.First, To: d.To, Subject: Line(clean(p.Title)),
		Text: clean(notice.Text), Short: clean(notice.Short), Speech: clean(notice.Speech), Lang: notice.Lang, Kind: notice.Kind,
		Urgent: p.Severity >= corax.High, At: notice.At, Data: []byte(clean(string(notice.Data))),
	}
	if n := n.waiting(p, d); n > 0 {
		m.Text += fmt.Sprintf("\nHeld back until now by your limit, with %d more of this page.\n", n)
	}
	if notice.Offers != "" && notice.Until != nil && s.PublicURL != "" && n.o.Links != nil {
		token := n.o.Links.Sign(link.Grant{Purpose: notice.Offers, Subject: subject(p), By: d.Contact, Expires: *notice.Until})
		m.Link = join(s.PublicURL, link.Path, token)
		m.Text += "\n" + m.Link + "\n"
		m.Short += " " + m.Link
		m.Keys = notice.Keys
		m.Answers = join(s.PublicURL, CallbackPath, d.Channel, "/", token) + "?d=" + d.ID
	}
	if c, _ := s.Channel(d.Channel); c.Kind() == config.WebhookChannel && p.Problem != "" {
		problem, err := n.o.Store.Problem(ctx, p.Problem)
		if err != nil && corax.CodeOf(err) != corax.NotFound {
			return m, err
		}
		if err == nil {
			m.Detail = &problem
		}
	}
	return m, nil
}

// waiting counts what else of the page waits for the same contact, where the delivery was held.
func (n *Notifier) waiting(p corax.Page, d corax.Delivery) int {
	count := 0
	for _, other := range p.Deliveries {
		if d.Held && other.ID != d.ID && other.Contact == d.Contact && other.Held && other.State == corax.DeliveryPending {
			count++
		}
	}
	return count
}

// subject is what a link of a page is about.
func subject(p corax.Page) string {
	return cmp.Or(p.Order, p.Approval, p.ID)
}
