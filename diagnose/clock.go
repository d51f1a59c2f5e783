package diagnose

import "time"

// edge is the first signal of trouble at a time.
func (t *teller) edge(at time.Time) int {
	for _, i := range t.group.incidents {
		for _, s := range t.incidents[i].signals {
			if t.c.Signals[s].At.Equal(at) {
				return s
			}
		}
	}
	return t.incidents[t.group.incidents[0]].signals[0]
}

// clock is a time in words; the date is told once.
func (t *teller) clock(at time.Time) string {
	if at = at.UTC(); !t.dated {
		t.dated = true
		return "at " + at.Format(time.TimeOnly) + " UTC on " + at.Format(time.DateOnly)
	}
	return "at " + at.Format(time.TimeOnly)
}

// at begins a sentence with a time.
func (t *teller) at(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return capital(t.clock(at), "") + " "
}

// since begins a sentence with how long after the first symptom it was.
func (t *teller) since(at time.Time) string {
	from := t.root.scene.from
	switch d := at.Sub(from); {
	case at.IsZero() || from.IsZero():
		return ""
	case d >= time.Second && t.dated:
		return capital(lasting(d), "") + " after the first symptom "
	}
	return t.at(at)
}

// lasting is a length of time in words: 4 seconds, 14 minutes, 3 hours.
func lasting(d time.Duration) string {
	switch {
	case d < 0:
		return lasting(-d)
	case d < 2*time.Minute:
		return count(int(d.Round(time.Second)/time.Second), "second")
	case d < 3*time.Hour:
		return count(int(d.Round(time.Minute)/time.Minute), "minute")
	case d < 72*time.Hour:
		return count(int(d.Round(time.Hour)/time.Hour), "hour")
	}
	return count(int(d.Round(24*time.Hour)/(24*time.Hour)), "day")
}
