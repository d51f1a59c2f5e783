package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/lookup/postmortem"
	"corax/web/ui"
)

// How much a report of two sheets has room for; the Markdown has it all.
const (
	reportEvidence  = 5
	reportAgainst   = 2
	reportSentences = 10
	reportSteps     = 14
	reportEnds      = 5 // of what is to be learned, and of what is left open
)

// reportData is what the report shows: the page of the problem, with less of it.
type reportData struct {
	*problemData
	Sentences         []string
	Evidence, Against []corax.Evidence
	Steps             []stepLine
	Lessons           []postmortem.Lesson
	Open              []string
	More              struct{ Sentences, Steps, Lessons, Open int } // that are not shown
}

// short is the beginning of a list, and how many are left out.
func short[T any](all []T, most int) (some []T, more int) {
	n := min(len(all), most)
	return all[:n], len(all) - n
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
	out := reportData{problemData: d}
	out.Evidence, _ = short(d.D.RootCause.Evidence, reportEvidence)
	out.Against, _ = short(d.D.RootCause.Against, reportAgainst)
	out.Lessons, out.More.Lessons = short(o.Lessons(), reportEnds)
	out.Open, out.More.Open = short(o.Open(), reportEnds)
	for _, t := range d.Told {
		for _, s := range t.Sentences {
			out.Sentences = append(out.Sentences, s.Text)
		}
	}
	out.Sentences, out.More.Sentences = short(out.Sentences, reportSentences)
	for _, p := range d.Phases {
		out.Steps = append(out.Steps, p.Steps...)
	}
	out.Steps, out.More.Steps = short(out.Steps, reportSteps)
	return &ui.View{Title: "Report: " + d.Head.What, Trail: trailOf(o.Problem, "Report"), Data: out}, nil
}
