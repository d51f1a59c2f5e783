package notify

import (
	"slices"
	"time"

	"corax"
	"corax/config"
	"corax/config/hours"
)

// holds says whether a moment is within the times; times that can't be read are always, since being told too often is
// better than not at all.
func holds(zone string, list []string, now time.Time) bool {
	w, err := hours.Parse(zone, list)
	return err != nil || w.Hold(now)
}

// pick finds the route of a problem: the first that matches one of its entities, its severity and the time.
func (s Settings) pick(entities []string, severity corax.Severity, kind corax.NoticeKind, now time.Time) (config.Route, bool) {
	for _, r := range s.Routes {
		if r.On == config.OnEscalated && kind != corax.NoticeEscalated {
			continue
		}
		if severity >= r.AtLeast && s.concerns(r.Match, entities) && holds(r.TimeZone, r.Hours, now) {
			return r, true
		}
	}
	return config.Route{}, false
}

func (s Settings) concerns(match corax.Selector, entities []string) bool {
	if len(match.IDs) == 0 && len(match.Kinds) == 0 && len(match.Labels) == 0 {
		return true
	}
	for _, id := range entities {
		e := corax.Entity{ID: id} // also where the topology doesn't know it: its id still matches
		if i := slices.IndexFunc(s.Topology.Entities, func(e corax.Entity) bool { return e.ID == id }); i >= 0 {
			e = s.Topology.Entities[i]
		}
		if match.Matches(e) {
			return true
		}
	}
	return false
}

func (s Settings) route(name string) (config.Route, bool) {
	i := slices.IndexFunc(s.Routes, func(r config.Route) bool { return r.Name == name })
	if i < 0 {
		return config.Route{}, false
	}
	return s.Routes[i], true
}

// address is one way to one contact.
type address struct{ contact, channel, to string }

// addresses are the ways to a contact by these kinds of channels; all of its ways where none is named, or where it has
// none of the kinds: a message by another way is better than none.
func (s Settings) addresses(contact string, kinds []string) []address {
	c, ok := s.Contact(contact)
	if !ok {
		return nil
	}
	var some, all []address
	for _, r := range c.Reach {
		a := address{contact, r.Channel, r.To}
		all = append(all, a)
		if slices.Contains(kinds, s.kind(r.Channel)) {
			some = append(some, a)
		}
	}
	if len(some) > 0 {
		return some
	}
	return all
}

func (s Settings) kind(channel string) string {
	c, _ := s.Channel(channel)
	return c.Kind()
}

func (s Settings) available(contact string, now time.Time) bool {
	c, ok := s.Contact(contact)
	return ok && holds(c.TimeZone, c.Hours, now)
}

// step takes the next step of the page's route for a notice, and says whether there was one. A step whose contacts
// are all off duty is passed over at once.
func (s Settings) step(p *corax.Page, notice corax.Notice, now time.Time) bool {
	r, ok := s.route(p.Route)
	if !ok || len(r.Steps) == 0 {
		p.Next = nil
		return false
	}
	for p.Round < r.Rounds {
		if p.Step >= len(r.Steps) {
			p.Round, p.Step = p.Round+1, 0
			continue
		}
		if s.takeStep(p, r, notice, now, false) {
			return true
		}
	}
	if len(p.Deliveries) == 0 { // nobody is on duty: those of the first step are told all the same
		p.Round, p.Step = r.Rounds-1, 0
		return s.takeStep(p, r, notice, now, true)
	}
	p.Next = nil
	return false
}

// takeStep tells the contacts of the step whose turn it is.
func (s Settings) takeStep(p *corax.Page, r config.Route, notice corax.Notice, now time.Time, anyTime bool) bool {
	step := r.Steps[p.Step]
	p.Step++
	wave, told := 1+p.Round*len(r.Steps)+p.Step, false
	for _, contact := range step.Contacts {
		if !anyTime && !s.available(contact, now) {
			continue
		}
		for _, a := range s.addresses(contact, step.Channels) {
			enqueue(p, notice, a, wave, now)
			told = true
		}
	}
	if told {
		next := now.Add(step.Wait)
		p.Next = &next
	}
	return told
}
