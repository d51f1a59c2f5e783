package receive

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"corax"
	"corax/config"
)

// sound says what no body may bring about, whatever it is: a signal that could not be stored or told from another, an answer that says
// nothing, or another outcome when the same body comes again.
func sound(t *testing.T, decode func() decoded) {
	t.Helper()
	d := decode()
	again := decode()
	if len(again.signals) != len(d.signals) || again.answer.status != d.answer.status {
		t.Fatalf("the same body gave %d signals and %d, then %d and %d",
			len(d.signals), d.answer.status, len(again.signals), again.answer.status)
	}
	if d.answer.status < 200 || d.answer.status > 499 {
		t.Fatalf("status %d", d.answer.status)
	}
	if _, err := json.Marshal(d.answer.body); err != nil {
		t.Fatalf("the answer can't be written: %v", err)
	}
	for n, s := range d.signals {
		if s.ID == "" || s.Fingerprint == "" || s.Source == "" || s.Kind == "" || s.At.IsZero() && s.Kind == corax.Symptom || s.Message == "" {
			t.Fatalf("not whole: %+v", s)
		}
		if s.At.After(noon) {
			t.Fatalf("observed in the future: %+v", s)
		}
		if again.signals[n].ID != s.ID || again.signals[n].Fingerprint != s.Fingerprint {
			t.Fatalf("a retry is another signal: %+v and %+v", s, again.signals[n])
		}
		if _, err := json.Marshal(s); err != nil {
			t.Fatalf("could never be stored: %v", err)
		}
		if !utf8.ValidString(s.Message) || !utf8.ValidString(s.Entity) {
			t.Fatalf("not UTF-8: %+q", s)
		}
	}
}

func fuzzed(f *testing.F, pick func(*Receivers) func([]byte) decoded, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := New(Options{Mappings: []config.Mapping{tool}})
		if err != nil {
			t.Fatal(err)
		}
		decode := pick(r)
		sound(t, func() decoded { return decode(body) })
	})
}

func FuzzAlertmanager(f *testing.F) {
	fuzzed(f, func(r *Receivers) func([]byte) decoded {
		return func(b []byte) decoded { return r.alertmanager(b, noon) }
	}, oneAlert, read(f, "prometheus.json"), `[{"labels":{"a":"b"},"endsAt":"2026-03-30T11:00:00Z"}]`, `[{},null,3]`, `{`, "[{\"labels\":{\"\xff\":\"\xff\"}}]")
}

func FuzzPagerDuty(f *testing.F) {
	fuzzed(f, func(r *Receivers) func([]byte) decoded {
		return func(b []byte) decoded { return r.pagerDuty(b, noon) }
	}, oneEvent, event("resolve", `,"dedup_key":"d"`), event("acknowledge", `,"dedup_key":"d"`), `[]`)
}

func FuzzMapping(f *testing.F) {
	fuzzed(f, func(r *Receivers) func([]byte) decoded {
		g := newMapped(r, tool)
		return func(b []byte) decoded { return g.decode(b, noon) }
	}, `{"data":{"alerts":[{"meta":{"key":7},"host":{"names":["a","b"]},"text":"t","level":"low","state":"ok","time":1774868400,"tags":[{"team":"x"}]}]}}`,
		`{"data":{"alerts":{"text":"t","time":"NaN"}}}`, `[1]`)
}
