package web

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/access"
	"corax/lookup/postmortem"
	"corax/scenario/casefile"
	"corax/web/ui"
)

// Exports is where a problem comes from as one signed file.
type Exports interface {
	ExportProblem(ctx context.Context, id string) (casefile.File, error)
}

// problems are the pages of problems: all of them, and one with all that is known and done.
func (p *pages) problems() []area {
	return []area{{
		Nav: []entry{{NavItem: ui.NavItem{Text: "Problems", URL: "/problems", Icon: "problem", Main: true}}},
		Pages: []page{
			{Path: "/problems", File: "problems.html", Role: access.RoleViewer, Load: p.loadProblems},
			{Path: "/problems/{id}", File: "problem.html", Role: access.RoleViewer, Load: p.loadProblem},
			{Path: "/problems/{id}/why", File: "why.html", Role: access.RoleViewer, Load: p.loadWhy},
			{Path: "/problems/{id}/report", File: "report.html", Role: access.RoleViewer, Load: p.loadReport},
		},
		Actions: []action{
			{Path: "/problems/{id}/comments", Role: access.RoleResponder, Do: p.comment},
			{Path: "/problems/{id}/acknowledge", Role: access.RoleResponder, Do: p.acknowledge},
			{Path: "/problems/{id}/escalate", Role: access.RoleResponder, Do: p.escalate},
			{Path: "/problems/{id}/take-over", Role: access.RoleOperator, Do: p.takeOver},
			{Path: "/problems/{id}/answer", Role: access.RoleOperator, Do: p.answer},
			{Path: "/problems/{id}/pause", Role: access.RoleOperator, Do: p.steer(Controls.Pause, "The plan is paused: no effect begins.")},
			{Path: "/problems/{id}/resume", Role: access.RoleOperator, Do: p.steer(Controls.Resume, "The plan goes on.")},
			{Path: "/problems/{id}/cancel", Role: access.RoleOperator, Do: p.steer(Controls.Cancel, "The plan is ended; what it has done stays.")},
			{Path: "/problems/{id}/undo", Role: access.RoleOperator, Do: p.steer(Controls.Undo, "What the plan has done is being taken back, newest first.")},
		},
		Downloads: []download{
			{Path: "/problems/{id}.md", Role: access.RoleViewer, Serve: p.markdown},
			{Path: "/problems/{id}/export", Role: access.RoleViewer, Serve: p.export},
		},
		Funcs: map[string]any{"approvalURL": approvalURL},
		Files: []string{"_problem.html"},
	}}
}

// loadWhy shows how each decision of a diagnosis came about, and answers why it is not something else.
func (p *pages) loadWhy(r *http.Request) (*ui.View, error) {
	o, err := p.o.Records.Problem(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		return nil, err
	}
	d := struct {
		P       corax.Problem
		Asked   string
		Answers []corax.WhyNot
		Unknown string // why it can't be answered
	}{P: o, Asked: strings.TrimSpace(r.URL.Query().Get("not"))}
	if d.Asked != "" {
		d.Answers, err = p.o.Controls.WhyNot(r.Context(), o.ID, d.Asked)
		switch corax.CodeOf(err) {
		case "":
		case corax.NotFound, corax.Conflict:
			d.Unknown = err.Error()
		default:
			return nil, err
		}
	}
	return &ui.View{Title: "Why", Trail: trailOf(o, "Why"), Data: d}, nil
}

// trailOf leads from the list of problems to one, and on to a page of it.
func trailOf(o corax.Problem, more string) []ui.Crumb {
	t := []ui.Crumb{{Text: "Problems", URL: "/problems"}, {Text: o.ID}}
	if more != "" {
		t[1].URL = "/problems/" + o.ID
		t = append(t, ui.Crumb{Text: more})
	}
	return t
}

// seen is the problem that a form is about, where the principal may see it.
func (p *pages) seen(r *http.Request) (corax.Problem, error) {
	return p.o.Records.Problem(r.Context(), chi.URLParam(r, "id"))
}

func (p *pages) comment(r *http.Request) (done, error) {
	o, err := p.seen(r)
	if err != nil {
		return done{}, err
	}
	_, err = p.o.Controls.Comment(r.Context(), o.ID, by(r), r.PostFormValue("text"))
	return done{To: "/problems/" + o.ID + "#comments"}, err
}

func (p *pages) acknowledge(r *http.Request) (done, error) {
	o, err := p.seen(r)
	if err != nil {
		return done{}, err
	}
	_, err = p.o.Controls.AckPage(r.Context(), o.ID, by(r))
	return done{To: "/problems/" + o.ID, Said: "You are on it; nobody else is woken."}, err
}

func (p *pages) escalate(r *http.Request) (done, error) {
	o, err := p.seen(r)
	if err != nil {
		return done{}, err
	}
	err = p.o.Controls.Escalate(r.Context(), o.ID, by(r), cmp.Or(reason(r), "asked for on the page"))
	return done{To: "/problems/" + o.ID, Said: "People are told."}, err
}

func (p *pages) takeOver(r *http.Request) (done, error) {
	o, err := p.seen(r)
	if err != nil {
		return done{}, err
	}
	err = p.o.Controls.TakeOver(r.Context(), o.ID, by(r), reason(r))
	return done{To: "/problems/" + o.ID, Said: "It is yours. The plan waits until somebody resumes it."}, err
}

// answer says yes or no to a request of this problem.
func (p *pages) answer(r *http.Request) (done, error) {
	o, err := p.seen(r)
	if err != nil {
		return done{}, err
	}
	open, err := p.asked(r.Context(), o.ID)
	if err != nil {
		return done{}, err
	}
	for _, a := range open {
		if a.ID != r.PostFormValue("approval") {
			continue
		}
		a, err = p.o.Controls.Answer(r.Context(), a.ID, corax.Verdict(r.PostFormValue("verdict")), access.From(r.Context()).Actor(by(r)))
		said := "Your no is on record; the step does not run."
		switch {
		case a.Answer == corax.Allow:
			said = "Approved: the step runs."
		case a.Answer == "":
			said = "Your yes is on record; somebody else has to say the second one."
		}
		return done{To: "/problems/" + o.ID, Said: said}, err
	}
	return done{}, corax.Errorf(corax.Conflict, "answer the request", "it is answered already, or its time is up")
}

// asked are the open requests of a problem: those that somebody was woken for first, of these the one whose time is up soonest.
func (p *pages) asked(ctx context.Context, problem string) (of []corax.ApprovalRequest, err error) {
	all, err := p.o.Records.Approvals(ctx, true)
	for _, a := range all {
		if a.Problem == problem && a.ExpiresAt.After(p.o.Clock.Now()) {
			of = append(of, a)
		}
	}
	slices.SortStableFunc(of, func(a, b corax.ApprovalRequest) int {
		if a.Quiet != b.Quiet {
			return map[bool]int{false: -1, true: 1}[a.Quiet]
		}
		return a.ExpiresAt.Compare(b.ExpiresAt)
	})
	return of, err
}

// steer does something to the plan of the problem that a form is about.
func (p *pages) steer(do func(c Controls, ctx context.Context, plan, by, reason string) error, said string) func(*http.Request) (done, error) {
	return func(r *http.Request) (done, error) {
		o, err := p.seen(r)
		if err != nil {
			return done{}, err
		}
		if o.Plan == "" {
			return done{}, corax.Errorf(corax.Conflict, "steer the plan of "+o.ID, "it has none")
		}
		err = do(p.o.Controls, r.Context(), o.Plan, by(r), reason(r))
		return done{To: "/problems/" + o.ID + "#plan", Said: said}, err
	}
}

func (p *pages) markdown(w http.ResponseWriter, r *http.Request) error {
	o, err := postmortem.Read(r.Context(), p.o.Records, chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	text := postmortem.Markdown(o)
	if p.o.Known != nil {
		text = p.o.Known(text)
	}
	w.Header().Set("Content-Type", "text/markdown; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+fileName(o.Problem.ID)+`.md"`)
	_, err = w.Write([]byte(text))
	return err
}

func (p *pages) export(w http.ResponseWriter, r *http.Request) error {
	o, err := p.seen(r)
	if err != nil {
		return err
	}
	file, err := p.o.Exports.ExportProblem(r.Context(), o.ID)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="`+fileName(o.ID)+`.json"`)
	return json.NewEncoder(w).Encode(file)
}

// fileName is an id with nothing in it that a file's name or a header could stumble over.
func fileName(id string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, id)
}
