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
	mostOpen    = 200 // open problems, to say how things are
	mostShown   = 40
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
	Up, Down int            // monitors
	Unknown  int            // that have not run yet
	Last     *corax.Problem // the latest that is over; where none is open
}

// openProblem is a line of the list.
type openProblem struct {
	corax.Problem
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
	open, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	d := overviewData{State: p.status(ctx), More: max(0, len(open)-mostShown)}
	asks, err := p.o.Records.Approvals(ctx, true)
	if err != nil {
		return nil, err
	}
	now := p.o.Clock.Now()
	asks = slices.DeleteFunc(asks, func(a corax.ApprovalRequest) bool { return !a.ExpiresAt.After(now) })
	for _, o := range open[:min(len(open), mostShown)] {
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
	for _, m := range p.o.Controls.Monitors() {
		switch m.State {
		case corax.MonitorUp:
			d.Up++
		case corax.MonitorDown:
			d.Down++
		default:
			d.Unknown++
		}
	}
	if len(open) == 0 {
		last, err := p.o.Records.Problems(ctx, store.ProblemFilter{Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(last) > 0 {
			d.Last = &last[0]
		}
	}
	return &ui.View{Title: "Overview", Data: d}, nil
}

// open are the problems that have not ended, the worst first, and of equals the latest.
func (p *pages) open(ctx context.Context) ([]corax.Problem, error) {
	open, err := p.o.Records.Problems(ctx, store.ProblemFilter{Open: true, Limit: mostOpen})
	slices.SortStableFunc(open, func(a, b corax.Problem) int {
		return cmp.Or(over(a.State)-over(b.State), int(b.Diagnosis.Severity)-int(a.Diagnosis.Severity), b.OpenedAt.Compare(a.OpenedAt))
	})
	return open, err
}

// over sorts problems that hurt nobody any more after those that do.
func over(s corax.ProblemState) int {
	if s == corax.ProblemHealed || s.Ended() {
		return 1
	}
	return 0
}

func (p *pages) lineOf(ctx context.Context, o corax.Problem, asks []corax.ApprovalRequest) (openProblem, error) {
	line := openProblem{Problem: o, Head: headOf(o)}
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
	line.Doing = doingOf(o, run, of)
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
	orders, err := p.o.Controls.WorkOrders(ctx, true)
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
	open, err := p.open(ctx)
	if err != nil {
		p.o.Log.Error("the state could not be read", "error", err)
		return ui.Status{Tone: "unknown", Text: "The state can't be read"}
	}
	worst, hurt, waiting := corax.SeverityNone, 0, 0
	for _, o := range open {
		if over(o.State) > 0 {
			continue
		}
		hurt++
		worst = max(worst, o.Diagnosis.Severity)
		if o.State == corax.ProblemWaiting {
			waiting++
		}
	}
	switch {
	case len(open) == 0:
		return ui.Status{Tone: "ok", Text: "All is well", URL: "/"}
	case hurt == 0:
		return ui.Status{Tone: "ok", Text: "All is well again; " + ui.Plural(len(open), "problem") + " being tidied up", URL: "/"}
	}
	count := ui.Plural(hurt, "problem")
	if len(open) == mostOpen {
		count = "Over " + count
	}
	text := count + " open"
	if worst > corax.SeverityNone {
		text += ", the worst " + worst.String()
	}
	if waiting > 0 {
		text += fmt.Sprintf("; %d waiting for a yes", waiting)
	}
	return ui.Status{Tone: cmp.Or(worst.String(), "unknown"), Text: text, URL: "/"}
}
