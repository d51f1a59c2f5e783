package corax

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Operator is a person who acts under a name of their own, which a token proves.
type Operator struct {
	Name    string `json:"name" yaml:"name"`
	Token   string `json:"token" yaml:"token"`     // a reference, never the token itself
	Contact string `json:"contact" yaml:"contact"` // through whom requests reach this operator; the name where empty
}

// Actor is who does something, and how that is known.
type Actor struct {
	Name string `json:"name"`
	Via  Via    `json:"via"`
}

// Via is how an actor's name is known.
type Via string

// The ways in which an actor is known.
const (
	ViaLocal   Via = "local"   // who can read the data directory, by the name they gave: a claim
	ViaToken   Via = "token"   // a token of their own: proven
	ViaSession Via = "session" // logged in with a password: proven
	ViaIssued  Via = "issued"  // a token that somebody else has made for them: proves no person
	ViaLink    Via = "link"    // a link that was sent to this person alone
)

// Proven says that nobody but the person named could have acted.
func (a Actor) Proven() bool { return (a.Via == ViaToken || a.Via == ViaSession) && a.Name != "" }

// SamePerson says whether two names are one person's: an operator of the configuration and a user of the same name are, and a name in
// other letter case is no other name.
func SamePerson(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

// ApprovalRequest asks people for one step.
type ApprovalRequest struct {
	ID        string    `json:"id"`
	Plan      string    `json:"plan"`
	Step      string    `json:"step"`
	Problem   string    `json:"problem"`
	Action    string    `json:"action"`
	Target    string    `json:"target"`
	Risk      Risk      `json:"risk,omitempty"`
	Why       string    `json:"why"`
	AskedAt   time.Time `json:"asked_at"`
	ExpiresAt time.Time `json:"expires_at"` // no answer by then means no

	// Needs is how many different people must say yes: 1, or 2 proven operators for what can't be undone. 0 counts as 1.
	Needs int `json:"needs,omitempty"`
	// Proposer set the step in motion, and can't be the one who approves it; empty where Corax did.
	Proposer string `json:"proposer,omitempty"`
	// Quiet is set where the step is only suggested: it waits to be taken up, and nobody is woken for it.
	Quiet bool `json:"quiet,omitempty"`
	// Context is what the step would come to when it was asked.
	Context *Rehearsal `json:"context,omitempty"`
	// BreakGlass is the id of the emergency under which fewer people are asked than the risk calls for.
	BreakGlass string `json:"break_glass,omitempty"`

	Consents   []Answer   `json:"consents,omitempty"` // the yeses so far, oldest first
	Answer     Verdict    `json:"answer,omitempty"`   // once it is decided
	By         string     `json:"by,omitempty"`
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
}

// Answer is what one person says to a request.
type Answer struct {
	Actor
	Verdict Verdict   `json:"verdict"`
	At      time.Time `json:"at"`
	Link    string    `json:"link,omitempty"` // id of the link that it came by, which then is spent
}

// needs is how many people must say yes.
func (r *ApprovalRequest) needs() int { return max(r.Needs, 1) }

// Take enters an answer. One no decides; a yes decides once enough different people have said it. It is a Conflict where
// the request is decided, has expired, or has this person's yes already, and Forbidden where the person may not give it.
func (r *ApprovalRequest) Take(a Answer) error {
	op := "answer approval " + r.ID
	refuse := func(code Code, hint, format string, args ...any) error {
		return &Error{Code: code, Op: op, Err: fmt.Errorf(format, args...), Hint: hint}
	}
	switch {
	case a.Verdict != Allow && a.Verdict != Deny:
		return refuse(Invalid, "answer allow or deny", "verdict %q", a.Verdict)
	case a.Name == "":
		return &Error{Code: Invalid, Op: op, Err: errors.New("nobody is named as answering"), Hint: "say who you are"}
	case r.Answer != "":
		return refuse(Conflict, "", "%s has answered it already: %s", r.By, r.Answer)
	case a.Verdict == Deny:
		r.decide(Deny, a.Name, a.At)
		return nil
	case !a.At.Before(r.ExpiresAt):
		return refuse(Conflict, "no answer in time counts as no", "it expired at %s, which means no", r.ExpiresAt.Format(time.RFC3339))
	case r.needs() > 1 && !a.Proven():
		return refuse(Forbidden, "answer with your operator's token in CORAX_TOKEN; operators are named in the configuration",
			"it needs %d named operators, and %s is not proven to be one", r.needs(), a.Name)
	case SamePerson(a.Name, r.Proposer):
		return refuse(Forbidden, "somebody else has to approve it", "%s has proposed it", a.Name)
	case a.Link != "" && slices.ContainsFunc(r.Consents, func(o Answer) bool { return o.Link == a.Link }):
		return refuse(Conflict, "each operator answers by a link of their own, or by the command line", "this link was used")
	case slices.ContainsFunc(r.Consents, func(o Answer) bool { return SamePerson(o.Name, a.Name) }):
		return refuse(Conflict, "somebody else has to say the second yes", "%s has said yes already, and it needs %d people", a.Name, r.needs())
	}
	r.Consents = append(r.Consents, a)
	if len(r.Consents) < r.needs() {
		return nil
	}
	names := make([]string, len(r.Consents))
	for n, c := range r.Consents {
		names[n] = c.Name
	}
	r.decide(Allow, strings.Join(names, " and "), a.At)
	return nil
}

func (r *ApprovalRequest) decide(v Verdict, by string, at time.Time) {
	r.Answer, r.By, r.AnsweredAt = v, by, &at
}

// BreakGlass is an emergency that a named operator has declared: within its scope, what the policy denies is asked, and
// what needs two people needs one. It never lifts a kill switch.
type BreakGlass struct {
	ID        string     `json:"id"`
	Scope     string     `json:"scope"` // an entity's id; empty for everything
	By        string     `json:"by"`
	Reason    string     `json:"reason"`
	At        time.Time  `json:"at"`
	ExpiresAt time.Time  `json:"expires_at"`
	EndedAt   *time.Time `json:"ended_at,omitempty"` // ended by hand
	EndedBy   string     `json:"ended_by,omitempty"`
}

// InForce says that the emergency holds for one of the entities at this time.
func (b BreakGlass) InForce(at time.Time, entities ...string) bool {
	return !at.Before(b.At) && at.Before(b.ExpiresAt) && b.EndedAt == nil && (b.Scope == "" || slices.Contains(entities, b.Scope))
}
