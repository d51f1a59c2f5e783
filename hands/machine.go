package hands

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"corax"
	"corax/config"
	"corax/config/hours"
)

// mostReopened is how often "done" may turn out not to be true.
const mostReopened = 2

// linkFor is how long a link in a message works, beyond the time that the order has.
const linkFor = 24 * time.Hour

// moment is when something happens to an order, and what is configured then.
type moment struct {
	now      time.Time
	settings Settings
	stable   time.Duration
}

// sight is what was seen of the world.
type sight struct {
	over  bool   // the problem has ended
	green bool   // its monitors are all up
	text  string // which are not
}

// site is the order's site as it is configured now; where it is gone, one without anybody to ask.
func (m moment) site(o *corax.WorkOrder) config.Site {
	i := slices.IndexFunc(m.settings.Sites, func(s config.Site) bool { return s.Name == o.Site })
	if i < 0 {
		return config.Site{Name: o.Site, Rounds: 1, AcceptWithin: time.Minute, DoneWithin: time.Minute, VerifyWithin: time.Minute}
	}
	return m.settings.Sites[i]
}

// enter moves the order to a state and writes its log.
func (m moment) enter(o *corax.WorkOrder, state corax.WorkState, by, text string) {
	if o.State.Ended() {
		return
	}
	o.State, o.Why = state, text
	o.Log = append(o.Log, corax.WorkEntry{At: m.now, State: state, By: by, Text: text})
	if state.Ended() {
		now := m.now
		o.EndedAt, o.WakeAt, o.Green = &now, nil, nil
	}
}

// say adds something to be told. Its id follows from its place in the order's life. Its links are told apart by when they expire: those of
// each round of work by two seconds, one of which is for the link that the page of an answer leads on to.
func (m moment) say(o *corax.WorkOrder, kind corax.UtteranceKind, contact string, channels []string, text string) {
	id := corax.HashID("utt", o.ID, string(kind), contact, strconv.Itoa(len(o.Log)), strconv.Itoa(len(o.Unsent)))
	o.Unsent = append(o.Unsent, corax.Utterance{ID: id, Kind: kind, Contact: contact, Channels: channels, Text: text,
		Until: m.now.Add(linkFor + m.site(o).DoneWithin).Truncate(time.Second).Add(time.Duration(o.Reopened) * 2 * time.Second)})
}

func (m moment) wake(o *corax.WorkOrder, at time.Time) { o.WakeAt = &at }

// tick is what time, monitors and the problem's end do to an order. It says whether anything changed.
func (m moment) tick(o *corax.WorkOrder, s sight) bool {
	due := o.WakeAt == nil || !m.now.Before(*o.WakeAt)
	switch {
	case o.State.Ended():
		return false
	case s.over && o.State != corax.WorkClaimed:
		m.end(o, corax.WorkCancelled, "", "the problem is over, and the work is not needed any more")
		return true
	case o.State == corax.WorkClaimed:
		return m.verify(o, s)
	case !due:
		return false
	case o.State == corax.WorkDrafted:
		m.enter(o, corax.WorkContacting, "", "people at "+o.Place.Site+" are asked")
		m.ask(o)
	case o.State == corax.WorkContacting:
		m.contact(o)
	default:
		m.late(o)
	}
	return true
}

// contact goes on asking, until the time to accept is over.
func (m moment) contact(o *corax.WorkOrder) {
	if m.now.Before(o.AcceptBy) {
		m.ask(o)
		return
	}
	m.end(o, corax.WorkExpired, "", "nobody has accepted by "+clock(o.AcceptBy))
	m.say(o, corax.SayPeople, "", nil, "Nobody at "+o.Place.Site+" has accepted work order "+o.ID+" ("+o.Place.Entity+") in time. Somebody must go there or call.")
}

// ask asks the next contact of the ladder: one who has not said that they can't, and is on duty. Where the ladder is at
// its end, everybody who can't means declined; else there is nothing to do but wait for an answer.
func (m moment) ask(o *corax.WorkOrder) {
	site := m.site(o)
	for o.Round < site.Rounds {
		if o.Rung >= len(site.Ladder) {
			o.Round, o.Rung = o.Round+1, 0
			continue
		}
		r := site.Ladder[o.Rung]
		o.Rung++
		if slices.Contains(o.Declined, r.Contact) {
			continue
		}
		if !m.onDuty(r.Contact) {
			m.enter(o, o.State, "", r.Contact+" is off duty")
			continue
		}
		if !slices.Contains(o.Asked, r.Contact) {
			o.Asked = append(o.Asked, r.Contact)
		}
		how := strings.Join(r.Channels, ", ")
		if how != "" {
			how = " by " + how
		}
		m.enter(o, o.State, "", r.Contact+" is asked"+how)
		m.say(o, corax.SayOffer, r.Contact, r.Channels, "")
		m.wake(o, earlier(m.now.Add(r.Wait), o.AcceptBy))
		return
	}
	if len(o.Declined) > 0 && allDeclined(o) {
		m.end(o, corax.WorkDeclined, "", "everybody who was asked can't: "+strings.Join(o.Declined, ", "))
		m.say(o, corax.SayPeople, "", nil, "Nobody at "+o.Place.Site+" can do work order "+o.ID+" ("+o.Place.Entity+"): "+strings.Join(o.Declined, ", ")+" said so. Somebody else must go there.")
		return
	}
	m.enter(o, o.State, "", "everybody was asked; an answer is waited for until "+clock(o.AcceptBy))
	m.say(o, corax.SayPeople, "", nil, "Everybody at "+o.Place.Site+" was asked to do work order "+o.ID+" ("+o.Place.Entity+"), and nobody has answered yet.")
	m.wake(o, o.AcceptBy)
}

// allDeclined says that nobody who was asked may still accept.
func allDeclined(o *corax.WorkOrder) bool {
	return !slices.ContainsFunc(o.Asked, func(c string) bool { return !slices.Contains(o.Declined, c) })
}

func (m moment) onDuty(contact string) bool {
	c, ok := m.settings.People.Contact(contact)
	if !ok {
		return false
	}
	w, err := hours.Parse(c.TimeZone, c.Hours)
	return err != nil || w.Hold(m.now)
}

// late says that the work is not done in time, and, after the same time once more, gives it up.
func (m moment) late(o *corax.WorkOrder) {
	site := m.site(o)
	if o.Late {
		m.end(o, corax.WorkExpired, "", "it was not done in time")
		m.say(o, corax.SayPeople, "", nil, "Work order "+o.ID+" at "+o.Place.Site+" ("+o.Place.Entity+") was given up: "+o.By+" had it and has not said that it is done.")
		return
	}
	o.Late = true
	m.enter(o, o.State, "", "it is late; "+o.By+" is reminded")
	m.say(o, corax.SayRemind, o.By, nil, "")
	m.say(o, corax.SayPeople, "", nil, "Work order "+o.ID+" at "+o.Place.Site+" ("+o.Place.Entity+") is late: "+o.By+" has it and has not said that it is done.")
	m.wake(o, m.now.Add(site.DoneWithin))
}

// verify believes "done" when the monitors have been green for the set time, and reopens the order when they are not
// in time.
func (m moment) verify(o *corax.WorkOrder, s sight) bool {
	until := o.ClaimedAt.Add(m.site(o).VerifyWithin)
	switch {
	case s.green && o.Green == nil:
		now := m.now
		o.Green = &now
		return true
	case s.green && m.now.Sub(*o.Green) >= m.stable:
		m.enter(o, corax.WorkVerified, "", fmt.Sprintf("its monitors have been green for %s", m.stable))
		m.say(o, corax.SayVerified, o.By, nil, "")
		return true
	case s.green:
		return false
	case m.now.Before(until):
		changed := o.Green != nil
		o.Green = nil
		return changed
	case o.Reopened >= mostReopened:
		m.end(o, corax.WorkFailed, "", fmt.Sprintf("it was said to be done %d times, and monitors are still red: %s", o.Reopened+1, s.text))
		m.say(o, corax.SayPeople, "", nil, "Work order "+o.ID+" at "+o.Place.Site+" ("+o.Place.Entity+") has failed: "+o.Why+".")
		return true
	}
	o.Reopened++
	o.ClaimedAt, o.Green, o.Late = nil, nil, false
	by := m.now.Add(m.site(o).DoneWithin)
	o.DoneBy = &by
	m.enter(o, corax.WorkInProgress, "", "reopened, since monitors are still red: "+s.text)
	m.say(o, corax.SayReopened, o.By, nil, s.text)
	m.say(o, corax.SayPeople, "", nil, o.By+" says that work order "+o.ID+" at "+o.Place.Site+" ("+o.Place.Entity+") is done, but monitors are still red: "+s.text)
	m.wake(o, by)
	return true
}

// end ends an order, and tells those who were asked or have it.
func (m moment) end(o *corax.WorkOrder, state corax.WorkState, by, why string) {
	m.enter(o, state, by, why)
	for _, c := range o.Asked {
		if c != by && !slices.Contains(o.Declined, c) && (o.By == "" || c == o.By) {
			m.say(o, corax.SayOver, c, nil, why)
		}
	}
	if o.By != "" && o.By != by && !slices.Contains(o.Asked, o.By) {
		m.say(o, corax.SayOver, o.By, nil, why)
	}
}

// Answer is what somebody says about an order.
type Answer string

// The answers.
const (
	Accept Answer = "accept" // I will do it
	Begin  Answer = "start"  // I am at it
	Done   Answer = "done"
	Cannot Answer = "cannot" // I can't, or can't any more
	Cancel Answer = "cancel" // nobody needs to: for operators
)

// answer takes an answer; link is the id of the link that it came by, if any. A Conflict says what is in the way.
func (m moment) answer(o *corax.WorkOrder, a Answer, by, note, link string) error {
	op := string(a) + " work order " + o.ID
	conflict := func(format string, args ...any) error { return corax.Errorf(corax.Conflict, op, format, args...) }
	switch {
	case link != "" && slices.Contains(o.Spent, link):
		return conflict("this link was used before")
	case o.State.Ended():
		return conflict("it has ended: %s", o.Why)
	case link != "" && a != Accept && o.By != "" && o.By != by && o.State != corax.WorkContacting:
		return conflict("%s has it", o.By)
	}
	var err error
	switch a {
	case Accept:
		err = m.accept(o, by, conflict)
	case Begin:
		if o.State != corax.WorkAccepted {
			err = conflict("it is %s", o.State)
			break
		}
		m.enter(o, corax.WorkInProgress, by, by+" is at it"+colon(note))
	case Done:
		err = m.done(o, by, note, conflict)
	case Cannot:
		err = m.cannot(o, by, note, conflict)
	case Cancel:
		m.end(o, corax.WorkCancelled, by, by+" has cancelled it"+colon(note))
	default:
		err = corax.Errorf(corax.Invalid, op, "unknown answer %q", a)
	}
	if err == nil && link != "" {
		o.Spent = append(o.Spent, link)
	}
	return err
}

func (m moment) accept(o *corax.WorkOrder, by string, conflict func(string, ...any) error) error {
	if o.State != corax.WorkDrafted && o.State != corax.WorkContacting {
		return conflict("%s has it", o.By)
	}
	doneBy := m.now.Add(m.site(o).DoneWithin)
	o.By, o.DoneBy, o.Late = by, &doneBy, false
	o.Declined = slices.DeleteFunc(o.Declined, func(c string) bool { return c == by })
	m.enter(o, corax.WorkAccepted, by, by+" has accepted; it should be done by "+clock(doneBy))
	m.say(o, corax.SayAccepted, by, nil, "")
	for _, c := range o.Asked {
		if c != by && !slices.Contains(o.Declined, c) {
			m.say(o, corax.SayOver, c, nil, by+" does it")
		}
	}
	m.wake(o, doneBy)
	return nil
}

func (m moment) done(o *corax.WorkOrder, by, note string, conflict func(string, ...any) error) error {
	switch o.State {
	case corax.WorkClaimed:
		return conflict("%s said so already; monitors are looked at", o.By)
	case corax.WorkAccepted, corax.WorkInProgress:
	default: // somebody did it without saying so first
		o.By = by
	}
	now := m.now
	o.ClaimedAt, o.Green, o.WakeAt = &now, nil, nil
	m.enter(o, corax.WorkClaimed, by, by+" says that it is done"+colon(note))
	return nil
}

func (m moment) cannot(o *corax.WorkOrder, by, note string, conflict func(string, ...any) error) error {
	if o.State == corax.WorkClaimed {
		return conflict("%s said that it is done; monitors are looked at", o.By)
	}
	had := o.By
	if !slices.Contains(o.Declined, by) {
		o.Declined = append(o.Declined, by)
	}
	if o.State == corax.WorkContacting || o.State == corax.WorkDrafted {
		m.enter(o, corax.WorkContacting, by, by+" can't"+colon(note))
		if allDeclined(o) || o.Asked[len(o.Asked)-1] == by { // nobody is left to wait for
			m.ask(o)
		}
		return nil
	}
	// Whoever had it gives it back, and the ladder is climbed from its start again, past those who can't.
	if had != "" && !slices.Contains(o.Declined, had) {
		o.Declined = append(o.Declined, had)
	}
	o.By, o.DoneBy, o.Late, o.Rung, o.Round = "", nil, false, 0, 0
	o.AcceptBy = m.now.Add(m.site(o).AcceptWithin)
	m.enter(o, corax.WorkContacting, by, by+" can't do it after all"+colon(note))
	m.say(o, corax.SayPeople, "", nil, by+" can't do work order "+o.ID+" at "+o.Place.Site+" ("+o.Place.Entity+") after all"+colon(note)+". Others are asked.")
	m.ask(o)
	return nil
}

func colon(note string) string {
	if note == "" {
		return ""
	}
	return ": " + note
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
