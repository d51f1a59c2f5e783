package config

import (
	"slices"
	"time"

	"corax"
)

// Notify says how people are told: by which channels, who they are, and who hears of what.
type Notify struct {
	// PublicURL is where people's browsers, and telephone services, reach Corax; without it messages carry no links.
	PublicURL string    `yaml:"public_url"`
	Channels  []Channel `yaml:"channels"`
	Contacts  []Contact `yaml:"contacts"`
	Routes    []Route   `yaml:"routes"`
	Test      Synthetic `yaml:"test"`
}

// Channel is one way of reaching people. Exactly one of the fields beside its name is set.
type Channel struct {
	Name    string   `yaml:"name" decode:"required"`
	Mail    *Mail    `yaml:"mail"`
	Call    *Phone   `yaml:"call"`
	SMS     *Phone   `yaml:"sms"`
	Chat    *Chat    `yaml:"chat"`
	HTTP    *Request `yaml:"http"`
	Webhook *Webhook `yaml:"webhook"`
}

// The kinds of channels.
const (
	MailChannel    = "mail"
	CallChannel    = "call"
	SMSChannel     = "sms"
	ChatChannel    = "chat"
	HTTPChannel    = "http"
	WebhookChannel = "webhook"
)

// Kind is which of its fields is set; empty where none is.
func (c Channel) Kind() string {
	kinds := c.kinds()
	if len(kinds) == 0 {
		return ""
	}
	return kinds[0]
}

func (c Channel) kinds() []string {
	var set []string
	for _, k := range []struct {
		name string
		set  bool
	}{
		{MailChannel, c.Mail != nil}, {CallChannel, c.Call != nil}, {SMSChannel, c.SMS != nil}, {ChatChannel, c.Chat != nil},
		{HTTPChannel, c.HTTP != nil}, {WebhookChannel, c.Webhook != nil},
	} {
		if k.set {
			set = append(set, k.name)
		}
	}
	return set
}

// Mail is a server that takes mail.
type Mail struct {
	Server   string  `yaml:"server"` // host:port
	From     string  `yaml:"from"`
	User     string  `yaml:"user"`
	Password string  `yaml:"password"` // a reference
	TLS      Privacy `yaml:"tls"`
	CA       string  `yaml:"ca"`
	// Replies is a reference to the token with which a service for inbound mail hands over what people answer; none are taken where empty.
	Replies string `yaml:"replies"`
}

// Privacy says how a connection is kept private.
type Privacy string

// The ways of privacy.
const (
	StartTLS    Privacy = "starttls" // required; what a mail server on port 587 speaks
	ImplicitTLS Privacy = "tls"      // from the first byte; port 465
	NoTLS       Privacy = "none"
)

// Phone is an account at a service that speaks Twilio's API.
type Phone struct {
	URL     string `yaml:"url"`     // of the API
	Account string `yaml:"account"` // its SID
	Token   string `yaml:"token"`   // a reference
	From    string `yaml:"from"`    // a number, +491234
	// Callbacks: the service tells of a call's end and of keys that were pressed, to Notify.PublicURL.
	Callbacks bool `yaml:"callbacks"`
}

// Chat is a service that takes a text: the URL, a secret as a whole, names the service and where in it.
type Chat struct {
	Service string `yaml:"service"` // a reference to a URL as shoutrrr reads it
}

// Request is an HTTP request to a ticket system or an API for smart hands.
type Request struct {
	Method string            `yaml:"method"` // POST where empty
	URL    string            `yaml:"url"`
	Token  string            `yaml:"token"` // a reference, sent as a bearer token
	CA     string            `yaml:"ca"`
	Header map[string]string `yaml:"header"`
	Body   string            `yaml:"body"` // a template; the notice as JSON where empty
}

// Contact is a person, or a place where many listen.
type Contact struct {
	Name     string   `yaml:"name" decode:"required"`
	Title    string   `yaml:"title"` // for people; the name where empty
	Language string   `yaml:"language"`
	TimeZone string   `yaml:"time_zone"`
	Hours    []string `yaml:"hours" decode:"one_or_many"` // when they can be reached; always where empty
	Reach    []Reach  `yaml:"reach"`
	Limit    Limit    `yaml:"limit"`
}

// Reach is an address of a contact in a channel.
type Reach struct {
	Channel string `yaml:"channel" decode:"required"`
	To      string `yaml:"to"`
}

// Limit bounds how many messages a contact gets; none where Count is 0.
type Limit struct {
	Count int           `yaml:"count"`
	Per   time.Duration `yaml:"per"`
}

// Route says who is told of what. The first that matches a problem is taken.
type Route struct {
	Name     string         `yaml:"name" decode:"required"`
	Match    corax.Selector `yaml:"match"`    // the problem's entities; all where empty
	AtLeast  corax.Severity `yaml:"at_least"` // severity; any where empty
	Hours    []string       `yaml:"hours" decode:"one_or_many"`
	TimeZone string         `yaml:"time_zone"`
	On       string         `yaml:"on"` // opened: every problem; escalated: only those that need people
	Steps    []RouteStep    `yaml:"steps"`
	Rounds   int            `yaml:"rounds"` // how often the steps are taken, until somebody acknowledges; once where 0
}

// The values of Route.On.
const (
	OnOpened    = "opened"
	OnEscalated = "escalated"
)

// RouteStep tells some contacts, and waits for one of them to acknowledge.
type RouteStep struct {
	// Contacts are names. (A rotation, once there are some, is one more kind of name here.)
	Contacts []string      `yaml:"contacts" decode:"one_or_many"`
	Channels []string      `yaml:"channels" decode:"one_or_many"` // kinds of channels: only by these
	Wait     time.Duration `yaml:"wait"`                          // before the next step; 5 min where 0
}

// Synthetic is a page about nothing, that proves the way.
type Synthetic struct {
	Every    time.Duration `yaml:"every"` // no tests where 0
	Contacts []string      `yaml:"contacts" decode:"one_or_many"`
}

// Hands is the directory of sites where people can do what Corax can't.
type Hands struct {
	Sites  []Site  `yaml:"sites"`
	Places []Place `yaml:"places"`
}

// Site is a building with people.
type Site struct {
	Name    string   `yaml:"name" decode:"required"`
	Title   string   `yaml:"title"`
	Address string   `yaml:"address"`
	Access  []string `yaml:"access" decode:"one_or_many"`
	Safety  []string `yaml:"safety" decode:"one_or_many"`
	Leave   []string `yaml:"leave" decode:"one_or_many"` // what must never be touched there
	Contact string   `yaml:"contact"`                    // whom to call with a question
	Ladder  []Rung   `yaml:"ladder"`
	Rounds  int      `yaml:"rounds"` // how often the ladder is climbed; once where 0
	// AcceptWithin is until when somebody must have said yes, DoneWithin until when, after that, it must be done.
	AcceptWithin time.Duration `yaml:"accept_within"`
	DoneWithin   time.Duration `yaml:"done_within"`
	VerifyWithin time.Duration `yaml:"verify_within"` // how long after "done" monitors may take to turn green
}

// Rung asks one contact, and waits.
type Rung struct {
	Contact  string        `yaml:"contact" decode:"required"`
	Channels []string      `yaml:"channels" decode:"one_or_many"` // kinds of channels; all where empty
	Wait     time.Duration `yaml:"wait"`                          // before the next rung; 5 min where 0
}

// Place says where an entity stands.
type Place struct {
	Entity  string   `yaml:"entity" decode:"required"`
	Site    string   `yaml:"site" decode:"required"`
	Room    string   `yaml:"room"`
	Rack    string   `yaml:"rack"`
	Unit    string   `yaml:"unit"`
	Marking string   `yaml:"marking"`
	Note    string   `yaml:"note"`
	Leave   []string `yaml:"leave" decode:"one_or_many"`
}

// Languages are those that work orders are written in.
func Languages() []string { return []string{"en", "de"} }

// Contact finds a contact by its name.
func (n Notify) Contact(name string) (Contact, bool) {
	i := slices.IndexFunc(n.Contacts, func(c Contact) bool { return c.Name == name })
	if i < 0 {
		return Contact{}, false
	}
	return n.Contacts[i], true
}

// Channel finds a channel by its name.
func (n Notify) Channel(name string) (Channel, bool) {
	i := slices.IndexFunc(n.Channels, func(c Channel) bool { return c.Name == name })
	if i < 0 {
		return Channel{}, false
	}
	return n.Channels[i], true
}

// Only is the directory as somebody has it who sees some entities: these, and the sites where one of them stands.
func (h Hands) Only(seen func(entity string) bool) Hands {
	h.Places = slices.DeleteFunc(slices.Clone(h.Places), func(p Place) bool { return !seen(p.Entity) })
	h.Sites = slices.DeleteFunc(slices.Clone(h.Sites), func(s Site) bool {
		return !slices.ContainsFunc(h.Places, func(p Place) bool { return p.Site == s.Name })
	})
	return h
}

// Place finds where an entity stands, and at which site.
func (h Hands) Place(entity string) (Place, Site, bool) {
	i := slices.IndexFunc(h.Places, func(p Place) bool { return p.Entity == entity })
	if i < 0 {
		return Place{}, Site{}, false
	}
	j := slices.IndexFunc(h.Sites, func(s Site) bool { return s.Name == h.Places[i].Site })
	if j < 0 {
		return Place{}, Site{}, false
	}
	return h.Places[i], h.Sites[j], true
}
