package reading

// balance is what the words, codes and numbers of a message weigh together.
type balance struct {
	score         int
	sure, stated  bool   // trouble beyond doubt; a failure is stated rather than named
	measured      bool   // a number or a status shows it
	trouble, well int    // the last token of each, -1 for none
	marks         []mark // in the order of the text
}

// mark is a token that says something about health: trouble, well, or (0) that what happens was meant to.
type mark struct {
	token int
	sign  int8
}

// weighed is the message's balance; it is found once.
func (r *Reading) weighed() *balance {
	if r.done&doneBalance == 0 {
		r.done |= doneBalance
		r.balance = balance{trouble: -1, well: -1}
		r.weigh(&r.balance)
	}
	return &r.balance
}

func (b *balance) add(i, value int) {
	b.score += value
	switch {
	case value > 0:
		b.marks = append(b.marks, mark{i, -1})
	case value < 0:
		b.marks = append(b.marks, mark{i, 1})
	}
}

// fails adds trouble that a token tells of.
func (b *balance) fails(i, value int, stated bool) {
	b.add(i, value)
	b.trouble, b.stated = i, b.stated || stated
}

// weigh fills the balance: numbers first, for they turn the words that they are about.
func (r *Reading) weigh(b *balance) {
	measures := r.measures()
	for i := range r.Tokens {
		t := &r.Tokens[i]
		if t.word == nil || t.word.class&(bad|strong|good|restored|wanted) == 0 {
			r.weighPlain(b, i)
			continue
		}
		r.weighWord(b, i, measures)
	}
	for _, m := range measures {
		switch m.health {
		case Healthy:
			b.marks = append(b.marks, mark{m.at, 1})
		case Failing:
			b.fails(m.at, codeTrouble, true)
			b.measured = true
		}
	}
	r.weighPhrases(b)
	for _, c := range r.Codes() {
		if c.Class != NoError && !r.negatedAt(c.Start) && !(c.Class == TLSExpired && r.farOff(r.tokenAt(c.End)-1)) {
			b.add(min(r.tokenAt(c.Start), len(r.Tokens)-1), codeTrouble)
		}
	}
}

// countedTrouble says that a token states how much trouble was found: "12 checksum errors found".
func (r *Reading) countedTrouble(i int) bool {
	if text := r.Tokens[i].Text; text != "found" && text != "detected" || i < 2 || !r.Tokens[i-1].is(bad) || r.negated(i-1) {
		return false
	}
	for k := i - 2; k >= 0 && k >= i-4; k-- {
		if beyondClause(r.Text[r.Tokens[k].End:r.Tokens[k+1].Start]) {
			return false
		}
		if r.Tokens[k].Number() {
			return !r.zeroAt(k)
		}
	}
	return false
}

// weighPlain weighs a word that only its neighbours give a meaning.
func (r *Reading) weighPlain(b *balance, i int) {
	t := &r.Tokens[i]
	switch t.Text {
	case "not", "t": // "could not", "can't": that they do something follows
		switch r.text(i - 1) {
		case "could", "couldn", "did", "didn", "can", "won":
			if r.text(i-2) != "if" && r.text(i+1) != "find" && !r.besideTrouble(i) {
				b.fails(i, someTrouble, true)
			}
		default:
			if r.undone(i + 1) {
				b.fails(i, someTrouble, false)
			}
		}
	case "never":
		if i+1 < len(r.Tokens) && r.adjoins(i+1) && !r.Tokens[i+1].is(bad|good|wanted|unneeded) {
			b.fails(i, someTrouble, false)
		}
	case "too", "running", "above", "over", "below", "under", "beyond", "almost", "nearly":
		if r.strained(i) && !r.negated(i) {
			b.fails(i, someTrouble, false)
		}
	case "usage", "used", "utilization", "utilisation", "occupancy":
		if r.nearlyAll(i + 1) {
			b.fails(i, someTrouble, false)
		}
	case "err", "errno": // "err=-12785"
		if next := r.text(i + 1); r.char(t.End) == '=' && next != "0" && next != "nil" && next != "null" && !r.isName(i) {
			b.fails(i, someTrouble, false)
		}
	case "red", "amber":
		if r.shows(i) {
			b.fails(i, codeTrouble, true)
			b.measured = true
		}
	case "back", "again":
		if r.returns(i) {
			b.add(i, -1)
			if b.trouble < 0 || t.Text == "back" {
				b.well = i
			}
		}
	case "up":
		if r.isUp(i) {
			b.add(i, -1)
			if b.trouble < 0 {
				b.well = i
			}
		}
	}
}

// weighWord weighs a word of trouble or of health.
func (r *Reading) weighWord(b *balance, i int, measures []measure) {
	t := &r.Tokens[i]
	if r.countedTrouble(i) {
		b.fails(i, codeTrouble, true)
		b.measured = true
		return
	}
	value := 0
	switch {
	case t.is(strong):
		value = sureTrouble
	case t.is(bad) && !bare(t.Text):
		value = someTrouble
	case t.is(good) && !bare(t.Text):
		value = -1
	}
	if value != 0 && r.isName(i) {
		return
	}
	turned := r.negated(i)
	switch {
	case value == 0 && !turned && t.is(wanted) && r.noneAfter(i) && r.alone(i+1) && r.Tokens[i+1].Text != "0": // "running: no"
		b.fails(i, codeTrouble, true)
		b.measured = true
		return
	case value == 0 && turned && t.is(wanted) && !r.besideTrouble(i) && !r.choreBefore(i):
		b.fails(i, someTrouble, t.Text != "found" && t.Text != "exist" && t.Stem != "match")
		return
	case value == 0 && t.Text == "running" && !turned && r.strained(i):
		value = someTrouble
	case value == 0 && !t.is(restored):
		return
	case value < 0 && !turned && (r.hollow(i) || r.vain(i) || r.text(i-1) == "from" || r.moved(i)), value < 0 && turned && r.choreBefore(i):
		value = 0
	case value < 0 && r.denied(i):
		b.fails(i, codeTrouble, true)
		return
	case turned, value > 0 && (r.noneAfter(i) || harmless(measures, i)):
		value = -value
	case value > 0 && (r.supposed(i) || t.Stem == "expir" && (r.farOff(i) || r.setting(i)) || r.activity(i) || r.direction(i)):
		value = 0
	case value > 0 && t.is(soft) && r.meantBy(i):
		b.marks = append(b.marks, mark{i, 0})
		value = 0
	}
	if t.is(restored) && !turned && !bare(t.Text) && !r.vain(i) {
		b.well = i
		b.add(i, -1)
	}
	if value < 0 && turned && t.is(soft) {
		b.score += value // "was never dropped" may be what is wrong
		return
	}
	b.add(i, value)
	if value > 0 {
		b.sure = b.sure || value >= sureTrouble
		b.stated = b.stated || t.is(predicate) && t.Text != "exceeds"
		b.measured = b.measured || t.is(predicate) && !t.is(soft) && r.alone(i) && !r.past(i)
		if !r.past(i) {
			b.trouble = i
		}
	}
}

// Measured says that a number, an exit code or a status shows the trouble, whatever the message sounds like.
func (r *Reading) Measured() bool {
	b := r.weighed()
	return b.measured && b.score > 0
}

// harmless says that a number speaks well of a word of trouble: "lag 0.2 s".
func harmless(measures []measure, i int) bool {
	for _, m := range measures {
		if m.health == Healthy && m.from <= i && i <= m.to {
			return true
		}
	}
	return false
}

// weighPhrases marks what no single word says: "in sync", "steady state", "as planned", "opened by m.lind".
func (r *Reading) weighPhrases(b *balance) {
	for i := range r.Tokens {
		t := &r.Tokens[i]
		switch sign, ok := r.phraseAt(i); {
		case ok && sign < 0 && !r.negated(i):
			b.fails(i, someTrouble, false)
		case ok && sign > 0 && !r.negated(i) && !r.vain(i):
			b.add(i, -1)
		case ok && sign == 0, t.is(acted) && r.meantBy(i):
			b.marks = append(b.marks, mark{i, 0})
		}
	}
}

// Assures says that the clauses which a place of the text touches say that all is well or was meant, and nothing of trouble: what stands
// there is no sign of a fault.
func (r *Reading) Assures(at Span) bool {
	b := r.weighed()
	if len(b.marks) == 0 || len(r.Tokens) == 0 {
		return false
	}
	first := min(r.tokenAt(at.Start), len(r.Tokens)-1)
	last := max(first, r.tokenAt(at.End)-1)
	for first > 0 && !r.begins(first) {
		first--
	}
	for last+1 < len(r.Tokens) && !r.begins(last+1) {
		last++
	}
	well := false
	for _, m := range b.marks {
		if m.token < first || m.token > last {
			continue
		}
		if m.sign < 0 {
			return false
		}
		well = true
	}
	return well
}

// begins says that a clause begins at a token. A colon ends none: what stands before it is what is spoken of.
func (r *Reading) begins(i int) bool {
	from, to := r.Tokens[i-1].End, min(r.Tokens[i].Start, len(r.Text))
	if from >= to {
		return from > to || r.Tokens[i].Start >= len(r.Text)
	}
	between := r.Text[from:to]
	return between[0] != ':' && parts(between)
}
