package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/access"
	"corax/store"
	"corax/web/ui"
)

// problems are the pages of problems: all of them, and one with all that is known and done.
func (p *pages) problems() []area {
	return []area{{
		Nav: []entry{{NavItem: ui.NavItem{Text: "Problems", URL: "/problems", Icon: "problem", Main: true}}},
		Pages: []page{
			{Path: "/problems", File: "problems.html", Role: access.RoleViewer, Load: p.loadProblems},
			{Path: "/problems/{id}", File: "problem.html", Role: access.RoleViewer, Load: p.loadProblem},
		},
		Actions: []action{
			{Path: "/problems/{id}/escalate", Role: access.RoleResponder, Do: p.escalate},
		},
	}}
}

type problemsData struct {
	Problems []corax.Problem
}

func (p *pages) loadProblems(r *http.Request) (*ui.View, error) {
	all, err := p.o.Records.Problems(r.Context(), store.ProblemFilter{Limit: 50})
	if err != nil {
		return nil, err
	}
	return &ui.View{Title: "Problems", Data: problemsData{all}}, nil
}

type problemData struct {
	Problem corax.Problem
}

func (p *pages) loadProblem(r *http.Request) (*ui.View, error) {
	o, err := p.o.Records.Problem(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		return nil, err
	}
	return &ui.View{Title: o.Diagnosis.RootCause.Summary, Trail: []ui.Crumb{{Text: "Problems", URL: "/problems"}, {Text: o.ID}},
		Data: problemData{o}}, nil
}

// who acts is the one whose session or token the request carries.
func by(r *http.Request) string { return access.From(r.Context()).Name }

func (p *pages) escalate(r *http.Request) (done, error) {
	id := chi.URLParam(r, "id")
	err := p.o.Controls.Escalate(r.Context(), id, by(r), r.PostFormValue("reason"))
	return done{To: "/problems/" + id, Said: "People are told."}, err
}
