// Package hours reads times of the week as people write them, "Mon-Fri 08:00-18:00", and says whether a moment is
// within them in a given time zone, daylight saving time included.
package hours

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a machine without zones still knows when it is night in Frankfurt
)

// Week is a set of times of the week. The zero value is always.
type Week struct {
	zone  *time.Location
	spans []span
}

// span is from a time of day to another on some days; one that ends before it begins goes over midnight, and belongs
// to the day on which it begins.
type span struct {
	days     [7]bool // by time.Weekday
	from, to int     // minutes of the day
}

const day = 24 * 60

var names = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Parse reads a list of times: days ("Mon-Fri", "Sat,Sun", "Fri-Mon", "daily"), then from and to ("08:00-18:00",
// "22:00-06:00", "00:00-24:00"). An empty list is always; an empty zone is UTC.
func Parse(zone string, list []string) (Week, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return Week{}, fmt.Errorf("unknown time zone %q", zone)
	}
	w := Week{zone: loc}
	for _, text := range list {
		s, err := parseSpan(text)
		if err != nil {
			return Week{}, err
		}
		w.spans = append(w.spans, s)
	}
	return w, nil
}

func parseSpan(text string) (s span, err error) {
	fields := strings.Fields(text)
	if len(fields) != 2 {
		return s, fmt.Errorf("%q is not a time of the week, as \"Mon-Fri 08:00-18:00\"", text)
	}
	for part := range strings.SplitSeq(strings.ToLower(fields[0]), ",") {
		first, last, isRange := strings.Cut(part, "-")
		if part == "daily" {
			first, last, isRange = "sun", "sat", true
		}
		if !isRange {
			last = first
		}
		a, b := slices.Index(names, first), slices.Index(names, last)
		if a < 0 || b < 0 {
			return s, fmt.Errorf("%q in %q is not a day; write Mon, Mon-Fri, Sat,Sun or daily", part, text)
		}
		for s.days[a] = true; a != b; s.days[a] = true {
			a = (a + 1) % len(names)
		}
	}
	from, to, ok := strings.Cut(fields[1], "-")
	if !ok {
		return s, fmt.Errorf("%q in %q is not from-to, as 08:00-18:00", fields[1], text)
	}
	if s.from, err = minutes(from); err == nil {
		s.to, err = minutes(to)
	}
	if err == nil && (s.from == day || s.from == s.to) {
		err = fmt.Errorf("%q is no length of time; write 00:00-24:00 for all day", fields[1])
	}
	return s, err
}

// minutes reads hh:mm; 24:00 is the day's end.
func minutes(text string) (int, error) {
	hh, mm, ok := strings.Cut(text, ":")
	h, err1 := strconv.Atoi(hh)
	m, err2 := strconv.Atoi(mm)
	if !ok || err1 != nil || err2 != nil || len(mm) != 2 || h < 0 || m < 0 || m > 59 || h*60+m > day {
		return 0, fmt.Errorf("%q is not a time of day, as 08:00", text)
	}
	return h*60 + m, nil
}

// Hold says whether t is within the times.
func (w Week) Hold(t time.Time) bool {
	if len(w.spans) == 0 {
		return true
	}
	t = t.In(w.zone)
	at, today := t.Hour()*60+t.Minute(), t.Weekday()
	yesterday := (today + 6) % 7
	for _, s := range w.spans {
		switch {
		case s.from < s.to:
			if s.days[today] && at >= s.from && at < s.to {
				return true
			}
		case s.days[today] && at >= s.from, s.days[yesterday] && at < s.to:
			return true
		}
	}
	return false
}

// In is t as the clock on the wall there shows it.
func (w Week) In(t time.Time) time.Time {
	if w.zone == nil {
		return t.UTC()
	}
	return t.In(w.zone)
}
