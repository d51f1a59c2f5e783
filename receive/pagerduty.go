package receive

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"corax"
)

// This file speaks the PagerDuty Events API v2 (https://developer.pagerduty.com/docs/events-api-v2/overview/).

const pagerDutySource = "pagerduty"

// pagerDutyEvent is the part of an event that means something here.
type pagerDutyEvent struct {
	EventAction string `json:"event_action"`
	DedupKey    string `json:"dedup_key"`
	Payload     struct {
		Summary       string          `json:"summary"`
		Source        string          `json:"source"`
		Severity      string          `json:"severity"`
		Timestamp     string          `json:"timestamp"`
		Component     string          `json:"component"`
		Group         string          `json:"group"`
		Class         string          `json:"class"`
		CustomDetails json.RawMessage `json:"custom_details"`
	} `json:"payload"`
}

// routingKey finds the token where a PagerDuty client puts it.
func routingKey(body []byte) string {
	var e struct {
		RoutingKey string `json:"routing_key"`
	}
	_ = json.Unmarshal(body, &e) // a body that isn't JSON has no key; what is wrong with it is said later
	return e.RoutingKey
}

func pagerDutyError(faults ...string) decoded {
	return decoded{answer: answer{http.StatusBadRequest, map[string]any{
		"status": "invalid event", "message": "Event object is invalid", "errors": faults,
	}, jsonType}}
}

func (r *Receivers) pagerDuty(body []byte, now time.Time) decoded {
	var e pagerDutyEvent
	if err := json.Unmarshal(body, &e); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return pagerDutyError(fmt.Sprintf("%s: expected %s, found %s", cmp.Or(wrong.Field, "event"), wrong.Type.Kind(), wrong.Value))
		}
		return pagerDutyError(syntax(body))
	}
	s, faults := r.pagerDutySignal(e, now)
	if err := fits(s); err != nil {
		faults = append(faults, err.Error())
	}
	if len(faults) > 0 {
		return pagerDutyError(faults...)
	}
	return decoded{[]corax.Signal{s}, answer{http.StatusAccepted, map[string]string{
		"status": "success", "message": "Event processed", "dedup_key": s.Attributes["dedup_key"],
	}, jsonType}}
}

func (r *Receivers) pagerDutySignal(e pagerDutyEvent, now time.Time) (s corax.Signal, faults []string) {
	p := e.Payload
	s = corax.Signal{
		At: now, Source: pagerDutySource, Kind: corax.Symptom, Entity: cmp.Or(p.Component, p.Source), Message: p.Summary,
		Labels: present(map[string]string{"source": p.Source, "component": p.Component, "group": p.Group, "class": p.Class}),
	}
	var start time.Time // the event's own, where it has one
	if p.Timestamp != "" {
		var err error
		if start, err = instant(p.Timestamp); err != nil {
			faults = append(faults, "payload.timestamp: "+err.Error())
		}
		if e.EventAction == "trigger" {
			s.At = earlier(start, now)
		} else {
			start = time.Time{} // the end is now, also where the client repeats the time of the trigger
		}
	}
	switch e.EventAction {
	case "trigger":
		faults = append(faults, triggerFaults(e)...)
		s.Severity, _ = corax.ParseSeverity(p.Severity) // was checked
		if d := string(p.CustomDetails); d != "" && d != "null" {
			s.Message += "; " + d
		}
	case "acknowledge", "resolve":
		if e.DedupKey == "" {
			faults = append(faults, "dedup_key is missing")
		}
		s.Kind = corax.Recovery
		if e.EventAction == "acknowledge" {
			s.Kind = corax.Note
		}
		s.Message = cmp.Or(p.Summary, e.EventAction)
	default:
		faults = append(faults, fmt.Sprintf("event_action %q: expected trigger, acknowledge or resolve", e.EventAction))
	}
	const longestKey = 255 // as PagerDuty has it
	if len(e.DedupKey) > longestKey {
		faults = append(faults, fmt.Sprintf("dedup_key is longer than %d bytes", longestKey))
	}
	if len(faults) > 0 {
		return s, faults
	}
	r.identify(&s, e, start, now)
	return s, nil
}

// identify gives a sound event its key, fingerprint and id, the same ones for a retry.
func (r *Receivers) identify(s *corax.Signal, e pagerDutyEvent, start, now time.Time) {
	key := e.DedupKey
	about := cmp.Or(key, e.Payload.Source+"\x00"+e.Payload.Summary)
	// Noted also where the event has its own time: what follows it is no retry of what came before it.
	began := r.latest.start(shortHash("", pagerDutySource, about), e.EventAction+"\x00"+e.Payload.Timestamp+"\x00"+s.Message, now)
	if start.IsZero() {
		start = began
	}
	stamp := start.Format(time.RFC3339Nano)
	if key == "" {
		key = shortHash("", e.Payload.Source, e.Payload.Summary, stamp)
	}
	s.Attributes = map[string]string{"dedup_key": key}
	if s.Kind == corax.Note {
		s.Attributes["action"] = "acknowledge"
	}
	s.Fingerprint = shortHash("fp-", pagerDutySource, key)
	s.ID = shortHash("sig-", s.Fingerprint, stamp, e.EventAction, s.Message)
}

func triggerFaults(e pagerDutyEvent) (faults []string) {
	for _, f := range [...]struct{ name, value string }{
		{"summary", e.Payload.Summary}, {"source", e.Payload.Source}, {"severity", e.Payload.Severity},
	} {
		if f.value == "" {
			faults = append(faults, "payload."+f.name+" is missing")
		}
	}
	if _, err := corax.ParseSeverity(e.Payload.Severity); err != nil {
		faults = append(faults, "payload.severity: expected critical, error, warning or info")
	}
	return faults
}

// present drops the names without a value.
func present(m map[string]string) map[string]string {
	for k, v := range m {
		if v == "" {
			delete(m, k)
		}
	}
	return m
}
