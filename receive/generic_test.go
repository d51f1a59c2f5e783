package receive

import (
	"strings"
	"testing"
	"time"

	"corax"
	"corax/config"
)

var tool = config.Mapping{
	Name: "tool", Items: "data.alerts", ID: "meta.key", Entity: "host.names[1]", Message: "text", Severity: "level", Status: "state",
	ResolvedValues: []string{"OK", "closed"}, At: "time", Labels: map[string]string{"team": "tags[0].team", "count": "n"},
}

func mappedStage(t *testing.T, m config.Mapping) *stage {
	t.Helper()
	return newStage(t, func(o *Options) { o.Mappings = []config.Mapping{m} })
}

func TestMapping(t *testing.T) {
	s := mappedStage(t, tool)
	s.want(202, `{"stored":2}`, "/receive/tool", `{"data":{"alerts":[
		{"meta":{"key":7},"host":{"names":["a","db-1"]},"text":"disk full","level":"Major","state":"firing",
			"time":"2026-03-30T11:00:00+01:00","tags":[{"team":"storage"}],"n":3},
		{"meta":{"key":7},"text":"disk has room","state":"ok","time":1774868400}]}}`)
	on, off := s.stored[0], s.stored[1]
	if on.Kind != corax.Symptom || on.Entity != "db-1" || on.Severity != corax.High || on.Message != "disk full" || on.Source != "tool" ||
		on.Labels["team"] != "storage" || on.Labels["count"] != "3" || !on.At.Equal(noon.Add(-2*time.Hour)) {
		t.Errorf("firing: %+v", on)
	}
	if off.Kind != corax.Recovery || off.Labels != nil || !off.At.Equal(noon.Add(-time.Hour)) || off.Fingerprint != on.Fingerprint {
		t.Errorf("resolved: %+v", off)
	}
}

func TestMappingFingerprints(t *testing.T) {
	s := mappedStage(t, config.Mapping{Name: "tool", ID: "id", Entity: "host", Message: "text", Labels: map[string]string{"k": "k"}})
	items := []string{
		`{"id":"1","host":"a","text":"x"}`, `{"id":"1","host":"b","text":"y"}`, // one by its id
		`{"host":"a","text":"x","k":"1"}`, `{"host":"a","text":"y","k":"1"}`, // one by entity and labels
		`{"host":"a","text":"x"}`, `{"host":"a","text":"y"}`, // two by their words
	}
	s.want(202, "", "/receive/tool", "["+strings.Join(items, ",")+"]")
	fp := func(n int) string { return s.stored[n].Fingerprint }
	if fp(0) != fp(1) || fp(2) != fp(3) || fp(4) == fp(5) || fp(0) == fp(2) || fp(2) == fp(4) {
		t.Errorf("fingerprints: %+v", s.stored)
	}
}

func TestMappingRetries(t *testing.T) {
	s := mappedStage(t, tool)
	item := `{"data":{"alerts":{"meta":{"key":"k"},"text":"down"}}}`
	for _, after := range []time.Duration{0, 10 * time.Second, 5 * time.Minute} {
		s.now = noon.Add(after)
		s.want(202, `{"stored":1}`, "/receive/tool", item)
	}
	if ids := s.ids(); ids[0] != ids[1] || ids[0] == ids[2] {
		t.Errorf("ids of an event, its retry and a later one: %v", ids)
	}
}

func TestMappingErrors(t *testing.T) {
	s := mappedStage(t, tool)
	s.want(400, "data.alerts: missing; the mapping tool expects its items there", "/receive/tool", `{"data":[]}`)
	s.want(400, "line 1, column 8", "/receive/tool", `{"data":`)
	s.want(400, `"detail":"4 of 5 items can't be used; the others are stored","errors":[`+
		`{"index":0,"error":"text: missing or empty; the mapping tool expects the message there"},`+
		`{"index":1,"error":"level: severity \"loud\": expected critical, high, medium or low"},`+
		`{"index":2,"error":"time: \"soon\" is not a time as in RFC 3339"},`+
		`{"index":4,"error":"text: missing or empty; the mapping tool expects the message there"}]`,
		"/receive/tool", `{"data":{"alerts":[{"level":"low"},{"text":"a","level":"loud"},{"text":"a","time":"soon"},{"text":"good"},5]}}`)
	if len(s.stored) != 1 {
		t.Errorf("stored: %+v", s.stored)
	}
}

func TestInstantOrEpoch(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2026-03-30T12:00:00Z":          noon,
		"2026-03-30T14:00:00.5+02:00":   noon.Add(500 * time.Millisecond),
		"2026-03-30T12:00:00.250+0000":  noon.Add(250 * time.Millisecond),
		"2026-03-30T12:00:00":           noon,
		"1774872000":                    noon,
		"1774872000.5":                  noon.Add(500 * time.Millisecond),
		"1.774872e9":                    noon,
		"1774872000250":                 noon.Add(250 * time.Millisecond),
		"0":                             time.Unix(0, 0).UTC(),
		"99999999999":                   time.Unix(99999999999, 0).UTC(),
		"NaN":                           {},
		"Inf":                           {},
		"-1":                            {},
		"1e15":                          {},
		"":                              {},
		"soon":                          {},
		"2026-13-30T12:00:00Z":          {},
		"9999-12-31T23:59:59.9-00:01":   {},
		strings.Repeat("long text ", 9): {},
	} {
		got, err := instantOrEpoch(text)
		if (err != nil) != want.IsZero() || !got.Equal(want) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
		if err != nil && len(err.Error()) > 150 {
			t.Errorf("%q: a long error: %v", text, err)
		}
	}
}

func TestLatestIsBounded(t *testing.T) {
	l := newLatest()
	for n := range 3 * mostLatest {
		l.start(shortHash("", string(rune(n)), "x"), "", noon)
	}
	if n := len(l.now) + len(l.past); n > 2*mostLatest {
		t.Errorf("%d are remembered", n)
	}
}
