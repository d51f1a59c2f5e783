package store

import (
	"slices"
	"time"

	"corax"
	"corax/store/search"
)

// SignalSearch picks signals to look at; what is set must all match. What is found comes in the order of arrival, the latest first.
type SignalSearch struct {
	Text       string             // words of message, entity, source, labels and attributes, as package search finds them
	Kinds      []corax.SignalKind // one of these
	Severities []corax.Severity   // one of these
	Entity     string
	Source     string
	Labels     map[string]string
	Template   int64     // of this template; 0 is any
	Since      time.Time // observed at this time or later
	Until      time.Time // observed before this time
	Among      []string  // of one of these entities, where not nil: what somebody may see

	Limit  int    // at most so many; 50 where 0
	Before string // cursor: only those that arrived before
	After  string // cursor: only those that arrived after; the ones next to it
}

// FoundSignal is a signal with what is known of it beside.
type FoundSignal struct {
	corax.Signal
	Incident string        `json:"incident,omitempty"` // that it was folded into
	Template int64         `json:"template,omitempty"` // 0 while it is not indexed, and where there were too many templates
	Marks    []search.Mark `json:"marks,omitempty"`    // what the text search found in the message
}

// SignalPage is a part of what a search finds.
type SignalPage struct {
	Signals []FoundSignal `json:"signals"`
	Older   string        `json:"older,omitempty"` // the cursor (Before) of the next page; empty at the end
	Newer   string        `json:"newer,omitempty"` // the cursor (After) of the page before; empty at the beginning
	// Unsearched is how many signals came in so fast that they are not searched yet. They are not lost, and will be soon.
	Unsearched int64 `json:"unsearched,omitempty"`
}

// Matches says that a search would find a signal of this template, whatever its cursors. It reads q once for many signals.
func (f SignalSearch) Matches(q search.Query, g *corax.Signal, template int64) bool {
	switch {
	case len(f.Kinds) > 0 && !slices.Contains(f.Kinds, g.KindOr()),
		len(f.Severities) > 0 && !slices.Contains(f.Severities, g.Severity),
		f.Entity != "" && g.Entity != f.Entity,
		f.Source != "" && g.Source != f.Source,
		f.Among != nil && !slices.Contains(f.Among, g.Entity),
		f.Template != 0 && template != f.Template,
		!f.Since.IsZero() && g.At.Before(f.Since),
		!f.Until.IsZero() && !g.At.Before(f.Until):
		return false
	}
	for k, v := range f.Labels {
		if has, ok := g.Labels[k]; !ok || has != v {
			return false
		}
	}
	return q.Empty() || q.Matches(Texts(g)...)
}

// Narrows says that not all signals are looked for: a part of the list of them is no filter.
func (f SignalSearch) Narrows() bool {
	return f.Text != "" || len(f.Kinds)+len(f.Severities)+len(f.Labels) > 0 || f.Entity != "" || f.Source != "" || f.Template != 0 || f.Among != nil ||
		!f.Since.IsZero() || !f.Until.IsZero()
}

// Texts are what a text search looks at in a signal.
func Texts(g *corax.Signal) []string {
	texts := make([]string, 0, 3+len(g.Labels)+len(g.Attributes))
	texts = append(texts, g.Message, g.Entity, g.Source)
	for _, v := range g.Labels {
		texts = append(texts, v)
	}
	for _, v := range g.Attributes {
		texts = append(texts, v)
	}
	return texts
}

// Facet is a value that signals have, and how many have it.
type Facet struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// SignalFacets count the signals of some days, each list by count, the largest first.
type SignalFacets struct {
	Entities   []Facet `json:"entities"`
	Kinds      []Facet `json:"kinds"`
	Severities []Facet `json:"severities"` // an empty value is no hint
	Sources    []Facet `json:"sources"`
	Newest     int64   `json:"newest,omitempty" doc:"only so many, the newest, were counted; all were where it is missing"`
}

// Template is a family of messages that differ only in what varies.
type Template struct {
	ID      int64     `json:"id"`
	Text    string    `json:"text"`  // "<*>" where messages differ
	Count   int64     `json:"count"` // of the time asked for
	FirstAt time.Time `json:"first_at"`
	LastAt  time.Time `json:"last_at"`
	Counts  []int64   `json:"counts,omitempty"` // by the hour, or by the day where more than three days are asked for; the oldest first
}

// Finely is up to how much time templates are counted by the hour, and not by the day.
const Finely = 3 * 24 * time.Hour

// TemplateFilter picks templates; what is set must all match.
type TemplateFilter struct {
	Text  string    // words of the template
	Since time.Time // only those seen since this hour, counted from then on
	Until time.Time // likewise up to this one; with Since, Counts are given
	Limit int       // at most so many, the most frequent; 100 where 0
}

// Learner gives messages their templates. It is asked for one message after the other, in the order of arrival.
type Learner interface {
	Learn(message string) (template int64) // 0 is none
	Text(template int64) string
}
