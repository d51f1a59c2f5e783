package reading

import (
	"strconv"
	"strings"
)

// wellPhrases are words that together say that all is well (1), that nothing is the matter (0) or that something is (-1), by the first.
var wellPhrases = map[string][]struct {
	rest []string
	sign int
}{
	"in":      {{[]string{"sync"}, 1}},
	"steady":  {{[]string{"state"}, 1}},
	"up":      {{[]string{"to", "date"}, 1}},
	"nothing": {{[]string{"to", "do"}, 1}, {[]string{"changed"}, 0}},
	"as":      {{[]string{"planned"}, 1}, {[]string{"expected"}, 1}, {[]string{"scheduled"}, 0}},
	"after":   {{[]string{"planned"}, 0}, {[]string{"scheduled"}, 0}},
	"for":     {{[]string{"planned"}, 0}, {[]string{"scheduled"}, 0}},
	"with":    {{[]string{"success"}, 1}},
	"no":      {{[]string{"changes"}, 0}, {[]string{"change"}, 0}},
	"ended":   {{[]string{"normally"}, 1}},
	"closed":  {{[]string{"normally"}, 1}},
	"logged":  {{[]string{"out"}, 0}},
	"test":    {{[]string{"ok"}, 1}},
	"gave":    {{[]string{"up"}, -1}},
	"giving":  {{[]string{"up"}, -1}},
	"gives":   {{[]string{"up"}, -1}},
	"out":     {{[]string{"of", "band"}, -1}, {[]string{"of", "range"}, -1}, {[]string{"of", "bounds"}, -1}, {[]string{"of", "order"}, -1}},
	"sees":    {{[]string{"nothing"}, -1}},
	"reads":   {{[]string{"nothing"}, -1}},
	"wrong":   {{[]string{"state"}, -1}},
}

// wellWords say so alone, and only mark: they are no word of health in other places.
var wellWords = map[string]int{"unchanged": 0, "registered": 1, "monitored": 0, "unban": 0, "synced": 1, "rejoined": 1, "streaming": 1, "deployed": 1}

// phraseAt reads what begins at a token; sign as in wellPhrases.
func (r *Reading) phraseAt(i int) (sign int, ok bool) {
	t := &r.Tokens[i]
	if sign, ok := wellWords[t.Text]; ok {
		return sign, sign == 0 || i+1 == len(r.Tokens) || !r.adjoins(i+1) || r.among(i+1, i+1, plain)
	}
	if t.Text == "empty" || t.Text == "zero" { // "queue invoice empty"
		for k := i - 1; k >= 0 && k >= i-3; k-- {
			if beyondClause(r.Text[r.Tokens[k].End:r.Tokens[k+1].Start]) {
				break
			}
			if r.Tokens[k].is(burden) {
				return 1, !r.among(k, i, bad) || r.Tokens[k].Text == "queue"
			}
		}
	}
next:
	for _, p := range wellPhrases[t.Text] {
		for k, word := range p.rest {
			if r.text(i+1+k) != word {
				continue next
			}
		}
		return p.sign, true
	}
	return 0, false
}

// meant says that a word tells that something was to happen. Its stem would not do: a request is not requested.
func meant(text string) bool {
	switch text {
	case "planned", "scheduled", "requested", "graceful", "gracefully", "logout", "intended", "intentionally", "deliberately":
		return true
	}
	return false
}

// meantBy says that what a word tells was meant to happen: it was planned, or somebody did it.
func (r *Reading) meantBy(i int) bool {
	from, to := r.subjectFrom(i), r.clauseTo(i, 8)
	for k := from; k <= to; k++ {
		t := &r.Tokens[k]
		switch {
		case t.Text == "logged":
			if r.text(k+1) == "out" {
				return true
			}
		case t.Text == "schedule" || t.Text == "rebooted":
			if r.text(k-1) == "by" || t.Text == "schedule" && r.text(k-1) == "on" {
				return true
			}
		case meant(t.Text) && !r.negated(k):
			return true
		case t.Text == "with" && (r.text(k+1) == "card" || r.text(k+1) == "badge") && r.among(from, k, acted):
			return true
		case t.Text == "by" && r.agent(k+1) && r.among(from, k, acted):
			return true
		}
	}
	// "Disconnected: Logged out": the reason follows.
	return to+1 < len(r.Tokens) && r.char(r.Tokens[to].End) == ':' && r.text(to+1) == "logged" && r.text(to+2) == "out"
}

// agent says that a person or a tool of theirs follows: "m.lind", "operator", "policy".
func (r *Reading) agent(i int) bool {
	switch r.text(i) {
	case "user":
		return r.alone(i)
	case "operator", "admin", "administrator", "schedule", "policy", "noc", "request", "hand", "engineer", "plan", "oncall", "rotation":
		return true
	}
	if i+1 >= len(r.Tokens) || i < 0 || r.Tokens[i].Number() || r.Tokens[i+1].Number() {
		return false
	}
	return len(r.Tokens[i].Text) <= 12 && r.char(r.Tokens[i].End) == '.' && r.Tokens[i+1].Start == r.Tokens[i].End+1
}

// moved says that a word of success only tells that the work went to another: "failover completed".
func (r *Reading) moved(i int) bool {
	switch r.text(i - 1) {
	case "failover", "switchover", "takeover":
		return true
	}
	return false
}

// undone says that "not" is followed by what should have been done: "not acknowledged", "not carried out", "not level".
func (r *Reading) undone(i int) bool {
	if i >= len(r.Tokens) || r.Tokens[i].Start >= len(r.Text) || r.Tokens[i].Start-r.Tokens[i-1].End != 1 {
		return false
	}
	t := &r.Tokens[i]
	if t.is(unneeded|bad|good|wanted|soft) && t.Text != "closed" || r.text(i-2) == "if" || r.text(i-2) == "0" {
		return false
	}
	switch t.Text {
	case "return", "returns", "confirm", "understood", "seen", "done", "taken", "sent", "made", "met", "run", "open", "close", "closed", "shut":
		return true
	}
	return len(t.Text) > 4 && strings.HasSuffix(t.Text, "ed") || strings.HasSuffix(t.Text, "able")
}

// choreBefore says that what was not found is only work: "no packages found".
func (r *Reading) choreBefore(i int) bool { return i > 0 && r.Tokens[i-1].is(chores) }

// quoted says that a word is within the quotes of a name: report "failed payments".
func (r *Reading) quoted(i int) bool {
	for k := i; k > 0 && k > i-6; k-- {
		switch r.Text[r.Tokens[k-1].End:min(r.Tokens[k].Start, len(r.Text))] {
		case " ", "-", "_", "/":
		case ` "`, " '", " `":
			return r.Tokens[k-1].is(titled)
		default:
			return false
		}
	}
	return false
}

// setting says that "expires" only has a number of seconds with it: "registered, expires 3600".
func (r *Reading) setting(i int) bool {
	return r.text(i) == "expires" && i+1 < len(r.Tokens) && r.Tokens[i+1].Number() && r.Tokens[i+1].Start-r.Tokens[i].End == 1 &&
		(i+2 == len(r.Tokens) || beyondClause(r.Text[r.Tokens[i+1].End:r.Tokens[i+2].Start]))
}

// activity says that "full" only tells what kind of run it is: "full scan".
func (r *Reading) activity(i int) bool {
	if r.text(i) != "full" {
		return false
	}
	switch r.text(i + 1) {
	case "scan", "backup", "sync", "resync", "rebuild", "import", "export", "dump", "crawl", "index", "gc", "vacuum", "duplex", "speed", "path",
		"name", "restore", "report", "load", "access", "capacity", "mesh", "text", "check":
		return true
	}
	return false
}

// shows says that a colour is what a lamp or a status shows: "status red", "from green to red".
func (r *Reading) shows(i int) bool {
	switch r.text(i - 1) {
	case "status", "state", "health", "led", "lamp", "to", "is", "are", "light", "turned", "went":
		return !r.isName(i)
	}
	return false
}

// direction says that "down" is a direction: "480 Mbit/s down".
func (r *Reading) direction(i int) bool {
	if r.text(i) != "down" || i == 0 {
		return false
	}
	before := strings.TrimRight(r.Text[:r.Tokens[i].Start], " ")
	return strings.HasSuffix(before, "bit/s") || strings.HasSuffix(before, "bps") || strings.HasSuffix(before, "b/s")
}

// InCode says that a place is one part of a code that joins letters and digits, and no word of its own: R57 in R57-M0-N1.
func (r *Reading) InCode(at Span) bool {
	i := r.tokenAt(at.Start)
	if i >= len(r.Tokens) || r.Tokens[i].End != at.End || !r.mixed(i) {
		return false
	}
	return i+1 < len(r.Tokens) && r.char(at.End) == '-' && r.Tokens[i+1].Start == at.End+1 && r.mixed(i+1) ||
		i > 0 && r.char(at.Start-1) == '-' && r.Tokens[i-1].End == at.Start-1 && r.mixed(i-1)
}

// firstOwnPort is the lowest port that a system gives to a client that asks for none (Linux; RFC 6335 begins at 49152).
const firstOwnPort = 32768

// Chance says that a token is a number of chance, which tells nothing: the port that a client was given, behind its address. The error code
// that it happens to look like was never meant.
func (r *Reading) Chance(i int) bool {
	t := r.Tokens[i]
	if len(t.Text) != 5 || !allDigits(t.Text) || t.Start < 2 || r.char(t.Start-1) != ':' {
		return false
	}
	if before := r.char(t.Start - 2); !isDigit(before) && before != ']' {
		return false
	}
	port, err := strconv.Atoi(t.Text)
	return err == nil && port >= firstOwnPort && port < 1<<16
}

// mixed says that a token has both letters and digits.
func (r *Reading) mixed(i int) bool {
	digits, letters := false, false
	for _, c := range []byte(r.Tokens[i].Text) {
		digits, letters = digits || isDigit(c), letters || isLetter(c)
	}
	return digits && letters
}
