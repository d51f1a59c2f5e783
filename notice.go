package corax

import (
	"encoding/json"
	"slices"
	"time"
)

// PageState is how far a page has come.
type PageState string

// The states of a page.
const (
	PageOpen  PageState = "open"         // people were or are being told, and nobody has said that they are on it
	PageAcked PageState = "acknowledged" // somebody is on it; nobody else is woken
	PageEnded PageState = "ended"        // what it is about is over
)

// Page is one thing that people are told of. One problem is one page, and so is one work order: what is told later goes
// to the same thread. It is the outbox as well: a notice is in it before anything is sent, and so is what became of
// each delivery.
type Page struct {
	ID       string     `json:"id"` // HashID("pag", kind, what it is about)
	Kind     PageKind   `json:"kind"`
	Problem  string     `json:"problem,omitempty"`
	Order    string     `json:"order,omitempty"`
	Approval string     `json:"approval,omitempty"` // the request that it asks for
	Entity   string     `json:"entity,omitempty"`
	Severity Severity   `json:"severity"`
	Title    string     `json:"title"` // the subject of its thread; never changes
	State    PageState  `json:"state"`
	OpenedAt time.Time  `json:"opened_at"`
	AckedAt  *time.Time `json:"acknowledged_at,omitempty"`
	AckedBy  string     `json:"acknowledged_by,omitempty"`
	EndedAt  *time.Time `json:"ended_at,omitempty"`

	Route string     `json:"route,omitempty"`        // name of the route that it went by
	Step  int        `json:"step,omitempty"`         // how many steps of the route were taken
	Round int        `json:"round,omitempty"`        // how often all of them were taken
	Next  *time.Time `json:"next_step_at,omitempty"` // when the next is, unless somebody acknowledges

	Notices    []Notice   `json:"notices"`
	Deliveries []Delivery `json:"deliveries"`
}

// PageKind says what a page is about.
type PageKind string

// The kinds of pages.
const (
	PageProblem PageKind = "problem"
	PageOrder   PageKind = "order" // a work order
	PageTest    PageKind = "test"  // nothing is wrong: it proves that people can be reached

	PageApproval   PageKind = "approval"    // a request for approval
	PageBreakGlass PageKind = "break_glass" // an emergency that an operator declared
)

// NoticeKind says what a notice tells.
type NoticeKind string

// The kinds of notices.
const (
	NoticeOpened    NoticeKind = "opened"
	NoticeWorse     NoticeKind = "worse" // its severity rose
	NoticeEscalated NoticeKind = "escalated"
	NoticeHealed    NoticeKind = "healed"
	NoticeClosed    NoticeKind = "closed"
	NoticeTest      NoticeKind = "test"
	NoticeWork      NoticeKind = "work" // to people on site, about their work order

	NoticeApproval   NoticeKind = "approval" // to operators: a step waits for their yes
	NoticeBreakGlass NoticeKind = "break_glass"
)

// Notice is one text for people, in the lengths that the ways of telling take. It holds no secret.
type Notice struct {
	ID     string          `json:"id"` // HashID("ntc", page, kind, text): the same again is not told again
	At     time.Time       `json:"at"`
	Kind   NoticeKind      `json:"kind"`
	Text   string          `json:"text"`             // a page
	Short  string          `json:"short"`            // a text message
	Speech string          `json:"speech,omitempty"` // to be spoken
	Keys   string          `json:"keys,omitempty"`   // what is spoken of the keys that answer, where keys can
	Lang   string          `json:"language,omitempty"`
	Data   json.RawMessage `json:"data,omitempty"`   // for programs
	Offers string          `json:"offers,omitempty"` // what a link in it is for: ack, order.offer ...; empty for no link
	// Until is when its link expires.
	Until *time.Time `json:"until,omitempty"`
}

// DeliveryState is how far a delivery has come.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryPending    DeliveryState = "pending"
	DeliverySent       DeliveryState = "sent"       // the channel has taken it
	DeliveryFailed     DeliveryState = "failed"     // refused, or its attempts are spent
	DeliverySuperseded DeliveryState = "superseded" // not sent: what came later says more
)

// Delivery is one notice on its way to one address.
type Delivery struct {
	ID       string        `json:"id"` // HashID("dlv", notice, contact, channel, to, step and round): the same however often it is sent
	Notice   string        `json:"notice"`
	Contact  string        `json:"contact"`
	Channel  string        `json:"channel"`
	To       string        `json:"to,omitempty"`
	First    bool          `json:"first,omitempty"` // nothing of this page went to this address before: it begins the thread
	Wave     int           `json:"wave,omitempty"`  // which taking of a step of the route it belongs to; 0 for an update
	State    DeliveryState `json:"state"`
	Attempts int           `json:"attempts,omitempty"`
	At       time.Time     `json:"at"`
	Due      time.Time     `json:"due"` // when it is tried, or tried again
	EndedAt  *time.Time    `json:"ended_at,omitempty"`
	Held     bool          `json:"held,omitempty"`    // put off by the contact's limit
	Error    string        `json:"error,omitempty"`   // of the last attempt
	Receipt  string        `json:"receipt,omitempty"` // what the channel said: an id of its own, a status
}

// Due is when a page wants to be looked at next: its next delivery or step. It is false where nothing is to come.
func (p Page) Due() (time.Time, bool) {
	var due time.Time
	found := false
	earlier := func(t time.Time) {
		if !found || t.Before(due) {
			due, found = t, true
		}
	}
	for _, d := range p.Deliveries {
		if d.State == DeliveryPending {
			earlier(d.Due)
		}
	}
	if p.Next != nil && p.State == PageOpen {
		earlier(*p.Next)
	}
	return due, found
}

// Notice finds a notice of the page.
func (p Page) Notice(id string) (Notice, bool) {
	i := slices.IndexFunc(p.Notices, func(n Notice) bool { return n.ID == id })
	if i < 0 {
		return Notice{}, false
	}
	return p.Notices[i], true
}

// Reach is how one way of reaching one contact has served.
type Reach struct {
	Contact  string     `json:"contact"`
	Channel  string     `json:"channel"`
	To       string     `json:"to,omitempty"`
	SentAt   *time.Time `json:"sent_at,omitempty"`         // the latest that was taken
	FailedAt *time.Time `json:"failed_at,omitempty"`       // the latest that was not
	Error    string     `json:"error,omitempty"`           // of that
	TestedAt *time.Time `json:"tested_at,omitempty"`       // the latest synthetic page that was taken
	AckedAt  *time.Time `json:"acknowledged_at,omitempty"` // the latest test that the contact confirmed
}
