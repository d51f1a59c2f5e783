package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"corax"
	"corax/access"
	"corax/store"
	"corax/web/ui"
)

// How much the overview looks at, and shows.
const (
	mostAtOnce  = 200 // open problems that are sorted here; of more, the store is asked severity by severity
	mostShown   = 30
	mostChanges = 8
	changesFor  = 24 * time.Hour
)

// overview is the page that hangs on the wall: how things are, what is broken, and what needs a person.
func (p *pages) overview() []area {
	return []area{{
		Nav:   []entry{{NavItem: ui.NavItem{Text: "Overview", URL: "/", Icon: "overview", Main: true}}},
		Pages: []page{{Path: "/", File: "overview.html", Role: access.RoleViewer, Load: p.loadOverview}},
		Files: []string{"_problem.html"},
	}}
}

// overviewData is what the overview shows.
type overviewData struct {
	State    ui.Status
	Problems []openProblem
	More     int // open problems that are not shown
	Needs    []need
	Stops    []store.Stop
	Breaks   []corax.BreakGlass
	Changes  []corax.Signal
	tally                        // monitors
	Last     *store.ProblemBrief // the latest that is over; where none is open
}

// openProblem is a line of the list.
type openProblem struct {
	store.ProblemBrief
	Head  headline
	Doing doing
}

// need is something that waits for a person.
type need struct {
	Tone, Text, Why string
	URL, Do         string
	Until           *time.Time
}

func (p *pages) loadOverview(r *http.Request) (*ui.View, error) {
	ctx := r.Context()
	open, more, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	d := overviewData{State: p.status(ctx), More: more}
	asks, err := p.o.Records.Approvals(ctx, true)
	if err != nil {
		return nil, err
	}
	now := p.o.Clock.Now()
	asks = slices.DeleteFunc(asks, func(a corax.ApprovalRequest) bool { return !a.ExpiresAt.After(now) })
	for _, o := range open {
		line, err := p.lineOf(ctx, o, asks)
		if err != nil {
			return nil, err
		}
		d.Problems = append(d.Problems, line)
	}
	if d.Needs, err = p.needs(ctx, d.Problems, asks); err != nil {
		return nil, err
	}
	if d.Stops, err = p.o.Records.Stops(ctx); err != nil {
		return nil, err
	}
	if d.Breaks, err = p.o.Records.BreakGlasses(ctx, now); err != nil {
		return nil, err
	}
	d.Changes, err = p.o.Records.Signals(ctx, store.SignalFilter{Kinds: []corax.SignalKind{corax.ChangeOf}, Since: now.Add(-changesFor), Limit: mostChanges})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(d.Changes, func(a, b corax.Signal) int { return b.At.Compare(a.At) })
	for _, m := range p.o.Controls.Monitors(ctx) {
		d.count(m.State)
	}
	if len(open) == 0 {
		last, err := p.o.Records.SearchProblems(ctx, store.ProblemSearch{Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(last.Problems) > 0 {
			d.Last = &last.Problems[0]
		}
	}
	return &ui.View{Title: "Overview", Data: d}, nil
}

// hurting are the states of problems that hurt somebody; those that are healed are only being tidied up.
var hurting = []corax.ProblemState{corax.ProblemOpen, corax.ProblemWaiting, corax.ProblemHealing, corax.ProblemContained}

// severities are all, the worst first.
var severities = []corax.Severity{corax.Critical, corax.High, corax.Medium, corax.Low, corax.SeverityNone}

// open are the problems that have not ended: those that hurt before those that are healed, the worst first, and of equals the latest. more
// are not among them.
func (p *pages) open(ctx context.Context) (open []store.ProblemBrief, more int, err error) {
	found, err := p.o.Records.SearchProblems(ctx, store.ProblemSearch{Open: true, Limit: mostAtOnce})
	if err != nil {
		return nil, 0, err
	}
	counts, err := p.o.Records.OpenCounts(ctx, nil)
	if err != nil {
		return nil, 0, err
	}
	all := 0
	for _, c := range counts {
		all += c.Problems
	}
	open = found.Problems
	if all > len(open) { // the worst may be older than those that came
		if open, err = p.worstFirst(ctx); err != nil {
			return nil, 0, err
		}
	}
	slices.SortStableFunc(open, func(a, b store.ProblemBrief) int {
		return cmp.Or(cmp.Compare(over(a.State), over(b.State)), cmp.Compare(b.Severity, a.Severity), b.OpenedAt.Compare(a.OpenedAt))
	})
	open = open[:min(len(open), mostShown)]
	return open, all - len(open), nil
}

// worstFirst asks for the open problems of one severity after the other, until there are as many as are shown.
func (p *pages) worstFirst(ctx context.Context) (open []store.ProblemBrief, err error) {
	for _, states := range [][]corax.ProblemState{hurting, {corax.ProblemHealed}} {
		for _, s := range severities {
			if len(open) >= mostShown {
				return open, nil
			}
			found, err := p.o.Records.SearchProblems(ctx, store.ProblemSearch{States: states, Severities: []corax.Severity{s}, Limit: mostShown})
			if err != nil {
				return nil, err
			}
			open = append(open, found.Problems...)
		}
	}
	return open, nil
}

// over sorts problems that hurt nobody any more after those that do.
func over(s corax.ProblemState) int {
	if slices.Contains(hurting, s) {
		return 0
	}
	return 1
}

func (p *pages) lineOf(ctx context.Context, o store.ProblemBrief, asks []corax.ApprovalRequest) (openProblem, error) {
	line := openProblem{ProblemBrief: o, Head: headOf(o.Summary, o.Root)}
	var run *corax.PlanRun
	if o.Plan != "" {
		r, err := p.o.Records.PlanRun(ctx, o.Plan)
		if err != nil && corax.CodeOf(err) != corax.NotFound {
			return line, err
		}
		if err == nil {
			run = &r
		}
	}
	of := slices.DeleteFunc(slices.Clone(asks), func(a corax.ApprovalRequest) bool { return a.Problem != o.ID })
	line.Doing = doingOf(o.State, corax.Plan{Mode: o.Mode}, run, of)
	return line, nil
}

// needs is what waits for a person: approvals first, since their time runs out.
func (p *pages) needs(ctx context.Context, open []openProblem, asks []corax.ApprovalRequest) (out []need, err error) {
	for _, a := range asks {
		if a.Quiet {
			continue
		}
		n := need{Tone: "waiting", Text: "Approve or deny: " + cmp.Or(a.Why, a.Action+" on "+a.Target), URL: "/problems/" + a.Problem, Do: "Decide", Until: &a.ExpiresAt}
		if a.Needs > 1 {
			n.Why = fmt.Sprintf("%d of %d people have said yes", len(a.Consents), a.Needs)
		}
		out = append(out, n)
	}
	orders, err := p.o.Controls.WorkOrders(ctx, store.WorkOrderFilter{Live: true})
	if err != nil {
		return nil, err
	}
	for _, o := range orders {
		if o.State.Ended() {
			continue
		}
		out = append(out, need{Tone: ui.ToneOf(string(o.State)), Text: "On site at " + o.Place.Site + ": " + o.What,
			Why: "work order, " + ui.Words(string(o.State)), URL: "/problems/" + o.Problem, Do: "Look"})
	}
	for _, o := range open {
		asked := slices.ContainsFunc(asks, func(a corax.ApprovalRequest) bool { return a.Problem == o.ID })
		if !asked && o.Doing.Tone == "high" || o.Doing.Tone == "bad" {
			out = append(out, need{Tone: "high", Text: strings.TrimSpace(o.Head.Entity + " " + o.Head.What), Why: o.Doing.Text, URL: "/problems/" + o.ID, Do: "Look"})
		}
	}
	return out, nil
}

// status says in one line how things are; unknown where that can't be read.
func (p *pages) status(ctx context.Context) ui.Status {
	open, err := p.o.Records.OpenCounts(ctx, nil)
	if err != nil {
		p.o.Log.Error("the state could not be read", "error", err)
		return ui.Status{Tone: "unknown", Text: "The state can't be read"}
	}
	hurt, healed, waiting, worst := 0, 0, 0, corax.SeverityNone
	for _, c := range open {
		if over(c.State) > 0 {
			healed += c.Problems
			continue
		}
		hurt, worst = hurt+c.Problems, max(worst, c.Severity)
		if c.State == corax.ProblemWaiting {
			waiting += c.Problems
		}
	}
	switch {
	case hurt == 0 && healed == 0:
		return ui.Status{Tone: "ok", Text: "All is well", URL: "/"}
	case hurt == 0:
		return ui.Status{Tone: "ok", Text: "All is well again; " + ui.Plural(healed, "problem") + " being tidied up", URL: "/"}
	}
	text := ui.Plural(hurt, "problem") + " open"
	if worst > corax.SeverityNone {
		text += ", the worst " + worst.String()
	}
	if waiting > 0 {
		text += fmt.Sprintf("; %d waiting for a yes", waiting)
	}
	return ui.Status{Tone: cmp.Or(worst.String(), "unknown"), Text: text, URL: "/"}
}
