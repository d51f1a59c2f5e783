package receive

import (
	"strings"
	"testing"
	"time"

	"corax"
)

func event(action, rest string) string { return `{"event_action":"` + action + `"` + rest + `}` }

func TestPagerDutyLifeOfAnEvent(t *testing.T) {
	s := newStage(t, nil)
	trigger := event("trigger", `,"dedup_key":"d1","payload":{"summary":"disk full","source":"db-1","severity":"error","component":"postgres",`+
		`"group":"prod","class":"disk","timestamp":"2026-03-30T11:59:00.500+0000","custom_details":{"free":"0 %"}}`)
	s.want(202, `"dedup_key":"d1"`, enqueuePath, trigger)
	s.want(202, `"status":"success"`, enqueuePath, event("acknowledge", `,"dedup_key":"d1"`))
	s.want(202, "", enqueuePath, event("resolve", `,"dedup_key":"d1"`))
	on, ack, off := s.stored[0], s.stored[1], s.stored[2]
	if on.Kind != corax.Symptom || on.Entity != "postgres" || on.Severity != corax.High || on.Message != `disk full; {"free":"0 %"}` ||
		!on.At.Equal(noon.Add(-59500*time.Millisecond)) || on.Labels["group"] != "prod" || on.Source != "pagerduty" || on.EndsAt != nil {
		t.Errorf("trigger: %+v", on)
	}
	if ack.Kind != corax.Note || ack.Attributes["action"] != "acknowledge" {
		t.Errorf("acknowledge: %+v", ack)
	}
	if off.Kind != corax.Recovery || off.Message != "resolve" || off.Attributes["action"] != "" {
		t.Errorf("resolve: %+v", off)
	}
	if on.Fingerprint != ack.Fingerprint || on.Fingerprint != off.Fingerprint {
		t.Error("the events of one key have several fingerprints")
	}
}

// Most clients send no time, so retries and new events must be told apart by what came before.
func TestPagerDutyRetriesAndRepeats(t *testing.T) {
	s := newStage(t, nil)
	trigger := event("trigger", `,"dedup_key":"d1","payload":{"summary":"down","source":"a","severity":"critical"}`)
	resolve := event("resolve", `,"dedup_key":"d1"`)
	for n, body := range []string{trigger, trigger, resolve, resolve, trigger, trigger} {
		s.now = noon.Add(time.Duration(n) * time.Second)
		s.want(202, "", enqueuePath, body)
	}
	ids := s.ids()
	if ids[0] != ids[1] || ids[2] != ids[3] || ids[4] != ids[5] {
		t.Errorf("retries got new ids: %v", ids)
	}
	if ids[0] == ids[2] || ids[0] == ids[4] {
		t.Errorf("what came after a resolve counts as a retry of what came before it: %v", ids)
	}
	noKey := event("trigger", `,"payload":{"summary":"down","source":"a","severity":"critical"}`)
	s.want(202, "", enqueuePath, noKey)
	s.now = s.now.Add(retryWindow / 2)
	s.want(202, "", enqueuePath, noKey)
	s.now = s.now.Add(retryWindow)
	s.want(202, "", enqueuePath, noKey)
	ids = s.ids()[6:]
	if ids[0] != ids[1] || ids[0] == ids[2] {
		t.Errorf("events without a key: %v", ids)
	}
}

func TestPagerDutyErrors(t *testing.T) {
	s := newStage(t, nil)
	payload := `,"payload":{"summary":"a","source":"b","severity":"error"}`
	for _, c := range []struct{ body, says string }{
		{`{`, "not valid JSON at line 1, column 1"},
		{`[]`, "event: expected struct, found array"},
		{`{"payload":{"summary":3}}`, "payload.summary: expected string, found number"},
		{event("explode", payload), `event_action \"explode\": expected trigger, acknowledge or resolve`},
		{event("trigger", ``), `"payload.summary is missing","payload.source is missing","payload.severity is missing"`},
		{event("trigger", strings.Replace(payload, "error", "loud", 1)), "expected critical, error, warning or info"},
		{event("trigger", strings.Replace(payload, `"a"`, `"a","timestamp":"noon"`, 1)), "payload.timestamp"},
		{event("resolve", ``), "dedup_key is missing"},
		{event("acknowledge", ``), "dedup_key is missing"},
		{event("trigger", `,"dedup_key":"`+strings.Repeat("k", 256)+`"`+payload), "dedup_key is longer than 255 bytes"},
	} {
		s.want(400, c.says, enqueuePath, c.body)
	}
	s.want(413, "", enqueuePath, event("trigger", `,"dedup_key":"`+strings.Repeat("k", pagerDutyMaxBody)+`"`))
	if len(s.stored) != 0 {
		t.Errorf("stored: %+v", s.stored)
	}
}
