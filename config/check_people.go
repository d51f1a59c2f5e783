package config

import (
	"net"
	"slices"
	"strings"
	"time"

	"corax/config/decode"
	"corax/config/hours"
)

// Defaults of waits.
const (
	defaultWait         = 5 * time.Minute
	defaultAcceptWithin = 30 * time.Minute
	defaultDoneWithin   = 4 * time.Hour
	defaultVerifyWithin = 5 * time.Minute
)

func (l *loader) setPeopleDefaults() {
	n, h := &l.cfg.Notify, &l.cfg.Hands
	for i := range n.Channels {
		if m := n.Channels[i].Mail; m != nil && m.TLS == "" {
			m.TLS = StartTLS
		}
	}
	for i := range n.Contacts {
		if n.Contacts[i].Language == "" {
			n.Contacts[i].Language = Languages()[0]
		}
	}
	for i := range n.Routes {
		r := &n.Routes[i]
		if r.On == "" {
			r.On = OnOpened
		}
		r.Rounds = max(r.Rounds, 1)
		for j := range r.Steps {
			or(&r.Steps[j].Wait, defaultWait)
		}
	}
	for i := range h.Sites {
		s := &h.Sites[i]
		s.Rounds = max(s.Rounds, 1)
		or(&s.AcceptWithin, defaultAcceptWithin)
		or(&s.DoneWithin, defaultDoneWithin)
		or(&s.VerifyWithin, defaultVerifyWithin)
		for j := range s.Ladder {
			or(&s.Ladder[j].Wait, defaultWait)
		}
	}
}

func or(d *time.Duration, other time.Duration) {
	if *d == 0 {
		*d = other
	}
}

// people is what is checked against names while the sections about people are.
type people struct {
	contacts, channels []string
	kinds              []string
}

func (l *loader) checkPeople() {
	n, it := l.cfg.Notify, item{l, place{doc: l.main}}
	if n.PublicURL != "" {
		it.link("notify.public_url", n.PublicURL)
	}
	who := people{kinds: []string{MailChannel, CallChannel, SMSChannel, ChatChannel, HTTPChannel, WebhookChannel}}
	for _, c := range n.Channels {
		who.channels = append(who.channels, c.Name)
	}
	for _, c := range n.Contacts {
		who.contacts = append(who.contacts, c.Name)
	}
	for i, o := range l.cfg.Operators {
		if o.Contact != "" {
			it.known(pathOf("operators[%d].contact", i), "contact", o.Contact, who.contacts)
		}
	}
	it.positive("notify.test.every", int64(n.Test.Every))
	if n.Test.Every > 0 && n.Test.Every < time.Minute {
		it.fail("notify.test.every", "", "expected at least 1m: people read these")
	}
	it.each("notify.test.contacts", "contact", n.Test.Contacts, who.contacts)
	l.checkChannels(n)
	l.checkContacts(n, who)
	l.checkRoutes(n, who)
	l.checkHands(who)
}

// each fails for every value that isn't one of the words.
func (it item) each(field, what string, values, words []string) {
	for i, v := range values {
		if !slices.Contains(words, v) {
			it.fail(pathOf("%s[%d]", field, i), decode.DidYouMean(v, words), "unknown %s %q", what, v)
		}
	}
}

func (l *loader) checkChannels(n Notify) {
	first := map[string]item{}
	for i, c := range n.Channels {
		it := l.item(listChannels, i)
		it.unique("name", "channel", c.Name, first)
		switch kinds := c.kinds(); len(kinds) {
		case 1:
			it.checkChannel(c, kinds[0], n.PublicURL)
		case 0:
			it.fail("", "add mail, call, sms, chat, http or webhook", "channel %q reaches nobody", c.Name)
		default:
			it.fail(kinds[1], "make two of it", "channel %q has %s and %s", c.Name, kinds[0], kinds[1])
		}
	}
}

func (it item) checkChannel(c Channel, kind, public string) {
	switch kind {
	case MailChannel:
		it.address("mail.server", c.Mail.Server)
		if !strings.Contains(c.Mail.From, "@") {
			it.fail("mail.from", "", "expected an address of mail, found %q", c.Mail.From)
		}
		it.reference("mail.password", c.Mail.Password)
		it.reference("mail.replies", c.Mail.Replies)
		if c.Mail.Replies != "" && public == "" {
			it.fail("mail.replies", "set notify.public_url", "a reply counts by the link that it quotes, and there are none without an address")
		}
		it.known("mail.tls", "way of TLS", string(c.Mail.TLS), []string{string(StartTLS), string(ImplicitTLS), string(NoTLS)})
		host, _, _ := net.SplitHostPort(c.Mail.Server)
		if ip := net.ParseIP(host); c.Mail.TLS == NoTLS && c.Mail.User != "" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			it.fail("mail.tls", "use starttls or tls", "a password would cross the network in the open")
		}
	case CallChannel, SMSChannel:
		phone := c.Call
		if kind == SMSChannel {
			phone = c.SMS
		}
		it.link(kind+".url", phone.URL)
		for field, value := range map[string]string{"account": phone.Account, "token": phone.Token, "from": phone.From} {
			if value == "" {
				it.fail(kind+"."+field, "", "%q is missing", field)
			}
		}
		it.reference(kind+".token", phone.Token)
		if phone.Callbacks && public == "" {
			it.fail(kind+".callbacks", "set notify.public_url", "the service needs an address that it can call")
		}
	case ChatChannel:
		if c.Chat.Service == "" {
			it.fail("chat.service", "", `"service" is missing`)
		}
		it.reference("chat.service", c.Chat.Service)
	case HTTPChannel:
		it.link("http.url", c.HTTP.URL)
		it.reference("http.token", c.HTTP.Token)
	case WebhookChannel:
		it.link("webhook.url", c.Webhook.URL)
		it.reference("webhook.token", c.Webhook.Token)
	}
}

func (l *loader) checkContacts(n Notify, who people) {
	first := map[string]item{}
	for i, c := range n.Contacts {
		it := l.item(listContacts, i)
		it.unique("name", "contact", c.Name, first)
		it.known("language", "language", c.Language, Languages())
		it.week(c.TimeZone, c.Hours)
		if len(c.Reach) == 0 {
			it.fail("reach", "", "contact %q can't be reached", c.Name)
		}
		for j, r := range c.Reach {
			at := pathOf("reach[%d]", j)
			it.known(at+".channel", "channel", r.Channel, who.channels)
			ch, _ := n.Channel(r.Channel)
			it.checkTo(at+".to", ch.Kind(), r.To)
		}
		it.positive("limit.count", int64(c.Limit.Count))
		if c.Limit.Count > 0 && c.Limit.Per <= 0 {
			it.fail("limit.per", "write per: 1h", "a limit needs a time")
		}
	}
}

func (it item) checkTo(field, kind, to string) {
	switch kind {
	case MailChannel:
		if !strings.Contains(to, "@") {
			it.fail(field, "", "expected an address of mail, found %q", to)
		}
	case CallChannel, SMSChannel:
		digits := strings.TrimPrefix(to, "+")
		if digits == to || digits == "" || strings.Trim(digits, "0123456789") != "" {
			it.fail(field, `write it as "+4930123456"`, "expected a telephone number, found %q", to)
		}
	}
}

func (it item) week(zone string, list []string) {
	if _, err := hours.Parse(zone, nil); err != nil {
		it.fail("time_zone", "write it as Europe/Berlin", "%v", err)
		return
	}
	for i, text := range list {
		if _, err := hours.Parse(zone, []string{text}); err != nil {
			it.fail(pathOf("hours[%d]", i), "", "%v", err)
		}
	}
}

func (l *loader) checkRoutes(n Notify, who people) {
	first := map[string]item{}
	for i, r := range n.Routes {
		it := l.item(listRoutes, i)
		it.unique("name", "route", r.Name, first)
		it.week(r.TimeZone, r.Hours)
		it.known("on", "occasion", r.On, []string{OnOpened, OnEscalated})
		it.each("match.ids", "entity", r.Match.IDs, l.entityIDs())
		if len(r.Steps) == 0 {
			it.fail("steps", "", "route %q tells nobody", r.Name)
		}
		for j, s := range r.Steps {
			at := pathOf("steps[%d]", j)
			if len(s.Contacts) == 0 {
				it.fail(at+".contacts", "", "a step must name contacts")
			}
			it.each(at+".contacts", "contact", s.Contacts, who.contacts)
			it.each(at+".channels", "kind of channel", s.Channels, who.kinds)
			it.positive(at+".wait", int64(s.Wait))
		}
	}
}

func (l *loader) checkHands(who people) {
	first := map[string]item{}
	sites := make([]string, len(l.cfg.Hands.Sites))
	for i, s := range l.cfg.Hands.Sites {
		sites[i] = s.Name
		it := l.item(listSites, i)
		it.unique("name", "site", s.Name, first)
		if len(s.Ladder) == 0 {
			it.fail("ladder", "", "site %q has nobody to ask", s.Name)
		}
		for j, r := range s.Ladder {
			at := pathOf("ladder[%d]", j)
			it.known(at+".contact", "contact", r.Contact, who.contacts)
			it.each(at+".channels", "kind of channel", r.Channels, who.kinds)
			it.positive(at+".wait", int64(r.Wait))
		}
		for field, d := range map[string]time.Duration{
			"accept_within": s.AcceptWithin, "done_within": s.DoneWithin, "verify_within": s.VerifyWithin,
		} {
			it.positive(field, int64(d))
		}
	}
	where := map[string]item{}
	for i, p := range l.cfg.Hands.Places {
		it := l.item(listPlaces, i)
		it.known("entity", "entity", p.Entity, l.entityIDs())
		it.known("site", "site", p.Site, sites)
		it.unique("entity", "the place of", p.Entity, where)
	}
}
