package web

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/access"
	"corax/lookup/postmortem"
	"corax/lookup/precedent"
	"corax/store"
	"corax/web/draw"
	"corax/web/ui"
)

// How much of a big problem its page shows; the rest is a page away.
const (
	mostSignals   = 60
	mostIncidents = 40
	mostLinks     = 25
	mostMoments   = 250
	firstMoments  = 50 // of too many, so many from the beginning; the others are the newest
	mostSimilar   = 5
	mostCompared  = 50 // past problems of each likeness, of which the most similar are shown
)

// problemData is what the page of a problem shows.
type problemData struct {
	P    corax.Problem
	D    corax.Diagnosis
	Head headline
	postmortem.Outage

	Doing     doing
	Buttons   buttons
	Asks      []asked
	Strip     template.HTML
	Cascade   template.HTML
	Told      []told
	Signals   []restedOn
	Phases    []phase
	Moments   []moment
	Comments  []corax.Event
	Incidents []corax.Incident
	Similar   []precedent.Precedent
	More      struct{ Signals, Incidents, Links int } // that are not shown
}

func (p *pages) loadProblem(r *http.Request) (*ui.View, error) {
	ctx := r.Context()
	o, err := postmortem.Read(ctx, p.o.Records, chi.URLParam(r, "id"))
	if err != nil {
		return nil, err
	}
	d, err := p.problemOf(ctx, o)
	if err != nil {
		return nil, err
	}
	return &ui.View{Title: d.Head.What, Trail: trailOf(o.Problem, ""), Data: d, Scripts: []string{"problem.js"}}, nil
}

// problemOf makes the page of a problem out of what is known of it.
func (p *pages) problemOf(ctx context.Context, o postmortem.Outage) (*problemData, error) {
	d := &problemData{P: o.Problem, D: o.Problem.Diagnosis, Outage: o, Head: headOf(o.Problem.Diagnosis.RootCause.Summary, o.Problem.Diagnosis.RootCause.Entity)}
	open, err := p.asked(ctx, o.Problem.ID)
	if err != nil {
		return nil, err
	}
	for _, a := range open {
		d.Asks = append(d.Asks, p.stand(ctx, a))
	}
	if d.Incidents, err = p.o.Records.Incidents(ctx, store.IncidentFilter{Problem: o.Problem.ID, Limit: mostIncidents}); err != nil {
		return nil, err
	}
	d.More.Incidents = max(0, len(o.Problem.Incidents)-len(d.Incidents))
	brief := store.BriefOf(&o.Problem)
	past, err := p.o.Records.ProblemsLike(ctx, brief, mostCompared)
	if err != nil {
		return nil, err
	}
	d.Similar = precedent.Rank(brief, past, mostSimilar)
	now := p.o.Clock.Now()
	d.Doing = doingOf(o.Problem.State, d.D.Plan, o.Run, open)
	d.Buttons = buttonsOf(access.From(ctx), o, d.Asks)
	d.Strip = draw.Strip(milestones(o, now))
	if o.Problem.Case != nil {
		c := *o.Problem.Case
		d.Cascade = draw.Cascade(c.Topology, d.D, draw.CascadeOptions{Seen: draw.FirstSeen(c, d.D), Bystanders: 6, Href: p.entityPage()})
		d.Signals, d.More.Signals = restsOn(c, d.D)
	}
	d.Told = tell(d.D, d.Signals)
	d.Phases = phasesOf(o)
	d.Moments = moments(o)
	for _, e := range o.Events {
		if e.Kind == corax.EventComment {
			d.Comments = append(d.Comments, e)
		}
	}
	if n := len(d.D.Links) - mostLinks; n > 0 {
		d.D.Links, d.More.Links = d.D.Links[:mostLinks], n
	}
	return d, nil
}

// entityPage gives the page of an entity; nil where there are no such pages.
func (p *pages) entityPage() func(string) string {
	if p.o.Topology == nil {
		return nil
	}
	return func(id string) string { return "/entities/" + url.PathEscape(id) }
}

// headline says what is broken in one line, and the rest of the sentence beside it.
type headline struct{ Entity, What, Rest string }

// headOf takes the summary apart where the engine does: who failed, how, and who feels it.
func headOf(summary, root string) headline {
	if summary == "" {
		return headline{What: "A problem that is not diagnosed yet"}
	}
	what, rest, _ := strings.Cut(summary, "; ")
	h := headline{What: ui.Upper(what), Rest: ui.Upper(rest)}
	if how, ok := strings.CutPrefix(what, root+": "); ok && root != "" {
		h.Entity, h.What = root, ui.Upper(how)
	}
	return h
}

// milestones are the moments of an outage that change how things are, for the strip; the last value is how long it has been.
func milestones(o postmortem.Outage, now time.Time) ([]draw.Milestone, time.Duration) {
	began := o.Problem.OpenedAt
	m := []draw.Milestone{{Label: "first symptom", Phase: draw.PhaseBroken}}
	add := func(at *time.Time, label string, phase draw.Phase) {
		if at != nil && !at.Before(began) {
			m = append(m, draw.Milestone{Label: label, After: at.Sub(began), Phase: phase})
		}
	}
	add(o.First(corax.EventDiagnosed), "diagnosed", draw.NoPhase)
	if c := o.First(corax.EventContained); c != nil && (o.Problem.HealedAt == nil || c.Before(*o.Problem.HealedAt)) {
		add(c, "contained", draw.PhaseContained)
	}
	add(o.Problem.HealedAt, "healed", draw.PhaseHealed)
	end := now
	if o.Problem.ClosedAt != nil {
		end = *o.Problem.ClosedAt
		add(o.Problem.ClosedAt, string(o.Problem.State), draw.PhaseClosed)
	}
	slices.SortStableFunc(m, func(a, b draw.Milestone) int { return cmp.Compare(a.After, b.After) })
	return m, end.Sub(began)
}

// restedOn is a signal that something which is said rests on.
type restedOn struct {
	N int // its place in the case: what sentences name it by
	corax.Signal
	For, Against []string // what it supports
}

// restsOn are the signals that the diagnosis names, in the order of the case; those beyond the most are left out from the end.
func restsOn(c corax.Case, d corax.Diagnosis) (out []restedOn, more int) {
	at := map[int]*restedOn{}
	name := func(n int) *restedOn {
		if n < 0 || n >= len(c.Signals) {
			return &restedOn{}
		}
		if at[n] == nil {
			at[n] = &restedOn{N: n, Signal: c.Signals[n]}
		}
		return at[n]
	}
	for _, e := range d.RootCause.Evidence {
		s := name(e.Signal)
		s.For = append(s.For, e.Supports)
	}
	for _, e := range d.RootCause.Against {
		s := name(e.Signal)
		s.Against = append(s.Against, e.Supports)
	}
	for _, s := range d.RootCause.Sentences {
		for _, n := range s.Signals {
			name(n)
		}
	}
	for _, s := range at {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b restedOn) int { return cmp.Compare(a.N, b.N) })
	return out[:min(len(out), mostSignals)], max(0, len(out)-mostSignals)
}

// told are the sentences of one kind.
type told struct {
	Title     string
	Sentences []sentence
}

// sentence is a statement with the signals that it rests on and that the page shows.
type sentence struct {
	Text    string
	Signals []int
	On      string // the same numbers, parted by spaces: what the script lights up
}

var titles = map[corax.SentenceKind]string{
	corax.TellsWhat: "What happened", corax.TellsWhy: "Why", corax.TellsSpread: "How it spread", corax.TellsAffected: "Who is affected",
	corax.TellsUnclear: "Still unclear",
}

func tell(d corax.Diagnosis, shown []restedOn) (out []told) {
	for _, kind := range []corax.SentenceKind{corax.TellsWhat, corax.TellsWhy, corax.TellsSpread, corax.TellsAffected, corax.TellsUnclear} {
		t := told{Title: titles[kind]}
		for _, s := range d.RootCause.Sentences {
			if s.Kind != kind {
				continue
			}
			x := sentence{Text: s.Text}
			for _, n := range s.Signals {
				if slices.ContainsFunc(shown, func(r restedOn) bool { return r.N == n }) {
					x.Signals = append(x.Signals, n)
				}
			}
			x.On = strings.Trim(fmt.Sprint(x.Signals), "[]")
			t.Sentences = append(t.Sentences, x)
		}
		if len(t.Sentences) > 0 {
			out = append(out, t)
		}
	}
	return out
}

// phase is steps of a plan that don't depend on each other.
type phase struct {
	Name  string
	Steps []stepLine
}

// stepLine is a step with what became of it, and what the policy said.
type stepLine struct {
	corax.Step
	Run      corax.StepRun
	Decision *corax.Decision
	Open     bool // its details are shown at once
}

func phasesOf(o postmortem.Outage) (out []phase) {
	plan := o.Problem.Diagnosis.Plan
	if o.Run != nil {
		plan = o.Run.Plan
	}
	for _, s := range plan.Steps {
		line := stepLine{Step: s, Run: corax.StepRun{State: corax.StepPending}}
		if o.Run != nil {
			for _, r := range o.Run.Steps {
				if r.Step == s.ID {
					line.Run = r
				}
			}
		}
		for i := range o.Decisions {
			if o.Decisions[i].Step == s.ID {
				line.Decision = &o.Decisions[i]
			}
		}
		switch line.Run.State {
		case corax.StepAsking, corax.StepFailed, corax.StepRefused, corax.StepUnknown, corax.StepWaiting:
			line.Open = true
		}
		if len(out) == 0 || out[len(out)-1].Name != s.Phase {
			out = append(out, phase{Name: s.Phase})
		}
		out[len(out)-1].Steps = append(out[len(out)-1].Steps, line)
	}
	return out
}

// moment is one line of the timeline, or several of one kind that came together.
type moment struct {
	corax.Event
	After time.Duration // since the first symptom
	Tone  string
	Turn  bool // changes how things are
	Folds []corax.Event
}

// foldFrom is how many events of one kind in a row become one line.
const foldFrom = 3

// moments are the events in the order of time; of too many, those in the middle are left out.
func moments(o postmortem.Outage) (out []moment) {
	events := slices.DeleteFunc(slices.Clone(o.Events), unsaid)
	slices.SortStableFunc(events, func(a, b corax.Event) int { return a.At.Compare(b.At) })
	unread := "what came in between is left out"
	for i := 0; i < len(events); {
		if i > 0 && o.CutBetween(events[i-1], events[i]) {
			out = append(out, moment{Event: corax.Event{At: o.Cut, Text: unread}, Tone: "idle"})
		}
		n := i + 1
		for n < len(events) && events[n].Kind == events[i].Kind && folds(events[i].Kind) && !o.CutBetween(events[n-1], events[n]) {
			n++
		}
		if n-i >= foldFrom {
			m := momentOf(events[i], o)
			m.Text, m.Folds = fmt.Sprintf("%d %s", n-i, foldedNames[m.Kind]), events[i:n]
			out, i = append(out, m), n
			continue
		}
		out, i = append(out, momentOf(events[i], o)), i+1
	}
	if more := len(out) - mostMoments; more > 0 {
		if o.Cut.IsZero() {
			unread = fmt.Sprintf("%d lines in between are left out", more+1)
		}
		gap := moment{Event: corax.Event{At: out[firstMoments].At, Text: unread}, Tone: "idle"}
		out = slices.Concat(out[:firstMoments], []moment{gap}, out[firstMoments+more+1:])
	}
	return out
}

var foldedNames = map[corax.EventKind]string{
	corax.EventIncidentOpened: "incidents opened", corax.EventIncidentResolved: "incidents ended", corax.EventIncidentReopened: "incidents reopened",
	corax.EventNotified: "messages to people",
}

// unsaid says of an event that the plan beside the timeline tells it: a yes or no of the policy, and that a step has begun.
func unsaid(e corax.Event) bool {
	return e.Kind == corax.EventDecided || e.Kind == corax.EventStep && e.State == string(corax.StepRunning)
}

func folds(k corax.EventKind) bool { return foldedNames[k] != "" }

func momentOf(e corax.Event, o postmortem.Outage) moment {
	m := moment{Event: e, After: e.At.Sub(o.Problem.OpenedAt), Tone: "idle"}
	switch e.Kind {
	case corax.EventProblemOpened, corax.EventDiagnosed, corax.EventPlanned, corax.EventConfirmed, corax.EventTakenOver:
		m.Turn = true
	case corax.EventContained:
		m.Turn, m.Tone = true, "medium"
	case corax.EventHealed, corax.EventClosed:
		m.Turn, m.Tone = true, "ok"
	case corax.EventEscalated, corax.EventApprovalAsked:
		m.Turn, m.Tone = true, "waiting"
	case corax.EventIncidentOpened, corax.EventIncidentReopened:
		m.Tone = "bad"
	case corax.EventIncidentResolved:
		m.Tone = "ok"
	case corax.EventStep, corax.EventPlanState:
		m.Tone = ui.ToneOf(e.State)
	case corax.EventComment:
		m.Tone, m.Text = "accent", e.Data["by"]+": "+e.Text
	}
	return m
}
