package notify

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"corax"
	"corax/config"
)

// errUnchanged leaves a page as it is: what was to be entered stands there, or concerns nobody.
var errUnchanged = errors.New("unchanged")

const (
	fullNotices = 50  // of a page keep their texts, once they are delivered
	mostNotices = 500 // of a page; what is more is a fault of whoever tells
)

// enqueue adds a delivery, in the place of one to the same address that waits and would say less.
func enqueue(p *corax.Page, notice corax.Notice, a address, wave int, now time.Time) {
	id := corax.HashID("dlv", p.ID, notice.ID, a.contact, a.channel, a.to, strconv.Itoa(wave))
	first := true
	for i := range p.Deliveries {
		d := &p.Deliveries[i]
		switch {
		case d.ID == id:
			return
		case d.Contact != a.contact || d.Channel != a.channel || d.To != a.to:
			continue
		case d.State == corax.DeliveryPending && d.Notice == notice.ID:
			return // still on its way
		case d.State == corax.DeliveryPending && d.Due.After(now) && d.First:
			d.State, d.EndedAt = corax.DeliverySuperseded, &now
			continue
		case d.State == corax.DeliveryPending && d.Due.After(now):
			d.State, d.EndedAt = corax.DeliverySuperseded, &now
		}
		if d.State != corax.DeliverySuperseded {
			first = false
		}
	}
	p.Deliveries = append(p.Deliveries, corax.Delivery{
		ID: id, Notice: notice.ID, Contact: a.contact, Channel: a.channel, To: a.to, First: first, Wave: wave,
		State: corax.DeliveryPending, At: now, Due: now,
	})
}

// told are the addresses that something of the page went to, or is on its way to, in their order.
func told(p *corax.Page) []address {
	var all []address
	for _, d := range p.Deliveries {
		a := address{d.Contact, d.Channel, d.To}
		if a.contact != escalationHook && !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}

// enter puts a notice about a problem into its page, with its deliveries. It is errUnchanged where the notice is known
// or nobody is to hear of it.
func (s Settings) enter(p *corax.Page, notice corax.Notice, entities []string, severity corax.Severity, now time.Time) error {
	if _, known := p.Notice(notice.ID); known || len(p.Notices) >= mostNotices {
		return errUnchanged
	}
	before := told(p)
	rose := severity > p.Severity && len(p.Notices) > 0
	p.Severity = max(p.Severity, severity)
	if r, ok := s.pick(entities, p.Severity, notice.Kind, now); ok && wakes(notice.Kind) && (p.Route == "" || rose && r.Name != p.Route) {
		p.Route, p.Step, p.Round = r.Name, 0, 0
	}
	count := len(p.Deliveries)
	for _, a := range before {
		if s.loud(a, p, notice.Kind) {
			enqueue(p, notice, a, 0, now)
		}
	}
	if notice.Kind == corax.NoticeEscalated {
		for _, a := range s.addresses(escalationHook, nil) {
			enqueue(p, notice, a, 0, now)
		}
	}
	switch {
	case !wakes(notice.Kind):
		p.Next = nil
	case p.State == corax.PageOpen && (p.Step == 0 || p.Next == nil):
		if p.Next == nil { // all was well, or the route has come to its end: it begins again
			p.Step, p.Round = 0, 0
		}
		s.step(p, notice, now)
	}
	if notice.Kind == corax.NoticeClosed && p.State != corax.PageEnded {
		p.State, p.EndedAt = corax.PageEnded, &now
	} else if len(p.Deliveries) == count {
		return errUnchanged
	}
	p.Notices = append(p.Notices, notice)
	thin(p)
	return nil
}

// wakes says that a notice of this kind wants somebody's answer.
func wakes(k corax.NoticeKind) bool {
	return k == corax.NoticeOpened || k == corax.NoticeWorse || k == corax.NoticeEscalated
}

// loud says that an update may go to an address: nobody is called to hear that all is well, or that what they are on
// has news.
func (s Settings) loud(a address, p *corax.Page, k corax.NoticeKind) bool {
	switch s.kind(a.channel) {
	case config.CallChannel:
		return wakes(k) && p.State == corax.PageOpen
	case config.SMSChannel:
		healed := slices.ContainsFunc(p.Notices, func(n corax.Notice) bool { return n.Kind == corax.NoticeHealed })
		return k != corax.NoticeClosed || !healed
	}
	return true
}

// thin takes the texts out of old notices that have been delivered, so that a page stays small; ids and kinds stay.
func thin(p *corax.Page) {
	for i := 1; i < len(p.Notices)-fullNotices; i++ {
		n := &p.Notices[i]
		if !slices.ContainsFunc(p.Deliveries, func(d corax.Delivery) bool {
			return d.Notice == n.ID && d.State == corax.DeliveryPending
		}) {
			n.Text, n.Short, n.Speech, n.Data = "", "", "", nil
		}
	}
}

// advance takes the steps that are due because nobody has acknowledged, or because nobody of the last could be
// reached. It says whether the route has come to its end without an answer.
func (s Settings) advance(p *corax.Page, now time.Time) (spent bool, err error) {
	if p.State != corax.PageOpen || p.Next == nil || len(p.Notices) == 0 {
		return false, errUnchanged
	}
	if p.Next.After(now) && !unreachable(p) {
		return false, errUnchanged
	}
	// What is told is what woke people last.
	notice := p.Notices[len(p.Notices)-1]
	for _, n := range slices.Backward(p.Notices) {
		if wakes(n.Kind) {
			notice = n
			break
		}
	}
	return !s.step(p, notice, now), nil
}

// unreachable says that every delivery of the latest step has failed.
func unreachable(p *corax.Page) bool {
	wave := 0
	for _, d := range p.Deliveries {
		wave = max(wave, d.Wave)
	}
	return wave > 0 && !slices.ContainsFunc(p.Deliveries, func(d corax.Delivery) bool {
		return d.Wave == wave && d.State != corax.DeliveryFailed
	})
}
