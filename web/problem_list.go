package web

import (
	"net/http"

	"corax"
	"corax/store"
	"corax/web/ui"
)

// listed is how many problems a list shows.
const listed = 100

type problemsData struct {
	Problems []corax.Problem
	Tabs     []tab
	All      bool
}

// tab is one way to look at a list.
type tab struct {
	Text, URL string
	Current   bool
	Count     int
}

func (p *pages) loadProblems(r *http.Request) (*ui.View, error) {
	all := r.URL.Query().Get("show") == "all"
	found, err := p.o.Records.Problems(r.Context(), store.ProblemFilter{Open: !all, Limit: listed})
	if err != nil {
		return nil, err
	}
	return &ui.View{Title: "Problems", Data: problemsData{Problems: found, All: all, Tabs: []tab{
		{Text: "Open", URL: "/problems", Current: !all}, {Text: "All", URL: "/problems?show=all", Current: all},
	}}}, nil
}
