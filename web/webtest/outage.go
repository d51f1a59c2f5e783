// Package webtest is what the tests of the pages share: a store with real outages in it, a site over that, and checks that hold for every
// page. The outage is what `make demo` left behind; it is told again in several states and at any time, with ids of its own, and once with
// hostile text in every field that comes from outside.
package webtest

import (
	"context"
	_ "embed" // the outage
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"corax"
	"corax/store"
	"corax/store/sqlite"
)

//go:embed testdata/rotation.json
var rotation []byte

// Outage is a problem with all that came of it.
type Outage struct {
	Problem    corax.Problem           `json:"problem"`
	Run        corax.PlanRun           `json:"run"`
	Decisions  []corax.Decision        `json:"decisions"`
	Events     []corax.Event           `json:"events"`
	Incidents  []corax.Incident        `json:"incidents"`
	Approvals  []corax.ApprovalRequest `json:"approvals"`
	Signals    []corax.Signal          `json:"signals"`
	IncidentOf map[string]string       `json:"incident_of"`
}

var ids = regexp.MustCompile(`\b(prb|pln|inc|sig|dec|apr)-[a-z0-9]{16}\b`)

// Tell gives the outage with ids that follow from name, moved so that its first symptom was at began. hostile is put into every text that
// comes from outside, where it isn't empty.
func Tell(name string, began time.Time, hostile string) (Outage, error) {
	text := ids.ReplaceAllStringFunc(string(rotation), func(id string) string { return corax.HashID(id[:3], name, id) })
	var first struct {
		Problem struct {
			OpenedAt time.Time `json:"opened_at"`
		} `json:"problem"`
	}
	var doc any
	for _, into := range []any{&first, &doc} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			return Outage{}, err
		}
	}
	moved, err := json.Marshal(retell("", doc, began.Sub(first.Problem.OpenedAt), hostile))
	if err != nil {
		return Outage{}, err
	}
	var o Outage
	return o, json.Unmarshal(moved, &o)
}

// ours are the fields whose values are words or ids of ours, which no text from outside gets into.
var ours = []string{
	"id", "state", "severity", "kind", "incidents", "plan", "problem", "incident", "step", "risk", "mode", "purpose", "verdict", "finding", "fingerprint",
	"resolution", "decision", "answer", "pattern", "incident_of", "was", "now",
}

func retell(field string, v any, by time.Duration, hostile string) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			name := k
			if k == "id" && field == "entities" { // somebody else has named it
				name = "entity"
			}
			v[k] = retell(name, e, by, hostile)
		}
		if hostile != "" && (field == "labels" || field == "attributes" || field == "facts" || field == "params") {
			v[hostile] = hostile
		}
	case []any:
		for i, e := range v {
			v[i] = retell(field, e, by, hostile)
		}
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return t.Add(by).Format(time.RFC3339Nano)
		}
		if hostile != "" && v != "" && field != "incident_of" && !slices.Contains(ours, field) && !ids.MatchString(v) {
			return hostile + " " + v
		}
	}
	return v
}

// At leaves of the outage what had happened by then: the plan is at work, or waits for people.
func (o Outage) At(t time.Time) Outage {
	later := func(x *time.Time) bool { return x != nil && x.After(t) }
	o.Events = slices.DeleteFunc(slices.Clone(o.Events), func(e corax.Event) bool { return e.At.After(t) })
	o.Decisions = slices.DeleteFunc(slices.Clone(o.Decisions), func(d corax.Decision) bool { return d.At.After(t) })
	o.Approvals = slices.DeleteFunc(slices.Clone(o.Approvals), func(a corax.ApprovalRequest) bool { return a.AskedAt.After(t) })
	for i := range o.Approvals {
		if a := &o.Approvals[i]; later(a.AnsweredAt) {
			a.Answer, a.By, a.AnsweredAt, a.ExpiresAt = "", "", nil, t.Add(time.Hour)
		}
	}
	for i := range o.Incidents {
		if n := &o.Incidents[i]; later(n.ResolvedAt) {
			n.State, n.ResolvedAt, n.Resolution = corax.IncidentOpen, nil, ""
		}
	}
	o.Run.State, o.Problem.State = corax.PlanRunning, corax.ProblemHealing
	for _, e := range o.Events {
		switch e.Kind {
		case corax.EventPlanState:
			o.Run.State = corax.PlanState(e.State)
		case corax.EventHealed:
			o.Problem.State = corax.ProblemHealed
		}
	}
	if o.Run.State == corax.PlanAsking {
		o.Problem.State = corax.ProblemWaiting
	}
	if later(o.Problem.HealedAt) {
		o.Problem.HealedAt, o.Run.HealedAt = nil, nil
	}
	if later(o.Problem.ClosedAt) {
		o.Problem.ClosedAt, o.Run.EndedAt = nil, nil
	}
	o.Problem.UpdatedAt = t
	o.Run.Steps = slices.Clone(o.Run.Steps)
	for i := range o.Run.Steps {
		s := &o.Run.Steps[i]
		if s.StartedAt == nil && len(o.Run.Steps) == i+1 || later(s.StartedAt) {
			*s = corax.StepRun{Step: s.Step, Action: s.Action, Target: s.Target, State: corax.StepPending}
		} else if later(s.EndedAt) {
			s.State, s.EndedAt, s.Verified, s.SafeState = corax.StepRunning, nil, "", ""
		}
	}
	if o.Run.State == corax.PlanAsking {
		for i := range o.Run.Steps {
			if len(o.Approvals) > 0 && o.Run.Steps[i].Step == o.Approvals[0].Step {
				o.Run.Steps[i].State = corax.StepAsking
			}
		}
	}
	return o
}

// Save puts the outage into a store.
func (o Outage) Save(ctx context.Context, s *sqlite.Store) error {
	if err := s.CommitTriage(ctx, store.TriageBatch{Signals: o.Signals, IncidentOf: o.IncidentOf, Incidents: o.Incidents}); err != nil {
		return err
	}
	if err := s.SaveProblem(ctx, o.Problem, &o.Run, o.Events); err != nil {
		return err
	}
	for _, d := range o.Decisions {
		if err := s.SaveDecision(ctx, d); err != nil {
			return err
		}
	}
	for _, a := range o.Approvals {
		if err := s.SaveApproval(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// Hostile is text that would do harm where it is taken for markup, in an attribute, in a script or in a URL.
const Hostile = `<script>alert(1)</script><img src=x onerror=alert(2)>"'>` + "`" + `${7*7}{{.}}</title></style><!-- javascript:alert(3)`

// IsHostile says whether HTML has taken the hostile text for what it would like to be.
func IsHostile(html string) bool {
	return strings.Contains(html, "<script>alert") || strings.Contains(html, "<img src=x") || strings.Contains(html, "onerror=alert(2)>\"")
}
