package reading

import (
	"slices"
	"strings"

	"corax/topology"
)

// Role is what a message says of an entity that it names.
type Role int8

// The roles.
const (
	Mentioned   Role = iota
	AtFault          // its own trouble is told, or another lays the fault there: "connection refused by X"
	Complaining      // it tells of the trouble that another makes it
)

// Mention is an entity that a message names besides its subject.
type Mention struct {
	Entity string
	Span
	Role Role // Mentioned or AtFault
}

// Complains says that the message lays the fault with another entity than its subject.
func (r *Reading) Complains() bool {
	return slices.ContainsFunc(r.Mentions, func(m Mention) bool { return m.Role == AtFault })
}

// Role is that of the subject.
func (r *Reading) Role() Role {
	switch {
	case r.Entity == "":
		return Mentioned
	case r.Complains():
		return Complaining
	case r.Polarity(0) == Failing:
		return AtFault
	}
	return Mentioned
}

// name finds the subject of a message and who else it names.
func (r *Reading) name(graph *topology.Graph) {
	if e := r.Signal.Entity; e != "" {
		r.Entity = e
		if id, ok := graph.Resolve(e); ok {
			r.Entity, r.Known = id, true
		}
	}
	found := graph.Find(r.Text)
	if graph.Len() == 0 {
		found = r.guess()
	}
	for _, f := range found {
		at := Span{f.Start, f.End}
		if at.Start == 0 && graph.Len() == 0 && r.titled(at.End) {
			continue
		}
		fault := r.lays(at)
		if !f.Sure && !fault && at.Start > 0 {
			continue // a common word that happens to be a name too
		}
		switch {
		case r.Entity == "" && (!fault || len(found) == 1):
			r.Entity, r.Known, r.subject = f.ID, graph.Len() > 0, at
		case f.ID != r.Entity:
			m := Mention{Entity: f.ID, Span: at}
			if fault && r.troubled(at) {
				m.Role = AtFault
			}
			r.Mentions = append(r.Mentions, m)
		case r.subject.End == 0:
			r.subject = at
		}
	}
	if r.Entity == "" && len(r.Mentions) > 0 {
		r.Entity, r.Known, r.subject = r.Mentions[0].Entity, graph.Len() > 0, r.Mentions[0].Span
		r.Mentions = r.Mentions[1:]
	}
}

// titled says that a message begins with the name of its alert, which is no entity: the signal says itself whom it is about.
func (r *Reading) titled(end int) bool {
	title := r.Signal.Labels["alertname"]
	return title != "" && r.Signal.Entity != "" && len(title) >= end && strings.HasPrefix(r.Text, Lower(title)+":")
}

// lays says that the words around a mention point at it: "from X", "upstream X", "X responded".
func (r *Reading) lays(at Span) bool {
	i := r.tokenAt(at.Start)
	for k := i - 1; k >= 0 && k >= i-2; k-- {
		if r.Tokens[k].is(about) {
			return true
		}
	}
	for i < len(r.Tokens) && r.Tokens[i].Start < at.End {
		i++
	}
	return i < len(r.Tokens) && r.Tokens[i].is(reacts)
}

// troubled says that words of trouble stand near a mention.
func (r *Reading) troubled(at Span) bool {
	i := r.tokenAt(at.Start)
	words := 0
	for k := max(0, i-7); k < len(r.Tokens) && words < 16; k++ {
		t := r.Tokens[k]
		if t.is(bad|waits) || errorStatus(t.Text) {
			return true
		}
		if k >= i && !isDigit(t.Text[0]) { // an address is long and says nothing
			words++
		}
	}
	return false
}

// errorStatus says that a token is an HTTP status of 400 and above.
func errorStatus(t string) bool {
	return len(t) == 3 && (t[0] == '4' && t[1] <= '3' || t[0] == '5' && t[1] <= '1') && isDigit(t[1]) && isDigit(t[2])
}

// Who tells of the trouble of others: people, and what watches.
var (
	desks   = []string{"helpdesk", "help-desk", "servicedesk", "service-desk", "hotline", "support", "users", "user", "customers", "customer", "operator", "operators", "staff", "ticket"}
	watches = []string{"nms", "monitoring", "monitor", "apm", "siem", "uptime", "nagios", "zabbix", "icinga", "checkmk", "prtg", "prometheus", "alertmanager", "grafana", "syslog", "synthetic", "dashboard"}
)

// Desk says that a name is of people who report, and never of what failed.
func Desk(entity string) bool { return names(entity, desks) }

// Watches says that a name is of what watches others: at fault only where little speaks for anyone else.
func Watches(entity string) bool { return names(entity, watches) }

// names says that a name is one of the words, or that and a number: "user-svc" is a service.
func names(entity string, words []string) bool {
	entity = Lower(entity)
	return slices.ContainsFunc(words, func(w string) bool {
		rest, ok := strings.CutPrefix(entity, w)
		return ok && strings.Trim(rest, "-0123456789") == ""
	})
}

// guess finds names of entities where no topology says which there are: "X:" at the beginning, "X service", names like host-01.
func (r *Reading) guess() []topology.Mention {
	text, tokens := r.Text, r.Tokens
	var found []topology.Mention
	add := func(from, to int, sure bool) {
		id := tidy(text[from:to])
		if id != "" && (len(found) == 0 || from >= found[len(found)-1].End) {
			found = append(found, topology.Mention{ID: id, Start: from, End: to, Sure: sure})
		}
	}
	if colon := strings.Index(text[:min(len(text), 48)], ":"); colon > 1 && colon+1 < len(text) && text[colon+1] == ' ' {
		end := r.head(colon)
		name := text[:end]
		if strings.Count(name, " ") <= 2 && !strings.ContainsAny(name, "=,;%<>{}") && !Ordinary(Stem(name)) && !r.coded(Span{0, end}) {
			add(0, end, true)
		}
	}
	for i, t := range tokens[:max(0, len(tokens)-1)] {
		next := tokens[i+1]
		if next.Start-t.End != 1 || isDigit(t.Text[0]) || t.is(plain) {
			continue
		}
		if r.coded(Span{t.Start, next.End}) {
			continue
		}
		switch joint := text[t.End]; {
		case next.is(kinds) && len(t.Text) > 2 && !t.is(bad|good) &&
			(joint == '-' || joint == '_' || joint == ' ' && !t.is(about)):
			add(t.Start, next.End, true)
		case joint == '-' && len(t.Text) >= 2 && len(next.Text) <= 5 && strings.ContainsAny(next.Text, "0123456789"):
			add(t.Start, next.End, true)
		}
	}
	return found
}

// coded says that a place holds part of an error code or of an error string.
func (r *Reading) coded(at Span) bool {
	for _, c := range r.Codes() {
		if c.Start < at.End && at.Start < c.End {
			return true
		}
	}
	return false
}

// head is where the name ends that stands before a colon at the beginning: words of trouble behind it are not of it ("ns2 stale:").
func (r *Reading) head(colon int) int {
	end := colon
	for i := r.tokenAt(colon) - 1; i > 0 && r.char(r.Tokens[i].Start-1) == ' ' && r.Tokens[i].is(bad); i-- {
		end = r.Tokens[i-1].End
	}
	return end
}

// tidy is the form in which a guessed name is shown and compared.
func tidy(name string) string {
	fields := strings.FieldsFunc(name, func(r rune) bool { return r != '.' && r < 0x80 && !isWord(byte(r)) })
	if n := len(fields); n > 1 {
		switch fields[n-1] {
		case "service", "microservice":
			fields[n-1] = "svc"
		case "check", "monitor", "probe":
			fields = fields[:n-1]
		}
	}
	return strings.Join(fields, "-")
}
