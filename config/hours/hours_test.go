package hours_test

import (
	"testing"
	"time"

	"corax/config/hours"
)

func TestHold(t *testing.T) {
	for _, c := range []struct {
		zone  string
		hours []string
		at    string // UTC; 2026-11-28 is a Saturday
		want  bool
	}{
		{"", nil, "2026-11-28T03:00:00Z", true},
		{"", []string{"Mon-Fri 08:00-18:00"}, "2026-11-27T08:00:00Z", true},
		{"", []string{"Mon-Fri 08:00-18:00"}, "2026-11-27T07:59:59Z", false},
		{"", []string{"Mon-Fri 08:00-18:00"}, "2026-11-27T18:00:00Z", false},
		{"", []string{"Mon-Fri 08:00-18:00"}, "2026-11-28T12:00:00Z", false},
		{"", []string{"Mon-Fri 08:00-18:00", "Sat,Sun 10:00-14:00"}, "2026-11-28T12:00:00Z", true},
		{"Europe/Berlin", []string{"Mon-Fri 08:00-18:00"}, "2026-11-27T07:00:00Z", true},  // winter
		{"Europe/Berlin", []string{"Mon-Fri 08:00-18:00"}, "2026-07-24T06:00:00Z", true},  // summer
		{"Europe/Berlin", []string{"Mon-Fri 08:00-18:00"}, "2026-11-27T06:30:00Z", false}, // winter
		{"", []string{"Fri 22:00-06:00"}, "2026-11-27T23:00:00Z", true},
		{"", []string{"Fri 22:00-06:00"}, "2026-11-28T05:59:00Z", true},
		{"", []string{"Fri 22:00-06:00"}, "2026-11-28T22:30:00Z", false},
		{"", []string{"Fri-Mon 00:00-24:00"}, "2026-11-29T23:59:00Z", true},
		{"", []string{"Fri-Mon 00:00-24:00"}, "2026-11-24T12:00:00Z", false},
		{"", []string{"daily 09:00-10:00"}, "2026-11-28T09:30:00Z", true},
		{"Asia/Tokyo", []string{"Sun 00:00-06:00"}, "2026-11-28T16:00:00Z", true},
	} {
		w, err := hours.Parse(c.zone, c.hours)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Hold(at); got != c.want {
			t.Errorf("%v in %q at %s: %v", c.hours, c.zone, c.at, got)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ zone, text string }{
		{"Europe/Nowhere", "Mon 08:00-09:00"}, {"", "08:00-18:00"}, {"", "Mo 08:00-18:00"}, {"", "Mon 8-18"}, {"", "Mon 08:00"},
		{"", "Mon 08:00-25:00"}, {"", "Mon 08:61-09:00"}, {"", "Mon 08:00-08:00"}, {"", "Mon 24:00-06:00"}, {"", ""},
	} {
		if w, err := hours.Parse(c.zone, []string{c.text}); err == nil {
			t.Errorf("%q in %q was read as %+v", c.text, c.zone, w)
		}
	}
}
