package reading

import (
	"strconv"
	"strings"
)

// measure is a number with the words that it speaks about, and what it says about them: "throttled requests 0" is well, "80 of 80
// connections in use" is not. Numbers that nothing is compared with say nothing.
type measure struct {
	from, to int // tokens it speaks about, both included
	at       int // the number
	health   Polarity
}

// What counts as little, plenty and too much. They are wide: a number between them says nothing by itself.
const (
	roomy     = 0.75 // of a capacity
	tight     = 0.95
	trifling  = 0.001 // of what failed
	almostAll = 0.99  // of many, of what succeeded
	many      = 100
	quick     = 0.05 // seconds that any thing may take
	prompt    = 0.5  // seconds to answer
	fresh     = 10   // seconds behind
	stale     = 600
	few       = 10 // things that wait
	crowd     = 10000
)

// mostMeasures bounds how many numbers of a message are judged.
const mostMeasures = 24

// measures judges the numbers of the message.
func (r *Reading) measures() (found []measure) {
	for i := 0; i < len(r.Tokens) && len(found) < mostMeasures; {
		if !r.Tokens[i].Number() || r.Tokens[i].Start >= len(r.Text) {
			i++
			continue
		}
		m, next := r.measure(i)
		if m.health != Neutral {
			found = append(found, m)
		}
		i = max(next, i+1)
	}
	return found
}

// amount is a number as a measure reads it.
type amount struct {
	value, whole float64 // whole is 0 where the number is no part of one
	unit         Measure // empty where it has none
	next         int     // the token after it
}

// measure judges the number that starts at a token, and gives the token after it.
func (r *Reading) measure(i int) (measure, int) {
	a, ok := r.amountAt(i)
	if !ok {
		return measure{}, r.skipNumber(i)
	}
	from, to := r.clauseFrom(i, 7), r.clauseTo(a.next-1, 4)
	m := measure{from: from, to: to, at: i}
	if k := r.exitLabel(i); k >= 0 {
		m.from, m.to, m.health = k, i, Failing
		if a.value == 0 {
			m.health = Healthy
		}
		return m, a.next
	}
	switch {
	case a.whole > 0:
		m.health = r.judgeShare(from, to, a)
	case a.unit == Seconds:
		m.health = r.judgeDelay(from, to, a)
		m.to = a.next - 1
	case a.unit == "":
		m.health = r.judgeCount(&m, a)
	}
	if m.health == Healthy && a.whole != 1 && r.compared(from, to) {
		m.health = Neutral
	}
	return m, a.next
}

// amountAt reads "4,980 of 5,210", "6/6", "22 %", "0.4 ms", "7.9 GB of 8 GB", "17".
func (r *Reading) amountAt(i int) (a amount, ok bool) {
	start := r.Tokens[i].Start
	if start > 0 && (strings.IndexByte("/_.\\#@", r.Text[start-1]) >= 0 || r.Text[start-1] == '-' || r.Text[start-1] == ':' ||
		isWord(r.Text[start-1])) {
		return a, false // part of an address, a date, a name
	}
	value, end, ok := r.numeral(start)
	if !ok {
		return a, false
	}
	sc, end, ok := r.unitAfter(end)
	if !ok {
		return a, false
	}
	a.unit, a.value = sc.unit, value*sc.factor
	if a.unit == Percentage {
		a.whole = 1
	} else if whole, last, found := r.wholeAfter(end, sc.unit); found && whole >= a.value && whole > 0 {
		a.whole, end = whole, last
	} else if end < len(r.Text) && strings.IndexByte("/:-_", r.Text[end]) >= 0 && isWord(r.char(end+1)) {
		return a, false
	}
	a.next = i + 1
	for a.next < len(r.Tokens) && r.Tokens[a.next].Start < end {
		a.next++
	}
	return a, true
}

var thousands = strings.NewReplacer(",", "", " ", "")

// numeral reads digits with commas or spaces between thousands and a decimal point.
func (r *Reading) numeral(start int) (value float64, end int, ok bool) {
	for end = start; isDigit(r.char(end)); end++ {
	}
	if end == start || end-start > 15 {
		return 0, end, false
	}
	if end-start <= 3 {
		for (r.char(end) == ',' || r.char(end) == ' ') && end+4 <= len(r.Text) && allDigits(r.Text[end+1:end+4]) && !isWord(r.char(end+4)) {
			end += 4
		}
	}
	if r.char(end) == '.' && isDigit(r.char(end+1)) {
		for end++; isDigit(r.char(end)); end++ {
		}
		if r.char(end) == '.' && isDigit(r.char(end+1)) {
			return 0, end, false // an address, a version
		}
	}
	value, err := strconv.ParseFloat(thousands.Replace(r.Text[start:end]), 64)
	return value, end, err == nil
}

// unitAfter reads the unit that follows a number; not ok where letters follow that are none.
func (r *Reading) unitAfter(end int) (scale, int, bool) {
	at := end
	if r.char(at) == ' ' {
		at++
	}
	if r.char(at) == '%' {
		return scale{Percentage, 0.01}, at + 1, true
	}
	to := at
	for to < len(r.Text) && to-at < 8 && (isLetter(r.Text[to]) || r.Text[to] >= 0x80) {
		to++
	}
	if sc, ok := r.unit(at, to, at == end); ok && !isWord(r.char(to)) {
		return sc, to, true
	}
	return scale{"", 1}, end, at > end || to == at
}

// wholeAfter reads what a number is a part of: "of 12", "out of 12", "of limit 12", "/12", with the unit of the part.
func (r *Reading) wholeAfter(end int, unit Measure) (whole float64, last int, ok bool) {
	at := end
	if r.char(at) == '/' {
		at++
	} else {
		rest := r.Text[min(end, len(r.Text)):]
		cut := strings.TrimPrefix(strings.TrimPrefix(rest, " out"), " of ")
		for _, word := range [...]string{"the ", "all ", "its ", "limit ", "max "} {
			cut = strings.TrimPrefix(cut, word)
		}
		if at += len(rest) - len(cut); at == end {
			return 0, end, false
		}
	}
	if whole, last, ok = r.numeral(at); !ok {
		return 0, end, false
	}
	sc, to, ok := r.unitAfter(last)
	if !ok || sc.unit != unit && sc.unit != "" && unit != "" || strings.IndexByte("/-", r.char(to)) >= 0 && isWord(r.char(to+1)) {
		return 0, end, false
	}
	if sc.unit != "" {
		last = to
	}
	return whole * sc.factor, last, true
}

// clauseFrom is the first token of the clause of a token, at most n before it. A colon right before the token belongs to it.
func (r *Reading) clauseFrom(i, n int) int {
	from := i
	for from > 0 && i-from < n {
		between := r.Text[r.Tokens[from-1].End:min(r.Tokens[from].Start, len(r.Text))]
		if parts(between) && !(from == i && strings.TrimLeft(between, " \"'") == ": ") {
			break
		}
		from--
	}
	return from
}

// subjectFrom is clauseFrom beyond a colon: with what is spoken of.
func (r *Reading) subjectFrom(i int) int {
	from := r.clauseFrom(i, 8)
	if from > 0 && r.char(r.Tokens[from-1].End) == ':' {
		from = r.clauseFrom(from-1, 4)
	}
	return from
}

// clauseTo is the last token of the clause of a token, at most n after it.
func (r *Reading) clauseTo(i, n int) int {
	to := i
	for to+1 < len(r.Tokens) && to-i < n && r.Tokens[to+1].Start < len(r.Text) {
		if parts(r.Text[r.Tokens[to].End:r.Tokens[to+1].Start]) {
			break
		}
		to++
	}
	return to
}

// parts is beyondClause, but for what stands within a number or a name: "4,980", "8.2".
func parts(between string) bool {
	return between != "," && between != "." && between != ":" && beyondClause(between)
}

// among says that a word of a class stands among tokens, unless it is part of a name.
func (r *Reading) among(from, to int, c class) bool {
	for k := from; k <= to; k++ {
		if t := &r.Tokens[k]; t.is(c) && (t.is(c&^(bad|good)) || !bare(t.Text)) && !r.isName(k) {
			return true
		}
	}
	return false
}

// judgeShare judges a part of a whole by what it is a part of: of what failed, of a capacity, of what is to be well.
func (r *Reading) judgeShare(from, to int, a amount) Polarity {
	share := a.value / a.whole
	percent := a.unit == Percentage
	attained := r.among(from, to, attained|good) || r.among(from, to, wanted)
	for k := from; k <= to && attained; k++ {
		if r.Tokens[k].is(turned) && !r.Tokens[k].Number() {
			return Neutral // "3 of 8 not joined": the words say it
		}
	}
	switch used := r.among(from, to, capacity); {
	case r.among(from, to, left), used && r.among(from, to, available):
		return Neutral
	case r.ails(from, to):
		switch {
		case share == 0:
			return Healthy
		case share < trifling || percent && (share < 0.01 || !r.among(from, to, bad)):
			return Neutral
		}
		return Failing
	case used:
		switch {
		case share >= tight && (a.whole >= few || percent || a.unit != "" || a.whole < 1.5):
			return Failing
		case share < roomy:
			return Healthy
		}
		return Neutral
	case percent:
		return Neutral
	case !attained:
		return Neutral
	case share == 1:
		return Healthy
	case (share < almostAll || a.whole < many):
		return Failing
	}
	return Neutral
}

// ails says that a word of trouble stands among tokens, other than those that a capacity is said to be full by.
func (r *Reading) ails(from, to int) bool {
	for k := from; k <= to; k++ {
		if t := &r.Tokens[k]; t.is(bad|burden) && !t.is(capacity) && !bare(t.Text) && !r.isName(k) {
			return true
		}
	}
	return false
}

// judgeDelay judges a time by what it is the time of.
func (r *Reading) judgeDelay(from, to int, a amount) Polarity {
	for k := from; k <= to; k++ {
		t := &r.Tokens[k]
		switch {
		case !t.is(delay) || r.isName(k):
		case a.value <= quick, a.value <= prompt && !t.is(sway), a.value <= fresh && t.is(burden):
			return Healthy
		case a.value >= stale && t.is(burden):
			return Failing
		}
	}
	return Neutral
}

// judgeCount judges a bare number: none or few of what burdens, none of what is trouble.
func (r *Reading) judgeCount(m *measure, a amount) Polarity {
	m.from = max(m.from, m.at-5)
	label := m.from < m.at && (a.next > m.to || r.Tokens[a.next].Start >= len(r.Text) || !r.adjoins(a.next) || r.Tokens[a.next].is(about) ||
		r.text(a.next) == "in" || r.text(a.next) == "per" || r.text(a.next) == "for" || r.text(a.next) == "since")
	if label {
		m.to = m.at
	} else {
		m.from = m.at
	}
	if m.from == m.to {
		return Neutral
	}
	switch {
	case a.value == 0 && (r.among(m.from, m.to, bad|burden) || r.among(r.subjectFrom(m.at), m.at, burden)):
		return Healthy
	case a.value >= crowd && r.among(r.subjectFrom(m.at), r.clauseTo(a.next-1, 2), burden) && !r.among(m.at, r.clauseTo(m.at, 4), attained):
		return Failing
	case a.value > 0 && r.ailing(*m, a, label) && !r.past(m.at) && !r.compared(m.from, m.to):
		return Failing
	case a.value < few && label && (r.Tokens[m.at-1].is(burden) || r.among(m.from, m.to, burden) && !r.among(m.from, m.to, delay)):
		return Healthy
	}
	return Neutral
}

// ailing says that a number counts what is trouble by itself: "31 errors", "errors: 31".
func (r *Reading) ailing(m measure, a amount, label bool) bool {
	k := a.next
	if label {
		k = m.at - 1
	}
	if k < 0 || k >= len(r.Tokens) {
		return false
	}
	t := &r.Tokens[k]
	return t.is(bad) && !bare(t.Text) && !t.is(predicate) && (t.is(burden) && a.value >= few || t.Text[len(t.Text)-1] == 's') && !r.isName(k)
}

// adjoins says that a token follows the one before it with nothing but a space between.
func (r *Reading) adjoins(i int) bool {
	return r.Tokens[i].Start-r.Tokens[i-1].End <= 2 && strings.Trim(r.Text[r.Tokens[i-1].End:r.Tokens[i].Start], " %") == ""
}

// compared says that a number is set against another, so that its size alone tells nothing.
func (r *Reading) compared(from, to int) bool {
	for k := from; k < len(r.Tokens) && k <= to+4; k++ {
		switch r.Tokens[k].Text {
		case "normal", "usual", "base", "usually", "normally":
			if k+1 < len(r.Tokens) && r.Tokens[k+1].Number() {
				return true
			}
		}
	}
	for k := from; k <= to; k++ {
		switch r.Tokens[k].Text {
		case "vs", "versus", "against", "instead", "baseline", "expected", "above", "over", "exceeds", "exceeded",
			"than", "minimum", "was":
			return true
		}
	}
	return false
}

// exitLabel is where the words begin that make a number the result of a run: "exit code 1", "rc=12", "ended with status 2"; -1 if none do.
func (r *Reading) exitLabel(i int) int {
	if i == 0 {
		return -1
	}
	gap := r.Text[r.Tokens[i-1].End:r.Tokens[i].Start]
	if strings.Trim(gap, " =:\"'") != "" || len(gap) > 3 {
		return -1
	}
	switch r.text(i - 1) {
	case "rc", "retcode", "exitcode":
		return i - 1
	case "code", "status", "result":
		for k := i - 2; k >= 0 && k >= i-4; k-- {
			switch r.text(k) {
			case "exit", "exited", "return", "ended", "terminated", "completion", "condition", "finished":
				return k
			case "with", "a", "and", "its":
			default:
				return -1
			}
		}
	}
	return -1
}
