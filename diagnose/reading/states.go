package reading

import "strings"

// State is a state that a message says something is in, in one word for all ways to say it.
type State struct {
	Name    string // up, down, degraded, read_only, disabled, not_ready ...
	Health  Polarity
	Negated bool // "not ready" is the state not_ready; "no longer down" is down, negated
	Span
}

// states are the words for a state, in lower case, and what they mean.
var states = map[string]struct {
	name   string
	health Polarity
}{
	"up": {"up", Healthy}, "online": {"up", Healthy}, "running": {"up", Healthy}, "alive": {"up", Healthy}, "established": {"up", Healthy},
	"connected": {"up", Healthy}, "reachable": {"up", Healthy}, "available": {"up", Healthy}, "operational": {"up", Healthy},
	"down": {"down", Failing}, "offline": {"down", Failing}, "unreachable": {"down", Failing}, "unavailable": {"down", Failing},
	"dead": {"down", Failing}, "disconnected": {"down", Failing}, "inoperative": {"down", Failing}, "lost": {"down", Failing},
	"stopped": {"stopped", Failing}, "terminated": {"stopped", Failing}, "exited": {"stopped", Failing}, "killed": {"stopped", Failing},
	"crashed": {"crashed", Failing}, "crashloopbackoff": {"crashed", Failing}, "oomkilled": {"crashed", Failing},
	"failed": {"failed", Failing}, "faulted": {"failed", Failing}, "faulty": {"failed", Failing}, "errored": {"failed", Failing},
	"degraded": {"degraded", Failing}, "impaired": {"degraded", Failing}, "partial": {"degraded", Failing},
	"readonly": {"read_only", Failing}, "errdisabled": {"disabled", Failing}, "notready": {"not_ready", Failing},
	"healthy": {"healthy", Healthy}, "ok": {"healthy", Healthy}, "green": {"healthy", Healthy}, "optimal": {"healthy", Healthy},
	"unhealthy": {"unhealthy", Failing}, "yellow": {"degraded", Failing}, "red": {"unhealthy", Failing},
	"ready": {"ready", Healthy}, "pending": {"pending", Neutral}, "starting": {"starting", Neutral}, "initializing": {"starting", Neutral},
	"init": {"starting", Neutral}, "rebuilding": {"recovering", Neutral}, "resyncing": {"recovering", Neutral}, "recovering": {"recovering", Neutral},
	"suspended": {"suspended", Failing}, "paused": {"suspended", Neutral}, "frozen": {"suspended", Failing}, "hung": {"hung", Failing},
	"stuck": {"hung", Failing}, "isolated": {"isolated", Failing}, "fenced": {"isolated", Failing}, "evicted": {"evicted", Failing},
	"standby": {"standby", Neutral}, "passive": {"standby", Neutral}, "secondary": {"standby", Neutral}, "backup": {"standby", Neutral},
	"replica": {"standby", Neutral}, "follower": {"standby", Neutral}, "active": {"active", Neutral}, "primary": {"active", Neutral},
	"master": {"active", Neutral}, "leader": {"active", Neutral}, "idle": {"idle", Neutral}, "full": {"full", Failing},
	"saturated": {"full", Failing}, "exhausted": {"full", Failing}, "blocked": {"blocked", Failing}, "blocking": {"blocked", Neutral},
	"forwarding": {"up", Healthy}, "expired": {"expired", Failing}, "locked": {"locked", Failing}, "disabled": {"disabled", Neutral},
	"enabled": {"enabled", Healthy}, "maintenance": {"maintenance", Neutral}, "draining": {"maintenance", Neutral}, "cordoned": {"maintenance", Neutral},
	"flapping": {"flapping", Failing}, "throttled": {"throttled", Failing}, "corrupt": {"corrupt", Failing}, "corrupted": {"corrupt", Failing},
	"recovered": {"up", Healthy}, "resolved": {"healthy", Healthy}, "restored": {"up", Healthy}, "unregistered": {"down", Failing},
	"registered": {"up", Healthy}, "open": {"open", Neutral}, "closed": {"closed", Neutral},
	"hors": {}, "ausgefallen": {"down", Failing}, "gestört": {"degraded", Failing}, "caído": {"down", Failing}, "недоступен": {"down", Failing},
	"недоступна": {"down", Failing}, "宕机": {"down", Failing}, "停止": {"stopped", Failing}, "停止しました": {"stopped", Failing},
}

const mostStates = 32

// States finds the states that the message names, in the order of the text.
func (r *Reading) States() []State {
	var found []State
	for i := 0; i < len(r.Tokens) && len(found) < mostStates; i++ {
		if s, n, ok := r.stateAt(i); ok {
			found = append(found, s)
			i += n - 1
		}
	}
	return found
}

// stateAt reads the state at a token; n is how many tokens it takes.
func (r *Reading) stateAt(i int) (s State, n int, ok bool) {
	t := &r.Tokens[i]
	at := func(name string, health Polarity, n int) (State, int, bool) {
		return State{Name: name, Health: health, Span: Span{t.Start, r.Tokens[i+n-1].End}}, n, true
	}
	switch t.Text {
	case "read":
		if r.text(i+1) == "only" {
			return at("read_only", Failing, 2)
		}
	case "err", "error":
		if strings.HasPrefix(r.text(i+1), "disable") && r.Tokens[i+1].Start == t.End+1 {
			return at("disabled", Failing, 2)
		}
	case "hors":
		if r.text(i+1) == "service" || r.text(i+1) == "ligne" {
			return at("down", Failing, 2)
		}
	}
	w, known := states[t.Text]
	if !known || w.name == "" || r.isName(i) {
		return State{}, 0, false
	}
	switch t.Text {
	case "up":
		if next := r.text(i + 1); next == "to" || next == "from" {
			return State{}, 0, false
		}
	case "down":
		if r.text(i+1) == "to" || r.text(i+1) == "from" {
			return State{}, 0, false
		}
	}
	s, n, _ = at(w.name, w.health, 1)
	if r.negated(i) {
		switch w.name {
		case "ready", "healthy", "up", "active", "enabled":
			s.Name, s.Health = "not_"+w.name, Failing
		default:
			s.Negated, s.Health = true, -w.health
		}
	}
	return s, n, true
}

// Change is a passage from one value or state to another.
type Change struct {
	From, To string // in the message's words; From may be empty
	When     string // when it is said to have happened, in the message's words; may be empty
	Span
}

const mostChanges = 8

// Changes finds "from A to B", "A -> B", "changed state to B", "went down" and the like.
func (r *Reading) Changes() []Change {
	var found []Change
	when := ""
	add := func(from, to string, at Span) {
		if to == "" && from == "" || len(found) >= mostChanges || len(found) > 0 && at.Start < found[len(found)-1].End {
			return
		}
		if when == "" {
			when = r.When()
		}
		found = append(found, Change{from, to, when, at})
	}
	for i := range r.Tokens {
		t := &r.Tokens[i]
		if t.Start >= len(r.Message) {
			break
		}
		for _, arrow := range [...]string{"->", "=>", "→"} {
			gap := r.Message[t.End:min(len(r.Message), t.End+8)]
			if at := strings.Index(gap, arrow); at >= 0 && strings.Trim(gap[:at], " '\")") == "" {
				from := t.Start
				for from > 0 && t.Start-from < mostValue && r.Message[from-1] > ' ' && strings.IndexByte("'\"(=[", r.Message[from-1]) < 0 {
					from--
				}
				to, end := r.valueFrom(t.End + at + len(arrow))
				add(strings.TrimRight(r.Message[from:t.End], ".,:;"), to, Span{from, end})
				break
			}
		}
		switch t.Text {
		case "from":
			from, end := r.valueFrom(t.End)
			if rest := r.Text[min(end, len(r.Text)):]; from != "" && strings.HasPrefix(strings.TrimLeft(rest, "'\""), " to ") {
				to, last := r.valueFrom(end + strings.Index(rest, " to ") + 4)
				add(from, to, Span{t.Start, last})
			}
		case "to":
			switch r.text(i - 1) {
			case "state", "status", "changed", "transitioned", "switched", "set", "moved", "role", "went", "mode":
				to, end := r.valueFrom(t.End)
				add("", to, Span{r.Tokens[i-1].Start, end})
			}
		case "went", "became", "becomes", "goes", "turned", "entered", "now", "entering":
			if i+1 < len(r.Tokens) {
				if s, n, ok := r.stateAt(i + 1); ok {
					add("", r.raw(s.Span), Span{t.Start, r.Tokens[i+n].End})
				}
			}
		}
	}
	return found
}

// valueFrom is the field that starts after an offset, without its quotes, and where it ends.
func (r *Reading) valueFrom(from int) (string, int) {
	text := r.Message
	for from < len(text) && strings.IndexByte(" \t'\"`([:=", text[from]) >= 0 {
		from++
	}
	end := from
	for end < len(text) && end-from < mostValue && text[end] > ' ' && strings.IndexByte("'\"`)],;", text[end]) < 0 {
		end++
	}
	for end > from && strings.IndexByte(".:!", text[end-1]) >= 0 {
		end--
	}
	return text[from:end], end
}

// When is the words by which a message says when it happened or since when, empty where it does not: "at 10:04", "5 minutes ago".
func (r *Reading) When() string {
	for i := range r.Tokens {
		t := &r.Tokens[i]
		switch t.Text {
		case "at", "since", "on", "until":
			if i+1 >= len(r.Tokens) || !r.Tokens[i+1].Number() && !weekday(r.Tokens[i+1].Text) || r.Tokens[i+1].Start != t.End+1 {
				continue
			}
			v, end := r.valueFrom(t.End)
			if weekday(r.Tokens[i+1].Text) || isTime(Lower(v)) {
				return r.Message[t.Start:end]
			}
			if isDate(Lower(v)) {
				if next, last := r.valueFrom(end); isTime(Lower(next)) && last-end <= 16 {
					end = last
				}
				return r.Message[t.Start:end]
			}
			if t.Text == "since" {
				for _, q := range r.Quantities() {
					if q.Start == r.Tokens[i+1].Start && q.Unit == Seconds {
						return r.Message[t.Start:q.End]
					}
				}
			}
		case "ago":
			for _, q := range r.Quantities() {
				if q.Unit == Seconds && t.Start-q.End <= 1 && t.Start >= q.End {
					return r.Message[q.Start:t.End]
				}
			}
		case "yesterday", "gestern", "hier", "ayer", "вчера":
			return r.raw(Span{t.Start, t.End})
		}
	}
	return ""
}

func weekday(s string) bool {
	switch s {
	case "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon", "tue", "wed", "thu", "fri", "sat", "sun":
		return true
	}
	return false
}

// Tense says whether a message tells what was, is, or will be.
type Tense int8

// The tenses.
const (
	Present Tense = iota
	Past          // it was, and is no longer: "has recovered", "was down for 3 minutes"
	Future        // it will be: "will be full in 4 hours", "expires in 14 days"
)

// Tense reads the tense of what the message tells. A message that tells of present trouble as well is of the present.
func (r *Reading) Tense() Tense {
	future, was, present := false, false, false
	for i := range r.Tokens {
		t := &r.Tokens[i]
		switch t.Text {
		case "will", "soon", "predicted", "forecast", "projected", "expects", "upcoming", "wird", "sera", "будет":
			future = true
		case "expires", "expire", "due", "expiring", "fills", "exhausted", "full":
			if n := r.text(i + 1); n == "in" || n == "on" || n == "within" || n == "soon" {
				future = true
			}
		case "was", "were", "had", "war", "était", "estaba":
			was = true
		case "is", "are", "still", "now", "currently":
			present = present || !r.presentOfFuture(i)
		}
		if t.is(restored) && !r.negated(i) && !r.vain(i) {
			return Past
		}
	}
	switch {
	case future && !(present && r.Polarity(0) == Failing && !was):
		return Future
	case was && !present:
		return Past
	}
	return Present
}

// presentOfFuture says that "is" only leads to a future: "is expected", "is going to", "is predicted".
func (r *Reading) presentOfFuture(i int) bool {
	switch r.text(i + 1) {
	case "expected", "going", "predicted", "projected", "about", "due", "forecast", "likely":
		return true
	}
	return false
}
