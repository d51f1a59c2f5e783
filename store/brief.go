package store

import (
	"slices"
	"time"

	"corax"
)

// ProblemBrief is a problem in a line: what a list shows.
type ProblemBrief struct {
	ID                string             `json:"id"`
	State             corax.ProblemState `json:"state"`
	Severity          corax.Severity     `json:"severity"`
	Pattern           string             `json:"pattern"`
	PatternConfidence float64            `json:"pattern_confidence"`
	Mechanism         string             `json:"mechanism"`
	Root              string             `json:"root,omitempty"` // the entity that failed
	Summary           string             `json:"summary"`        // the root cause in a sentence
	Confidence        float64            `json:"confidence"`
	Affected          []string           `json:"affected,omitempty"` // without the root, nearest first
	Entities          []string           `json:"entities,omitempty"` // root, affected, and all others that its signals are about
	Incidents         int                `json:"incidents"`
	Mode              corax.Mode         `json:"mode,omitempty"`
	Actions           []string           `json:"actions,omitempty"` // of its plan, in order, each once
	Plan              string             `json:"plan,omitempty"`
	Escalated         bool               `json:"escalated,omitempty"`
	OpenedAt          time.Time          `json:"opened_at"`
	UpdatedAt         time.Time          `json:"updated_at"`
	HealedAt          *time.Time         `json:"healed_at,omitempty"`
	ClosedAt          *time.Time         `json:"closed_at,omitempty"`
}

// BriefOf sums a problem up.
func BriefOf(p *corax.Problem) ProblemBrief {
	d := &p.Diagnosis
	b := ProblemBrief{
		ID: p.ID, State: p.State, Severity: d.Severity, Pattern: d.Pattern, PatternConfidence: d.PatternConfidence,
		Mechanism: d.RootCause.Mechanism, Root: d.RootCause.Entity, Summary: d.RootCause.Summary, Confidence: d.Confidence,
		Affected: d.Cascade.Affected, Incidents: len(p.Incidents), Mode: d.Plan.Mode, Plan: p.Plan, Escalated: p.Escalated,
		OpenedAt: p.OpenedAt, UpdatedAt: p.UpdatedAt, HealedAt: p.HealedAt, ClosedAt: p.ClosedAt,
	}
	add := func(list *[]string, v string) {
		if v != "" && !slices.Contains(*list, v) {
			*list = append(*list, v)
		}
	}
	add(&b.Entities, b.Root)
	for _, e := range b.Affected {
		add(&b.Entities, e)
	}
	if p.Case != nil {
		for _, n := range d.Signals {
			if n >= 0 && n < len(p.Case.Signals) {
				add(&b.Entities, p.Case.Signals[n].Entity)
			}
		}
	}
	for _, s := range d.Plan.Steps {
		add(&b.Actions, s.Action)
	}
	return b
}

// ProblemSearch picks problems; what is set must all match. They come with the newest first.
type ProblemSearch struct {
	Text       string // words of summary, mechanism, pattern, entities and id
	States     []corax.ProblemState
	Open       bool // only those that have not ended
	Severities []corax.Severity
	Pattern    string
	Mechanism  string
	Root       string
	Entity     string    // root, affected or otherwise part of it
	Since      time.Time // opened at this time or later
	Until      time.Time // opened before this time
	Among      []string  // where not nil: only those that are about one of these entities

	Limit  int    // at most so many; 50 where 0
	Before string // cursor: only those that are older
	After  string // cursor: only those that are newer; the ones next to it
}

// ProblemList is a part of what a search finds.
type ProblemList struct {
	Problems []ProblemBrief `json:"problems"`
	// States counts all that the search finds, whatever their states, by state.
	States map[corax.ProblemState]int `json:"states"`
	Older  string                     `json:"older,omitempty"` // cursors, as in SignalPage
	Newer  string                     `json:"newer,omitempty"`
}

// ProblemCount is how many problems are in a state with a severity.
type ProblemCount struct {
	State    corax.ProblemState
	Severity corax.Severity
	Problems int
}

// IncidentSearch picks incidents; what is set must all match. They come with the newest first.
type IncidentSearch struct {
	Text       string // words of title, entity and source
	States     []corax.IncidentState
	Live       bool // only those that have not ended
	Severities []corax.Severity
	Entity     string
	Source     string
	Problem    string
	Since      time.Time // opened at this time or later
	Until      time.Time // opened before this time
	Among      []string  // where not nil: only those of one of these entities

	Limit  int    // at most so many; 50 where 0
	Before string // cursor: only those that are older
	After  string // cursor: only those that are newer; the ones next to it
}

// IncidentList is a part of what a search finds.
type IncidentList struct {
	Incidents []corax.Incident `json:"incidents"`
	Older     string           `json:"older,omitempty"` // cursors, as in SignalPage
	Newer     string           `json:"newer,omitempty"`
}
