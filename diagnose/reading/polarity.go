package reading

import (
	"strings"

	"corax"
)

// Polarity is what a message says about health.
type Polarity int8

// The polarities.
const (
	Healthy Polarity = iota - 1
	Neutral
	Failing
)

// What a word or a code adds to the score of a message.
const (
	someTrouble = 1
	codeTrouble = 2
	sureTrouble = 3
)

// How much evidence of a mechanism makes a message trouble: where its words say nothing, and where they sound well or its level is calm.
const (
	likely = 3.0
	surely = 6.0
)

// Polarity weighs what the message says of trouble against what it says of health. Evidence is the weight of the strongest sign of a
// mechanism in the message; signs within a statement that all is well (Assures) are none.
func (r *Reading) Polarity(evidence float64) Polarity {
	switch r.Signal.KindOr() {
	case corax.Recovery, corax.Expiry:
		return Healthy
	}
	b := r.weighed()
	switch calm := r.calm(); {
	case r.Signal.Attributes["class"] != "", r.Signal.Kind == corax.Symptom: // the source knows
		return Failing
	case b.well >= 0 && (b.well > b.trouble || r.heads(b.well)):
		return Healthy
	case b.score <= -1 && !b.sure && evidence < surely:
		return Healthy
	case calm && !b.sure && evidence < surely && !(b.stated && b.score > 0):
		return Neutral
	case b.score > 0, b.score == 0 && r.Level() >= Error, evidence >= likely && r.Signal.Kind != corax.ChangeOf:
		return Failing
	}
	return Neutral
}

// Negated says that the words before a token turn its meaning: "no packet loss", "without errors", "0 of 7 failed".
func (r *Reading) Negated(token int) bool {
	return token >= 0 && token < len(r.Tokens) && r.negated(token)
}

func (r *Reading) negated(i int) bool {
	t := &r.Tokens[i]
	for k := i - 1; k >= 0 && k >= i-3; k-- {
		n := &r.Tokens[k]
		if beyondClause(r.Text[n.End:r.Tokens[k+1].Start]) {
			return false
		}
		switch {
		case n.Number():
			if r.zeroAt(k) {
				return true
			}
		case n.Text == "n", n.Text == "t" && (k == 0 || !r.Tokens[k-1].is(turned) && r.Tokens[k-1].Text != "can" || n.Start-r.Tokens[k-1].End > 3):
			// a letter, not what is left of "n't"
		case n.is(turned) && n.Text != "null":
			if n.Text == "no" && (n.End < len(r.Text) && r.char(n.End) == '.' || r.text(k+1) == "longer" && !t.is(bad|good|wanted)) {
				return false // "No. 7"
			}
			if n.Text == "non" {
				return k == i-1
			}
			return k >= i-2 || n.Text == "no" || n.Text == "without" || n.Text == "zero"
		case n.is(about), n.is(bad) && !n.is(good) && k < i-1:
			return false
		}
	}
	return false
}

// negatedAt is negated for the token at an offset.
func (r *Reading) negatedAt(start int) bool {
	i := r.tokenAt(start)
	if i >= len(r.Tokens) || r.Tokens[i].is(turned) {
		return false
	}
	return r.negated(i) || r.noneAfter(i)
}

// zeroAt says that the number that ends at token k is zero, alone or as the part of a ratio: "0", "0.0 %", "0/7", "0 out of 7".
func (r *Reading) zeroAt(k int) bool {
	from := k
	for from > 0 && r.Tokens[from-1].Number() && r.Tokens[from].Start == r.Tokens[from-1].End+1 && r.char(r.Tokens[from].Start-1) == '.' {
		from--
	}
	zeros := true
	for i := from; i <= k; i++ {
		zeros = zeros && strings.Trim(r.Tokens[i].Text, "0") == ""
	}
	before := byte(' ')
	if at := r.Tokens[from].Start; at > 0 {
		before = r.Text[at-1]
	}
	if after := r.Tokens[k].End; after+1 < len(r.Text) && strings.IndexByte("./:-", r.Text[after]) >= 0 && isWord(r.Text[after+1]) {
		return false
	}
	switch {
	case before == '/' && from > 0:
		part := &r.Tokens[from-1]
		return strings.Trim(part.Text, "0") == "" && part.End+1 == r.Tokens[from].Start &&
			(part.Start == 0 || strings.IndexByte("/-.", r.char(part.Start-1)) < 0 && !isWord(r.char(part.Start-1)))
	case before == ':' || before == '-' || before == '.':
		return false
	case zeros:
		return true
	}
	if from > 1 && r.Tokens[from-1].Text == "of" {
		from -= 2
		if from > 0 && r.Tokens[from].Text == "out" {
			from--
		}
		return r.Tokens[from].Text == "0"
	}
	return false
}

// noneAfter says that a value of none follows: "errors=0", "error: nil", "0 % loss" the other way round.
func (r *Reading) noneAfter(i int) bool {
	if i+1 >= len(r.Tokens) || !r.Tokens[i+1].is(zero) {
		return false
	}
	t, next := &r.Tokens[i], &r.Tokens[i+1]
	if next.Start <= t.End || next.Start-t.End > 4 || next.Start > len(r.Text) {
		return false
	}
	between := r.Text[t.End:next.Start]
	if next.End+1 < len(r.Text) && strings.IndexByte("./:-x", r.char(next.End)) >= 0 && isWord(r.char(next.End+1)) {
		return next.Text == "0" && strings.Trim(r.text(i+2), "0") == "" // "0.00"
	}
	if next.Text == "0" {
		return strings.Trim(between, " =:\"'") == "" && !strings.HasPrefix(strings.TrimLeft(r.Text[next.End:], " "), "of ")
	}
	return strings.ContainsAny(between, "=:") && strings.Trim(between, " =:\"'<") == "" && (next.Text != "no" || r.alone(i+1))
}

// denied says that a good word has a value that takes it back: "ready=false".
func (r *Reading) denied(i int) bool {
	for k := i + 1; k <= i+2 && k+1 < len(r.Tokens); k++ { // "healthy targets 0/3"
		if r.Tokens[k].Text == "0" && r.char(r.Tokens[k].End) == '/' && r.Tokens[k+1].Number() && r.char(r.Tokens[k].Start-1) != '/' {
			return true
		}
	}
	if !r.noneAfter(i) {
		return false
	}
	return r.Tokens[i+1].Text != "none" && r.Tokens[i+1].Text != "empty"
}

// hollow says that a good word says nothing by itself: "success rate", "completed with errors", "ready to".
func (r *Reading) hollow(i int) bool {
	switch r.text(i + 1) {
	case "rate", "ratio", "with", "threshold", "check", "probe":
		return true
	}
	if r.Tokens[i].Text == "available" {
		switch r.text(i - 1) {
		case "is", "are", "now", "again", "fully", "becomes", "became":
		default: // "available space" says nothing, "instance available" does
			return !r.alone(i) || i > 0 && (r.Tokens[i-1].is(capacity|chores|plain|left) || r.Tokens[i-1].Number())
		}
	}
	if i+1 < len(r.Tokens) && r.Tokens[i+1].is(predicate) && r.Tokens[i+1].Start-r.Tokens[i].End == 1 {
		return true // "recovery failed"
	}
	return i > 0 && r.Tokens[i-1].is(bad) && r.Tokens[i-1].is(predicate) && !beyondClause(r.Text[r.Tokens[i-1].End:r.Tokens[i].Start])
}

// alone says that a word ends its clause.
func (r *Reading) alone(i int) bool {
	return i+1 == len(r.Tokens) || r.Tokens[i+1].Start >= len(r.Text) || beyondClause(r.Text[r.Tokens[i].End:r.Tokens[i+1].Start])
}

// supposed says that a word of trouble is about what may be: "on failure", "if it fails", "in case of errors".
func (r *Reading) supposed(i int) bool {
	t := &r.Tokens[i]
	for k := i - 1; k >= 0 && k >= i-3; k-- {
		if beyondClause(r.Text[r.Tokens[k].End:r.Tokens[k+1].Start]) {
			return false
		}
		switch r.Tokens[k].Text {
		case "if", "case", "should", "unless":
			return true
		case "on", "upon", "for":
			if k == i-1 && (t.Stem == "failur" || t.Stem == "error" || t.Stem == "timeout") {
				return true
			}
		}
	}
	// A setting: "timeout=30s", "retry-timeout: 5".
	if t.Stem == "timeout" && i+1 < len(r.Tokens) && r.Tokens[i+1].Number() {
		return strings.Trim(r.Text[t.End:min(len(r.Text), r.Tokens[i+1].Start)], " \"'") == "="
	}
	return false
}

// strained says that a word leads to what is more or less than it should be: "too many", "running low", "above the threshold".
func (r *Reading) strained(i int) bool {
	next := r.text(i + 1)
	if next == "the" || next == "its" {
		next = r.text(i + 2)
	}
	switch r.Tokens[i].Text {
	case "too":
		switch next {
		case "many", "high", "low", "long", "large", "few", "slow", "big", "old", "small", "late", "hot", "much", "little", "far", "great", "often":
			return true
		}
	case "running":
		return next == "low" || next == "out" || next == "hot"
	case "almost", "nearly":
		return next == "out" || next == "exhausted" || next == "full"
	default:
		switch next {
		case "threshold", "limit", "maximum", "minimum", "budget", "target", "slo", "sla", "baseline":
			return true
		}
	}
	return false
}

// nearlyAll says that a token is a percentage from 90 up.
func (r *Reading) nearlyAll(i int) bool {
	if n := r.text(i); len(n) != 2 || n[0] != '9' || !isDigit(n[1]) {
		if n != "100" {
			return false
		}
	}
	at := r.Tokens[i].End
	if r.char(at) == '.' {
		for at++; isDigit(r.char(at)); at++ {
		}
	}
	return r.char(at) == '%' || r.char(at) == ' ' && r.char(at+1) == '%'
}

// farOff says that what expires does so in more than a month.
func (r *Reading) farOff(i int) bool {
	const month = 30 * 24 * 3600
	if i < 0 || r.text(i+1) != "in" || r.text(i) == "expired" {
		return false
	}
	for _, q := range r.Quantities() {
		if q.Unit == Seconds && q.Start > r.Tokens[i].End {
			return q.Value > month
		}
	}
	return false
}

// isName says that a word is part of a name and says nothing: "error-service", "/var/log/error.log", "failure detector".
func (r *Reading) isName(i int) bool {
	t := &r.Tokens[i]
	if r.inName(r.subject, t) || r.quoted(i) {
		return true
	}
	for k := range r.Mentions {
		if r.inName(r.Mentions[k].Span, t) {
			return true
		}
	}
	if i+1 < len(r.Tokens) {
		next := &r.Tokens[i+1]
		if next.Start == t.End+1 && next.Start <= len(r.Text) {
			switch r.char(t.End) {
			case '-', '_', '.':
				if next.is(holds | kinds) {
					return true
				}
			case ' ':
				if next.is(thing) && !next.is(bad) {
					return true
				}
			}
		}
	}
	if t.Start == 0 || strings.IndexByte("/._-\\", r.char(t.Start-1)) < 0 {
		return false
	}
	from := t.Start
	for from > 0 && t.Start-from < 120 && r.Text[from-1] > ' ' && strings.IndexByte("\"'=,;()[]{}<>|", r.Text[from-1]) < 0 {
		from--
	}
	field := r.Text[from:t.Start]
	return field[0] == '/' || strings.Contains(field, "://") || strings.Contains(field, `:\`)
}

// inName says that a token is within a name of one piece.
func (r *Reading) inName(name Span, t *Token) bool {
	return name.Start <= t.Start && t.End <= name.End && t.End-t.Start < name.End-name.Start &&
		strings.IndexByte(r.Text[name.Start:name.End], ' ') < 0
}

// besideTrouble says that a word only goes with a word of trouble, which is what is turned: "no response errors", "no errors found".
func (r *Reading) besideTrouble(i int) bool {
	if i > 0 && r.Tokens[i-1].is(bad) {
		return true
	}
	return i+1 < len(r.Tokens) && r.Tokens[i+1].is(bad) && !r.Tokens[i+1].is(predicate) && r.Tokens[i+1].Start-r.Tokens[i].End == 1
}

// returns says that "back" or "again" tells that something is well again: "is back up", "back to normal", "reachable again".
func (r *Reading) returns(i int) bool {
	if r.negated(i) || r.vain(i) {
		return false
	}
	if r.Tokens[i].Text == "back" {
		switch r.text(i + 1) {
		case "up", "online", "normal", "healthy", "available", "running":
			return true
		case "to", "in", "within", "below", "under":
			n := r.text(i + 2)
			return n == "normal" || n == "service" || n == "healthy" || n == "limits" || n == "threshold" || n == "green"
		}
		return false
	}
	for k := i - 1; k >= 0 && k >= i-3; k-- {
		t := &r.Tokens[k]
		switch t.Text {
		case "up", "online", "running", "working", "reachable", "responding", "answers", "answering", "works", "serving":
			return true
		}
		if t.is(good) {
			return true
		}
		if t.is(bad) {
			return false
		}
	}
	return false
}

// bare says that a word has the stem of a word of health or of trouble and is none: "queue" is not "queued", "recovery" achieved nothing.
func bare(text string) bool {
	switch text {
	case "health", "restore", "resolve", "recover", "recovery", "renew", "accept", "clear", "deliver", "synchronize", "pass", "normalize",
		"read", "reads", "queue", "queues", "block", "blocks", "interrupt", "interrupts", "resolves",
		"accepts", "delivers", "delivery", "restores", "listen", "listens", "resume", "rejoin", "reconnect":
		return true
	}
	return false
}

// isUp says that "up" is a state: "changed state to up", "is up", "neighbor 10.0.0.1 Up".
func (r *Reading) isUp(i int) bool {
	t := &r.Tokens[i]
	if i+1 < len(r.Tokens) {
		next := &r.Tokens[i+1]
		if next.Text == "to" || next.Text == "from" || next.Number() || strings.IndexByte(" .,", r.char(t.End)) < 0 {
			return false
		}
	}
	if r.negated(i) || r.vain(i) {
		return false
	}
	switch r.text(i - 1) {
	case "to", "is", "now", "are", "link", "came", "comes", "interface", "state", "status":
		return true
	}
	return i > 0 && r.Message[t.Start:t.End] == "Up"
}

// vain says that what would be well again is not: "failed to be restored", "could not be resolved".
func (r *Reading) vain(i int) bool {
	if strings.HasSuffix(r.Tokens[i].Text, "ing") {
		return true // it only tries
	}
	for k := i - 1; k >= 0 && k >= i-4; k-- {
		t := &r.Tokens[k]
		if beyondClause(r.Text[t.End:r.Tokens[k+1].Start]) {
			return false
		}
		if t.Stem == "fail" || t.Text == "cannot" || t.Text == "unable" || t.Text == "until" || t.Text == "not" || t.Text == "if" ||
			t.Text == "when" || t.Text == "once" || t.Text == "be" && k > 0 && r.Tokens[k-1].Text == "to" || t.Text == "being" {
			return true
		}
	}
	return false
}

// past says that a word of trouble tells what was: "after a timeout", "recovered from errors", "was down".
func (r *Reading) past(i int) bool {
	for k := i - 1; k >= 0 && k >= i-4; k-- {
		t := &r.Tokens[k]
		if beyondClause(r.Text[t.End:r.Tokens[k+1].Start]) {
			return false
		}
		switch t.Text {
		case "after", "from", "following", "previous", "previously", "earlier":
			return true
		case "was", "were", "been":
			return k >= i-2
		}
	}
	return false
}

// heads says that the word stands where a monitor puts its verdict: "RESOLVED: ...", "[RECOVERED] ...".
func (r *Reading) heads(i int) bool {
	t := &r.Tokens[i]
	if i > 1 || t.End >= len(r.Message) {
		return false
	}
	return r.written(t.End) == ']' || r.written(t.End) == ':' || strings.HasPrefix(r.Message[t.End:], " -") ||
		r.Message[t.Start:t.End] == strings.ToUpper(t.Text)
}

// beyondClause says that the text between two words ends a clause.
func beyondClause(between string) bool {
	for i := range len(between) {
		switch between[i] {
		case ',', ';', '!', '?', '\n':
			return true
		case '.', ':':
			if i+1 == len(between) || between[i+1] == ' ' {
				return true
			}
		}
	}
	return false
}
