package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/lookup/postmortem"
	"corax/web/ui"
)

// How much of the evidence a report of two pages has room for.
const (
	reportEvidence = 5
	reportAgainst  = 2
)

// reportData is what the report shows: the page of the problem, with less of it.
type reportData struct {
	*problemData
	Evidence, Against []corax.Evidence
}

// loadReport shows a problem as a report, which prints on two pages.
func (p *pages) loadReport(r *http.Request) (*ui.View, error) {
	o, err := postmortem.Read(r.Context(), p.o.Records, chi.URLParam(r, "id"))
	if err != nil {
		return nil, err
	}
	d, err := p.problemOf(r.Context(), o)
	if err != nil {
		return nil, err
	}
	c := d.D.RootCause
	return &ui.View{Title: "Report: " + d.Head.What, Trail: trailOf(o.Problem, "Report"), Data: reportData{d,
		c.Evidence[:min(len(c.Evidence), reportEvidence)], c.Against[:min(len(c.Against), reportAgainst)]}}, nil
}
